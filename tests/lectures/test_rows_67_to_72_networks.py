"""Rows 67, 68, 69, 71 and 72: the dense layer, counting layers, one API for every depth, first values."""

import numpy as np
import pytest

from zanjir.data import load
from zanjir.graph import gradient, tensor
from zanjir.nn import INITIALIZERS, LOSSES, Activation, Linear, Sequential, mlp, softmax_cross_entropy
from zanjir.program import Problem

# The same products of a few terms, taken in another order.
ROUNDINGS = 1e-14
# One rounding, where the same products are taken in the same order.
ONE_ROUNDING = 1e-15


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def random_parameters(network, in_features, seed=0):
    rng = np.random.default_rng(seed)
    shapes = network.layout(in_features).shapes
    return {name: tensor(rng.standard_normal(shape), name) for name, shape in shapes.items()}


def test_row_67_the_dense_layer_of_the_slide():
    layer = Sequential((Linear(512), Activation("relu"), Linear(10)))
    assert Sequential((Linear(512),)).layout(784).size == 401_920
    rng = np.random.default_rng(0)
    X, W, b = rng.random((128, 784)), rng.standard_normal((784, 512)), rng.standard_normal(512)
    own = {"W": tensor(W, "W1"), "b": tensor(b, "b1")}
    output = Activation("relu")(Linear(512)(tensor(X, "X"), own), {})
    assert output.shape == (128, 512)
    assert np.array_equal(output.value, np.maximum(np.dot(X, W) + b, 0))
    assert layer.out_features(784) == 10


def by_hand(x, p, depth):
    """s = W x + b; h = f(W1 x + b1), s = W2 h + b2; and so on, in the column form of the slides."""
    column = x.T
    for number in range(1, depth + 1):
        column = p[f"W{number}"].value.T @ column + p[f"b{number}"].value[:, None]
        column = np.tanh(column) if number < depth else column
    return column.T


@pytest.mark.parametrize(
    ("hidden", "names"),
    [
        ([], ["W1", "b1"]),
        ([4], ["W1", "b1", "W2", "b2"]),
        ([4, 5], ["W1", "b1", "W2", "b2", "W3", "b3"]),
    ],
)
def test_row_68_a_network_is_counted_by_its_weight_matrices_and_computes_the_hand_formula(hidden, names):
    network = mlp(hidden, 3, activation="tanh")
    assert network.n_layers == len(hidden) + 1
    assert list(network.layout(6).shapes) == names
    x, p = np.random.default_rng(1).standard_normal((7, 6)), random_parameters(network, 6)
    found = network(tensor(x, "X"), p).value
    assert np.allclose(found, by_hand(x, p, len(hidden) + 1), rtol=0, atol=ROUNDINGS)


def test_row_69_the_network_3_4_4_1_in_column_form_and_in_row_form():
    network = mlp([4, 4], 1, activation="sigmoid")
    assert network.layout(3).size == 41
    p, x = random_parameters(network, 3), np.array([[0.5], [-1.0], [2.0]])
    W1, b1, W2, b2, W3, b3 = (p[name].value for name in network.layout(3).shapes)
    h1 = sigmoid(np.dot(W1.T, x) + b1[:, None])
    h2 = sigmoid(np.dot(W2.T, h1) + b2[:, None])
    s = np.dot(W3.T, h2) + b3[:, None]
    assert s.shape == (1, 1)
    assert np.allclose(network(tensor(x.T, "X"), p).value.T, s, rtol=0, atol=ONE_ROUNDING)


def test_row_71_a_network_of_one_layer_is_the_softmax_classifier_bit_for_bit():
    rng = np.random.default_rng(0)
    X, y = tensor(rng.standard_normal((20, 5)), "X"), tensor(rng.integers(0, 3, 20), "y")
    problem = Problem(mlp([], 3), LOSSES["softmax"], 5, 3, dtype=np.float64)
    p = random_parameters(problem.network, 5)
    loss = problem.objective(X, y, p, None)["loss"]
    classifier = softmax_cross_entropy(X @ p["W1"] + p["b1"], y).mean()
    assert loss.value == classifier.value
    for name in p:
        assert np.array_equal(gradient(loss, p[name]).value, gradient(classifier, p[name]).value)


def test_row_71_its_gradient_is_that_of_the_slides():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((20, 5)), rng.integers(0, 3, 20)
    W, b = tensor(rng.standard_normal((5, 3)), "W"), tensor(rng.standard_normal(3), "b")
    loss = softmax_cross_entropy(tensor(X, "X") @ W + b, y).mean()
    e = np.exp(X @ W.value + b.value)
    p = e / e.sum(axis=1, keepdims=True)
    assert loss.value == pytest.approx(np.mean(-np.log(p[np.arange(20), y])), rel=ROUNDINGS)
    p[np.arange(20), y] -= 1
    assert np.allclose(gradient(loss, W).value, X.T @ p / 20, rtol=0, atol=ROUNDINGS)
    assert np.allclose(gradient(loss, b).value, p.mean(axis=0), rtol=0, atol=ROUNDINGS)


@pytest.mark.parametrize("hidden", [[], [8], [8, 8]])
def test_row_71_linear_two_and_three_layer_networks_share_one_api(hidden):
    problem = Problem(mlp(hidden, 3), LOSSES["softmax"], 5, 3)
    W = problem.layout.flatten(problem.network.init(np.random.default_rng(0), 5))
    assert W.shape == (problem.layout.size,)


DEVIATION = {"small": 0.001, "he": np.sqrt(2 / 784), "glorot": np.sqrt(2 / (784 + 100)), "zeros": 0.0}


@pytest.mark.parametrize("name", INITIALIZERS)
def test_row_72_first_weights_have_their_deviation_within_5_percent_and_biases_are_zero(name):
    first = mlp([100], 10, initializer=name).init(np.random.default_rng(0), 784)
    assert first["W1"].std() == pytest.approx(DEVIATION[name], rel=0.05)
    assert not first["b1"].any()
    assert not first["b2"].any()


def test_row_72_the_same_seed_gives_the_same_network():
    network = mlp([20], 10, initializer="small")
    first, again, other = (network.init(np.random.default_rng(seed), 64) for seed in (3, 3, 4))
    assert all(first[name].tobytes() == again[name].tobytes() for name in first)
    assert first["W1"].tobytes() != other["W1"].tobytes()


@pytest.mark.parametrize("seed", range(5))
def test_row_72_the_first_loss_on_the_digits_is_about_ln_10(seed):
    digits = load("digits")
    problem = Problem(mlp([20], 10, initializer="small"), LOSSES["softmax"], 64, 10, dtype=np.float64)
    first = problem.network.init(np.random.default_rng(seed), 64)
    p = {name: tensor(value, name) for name, value in first.items()}
    X = tensor(digits.X.astype(float) / digits.scale, "X")
    loss = float(problem.objective(X, tensor(digits.y, "y"), p, None)["loss"].value)
    # The lectures measured 2.302600 for ln 10 = 2.302585: the scores are about 1e-5.
    assert loss == pytest.approx(np.log(10), abs=5e-5)
