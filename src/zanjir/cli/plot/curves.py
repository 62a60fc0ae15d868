"""``zanjir plot curves``: the learning curves of runs."""

from __future__ import annotations

from pathlib import Path

import click

from zanjir.cli.plot.common import deliver, picture_options

__all__ = ["curves"]


@click.command()
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="RUN [RUN ...]")
@picture_options("curves")
def curves(runs: tuple[Path, ...], out: Path, as_json: bool) -> None:
    """Draw the learning curve of one RUN with the loss of every batch, or those of several in one figure."""
    from zanjir.cli.run import Run, run_names
    from zanjir.plots import learning_curve, learning_curves

    histories = {name: Run(folder).load().history for name, folder in run_names(runs).items()}
    (first, *others) = histories.values()
    figure = learning_curves(histories) if others else learning_curve(first)
    epochs = {name: len(history.epochs) for name, history in histories.items()}
    lines = [f"{name}: {n} epoch{'s' * (n != 1)}" for name, n in epochs.items()]
    deliver(figure, out, {"epochs": epochs}, lines, as_json=as_json)
