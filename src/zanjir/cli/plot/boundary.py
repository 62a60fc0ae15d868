"""``zanjir plot boundary``: the decision boundaries of models in the plane."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zanjir.cli.options import shown
from zanjir.cli.plot.common import SEED, deliver, names_option, picture_options

if TYPE_CHECKING:
    from zanjir.data import Dataset

__all__ = ["boundary"]

READABLE = 200  # samples that can be told apart in a small panel


@click.command()
@click.argument("data")
@names_option("A model of the lectures: linear, knn-1, knn-5, network-3, -6, -20, lambda-0.001, -0.01, -0.1.")
@click.option("--run", "runs", multiple=True, type=click.Path(path_type=Path), help="A trained run instead.")
@click.option("--samples", type=click.IntRange(min=2), help=f"Number of samples.  [default: {READABLE} if made up]")
@click.option("--noise", type=click.FloatRange(min=0), help="Noise of made-up data.  [default: the data's own]")
@shown("--seed", type=SEED, default=0, help="Fixes everything random.")
@shown("--resolution", type=click.IntRange(2, 2000), default=300, help="Points along a side of a panel.")
@picture_options("boundary")
def boundary(
    data: str,
    only: tuple[str, ...],
    runs: tuple[Path, ...],
    samples: int | None,
    noise: float | None,
    seed: int,
    resolution: int,
    out: Path,
    as_json: bool,
) -> None:
    """Draw the decision boundaries of models on DATA with two features, such as moons, circles, xor or spirals.

    Without --only and --run: a linear model, nearest neighbors with k = 1 and 5, networks with 3, 6 and 20
    hidden units, and networks with a penalty of 0.001, 0.01 and 0.1, all fitted on all samples.
    """
    from zanjir.plots import boundaries

    if runs and only:
        raise click.UsageError("--run draws what was trained and --only what is fitted now; choose one.")
    dataset = in_the_plane(data, samples, noise, seed)
    if runs:
        models, dataset = of_runs(runs, dataset)
        titles: dict[str, str] = {}
    else:
        models, titles = fitted(only, dataset, seed)
    figure, grids = boundaries(
        models, dataset.X, dataset.y, titles=titles, class_names=dataset.classes, resolution=resolution
    )
    facts = {}
    for name, grid in grids.items():
        pixels = {dataset.classes[int(label)]: int(n) for label, n in zip(grid.classes, grid.counts, strict=True)}
        accuracy = float((models[name].predict(dataset.X) == dataset.y).mean())
        facts[name] = {"train_accuracy": accuracy, "pixels": pixels}
    width = max(map(len, facts))
    lines = [f"{name:<{width}}  train accuracy {found['train_accuracy']:.4f}" for name, found in facts.items()]
    deliver(figure, out, {"models": facts, "resolution": resolution}, lines, as_json=as_json)


def in_the_plane(data: str, samples: int | None, noise: float | None, seed: int) -> Dataset:
    """Return a data set with two features and classes."""
    from zanjir.data import TOYS, load
    from zanjir.errors import DataError

    made_up = data.lower() in TOYS
    if noise is not None and not made_up:
        raise click.UsageError(f"--noise is for made-up data, and {data} is not; leave it out.")
    if made_up and noise is not None:
        dataset = TOYS[data.lower()](samples or READABLE, noise=noise, seed=seed)
    else:
        dataset = load(data, seed=seed, n_samples=samples or (READABLE if made_up else None))
    if dataset.n_features != 2 or not dataset.classes:
        task = f"{len(dataset.classes)} classes" if dataset.classes else "numbers as targets"
        raise DataError(
            f"{dataset.name} has {dataset.n_features} features and {task}; boundaries are drawn for 2 features and "
            "classes, such as moons."
        )
    return dataset


def fitted(only: tuple[str, ...], dataset: Dataset, seed: int) -> tuple[dict[str, Any], dict[str, str]]:
    """Return models of the lectures, fitted on all samples, and what to call them."""
    import warnings

    from zanjir.errors import choose
    from zanjir.models.comparison import lecture_models

    known = dict(lecture_models())
    makers = {name: choose("model", name, known) for name in (only or known)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a boundary that is not yet at rest is still a boundary
        models = {name: make(seed).fit(dataset.X, dataset.y) for name, make in makers.items()}
    return models, {name: make.title for name, make in makers.items()}


def of_runs(runs: tuple[Path, ...], dataset: Dataset) -> tuple[dict[str, Any], Dataset]:
    """Return the models of runs, and the data with the classes as these number them."""
    from zanjir.cli.run import Run, run_names
    from zanjir.errors import DataError
    from zanjir.training import labels_for

    models = {name: Run(folder).load().model for name, folder in run_names(runs).items()}
    first = next(iter(models.values()))
    for name, model in models.items():
        if model.classes != first.classes or model.problem.in_features != 2:
            raise DataError(
                f"{name} has {model.problem.in_features} features and classes {', '.join(model.classes) or 'none'}; "
                f"expected 2 features and classes {', '.join(first.classes) or 'that have names'}."
            )
    return models, replace(dataset, y=labels_for(first, dataset), classes=first.classes)
