"""``zanjir export``: a trained model as an ONNX file, for programs that do not have zanjir."""

from __future__ import annotations

import json
from pathlib import Path

import click

__all__ = ["export"]


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="ONNX file to write.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
def export(run: Path, out: Path, as_json: bool) -> None:
    """Write the model of RUN as an ONNX file: raw inputs X in, labels, probabilities and scores out.

    It needs the extra onnx: pip install 'zanjir[onnx]'.
    """
    from zanjir.cli.run import Run
    from zanjir.files import write_whole
    from zanjir.interchange import onnx_model

    made = onnx_model(Run(run).load().model)
    content = made.SerializeToString()
    write_whole(out, content)
    outputs = [output.name for output in made.graph.output]
    results = {"out": str(out), "bytes": len(content), "inputs": ["X"], "outputs": outputs, "run": str(run)}
    click.echo(json.dumps(results) if as_json else f"{out}: {', '.join(outputs)} from X, {len(content):,} bytes")
