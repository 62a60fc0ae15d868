"""Passes over a program: each takes the outputs of a graph and returns the same outputs of a better one.

What no output reads is no part of such a graph, so there is no pass for dead code.
"""

from collections.abc import Mapping

from zanjir.graph.tensor import Tensor
from zanjir.program.passes.algebra import simplified
from zanjir.program.passes.common import common
from zanjir.program.passes.expand import expand
from zanjir.program.passes.folding import folded

__all__ = ["common", "expand", "folded", "prepared", "simplified"]


def prepared(outputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return outputs as a compiler wants them, after all passes.

    Examples
    --------
    >>> x = Tensor([1.0, 2.0], "x")
    >>> prepared({"y": x * 1 + (2.0 + 1.0)})["y"].value
    array([4., 5.])
    """
    return common(simplified(folded(expand(outputs))))
