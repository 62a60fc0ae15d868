"""The text of a loop nest: rows outside, passes of vectors along the inner axis inside.

Within a row the passes follow each other: a number per row that a pass adds up is there for the next pass, as a
softmax needs it (the largest score, then the sum of the exponentials, then the quotients).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial, reduce
from typing import Any

import numpy as np

from zanjir.graph.tensor import Tensor, is_number
from zanjir.native.blocks import INDEX, mask, when
from zanjir.native.elementwise import ELEMENTWISE
from zanjir.native.fusion import COLUMNS, PLACEMENTS, REDUCTIONS, Access, Member, Nest, read_inputs
from zanjir.native.loops import Function, Lanes, element_of, halves, joined, load, neutral, positions, store, total
from zanjir.native.operations import Operation, Operations
from zanjir.native.tables import Tables
from zanjir.native.values import Kind, Value, select

__all__ = ["ARGUMENTS", "MOVES", "NestText", "compute"]

# Every unit takes the three tables, and the part of its first axis that it is to run over.
ARGUMENTS = "ptr %ptrs, ptr %sizes, ptr %numbers, i64 %first, i64 %last"
# Gates that move numbers, or give them another type.
MOVES = frozenset({"copy", "astype", "broadcast_like", "zeros_like", "column_index"})
# Vectors side by side in the loop over full vectors, so that additions need not wait for each other.
SIDE_BY_SIDE = 2
# Rows that fit a vector are computed in pairs: one row's chain of sums and quotients leaves the processor waiting.
ROWS_AT_ONCE = 2
# Numbers that stand in the text; the others are read from a table, so that the text fits them all.
WRITTEN_OUT = (0, 1, -1, 2, 0.5)


class NestText:
    """The writing of one nest: ``function`` is its text, ``stored`` the results that it leaves in memory.

    Parameters
    ----------
    stored
        The ``id`` of results that must be in memory when the nest ends.
    width
        Lanes of a vector.
    """

    def __init__(self, nest: Nest, found: Operations, stored: Collection[int], tables: Tables, width: int) -> None:
        self.nest, self.found, self.tables, self.width = nest, found, tables, width
        self.members = list(nest.members.values())
        self.function = Function()
        self.inner = len(nest.space) - 1
        self.passes = passes(nest, self.inner)
        self.wanted = set(stored) & set(nest.members)
        self.stored = self.wanted | self.crossing()
        self.bases: dict[Access, Value] = {}
        self.rows: dict[Access, Value] = {}
        self.strides: dict[tuple[Access, int], Value] = {}
        self.numbers: dict[tuple[int, Kind], Value] = {}
        self.scalars: dict[int, Value] = {}
        self.indices: list[Value] = []
        self.counts: dict[int, Value] = {}
        self.starts: dict[int, Value] = {}
        self.short_sums: dict[int, tuple[list[Value], Kind]] = {}
        self.side = 0
        self.write()

    def crossing(self) -> set[int]:
        """Return the elements that a later pass over the row reads: they go through memory."""
        found = set()
        for member in self.members:
            for access in member.reads:
                maker = self.nest.members.get(access.root) if access else None
                if maker is None or maker.per_row or maker.reduced or member.per_row:
                    continue
                if self.passes[member.operation.key] != self.passes[maker.operation.key]:
                    found.add(maker.operation.key)
        return found

    def write(self) -> None:
        """Write the function."""
        code = self.function
        self.load_tables()
        last_of_row = self.sizes[self.inner]
        self.fits = last_of_row <= self.width
        self.mask = mask(last_of_row, self.width)
        first, last = (Value(code, INDEX, name) for name in ("%first", "%last"))
        if self.inner == 0:
            self.prepare_sums()
            self.begin_row([])
            self.write_passes(first, last)
            return
        with when(code, "short", self.fits):
            self.open_short_sums()
            in_turns = max(self.passes.values()) > 0 and self.short_sums.keys() == self.counts.keys()
            at_once = ROWS_AT_ONCE if in_turns else 1
            self.write_rows(first, last, self.write_short_row, at_once)
            self.finish_short_sums()
        with when(code, "long", self.fits ^ True):
            self.prepare_sums()
            self.write_rows(first, last, lambda: self.write_passes(code.constant(INDEX, 0), last_of_row))

    def write_rows(self, first: Value, last: Value, write_row: Callable[[], None], at_once: int = 1) -> None:
        """Write the loops around the rows; so many rows at once, and what is left one by one."""
        code, zero = self.function, self.function.constant(INDEX, 0)
        limits = [(first, last), *((zero, size) for size in self.sizes[1 : self.inner])]
        with ExitStack() as loops:
            outer = [loops.enter_context(code.loop(code.variable(start), stop, 1)) for start, stop in limits[:-1]]
            counter, stop = code.variable(limits[-1][0]), limits[-1][1]
            for rows in sorted({at_once, 1}, reverse=True):
                with code.loop(counter, stop - (rows - 1), rows) as i:
                    self.write_at_once([[*outer, i + row if row else i] for row in range(rows)], write_row)

    def write_at_once(self, rows: list[list[Value]], write_row: Callable[[], None]) -> None:
        """Write rows line by line in turns: none of them waits alone for a chain of sums and quotients."""
        code, texts = self.function, []
        for self.side, indices in enumerate(rows):
            begin = len(code.lines)
            self.begin_row(indices)
            write_row()
            texts.append(code.lines[begin:])
            del code.lines[begin:]
        self.side = 0
        code.lines += [line for lines in zip(*texts, strict=True) for line in lines]

    def load_tables(self) -> None:
        """Load sizes, pointers, strides and numbers."""
        code = self.function
        self.sizes = [self.tables.size(code, size) for size in self.nest.space]
        for member in self.members:
            for access in self.walked(member):
                if access not in self.bases:
                    width = self.dtype(access.root).itemsize
                    self.bases[access] = self.tables.pointer(code, access.root, access.offset * width)
                    for axis, stride in enumerate(access.strides):
                        if stride != 0 and (axis != self.inner or stride != 1):
                            self.strides[access, axis] = self.tables.size(code, stride)
            if not member.in_register:
                count = math.prod(member.operation.shape)
                self.counts[member.operation.key] = self.tables.size(code, count)
                self.starts[member.operation.key] = self.tables.pointer(code, member.result.root, 0)
            self.load_numbers(member)

    def load_numbers(self, member: Member) -> None:
        """Load the numbers of a gate, in the type and the lanes in which it reads them."""
        widths = (1,) if member.per_row else (self.width * SIDE_BY_SIDE, self.width)
        for (x, access), element in zip(member.operands, operand_elements(member.operation, self.found), strict=True):
            if access is None and x is not None and not self.is_constant(x):
                for width in widths:
                    if (id(x), Kind(element, width)) not in self.numbers:
                        number = self.tables.number(self.function, id(x)).convert(Kind(element))
                        self.numbers[id(x), Kind(element, width)] = number.spread(width)

    def walked(self, member: Member) -> Iterable[Access]:
        """Return the memory through which a gate walks."""
        key = member.operation.key
        for access in member.reads:
            if (
                access
                and access.root != COLUMNS
                and (access.root not in self.nest.members or access.root in self.stored)
            ):
                yield access
        if key in self.stored:
            yield member.result

    def dtype(self, root: int) -> np.dtype[Any]:
        """Return the dtype of the memory of a root."""
        return self.found.places[root].dtype

    def is_constant(self, x: Tensor) -> bool:
        """Whether a number stands in the text."""
        value = self.found.numbers[id(x)]
        return isinstance(value, bool) or (x.gate is None and x.name is None and value in WRITTEN_OUT)

    def number(self, x: Tensor, kind: Kind) -> Value:
        """Return a Python number in a type, in every lane."""
        if self.is_constant(x):
            return self.function.constant(kind, self.found.numbers[id(x)])
        return self.numbers[id(x), kind]

    def prepare_sums(self) -> None:
        """Fill what is added up over rows, in memory, with what it starts from."""
        code = self.function
        for member in self.members:
            if member.in_register or member.operation.key in self.short_sums:
                continue
            element = element_of(member.operation.dtype)
            start = neutral(code, member.joins, Kind(element))
            base = self.starts[member.operation.key]
            with code.loop(code.variable(code.constant(INDEX, 0)), self.counts[member.operation.key], 1) as i:
                code.set(code.element(base, element, i), start)

    def open_short_sums(self) -> None:
        """Begin what is added up over all rows: in registers, where a row and so the sum fits a vector."""
        code = self.function
        for member in self.members:
            if not (member.in_register or member.placed or any(member.result.strides[: self.inner])):
                width = 1 if self.inner in member.reduced else self.width
                kind = Kind(element_of(member.operation.dtype), width)
                start = neutral(code, member.joins, kind)
                self.short_sums[member.operation.key] = [code.variable(start) for _ in range(ROWS_AT_ONCE)], kind
        self.prepare_sums()

    def finish_short_sums(self) -> None:
        """Store what was added up in registers."""
        code, zero = self.function, self.function.constant(INDEX, 0)
        for member in self.members:
            if member.operation.key in self.short_sums:
                variables, kind = self.short_sums[member.operation.key]
                value = reduce(partial(joined, member.joins), (code.get(variable, kind) for variable in variables))
                lanes = Lanes(kind.width, zero, self.mask if kind.width > 1 else None)
                base, element = self.bases[member.result], element_of(member.operation.dtype)
                store(code, value, base, element, lanes, self.stride(member.result))
        self.short_sums = {}

    def begin_row(self, indices: list[Value]) -> None:
        """Find where the row begins in every array, and load what is the same for the whole row."""
        code, self.indices = self.function, indices
        for access, base in self.bases.items():
            steps = [i * self.strides[access, axis] for axis, i in enumerate(indices) if (access, axis) in self.strides]
            if steps:
                offset = steps[0]
                for step in steps[1:]:
                    offset = offset + step
                self.rows[access] = code.element(base, element_of(self.dtype(access.root)), offset)
            else:
                self.rows[access] = base

    def by_pass(self) -> Iterator[tuple[list[Member], list[Member]]]:
        """Yield for each pass what is computed once per row, and what for each element."""
        for number in range(max(self.passes.values()) + 1):
            here = [member for member in self.members if self.passes[member.operation.key] == number]
            yield [member for member in here if member.per_row], [member for member in here if not member.per_row]

    def write_passes(self, first: Value, last: Value) -> None:
        """Write numbers per row and passes over the row, in turns."""
        self.scalars = {}
        for per_row, elements in self.by_pass():
            for member in per_row:
                self.write_per_row(member)
            if elements:
                self.write_pass(elements, first, last)

    def write_short_row(self) -> None:
        """Write all passes over a row that fits one vector: it stays in registers from pass to pass."""
        self.scalars = {}
        lanes = Lanes(self.width, self.function.constant(INDEX, 0), self.mask)
        vectors: dict[object, Value] = {}
        for per_row, elements in self.by_pass():
            for member in per_row:
                self.write_per_row(member)
            same = self.same_for_the_row(elements, [self.width])
            for member, value in self.write_elements(elements, lanes, same, vectors, self.wanted):
                self.keep_short_sum(member, value, lanes)

    def keep_short_sum(self, member: Member, value: Value, lanes: Lanes) -> None:
        """Keep what a row that fits a vector adds to a sum: over all rows in a register, where it fits one too."""
        code, key = self.function, member.operation.key
        along = self.inner in member.reduced
        if along:
            value = total(member.joins, select(self.mask, value, neutral(code, member.joins, value.kind)))
        if key in self.short_sums:
            variable, kind = self.short_sums[key][0][self.side], self.short_sums[key][1]
            code.set(variable, joined(member.joins, code.get(variable, kind), value))
        elif along:
            self.keep_sum(member, value)
        else:
            self.add_to_memory(member, value, lanes)

    def write_per_row(self, member: Member) -> None:
        """Write a gate that is computed once per row."""
        elements = operand_elements(member.operation, self.found)
        values = [
            self.per_row_value(x, access, element)
            for (x, access), element in zip(member.operands, elements, strict=True)
        ]
        value = compute(self.function, member.operation, self.found, values, 1)
        self.scalars[member.operation.key] = value
        self.keep_scalar(member, value)

    def keep_scalar(self, member: Member, value: Value) -> None:
        """Store a number of the row, if memory wants it."""
        if member.operation.key in self.stored:
            code = self.function
            one = Lanes(1, code.constant(INDEX, 0))
            store(code, value, self.rows[member.result], element_of(member.operation.dtype), one)

    def per_row_value(self, x: Tensor | None, access: Access | None, element: str) -> Value:
        """Return a number that is the same for the whole row, in a type."""
        if access is None:
            assert x is not None  # noqa: S101 - what is not walked through is a number of the formula
            return self.number(x, Kind(element))
        if access.root == COLUMNS:
            of_axis = [index for index, stride in zip(self.indices, access.strides, strict=False) if stride]
            value = of_axis[0] if of_axis else self.function.constant(INDEX, 0)
        elif access.root in self.scalars:
            value = self.scalars[access.root]
        else:
            one = Lanes(1, self.function.constant(INDEX, 0))
            value = load(self.function, self.rows[access], element_of(self.dtype(access.root)), one)
        return value.convert(Kind(element))

    def write_pass(self, elements: list[Member], first: Value, last: Value) -> None:
        """Write one pass over a row: full vectors first, then what is left of the row, masked."""
        code, widths = self.function, (self.width * SIDE_BY_SIDE, self.width)
        sums: dict[int, list[Value]] = {}
        for member in elements:
            if self.inner in member.reduced:
                kinds = [Kind(element_of(member.operation.dtype), width) for width in widths]
                sums[member.operation.key] = [code.variable(neutral(code, member.joins, kind)) for kind in kinds]
        same = self.same_for_the_row(elements, widths)
        counter = code.variable(first)
        for which, width in enumerate(widths):
            stop = last - (width - 1) if which == 0 else last
            with code.loop(counter, stop, width) as j:
                lanes = Lanes(width, j) if which == 0 else Lanes.below(last, j, width)
                for member, value in self.write_elements(elements, lanes, same, {}, self.stored):
                    if member.operation.key in sums:
                        self.add_to_sum(member, value, lanes, sums[member.operation.key][which])
                    else:
                        self.add_to_memory(member, value, lanes)
        for member in elements:
            if member.operation.key in sums:
                self.finish_sum(member, sums[member.operation.key])

    def same_for_the_row(self, elements: list[Member], widths: Sequence[int]) -> dict[object, Value]:
        """Load what a pass reads that is the same for all its elements, into vectors of each width."""
        same: dict[object, Value] = {}
        for member in elements:
            operands = zip(member.operands, operand_elements(member.operation, self.found), strict=True)
            for (x, access), element in operands:
                if access is None or access.strides[self.inner] != 0 or self.is_element(access.root):
                    continue
                for kind in (Kind(element, width) for width in widths):
                    if (access, kind) not in same:
                        same[access, kind] = self.per_row_value(x, access, element).spread(kind.width)
        return same

    def is_element(self, root: int) -> bool:
        """Whether a result of this nest differs from element to element."""
        maker = self.nest.members.get(root)
        return maker is not None and not (maker.per_row or maker.reduced)

    def write_elements(
        self,
        elements: list[Member],
        lanes: Lanes,
        same: dict[object, Value],
        vectors: dict[object, Value],
        stored: Collection[int],
    ) -> list[tuple[Member, Value]]:
        """Write the gates of a pass for one vector; return what is to be added up."""
        sums: list[tuple[Member, Value]] = []
        results: list[tuple[Member, Value]] = []
        for member in elements:
            operation = member.operation
            operands = zip(member.operands, operand_elements(operation, self.found), strict=True)
            values = [
                self.vector(x, access, lanes, Kind(element, lanes.width), same, vectors)
                for (x, access), element in operands
            ]
            value = compute(self.function, operation, self.found, values, lanes.width)
            if self.inner in member.reduced or not member.in_register:
                sums.append((member, value))
            else:
                vectors[member.result] = value
                if operation.key in stored:
                    results.append((member, value))
        # Last, because a result may stand in the memory of what is read.
        for member, value in results:
            element = element_of(member.operation.dtype)
            store(self.function, value, self.rows[member.result], element, lanes, self.stride(member.result))
        return sums

    def stride(self, access: Access) -> Value | None:
        """Return the stride along the inner axis, where it is not 1."""
        return self.strides.get((access, self.inner))

    def vector(
        self,
        x: Tensor | None,
        access: Access | None,
        lanes: Lanes,
        kind: Kind,
        same: dict[object, Value],
        vectors: dict[object, Value],
    ) -> Value:
        """Return the elements of an input in the lanes, in a type."""
        if access is None:
            assert x is not None  # noqa: S101 - what is not walked through is a number of the formula
            return self.number(x, kind)
        if (access, kind) in same:
            return same[access, kind]
        if access.root == COLUMNS:
            return (lanes.first.spread(lanes.width) + positions(self.function, lanes.width)).convert(kind)
        if access not in vectors:
            element = element_of(self.dtype(access.root))
            vectors[access] = load(self.function, self.rows[access], element, lanes, self.stride(access))
        return vectors[access].convert(kind)

    def add_to_sum(self, member: Member, value: Value, lanes: Lanes, variable: Value) -> None:
        """Add a vector to the partial results of its row; lanes beyond the end add nothing."""
        code, gate = self.function, member.joins
        if lanes.mask is not None:
            rest = neutral(code, gate, value.kind)
            line = f"select {lanes.mask.kind} {lanes.mask.name}, {value.kind} {value.name}, {rest.kind} {rest.name}"
            value = code.let(value.kind, line)
        code.set(variable, joined(gate, code.get(variable, value.kind), value))

    def add_to_memory(self, member: Member, value: Value, lanes: Lanes) -> None:
        """Add a vector to sums over rows, which lie in memory."""
        code, base = self.function, self.rows[member.result]
        element, stride = element_of(member.operation.dtype), self.stride(member.result)
        before = load(code, base, element, lanes, stride)
        store(code, joined(member.joins, before, value), base, element, lanes, stride)

    def finish_sum(self, member: Member, variables: list[Value]) -> None:
        """Make the partial results of a row one number."""
        code, gate = self.function, member.joins
        element = element_of(member.operation.dtype)
        wide, narrow = (Kind(element, lanes) for lanes in (self.width * SIDE_BY_SIDE, self.width))
        folded = code.get(variables[0], wide)
        while folded.kind.width > self.width:
            folded = joined(gate, *halves(folded))
        self.keep_sum(member, total(gate, joined(gate, folded, code.get(variables[1], narrow))))

    def keep_sum(self, member: Member, value: Value) -> None:
        """Keep the sum of a row: for this row, or as a part of a sum over rows."""
        code = self.function
        if member.in_register:
            self.scalars[member.operation.key] = value
            self.keep_scalar(member, value)
        else:
            place = self.rows[member.result]
            code.set(place, joined(member.joins, code.get(place, value.kind), value))


def passes(nest: Nest, inner: int) -> dict[int, int]:
    """Return in which pass over the row each gate is computed; a sum along the row is there in the next."""
    found: dict[int, int] = {}
    for key, member in nest.members.items():
        needed = [0]
        for access in member.reads:
            maker = nest.members.get(access.root) if access else None
            if maker:
                needed.append(found[access.root] + (1 if inner in maker.reduced else 0))  # type: ignore[union-attr]
        found[key] = max(needed)
    delay(nest, inner, found)
    return found


def delay(nest: Nest, inner: int, found: dict[int, int]) -> None:
    """Compute elements in the pass that reads them first, so that they need not go through memory."""
    readers: dict[int, list[int]] = {}
    for key, member in nest.members.items():
        for access in member.reads:
            if access and access.root in nest.members:
                readers.setdefault(access.root, []).append(key)
    for key, member in reversed(nest.members.items()):
        if readers.get(key) and not member.reduced and not member.per_row:
            found[key] = max(found[key], min(found[reader] for reader in readers[key]))


def operand_elements(operation: Operation, found: Operations) -> list[str]:
    """Return the type in which a gate reads each input, as NumPy would choose it."""
    n = len(read_inputs(operation)) or int(operation.gate == "column_index")
    if operation.gate in MOVES | REDUCTIONS | PLACEMENTS:
        return [element_of(operation.dtype)] * n
    element = loop_element(operation, found)
    return ["i1", element, element] if operation.gate == "where" else [element] * n


def compute(code: Function, operation: Operation, found: Operations, values: list[Value], width: int) -> Value:
    """Write a gate on values, which are converted to the types in which it reads them."""
    result = Kind(element_of(operation.dtype), width)
    if operation.gate == "zeros_like":
        return code.constant(result, 0)
    elements = operand_elements(operation, found)
    converted = [value.convert(Kind(element, width)) for value, element in zip(values, elements, strict=True)]
    if operation.gate in MOVES | REDUCTIONS | PLACEMENTS:
        return converted[0]
    return ELEMENTWISE[operation.gate](*converted, **operation.node.params).convert(result)


def loop_element(operation: Operation, found: Operations) -> str:
    """Return the type in which a gate computes: that of its inputs together, or of its result if that is wider."""
    inputs = operation.node.inputs[1:] if operation.gate == "where" else operation.node.inputs
    types = [found.numbers.get(id(x)) if id(x) in found.numbers else found.places[id(x)].dtype for x in inputs]
    common = np.result_type(*types) if any(not is_number(t) for t in types) else operation.dtype
    if operation.dtype != np.bool_:
        common = np.promote_types(common, operation.dtype)
    return element_of(common)
