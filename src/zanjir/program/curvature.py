"""The Hessian of a problem's loss times a vector, on given samples: what Newton's method asks for."""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np

from zanjir.errors import ParameterError
from zanjir.graph.gradient import gradient
from zanjir.graph.tensor import Array, Tensor
from zanjir.program.engine import bind
from zanjir.program.function import Function, constants, merged, named_inputs
from zanjir.program.record import Feed
from zanjir.program.step import TRACED_ROWS, Problem

__all__ = ["HessianProduct"]


class HessianProduct:
    """The product of the Hessian at a parameter vector with another vector, without the Hessian itself.

    The gradient is a graph, so the derivative of its product with v is one too: H v costs about two gradients.

    Parameters
    ----------
    problem : Problem
        The network, its loss and penalty.
    feed : Feed
        The samples.

    Raises
    ------
    ParameterError
        If the network draws random numbers, or the samples have weights and the problem has none.

    Examples
    --------
    >>> from zanjir.nn import LOSSES, mlp
    >>> problem = Problem(mlp([], 2), LOSSES["softmax"], in_features=1, n_outputs=2, dtype=np.float64)
    >>> product = HessianProduct(problem, Feed(np.array([[1.0], [2.0]]), np.array([0, 1])))
    >>> product(np.zeros(4), np.array([1.0, 0.0, 0.0, 0.0]))  # p (1 - p) times the mean of x^2, and of x
    array([ 0.625, -0.625,  0.375, -0.375])
    """

    def __init__(self, problem: Problem, feed: Feed) -> None:
        feed.check(problem)
        if problem.draws:
            raise ParameterError("dropout draws new numbers at every step, so there is no Hessian; set dropout=0.")
        self.W, self.v = np.zeros((2, problem.layout.size), problem.dtype)
        self.product: Array = np.zeros_like(self.W)
        function = trace_product(problem)
        views = problem.layout.views
        arrays: dict[str, Any] = {**problem.batch(len(feed.X)), **views(self.W)}
        arrays |= {f"v{name}": view for name, view in views(self.v).items()}
        arrays |= constants(function.inputs, arrays)
        for name, column in feed.columns.items():
            arrays[name][...] = column
        targets = {f"Hv{name}": view for name, view in views(self.product).items()}
        self.run = bind([function], function.inputs, arrays, {}, targets)[1]

    def __call__(self, W: Array, v: Array) -> Array:
        """Return H(W) v, of shape (P,)."""
        self.W[...], self.v[...] = W, v
        with np.errstate(over="ignore", invalid="ignore"):  # the minimizer looks at what comes out
            self.run()
        return self.product.copy()


def trace_product(problem: Problem) -> Function:
    """Build the program of the product: the derivative of (gradient times v)."""
    leaves = {name: Tensor(value, name) for name, value in problem.batch(TRACED_ROWS).items()}
    parameters = problem.parameters()
    vectors = {f"v{name}": Tensor(np.zeros(leaf.shape, leaf.dtype), f"v{name}") for name, leaf in parameters.items()}
    loss = problem.objective(leaves["X"], leaves["y"], parameters, None, leaves.get("weights"))["loss"]
    derivatives = gradient(loss, parameters)
    along = reduce(lambda a, b: a + b, [(derivatives[name] * vectors[f"v{name}"]).sum() for name in parameters])
    products = gradient(along, parameters)
    (outputs,) = merged([{f"Hv{name}": product for name, product in products.items()}])
    return Function("product", {**leaves, **parameters, **vectors, **named_inputs(outputs.values())}, outputs)
