"""Figures from models, histories and functions, saved as PNG, SVG or PDF. No display is needed."""

from zanjir.plots.activations import activation_curves, activations
from zanjir.plots.boundary import Grid, boundaries, boundary, decision_grid
from zanjir.plots.calibration import Reliability, calibration, reliability
from zanjir.plots.challenges import challenges
from zanjir.plots.confusion import confusion, confusion_counts
from zanjir.plots.contour import SURFACES, Surface, contour, descent_path, step_sizes
from zanjir.plots.curve import learning_curve, learning_curves
from zanjir.plots.save import save_figure
from zanjir.plots.schedules import learning_rates, schedules
from zanjir.plots.templates import template, template_weights, templates

__all__ = [
    "SURFACES",
    "Grid",
    "Reliability",
    "Surface",
    "activation_curves",
    "activations",
    "boundaries",
    "boundary",
    "calibration",
    "challenges",
    "confusion",
    "confusion_counts",
    "contour",
    "decision_grid",
    "descent_path",
    "learning_curve",
    "learning_curves",
    "learning_rates",
    "reliability",
    "save_figure",
    "schedules",
    "step_sizes",
    "template",
    "template_weights",
    "templates",
]
