"""The computational graph: rows of the table, tensors, order, gradient, simplification and checking."""

from zanjir.graph.check import GradientError, check_gradient, check_rule
from zanjir.graph.checker import check, check_function
from zanjir.graph.computational_graph import ComputationalGraph
from zanjir.graph.derivatives import hessian, hessian_vector_product, jacobian, value_and_gradient
from zanjir.graph.gate import TABLE, Gate, Interval, Kink, Precedence, gate
from zanjir.graph.gate_object import GateObject
from zanjir.graph.gradient import gradient
from zanjir.graph.nonfinite import NonFinite, check_finite, find_nonfinite
from zanjir.graph.numerical import eval_numerical_gradient
from zanjir.graph.order import evaluate, topological_order
from zanjir.graph.report import CheckReport, Cost, Fault, ParameterCheck, Verdict
from zanjir.graph.simplify import simplify
from zanjir.graph.tensor import Array, Tensor, apply, tensor

__all__ = [
    "TABLE",
    "Array",
    "CheckReport",
    "ComputationalGraph",
    "Cost",
    "Fault",
    "Gate",
    "GateObject",
    "GradientError",
    "Interval",
    "Kink",
    "NonFinite",
    "ParameterCheck",
    "Precedence",
    "Tensor",
    "Verdict",
    "apply",
    "check",
    "check_finite",
    "check_function",
    "check_gradient",
    "check_rule",
    "eval_numerical_gradient",
    "evaluate",
    "find_nonfinite",
    "gate",
    "gradient",
    "hessian",
    "hessian_vector_product",
    "jacobian",
    "simplify",
    "tensor",
    "topological_order",
    "value_and_gradient",
]
