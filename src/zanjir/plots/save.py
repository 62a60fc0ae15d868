"""Saving figures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from zanjir.files import replacing

__all__ = ["save_figure"]

DOTS_PER_INCH = 150


def save_figure(figure: Figure, path: str | Path) -> None:
    """Write a figure as PNG, whole or not at all.

    Raises
    ------
    DataError
        If the file cannot be written.
    """
    # Without the time of day and the version, equal figures are equal files.
    metadata = {"Software": None}
    figure.set_dpi(DOTS_PER_INCH)
    with replacing(Path(path)) as file:
        # ``figure.savefig`` writes the same file, but draws a figure with a layout twice.
        canvas: Any = FigureCanvasAgg(figure)  # which ships no types
        canvas.print_png(file, metadata=metadata)
