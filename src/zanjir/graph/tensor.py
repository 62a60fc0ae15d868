"""A tensor: one node of the computational graph, with its value, its gate and its inputs. It never changes.

NumPy is the language: operators and NumPy's own functions, called on a tensor, look the gate up in the table
and record a new node. A Python number stays weak, as in NumPy itself: it takes the dtype of its partner, and
arithmetic between Python numbers stays Python's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

import numpy as np
import numpy.typing as npt
from numpy.lib.mixins import NDArrayOperatorsMixin

from zanjir.errors import GraphError, ShapeError, ZanjirError
from zanjir.graph.gate import TABLE, Gate
from zanjir.graph.shapes import check_inputs, check_parameters, misfit, out_of_range
from zanjir.graph.unfit import unfit

__all__ = ["Array", "Tensor", "apply", "is_number", "tensor"]

Array: TypeAlias = npt.NDArray[Any]
Axis: TypeAlias = "int | tuple[int, ...] | None"
NUMBERS = (int, float, bool)
NO_PARAMS: dict[str, Any] = {}  # one for all nodes without parameters; nobody writes into it

if TYPE_CHECKING:

    class Operators:  # noqa: PLW1641 - Tensor hashes by identity
        """The operators as type checkers see them: NumPy's mixin declares that they return anything."""

        def __add__(self, other: Any) -> Tensor: ...
        def __radd__(self, other: Any) -> Tensor: ...
        def __sub__(self, other: Any) -> Tensor: ...
        def __rsub__(self, other: Any) -> Tensor: ...
        def __mul__(self, other: Any) -> Tensor: ...
        def __rmul__(self, other: Any) -> Tensor: ...
        def __truediv__(self, other: Any) -> Tensor: ...
        def __rtruediv__(self, other: Any) -> Tensor: ...
        def __matmul__(self, other: Any) -> Tensor: ...
        def __rmatmul__(self, other: Any) -> Tensor: ...
        def __rpow__(self, other: Any) -> Tensor: ...
        def __neg__(self) -> Tensor: ...
        def __abs__(self) -> Tensor: ...
        def __gt__(self, other: Any) -> Tensor: ...
        def __ge__(self, other: Any) -> Tensor: ...
        def __lt__(self, other: Any) -> Tensor: ...
        def __le__(self, other: Any) -> Tensor: ...
        def __eq__(self, other: object) -> Tensor: ...  # type: ignore[override]
        def __ne__(self, other: object) -> Tensor: ...  # type: ignore[override]
        def __mod__(self, other: Any) -> Tensor: ...
        def __floordiv__(self, other: Any) -> Tensor: ...

else:
    Operators = NDArrayOperatorsMixin


def is_number(value: Any) -> bool:
    """Whether a value is a Python number, which is weak: NumPy's own scalars have a dtype of their own."""
    return type(value) in NUMBERS


class Tensor(Operators):
    """An immutable node of the graph.

    Parameters
    ----------
    value : array_like
        The number or array at this node. Arrays are not copied; a read-only view is kept.
    name : str, optional
        The name under which the node is printed, such as ``"W1"``.

    Examples
    --------
    >>> x = Tensor([1.0, 2.0], name="x")
    >>> y = np.exp(x) * 2
    >>> y
    Tensor(multiply, shape=(2,), dtype=float64)
    >>> y.value.round(3)
    array([ 5.437, 14.778])
    """

    __slots__ = ("gate", "inputs", "name", "params", "value")

    value: Any
    name: str | None
    gate: Gate | None
    inputs: tuple[Tensor, ...]
    params: dict[str, Any]

    def __init__(
        self,
        value: Any,
        name: str | None = None,
        *,
        gate: Gate | None = None,
        inputs: tuple[Tensor, ...] = (),
        params: dict[str, Any] | None = None,
    ) -> None:
        fill(self, frozen(value, name), name, gate, inputs, params)

    def __setattr__(self, field: str, value: object) -> NoReturn:
        from zanjir.graph.habits import SETTING

        instead = SETTING.get(field, "").format(x=self.name or "x")
        raise GraphError(f"a tensor never changes: cannot set {field!r}; build a new tensor instead.{instead}")

    __hash__ = object.__hash__

    def named(self, name: str) -> Tensor:
        """Return the same node under a name, for the printers and the program."""
        return Tensor(self.value, name, gate=self.gate, inputs=self.inputs, params=self.params)

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of the axes."""
        return self.value.shape if isinstance(self.value, np.ndarray) else ()

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return np.ndim(self.value)

    @property
    def size(self) -> int:
        """Number of elements."""
        return int(np.size(self.value))

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the elements; a Python number counts as NumPy would store it."""
        return self.value.dtype if isinstance(self.value, np.ndarray) else np.asarray(self.value).dtype

    @property
    def T(self) -> Tensor:
        """The transpose."""
        return self.transpose()

    @property
    def label(self) -> str:
        """What an error message calls this node: its name, its number, or its gate."""
        if self.name:
            return self.name
        if is_number(self.value):
            return repr(self.value)
        return f"the result of {self.gate.name}" if self.gate else "an array"

    @property
    def origin(self) -> str:
        """What an error message calls this node where its numbers are not the point."""
        return f"the result of {self.gate.name}" if self.gate and not self.name else self.label

    @property
    def mT(self) -> Tensor:
        """The transpose of each matrix of a stack: the last two axes exchanged."""
        return self.swapaxes(-1, -2)

    def transpose(self, *axes: Any) -> Tensor:
        """Reverse the order of the axes, or give them another order."""
        order = axes[0] if len(axes) == 1 else axes or None
        return as_tensor(np.transpose(self, order))

    def swapaxes(self, axis1: int, axis2: int) -> Tensor:
        """Exchange two axes."""
        return as_tensor(np.swapaxes(self, axis1, axis2))

    def sum(self, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
        """Sum over one axis, several, or all."""
        return as_tensor(np.sum(self, axis=axis, keepdims=keepdims))

    def mean(self, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
        """Mean over one axis, several, or all."""
        return as_tensor(np.mean(self, axis=axis, keepdims=keepdims))

    def prod(self, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
        """Product over one axis, several, or all."""
        return as_tensor(np.prod(self, axis=axis, keepdims=keepdims))

    def max(self, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
        """Largest element along one axis, several, or all."""
        return as_tensor(np.max(self, axis=axis, keepdims=keepdims))

    def min(self, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
        """Smallest element along one axis, several, or all."""
        return as_tensor(np.min(self, axis=axis, keepdims=keepdims))

    def var(self, axis: Axis = None, *, ddof: int = 0, keepdims: bool = False) -> Tensor:
        """Variance: the mean squared distance from the mean, divided by N - ddof."""
        return as_tensor(np.var(self, axis=axis, ddof=ddof, keepdims=keepdims))

    def std(self, axis: Axis = None, *, ddof: int = 0, keepdims: bool = False) -> Tensor:
        """Standard deviation: the root of the variance."""
        return as_tensor(np.std(self, axis=axis, ddof=ddof, keepdims=keepdims))

    def cumsum(self, axis: int | None = None) -> Tensor:
        """Running sums along an axis, or over all elements."""
        return as_tensor(np.cumsum(self, axis=axis))

    def cumprod(self, axis: int | None = None) -> Tensor:
        """Running products along an axis, or over all elements."""
        return as_tensor(np.cumprod(self, axis=axis))

    def argmax(self, axis: int | None = None) -> Tensor:
        """Position of the largest element; it has no derivative."""
        return as_tensor(np.argmax(self, axis=axis))

    def argmin(self, axis: int | None = None) -> Tensor:
        """Position of the smallest element; it has no derivative."""
        return as_tensor(np.argmin(self, axis=axis))

    def clip(self, min: Any = None, max: Any = None) -> Tensor:  # noqa: A002 - NumPy's names
        """Elements limited to [min, max]."""
        return as_tensor(np.clip(self, min, max))

    def dot(self, other: Any) -> Tensor:
        """NumPy's dot product with another array."""
        return as_tensor(np.dot(self, other))

    def reshape(self, *shape: int | Sequence[int]) -> Tensor:
        """Return the same elements in another shape; one size may be -1."""
        sizes = shape[0] if len(shape) == 1 else shape
        return as_tensor(np.reshape(self, sizes))

    def ravel(self) -> Tensor:
        """Return the same elements along one axis."""
        return as_tensor(np.ravel(self))

    flatten = ravel

    def squeeze(self, axis: Axis = None) -> Tensor:
        """Drop axes of size 1."""
        return as_tensor(np.squeeze(self, axis=axis))

    def repeat(self, repeats: Any, axis: int | None = None) -> Tensor:
        """Repeat each element."""
        return as_tensor(np.repeat(self, repeats, axis=axis))

    def take(self, indices: Any, axis: int | None = None) -> Tensor:
        """Elements at given positions along an axis."""
        return as_tensor(np.take(self, indices, axis=axis))

    def diagonal(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
        """The elements whose two positions differ by ``offset``."""
        return as_tensor(np.diagonal(self, offset, axis1, axis2))

    def trace(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
        """The sum along a diagonal."""
        return as_tensor(np.trace(self, offset, axis1, axis2))

    def copy(self) -> Tensor:
        """Return a node of its own with the same value; gradients of all copies add up."""
        return as_tensor(np.copy(self))

    def round(self, decimals: int = 0) -> Tensor:
        """Round to a number of decimals; it has no derivative."""
        return as_tensor(np.round(self, decimals))

    def astype(self, dtype: Any) -> Tensor:
        """Return the elements in another type."""
        return apply(TABLE["astype"], self, dtype=np.dtype(dtype).name)

    def __len__(self) -> int:
        if not self.shape:
            raise GraphError(f"{self.label} is a single number and has no length; use .size.")
        return self.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, key: Any) -> Tensor:
        return as_tensor(index(self, key))

    def __setitem__(self, key: Any, value: Any) -> NoReturn:
        raise GraphError(
            f"a tensor never changes: cannot assign to {self.label}[...]; "
            "build a new one, for example with np.where(mask, new, old) or np.concatenate."
        )

    def __bool__(self) -> bool:
        raise GraphError(
            f"the truth of {self.origin} is not recorded in the graph; compare its .value, or use np.where for if, "
            "np.maximum and np.minimum for max and min, np.logical_and, np.logical_or and np.logical_not."
        )

    def __float__(self) -> NoReturn:
        raise GraphError(
            f"turning {self.origin} into a plain number would cut the graph, and its gradient would be lost; "
            "use NumPy functions instead of those of math, or float(x.value) if the number is all you need."
        )

    __int__ = __index__ = __complex__ = __float__

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NoReturn:
        raise GraphError(
            f"turning {self.origin} into an array would cut the graph, and its gradient would be lost; "
            "use NumPy functions on the tensor itself (np.stack for a list of tensors), "
            "or take .value if the numbers are all you need."
        )

    def __format__(self, form: str) -> str:
        if form and self.shape:
            raise GraphError(
                f"the format {form!r} is for a single number; {self.label} has shape {self.shape}. "
                "Print np.round of its .value."
            )
        return format(np.asarray(self.value).item(), form) if form else str(self)

    def __round__(self, decimals: int = 0) -> NoReturn:
        raise GraphError(
            f"round({self.label}, ...) is not recorded in the graph; use np.round, which lets no gradient through, "
            "or a format such as f'{x:.3f}' to print a number."
        )

    if not TYPE_CHECKING:  # to type checkers a wrong attribute stays an error

        def __getattr__(self, name: str) -> NoReturn:
            if name.startswith("_") or name in self.__slots__:
                raise AttributeError(f"a tensor has no attribute {name!r}")
            from zanjir.graph.habits import missing_attribute

            raise AttributeError(missing_attribute(self, name))

    def __array_namespace__(self, *, api_version: str | None = None) -> ModuleType:
        """Return NumPy: its functions are the functions of tensors (the array API standard asks for this)."""
        return np

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return call_ufunc(ufunc, method, inputs, kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return call_function(function, args, kwargs)

    def __pow__(self, exponent: Any) -> Tensor:
        # NumPy itself computes x ** 2 as np.square(x).
        square = is_number(exponent) and exponent == 2
        return as_tensor(np.square(self) if square else np.power(self, exponent))

    def _repr_html_(self) -> str:
        from zanjir.graph.notebook import tensor_html

        return tensor_html(self)

    def __copy__(self) -> Tensor:
        return self  # as of everything that never changes

    def __deepcopy__(self, memo: Any) -> Tensor:
        return self

    def __reduce__(self) -> NoReturn:
        raise GraphError(f"{self.origin} cannot be pickled, as its gate holds functions; save its .value with np.save.")

    def __repr__(self) -> str:
        what = self.name or (self.gate.name if self.gate else "constant")
        return f"Tensor({what}, shape={self.shape}, dtype={self.dtype})"


# A slot's own setter passes by __setattr__, which refuses; thousands of nodes are made at a time.
set_value, set_name, set_gate, set_inputs, set_params = (
    getattr(Tensor, field).__set__ for field in ("value", "name", "gate", "inputs", "params")
)


def fill(
    node: Tensor,
    value: Any,
    name: str | None,
    gate: Gate | None,
    inputs: tuple[Tensor, ...],
    params: dict[str, Any] | None,
) -> None:
    """Give a new node its fields, once and for all."""
    set_value(node, value)
    set_name(node, name)
    set_gate(node, gate)
    set_inputs(node, inputs)
    set_params(node, params or NO_PARAMS)


def tensor(value: Any, name: str | None = None) -> Tensor:
    """Return a leaf of the graph: data or a parameter, with the name under which it is printed.

    Examples
    --------
    >>> tensor([[1.0, 2.0]], "X").shape
    (1, 2)
    """
    return Tensor(value, name)


def as_tensor(value: Any) -> Tensor:
    """Return a tensor as it is, and anything else as a leaf without a name."""
    return value if isinstance(value, Tensor) else Tensor(value)


def frozen(value: Any, name: str | None = None) -> Any:
    """Return a read-only view of an array; a Python number stays what it is."""
    if is_number(value):
        return value
    if isinstance(value, Tensor):
        raise GraphError(f"{value.label} is a tensor already; use it, or its .value.")
    try:
        array = np.asarray(value)
    except ZanjirError:
        raise
    except ValueError as error:
        raise ShapeError(f"{name or 'a tensor'} has {rows_of(value)}; expected rows of one length.") from error
    return read_only(array.view(), name)


def read_only(value: Any, name: str | None = None) -> Any:
    """Make an array that nobody else writes into read-only; a Python number stays what it is."""
    if type(value) in NUMBERS:
        return value
    array = np.asarray(value)
    if array.dtype.kind not in "fiub":
        raise GraphError(no_numbers(array, name))
    array.setflags(write=False)
    return array


def rows_of(value: Any) -> str:
    """Return how long the rows of a nested list are."""
    lengths = sorted({len(row) for row in value if isinstance(row, Sequence)})
    return f"rows of {lengths[0]} to {lengths[-1]} numbers" if len(lengths) > 1 else "rows of different shapes"


def no_numbers(array: Array, name: str | None) -> str:
    """Return the sentence for data that are no real numbers, with the first of them."""
    values = array.ravel()[:1000].tolist()
    first = next((x for x in values if not isinstance(x, int | float)), values[0] if values else None)
    seen = f"{array.dtype} data in {name}" if name else f"{array.dtype} data"
    fix = "Take np.real or np.abs of it" if array.dtype.kind == "c" else "Convert it to float"
    return f"a tensor holds real numbers; got {seen}, such as {first!r}. {fix} first."


def apply(row: Gate, *inputs: Any, **params: Any) -> Tensor:
    """Compute a gate's value and record the node.

    Raises
    ------
    GraphError, ParameterError
        If the gate takes fewer or more inputs, or has no such parameter.
    ShapeError
        If the sizes of the inputs do not fit the gate.
    DataError
        If a matrix has no inverse or decomposition.
    NonFiniteError
        If Python's own numbers are divided by 0 or grow out of range.
    """
    nodes = tuple([x if isinstance(x, Tensor) else Tensor(x) for x in inputs])
    check_inputs(row, nodes)
    settings = {**row.params, **params}
    if len(settings) > len(row.params):
        check_parameters(row, params, row.name)
    try:
        value = row.forward(*[node.value for node in nodes], **settings)
    except np.linalg.LinAlgError as error:
        raise unfit(row, nodes, error) from error
    except (AttributeError, IndexError, TypeError, ValueError) as error:
        raise misfit(row, nodes, error) from error
    except ArithmeticError as error:
        raise out_of_range(row, nodes, error) from error
    node = Tensor.__new__(Tensor)
    fill(node, read_only(value), None, row, nodes, settings)  # a gate's result is its own, or a view of an input
    return node


# Last, because it needs the names above; not in the methods, because every operator on a tensor passes there.
from zanjir.graph.protocol import call_function, call_ufunc, index  # noqa: E402
