"""From a data set to a trainer: which samples are learned from, and which network fits them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from zanjir.data import Dataset, TableDataset, split
from zanjir.errors import DataError, ParameterError, choose
from zanjir.graph import Array
from zanjir.nn import LOSSES, Regularizer, convnet, mlp
from zanjir.program import Problem
from zanjir.training.model import Model, Preparation
from zanjir.training.plan import Plan
from zanjir.training.trainer import Samples, Trainer

__all__ = ["Parts", "balanced_weights", "divide", "fingerprint", "labels_for", "model_of", "problem_for", "trainer_for"]


@dataclass(frozen=True)
class Parts:
    """A data set in three: to learn from, to watch while learning, and to judge at the end."""

    train: Dataset
    validation: Dataset | None
    test: Dataset


def divide(
    dataset: Dataset | TableDataset, *, test_share: float = 0.2, validation_share: float = 0.1, seed: int = 0
) -> Parts:
    """Divide a data set, stratified by class; a test set that came with the data is taken as it is.

    The columns of a table become features here: what is fitted for that, such as medians and means, is fitted to the
    training part alone.

    Parameters
    ----------
    test_share : float in (0, 1)
        Share of the samples for the test, if the data brought no test set.
    validation_share : float in [0, 1)
        Share of the remaining samples for validation; 0 for none.

    Raises
    ------
    ParameterError, DataError
        If a share is outside its range, or leaves a part without samples.

    Examples
    --------
    >>> from zanjir.data import load
    >>> parts = divide(load("digits"))
    >>> parts.train.n_samples, parts.validation.n_samples, parts.test.n_samples
    (1294, 144, 359)
    """
    if isinstance(dataset, TableDataset):
        rows = divide(dataset.rows, test_share=test_share, validation_share=validation_share, seed=seed)
        return prepared_parts(dataset, rows)
    rest, test = (dataset, dataset.test) if dataset.test else in_two(dataset, test_share, seed)
    if not validation_share:
        return Parts(rest, None, test)
    train, validation = in_two(rest, validation_share, seed)
    return Parts(train, validation, test)


def in_two(dataset: Dataset, share: float, seed: int) -> tuple[Dataset, Dataset]:
    """Split a data set, stratified by class; name a class that cannot be in both parts."""
    counts = np.bincount(dataset.y, minlength=len(dataset.classes)) if dataset.classes else ()
    for lonely in [name for name, n in zip(dataset.classes, counts, strict=True) if n == 1][:1]:
        raise DataError(
            f"{dataset.name}: class {lonely!r} has a single sample and cannot be in both parts; "
            "expected at least 2 samples of each class, and 3 with validation: take more samples."
        )
    return split(dataset, share, seed=seed)


def prepared_parts(dataset: TableDataset, rows: Parts) -> Parts:
    """Return the parts of a table as features; ``rows`` are the parts of the numbers of its rows."""
    preparation = dataset.take(rows_of(rows.train)).fitted()
    train, test = (dataset.take(rows_of(part)).prepared(preparation) for part in (rows.train, rows.test))
    watched = dataset.take(rows_of(rows.validation)).prepared(preparation) if rows.validation else None
    return Parts(train, watched, test)


def rows_of(part: Dataset) -> Array:
    """Return the numbers of rows that were divided."""
    return part.X[:, 0].astype(np.int64)


def problem_for(
    dataset: Dataset,
    *,
    hidden: Sequence[int] = (),
    conv: Sequence[int] = (),
    norm: str = "none",
    activation: str = "relu",
    dropout: float = 0,
    initializer: str | None = None,
    loss: str | None = None,
    penalty: Regularizer | None = None,
    dtype: Any = np.float32,
) -> Problem:
    """Return the problem of learning a data set with a network of the given hidden sizes.

    Parameters
    ----------
    hidden : sequence of int
        Sizes of the hidden layers.
    conv : sequence of int
        Channels of the convolutions that read pictures before the hidden layers do, see `zanjir.nn.convnet`.
    norm : str
        Normalization of hidden net inputs: ``"none"``, ``"batch"`` or ``"layer"``.
    activation, dropout, initializer
        As for `zanjir.nn.mlp`.
    loss : str, optional
        Softmax for classes and the squared error for numbers, if not given.
    penalty : Regularizer, optional
        Penalty on the weights.
    dtype : dtype
        In which the network is trained: float32, or float64.

    Raises
    ------
    ParameterError
        If a name is unknown, a size is not positive, or the loss does not fit the kind of target.
    DataError
        If there is only one class.

    Examples
    --------
    >>> from zanjir.data import load
    >>> problem_for(load("digits"), hidden=[20]).layout.size
    1510
    """
    if isinstance(dataset, TableDataset):
        raise ParameterError(f"{dataset.name} is a table that is not divided yet: give divide(dataset).train instead.")
    kind = choose("loss", loss or ("softmax" if dataset.classes else "squared_error"), LOSSES)
    if len(dataset.classes) == 1:
        raise DataError(f"{dataset.name} has only the class {dataset.classes[0]!r}; expected at least 2 to tell apart.")
    if dataset.classes:
        n_outputs = kind.n_outputs(len(dataset.classes))
    elif kind.name == "squared_error":
        n_outputs = dataset.y.reshape(len(dataset.y), -1).shape[1]
    else:
        raise ParameterError(
            f"loss {kind.name!r} needs classes, and {dataset.name} has numbers as targets; use squared_error."
        )
    how: dict[str, Any] = {"activation": activation, "dropout": dropout, "initializer": initializer, "norm": norm}
    if conv and dataset.image_shape is None:
        raise ParameterError(f"convolutions {tuple(conv)} read pictures, and {dataset.name} has none; leave them out.")
    if conv and dataset.image_shape:
        network = convnet(dataset.image_shape, conv, hidden, n_outputs, **how)
    else:
        network = mlp(hidden, n_outputs, **how)
    return Problem(network, kind, dataset.n_features, n_outputs, penalty, dtype)


def preparation_for(train: Dataset) -> Preparation:
    """Return how the inputs of a data set are prepared, from its training part alone.

    Pictures are centred and scaled by the mean and standard deviation of all their pixels; other data, which may
    mix units, are only divided by their scale.
    """
    if train.image_shape is None:
        return Preparation(scale=train.scale)
    pixels = train.X
    return Preparation(float(pixels.mean(dtype=np.float64)), float(pixels.std(dtype=np.float64)) or 1.0)


def balanced_weights(y: Array, n_classes: int) -> Array:
    """Return the factor (C,) of each class with which all classes count alike: N / (C * count), as scikit-learn's.

    Parameters
    ----------
    y : int array of shape (N,)
        Labels in [0, C). A class without a sample is no class here.

    Examples
    --------
    >>> balanced_weights(np.array([0, 0, 0, 2]), 3)
    array([0.66666667, 0.        , 2.        ])
    """
    counts = np.bincount(y, minlength=n_classes)
    shares = np.zeros(n_classes)
    return np.divide(len(y) / np.count_nonzero(counts), counts, out=shares, where=counts > 0)


def trainer_for(problem: Problem, plan: Plan, parts: Parts, *, class_weight: str | None = None) -> Trainer:
    """Return a trainer on the training part, watched on the validation part.

    Parameters
    ----------
    class_weight : str, optional
        ``"balanced"``: a sample counts by the factor that `balanced_weights` gives its class in the training part, in
        what is learned and in what is watched; the trainer's problem is a weighted one then.

    Raises
    ------
    ParameterError
        If there is no such class weight, or the targets are numbers.
    """
    prepare, factors = preparation_for(parts.train), None
    if class_weight is not None:
        choose("class weight", class_weight, {"balanced": None})
        if not parts.train.classes:
            raise ParameterError(
                f"class weights are for classes, and {parts.train.name} has numbers as targets; leave them out."
            )
        factors = balanced_weights(parts.train.y, len(parts.train.classes))

    def samples(part: Dataset) -> Samples:
        y = part.columns.target.standardized(part.y) if part.columns else part.y
        return Samples(prepare(part.X, problem.dtype), y, None if factors is None else factors[part.y])

    validation = samples(parts.validation) if parts.validation else None
    weighted = replace(problem, weighted=factors is not None)
    return Trainer(weighted, plan, samples(parts.train), n_classes=len(parts.train.classes), validation=validation)


def model_of(trainer: Trainer, train: Dataset) -> Model:
    """Return what a trainer has learned from a training part, with what it needs to read data of the same kind."""
    W, prepare = trainer.W.copy(), preparation_for(train)
    return Model(replace(trainer.problem, weighted=False), W, train.classes, prepare, train.image_shape, train.columns)


def labels_for(model: Model, dataset: Dataset) -> Any:
    """Return a data set's targets as a model numbers them: classes are matched by name.

    Raises
    ------
    DataError
        If the data have a class that the model has not learned, or numbers instead of classes.
    """
    if bool(model.classes) != bool(dataset.classes):
        kinds = ("numbers", "classes")
        raise DataError(
            f"{dataset.name} has {kinds[bool(dataset.classes)]} as targets; "
            f"this model was trained on {kinds[bool(model.classes)]}."
        )
    unknown = [name for name in dataset.classes if name not in model.classes]
    if unknown:
        raise DataError(
            f"{dataset.name} has class {unknown[0]!r}, which this model has not learned; "
            f"expected {', '.join(model.classes)}."
        )
    return (
        np.array([model.classes.index(name) for name in dataset.classes])[dataset.y] if dataset.classes else dataset.y
    )


def fingerprint(dataset: Dataset | TableDataset) -> str:
    """Return a hash of all samples, by which a resumed training knows its data again."""
    if isinstance(dataset, TableDataset):
        return dataset.fingerprint()
    digest = hashlib.sha256()
    for part in (dataset, dataset.test):
        if part:
            for array in (part.X, part.y):
                digest.update(f"{array.shape} {array.dtype}".encode())
                digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
