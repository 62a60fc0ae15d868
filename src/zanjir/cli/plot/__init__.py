"""``zanjir plot``: pictures for lectures and reports. Each kind lives in a file of its own."""

from __future__ import annotations

import click

from zanjir.cli.lazy import LazyGroup

__all__ = ["plot"]

KINDS = {
    "boundary": "Which class models give to every point of the plane.",
    "curves": "Loss and accuracy of one or several runs over time.",
    "confusion": "Which class a run's model takes for which.",
    "calibration": "Whether a run's probabilities come true.",
    "templates": "The weights of a run's first layer as pictures.",
    "challenges": "How a run's model does on pictures that are shifted, lit, covered and noisy.",
    "activations": "Activation functions with their derivatives.",
    "schedules": "Learning rates over time.",
    "contour": "The ways that update rules take down a loss of two weights.",
    "steps": "Gradient descent with steps too small, reasonable and too large.",
}


@click.group(cls=LazyGroup, package="zanjir.cli.plot", summaries=KINDS)
def plot() -> None:
    """Draw a picture as PNG, SVG or PDF: the ending of --out decides."""
