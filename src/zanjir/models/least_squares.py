r"""Least squares: lines, planes and polynomials, in closed form or by gradient descent.

Everything here minimizes J, the sum of the squares of the errors (not their mean), plus alpha times the sum of the
squared coefficients, the intercepts left out:

.. math:: J(W, b) = \sum_i v_i \lVert x_i W + b - y_i \rVert^2 + \alpha \lVert W \rVert^2

where v is the sample weight.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, Self

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted

from zanjir.data import PolynomialFeatures
from zanjir.data._checks import amount, real, whole
from zanjir.errors import DataError, NonFiniteError, ParameterError, choose
from zanjir.graph import Array, gradient, tensor
from zanjir.models.base import Estimator, checked_inputs, checked_samples, dense, weights_of
from zanjir.program.function import Function
from zanjir.program.printing import compiled, function_text, helpers_text, module_text

__all__ = ["LeastSquares", "PolynomialFit"]

SOLVERS = {"closed": "closed", "descent": "descent"}
Objective = Callable[[Array], tuple[Any, Array]]


class LeastSquares(RegressorMixin, Estimator):  # type: ignore[misc] # scikit-learn ships no types
    """Linear fit that minimizes the sum of the squares of the errors, and reports what the data do not determine.

    Parameters
    ----------
    alpha : float
        Factor of the sum of the squared coefficients (ridge); the intercept is free. Above 0, the solution is unique.
    fit_intercept : bool
        Whether there is an intercept.
    solver : {"closed", "descent"}
        The closed form, by singular values; or gradient descent on all samples, from coefficients of 0.
    learning_rate : float, optional
        Step of the descent; by default 1 / L, where L is the largest curvature of J, which cannot diverge.
    max_iter : int
        Most steps of the descent.
    tol : float
        The descent ends when no element of the gradient is larger than ``tol`` times the largest at the start.

    Attributes
    ----------
    coef_ : array of shape (D,), or (K, D) if y is (N, K)
        The coefficients. If the data do not determine them, the closed form gives those of least norm.
    intercept_ : float, or array of shape (K,)
        The intercept; 0 if there is none.
    loss_ : float
        J: the sum of the squares, and of the penalty.
    rank_ : int
        How many coefficients the data determine, the intercept among them.
    singular_values_ : array
        Those of X, less its mean if there is an intercept, with each row times the root of its weight.
    n_iter_ : int
        Number of steps; 1 in closed form.
    loss_curve_ : list of float
        J after each step of the descent.

    References
    ----------
    Golub and Van Loan (2013), Matrix Computations, 4th edition, section 5.5.

    Examples
    --------
    >>> line = LeastSquares().fit([[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 2.0, 5.0])
    >>> print(line.coef_.round(6), round(line.intercept_, 6), round(line.loss_, 6))
    [1.1] 1.1 2.7
    """

    takes_sparse = True

    def __init__(
        self,
        alpha: float = 0.0,
        *,
        fit_intercept: bool = True,
        solver: str = "closed",
        learning_rate: float | None = None,
        max_iter: int = 10_000,
        tol: float = 1e-8,
    ) -> None:
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.solver = solver
        self.learning_rate = learning_rate
        self.max_iter = max_iter
        self.tol = tol

    def __sklearn_tags__(self) -> Any:
        """Return what scikit-learn asks of an estimator."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the coefficients.

        Parameters
        ----------
        X : array of shape (N, D)
            One sample per row.
        y : array of shape (N,) or (N, K)
            Numbers.
        sample_weight : array of shape (N,), optional
            Factors of the squares: a sample of weight 2 is two samples, one of weight 0 is not there.

        Raises
        ------
        ValueError
            If they cannot be used; of a parameter, a `ParameterError`, which is one too.
        NonFiniteError
            If the descent leaves the range of numbers, because ``learning_rate`` is too large.

        Warns
        -----
        numpy.exceptions.RankWarning
            If alpha is 0, and the data do not determine all coefficients.
        sklearn.exceptions.ConvergenceWarning
            If the descent has not ended after ``max_iter`` steps.
        """
        X, y = checked_samples(self, X, y, y_numeric=True, multi_output=True)
        X = dense(X)
        self.check_parameters()
        given = weights_of(len(X), sample_weight)
        weights = np.ones(len(X)) if given is None else given
        here = weights > 0
        features, targets = self.features(X)[here], np.asarray(y, np.float64).reshape(len(X), -1)[here]
        W, b = self.fitted(features, targets, weights[here])
        errors = features @ W + b - targets
        self.loss_ = float(np.sum(weights[here, None] * errors**2) + np.sum((np.sqrt(self.alpha) * W) ** 2))
        self.coef_: Array
        self.intercept_: Any
        self.coef_, self.intercept_ = (W[:, 0], float(b[0])) if np.ndim(y) == 1 else (W.T.copy(), b)
        return self

    def predict(self, X: Any) -> Array:
        """Return the fitted number, or K of them, for each row; in float32 if X is."""
        check_is_fitted(self)
        X = dense(checked_inputs(self, X))
        return np.asarray(self.features(X) @ self.coef_.T + self.intercept_, X.dtype)

    def features(self, X: Array) -> Array:
        """Return what the coefficients belong to, in float64."""
        return np.asarray(X, np.float64)

    def check_parameters(self) -> None:
        """Refuse parameters outside their ranges."""
        amount("alpha", self.alpha)
        choose("solver", self.solver, SOLVERS)
        whole("max_iter", self.max_iter, 1)
        amount("tol", self.tol)
        if self.learning_rate is not None and not 0 < real(self.learning_rate) < np.inf:
            raise ParameterError(f"learning_rate must be a finite number above 0; got {self.learning_rate!r}.")

    def fitted(self, X: Array, Y: Array, weights: Array) -> tuple[Array, Array]:
        """Return coefficients (D, K) and intercepts (K,)."""
        centers = np.zeros(X.shape[1]), np.zeros(Y.shape[1])
        if self.fit_intercept:
            centers = np.average(X, axis=0, weights=weights), np.average(Y, axis=0, weights=weights)
        root = np.sqrt(weights)[:, None]
        A, B = root * (X - centers[0]), root * (Y - centers[1])
        if self.fit_intercept:
            A[:, X.min(axis=0) == X.max(axis=0)] = 0  # their mean is rounded, and what is left over is no feature
        U, s, Vt = np.linalg.svd(A, full_matrices=False)
        determined = s > np.finfo(np.float64).eps * max(A.shape) * s[0]
        self.singular_values_, self.rank_ = s, int(determined.sum()) + bool(self.fit_intercept)
        self.report_rank(len(X), X.shape[1] + bool(self.fit_intercept))
        if self.solver == "descent":
            return self.descended(X, Y, weights)
        # s / (s^2 + alpha), whose square would leave the range of numbers before s does.
        inverse = np.divide(1, s, out=np.zeros_like(s), where=determined)
        shrunk = np.divide(1, s + self.alpha * inverse, out=np.zeros_like(s), where=determined)
        W = Vt.T @ (shrunk[:, None] * (U.T @ B))
        self.n_iter_ = 1
        return W, centers[1] - centers[0] @ W

    def report_rank(self, n_samples: int, n_coefficients: int) -> None:
        """Warn of coefficients that nothing determines."""
        if self.alpha == 0 and self.rank_ < n_coefficients:
            warnings.warn(
                f"{n_samples} samples determine {self.rank_} of {n_coefficients} coefficients: the rank is "
                f"{self.rank_} < {n_coefficients}, and others fit equally well; add samples, leave out features that "
                "follow from others, scale features of very different sizes, or set alpha above 0.",
                np.exceptions.RankWarning,
                stacklevel=4,
            )

    def descended(self, X: Array, Y: Array, weights: Array) -> tuple[Array, Array]:
        """Go down from coefficients of 0, a step of learning_rate times the gradient of J at a time."""
        n_features, alpha = X.shape[1], np.full((X.shape[1], 1), float(self.alpha))
        if self.fit_intercept:
            X, alpha = np.column_stack([X, np.ones(len(X))]), np.append(alpha, [[0.0]], axis=0)
        objective, W = objective_of(X, Y, weights, alpha), np.zeros((X.shape[1], Y.shape[1]))
        curvature = 2 * (np.linalg.norm(np.sqrt(weights)[:, None] * X, 2) ** 2 + self.alpha)
        rate = self.learning_rate or 1 / max(float(curvature), np.finfo(np.float64).tiny)
        _, dW = objective(W)
        enough, self.loss_curve_ = self.tol * np.abs(dW).max(), []
        with np.errstate(over="ignore", invalid="ignore"):
            for _ in range(self.max_iter):
                W -= rate * dW
                J, dW = objective(W)
                self.loss_curve_.append(float(J))
                if not np.isfinite(J) or np.abs(dW).max() <= enough:
                    break
        self.n_iter_ = len(self.loss_curve_)
        self.report_end(np.abs(dW).max(), enough, rate, float(curvature))
        return W[:n_features], W[n_features] if self.fit_intercept else np.zeros(Y.shape[1])

    def report_end(self, slope: float, enough: float, rate: float, curvature: float) -> None:
        """Raise if the descent went up without end, and warn if it has not come to its end."""
        if not np.isfinite(self.loss_curve_[-1]):
            raise NonFiniteError(
                f"J is {self.loss_curve_[-1]} after {self.n_iter_} steps with learning_rate={rate:g}; expected a rate "
                f"below 2 / L = {2 / curvature:.3g}, where L is the largest curvature of J; leave it out to have 1 / L."
            )
        if slope > enough:
            warnings.warn(
                f"the descent stopped at max_iter={self.max_iter} with a slope of {slope:.3g}, expected {enough:.3g}; "
                'increase max_iter, scale the features, or use solver="closed".',
                ConvergenceWarning,
                stacklevel=5,
            )


class PolynomialFit(LeastSquares):
    """Polynomial of one or several features that minimizes the sum of the squares of the errors.

    It is `LeastSquares` on all products of features of at most a degree.

    Parameters
    ----------
    degree : int
        The largest number of factors, from 1.
    alpha, fit_intercept, solver, learning_rate, max_iter, tol
        As for `LeastSquares`.

    Attributes
    ----------
    products_ : tuple of str
        The products that the coefficients belong to, from low to high degree; the constant is the intercept.
    coef_, intercept_, loss_, rank_, singular_values_, n_iter_, loss_curve_
        As for `LeastSquares`.

    Examples
    --------
    >>> curve = PolynomialFit(2).fit([[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 2.0, 5.0])
    >>> print(curve.products_, curve.coef_.round(6), round(curve.intercept_, 6), round(curve.loss_, 6))
    ('x1', 'x1^2') [0.35 0.25] 1.35 2.45
    """

    def __init__(
        self,
        degree: int = 2,
        *,
        alpha: float = 0.0,
        fit_intercept: bool = True,
        solver: str = "closed",
        learning_rate: float | None = None,
        max_iter: int = 10_000,
        tol: float = 1e-8,
    ) -> None:
        super().__init__(
            alpha,
            fit_intercept=fit_intercept,
            solver=solver,
            learning_rate=learning_rate,
            max_iter=max_iter,
            tol=tol,
        )
        self.degree = degree

    @property
    def products_(self) -> tuple[str, ...]:
        """The products that the coefficients belong to."""
        check_is_fitted(self)
        return PolynomialFeatures(self.n_features_in_, self.degree).names[1:]

    def check_parameters(self) -> None:
        """Refuse parameters outside their ranges."""
        super().check_parameters()
        whole("degree", self.degree, 1)

    def features(self, X: Array) -> Array:
        """Return the products, without the constant."""
        with np.errstate(over="ignore"):
            products = PolynomialFeatures(X.shape[1], self.degree)(np.asarray(X, np.float64))[:, 1:]
        if not np.isfinite(products).all():
            raise DataError(
                f"X holds {np.abs(X).max():g}, of which degree {self.degree} is no finite number; scale the features."
            )
        return products


def objective_of(X: Array, Y: Array, weights: Array, alpha: Array) -> Objective:
    """Return the function from W to J and its gradient: the program of the graph of J."""
    leaves = {"X": X, "Y": Y, "v": weights[:, None], "alpha": alpha, "W": np.zeros((X.shape[1], Y.shape[1]))}
    nodes = {name: tensor(value, name) for name, value in leaves.items()}
    W = nodes["W"]
    J: Any = np.sum(nodes["v"] * (nodes["X"] @ W - nodes["Y"]) ** 2) + np.sum(nodes["alpha"] * W**2)
    function = Function("objective", nodes, {"J": J, "dW": gradient(J, W)})
    text = module_text([*helpers_text([function]), function_text(function)])
    run = compiled(text, "<least squares>")["objective"]
    given = {name: leaves[name] for name in function.arguments if name != "W"}
    return lambda W: run(W=W, **given)
