"""``zanjir plot steps``: gradient descent with steps of several sizes."""

from __future__ import annotations

from pathlib import Path

import click

from zanjir.cli.options import shown
from zanjir.cli.plot.common import POSITIVE, deliver, picture_options

__all__ = ["steps"]

TOO_SMALL, REASONABLE, TOO_LARGE = 0.01, 0.1, 1.1


@click.command()
@shown(
    "--learning-rate",
    "rates",
    type=POSITIVE,
    multiple=True,
    default=(TOO_SMALL, REASONABLE, TOO_LARGE),
    help="Step size; several may be given.",
)
@shown("--steps", "n_steps", type=click.IntRange(1, 1000), default=20, help="Number of steps.")
@picture_options("steps")
def steps(rates: tuple[float, ...], n_steps: int, out: Path, as_json: bool) -> None:
    """Draw gradient descent on the loss w² from w = 1, with steps too small, reasonable and too large."""
    from zanjir.plots import step_sizes

    figure, paths = step_sizes(rates, n_steps=n_steps)
    ends = {f"{rate:g}": float(w[-1]) for rate, w in paths.items()}
    lines = [f"learning rate {rate}: w = {w:.6g} after {n_steps} steps" for rate, w in ends.items()]
    deliver(figure, out, {"w": ends, "steps": n_steps}, lines, as_json=as_json)
