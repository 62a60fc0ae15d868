"""Update rules as data, schedules of the learning rate, and clipping."""

from zanjir.errors import choose
from zanjir.optim.adadelta import Adadelta
from zanjir.optim.adagrad import Adagrad
from zanjir.optim.adam import Adam, AdamW
from zanjir.optim.clipping import ClipNorm
from zanjir.optim.momentum import Momentum
from zanjir.optim.naive import NaiveSearch, naive_search
from zanjir.optim.nesterov import Nesterov
from zanjir.optim.optimizer import Optimizer, State
from zanjir.optim.rmsprop import RMSProp
from zanjir.optim.schedules import (
    SCHEDULES,
    Constant,
    Cosine,
    Exponential,
    InverseTime,
    Schedule,
    StepDecay,
    schedule,
)
from zanjir.optim.sgd import SGD

__all__ = [
    "OPTIMIZERS",
    "SCHEDULES",
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "ClipNorm",
    "Constant",
    "Cosine",
    "Exponential",
    "InverseTime",
    "Momentum",
    "NaiveSearch",
    "Nesterov",
    "Optimizer",
    "RMSProp",
    "Schedule",
    "State",
    "StepDecay",
    "naive_search",
    "optimizer",
    "schedule",
]

OPTIMIZERS: dict[str, type[Optimizer]] = {
    "sgd": SGD,
    "momentum": Momentum,
    "nesterov": Nesterov,
    "adagrad": Adagrad,
    "adadelta": Adadelta,
    "rmsprop": RMSProp,
    "adam": Adam,
    "adamw": AdamW,
}


def optimizer(name: str, learning_rate: float | None = None) -> Optimizer:
    """Return an update rule by name; its own learning rate if none is given.

    Raises
    ------
    ParameterError
        If the name is unknown or the learning rate is not above 0.

    Examples
    --------
    >>> optimizer("rmsprop").learning_rate
    0.001
    """
    rule = choose("optimizer", name, OPTIMIZERS)
    return rule() if learning_rate is None else rule(learning_rate)
