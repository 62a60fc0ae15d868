"""``zanjir source``: the program of a run or of a network, as text that runs."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import click

from zanjir.cli.options import check_hidden, clip_of, given, network_options, optimizer_options, penalty_of

__all__ = ["SIZES", "network", "saved_run", "source"]

SIZES = re.compile(r"[0-9]{1,9}(x[0-9]{1,9}){0,2}(-[0-9]{1,9})+")


@click.command()
@click.argument("what", metavar="RUN|SIZES")
@network_options
@optimizer_options
@click.option(
    "--buffers",
    type=click.IntRange(min=1),
    metavar="N",
    help="Print the statements that run for batches of N, on preallocated buffers.",
)
def source(what: str, buffers: int | None, **settings: Any) -> None:
    """Print the program that trains a run's network, or a network of given sizes such as 784-512-10.

    With --conv the first size is that of a picture, such as 28x28-64-10.

    Forward, backward and update as straight-line NumPy; the text runs as it stands.
    """
    from zanjir.program import trace_step

    problem, optimizer, clip = of_network(what, settings) if SIZES.fullmatch(what) else of_run(Path(what), settings)
    program = trace_step(problem, optimizer, clip)
    click.echo(statements(program, buffers) if buffers else program.source(), nl=False)


def of_run(folder: Path, settings: dict[str, Any]) -> tuple[Any, Any, Any]:
    """Return problem, optimizer and clipping of a run."""
    saved = saved_run(folder, settings)
    return saved.trained_problem, saved.plan.optimizer, saved.plan.clip


def saved_run(folder: Path, settings: dict[str, Any]) -> Any:
    """Return what a run saved; refuse options that describe another network, and what is no run."""
    from zanjir.cli.run import Run
    from zanjir.errors import DataError

    if not folder.exists():
        raise DataError(f"{folder} is neither a run's folder nor sizes such as 784-512-10.")
    if changed := [name.replace("_", "-") for name in settings if given(name)]:
        raise click.UsageError(f"{folder} is a run with settings of its own; leave out --{changed[0]}.")
    return Run(folder).load()


def of_network(text: str, settings: dict[str, Any]) -> tuple[Any, Any, Any]:
    """Return problem, optimizer and clipping of a network given by its sizes and the options."""
    from zanjir.optim import optimizer

    return network(text, settings), optimizer(settings["optimizer"], settings["learning_rate"]), clip_of(settings)


def network(text: str, settings: dict[str, Any]) -> Any:
    """Return the problem of a network given by its sizes and the options."""
    from zanjir.nn import LOSSES, convnet, mlp
    from zanjir.program import Problem

    first, *rest = text.split("-")
    picture, (*hidden, n_outputs) = [int(size) for size in first.split("x")], map(int, rest)
    if min(*picture, *hidden, n_outputs) < 1:
        raise click.UsageError(f"{text}: every size must be at least 1.")
    if settings["conv"] and len(picture) < 2:
        raise click.UsageError(f"--conv reads pictures, and {first} is none; give height x width, such as 28x28-64-10.")
    check_hidden(settings, hidden)
    how = {name: settings[name] for name in ("activation", "dropout", "norm")}
    layers = (
        convnet(picture, settings["conv"], hidden, n_outputs, **how)
        if settings["conv"]
        else mlp(hidden, n_outputs, **how)
    )
    return Problem(layers, LOSSES[settings["loss"] or "softmax"], math.prod(picture), n_outputs, penalty_of(settings))


def statements(program: Any, n: int) -> str:
    """Return the engine's own text for one batch size."""
    import numpy as np

    from zanjir.program import NumpyEngine

    engine = NumpyEngine(program, np.zeros(program.problem.layout.size))
    return f"{engine.batch(n).statements}\n"
