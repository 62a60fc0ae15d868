"""What figures share: colors that color-blind readers tell apart, marks that survive a gray print, and tidy axes."""

from __future__ import annotations

from itertools import cycle, islice
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

__all__ = [
    "BLUE",
    "COLORS",
    "DASHES",
    "GRAY",
    "GREEN",
    "MARKERS",
    "ORANGE",
    "VERMILION",
    "colors",
    "legend_below",
    "markers",
    "panels",
    "strokes",
    "tidy",
]

# Okabe and Ito (2008), Color universal design: apart for every kind of color blindness. In this order, neighbors
# also differ in lightness, so that they stay apart in a gray print.
BLUE, ORANGE, GREEN, SKY, VERMILION = "#0072b2", "#e69f00", "#009e73", "#56b4e9", "#d55e00"
PURPLE, YELLOW, GRAY = "#cc79a7", "#f0e442", "#4d4d4d"
COLORS = (BLUE, ORANGE, GREEN, SKY, VERMILION, PURPLE, YELLOW, GRAY)
INKS = tuple(color for color in COLORS if color != YELLOW)  # a thin yellow line is lost on white paper
AIR = 0.08  # inches above and below each panel: titles of two lines keep apart from what is above them
MARKERS = ("o", "^", "s", "D", "v", "P", "X", "*", "<", ">", "p")
DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1.5, 1.2)), (0, (6, 1.5, 1.5, 1.5)), (0, (9, 2)))


def colors(n: int) -> list[str]:
    """Return one color per class or line; after eight they repeat, with other marks and dashes.

    Examples
    --------
    >>> colors(2)
    ['#0072b2', '#e69f00']
    """
    return list(islice(cycle(COLORS), n))


def markers(n: int) -> list[str]:
    """Return one mark per class."""
    return list(islice(cycle(MARKERS), n))


def strokes(n: int) -> list[dict[str, Any]]:
    """Return color and dashes of each of n lines: no two of the first 35 are alike."""
    pairs = zip(cycle(INKS), cycle(DASHES), strict=False)
    return [{"color": color, "linestyle": dash} for color, dash in islice(pairs, n)]


def panels(n: int, columns: int, width: float, height: float, **how: Any) -> tuple[Figure, list[Axes]]:
    """Return a figure with n panels of a size in inches, in rows; what is left of the last row stays empty."""
    columns = min(n, columns)
    rows = -(-n // columns)
    figure = Figure(figsize=(columns * width, rows * height), layout=ConstrainedLayoutEngine(h_pad=AIR))
    axes = list(figure.subplots(rows, columns, squeeze=False, **how).flat)
    for empty in axes[n:]:
        empty.set_axis_off()
    return figure, axes[:n]


def tidy(axes: Axes, x: str, y: str) -> None:
    """Label the axes of a panel of lines, with a faint grid and no frame."""
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)


def legend_below(figure: Figure, axes: Axes, columns: int) -> None:
    """Write one legend for all panels below them."""
    handles, names = axes.get_legend_handles_labels()
    legend = figure.legend(handles, names, loc="outside lower center", ncols=min(columns, len(names)), frameon=False)
    for text in legend.get_texts():
        text.set_parse_math(False)  # a name is no formula
