"""A graph of gates as a drawing: boxes and wires, on each wire its value above and its gradient below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from zanjir.errors import GraphError
from zanjir.views.drawing import (
    AIR,
    LINE,
    MARGIN,
    PAD,
    SIZE,
    SMALL,
    Drawing,
    Label,
    Shape,
    Wire,
    in_middle,
    text_width,
)
from zanjir.views.layout import PORT, Item, Layout, Point, layout
from zanjir.views.summary import shape_text, shortened

if TYPE_CHECKING:
    from zanjir.views.diagram import Diagram, Node
    from zanjir.views.summary import Summary

__all__ = ["MOST_BOXES", "WORDS", "circuit", "drawn_places"]

MOST_BOXES = 200
LONGEST_LABEL, LONGEST_NUMBERS = 24, 30
WORDS = MappingProxyType({
    "above": "above a wire: value", "below": "below: {what}", "of": "derivative of {name}", "gradient": "gradient",
    "node": "{name}, shape {shape}{numbers}", "value": ", value {number}", "slope": ", gradient {number}",
})  # fmt: skip


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


def circuit(diagram: Diagram, *, words: Mapping[str, str] = WORDS, title: str = "", digits: int = 4) -> Drawing:
    """Return a drawing in which every wire goes from left to right.

    Numbers of the formula, such as the 2 of ``2 * x``, stand inside the box that reads them.

    Parameters
    ----------
    diagram : Diagram
        The graph.
    words : mapping
        What the key says, in a language.
    title : str
        What the picture is called; by default what the graph is.
    digits : int
        Significant digits of the numbers on the wires.

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
    boxes = [box_of(diagram.nodes[place], digits, is_output=place in diagram.outputs) for place in places]
    n_ports = [sum(target == k for _, target in edges) for k in range(len(boxes))]
    placed = layout([box.item(n) for box, n in zip(boxes, n_ports, strict=True)], edges)
    read = {source for source, _ in edges}
    tails = [tail_of(box, ends, k in read) for k, (box, ends) in enumerate(zip(boxes, placed.tails, strict=True))]
    height = placed.height + (LINE if diagram.nodes else 0.0)
    key = legend(diagram, height + MARGIN / 2, words)
    return Drawing(
        title or diagram.title,
        f"{'; '.join(sentence(box.node, words) for box in boxes)}.",
        width_of(placed, key) + 2 * MARGIN,
        (height if key else placed.height) + 2 * MARGIN,
        tuple(Wire(tuple(route), is_bent=True, has_head=True) for route in placed.routes),
        tuple(tails),
        tuple(shape_of(*facts, words) for facts in zip(boxes, placed.corners, n_ports, strict=True)),
        tuple(label for box, ends in zip(boxes, placed.tails, strict=True) for label in on_wire(box, ends)),
        key,
    )


def drawn_places(diagram: Diagram) -> list[int]:
    """Return the places of the nodes that get a box: all but the numbers of a formula."""
    return [i for i, node in enumerate(diagram.nodes) if not node.is_number or i in diagram.outputs]


def box_of(node: Node, digits: int, *, is_output: bool) -> Box:
    """Return a node as it is drawn."""
    named = node.name is not None or node.gate is None
    lines = [(shortened(node.label, LONGEST_LABEL), SIZE)] if named else []
    lines += [(node.symbol, SIZE if not named else SMALL)] if node.symbol else []
    lines += [(shape_text(node.shape), SMALL)] if node.shape else []
    return Box(node, tuple(lines), numbers(node.value, digits), numbers(node.gradient, digits), is_output)


def numbers(summary: Summary | None, digits: int) -> str:
    """Return numbers as they stand at a wire; nothing if they were not computed."""
    return shortened(summary.text(3, digits), LONGEST_NUMBERS) if summary else ""


def width_of(placed: Layout, key: Sequence[Label]) -> float:
    """Return the width of boxes and key, whichever is wider."""
    return max(placed.width, key[-1].box[2] + AIR if key else 0.0)


def legend(diagram: Diagram, y: float, words: Mapping[str, str]) -> tuple[Label, ...]:
    """Return what the two colors mean, as far as they occur."""
    name = shortened(diagram.gradient_of or "", LONGEST_LABEL)
    below = words["below"].format(what=words["of"].format(name=name) if name else words["gradient"])
    said = {
        "value": words["above"] if any(node.value for node in diagram.nodes) else "",
        "gradient": below if any(node.gradient for node in diagram.nodes) else "",
    }
    labels: list[Label] = []
    x = 0.0
    for role, line in said.items():
        if line:
            width = text_width(line, SMALL)
            labels.append(Label(line, x + width / 2, y, role=role, is_prose=True))
            x += width + AIR
    return tuple(labels)


def tail_of(box: Box, ends: tuple[Point, Point], is_read: bool) -> Wire:
    """Return the wire that leaves a box; that of an output ends after its numbers."""
    (x0, y), (x1, _) = ends
    return Wire(((x0, y), (x1 if is_read else x0 + box.item(0).tail, y)))


def on_wire(box: Box, ends: tuple[Point, Point]) -> list[Label]:
    """Return the value above the wire that leaves a box, and the gradient below."""
    x, y = ends[0]
    both = ((box.above, y - 4, "value"), (box.below, y + SMALL + 1, "gradient"))
    return [Label(words, x + PAD, at, role=role, middle=False) for words, at, role in both if words]


def shape_of(box: Box, corner: Point, n_ports: int, words: Mapping[str, str]) -> Shape:
    """Return a box with its lines; what they leave out stands in its sentence."""
    x, y = corner
    height = box.height(n_ports)
    radius = 5.0 if box.node.gate else height / 2
    lines = in_middle(box.lines, x + box.width / 2, y + height / 2)
    return Shape(x, y, box.width, height, radius, lines, sentence(box.node, words), box.is_output)


def sentence(node: Node, words: Mapping[str, str]) -> str:
    """Return all that is known of a node."""
    name = f"{node.label} = {node.formula}" if node.formula else node.label
    known = (("value", node.value), ("slope", node.gradient))
    numbers = "".join(words[key].format(number=summary.text()) for key, summary in known if summary)
    return words["node"].format(name=name, shape=shape_text(node.shape), numbers=numbers)
