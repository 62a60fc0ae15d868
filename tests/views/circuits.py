"""The graphs that the tests of the views look at."""

import numpy as np

import zanjir
from zanjir import gates
from zanjir.nn import LOSSES, mlp, regularizer
from zanjir.program import Problem


def sigmoid_neuron(*, elementary=False):
    """The circuit of the lectures: f = sigmoid(w0 x0 + w1 x1 + w2)."""
    w0, w1, w2 = (zanjir.tensor(value, f"w{i}") for i, value in enumerate((2.0, -3.0, -3.0)))
    x0, x1 = (zanjir.tensor(value, f"x{i}") for i, value in enumerate((-1.0, -2.0)))
    s2 = ((w0 * x0).named("s0") + (w1 * x1).named("s1")).named("s2")
    s3 = (s2 + w2).named("s3")
    return (1 / (1 + np.exp(-s3)) if elementary else gates.sigmoid(s3)).named("f")


def diamond():
    """One input read twice, at different depths."""
    x, y = zanjir.tensor(3.0, "x"), zanjir.tensor(-4.0, "y")
    return ((x + y) * x).named("f")


def network():
    """Two layers, softmax and a penalty."""
    rng = np.random.default_rng(0)
    problem = Problem(mlp([4], 3), LOSSES["softmax"], 2, 3, regularizer("l2", 0.01), dtype=np.float64)
    parameters = {name: zanjir.tensor(value, name) for name, value in problem.network.init(rng, 2).items()}
    X, y = zanjir.tensor(rng.normal(size=(5, 2)), "X"), zanjir.tensor(np.array([0, 1, 2, 0, 1]), "y")
    return problem.objective(X, y, parameters, None)["loss"]


def read_three_times():
    """A result that three gates read, and one gate that reads one result twice."""
    h = np.tanh(zanjir.tensor(0.5, "x")).named("h")
    return (h * h + np.exp(h) / h).named("out")


def names(*given):
    """A graph whose nodes have the given names."""
    leaves = [zanjir.tensor(float(i + 1), name) for i, name in enumerate(given[:-1])]
    total = leaves[0]
    for leaf in leaves[1:]:
        total = total * leaf
    return (total + 1).named(given[-1])


def random_graph(rng, n, reach):
    """Gates that read any of the last ``reach`` nodes; returns those that nobody reads."""
    nodes = [zanjir.tensor(rng.normal(size=(2,) if rng.random() < 0.3 else ()), f"x{i}") for i in range(max(1, n // 4))]
    while len(nodes) < n:
        i, j = rng.integers(max(0, len(nodes) - reach), len(nodes), 2)
        a, b = nodes[i], nodes[j]
        nodes.append((np.maximum(a, b), np.tanh(a), a + b, 2 * a)[rng.integers(4)])
    read = {id(x) for node in nodes for x in node.inputs}
    return [node for node in nodes if id(node) not in read]


HOSTILE = (
    "<script>alert(1)</script>", "a & b", 'say "hi"', "it's", "two\nlines", "back\\slash\\N\\l", "{x|y}", "]]>", "&lt;",
    "\x00\x1b[31m", "\u202eright to left", "half \ud800", "وزن‌های لایه", "漢字", "e\u0301", "🎲", " ", "%s {0} {}", "·",
    "a" * 300, "--> t1", "n0",
)  # fmt: skip

CIRCUITS = {
    "neuron": sigmoid_neuron,
    "elementary": lambda: sigmoid_neuron(elementary=True),
    "diamond": diamond,
    "network": network,
    "three readers": read_three_times,
    "persian": lambda: names("وزن", "ورودی‌ها", "بایاس", "خروجی"),
    "hostile": lambda: names(*HOSTILE),
    "a leaf": lambda: zanjir.tensor(2.0, "x"),
    "a number": lambda: zanjir.tensor(2.0),
    "labels": lambda: zanjir.tensor(np.array([1, 0, 2]), "y"),
    "truths": lambda: zanjir.tensor(np.array([1.0, -1.0]), "x") > 0,
    "nothing": lambda: np.sum(zanjir.tensor(np.zeros((0, 3)), "X") * 2.0),
    "not finite": lambda: zanjir.tensor(np.array([np.nan, np.inf, -np.inf, 1.0]), "x") * 1.5,
    "large": lambda: np.mean(np.tanh(zanjir.tensor(np.linspace(-1, 1, 5000).reshape(50, 100), "X"))),
    "single precision": lambda: np.sum(zanjir.tensor(np.array([0.1], np.float32), "x") * 3),
}  # fmt: skip
