"""``zanjir plot calibration``: whether probabilities come true."""

from __future__ import annotations

from pathlib import Path

import click

from zanjir.cli.options import shown
from zanjir.cli.plot.common import deliver, picture_options

__all__ = ["calibration"]


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("data")
@shown("--bins", type=click.IntRange(min=1, max=1000), default=10, help="Bins of equal width between 0 and 1.")
@picture_options("calibration")
def calibration(run: Path, data: str, bins: int, out: Path, as_json: bool) -> None:
    """Draw how often what RUN's model calls probable comes true on DATA, with the number of samples per bin.

    With two classes it is about the probability of the second; with more, about that of the predicted class.
    """
    from zanjir.cli.run import classified
    from zanjir.errors import DataError
    from zanjir.plots import calibration as drawn

    model, test, what = classified(run, data)
    probabilities = model.predict_proba(test.X)
    if probabilities is None:
        raise DataError(
            f"{run} was trained with {model.problem.loss.name} loss, whose scores are no probabilities; "
            "train with --loss softmax or binary_cross_entropy."
        )
    figure, found = drawn(test.y, probabilities, model.classes, n_bins=bins)
    facts = {"expected_calibration_error": found.error, "counts": found.counts.tolist(), "samples": what}
    lines = [f"expected calibration error {found.error:.4f} on {what}: {test.n_samples:,}"]
    deliver(figure, out, facts, lines, as_json=as_json)
