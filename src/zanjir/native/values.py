"""LLVM's text, written with operators: a `Value` is a name in the text, and ``x * y + 1`` writes two lines.

A value has lanes: one number, or a vector of them on which every operation works lane by lane.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, field
from typing import TypeAlias

__all__ = ["Code", "Kind", "Number", "Value", "select"]

Number: TypeAlias = "Value | float | int | bool"

SHORT = {"float": "f32", "double": "f64"}
BITS = {"float": 32, "double": 64, "i1": 1, "i2": 2, "i4": 4, "i8": 8, "i16": 16, "i32": 32, "i64": 64}
# Fused multiply-add is one rounding less; nothing else may be rearranged.
FLAGS = "contract "


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of LLVM: its element (``float``, ``double``, ``i1``, ``i8``, ``i32``, ``i64``), and how many lanes.

    Examples
    --------
    >>> str(Kind("float", 16)), str(Kind("i64")), Kind("float", 16).short
    ('<16 x float>', 'i64', 'v16f32')
    >>> Kind("float", 2).constant(0.1)
    'splat (float 0x3FB99999A0000000)'
    """

    element: str
    width: int = 1

    def __str__(self) -> str:
        return self.element if self.width == 1 else f"<{self.width} x {self.element}>"

    @property
    def short(self) -> str:
        """How the names of intrinsics spell this type."""
        element = SHORT.get(self.element, self.element)
        return element if self.width == 1 else f"v{self.width}{element}"

    @property
    def is_float(self) -> bool:
        """Whether the lanes are floating-point numbers."""
        return self.element in SHORT

    @property
    def bits(self) -> int:
        """Size of a lane."""
        return BITS[self.element]

    @property
    def integer(self) -> Kind:
        """The integers of the same size."""
        return self.of(f"i{self.bits}")

    def of(self, element: str) -> Kind:
        """Return as many lanes of another element."""
        return Kind(element, self.width)

    def constant(self, value: float) -> str:
        """Return a number as LLVM spells it, in every lane."""
        if self.is_float:
            rounded = in_single(value) if self.element == "float" else float(value)
            text = f"0x{struct.unpack('>Q', struct.pack('>d', rounded))[0]:016X}"
        else:
            text = str(int(value)) if self.element != "i1" else str(bool(value)).lower()
        return text if self.width == 1 else f"splat ({self.element} {text})"


def in_single(value: float) -> float:
    """Return a number as single precision holds it; infinite where it is too large.

    Examples
    --------
    >>> in_single(0.1), in_single(-1e39)
    (0.10000000149011612, -inf)
    """
    try:
        return float(struct.unpack("f", struct.pack("f", value))[0])
    except OverflowError:
        return math.copysign(math.inf, value)


@dataclass
class Code:
    """The lines of one function, and the functions of LLVM or of libraries that they call."""

    lines: list[str] = field(default_factory=list)
    declared: dict[str, str] = field(default_factory=dict)
    count: int = 0

    def fresh(self) -> str:
        """Return a name that nothing has yet."""
        self.count += 1
        return f"%v{self.count}"

    def put(self, line: str) -> None:
        """Write a line."""
        self.lines.append(f"  {line}")

    def let(self, kind: Kind, instruction: str) -> Value:
        """Write a line that gives its result a name."""
        name = self.fresh()
        self.put(f"{name} = {instruction}")
        return Value(self, kind, name)

    def label(self, name: str) -> None:
        """Begin a block."""
        self.lines.append(f"{name}:")

    def constant(self, kind: Kind, value: float) -> Value:
        """Return a number in every lane."""
        return Value(self, kind, kind.constant(value))

    def call(self, kind: Kind, function: str, *values: Value) -> Value:
        """Call a function by name, such as ``llvm.sqrt.v16f32``."""
        kinds = ", ".join(str(value.kind) for value in values)
        self.declared[function] = f"declare {kind} @{function}({kinds})"
        return self.let(kind, f"call {kind} @{function}({', '.join(f'{v.kind} {v.name}' for v in values)})")


@dataclass(frozen=True, slots=True, eq=False)
class Value:
    r"""A named value in a text; operators on it write lines and return their results.

    Examples
    --------
    >>> code = Code()
    >>> x = Value(code, Kind("float"), "%x")
    >>> y = (x * 2).sqrt()
    >>> print("\n".join(code.lines))
      %v1 = fmul contract float %x, 0x4000000000000000
      %v2 = call float @llvm.sqrt.f32(float %v1)
    """

    code: Code
    kind: Kind
    name: str

    def beside(self, other: Number) -> Value:
        """Return a partner as a value of the same kind."""
        return other if isinstance(other, Value) else self.code.constant(self.kind, other)

    def binary(self, of_floats: str, of_integers: str, other: Number, *, turned: bool = False) -> Value:
        """Write an operation on two values."""
        x, y = (self.beside(other), self) if turned else (self, self.beside(other))
        operation = f"{of_floats} {FLAGS}" if self.kind.is_float else f"{of_integers} "
        return self.code.let(self.kind, f"{operation}{self.kind} {x.name}, {y.name}")

    def __add__(self, other: Number) -> Value:
        return self.binary("fadd", "add", other)

    def __radd__(self, other: Number) -> Value:
        return self.binary("fadd", "add", other, turned=True)

    def __sub__(self, other: Number) -> Value:
        return self.binary("fsub", "sub", other)

    def __rsub__(self, other: Number) -> Value:
        return self.binary("fsub", "sub", other, turned=True)

    def __mul__(self, other: Number) -> Value:
        return self.binary("fmul", "mul", other)

    def __rmul__(self, other: Number) -> Value:
        return self.binary("fmul", "mul", other, turned=True)

    def __truediv__(self, other: Number) -> Value:
        return self.binary("fdiv", "sdiv", other)

    def __rtruediv__(self, other: Number) -> Value:
        return self.binary("fdiv", "sdiv", other, turned=True)

    def __neg__(self) -> Value:
        if self.kind.is_float:
            return self.code.let(self.kind, f"fneg {self.kind} {self.name}")
        return 0 - self

    def __and__(self, other: Number) -> Value:
        return self.bitwise("and", other)

    def __or__(self, other: Number) -> Value:
        return self.bitwise("or", other)

    def __xor__(self, other: Number) -> Value:
        return self.bitwise("xor", other)

    def __lshift__(self, other: Number) -> Value:
        return self.bitwise("shl", other)

    def __rshift__(self, other: Number) -> Value:
        """Shift right; zeros come in from the left."""
        return self.bitwise("lshr", other)

    def bitwise(self, operation: str, other: Number) -> Value:
        """Write an operation on the bits of integers."""
        return self.code.let(self.kind, f"{operation} {self.kind} {self.name}, {self.beside(other).name}")

    def compare(self, of_floats: str, of_integers: str, other: Number) -> Value:
        """Write a comparison; its result has lanes of ``i1``."""
        test = f"fcmp {of_floats}" if self.kind.is_float else f"icmp {of_integers}"
        kind = self.kind.of("i1")
        return self.code.let(kind, f"{test} {self.kind} {self.name}, {self.beside(other).name}")

    def __lt__(self, other: Number) -> Value:
        return self.compare("olt", "slt", other)

    def __le__(self, other: Number) -> Value:
        return self.compare("ole", "sle", other)

    def __gt__(self, other: Number) -> Value:
        return self.compare("ogt", "sgt", other)

    def __ge__(self, other: Number) -> Value:
        return self.compare("oge", "sge", other)

    def equals(self, other: Number) -> Value:
        """Whether lanes are equal; NaN equals nothing."""
        return self.compare("oeq", "eq", other)

    def differs(self, other: Number) -> Value:
        """Whether lanes are not equal; NaN differs from everything."""
        return self.compare("une", "ne", other)

    def is_nan(self) -> Value:
        """Whether lanes are not numbers."""
        return self.code.let(self.kind.of("i1"), f"fcmp uno {self.kind} {self.name}, {self.name}")

    def unary(self, intrinsic: str, *others: Number) -> Value:
        """Call one of LLVM's intrinsics on values of the same kind, such as ``llvm.floor``."""
        partners = [self.beside(other) for other in others]
        return self.code.call(self.kind, f"{intrinsic}.{self.kind.short}", self, *partners)

    def sqrt(self) -> Value:
        """The square root."""
        return self.unary("llvm.sqrt")

    def abs(self) -> Value:
        """The absolute value of floating-point lanes."""
        return self.unary("llvm.fabs")

    def fma(self, factor: Number, term: Number) -> Value:
        """Return self * factor + term, rounded once."""
        return self.unary("llvm.fma", factor, term)

    def convert(self, kind: Kind) -> Value:
        """Convert the numbers in the lanes to another type, as NumPy's ``astype`` does."""
        if kind == self.kind:
            return self
        if kind.element == "i1":
            return self.differs(0)
        if self.kind.is_float and kind.is_float:
            operation = "fptrunc" if kind.bits < self.kind.bits else "fpext"
        elif self.kind.is_float:
            operation = "fptosi"
        elif kind.is_float:
            operation = "uitofp" if self.kind.element == "i1" else "sitofp"
        elif kind.bits < self.kind.bits:
            operation = "trunc"
        else:
            operation = "zext" if self.kind.bits < BITS["i32"] else "sext"
        return self.code.let(kind, f"{operation} {self.kind} {self.name} to {kind}")

    def bits(self, kind: Kind) -> Value:
        """The same bits, read as another type of the same size."""
        return self.code.let(kind, f"bitcast {self.kind} {self.name} to {kind}")

    def spread(self, width: int) -> Value:
        """One number in every lane of a vector."""
        if width == 1:
            return self
        kind = Kind(self.kind.element, width)
        first = self.code.let(kind, f"insertelement {kind} poison, {self.kind} {self.name}, i32 0")
        zeros = f"<{width} x i32> zeroinitializer"
        return self.code.let(kind, f"shufflevector {kind} {first.name}, {kind} poison, {zeros}")


def select(condition: Value, yes: Number, no: Number) -> Value:
    """Return ``yes`` in the lanes where a condition is true, ``no`` elsewhere; one of them is a `Value`."""
    model = yes if isinstance(yes, Value) else no
    if not isinstance(model, Value):
        raise TypeError(f"select: both choices are Python numbers, {yes} and {no}; one must be a Value.")
    x, y = model.beside(yes), model.beside(no)
    line = f"select {condition.kind} {condition.name}, {x.kind} {x.name}, {y.kind} {y.name}"
    return model.code.let(model.kind, line)
