"""``zanjir train``: from a data set to a run with a model, pictures and a report."""

from __future__ import annotations

import json
import math
import shlex
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from zanjir.cli.loading import loaded, table_lines
from zanjir.cli.options import (
    BELOW_ONE,
    INITIALIZER,
    INSIDE_ONE,
    SCHEDULE,
    SizesType,
    check_hidden,
    clip_of,
    given,
    network_options,
    optimizer_options,
    penalty_of,
    shown,
    table_options,
)

__all__ = ["train"]

EPOCHS = "Passes over the data.  [default: enough for 4,000 steps, between 20 and 200]"
ENOUGH_STEPS, FEWEST_EPOCHS, MOST_EPOCHS = 4000, 20, 200
ENGINE_SETTINGS = ("engine", "shards", "threads")
ENGINE = click.Choice(["auto", "numpy", "native"])
NATIVE_CHOOSES = "for the native engine.  [default: it chooses]"
TENSORBOARD = "Write every epoch's losses there, for TensorBoard.  [needs: pip install 'zanjir[tensorboard]']"
CLASS_WEIGHT = "balanced: all classes count alike in the loss, however rare.  [default: all samples do]"
SUGGESTION = "--class-weight balanced would let rare classes count as much as frequent ones"
EARLY_STOPPING = "Stop when the validation loss has not improved for so long, and keep the best parameters."


@click.command()
@click.argument("data")
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the run.  [default: runs/DATA-1, -2, ...]")
@shown(
    "--hidden", type=SizesType(), default="256", help="Hidden sizes, such as 512 or 100,50; none for a linear model."
)
@table_options
@network_options
@click.option("--class-weight", type=click.Choice(["balanced"]), help=CLASS_WEIGHT)
@click.option("--initializer", type=INITIALIZER, help="First weights.  [default: he for relu, else glorot]")
@optimizer_options
@shown("--schedule", type=SCHEDULE, default="cosine", help="The learning rate over time.")
@shown("--batch-size", type=click.IntRange(min=1), default=32, help="Samples per step.")
@click.option("--epochs", type=click.IntRange(min=1), help=EPOCHS)
@shown("--validation", type=BELOW_ONE, default=0.1, help="Share of the training data to watch instead of learn.")
@click.option("--early-stopping", type=click.IntRange(min=1), metavar="EPOCHS", help=EARLY_STOPPING)
@shown("--test-share", type=INSIDE_ONE, default=0.2, help="Share kept for the test, if the data brought no test set.")
@click.option("--samples", type=click.IntRange(min=2), help="Use only so many samples.")
@shown("--engine", type=ENGINE, default="auto", help="What runs the steps; auto: native (compiled) if that saves time.")
@click.option("--shards", type=click.IntRange(min=1), help=f"Parts of a batch, {NATIVE_CHOOSES}")
@click.option("--threads", type=click.IntRange(min=1), help=f"Threads that share the parts, {NATIVE_CHOOSES}")
@shown("--seed", type=click.IntRange(0, 2**32 - 1), default=0, help="Fixes everything random.")
@click.option("--resume", is_flag=True, help="Go on with the interrupted run in --out; its own settings hold.")
@shown("--pictures/--no-pictures", default=True, help="Draw the learning curve and the mistakes: about a second.")
@click.option("--tensorboard", type=click.Path(path_type=Path), metavar="DIR", help=TENSORBOARD)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
@click.option("--quiet", is_flag=True, help="Show no progress.")
def train(
    data: str,
    out: Path | None,
    resume: bool,
    pictures: bool,
    tensorboard: Path | None,
    as_json: bool,
    quiet: bool,
    **settings: Any,
) -> None:
    """Train a network on DATA, a data set's name, a folder of IDX files such as MNIST's or of CIFAR's, or a table.

    Names: digits, mnist, fashion-mnist (downloaded once), and made-up sets such
    as moons, circles, xor, spirals, line, regression_plane.

    Tables: CSV, TSV, Parquet and Arrow, with --target COLUMN. Categories, missing
    values, dates and text are taken care of; it is said what was found.
    """
    if resume and out is None:
        raise click.UsageError("--resume needs --out RUN, the folder of the run to go on with.")
    if resume:
        # No bit depends on the threads, so another machine may choose its own.
        changed = [name for name in settings if given(name) and name != "threads"]
        if changed:
            raise click.UsageError(
                f"--resume goes on with the run's own settings; leave out --{changed[0].replace('_', '-')}."
            )
    if settings["early_stopping"] and not settings["validation"]:
        raise click.UsageError("--early-stopping needs validation data; give --validation a share above 0.")
    if settings["engine"] == "numpy" and (chosen := [name for name in ("shards", "threads") if settings[name]]):
        raise click.UsageError(f"--{chosen[0]} is for the native engine; leave it out, or choose --engine native.")
    if not resume:
        check_hidden(settings, settings["hidden"])
    watchers = watchers_of(tensorboard)
    job = resumed(data, out, settings["threads"]) if resume and out else started(data, out, settings)
    finish(job, data, watchers, pictures=pictures, as_json=as_json, quiet=quiet)


@dataclass
class Job:
    """A training that is ready to run, and where its results go."""

    run: Any
    trainer: Any
    parts: Any
    facts: dict[str, Any]
    made: Sequence[Path]  # the folders that were made for it, the innermost first
    dataset: Any  # before it was divided


def watchers_of(tensorboard: Path | None) -> list[Any]:
    """Return the callbacks that the options ask for; what they need must be there before anything begins."""
    if tensorboard is None:
        return []
    from zanjir.interchange import TensorBoard

    return [TensorBoard(tensorboard)]


def started(data: str, out: Path | None, settings: dict[str, Any]) -> Job:
    """Set a new training up from the options; nothing is written before everything fits together."""
    from zanjir.cli.run import new_run
    from zanjir.training import divide, fingerprint, problem_for, trainer_for

    dataset, table = loaded(data, settings)
    shares = {
        "test_share": settings["test_share"],
        "validation_share": settings["validation"],
        "seed": settings["seed"],
    }
    parts = divide(dataset, **shares)
    problem = problem_for(
        parts.train,
        hidden=settings["hidden"],
        conv=settings["conv"],
        norm=settings["norm"],
        activation=settings["activation"],
        dropout=settings["dropout"],
        initializer=settings["initializer"],
        loss=settings["loss"],
        penalty=penalty_of(settings),
    )
    plan, class_weight = plan_of(settings, parts.train.n_samples), settings["class_weight"]
    trainer = trainer_for(problem, plan, parts, class_weight=class_weight)
    facts = {
        "name": dataset.name,
        "fingerprint": fingerprint(dataset),
        "samples": settings["samples"],
        "table": table,
        "class_weight": class_weight,
        **shares,
    }
    run, made = new_run(out, dataset.name)
    return Job(run, trainer, parts, facts, made, dataset)


def resumed(data: str, out: Path, threads: int | None) -> Job:
    """Set an interrupted training up again, at the step where it stopped."""
    from zanjir.cli.run import Run, reads_table
    from zanjir.errors import DataError
    from zanjir.training import trainer_for

    run = Run(out)
    saved = run.load()
    reads_table(saved, data)
    dataset = saved.load(data)
    if not saved.is_of(dataset):
        raise DataError(f"{data} is not the data that {out} was trained on; give {saved.data['name']}, unchanged.")
    parts = saved.divided(dataset)
    if threads and saved.plan.engine == "numpy":
        raise click.UsageError(f"--threads is for the native engine, and {out} is trained by numpy; leave it out.")
    plan = replace(saved.plan, threads=threads)
    trainer = trainer_for(saved.model.problem, plan, parts, class_weight=saved.data["class_weight"])
    trainer.restore(saved.arrays, saved.state)
    return Job(run, trainer, parts, saved.data, made=(), dataset=dataset)


def plan_of(settings: dict[str, Any], n_samples: int) -> Any:
    """Return the plan that the options choose for a number of training samples."""
    from zanjir.optim import optimizer, schedule
    from zanjir.training import Plan

    return Plan(
        optimizer=optimizer(settings["optimizer"], settings["learning_rate"]),
        schedule=schedule(settings["schedule"]),
        clip=clip_of(settings),
        batch_size=settings["batch_size"],
        epochs=settings["epochs"] or enough_epochs(n_samples, settings["batch_size"]),
        patience=settings["early_stopping"],
        seed=settings["seed"],
        **{name: settings[name] for name in ENGINE_SETTINGS},
    )


def enough_epochs(n_samples: int, batch_size: int) -> int:
    """Return how many epochs make enough steps: small data are visited more often.

    >>> enough_epochs(1294, 32), enough_epochs(360, 32), enough_epochs(60_000, 32)
    (98, 200, 20)
    """
    steps_per_epoch = math.ceil(n_samples / batch_size)
    return min(MOST_EPOCHS, max(FEWEST_EPOCHS, math.ceil(ENOUGH_STEPS / steps_per_epoch)))


def finish(job: Job, data: str, watchers: Sequence[Any], *, pictures: bool, as_json: bool, quiet: bool) -> None:
    """Train, save everything, and print the results."""
    from zanjir.cli.report import results_of, results_text, write_results

    if not (quiet or as_json):
        click.echo(describe(job), err=True)
    try:
        completed = run_training(job, watchers, quiet=quiet)
        model = save(job)
    except BaseException:
        for folder in job.made:
            with suppress(OSError):  # it is no longer empty: something was saved, or another run came to lie in it
                folder.rmdir()
        raise
    if not completed:
        command = shlex.join(["zanjir", "train", data, "--out", str(job.run.folder), "--resume"])
        click.echo(
            f"zanjir: stopped at step {job.trainer.t} of {job.trainer.n_steps} and saved; go on with: {command}",
            err=True,
        )
        sys.exit(130)
    results = results_of(job.run, job.trainer, model, job.parts, job.dataset)
    write_results(job.run, job.trainer, model, job.parts, results, job.dataset, pictures=pictures)
    click.echo(json.dumps(results) if as_json else results_text(results))


def run_training(job: Job, watchers: Sequence[Any], *, quiet: bool) -> bool:
    """Train with progress; return whether the training came to its end."""
    from zanjir.cli.interrupt import interruptible
    from zanjir.cli.progress import progress
    from zanjir.training import fit

    shown = progress(quiet=quiet)
    with interruptible() as request:
        if shown is None:
            fit(job.trainer, [*watchers, request])
        else:
            with shown:
                fit(job.trainer, [*watchers, shown, request])
    return bool(job.trainer.finished)


def save(job: Job) -> Any:
    """Save the model as it stands."""
    from zanjir.training import model_of

    model = model_of(job.trainer, job.parts.train)
    job.run.save(model, job.trainer, job.facts)
    return model


def describe(job: Job) -> str:
    """Return a few lines on what is about to be trained."""
    problem, plan, parts = job.trainer.problem, job.trainer.plan, job.parts
    watched = f", {parts.validation.n_samples:,} to watch" if parts.validation else ""
    found = "".join(f"{line}\n" for line in [*table_lines(job.dataset), *weight_lines(job)])
    return (
        f"{found}{job.facts['name']}: {parts.train.n_samples:,} samples to learn from{watched}, "
        f"{parts.test.n_samples:,} for the test\n"
        f"network {problem.sizes} with {problem.n_learned:,} parameters, {problem.loss.name} loss, "
        f"{type(plan.optimizer).__name__} at {plan.optimizer.learning_rate:g}, batches of {plan.batch_size}\n"
        f"{engine_text(job.trainer.engine)}"
    )


def weight_lines(job: Job) -> list[str]:
    """Return how the classes are weighted, or that they could be where one is rare."""
    from zanjir.cli.report import weights_text
    from zanjir.data import TableDataset
    from zanjir.data.table_text import is_imbalanced

    if job.trainer.problem.weighted:
        return [weights_text(job.parts.train)]
    return [SUGGESTION] if isinstance(job.dataset, TableDataset) and is_imbalanced(job.dataset) else []


def engine_text(engine: Any) -> str:
    """Return which engine runs, and what it leaves to NumPy."""
    gates = engine.fallbacks
    left = f"; {', '.join(gates)} run{'s' if len(gates) == 1 else ''} in NumPy" if gates else ""
    return f"{engine.description}{left}"
