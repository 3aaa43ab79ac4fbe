"""The command line: words become calls, errors become exit codes. The only floor that prints and exits."""
