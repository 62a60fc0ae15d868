"""``zanjir predict``: a trained model's answers, one row per sample."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from zanjir.graph import Array
    from zanjir.training import Model

__all__ = ["predict"]


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("data")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="CSV file to write.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
def predict(run: Path, data: str, out: Path, as_json: bool) -> None:
    """Write the predictions of RUN's model for every sample of DATA, with probabilities where there are any."""
    from zanjir.cli.run import Run
    from zanjir.data import load
    from zanjir.files import write_whole
    from zanjir.training import csv_text

    saved = Run(run).load()
    dataset = load(data, seed=saved.plan.seed)
    columns, rows = table(saved.model, dataset.X)
    write_whole(out, csv_text(columns, rows).encode())
    results = {"predictions": len(rows), "out": str(out)}
    click.echo(json.dumps(results) if as_json else f"{len(rows):,} predictions written to {out}")


def table(model: Model, X: Array) -> tuple[list[str], list[list[Any]]]:
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
