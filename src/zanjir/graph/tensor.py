"""A tensor: one node of the computational graph, with its value, its gate and its inputs. It never changes.

NumPy is the language: operators and NumPy's own functions, called on a tensor, look the gate up in the table
and record a new node. A Python number stays weak, as in NumPy itself: it takes the dtype of its partner, and
arithmetic between Python numbers stays Python's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

import numpy as np
import numpy.typing as npt
from numpy.lib.mixins import NDArrayOperatorsMixin

from zanjir.errors import GraphError, ShapeError
from zanjir.graph.gate import Gate

__all__ = ["Array", "Tensor", "apply", "is_number", "tensor"]

Array: TypeAlias = npt.NDArray[Any]
NUMBERS = (int, float, bool)

if TYPE_CHECKING:

    class Operators:
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
        parts = (frozen(value), name, gate, inputs, params or {})
        for field, part in zip(("value", "name", "gate", "inputs", "params"), parts, strict=True):
            object.__setattr__(self, field, part)

    def __setattr__(self, field: str, value: object) -> NoReturn:
        raise GraphError(f"a tensor never changes: cannot set {field!r}; build a new tensor instead.")

    __hash__ = object.__hash__

    def named(self, name: str) -> Tensor:
        """Return the same node under a name, for the printers and the program."""
        return Tensor(self.value, name, gate=self.gate, inputs=self.inputs, params=self.params)

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of the axes."""
        return np.shape(self.value)

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
        return np.asarray(self.value).dtype

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

    def transpose(self) -> Tensor:
        """Reverse the order of the axes."""
        return as_tensor(np.transpose(self))

    def sum(self, axis: int | None = None, *, keepdims: bool = False) -> Tensor:
        """Sum over one axis, or over all."""
        return as_tensor(np.sum(self, axis=axis, keepdims=keepdims))

    def mean(self, axis: int | None = None, *, keepdims: bool = False) -> Tensor:
        """Mean over one axis, or over all."""
        return as_tensor(np.mean(self, axis=axis, keepdims=keepdims))

    def reshape(self, *shape: int | Sequence[int]) -> Tensor:
        """Return the same elements in another shape; one size may be -1."""
        sizes = shape[0] if len(shape) == 1 else shape
        return as_tensor(np.reshape(self, sizes))

    def __len__(self) -> int:
        if not self.shape:
            raise GraphError(f"{self.label} is a single number and has no length; use .size.")
        return self.shape[0]

    def __getitem__(self, key: Any) -> Tensor:
        from zanjir.graph.protocol import index

        return index(self, key)

    def __bool__(self) -> bool:
        raise GraphError(
            f"the truth of {self.label} is not recorded in the graph; compare its .value, or use np.where."
        )

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NoReturn:
        raise GraphError(
            f"turning {self.label} into an array would cut the graph, and its gradient would be lost; "
            "use NumPy functions on the tensor itself, or take .value if the numbers are all you need."
        )

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Tensor:
        from zanjir.graph.protocol import call_ufunc

        return call_ufunc(ufunc, method, inputs, kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Tensor:
        from zanjir.graph.protocol import call_function

        return call_function(function, args, kwargs)

    def __pow__(self, exponent: Any) -> Tensor:
        # NumPy itself computes x ** 2 as np.square(x).
        square = is_number(exponent) and exponent == 2
        return as_tensor(np.square(self) if square else np.power(self, exponent))

    def _repr_html_(self) -> str:
        from zanjir.graph.notebook import tensor_html

        return tensor_html(self)

    def __repr__(self) -> str:
        what = self.name or (self.gate.name if self.gate else "constant")
        return f"Tensor({what}, shape={self.shape}, dtype={self.dtype})"


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


def frozen(value: Any) -> Any:
    """Return a read-only view of an array; a Python number stays what it is."""
    if is_number(value):
        return value
    if isinstance(value, Tensor):
        raise GraphError(f"{value.label} is a tensor already; use it, or its .value.")
    array = np.asarray(value)
    if array.dtype.kind not in "fiub":
        raise GraphError(f"a tensor holds real numbers; got {array.dtype} data. Convert it to float first.")
    view = array.view()
    view.flags.writeable = False
    return view


def apply(row: Gate, *inputs: Any, **params: Any) -> Tensor:
    """Compute a gate's value and record the node.

    Raises
    ------
    ShapeError
        If the sizes of the inputs do not fit the gate.
    """
    nodes = tuple(as_tensor(x) for x in inputs)
    check_core_shapes(row, nodes)
    settings = {**row.params, **params}
    try:
        value = row.forward(*(node.value for node in nodes), **settings)
    except (ValueError, IndexError) as error:
        raise ShapeError(f"{row.name}: {described(nodes)} do not fit together: {error}.") from error
    return Tensor(value, gate=row, inputs=nodes, params=settings)


def described(nodes: Sequence[Tensor]) -> str:
    """Return the shapes of nodes as words: ``X is (5, 3), W1 is (4, 8)``."""
    return ", ".join(f"{node.label} is {node.shape}" for node in nodes)


def check_core_shapes(row: Gate, nodes: Sequence[Tensor]) -> None:
    """Raise if one letter of the gate's signature would stand for two sizes."""
    if row.elementwise or "*" in row.signature:
        return
    sizes: dict[str, tuple[int, Tensor]] = {}
    for letters, node in zip(row.core_shapes, nodes, strict=True):
        if len(letters) != node.ndim:
            raise ShapeError(
                f"{row.name}: {node.label} has shape {node.shape}, expected {len(letters)} axes "
                f"({', '.join(letters)}). Reshape it first."
            )
        for axis, (letter, size) in enumerate(zip(letters, node.shape, strict=True)):
            known, owner = sizes.setdefault(letter, (size, node))
            if known != size:
                wanted = ", ".join(str(known) if i == axis else "..." for i in range(node.ndim))
                kind = "inner sizes" if row.name == "matmul" else f"sizes {letter}"
                raise ShapeError(
                    f"{row.name}: {kind} differ: {described(nodes)}; {known} != {size}. "
                    f"{node.label} should have shape ({wanted}{',' if node.ndim == 1 else ''}) to fit {owner.label}."
                )
