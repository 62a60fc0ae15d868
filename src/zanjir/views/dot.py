"""A graph in Graphviz's DOT language, with values and gradients on the wires."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from zanjir.views.colors import GRADIENT, VALUE
from zanjir.views.summary import shape_text, shortened

if TYPE_CHECKING:
    from zanjir.views.diagram import Diagram, Node

__all__ = ["dot"]

LONGEST_LINE = 48


def dot(diagram: Diagram) -> str:
    r"""Return a directed graph: a box per node, and on each wire the value above the gradient.

    A wire leaves each output too, so that its numbers have a place.
    """
    lines = [
        "digraph {",
        "  rankdir=LR;",
        '  node [shape=box, fontname="monospace"];',
        '  edge [fontname="monospace"];',
    ]
    lines += [f"  n{i} [label={quoted(node_lines(node))}{style(node)}];" for i, node in enumerate(diagram.nodes)]
    ordered = [f"  n{edge.source} -> n{edge.target}{wire(diagram.nodes[edge.source])};" for edge in diagram.edges]
    ends = [
        line
        for i in diagram.outputs
        for line in (f'  end{i} [shape=point, label=""];', f"  n{i} -> end{i}{wire(diagram.nodes[i])};")
    ]
    return "\n".join([*lines, *ordered, *dict.fromkeys(ends), "}", ""])


def node_lines(node: Node) -> list[str]:
    """Return what stands in a box: label, formula, and the shape of an array."""
    formula = [shortened(node.formula, LONGEST_LINE)] if node.formula else []
    return [shortened(node.label, LONGEST_LINE), *formula, *([shape_text(node.shape)] if node.shape else [])]


def quoted(lines: list[str]) -> str:
    r"""Return lines as a DOT string, in which no sign of a name means anything to DOT.

    Examples
    --------
    >>> print(quoted(['say "a\\b"', "R&D"]))
    "say \"a\\b\"\nR&amp;D"
    """
    signs = {"\\": r"\\", '"': r"\"", "&": "&amp;"}
    return '"' + r"\n".join("".join(signs.get(c, c) for c in line) for line in lines) + '"'


def style(node: Node) -> str:
    """Return round boxes for gates."""
    return ", style=rounded" if node.gate else ""


def wire(node: Node) -> str:
    """Return the label of a wire that leaves a node."""
    shown = ((node.value, VALUE), (node.gradient, GRADIENT))
    parts = [f'<font color="{color}">{escape(s.text(4, 4))}</font>' for s, color in shown if s is not None]
    return f" [label=<{'<br/>'.join(parts)}>]" if any(s is not None and s.text(4, 4) for s, _ in shown) else ""
