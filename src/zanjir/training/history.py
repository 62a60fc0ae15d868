"""What happened in a training: one row per step, and one per epoch."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import astuple, dataclass, field, fields
from typing import Any

import numpy as np

from zanjir.graph import Array
from zanjir.training.steps import STEP_COLUMNS, Epoch, Step, Steps

__all__ = ["Epoch", "History", "Step", "Steps", "csv_text"]


EPOCH_COLUMNS = tuple(entry.name for entry in fields(Epoch))


@dataclass
class History:
    """The record of a training, in order.

    Parameters
    ----------
    steps : sequence of Step
        They are kept as a table, so that many cost little.
    epochs : list of Epoch
    """

    steps: Steps = field(default_factory=Steps)
    epochs: list[Epoch] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not isinstance(self.steps, Steps):
            self.steps = Steps(self.steps)

    def column(self, name: str, rows: str = "epochs") -> Array:
        """Return one quantity over the epochs (or ``"steps"``) as an array.

        Examples
        --------
        >>> History().column("loss").shape
        (0,)
        """
        if rows == "steps":
            return self.steps.column(name).copy()
        return np.array([getattr(epoch, name) for epoch in self.epochs], float)

    def epochs_csv(self) -> str:
        """Return the epochs as CSV text; empty cells where nothing was measured."""
        return csv_text(EPOCH_COLUMNS, [astuple(epoch) for epoch in self.epochs])

    def steps_csv(self) -> str:
        """Return the steps as CSV text."""
        whole = {"epoch", "t", "samples"}
        columns = [self.column(name, "steps") for name in STEP_COLUMNS]
        cells = [
            (column.astype(np.int64) if name in whole else column).tolist()
            for name, column in zip(STEP_COLUMNS, columns, strict=True)
        ]
        return csv_text(STEP_COLUMNS, list(zip(*cells, strict=True)))

    def arrays(self) -> dict[str, Array]:
        """Return the record as two tables of float64, for saving."""
        return {
            "history.steps": self.steps.table.copy(),
            "history.epochs": table([astuple(epoch) for epoch in self.epochs], len(EPOCH_COLUMNS)),
        }

    def _repr_html_(self) -> str:
        from zanjir.views import details, html_table, line_chart

        t, epochs = self.column("t"), self.column("epoch")
        per_epoch = t[0] if len(t) else max(1, len(self.steps))
        curves = {"loss of each step": (self.column("t", "steps") / per_epoch, self.column("loss", "steps"))}
        if np.isfinite(self.column("validation_loss")).any():
            curves["validation loss"] = (epochs, self.column("validation_loss"))
        chart = line_chart(f"loss of {len(self.steps):,} steps", "epoch", curves)
        shown = [name for name in EPOCH_COLUMNS if name == "epoch" or np.isfinite(self.column(name)).any()]
        rows = [[missing_is_none(getattr(epoch, name)) for name in shown] for epoch in self.epochs]
        return f"<div>{chart}{details('every epoch', html_table('', shown, rows))}</div>"

    @classmethod
    def from_arrays(cls, arrays: dict[str, Array]) -> History:
        """Return the record that `arrays` saved."""
        steps = Steps.of(np.array(arrays["history.steps"], np.float64))
        if steps.table.shape[1:] != (len(STEP_COLUMNS),):
            raise ValueError(f"history.steps is {steps.table.shape}, expected (steps, {len(STEP_COLUMNS)})")
        epochs = [Epoch(int(r[0]), int(r[1]), *r[2:]) for r in arrays["history.epochs"].tolist()]
        return cls(steps, epochs)


def missing_is_none(value: float) -> float | None:
    """Return a number, or None where NaN says that nothing was measured."""
    return None if value != value else value  # noqa: PLR0124 - NaN alone differs from itself


def table(rows: Sequence[Sequence[Any]], n_columns: int) -> Array:
    """Return rows as a float64 table, also when there are none."""
    return np.array(rows, np.float64).reshape(len(rows), n_columns)


def csv_text(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Return rows as CSV with a header; NaN becomes an empty cell."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([["" if value != value else value for value in row] for row in rows])  # noqa: PLR0124 - NaN alone differs from itself
    return out.getvalue()
