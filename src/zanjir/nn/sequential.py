"""A network: layers one after the other, with the names of the notes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from zanjir.errors import ParameterError
from zanjir.graph import Array, Tensor
from zanjir.nn.activation import Activation
from zanjir.nn.dropout import Dropout
from zanjir.nn.layer import Layer
from zanjir.nn.linear import Linear
from zanjir.nn.vector import Layout

__all__ = ["Sequential", "mlp"]


@dataclass(frozen=True)
class Sequential:
    """Layers one after the other.

    A network is counted by its linear layers: input - hidden - output has two. Its parameters are W1, b1, W2,
    b2, ..., its nodes z (net input), h (hidden output) and scores, numbered where there are several.

    Parameters
    ----------
    layers : sequence of Layer
        At least one of them linear; the last linear layer gives the scores.

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
        """Number of linear layers: the input does not count."""
        return sum(isinstance(layer, Linear) for layer in self.layers)

    def numbered(self) -> Iterator[tuple[int, Layer]]:
        """Yield each layer with the number of the linear layer it belongs to."""
        number = 0
        for layer in self.layers:
            number += isinstance(layer, Linear)
            yield number, layer

    def layout(self, in_features: int) -> Layout:
        """Return where each parameter lies in the flat vector, for inputs of shape (N, in_features)."""
        shapes: dict[str, tuple[int, ...]] = {}
        for number, layer in self.numbered():
            shapes |= {f"{name}{number}": shape for name, shape in layer.shapes(in_features).items()}
            in_features = layer.out_features(in_features)
        return Layout(shapes)

    def init(self, rng: np.random.Generator, in_features: int) -> dict[str, Array]:
        """Return first values of all parameters, float64; the same generator state gives the same bits."""
        values: dict[str, Array] = {}
        for number, layer in self.numbered():
            values |= {f"{name}{number}": value for name, value in layer.init(rng, in_features).items()}
            in_features = layer.out_features(in_features)
        return values

    def out_features(self, in_features: int) -> int:
        """Return the number of scores."""
        for layer in self.layers:
            in_features = layer.out_features(in_features)
        return in_features

    def __call__(self, X: Tensor, parameters: Mapping[str, Tensor], key: Tensor | None = None) -> Tensor:
        """Return the scores of a batch.

        Parameters
        ----------
        X : Tensor of shape (N, D)
            One sample per row.
        parameters : dict of str to Tensor
            W1, b1, W2, b2, ...
        key : int Tensor (seed, step), optional
            Fixes what dropout draws; without it nothing is dropped.

        Returns
        -------
        Tensor of shape (N, C)
            Named ``scores``.
        """
        x = X
        for stream, (number, layer) in enumerate(self.numbered()):
            own = {name[: -len(str(number))]: p for name, p in parameters.items() if name[1:] == str(number)}
            out = layer(x, own, key, stream)
            x = out if out is x else out.named(self.node_name(number, layer))
        return x

    def node_name(self, number: int, layer: Layer) -> str:
        """Return the notes' name of what a layer computes."""
        if number == self.n_layers:
            return "scores" if isinstance(layer, Linear) else "output"
        stem = "z" if isinstance(layer, Linear) else "dropped" if isinstance(layer, Dropout) else "h"
        return stem if self.n_layers == 2 else f"{stem}{number}"


def mlp(
    hidden: Sequence[int],
    n_outputs: int,
    *,
    activation: str = "relu",
    dropout: float = 0,
    initializer: str | None = None,
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
    """
    start = initializer or ("he" if activation == "relu" else "glorot")
    layers: list[Layer] = []
    for features in hidden:
        layers += [Linear(features, start), Activation(activation)]
        if dropout:
            layers.append(Dropout(dropout))
    return Sequential((*layers, Linear(n_outputs, initializer or "glorot")))
