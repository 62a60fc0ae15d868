"""Measuring, on the training data, the parameters that are not learned: means and variances for prediction."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from zanjir.graph.order import evaluate
from zanjir.graph.tensor import Array
from zanjir.program.step import Problem, trace_statistics

__all__ = ["Statistics"]


class Statistics:
    """Measures means and variances over batches, and writes them into the flat parameter vector.

    Parameters
    ----------
    problem : Problem
        The network.
    W : array of shape (P,)
        The flat parameter vector; `measure` reads the weights in it and writes the measured parameters.
    """

    def __init__(self, problem: Problem, W: Array) -> None:
        self.problem = problem
        self.parameters = problem.layout.views(W)
        self.function = trace_statistics(problem)

    def measure(self, X: Array, batches: Iterable[Array]) -> None:
        """Go over samples once, in batches given by their indices.

        The variance of all samples is the mean of the batches' variances plus the variance of their means.
        """
        found, sizes = [], []
        for indices in batches:
            found.append(self.of_batch(X[indices]))
            sizes.append(len(indices))
        for mean, variance in zip(self.problem.measured[::2], self.problem.measured[1::2], strict=True):
            means, variances = (np.array([batch[name] for batch in found], np.float64) for name in (mean, variance))
            center = np.average(means, axis=0, weights=sizes)
            self.parameters[mean][...] = center
            self.parameters[variance][...] = np.average(variances + (means - center) ** 2, axis=0, weights=sizes)

    def of_batch(self, X: Array) -> dict[str, Array]:
        """Return the statistics of one batch."""
        given = {**self.parameters, "X": X}
        outputs = self.function.outputs
        values = evaluate(outputs.values(), {node: given[name] for name, node in self.function.inputs.items()})
        return {name: values[id(node)] for name, node in outputs.items()}
