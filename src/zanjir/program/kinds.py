"""How a node depends on the batch: the rule of every gate for splitting a program over shards."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, TypeAlias

from zanjir.errors import GraphError
from zanjir.graph.tensor import Tensor
from zanjir.program.sizes import Shape

__all__ = ["PARTIAL", "TOTAL", "WHOLE", "Case", "Kind", "Rows", "SplitError", "kind_of"]


class SplitError(GraphError):
    """A program in which the numbers of a sample depend on those of others."""


class Whole(Enum):
    """The kinds of nodes that have no axis for the samples."""

    WHOLE = auto()
    PARTIAL = auto()
    TOTAL = auto()


WHOLE, PARTIAL, TOTAL = Whole


@dataclass(frozen=True)
class Rows:
    """One axis follows the batch, with ``each`` places for every sample, one sample after the other."""

    axis: int
    each: int = 1


Kind: TypeAlias = "Rows | Whole"


@dataclass(frozen=True)
class Case:
    """A node with the kinds of its inputs, their shapes and its own, for any number of samples."""

    node: Tensor
    kinds: tuple[Kind, ...]
    sizes: tuple[Shape, ...]
    out: Shape

    @property
    def name(self) -> str:
        """The name of the gate."""
        return self.node.gate.name if self.node.gate else ""

    @property
    def read(self) -> list[int]:
        """The inputs whose numbers are read; of the others only the shape is."""
        shape_only = SHAPE_ONLY.get(self.name, ())
        return [i for i in range(len(self.kinds)) if i not in shape_only]

    @property
    def axes(self) -> list[int]:
        """The axes along which the gate works, counted from the front."""
        ndim, axis = len(self.sizes[0]), self.node.params.get("axis")
        given: Iterable[int] = range(ndim) if axis is None else (axis,) if isinstance(axis, int) else axis
        return [k % ndim for k in given]

    def refused(self, reason: str) -> SplitError:
        """Return the error for a gate that reads other samples."""
        where = f" in {self.node.name!r}" if self.node.name else ""
        return SplitError(f"the batch cannot be split: {self.name}{where} {reason}; compute it in one piece.")

    def rows(self) -> Rows:
        """Return rows along the one axis of the result that follows the batch."""
        following = [k for k, size in enumerate(self.out) if size.each]
        if len(following) != 1 or self.out[following[0]].fixed:
            shape = f"({', '.join(map(str, self.out))})"
            raise self.refused(f"gives an array of shape {shape}, which has no one axis for the samples")
        return Rows(following[0], self.out[following[0]].each)


def kind_of(case: Case) -> Kind:
    """Return the kind of a node.

    Raises
    ------
    SplitError
        If the numbers of a sample depend on those of others, or the gate has no rule here.
    """
    kinds = set(case.kinds)
    if kinds <= {WHOLE} or case.name == "count":
        return WHOLE
    if any(isinstance(kind, Rows) for kind in kinds):
        if not kinds.isdisjoint((PARTIAL, TOTAL)):
            raise case.refused("reads a sum over the whole batch for every sample")
        rule = as_shaped if case.node.gate and case.node.gate.elementwise else ROW_RULES.get(case.name)
        if rule is None:
            raise case.refused("is not known to keep samples apart")
        return rule(case)
    return PARTIAL if TOTAL not in kinds and is_linear(case) else TOTAL


# Programs of partial sums


def is_linear(case: Case) -> bool:
    """Whether partial results of the shards add up to the result: it is linear in partial sums, and adds nothing."""
    partial = [i for i in case.read if case.kinds[i] is PARTIAL]
    if not partial or case.node.dtype.kind != "f":
        return False
    if case.name in ("add", "subtract", "concatenate"):
        return partial == case.read
    if case.name in ("multiply", "matmul", "einsum", "outer"):
        return len(partial) == 1
    if case.name == "pad":
        return bool(case.node.params["value"] == 0)
    return case.name in LINEAR and partial == [0]


# Programs of rows


def as_shaped(case: Case) -> Kind:
    """Arrays broadcast against one another, or axes in another order: the result's shape says all."""
    return case.rows()


def reshaped(case: Case) -> Kind:
    """What stands before the axis of samples has as many elements as before, so that samples stay together."""
    rows, old = case.rows(), case.kinds[0]
    if not isinstance(old, Rows) or before(case.sizes[0], old.axis) != before(case.out, rows.axis):
        raise case.refused("does not keep the numbers of a sample together")
    return rows


def before(shape: Shape, axis: int) -> int:
    """How many elements the axes before one have."""
    return math.prod(size.fixed for size in shape[:axis])


def indexed(case: Case) -> Kind:
    """Everything is taken along the axis of samples, or for each sample a part of something whole."""
    rows, old, key = case.rows(), case.kinds[0], case.node.params["key"]
    arrays = case.kinds[1:]
    if isinstance(old, Rows) and not any(isinstance(kind, Rows) for kind in arrays) and takes_all(key, old.axis, case):
        return rows
    if old is WHOLE and len(arrays) == 1:
        return rows
    raise case.refused("takes some of the samples only, or in another order")


def takes_all(key: tuple[Any, ...], axis: int, case: Case) -> bool:
    """Whether an index takes everything along an axis, in order."""
    used = [part for part in key if part is not None]
    if Ellipsis in key:
        place = next(i for i, part in enumerate(used) if part is Ellipsis)
        missing = len(case.sizes[0]) - len(used) + 1
        used[place : place + 1] = [slice(None)] * missing
    return axis >= len(used) or used[axis] in (slice(None), slice(None, None, 1), slice(0, None), slice(0, None, 1))


def put(case: Case) -> Kind:
    """The way back of indexing: rows put into rows, or numbers of all samples added up in something whole."""
    g, like, *arrays = case.kinds
    key = case.node.params["key"]
    if isinstance(like, Rows) and not any(isinstance(kind, Rows) for kind in arrays):
        place = Case(case.node, (like,), (case.sizes[1],), case.out)
        if isinstance(g, Rows) and takes_all(key, like.axis, place):
            return case.rows()
    elif like is WHOLE and isinstance(g, Rows) and len(arrays) == 1 and isinstance(arrays[0], Rows):
        return PARTIAL
    raise case.refused("puts the numbers of some samples only, or in another order")


def summed(case: Case) -> Kind:
    """A sum over the samples is partial; over other axes it is one of rows."""
    old = case.kinds[0]
    return PARTIAL if isinstance(old, Rows) and old.axis in case.axes else case.rows()


def along_axes(case: Case) -> Kind:
    """What works along other axes than that of the samples."""
    for kind in case.kinds:
        if isinstance(kind, Rows) and kind.axis in case.axes:
            raise case.refused("works along the axis of the samples")
    return case.rows()


def joined(case: Case) -> Kind:
    """Parts side by side along another axis than that of the samples."""
    rows = case.rows()
    if any(kind != rows for kind in case.kinds):
        raise case.refused("puts parts of the batch side by side along the axis of the samples")
    return rows


def padded(case: Case) -> Kind:
    """Nothing stands before or behind the samples."""
    rows = case.rows()
    if tuple(case.node.params["pad_width"][rows.axis]) != (0, 0):
        raise case.refused("adds rows to the batch")
    return rows


def multiplied(case: Case) -> Kind:
    """The letters of the axes of a matrix product say whether it sums over the samples."""
    first, second = (len(shape) for shape in case.sizes)
    left = "k" if first == 1 else f"{letters(first - 2)}nk"
    right = "k" if second == 1 else f"{letters(second - 2)}km"
    stack = letters(max(first, second, 2) - 2)
    return contracted(case, [left, right], f"{stack}{'n' * (first > 1)}{'m' * (second > 1)}")


def letters(n: int) -> str:
    """Return letters for the n axes of a stack of matrices, which are counted from the last."""
    return "ABCDEFGHIJ"[:n][::-1]


def summed_over_indices(case: Case) -> Kind:
    """The letters of a sum of products say whether it sums over the samples."""
    operands, result = case.node.params["subscripts"].split("->")
    return contracted(case, operands.split(","), result)


def contracted(case: Case, operands: list[str], result: str) -> Kind:
    """A letter that all arrays of rows give to their samples: summed over, or an axis of the result."""
    of_samples = {
        (text[kind.axis], kind.each) for text, kind in zip(operands, case.kinds, strict=True) if isinstance(kind, Rows)
    }
    if len(of_samples) != 1:
        raise case.refused("multiplies the numbers of different samples")
    ((letter, _),) = of_samples
    return case.rows() if letter in result else PARTIAL


def of_first_axis(case: Case) -> Kind:
    """What treats every place of the first axis apart."""
    rows = case.rows()
    if rows.axis or any(isinstance(kind, Rows) and kind != rows for kind in case.kinds):
        raise case.refused("has its samples along another axis than the first")
    return rows


def of_columns(case: Case) -> Kind:
    """What counts along the last axis, whatever the others are."""
    rows = case.rows()
    if rows.axis == len(case.out) - 1:
        raise case.refused("counts the samples")
    return rows


SHAPE_ONLY: dict[str, tuple[int, ...]] = {
    "broadcast_like": (1,), "reshape_like": (1,), "put_like": (1,), "one_hot": (1,), "uniform_like": (1,),
}  # fmt: skip

# Linear in the first input, whatever the others are.
LINEAR = {
    "negative", "divide", "sum", "reshape", "reshape_like", "ravel", "expand_dims", "squeeze", "transpose", "swapaxes",
    "moveaxis", "broadcast_like", "broadcast_to", "index", "put_like", "copy", "astype", "flip", "windows",
    "fold_windows", "cumsum", "roll", "trace", "diagonal", "tril", "triu",
}  # fmt: skip

ROW_RULES: dict[str, Callable[[Case], Kind]] = {
    **dict.fromkeys(("broadcast_like", "astype", "copy", "zeros_like"), as_shaped),
    **dict.fromkeys(("reshape", "reshape_like", "ravel", "expand_dims", "squeeze"), reshaped),
    **dict.fromkeys(("transpose", "swapaxes", "moveaxis"), as_shaped),
    **dict.fromkeys(
        ("max", "min", "prod", "argmax", "argmin", "cumsum", "cumprod", "sort", "argsort", "softmax", "log_softmax",
         "logsumexp", "standardize", "deviation", "mean", "var", "std", "take_along_axis", "flip", "shift",
         "recurrence"),
        along_axes,
    ),
    **dict.fromkeys(
        ("pick", "one_hot", "softmax_cross_entropy", "hinge_margins", "windows", "fold_windows", "uniform_like"),
        of_first_axis,
    ),
    "index": indexed,
    "put_like": put,
    "sum": summed,
    "concatenate": joined,
    "pad": padded,
    "matmul": multiplied,
    "einsum": summed_over_indices,
    "column_index": of_columns,
}  # fmt: skip
