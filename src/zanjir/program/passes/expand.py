"""Composite gates written in simpler ones, which fuse: a softmax is a largest element, exponentials, a sum.

Where a gate has no simple form that is right for every batch size, it stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from zanjir.gates.arithmetic import divide, maximum, multiply, square, subtract, where
from zanjir.gates.compare import equal
from zanjir.gates.elementwise import exp, log1p, sqrt
from zanjir.gates.index import concatenate, index
from zanjir.gates.linear import matmul, transpose
from zanjir.gates.reduce import count, max_, sum_
from zanjir.gates.shape import astype, broadcast_like, expand_dims, ravel, squeeze
from zanjir.graph.tensor import Tensor
from zanjir.program.passes.images import IMAGES
from zanjir.program.passes.internal import column_index
from zanjir.program.passes.rebuild import alike, rebuilt

__all__ = ["expand"]

Axis: TypeAlias = "int | tuple[int, ...] | None"
Expansion: TypeAlias = "Callable[..., Tensor | None]"


def expand(outputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    r"""Return the same outputs, computed by simpler gates.

    The value of a softmax's cross-entropy is here :math:`\ln(1 + r) - (s_y - m)` with :math:`m = \max_j s_j` and
    :math:`1 + r = \sum_j e^{s_j - m}`, which shares its exponentials with the softmax of the derivative.

    Parameters
    ----------
    outputs : mapping of str to Tensor
        The results of a program, traced with any number of samples.

    Examples
    --------
    >>> from zanjir.graph import topological_order
    >>> x = Tensor([[1.0, 2.0], [3.0, 6.0]], "x")
    >>> mean = expand({"mean": x.mean(axis=1)})["mean"]
    >>> mean.value, [node.gate.name for node in topological_order([mean]) if node.gate]
    (array([1.5, 4.5]), ['sum', 'count', 'divide'])
    """
    return rebuilt(outputs, simpler)


def simpler(node: Tensor) -> Tensor | None:
    """Return what a composite gate is made of."""
    assert node.gate is not None  # noqa: S101 - only gates are offered
    expansion = EXPANSIONS.get(node.gate.name)
    new = expansion(*node.inputs, **node.params) if expansion else None
    return new if new is not None and alike(new, node) else None


def counted(x: Tensor, axis: Axis) -> Axis:
    """Return axes counted from the front, so that equal reductions are written alike."""
    if isinstance(axis, tuple):
        return tuple(sorted(k % x.ndim for k in axis))
    return axis if axis is None else axis % x.ndim


def total(x: Tensor, axis: Axis, keepdims: bool = True) -> Tensor:
    """The sum along axes."""
    return sum_(x, axis=counted(x, axis), keepdims=keepdims)


def mean_of(x: Tensor, *, axis: Axis, keepdims: bool = True) -> Tensor:
    """The sum along axes over their number of elements."""
    return divide(total(x, axis, keepdims), count(x, axis=counted(x, axis)))


def var_of(x: Tensor, *, axis: Axis, ddof: float, keepdims: bool) -> Tensor:
    """The mean square of the distance from the mean."""
    squares = square(subtract(x, mean_of(x, axis=axis)))
    n = count(x, axis=counted(x, axis))
    return divide(total(squares, axis, keepdims), subtract(n, ddof) if ddof else n)


def std_of(x: Tensor, **how: Any) -> Tensor:
    """The root of the variance."""
    return sqrt(var_of(x, **how))


def deviation_of(x: Tensor, *, axis: int | tuple[int, ...], epsilon: float) -> Tensor:
    """The root of variance and epsilon."""
    return sqrt(var_of(x, axis=axis, ddof=0, keepdims=True) + epsilon)


def standardize_of(x: Tensor, *, axis: int | tuple[int, ...], epsilon: float) -> Tensor:
    """The distance from the mean over the deviation."""
    return divide(subtract(x, mean_of(x, axis=axis)), deviation_of(x, axis=axis, epsilon=epsilon))


def below_top(x: Tensor, axis: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The largest element along an axis, the distances from it, their exponentials, and the sum of those less 1.

    The largest elements are counted, and only the others' exponentials are added up: so the logarithm of the sum is
    exact where one element is far above the others, and the sum is 1.
    """
    axis %= x.ndim
    top = max_(x, axis=axis, keepdims=True)
    distance = subtract(x, top)
    e = exp(distance)
    others = sum_(where(distance < 0, e, 0), axis=axis, keepdims=True)
    first = sum_(astype(distance >= 0, dtype=x.dtype.name), axis=axis, keepdims=True)
    return top, distance, e, others + (first - 1)


def softmax_of(x: Tensor, *, axis: int) -> Tensor:
    """Exponentials over their sum."""
    _, _, e, rest = below_top(x, axis)
    return divide(e, rest + 1)


def log_softmax_of(x: Tensor, *, axis: int) -> Tensor:
    """The distance from the largest element, less the logarithm of the sum."""
    _, distance, _, rest = below_top(x, axis)
    return subtract(distance, log1p(rest))


def logsumexp_of(x: Tensor, *, axis: int, keepdims: bool) -> Tensor:
    """The largest element and the logarithm of the sum."""
    top, _, _, rest = below_top(x, axis)
    result = log1p(rest) + top
    return result if keepdims else squeeze(result, axis=axis % x.ndim)


def softmax_cross_entropy_of(s: Tensor, y: Tensor) -> Tensor:
    """The logarithm of the sum, less the distance of the right class from the largest."""
    _, distance, _, rest = below_top(s, 1)
    own = sum_(where(right_class(y, s), distance, 0), axis=1)
    return subtract(squeeze(log1p(rest), axis=1), own)


def right_class(y: Tensor, like: Tensor) -> Tensor:
    """Whether each column is that of the row's label."""
    return equal(expand_dims(y, axis=1), column_index(like))


def one_hot_of(y: Tensor, like: Tensor) -> Tensor:
    """1 in the column of the label, 0 elsewhere."""
    return astype(right_class(y, like), dtype=like.dtype.name)


def pick_of(x: Tensor, y: Tensor) -> Tensor:
    """The sum over the one column of the label."""
    return sum_(where(right_class(y, x), x, 0), axis=1)


def hinge_margins_of(s: Tensor, y: Tensor, *, delta: float) -> Tensor:
    """max(0, s_j - s_y + delta), and 0 in the column of the label."""
    own = right_class(y, s)
    right = sum_(where(own, s, 0), axis=1, keepdims=True)
    return where(own, 0, maximum(0, s - right + delta))


def flip_of(x: Tensor, *, axis: Axis) -> Tensor:
    """The elements from the last to the first."""
    axes = range(x.ndim) if axis is None else (axis,) if isinstance(axis, int) else axis
    turned = {k % x.ndim for k in axes}
    return index(x, key=tuple(slice(None, None, -1) if k in turned else slice(None) for k in range(x.ndim)))


def outer_of(x: Tensor, y: Tensor) -> Tensor:
    """A column times a row."""
    return multiply(expand_dims(ravel(x), axis=1), expand_dims(ravel(y), axis=0))


def stack_of(*parts: Tensor, axis: int) -> Tensor:
    """The parts side by side along an axis of their own."""
    return concatenate(*(expand_dims(x, axis=axis % (parts[0].ndim + 1)) for x in parts), axis=axis)


def einsum_of(*operands: Tensor, subscripts: str) -> Tensor | None:
    """A sum and a transpose of one operand; of two, where one index at most is summed over both, their product."""
    left, result = subscripts.split("->")
    letters = left.split(",")
    if len(operands) > 2 or any(len(set(text)) < len(text) for text in letters):
        return None
    parts = []
    for i, (x, text) in enumerate(zip(operands, letters, strict=True)):
        wanted = {*result, *(letters[1 - i] if len(letters) == 2 else "")}
        alone = tuple(k for k, letter in enumerate(text) if letter not in wanted)
        parts.append((sum_(x, axis=alone) if alone else x, "".join(filter(wanted.__contains__, text))))
    if len(parts) == 1:
        return in_order(*parts[0], result)
    return product_of(*parts[0], *parts[1], result)


def in_order(x: Tensor, letters: str, result: str) -> Tensor:
    """The axes of an array in another order."""
    return x if letters == result else transpose(x, axes=tuple(map(letters.index, result)))


def product_of(x: Tensor, of_x: str, y: Tensor, of_y: str, result: str) -> Tensor | None:
    """The product of two operands over all of their indices, or the sum over one of them as a matrix product."""
    summed = [letter for letter in of_x if letter not in result]
    if not summed:
        return multiply(spread(x, of_x, result), spread(y, of_y, result))
    both = [letter for letter in result if letter in of_x and letter in of_y]
    rows, columns = ([letter for letter in text if letter in result and letter not in both] for text in (of_x, of_y))
    if len(summed) > 1 or len(rows) != 1 or len(columns) != 1:
        return None
    order = ("".join([*both, *rows, *summed]), "".join([*both, *summed, *columns]))
    product = matmul(in_order(x, of_x, order[0]), in_order(y, of_y, order[1]))
    return in_order(product, "".join([*both, *rows, *columns]), result)


def spread(x: Tensor, letters: str, result: str) -> Tensor:
    """The axes of an array in the order of a result, with size 1 where it lacks one."""
    x = in_order(x, letters, "".join(filter(letters.__contains__, result)))
    missing = tuple(k for k, letter in enumerate(result) if letter not in letters)
    return expand_dims(x, axis=missing) if missing else x


EXPANSIONS: dict[str, Expansion] = {
    "mean": mean_of,
    "var": var_of,
    "std": std_of,
    "deviation": deviation_of,
    "standardize": standardize_of,
    "softmax": softmax_of,
    "log_softmax": log_softmax_of,
    "logsumexp": logsumexp_of,
    "softmax_cross_entropy": softmax_cross_entropy_of,
    "hinge_margins": hinge_margins_of,
    "one_hot": one_hot_of,
    "pick": pick_of,
    "zeros_like": lambda x: broadcast_like(0, x),
    "flip": flip_of,
    "outer": outer_of,
    "stack": stack_of,
    "einsum": einsum_of,
    **IMAGES,
}
