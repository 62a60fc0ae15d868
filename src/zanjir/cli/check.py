"""``zanjir check``: the derivatives of a run's loss against numerical ones."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zanjir.cli.options import shown

if TYPE_CHECKING:
    from zanjir.cli.run import Saved
    from zanjir.graph import Array, CheckReport

__all__ = ["check"]

# Where no terminal says how wide it is, a table is as wide as it needs to be.
WIDE_ENOUGH = 140
STYLES = {"right": "green", "wrong": "bold red", "kink": "yellow", "too noisy to say": "yellow"}


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("data", required=False)
@shown("--samples", type=click.IntRange(min=1), default=8, help="Samples in the loss.")
@shown("--elements", type=click.IntRange(min=1), default=32, help="Elements of each parameter to check one by one.")
@shown("--seed", type=click.IntRange(0, 2**32 - 1), default=0, help="Fixes which samples, elements and directions.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
def check(run: Path, data: str | None, samples: int, elements: int, seed: int, as_json: bool) -> None:
    """Check the derivatives of RUN's loss with respect to every parameter that is learned, in float64.

    The loss is taken on a few samples of DATA, or of the data of the run; on made-up inputs if these are not at
    hand. The exit code is 1 if a derivative is wrong; a kink, and what is too noisy to say, are reported only.
    """
    from zanjir.cli.run import Run
    from zanjir.training import check_model

    saved = Run(run).load()
    X, y, what = batch(saved, data, samples, seed)
    report = check_model(saved.model, X, y, elements=elements, seed=seed)
    if as_json:
        results = {**report.as_dict(), "samples": len(X), "of": what, "seed": seed, "run": str(run)}
        click.echo(json.dumps(results, allow_nan=False))
    else:
        print_report(report, f"loss {report.loss:.6g} on {len(X):,} sample{'s' if len(X) > 1 else ''}: {what}")
    if not report.ok:
        sys.exit(1)


def batch(saved: Saved, data: str | None, samples: int, seed: int) -> tuple[Any, Array, str]:
    """Return raw inputs, their targets, and what they are."""
    import numpy as np

    from zanjir.cli.run import held_out
    from zanjir.training import made_up

    name = data or at_hand(saved)
    if name is None:
        return *made_up(saved.model, samples, seed), f"made up, for {saved.data['name']} is not at hand"
    dataset, y, what = held_out(saved, name)
    chosen = np.random.default_rng(seed).choice(len(y), min(samples, len(y)), replace=False)
    return dataset.X[chosen], y[chosen], f"{what} ({dataset.name})"


def at_hand(saved: Saved) -> str | None:
    """Return the name of the run's data if they can be had without a download and without their folder."""
    from zanjir.cli.run import trained_on
    from zanjir.data import cache_folder, dataset_names

    name = str(saved.data["name"])
    downloaded = name in {"mnist", "fashion-mnist"}
    there = name in dataset_names() and (not downloaded or (cache_folder() / name).is_dir())
    return name if there and trained_on(saved, name) else None  # a folder may have the name of a known data set


def print_report(report: CheckReport, title: str) -> None:
    """Print a report as a table, with its reasons below."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from zanjir.graph.report import COLUMNS

    class Plain(Console):
        """A console that leaves a closed pipe to the command line."""

        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    console = Plain(highlight=False)
    if not console.is_terminal:
        console = Plain(highlight=False, width=WIDE_ENOUGH)
    table = Table(*COLUMNS, box=None, pad_edge=False)
    for parameter in report.parameters:
        name, shape, verdict, *others = parameter.row()
        table.add_row(name, shape, Text(verdict, STYLES[verdict]), *(Text(text) for text in others))
    console.print(Text(title))
    console.print(table)
    for line in report.details():
        console.print(Text(line), soft_wrap=True)
