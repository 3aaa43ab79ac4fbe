"""Images in memory: CIFAR-10 and scikit-learn's digits; the cut into a training and a validation part."""
