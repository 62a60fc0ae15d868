"""``zanjir plot templates``: the weights of the first layer as pictures."""

from __future__ import annotations

from pathlib import Path

import click

from zanjir.cli.plot.common import deliver, picture_options

__all__ = ["templates"]


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--each", type=click.Path(path_type=Path), metavar="FOLDER", help="Write each as a picture of its own too."
)
@picture_options("templates")
def templates(run: Path, each: Path | None, out: Path, as_json: bool) -> None:
    """Draw the templates of RUN's model: the weights of its first layer in the shape of an input picture.

    A linear model's score for a class is the inner product of the input with the class's template, and its bias.
    """
    from zanjir.cli.run import Run
    from zanjir.errors import DataError
    from zanjir.files import reason
    from zanjir.plots import save_figure, template, template_weights
    from zanjir.plots import templates as drawn

    model = Run(run).load().model
    figure, n = drawn(model), len(template_weights(model))
    written = []
    if each is not None:
        try:
            each.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DataError(f"cannot make the folder {each}: {reason(error)}; choose another --each.") from error
        written = [each / f"template-{k}{out.suffix}" for k in range(n)]
        for k, path in enumerate(written):
            save_figure(template(model, k), path)
    lines = [f"{n} templates", *([f"each written to {each}"] if each else [])]
    deliver(figure, out, {"templates": n, "each": [str(path) for path in written]}, lines, as_json=as_json)
