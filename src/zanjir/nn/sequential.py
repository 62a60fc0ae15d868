"""A network: layers one after the other, with the names of the notes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from zanjir.errors import ParameterError, ShapeError, choose
from zanjir.graph import Array, Tensor
from zanjir.nn.activation import Activation
from zanjir.nn.conv2d import Conv2d
from zanjir.nn.dropout import Dropout
from zanjir.nn.layer import Layer, Shape
from zanjir.nn.linear import Linear
from zanjir.nn.normalization import NORMS
from zanjir.nn.pooling import MaxPool2d
from zanjir.nn.reshape import Flatten, Reshape
from zanjir.nn.vector import Layout

__all__ = ["Sequential", "convnet", "mlp"]


@dataclass(frozen=True)
class Sequential:
    """Layers one after the other.

    A network is counted by its layers with weights, linear or convolutional: input - hidden - output has two. Its
    parameters are W1, b1, W2, b2, ..., its nodes z (net input), h (hidden output) and scores, numbered where there
    are several. What a layer without weights has, such as the gain of a normalization, is numbered like the layer
    with weights before it.

    Parameters
    ----------
    layers : sequence of Layer
        At least one of them with weights; the last of those gives the scores.

    Examples
    --------
    >>> network = mlp([20], 10)
    >>> network.n_layers, network.layout(784).size
    (2, 15910)
    """

    layers: Sequence[Layer]

    def __post_init__(self) -> None:
        if not self.n_layers:
            raise ParameterError("Sequential: got no Linear layer; a network needs one to have parameters.")

    @property
    def n_layers(self) -> int:
        """Number of layers with weights: the input does not count."""
        return sum(layer.counts for layer in self.layers)

    def numbered(self) -> Iterator[tuple[int, Layer]]:
        """Yield each layer with the number of the layer with weights that it belongs to."""
        number = 0
        for layer in self.layers:
            number += layer.counts
            yield number, layer

    def sized(self, in_features: int | Shape) -> Iterator[tuple[int, Layer, Shape]]:
        """Yield each layer with its number and the shape of a sample that comes in."""
        shape = in_features if isinstance(in_features, tuple) else (in_features,)
        for number, layer in self.numbered():
            yield number, layer, shape
            shape = layer.out_shape(shape)

    def layout(self, in_features: int | Shape) -> Layout:
        """Return where each parameter lies in the flat vector, for inputs (N, in_features).

        Raises
        ------
        ShapeError
            If a layer does not fit the one before.
        ParameterError
            If two parameters would have the same name.
        """
        shapes: dict[str, Shape] = {}
        for number, layer, in_shape in self.sized(in_features):
            own = {f"{name}{number}": shape for name, shape in layer.shapes(in_shape).items()}
            twice = next((name for name in own if name in shapes), None)
            if twice:
                raise ParameterError(f"two layers have a parameter {twice}; put a layer with weights between them.")
            shapes |= own
        return Layout(shapes)

    def init(self, rng: np.random.Generator, in_features: int | Shape) -> dict[str, Array]:
        """Return first values of all parameters, float64; the same generator state gives the same bits."""
        values: dict[str, Array] = {}
        for number, layer, in_shape in self.sized(in_features):
            values |= {f"{name}{number}": value for name, value in layer.init(rng, in_shape).items()}
        return values

    def out_features(self, in_features: int | Shape) -> int:
        """Return the number of scores.

        Raises
        ------
        ShapeError
            If a layer does not fit the one before, or the last one gives no row of scores.
        """
        *_, (_, last, in_shape) = self.sized(in_features)
        scores = last.out_shape(in_shape)
        if len(scores) != 1:
            raise ShapeError(f"the network gives {scores} for a sample, expected (C,) scores; end with a Linear layer.")
        return scores[0]

    @property
    def measured(self) -> tuple[str, ...]:
        """Names of the parameters that are not learned but measured on the training data."""
        return tuple(f"{name}{number}" for number, layer in self.numbered() for name in layer.measured)

    def statistics(self, X: Tensor, parameters: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return those numbers of a batch whose counterparts for all training data are ``measured``.

        Nothing is dropped, and a layer reads what the one before makes of this batch.
        """
        return {
            f"{name}{number}": value
            for number, layer, x, _ in self.run(X, parameters)
            for name, value in layer.statistics(x).items()
        }

    def __call__(self, X: Tensor, parameters: Mapping[str, Tensor], key: Tensor | None = None) -> Tensor:
        """Return the scores of a batch.

        Parameters
        ----------
        X : Tensor of shape (N, D)
            One sample per row.
        parameters : dict of str to Tensor
            W1, b1, W2, b2, ...; in training without the ``measured`` ones.
        key : int Tensor (seed, step), optional
            Fixes what dropout draws; without it nothing is dropped.

        Returns
        -------
        Tensor of shape (N, C)
            Named ``scores``.
        """
        *_, (_, _, _, scores) = self.run(X, parameters, key)
        return scores

    def run(
        self, X: Tensor, parameters: Mapping[str, Tensor], key: Tensor | None = None
    ) -> Iterator[tuple[int, Layer, Tensor, Tensor]]:
        """Yield each layer with its number, what comes in and what comes out."""
        x = X
        for stream, (number, layer) in enumerate(self.numbered()):
            names = {name: f"{name}{number}" for name in layer.shapes(x.shape[1:])}
            own = {name: parameters[full] for name, full in names.items() if full in parameters}
            out = layer(x, own, key, stream)
            out = out if out is x else out.named(self.node_name(number, layer))
            yield number, layer, x, out
            x = out

    def node_name(self, number: int, layer: Layer) -> str:
        """Return the notes' name of what a layer computes."""
        if number == self.n_layers:
            return "scores" if layer.counts else "output"
        return layer.stem if self.n_layers == 2 or not number else f"{layer.stem}{number}"


def mlp(
    hidden: Sequence[int],
    n_outputs: int,
    *,
    activation: str = "relu",
    dropout: float = 0,
    initializer: str | None = None,
    norm: str = "none",
) -> Sequential:
    """Return a network with the given hidden sizes; none gives a linear classifier.

    Parameters
    ----------
    hidden : sequence of int
        Sizes of the hidden layers.
    n_outputs : int
        Number of scores.
    activation : str
        ``"relu"``, ``"tanh"``, ``"sigmoid"`` or ``"identity"``.
    dropout : float in [0, 1)
        Probability of dropping a hidden output while training.
    initializer : str, optional
        ``"small"``, ``"glorot"`` or ``"he"``; the default is He for relu and Glorot for the others.
    norm : str
        Normalization of every hidden net input: ``"none"``, ``"batch"`` or ``"layer"``.
    """
    start = initializer or ("he" if activation == "relu" else "glorot")
    layers: list[Layer] = []
    for features in hidden:
        layers += [Linear(features, start), *normalization(norm), Activation(activation)]
        if dropout:
            layers.append(Dropout(dropout))
    return Sequential((*layers, Linear(n_outputs, initializer or "glorot")))


def convnet(
    image_shape: Sequence[int],
    channels: Sequence[int],
    hidden: Sequence[int],
    n_outputs: int,
    *,
    activation: str = "relu",
    dropout: float = 0,
    initializer: str | None = None,
    norm: str = "none",
) -> Sequential:
    """Return a network that reads images: convolutions with pooling, then the layers of `mlp`.

    Each convolution has windows of 3 x 3 and zeros around the image, and is followed by the largest of every 2 x 2
    numbers: an image of half the size, as long as it has 2 x 2 pixels.

    Parameters
    ----------
    image_shape : (height, width) or (height, width, channels)
        The picture that a row of features is.
    channels : sequence of int
        How many channels each convolution gives.
    hidden, n_outputs, activation, dropout, initializer, norm
        As for `mlp`; dropout only after the hidden linear layers.

    Examples
    --------
    >>> network = convnet((28, 28), [8, 16], [64], 10)
    >>> network.n_layers, network.layout(784).shapes["W3"]
    (4, (784, 64))
    """
    start = initializer or ("he" if activation == "relu" else "glorot")
    shape = (*image_shape, 1) if len(image_shape) == 2 else tuple(image_shape)
    layers: list[Layer] = [Reshape(shape)]
    for n in channels:
        layers += [Conv2d(n, 3, padding=1, initializer=start), *normalization(norm), Activation(activation)]
        if min(shape[:2]) >= 2:
            layers.append(MaxPool2d(2))
            shape = (shape[0] // 2, shape[1] // 2, n)
    dense = mlp(hidden, n_outputs, activation=activation, dropout=dropout, initializer=initializer, norm=norm)
    return Sequential((*layers, Flatten(), *dense.layers))


def normalization(norm: str) -> list[Layer]:
    """Return the layer that normalizes, or none."""
    kind = choose("norm", norm, NORMS)
    return [kind()] if kind else []
