"""What the commands that show worked solutions share: their options, the writing, and a trained model on a sample."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zanjir.cli.options import shown, together

if TYPE_CHECKING:
    from zanjir.cli.run import Saved
    from zanjir.explain import Step
    from zanjir.graph import Array

__all__ = [
    "FORMATS",
    "check_numerals",
    "check_sample",
    "put",
    "reading_options",
    "sample_options",
    "solution_of_run",
    "written",
]

FORMATS = ("text", "html", "markdown", "latex", "notebook", "python", "json")
NUMERALS = ("text", "html", "markdown")  # the forms that are only read

reading_options = together([
    shown("--lang", "language", type=click.Choice(["en", "fa"]), default="en", help="English or Persian."),
    shown("--numerals", type=click.Choice(["latin", "persian"]), default="latin", help="For text, html and markdown."),
    click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="File to write instead of printing."),
])  # fmt: skip

sample_options = together([
    click.option("--sample", type=click.IntRange(min=0), help="Of a run: which sample, counted from 0 as predictions."),
    click.option("--data", help="Of a run: the data of the sample.  [default: those of the training, but for tables]"),
])  # fmt: skip


def written(tree: Step, form: str, language: str, numerals: str, digits: int, figure: str = "") -> str:
    """Return a solution in a form, with a picture at its top where there is one."""
    from zanjir.explain import as_html, as_latex, as_markdown, as_notebook, as_script, as_text

    check_numerals(form, numerals)
    if form == "json":
        return json.dumps(tree.as_json(language), ensure_ascii=False)
    write: Any = {
        "text": as_text, "html": as_html, "markdown": as_markdown, "latex": as_latex, "notebook": as_notebook,
        "python": as_script,
    }[form]  # fmt: skip
    how: dict[str, Any] = {"language": language, "digits": digits}
    how |= {"numerals": numerals} if form in NUMERALS else {}
    how |= {"figure": figure} if figure else {}
    return str(write(tree, **how))


def check_numerals(form: str, numerals: str) -> None:
    """Refuse Persian numerals where numbers are computed with, or set by other programs."""
    if numerals != "latin" and form not in NUMERALS:
        raise click.UsageError(f"--numerals is for solutions as {', '.join(NUMERALS)}; leave it out.")


def check_sample(what: str, settings: Mapping[str, Any]) -> None:
    """Refuse a sample of what is no run."""
    if Path(what).is_dir():
        return
    if given := [name for name in ("sample", "data") if settings[name] is not None]:
        raise click.UsageError(f"{what} is no run's folder, and only runs have samples; leave out --{given[0]}.")


def put(text: str, out: Path | None) -> None:
    """Print a text, or write it to a file."""
    from zanjir.files import write_whole

    if out is None:
        click.echo(text)
    else:
        write_whole(out, f"{text.rstrip()}\n".encode())
        click.echo(f"written to {out}", err=True)


def solution_of_run(folder: Path, settings: Mapping[str, Any], focus: str | None, level: str | None) -> Step:
    """Return the solution of a run's model on one sample, or what leads to one number of it.

    Raises
    ------
    UsageError
        If no sample is given.
    ZanjirError
        If the folder is no run, there is no such sample or number, or its target is not known.
    """
    from zanjir.cli.run import Run
    from zanjir.explain import explained_sample
    from zanjir.explain.words import CATALOGS, said

    if settings["sample"] is None:
        raise click.UsageError(f"{folder} is a run; say which sample of its data, counted from 0: --sample 7.")
    saved = Run(folder).load()
    if settings["data"] is None and saved.data["table"]:
        raise click.UsageError(f"{folder} was trained on a table, {saved.data['name']}; say where it is: --data FILE.")
    data = settings["data"] or str(saved.data["name"])
    x, y = sample_of(saved, data, settings["sample"])
    facts = {"sample": settings["sample"], "data": data, **outcome(saved.model, x, y)}
    titles = {language: said(language, "title_sample", **facts) for language in CATALOGS}
    if focus:
        titles = {language: said(language, "title_number", title=titles[language], name=focus) for language in titles}
    return replace(explained_sample(saved.model, x, y, level=level, focus=focus, title=titles["en"]), note=titles)


def sample_of(saved: Saved, data: str, sample: int) -> tuple[Any, Any]:
    """Return the raw inputs and the target of a sample.

    Raises
    ------
    DataError, ParameterError
        If the data cannot be read, have no such sample, or its target is not known.
    """
    import numpy as np

    from zanjir.cli.run import reads_table
    from zanjir.data import Table, load, read_table
    from zanjir.errors import DataError, ParameterError
    from zanjir.training import labels_for

    model = saved.model
    if reads_table(saved, data) and model.columns is not None:
        table = read_table(data)
        X: Table | Array = table
        y = model.columns.target.of(table)
    else:
        dataset = load(data, seed=saved.plan.seed)
        X, y = dataset.X, labels_for(model, dataset)
    if sample >= len(y):
        raise ParameterError(f"there is no sample {sample}: {data} has {len(y):,}, counted from 0.")
    if (model.classes and y[sample] < 0) or not np.isfinite(y[sample]).all():
        raise DataError(f"the target of sample {sample} of {data} is not known, so it has no loss; choose another.")
    return (X.take(np.array([sample])) if isinstance(X, Table) else X[sample]), y[sample]


def outcome(model: Any, x: Any, y: Any) -> dict[str, str]:
    """Return what a model predicts for a sample, and what is right."""
    from zanjir.data import Table

    (predicted,) = model.predict(x if isinstance(x, Table) else x[None])
    if model.classes:
        return {"predicted": model.classes[predicted], "right": model.classes[y]}
    return {"predicted": f"{predicted:g}", "right": f"{y:g}"}
