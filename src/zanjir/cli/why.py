"""``zanjir why``: one number of a trained model or of a problem, and the chain rule that leads to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from zanjir.cli.options import shown
from zanjir.cli.worked import FORMATS, check_sample, put, reading_options, sample_options, solution_of_run, written

__all__ = ["why"]


@click.command()
@click.argument("what", metavar="RUN|PROBLEM")
@click.argument("number")
@sample_options
@click.option("--gates", is_flag=True, help="Write every gate as a step of its own.")
@shown("--format", "form", type=click.Choice(FORMATS), default="text", help="What to write.")
@shown("--digits", type=click.IntRange(1, 17), default=6, help="Significant digits that are shown.")
@reading_options
def why(
    what: str, number: str, gates: bool, form: str, digits: int, language: str, numerals: str, out: Path | None,
    **settings: Any,
) -> None:  # fmt: skip
    """Say why NUMBER of RUN or PROBLEM is what it is.

    NUMBER is a parameter such as 'W2[1,3]', a number on the way such as
    'h[4]', 'scores[3]' or loss, or a derivative such as 'dL/dh[4]'. Of a RUN,
    one --sample is looked at; a PROBLEM is a file, or one of the lectures.

    What depends on the number is written out, up to the loss, and the
    derivatives on the way back.
    """
    from zanjir.explain import problem

    level = "gates" if gates else "scalars"
    check_sample(what, settings)
    if Path(what).is_dir():
        tree = solution_of_run(Path(what), settings, number, level)
    else:
        tree = problem(what).solution(focus=number, level=level)
    put(written(tree, form, language, numerals, digits), out)
