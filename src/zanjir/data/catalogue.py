"""Data sets by name: what comes with zanjir, what it can download or make, your own folders and tables."""

from __future__ import annotations

import gzip
import importlib.util
import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import overload

import numpy as np

from zanjir.data._checks import whole
from zanjir.data.cifar import holds_cifar, read_cifar_folder
from zanjir.data.dataset import Array, Dataset
from zanjir.data.download import REMOTES, download
from zanjir.data.idx_folder import read_idx_folder
from zanjir.data.table import is_table, read_table
from zanjir.data.table_dataset import TableDataset, load_table
from zanjir.data.toys import TOYS
from zanjir.errors import ParameterError, choose

__all__ = ["dataset_names", "load"]

# Where scikit-learn keeps them.
DIGITS = ("datasets", "data", "digits.csv.gz")


def dataset_names() -> tuple[str, ...]:
    """Return the names that `load` knows.

    Examples
    --------
    >>> dataset_names()[:4]
    ('digits', 'mnist', 'fashion-mnist', 'line')
    """
    return ("digits", *REMOTES, *TOYS)


@overload
def load(
    name_or_path: str | os.PathLike[str], *, seed: int = 0, n_samples: int | None = None, target: None = None
) -> Dataset: ...


@overload
def load(
    name_or_path: str | os.PathLike[str],
    *,
    seed: int = 0,
    n_samples: int | None = None,
    target: str,
    task: str | None = None,
    columns: Mapping[str, str] | None = None,
) -> TableDataset: ...


def load(
    name_or_path: str | os.PathLike[str],
    *,
    seed: int = 0,
    n_samples: int | None = None,
    target: str | None = None,
    task: str | None = None,
    columns: Mapping[str, str] | None = None,
) -> Dataset | TableDataset:
    """Return a data set by its name, or read one from a folder of IDX or CIFAR files, or from a table.

    Parameters
    ----------
    name_or_path : str or path
        A name of `dataset_names`, in any case, or the path of a folder; "./digits" is the folder. Or the path of a
        table in CSV, TSV, Parquet or Arrow.
    seed : int
        For the toy sets, and for the choice of ``n_samples`` from the others.
    n_samples : int, optional
        Number of samples to make of a toy set (500 if not given), or to choose at random, in the order of
        the files, from another; a test set that comes with it is kept whole.
    target : str, optional
        The column of a table that is predicted; a table must have one.
    task, columns
        What the target and the other columns of a table hold, where it is known better: see `TableDataset.of`.

    Raises
    ------
    ParameterError
        If the name or a column is unknown, ``n_samples`` is more than there are, or a table has no ``target``.
    DataError
        If the folder or its files cannot be used, or a download is not possible.

    Examples
    --------
    >>> load("digits")
    Dataset('digits': 1797 samples, 64 features float32, 10 classes)
    >>> load("spirals", n_samples=30, seed=1)
    Dataset('spirals': 30 samples, 2 features float64, 2 classes)
    """
    if target is not None:
        table = load_table(_table_path(name_or_path), target, task, columns)
        return table if n_samples is None else table.take(_chosen(table, n_samples, seed))
    name = _name(name_or_path)
    if name in TOYS:
        samples = {} if n_samples is None else {"n_samples": n_samples}
        return TOYS[name](seed=seed, **samples)
    dataset = _read_folder(name_or_path) if name is None else _loaders()[name]()
    return dataset if n_samples is None else _some(dataset, n_samples, seed)


def _table_path(name_or_path: str | os.PathLike[str]) -> str | os.PathLike[str]:
    """Return the path of a table, or say that a known data set has a target of its own."""
    given = os.fspath(name_or_path)
    if given.lower() in dataset_names() or Path(given).is_dir():
        raise ParameterError(f"{given} is no table, and its target is known; leave out the target.")
    return name_or_path


def _name(name_or_path: str | os.PathLike[str]) -> str | None:
    """Return the name of a known data set, or None for a folder."""
    given = os.fspath(name_or_path)
    if isinstance(name_or_path, str) and given.lower() in dataset_names():
        return given.lower()
    if is_table(given):
        names = ", ".join(map(repr, read_table(given).columns[:20]))
        raise ParameterError(f"{given} is a table; say with target which of its columns is predicted: {names}.")
    if not isinstance(name_or_path, str) or Path(given).name != given or os.path.exists(given):
        return None
    try:
        return choose("data set", given, dict.fromkeys(dataset_names(), given))
    except ParameterError as error:
        folder = f"Or give the path of a folder with IDX or CIFAR files; there is no folder {given!r}."
        raise ParameterError(f"{error} {folder}") from None


def _read_folder(folder: str | os.PathLike[str]) -> Dataset:
    return read_cifar_folder(folder) if holds_cifar(folder) else read_idx_folder(folder)


def _loaders() -> dict[str, Callable[[], Dataset]]:
    return {"digits": _digits, **{name: partial(_downloaded, name) for name in REMOTES}}


def _digits() -> Dataset:
    """Return the 8 x 8 digits that scikit-learn carries, gray levels 0 to 16."""
    table = _digits_table()
    classes = tuple(map(str, range(10)))
    return Dataset("digits", table[:, :-1].astype(np.float32), table[:, -1].astype(np.int64), classes, (8, 8), 16.0)


def _digits_table() -> Array:
    """Return 64 gray levels and the label of each digit, one digit per row."""
    # scikit-learn takes a second to be imported, ten times as long as a network takes to learn its digits: its file
    # is read where it lies, and scikit-learn asked only where it keeps the file elsewhere.
    package = importlib.util.find_spec("sklearn")
    for folder in (package and package.submodule_search_locations) or ():
        path = Path(folder, *DIGITS)
        if path.is_file():
            with gzip.open(path, "rt", encoding="ascii") as file:
                return np.loadtxt(file, np.uint8, delimiter=",")
    from sklearn.datasets import load_digits

    bunch = load_digits()
    return np.column_stack([bunch.data, bunch.target])


def _downloaded(name: str) -> Dataset:
    return read_idx_folder(download(name), name=name, classes=REMOTES[name].classes)


def _some(dataset: Dataset, n_samples: int, seed: int) -> Dataset:
    """Return a random choice of samples, in the order in which they were."""
    return dataset.take(_chosen(dataset, n_samples, seed))


def _chosen(dataset: Dataset | TableDataset, n_samples: int, seed: int) -> Array:
    """Return the numbers of samples chosen at random, in order."""
    wanted = whole("n_samples", n_samples, 1)
    if wanted > dataset.n_samples:
        raise ParameterError(
            f"n_samples must be at most {dataset.n_samples}, the size of {dataset.name}; got {wanted}."
        )
    rng = np.random.default_rng(whole("seed", seed, 0))
    return np.sort(rng.choice(dataset.n_samples, wanted, replace=False))
