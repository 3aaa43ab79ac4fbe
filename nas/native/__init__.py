"""C source of ours becomes libraries, made by the C compiler of this machine where it has one."""
