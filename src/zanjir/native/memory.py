"""Memory for the results of units: given arrays, or stretches of one arena that are used again and again."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from zanjir.graph.tensor import Array
from zanjir.native.fusion import COLUMNS, Single, Unit
from zanjir.native.operations import Operations, address

__all__ = ["Memory", "assigned", "read_elsewhere", "reads_of", "zeros"]

# Stretches begin at multiples of a cache line.
LINE = 64


@dataclass
class Memory:
    """The array of every root that lies in memory, and the arena that holds those nobody else gave."""

    arrays: dict[int, Array] = field(default_factory=dict)
    arena: Array = field(default_factory=lambda: np.empty(0, np.uint8))

    def address(self, root: int, offset: int) -> int:
        """Return the address of a byte of a root."""
        return address(self.arrays[root]) + offset


def reads_of(unit: Unit, found: Operations) -> set[int]:
    """Return the roots that a unit reads."""
    if isinstance(unit, Single):
        inputs = unit.operation.node.inputs
        return {found.places[id(x)].root for x in inputs if id(x) in found.places}
    return {access.root for member in unit.members.values() for access in member.reads if access} - {COLUMNS}


def read_elsewhere(units: Sequence[Unit], found: Operations, wanted: Collection[int]) -> set[int]:
    """Return the results that must lie in memory: those that another unit reads, and those that are wanted."""
    needed = set(wanted)
    for unit in units:
        needed |= reads_of(unit, found) - set(unit.keys)
        if isinstance(unit, Single):
            needed.add(unit.operation.key)
    return needed


def assigned(units: Sequence[Unit], found: Operations, given: Mapping[int, Array], stored: Collection[int]) -> Memory:
    """Give every result that lies in memory its array.

    Parameters
    ----------
    given
        Arrays that exist already, by root.
    stored
        The results that need memory.
    """
    last = {root: i for i, unit in enumerate(units) for root in (*unit.keys, *reads_of(unit, found))}
    places: dict[int, tuple[int, int]] = {}
    free: list[tuple[int, int]] = []  # (start, size), in order
    end = 0
    for i, unit in enumerate(units):
        for key in unit.keys:
            if key in stored and key not in given:
                size = -(-size_of(found, key) // LINE) * LINE or LINE
                start, end = taken(free, size, end)
                places[key] = (start, size)
        for root in [root for root, (start, size) in places.items() if last.get(root) == i]:
            free.append(places[root])
            del last[root]
        free = joined(free)
    arena = aligned(end)
    arrays = dict(given)
    for key, (start, _) in places.items():
        place = found.places[key]
        arrays[key] = arena[start : start + size_of(found, key)].view(place.dtype).reshape(place.shape)
    return Memory(arrays, arena)


def size_of(found: Operations, key: int) -> int:
    """Return the bytes of a result."""
    place = found.places[key]
    return int(np.prod(place.shape, dtype=np.int64)) * place.dtype.itemsize


def taken(free: list[tuple[int, int]], size: int, end: int) -> tuple[int, int]:
    """Take a stretch from the smallest free one that holds it, or from the end; return its start and the new end."""
    fitting = [stretch for stretch in free if stretch[1] >= size]
    if not fitting:
        return end, end + size
    best = min(fitting, key=lambda stretch: stretch[1])
    free.remove(best)
    start, room = best
    if room > size:
        free.append((start + size, room - size))
    return start, end


def joined(free: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Make neighboring free stretches one."""
    result: list[tuple[int, int]] = []
    for start, size in sorted(free):
        if result and sum(result[-1]) == start:
            result[-1] = (result[-1][0], result[-1][1] + size)
        else:
            result.append((start, size))
    return result


def zeros(shape: int | tuple[int, ...], dtype: Any) -> Array:
    """Return zeros that begin at a cache line: no vector of them then lies in two.

    Examples
    --------
    >>> address(zeros((2, 3), np.float32)) % LINE
    0
    """
    size = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
    array: Array = aligned(size).view(dtype)
    return array.reshape(shape)


def aligned(size: int) -> Array:
    """Return bytes that begin at a cache line."""
    raw = np.zeros(size + LINE, np.uint8)
    start = -address(raw) % LINE
    return raw[start : start + size]
