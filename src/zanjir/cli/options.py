"""Options that commands share, and how a network is described on the command line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

__all__ = ["SizesType", "network_options", "optimizer_options"]

Command = TypeVar("Command", bound=Callable[..., Any])

ACTIVATION = click.Choice(["relu", "tanh", "sigmoid", "identity"])
LOSS = click.Choice(["softmax", "hinge", "squared_hinge", "squared_error", "binary_cross_entropy"])
PENALTY = click.Choice(["none", "l2", "l1", "elastic_net"])
INITIALIZER = click.Choice(["small", "glorot", "he"])
OPTIMIZER = click.Choice(["sgd", "momentum", "nesterov", "adagrad", "adadelta", "rmsprop", "adam", "adamw"])
SCHEDULE = click.Choice(["constant", "step", "exponential", "cosine", "inverse_time"])
POSITIVE = click.FloatRange(min=0, min_open=True)


class SizesType(click.ParamType):
    """Hidden sizes such as ``512`` or ``100,50``; ``none`` for a linear model."""

    name = "sizes"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Sequence[int]:
        """Return the sizes as a tuple."""
        if not isinstance(value, str):
            return tuple(value)
        if value.strip().lower() in ("none", "0", ""):
            return ()
        try:
            sizes = tuple(int(part) for part in value.split(","))
        except ValueError:
            sizes = (0,)
        if min(sizes) < 1:
            self.fail(f"{value!r} is no list of sizes; expected whole numbers from 1 such as 512 or 100,50, or none.", param, ctx)
        return sizes


def together(options: Sequence[Callable[[Any], Any]]) -> Callable[[Command], Command]:
    """Return one decorator that adds several options, in order."""

    def decorate(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


network_options = together([
    click.option("--activation", type=ACTIVATION, default="relu", show_default=True, help="Function of every hidden unit."),
    click.option("--loss", type=LOSS, help="Loss per sample.  [default: softmax; squared_error for regression]"),
    click.option("--penalty", type=PENALTY, default="l2", show_default=True, help="Penalty on the weights, not the biases."),
    click.option("--alpha", type=click.FloatRange(min=0), default=0.0, show_default=True, help="Factor on the penalty; 0 for none."),
    click.option("--dropout", type=click.FloatRange(0, 1, max_open=True), default=0.0, show_default=True, help="Share of hidden outputs dropped in training."),
])  # fmt: skip

optimizer_options = together([
    click.option("--optimizer", type=OPTIMIZER, default="adam", show_default=True, help="Update rule."),
    click.option("--learning-rate", type=POSITIVE, help="Step size.  [default: the rule's own]"),
    click.option("--clip", type=POSITIVE, help="Largest norm of the gradient.  [default: no bound]"),
])  # fmt: skip
