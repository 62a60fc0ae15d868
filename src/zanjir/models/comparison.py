"""All classifiers of the lectures on one split of one data set: how well, how long, and how large."""

from __future__ import annotations

import re
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from zanjir.data import Dataset
from zanjir.errors import choose
from zanjir.graph import Array
from zanjir.training import Parts
from zanjir.training.scores import label_scores

__all__ = ["GUESSING", "Compared", "candidates", "compare", "lecture_models"]

GUESSING = "guessing"
PREDICTIONS = 3  # the least time of so many counts: other programs can only add to it


@dataclass(frozen=True)
class Candidate:
    """An estimator by the name of its class, with its settings and what a figure calls it.

    It is one of this room, or scikit-learn's that only guesses.
    """

    estimator: str
    settings: Mapping[str, Any]
    title: str = ""

    def __call__(self, seed: int = 0) -> Any:
        """Return a new estimator; the seed is for those that draw numbers."""
        import sklearn.dummy

        import zanjir.models

        room = zanjir.models if self.estimator in zanjir.models.__all__ else sklearn.dummy
        model = getattr(room, self.estimator)(**self.settings)
        return model.set_params(random_state=seed) if "random_state" in model.get_params(deep=False) else model


@dataclass(frozen=True)
class Compared:
    """One model on one split.

    Parameters
    ----------
    name : str
        What the model is called.
    measure : str
        ``"accuracy"`` in [0, 1], or ``"R²"`` for regression.
    train, validation, test : float
        The measure on each part; None where there is no validation part.
    balanced_accuracy : float or None
        Mean recall of the classes in the test part; None for regression.
    fit_seconds, predict_seconds : float
        Time to fit, and to predict the test part.
    parameters : int or None
        Learned numbers; None for nearest neighbors, which keep the samples instead.
    note : str
        What the model warned of, such as that it did not converge.
    model : object
        The fitted estimator.
    """

    name: str
    measure: str
    train: float
    validation: float | None
    test: float
    balanced_accuracy: float | None
    fit_seconds: float
    predict_seconds: float
    parameters: int | None
    note: str
    model: Any

    def as_dict(self) -> dict[str, Any]:
        """Return everything but the model, ready for JSON."""
        return {
            "name": self.name,
            "measure": self.measure,
            "train": self.train,
            "validation": self.validation,
            "test": self.test,
            "balanced_accuracy": self.balanced_accuracy,
            "fit_seconds": self.fit_seconds,
            "predict_seconds": self.predict_seconds,
            "parameters": self.parameters,
            "note": self.note,
        }


def candidates(*, classification: bool = True) -> Mapping[str, Candidate]:
    """Return what is compared, by name; ``guessing`` is the baseline, the most frequent class or the mean.

    Examples
    --------
    >>> list(candidates())[:3]
    ['guessing', 'knn-1', 'knn-5']
    """
    return CLASSIFIERS if classification else REGRESSORS


def lecture_models() -> Mapping[str, Candidate]:
    """Return the models whose decision boundaries the lectures draw, by name.

    A linear model, networks of 3, 6 and 20 hidden units, nearest neighbors with k = 1 and 5, and a network of 20
    hidden units with a weak, a middle and a strong penalty.
    """
    return BOUNDARIES


def compare(parts: Parts, names: Sequence[str] | None = None, *, seed: int = 0) -> Iterator[Compared]:
    """Fit models one after the other on the same samples, and yield what is found as soon as it is.

    Inputs are divided by the data's scale, as the lectures do: pixels come to [0, 1]. A table's columns and its target,
    if that is a number, are standardized.

    Parameters
    ----------
    parts : Parts
        A data set, divided.
    names : sequence of str, optional
        Names among `candidates`; all if not given.
    seed : int
        Fixes everything random.

    Raises
    ------
    ParameterError
        If there is no such model; before anything is fitted.

    Examples
    --------
    >>> from zanjir.data import moons
    >>> from zanjir.training import divide
    >>> (row,) = compare(divide(moons(200), validation_share=0), ["knn-1"])
    >>> row.train, row.parameters
    (1.0, None)
    """
    known = dict(candidates(classification=parts.train.is_classification))
    makers = {name: choose("model", name, known) for name in (names or known)}
    return (measured(name, make(seed), parts) for name, make in makers.items())


def measured(name: str, model: Any, parts: Parts) -> Compared:
    """Fit a model and measure it."""
    X = inputs(parts.train)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        start = time.perf_counter()
        model.fit(X, targets(parts.train))
        fit_seconds = time.perf_counter() - start
    scores = {part: score(model, data) for part, data in vars(parts).items() if data is not None}
    return Compared(
        name,
        "accuracy" if parts.train.is_classification else "R²",
        scores["train"],
        scores.get("validation"),
        scores["test"],
        balanced_accuracy(model, parts.test),
        fit_seconds,
        predict_seconds(model, inputs(parts.test)),
        n_parameters(model),
        short(caught[0].message) if caught else "",
        model,
    )


def inputs(data: Dataset) -> Array:
    """Return the inputs as all models take them."""
    X = data.X if data.X.dtype.kind == "f" else data.X.astype(np.float32)
    return X / X.dtype.type(data.scale)


def targets(data: Dataset) -> Array:
    """Return the targets as all models take them: numbers of a table standardized, one column as a vector."""
    y: Array = data.columns.target.standardized(data.y) if data.columns else data.y
    return y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y


def score(model: Any, data: Dataset) -> float:
    """Return accuracy or R^2."""
    return float(model.score(inputs(data), targets(data)))


def balanced_accuracy(model: Any, data: Dataset) -> float | None:
    """Return the mean recall of the classes."""
    return label_scores(data.y, model.predict(inputs(data)))["balanced_accuracy"] if data.is_classification else None


def predict_seconds(model: Any, X: Array) -> float:
    """Return the least time of several predictions."""
    seconds = []
    for _ in range(PREDICTIONS):
        start = time.perf_counter()
        model.predict(X)
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def n_parameters(model: Any) -> int | None:
    """Return how many numbers a model has learned; None if it keeps the samples instead."""
    for weights, biases in (("coefs_", "intercepts_"), ("coef_", "intercept_")):
        if hasattr(model, weights):
            arrays = [getattr(model, weights), getattr(model, biases)]
            return sum(
                int(np.size(part)) for group in arrays for part in (group if isinstance(group, list) else [group])
            )
    return None


def short(message: Warning | str) -> str:
    """Return what a warning says first, without the name of the estimator, which stands before it in a table.

    >>> short("MLPClassifier: 5 iterations of 0.1 were not enough (STOP: LIMIT). Raise max_iter.")
    '5 iterations of 0.1 were not enough'
    """
    first = re.split(r"\. |; | \(", " ".join(str(message).split()))[0].rstrip(".")
    return re.sub(r"^\w+: ", "", first)


def knn(k: int, kind: str = "KNeighborsClassifier") -> Candidate:
    """Return nearest neighbors."""
    return Candidate(kind, {"n_neighbors": k}, f"nearest neighbors, k = {k}")


def network(*hidden: int, title: str = "", **settings: Any) -> Candidate:
    """Return a network with given hidden sizes."""
    return Candidate("MLPClassifier", {"hidden_layer_sizes": hidden, **settings}, title)


def in_the_plane(n: int, title: str, **settings: Any) -> Candidate:
    """Return a network for a few hundred points in the plane.

    L-BFGS goes to the bottom in a second, so that what is seen is the capacity; tanh has smooth boundaries, and
    fewer valleys to be caught in than relu.
    """
    return network(n, title=title, activation="tanh", solver="L-BFGS-B", max_iter=1000, **settings)


CONJUGATE: Mapping[str, Any] = {"activation": "tanh", "solver": "CG", "max_iter": 200}
CLASSIFIERS: Mapping[str, Candidate] = {
    GUESSING: Candidate("DummyClassifier", {}),
    "knn-1": knn(1),
    "knn-5": knn(5),
    "one-vs-rest": Candidate("OneVsRestClassifier", {}),
    "softmax": Candidate("SoftmaxClassifier", {}),
    "svm-hinge": Candidate("LinearSVMClassifier", {"loss": "hinge"}),
    "svm-squared-hinge": Candidate("LinearSVMClassifier", {"loss": "squared_hinge"}),
    "network": Candidate("MLPClassifier", {}),
    "network-20": network(20),
    "network-20-cg": network(20, **CONJUGATE),
}
REGRESSORS: Mapping[str, Candidate] = {
    GUESSING: Candidate("DummyRegressor", {}),
    "knn-1": knn(1, "KNeighborsRegressor"),
    "knn-5": knn(5, "KNeighborsRegressor"),
    "least-squares": Candidate("LeastSquares", {}),
    "network": Candidate("MLPRegressor", {}),
    "network-20": Candidate("MLPRegressor", {"hidden_layer_sizes": (20,)}),
    "network-20-cg": Candidate("MLPRegressor", {"hidden_layer_sizes": (20,), **CONJUGATE}),
}
BOUNDARIES: Mapping[str, Candidate] = {
    "linear": Candidate("SoftmaxClassifier", {}, "linear"),
    "knn-1": knn(1),
    "knn-5": knn(5),
    **{f"network-{n}": in_the_plane(n, f"network, {n} hidden units") for n in (3, 6, 20)},
    **{f"lambda-{a:g}": in_the_plane(20, f"20 hidden units, λ = {a:g}", alpha=a) for a in (0.001, 0.01, 0.1)},
}
