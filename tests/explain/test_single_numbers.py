"""Graphs of arrays in single numbers: every gate of the table, networks against PyTorch, and what is in focus."""

import itertools
import operator

import numpy as np
import pytest

from witnesses.gate_samples import case_id, cases, inputs_for
from zanjir.errors import GraphError
from zanjir.explain import solution
from zanjir.explain.entries import entry_name, single_numbers
from zanjir.explain.traced import Traced, value_of
from zanjir.gates import max_, relu, softmax_cross_entropy
from zanjir.graph import Tensor, tensor
from zanjir.graph.order import evaluate, topological_order
from zanjir.graph.tensor import apply

# Sums are added in another order than NumPy's.
CLOSE = 1e-9
# Central differences of float64: their step is 1e-6, and they are compared with numbers of size 1.
STEP, NEAR = 1e-6, 1e-6
# What linear algebra computes by iterating or eliminating has no expression of a few gates.
REFUSED = {
    "inv", "cofactor", "det", "logabsdet", "sign_of_det", "solve", "cholesky", "euclidean_norm", "p_norm", "eigvalsh",
    "eigenvectors", "svdvals", "left_singular_vectors", "right_singular_vectors", "pinv", "uniform_like",
}  # fmt: skip
FLOATS = [
    (row, params)
    for row, params in cases()
    if row.name not in {"zeros_like", "one_hot"}
    and apply(row, *map(np.asarray, inputs_for(row)), **params).dtype.kind == "f"
]


def loss_of(row, params):
    """Return a gate's value weighted with numbers that differ, as a loss, and its leaves."""
    leaves = [Tensor(np.asarray(value), f"x{k}") for k, value in enumerate(inputs_for(row))]
    out = apply(row, *leaves, **params)
    weights = np.cos(np.arange(out.size)).reshape(out.shape)
    return (out * weights).sum().named("loss"), leaves


@pytest.mark.parametrize(("row", "params"), FLOATS, ids=case_id)
def test_every_gate_is_written_in_single_numbers_or_says_that_it_cannot_be(row, params):
    loss, leaves = loss_of(row, params)
    if row.name in REFUSED:
        with pytest.raises(GraphError, match=f"the gate {row.name} cannot be written in single numbers"):
            single_numbers(loss)
        return
    numbers, varying = single_numbers(loss)
    assert float(numbers.value) == pytest.approx(float(loss.value), rel=CLOSE, abs=CLOSE)
    tree = solution(numbers, wrt=varying)
    for leaf in leaves:
        if leaf.dtype.kind == "f":
            compare_slopes(tree, loss, leaf, varying)


def compare_slopes(tree, loss, leaf, varying):
    """Compare derivatives in a tree with differences of the loss of arrays."""
    for index in np.ndindex(leaf.shape):
        name = entry_name(leaf.name, index)
        if name not in varying:
            continue
        around = []
        for step in (STEP, -STEP):
            value = np.array(leaf.value, float)
            value[index] += step
            around.append(float(evaluate([loss], {leaf: value})[id(loss)]))
        assert tree.value_of(f"dL/d{name}") == pytest.approx((around[0] - around[1]) / (2 * STEP), rel=NEAR, abs=NEAR)


def network(rng, n=3):
    """Return the leaves and the loss of a network with one hidden layer."""
    leaves = {
        "X": tensor(rng.normal(size=(n, 4)), "X"), "W1": tensor(rng.normal(size=(4, 5)), "W1"),
        "b1": tensor(rng.normal(size=5), "b1"), "W2": tensor(rng.normal(size=(5, 3)), "W2"),
    }  # fmt: skip
    z = (leaves["X"] @ leaves["W1"] + leaves["b1"]).named("z")
    scores = (relu(z).named("h") @ leaves["W2"]).named("scores")
    losses = softmax_cross_entropy(scores, tensor(rng.integers(0, 3, n), "y"))
    return leaves, losses.named("losses").mean().named("loss")


@pytest.mark.parametrize("seed", range(5))
def test_every_derivative_of_a_network_is_that_of_torch(seed):
    torch = pytest.importorskip("torch")
    leaves, loss = network(np.random.default_rng(seed))
    labels = next(node for node in topological_order([loss]) if node.name == "y")
    tree = solution(single_numbers(loss)[0])
    other = {name: torch.tensor(leaf.value, requires_grad=True) for name, leaf in leaves.items()}
    z = other["X"] @ other["W1"] + other["b1"]
    z.retain_grad()
    criterion = torch.nn.functional.cross_entropy
    criterion(torch.relu(z) @ other["W2"], torch.tensor(labels.value)).backward()
    for name, array in {**other, "z": z}.items():
        for index in np.ndindex(tuple(array.shape)):
            slope = float(array.grad[index])
            assert tree.value_of(f"dL/d{entry_name(name, index)}") == pytest.approx(slope, rel=CLOSE, abs=1e-12)
    assert tree.value_of("z[1, 2]") == pytest.approx(float(z.detach()[1, 2]), rel=CLOSE)


def test_around_one_number_only_what_depends_on_it_is_written_out():
    leaves, loss = network(np.random.default_rng(0), n=1)
    numbers, varying = single_numbers(loss, ("W1", (2, 3)), samples=("X", "z", "h", "scores", "losses", "y"))
    tree = solution(numbers, wrt=varying)
    assert varying == ["W1[2, 3]"]
    assert [step.target for step in tree.every("forward")] == [
        "z[3]", "h[3]", "scores[0]", "scores[1]", "scores[2]", "losses",
    ]  # fmt: skip
    compare_slopes(tree, loss, leaves["W1"], varying)


def test_a_long_sum_shows_what_varies_and_the_rest_as_one_number():
    x, w = tensor(np.arange(40.0), "x"), tensor(np.linspace(-1, 1, 40), "w")
    loss = ((x * w).sum().named("z") ** 2).named("loss")
    tree = solution(single_numbers(loss, ("w", (7,)))[0], wrt=["w[7]"])
    (z,) = tree.every("forward")
    assert z.written.symbolic == "x[7] * w[7] + rest(z)"
    assert tree.value_of("rest(z)") == pytest.approx(float((x.value * w.value).sum() - 7 * w.value[7]))
    whole = solution(single_numbers(loss, ("z", ()))[0], wrt=[])
    terms = whole.every("forward")[0].written.symbolic
    assert terms.count("*") < 10
    assert "x[39] * w[39]" in terms  # the largest


def test_two_long_sums_in_one_number_have_a_rest_each():
    x = tensor(np.arange(20.0), "x")
    w = tensor(np.linspace(-1, 1, 20), "w")
    loss = ((x**2).sum() + (w**2).sum() + x[3] * w[4]).named("loss")
    tree = solution(single_numbers(loss, ("x", (3,)))[0], wrt=["x[3]"])
    assert tree.every("loss")[0].written.symbolic == "x[3] ** 2 + rest(loss) + rest_2(loss) + x[3] * w[4]"
    assert tree.value_of("rest_2(loss)") == pytest.approx(float((w.value**2).sum()), rel=CLOSE)


def test_scores_too_large_for_powers_of_e_are_made_smaller():
    scores = tensor(np.array([[1000.0, 1001.0, 0.0]]), "s")
    loss = softmax_cross_entropy(scores, tensor(np.array([0]), "y")).sum().named("loss")
    tree = solution(single_numbers(loss)[0])
    assert tree.value == pytest.approx(np.log1p(np.e), rel=CLOSE)
    assert tree.value_of("dL/ds[0, 1]") == pytest.approx(np.e / (1 + np.e), rel=CLOSE)


def test_a_graph_of_too_many_numbers_says_so():
    X = tensor(np.ones((100, 100)), "X")
    with pytest.raises(GraphError, match="more than 5,000 single numbers; focus on one, or explain by matrices"):
        single_numbers((X @ X).named("Y").sum().named("loss"))


@pytest.mark.parametrize(
    ("focus", "sentence"),
    [
        (("V", (0,)), "there is no 'V' here; expected one of"),
        (("W1", (4, 0)), r"W1\[4, 0\] is no entry: W1 has shape \(4, 5\)"),
        (("W1", (0,)), r"W1\[0\] is no entry"),
        (("y", (0,)), "y holds int64 numbers"),
    ],
)
def test_a_number_that_is_not_there_is_refused(focus, sentence):
    _, loss = network(np.random.default_rng(0))
    with pytest.raises(GraphError, match=sentence):
        single_numbers(loss, focus)


def test_a_second_name_for_a_number_is_a_step_of_its_own():
    x = tensor([[3.0, 1.0]], "x")
    top = max_(x, axis=None).named("top")
    tree = solution(single_numbers((top.reshape((1,)).named("flat").sum() * 2).named("loss"))[0])
    assert [step.target for step in tree.every("forward")] == ["top", "flat[0]"]
    assert tree.value_of("dL/dtop") == tree.value_of("dL/dx[0, 0]") == 2.0


@pytest.mark.parametrize("operation", ["add", "sub", "mul", "truediv", "lt", "le", "gt", "ge"])
@pytest.mark.parametrize(("a", "b"), [(2.0, 5.0), (5.0, 2.0), (3.0, 3.0)])
def test_a_number_that_remembers_computes_and_compares_like_a_plain_one(operation, a, b):
    of = getattr(operator, operation)
    for first, second in itertools.product((a, Traced(a, "entry", ("a",))), (b, Traced(b, "entry", ("b",)))):
        assert value_of(of(first, second)) == of(a, b)
