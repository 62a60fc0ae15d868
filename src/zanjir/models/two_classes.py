"""Two classes in two ways: a softmax of two scores and one logistic score, each written as the other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
from sklearn.utils.validation import check_is_fitted

from zanjir.errors import DataError, ShapeError
from zanjir.graph import Array
from zanjir.models.linear import LinearClassifier, LogisticRegression, SoftmaxClassifier

__all__ = ["as_logistic", "as_softmax", "logistic_from_softmax", "softmax_from_logistic"]

Estimator = TypeVar("Estimator", bound=LinearClassifier)


def logistic_from_softmax(W: Any, b: Any) -> tuple[Array, float]:
    r"""Return the logistic neuron that gives what a softmax of two classes gives for the second class.

    .. math:: \frac{e^{z_2}}{e^{z_1} + e^{z_2}} = \sigma(z_2 - z_1)

    Parameters
    ----------
    W : array_like (D, 2)
        Weights of the scores ``X @ W + b``, a column for each class.
    b : array_like (2,)
        Biases.

    Returns
    -------
    w : array (D,)
        Weights of the second class minus those of the first: the probability is ``sigmoid(X @ w + b)``.
    b : float
        Its bias.

    Raises
    ------
    ShapeError
        If there are not two scores.

    References
    ----------
    The lectures' homework 3; `zanjir explain homework-3` proves it.

    Examples
    --------
    >>> logistic_from_softmax([[1.0, 3.0], [0.5, 0.0]], [0.0, 1.0])
    (array([ 2. , -0.5]), 1.0)
    """
    W, b = np.asarray(W), np.asarray(b)
    if W.ndim != 2 or W.shape[1] != 2 or b.shape != (2,):
        raise ShapeError(f"W has shape {W.shape} and b {b.shape}; expected (D, 2) and (2,), a column for each class.")
    return W[:, 1] - W[:, 0], (b[1] - b[0]).item()


def softmax_from_logistic(w: Any, b: Any, v: Any = 0.0, c: float = 0.0) -> tuple[Array, Array]:
    """Return a softmax of two classes whose second probability is that of a logistic neuron.

    Parameters
    ----------
    w : array_like (D,)
        Weights of the neuron: the probability of the second class is ``sigmoid(X @ w + b)``.
    b : float
        Its bias.
    v : array_like (D,) or float
        Weights of the first class. Any will do: both scores change by the same, and only their difference counts.
    c : float
        Bias of the first class, of which the same is true.

    Returns
    -------
    W : array (D, 2)
        The columns ``v`` and ``v + w``.
    b : array (2,)
        ``c`` and ``c + b``.

    Raises
    ------
    ShapeError
        If ``w`` is no vector, ``b`` or ``c`` no number, or ``v`` does not fit.

    Examples
    --------
    >>> W, b = softmax_from_logistic([2.0, -0.5], 1.0, v=[1.0, 0.5])
    >>> W.tolist(), b.tolist()
    ([[1.0, 3.0], [0.5, 0.0]], [0.0, 1.0])
    """
    w, v = np.asarray(w), np.asarray(v)
    if w.ndim != 1 or np.ndim(b) or np.ndim(c):
        shapes = f"w has shape {w.shape}, b {np.shape(b)} and c {np.shape(c)}"
        raise ShapeError(f"{shapes}; expected (D,) and two numbers, of one neuron.")
    if v.shape not in ((), w.shape):
        raise ShapeError(f"v has shape {v.shape}; expected a number or {w.shape}, as w has.")
    first = np.broadcast_to(v, w.shape)
    return np.stack([first, first + w], axis=1), np.array([c, c + b])


def as_logistic(model: SoftmaxClassifier) -> LogisticRegression:
    """Return a fitted softmax classifier of two classes as logistic regression with the same probabilities.

    Parameters
    ----------
    model : SoftmaxClassifier
        Fitted.

    Raises
    ------
    DataError, sklearn.exceptions.NotFittedError
        If it has other than two classes, or is not fitted.

    Examples
    --------
    >>> model = SoftmaxClassifier().fit([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])
    >>> as_logistic(model).predict([[0.5], [2.5]])
    array([0, 1])
    """
    check_is_fitted(model, "model_")
    if len(model.classes_) != 2:
        raise DataError(f"the model has {len(model.classes_)} classes; one logistic neuron tells two apart.")
    w, b = logistic_from_softmax(model.coef_.T, model.intercept_)
    return fitted_like(model, LogisticRegression(**model.get_params()), w[:, None], np.array([b]))


def as_softmax(model: LogisticRegression) -> SoftmaxClassifier:
    """Return fitted logistic regression as a softmax classifier with the same probabilities.

    Parameters
    ----------
    model : LogisticRegression
        Fitted.

    Raises
    ------
    sklearn.exceptions.NotFittedError
        If it is not fitted.

    Examples
    --------
    >>> model = LogisticRegression().fit([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])
    >>> as_softmax(model).coef_.shape
    (2, 1)
    """
    check_is_fitted(model, "model_")
    W, b = softmax_from_logistic(model.coef_[0], model.intercept_.item())
    return fitted_like(model, SoftmaxClassifier(**model.get_params()), W, b)


def fitted_like(model: LinearClassifier, other: Estimator, W: Array, b: Array) -> Estimator:
    """Give an estimator the classes and features of a fitted one, and weights of its own; it has seen no loss."""
    for name in ("classes_", "n_features_in_", "feature_names_in_"):
        if hasattr(model, name):
            setattr(other, name, getattr(model, name))
    before = model.model_.problem
    problem = replace(before, network=other.network_of(len(b)), loss=other.loss_row(), n_outputs=len(b))
    other.model_ = other.model_of(problem, np.concatenate([W.ravel(), b]).astype(before.dtype))
    return other
