"""The steps of a training as columns, which cost next to nothing per step, and as rows when they are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import overload

import numpy as np

from zanjir.graph import Array

__all__ = ["STEP_COLUMNS", "Epoch", "Step", "Steps"]


@dataclass(frozen=True)
class Step:
    """One step: the loss of its batch before the update.

    ``loss`` is ``data_loss + penalty``; ``accuracy`` is that of the batch in [0, 1], NaN for regression;
    ``epoch`` and ``t`` count from 1; ``epoch_end`` is set on the last step of an epoch.
    """

    epoch: int
    t: int
    loss: float
    data_loss: float
    penalty: float
    accuracy: float
    learning_rate: float
    samples: int
    epoch_end: Epoch | None = None


@dataclass(frozen=True)
class Epoch:
    """One epoch: means over its samples, and the validation data after it (NaN without)."""

    epoch: int
    t: int
    loss: float
    data_loss: float
    penalty: float
    accuracy: float
    validation_loss: float
    validation_accuracy: float
    validation_r2: float
    learning_rate: float
    seconds: float


STEP_COLUMNS = tuple(entry.name for entry in fields(Step) if entry.name != "epoch_end")
FEWEST_ROWS = 64
numbers_of = attrgetter(*STEP_COLUMNS)


class Steps(Sequence[Step]):
    """A sequence of steps that is kept as a table: a row becomes a `Step` when it is asked for.

    Parameters
    ----------
    steps : iterable of Step
        The first steps; more can be added.

    Attributes
    ----------
    table : array of shape (steps, 8)
        One column for each number of a `Step`, in its order, in float64; it is not to be written to.
    epoch_end : Epoch or None
        The epoch that ends with the last of these steps, where they are the steps of a stretch.

    Examples
    --------
    >>> steps = Steps([Step(1, 1, 0.5, 0.5, 0.0, 1.0, 0.1, 32), Step(1, 2, 0.25, 0.25, 0.0, 1.0, 0.1, 32)])
    >>> steps[-1].loss, steps.column("loss"), len(steps[1:])
    (0.25, array([0.5 , 0.25]), 1)
    """

    def __init__(self, steps: Iterable[Step] = ()) -> None:
        self.rows = as_table(steps)
        self.n_rows = len(self.rows)
        self.epoch_end: Epoch | None = None

    def __repr__(self) -> str:
        return repr(list(self))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment] # it grows

    def __len__(self) -> int:
        return self.n_rows

    @overload
    def __getitem__(self, index: int) -> Step: ...

    @overload
    def __getitem__(self, index: slice) -> Steps: ...

    def __getitem__(self, index: int | slice) -> Step | Steps:
        if isinstance(index, slice):
            return Steps.of(self.table[index])
        k = range(len(self))[index]
        return as_step(self.rows[k].tolist(), self.epoch_end if k == len(self) - 1 else None)

    def __iter__(self) -> Iterator[Step]:
        ends = [None] * (len(self) - 1) + [self.epoch_end]
        return map(as_step, self.table.tolist(), ends)

    @classmethod
    def of(cls, table: Array) -> Steps:
        """Return the steps of a table, which is not copied."""
        steps = cls.__new__(cls)
        steps.rows, steps.n_rows, steps.epoch_end = table, len(table), None
        return steps

    @property
    def table(self) -> Array:
        """One row per step, one column for each of its numbers."""
        return self.rows[: self.n_rows]

    def column(self, name: str) -> Array:
        """Return one quantity of all steps."""
        return self.table[:, STEP_COLUMNS.index(name)]

    def means(self, names: Sequence[str]) -> dict[str, float]:
        """Return the means of some quantities over all samples of these steps."""
        weights = self.column("samples")
        columns = np.array([self.column(name) for name in names])
        return dict(zip(names, ((columns * weights).sum(axis=1) / weights.sum()).tolist(), strict=True))

    def append(self, step: Step) -> None:
        """Add a step."""
        self.extend([step])

    def extend(self, steps: Iterable[Step]) -> None:
        """Add steps."""
        table = as_table(steps)
        self.grow(len(table))[...] = table

    def cut(self, n_rows: int) -> None:
        """Keep the first rows alone."""
        self.n_rows = min(n_rows, self.n_rows)

    def grow(self, n_rows: int) -> Array:
        """Add rows at the end, and return them to be filled in."""
        begin, end = self.n_rows, self.n_rows + n_rows
        if end > len(self.rows):
            # Twice the room each time, so that a row costs the same however long the training is. What was read
            # before keeps the old table, whose rows do not change any more.
            rows = np.empty((max(2 * end, FEWEST_ROWS), len(STEP_COLUMNS)))
            rows[:begin] = self.table
            self.rows = rows
        self.n_rows = end
        return self.rows[begin:end]


def as_step(row: Sequence[float], epoch_end: Epoch | None = None) -> Step:
    """Return a row of the table as a step; whole numbers are exact in float64."""
    epoch, t, loss, data_loss, penalty, accuracy, learning_rate, samples = row
    return Step(int(epoch), int(t), loss, data_loss, penalty, accuracy, learning_rate, int(samples), epoch_end)


def as_table(steps: Iterable[Step]) -> Array:
    """Return steps as rows."""
    rows = [numbers_of(step) for step in steps]
    return np.array(rows, np.float64).reshape(len(rows), len(STEP_COLUMNS))
