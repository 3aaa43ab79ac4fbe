"""Small problems whose optimum is known, on which an update rule is run, tuned and scored in seconds."""
