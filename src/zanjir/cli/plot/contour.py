"""``zanjir plot contour``: descents on a loss of two weights."""

from __future__ import annotations

from pathlib import Path

import click

from zanjir.cli.options import OPTIMIZER, shown
from zanjir.cli.plot.common import POSITIVE, deliver, picture_options

__all__ = ["contour"]

RULES = ("sgd", "momentum", "rmsprop", "adam")


@click.command()
@click.argument("surface", default="ravine")
@shown("--optimizer", "rules", type=OPTIMIZER, multiple=True, default=RULES, help="Update rule; several may be given.")
@click.option("--learning-rate", type=POSITIVE, help="Step size of all.  [default: one that suits each rule here]")
@shown("--steps", type=click.IntRange(1, 10_000), default=40, help="Number of steps.")
@picture_options("contour")
def contour(
    surface: str, rules: tuple[str, ...], learning_rate: float | None, steps: int, out: Path, as_json: bool
) -> None:
    """Draw how update rules go down a loss of two weights: SURFACE is ravine, rosenbrock or himmelblau."""
    from zanjir.optim import optimizer
    from zanjir.plots import contour as drawn
    from zanjir.plots.contour import surface as named

    over = named(surface)
    chosen = {name: optimizer(name, learning_rate or over.learning_rates[name]) for name in rules}
    figure, paths = drawn(over, chosen, n_steps=steps)
    ends = {
        name: {"learning_rate": chosen[name].learning_rate, "steps": len(losses) - 1, "loss": float(losses[-1])}
        for name, (_, losses) in paths.items()
    }
    lines = [f"{name}: loss {end['loss']:.4g} after {end['steps']} steps" for name, end in ends.items()]
    deliver(figure, out, {"surface": surface, "rules": ends}, lines, as_json=as_json)
