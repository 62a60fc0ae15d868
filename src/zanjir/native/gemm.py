"""Matrix products in LLVM's text: small ones in tiles of our own, large ones by a BLAS.

A tile holds rows x columns of the result in registers while it runs down the inner axis; vectors lie along the
columns. It reads B in whole vectors, a single one under a mask: where B's rows end within the second, or its columns
do not lie side by side, that part of B is first copied to a scratch panel, which also keeps large products within the
first cache [1]_.

References
----------
.. [1] Goto, van de Geijn (2008), Anatomy of high-performance matrix multiplication, ACM Transactions on
   Mathematical Software 34(3).
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass, field

from zanjir.native.blas_calls import blas_call
from zanjir.native.blocks import INDEX, POINTER, at, load, loop, lowest, mask, masked_load, masked_store, store, when
from zanjir.native.compiler import Host, host
from zanjir.native.values import Code, Kind, Value, select

__all__ = ["ARGUMENTS", "ARGUMENT_TYPES", "blas_work", "gemm_name", "gemm_text", "scratch_elements"]

# C (+)= A @ B; every stride counts elements, and C's columns lie one after the other.
ARGUMENTS = {
    "A": POINTER,
    "a_row": INDEX,
    "a_col": INDEX,
    "B": POINTER,
    "b_row": INDEX,
    "b_col": INDEX,
    "C": POINTER,
    "c_row": INDEX,
    "n": INDEX,  # rows of A and C
    "k": INDEX,  # the inner axis; 0 gives zeros
    "m": INDEX,  # columns of B and C
    "accumulate": INDEX,  # 0: C = A @ B; 1: C += A @ B
    "scratch": POINTER,  # room for `scratch_elements`, of this call alone
    "blas": POINTER,  # address of sgemm or dgemm, or null
}
ARGUMENT_TYPES = tuple(ctypes.c_void_p if kind is POINTER else ctypes.c_int64 for kind in ARGUMENTS.values())

# What the parts of the function are called with; A, B and C are those of a tile or a panel.
TILE = {name: ARGUMENTS[name] for name in ("A", "a_row", "a_col", "B", "b_row", "C", "c_row")}
TILE |= {"left": INDEX, "k": INDEX, "count": INDEX, "add": INDEX}
DOTS = {"A": POINTER, "a_row": INDEX, "B": POINTER, "C": POINTER, "c_row": INDEX}
DOTS |= {"left": INDEX, "k": INDEX, "add": INDEX}
PANEL = {"B": POINTER, "b_row": INDEX, "b_col": INDEX, "panel": POINTER, "stride": INDEX, "k": INDEX, "count": INDEX}

DEPTH = 256  # inner steps per panel: two vectors of AVX-512 by 256 fill half of a first cache
PACKED_ROWS = 48  # copying a panel pays when at least so many rows use it,
NEAR_BYTES = 16_384  # and it does not lie in half of a first cache already, a row in as few lines as can be
BLOCK_ROWS = 256  # of A by DEPTH: half of a second cache
ROW_DEPTH = 32  # the same for a single row of A: so many rows of B are read at once, each from left to right
SHALLOW = 4  # inner steps up to which writing C costs most: then a few whole rows of it are finished at once
# n * k * m above which a BLAS is called, by bits of the vectors and of an element. Up to there our tiles ran at 0.8 to
# 1.3 of OpenBLAS's rate with AVX-512 (0.65 where most of the last vector is empty), and at 0.9 to 2.5 with AVX2.
BLAS_WORK = {(512, 32): 30_000_000, (512, 64): 15_000_000}
BLAS_WORK_ELSEWHERE = 4_000_000


def gemm_name(element: str) -> str:
    """Return the name of the function for an element: ``gemm_f32`` or ``gemm_f64``."""
    return f"gemm_{Kind(element).short}"


def scratch_elements(element: str, here: Host | None = None) -> int:
    """Return how many elements of scratch a product needs, whatever its sizes."""
    return DEPTH * 2 * (here or host()).lanes(element)


def blas_work(element: str, here: Host | None = None) -> int:
    """Return the number of multiplications, n * k * m, above which a BLAS is called."""
    return BLAS_WORK.get(((here or host()).vector_bits, Kind(element).bits), BLAS_WORK_ELSEWHERE)


def gemm_text(element: str, here: Host | None = None, interface: str = "cblas64", *, work: int | None = None) -> str:
    """Return the text that defines the product of matrices of one element type.

    Parameters
    ----------
    element : str
        ``float`` or ``double``.
    here : Host, optional
        The processor it is for; by default this one.
    interface : str
        How the BLAS that it is given expects its arguments: one of `zanjir.native.blas_calls.INTERFACES`.
    work : int, optional
        The n * k * m above which that BLAS is called; by default `blas_work`.

    Examples
    --------
    >>> import numpy as np
    >>> from zanjir.native.compiler import build
    >>> gemm = build(gemm_text("double")).function("gemm_f64", None, *ARGUMENT_TYPES)
    >>> A, B, C = np.eye(2), np.array([[1.0, 2.0], [3.0, 4.0]]), np.empty((2, 2))
    >>> scratch = np.empty(scratch_elements("double"))
    >>> a, b, c, s = (array.ctypes.data for array in (A, B, C, scratch))
    >>> gemm(a, 2, 1, b, 1, 2, c, 2, 2, 2, 2, 0, s, None)  # B's strides turned: its transpose
    >>> C
    array([[1., 3.],
           [2., 4.]])
    """
    return Writer(element, here or host(), interface, blas_work(element, here) if work is None else work).text()


def parameters(code: Code, kinds: dict[str, Kind]) -> dict[str, Value]:
    """Return a function's parameters."""
    return {name: Value(code, kind, f"%{name}") for name, kind in kinds.items()}


def turned(square: list[Value]) -> list[Value]:
    r"""Return the columns of a square of vectors: in each pass, halves of pairs change places, in ever larger pieces.

    Examples
    --------
    >>> code = Code()
    >>> columns = turned([Value(code, Kind("float", 2), f"%{row}") for row in "ab"])
    >>> print("\n".join(code.lines))
      %v1 = shufflevector <2 x float> %a, <2 x float> %b, <2 x i32> <i32 0, i32 2>
      %v2 = shufflevector <2 x float> %a, <2 x float> %b, <2 x i32> <i32 1, i32 3>
    """
    width, piece = len(square), 1
    while piece < width:
        # Lanes of the first of a pair are 0 .. width - 1, those of the second follow.
        firsts = [lane for lane in range(width) if not lane & piece]
        low = [lane if lane in firsts else lane - piece + width for lane in range(width)]
        high = [lane + piece if lane in firsts else lane + width for lane in range(width)]
        for row in firsts:
            pair = square[row], square[row + piece]
            square[row], square[row + piece] = shuffled(*pair, low), shuffled(*pair, high)
        piece *= 2
    return square


def shuffled(x: Value, y: Value, lanes: list[int]) -> Value:
    """Return the lanes with these numbers; those of ``y`` are counted after those of ``x``."""
    order = f"<{len(lanes)} x i32> <{', '.join(f'i32 {lane}' for lane in lanes)}>"
    return x.code.let(x.kind, f"shufflevector {x.kind} {x.name}, {y.kind} {y.name}, {order}")


@dataclass
class Writer:
    """Writes the functions of one element type, for one processor."""

    element: str
    here: Host
    interface: str
    work: int
    parts: list[str] = field(default_factory=list)
    declared: dict[str, str] = field(default_factory=dict)

    @property
    def width(self) -> int:
        """Lanes of a vector."""
        return self.here.lanes(self.element)

    @property
    def number(self) -> Kind:
        """One number."""
        return Kind(self.element)

    @property
    def vector(self) -> Kind:
        """A vector of numbers."""
        return Kind(self.element, self.width)

    @property
    def rows(self) -> tuple[int, int, int]:
        """Rows of the large tile, as many as the registers hold, of the small one, and of a row by itself."""
        many = self.here.vector_bits == 512 or self.here.triple.startswith(("aarch64", "arm64"))
        return (8, 4, 1) if many else (6, 3, 1)

    def text(self) -> str:
        """Return the module."""
        for rows in self.rows:
            for vectors in (1, 2):
                self.tile(rows, vectors)
        self.dots(self.rows[1])
        self.copy()
        self.transpose()
        self.driver()
        return "\n".join([*self.parts, *sorted(set(self.declared.values()))])

    def define(self, name: str, code: Code, kinds: dict[str, Kind], linkage: str = "internal fastcc") -> None:
        """Finish a function that returns nothing."""
        arguments = ", ".join(f"{kind} %{argument}" for argument, kind in kinds.items())
        head = f"define {linkage} void @{name}({arguments}) {self.here.attributes} {{"
        self.parts.append("\n".join([head, "start:", *code.lines, "  ret void", "}"]))
        self.declared |= code.declared

    def tile(self, rows: int, vectors: int) -> None:
        """Write one tile; rows beyond the last repeat it, to the same bits, so that none is a special case."""
        code, width = Code(), self.width
        names = parameters(code, TILE)
        lanes = [mask(names["count"] - v * width, width) for v in range(vectors)] * rows
        first = self.before(code, names, lanes, vectors)
        sums = self.descend(code, names, self.rows_of(names, "A", rows), first, lanes[-1])
        places = self.places(names, rows, vectors)
        with when(code, "whole", names["count"].equals(width * vectors), leaves=True):
            for place, total in zip(places, sums, strict=True):
                store(total, place)
        for place, total, inside in zip(places, sums, lanes, strict=True):
            masked_store(total, place, inside)
        self.define(f"tile_{rows}_{vectors}", code, TILE)

    def before(self, code: Code, names: dict[str, Value], lanes: list[Value], vectors: int) -> list[Value]:
        """Return what a tile adds to: C, or zeros."""
        with when(code, "added", names["add"].differs(0)):
            places = self.places(names, len(lanes) // vectors, vectors)
            loaded = [masked_load(place, self.vector, inside) for place, inside in zip(places, lanes, strict=True)]
        zero = self.vector.constant(0)
        return [
            code.let(self.vector, f"phi {self.vector} [{zero}, %start], [{before.name}, %added.yes]")
            for before in loaded
        ]

    def places(self, names: dict[str, Value], rows: int, vectors: int) -> list[Value]:
        """Return where the vectors of a tile lie in C, row after row."""
        return [at(C, v * self.width, self.number) for C in self.rows_of(names, "C", rows) for v in range(vectors)]

    def rows_of(self, names: dict[str, Value], matrix: str, rows: int) -> list[Value]:
        """Return where the rows of a tile begin in A or C."""
        pointer, stride = names[matrix], names[f"{matrix.lower()}_row"]
        offsets = [pointer.code.constant(INDEX, 0)]
        for row in range(1, rows):
            offsets.append(offsets[-1] + select(names["left"] > row, stride, 0))
        return [at(pointer, offset, self.number) for offset in offsets]

    def descend(
        self, code: Code, names: dict[str, Value], As: list[Value], first: list[Value], inside: Value
    ) -> list[Value]:
        """Write the loop down the inner axis, and return its sums; a single vector of B is read under a mask."""
        vectors = len(first) // len(As)
        sums = [Value(code, self.vector, code.fresh()) for _ in first]
        with loop(code, "inner", names["k"]) as p:
            B = at(names["B"], p * names["b_row"], self.number)
            if vectors == 1:
                bs = [masked_load(B, self.vector, inside)]
            else:
                bs = [load(at(B, v * self.width, self.number), self.vector) for v in range(vectors)]
            after = []
            for row, A in enumerate(As):
                a = load(at(A, p * names["a_col"], self.number), self.number).spread(self.width)
                after += [a * bs[v] + sums[row * vectors + v] for v in range(vectors)]
        self.carry(code, "inner", first, sums, after)
        return sums

    def carry(self, code: Code, name: str, first: list[Value], sums: list[Value], after: list[Value]) -> None:
        """Make values flow around a loop that is already written."""
        lines = [
            f"  {s.name} = phi {s.kind} [{f.name}, %{name}.before], [{n.name}, %{name}.step]"
            for f, s, n in zip(first, sums, after, strict=True)
        ]
        place = code.lines.index(f"{name}:") + 1
        code.lines[place:place] = lines

    def dots(self, rows: int) -> None:
        """Write dot products of some rows with a vector, all contiguous: a matrix by a single column."""
        code, width = Code(), self.width
        names = parameters(code, DOTS)
        last, k = names["left"] - 1, names["k"]
        at_rows = [lowest(code.constant(INDEX, row), last) for row in range(rows)]
        As = [at(names["A"], row * names["a_row"], self.number) for row in at_rows]
        first = [code.constant(self.vector, 0)] * rows
        sums = [Value(code, self.vector, code.fresh()) for _ in range(rows)]
        with loop(code, "inner", k, width) as p:
            inside = mask(k - p, width)
            b = masked_load(at(names["B"], p, self.number), self.vector, inside)
            after = [
                masked_load(at(A, p, self.number), self.vector, inside) * b + s for A, s in zip(As, sums, strict=True)
            ]
        self.carry(code, "inner", first, sums, after)
        places = [at(names["C"], row * names["c_row"], self.number) for row in at_rows]
        lane = mask(names["add"], width)  # the first, or none
        before = [masked_load(place, self.vector, lane) for place in places]
        for place, total, old in zip(places, sums, before, strict=True):
            store(self.total(total + old), place)
        self.define("dots", code, DOTS)

    def total(self, vector: Value) -> Value:
        """Add a vector's lanes up, halves onto halves."""
        code, zero = vector.code, self.number.constant(0)
        function = f"llvm.vector.reduce.fadd.{self.vector.short}"
        code.declared[function] = f"declare {self.number} @{function}({self.number}, {self.vector})"
        return code.let(
            self.number, f"call reassoc {self.number} @{function}({self.number} {zero}, {self.vector} {vector.name})"
        )

    def copy(self) -> None:
        """Write the copy of a panel of B, of any strides, with zeros beyond its last column."""
        code, width = Code(), self.width
        names = parameters(code, PANEL)
        with loop(code, "vectors", names["count"], width) as j:
            inside = mask(names["count"] - j, width)
            contiguous = names["b_col"].equals(1)
            from_, to = at(names["B"], j * names["b_col"], self.number), at(names["panel"], j, self.number)
            with when(code, "rows", contiguous), loop(code, "row", names["k"]) as p:
                row = masked_load(at(from_, p * names["b_row"], self.number), self.vector, inside)
                store(row, at(to, p * names["stride"], self.number))
            scattered = contiguous ^ True
            with when(code, "columns", scattered), loop(code, "gathered", names["k"]) as p:
                row = self.gather(at(from_, p * names["b_row"], self.number), names["b_col"], inside)
                store(row, at(to, p * names["stride"], self.number))
        self.define("copy", code, PANEL)

    def gather(self, pointer: Value, stride: Value, inside: Value) -> Value:
        """Read numbers that lie a stride apart."""
        code, wide = pointer.code, Kind("i64", self.width)
        lanes = Value(code, wide, f"<{', '.join(f'i64 {lane}' for lane in range(self.width))}>")
        offsets = lanes * stride.spread(self.width)
        pointers = Kind("ptr", self.width)
        where = code.let(pointers, f"getelementptr {self.element}, ptr {pointer.name}, {wide} {offsets.name}")
        function, vector = f"llvm.masked.gather.{self.vector.short}.v{self.width}p0", self.vector
        code.declared[function] = f"declare {vector} @{function}({pointers}, {inside.kind}, {vector})"
        places = f"{pointers} align {self.number.bits // 8} {where.name}"
        values = f"{places}, {inside.kind} {inside.name}, {vector} zeroinitializer"
        return code.let(vector, f"call {vector} @{function}({values})")

    def transpose(self) -> None:
        """Write the copy of a panel of B whose columns are contiguous: squares turned within registers."""
        code, width = Code(), self.width
        names = parameters(code, PANEL)
        with loop(code, "across", names["count"], width) as j, loop(code, "down", names["k"], width) as p:
            last, inside = names["count"] - j - 1, mask(names["k"] - p, width)
            corner = at(names["B"], j * names["b_col"] + p, self.number)
            square = [
                masked_load(
                    at(corner, lowest(code.constant(INDEX, lane), last) * names["b_col"], self.number),
                    self.vector,
                    inside,
                )
                for lane in range(width)
            ]
            to = at(names["panel"], p * names["stride"] + j, self.number)
            for lane, row in enumerate(turned(square)):
                store(row, at(to, lane * names["stride"], self.number))
        self.define("transpose", code, PANEL)

    def driver(self) -> None:
        """Write the function that chooses: a BLAS, dot products, or tiles."""
        code = Code()
        x = parameters(code, ARGUMENTS)
        blas_call(code, self.number, x, self.worth_a_call(x), self.interface)
        # A single row of C is a single column as well: dot products, where B's columns are contiguous.
        self.turn(code, x, x["n"].equals(1) & x["b_row"].equals(1) & x["a_col"].equals(1) & x["m"].differs(1))
        alone = x["m"].equals(1)
        flat = alone & x["a_col"].equals(1) & x["b_row"].equals(1) & (x["k"] > 0)
        with when(code, "column", flat, leaves=True), loop(code, "each", x["n"], self.rows[1]) as i:
            A, C = (at(x[name], i * x[f"{name.lower()}_row"], self.number) for name in "AC")
            self.call(code, "dots", A, x["a_row"], x["B"], C, x["c_row"], x["n"] - i, x["k"], x["accumulate"])
        # And a single column that is contiguous is a single row, along which vectors lie.
        self.turn(code, x, alone & x["a_row"].equals(1) & x["c_row"].equals(1))
        self.blocks(code, x)
        self.define(gemm_name(self.element), code, ARGUMENTS, "")

    def turn(self, code: Code, x: dict[str, Value], wanted: Value) -> None:
        """Write the exchange of a product with a single row or column for the product of the transposes."""
        names = {"A": "B", "a_row": "b_col", "a_col": "b_row", "B": "A", "b_row": "a_col", "b_col": "a_row"}
        names |= {"n": "m", "m": "n"}
        x |= {name: select(wanted, x[other], x[name]) for name, other in names.items()}
        x["c_row"] = select(wanted, code.constant(INDEX, 1), x["c_row"])

    def worth_a_call(self, x: dict[str, Value]) -> Value:
        """Whether a BLAS is given, and faster at this size."""
        code = x["n"].code
        none = Value(code, POINTER, "null")
        return x["blas"].differs(none) & (x["n"] * x["k"] * x["m"] > self.work)

    def blocks(self, code: Code, x: dict[str, Value]) -> None:
        """Write the loops around the tiles: blocks of the inner axis, of rows of A, and panels of B."""
        one = code.constant(INDEX, 1)
        block = select(x["k"] > SHALLOW, code.constant(INDEX, BLOCK_ROWS), self.rows[0])
        deep = select(x["n"].equals(1), code.constant(INDEX, ROW_DEPTH), DEPTH)
        with loop(code, "deep", x["k"].unary("llvm.smax", 1), deep) as p, loop(code, "block", x["n"], block) as i:
            depth, height = lowest(x["k"] - p, deep), lowest(x["n"] - i, block)
            add = select(p > 0, one, x["accumulate"])
            corner = at(x["A"], i * x["a_row"] + p * x["a_col"], self.number)
            with loop(code, "panel", x["m"], 2 * self.width) as j:
                count = lowest(x["m"] - j, 2 * self.width)
                B, stride = self.panel(code, x, p, j, depth, count, height)
                C = at(x["C"], i * x["c_row"] + j, self.number)
                self.tiles(code, x, [corner, B, stride, C, height, depth, count, add])

    def panel(
        self, code: Code, x: dict[str, Value], p: Value, j: Value, depth: Value, count: Value, height: Value
    ) -> tuple[Value, Value]:
        """Write the choice between B itself and a copy of a panel of it, and return where it is and its stride."""
        B = at(x["B"], p * x["b_row"] + j * x["b_col"], self.number)
        width = select(count > self.width, code.constant(INDEX, 2 * self.width), self.width)
        aligned = (x["b_row"] & (self.width - 1)).equals(0)
        near = (height < PACKED_ROWS) | (aligned & (x["b_row"] * depth <= NEAR_BYTES // (self.number.bits // 8)))
        fits = (count <= self.width) | count.equals(2 * self.width)  # a single vector is read under a mask
        packed = (near & fits & x["b_col"].equals(1)) ^ True
        columns = packed & x["b_row"].equals(1) & x["b_col"].differs(1)
        arguments = [B, x["b_row"], x["b_col"], x["scratch"], width, depth, count]
        with when(code, "turned", columns):
            self.call(code, "transpose", *arguments)
        with when(code, "copied", packed & (columns ^ True)):
            self.call(code, "copy", *arguments)
        return select(packed, x["scratch"], B), select(packed, width, x["b_row"])

    def tiles(self, code: Code, x: dict[str, Value], around: list[Value]) -> None:
        """Write the loop over the rows of a block, in large tiles and at most one that is smaller."""
        corner, B, stride, C, height, depth, count, add = around
        large, small, single = self.rows
        wide = count > self.width
        with loop(code, "tiles", height, large) as i:
            left = height - i
            A, C_ = at(corner, i * x["a_row"], self.number), at(C, i * x["c_row"], self.number)
            one = left.equals(single)
            for rows, fits in ((large, left > small), (small, (left <= small) & (one ^ True)), (single, one)):
                for vectors, matches in ((1, wide ^ True), (2, wide)):
                    name = f"tile_{rows}_{vectors}"
                    with when(code, name, fits & matches):
                        self.call(
                            code, name, A, x["a_row"], x["a_col"], B, stride, C_, x["c_row"], left, depth, count, add
                        )

    def call(self, code: Code, name: str, *values: Value) -> None:
        """Write a call of one of our functions."""
        code.put(f"call fastcc void @{name}({', '.join(f'{value.kind} {value.name}' for value in values)})")
