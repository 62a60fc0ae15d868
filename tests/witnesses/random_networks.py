"""Networks of a few units, drawn at random as problem files, and their loss computed with arrays."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

__all__ = ["ACTIVATIONS", "BIASES", "LOSSES", "PENALTIES", "Network", "random_network"]

Array = Any
# How far a number stays from a kink: far more than any difference moves it.
MARGIN = 0.02


@dataclass(frozen=True)
class Function:
    """A function of arrays, and whether it has a kink at 0."""

    of: Callable[[Array], Array]
    kink: bool = False


ACTIVATIONS = {
    "relu": Function(lambda z: z * (z > 0), kink=True),
    "tanh": Function(lambda z: (np.exp(2 * z) - 1) / (np.exp(2 * z) + 1)),
    "sigmoid": Function(special.expit),
    "identity": Function(lambda z: z),
    "leaky_relu": Function(lambda z: np.where(z < 0, z / 100, z), kink=True),
    "elu": Function(lambda z: np.where(z < 0, np.exp(z) - 1, z), kink=True),
    "gelu": Function(lambda z: z * (1 + special.erf(z / math.sqrt(2))) / 2),
    "silu": Function(lambda z: z * special.expit(z)),
    "softplus": Function(lambda z: np.log(1 + np.exp(z))),
}


# The loss of a sample, from outputs y and targets t (or the right class), delta and sigma.
LOSSES: dict[str, Callable[..., Array]] = {
    "half_squared_error": lambda y, t, delta, sigma: np.sum((y - t) ** 2) / 2,
    "squared_error": lambda y, t, delta, sigma: np.sum((y - t) ** 2),
    "absolute_error": lambda y, t, delta, sigma: np.sum(np.abs(y - t)),
    "huber": lambda y, t, delta, sigma: np.sum(special.huber(delta, y - t)),
    "binary_cross_entropy": lambda y, t, delta, sigma: -np.sum(special.xlogy(t, y) + special.xlogy(1 - t, 1 - y)),
    "sigmoid_cross_entropy": lambda y, t, delta, sigma: np.sum(
        -special.xlogy(t, special.expit(y)) - special.xlogy(1 - t, special.expit(-y))
    ),
    "gaussian_negative_log_likelihood": lambda y, t, delta, sigma: (
        -np.sum(np.log(np.exp(-(((y - t) / sigma) ** 2) / 2) / (sigma * math.sqrt(2 * math.pi))))
    ),
    "softmax_cross_entropy": lambda y, t, delta, sigma: -math.log(special.softmax(y)[t]),
    "hinge": lambda y, t, delta, sigma: np.sum(margins(y, t, delta)),
    "squared_hinge": lambda y, t, delta, sigma: np.sum(margins(y, t, delta) ** 2),
}
OF_CLASSES = ("softmax_cross_entropy", "hinge", "squared_hinge")
SETTINGS = {"huber": "delta", "hinge": "delta", "squared_hinge": "delta", "gaussian_negative_log_likelihood": "sigma"}
PENALTIES = {"none": {}, "l2": {"l2": 0.02}, "l1": {"l1": 0.03}, "elastic": {"l1": 0.01, "l2": 0.02}}
BIASES = ("none", "shared", "per neuron")


def margins(y: Array, right: int, delta: float) -> Array:
    wrong = np.delete(y, right)
    return np.maximum(wrong - y[right] + delta, 0)


@dataclass(frozen=True)
class Network:
    """A problem file, what was drawn for it, its loss, and the least distance to a kink."""

    text: str
    drawn: frozenset[str]
    rule: str
    n_steps: int
    loss: float
    distance: float


def random_network(seed: int, rules: tuple[str, ...]) -> Network:
    """A network whose numbers stay away from kinks."""
    rng = np.random.default_rng([seed, 7])
    while True:
        network = drawn(rng, seed, rules)
        if network.distance > MARGIN:
            return network


def drawn(rng: np.random.Generator, seed: int, rules: tuple[str, ...]) -> Network:
    """Any network."""
    loss_name = [*LOSSES][seed % len(LOSSES)]
    bias, penalty = str(rng.choice(BIASES)), str(rng.choice([*PENALTIES]))
    sizes = [int(size) for size in rng.integers(1, 5, rng.integers(2, 5))]
    if loss_name in OF_CLASSES:
        sizes[-1] = max(sizes[-1], 2)
    activations = [str(name) for name in rng.choice([*ACTIVATIONS], len(sizes) - 1)]
    if loss_name == "binary_cross_entropy":
        activations[-1] = "sigmoid"
    n_samples, rule, n_steps = int(rng.choice([1, 1, 1, 2])), rules[seed % len(rules)], int(rng.integers(1, 4))
    weights = [signed(rng, 0.1, 1.2, shape) for shape in itertools.pairwise(sizes)]
    biases = [
        {"none": 0 * b, "shared": 0 * b + b[0], "per neuron": b}[bias]
        for b in (signed(rng, 0.1, 0.6, n) for n in sizes[1:])
    ]
    X = signed(rng, 0.2, 1.5, (n_samples, sizes[0]))
    targets = [int(k) for k in rng.integers(0, sizes[-1], n_samples)]
    if loss_name not in OF_CLASSES:
        targets = np.round(rng.uniform(0.05, 0.95, (n_samples, sizes[-1])), 3)
    setting = float(np.round(rng.uniform(0.5, 1.5), 2)) if loss_name in SETTINGS and rng.random() < 0.7 else None
    value, distance = loss_of(loss_name, activations, weights, biases, X, targets, setting, PENALTIES[penalty])
    facts = {loss_name, bias, penalty, rule, f"{n_samples} samples", f"{len(weights)} layers", *activations}
    head = [
        f'title = "network {seed}"',
        "[given]",
        *numbers_of(weights, biases, bias),
        "[network]",
        f'loss = "{loss_name}"',
    ]
    if setting is not None:
        head.append(f"{SETTINGS[loss_name]} = {setting}")
    if penalty != "none":
        head.append(f"penalty = {inline(PENALTIES[penalty])}")
    update = ["[update]", f'rule = "{rule}"', "learning_rate = 0.05", f"steps = {n_steps}"]
    text = "\n".join([*head, *samples(X, targets), *layers(weights, bias, activations), *update])
    return Network(text, frozenset(facts), rule, n_steps, value, distance)


def signed(rng: np.random.Generator, low: float, high: float, shape: Any) -> Array:
    """Numbers of three digits, of either sign, away from 0."""
    return np.round(rng.choice([-1, 1], shape) * rng.uniform(low, high, shape), 3)


def loss_of(
    loss: str, activations: list[str], weights: list[Array], biases: list[Array], X: Array, targets: Any,
    setting: float | None, penalty: dict[str, float],
) -> tuple[float, float]:  # fmt: skip
    """The loss with its penalty, and the least distance to a kink."""
    h, near, setting = X, [1.0], setting or 1.0
    for W, b, name in zip(weights, biases, activations, strict=True):
        z = h @ W + b
        near += [*np.abs(z).flat] * ACTIVATIONS[name].kink
        h = ACTIVATIONS[name].of(z)
    for y, t in zip(h, targets, strict=True):
        if loss == "absolute_error":
            near += [*np.abs(y - t)]
        elif loss == "huber":
            near += [*np.abs(np.abs(y - t) - setting)]
        elif "hinge" in loss:
            near += [*np.abs(np.delete(y, t) - y[t] + setting)]
    mean = np.mean([LOSSES[loss](y, t, setting, setting) for y, t in zip(h, targets, strict=True)])
    W = np.concatenate([W.ravel() for W in weights])
    added = penalty.get("l1", 0) * np.linalg.norm(W, 1) + penalty.get("l2", 0) * (W @ W)
    return float(mean + added), float(min(near))


def numbers_of(weights: list[Array], biases: list[Array], bias: str) -> list[str]:
    """The given numbers."""
    lines = [
        f"w{n}_{i}{k} = {W[i, k]}"
        for n, W in enumerate(weights, 1)
        for i in range(W.shape[0])
        for k in range(W.shape[1])
    ]
    if bias == "none":
        return lines
    shared = bias == "shared"
    return [
        *lines,
        *(
            f"b{n}{'' if shared else f'_{k}'} = {b[k]}"
            for n, b in enumerate(biases, 1)
            for k in range(1 if shared else len(b))
        ),
    ]


def inline(table: dict[str, Any]) -> str:
    return "{" + ", ".join(f"{key} = {value}" for key, value in table.items()) + "}"


def samples(X: Array, targets: Any) -> list[str]:
    """The samples; a single one stands in the network itself."""
    lines = []
    for x, t in zip(X, targets, strict=True):
        lines += ["[[network.samples]]"] * (len(X) > 1)
        lines.append(f"inputs = {inline({f'x{k}': value for k, value in enumerate(x)})}")
        of_class = isinstance(t, int)
        lines.append(f'target = "Y{t}"' if of_class else f"targets = {inline({f'Y{k}': v for k, v in enumerate(t)})}")
    return lines


def layers(weights: list[Array], bias: str, activations: list[str]) -> list[str]:
    """The layers."""
    lines = []
    for n, (W, activation) in enumerate(zip(weights, activations, strict=True), 1):
        units = [f"Y{k}" if n == len(weights) else f"h{n}_{k}" for k in range(W.shape[1])]
        rows = [[f"w{n}_{i}{k}" for k in range(W.shape[1])] for i in range(W.shape[0])]
        names = {"none": "[]", "shared": f'"b{n}"', "per neuron": str([f"b{n}_{k}" for k in range(W.shape[1])])}
        lines += [
            "[[network.layers]]",
            f"units = {units}",
            f"weights = {rows}",
            f"bias = {names[bias]}",
            f'activation = "{activation}"',
        ]
    return lines
