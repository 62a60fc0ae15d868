"""Rows 56 to 64 and 66: gates, the computational graph, the notes' code with its bug, and the softmax Jacobian."""

import dataclasses

import mpmath
import numpy as np
import pytest

from zanjir.gates import matmul, sigmoid, softmax, softmax_cross_entropy
from zanjir.gates.objects import (
    AddGate,
    CopyGate,
    DivideGate,
    ExpGate,
    MaximumGate,
    MultiplyGate,
    SigmoidGate,
)
from zanjir.graph import TABLE, ComputationalGraph, gradient, hessian, jacobian, tensor
from zanjir.nn import hinge, squared_error

# Row 56 asks for 1e-8; central differences with step 6e-6 err by about 4e-11 times third derivatives.
CENTRAL_DIFFERENCES = 1e-8
STEP = float(np.finfo(float).eps) ** (1 / 3)
# Rows 60 and 61 ask for 1e-15: a few roundings of numbers of size 1.
DECOMPOSITIONS = 1e-15
# The notes print six decimals.
SIX_DECIMALS = 5e-7
# Products of a few terms, summed in another order.
ROUNDINGS = 1e-14

NEURON = {"w0": 2.0, "x0": -1.0, "w1": -3.0, "x1": -2.0, "w2": -3.0}
# N44: the values of the figure that the notes lost, and the derivatives that follow.
FORWARD_N44 = {"s3": 1.0, "L": 0.731059}
BACKWARD_N44 = {"w0": -0.196612, "x0": 0.393224, "w1": -0.393224, "x1": -0.589836, "w2": 0.196612}


# Each gate of the notes: how it is called with one moving input, and its local derivative.
SCALAR_GATES = {
    "add": (AddGate, (1.25,), 0, lambda _x: 1),
    "multiply": (MultiplyGate, (1.25,), 0, lambda _x: 1.25),
    "max, above": (MaximumGate, (-9.0,), 0, lambda _x: 1),
    "max, below": (MaximumGate, (9.0,), 0, lambda _x: 0),
    "copy": (CopyGate, (), 0, lambda _x: 1),
    "exp": (ExpGate, (), 0, mpmath.exp),
    "reciprocal": (DivideGate, (1.0,), 1, lambda x: -1 / mpmath.mpf(x) ** 2),
    "constant scale": (MultiplyGate, (3.0,), 1, lambda _x: 3),
    "constant add": (AddGate, (3.0,), 1, lambda _x: 1),
    "sigmoid": (SigmoidGate, (), 0, lambda x: mpmath.exp(-x) / (1 + mpmath.exp(-x)) ** 2),
}


@pytest.mark.parametrize(("made", "others", "place", "local"), SCALAR_GATES.values(), ids=SCALAR_GATES)
def test_row_56_scalar_gates_have_the_local_rules_of_the_notes(made, others, place, local):
    rng = np.random.default_rng(0)
    for x in rng.uniform(0.5, 2.0, 20) * rng.choice([-1, 1], 20):
        gate = made()

        def value(t, gate=gate):
            return gate.forward(*others[:place], t, *others[place:])

        difference = (value(x + STEP) - value(x - STEP)) / (2 * STEP)
        value(x)
        upstream = rng.uniform(-2, 2)
        slope = gate.backward(upstream)[place]
        assert slope == pytest.approx(upstream * float(local(x)), rel=ROUNDINGS)
        assert slope == pytest.approx(upstream * difference, abs=CENTRAL_DIFFERENCES * max(1, abs(slope)))


def test_row_57_the_flow_patterns_distribute_exchange_route_and_add():
    add, multiply, largest = AddGate(), MultiplyGate(), MaximumGate()
    add.forward(7.0, -4.0)
    assert add.backward(2.0) == [2.0, 2.0]
    multiply.forward(2.0, 3.0)
    assert multiply.backward(5.0) == [15.0, 10.0]
    largest.forward(4.0, 5.0)
    assert largest.backward(9.0) == [0.0, 9.0]
    gates = {
        "one": ("copy", "x"), "two": ("copy", "x"),
        "by4": ("multiply", 4.0, "one"), "by2": ("multiply", 2.0, "two"), "L": ("add", "by4", "by2"),
    }  # fmt: skip
    graph = ComputationalGraph.from_gates(gates, "L")
    graph.forward(x=0.5)
    assert graph.backward() == {"x": 6.0}


def test_row_58_the_multiply_gate_remembers_its_inputs():
    gate = MultiplyGate()
    assert gate.forward(2, 3) == 6
    assert gate.backward(5) == [15, 10]


def test_row_59_the_class_of_the_notes_on_the_diamond():
    graph = ComputationalGraph.from_gates({"f": ("multiply", "sum", "x"), "sum": ("add", "x", "y")}, output="f")
    assert graph.forward(x=2.0, y=3.0)["f"] == 10.0
    assert graph.backward() == graph.backward() == {"x": 7.0, "y": 2.0}
    assert [node.name for node in graph.nodes_topologically_sorted()][-2:] == ["sum", "f"]


def test_row_59_a_cycle_raises():
    with pytest.raises(ValueError, match="the gates form a cycle: "):
        ComputationalGraph.from_gates({"a": ("add", "x", "b"), "b": ("exp", "a")}, output="b")


SUM = {
    "s0": ("multiply", "w0", "x0"),
    "s1": ("multiply", "w1", "x1"),
    "s2": ("add", "s0", "s1"),
    "s3": ("add", "s2", "w2"),
}
ELEMENTARY = SUM | {
    "minus": ("multiply", -1.0, "s3"), "e": ("exp", "minus"), "plus": ("add", 1.0, "e"), "L": ("divide", 1.0, "plus"),
}  # fmt: skip
ONE_GATE = SUM | {"L": ("sigmoid", "s3")}


def test_row_60_elementary_gates_and_one_sigmoid_gate_agree_with_the_notes():
    graphs = [ComputationalGraph.from_gates(gates, "L") for gates in (ELEMENTARY, ONE_GATE)]
    values = [graph.forward(**NEURON) for graph in graphs]
    slopes = [graph.backward() for graph in graphs]
    for value, slope in zip(values, slopes, strict=True):
        assert {name: value[name] for name in FORWARD_N44} == pytest.approx(FORWARD_N44, abs=SIX_DECIMALS)
        assert slope == pytest.approx(BACKWARD_N44, abs=SIX_DECIMALS)
    assert values[0]["L"] == pytest.approx(values[1]["L"], abs=DECOMPOSITIONS)
    assert slopes[0] == pytest.approx({name: float(dx) for name, dx in slopes[1].items()}, abs=DECOMPOSITIONS)


FLAT_FORWARD = """
s0 = w0 * x0
s1 = w1 * x1
s2 = s0 + s1
s3 = s2 + w2
L = sigmoid(s3)
"""
FLAT_BACKWARD_AS_TYPED = """
grad_L = 1.0
grad_s3 = grad_L * (1 - L) * L
grad_w2 = grad_s3
grad_s2 = grad_s3
grad_w0 = grad_s2
grad_s1 = grad_s2
grad_w1 = grad_s1 * x1
grad_x1 = grad_s1 * w1
grad_w0 = grad_s0 * x0
grad_x0 = grad_s0 * w0
"""
FIRST_GRAD_W0, GRAD_S0 = "grad_w0 = grad_s2", "grad_s0 = grad_s2"


def run(code):
    """Run the notes' code on the numbers of the neuron, and return its variables."""
    variables = dict(NEURON, sigmoid=lambda s: 1 / (1 + np.exp(-s)))
    exec(compile(code, "notes", "exec"), variables)  # noqa: S102 - the code of the lecture notes
    return variables


def test_row_61_the_backward_code_as_typed_raises_name_error():
    with pytest.raises(NameError, match="name 'grad_s0' is not defined"):
        run(FLAT_FORWARD + FLAT_BACKWARD_AS_TYPED)


def test_row_61_with_its_index_fixed_it_equals_the_graph():
    found = run(FLAT_FORWARD + FLAT_BACKWARD_AS_TYPED.replace(FIRST_GRAD_W0, GRAD_S0))
    graph = ComputationalGraph.from_gates(ONE_GATE, "L")
    assert graph.forward(**NEURON)["L"] == pytest.approx(found["L"], abs=DECOMPOSITIONS)
    for name, slope in graph.backward().items():
        assert slope == pytest.approx(found[f"grad_{name}"], abs=DECOMPOSITIONS)


def softmax_classifier():
    """Return the numbers of a softmax classifier, its graph's inputs by name."""
    rng = np.random.default_rng(0)
    return {"X": rng.standard_normal((6, 4)), "W": rng.standard_normal((4, 3))}, rng.integers(0, 3, 6), 0.1


def test_row_62_the_graph_of_the_softmax_classifier_with_its_penalty():
    numbers, y, penalty = softmax_classifier()

    def loss(X, W):
        data = softmax_cross_entropy(X @ W, y).mean().named("data_loss")
        R = (W * W).sum().named("R")
        return data + penalty * R

    graph = ComputationalGraph.from_function(loss, **numbers)
    values, slopes = graph.forward(**numbers), graph.backward()
    X, W = numbers["X"], numbers["W"]
    e = np.exp(X @ W)
    p = e / e.sum(axis=1, keepdims=True)
    data_loss = -np.log(p[np.arange(6), y]).mean()
    p[np.arange(6), y] -= 1
    assert values["data_loss"] == pytest.approx(data_loss, rel=ROUNDINGS)
    assert values["R"] == pytest.approx((W**2).sum(), rel=ROUNDINGS)
    assert values["add_1"] == pytest.approx(data_loss + penalty * (W**2).sum(), rel=ROUNDINGS)
    np.testing.assert_allclose(slopes["W"], X.T @ p / 6 + 2 * penalty * W, rtol=0, atol=ROUNDINGS)
    np.testing.assert_allclose(slopes["X"], p @ W.T / 6, rtol=0, atol=ROUNDINGS)


def one_hot(y, classes):
    return np.eye(classes)[y]


def dS_of_softmax(S, y):
    e = np.exp(S)
    return e / e.sum(axis=1, keepdims=True) - one_hot(y, S.shape[1])


def dS_of_hinge(S, y):
    violated = ((S - S[np.arange(len(y)), y][:, None] + 1) > 0) * (1 - one_hot(y, S.shape[1]))
    return violated - one_hot(y, S.shape[1]) * violated.sum(axis=1, keepdims=True)


LOSSES = {"softmax": (softmax_cross_entropy, dS_of_softmax), "hinge": (hinge, dS_of_hinge)}


@pytest.mark.parametrize(("loss", "dS_of"), LOSSES.values(), ids=LOSSES)
def test_row_63_nodes_of_matrices_have_the_derivatives_of_the_notes(loss, dS_of):
    rng = np.random.default_rng(1)
    X, W, b = (tensor(rng.standard_normal(shape), name) for name, shape in (("X", (5, 4)), ("W", (4, 3)), ("b", (3,))))
    y = rng.integers(0, 3, 5)
    S = X @ W + b
    found = gradient(loss(S, tensor(y)).sum(), {"X": X, "W": W, "b": b})
    dS = dS_of(S.value, y)
    for name, expected in {"W": X.value.T @ dS, "X": dS @ W.value.T, "b": dS.sum(axis=0)}.items():
        assert found[name].shape == expected.shape
        np.testing.assert_allclose(found[name].value, expected, rtol=0, atol=ROUNDINGS)


def test_row_63_activation_and_squared_error():
    rng = np.random.default_rng(2)
    X, W, b = (tensor(rng.standard_normal(shape), name) for name, shape in (("X", (5, 4)), ("W", (4, 1)), ("b", (1,))))
    y = rng.standard_normal((5, 1))
    z = X @ W + b
    found = gradient(squared_error(np.tanh(z), tensor(y)).sum(), {"W": W, "b": b})
    h = np.tanh(z.value)
    dz = 2 * (h - y) * (1 - h**2)
    np.testing.assert_allclose(found["b"].value, dz.sum(axis=0), rtol=0, atol=ROUNDINGS)
    np.testing.assert_allclose(found["W"].value, X.value.T @ dz, rtol=0, atol=ROUNDINGS)


def test_row_63_shapes_are_checked():
    with pytest.raises(ValueError, match=r"matmul: inner sizes differ: X is \(5, 3\), W is \(4, 8\)"):
        matmul(tensor(np.ones((5, 3)), "X"), tensor(np.ones((4, 8)), "W"))


def test_row_64_backward_computes_nothing_of_forward_again():
    calls = []

    def counting(name):
        row = TABLE[name]
        return dataclasses.replace(row, forward=lambda *inputs: calls.append(name) or row.forward(*inputs))

    gates = {"h": (counting("exp"), "x"), "p": (counting("sigmoid"), "h"), "L": (counting("sqrt"), "p")}
    graph = ComputationalGraph.from_gates(gates, "L")
    graph.forward(x=0.3)
    assert calls == ["exp", "sigmoid", "sqrt"]
    graph.backward()
    assert calls == ["exp", "sigmoid", "sqrt"]


SCORES = [3.2, 5.1, -1.7]


def test_row_66_the_jacobian_of_softmax_is_diag_p_minus_p_p_transposed():
    e = [mpmath.exp(mpmath.mpf(s)) for s in SCORES]
    p = np.array([float(v / sum(e)) for v in e])
    found = jacobian(softmax, SCORES)
    np.testing.assert_allclose(found, np.diag(p) - np.outer(p, p), rtol=0, atol=ROUNDINGS)
    for y, k in np.ndindex(3, 3):  # the two cases of the notes
        assert found[y, k] == pytest.approx(p[k] * (1 - p[k]) if k == y else -p[y] * p[k], abs=ROUNDINGS)


@pytest.mark.parametrize("y", [0, 1, 2])
def test_row_66_the_gradient_of_the_softmax_loss_is_p_minus_one_hot_and_its_hessian_the_jacobian(y):
    def loss(s):
        return softmax_cross_entropy(s.reshape(1, 3), np.array([y])).sum()

    p = np.exp(SCORES) / np.exp(SCORES).sum()
    np.testing.assert_allclose(gradient(loss, SCORES), p - one_hot(y, 3), rtol=0, atol=ROUNDINGS)
    np.testing.assert_allclose(hessian(loss, SCORES), np.diag(p) - np.outer(p, p), rtol=0, atol=ROUNDINGS)


def test_row_69_column_form_and_row_form_of_3_4_4_1_as_graphs():
    rng = np.random.default_rng(3)
    shapes = {"W1": (4, 3), "b1": (4, 1), "W2": (4, 4), "b2": (4, 1), "W3": (1, 4), "b3": (1, 1)}
    numbers = {name: rng.standard_normal(shape) for name, shape in shapes.items()}
    assert sum(value.size for value in numbers.values()) == 41
    column = np.array([[0.5], [-1.0], [2.0]])

    def columns(W1, b1, W2, b2, W3, b3):
        return (W3 @ sigmoid(W2 @ sigmoid(W1 @ column + b1) + b2) + b3).named("s")

    def rows(W1, b1, W2, b2, W3, b3):
        return (sigmoid(sigmoid(column.T @ W1 + b1) @ W2 + b2) @ W3 + b3).named("s")

    by_columns = ComputationalGraph.from_function(lambda **p: columns(**p).sum(), **numbers)
    transposed = {name: value.T for name, value in numbers.items()}
    by_rows = ComputationalGraph.from_function(lambda **p: rows(**p).sum(), **transposed)
    s, s_row = by_columns.forward(**numbers)["s"], by_rows.forward(**transposed)["s"]
    assert s.shape == s_row.shape == (1, 1)
    np.testing.assert_allclose(s, s_row.T, rtol=0, atol=DECOMPOSITIONS)
    d, d_row = by_columns.backward(), by_rows.backward()
    for name in shapes:
        np.testing.assert_allclose(d[name], d_row[name].T, rtol=0, atol=DECOMPOSITIONS)
