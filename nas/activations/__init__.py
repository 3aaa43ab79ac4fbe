"""An expression becomes torch code: stable, differentiable, keeping only its input for the backward pass."""
