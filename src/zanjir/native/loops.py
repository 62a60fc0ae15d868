"""Loops, loads and stores in LLVM's text: vectors of consecutive elements, with a mask where they end."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from zanjir.native.blocks import INDEX, POINTER, masked_load, masked_store
from zanjir.native.values import Code, Kind, Value, select

__all__ = [
    "ELEMENTS", "Function", "Lanes", "element_of", "halves", "joined", "load", "neutral", "positions", "store",
    "together", "total",
]  # fmt: skip

# How the elements of a dtype are computed with; truth values lie in memory as bytes.
ELEMENTS = {
    np.dtype(np.float32): "float",
    np.dtype(np.float64): "double",
    np.dtype(np.int64): "i64",
    np.dtype(np.int32): "i32",
    np.dtype(np.bool_): "i1",
}


def element_of(dtype: np.dtype[Any]) -> str:
    """Return the LLVM type with which elements of a dtype are computed."""
    return ELEMENTS[dtype]


@dataclass
class Function(Code):
    """The text of one function while it is written: variables at its head, blocks after them."""

    variables: list[str] = field(default_factory=list)

    def variable(self, start: Value) -> Value:
        """Return the address of a new variable with a first value; LLVM turns it into a register."""
        name = self.fresh()
        self.variables.append(f"  {name} = alloca {start.kind}")
        place = Value(self, POINTER, name)
        self.set(place, start)
        return place

    def room(self, size: int) -> Value:
        """Return the address of so many bytes that are this call's alone."""
        name = self.fresh()
        self.variables.append(f"  {name} = alloca [{size} x i8], align 64")
        return Value(self, POINTER, name)

    def set(self, place: Value, value: Value) -> None:
        """Give a variable, or a single place in memory, a value."""
        self.put(f"store {value.kind} {value.name}, ptr {place.name}")

    def get(self, place: Value, kind: Kind) -> Value:
        """Read a variable, or a single place in memory."""
        return self.let(kind, f"load {kind}, ptr {place.name}")

    @contextmanager
    def loop(self, counter: Value, stop: Value, step: Value | int) -> Iterator[Value]:
        """Write a loop that goes on while a counter variable is below ``stop``."""
        number = self.fresh()[1:]
        self.put(f"br label %head_{number}")
        self.label(f"head_{number}")
        i = self.get(counter, INDEX)
        self.put(f"br i1 {(i < stop).name}, label %body_{number}, label %end_{number}")
        self.label(f"body_{number}")
        yield i
        self.set(counter, i + step)
        self.put(f"br label %head_{number}")
        self.label(f"end_{number}")

    def element(self, base: Value, element: str, index: Value) -> Value:
        """Return the address of an element."""
        return self.let(POINTER, f"getelementptr {in_memory(element)}, ptr {base.name}, i64 {index.name}")

    def text(self, name: str, arguments: str) -> str:
        """Return the whole function, which returns nothing."""
        head = f"define void @{name}({arguments}) #0 {{"
        return "\n".join([head, "entry:", *self.variables, *self.lines, "  ret void", "}"])


@dataclass(frozen=True, slots=True)
class Lanes:
    """Which elements a vector holds: ``width`` of them from ``first`` on, or those of them below an end."""

    width: int
    first: Value
    mask: Value | None = None

    @classmethod
    def below(cls, stop: Value, first: Value, width: int) -> Lanes:
        """Return the lanes of elements from ``first`` to before ``stop``, ``width`` at most."""
        left = (stop - first).spread(width)
        return cls(width, first, positions(first.code, width) < left)


def positions(code: Code, width: int) -> Value:
    """Return 0, 1, 2, ... in the lanes."""
    if width == 1:
        return code.constant(INDEX, 0)
    numbers = ", ".join(f"i64 {i}" for i in range(width))
    return Value(code, Kind("i64", width), f"<{numbers}>")


def in_memory(element: str) -> str:
    """Return the type of an element in memory."""
    return "i8" if element == "i1" else element


def load(code: Function, base: Value, element: str, lanes: Lanes, stride: Value | None = None) -> Value:
    """Load elements that lie side by side, or a stride apart."""
    kind = Kind(in_memory(element), lanes.width)
    if stride is not None:
        read = gather(code, base, kind, lanes, stride)
    else:
        place = code.element(base, element, lanes.first)
        if lanes.mask is None:
            read = code.let(kind, f"load {kind}, ptr {place.name}, align {aligned(kind)}")
        else:
            read = masked_load(place, kind, lanes.mask)
    return read.differs(0) if element == "i1" else read


def gather(code: Function, base: Value, kind: Kind, lanes: Lanes, stride: Value) -> Value:
    """Load elements that lie a stride apart."""
    places = addresses(code, base, kind, lanes, stride)
    name = f"llvm.masked.gather.{kind.short}.v{lanes.width}p0"
    mask = all_or(code, lanes)
    code.declared[name] = f"declare {kind} @{name}({places.kind}, {mask.kind}, {kind})"
    values = f"{places.kind} align {aligned(kind)} {places.name}, {mask.kind} {mask.name}, {kind} zeroinitializer"
    return code.let(kind, f"call {kind} @{name}({values})")


def addresses(code: Function, base: Value, kind: Kind, lanes: Lanes, stride: Value) -> Value:
    """Return the addresses of elements that lie a stride apart."""
    steps = (lanes.first.spread(lanes.width) + positions(code, lanes.width)) * stride.spread(lanes.width)
    pointers = Kind("ptr", lanes.width)
    return code.let(pointers, f"getelementptr {kind.element}, ptr {base.name}, {steps.kind} {steps.name}")


def all_or(code: Function, lanes: Lanes) -> Value:
    """Return the mask of lanes, all true where there is none."""
    return lanes.mask or code.constant(Kind("i1", lanes.width), True)


def store(code: Function, value: Value, base: Value, element: str, lanes: Lanes, stride: Value | None = None) -> None:
    """Store elements side by side, or a stride apart."""
    if element == "i1":
        value = code.let(value.kind.of("i8"), f"zext {value.kind} {value.name} to {value.kind.of('i8')}")
    kind = value.kind
    if stride is not None:
        places, mask = addresses(code, base, kind, lanes, stride), all_or(code, lanes)
        name = f"llvm.masked.scatter.{kind.short}.v{lanes.width}p0"
        code.declared[name] = f"declare void @{name}({kind}, {places.kind}, {mask.kind})"
        where = f"{places.kind} align {aligned(kind)} {places.name}"
        code.put(f"call void @{name}({kind} {value.name}, {where}, {mask.kind} {mask.name})")
        return
    place = code.element(base, element, lanes.first)
    if lanes.mask is None:
        code.put(f"store {kind} {value.name}, ptr {place.name}, align {aligned(kind)}")
        return
    masked_store(value, place, lanes.mask)


def aligned(kind: Kind) -> int:
    """Return the alignment of an element, in bytes."""
    return max(kind.bits // 8, 1)


def joined(gate: str, x: Value, y: Value) -> Value:
    """Return two partial results of a reduction as one."""
    if gate == "sum":
        return x + y
    chosen = farther(gate, x, y)
    return select(x.is_nan(), x, chosen) if x.kind.is_float else chosen  # NaN wins, as in NumPy


def farther(gate: str, x: Value, y: Value) -> Value:
    """Return the larger or the smaller of two numbers; the second, if one is NaN: one instruction on most machines."""
    return select(x > y if gate == "max" else x < y, x, y)


def neutral(code: Code, gate: str, kind: Kind) -> Value:
    """Return what a reduction of nothing starts from."""
    if gate == "sum":
        return code.constant(kind, 0)
    sign = -1 if gate == "max" else 1
    if kind.is_float:
        return code.constant(kind, sign * np.inf)
    return code.constant(kind, sign * (2 ** (kind.bits - 1) - 1))


def total(gate: str, vector: Value) -> Value:
    """Return the reduction of all lanes, halves first: always in the same order."""
    lanes, of_pair = vector, joined
    if gate != "sum" and vector.kind.is_float:
        of_pair = farther  # whether a lane is NaN is asked once, beside the chain of pairs
    while vector.kind.width > 1:
        vector = of_pair(gate, *halves(vector))
    if of_pair is joined:
        return vector
    strange = lanes.is_nan().bits(Kind(f"i{lanes.kind.width}")).differs(0)
    return select(strange, math.nan, vector)


def halves(vector: Value) -> Sequence[Value]:
    """Return the lower and the upper half of the lanes."""
    width = vector.kind.width // 2
    kind = Kind(vector.kind.element, width)
    if width == 1:
        return [vector.code.let(kind, f"extractelement {vector.kind} {vector.name}, i32 {i}") for i in range(2)]
    parts = []
    for start in (0, width):
        order = ", ".join(f"i32 {i}" for i in range(start, start + width))
        line = f"shufflevector {vector.kind} {vector.name}, {vector.kind} poison, <{width} x i32> <{order}>"
        parts.append(vector.code.let(kind, line))
    return parts


def together(low: Value, high: Value) -> Value:
    """Return a vector from the lower and the upper half of its lanes."""
    width = 2 * low.kind.width
    order = ", ".join(f"i32 {i}" for i in range(width))
    line = f"shufflevector {low.kind} {low.name}, {high.kind} {high.name}, <{width} x i32> <{order}>"
    return low.code.let(Kind(low.kind.element, width), line)
