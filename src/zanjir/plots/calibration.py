"""Calibration: whether what a model calls 80 % probable happens in 80 of 100 cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from zanjir.errors import DataError, ParameterError, ShapeError
from zanjir.graph import Array
from zanjir.plots.style import BLUE, GRAY, VERMILION, tidy

__all__ = ["Reliability", "calibration", "reliability"]


@dataclass(frozen=True)
class Reliability:
    """Probabilities in bins of equal width, and how often they came true.

    Parameters
    ----------
    edges : array of shape (B + 1,)
        Borders of the bins, from 0 to 1; a bin holds its upper border.
    counts : int array of shape (B,)
        Number of samples in each bin.
    predicted, observed : array of shape (B,)
        Mean probability and share of the cases in which it came true; NaN in empty bins.

    References
    ----------
    Naeini, Cooper and Hauskrecht (2015), Obtaining well calibrated probabilities using Bayesian binning.
    """

    edges: Array
    counts: Array
    predicted: Array
    observed: Array

    @property
    def error(self) -> float:
        """The expected calibration error: the mean distance of observed from predicted, over all samples."""
        gaps = np.abs(self.observed - self.predicted)
        return float(np.nansum(self.counts * gaps) / self.counts.sum())


def reliability(came_true: Any, probability: Any, *, n_bins: int = 10) -> Reliability:
    """Return how often probabilities came true, in bins of equal width.

    Parameters
    ----------
    came_true : bool array of shape (N,)
        Whether the predicted thing was so.
    probability : array of shape (N,)
        The probability that it was given, in [0, 1].
    n_bins : int
        Number of bins, from 1.

    Raises
    ------
    ShapeError, DataError, ParameterError
        If the arrays do not fit each other, a probability is outside [0, 1], or there is no bin.

    Examples
    --------
    >>> found = reliability([0, 1, 1, 1], [0.2, 0.7, 0.8, 0.9], n_bins=2)
    >>> found.counts, found.observed, round(found.error, 3)
    (array([1, 3]), array([0., 1.]), 0.2)
    """
    from sklearn.calibration import calibration_curve

    came_true, p = np.asarray(came_true).astype(bool), np.asarray(probability, np.float64)
    if p.ndim != 1 or p.shape != came_true.shape or not len(p):
        raise ShapeError(f"came_true is {came_true.shape} and probability {p.shape}; expected both (N,), N >= 1.")
    if not (p.min() >= 0 and p.max() <= 1):
        wrong = p[~((p >= 0) & (p <= 1))][0]
        raise DataError(f"a probability is {wrong:g}, expected numbers in [0, 1]; scores are no probabilities.")
    if not isinstance(n_bins, int) or n_bins < 1:
        raise ParameterError(f"n_bins must be a whole number of at least 1; got {n_bins!r}.")
    edges = np.linspace(0, 1, n_bins + 1)
    # As calibration_curve divides them, which leaves the empty bins out.
    counts = np.bincount(np.searchsorted(edges[1:-1], p), minlength=n_bins)
    predicted, observed = np.full((2, n_bins), np.nan)
    observed[counts > 0], predicted[counts > 0] = calibration_curve(came_true, p, n_bins=n_bins, pos_label=True)
    return Reliability(edges, counts, predicted, observed)


def calibration(y: Any, probabilities: Any, classes: Sequence[str], *, n_bins: int = 10) -> tuple[Figure, Reliability]:
    """Return a reliability diagram with the number of samples in each bin, and the numbers it shows.

    With two classes it is about the probability of the second; with more, about that of the predicted class.

    Parameters
    ----------
    y : int array of shape (N,)
        Labels in [0, C).
    probabilities : array of shape (N, C)
        Probability of each class.
    classes : sequence of C str
        Names of the classes.
    n_bins : int
        Number of bins of equal width.

    Raises
    ------
    ShapeError, DataError, ParameterError
        If labels, probabilities and classes do not fit each other.
    """
    y, P = np.asarray(y), np.asarray(probabilities, np.float64)
    if P.ndim != 2 or P.shape != (len(y), len(classes)):
        raise ShapeError(f"probabilities are {P.shape}, expected ({len(y)}, {len(classes)}): samples and classes.")
    if len(classes) == 2:
        found, what = reliability(y == 1, P[:, 1], n_bins=n_bins), f"class {classes[1]}"
    else:
        found, what = reliability(y == P.argmax(axis=1), P.max(axis=1), n_bins=n_bins), "the predicted class"
    return drawn(found, what), found


def drawn(found: Reliability, what: str) -> Figure:
    """Draw the curve above the numbers of samples."""
    figure = Figure(figsize=(4.6, 5.4), layout="constrained")
    curve, bars = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    filled = found.counts > 0
    middles, width = (found.edges[:-1] + found.edges[1:]) / 2, found.edges[1] - found.edges[0]
    curve.plot([0, 1], [0, 1], color=GRAY, linestyle="dashed", linewidth=1, label="perfectly calibrated")
    curve.plot(found.predicted[filled], found.observed[filled], "o-", color=BLUE, label="model")
    curve.vlines(
        found.predicted[filled],
        found.predicted[filled],
        found.observed[filled],
        color=VERMILION,
        alpha=0.6,
        label="gap",
    )
    curve.set_title(f"expected calibration error {found.error:.4f}", fontsize=10)
    curve.legend(frameon=False, fontsize=8, loc="best")
    bars.bar(middles, found.counts, 0.92 * width, color=BLUE)
    for x, count in zip(middles[filled], found.counts[filled], strict=True):
        bars.annotate(f"{count:,}", (x, count), (0, 2), textcoords="offset points", ha="center", fontsize=7)
    tidy(curve, "", "share that came true")
    tidy(bars, "", "samples")
    bars.set_xlabel(f"probability of {what}", parse_math=False)
    bars.set_xlim(-0.02, 1.02)
    bars.margins(y=0.2)
    bars.set_axisbelow(True)
    bars.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    return figure
