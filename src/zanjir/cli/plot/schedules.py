"""``zanjir plot schedules``: learning rates over time."""

from __future__ import annotations

from pathlib import Path

import click

from zanjir.cli.options import BELOW_ONE, shown
from zanjir.cli.plot.common import POSITIVE, deliver, names_option, picture_options

__all__ = ["schedules"]


@click.command()
@names_option("A schedule: constant, step, exponential, cosine or inverse_time.")
@shown("--learning-rate", type=POSITIVE, default=0.1, help="The rate that a schedule multiplies.")
@shown("--steps", type=click.IntRange(1, 100_000), default=1000, help="Steps of the training.")
@shown("--warmup", type=BELOW_ONE, default=0.0, help="Share of the steps over which the rate first rises.")
@picture_options("schedules")
def schedules(only: tuple[str, ...], learning_rate: float, steps: int, warmup: float, out: Path, as_json: bool) -> None:
    """Draw the learning rate of every schedule over time."""
    from zanjir.optim import SCHEDULES
    from zanjir.plots import schedules as drawn

    figure, rates = drawn(only or tuple(SCHEDULES), learning_rate=learning_rate, n_steps=steps, warmup=warmup)
    ends = {name: {"first": float(values[0]), "last": float(values[-1])} for name, values in rates.items()}
    lines = [f"{name}: {values['first']:.4g} to {values['last']:.4g}" for name, values in ends.items()]
    deliver(figure, out, {"learning_rates": ends}, lines, as_json=as_json)
