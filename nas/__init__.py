"""nas: search for activation functions, initialisations, optimizers and small CNN architectures."""
