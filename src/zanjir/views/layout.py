"""Where the boxes and wires of a graph go: layers from left to right, few crossings, straight long wires.

The steps are those of Sugiyama, Tagawa and Toda: longest-path layers, places for wires that pass a layer, order
by barycenters, and heights that keep the order.

References
----------
K. Sugiyama, S. Tagawa, M. Toda, "Methods for visual understanding of hierarchical system structures",
IEEE Transactions on Systems, Man, and Cybernetics 11 (1981) 109-125.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

__all__ = ["Item", "Layout", "Point", "layout"]

Point = tuple[float, float]

PORT = 13.0  # between two wires that enter the same box
GAP = 30.0  # between two columns, for wires to bend in
GAP_PER_WIRE, WIDEST_GAP = 3.0, 110.0
WIRE_ROOM = 12.0  # height that a passing wire takes
SWEEPS = 8
STRAIGHT = 6.0  # how much more a wire between two passing places wants to be straight


@dataclass(frozen=True)
class Item:
    """A box to be placed.

    Parameters
    ----------
    width, height : float
        Size of the box.
    tail : float
        Room to the right of it, for what is written on its wire.
    room : float
        Height that the box and that writing take together.
    """

    width: float
    height: float
    tail: float
    room: float


@dataclass(frozen=True)
class Layout:
    """Where everything goes.

    Parameters
    ----------
    corners : list of point
        Upper left corner of every box.
    tails : list of point pairs
        Begin and end of the straight wire that leaves every box.
    routes : list of points lists
        For every edge, the points that its wire joins, from the end of its source's tail to its target's port:
        straight within a column, bent between two.
    width, height : float
        Size of everything together.
    """

    corners: list[Point]
    tails: list[tuple[Point, Point]]
    routes: list[list[Point]]
    width: float
    height: float


@dataclass(frozen=True)
class Link:
    """A piece of wire between neighboring layers: from a cell to a cell, ending so far below its middle."""

    source: int
    target: int
    offset: float
    weight: float


@dataclass
class Cells:
    """Boxes, and after them the places where wires pass a layer, with the links between neighboring layers."""

    layer: list[int]
    room: list[float]
    links: list[Link]
    chains: list[list[int]]  # for every edge, the cells that its wire passes, its source first
    before: list[list[Link]]
    after: list[list[Link]]


def layout(items: Sequence[Item], edges: Sequence[tuple[int, int]]) -> Layout:
    """Place boxes in layers from left to right.

    Parameters
    ----------
    items : sequence of Item
        The boxes, sources before targets.
    edges : sequence of (source, target)
        The wires; the order of those that enter a box is the order of its ports from the top.
    """
    offsets = port_offsets(edges)
    cells = cells_of(items, edges, offsets)
    order = ordered(cells)
    y = heights(cells, order)
    lowest = min((y[i] - cells.room[i] / 2 for i in range(len(y))), default=0.0)
    y = [value - lowest for value in y]
    left, right = column_edges(items, cells, order)
    return Layout(
        corners=[(left[cells.layer[i]], y[i] - item.height / 2) for i, item in enumerate(items)],
        tails=[
            ((left[cells.layer[i]] + item.width, y[i]), (right[cells.layer[i]], y[i])) for i, item in enumerate(items)
        ],
        routes=[
            route(chain, target, offset, cells.layer, y, left, right)
            for chain, (_, target), offset in zip(cells.chains, edges, offsets, strict=True)
        ],
        width=right[-1] if right else 0.0,
        height=max((y[i] + cells.room[i] / 2 for i in range(len(y))), default=0.0),
    )


def port_offsets(edges: Sequence[tuple[int, int]]) -> list[float]:
    """Return how far below the middle of its target every edge ends."""
    ports: dict[int, list[int]] = {}
    for i, (_, target) in enumerate(edges):
        ports.setdefault(target, []).append(i)
    offsets = [0.0] * len(edges)
    for entering in ports.values():
        for k, i in enumerate(entering):
            offsets[i] = (k - (len(entering) - 1) / 2) * PORT
    return offsets


def layers_of(n: int, edges: Sequence[tuple[int, int]]) -> list[int]:
    """Return the layer of every box: right of all its inputs, and inputs close to their first reader."""
    layer = [0] * n
    entered = {target for _, target in edges}
    for source, target in sorted(edges, key=lambda edge: edge[1]):  # a target's own layer is final before it is read
        layer[target] = max(layer[target], layer[source] + 1)
    first_reader: dict[int, int] = {}
    for source, target in edges:
        first_reader[source] = min(first_reader.get(source, layer[target]), layer[target])
    return [first_reader[i] - 1 if i not in entered and i in first_reader else layer[i] for i in range(n)]


def cells_of(items: Sequence[Item], edges: Sequence[tuple[int, int]], offsets: Sequence[float]) -> Cells:
    """Return boxes and passing places; all wires of one source share a place in each layer that they pass."""
    layer = layers_of(len(items), edges)
    room = [item.room for item in items]
    passing: dict[tuple[int, int], int] = {}
    links: dict[tuple[int, int, float], Link] = {}
    chains = []
    for (source, target), offset in zip(edges, offsets, strict=True):
        chain = [source]
        for between in range(layer[source] + 1, layer[target]):
            cell = passing.setdefault((source, between), len(layer))
            if cell == len(layer):
                layer.append(between)
                room.append(WIRE_ROOM)
            weight = STRAIGHT if chain[-1] >= len(items) else 2.0
            links.setdefault((chain[-1], cell, 0.0), Link(chain[-1], cell, 0.0, weight))
            chain.append(cell)
        links.setdefault((chain[-1], target, offset), Link(chain[-1], target, offset, 1.0))
        chains.append(chain)
    before: list[list[Link]] = [[] for _ in layer]
    after: list[list[Link]] = [[] for _ in layer]
    for link in links.values():
        before[link.target].append(link)
        after[link.source].append(link)
    return Cells(layer, room, list(links.values()), chains, before, after)


def ordered(cells: Cells) -> list[list[int]]:
    """Return the cells of every layer from top to bottom: of some sweeps, the order with the fewest crossings."""
    order: list[list[int]] = [[] for _ in range(max(cells.layer, default=-1) + 1)]
    for cell, layer in enumerate(cells.layer):
        order[layer].append(cell)
    best, fewest = order, crossings(cells, order)
    for sweep in range(2 * SWEEPS):
        if not fewest:
            break
        order = swept(cells, order, rightwards=sweep % 2 == 0)
        n = crossings(cells, order)
        if n < fewest:
            best, fewest = order, n
    return best


def swept(cells: Cells, order: list[list[int]], *, rightwards: bool) -> list[list[int]]:
    """Sort every layer by the mean place of each cell's neighbors in the layer before it on the way."""
    order = list(order)
    place: dict[int, float] = {}
    for k in range(len(order)) if rightwards else reversed(range(len(order))):
        wishes = {cell: wish(cells, cell, place, i, rightwards=rightwards) for i, cell in enumerate(order[k])}
        order[k] = sorted(order[k], key=wishes.__getitem__)
        place = {cell: float(i) for i, cell in enumerate(order[k])}
    return order


def wish(cells: Cells, cell: int, place: dict[int, float], kept: float, *, rightwards: bool) -> float:
    """Return the mean place of a cell's neighbors; the ports of one box come in their order."""
    if rightwards:
        near = [place[link.source] for link in cells.before[cell]]
    else:
        near = [place[link.target] + link.offset / (PORT * 1000) for link in cells.after[cell]]
    return sum(near) / len(near) if near else kept


def crossings(cells: Cells, order: list[list[int]]) -> int:
    """Count the pairs of wires that cross between neighboring layers."""
    place = {cell: i for cells_here in order for i, cell in enumerate(cells_here)}
    total = 0
    for cells_here in order:
        ends = sorted(
            (place[link.source], place[link.target], link.offset) for cell in cells_here for link in cells.after[cell]
        )
        seen: list[tuple[int, float]] = []
        for _, target, offset in ends:
            total += len(seen) - bisect_right(seen, (target, offset))
            insort(seen, (target, offset))
    return total


def heights(cells: Cells, order: list[list[int]]) -> list[float]:
    """Return the height of every cell's middle: near its neighbors', in the given order, with room for each."""
    y = [0.0] * len(cells.layer)
    for cells_here in order:
        tops = accumulate((cells.room[cell] for cell in cells_here), initial=0.0)
        for cell, top in zip(cells_here, tops, strict=False):
            y[cell] = top + cells.room[cell] / 2
    for sweep in range(2 * SWEEPS):
        sides = ((True, False), (False, True), (True, True))[2 if sweep > SWEEPS else sweep % 2]
        for cells_here in order if sweep % 2 == 0 else reversed(order):
            settle(cells, cells_here, y, *sides)
    return y


def settle(cells: Cells, cells_here: list[int], y: list[float], from_left: bool, from_right: bool) -> None:
    """Move the cells of one layer as near to their neighbors as their order and room allow."""
    wishes, weights = [], []
    for cell in cells_here:
        pulls = [(link.weight, y[link.source] - link.offset) for link in cells.before[cell] if from_left]
        pulls += [(link.weight, y[link.target] + link.offset) for link in cells.after[cell] if from_right]
        weight = sum(w for w, _ in pulls)
        wishes.append(sum(w * at for w, at in pulls) / weight if weight else y[cell])
        weights.append(weight or 0.1)
    steps = [(cells.room[a] + cells.room[b]) / 2 for a, b in pairwise(cells_here)]
    for cell, at in zip(cells_here, spread(wishes, weights, steps), strict=True):
        y[cell] = at


def spread(wishes: Sequence[float], weights: Sequence[float], steps: Sequence[float]) -> list[float]:
    """Return the numbers closest to the wishes (weighted least squares) of which each is a step above the last.

    With the steps taken off, this is the regression to a growing sequence; neighbors that would be out of order
    share their mean.

    Examples
    --------
    >>> spread([0.0, 0.0, 5.0], [1.0, 1.0, 1.0], [2.0, 2.0])
    [-1.0, 1.0, 5.0]
    """
    shifts = list(accumulate(steps, initial=0.0))
    pools: list[tuple[float, float, int]] = []  # mean, weight, number of members
    for wish, weight, shift in zip(wishes, weights, shifts, strict=False):
        mean, total, n = wish - shift, weight, 1
        while pools and pools[-1][0] > mean:
            other, more, members = pools.pop()
            mean, total, n = (mean * total + other * more) / (total + more), total + more, n + members
        pools.append((mean, total, n))
    means = [mean for mean, _, n in pools for _ in range(n)]
    return [mean + shift for mean, shift in zip(means, shifts, strict=False)]


def column_edges(
    items: Sequence[Item], cells: Cells, order: Sequence[Sequence[int]]
) -> tuple[list[float], list[float]]:
    """Return where the column of every layer begins and ends."""
    left, right, x = [], [], 0.0
    for cells_here in order:
        width = max((items[cell].width + items[cell].tail for cell in cells_here if cell < len(items)), default=0.0)
        left.append(x)
        right.append(x + width)
        n_wires = sum(len(cells.after[cell]) for cell in cells_here)
        x += width + min(GAP + GAP_PER_WIRE * n_wires, WIDEST_GAP)
    return left, right


def route(
    chain: Sequence[int],
    target: int,
    offset: float,
    layer: Sequence[int],
    y: Sequence[float],
    left: Sequence[float],
    right: Sequence[float],
) -> list[Point]:
    """Return the points that the wire of one edge joins."""
    points = [(right[layer[chain[0]]], y[chain[0]])]
    for cell in chain[1:]:
        points += [(left[layer[cell]], y[cell]), (right[layer[cell]], y[cell])]
    return [*points, (left[layer[target]], y[target] + offset)]
