"""Small data, and functions of a user's own, that the tests of the estimators share."""

from __future__ import annotations

from typing import Any

import numpy as np

from zanjir.models import (
    LinearSVMClassifier,
    LogisticRegression,
    MLPClassifier,
    MLPRegressor,
    OneVsRestClassifier,
    SoftmaxClassifier,
)

CLASSIFIERS = {
    "logistic": LogisticRegression,
    "one_vs_rest": OneVsRestClassifier,
    "softmax": SoftmaxClassifier,
    "svm": LinearSVMClassifier,
    "perceptron": lambda **facts: MLPClassifier((5,), "tanh", random_state=0, **facts),
}
ALL = {**CLASSIFIERS, "regressor": lambda **facts: MLPRegressor((5,), "tanh", random_state=0, **facts)}


def blobs(n: int = 60, d: int = 3, n_classes: int = 3, seed: int = 0, spread: float = 1.0) -> tuple[Any, Any]:
    """Points about one center per class, which overlap."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % n_classes
    centers = 1.5 * rng.standard_normal((n_classes, d))
    return centers[y] + spread * rng.standard_normal((n, d)), y


def curve(n: int = 60, seed: int = 0) -> tuple[Any, Any]:
    """Numbers that follow a smooth function of three features."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, 3))
    return X, np.sin(X[:, 0]) + 0.5 * X[:, 1] + 0.1 * rng.standard_normal(n)


def samples_for(name: str, **facts: Any) -> tuple[Any, Any]:
    """Return data that suit an estimator of `ALL`."""
    if name == "regressor":
        return curve(**facts)
    return blobs(n_classes=2 if name == "logistic" else 3, **facts)


def huber(predictions: Any, y: Any) -> Any:
    """Quadratic within 1, linear beyond."""
    error = np.abs(predictions - y)
    return np.where(error < 1, error**2 / 2, error - 0.5).sum(axis=1)


def focal(scores: Any, y: Any) -> Any:
    """The softmax loss times (1 - p)^2: samples that are right already count less."""
    e = np.exp(scores - np.max(scores, axis=1, keepdims=True))
    p = (e / np.sum(e, axis=1, keepdims=True))[np.arange(len(y)), y]
    return -((1 - p) ** 2) * np.log(p)


def softplus(z: Any) -> Any:
    """ln(1 + e^z), written so that nothing overflows."""
    return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))


def same_bits(one: Any, two: Any) -> bool:
    """Whether two arrays are the same to the last bit, in the same type."""
    one, two = np.asarray(one), np.asarray(two)
    return one.dtype == two.dtype and one.shape == two.shape and one.tobytes() == two.tobytes()
