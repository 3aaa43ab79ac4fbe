"""Papers as commands: what each claims, how it is tried here, and what that says of the claim."""
