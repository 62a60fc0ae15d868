"""``zanjir plot boundary``: the decision boundaries of models in the plane."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zanjir.cli.options import shown
from zanjir.cli.plot.common import SEED, deliver, names_option, picture_options

if TYPE_CHECKING:
    from zanjir.data import Dataset
    from zanjir.training import Model

__all__ = ["boundary"]

READABLE = 200  # samples that can be told apart in a small panel


@click.command()
@click.argument("data")
@names_option("A model of the lectures: linear, knn-1, knn-5, network-3, -6, -20, lambda-0.001, -0.01, -0.1.")
@click.option("--target", metavar="COLUMN", help="The column of a table that holds the classes.")
@click.option("--columns", metavar="A,B", help="The two columns of a table to draw.  [default: its numbers, if two]")
@click.option("--run", "runs", multiple=True, type=click.Path(path_type=Path), help="A trained run instead.")
@click.option("--samples", type=click.IntRange(min=2), help=f"Number of samples.  [default: {READABLE} if made up]")
@click.option("--noise", type=click.FloatRange(min=0), help="Noise of made-up data.  [default: the data's own]")
@shown("--seed", type=SEED, default=0, help="Fixes everything random.")
@shown("--resolution", type=click.IntRange(2, 2000), default=300, help="Points along a side of a panel.")
@picture_options("boundary")
def boundary(
    data: str, only: tuple[str, ...], runs: tuple[Path, ...], resolution: int, out: Path, as_json: bool, **settings: Any
) -> None:
    """Draw the decision boundaries of models on DATA with two features, such as moons, circles, xor or spirals.

    Of a table, two columns of numbers are drawn: --target kind --columns height,weight.

    Without --only and --run: a linear model, nearest neighbors with k = 1 and 5, networks with 3, 6 and 20
    hidden units, and networks with a penalty of 0.001, 0.01 and 0.1, all fitted on all samples.
    """
    from zanjir.plots import boundaries

    if runs and only:
        raise click.UsageError("--run draws what was trained and --only what is fitted now; choose one.")
    trained = trained_models(runs)
    plane = in_the_plane(data, settings, trained)
    models, titles = of_runs(trained, plane) if runs else fitted(only, plane, settings["seed"])
    X, y, classes = plane.dataset.X, plane.dataset.y, plane.dataset.classes
    figure, grids = boundaries(
        models, X, y, titles=titles, class_names=classes, feature_names=plane.axes, resolution=resolution
    )
    facts = {}
    for name, grid in grids.items():
        pixels = {classes[int(label)]: int(n) for label, n in zip(grid.classes, grid.counts, strict=True)}
        facts[name] = {"train_accuracy": float((models[name].predict(X) == y).mean()), "pixels": pixels}
    width = max(map(len, facts))
    lines = [f"{name:<{width}}  train accuracy {found['train_accuracy']:.4f}" for name, found in facts.items()]
    lines += [f"left out {plane.n_dropped:,} rows with missing values"] if plane.n_dropped else []
    more = {"columns": list(plane.columns), "rows_dropped": plane.n_dropped} if plane.columns else {}
    deliver(figure, out, {"models": facts, **more, "resolution": resolution}, lines, as_json=as_json)


@dataclass(frozen=True)
class Plane:
    """What is drawn: samples with two features and classes, and the columns if they are of a table."""

    dataset: Dataset
    columns: tuple[str, str] | tuple[()] = ()
    n_dropped: int = 0

    @property
    def axes(self) -> tuple[str, str]:
        """What stands at the axes; a dollar begins no formula in the name of a column."""
        first, second = [name.replace("$", r"\$") for name in self.columns] or ("$x_1$", "$x_2$")
        return first, second


def trained_models(runs: tuple[Path, ...]) -> dict[str, Model]:
    """Return the models of runs by the names of their panels."""
    from zanjir.cli.run import Run, run_names

    return {name: Run(folder).load().model for name, folder in run_names(runs).items()}


def in_the_plane(data: str, settings: dict[str, Any], trained: dict[str, Model]) -> Plane:
    """Return the data with two features and classes."""
    from zanjir.data import TOYS, is_table, load
    from zanjir.errors import DataError

    samples, noise, seed = settings["samples"], settings["noise"], settings["seed"]
    made_up = data.lower() in TOYS
    if noise is not None and not made_up:
        raise click.UsageError(f"--noise is for made-up data, and {data} is not; leave it out.")
    if is_table(data):
        return of_table(data, settings, trained)
    if chosen := [name for name in ("target", "columns") if settings[name] is not None]:
        raise click.UsageError(f"--{chosen[0]} is for a table, and {data} is none; leave it out.")
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
    return Plane(dataset)


def of_table(data: str, settings: dict[str, Any], trained: dict[str, Model]) -> Plane:
    """Return two columns of a table: those of the options, or of the first run."""
    from zanjir.cli.loading import no_target
    from zanjir.cli.plot.plane import columns_in_the_plane, of_model

    target, names = settings["target"], settings["columns"].split(",") if settings["columns"] else ()
    if trained:
        of_first = of_model(*next(iter(trained.items())))
        target, names = target or of_first[0], names or of_first[1]
    if target is None:
        raise click.UsageError(no_target(data))
    dataset, columns, n_dropped = columns_in_the_plane(data, target, names, settings["samples"], settings["seed"])
    return Plane(dataset, columns, n_dropped)


def fitted(only: tuple[str, ...], plane: Plane, seed: int) -> tuple[dict[str, Any], dict[str, str]]:
    """Return models of the lectures, fitted on all samples, and what to call them."""
    import warnings

    from zanjir.cli.plot.plane import standardizing
    from zanjir.errors import choose
    from zanjir.models.comparison import lecture_models

    known = dict(lecture_models())
    makers = {name: choose("model", name, known) for name in (only or known)}
    new = {name: standardizing(make(seed)) if plane.columns else make(seed) for name, make in makers.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a boundary that is not yet at rest is still a boundary
        models = {name: model.fit(plane.dataset.X, plane.dataset.y) for name, model in new.items()}
    return models, {name: make.title for name, make in makers.items()}


def of_runs(trained: dict[str, Model], plane: Plane) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the models of runs as they take the samples; their names are their titles."""
    from zanjir.cli.plot.plane import ColumnsModel, of_model
    from zanjir.errors import DataError

    classes = plane.dataset.classes
    for name, model in trained.items():
        n = model.problem.in_features
        if model.classes != classes or (n != 2 and not plane.columns):
            raise DataError(
                f"{name} has {n} features and classes {', '.join(model.classes) or 'none'}; expected 2 features and "
                f"classes {', '.join(classes)}."
            )
        if plane.columns and set(of_model(name, model)[1]) != set(plane.columns):
            raise DataError(
                f"{name} was trained on {' and '.join(of_model(name, model)[1])}, and {' and '.join(plane.columns)} "
                "are drawn; choose another run, or its own --columns."
            )
    if plane.columns:
        return {name: ColumnsModel(model, plane.columns) for name, model in trained.items()}, {}
    return dict(trained), {}
