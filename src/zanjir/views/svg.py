"""A graph as a picture: boxes and wires, on each wire its value above and its gradient below."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING

from zanjir.errors import GraphError
from zanjir.views.colors import GRADIENT, VALUE
from zanjir.views.layout import PORT, Item, Layout, Point, layout
from zanjir.views.summary import shape_text, shortened

if TYPE_CHECKING:
    from zanjir.views.diagram import Diagram, Node
    from zanjir.views.summary import Summary

__all__ = ["FONT", "MOST_BOXES", "drawn_places", "svg", "text_width"]

MOST_BOXES = 200
FONT = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace"
EM_PER_LETTER = 0.62  # of common monospaced fonts, with a little air
SIZE, SMALL = 13.0, 11.0  # of letters, in px
LINE = 16.0
PAD, AIR, MARGIN = 8.0, 10.0, 12.0
LONGEST_LABEL, LONGEST_NUMBERS = 24, 30


@dataclass(frozen=True)
class Box:
    """A node as it is drawn: lines of text with their size, and what stands above and below its wire."""

    node: Node
    lines: tuple[tuple[str, float], ...]
    above: str
    below: str
    is_output: bool

    @property
    def width(self) -> float:
        """Room for the widest line."""
        return max(30.0, 2 * PAD + max(text_width(line, size) for line, size in self.lines))

    def height(self, n_ports: int) -> float:
        """Room for all lines, and for the wires that enter."""
        return max(LINE * len(self.lines) + 8.0, PORT * n_ports + 4.0)

    def item(self, n_ports: int) -> Item:
        """Return the room that the box takes."""
        written = max(text_width(self.above, SMALL), text_width(self.below, SMALL))
        height = self.height(n_ports)
        labels = 2 * LINE if self.above or self.below else 0.0
        return Item(self.width, height, written + 2 * PAD if written else PAD, max(height, labels) + AIR)


def svg(diagram: Diagram) -> str:
    """Return a picture in which every wire goes from left to right.

    Numbers of the formula, such as the 2 of ``2 * x``, stand inside the box that reads them. Letters and lines
    take the color of the text around the picture, so it can be read on light and on dark ground.

    Raises
    ------
    GraphError
        If there are more than 200 boxes.
    """
    places = drawn_places(diagram)
    if len(places) > MOST_BOXES:
        raise GraphError(
            f"the graph has {len(places):,} boxes, and a picture can be read up to {MOST_BOXES}; "
            "use the text, json or dot form, or draw the graph of one of its inner nodes."
        )
    number = {place: k for k, place in enumerate(places)}
    edges = [(number[e.source], number[e.target]) for e in diagram.edges if e.source in number]
    boxes = [box_of(diagram.nodes[place], is_output=place in diagram.outputs) for place in places]
    n_ports = [sum(target == k for _, target in edges) for k in range(len(boxes))]
    placed = layout([box.item(n) for box, n in zip(boxes, n_ports, strict=True)], edges)
    return document(diagram, boxes, n_ports, edges, placed)


def drawn_places(diagram: Diagram) -> list[int]:
    """Return the places of the nodes that get a box: all but the numbers of a formula."""
    return [i for i, node in enumerate(diagram.nodes) if not node.is_number or i in diagram.outputs]


def box_of(node: Node, *, is_output: bool) -> Box:
    """Return a node as it is drawn."""
    named = node.name is not None or node.gate is None
    lines = [(shortened(node.label, LONGEST_LABEL), SIZE)] if named else []
    lines += [(node.symbol, SIZE if not named else SMALL)] if node.symbol else []
    lines += [(shape_text(node.shape), SMALL)] if node.shape else []
    return Box(node, tuple(lines), numbers(node.value), numbers(node.gradient), is_output)


def numbers(summary: Summary | None) -> str:
    """Return numbers as they stand at a wire; nothing if they were not computed."""
    return shortened(summary.text(3, 4), LONGEST_NUMBERS) if summary else ""


def text_width(text: str, size: float) -> float:
    """Return about how wide text is, in px, in a monospaced font.

    Examples
    --------
    >>> round(text_width("W1", 10), 6), round(text_width("é", 10), 6), round(text_width("漢", 10), 6)
    (12.4, 6.2, 10.0)
    """
    return sum(em_of(letter) for letter in text) * size


def em_of(letter: str) -> float:
    """Return the width of one letter as a share of the font's size."""
    if unicodedata.category(letter) in ("Mn", "Me", "Cf"):
        return 0.0
    return 1.0 if unicodedata.east_asian_width(letter) in "WF" else EM_PER_LETTER


def document(
    diagram: Diagram, boxes: Sequence[Box], n_ports: Sequence[int], edges: Sequence[tuple[int, int]], placed: Layout
) -> str:
    """Return the picture's text."""
    key = legend(diagram)
    width = max(placed.width, sum(text_width(words, SMALL) + AIR for words, _ in key)) + 2 * MARGIN
    height = placed.height + 2 * MARGIN + (LINE if key else 0.0)
    wires = [wire(route) for route in placed.routes]
    tails = [
        tail(box, ends, k in {s for s, _ in edges})
        for k, (box, ends) in enumerate(zip(boxes, placed.tails, strict=True))
    ]
    drawn = [box_text(box, corner, n) for box, corner, n in zip(boxes, placed.corners, n_ports, strict=True)]
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {width:.1f} {height:.1f}" '
        f'width="{width:.1f}" height="{height:.1f}" '
        f'font-family="{FONT}" fill="currentColor">',
        f"<title>{escape(diagram.title)}</title>",
        f"<desc>{escape('; '.join(sentence(box.node) for box in boxes))}.</desc>",
        f'<g transform="translate({MARGIN:g} {MARGIN:g})">',
        '<g fill="none" stroke="currentColor" opacity="0.55">', *wires, "</g>",
        *tails, *drawn, "</g>", *legend_text(key, height), "</svg>", "",
    ])  # fmt: skip


def legend(diagram: Diagram) -> list[tuple[str, str]]:
    """Return what the two colors mean, as far as they occur."""
    value = [("above a wire: value", VALUE)] if any(node.value for node in diagram.nodes) else []
    derivative = f"derivative of {shortened(diagram.gradient_of, LONGEST_LABEL)}" if diagram.gradient_of else "gradient"
    gradient = [(f"below: {derivative}", GRADIENT)] if any(node.gradient for node in diagram.nodes) else []
    return [*value, *gradient]


def legend_text(key: Sequence[tuple[str, str]], height: float) -> list[str]:
    """Write the legend below the picture."""
    lines, x = [], MARGIN
    for words, color in key:
        lines.append(label(words, x, height - MARGIN / 2, SMALL, color=color))
        x += text_width(words, SMALL) + AIR
    return lines


def label(words: str, x: float, y: float, size: float, *, color: str = "", anchor: str = "start") -> str:
    """Write words at a point."""
    paint = f' fill="{color}"' if color else ""
    middle = ' text-anchor="middle"' if anchor == "middle" else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}"{paint}{middle}>{escape(words)}</text>'


def wire(route: Sequence[Point]) -> str:
    """Draw the wire of one edge: bent between columns, straight within them, with a head."""
    (x, y), *_ = route
    path = [f"M{x:.1f} {y:.1f}"]
    for i, ((x0, y0), (x1, y1)) in enumerate(pairwise(route)):
        middle = (x0 + x1) / 2
        bent = f"C{middle:.1f} {y0:.1f} {middle:.1f} {y1:.1f} {x1:.1f} {y1:.1f}"
        path.append(bent if i % 2 == 0 else f"H{x1:.1f}")
    x, y = route[-1]
    return f'<path d="{" ".join(path)} M{x - 5:.1f} {y - 3:.1f} L{x:.1f} {y:.1f} L{x - 5:.1f} {y + 3:.1f}"/>'


def tail(box: Box, ends: tuple[Point, Point], is_read: bool) -> str:
    """Draw the wire that leaves a box, with its value above and its gradient below."""
    (x0, y), (x1, _) = ends
    if not is_read:
        x1 = x0 + box.item(0).tail
    parts = [f'<path d="M{x0:.1f} {y:.1f} H{x1:.1f}" stroke="currentColor" stroke-opacity="0.55"/>']
    parts += [label(box.above, x0 + PAD, y - 4, SMALL, color=VALUE)] if box.above else []
    parts += [label(box.below, x0 + PAD, y + SMALL + 1, SMALL, color=GRADIENT)] if box.below else []
    return "".join(parts)


def box_text(box: Box, corner: Point, n_ports: int) -> str:
    """Draw a box with its lines; what they leave out stands in its title."""
    x, y = corner
    height = box.height(n_ports)
    radius = 5 if box.node.gate else height / 2
    rect = (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{box.width:.1f}" height="{height:.1f}" rx="{radius:g}" '
        f'fill-opacity="0.07" stroke="currentColor" stroke-width="{2 if box.is_output else 1}"/>'
    )
    first = y + height / 2 - LINE * (len(box.lines) - 1) / 2
    lines = [
        label(words, x + box.width / 2, first + LINE * k + 0.35 * size, size, anchor="middle")
        for k, (words, size) in enumerate(box.lines)
    ]
    return f"<g><title>{escape(sentence(box.node))}</title>{rect}{''.join(lines)}</g>"


def sentence(node: Node) -> str:
    """Return all that is known of a node."""
    formula = f" = {node.formula}" if node.formula else ""
    value = f", value {node.value.text()}" if node.value else ""
    gradient = f", gradient {node.gradient.text()}" if node.gradient else ""
    return f"{node.label}{formula}, shape {shape_text(node.shape)}{value}{gradient}"
