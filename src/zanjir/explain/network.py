"""A small network in a problem file, written out as formulas of single numbers with the names of the notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from zanjir.errors import DataError, choose

__all__ = ["formulas_of"]

KEYS = ("inputs", "targets", "loss", "layers")
LAYER_KEYS = ("units", "weights", "bias", "activation")
ACTIVATIONS = {name: name for name in ("sigmoid", "tanh", "relu")} | {"identity": ""}
# The loss of one output and its target, and how the outputs' losses are put together.
LOSSES = {
    "half_squared_error": "({t} - {y})**2 / 2",
    "squared_error": "({t} - {y})**2",
    "binary_cross_entropy": "-({t} * log({y}) + (1 - {t}) * log(1 - {y}))",
}


def formulas_of(network: Mapping[str, Any]) -> tuple[dict[str, float], dict[str, str]]:
    """Return the given numbers and the formulas of a network.

    Parameters
    ----------
    network : mapping
        ``inputs`` and ``targets`` by name; ``loss``; and ``layers``, each with the names of its ``units``, a matrix
        of names of ``weights`` (a row per input, a column per unit), a ``bias`` (one name that all units share, or a
        list with one for each), and an ``activation``.

    Returns
    -------
    given, formulas : dicts
        The inputs and the targets (``t_Y1``); ``net_h1``, ``out_h1``, ..., ``loss``.

    Raises
    ------
    DataError, ParameterError
        If a part is missing, unknown, or does not fit the others.

    Examples
    --------
    >>> layer = {"units": ["Y1"], "weights": [["w1"], ["w2"]], "bias": "b"}
    >>> _, formulas = formulas_of({"inputs": {"x1": 1, "x2": 2}, "targets": {"Y1": 0}, "layers": [layer]})
    >>> formulas["net_Y1"], formulas["loss"]
    ('w1 * x1 + w2 * x2 + b', '(t_Y1 - out_Y1)**2 / 2')
    """
    for name in network:
        choose("key in [network]", name, dict.fromkeys(KEYS))
    inputs, targets = (mapping(network, key) for key in ("inputs", "targets"))
    layers = network.get("layers")
    if not isinstance(layers, list) or not layers:
        raise DataError("[network] has no layers; expected [[network.layers]], one for each.")
    formulas: dict[str, str] = {}
    names = list(inputs)
    for number, layer in enumerate(layers, start=1):
        names = add_layer(formulas, f"layer {number}", layer, names)
    outputs = [name.removeprefix("out_") for name in names]
    if list(targets) != outputs:
        raise DataError(f"the targets are {', '.join(targets)}, and the last layer gives {', '.join(outputs)}.")
    term = choose("loss", str(network.get("loss", "half_squared_error")), LOSSES)
    formulas["loss"] = " + ".join(term.format(t=f"t_{name}", y=f"out_{name}") for name in outputs)
    return {**inputs, **{f"t_{name}": value for name, value in targets.items()}}, formulas


def mapping(network: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Return the inputs or targets by name."""
    found = network.get(key)
    if not isinstance(found, dict) or not found:
        raise DataError(f"[network] has no {key}; expected {key} = {{name = number, ...}}.")
    return found


def add_layer(formulas: dict[str, str], where: str, layer: Any, inputs: Sequence[str]) -> list[str]:
    """Write the formulas of a layer, and return the names of what it gives."""
    if not isinstance(layer, dict):
        raise DataError(f"{where} is {layer!r}, expected a table.")
    for name in layer:
        choose(f"key in {where}", name, dict.fromkeys(LAYER_KEYS))
    units: Any = layer.get("units")
    weights: Any = layer.get("weights")
    bias: Any = layer.get("bias", [])
    if not is_names(units):
        raise DataError(f"{where}: units is {units!r}, expected a list of names.")
    right = isinstance(weights, list) and len(weights) == len(inputs) and all(is_names(row) for row in weights)
    if not right or any(len(row) != len(units) for row in weights):
        raise DataError(
            f"{where}: weights is {weights!r}, expected {len(inputs)} rows (one for each of {', '.join(inputs)}) of "
            f"{len(units)} names."
        )
    biases = [bias] * len(units) if isinstance(bias, str) else list(bias)
    if biases and (len(biases) != len(units) or not is_names(biases)):
        raise DataError(f"{where}: bias is {bias!r}, expected one name, or a list of {len(units)}.")
    activation = choose("activation", str(layer.get("activation", "sigmoid")), ACTIVATIONS)
    for k, unit in enumerate(units):
        terms = [f"{row[k]} * {name}" for row, name in zip(weights, inputs, strict=True)]
        net_input = " + ".join([*terms, *biases[k : k + 1]])
        formulas[f"net_{unit}" if activation else f"out_{unit}"] = net_input
        if activation:
            formulas[f"out_{unit}"] = f"{activation}(net_{unit})"
    return [f"out_{unit}" for unit in units]


def is_names(names: Any) -> bool:
    """Whether something is a list of names."""
    return isinstance(names, list) and bool(names) and all(isinstance(x, str) and x.isidentifier() for x in names)
