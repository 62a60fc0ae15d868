"""Loss and gradient of a whole data set at a parameter vector, in machine code: what SciPy's minimizers call."""

from __future__ import annotations

import numpy as np

from zanjir.errors import ShapeError
from zanjir.graph.tensor import Array
from zanjir.native.batch import Context, Variant
from zanjir.native.blas import find
from zanjir.native.engine import as_read, processors, shards_for
from zanjir.native.library import Library
from zanjir.native.loop import Job, Loop
from zanjir.native.memory import zeros
from zanjir.optim import SGD
from zanjir.program import Feed, Problem, trace_step

__all__ = ["Objective"]


class Objective:
    """Loss and gradient of a problem on samples, as a function of the flat parameter vector.

    Parameters
    ----------
    problem : Problem
        The network, its loss and penalty.
    X : array of shape (N, D)
        Inputs; read in place, and so not to be changed, where they have the problem's dtype and lie row after row.
    y : array
        Targets as the loss takes them.
    weights : array of shape (N,), optional
        How many times each sample counts, for a problem that is ``weighted``.
    shards, threads : int, optional
        As for `NativeEngine`.

    Raises
    ------
    ShapeError
        If inputs, targets or a parameter vector have other shapes than the problem.

    Examples
    --------
    >>> from zanjir.nn import LOSSES, mlp
    >>> problem = Problem(mlp([], 2), LOSSES["softmax"], in_features=2, n_outputs=2, dtype=np.float64)
    >>> objective = Objective(problem, np.eye(2), np.array([0, 1]))
    >>> loss, gradient = objective(np.zeros(6))
    >>> round(loss, 6), gradient
    (0.693147, array([-0.25,  0.25,  0.25, -0.25,  0.  ,  0.  ]))
    """

    def __init__(
        self,
        problem: Problem,
        X: Array,
        y: Array,
        *,
        weights: Array | None = None,
        shards: int | None = None,
        threads: int | None = None,
    ) -> None:
        check_shapes(problem, X, y, weights)
        program = trace_step(problem, SGD())
        W, dW = (zeros(problem.layout.size, problem.dtype) for _ in range(2))
        self.context = Context(program, W, dW, {}, np.zeros(3), 0, Library(find()))
        feed = as_read(Feed(X, y, weights=weights), problem)
        n = len(feed.X)
        cut = min(shards or shards_for(n, W.size), n)
        variant = Variant(self.context, n, cut, samples=feed.columns, update=False)
        threads = min(len(variant.shards), threads or processors())
        self.layout, self.loop = problem.layout, Loop(problem.dtype)
        self.job = Job(self.context, feed, None, n, [variant], np.zeros(1, np.int64), threads)

    def __call__(self, W: Array) -> tuple[float, Array]:
        """Return the loss at a parameter vector, and its gradient in the problem's dtype."""
        if np.shape(W) != self.context.W.shape:
            raise ShapeError(f"W has shape {np.shape(W)}, expected {self.context.W.shape}: {self.layout}.")
        self.context.W[...] = W
        self.job.begin(None, 0)
        record = self.loop.run(self.job)
        return float(record.loss[0]), self.context.dW.copy()


def check_shapes(problem: Problem, X: Array, y: Array, weights: Array | None) -> None:
    """Raise an error if samples are not as a problem takes them."""
    n, one = max(len(np.atleast_1d(X)), 1), problem.batch(1)
    expected = {name: (n, *one[name].shape[1:]) for name in ("X", "y")}
    found = {"X": np.shape(X), "y": np.shape(y)}
    if weights is not None:
        expected["weights"], found["weights"] = (n,), np.shape(weights)
    if found != expected:
        name = next(name for name in found if found[name] != expected[name])
        raise ShapeError(
            f"{name} has shape {found[name]}, expected {expected[name]}: "
            f"a row of {problem.in_features} inputs, and a target, for each sample."
        )
