"""``zanjir evaluate``: how well a trained model does on a data set."""

from __future__ import annotations

import json
from pathlib import Path

import click

__all__ = ["evaluate"]


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("data")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
def evaluate(run: Path, data: str, as_json: bool) -> None:
    """Measure the model of RUN on DATA.

    On the data it was trained on, only the samples kept for the test are used; elsewhere the test set of the
    data, or all samples if there is none.
    """
    from zanjir.cli.options import SCORE_NAMES
    from zanjir.cli.run import Run, held_out
    from zanjir.training import further_scores

    saved = Run(run).load()
    test, y, what = held_out(saved, data)
    found = saved.model.evaluate(test.X, y)
    further = further_scores(saved.model, test.X, y) if saved.model.columns else {}
    results = {
        **found.test_score,
        "test_loss": found.loss,
        **{f"test_{name}": score for name, score in further.items()},
        "test_samples": test.n_samples,
        "samples": what,
        "run": str(run),
    }
    if as_json:
        click.echo(json.dumps(results))
        return
    name, value = next(iter(found.test_score.items()))
    measure = name.replace("_", " ").replace("r2", "R²")
    width = len(measure) if saved.model.columns else 0
    click.echo(f"{measure}  {value:.4f}  on {what}: {test.n_samples:,} of {test.name}")
    for score, number in further.items():
        click.echo(f"{SCORE_NAMES[score]:<{width}}  {number:.4f}")
    click.echo(f"{'test loss':<{width}}  {found.loss:.4f}")
