"""Data in the plane: a data set with two features, or two columns of a table in their own units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from zanjir.data import Dataset, Table, TableDataset, read_table
from zanjir.errors import DataError, ParameterError
from zanjir.training import Model

if TYPE_CHECKING:
    from zanjir.graph import Array

__all__ = ["ColumnsModel", "columns_in_the_plane", "of_model", "standardizing"]


@dataclass(frozen=True)
class ColumnsModel:
    """A model of a table's columns, asked with the numbers of two columns side by side.

    Parameters
    ----------
    model : Model
        It reads tables.
    names : pair of str
        The columns that the numbers are of.
    """

    model: Model
    names: tuple[str, str]

    def table(self, X: Array) -> Table:
        """Return points (N, 2) as a table."""
        import polars

        return Table("the plane", polars.DataFrame(dict(zip(self.names, X.T, strict=True))))

    def predict(self, X: Array) -> Array:
        """Return the labels of points."""
        return self.model.predict(self.table(X))

    def predict_proba(self, X: Array) -> Array | None:
        """Return the probabilities of points, if the model gives any."""
        return self.model.predict_proba(self.table(X))


def columns_in_the_plane(
    path: str, target: str, names: Sequence[str], n_samples: int | None, seed: int
) -> tuple[Dataset, tuple[str, str], int]:
    """Return two columns of numbers with the classes of a target, their names, and how many rows lack some of these.

    Parameters
    ----------
    path : str
        A table.
    target : str
        The column of the classes.
    names : sequence of str
        The two columns; if there are none, those of the table that hold numbers, if these are two.
    n_samples : int, optional
        How many rows to choose at random.

    Raises
    ------
    ParameterError
        If a column does not exist, or there are not two.
    DataError
        If the columns hold no numbers, or the target no classes.
    """
    table = read_table(path)
    first, second = chosen(table, target, names)
    complete = np.isfinite(np.column_stack([table.values(name, "number") for name in (first, second)])).all(axis=1)
    if not complete.any():
        raise DataError(f"{table.name} has no row with both {first!r} and {second!r}; choose other --columns.")
    there = some(table.take(np.flatnonzero(complete)), n_samples, seed)
    kinds = {name: "number" if name in (first, second) else "leave-out" for name in table.columns if name != target}
    found = TableDataset.of(there, target, None, kinds)
    if not found.classes:
        raise DataError(
            f"{table.place(target)} is a number, for {found.reason}; boundaries are drawn between classes: choose "
            "another --target."
        )
    if why := {name: found.left_out[name] for name in (first, second) if name in found.left_out}:
        ((name, reason), *_) = why.items()
        raise DataError(f"{table.place(name)} cannot be drawn: {reason}; choose other --columns.")
    X = np.column_stack([found.table.values(name, "number") for name in (first, second)])
    return Dataset(table.name, X, found.y, found.classes), (first, second), int((~complete).sum()) + found.n_dropped


def chosen(table: Table, target: str, names: Sequence[str]) -> tuple[str, str]:
    """Return the names of the two columns."""
    given = bool(names)
    if not given:
        others = [name for name in table.columns if name != target]
        names = [name for name in others if table.kind(name, "choose two others with --columns") == "number"]
    for name in (target, *names):
        table[name]
    if len(set(names)) != 2 or len(names) != 2 or target in names:
        got = ",".join(names) if given else f"{len(names)} columns of numbers in {table.name}"
        raise ParameterError(
            f"a plane has two axes: name two columns of numbers beside the target with --columns, such as a,b; got "
            f"{got}."
        )
    return names[0], names[1]


def shown(names: Sequence[str]) -> str:
    """Return a few of many names."""
    few = 4
    return ", ".join(names[:few]) + (f" and {len(names) - few} more" if len(names) > few else "")


def some(table: Table, n_samples: int | None, seed: int) -> Table:
    """Return rows that are chosen at random, in order."""
    if n_samples is None or n_samples >= table.n_rows:
        return table
    rows = np.random.default_rng(seed).choice(table.n_rows, n_samples, replace=False)
    return table.take(np.sort(rows))


def of_model(folder: str, model: Model) -> tuple[str, tuple[str, str]]:
    """Return the target and the two columns of numbers that a model was trained on.

    Raises
    ------
    DataError
        If it was not trained on two columns of numbers.
    """
    if model.columns is None:
        raise DataError(f"{folder} was not trained on a table; give the data that it was trained on.")
    columns = model.columns.columns
    if [column.kind for column in columns] != ["number", "number"]:
        raise DataError(
            f"{folder} was trained on {shown([f'{column.name} ({column.kind})' for column in columns])}, and a plane "
            "has two axes; train on two columns of numbers: leave the others out with --column NAME=leave-out."
        )
    return model.columns.target.name, (columns[0].name, columns[1].name)


def standardizing(model: Any) -> Any:
    """Return a model that first standardizes its inputs, for columns come in units of their own."""
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), model)
