"""``zanjir predict``: a trained model's answers, one row per sample."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from zanjir.data import Table
    from zanjir.graph import Array
    from zanjir.training import Model

__all__ = ["predict"]

OUT = "File to write: Parquet or Arrow if its ending says so, else CSV."


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("data")
@click.option("--out", type=click.Path(path_type=Path), required=True, help=OUT)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
def predict(run: Path, data: str, out: Path, as_json: bool) -> None:
    """Write the predictions of RUN's model for every sample of DATA, with probabilities where there are any."""
    from zanjir.cli.run import Run, reads_table
    from zanjir.data import load, read_table
    from zanjir.files import write_whole

    if Path(data).is_file() and out.exists() and out.samefile(data):
        raise click.UsageError(f"--out {out} is the data itself, which would be lost; choose another file.")
    saved = Run(run).load()
    of_table = reads_table(saved, data)
    columns, rows = table(saved.model, read_table(data) if of_table else load(data, seed=saved.plan.seed).X)
    write_whole(out, file_bytes(out, columns, rows))
    results = {"predictions": len(rows), "out": str(out)}
    click.echo(json.dumps(results) if as_json else f"{len(rows):,} predictions written to {out}")


def file_bytes(out: Path, columns: list[str], rows: list[list[Any]]) -> bytes:
    """Return a prediction file in the form of its ending; CSV for any that is not of Parquet or Arrow."""
    from zanjir.data.table import ARROW, PARQUET, table_bytes
    from zanjir.training import csv_text

    ending = out.suffix.lower()
    if ending not in (*PARQUET, *ARROW):
        return csv_text(columns, rows).encode()
    return table_bytes(dict(zip(columns, map(list, zip(*rows, strict=True)), strict=True)), ending)


def table(model: Model, X: Array | Table) -> tuple[list[str], list[list[Any]]]:
    """Return the header and the rows of a prediction file."""
    predicted = model.predict(X)
    if not model.classes:
        values = predicted.reshape(len(predicted), -1).tolist()
        names = ["prediction"] if len(values[0]) == 1 else [f"prediction {k}" for k in range(len(values[0]))]
        return ["sample", *names], [[i, *row] for i, row in enumerate(values)]
    named = [model.classes[label] for label in predicted]
    p = model.predict_proba(X)
    if p is None:
        return ["sample", "prediction"], [[i, name] for i, name in enumerate(named)]
    columns = ["sample", "prediction", *(f"p({name})" for name in model.classes)]
    return columns, [[i, name, *row] for i, (name, row) in enumerate(zip(named, p.round(6).tolist(), strict=True))]
