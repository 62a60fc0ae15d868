"""Options that commands share, and how a network is described on the command line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import click
from click.core import ParameterSource

__all__ = [
    "BELOW_ONE",
    "INITIALIZER",
    "INSIDE_ONE",
    "SCHEDULE",
    "SCORE_NAMES",
    "SizesType",
    "check_hidden",
    "clip_of",
    "columns_of",
    "given",
    "network_options",
    "optimizer_options",
    "penalty_of",
    "shown",
    "table_options",
    "together",
]

Command = TypeVar("Command", bound=Callable[..., Any])

ACTIVATION = click.Choice(["relu", "tanh", "sigmoid", "identity"])
LOSS = click.Choice(["softmax", "hinge", "squared_hinge", "squared_error", "binary_cross_entropy"])
PENALTY = click.Choice(["none", "l2", "l1", "elastic_net"])
NORM = click.Choice(["none", "batch", "layer"])
INITIALIZER = click.Choice(["small", "glorot", "he", "zeros"])
OPTIMIZER = click.Choice(["sgd", "momentum", "nesterov", "adagrad", "adadelta", "rmsprop", "adam", "adamw"])
SCHEDULE = click.Choice(["constant", "step", "exponential", "cosine", "inverse_time"])
BELOW_ONE = click.FloatRange(0, 1, max_open=True)
INSIDE_ONE = click.FloatRange(0, 1, min_open=True, max_open=True)
POSITIVE = click.FloatRange(min=0, min_open=True)


# As a reader knows the scores of a table's model.
SCORE_NAMES = {
    "balanced_accuracy": "balanced",
    "f1_macro": "F1",
    "log_loss": "log loss",
    "roc_auc": "ROC AUC",
    "rmse": "RMSE",
    "mae": "MAE",
}


class SizesType(click.ParamType[Sequence[int]]):
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
        if min(sizes) < 1 or max(sizes) >= 10**9:
            self.fail(
                f"{value!r} is no list of sizes; expected whole numbers from 1 such as 512 or 100,50, or none.",
                param,
                ctx,
            )
        return sizes


def together(options: Sequence[Callable[[Any], Any]]) -> Callable[[Command], Command]:
    """Return one decorator that adds several options, in order."""

    def decorate(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def shown(*names: str, default: Any, **facts: Any) -> Callable[[Command], Command]:
    """Return an option whose help ends with its default."""
    return click.option(*names, default=default, show_default=True, **facts)


CONV = "Channels of convolutions (3 x 3, each with pooling) that read pictures first, such as 8,16."

network_options = together([
    shown("--conv", type=SizesType(), default="none", help=CONV),
    shown("--norm", type=NORM, default="none", help="Normalize hidden net inputs over the batch, or the layer."),
    shown("--activation", type=ACTIVATION, default="relu", help="Function of every hidden unit."),
    click.option("--loss", type=LOSS, help="Loss per sample.  [default: softmax; squared_error for regression]"),
    shown("--penalty", type=PENALTY, default="none", help="Penalty on the weights, not the biases."),
    shown("--alpha", type=click.FloatRange(min=0), default=0.0001, help="Factor on the penalty."),
    shown("--dropout", type=BELOW_ONE, default=0.0, help="Share of hidden outputs dropped in training."),
])  # fmt: skip

COLUMN = "What a column of a table holds: number, boolean, date, category or leave-out.  [default: found out]"

table_options = together([
    click.option("--target", metavar="COLUMN", help="The column of a table to predict."),
    click.option("--task", type=click.Choice(["classification", "regression"]), help="What the target asks for.  "
                 "[default: classification for texts and few whole numbers, else regression]"),
    click.option("--column", "columns", multiple=True, metavar="NAME=KIND", help=COLUMN),
])  # fmt: skip

optimizer_options = together([
    shown("--optimizer", type=OPTIMIZER, default="adam", help="Update rule."),
    click.option("--learning-rate", type=POSITIVE, help="Step size.  [default: the rule's own]"),
    click.option("--clip", type=POSITIVE, help="Largest norm of the gradient.  [default: no bound]"),
])  # fmt: skip


def given(name: str) -> bool:
    """Return whether an option stands on the command line."""
    return click.get_current_context().get_parameter_source(name) is ParameterSource.COMMANDLINE


def check_hidden(settings: Mapping[str, Any], hidden: Sequence[int]) -> None:
    """Refuse settings of hidden layers that a network does not have: they would silently do nothing."""
    fix = "leave it out, or give hidden sizes"
    if settings["dropout"] and not hidden:
        raise click.UsageError(f"--dropout drops outputs of hidden linear layers, and this network has none; {fix}.")
    if settings["norm"] != "none" and not (hidden or settings["conv"]):
        raise click.UsageError(f"--norm normalizes hidden net inputs, and this network has none; {fix}.")


def penalty_of(settings: Mapping[str, Any]) -> Any:
    """Return the penalty that the options choose."""
    from zanjir.nn import regularizer

    if settings["penalty"] == "none" and given("alpha"):
        raise click.UsageError("--alpha is a factor on a penalty; choose one with --penalty l2, l1 or elastic_net.")
    return regularizer(settings["penalty"], settings["alpha"])


def clip_of(settings: Mapping[str, Any]) -> Any:
    """Return the clipping that the options choose."""
    from zanjir.optim import ClipNorm

    return ClipNorm(settings["clip"]) if settings["clip"] else None


def columns_of(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return what the options say of a table's columns: a name may hold ``=``, a kind does not."""
    pairs = [text.rpartition("=") for text in settings["columns"]]
    for name, equals, kind in pairs:
        if not (name and equals):
            raise click.UsageError(f"--column {kind} says nothing; give NAME=KIND, such as --column zip=category.")
    return {name: kind for name, _, kind in pairs}
