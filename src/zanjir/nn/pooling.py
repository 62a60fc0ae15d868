"""Pooling: an image with one number for each window of a larger one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from zanjir.errors import ParameterError, choose
from zanjir.gates import average_pool2d, max_pool2d
from zanjir.graph import Gate, Tensor
from zanjir.hyperparameter import hyperparameter
from zanjir.nn.images import LAYOUTS, channels_of, windowed
from zanjir.nn.layer import Layer, Shape

__all__ = ["AveragePool2d", "MaxPool2d", "Pool2d"]


@dataclass(frozen=True)
class Pool2d(Layer):
    """Base of the poolings: one number for each window of size x size, in every channel.

    Parameters
    ----------
    size : int
        Height and width of a window, in pixels.
    stride : int, optional
        Pixels from one window to the next; by default the windows lie side by side. What is left over at the end
        of an image is left out.
    layout : str
        Axes of a batch: ``"NHWC"`` (channels last, as in the notes) or ``"NCHW"``.
    """

    size: int = hyperparameter(2, at_least=1)
    stride: int | None = None
    layout: str = "NHWC"

    stem: ClassVar[str] = "pooled"
    row: ClassVar[Gate | None] = None

    def __post_init__(self) -> None:
        super().__post_init__()
        choose("layout", self.layout, LAYOUTS)
        if self.stride is not None and not (type(self.stride) is int and self.stride >= 1):
            raise ParameterError(
                f"{type(self).__name__}: stride must be a whole number in [1, infinity), or None; got {self.stride!r}."
            )

    def out_shape(self, in_shape: Shape) -> Shape:
        """Return the shape of an image of windows."""
        channels_of(type(self).__name__, in_shape, self.layout)
        how = {"size": self.size, "stride": self.stride or self.size}
        return windowed(type(self).__name__, in_shape, self.layout, **how)

    def __call__(
        self, x: Tensor, parameters: Mapping[str, Tensor], key: Tensor | None = None, stream: int = 0
    ) -> Tensor:
        """Return one number for each window of a batch of images."""
        if self.row is None:
            return super().__call__(x, parameters, key, stream)
        return self.row(x, size=self.size, stride=self.stride, layout=self.layout)


@dataclass(frozen=True)
class MaxPool2d(Pool2d):
    """The largest number of every window; equal ones share the gradient evenly.

    Examples
    --------
    >>> MaxPool2d(2)(Tensor([[[[1.0], [2.0]], [[4.0], [3.0]]]]), {}).value.tolist()
    [[[[4.0]]]]
    """

    row: ClassVar[Gate | None] = max_pool2d


@dataclass(frozen=True)
class AveragePool2d(Pool2d):
    """The mean of every window.

    Examples
    --------
    >>> AveragePool2d(2)(Tensor([[[[1.0], [2.0]], [[4.0], [3.0]]]]), {}).value.tolist()
    [[[[2.5]]]]
    """

    row: ClassVar[Gate | None] = average_pool2d
