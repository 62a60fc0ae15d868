"""What was found in a table, for a reader and as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from zanjir.data.columns import visible, without_missing
from zanjir.data.table_dataset import TASKS, TableDataset

__all__ = ["described", "facts_of", "is_imbalanced"]

# From this ratio of the most frequent class to the rarest, the accuracy alone says little.
IMBALANCED = 5
SHOWN_CLASSES = 10
SHOWN_COLUMNS = 10


def described(dataset: TableDataset) -> list[str]:
    r"""Return in a few lines what was found in a table.

    Examples
    --------
    >>> import polars
    >>> from zanjir.data.table import Table
    >>> frame = polars.DataFrame({"id": range(6), "weight": [150, 8, 9, 160, None, 140], "kind": list("accaca")})
    >>> print("\n".join(described(TableDataset.of(Table("fruit", frame), "kind"))))
    target 'kind': 2 classes, for it holds no numbers: a 3, c 3
    columns: 1 number; 1 of 6 values missing
    left out 'id': consecutive whole numbers, as of an identifier
    """
    return [
        target_text(dataset),
        *imbalance_text(dataset),
        columns_text(dataset),
        *left_out_text(dataset),
        *dropped_text(dataset),
    ]


def dropped_text(dataset: TableDataset) -> Sequence[str]:
    """Return how many rows have no target, and which words were taken to say so."""
    if not dataset.n_dropped:
        return []
    said = f"dropped {dataset.n_dropped:,} rows without a target"
    words = ", ".join(map(repr, dataset.marks))
    many = len(dataset.marks) > 1
    mean = f"mean{'s' * (not many)} that it is missing; write {'them' if many else 'it'} in other words"
    return [f"{said}: {words} {mean} if {'these are classes' if many else 'this is a class'}" if words else said]


def left_out_text(dataset: TableDataset) -> Sequence[str]:
    """Return which columns are left out, and why; a few of many."""
    lines = [f"left out {name!r}: {why}" for name, why in dataset.left_out.items()]
    n_more = len(lines) - SHOWN_COLUMNS
    return lines if n_more <= 0 else [*lines[:SHOWN_COLUMNS], f"left out {n_more} more columns; --json names them all"]


def class_counts(dataset: TableDataset) -> dict[str, int]:
    """Return the number of rows of each class."""
    counts = np.bincount(dataset.y, minlength=len(dataset.classes)) if dataset.classes else ()
    return {name: int(n) for name, n in zip(dataset.classes, counts, strict=True)}


def target_text(dataset: TableDataset) -> str:
    """Return what is predicted, and why so."""
    name, y = dataset.target.name, dataset.y
    if not dataset.classes:
        return (
            f"target {name!r}: a number, for {dataset.reason}: mean {y.mean():.6g}, from {y.min():.6g} to {y.max():.6g}"
        )
    shown = [f"{visible(label)} {n:,}" for label, n in list(class_counts(dataset).items())[:SHOWN_CLASSES]]
    more = [f"and {len(dataset.classes) - SHOWN_CLASSES} more"] if len(dataset.classes) > SHOWN_CLASSES else []
    return f"target {name!r}: {len(dataset.classes)} classes, for {dataset.reason}: {', '.join([*shown, *more])}"


def is_imbalanced(dataset: TableDataset) -> bool:
    """Return whether one class is at least 5 times as frequent as another."""
    counts = class_counts(dataset).values()
    return bool(counts) and max(counts) >= IMBALANCED * min(counts)


def imbalance_text(dataset: TableDataset) -> Sequence[str]:
    """Return a warning where one class is much more frequent than another."""
    if not is_imbalanced(dataset):
        return []
    counts = class_counts(dataset)
    most, least = max(counts, key=lambda name: counts[name]), min(counts, key=lambda name: counts[name])
    ratio = counts[most] / counts[least]
    return [f"imbalanced: {most!r} is {ratio:.0f} times as frequent as {least!r}; look at the balanced accuracy"]


def columns_text(dataset: TableDataset) -> str:
    """Return how many columns of each kind there are, and how many values are missing."""
    found: dict[str, int] = {}
    for kind in dataset.kinds.values():
        found[kind] = found.get(kind, 0) + 1
    plurals = {"category": "categories"}
    kinds = [f"{n} {kind if n == 1 else plurals.get(kind, f'{kind}s')}" for kind, n in found.items()]
    holes = sum(without_missing(dataset.table[name]).null_count() for name in dataset.kinds)
    size = dataset.n_samples * len(dataset.kinds)
    return f"columns: {', '.join(kinds)}; {f'{holes:,} of {size:,}' if holes else 'no'} values missing"


def facts_of(dataset: TableDataset) -> dict[str, Any]:
    """Return what was found in a table, as JSON data."""
    return {
        "target": dataset.target.name,
        "task": TASKS[not dataset.classes],
        "columns": dict(dataset.kinds),
        "left_out": dict(dataset.left_out),
        "rows_dropped": dataset.n_dropped,
        **({"classes": class_counts(dataset)} if dataset.classes else {}),
    }
