"""A small network in a problem file as a graph of arrays, to be explained by whole matrices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from zanjir.errors import DataError
from zanjir.explain.problems.formula import parsed
from zanjir.explain.problems.network import CLASS_LOSSES, LOSSES, PENALTIES, checked, numbers, positive, samples_of
from zanjir.gates import hinge_margins, softmax_cross_entropy
from zanjir.graph import Tensor

__all__ = ["arrays_of"]


def arrays_of(network: Mapping[str, Any], given: Mapping[str, float]) -> tuple[Tensor, dict[str, list[str]]]:
    """Return the loss of a network as a graph of arrays, and the names of the numbers in each parameter.

    Parameters
    ----------
    network : mapping
        The table of the file, as `zanjir.explain.problems.network.formulas_of` takes it.
    given : mapping of str to float
        The weights and biases by name.

    Returns
    -------
    loss, parameters
        X (N, D), W1, b1, net1, out1, ..., and the targets T (N, C) or labels y (N,); a bias that all units share
        is a number. Of each parameter, the names of its numbers in their order.

    Raises
    ------
    DataError
        If one number stands at two places, for which matrices have two entries.

    Examples
    --------
    >>> layer = {"units": ["Y1"], "weights": [["w1"], ["w2"]], "bias": "b"}
    >>> network = {"inputs": {"x1": 1, "x2": 2}, "targets": {"Y1": 0}, "layers": [layer]}
    >>> loss, parameters = arrays_of(network, {"w1": 0.5, "w2": -0.5, "b": 0.5})
    >>> float(loss.value), parameters
    (0.125, {'W1': ['w1', 'w2'], 'b1': ['b']})
    """
    samples = samples_of(network)
    out = Tensor(np.array([[*numbers(sample, "inputs").values()] for sample in samples], np.float64), "X")
    parameters: dict[str, list[str]] = {}
    weights: list[Tensor] = []
    units = [*numbers(samples[0], "inputs")]
    for k, layer in enumerate(network["layers"], start=1):
        units, names, biases, activation = checked(f"layer {k}", layer, units)
        parameters[f"W{k}"] = [name for row in names for name in row]
        weights.append(Tensor(np.array([[given[name] for name in row] for row in names]), f"W{k}"))
        net = out @ weights[-1]
        if biases:
            shared = isinstance(layer["bias"], str)
            parameters[f"b{k}"] = biases[:1] if shared else list(biases)
            values = [given[name] for name in parameters[f"b{k}"]]
            net = net + Tensor(values[0] if shared else np.array(values), f"b{k}")
        out = activated(net, activation, k)
    check_once([name for names in parameters.values() for name in names])
    return loss_of(network, samples, units, out, weights), parameters


def check_once(names: Sequence[str]) -> None:
    """Refuse a number that stands at two places."""
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise DataError(f"{twice} stands at two places of the matrices; explain it by single numbers.")


def activated(net: Tensor, activation: str, number: int) -> Tensor:
    """Return what a layer gives."""
    if activation == "identity":
        return net.named(f"out{number}")
    name = f"net{number}"
    return parsed(f"{activation}({name})", {name: net.named(name)}).named(f"out{number}")


def loss_of(
    network: Mapping[str, Any], samples: Sequence[Mapping[str, Any]], units: Sequence[str], out: Tensor,
    weights: Sequence[Tensor],
) -> Tensor:  # fmt: skip
    """Return the mean loss of the samples, with the penalty."""
    kind = str(network.get("loss", "half_squared_error"))
    settings = {key: float(positive(key, network.get(key, 1))) for key in ("delta", "sigma")}
    if kind in CLASS_LOSSES:
        labels = Tensor(np.array([list(units).index(str(sample["target"])) for sample in samples]), "y")
        losses = of_classes(kind, out, labels, settings["delta"])
    else:
        targets = Tensor(np.array([[*numbers(sample, "targets").values()] for sample in samples], np.float64), "T")
        losses = parsed(LOSSES[kind].format(t="T", y=out.name, **settings), {"T": targets, str(out.name): out})
        losses = losses.sum(axis=1) if len(samples) > 1 else losses
    loss = losses.named("losses").mean() if len(samples) > 1 else losses.sum()
    factors = network.get("penalty", {})
    if not factors:
        return loss.named("loss")
    terms = [
        float(factor) * parsed(PENALTIES[name].format(w=W.name), {str(W.name): W}).sum()
        for name, factor in factors.items()
        for W in weights
    ]
    penalty = sum(terms[1:], terms[0]).named("penalty")
    return (loss.named("data_loss") + penalty).named("loss")


def of_classes(kind: str, out: Tensor, labels: Tensor, delta: float) -> Tensor:
    """Return the loss of each sample's scores, one of which is the right class's."""
    if kind == "softmax_cross_entropy":
        return softmax_cross_entropy(out, labels)
    margins = hinge_margins(out, labels, delta=delta).named("margins")
    return (margins**2 if kind == "squared_hinge" else margins).sum(axis=1)
