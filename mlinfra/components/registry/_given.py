"""What a field that takes references holds while a component is built."""

from __future__ import annotations

import pulumi

from mlinfra.components._grammar import Ref, Reference


def given(value: Ref[str]) -> str | pulumi.Output[str]:
    """The text or output in a field; references are resolved before ``build``, and one that is left is a mistake."""
    if isinstance(value, Reference):
        raise TypeError(f"{value} has not been resolved")
    return value
