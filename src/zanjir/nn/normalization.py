"""Normalization: net inputs brought to mean 0 and variance 1, then to a mean and a spread that are learned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from zanjir.errors import choose
from zanjir.gates import sqrt, standardize
from zanjir.graph import Array, Tensor
from zanjir.hyperparameter import hyperparameter
from zanjir.nn.images import LAYOUTS, channels_of, per_channel
from zanjir.nn.layer import Layer, Shape

__all__ = ["NORMS", "BatchNorm", "LayerNorm"]


@dataclass(frozen=True)
class LayerNorm(Layer):
    """gain (x - mean) / sqrt(variance + epsilon) + shift, with mean and variance over all numbers of a sample.

    Parameters
    ----------
    epsilon : float > 0
        Added to the variance.

    References
    ----------
    Ba, Kiros and Hinton (2016), Layer normalization.

    Examples
    --------
    >>> unit, zero = Tensor(np.ones(2)), Tensor(np.zeros(2))
    >>> LayerNorm()(Tensor([[1.0, 3.0]]), {"gain": unit, "shift": zero}).value.round(4).tolist()
    [[-1.0, 1.0]]
    """

    epsilon: float = hyperparameter(1e-5, above=0)

    stem: ClassVar[str] = "normalized"

    def shapes(self, in_shape: Shape) -> dict[str, Shape]:
        """Return the shapes of gain and shift: one number for each of a sample."""
        return {"gain": in_shape, "shift": in_shape}

    def init(self, rng: np.random.Generator, in_shape: Shape) -> dict[str, Array]:
        """Return first values: gain 1, shift 0."""
        return {"gain": np.ones(in_shape), "shift": np.zeros(in_shape)}

    def __call__(
        self, x: Tensor, parameters: Mapping[str, Tensor], key: Tensor | None = None, stream: int = 0
    ) -> Tensor:
        """Return the batch with every sample normalized."""
        axis = -1 if x.ndim == 2 else tuple(range(1, x.ndim))
        return standardize(x, axis=axis, epsilon=self.epsilon) * parameters["gain"] + parameters["shift"]


@dataclass(frozen=True)
class BatchNorm(Layer):
    r"""gain (x - mean) / sqrt(variance + epsilon) + shift, with mean and variance of each feature (or channel).

    In training they are those of the batch. In prediction they are those of the training data: ``mean`` and
    ``variance`` lie in the parameter vector beside the weights. No gradient reaches them and no step needs them;
    they are measured whenever they are about to be read, by one pass over the training samples in batches of the
    same size. Batches of n_B samples with mean m_B and variance v_B give

    .. math:: m = \sum_B \frac{n_B}{N} m_B, \qquad v = \sum_B \frac{n_B}{N} \big(v_B + (m_B - m)^2\big)

    so there is no running average to tune, and a training that was interrupted goes on with the same bits.

    Parameters
    ----------
    epsilon : float > 0
        Added to the variance, which is divided by N.
    layout : str
        Axes of a batch of images: ``"NHWC"`` (channels last, as in the notes) or ``"NCHW"``.

    References
    ----------
    Ioffe and Szegedy (2015), Batch normalization, algorithm 2; Wu and Johnson (2021), Rethinking "batch" in
    BatchNorm, section 3.2.
    """

    epsilon: float = hyperparameter(1e-5, above=0)
    layout: str = "NHWC"

    stem: ClassVar[str] = "normalized"
    measured: ClassVar[tuple[str, ...]] = ("mean", "variance")

    def __post_init__(self) -> None:
        super().__post_init__()
        choose("layout", self.layout, LAYOUTS)

    def shape(self, in_shape: Shape) -> Shape:
        """Return the shape of one number per feature or channel."""
        if len(in_shape) == 1:
            return in_shape
        return per_channel(channels_of("BatchNorm", in_shape, self.layout), self.layout)

    def axes(self, x: Tensor) -> int | tuple[int, ...]:
        """Return the axes over which a feature or channel is averaged."""
        return 0 if x.ndim == 2 else tuple(i for i in range(4) if self.layout[i] != "C")

    def shapes(self, in_shape: Shape) -> dict[str, Shape]:
        """Return the shapes of gain, shift, mean and variance: one number per feature or channel."""
        return dict.fromkeys(("gain", "shift", *self.measured), self.shape(in_shape))

    def init(self, rng: np.random.Generator, in_shape: Shape) -> dict[str, Array]:
        """Return first values: gain and variance 1, shift and mean 0."""
        one, zero = np.ones(self.shape(in_shape)), np.zeros(self.shape(in_shape))
        return {"gain": one, "shift": zero, "mean": zero, "variance": one}

    def statistics(self, x: Tensor) -> dict[str, Tensor]:
        """Return mean and variance of each feature or channel of a batch."""
        mean = np.mean(x, axis=self.axes(x), keepdims=True)
        variance = np.mean((x - mean) ** 2, axis=self.axes(x), keepdims=True)
        shape = self.shape(x.shape[1:])
        return {"mean": mean.reshape(shape), "variance": variance.reshape(shape)}

    def __call__(
        self, x: Tensor, parameters: Mapping[str, Tensor], key: Tensor | None = None, stream: int = 0
    ) -> Tensor:
        """Return the batch, normalized by its own statistics where no measured ones are among the parameters."""
        if "mean" in parameters:
            standard = (x - parameters["mean"]) / sqrt(parameters["variance"] + self.epsilon)
        else:
            standard = standardize(x, axis=self.axes(x), epsilon=self.epsilon)
        return standard * parameters["gain"] + parameters["shift"]


NORMS: dict[str, type[BatchNorm] | type[LayerNorm] | None] = {"none": None, "batch": BatchNorm, "layer": LayerNorm}
