"""``zanjir plot challenges``: what makes pictures hard to classify, with the accuracy before and after."""

from __future__ import annotations

from pathlib import Path

import click

from zanjir.cli.options import shown
from zanjir.cli.plot.common import FRACTION, SEED, deliver, names_option, picture_options

__all__ = ["challenges"]


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("data")
@names_option("A challenge: shift, brightness, occlusion, noise or clutter.")
@click.option("--strength", type=FRACTION, help="How hard, from 0 to 1.  [default: each challenge's own]")
@shown("--seed", type=SEED, default=0, help="Fixes everything random.")
@picture_options("challenges")
def challenges(
    run: Path, data: str, only: tuple[str, ...], strength: float | None, seed: int, out: Path, as_json: bool
) -> None:
    """Measure RUN's model on pictures of DATA that are shifted, lit, covered, noisy and cluttered, and draw some.

    On the data it was trained on, only the samples kept for the test are used, as by zanjir evaluate.
    """
    from zanjir.cli.run import classified
    from zanjir.data import CHALLENGES, challenge_accuracy
    from zanjir.plots import challenges as drawn

    model, test, what = classified(run, data)
    strengths = dict.fromkeys(only or CHALLENGES, strength)
    accuracy = challenge_accuracy(model.predict, test, strengths, seed=seed)
    figure = drawn(test, strengths, accuracy=accuracy, seed=seed)
    used = {name: CHALLENGES[name][1] if strength is None else strength for name in strengths}
    names = {"none": "as they are", **{name: f"{name} {used[name]:g}" for name in used}}
    width = max(map(len, names.values()))
    lines = [f"{names[name]:<{width}}  accuracy {value:.4f}" for name, value in accuracy.items()]
    lines.append(f"on {what}: {test.n_samples:,}")
    deliver(figure, out, {"accuracy": accuracy, "strength": used, "samples": what}, lines, as_json=as_json)
