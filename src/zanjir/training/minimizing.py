"""SciPy's minimizers on the flat parameter vector: loss and gradient of all samples at once."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from zanjir.errors import NonFiniteError, ParameterError, choose
from zanjir.graph import Array
from zanjir.optim import SGD
from zanjir.program import Feed, HessianProduct, NumpyEngine, Problem, trace_step
from zanjir.program.threads import one_blas_thread
from zanjir.training.engines import engine_name
from zanjir.training.plan import Plan

__all__ = ["METHODS", "Minimum", "minimize", "objective_for"]

# What stops a method beside the largest derivative is set so low that it never comes first.
TINY = float(64 * np.finfo(np.float64).eps)
METHODS: dict[str, dict[str, Any]] = {
    "CG": {},
    "BFGS": {},
    "L-BFGS-B": {"ftol": TINY, "maxls": 50, "maxcor": 10},
    "Newton-CG": {},
}
Value = Callable[[Array], tuple[float, Array]]


@dataclass(frozen=True)
class Minimum:
    """Where a minimizer ended.

    Parameters
    ----------
    W : array of shape (P,)
        The parameter vector, in the problem's dtype.
    loss : float
        The objective there.
    slope : float
        The largest derivative there, in absolute value.
    n_iter : int
        Number of iterations.
    converged : bool
        Whether the largest derivative is within the tolerance.
    stopped : bool
        Whether the caller asked it to stop.
    message : str
        The minimizer's own words.
    losses : list of float
        The objective after each iteration.
    """

    W: Array
    loss: float
    slope: float
    n_iter: int
    converged: bool
    stopped: bool
    message: str
    losses: list[float] = field(default_factory=list)


def objective_for(problem: Problem, feed: Feed, *, calls: int = 1, engine: str = "auto") -> Value:
    """Return the function (W) -> (loss, gradient) of all samples, on the engine that suits so many calls.

    Parameters
    ----------
    feed : Feed
        The samples, as the loss takes them.
    calls : int
        About how often it will be called: compiling pays for many.
    engine : str
        ``"numpy"``, ``"native"``, or ``"auto"``.

    Raises
    ------
    ParameterError
        If the network draws random numbers, or normalizes over the batch: its loss is no function of W alone.
    """
    if problem.draws:
        raise ParameterError(
            "dropout draws new numbers at every step, so there is no one function to minimize; "
            "set dropout=0, or choose an update rule such as adam as the solver."
        )
    if problem.measured:
        raise ParameterError(
            "batch normalization depends on the batch, and a minimizer on the parameters alone; choose norm='layer', "
            "or an update rule such as adam as the solver."
        )
    problem = replace(problem, precise=np.dtype(problem.dtype) != np.float64)
    program = trace_step(problem, SGD())
    plan = Plan(batch_size=len(feed.X), epochs=max(1, calls), engine=engine)
    if engine_name(program, plan, len(feed.X)) == "native":
        from zanjir.native.objective import Objective

        return Objective(problem, feed.X, feed.y, weights=feed.weights)
    return NumpyObjective(NumpyEngine(program, np.zeros(problem.layout.size)), feed)


class NumpyObjective:
    """Loss and gradient of all samples by the numpy engine."""

    def __init__(self, engine: NumpyEngine, feed: Feed) -> None:
        feed.check(engine.program.problem)
        self.engine = engine
        self.batch = engine.batch(len(feed.X))
        for name, column in feed.columns.items():
            self.batch.given[name][...] = column

    def __call__(self, W: Array) -> tuple[float, Array]:
        """Return the loss at a parameter vector, and its gradient in the problem's dtype."""
        self.engine.W[...] = W
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # the minimizer looks at the loss
            self.batch.run()
        return float(self.batch.results["loss"]), self.engine.dW.copy()


def minimize(
    problem: Problem,
    feed: Feed,
    W: Array,
    *,
    method: str = "L-BFGS-B",
    max_iter: int = 200,
    tol: float = 1e-4,
    engine: str = "auto",
    callback: Callable[[Array, float], bool | None] | None = None,
) -> Minimum:
    """Minimize the mean loss of all samples, plus the penalty, from a parameter vector on.

    Parameters
    ----------
    problem : Problem
        The network, its loss and penalty.
    feed : Feed
        The samples.
    W : array of shape (P,)
        Where to begin.
    method : str
        ``"CG"``, ``"BFGS"``, ``"L-BFGS-B"`` or ``"Newton-CG"`` (with Hessian-vector products) of
        `scipy.optimize.minimize`.
    max_iter : int
        Iterations at most.
    tol : float
        Stop when no derivative is larger, in absolute value.
    engine : str
        As for `Plan`.
    callback : function, optional
        Called with W and the loss after each iteration; returning True stops.

    Raises
    ------
    ParameterError
        If the method is unknown, or the problem is no function of W alone.
    NonFiniteError
        If the loss is no finite number where it begins, or where it ends.

    Examples
    --------
    >>> from zanjir.nn import L2, LOSSES, mlp
    >>> problem = Problem(mlp([], 2), LOSSES["softmax"], 2, 2, L2(0.01), np.float64)
    >>> found = minimize(problem, Feed(np.eye(2), np.array([0, 1])), np.zeros(6), tol=1e-8)
    >>> found.converged, round(found.loss, 6)
    (True, 0.137421)
    """
    from scipy import optimize

    choose("method", method, dict.fromkeys(METHODS))
    options = {**METHODS[method], "maxiter": max_iter}
    # Newton-CG measures its steps instead of derivatives; told to go on, it stops when we see the derivatives.
    options |= {"xtol": 0.0} if method == "Newton-CG" else {"gtol": tol}
    watch = Watch(objective_for(problem, feed, calls=max_iter, engine=engine), tol, callback)
    product = HessianProduct(problem, feed) if method == "Newton-CG" else None
    start = np.array(W, np.float64)
    with one_blas_thread(), np.errstate(all="ignore"):
        loss, gradient = watch(start)
        if not math.isfinite(loss):
            raise NonFiniteError(
                f"the loss is {loss} at the first parameters; expected a finite number. Scale the features down."
            )
        if np.abs(gradient).max(initial=0) <= tol:
            return watch.minimum(problem, start, 0, "the first parameters are already a minimum")
        extra = {"hessp": lambda W, v: np.asarray(product(W, v), np.float64)} if product else {}
        found = optimize.minimize(
            watch, start, jac=True, method=method, callback=watch.iteration, options=options, **extra
        )
        minimum = watch.minimum(problem, found.x, found.nit, str(found.message))
    if not math.isfinite(minimum.loss):
        raise NonFiniteError(
            f"{method} came to a loss of {minimum.loss} after {minimum.n_iter} iterations; expected a finite number. "
            "Scale the features down."
        )
    return minimum


class Watch:
    """The objective as a minimizer calls it, in float64, with a look at every iteration."""

    def __init__(self, value: Value, tol: float, callback: Callable[[Array, float], bool | None] | None) -> None:
        self.value, self.tol, self.callback = value, tol, callback
        self.losses: list[float] = []
        self.last: tuple[Array, float, Array] = (np.empty(0), math.nan, np.empty(0))
        self.stopped = False

    def __call__(self, W: Array) -> tuple[float, Array]:
        """Return loss and gradient."""
        if not np.array_equal(W, self.last[0]):
            loss, gradient = self.value(W)
            self.last = W.copy(), loss, np.asarray(gradient, np.float64)
        return self.last[1], self.last[2].copy()

    def iteration(self, intermediate_result: Any) -> None:
        """Write an iteration down, and stop where its derivatives are small or the caller wants to."""
        loss, gradient = self(intermediate_result.x)
        self.losses.append(loss)
        self.stopped = bool(self.callback and self.callback(intermediate_result.x.copy(), loss))
        if self.stopped or np.abs(gradient).max(initial=0) <= self.tol:
            raise StopIteration

    def minimum(self, problem: Problem, W: Array, n_iter: int, message: str) -> Minimum:
        """Return where it ended."""
        loss, gradient = self(W)
        slope = float(np.abs(gradient).max(initial=0))
        return Minimum(
            np.asarray(W, problem.dtype), loss, slope, max(n_iter, len(self.losses)), slope <= self.tol,
            self.stopped, message, self.losses,
        )  # fmt: skip
