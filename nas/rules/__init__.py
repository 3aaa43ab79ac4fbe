"""Update rules as formulas: what an optimizer does with a gradient, written, compared and searched."""
