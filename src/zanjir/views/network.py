"""A network as a drawing: neurons in layers, on each wire its weight above and the derivative below."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import hypot

from zanjir.views.drawing import (
    AIR,
    LINE,
    MARGIN,
    SIZE,
    SMALL,
    Drawing,
    Label,
    Point,
    Rectangle,
    Shape,
    Wire,
)

__all__ = ["MOST_NEURONS", "Column", "Link", "Network", "Neuron", "Number", "network"]

MOST_NEURONS = 8  # of a layer that are drawn; of more, the first and the last
FIRST = 4
SMALLEST_RADIUS = 24.0
PLACES = [k / 30 for k in range(2, 29)]  # along a wire, where its label may stand
WIDER, NARROWEST, WIDEST = 1.15, 1.8, 60.0  # a gap between columns, in widths of its labels
CROWDED = 0.25  # of the room between two columns, about what labels can take


@dataclass(frozen=True)
class Number:
    """A number with its derivative, as both are shown; an empty text where it was not computed.

    Parameters
    ----------
    name : str
        What stands before the value; nothing for the value alone.
    value, gradient : str
        As they are shown.
    latex : str
        Name and value as a formula.
    gradient_latex : str
        The derivative as a formula.
    """

    name: str = ""
    value: str = ""
    gradient: str = ""
    latex: str = ""
    gradient_latex: str = ""

    def labels(self, x: float, y: float) -> tuple[Label, ...]:
        """Return the value above a point, and the derivative in brackets below it."""
        value = " = ".join(filter(None, (self.name, self.value)))
        lines = (
            Label(value, x, y - 4, role="value", latex=self.latex),
            Label(f"({self.gradient})" if self.gradient else "", x, y + SMALL + 1, SMALL, "gradient",
                  latex=self.gradient_latex),
        )  # fmt: skip
        return tuple(line for line in lines if line.words)

    def says(self) -> str:
        """Return the number in words that need no picture."""
        value = " = ".join(filter(None, (self.name, self.value)))
        return f"{value} ({self.gradient})" if self.gradient else value


@dataclass(frozen=True)
class Neuron:
    """A neuron, an input, or a target.

    Parameters
    ----------
    name, latex : str
        What stands in the circle.
    out : Number
        What it gives, which stands in the circle too.
    net, bias : Number
        What stands below the circle, and above it.
    is_box : bool
        Whether it is no neuron, and has corners.
    """

    name: str
    out: Number
    net: Number = Number()
    bias: Number = Number()
    latex: str = ""
    is_box: bool = False

    def lines(self) -> tuple[Label, ...]:
        """Return the lines in the circle, counted from its middle."""
        said = self.out.labels(0.0, 0.0)
        lines = [Label(self.name, 0.0, 0.0, SIZE, latex=self.latex), *said]
        first = LINE * (len(lines) - 1) / 2
        return tuple(replace(line, y=LINE * k - first + 0.35 * line.size) for k, line in enumerate(lines))

    def says(self) -> str:
        """Return the neuron in words that need no picture."""
        parts = (self.bias.says(), self.net.says(), self.out.says())
        return f"{self.name}: {', '.join(part for part in parts if part)}"


@dataclass(frozen=True)
class Column:
    """A layer.

    Parameters
    ----------
    heading : tuple of str
        Lines that stand above it.
    neurons : tuple of Neuron
        From the top.
    hidden : str
        A line that says how many of them are drawn, where they are too many.
    """

    heading: tuple[str, ...]
    neurons: tuple[Neuron, ...]
    hidden: str = ""

    @property
    def places(self) -> list[int]:
        """The places of the neurons that are drawn."""
        n = len(self.neurons)
        return list(range(n)) if n <= MOST_NEURONS else [*range(FIRST), n - 1]


@dataclass(frozen=True)
class Link:
    """A wire from a neuron of a column to one of the next, with its weight."""

    column: int
    source: int
    target: int
    weight: Number = Number()


@dataclass(frozen=True)
class Network:
    """A network as plain data.

    Parameters
    ----------
    title : str
        What it is called.
    columns : tuple of Column
        Inputs, layers, and what follows the outputs.
    links : tuple of Link
        The wires.
    key : tuple of str
        Lines below the picture that say what stands where.
    """

    title: str
    columns: tuple[Column, ...]
    links: tuple[Link, ...]
    key: tuple[str, ...] = ()


@dataclass(frozen=True)
class Grid:
    """Where the circles stand: the middle of each, by column and place; they have one radius."""

    centers: dict[tuple[int, int], Point]
    radius: float


def network(net: Network) -> Drawing:
    """Return a drawing in which no two labels overlap: columns move apart until every wire has room for its own.

    Parameters
    ----------
    net : Network
        The network, with its numbers as they are shown.

    Examples
    --------
    >>> x, y = Neuron("x", Number(value="2")), Neuron("y", Number(value="6", gradient="1"))
    >>> drawn = network(Network("product", (Column((), (x,)), Column((), (y,))), (Link(0, 0, 0, Number("w", "3")),)))
    >>> [label.words for label in drawn.every_label()]
    ['x', '2', 'y', '6', '(1)', 'w = 3']
    """
    radius = max((reach(label) for neuron in drawn(net) for label in neuron.lines()), default=0.0)
    radius = max(SMALLEST_RADIUS, radius + 3)
    grid, on_wires = placed(net, radius)
    beside = [label for key, center in grid.centers.items() for label in beside_of(neuron_at(net, key), center, radius)]
    heads = [label for k, column in enumerate(net.columns) for label in heading(column, k, grid)]
    dots = [label for k, column in enumerate(net.columns) for label in ellipsis_of(column, k, grid)]
    labels = [*on_wires, *beside, *dots, *heads]
    shapes = [circle(neuron_at(net, key), center, radius) for key, center in grid.centers.items()]
    wires = [ends(net, grid, link) for link in visible(net)]
    boxes = [label.box for label in labels]
    pieces = [Wire(piece) for wire in wires for piece in outside(wire, boxes)]
    return framed(net, pieces, shapes, labels)


def drawn(net: Network) -> Iterator[Neuron]:
    """Yield the neurons that are drawn."""
    return (column.neurons[place] for column in net.columns for place in column.places)


def neuron_at(net: Network, key: tuple[int, int]) -> Neuron:
    """Return a neuron by column and place."""
    return net.columns[key[0]].neurons[key[1]]


def visible(net: Network) -> list[Link]:
    """Return the wires between neurons that are drawn."""
    places = [set(column.places) for column in net.columns]
    return [link for link in net.links if link.source in places[link.column] and link.target in places[link.column + 1]]


def reach(label: Label) -> float:
    """Return how far a label that stands around the middle of a circle reaches from there."""
    return max(hypot(x, y) for x, y in product(label.box[::2], label.box[1::2]))


def placed(net: Network, radius: float) -> tuple[Grid, list[Label]]:
    """Return where the circles stand, and the labels of the wires."""
    rooms = [room(column, radius) for column in net.columns]
    step = 2 * radius + 2 * AIR + sum(LINE * n for n in lines_beside(net))
    x, labels = 0.0, list[Label]()
    centers: dict[tuple[int, int], Point] = {}
    for k, column in enumerate(net.columns):
        if k:
            between = [link for link in visible(net) if link.column == k - 1]
            before = {place: y for (at, place), (_, y) in centers.items() if at == k - 1}
            gap, made = spaced(between, before, heights(column, step), rooms[k - 1] / 2, rooms[k] / 2, step)
            labels += [replace(label, x=label.x + x) for label in made]
            x += rooms[k - 1] / 2 + gap + rooms[k] / 2
        centers |= {(k, place): (x, y) for place, y in heights(column, step).items()}
    return Grid(centers, radius), labels


def room(column: Column, radius: float) -> float:
    """Return the width of a column: of its circles, and of what stands above and below them."""
    beside = [label for place in column.places for label in beside_of(column.neurons[place], (0.0, 0.0), radius)]
    words = [Label(line, 0.0, 0.0) for line in (*column.heading, column.hidden)]
    return max([2 * radius, *(label.box[2] - label.box[0] for label in [*beside, *words])]) + AIR


def lines_beside(net: Network) -> tuple[int, int]:
    """Return how many lines stand above and below the circles."""
    above, below = ([number.labels(0.0, 0.0) for number in numbers] for numbers in (
        [neuron.bias for neuron in drawn(net)], [neuron.net for neuron in drawn(net)]))  # fmt: skip
    return 2 * any(above), 2 * any(below)


def heights(column: Column, step: float) -> dict[int, float]:
    """Return the height of the middle of every circle of a column; an ellipsis takes the room of one."""
    rows = {place: float(k) for k, place in enumerate(column.places)}
    if len(rows) < len(column.neurons):
        rows[column.places[-1]] += 1
    middle = max(rows.values()) / 2
    return {place: (row - middle) * step for place, row in rows.items()}


def spaced(
    links: Sequence[Link], before: dict[int, float], after: dict[int, float], left: float, right: float, step: float
) -> tuple[float, list[Label]]:
    """Return how far two columns stand apart, and the labels between, from the middle of the first."""
    widest = max((label.box[2] - label.box[0] for link in links for label in link.weight.labels(0.0, 0.0)), default=0.0)
    height = max(len(before), len(after)) * step
    taken = len(links) * widest * 2 * LINE / CROWDED
    gap = max(4 * AIR, NARROWEST * widest, taken / height)
    while True:
        wires = [((0.0, before[link.source]), (left + gap + right, after[link.target])) for link in links]
        labels = between(links, wires, (left, left + gap))
        if labels is not None or gap > WIDEST * widest:
            return gap, labels or []
        gap *= WIDER


def between(
    links: Sequence[Link], wires: Sequence[tuple[Point, Point]], limits: tuple[float, float]
) -> list[Label] | None:
    """Return the labels of wires, each on its own and away from the others; None if there is no room for one.

    The wire with the fewest free places comes first, and takes the one that the fewest other wires cross.
    """
    taken: list[Rectangle] = []
    found: dict[int, tuple[Label, ...]] = {}
    choices = {k: candidates(k, link, wires, limits) for k, link in enumerate(links) if link.weight.says()}
    for k in sorted(choices, key=lambda k: (len(choices[k]), k)):
        place = next((labels for labels, room in choices[k] if all(apart(room, other) for other in taken)), None)
        if place is None:
            return None
        found[k] = place
        taken.append(around(place))
    return [label for k in sorted(found) for label in found[k]]


def candidates(
    k: int, link: Link, wires: Sequence[tuple[Point, Point]], limits: tuple[float, float]
) -> list[tuple[tuple[Label, ...], Rectangle]]:
    """Return the labels of a wire at every place of it, the clearest first."""
    (x0, y0), (x1, y1) = wires[k]
    made = []
    for t in PLACES:
        labels = link.weight.labels(x0 + t * (x1 - x0), y0 + t * (y1 - y0))
        box = around(labels)
        if box[0] >= limits[0] and box[2] <= limits[1]:
            crossing = sum(crosses(wire, box) for wire in wires)
            made.append((crossing, abs(t - 0.5), t, labels, box))
    return [(labels, box) for *_, labels, box in sorted(made, key=lambda entry: entry[:3])]


def crosses(wire: tuple[Point, Point], box: Rectangle) -> bool:
    """Whether a wire, which is wider than a rectangle, runs through it."""
    (x0, y0), (x1, y1) = wire
    slope = (y1 - y0) / (x1 - x0)
    enters, leaves = y0 + slope * (box[0] - x0), y0 + slope * (box[2] - x0)
    return (enters < box[3] or leaves < box[3]) and (enters > box[1] or leaves > box[1])


def around(labels: Sequence[Label]) -> Rectangle:
    """Return the room that labels take together."""
    lefts, tops, rights, bottoms = zip(*(label.box for label in labels), strict=True)
    return min(lefts) - 2, min(tops) - 2, max(rights) + 2, max(bottoms) + 2


def apart(a: Rectangle, b: Rectangle) -> bool:
    """Whether two rectangles have no point in common."""
    return a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]


def inside_of(wire: tuple[Point, Point], box: Rectangle) -> tuple[float, float] | None:
    """Return from where to where along a wire it runs inside of a rectangle, as shares of its length.

    Examples
    --------
    >>> inside_of(((0.0, 0.0), (10.0, 0.0)), (4.0, -1.0, 6.0, 1.0))
    (0.4, 0.6)
    """
    (x0, y0), (x1, y1) = wire
    first, last = 0.0, 1.0
    for start, way, low, high in ((x0, x1 - x0, box[0], box[2]), (y0, y1 - y0, box[1], box[3])):
        if way == 0.0:
            if not low < start < high:
                return None
            continue
        enters, leaves = sorted(((low - start) / way, (high - start) / way))
        first, last = max(first, enters), min(last, leaves)
    return (first, last) if first < last else None


def outside(wire: tuple[Point, Point], boxes: Sequence[Rectangle]) -> list[tuple[Point, Point]]:
    """Return the pieces of a wire that are left where labels stand on it."""
    (x0, y0), (x1, y1) = wire
    covered = sorted(part for box in boxes if (part := inside_of(wire, box)))
    pieces, at = [], 0.0
    for first, last in [*covered, (1.0, 1.0)]:
        if first > at:
            pieces.append((at, first))
        at = max(at, last)
    return [((x0 + a * (x1 - x0), y0 + a * (y1 - y0)), (x0 + b * (x1 - x0), y0 + b * (y1 - y0))) for a, b in pieces]


def ends(net: Network, grid: Grid, link: Link) -> tuple[Point, Point]:
    """Return a wire from line to line of what it joins."""
    source, target = (link.column, link.source), (link.column + 1, link.target)
    (x0, y0), (x1, y1) = grid.centers[source], grid.centers[target]
    dx, dy = x1 - x0, y1 - y0
    a, b = (grid.radius / (max(abs(dx), abs(dy)) if neuron_at(net, key).is_box else hypot(dx, dy))
            for key in (source, target))  # fmt: skip
    return (x0 + a * dx, y0 + a * dy), (x1 - b * dx, y1 - b * dy)


def beside_of(neuron: Neuron, center: Point, radius: float) -> list[Label]:
    """Return what stands above and below a circle."""
    x, y = center
    above = neuron.bias.labels(x, y - radius - LINE - 2)
    return [*above, *neuron.net.labels(x, y + radius + LINE + 2)]


def circle(neuron: Neuron, center: Point, radius: float) -> Shape:
    """Return a neuron as a circle with its lines."""
    x, y = center
    lines = tuple(replace(line, x=x, y=y + line.y) for line in neuron.lines())
    corners = AIR / 2 if neuron.is_box else radius
    return Shape(x - radius, y - radius, 2 * radius, 2 * radius, corners, lines, neuron.says())


def heading(column: Column, k: int, grid: Grid) -> list[Label]:
    """Return the lines above a column, all of them on the height of the highest circle of the picture."""
    top = min(y for _, y in grid.centers.values()) - grid.radius - 2 * LINE - AIR
    x = next(x for (at, _), (x, _) in grid.centers.items() if at == k)
    lines = [*column.heading, *([column.hidden] if column.hidden else [])]
    return [Label(line, x, top - LINE * (len(lines) - 1 - i), SMALL, is_prose=True) for i, line in enumerate(lines)]


def ellipsis_of(column: Column, k: int, grid: Grid) -> list[Label]:
    """Return the dots that stand for the neurons that are not drawn."""
    if len(column.places) == len(column.neurons):
        return []
    above, below = (grid.centers[k, place] for place in column.places[-2:])
    middle = (above[1] + below[1]) / 2
    return [Label("·", above[0], middle + LINE * (i - 1), SIZE) for i in range(3)]


def framed(net: Network, wires: Sequence[Wire], shapes: Sequence[Shape], labels: Sequence[Label]) -> Drawing:
    """Return the drawing, moved so that its upper left corner is the origin, with the key below."""
    boxes = [*(shape.box for shape in shapes), *(label.box for label in labels)]
    left, top, right, bottom = (pick(box[i] for box in boxes) for i, pick in enumerate((min, min, max, max)))
    bare = [Label(line, 0.0, 0.0, SMALL, is_prose=True) for line in net.key]
    width = max([right - left, *(label.box[2] - label.box[0] for label in bare)])
    dx, dy = (width - right - left) / 2, -top
    key = [replace(label, x=width / 2, y=bottom - top + AIR + LINE * (k + 1)) for k, label in enumerate(bare)]
    sentences = [*(shape.says for shape in shapes), *(said_of(net, link) for link in visible(net))]
    return Drawing(
        net.title,
        f"{'; '.join(sentences)}.",
        width + 2 * MARGIN,
        bottom - top + (AIR + LINE * len(key) if key else 0.0) + 2 * MARGIN,
        tuple(Wire(tuple((x + dx, y + dy) for x, y in wire.points)) for wire in wires),
        (),
        tuple(moved_shape(shape, dx, dy) for shape in shapes),
        tuple(moved(label, dx, dy) for label in labels),
        tuple(key),
    )


def said_of(net: Network, link: Link) -> str:
    """Return a wire in words that need no picture."""
    source = net.columns[link.column].neurons[link.source].name
    target = net.columns[link.column + 1].neurons[link.target].name
    weight = link.weight.says()
    return f"{source} → {target}{': ' if weight else ''}{weight}"


def moved(label: Label, dx: float, dy: float) -> Label:
    """Return a label elsewhere."""
    return replace(label, x=label.x + dx, y=label.y + dy)


def moved_shape(shape: Shape, dx: float, dy: float) -> Shape:
    """Return a shape elsewhere, with its lines."""
    lines = tuple(moved(label, dx, dy) for label in shape.labels)
    return replace(shape, x=shape.x + dx, y=shape.y + dy, labels=lines)
