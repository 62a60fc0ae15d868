"""The call of a BLAS's matrix product in LLVM's text, in the two languages and two sizes of integers that BLAS have.

References
----------
.. [1] Blackford et al. (2002), An updated set of basic linear algebra subprograms (BLAS), ACM Transactions on
   Mathematical Software 28(2).
"""

from __future__ import annotations

from dataclasses import dataclass

from zanjir.native.blocks import POINTER, store, when
from zanjir.native.values import Code, Kind, Value, select

__all__ = ["INTERFACES", "blas_call"]

INTERFACES = ("cblas64", "cblas32", "fortran64", "fortran32")
ROW_MAJOR, AS_IT_IS, TURNED = 101, 111, 112  # CBLAS's enumerations
LARGEST = 2**31  # sizes and strides of 32 bits are below


@dataclass(frozen=True)
class Operand:
    """A matrix as a BLAS sees it: lines of contiguous numbers, a stride apart, as they are or turned."""

    pointer: Value
    plain: Value
    stride: Value
    fits: Value


def operand(x: dict[str, Value], name: str, rows: str, columns: str) -> Operand:
    """Return A or B; it fits if its rows or its columns are contiguous, and do not overlap.

    The stride along an axis of size one says nothing.
    """
    n, m = x[rows], x[columns]
    row, column = x[f"{name.lower()}_row"], x[f"{name.lower()}_col"]
    plain = (column.equals(1) | m.equals(1)) & ((row >= m) | n.equals(1))
    turned = (row.equals(1) | n.equals(1)) & ((column >= n) | m.equals(1))
    stride = select(plain, row.unary("llvm.smax", m), column.unary("llvm.smax", n))
    return Operand(x[name], plain, stride, plain | turned)


def blas_call(code: Code, number: Kind, x: dict[str, Value], wanted: Value, interface: str) -> None:
    """Write the call of ``x["blas"]`` for the arguments of a product, and the way back, if it is wanted and can be.

    Parameters
    ----------
    code : Code
        Where it is written.
    number : Kind
        ``float`` or ``double``.
    x : dict of str to Value
        What `zanjir.native.gemm.ARGUMENTS` names.
    wanted : Value
        Whether the size is worth the call.
    interface : str
        One of `INTERFACES`.
    """
    size = Kind(f"i{interface[-2:]}")
    A, B = operand(x, "A", "n", "k"), operand(x, "B", "k", "m")
    wanted &= A.fits & B.fits & (x["c_row"] >= x["m"])
    if size.bits == 32:
        largest = x["n"] | x["k"] | x["m"] | A.stride | B.stride | x["c_row"]
        wanted &= largest < LARGEST
    call = _call_cblas if interface.startswith("cblas") else _call_fortran
    with when(code, "blas", wanted, leaves=True):
        sizes = {name: x[name].convert(size) for name in ("n", "m", "k", "c_row")}
        call(code, number, x, A, B, sizes)


def _call_cblas(code: Code, number: Kind, x: dict[str, Value], A: Operand, B: Operand, sizes: dict[str, Value]) -> None:
    flag, size = Kind("i32"), sizes["n"].kind
    how = [select(one.plain, code.constant(flag, AS_IT_IS), TURNED) for one in (A, B)]
    lda, ldb = A.stride.convert(size), B.stride.convert(size)
    scale = (code.constant(number, 1), x["accumulate"].convert(number))
    values = [code.constant(flag, ROW_MAJOR), *how, sizes["n"], sizes["m"], sizes["k"], scale[0]]
    _call(code, x["blas"], [*values, A.pointer, lda, B.pointer, ldb, scale[1], x["C"], sizes["c_row"]])


def _call_fortran(
    code: Code, number: Kind, x: dict[str, Value], A: Operand, B: Operand, sizes: dict[str, Value]
) -> None:
    """Columns come first there: the transpose of C is the transpose of B by that of A, which lie in memory so."""
    letter, size = Kind("i8"), sizes["n"].kind
    how = [_kept(select(one.plain, code.constant(letter, ord("N")), ord("T"))) for one in (B, A)]
    m, n, k, ldc = (_kept(sizes[name]) for name in ("m", "n", "k", "c_row"))
    lda, ldb = _kept(A.stride.convert(size)), _kept(B.stride.convert(size))
    scale = (_kept(code.constant(number, 1)), _kept(x["accumulate"].convert(number)))
    _call(code, x["blas"], [*how, m, n, k, scale[0], B.pointer, ldb, A.pointer, lda, scale[1], x["C"], ldc])


def _kept(value: Value) -> Value:
    """Return the address of a copy of a value, on the stack."""
    place = value.code.let(POINTER, f"alloca {value.kind}")
    store(value, place)
    return place


def _call(code: Code, function: Value, values: list[Value]) -> None:
    code.put(f"call void {function.name}({', '.join(f'{value.kind} {value.name}' for value in values)})")
