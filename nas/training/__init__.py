"""A network becomes better: batches from memory, SGD under a one-cycle lr, divergence as an outcome."""
