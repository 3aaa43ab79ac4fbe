"""The mathematics of activation functions, without torch: expressions, grammar, equality, names."""
