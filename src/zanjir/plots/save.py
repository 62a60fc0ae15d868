"""Saving figures; the ending of the file decides its format."""

from __future__ import annotations

from pathlib import Path
from typing import Any, BinaryIO

from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from zanjir.errors import ParameterError
from zanjir.files import replacing

__all__ = ["ENDINGS", "save_figure"]

DOTS_PER_INCH = 150

# Without the time of day and the version, equal figures are equal files.
ENDINGS: dict[str, dict[str, Any]] = {
    ".png": {"Software": None},
    ".svg": {"Date": None, "Creator": None},
    ".pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}
# Names of shapes are random unless they are salted; letters as TrueType can be searched and edited.
SETTINGS: Any = {"svg.hashsalt": "zanjir", "pdf.fonttype": 42}


def save_figure(figure: Figure, path: str | Path) -> None:
    """Write a figure as PNG, SVG or PDF, whole or not at all.

    Raises
    ------
    ParameterError
        If the file has another ending.
    DataError
        If the file cannot be written.
    """
    path = Path(path)
    ending = checked_ending(path)
    figure.set_dpi(DOTS_PER_INCH)
    with replacing(path) as file:
        write(figure, file, ending)


def checked_ending(path: Path) -> str:
    """Return the ending of a picture's file, if it is one that can be written."""
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise ParameterError(f"{path} ends in {ending or 'nothing'!r}, expected a picture's file: .png, .svg or .pdf.")
    return ending


def write(figure: Figure, file: BinaryIO, ending: str) -> None:
    """Write a figure in the format of an ending."""
    metadata = ENDINGS[ending]
    if ending == ".png":
        # ``figure.savefig`` writes the same file, but draws a figure with a layout twice.
        canvas: Any = FigureCanvasAgg(figure)  # which ships no types
        canvas.print_png(file, metadata=metadata)
        return
    with rc_context(SETTINGS):
        figure.savefig(file, format=ending[1:], metadata=metadata)
