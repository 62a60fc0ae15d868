"""``zanjir plot confusion``: which class is taken for which."""

from __future__ import annotations

from pathlib import Path

import click

from zanjir.cli.plot.common import deliver, picture_options

__all__ = ["confusion"]


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("data")
@picture_options("confusion")
def confusion(run: Path, data: str, out: Path, as_json: bool) -> None:
    """Draw the confusion matrix of RUN's model on DATA.

    On the data it was trained on, only the samples kept for the test are used, as by zanjir evaluate.
    """
    import numpy as np

    from zanjir.cli.run import classified
    from zanjir.plots import confusion as drawn
    from zanjir.plots import confusion_counts

    model, test, what = classified(run, data)
    counts = confusion_counts(test.y, model.predict(test.X), len(model.classes))
    facts = {"classes": list(model.classes), "counts": counts.tolist(), "samples": what}
    lines = [f"{int(np.trace(counts)):,} of {test.n_samples:,} right, on {what}"]
    deliver(drawn(counts, model.classes), out, facts, lines, as_json=as_json)
