"""Scores of a trained model beside accuracy and R^2, and those of guessing, through scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np

from zanjir.graph import Array
from zanjir.training.model import Model, r_squared

__all__ = ["baseline_scores", "further_scores"]


def further_scores(model: Model, X: Any, y: Array) -> dict[str, float]:
    """Return the scores of a model beside accuracy and R^2, on samples it has not learned from.

    Parameters
    ----------
    X, y : arrays of shape (N, D) and (N,)
        Raw inputs, and labels or numbers in the target's own unit.

    Returns
    -------
    dict
        Classes: balanced accuracy (mean recall), F1 (mean over the classes) and, where the model gives
        probabilities, log loss in nats and the area under the ROC curve, which needs samples of each class and is the
        mean over the classes against the others where there are more than two. Numbers: root of the mean squared
        error and mean absolute error, in the target's unit.

    Examples
    --------
    >>> from zanjir.nn import LOSSES, mlp
    >>> from zanjir.program import Problem
    >>> line = Model(Problem(mlp([], 1), LOSSES["squared_error"], 1, 1), np.array([2.0, 0.0], np.float32))
    >>> further_scores(line, [[1.0], [2.0]], np.array([3.0, 3.0]))
    {'rmse': 1.0, 'mae': 1.0}
    """
    predicted = model.predict(X)
    if not model.classes:
        return number_scores(y, predicted)
    return {**label_scores(y, predicted), **probability_scores(y, model.predict_proba(X))}


def label_scores(y: Array, predicted: Array) -> dict[str, float]:
    """Return the scores of predicted labels."""
    from sklearn.metrics import f1_score, recall_score

    # Over the classes that are there: one that is only predicted has no recall.
    recall = recall_score(y, predicted, labels=np.unique(y), average="macro")
    f1 = f1_score(y, predicted, average="macro", zero_division=0)
    return {"balanced_accuracy": float(recall), "f1_macro": float(f1)}


def probability_scores(y: Array, p: Array | None) -> dict[str, float]:
    """Return the scores of probabilities (N, C), as far as they are defined."""
    from sklearn.metrics import log_loss, roc_auc_score

    if p is None:
        return {}
    classes = np.arange(p.shape[1])
    total = p.sum(axis=1, keepdims=True)  # the sigmoids of one against the rest need not sum to 1
    p = np.divide(p, total, out=np.full_like(p, 1 / len(classes)), where=total > 0)
    scores = {"log_loss": float(log_loss(y, p, labels=classes))}
    if len(np.unique(y)) < len(classes):
        return scores
    given = p[:, 1] if len(classes) == 2 else p
    return {**scores, "roc_auc": float(roc_auc_score(y, given, multi_class="ovr", labels=classes))}


def number_scores(y: Array, predicted: Array) -> dict[str, float]:
    """Return the scores of predicted numbers beside R^2."""
    from sklearn.metrics import mean_absolute_error, root_mean_squared_error

    return {
        "rmse": float(root_mean_squared_error(y, predicted)),
        "mae": float(mean_absolute_error(y, predicted)),
    }


def baseline_scores(train_y: Array, y: Array, classes: tuple[str, ...]) -> dict[str, float]:
    """Return what guessing scores: always the most frequent class, or the mean, of the training part.

    Parameters
    ----------
    train_y, y : arrays of shape (M,) and (N,)
        Targets of the training part and of the test.

    Examples
    --------
    >>> baseline_scores(np.array([0, 1, 1]), np.array([1, 0, 1, 1]), ("no", "yes"))
    {'accuracy': 0.75}
    """
    if classes:
        return {"accuracy": float(np.mean(y == np.bincount(train_y).argmax()))}
    guess = np.full(len(y), train_y.mean())
    return {"r2": r_squared(guess, y), **number_scores(y, guess)}
