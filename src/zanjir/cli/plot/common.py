"""What all kinds of pictures share: where they go, and what is said of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from zanjir.cli.options import shown, together

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["FRACTION", "POSITIVE", "SEED", "deliver", "names_option", "picture_options"]

Command = TypeVar("Command", bound=Callable[..., Any])
SEED = click.IntRange(0, 2**32 - 1)
POSITIVE = click.FloatRange(min=0, min_open=True)
FRACTION = click.FloatRange(0, 1)


class PictureType(click.ParamType[Path]):
    """A file that ends as a picture: known before anything is computed for it."""

    name = "file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Return the path."""
        from zanjir.errors import ParameterError
        from zanjir.plots.save import checked_ending

        path = Path(value)
        try:
            checked_ending(path)
        except ParameterError as error:
            self.fail(str(error), param, ctx)
        if not path.parent.is_dir():
            self.fail(f"there is no folder {path.parent}; make it, or choose another.", param, ctx)
        return path


def picture_options(kind: str) -> Callable[[Command], Command]:
    """Return the options of every picture."""
    return together([
        shown("--out", type=PictureType(), default=f"{kind}.png", help="File to write: .png, .svg or .pdf."),
        click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text."),
    ])  # fmt: skip


def names_option(help_text: str) -> Callable[[Command], Command]:
    """Return an option that chooses among things by name, as often as it is given."""
    return click.option("--only", multiple=True, metavar="NAME", help=f"{help_text} May be given more than once.")


def deliver(figure: Figure, out: Path, facts: Mapping[str, Any], lines: list[str], *, as_json: bool) -> None:
    """Write a figure, and say what it shows."""
    from zanjir.plots import save_figure

    save_figure(figure, out)
    text = json.dumps({**facts, "out": str(out)}, allow_nan=False)
    click.echo(text if as_json else "\n".join([*lines, f"written to {out}"]))
