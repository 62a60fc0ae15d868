"""How to train: everything that is chosen before the first step."""

from __future__ import annotations

from dataclasses import dataclass, field

from zanjir.errors import ParameterError, choose
from zanjir.hyperparameter import Checked, hyperparameter
from zanjir.optim import Adam, ClipNorm, Constant, Optimizer, Schedule

__all__ = ["ENGINES", "Plan"]

ENGINES = ("auto", "numpy", "native")


@dataclass(frozen=True)
class Plan(Checked):
    """How to train.

    Parameters
    ----------
    optimizer, schedule, clip
        The update rule, the factor on its learning rate over time, and the bound on the gradient's norm.
    batch_size : int
        Samples per step. All of them: batch gradient descent; 1: stochastic; between: mini-batch.
    epochs : int
        How often each sample is visited at most.
    patience : int, optional
        Early stopping: how many epochs the validation loss may fail to improve. The best parameters are kept.
    seed : int
        Fixes first values, order of the samples and dropout.
    shuffle : bool
        Whether each epoch visits the samples in an order of its own; else in their own order.
    engine : str
        What runs the steps: ``"numpy"``, ``"native"`` (compiled), or ``"auto"``: native where it saves time.
    shards : int, optional
        Into how many parts the native engine cuts a batch; the last bits depend on it. Chosen if not given.
    threads : int, optional
        On how many threads the native engine runs; no bit depends on it. Chosen if not given.

    Examples
    --------
    >>> Plan(batch_size=0)
    Traceback (most recent call last):
        ...
    zanjir.errors.ParameterError: Plan: batch_size must be a whole number in [1, infinity); got 0.
    """

    optimizer: Optimizer = field(default_factory=Adam)
    schedule: Schedule = field(default_factory=Constant)
    clip: ClipNorm | None = None
    batch_size: int = hyperparameter(256, at_least=1)
    epochs: int = hyperparameter(20, at_least=1)
    patience: int | None = None
    seed: int = hyperparameter(0, at_least=0)
    shuffle: bool = True
    engine: str = "auto"
    shards: int | None = None
    threads: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        choose("engine", self.engine, dict.fromkeys(ENGINES))
        for name, counted in (("patience", "epochs"), ("shards", "shards"), ("threads", "threads")):
            value = getattr(self, name)
            if value is not None and not (type(value) is int and value >= 1):
                raise ParameterError(f"Plan: {name} must be a number of {counted}, at least 1; got {value!r}.")
            if value is not None and self.engine == "numpy" and name != "patience":
                raise ParameterError(f"Plan: {name} is {value}, and the numpy engine has none; leave it out.")
