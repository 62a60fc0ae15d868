"""How the columns of a table become features: fitted on the training rows, plain data, the same for every table after.

Numbers, booleans and dates are standardized, and their holes filled by the median, with a feature that says where
there were any; categories become one-hot. Everything is a frozen dataclass of names and numbers, which travels in the
model file as JSON.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from zanjir.data._checks import affordable
from zanjir.data.columns import KINDS, number_text, visible
from zanjir.data.dataset import Array
from zanjir.data.table import Table
from zanjir.errors import DataError, ParameterError

__all__ = ["CategoryColumn", "NumberColumn", "TablePreparation", "TableTarget"]

MOST_CATEGORIES = 32
# A network learns nothing of a category from a single row.
FEWEST_ROWS = 2
LARGEST = float(np.finfo(np.float32).max)
MISSING, OTHER = "missing", "other"


@dataclass(frozen=True)
class NumberColumn:
    """A column of numbers, of booleans as 0 and 1, or of dates as days since 1970, standardized.

    Parameters
    ----------
    name : str
        The column.
    kind : str
        ``"number"``, ``"boolean"`` or ``"date"``.
    fill : float
        What stands for a missing value: the median.
    mean, scale : float
        Mean and standard deviation of the filled column; a scale of 1 where all values are equal.
    holes : bool
        Whether values were missing in training: then a second feature is 1 where one is.
    """

    name: str
    kind: str
    fill: float
    mean: float
    scale: float
    holes: bool

    def __post_init__(self) -> None:
        numbers = (self.fill, self.mean, self.scale)
        fits = isinstance(self.name, str) and self.kind in KINDS[:-1] and isinstance(self.holes, bool)
        if not (fits and all(is_finite(number) for number in numbers) and self.scale > 0):
            raise ParameterError(f"{self}: expected a kind, finite numbers, a scale above 0, and holes or none.")

    @classmethod
    def fitted(cls, table: Table, name: str, kind: str) -> NumberColumn:
        """Return the column with the numbers of a table's rows."""
        values = table.values(name, kind)
        holes = np.isnan(values)
        with np.errstate(over="ignore", invalid="ignore"):  # numbers that are too large are refused below
            fill = 0.0 if holes.all() else float(np.median(values[~holes]))
            filled = np.where(holes, fill, values)
            mean, scale = float(filled.mean()), float(filled.std())
        if not all(map(math.isfinite, (fill, mean, scale))):
            largest = np.nanmax(np.abs(values))
            raise DataError(f"{table.place(name)} holds numbers up to {largest:g}, too large for a mean; divide them.")
        varies = scale > abs(mean) * np.finfo(float).eps
        return cls(name, kind, fill, mean, scale if varies else 1.0, bool(holes.any()))

    @property
    def text(self) -> str:
        """How it becomes features, in words."""
        unit = {"number": "", "boolean": ", 1 for true", "date": ", in days since 1970"}[self.kind]
        missing = ", with a feature that says so" if self.holes else ""
        formula = f"(x - {self.mean:.6g}) / {self.scale:.6g}"
        return f"{self.kind}, {formula}{unit}; {self.fill:.6g} where missing{missing}"

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the features that it becomes."""
        return (self.name, f"{self.name} = {MISSING}") if self.holes else (self.name,)

    def features(self, table: Table) -> Array:
        """Return its features (N, 1) or (N, 2)."""
        values = table.values(self.name, self.kind)
        holes = np.isnan(values)
        standardized = (np.where(holes, self.fill, values) - self.mean) / self.scale
        return np.column_stack([standardized, holes] if self.holes else [standardized])


@dataclass(frozen=True)
class CategoryColumn:
    """A column of categories, one-hot.

    Parameters
    ----------
    name : str
        The column.
    categories : tuple of str
        Those with a feature of their own: the most frequent ones, at most 32, of at least two rows each.
    missing : bool
        Whether values were missing in training: then that is a category too.
    other : bool
        Whether training saw further categories: then they share a last one, as does what training never saw. Without
        it, what training never saw is none of the categories, because nothing was learned of such a feature.
    """

    name: str
    categories: tuple[str, ...]
    missing: bool
    other: bool

    def __post_init__(self) -> None:
        object.__setattr__(self, "categories", tuple(self.categories))
        texts = all(isinstance(text, str) for text in (self.name, *self.categories))
        flags = isinstance(self.missing, bool) and isinstance(self.other, bool)
        if not (texts and flags) or len(set(self.categories)) < len(self.categories):
            raise ParameterError(f"{self}: expected categories that differ, and whether there are missing or others.")

    @classmethod
    def fitted(cls, table: Table, name: str, kind: str) -> CategoryColumn:
        """Return the column with the categories of a table's rows."""
        texts = table.texts(name)
        counts = {text: n for text, n in texts.value_counts().iter_rows() if text is not None}
        frequent = sorted((-n, text) for text, n in counts.items() if n >= FEWEST_ROWS)
        kept = tuple(sorted(text for _, text in frequent[:MOST_CATEGORIES]))
        return cls(name, kept, texts.null_count() > 0, len(counts) > len(kept))

    @property
    def kind(self) -> str:
        """What it holds."""
        return "category"

    @property
    def text(self) -> str:
        """How it becomes features, in words."""
        extra = [MISSING] * self.missing + [OTHER] * self.other
        return f"one of {', '.join(map(visible, (*self.categories, *extra)))}"

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the features that it becomes."""
        extra = [MISSING] * self.missing + [OTHER] * self.other
        return tuple(f"{self.name} = {text}" for text in (*self.categories, *extra))

    def features(self, table: Table) -> Array:
        """Return its features (N, C): a one in each row, or none."""
        import polars

        texts = table.texts(self.name)
        places = {text: i for i, text in enumerate(self.categories)}
        width = len(self.feature_names)
        unseen = width - 1 if self.other else width
        codes = texts.replace_strict(places, default=unseen, return_dtype=polars.Int64).to_numpy().copy()
        codes[texts.is_null().to_numpy()] = len(self.categories) if self.missing else unseen
        return np.eye(width + 1)[codes, :width]


@dataclass(frozen=True)
class TableTarget:
    """What is predicted: one of several classes, or a number that training sees standardized.

    Parameters
    ----------
    name : str
        The column.
    classes : tuple of str
        Names of the classes, in order; empty for numbers.
    offset, scale : float
        Mean and standard deviation of the numbers in training: a network predicts (y - offset) / scale.
    """

    name: str
    classes: tuple[str, ...] = ()
    offset: float = 0.0
    scale: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "classes", tuple(self.classes))
        texts = all(isinstance(text, str) for text in (self.name, *self.classes))
        if not (texts and is_finite(self.offset) and is_finite(self.scale) and self.scale > 0):
            raise ParameterError(f"{self}: expected names of classes, or a finite offset and a finite scale above 0.")

    def fitted(self, y: Array) -> TableTarget:
        """Return the target with the mean and the standard deviation of the training rows, if it is a number."""
        if self.classes:
            return self
        with np.errstate(over="ignore", invalid="ignore"):  # numbers that are too large are refused here
            offset, scale = float(y.mean()), float(y.std())
        if not (math.isfinite(offset) and math.isfinite(scale)):
            raise DataError(f"the target {self.name!r} holds numbers up to {np.abs(y).max():g}; divide them by more.")
        return TableTarget(self.name, (), offset, scale or 1.0)

    def standardized(self, y: Array) -> Array:
        """Return targets as training sees them."""
        return y if self.classes else (y - self.offset) / self.scale

    def restored(self, scores: Array) -> Array:
        """Return predicted numbers in the target's own unit."""
        return scores if self.classes else scores.astype(np.float64) * self.scale + self.offset

    def of(self, table: Table) -> Array:
        """Return the labels of a table's rows, -1 where missing, or its numbers, NaN where missing.

        Raises
        ------
        DataError
            If a row's class is none of the classes, or its value no number.
        """
        if not self.classes:
            return table.values(self.name, "number")
        labels = {name: label for label, name in enumerate(self.classes)}
        texts = table.texts(self.name)
        names = [text if text is None or text in labels else plain(text) for text in texts]
        unknown = next((name for name in names if name is not None and name not in labels), None)
        if unknown is not None:
            there, expected = table.place(self.name), ", ".join(self.classes)
            raise DataError(f"{there} holds the class {unknown!r}, which training did not see; expected {expected}.")
        return np.array([-1 if name is None else labels[name] for name in names], np.int64)


@dataclass(frozen=True)
class TablePreparation:
    """How the rows of a table become features, and which of its columns is the target.

    Parameters
    ----------
    columns : tuple of NumberColumn and CategoryColumn
        The columns that become features, in order.
    target : TableTarget
        What is predicted.

    Examples
    --------
    >>> import polars
    >>> fruit = Table("fruit", polars.DataFrame({"weight": [1.0, None, 3.0, 2.0], "skin": ["r", "s", "r", "s"]}))
    >>> fitted = TablePreparation.fitted(fruit, {"weight": "number", "skin": "category"}, TableTarget("kind"))
    >>> fitted.feature_names
    ('weight', 'weight = missing', 'skin = r', 'skin = s')
    >>> fitted(fruit).round(2).tolist()[:2]
    [[-1.41, 0.0, 1.0, 0.0], [0.0, 1.0, 0.0, 1.0]]
    """

    columns: tuple[NumberColumn | CategoryColumn, ...]
    target: TableTarget

    @classmethod
    def fitted(cls, table: Table, kinds: Mapping[str, str], target: TableTarget) -> TablePreparation:
        """Fit columns of given kinds to the training rows."""
        columns = tuple(
            (CategoryColumn if kind == "category" else NumberColumn).fitted(table, name, kind)
            for name, kind in kinds.items()
        )
        return cls(columns, target)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the features, in order."""
        return tuple(name for column in self.columns for name in column.feature_names)

    def __call__(self, table: Table) -> Array:
        """Return the features (N, D) of a table's rows in float64; the target's column need not be there.

        Raises
        ------
        DataError
            If a column is missing, holds what it did not hold in training, or an infinite number.
        ParameterError
            If the features would take more than 4 GiB.
        """
        self.check_columns(table)
        affordable("the features", (table.n_rows, len(self.feature_names)), np.dtype(np.float64))
        with np.errstate(over="ignore"):  # looked at below
            features = np.hstack([column.features(table) for column in self.columns])
        wrong = np.argwhere(np.abs(features) > LARGEST)
        if len(wrong):
            row, column = wrong[0]
            raise DataError(
                f"{table.name}: {self.feature_names[column]!r} in row {table.number(row)} lies "
                f"{features[row, column]:g} standard deviations from the mean of training; correct it."
            )
        return features

    def check_columns(self, table: Table) -> None:
        """Refuse a table that lacks a column."""
        lacking = [column.name for column in self.columns if column.name not in table.columns]
        if lacking:
            raise DataError(
                f"{table.name} lacks the column{'s' * (len(lacking) > 1)} {', '.join(map(repr, lacking[:5]))}, which "
                f"this model was trained on; it has {', '.join(map(repr, table.columns[:10]))}."
            )


def plain(text: str) -> str:
    """Return the name of a class that is a number: the same, whether it is written 1, 1.0 or 01.

    >>> plain("1.0"), plain("one")
    ('1', 'one')
    """
    try:
        return number_text(float(text))
    except ValueError:
        return text


def is_finite(number: Any) -> bool:
    """Return whether something is a finite number."""
    try:
        return not isinstance(number, bool) and isinstance(number, int | float) and math.isfinite(number)
    except OverflowError:
        return False
