"""Random programs over many gates that are right for any batch size, for the tests of the passes."""

from collections.abc import Callable
from typing import Any

import numpy as np

from zanjir import gates
from zanjir.errors import ZanjirError
from zanjir.graph import Tensor, evaluate
from zanjir.graph.gradient import gradient

# No size is that of the traced batch, so that nothing fits the batch by accident.
TRACED = 2
FEATURES, CLASSES = 5, 4
IMAGE = {"NHWC": (6, 5, 3), "NCHW": (3, 6, 5)}
SIZES = (1, 2, 3, 7)
# Keeps the numbers of a row apart: where all are equal, a standard deviation has a kink.
RAMP = 3 * np.arange(CLASSES, dtype=np.float32)

Draw = np.random.Generator
Step = Callable[[Draw, Tensor], Tensor]


def leaf_values(n: int, dtype: Any, seed: int = 0) -> dict[str, np.ndarray]:
    """Return the numbers of a batch of n samples and of parameters that do not depend on n."""
    rng, batch = np.random.default_rng(seed), np.random.default_rng([seed, n])
    parameters = {
        "W": (FEATURES, CLASSES), "V": (CLASSES, CLASSES), "b": (CLASSES,), "F": (3, 2, 3, CLASSES), "c": (1, CLASSES),
    }  # fmt: skip
    values = {name: rng.uniform(-1, 1, shape).astype(dtype) for name, shape in parameters.items()}
    values["X"] = batch.uniform(-1, 1, (n, FEATURES)).astype(dtype)
    values["y"] = batch.integers(0, CLASSES, n)
    for layout, sizes in IMAGE.items():
        # Few different numbers, so that windows have ties.
        values[layout] = (batch.integers(-3, 4, (n, *sizes)) / 4).astype(dtype)
    return values


def some(rng: Draw, *choices: Any) -> Any:
    """Return one of several choices."""
    return choices[rng.integers(len(choices))]


# Steps that keep an array of shape (N, CLASSES).
ROWS: tuple[Step, ...] = (
    lambda rng, x: np.tanh(x),
    lambda rng, x: gates.relu(x),
    lambda rng, x: gates.elu(x),
    lambda rng, x: gates.softmax(x, axis=some(rng, -1, 1)),
    lambda rng, x: gates.log_softmax(x, axis=some(rng, -1, 1)),
    lambda rng, x: x - gates.logsumexp(x, axis=1, keepdims=True),
    lambda rng, x: x + gates.expand_dims(gates.logsumexp(x, axis=-1), axis=-1),
    lambda rng, x: x - x.mean(axis=some(rng, 0, 1, (0, 1), None), keepdims=True),
    lambda rng, x: x - x.mean(),
    lambda rng, x: x + x.mean(axis=0),
    lambda rng, x: x * x.var(axis=some(rng, 0, 1, -1), ddof=0.5, keepdims=True),
    lambda rng, x: x + np.sqrt(1 + x.var(axis=(0, 1))),
    lambda rng, x: x + (np.tanh(x) + RAMP).std(axis=1, keepdims=True),
    lambda rng, x: x / (1 + (x + RAMP).std()),
    lambda rng, x: gates.standardize(x, axis=some(rng, 0, -1, (0, 1)), epsilon=0.25),
    lambda rng, x: x / gates.deviation(x, axis=some(rng, 1, -1), epsilon=0.5),
    lambda rng, x: np.flip(x, axis=some(rng, 0, 1, None)),
    lambda rng, x: x + np.zeros_like(x),
    lambda rng, x: np.concatenate([x[:, :2], x[:, 2:]], axis=1) * 2,
    lambda rng, x: np.stack([x, -x], axis=some(rng, 0, 1, 2)).sum() + x,
    lambda rng, x: np.stack([x, x**2], axis=1)[:, 1] + x,
    lambda rng, x: np.einsum("ij->ji", x).T + np.einsum("ij->i", x)[:, None],
    lambda rng, x: np.einsum("ij,ij->ij", x, x),
    lambda rng, x: np.einsum("ij,ik->ijk", x, np.tanh(x)).sum(axis=2),
    lambda rng, x: np.einsum("ji,ki->kj", x, x) @ x,
    lambda rng, x: np.outer(x.sum(axis=0), x.sum(axis=0)).sum() * x,
    lambda rng, x: np.where(x > x.max(axis=1, keepdims=True) - 0.3, x, 0.5 * x),
    lambda rng, x: np.negative(-x) * 1 + 0,
    lambda rng, x: x / 4 + x / 3 - 0,
    lambda rng, x: (1 + x**2) ** 0.5,
    lambda rng, x: np.power(x, 2) + np.power(1 + x**2, 1),
    lambda rng, x: x.T.T.reshape(-1, 2, 2).reshape(-1, CLASSES),
    lambda rng, x: x * (Tensor(2) * 3) + np.exp(Tensor(np.float64(0.5)).astype("float32")).astype(x.dtype),
)


def with_labels(rng: Draw, x: Tensor, y: Tensor) -> Tensor:
    """Return an array of the same shape that reads the labels."""
    return some(
        rng,
        lambda: x * gates.one_hot(y, x),
        lambda: x - gates.expand_dims(gates.pick(x, y), axis=1),
        lambda: gates.hinge_margins(x, y, delta=some(rng, 0.9, 0.6)),
        lambda: x + gates.expand_dims(gates.softmax_cross_entropy(x, y), axis=-1),
        lambda: x * gates.softmax_cross_entropy(x, y).mean(),
    )()


def with_parameters(rng: Draw, x: Tensor, leaves: dict[str, Tensor]) -> Tensor:
    """Return an array of the same shape that reads the parameters."""
    return some(
        rng,
        lambda: x @ leaves["V"] + leaves["b"],
        lambda: x * leaves["c"],
        lambda: np.einsum("ij,kj->ik", x, leaves["V"]),
        lambda: np.einsum("ij,jk->ik", x, leaves["V"] ** 2),
    )()


def of_images(rng: Draw, leaves: dict[str, Tensor]) -> Tensor:
    """Return an array of shape (N, CLASSES) from images."""
    layout = some(rng, *IMAGE)
    stride, padding = some(rng, (1, 0), (1, 1), (2, 1))
    h = leaves[layout]
    if rng.random() < 0.7:  # otherwise windows have ties
        h = gates.conv2d(h, leaves["F"], stride=stride, padding=padding, layout=layout)
    if rng.random() < 0.7:
        pool = some(rng, gates.max_pool2d, gates.average_pool2d)
        size, step = some(rng, (2, None), (2, 1))
        h = pool(h, size=size, stride=step, layout=layout)
    if rng.random() < 0.3:
        h = gates.standardize(h, axis=some(rng, (0, 2, 3) if layout == "NCHW" else (0, 1, 2), (1, 2, 3)), epsilon=0.5)
    return h.reshape(-1, int(np.prod(h.shape[1:])))[:, :CLASSES]


def program(seed: int, dtype: Any = np.float64, steps: int = 8) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Return named leaves, and outputs: some nodes, a loss, and its derivatives."""
    rng = np.random.default_rng(seed)
    leaves = {name: Tensor(value, name) for name, value in leaf_values(TRACED, dtype).items()}
    pool = [(leaves["X"] @ leaves["W"]).named("z")]
    if rng.random() < 0.5:
        pool.append(of_images(rng, leaves))
    for _ in range(steps):
        x = pool[rng.integers(len(pool))]
        kind = rng.random()
        if kind < 0.2:
            new = with_labels(rng, x, leaves["y"])
        elif kind < 0.35:
            new = with_parameters(rng, x, leaves)
        elif kind < 0.5:
            new = x + 0.5 * pool[rng.integers(len(pool))]
        else:
            new = some(rng, *ROWS)(rng, x)
        if new.shape == (TRACED, CLASSES):
            pool.append(np.tanh(new) if rng.random() < 0.5 else new)
    loss = sum((0.5 * node).mean() for node in pool[1:]) + gates.softmax_cross_entropy(pool[-1], leaves["y"]).mean()
    learned = {name: leaves[name] for name in ("W", "V", "b", "c", "F", "X", "NHWC", "NCHW")}
    outputs = {f"out{i}": node for i, node in enumerate(pool[-3:])}
    derivatives = gradient(loss, learned)
    return leaves, {"loss": loss, **outputs, **{f"d{name}": d for name, d in derivatives.items()}}


def values_of(outputs: dict[str, Tensor], leaves: dict[str, Tensor], given: dict[str, Any]) -> dict[str, Any]:
    """Run a program on other numbers."""
    with np.errstate(all="ignore"):
        values = evaluate(outputs.values(), {node: given[name] for name, node in leaves.items()})
    return {name: values[id(node)] for name, node in outputs.items()}


def is_right_for(outputs: dict[str, Tensor], leaves: dict[str, Tensor], given: dict[str, Any]) -> bool:
    """Whether a program runs on a batch at all."""
    try:
        values_of(outputs, leaves, given)
    except (ZanjirError, ValueError):
        return False
    return True
