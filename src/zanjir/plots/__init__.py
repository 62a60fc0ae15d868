"""Figures from models and histories. No display is needed: a figure is an object, and is saved as PNG."""

from zanjir.plots.confusion import confusion, confusion_counts
from zanjir.plots.curve import learning_curve
from zanjir.plots.save import save_figure
from zanjir.plots.templates import templates

__all__ = ["confusion", "confusion_counts", "learning_curve", "save_figure", "templates"]
