"""``zanjir compare``: the classifiers of the lectures on one split of a data set."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zanjir.cli.options import BELOW_ONE, INSIDE_ONE, shown

if TYPE_CHECKING:
    from zanjir.models.comparison import Compared
    from zanjir.training import Parts

__all__ = ["compare"]

NAMES = (
    "knn-1, knn-5, one-vs-rest, softmax, svm-hinge, svm-squared-hinge, network, network-20 or network-20-cg; "
    "for regression knn-1, knn-5, least-squares or a network."
)
HEADS = ("train", "validation", "test", "fit s", "predict s", "parameters")


@click.command()
@click.argument("data")
@click.option("--only", multiple=True, metavar="NAME", help=f"A model: {NAMES} May be given more than once.")
@shown("--test-share", type=INSIDE_ONE, default=0.25, help="Share kept for the test, if the data brought no test set.")
@shown("--validation", type=BELOW_ONE, default=0.0, help="Share of the training data to measure apart.")
@click.option("--samples", type=click.IntRange(min=2), help="Use only so many samples.")
@shown("--seed", type=click.IntRange(0, 2**32 - 1), default=0, help="Fixes the split and everything random.")
@click.option("--out", type=click.Path(path_type=Path), metavar="FOLDER", help="Write tables and pictures there.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
def compare(
    data: str,
    only: tuple[str, ...],
    test_share: float,
    validation: float,
    samples: int | None,
    seed: int,
    out: Path | None,
    as_json: bool,
) -> None:
    """Fit nearest neighbors, linear classifiers, SVMs and networks on DATA, and compare accuracy and time.

    All learn from the same samples of one stratified split. FOLDER gets comparison.csv, comparison.md and
    comparison.png, and for data with two features their decision boundaries.
    """
    from zanjir.data import load
    from zanjir.models import comparison
    from zanjir.training import divide

    dataset = load(data, seed=seed, n_samples=samples)
    parts = divide(dataset, test_share=test_share, validation_share=validation, seed=seed)
    found = comparison.compare(parts, only or None, seed=seed)
    if out is not None:
        make(out)
    rows = list(found) if as_json else printed(found, parts, only)
    names = written(out, rows, parts) if out is not None else []
    if as_json:
        facts = {
            "data": dataset.name,
            "seed": seed,
            **{f"{name}_samples": part.n_samples for name, part in vars(parts).items() if part is not None},
            "models": [row.as_dict() for row in rows],
            "out": [str(path) for path in names],
        }
        click.echo(json.dumps(facts, allow_nan=False))
    elif out is not None:
        click.echo(f"\n{', '.join(path.name for path in names)} written to {out}")


def make(folder: Path) -> None:
    """Make the folder before anything is computed for it."""
    from zanjir.errors import DataError
    from zanjir.files import reason

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"cannot make the folder {folder}: {reason(error)}; choose another --out.") from error


def printed(found: Any, parts: Parts, only: Sequence[str]) -> list[Compared]:
    """Print a table, each line as soon as it is known, and return the rows."""
    from zanjir.models.comparison import candidates

    names = only or list(candidates(classification=parts.train.is_classification))
    width = max(len("model"), *map(len, names))
    watched = f", {parts.validation.n_samples:,} for validation" if parts.validation else ""
    measure = "accuracy" if parts.train.is_classification else "R²"
    click.echo(
        f"{parts.train.name}: {parts.train.n_samples:,} samples to learn from{watched}, "
        f"{parts.test.n_samples:,} for the test; {measure}\n"
    )
    click.echo(line("model", HEADS, width))
    rows = []
    for row in found:
        click.echo(line(row.name, cells(row), width))
        rows.append(row)
    notes = [f"{row.name}: {row.note}." for row in rows if row.note]
    if notes:
        click.echo("\n" + "\n".join(notes))
    return rows


def cells(row: Compared) -> list[str]:
    """Return the numbers of a row as text; a dash where there is none."""
    return [
        f"{row.train:.4f}",
        "-" if row.validation is None else f"{row.validation:.4f}",
        f"{row.test:.4f}",
        f"{row.fit_seconds:.3f}",
        f"{row.predict_seconds:.4f}",
        "-" if row.parameters is None else f"{row.parameters:,}",
    ]


def line(name: str, numbers: Sequence[str], width: int) -> str:
    """Return a line of the table."""
    return "  ".join([name.ljust(width), *(text.rjust(10) for text in numbers)])


def written(folder: Path, rows: Sequence[Compared], parts: Parts) -> list[Path]:
    """Write the tables and the pictures, and return their files."""
    from zanjir.files import write_whole
    from zanjir.plots import boundaries, save_figure
    from zanjir.plots.comparison import comparison
    from zanjir.training import csv_text

    facts = [row.as_dict() for row in rows]
    table = csv_text(list(facts[0]), [["" if value is None else value for value in fact.values()] for fact in facts])
    files = {"comparison.csv": table, "comparison.md": markdown(rows, parts)}
    for name, text in files.items():
        write_whole(folder / name, text.encode())
    figures = {"comparison.png": comparison(rows)}
    if parts.train.n_features == 2 and parts.train.classes:
        models = {row.name: row.model for row in rows}
        X = parts.train.X / parts.train.scale
        figures["boundaries.png"] = boundaries(models, X, parts.train.y, class_names=parts.train.classes)[0]
    for name, figure in figures.items():
        save_figure(figure, folder / name)
    return [folder / name for name in (*files, *figures)]


def markdown(rows: Sequence[Compared], parts: Parts) -> str:
    """Return the table as Markdown."""
    head = "| model | " + " | ".join(HEADS) + " |\n|---|" + "---:|" * len(HEADS)
    body = "\n".join(f"| {row.name} | {' | '.join(cells(row))} |" for row in rows)
    notes = "".join(f"\n- {row.name}: {row.note}." for row in rows if row.note)
    sizes = f"{parts.train.n_samples:,} samples to learn from, {parts.test.n_samples:,} for the test"
    return f"# {parts.train.name}\n\n{sizes}; {rows[0].measure}, times in seconds.\n\n{head}\n{body}\n{notes}\n"
