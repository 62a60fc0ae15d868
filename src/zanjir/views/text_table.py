"""A graph as a table of characters: one line per node."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

from zanjir.errors import ParameterError
from zanjir.views.summary import shape_text, shortened

if TYPE_CHECKING:
    from zanjir.views.diagram import Diagram, Node

__all__ = ["MISSING", "cells", "columns", "ends", "text"]

MISSING = "—"
LONGEST_NAME, LONGEST_FORMULA = 32, 60
Item = TypeVar("Item")


def text(diagram: Diagram, limit: int | None = 200) -> str:
    """Return one line per node: label, gate, formula, shape, value and gradient.

    Parameters
    ----------
    diagram : Diagram
        The graph.
    limit : int or None
        Of larger graphs the first and the last lines are shown; None shows all.

    Raises
    ------
    ParameterError
        If the limit is below 2.
    """
    first, last = ends(diagram.nodes, limit)
    rows = [columns(diagram), *(cells(node) for node in (*first, *last))]
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    if n_hidden := len(diagram.nodes) - len(first) - len(last):
        sentence = f"... {n_hidden:,} of {len(diagram.nodes):,} nodes are not shown; limit=None shows all ..."
        lines.insert(2 + len(first), sentence)
    return "\n".join([diagram.title, *lines, *legend(diagram), ""])


def ends(items: Sequence[Item], limit: int | None) -> tuple[Sequence[Item], Sequence[Item]]:
    """Return the first and the last of too many items, or all and nothing."""
    if limit is None or len(items) <= limit:
        return items, ()
    if limit < 2:
        raise ParameterError(f"limit is {limit}, expected at least 2 nodes, or None for all.")
    return items[: (limit + 1) // 2], items[-(limit // 2) :]


def columns(diagram: Diagram) -> list[str]:
    """Return the heads of the table."""
    gradient = f"d {diagram.gradient_of} / d node" if diagram.gradient_of else "gradient"
    return ["node", "gate", "formula", "shape", "value", gradient]


def cells(node: Node) -> list[str]:
    """Return one line of the table."""
    return [
        shortened(node.label, LONGEST_NAME),
        node.gate or "",
        shortened(node.formula, LONGEST_FORMULA),
        shape_text(node.shape),
        node.value.text() if node.value else MISSING,
        node.gradient.text() if node.gradient else MISSING,
    ]


def legend(diagram: Diagram) -> list[str]:
    """Return what a reader should know about the table."""
    missing = any(not (node.value and node.gradient) for node in diagram.nodes)
    return [*([f"{MISSING} means not computed."] if missing else []), *diagram.notes]
