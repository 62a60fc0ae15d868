"""A graph at given sizes as LLVM's text: one function per unit, and the tables that they read."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from zanjir.graph.order import topological_order
from zanjir.graph.tensor import Array, Tensor
from zanjir.native import gemm
from zanjir.native.collapse import collapsed
from zanjir.native.compiler import host
from zanjir.native.elementwise import ELEMENTWISE, NoNativeForm
from zanjir.native.fusion import COLUMNS, PLACEMENTS, REDUCTIONS, Nest, Single, Unit, units
from zanjir.native.library import Library
from zanjir.native.loops import ELEMENTS, Function
from zanjir.native.memory import Memory, assigned, read_elsewhere, reads_of
from zanjir.native.nest import ARGUMENTS, MOVES, NestText, compute, operand_elements
from zanjir.native.operations import Operation, Operations, Place, operations
from zanjir.native.tables import Tables
from zanjir.native.values import Kind, Value

__all__ = ["Bound", "Translation", "UnitFunction", "module_text"]

DRAWS = frozenset({"uniform_like", "uniform_rows"})
# Entries of the table of pointers that are no root: they are found when a program is bound to memory.
CALLBACK = -1000
SHARED = {-10: ("blas", "float"), -11: ("blas", "double"), -12: ("product", "float"), -13: ("product", "double")}
SHARED |= {-14: ("draw", "float"), -15: ("draw", "double")}
# A vector is run in parts that fill half of a first cache, a product in parts of its rows.
ELEMENTS_OF_PART, PARTS_OF_PRODUCT = 8192, 8
ENTRY = {function: entry for entry, function in SHARED.items()}


@dataclass(frozen=True)
class UnitFunction:
    """One function of a translation.

    Parameters
    ----------
    extent
        Length of the first axis, over a part of which the function may be run.
    part
        Length of the parts that may be run at the same time; the extent where it must be run at once.
    """

    name: str
    extent: int
    extent_entry: int
    part: int


@dataclass
class Bound:
    """A translation bound to memory: its tables, and everything that must stay alive while it runs."""

    pointers: Array
    sizes: Array
    numbers: tuple[int, ...]
    values: tuple[float, ...]
    memory: Memory
    kept: list[Any] = field(default_factory=list)


class Translation:
    """The text of a graph at given sizes.

    Parameters
    ----------
    name
        What the names of its functions begin with.
    outputs
        Nodes to compute, by name; no two of them share memory (`in_memory_of_their_own`).
    leaves
        The array or number of each leaf, at the sizes of the run.
    """

    def __init__(self, name: str, outputs: Mapping[str, Tensor], leaves: Mapping[Tensor, Any]) -> None:
        self.name, self.outputs = name, outputs
        self.found = operations(outputs, leaves)
        wanted = {id(node) for node in outputs.values()}
        self.units = units(self.found, self.fusible, wanted)
        self.stored = read_elsewhere(self.units, self.found, wanted)
        self.tables = Tables()
        self.texts: list[str] = []
        self.declared: dict[str, str] = {}
        self.functions: list[UnitFunction] = []
        self.calls: list[Operation] = []
        self.passes: dict[int, int] = {}
        self.has_large_product = False
        self.number_nodes = {id(x): x for x in topological_order(outputs.values()) if id(x) in self.found.numbers}
        for i, unit in enumerate(self.units):
            self.write(f"{name}_{i}", unit)

    @property
    def fallbacks(self) -> tuple[str, ...]:
        """Names of the gates that run in NumPy."""
        return tuple(sorted({operation.gate for operation in self.calls}))

    def fusible(self, operation: Operation) -> bool:
        """Whether an operation can be computed in a nest."""
        found, gate = self.found, operation.gate
        inputs = operation.node.inputs
        types = [found.places[id(x)].dtype for x in inputs if id(x) in found.places]
        if not all(dtype in ELEMENTS for dtype in (*types, operation.dtype)) or 0 in operation.shape:
            return False
        if gate in REDUCTIONS:
            return (id(inputs[0]) in found.places and found.places[id(inputs[0])].dtype != np.bool_) or gate == "sum"
        if gate in PLACEMENTS:
            return is_placement(operation) and id(inputs[0]) in found.places
        return gate in MOVES or (gate in ELEMENTWISE and self.has_form(operation))

    def has_form(self, operation: Operation) -> bool:
        """Whether a gate of elements can be written for the types of its inputs."""
        trial = Function()
        values = [Value(trial, Kind(element), "%x") for element in operand_elements(operation, self.found)]
        try:
            compute(trial, operation, self.found, values, 1)
        except NoNativeForm:
            return False
        return True

    def write(self, name: str, unit: Unit) -> None:
        """Write the function of a unit."""
        if isinstance(unit, Nest):
            nest = collapsed(unit)
            writer = NestText(nest, self.found, self.stored, self.tables, lanes_of(nest, self.found))
            self.stored |= writer.stored
            self.passes |= writer.passes
            function = writer.function
            sums = [member for member in nest.members.values() if member.reduced or member.placed]
            divisible = all(member.in_register for member in sums) and (len(nest.space) > 1 or not sums)
            rows = max(1, ELEMENTS_OF_PART // math.prod(nest.space[1:]))
            self.add(name, function, nest.space[0], rows if divisible else nest.space[0])
            return
        operation = unit.operation
        form = self.single_form(operation)
        function = Function()
        form(function, operation)
        rows = (
            as_matrix(self.found.places[id(operation.node.inputs[0])], row=True)[0][0]
            if form == self.write_product
            else 1
        )
        self.add(name, function, rows, -(-rows // PARTS_OF_PRODUCT))

    def add(self, name: str, function: Function, extent: int, part: int) -> None:
        """Add a function that is written."""
        self.texts.append(function.text(name, ARGUMENTS))
        self.declared |= function.declared
        self.tables.sizes.append(extent)
        self.functions.append(UnitFunction(name, extent, len(self.tables.sizes) - 1, max(part, 1)))

    def single_form(self, operation: Operation) -> Callable[[Function, Operation], None]:
        """Return what writes a gate that is a unit of its own."""
        if operation.gate == "matmul" and self.is_plain_product(operation):
            return self.write_product
        if operation.gate in DRAWS and operation.dtype in (np.float32, np.float64):
            return self.write_draw
        return self.write_call

    def is_plain_product(self, operation: Operation) -> bool:
        """Whether a product is one of two matrices or vectors of the same floating type."""
        places = [self.found.places.get(id(x)) for x in operation.node.inputs]
        return all(
            place is not None and place.dtype == operation.dtype and place.dtype.kind == "f" and len(place.shape) <= 2
            for place in places
        )

    def write_product(self, code: Function, operation: Operation) -> None:
        """Write the call of the matrix product."""
        x, y = (self.found.places[id(node)] for node in operation.node.inputs)
        element = ELEMENTS[operation.dtype]
        (n, k), x_strides = as_matrix(x, row=True)
        (_, m), y_strides = as_matrix(y, row=False)
        self.has_large_product |= n * k * m > gemm.blas_work(element)
        size, tables = self.tables.size, self.tables
        first, last = (Value(code, Kind("i64"), name) for name in ("%first", "%last"))
        down, right_of = (size(code, stride) for stride in x_strides)
        columns = size(code, m)
        left = code.element(tables.pointer(code, x.root, x.offset * x.dtype.itemsize), element, first * down)
        right = tables.pointer(code, y.root, y.offset * y.dtype.itemsize)
        out = code.element(tables.pointer(code, operation.key, 0), element, first * columns)
        scratch = code.room(gemm.scratch_elements(element) * operation.dtype.itemsize)
        blas = tables.pointer(code, ENTRY["blas", element], 0)
        values = [left, down, right_of, right, *(size(code, stride) for stride in y_strides), out, columns]
        values += [last - first, size(code, k), columns, code.constant(Kind("i64"), 0)]
        call(code, tables.pointer(code, ENTRY["product", element], 0), [*values, scratch, blas])

    def write_draw(self, code: Function, operation: Operation) -> None:
        """Write the drawing of random numbers, of the rows from a first one on."""
        element = ELEMENTS[operation.dtype]
        inputs, found = operation.node.inputs, self.found
        key = self.tables.pointer(code, found.places[id(inputs[0])].root, 0)
        integer = Kind("i64")
        seed = code.get(key, integer)
        step = code.get(code.element(key, "i64", code.constant(integer, 1)), integer)
        first = code.constant(integer, 0)
        if operation.gate == "uniform_rows":
            row = self.tables.number(code, id(inputs[2])).convert(integer)
            first = row * self.tables.size(code, int(np.prod(operation.shape[1:], dtype=np.int64)))
        count = self.tables.size(code, int(np.prod(operation.shape, dtype=np.int64)))
        stream = code.constant(integer, operation.node.params["stream"])
        out = self.tables.pointer(code, operation.key, 0)
        call(code, self.tables.pointer(code, ENTRY["draw", element], 0), [out, first, count, seed, stream, step])

    def write_call(self, code: Function, operation: Operation) -> None:
        """Write the call of a function of Python that computes the gate in NumPy."""
        self.calls.append(operation)
        function = self.tables.pointer(code, CALLBACK - len(self.calls), 0)
        for x in operation.node.inputs:
            if id(x) in self.found.numbers:
                self.tables.number(code, id(x))
        code.put(f"call void {function.name}(ptr %numbers)")

    def run_text(self) -> str:
        """Return the text of a function that runs all units, one after the other."""
        code = Function()
        tables = "ptr %ptrs, ptr %sizes, ptr %numbers"
        for function in self.functions:
            place = code.let(Kind("ptr"), f"getelementptr i64, ptr %sizes, i64 {function.extent_entry}")
            extent = code.get(place, Kind("i64"))
            code.put(f"call void @{function.name}({tables}, i64 0, i64 {extent.name})")
        return code.text(f"{self.name}_run", tables)

    def number(self, key: int, leaves: Mapping[Tensor, Any]) -> Any:
        """Return a number that the program reads, where leaves have other numbers."""
        node = self.number_nodes[key]
        if node in leaves:
            return leaves[node]
        if node.gate is None or not all(id(x) in self.found.numbers for x in node.inputs):
            return self.found.numbers[key]
        return node.gate.forward(*(self.number(id(x), leaves) for x in node.inputs), **node.params)

    def overwritten_too_early(self, targets: Mapping[str, Tensor]) -> set[str]:
        """Return the outputs that would stand in a leaf's memory while a later unit still reads the leaf.

        Parameters
        ----------
        targets
            The leaf in whose memory each output is wanted.
        """
        too_early = set()
        for name, leaf in targets.items():
            key = id(self.outputs[name])
            written = next((i, self.passes.get(key, 0)) for i, unit in enumerate(self.units) if key in unit.keys)
            read = max(self.readings(id(leaf)), default=written)
            if read > written:
                too_early.add(name)
        return too_early

    def readings(self, root: int) -> Iterator[tuple[int, int]]:
        """Yield the units that read a root, each with the pass over a row in which it does."""
        for i, unit in enumerate(self.units):
            if isinstance(unit, Single):
                if root in reads_of(unit, self.found):
                    yield i, 0
            else:
                for key, member in unit.members.items():
                    if any(access and access.root == root for access in member.reads):
                        yield i, self.passes[key]

    def bind(
        self,
        leaves: Mapping[Tensor, Any],
        arrays: Mapping[str, Array],
        library: Library,
        failures: list[BaseException],
    ) -> Bound:
        """Bind the program to memory.

        Parameters
        ----------
        leaves
            The array or number of each leaf, of the sizes for which this was translated.
        arrays
            An array for every output.
        library
            The functions that all programs share.
        failures
            Where errors of gates that run in NumPy are put.
        """
        given = {key: np.ascontiguousarray(array) for key, array in self.found.leaves.items()}
        given |= {id(leaf): value for leaf, value in leaves.items() if isinstance(value, np.ndarray)}
        given |= {id(node): arrays[name] for name, node in self.outputs.items()}
        memory = assigned(self.units, self.found, given, self.stored)
        keys = tuple(self.tables.numbers)
        values = tuple(float(self.number(key, leaves)) for key in keys)
        bound = Bound(np.empty(0), np.array(self.tables.sizes, np.int64), keys, values, memory)
        special = {root: library.address(*SHARED[root]) for root, _ in self.tables.pointers if root in SHARED}
        for i, operation in enumerate(self.calls, 1):
            callback = self.callback(operation, memory, failures)
            bound.kept.append(callback)
            special[CALLBACK - i] = ctypes.cast(callback, ctypes.c_void_p).value or 0
        addresses = [
            special[root] if root in special else memory.address(root, offset) for root, offset in self.tables.pointers
        ]
        bound.pointers = np.array(addresses, np.uint64)
        return bound

    def callback(self, operation: Operation, memory: Memory, failures: list[BaseException]) -> Any:
        """Return a C function that computes a gate in NumPy."""
        node = operation.node
        assert node.gate is not None  # noqa: S101 - a leaf is no operation
        forward, positions = node.gate.forward, {key: i for i, key in enumerate(self.tables.numbers)}
        out = memory.arrays[operation.key]
        inputs: list[Any] = []
        for x in node.inputs:
            place = self.found.places.get(id(x))
            inputs.append(positions[id(x)] if place is None else looked_at(memory.arrays[place.root], place))
        whole = [isinstance(self.found.numbers.get(id(x)), int) for x in node.inputs]

        def run(numbers: int) -> None:
            try:
                given = [
                    x if isinstance(x, np.ndarray) else number_at(numbers, x, whole=is_whole)
                    for x, is_whole in zip(inputs, whole, strict=True)
                ]
                out[...] = forward(*given, **node.params)
            except BaseException as error:  # Ctrl-C too: nothing passes through machine code
                failures.append(error)

        return ctypes.CFUNCTYPE(None, ctypes.c_void_p)(run)


def is_placement(operation: Operation) -> bool:
    """Whether a gate puts its input into a part of zeros that slices and numbers name."""
    params = operation.node.params
    return params.get("value", 0) == 0 and not any(isinstance(part, str) for part in params.get("key", ()))


def number_at(numbers: int, position: int, *, whole: bool) -> float:
    """Return a number of the table of numbers."""
    value = float(ctypes.c_double.from_address(numbers + 8 * position).value)
    return int(value) if whole else value


def looked_at(array: Array, place: Place) -> Array:
    """Return the part of a root's array at a place."""
    step = place.dtype.itemsize
    strides = tuple(stride * step for stride in place.strides)
    return np.ndarray(place.shape, place.dtype, array.reshape(-1).data, place.offset * step, strides)


def as_matrix(place: Place, *, row: bool) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return shape and strides of a matrix; a vector is a single row or column."""
    if len(place.shape) == 2:
        return (place.shape[0], place.shape[1]), (place.strides[0], place.strides[1])
    (size,), (stride,) = place.shape, place.strides
    return ((1, size), (0, stride)) if row else ((size, 1), (stride, 1))


def call(code: Function, function: Value, values: list[Value]) -> None:
    """Write the call of a function by its address."""
    code.put(f"call void {function.name}({', '.join(f'{value.kind} {value.name}' for value in values)})")


def lanes_of(nest: Nest, found: Operations) -> int:
    """Return how many lanes fit the largest floating type of a nest."""
    double = any(
        found.places[root].dtype == np.float64
        for key, member in nest.members.items()
        for root in (key, *(access.root for access in member.reads if access and access.root != COLUMNS))
    )
    return host().lanes("double" if double else "float")


def module_text(translation: Translation) -> str:
    """Return the module that defines the functions of a translation."""
    defined = [*translation.texts, translation.run_text()]
    attributes = f"attributes #0 = {{ {host().attributes} }}\n"
    return "\n\n".join([*translation.declared.values(), *defined, attributes])
