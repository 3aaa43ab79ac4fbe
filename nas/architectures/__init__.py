"""The networks that score a candidate; each takes `activation`, which makes a module from its channels."""
