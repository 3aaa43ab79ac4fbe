"""nas: search for activation functions, initialisations, optimizers and small CNN architectures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nas.activations.replace import replace_activations as replace_activations


def __getattr__(name: str) -> Any:
    """`nas.replace_activations`; torch is imported only when it is asked for."""
    if name == "replace_activations":
        from nas.activations.replace import replace_activations

        return replace_activations
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
