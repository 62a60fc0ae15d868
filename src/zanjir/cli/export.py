"""``zanjir export``: a trained model as an ONNX file, for programs that do not have zanjir."""

from __future__ import annotations

import json
from pathlib import Path

import click

__all__ = ["export"]


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="File to write: .onnx.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
def export(run: Path, out: Path, as_json: bool) -> None:
    """Write the model of RUN as an ONNX file, which other programs can run without zanjir.

    Raw inputs X, or a table's columns, go in; labels, probabilities and scores, or predicted numbers, come out. It
    needs the extra onnx: pip install 'zanjir[onnx]'.
    """
    from zanjir.cli.run import Run
    from zanjir.files import write_whole
    from zanjir.interchange import onnx_model

    if out.suffix.lower() != ".onnx":
        raise click.UsageError(f"--out {out} ends in {out.suffix!r}, expected .onnx, the only kind that is written.")
    made = onnx_model(Run(run).load().model)
    content = made.SerializeToString()
    write_whole(out, content)
    inputs, outputs = ([value.name for value in group] for group in (made.graph.input, made.graph.output))
    results = {"out": str(out), "bytes": len(content), "inputs": inputs, "outputs": outputs, "run": str(run)}
    text = f"{out}: {', '.join(outputs)} from {', '.join(inputs)}; {len(content):,} bytes"
    click.echo(json.dumps(results) if as_json else text)
