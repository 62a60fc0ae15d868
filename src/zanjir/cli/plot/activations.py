"""``zanjir plot activations``: activation functions with their derivatives."""

from __future__ import annotations

from pathlib import Path

import click

from zanjir.cli.plot.common import deliver, names_option, picture_options

__all__ = ["activations"]


@click.command()
@names_option("A function: relu, tanh, sigmoid, identity, leaky_relu, elu, gelu, silu or softplus.")
@picture_options("activations")
def activations(only: tuple[str, ...], out: Path, as_json: bool) -> None:
    """Draw activation functions, each with the derivative that its gate's rule gives."""
    from zanjir.nn.activation import ACTIVATIONS
    from zanjir.plots import activations as drawn

    names = only or tuple(ACTIVATIONS)
    deliver(drawn(names), out, {"activations": list(names)}, [", ".join(names)], as_json=as_json)
