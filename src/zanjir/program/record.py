"""What an engine reads in a training, and what it writes down of every step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from zanjir.errors import ParameterError
from zanjir.graph.tensor import Array
from zanjir.program.step import Problem, StepProgram

__all__ = ["Engine", "Feed", "Record", "labels_from"]


@dataclass(frozen=True)
class Feed:
    """What a training reads: all its samples.

    Parameters
    ----------
    X : array of shape (N, D)
        Inputs, C-contiguous and in the problem's dtype.
    y : array of shape (N,) or (N, C)
        Targets as the loss takes them.
    labels : array of shape (N,), optional
        Labels (int64) that tell which scores are right; None for regression.
    weights : array of shape (N,), optional
        How many times the loss of each sample counts, for a problem that is ``weighted``.
    """

    X: Array
    y: Array
    labels: Array | None = None
    weights: Array | None = None

    @property
    def columns(self) -> dict[str, Array]:
        """What a step reads of its samples, by the names of the program's arguments."""
        columns = {"X": self.X, "y": self.y}
        return columns if self.weights is None else {**columns, "weights": self.weights}

    def check(self, problem: Problem) -> None:
        """Refuse samples that have weights where the problem has none, or the other way round.

        Raises
        ------
        ParameterError
            If they do not fit: a program would read numbers that nobody gave it.
        """
        if problem.weighted != (self.weights is not None):
            raise ParameterError(
                f"the problem is{'' if problem.weighted else ' not'} weighted, and the samples have "
                f"{'no ' if problem.weighted else ''}weights; choose Problem(weighted=...) as the samples are."
            )


@dataclass(frozen=True)
class Record:
    """One entry for each step that was done: the loss of its batch before the update.

    Parameters
    ----------
    loss, data_loss, penalty : arrays of shape (steps,)
        In float64; ``loss`` is the sum of the other two, up to its own rounding.
    right : array of shape (steps,)
        How many labels of the batch the scores had right (int64); -1 for regression.
    """

    loss: Array
    data_loss: Array
    penalty: Array
    right: Array

    def __len__(self) -> int:
        return len(self.loss)

    @classmethod
    def of(cls, n_steps: int) -> Record:
        """Return a record with room for a number of steps."""
        loss, data_loss, penalty = np.zeros((3, n_steps))
        return cls(loss, data_loss, penalty, np.full(n_steps, -1, np.int64))

    def first(self, n_steps: int) -> Record:
        """Return the record of the first steps."""
        return Record(*(column[:n_steps] for column in (self.loss, self.data_loss, self.penalty, self.right)))

    def note(self, k: int, results: Mapping[str, Array], labels: Array | None) -> None:
        """Write down what step ``k`` (from 0) left in its results, and how many labels it had right."""
        self.loss[k] = loss = results["loss"]
        self.data_loss[k] = results.get("data_loss", loss)
        self.penalty[k] = results.get("penalty", 0.0)
        if labels is not None:
            self.right[k] = np.count_nonzero(labels_from(results["scores"]) == labels)


class Engine(Protocol):
    """What runs the steps of a training, whatever it is made of.

    Attributes
    ----------
    name, description : str
        Which engine it is, in one word and in a phrase.
    W, dW : array of shape (P,)
        The parameter vector, updated in place by each step, and the last gradient.
    state : dict of str to array of shape (P,)
        The optimizer's vectors.
    fallbacks : tuple of str
        Gates that have no form of their own in this engine, and run in NumPy.
    """

    @property
    def name(self) -> str:
        """Which engine it is, in one word."""

    @property
    def description(self) -> str:
        """The engine in a phrase."""

    @property
    def program(self) -> StepProgram:
        """What the engine runs."""

    @property
    def W(self) -> Array:
        """The parameter vector."""

    @property
    def dW(self) -> Array:
        """The last gradient."""

    @property
    def state(self) -> dict[str, Array]:
        """The optimizer's vectors."""

    @property
    def fallbacks(self) -> tuple[str, ...]:
        """Gates that run in NumPy."""

    def run(self, feed: Feed, order: Array, batch_size: int, learning_rates: Array, t: int) -> Record:
        """Perform the steps that follow step ``t``, on consecutive batches of the samples in ``order``.

        Parameters
        ----------
        order : array of int64
            Indices of samples; each step takes the next ``batch_size`` of them, the last one what is left.
        learning_rates : array of shape (steps,)
            One for each step.
        t : int
            Number of the last step that was done before; 0 at the start.

        Returns
        -------
        Record
            One entry per step. It ends with the first step whose loss is not finite, after which none is done.
        """


def labels_from(scores: Array) -> Array:
    """Return the class of the highest score; the first on a tie. One score means class 1 above zero."""
    return (scores[:, 0] > 0).astype(np.int64) if scores.shape[1] == 1 else scores.argmax(axis=1)
