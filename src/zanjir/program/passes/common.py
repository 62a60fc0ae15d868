"""Common subexpressions: what a program computes twice, it computes once."""

from __future__ import annotations

from collections.abc import Mapping

from zanjir.graph.tensor import Tensor
from zanjir.program.function import merged

__all__ = ["common"]


def common(outputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the same outputs with equal nodes made one: same gate, same inputs, same parameters.

    Examples
    --------
    >>> x = Tensor([1.0, 2.0], "x")
    >>> y = common({"y": (x * 2) + (x * 2)})["y"]
    >>> y.inputs[0] is y.inputs[1]
    True
    """
    return merged([outputs])[0]
