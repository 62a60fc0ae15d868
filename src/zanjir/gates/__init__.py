"""The table of gates: one row per operation, by family. Importing this room fills the table."""

from zanjir.gates import rewrites as _rewrites  # noqa: F401 - its rules register themselves
from zanjir.gates.arithmetic import (
    add,
    divide,
    greater,
    greater_equal,
    heaviside,
    less,
    less_equal,
    maximum,
    minimum,
    multiply,
    negative,
    power,
    square,
    subtract,
)
from zanjir.gates.elementwise import absolute, exp, log, log1p, relu, sech2, sigmoid, sign, softplus, sqrt, tanh
from zanjir.gates.fused import hinge_margins, sigmoid_cross_entropy, softmax_cross_entropy
from zanjir.gates.image import (
    average_pool2d,
    average_unpool2d,
    conv2d,
    conv2d_transpose,
    conv2d_weights,
    max_pick2d,
    max_pool2d,
    max_unpool2d,
)
from zanjir.gates.index import one_hot, pick
from zanjir.gates.linear import matmul, transpose
from zanjir.gates.normalize import deviation, standardize
from zanjir.gates.random import uniform_like
from zanjir.gates.reduce import count, logsumexp, mean, softmax, sum_
from zanjir.gates.shape import broadcast_like, expand_dims, reshape, reshape_like, zeros_like

__all__ = [
    "absolute",
    "add",
    "average_pool2d",
    "average_unpool2d",
    "broadcast_like",
    "conv2d",
    "conv2d_transpose",
    "conv2d_weights",
    "count",
    "deviation",
    "divide",
    "exp",
    "expand_dims",
    "greater",
    "greater_equal",
    "heaviside",
    "hinge_margins",
    "less",
    "less_equal",
    "log",
    "log1p",
    "logsumexp",
    "matmul",
    "max_pick2d",
    "max_pool2d",
    "max_unpool2d",
    "maximum",
    "mean",
    "minimum",
    "multiply",
    "negative",
    "one_hot",
    "pick",
    "power",
    "relu",
    "reshape",
    "reshape_like",
    "sech2",
    "sigmoid",
    "sigmoid_cross_entropy",
    "sign",
    "softmax",
    "softmax_cross_entropy",
    "softplus",
    "sqrt",
    "square",
    "standardize",
    "subtract",
    "sum_",
    "tanh",
    "transpose",
    "uniform_like",
    "zeros_like",
]
