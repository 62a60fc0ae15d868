"""What each gate is in ONNX: a table from the gate's name to operators.

A gate is left out where ONNX has no operator with its meaning, or only one that is less accurate.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from zanjir.errors import GraphError
from zanjir.graph import Array, Tensor
from zanjir.graph.tensor import is_number
from zanjir.interchange.extras import needed

__all__ = ["FORMS", "Operators", "label_array", "translated"]

# Where NumPy and ONNX mean the same by one operator without settings.
SAME = {
    "add": "Add", "subtract": "Sub", "multiply": "Mul", "divide": "Div", "negative": "Neg", "power": "Pow",
    "reciprocal": "Reciprocal", "maximum": "Max", "minimum": "Min", "where": "Where", "matmul": "MatMul",
    "exp": "Exp", "log": "Log", "sqrt": "Sqrt", "sign": "Sign", "absolute": "Abs", "erf": "Erf",
    "relu": "Relu", "tanh": "Tanh", "sigmoid": "Sigmoid", "softplus": "Softplus",
    "sin": "Sin", "cos": "Cos", "tan": "Tan", "arcsin": "Asin", "arccos": "Acos", "arctan": "Atan",
    "sinh": "Sinh", "cosh": "Cosh", "arcsinh": "Asinh", "arccosh": "Acosh", "arctanh": "Atanh",
    "floor": "Floor", "ceil": "Ceil", "rint": "Round", "copy": "Identity", "isnan": "IsNaN",
    "greater": "Greater", "greater_equal": "GreaterOrEqual", "less": "Less", "less_equal": "LessOrEqual",
    "equal": "Equal", "logical_and": "And", "logical_or": "Or", "logical_not": "Not",
}  # fmt: skip
LOGICAL = ("logical_and", "logical_or", "logical_not")
REDUCTIONS = {"sum": "ReduceSum", "mean": "ReduceMean", "max": "ReduceMax", "min": "ReduceMin"}
# ONNX knows images with their channels first, and weights as (channels out, channels in, height, width).
CHANNELS_FIRST = {"NHWC": (0, 3, 1, 2), "NCHW": (0, 1, 2, 3)}
CHANNELS_BACK = {"NHWC": (0, 2, 3, 1), "NCHW": (0, 1, 2, 3)}
FILTERS_FIRST = (3, 2, 0, 1)


class Operators:
    """A list of ONNX operators that grows, each with one result, and the constants that they read.

    Parameters
    ----------
    reserved : sequence of str
        Names that only `result` may give.
    """

    def __init__(self, reserved: Sequence[str] = ()) -> None:
        self.onnx = needed("onnx", "onnx", "an ONNX file")
        self.nodes: list[Any] = []
        self.initializers: list[Any] = []
        self.names = set(reserved)

    def name(self, wish: str) -> str:
        """Return a name that no other result has: the one wished for, or that with a number."""
        numbered = (f"{wish}_{k}" if k > 1 else wish for k in range(1, len(self.names) + 2))
        name = next(name for name in numbered if name not in self.names)
        self.names.add(name)
        return name

    def add(self, operator: str, *inputs: str, wish: str | None = None, **settings: Any) -> str:
        """Add an operator and return the name of its result."""
        return self.result(self.name(wish or operator.lower()), operator, *inputs, **settings)

    def result(self, name: str, operator: str, *inputs: str, **settings: Any) -> str:
        """Add an operator whose result has a name that was promised."""
        self.nodes.append(self.onnx.helper.make_node(operator, list(inputs), [name], name=name, **settings))
        return name

    def constant(self, value: Any, dtype: Any = None, wish: str = "constant") -> str:
        """Add an array and return its name."""
        name, array = self.name(wish), np.asarray(value, dtype)
        if array.dtype.kind == "U":
            strings = [text.encode() for text in array.ravel().tolist()]
            made = self.onnx.helper.make_tensor(name, self.onnx.TensorProto.STRING, array.shape, strings)
        else:
            made = self.onnx.numpy_helper.from_array(np.ascontiguousarray(array).reshape(array.shape), name)
        self.initializers.append(made)
        return name

    def axes(self, axis: Any) -> list[str]:
        """Return axes as the input that says so; none for all axes."""
        return [] if axis is None else [self.constant(np.atleast_1d(axis), np.int64, "axes")]

    def cast(self, name: str, dtype: Any) -> str:
        """Return numbers in another type."""
        return self.add("Cast", name, to=self.onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))

    def transposed(self, name: str, order: Sequence[int], wish: str | None = None) -> str:
        """Return axes in another order, if it is another."""
        if list(order) == sorted(order):
            return name if wish is None else self.add("Identity", name, wish=wish)
        return self.add("Transpose", name, perm=list(order), wish=wish)


Form: TypeAlias = Callable[[Operators, Tensor, "list[str]", "str | None"], str]
FORMS: dict[str, Form] = {}
"""For each gate: (operators, node, names of the inputs, name wished for) -> name of the result."""


def form(*gates: str) -> Callable[[Form], Form]:
    """Register the form of gates."""

    def register(function: Form) -> Form:
        FORMS.update(dict.fromkeys(gates, function))
        return function

    return register


@form(*SAME)
def same(operators: Operators, node: Tensor, inputs: list[str], wish: str | None) -> str:
    """One operator of the same meaning."""
    return operators.add(SAME[gate_of(node)], *inputs, wish=wish)


@form("square")
def square(operators: Operators, node: Tensor, inputs: list[str], wish: str | None) -> str:
    """A product, as in NumPy."""
    return operators.add("Mul", inputs[0], inputs[0], wish=wish)


@form("not_equal")
def not_equal(operators: Operators, node: Tensor, inputs: list[str], wish: str | None) -> str:
    """The opposite of Equal."""
    return operators.add("Not", operators.add("Equal", *inputs), wish=wish)


@form("silu")
def silu(operators: Operators, node: Tensor, inputs: list[str], wish: str | None) -> str:
    """X times its sigmoid."""
    return operators.add("Mul", inputs[0], operators.add("Sigmoid", inputs[0]), wish=wish)


@form("leaky_relu")
def leaky_relu(operators: Operators, node: Tensor, inputs: list[str], wish: str | None) -> str:
    """PRelu, whose slope is an array: the setting of LeakyRelu is rounded to float32."""
    return operators.add("PRelu", inputs[0], operators.constant([node.params["slope"]], node.dtype), wish=wish)


@form("elu")
def elu(operators: Operators, node: Tensor, inputs: list[str], wish: str | None) -> str:
    """Elu, and where alpha is not 1, alpha times that of the negative part: the setting is rounded to float32."""
    if node.params["alpha"] == 1:
        return operators.add("Elu", inputs[0], wish=wish)
    zero, alpha = (operators.constant(value, node.dtype) for value in (0, node.params["alpha"]))
    below = operators.add("Mul", operators.add("Elu", operators.add("Min", inputs[0], zero)), alpha)
    return operators.add("Add", operators.add("Max", inputs[0], zero), below, wish=wish)


@form("gelu")
def gelu(operators: Operators, node: Tensor, inputs: list[str], wish: str | None) -> str:
    """X (1 + erf(x / sqrt 2)) / 2, by which ONNX defines its own Gelu, of later versions."""
    root, one, half = (operators.constant(value, node.dtype) for value in (math.sqrt(2), 1, 0.5))
    erf = operators.add("Erf", operators.add("Div", inputs[0], root))
    return operators.add("Mul", operators.add("Mul", inputs[0], half), operators.add("Add", erf, one), wish=wish)


@form("clip")
def clip(operators: Operators, node: Tensor, inputs: list[str], wish: str | None) -> str:
    """Bounds are inputs; one that is missing is no bound."""
    bounds = (node.params["low"], node.params["high"])
    names = ["" if bound is None else operators.constant(bound, node.dtype) for bound in bounds]
    return operators.add("Clip", inputs[0], *names, wish=wish)


@form("softmax", "log_softmax")
def softmax(operators: Operators, node: Tensor, inputs: list[str], wish: str | None) -> str:
    """Both take one axis."""
    operator = "Softmax" if gate_of(node) == "softmax" else "LogSoftmax"
    return operators.add(operator, inputs[0], axis=int(node.params["axis"]), wish=wish)


@form(*REDUCTIONS)
def reduction(operators: Operators, node: Tensor, inputs: list[str], wish: str | None) -> str:
    """Axes are an input."""
    axes, keepdims = operators.axes(node.params["axis"]), int(node.params["keepdims"])
    return operators.add(REDUCTIONS[gate_of(node)], inputs[0], *axes, keepdims=keepdims, wish=wish)


@form("reshape")
def reshape(operators: Operators, node: Tensor, inputs: list[str], wish: str | None) -> str:
    """The shape is an input; a 0 would mean "as before", so nothing empty is reshaped."""
    shape = operators.constant(np.atleast_1d(node.params["shape"]), np.int64, "shape")
    return operators.add("Reshape", inputs[0], shape, wish=wish)


@form("ravel")
def ravel(operators: Operators, node: Tensor, inputs: list[str], wish: str | None) -> str:
    """A reshape to one axis."""
    return operators.add("Reshape", inputs[0], operators.constant([-1], np.int64, "shape"), wish=wish)


@form("expand_dims")
def expand_dims(operators: Operators, node: Tensor, inputs: list[str], wish: str | None) -> str:
    """Axes count in the result, as in NumPy."""
    return operators.add("Unsqueeze", inputs[0], *operators.axes(node.params["axis"]), wish=wish)


@form("squeeze")
def squeeze(operators: Operators, node: Tensor, inputs: list[str], wish: str | None) -> str:
    """Without axes, all of size 1 go."""
    return operators.add("Squeeze", inputs[0], *operators.axes(node.params["axis"]), wish=wish)


@form("broadcast_like")
def broadcast_like(operators: Operators, node: Tensor, inputs: list[str], wish: str | None) -> str:
    """Expand takes a shape."""
    return operators.add("Expand", inputs[0], operators.add("Shape", inputs[1]), wish=wish)


@form("reshape_like")
def reshape_like(operators: Operators, node: Tensor, inputs: list[str], wish: str | None) -> str:
    """Reshape takes a shape."""
    return operators.add("Reshape", inputs[0], operators.add("Shape", inputs[1]), wish=wish)


@form("transpose")
def transpose(operators: Operators, node: Tensor, inputs: list[str], wish: str | None) -> str:
    """Axes reversed unless they are given; counted from the front, as ONNX asks."""
    axes = node.params["axes"]
    order = range(node.ndim)[::-1] if axes is None else [axis % node.ndim for axis in axes]
    return operators.transposed(inputs[0], list(order), wish)


@form("swapaxes")
def swapaxes(operators: Operators, node: Tensor, inputs: list[str], wish: str | None) -> str:
    """A transposition that exchanges two axes."""
    order = list(range(node.ndim))
    a, b = (node.params[name] % node.ndim for name in ("axis1", "axis2"))
    order[a], order[b] = b, a
    return operators.transposed(inputs[0], order, wish)


@form("concatenate")
def concatenate(operators: Operators, node: Tensor, inputs: list[str], wish: str | None) -> str:
    """Concat along the same axis."""
    return operators.add("Concat", *inputs, axis=int(node.params["axis"]), wish=wish)


@form("standardize")
def standardize(operators: Operators, node: Tensor, inputs: list[str], wish: str | None) -> str:
    """(x - mean) / sqrt(variance + epsilon), as NumPy computes it: ONNX's own normalizations are float32 inside."""
    centered, spread = centered_and_spread(operators, node, inputs[0])
    return operators.add("Div", centered, spread, wish=wish)


@form("deviation")
def deviation(operators: Operators, node: Tensor, inputs: list[str], wish: str | None) -> str:
    """Sqrt(variance + epsilon)."""
    return operators.add("Identity", centered_and_spread(operators, node, inputs[0])[1], wish=wish)


def centered_and_spread(operators: Operators, node: Tensor, x: str) -> tuple[str, str]:
    """Return x - mean, and sqrt(variance + epsilon), along the axes of a node."""
    axes, epsilon = operators.axes(node.params["axis"]), operators.constant(node.params["epsilon"], node.dtype)
    centered = operators.add("Sub", x, operators.add("ReduceMean", x, *axes, keepdims=1))
    variance = operators.add("ReduceMean", operators.add("Mul", centered, centered), *axes, keepdims=1)
    return centered, operators.add("Sqrt", operators.add("Add", variance, epsilon))


@form("conv2d")
def conv2d(operators: Operators, node: Tensor, inputs: list[str], wish: str | None) -> str:
    """Conv between two transpositions, which runtimes fold into the weights where they can."""
    images, weights = inputs
    layout, padding, stride = (node.params[name] for name in ("layout", "padding", "stride"))
    out = operators.add(
        "Conv",
        operators.transposed(images, CHANNELS_FIRST[layout]),
        operators.transposed(weights, FILTERS_FIRST),
        kernel_shape=list(node.inputs[1].shape[:2]), pads=[padding] * 4, strides=[stride] * 2,
    )  # fmt: skip
    return operators.transposed(out, CHANNELS_BACK[layout], wish)


@form("max_pool2d", "average_pool2d")
def pool2d(operators: Operators, node: Tensor, inputs: list[str], wish: str | None) -> str:
    """MaxPool or AveragePool; what is left over at the end of an image is left out there too."""
    layout, size = node.params["layout"], node.params["size"]
    operator = "MaxPool" if gate_of(node) == "max_pool2d" else "AveragePool"
    strides = [node.params["stride"] or size] * 2
    images = operators.transposed(inputs[0], CHANNELS_FIRST[layout])
    out = operators.add(operator, images, kernel_shape=[size] * 2, strides=strides)
    return operators.transposed(out, CHANNELS_BACK[layout], wish)


def gate_of(node: Tensor) -> str:
    """Return the name of a node's gate; of a leaf, nothing."""
    return node.gate.name if node.gate else ""


def translated(operators: Operators, nodes: Sequence[Tensor], names: dict[int, str]) -> None:
    """Add the operators of nodes in order.

    Parameters
    ----------
    nodes : sequence of Tensor
        Nodes with a gate, each after its inputs.
    names : dict of int to str
        The names of the leaves, by identity; those of the nodes are added.

    Raises
    ------
    GraphError
        If a gate has no form in ONNX.
    """
    for node in nodes:
        gate = gate_of(node)
        if gate not in FORMS:
            raise GraphError(
                f"the gate {gate} of {node.label} {node.shape} has no form in ONNX; "
                f"write it with others, such as {', '.join(sorted(FORMS)[:3])}: zanjir.interchange.FORMS lists them."
            )
        names[id(node)] = FORMS[gate](operators, node, inputs_of(operators, node, names), node.name)


def inputs_of(operators: Operators, node: Tensor, names: dict[int, str]) -> list[str]:
    """Return the names of a node's inputs, all in one type: ONNX promotes nothing."""
    numbers = [x.value for x in node.inputs if not is_number(x.value)]
    gate = gate_of(node)
    own = node.dtype if node.dtype.kind == "f" else np.result_type(*(numbers or [node.value]))
    inputs = []
    for k, x in enumerate(node.inputs):
        wanted = np.dtype(bool) if gate in LOGICAL or (gate == "where" and k == 0) else own
        if id(x) not in names:
            inputs.append(operators.constant(x.value, wanted))
        else:
            inputs.append(names[id(x)] if x.dtype == wanted else operators.cast(names[id(x)], wanted))
    return inputs


def label_array(values: Sequence[Any]) -> Array:
    """Return class labels as an array that ONNX can hold: text, whole numbers, or floats."""
    labels = np.asarray(values)
    if labels.dtype.kind in "iu":
        return labels.astype(np.int64)
    return labels if labels.dtype.kind in "fbU" else labels.astype(str)
