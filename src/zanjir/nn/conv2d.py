"""The convolutional layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from zanjir.errors import choose
from zanjir.gates import conv2d
from zanjir.graph import Array, Tensor
from zanjir.hyperparameter import hyperparameter
from zanjir.nn.images import LAYOUTS, channels_of, per_channel, windowed
from zanjir.nn.initializers import INITIALIZERS
from zanjir.nn.layer import Layer, Shape

__all__ = ["Conv2d"]


@dataclass(frozen=True)
class Conv2d(Layer):
    """The inner product of each of ``channels`` small images W with every window of an image, plus b.

    Parameters
    ----------
    channels : int
        How many channels come out.
    size : int
        Height and width of a window, in pixels.
    stride, padding : int
        Pixels from one window to the next; rows and columns of zeros around the image.
    initializer : str
        First values of W: ``"small"``, ``"glorot"`` or ``"he"``.
    layout : str
        Axes of a batch: ``"NHWC"`` (channels last, as in the notes) or ``"NCHW"``. W is (height, width, channels
        in, channels out) in both.

    Examples
    --------
    >>> Conv2d(8, padding=1).shapes((28, 28, 1)), Conv2d(8).out_shape((28, 28, 1))
    ({'W': (3, 3, 1, 8), 'b': (8,)}, (26, 26, 8))
    """

    channels: int = hyperparameter(1, at_least=1)
    size: int = hyperparameter(3, at_least=1)
    stride: int = hyperparameter(1, at_least=1)
    padding: int = hyperparameter(0, at_least=0)
    initializer: str = "glorot"
    layout: str = "NHWC"

    counts: ClassVar[bool] = True
    stem: ClassVar[str] = "z"

    def __post_init__(self) -> None:
        super().__post_init__()
        choose("layout", self.layout, LAYOUTS)

    @property
    def size_text(self) -> str:
        """How many channels come out."""
        return f"conv{self.channels}"

    def shapes(self, in_shape: Shape) -> dict[str, Shape]:
        """Return the shapes of W and b."""
        inputs = channels_of("Conv2d", in_shape, self.layout)
        return {"W": (self.size, self.size, inputs, self.channels), "b": per_channel(self.channels, self.layout)}

    def out_shape(self, in_shape: Shape) -> Shape:
        """Return the shape of an image of windows."""
        channels_of("Conv2d", in_shape, self.layout)
        how = {"size": self.size, "stride": self.stride, "padding": self.padding, "channels": self.channels}
        return windowed("Conv2d", in_shape, self.layout, **how)

    def init(self, rng: np.random.Generator, in_shape: Shape) -> dict[str, Array]:
        """Return first values: W by the initializer, b zero."""
        start = choose("initializer", self.initializer, INITIALIZERS)
        shapes = self.shapes(in_shape)
        return {"W": start(rng, shapes["W"]), "b": np.zeros(shapes["b"])}

    def __call__(
        self, x: Tensor, parameters: Mapping[str, Tensor], key: Tensor | None = None, stream: int = 0
    ) -> Tensor:
        """Return the net input of every window, for a batch of images."""
        how = {"stride": self.stride, "padding": self.padding, "layout": self.layout}
        return conv2d(x, parameters["W"], **how) + parameters["b"]
