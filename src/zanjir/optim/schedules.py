"""Schedules: a factor on the learning rate for each step, as a pure function of the step."""

from __future__ import annotations

import math
from dataclasses import dataclass

from zanjir.errors import choose
from zanjir.hyperparameter import Checked, hyperparameter

__all__ = [
    "SCHEDULES",
    "Constant",
    "Cosine",
    "Exponential",
    "InverseTime",
    "Schedule",
    "StepDecay",
    "schedule",
]


@dataclass(frozen=True)
class Schedule(Checked):
    """Base of the schedules.

    Parameters
    ----------
    warmup : float in [0, 1)
        Share of all steps over which the factor first rises linearly to its value.
    """

    warmup: float = hyperparameter(0.0, at_least=0, below=1)

    def factor(self, done: float) -> float:
        """Return the factor when a share ``done`` in [0, 1) of all steps is over."""
        raise TypeError(f"{type(self).__name__} is no schedule; use Constant, Cosine or another of its subclasses.")

    def __call__(self, t: int, n_steps: int) -> float:
        """Return the factor on the learning rate for step ``t`` of 1 ... ``n_steps``."""
        rise = min(1.0, t / (self.warmup * n_steps)) if self.warmup else 1.0
        return rise * self.factor((t - 1) / n_steps)


@dataclass(frozen=True)
class Constant(Schedule):
    """Always 1."""

    def factor(self, done: float) -> float:
        """Return 1."""
        return 1.0


@dataclass(frozen=True)
class StepDecay(Schedule):
    """Multiply by ``decay`` after each of ``times`` equal parts.

    Examples
    --------
    >>> [StepDecay(decay=0.5, times=2)(t, 4) for t in (1, 2, 3, 4)]
    [1.0, 1.0, 0.5, 0.5]
    """

    decay: float = hyperparameter(0.1, above=0)
    times: int = hyperparameter(3, at_least=1)

    def factor(self, done: float) -> float:
        """Return decay to the number of finished parts."""
        return float(self.decay ** math.floor(done * self.times))


@dataclass(frozen=True)
class Exponential(Schedule):
    """Fall by the same ratio at every step, from 1 to ``last``."""

    last: float = hyperparameter(0.01, above=0)

    def factor(self, done: float) -> float:
        """Return last ** done."""
        return float(self.last**done)


@dataclass(frozen=True)
class Cosine(Schedule):
    """Fall along half a cosine wave, from 1 to ``last``.

    Examples
    --------
    >>> [round(Cosine()(t, 4), 3) for t in (1, 2, 3, 4)]
    [1.0, 0.854, 0.5, 0.146]

    References
    ----------
    Loshchilov and Hutter (2017), SGDR: stochastic gradient descent with warm restarts.
    """

    last: float = hyperparameter(0.0, at_least=0)

    def factor(self, done: float) -> float:
        """Return the height of the wave."""
        return self.last + (1 - self.last) * (1 + math.cos(math.pi * done)) / 2


@dataclass(frozen=True)
class InverseTime(Schedule):
    """1 / (1 + decay * done)."""

    decay: float = hyperparameter(10.0, at_least=0)

    def factor(self, done: float) -> float:
        """Return 1 / (1 + decay * done)."""
        return 1 / (1 + self.decay * done)


SCHEDULES: dict[str, type[Schedule]] = {
    "constant": Constant,
    "step": StepDecay,
    "exponential": Exponential,
    "cosine": Cosine,
    "inverse_time": InverseTime,
}


def schedule(name: str) -> Schedule:
    """Return a schedule by name, with its defaults."""
    return choose("schedule", name, SCHEDULES)()
