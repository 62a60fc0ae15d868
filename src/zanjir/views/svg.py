"""A drawing as SVG, which needs nothing from anywhere and takes its ink from the text around it."""

from __future__ import annotations

import unicodedata
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING

from zanjir.views.circuit import circuit
from zanjir.views.colors import GRADIENT, VALUE
from zanjir.views.drawing import MARGIN, Drawing, Label, Shape, Wire, text_width

if TYPE_CHECKING:
    from zanjir.views.diagram import Diagram

__all__ = ["FONT", "drawing_svg", "is_right_to_left", "svg", "text_width"]

FONT = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace"
FONT_OF_WORDS = "Vazirmatn, 'Noto Naskh Arabic', Tahoma, 'DejaVu Sans', sans-serif"  # that have Persian letters
COLORS = {"value": VALUE, "gradient": GRADIENT}


def svg(diagram: Diagram) -> str:
    """Return a graph as a picture, which can be read on light and on dark ground.

    Raises
    ------
    GraphError
        If there are more than 200 boxes.
    """
    return drawing_svg(circuit(diagram))


def drawing_svg(drawing: Drawing) -> str:
    """Return a drawing as SVG."""
    size = f"{drawing.width:.1f}", f"{drawing.height:.1f}"
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {size[0]} {size[1]}" '
        f'width="{size[0]}" height="{size[1]}" '
        f'font-family="{FONT}" fill="currentColor">',
        f"<title>{escape(drawing.title)}</title>",
        f"<desc>{escape(drawing.says)}</desc>",
        f'<g transform="translate({MARGIN:g} {MARGIN:g})">',
        '<g fill="none" stroke="currentColor" opacity="0.55">', *map(wire, drawing.wires), "</g>",
        *(f'<path d="{path(tail)}" stroke="currentColor" stroke-opacity="0.55"/>' for tail in drawing.tails),
        *map(text, drawing.labels), *map(shape, drawing.shapes), "</g>",
        *(text(label, MARGIN) for label in drawing.key), "</svg>", "",
    ])  # fmt: skip


def text(label: Label, moved: float = 0.0) -> str:
    """Write words at a point."""
    paint = f' fill="{COLORS[label.role]}"' if label.role in COLORS else ""
    middle = ' text-anchor="middle"' if label.middle else ""
    turned = label.is_prose and is_right_to_left(label.words)
    direction = f' direction="rtl" font-family="{FONT_OF_WORDS}"' if turned else ""
    at = f'x="{label.x + moved:.1f}" y="{label.y + moved:.1f}"'
    return f'<text {at} font-size="{label.size:g}"{paint}{middle}{direction}>{escape(label.words)}</text>'


def wire(line: Wire) -> str:
    """Draw a wire, with its head."""
    x, y = line.points[-1]
    head = f" M{x - 5:.1f} {y - 3:.1f} L{x:.1f} {y:.1f} L{x - 5:.1f} {y + 3:.1f}" if line.has_head else ""
    return f'<path d="{path(line)}{head}"/>'


def path(line: Wire) -> str:
    """Return the way of a wire: bent between columns and level within them, or straight."""
    (x, y), *_ = line.points
    parts = [f"M{x:.1f} {y:.1f}"]
    for i, ((x0, y0), (x1, y1)) in enumerate(pairwise(line.points)):
        middle = (x0 + x1) / 2
        if line.is_bent and i % 2 == 0:
            parts.append(f"C{middle:.1f} {y0:.1f} {middle:.1f} {y1:.1f} {x1:.1f} {y1:.1f}")
        else:
            parts.append(f"H{x1:.1f}" if y0 == y1 else f"L{x1:.1f} {y1:.1f}")
    return " ".join(parts)


def shape(drawn: Shape) -> str:
    """Draw a box with its lines; its title says what they leave out."""
    rect = (
        f'<rect x="{drawn.x:.1f}" y="{drawn.y:.1f}" width="{drawn.width:.1f}" height="{drawn.height:.1f}" '
        f'rx="{drawn.radius:g}" '
        f'fill-opacity="0.07" stroke="currentColor" stroke-width="{2 if drawn.is_heavy else 1}"/>'
    )
    return f"<g><title>{escape(drawn.says)}</title>{rect}{''.join(map(text, drawn.labels))}</g>"


def is_right_to_left(words: str) -> bool:
    """Whether the first letter of words is written from right to left.

    Examples
    --------
    >>> is_right_to_left("2 لایه"), is_right_to_left("layer هزینه")
    (True, False)
    """
    kinds = map(unicodedata.bidirectional, words)
    return next((kind in {"R", "AL"} for kind in kinds if kind in {"L", "R", "AL"}), False)
