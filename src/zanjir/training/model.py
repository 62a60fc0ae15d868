"""A trained model: a network, its parameters, and what it needs to read raw data and to name its answers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from zanjir.data.table import Table
from zanjir.data.table_preparation import TablePreparation
from zanjir.errors import DataError, NonFiniteError, ParameterError, ShapeError
from zanjir.graph import Array
from zanjir.nn import Loss
from zanjir.program import Problem, Scorer, labels_from

__all__ = ["Metrics", "Model", "Preparation", "labels_from", "r_squared"]


@dataclass(frozen=True)
class Metrics:
    """How well a model does on a data set.

    Parameters
    ----------
    loss : float
        Mean loss per sample, without the penalty.
    accuracy : float or None
        Share of right labels in [0, 1]; None for regression.
    r2 : float or None
        Share of the target's variance that is explained; None for classification.
    """

    loss: float
    accuracy: float | None = None
    r2: float | None = None

    @property
    def test_score(self) -> dict[str, float | None]:
        """The score beside the loss, under its name among the results of a test."""
        return {"test_r2": self.r2} if self.accuracy is None else {"test_accuracy": self.accuracy}


@dataclass(frozen=True)
class Preparation:
    """How raw inputs become the network's: (X - offset) / scale, with one offset and one scale for all features.

    Examples
    --------
    >>> Preparation(offset=1.0, scale=2.0)(np.array([[5.0]]), np.float32)
    array([[2.]], dtype=float32)
    """

    offset: float = 0.0
    scale: float = 1.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.offset) and math.isfinite(self.scale) and self.scale > 0):
            raise ParameterError(f"{self}: expected a finite offset and a finite scale above 0.")

    def __call__(self, X: Array, dtype: Any) -> Array:
        """Return prepared inputs; infinite where a number is too large for ``dtype``."""
        with np.errstate(over="ignore", invalid="ignore"):
            return np.asarray((X - self.offset) / self.scale, dtype)


@dataclass(frozen=True, repr=False)
class Model:
    """A network with parameters.

    Parameters
    ----------
    problem : Problem
        The network, its loss and its shapes.
    W : array of shape (P,)
        The flat parameter vector.
    classes : tuple of str
        Names of the classes; empty for regression.
    preparation : Preparation
        What is done to raw inputs first.
    image_shape : tuple of int, optional
        The shape in which a row of inputs is a picture.
    columns : TablePreparation, optional
        For a model of a table: how its columns become raw inputs, and the unit of what is predicted. Wherever raw
        inputs are taken, a `Table` may be given then.

    Raises
    ------
    ShapeError
        If parameters, classes, pictures or columns do not fit the network.
    """

    problem: Problem
    W: Array
    classes: tuple[str, ...] = ()
    preparation: Preparation = Preparation()
    image_shape: tuple[int, ...] | None = None
    columns: TablePreparation | None = None

    def __post_init__(self) -> None:
        problem, n_classes = self.problem, len(self.classes)
        problem.layout.views(self.W)  # refuses another length
        if n_classes and problem.loss.n_outputs(n_classes) != problem.n_outputs:
            raise ShapeError(
                f"{n_classes} classes need {problem.loss.n_outputs(n_classes)} scores with {problem.loss.name} loss, "
                f"and the network gives {problem.n_outputs}."
            )
        if self.image_shape and math.prod(self.image_shape) != problem.in_features:
            raise ShapeError(f"image_shape {self.image_shape} does not hold {problem.in_features} features.")
        if self.columns and len(self.columns.feature_names) != problem.in_features:
            raise ShapeError(
                f"the columns become {len(self.columns.feature_names)} features, and the network takes "
                f"{problem.in_features}."
            )
        if self.columns and self.columns.target.classes != self.classes:
            raise ShapeError(f"the target's classes {self.columns.target.classes} are not the model's {self.classes}.")

    def __repr__(self) -> str:
        task = f"{len(self.classes)} classes" if self.classes else "regression"
        return (
            f"Model({self.problem.sizes}, {self.problem.loss.name} loss, {task}, {self.problem.n_learned:,} parameters)"
        )

    @property
    def parameters(self) -> dict[str, Array]:
        """W1, b1, W2, ... as views of the flat vector."""
        return self.problem.layout.views(self.W)

    def prepared(self, X: Any) -> Array:
        """Return raw inputs (N, D) as the network takes them.

        Raises
        ------
        ShapeError, DataError
            If the number of features differs, or an input is not a finite number.
        """
        expected = self.problem.in_features
        if isinstance(X, Table):
            X = self.features(X)
        try:
            raw = np.asarray(X)
        except ValueError as error:
            raise ShapeError(f"X is no array of shape (N, {expected}): its rows differ in length.") from error
        if raw.ndim != 2 or raw.shape[1] != expected:
            raise ShapeError(
                f"X is {raw.shape}, expected (N, {expected}): this model was trained on {expected} features."
            )
        if raw.dtype.kind not in "fiub":
            raise DataError(f"X holds {raw.dtype} data, expected numbers.")
        prepared = self.preparation(raw, self.problem.dtype)
        wrong = np.argwhere(~np.isfinite(prepared))
        if len(wrong):
            row, column = wrong[0]
            raise DataError(
                f"X[{row}, {column}] is {raw[row, column]}, expected a finite number within {prepared.dtype}."
            )
        return prepared

    def features(self, table: Table) -> Array:
        """Return the raw inputs (N, D) that a table's rows become.

        Raises
        ------
        DataError
            If the model was not trained on a table, or the table has not the columns of the training.
        """
        if self.columns is None:
            raise DataError(f"{table.name} is a table, and this model was trained on other data; give it arrays.")
        return self.columns(table)

    def learned_targets(self, y: Array) -> Array:
        """Return labels, or numbers in the unit in which they are learned."""
        return self.columns.target.standardized(np.asarray(y)) if self.columns else np.asarray(y)

    def scores(self, X: Any) -> Array:
        """Return the scores (N, C) of raw inputs.

        Raises
        ------
        ShapeError, DataError
            If the inputs do not fit the model.
        NonFiniteError
            If inputs or parameters are so large that a score is no finite number.
        """
        prepared = self.prepared(X)
        with np.errstate(over="ignore", invalid="ignore"):  # the scores are looked at below
            scores = Scorer(self.problem, self.W)(prepared)[0]
        wrong = np.argwhere(~np.isfinite(scores))
        if len(wrong):
            row, column = wrong[0]
            raise NonFiniteError(
                f"score [{row}, {column}] is {scores[row, column]}, expected a finite number; "
                f"the largest parameter is {np.abs(self.W).max():g}, the largest input {np.abs(prepared).max():g}."
            )
        return scores

    def predict(self, X: Any) -> Array:
        """Return labels in [0, C) for raw inputs, or predicted numbers."""
        scores = self.scores(X)
        if self.classes:
            return labels_from(scores)
        numbers = self.columns.target.restored(scores) if self.columns else scores
        return numbers.squeeze(1) if scores.shape[1] == 1 else numbers

    def predict_proba(self, X: Any) -> Array | None:
        """Return the probability (N, C) of each class, where the loss gives one.

        Softmax rows sum to 1; the sigmoids of one-vs-rest are independent and need not.
        """
        return probabilities(self.problem.loss, self.scores(X).astype(np.float64)) if self.classes else None

    def evaluate(self, X: Any, y: Array) -> Metrics:
        """Return loss and accuracy (or R^2) on raw inputs with their labels (or numbers).

        The loss is that of the training: where the numbers of a table are learned standardized, of standardized ones.

        Raises
        ------
        ShapeError, DataError
            If inputs or targets do not fit the model, or each other.
        NonFiniteError
            If the loss is no finite number.
        """
        prepared, targets = self.prepared(X), self.learned_targets(y)
        if not len(prepared) or targets.shape[:1] != prepared.shape[:1]:
            raise ShapeError(f"X is {prepared.shape} and y is {targets.shape}; expected one y per row of X, N >= 1.")
        return measured(Scorer(self.problem, self.W), prepared, targets, len(self.classes))


def encoded(problem: Problem, y: Array, n_classes: int) -> Array:
    """Return labels, or numbers if there are no classes, as a problem's loss takes them.

    Raises
    ------
    ShapeError, DataError
        If they do not fit the problem.
    """
    if n_classes:
        return problem.loss.encode(labels(y, n_classes), n_classes)
    targets = np.asarray(y, problem.dtype).reshape(len(y), -1)
    if targets.shape[1] != problem.n_outputs:
        raise ShapeError(f"y is {y.shape}; expected (N, {problem.n_outputs}), one number per output.")
    return targets


def labels(y: Array, n_classes: int) -> Array:
    """Return labels if they are labels: nothing here would notice later that one counts from the end."""
    if y.ndim != 1:
        raise ShapeError(f"y is {y.shape}; expected (N,), one label per sample.")
    if y.dtype.kind not in "iu":
        raise DataError(f"y holds {y.dtype} data, expected labels: integers in [0, {n_classes}).")
    wrong = np.flatnonzero((y < 0) | (y >= n_classes))
    if len(wrong):
        raise DataError(f"y[{wrong[0]}] is {y[wrong[0]]}, expected an integer in [0, {n_classes}).")
    return y


def measured(scorer: Scorer, X: Array, y: Array, n_classes: int, weights: Array | None = None) -> Metrics:
    """Return the metrics of prepared inputs; a sample of weight 2 counts as two samples."""
    with np.errstate(over="ignore", invalid="ignore"):  # the loss is looked at below
        scores, losses = scorer(X, encoded(scorer.problem, y, n_classes))
    loss = float(np.average(losses.astype(np.float64), weights=weights))
    if not math.isfinite(loss):
        raise NonFiniteError(
            f"the loss on {len(X)} samples is {loss}, expected a finite number. Train with a smaller learning rate."
        )
    if n_classes:
        return Metrics(loss, accuracy=float(np.average(labels_from(scores) == y, weights=weights)))
    return Metrics(loss, r2=r_squared(scores, np.asarray(y).reshape(len(y), -1), weights))


def probabilities(loss: Loss, scores: Array) -> Array | None:
    """Return probabilities of the classes from scores."""
    from zanjir.gates import sigmoid, softmax

    if loss.probability == "softmax":
        return np.asarray(softmax.forward(scores, axis=1))
    if loss.probability == "sigmoid":
        p = np.asarray(sigmoid.forward(scores))
        return np.hstack([1 - p, p]) if p.shape[1] == 1 else p
    return None


def r_squared(predicted: Array, y: Array, weights: Array | None = None) -> float:
    """Return 1 - (squared error) / (squared deviation from the mean), over all outputs."""
    each = np.ones((len(y), 1)) if weights is None else weights[:, None]
    left = float(np.sum(each * (y - predicted) ** 2, dtype=np.float64))
    total = float(np.sum(each * (y - np.average(y, axis=0, weights=weights)) ** 2, dtype=np.float64))
    return 1 - left / total if total else float(left == 0)
