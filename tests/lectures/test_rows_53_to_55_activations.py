"""Rows 53 to 55: sigmoid, tanh, ReLU, identity, and what remains of a network without them."""

import warnings

import mpmath
import numpy as np
import pytest
from sklearn.datasets import make_moons

from zanjir.gates import relu, sigmoid, tanh
from zanjir.graph import check_gradient, gradient, tensor
from zanjir.nn import ACTIVATIONS, LOSSES, Activation, mlp
from zanjir.optim import Adam
from zanjir.program import Problem
from zanjir.training import Model, Plan, Samples, Trainer, fit

# The lectures' inventory gives six decimals.
SIX_DECIMALS = 5e-7
# An exponential and a few operations.
ROUNDINGS = 1e-15
# What the checklist asks of three matrices multiplied in another order.
COLLAPSE = 1e-12
LINEAR_ON_MOONS = 0.845  # what the lectures measured: 84.5 %


def value_and_slope(function, x):
    leaf = tensor(float(x), "x")
    out = function(leaf)
    return float(out.value), float(gradient(out, leaf).value)


@pytest.mark.parametrize(("x", "value", "slope"), [(0, 0.5, 0.25), (1, 0.731059, 0.196612)])
def test_row_53_sigmoid_and_its_derivative_as_on_the_slide(x, value, slope):
    assert value_and_slope(sigmoid, x) == pytest.approx((value, slope), abs=SIX_DECIMALS)


@pytest.mark.parametrize("x", [-30.0, -1.5, 0.0, 0.1, 4.0, 30.0])
def test_row_53_sigmoid_and_its_derivative_against_thirty_digits(x):
    with mpmath.workdps(30):
        exact = 1 / (1 + mpmath.exp(-mpmath.mpf(x)))
        expected = float(exact), float(exact * (1 - exact))
    value, slope = value_and_slope(sigmoid, x)
    assert value == pytest.approx(expected[0], rel=ROUNDINGS)
    assert slope == pytest.approx(expected[1], rel=ROUNDINGS, abs=ROUNDINGS)


def test_row_53_far_out_it_is_0_and_1_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert value_and_slope(sigmoid, -1000) == (0.0, 0.0)
        assert value_and_slope(sigmoid, 1000) == (1.0, 0.0)


def test_row_53_the_formula_of_the_slide_is_the_same_function():
    z = tensor(np.linspace(-5, 5, 41), "z")
    by_slide = 1 / (1 + np.exp(-z))
    assert np.allclose(by_slide.value, sigmoid(z).value, rtol=0, atol=ROUNDINGS)
    check_gradient(by_slide.sum(), [z])


def test_row_54_tanh_and_its_derivative():
    value, slope = value_and_slope(tanh, 1)
    assert value == pytest.approx(0.761594, abs=SIX_DECIMALS)
    assert slope == pytest.approx(1 - 0.7615941559557649**2, abs=ROUNDINGS)


def test_row_54_relu_keeps_what_is_positive():
    assert value_and_slope(relu, -2) == (0.0, 0.0)
    assert value_and_slope(relu, 3) == (3.0, 1.0)


def test_row_54_the_derivative_of_relu_at_0_is_0_and_the_table_says_so():
    assert value_and_slope(relu, 0) == (0.0, 0.0)
    (kink,) = relu.kinks
    assert (kink.at, kink.slopes) == ((0.0,), (0.0,))
    assert kink.convention == "relu'(0) = 0"


def test_row_54_the_slides_maximum_is_relu_everywhere_but_at_0():
    x = tensor([-2.0, -0.5, 0.5, 2.0], "x")
    assert np.array_equal(np.maximum(0, x).value, relu(x).value)
    assert np.array_equal(gradient(np.maximum(0, x).sum(), x).value, gradient(relu(x).sum(), x).value)


def test_row_54_the_identity_is_the_linear_activation():
    x = tensor([-2.0, 3.0], "x")
    assert Activation("identity")(x, {}) is x
    assert set(ACTIVATIONS) >= {"sigmoid", "tanh", "relu", "identity"}


def parameters(network, rng):
    return {name: tensor(rng.standard_normal(shape), name) for name, shape in network.layout(3).shapes.items()}


def test_row_55_three_linear_layers_are_one():
    network = mlp([4, 4], 1, activation="identity")
    rng = np.random.default_rng(0)
    X = rng.standard_normal((50, 3))
    p = parameters(network, rng)
    W1, b1, W2, b2, W3, b3 = (p[name].value for name in network.layout(3).shapes)
    W, b = W1 @ W2 @ W3, (b1 @ W2 + b2) @ W3 + b3
    deviation = np.abs(network(tensor(X, "X"), p).value - (X @ W + b)).max()
    assert deviation < COLLAPSE


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu"])
def test_row_55_with_an_activation_they_are_not(activation):
    network = mlp([4, 4], 1, activation=activation)
    rng = np.random.default_rng(0)
    X = rng.standard_normal((50, 3))
    scores = network(tensor(X, "X"), parameters(network, rng)).value
    design = np.hstack([X, np.ones((50, 1))])
    left = scores - design @ np.linalg.lstsq(design, scores, rcond=None)[0]  # the best affine map
    assert np.abs(left).max() > 0.01


def accuracy(hidden, activation, X, y):
    """Train on all samples at once, and return the share that is right."""
    problem = Problem(mlp(hidden, 2, activation=activation), LOSSES["softmax"], 2, 2, dtype=np.float64)
    trainer = Trainer(problem, Plan(optimizer=Adam(0.05), epochs=300), Samples(X, y), n_classes=2)
    fit(trainer)
    return Model(problem, trainer.W, ("upper", "lower")).evaluate(X, y).accuracy


def test_row_55_on_moons_the_deep_linear_network_is_as_good_as_the_linear_model():
    X, y = make_moons(200, noise=0.2, random_state=0)  # the set on which the lectures' number was measured
    assert accuracy([], "identity", X, y) == pytest.approx(LINEAR_ON_MOONS)
    assert accuracy([4, 4], "identity", X, y) == pytest.approx(LINEAR_ON_MOONS)
    assert accuracy([4, 4], "tanh", X, y) > LINEAR_ON_MOONS + 0.1
