"""A table with a target: which rows and columns are used, what is predicted, and why; nothing is fitted yet.

What is fitted (medians, means, categories) must come from training rows alone, so a table is divided first: see
`zanjir.training.divide`.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from zanjir.data.columns import BOOLEANS, CONVERSIONS, KINDS, marks_in, number_text, without_missing
from zanjir.data.dataset import Array, Dataset
from zanjir.data.table import Table, read_table
from zanjir.data.table_preparation import TablePreparation, TableTarget
from zanjir.errors import DataError, ParameterError, choose

__all__ = ["TASKS", "TableDataset", "load_table"]

TASKS = ("classification", "regression")
LEAVE_OUT = "leave-out"
# Whole numbers are classes if they are so few, and each stands in so many rows on average.
MOST_INTEGER_CLASSES = 20
ROWS_OF_A_CLASS = 5
FEWEST_OF_A_CLASS = 3
SHOWN_COLUMNS = 10


@dataclass(frozen=True, eq=False, repr=False)
class TableDataset:
    """The rows of a table that have a target, and what its columns were found to hold.

    Parameters
    ----------
    table : Table
        N rows.
    kinds : mapping of str to str
        The columns that become features, with their kinds: number, boolean, date or category.
    target : TableTarget
        What is predicted.
    y : array of shape (N,)
        Labels in [0, C), or numbers.
    left_out : mapping of str to str
        The other columns, and why each is left out.
    reason : str
        Why the target is one of classes, or of numbers.
    n_dropped : int
        Number of rows that were dropped because their target is missing.
    marks : tuple of str
        The words among these targets, such as none, which count as missing and may have been meant as a class.

    Examples
    --------
    >>> import polars
    >>> frame = polars.DataFrame({"id": range(6), "weight": [150, 8, 9, 160, 7, 140], "kind": list("accaca")})
    >>> fruit = TableDataset.of(Table("fruit", frame), "kind")
    >>> fruit
    TableDataset('fruit': 6 rows, 1 column, 2 classes)
    >>> dict(fruit.kinds), dict(fruit.left_out)
    ({'weight': 'number'}, {'id': 'consecutive whole numbers, as of an identifier'})
    """

    table: Table
    kinds: Mapping[str, str]
    target: TableTarget
    y: Array
    left_out: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    n_dropped: int = 0
    marks: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, table: Table, target: str, task: str | None = None, columns: Mapping[str, str] | None = None
    ) -> TableDataset:
        """Find out what a table's columns hold.

        Parameters
        ----------
        target : str
            The column to predict.
        task : str, optional
            ``"classification"`` or ``"regression"``. If not given, texts and booleans are classes, and so are at most
            20 different whole numbers that stand in 5 rows each on average; other numbers are numbers.
        columns : mapping of str to str, optional
            What columns hold, where it is known better: ``"number"``, ``"boolean"``, ``"date"``, ``"category"``, or
            ``"leave-out"``. A column that is named here is never left out as an identifier.

        Raises
        ------
        ParameterError
            If a column, a kind or the task does not exist.
        DataError
            If the target or the features cannot be used.
        """
        given = checked_kinds(table, target, columns or {})
        there = without_missing_target(table, target)
        classes, y, reason = target_of(there, target, task)
        kinds, left_out = features_of(there, target, given)
        found = TableTarget(target, classes)
        dropped = table.n_rows - there.n_rows
        return cls(there, kinds, found, y, left_out, reason, dropped, marks_in(table[target]) if dropped else ())

    @property
    def name(self) -> str:
        """What errors and titles call it."""
        return self.table.name

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes; empty for regression."""
        return self.target.classes

    @property
    def n_samples(self) -> int:
        """Number N of rows."""
        return self.table.n_rows

    @property
    def rows(self) -> Dataset:
        """The numbers of the rows with their targets, as a data set that can be divided like any other."""
        numbers = np.arange(self.n_samples, dtype=np.float64)[:, np.newaxis]
        return Dataset(self.name, numbers, self.y, self.classes)

    def __repr__(self) -> str:
        task = f"{len(self.classes)} classes" if self.classes else "regression"
        n = len(self.kinds)
        return f"TableDataset({self.name!r}: {self.n_samples} rows, {n} column{'s' * (n != 1)}, {task})"

    def take(self, rows: ArrayLike) -> TableDataset:
        """Return the data set of some rows, by their numbers from 0, in that order."""
        return replace(self, table=self.table.take(rows), y=self.y[np.asarray(rows, np.int64)])

    def fitted(self) -> TablePreparation:
        """Return the preparation that is fitted to these rows."""
        return TablePreparation.fitted(self.table, self.kinds, self.target.fitted(self.y))

    def prepared(self, preparation: TablePreparation) -> Dataset:
        """Return the features of these rows, with their targets."""
        return Dataset(self.name, preparation(self.table), self.y, self.classes, columns=preparation)

    def fingerprint(self) -> str:
        """Return a hash of names and values, the same from whatever kind of file."""
        digest = hashlib.sha256(json.dumps([*self.kinds.items(), self.target.name, *self.classes]).encode())
        digest.update(np.ascontiguousarray(self.y).data)
        for name, kind in self.kinds.items():
            if kind == "category":
                digest.update(json.dumps(self.table.texts(name).to_list()).encode())
            else:
                digest.update(self.table.values(name, kind).data)
        return digest.hexdigest()


def load_table(
    path: str | os.PathLike[str], target: str, task: str | None = None, columns: Mapping[str, str] | None = None
) -> TableDataset:
    """Read a table from a file, see `zanjir.data.table.read_table`, and find out what its columns hold."""
    return TableDataset.of(read_table(path), target, task, columns)


def checked_kinds(table: Table, target: str, columns: Mapping[str, str]) -> Mapping[str, str]:
    """Return the kinds that were given, if columns and kinds exist."""
    for name, kind in [(target, LEAVE_OUT), *columns.items()]:
        table[name]
        choose("kind of column", kind, dict.fromkeys((*KINDS, LEAVE_OUT)))
    if target in columns:
        raise ParameterError(f"{target!r} is the target; say with the task whether it is a class or a number.")
    return columns


def without_missing_target(table: Table, target: str) -> Table:
    """Return the rows whose target is known."""
    there = without_missing(table[target]).is_not_null().to_numpy()
    if not there.any():
        raise DataError(f"{table.place(target)} is the target, and all of its {table.n_rows:,} values are missing.")
    return table if there.all() else table.take(np.flatnonzero(there))


def target_of(table: Table, target: str, task: str | None) -> tuple[tuple[str, ...], Array, str]:
    """Return the classes of the target, its labels or numbers, and why they are what they are."""
    where, kind = table.place(target), target_kind(table, target, task)
    if kind in ("date", "nested"):
        what = "dates" if kind == "date" else str(table[target].dtype)
        raise DataError(f"{where} is the target, and holds {what}; expected numbers or classes.")
    values = table.values(target, "number") if kind == "number" else None
    chosen, reason = task_of(values) if task is None else (choose("task", task, {t: t for t in TASKS}), "as was asked")
    if chosen == "regression":
        if values is None:
            raise DataError(f"{where} holds {kinds_text(kind)}, expected numbers for regression.")
        if values.min() == values.max():
            raise DataError(f"{where} is always {number_text(values[0])}; expected a target that varies.")
        return (), values, reason
    return *labels_of(table, target, values), reason


def target_kind(table: Table, target: str, task: str | None) -> str:
    """Return what the target holds; classes may well be numbers and texts side by side, if classes are asked for."""
    try:
        return table.kind(target, "choose classification if these are classes (--task classification)")
    except DataError:
        if task == TASKS[0]:
            return "category"
        raise


def kinds_text(kind: str) -> str:
    """Return what a column holds, in words."""
    return {"boolean": "booleans", "category": "texts", "number": "numbers", "date": "dates"}[kind]


def task_of(values: Array | None) -> tuple[str, str]:
    """Return what a target asks for, and why."""
    if values is None:
        return "classification", "it holds no numbers"
    different = len(np.unique(values))
    if not np.array_equal(values, np.floor(values)):
        return "regression", "it holds fractions"
    few = different <= MOST_INTEGER_CLASSES and different * ROWS_OF_A_CLASS <= len(values)
    return TASKS[not few], f"it holds {different} different whole numbers in {len(values):,} rows"


def labels_of(table: Table, target: str, values: Array | None) -> tuple[tuple[str, ...], Array]:
    """Return the classes in order, numbers by size, and the label of each row."""
    where = table.place(target)
    names = table.texts(target).to_list() if values is None else [number_text(value) for value in values.tolist()]
    classes, labels, counts = np.unique(names, return_inverse=True, return_counts=True)
    refuse_spellings(where, classes.tolist())
    if len(classes) == 1:
        raise DataError(f"{where} holds only the class {names[0]!r}; expected at least 2 classes to tell apart.")
    if counts.max() == 1 or len(classes) > len(names) / 2:
        raise DataError(
            f"{where} holds {len(classes):,} different values in {len(names):,} rows, too many for classes; choose "
            "another target, or regression if these are numbers."
        )
    if counts.min() < FEWEST_OF_A_CLASS:
        lonely, few = str(classes[counts.argmin()]), int(counts.min())
        row = table.number(names.index(lonely))
        raise DataError(
            f"{where} holds the class {lonely!r} in {few} row{'s' * (few > 1)}, first in row "
            f"{row}; expected at least {FEWEST_OF_A_CLASS} of each class: to learn from, to watch, and for the "
            "test; add rows, or leave these out."
        )
    order = np.arange(len(classes)) if values is None else np.argsort([float(name) for name in classes])
    return tuple(str(name) for name in classes[order]), np.argsort(order)[labels]


def refuse_spellings(where: str, classes: Sequence[str]) -> None:
    """Refuse truth values that are written in several ways, of which each would be a class of its own."""
    lower = [name.lower() for name in classes]
    if len(set(lower)) < len(lower) and BOOLEANS.keys() >= set(lower):
        ways = ", ".join(map(repr, classes))
        raise DataError(f"{where} is the target, and holds {ways}; write each of the two classes in one way.")


def features_of(table: Table, target: str, given: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the columns that become features with their kinds, and the others with the reason."""
    kinds, left_out = {}, {}
    for name in table.columns:
        if name == target:
            continue
        kind = given.get(name) or table.kind(name, f"make it a category (--column {name}=category)")
        why = why_left_out(table, name, kind, chosen=name in given)
        if why:
            left_out[name] = why
        else:
            kinds[name] = kind
    if not kinds:
        listed = "; ".join(f"{name}: {why}" for name, why in list(left_out.items())[:SHOWN_COLUMNS])
        raise DataError(
            f"{table.name} has no column to predict {target!r} from ({listed or 'it has no other column'}); add "
            "columns, or say what one of them holds."
        )
    return kinds, left_out


def why_left_out(table: Table, name: str, kind: str, *, chosen: bool) -> str:
    """Return why a column is of no use, or nothing."""
    if kind == LEAVE_OUT:
        return "as was asked"
    if kind == "nested":
        return f"it holds {table[name].dtype}"
    present = present_in(table, name, kind)
    if not present:
        return "every value is missing"
    if present.count(present[0]) == table.n_rows:
        return f"it is always {number_text(present[0]) if kind in CONVERSIONS else repr(present[0])}"
    return "" if chosen else identifies(present, kind)


def present_in(table: Table, name: str, kind: str) -> list[Any]:
    """Return the values of a column that are not missing."""
    if kind == "category":
        return table.texts(name).drop_nulls().to_list()
    values: Any = [] if kind == "empty" else table.values(name, kind)
    return [value for value in values if value == value]  # noqa: PLR0124 - NaN alone differs from itself


def identifies(present: list[Any], kind: str) -> str:
    """Return why values seem to name the rows rather than to say something of them, or nothing."""
    if kind == "category" and len(set(present)) == len(present) > 1:
        return "every text is another one, as of an identifier"
    return "consecutive whole numbers, as of an identifier" if kind == "number" and counts_on(present) else ""


def counts_on(numbers: list[float]) -> bool:
    """Return whether numbers are whole, all different, and without a gap."""
    n, first = len(numbers), min(numbers)
    return n > 2 and float(first).is_integer() and sorted(numbers) == [first + i for i in range(n)]
