"""A small network in a problem file, written out as formulas of single numbers with the names of the notes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from zanjir.errors import DataError, choose
from zanjir.explain.problems.toml_file import check_keys, is_names, is_number
from zanjir.nn import ACTIVATIONS as HOUSE

__all__ = ["ACTIVATIONS", "CLASS_LOSSES", "LOSSES", "PENALTIES", "formulas_of"]

KEYS = ("inputs", "targets", "target", "samples", "loss", "delta", "sigma", "penalty", "layers")
SAMPLE_KEYS = ("inputs", "targets", "target")
LAYER_KEYS = ("units", "weights", "bias", "activation")
SETTINGS = ("delta", "sigma")
# The layers' own, and the functions of one number that stand in for them.
ACTIVATIONS = {**dict.fromkeys(HOUSE), **dict.fromkeys(("leaky_relu", "elu", "gelu", "silu", "softplus"))}
# The loss of one output and its target; the outputs' losses add up.
LOSSES = {
    "half_squared_error": "({t} - {y})**2 / 2",
    "squared_error": "({t} - {y})**2",
    "absolute_error": "abs({t} - {y})",
    "huber": "where(abs({t} - {y}) <= {delta}, ({t} - {y})**2 / 2, {delta} * (abs({t} - {y}) - {delta} / 2))",
    "binary_cross_entropy": "-({t} * log({y}) + (1 - {t}) * log(1 - {y}))",
    "sigmoid_cross_entropy": "sigmoid_cross_entropy({y}, {t})",
    "gaussian_negative_log_likelihood": f"({{t}} - {{y}})**2 / (2 * {{sigma}}**2) + log({{sigma}}) + "
    f"{math.log(2 * math.pi) / 2!r}",
}
# What each wrong class adds to the loss of the scores, from its margin; softmax has no margins.
CLASS_LOSSES = {"softmax_cross_entropy": "", "hinge": "{margin}", "squared_hinge": "{margin}**2"}
MARGIN = "relu({y} - {right} + {delta})"
# The penalty of one weight, without its factor.
PENALTIES = {"l1": "abs({w})", "l2": "{w}**2"}


def formulas_of(network: Mapping[str, Any]) -> tuple[dict[str, float], dict[str, str]]:
    """Return the given numbers and the formulas of a network.

    Parameters
    ----------
    network : mapping
        ``inputs`` by name, and ``targets`` by unit, or for a loss of scores the right class, ``target``; or
        ``samples``, each with these, whose losses are averaged and whose numbers end in ``_1``, ``_2``, ...; ``loss``
        (one of `LOSSES`, or of `CLASS_LOSSES`) with its ``delta`` or ``sigma``, 1 if they are left out; ``penalty``,
        such as ``{l1 = 0.1, l2 = 0.01}``, the factors of sum(abs(w)) and sum(w^2) over all weights; and ``layers``,
        each with the names of its ``units``, a matrix of names of ``weights`` (a row per input, a column per unit), a
        ``bias`` (one name that all units share, or a list with one for each), and an ``activation``.

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
    check_keys(network, KEYS, "[network]")
    layers = network.get("layers")
    if not isinstance(layers, list) or not layers:
        raise DataError("[network] has no layers; expected [[network.layers]], one for each.")
    samples = samples_of(network)
    writer = Writer(network, layers)
    losses = [writer.add_sample(x, f"_{k}" if samples[1:] else "") for k, x in enumerate(samples, start=1)]
    loss = f"({' + '.join(losses)}) / {len(losses)}" if losses[1:] else losses[0]
    if penalty := penalty_of(network, layers):
        loss = f"{writer.define('data_loss', loss)} + {writer.define('penalty', penalty)}"
    writer.define("loss", loss)
    return writer.given, writer.formulas


def samples_of(network: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the samples: those listed, or the one that stands in the network itself."""
    own = {key: network[key] for key in SAMPLE_KEYS if key in network}
    if "samples" not in network:
        return [own]
    samples = network["samples"]
    if own or not isinstance(samples, list) or not samples or not all(isinstance(x, dict) for x in samples):
        raise DataError(
            "[network]: samples is no list of tables, or stands beside inputs and targets; expected "
            "[[network.samples]], one for each sample, with its inputs and targets."
        )
    for number, sample in enumerate(samples, start=1):
        check_keys(sample, SAMPLE_KEYS, f"sample {number}")
        if numbers(sample, "inputs").keys() != numbers(samples[0], "inputs").keys():
            raise DataError(f"sample {number} has other inputs than sample 1; expected the same names.")
    return samples


def penalty_of(network: Mapping[str, Any], layers: Sequence[Mapping[str, Any]]) -> str:
    """Return the formula of the penalty on all weights; nothing if there is none."""
    factors = network.get("penalty", {})
    if not isinstance(factors, dict):
        raise DataError(f"[network]: penalty is {factors!r}, expected a table such as {{l2 = 0.01}}.")
    check_keys(factors, tuple(PENALTIES), "penalty")
    weights = dict.fromkeys(name for layer in layers for row in layer["weights"] for name in row)
    sums = {kind: " + ".join(PENALTIES[kind].format(w=w) for w in weights) for kind in factors}
    return " + ".join(f"{positive(kind, factor)} * ({sums[kind]})" for kind, factor in factors.items())


def positive(what: str, value: Any) -> str:
    """Return a setting of the network, a number above 0, as it stands in a formula."""
    if not is_number(value) or value <= 0:
        raise DataError(f"[network]: {what} is {value!r}, expected a finite number above 0.")
    return f"{value!r}"


class Writer:
    """The writing of a network as formulas, sample by sample."""

    def __init__(self, network: Mapping[str, Any], layers: Sequence[Any]) -> None:
        self.given: dict[str, float] = {}
        self.formulas: dict[str, str] = {}
        self.layers = layers
        self.loss = str(network.get("loss", "half_squared_error"))
        self.form = choose("loss", self.loss, {**LOSSES, **CLASS_LOSSES})
        takes = [key for key in SETTINGS if f"{{{key}}}" in self.form.replace("{margin}", MARGIN)]
        if unused := [key for key in SETTINGS if key in network and key not in takes]:
            raise DataError(f"[network]: the loss {self.loss} has no {unused[0]}; leave it out.")
        self.settings = {key: positive(key, network.get(key, 1)) for key in takes}

    def define(self, name: str, formula: str) -> str:
        """Write a formula, and return its name.

        Raises
        ------
        DataError
            If the name is taken.
        """
        if name in self.formulas:
            raise DataError(f"[network] makes two numbers called {name}; give each unit a name of its own.")
        self.formulas[name] = formula
        return name

    def add_sample(self, sample: Mapping[str, Any], suffix: str) -> str:
        """Write a sample, and return its loss: a name if there are several, else a formula."""
        inputs = numbers(sample, "inputs")
        self.given |= {f"{name}{suffix}": value for name, value in inputs.items()}
        names = {name: f"{name}{suffix}" for name in inputs}
        for number, layer in enumerate(self.layers, start=1):
            names = self.add_layer(f"layer {number}", layer, list(names.values()), suffix)
        other = "targets" if self.loss in CLASS_LOSSES else "target"
        if other in sample:
            raise DataError(f"[network]: the loss {self.loss} takes no {other}; expected {EXPECTED[other]}.")
        loss = (self.of_class if self.loss in CLASS_LOSSES else self.of_targets)(sample, names, suffix)
        return self.define(f"loss{suffix}", loss) if suffix else loss

    def of_targets(self, sample: Mapping[str, Any], names: Mapping[str, str], suffix: str) -> str:
        """Return the loss of outputs with targets of their own."""
        targets = numbers(sample, "targets")
        if list(targets) != list(names):
            raise DataError(f"the targets are {', '.join(targets)}, and the last layer gives {', '.join(names)}.")
        self.given |= {f"t_{unit}{suffix}": value for unit, value in targets.items()}
        terms = (self.form.format(t=f"t_{unit}{suffix}", y=names[unit], **self.settings) for unit in names)
        return " + ".join(terms)

    def of_class(self, sample: Mapping[str, Any], names: Mapping[str, str], suffix: str) -> str:
        """Return the loss of scores, one of which is the right class's."""
        if len(names) < 2:
            raise DataError(f"[network]: the loss {self.loss} compares classes; expected two units at least.")
        right = choose("target", str(sample.get("target")), dict(names))
        if self.form:
            wrong = {unit: MARGIN.format(y=y, right=right, **self.settings) for unit, y in names.items() if y != right}
            if len(wrong) > 1:
                wrong = {unit: self.define(f"margin_{unit}{suffix}", margin) for unit, margin in wrong.items()}
            return " + ".join(self.form.format(margin=margin) for margin in wrong.values())
        first, *others = names
        total = names[first]  # two by two: each step can be read, and logaddexp subtracts the larger of the two
        for unit in others:
            total = self.define(f"log_sum_{unit}{suffix}", f"logaddexp({total}, {names[unit]})")
        return f"{total} - {right}"

    def add_layer(self, where: str, layer: Any, inputs: Sequence[str], suffix: str) -> dict[str, str]:
        """Write the formulas of a layer, and return the names of what it gives, by unit."""
        units, weights, biases, activation = checked(where, layer, inputs)
        for k, unit in enumerate(units):
            terms = [f"{row[k]} * {name}" for row, name in zip(weights, inputs, strict=True)]
            net_input = " + ".join([*terms, *biases[k : k + 1]])
            if activation != "identity":
                net_input = f"{activation}({self.define(f'net_{unit}{suffix}', net_input)})"
            self.define(f"out_{unit}{suffix}", net_input)
        return {unit: f"out_{unit}{suffix}" for unit in units}


EXPECTED = {
    "target": "targets = {unit = number, ...}, one for each unit of the last layer",
    "targets": "target = 'Y1', the unit of the right class",
}


def numbers(sample: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Return the inputs or targets by name."""
    found = sample.get(key)
    if not isinstance(found, dict) or not found:
        raise DataError(f"[network] has no {key}; expected {key} = {{name = number, ...}}.")
    return found


def checked(where: str, layer: Any, inputs: Sequence[str]) -> tuple[list[str], list[list[str]], list[str], str]:
    """Return a layer's units, weights, biases and activation, if they fit one another and the inputs."""
    if not isinstance(layer, dict):
        raise DataError(f"{where} is {layer!r}, expected a table.")
    check_keys(layer, LAYER_KEYS, where)
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
    biases = [bias] * len(units) if isinstance(bias, str) else bias
    if biases != [] and (not is_names(biases) or len(biases) != len(units)):
        raise DataError(f"{where}: bias is {bias!r}, expected one name, or a list of {len(units)}.")
    activation = str(layer.get("activation", "sigmoid"))
    choose("activation", activation, ACTIVATIONS)
    return units, weights, biases, activation
