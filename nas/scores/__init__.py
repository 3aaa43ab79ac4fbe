"""What is known of an architecture before it is trained in earnest: scores and a very short training."""
