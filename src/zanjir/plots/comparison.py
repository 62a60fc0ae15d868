"""Several models on the same data: accuracy and time side by side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from zanjir.models.comparison import GUESSING, Compared
from zanjir.plots.style import BLUE, GRAY, GREEN, MARKERS, ORANGE, VERMILION, tidy

__all__ = ["comparison"]


def comparison(rows: Sequence[Compared]) -> Figure:
    """Return a figure of how well models do, beside the time to fit them and to predict with them.

    Parameters
    ----------
    rows : sequence of Compared
        What `zanjir.models.comparison.compare` found, at least one. What guessing reaches stands at the axis: as a
        point it would push all others together.
    """
    guessed = [row.test for row in rows if row.name == GUESSING]
    rows = [row for row in rows if row.name != GUESSING] or rows
    figure = Figure(figsize=(9.0, 0.38 * len(rows) + 1.6), layout="constrained")
    scores, times = figure.subplots(1, 2, sharey=True, width_ratios=(1.3, 1))
    at = np.arange(len(rows))
    parts = {"train": ([row.train for row in rows], GRAY, MARKERS[1], "none")}
    if rows[0].validation is not None:
        parts["validation"] = ([float(row.validation or 0) for row in rows], ORANGE, MARKERS[2], ORANGE)
    parts["test"] = ([row.test for row in rows], BLUE, MARKERS[0], BLUE)
    for name, (values, color, marker, face) in parts.items():
        scores.plot(values, at, marker, color=color, markerfacecolor=face, markersize=7, label=name)
    seconds = {
        "fit": ([row.fit_seconds for row in rows], VERMILION, MARKERS[3]),
        "predict": ([row.predict_seconds for row in rows], GREEN, MARKERS[0]),
    }
    for name, (lengths, color, marker) in seconds.items():
        times.plot(lengths, at, marker, color=color, markersize=6, label=name)
    scores.set_yticks(at, [row.name for row in rows], parse_math=False)
    scores.invert_yaxis()
    times.set_xscale("log")
    times.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    tidy(scores, rows[0].measure + (f" (test by guessing: {guessed[0]:.4f})" if guessed else ""), "")
    tidy(times, "time in seconds", "")
    for axes in (scores, times):
        axes.legend(
            frameon=False, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, 1.0 + 0.6 / (len(rows) + 1)), ncols=3
        )
    return figure
