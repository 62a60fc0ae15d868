"""Operations gathered into units: loop nests that compute many gates in one pass, matrix products, and calls.

A nest runs over a space: some outer axes and the inner axis, along which vectors are processed. A gate joins a
nest if its result has the shape of the space (it is computed for each element) or of the outer axes (once per
row), and if what it reads from the same nest is at hand there in a register. Sums along the inner axis give a
number per row, which later passes over the same row may read; other sums are complete only when the nest ends.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from zanjir.graph.tensor import Tensor
from zanjir.native.operations import Operation, Operations, Place, address, natural

__all__ = ["COLUMNS", "PLACEMENTS", "REDUCTIONS", "Access", "Member", "Nest", "Single", "Unit", "read_inputs", "units"]

# Gates that add up (or take the largest) over axes, into memory or a number per row.
REDUCTIONS = frozenset({"sum", "max", "min"})
# Gates that put an array into a part of another one, which is 0 elsewhere; parts that overlap add up.
PLACEMENTS = frozenset({"fold_windows", "pad", "put_like"})
# What costs so much that it is never computed twice, nor number by number once per row.
EXPENSIVE = frozenset({
    "exp", "log", "log1p", "expm1", "tanh", "sech2", "sigmoid", "softplus", "erf", "normal_cdf", "gelu", "silu", "elu",
    "power", "sin", "cos", "tan", "exp2", "log2", "log10", "logaddexp", "sigmoid_cross_entropy", "sinh", "cosh",
    "arctan", "arcsin", "arccos", "arctan2", "cbrt", "hypot", "arcsinh", "arccosh", "arctanh",
})  # fmt: skip
# Of these gates only the first inputs matter for their numbers; the last gives its shape.
NUMBERS_READ = {"column_index": 0, "zeros_like": 0, "broadcast_like": 1, "put_like": 1}
# A root that is no memory: its element number j, along the last axis, is j.
COLUMNS = -1
# A nest of more gates would run out of registers.
MOST_MEMBERS = 48


@dataclass(frozen=True, slots=True)
class Access:
    """How a nest walks through memory: the root, the first element, and a stride for each axis of its space."""

    root: int
    offset: int
    strides: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Member:
    """A gate in a nest.

    Parameters
    ----------
    per_row
        Whether it is computed once per row, rather than for each element.
    reads
        For each input how it is walked through; None for a Python number.
    result
        Where its own elements lie, if they are written to memory.
    reduced
        The axes of the space over which it adds up (or takes the largest); none for a gate of elements.
    placed
        Whether its elements are added to a part of an array of zeros.
    """

    operation: Operation
    per_row: bool
    reads: tuple[Access | None, ...]
    result: Access
    reduced: frozenset[int] = frozenset()
    placed: bool = False

    @property
    def operands(self) -> list[tuple[Tensor | None, Access | None]]:
        """Its inputs, each with how it is walked through; column numbers come from no input."""
        inputs = read_inputs(self.operation) or (None,) * len(self.reads)
        return list(zip(inputs, self.reads, strict=True))

    @property
    def joins(self) -> str:
        """How it puts partial results together: ``sum``, ``max`` or ``min``."""
        return "sum" if self.placed else self.operation.gate

    @property
    def in_register(self) -> bool:
        """Whether its result is at hand, in later passes over the same row."""
        return not self.placed and (not self.reduced or self.reduced == {len(self.result.strides) - 1})


@dataclass
class Nest:
    """Loops over a space, with the gates that are computed there."""

    space: tuple[int, ...]
    members: dict[int, Member] = field(default_factory=dict)

    @property
    def keys(self) -> list[int]:
        """The results of this unit."""
        return list(self.members)


@dataclass
class Single:
    """One gate that is a unit of its own: a matrix product, or one that runs in NumPy."""

    operation: Operation

    @property
    def keys(self) -> list[int]:
        """The results of this unit."""
        return [self.operation.key]


Unit = Nest | Single


def units(found: Operations, fusible: Callable[[Operation], bool], wanted: Collection[int]) -> list[Unit]:
    """Gather operations into units, in an order in which they can run.

    Parameters
    ----------
    fusible
        Whether an operation can be part of a nest.
    wanted
        The ``id`` of nodes that must be in memory at the end.
    """
    fusion = Fusion(found, fusible)
    for operation in found.order:
        fusion.add(operation)
    fusion.sink(wanted)
    return [unit for unit in fusion.units if unit.keys]


class Fusion:
    """The state of one fusion: the units so far, and in which of them each result is computed."""

    def __init__(self, found: Operations, fusible: Callable[[Operation], bool]) -> None:
        self.found = found
        self.fusible = fusible
        self.units: list[Unit] = []
        self.unit_of: dict[int, int] = {}

    def add(self, operation: Operation) -> None:
        """Put an operation into the first unit that can hold it, or into a new one."""
        first = max((self.unit_of.get(root, 0) for root in self.roots(operation)), default=0)
        if self.fusible(operation):
            for i in range(first, len(self.units)):
                member = self.fit(operation, i)
                if member is not None:
                    self.place(member, i)
                    return
            self.units.append(Nest(squeezed(space_of(operation, self.found))))
            member = fitted(operation, self.units[-1], self.found) if isinstance(self.units[-1], Nest) else None
            assert member is not None  # noqa: S101 - a nest over an operation's own space holds it
            self.place(member, len(self.units) - 1)
        else:
            self.units.append(Single(operation))
            self.unit_of[operation.key] = len(self.units) - 1

    def place(self, member: Member, i: int) -> None:
        """Make a gate part of a nest."""
        nest = self.units[i]
        assert isinstance(nest, Nest)  # noqa: S101 - only a nest has members
        nest.members[member.operation.key] = member
        self.unit_of[member.operation.key] = i

    def roots(self, operation: Operation) -> list[int]:
        """Return whose memory an operation reads."""
        return [self.found.places[id(x)].root for x in read_inputs(operation) if id(x) in self.found.places]

    def fit(self, operation: Operation, i: int) -> Member | None:
        """Return an operation as a member of a unit; None if it cannot be one."""
        nest = self.units[i]
        if not isinstance(nest, Nest) or len(nest.members) >= MOST_MEMBERS:
            return None
        member = fitted(operation, nest, self.found)
        if member is None:
            return None
        expensive = operation.gate in EXPENSIVE or bool(member.reduced)
        if member.per_row and expensive and math.prod(nest.space[:-1]) > 1:
            return None
        for access in member.reads:
            made = nest.members.get(access.root) if access else None
            if made and not (made.in_register and made.result == access):
                return None
        return member

    def sink(self, wanted: Collection[int]) -> None:
        """Move cheap gates to the one later unit that reads them, if all they read is in memory by then."""
        readers: dict[int, list[Operation]] = {}
        for operation in self.found.order:
            for root in set(self.roots(operation)):
                readers.setdefault(root, []).append(operation)
        for operation in reversed(self.found.order):
            key = operation.key
            here = self.unit_of[key]
            there = {self.unit_of[reader.key] for reader in readers.get(key, [])}
            member = self.units[here].members.get(key) if isinstance(self.units[here], Nest) else None  # type: ignore[union-attr]
            if len(there) != 1 or here in there or key in wanted or member is None:
                continue
            (target,) = there
            fixed = operation.gate in EXPENSIVE or member.reduced or member.placed
            if fixed or not self.in_memory(operation, here, readers, wanted):
                continue
            moved = self.fit(operation, target)
            if moved is not None and self.at_hand(moved, readers[key], target):
                del self.units[here].members[key]  # type: ignore[union-attr]
                self.place_before(moved, target)

    def in_memory(
        self, operation: Operation, here: int, readers: Mapping[int, Sequence[Operation]], wanted: Collection[int]
    ) -> bool:
        """Whether everything that an operation reads lies in memory anyway, when its unit is over."""
        for root in self.roots(operation):
            made_here = self.unit_of.get(root) == here
            read_elsewhere = any(self.unit_of[reader.key] != here for reader in readers[root])
            if made_here and not (root in wanted or read_elsewhere):
                return False
        return True

    def at_hand(self, moved: Member, readers: Sequence[Operation], target: int) -> bool:
        """Whether those who read a gate find it in a register, once it is part of their nest."""
        nest = self.units[target]
        assert isinstance(nest, Nest)  # noqa: S101 - `fit` found it to be one
        reads = [access for reader in readers for access in nest.members[reader.key].reads if access]
        return all(access == moved.result for access in reads if access.root == moved.operation.key)

    def place_before(self, member: Member, i: int) -> None:
        """Make a gate the first of a nest: what reads it stands there already."""
        nest = self.units[i]
        assert isinstance(nest, Nest)  # noqa: S101 - only a nest has members
        nest.members = {member.operation.key: member, **nest.members}
        self.unit_of[member.operation.key] = i


def read_inputs(operation: Operation) -> tuple[Tensor, ...]:
    """Return the inputs whose numbers matter; of the others only the shape does."""
    return operation.node.inputs[: NUMBERS_READ.get(operation.gate)]


def space_of(operation: Operation, found: Operations) -> tuple[int, ...]:
    """Return the shape over which an operation runs."""
    if operation.gate in REDUCTIONS | PLACEMENTS:
        return found.places[id(operation.node.inputs[0])].shape
    return operation.shape


def squeezed(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return a shape without its axes of size 1, but with one axis at least."""
    return tuple(size for size in shape if size != 1) or (1,)


def fitted(operation: Operation, nest: Nest, found: Operations) -> Member | None:
    """Return how an operation runs in a nest, or None where the shapes do not fit."""
    own = space_of(operation, found)
    axes = squeezed(own) if math.prod(own) != 1 else ()
    if axes == nest.space or (not axes and nest.space == (1,)):
        per_row = False
    elif axes == nest.space[:-1] and operation.gate not in REDUCTIONS | PLACEMENTS:
        per_row = True
    else:
        return None
    kept = [k for k, size in enumerate(own) if size != 1]
    padding = (0,) * (len(nest.space) - len(kept))

    def walked(place: Place) -> Access:
        strides = place.along(own)
        found_strides = tuple(strides[k] for k in kept)
        return Access(place.root, place.offset, found_strides + padding)

    inputs = read_inputs(operation)
    reads = tuple(walked(found.places[id(x)]) if id(x) in found.places else None for x in inputs)
    if operation.gate == "column_index":
        reads = (walked(Place(COLUMNS, 0, (*(0,) * (len(own) - 1), 1), own, operation.dtype)),)
    place = found.places[operation.key]
    if operation.gate in PLACEMENTS:
        part = part_of(operation)
        result = Access(place.root, part.offset, tuple(part.strides[k] for k in kept) + padding)
        return Member(operation, per_row, reads, result, placed=True)
    if operation.gate not in REDUCTIONS:
        return Member(operation, per_row, reads, walked(place))
    reduced = reduced_axes(operation, len(own))
    positions = frozenset(i for i, k in enumerate(kept) if k in reduced)
    sizes = iter(natural(tuple(own[k] for k in kept if k not in reduced)))
    strides = tuple(0 if k in reduced else next(sizes) for k in kept)
    result = Access(place.root, 0, strides + padding)
    return Member(operation, per_row, reads, result, positions)


def part_of(operation: Operation) -> Place:
    """Return the part of its result into which a gate puts its input."""
    params, shape = operation.node.params, operation.shape
    if operation.gate == "fold_windows":
        step, (down, right) = params["stride"], natural(shape)[1:3]
        return Place(0, 0, (natural(shape)[0], step * down, step * right, down, right, 1), (), operation.dtype)
    whole = np.empty(shape, operation.dtype)
    if operation.gate == "pad":
        widths = zip(params["pad_width"], shape, strict=True)
        part = whole[tuple(slice(before, size - after) for (before, after), size in widths)]
    else:
        part = whole[params["key"]]
    offset = (address(part) - address(whole)) // whole.itemsize
    return Place(0, offset, tuple(stride // whole.itemsize for stride in part.strides), part.shape, operation.dtype)


def reduced_axes(operation: Operation, ndim: int) -> set[int]:
    """Return the axes over which a reduction runs."""
    axis = operation.node.params["axis"]
    if axis is None:
        return set(range(ndim))
    return {k % ndim for k in (axis if isinstance(axis, tuple) else (axis,))}
