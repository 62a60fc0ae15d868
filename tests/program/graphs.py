"""Random graphs for the tests of printing and of lowering: any gates, any order of reading, views and numbers."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from zanjir.gates import broadcast_like, expand_dims, maximum, relu, reshape_like, sigmoid
from zanjir.graph import Tensor, tensor

SHAPES = {"a": (3, 2), "b": (2, 3), "c": (3,), "d": (3, 1), "e": (2, 2)}
NUMBERS = (2, -2, 0.5, -1.5, 3.0, -1, 1e-3, -0.0)
Pool = list[Tensor]


@dataclass(frozen=True)
class Graph:
    """Leaves by name, and the nodes to compute by name."""

    leaves: dict[str, Tensor]
    outputs: dict[str, Tensor]


def leaf_values(seed: int) -> dict[str, np.ndarray]:
    """Return numbers for every leaf."""
    rng = np.random.default_rng(seed)
    return {name: rng.uniform(-2, 2, shape) for name, shape in SHAPES.items()}


UNARY: tuple[Callable[[Tensor], Tensor], ...] = (
    lambda x: -x,
    lambda x: x**2,
    relu,
    np.tanh,
    sigmoid,
    lambda x: np.exp(np.tanh(x)),
    lambda x: np.sqrt(1 + x**2),
    np.abs,
    lambda x: x > 0.25,
    lambda x: x.T,
    lambda x: x.sum(),
    lambda x: x.sum(axis=0),
    lambda x: x.sum(axis=-1, keepdims=True),
    lambda x: x.mean(),
    lambda x: expand_dims(x, axis=-1),
    lambda x: x.reshape(-1),
)
BINARY: tuple[Callable[[Tensor, Tensor], Tensor], ...] = (
    lambda x, y: x + y,
    lambda x, y: x - y,
    lambda x, y: x * y,
    lambda x, y: x / (1 + y**2),
    maximum,
    lambda x, y: x @ y,
    broadcast_like,
    reshape_like,
)


def fits(node: Tensor) -> bool:
    """Keep graphs small, finite and of floating point."""
    return node.size <= 64 and node.ndim <= 3 and bool(np.isfinite(node.value).all())


def grown(pool: Pool, draw: st.DrawFn) -> Tensor | None:
    """Return one more node, on nodes of the pool, if they fit together."""
    x, y = (draw(st.sampled_from(pool)) for _ in range(2))
    kind = draw(st.sampled_from(["unary", "binary", "number"]))
    try:
        if kind == "unary":
            return draw(st.sampled_from(UNARY))(x)
        other = y if kind == "binary" else tensor(draw(st.sampled_from(NUMBERS)))
        operands = (x, other) if draw(st.booleans()) else (other, x)
        return draw(st.sampled_from(BINARY[:6] if kind == "binary" else BINARY[:3]))(*operands)
    except ValueError:
        return None


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Draw a graph with one to four results, which may be results of one another."""
    leaves = {name: tensor(value, name) for name, value in leaf_values(0).items()}
    pool = list(leaves.values())
    for _ in range(draw(st.integers(1, 20))):
        node = grown(pool, draw)
        if node is not None and fits(node):
            name = draw(st.sampled_from([None, None, None, "h", "z"]))
            pool.append(node.named(name) if name else node)
    made = [node for node in pool if node.gate is not None] or [(pool[0] + 1)]
    chosen = draw(st.lists(st.sampled_from(made), min_size=1, max_size=4))
    return Graph(leaves, {f"result{i}": node for i, node in enumerate(chosen)})


@st.composite
def losses(draw: st.DrawFn) -> Graph:
    """Draw a graph whose single result is a number that can be differentiated."""
    graph = draw(graphs())
    total: Tensor = tensor(0.5) * 1.0
    for node in graph.outputs.values():
        total = total + (node * 1.0).mean()
    return Graph(graph.leaves, {"loss": total})
