"""The lectures' tables of scores: three images, and what a classifier says of each."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from zanjir.data.dataset import Dataset
from zanjir.errors import choose

__all__ = ["score_table"]

FOLDER = Path(__file__).parent / "tables"


def score_table(name: str = "three-classes") -> Dataset:
    """Return a table of scores of the lectures, to compute losses from.

    Parameters
    ----------
    name : {"three-classes", "ten-classes"}
        Three images of a cat, a car and a frog, scored for these classes, or for the ten of CIFAR-10.

    Returns
    -------
    Dataset
        X is float64 of shape (3, C): the scores of each image. y is the right class.

    Raises
    ------
    ParameterError
        If the name is unknown.

    Notes
    -----
    The tables are files beside this one, ``tables/*.csv``, with a row per image. The notes do not say which images
    the ten scores belong to; the labels are those of the lecture that they follow [1]_.

    References
    ----------
    .. [1] Li, Johnson, Yeung (2017), CS231n: Convolutional neural networks for visual recognition, lecture 3.

    Examples
    --------
    >>> table = score_table()
    >>> table.X[0], table.classes[table.y[0]]
    (array([ 3.2,  5.1, -1.7]), 'cat')
    >>> score_table("ten-classes").X.shape
    (3, 10)
    """
    tables = {path.stem: path for path in sorted(FOLDER.glob("*.csv"))}
    with choose("score table", name, tables).open(encoding="utf-8", newline="") as file:
        (_, *classes), *rows = csv.reader(file)
    scores = np.array([row[1:] for row in rows], dtype=np.float64)
    return Dataset(name, scores, np.array([classes.index(row[0]) for row in rows]), tuple(classes))
