"""``zanjir compare``: the classifiers of the lectures on one split of a data set."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zanjir.cli.loading import loaded, table_lines
from zanjir.cli.options import BELOW_ONE, INSIDE_ONE, shown, table_options

if TYPE_CHECKING:
    from zanjir.data import Dataset, TableDataset
    from zanjir.models.comparison import Compared
    from zanjir.training import Parts

__all__ = ["compare"]

NAMES = (
    "guessing, knn-1, knn-5, one-vs-rest, softmax, svm-hinge, svm-squared-hinge, network, network-20 or "
    "network-20-cg; for regression guessing, knn-1, knn-5, least-squares or a network."
)
UNFINISHED = "iterations were not enough"
LONGER = "More iterations may change these scores: the estimators of zanjir.models take a larger max_iter."


@click.command()
@click.argument("data")
@table_options
@click.option("--only", multiple=True, metavar="NAME", help=f"A model: {NAMES} May be given more than once.")
@shown("--test-share", type=INSIDE_ONE, default=0.25, help="Share kept for the test, if the data brought no test set.")
@shown("--validation", type=BELOW_ONE, default=0.0, help="Share of the training data to measure apart.")
@click.option("--samples", type=click.IntRange(min=2), help="Use only so many samples.")
@shown("--seed", type=click.IntRange(0, 2**32 - 1), default=0, help="Fixes the split and everything random.")
@click.option("--out", type=click.Path(path_type=Path), metavar="FOLDER", help="Write tables and pictures there.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
def compare(data: str, only: tuple[str, ...], out: Path | None, as_json: bool, **settings: Any) -> None:
    """Fit nearest neighbors, linear classifiers, SVMs and networks on DATA, and compare accuracy and time.

    DATA is a data set's name, a folder, or a table with --target COLUMN, as for zanjir train.

    All learn from the same samples of one stratified split, and guessing (the most frequent class, or the mean) is
    the baseline. FOLDER gets comparison.csv, comparison.md and comparison.png, and for data with two features and
    classes their decision boundaries.
    """
    from zanjir.models import comparison
    from zanjir.training import divide

    dataset, table = loaded(data, settings)
    seed = settings["seed"]
    parts = divide(dataset, test_share=settings["test_share"], validation_share=settings["validation"], seed=seed)
    found = comparison.compare(parts, only or None, seed=seed)
    if out is not None:
        make(out)
    lines = table_lines(dataset)
    rows = list(found) if as_json else printed(found, parts, only, lines)
    names = written(out, rows, parts, lines) if out is not None else []
    if as_json:
        facts = {
            "data": dataset.name,
            **(table_facts(dataset) if table else {}),
            "seed": seed,
            **{f"{name}_samples": part.n_samples for name, part in vars(parts).items() if part is not None},
            "models": [row.as_dict() for row in rows],
            "out": [str(path) for path in names],
        }
        click.echo(json.dumps(facts, allow_nan=False))
    elif out is not None:
        click.echo(f"\n{', '.join(path.name for path in names)} written to {out}")


def table_facts(dataset: TableDataset) -> dict[str, Any]:
    """Return what was found in a table, as JSON data."""
    from zanjir.data.table_text import facts_of

    return facts_of(dataset)


def make(folder: Path) -> None:
    """Make the folder before anything is computed for it."""
    from zanjir.errors import DataError
    from zanjir.files import reason

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"cannot make the folder {folder}: {reason(error)}; choose another --out.") from error


def printed(found: Iterator[Compared], parts: Parts, only: Sequence[str], lines: Sequence[str]) -> list[Compared]:
    """Print what was found in a table, then the models, each as soon as it is known; return the rows."""
    from zanjir.models.comparison import candidates

    names = only or list(candidates(classification=parts.train.is_classification))
    width = max(len("model"), *map(len, names))
    measure = "accuracy" if parts.train.is_classification else "R²"
    click.echo("".join(f"{text}\n" for text in lines) + f"{parts.train.name}: {sizes(parts)}; {measure}\n")
    rows: list[Compared] = []
    for row in found:
        if not rows:
            click.echo(line("model", cells(row), width))
        click.echo(line(row.name, cells(row).values(), width))
        rows.append(row)
    if notes := notes_of(rows):
        click.echo("\n" + "\n".join([*notes, *([LONGER] if UNFINISHED in " ".join(notes) else [])]))
    return rows


def sizes(parts: Parts) -> str:
    """Return how many samples each part has."""
    watched = f", {parts.validation.n_samples:,} for validation" if parts.validation else ""
    return f"{parts.train.n_samples:,} samples to learn from{watched}, {parts.test.n_samples:,} for the test"


def notes_of(rows: Sequence[Compared]) -> list[str]:
    """Return what the models warned of, each once, with their names."""
    names: dict[str, list[str]] = {}
    for row in rows:
        if row.note:
            names.setdefault(row.note, []).append(row.name)
    return [f"{', '.join(group)}: {note}." for note, group in names.items()]


def cells(row: Compared) -> dict[str, str]:
    """Return the numbers of a row as text by what stands above them; a dash where there is none."""
    return {
        "train": f"{row.train:.4f}",
        **({} if row.validation is None else {"validation": f"{row.validation:.4f}"}),
        "test": f"{row.test:.4f}",
        **({} if row.balanced_accuracy is None else {"balanced": f"{row.balanced_accuracy:.4f}"}),
        "fit s": f"{row.fit_seconds:.3f}",
        "predict s": f"{row.predict_seconds:.4f}",
        "parameters": "-" if row.parameters is None else f"{row.parameters:,}",
    }


def line(name: str, numbers: Iterable[str], width: int) -> str:
    """Return a line of the table."""
    return "  ".join([name.ljust(width), *(text.rjust(10) for text in numbers)])


def written(folder: Path, rows: Sequence[Compared], parts: Parts, lines: Sequence[str]) -> list[Path]:
    """Write the tables and the pictures, and return their files."""
    from zanjir.files import write_whole
    from zanjir.models.comparison import GUESSING
    from zanjir.plots import boundaries, save_figure
    from zanjir.plots.comparison import comparison
    from zanjir.training import csv_text

    facts = [row.as_dict() for row in rows]
    table = csv_text(list(facts[0]), [["" if value is None else value for value in fact.values()] for fact in facts])
    files = {"comparison.csv": table, "comparison.md": markdown(rows, parts, lines)}
    for name, text in files.items():
        write_whole(folder / name, text.encode())
    figures = {"comparison.png": comparison(rows)}
    models = {row.name: row.model for row in rows if row.name != GUESSING}
    if models and parts.train.n_features == 2 and parts.train.classes:
        train = parts.train
        X, names = train.X / train.scale, axes_of(train)
        figures["boundaries.png"] = boundaries(models, X, train.y, class_names=train.classes, feature_names=names)[0]
    for name, figure in figures.items():
        save_figure(figure, folder / name)
    return [folder / name for name in (*files, *figures)]


def axes_of(train: Dataset) -> tuple[str, str]:
    """Return what stands at the axes of two features; a dollar begins no formula in the name of a column."""
    if train.columns is None:
        return "$x_1$", "$x_2$"
    first, second = (f"{name} (standardized)".replace("$", r"\$") for name in train.columns.feature_names)
    return first, second


def markdown(rows: Sequence[Compared], parts: Parts, lines: Sequence[str]) -> str:
    """Return the table as Markdown; ``lines`` say what was found in a table of data."""
    heads = list(cells(rows[0]))
    head = f"| model | {' | '.join(heads)} |\n|---|" + "---:|" * len(heads)
    body = "\n".join(f"| {row.name} | {' | '.join(cells(row).values())} |" for row in rows)
    found = "".join(f"- {text}\n" for text in lines) + "\n" * bool(lines)
    notes = "".join(f"\n- {note}" for note in notes_of(rows))
    return (
        f"# {parts.train.name}\n\n{found}{sizes(parts)}; {rows[0].measure}, times in seconds.\n\n"
        f"{head}\n{body}\n{notes}\n"
    )
