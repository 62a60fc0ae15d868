"""How a tensor shows itself in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from zanjir.views.markup import details, diagram_html, escaped
from zanjir.views.summary import KEPT, shape_text

if TYPE_CHECKING:
    from zanjir.graph.tensor import Tensor

__all__ = ["tensor_html"]

MOST_NODES = 40  # of a graph that is shown without being asked for
SHOWN_ELEMENTS = 60  # NumPy leaves the middle out of larger arrays


def tensor_html(node: Tensor) -> str:
    """Return name, shape, type and numbers as HTML, and the graph where it is small.

    Examples
    --------
    >>> from zanjir.graph.tensor import Tensor
    >>> "<svg" in tensor_html(Tensor(2.0, "x") * 3), "<svg" in tensor_html(Tensor(2.0, "x"))
    (True, False)
    """
    from zanjir.graph.diagram import diagram

    what = node.name or (node.gate.name if node.gate else "constant")
    head = f"<b><bdi>{escaped(what)}</bdi></b> &nbsp;{shape_text(node.shape)} {escaped(node.dtype)}"
    numbers = np.array2string(np.asarray(node.value), threshold=SHOWN_ELEMENTS, edgeitems=3, separator=", ")
    body = "\n".join(escaped(line) for line in numbers.split("\n"))
    values = f'<pre style="margin:4px 0;line-height:1.3">{body}</pre>'
    graph = details("graph", diagram_html(diagram(node))) if node.gate and is_small(node) else ""
    return f"<div>{head}{values}{graph}</div>"


def is_small(node: Tensor) -> bool:
    """Whether a graph has few nodes with few numbers each; a large graph is not walked through to find out."""
    seen: dict[int, Tensor] = {}
    waiting = [node]
    while waiting and len(seen) <= MOST_NODES:
        x = waiting.pop()
        if x.size > KEPT:
            return False
        if id(x) not in seen:
            seen[id(x)] = x
            waiting.extend(x.inputs)
    return len(seen) <= MOST_NODES
