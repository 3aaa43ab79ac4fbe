"""Who every candidate is held against."""

from __future__ import annotations

#: trained first in every search, under the same budget; names of the catalogue
BASELINES = ("relu", "leaky_relu", "elu", "gelu", "swish", "mish")
