"""How many different functions a space has, by evaluating them at points."""
