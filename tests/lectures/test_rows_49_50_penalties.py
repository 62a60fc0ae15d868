"""Rows 49 and 50: penalties, and the two parts of the objective."""

import numpy as np
import pytest

from zanjir.graph import check_gradient, gradient, tensor
from zanjir.nn import L1, L2, LOSSES, ElasticNet, mlp, softmax_cross_entropy
from zanjir.program import Problem
from zanjir.training import Plan, Samples, Trainer

# The lectures' inventory gives six decimals.
SIX_DECIMALS = 5e-7
# Sums of a dozen products of numbers of about 1.
ROUNDINGS = 1e-14
# The same in single precision, whose rounding is 6e-8.
FLOAT32_ROUNDINGS = 1e-6

W34 = np.array([[0.01, -0.05, 0.1, 0.05], [0.7, 0.2, 0.05, 0.16], [0.0, -0.45, -0.2, 0.03]])  # N20
PENALTIES = {"L2": (L2, 0.8166), "L1": (L1, 2.0), "elastic net": (ElasticNet, 2.4083)}  # N26


@pytest.mark.parametrize("name", PENALTIES)
def test_row_49_the_penalties_of_the_slides_weights(name):
    penalty, expected = PENALTIES[name]
    assert penalty(1.0)([tensor(W34, "W")]).value == pytest.approx(expected, abs=SIX_DECIMALS)


def test_row_49_the_elastic_net_has_beta_before_the_squares():
    for beta in (0.0, 0.5, 2.0):
        found = ElasticNet(1.0, beta=beta)([tensor(W34, "W")]).value
        assert found == pytest.approx(beta * 0.8166 + 2.0, abs=SIX_DECIMALS)


def test_row_49_without_the_bars_the_sum_would_be_another():
    assert W34.sum() == pytest.approx(0.6)  # N26: what the notes print, their bars being lost
    W = tensor(-np.ones((2, 2)), "W")
    assert L1(1.0)([W]).value == 4.0


@pytest.mark.parametrize("strength", [0.001, 0.1, 3.0])
def test_row_49_their_derivatives_have_no_half_and_are_0_at_0(strength):
    W = tensor(W34, "W")
    slopes = {name: gradient(penalty(strength)([W]), W).value for name, (penalty, _) in PENALTIES.items()}
    assert np.allclose(slopes["L2"], 2 * strength * W34, rtol=0, atol=ROUNDINGS)
    assert np.allclose(slopes["L1"], strength * np.sign(W34), rtol=0, atol=ROUNDINGS)
    assert np.allclose(slopes["elastic net"], strength * (W34 + np.sign(W34)), rtol=0, atol=ROUNDINGS)  # beta = 1/2
    assert all(slope[2, 0] == 0 for slope in slopes.values())


@pytest.mark.parametrize("name", PENALTIES)
def test_row_49_their_derivatives_agree_with_differences(name):
    W = tensor(W34 + 0.005, "W")  # away from the kink of |W| at 0
    check_gradient(PENALTIES[name][0](0.3)([W]), [W])


def problem(penalty):
    return Problem(mlp([5], 3, activation="tanh"), LOSSES["softmax"], 4, 3, penalty, dtype=np.float64)


def leaves(seed=0):
    rng = np.random.default_rng(seed)
    shapes = problem(None).layout.shapes
    parameters = {name: tensor(rng.standard_normal(shape), name) for name, shape in shapes.items()}
    return tensor(rng.standard_normal((12, 4)), "X"), tensor(rng.integers(0, 3, 12), "y"), parameters


@pytest.mark.parametrize("name", PENALTIES)
def test_row_49_biases_are_not_penalized(name):
    X, y, p = leaves()
    found = problem(PENALTIES[name][0](0.1)).objective(X, y, p, None)["penalty"]
    for bias in ("b1", "b2"):
        assert not gradient(found, p[bias]).value.any()
    for weights in ("W1", "W2"):
        assert gradient(found, p[weights]).value.all()


@pytest.mark.parametrize("strength", [0.01, 1.0])
def test_row_50_the_objective_is_the_mean_loss_plus_lambda_times_the_penalty(strength):
    X, y, p = leaves()
    parts = problem(L2(strength)).objective(X, y, p, None)
    scores = np.tanh(X.value @ p["W1"].value + p["b1"].value) @ p["W2"].value + p["b2"].value
    e = np.exp(scores)
    data_loss = np.mean([-np.log(row[label] / row.sum()) for row, label in zip(e, y.value, strict=True)])
    squares = sum(float(w) ** 2 for name in ("W1", "W2") for w in p[name].value.ravel())
    assert parts["data_loss"].value == pytest.approx(data_loss, rel=ROUNDINGS)
    assert parts["penalty"].value == pytest.approx(strength * squares, rel=ROUNDINGS)
    assert parts["loss"].value == parts["data_loss"].value + parts["penalty"].value


@pytest.mark.parametrize("penalty", [None, L2(0.0), L1(0.0), ElasticNet(0.0)])
def test_row_50_without_lambda_the_objective_is_the_data_loss(penalty):
    X, y, p = leaves()
    loss = problem(penalty).objective(X, y, p, None)["loss"]
    expected = softmax_cross_entropy(mlp([5], 3, activation="tanh")(X, p), y).mean()
    assert loss.value == expected.value
    assert np.array_equal(gradient(loss, p["W1"]).value, gradient(expected, p["W1"]).value)


def test_row_50_training_reports_both_parts_of_every_step():
    rng = np.random.default_rng(0)
    samples = Samples(rng.standard_normal((30, 4)), rng.integers(0, 3, 30))
    with_penalty = Problem(mlp([5], 3), LOSSES["softmax"], 4, 3, L2(0.1))
    steps = list(Trainer(with_penalty, Plan(epochs=3, batch_size=10), samples, n_classes=3))
    assert len(steps) == 9
    assert all(step.penalty > 0 and step.data_loss > 0 for step in steps)
    for step in steps:
        assert step.loss == pytest.approx(step.data_loss + step.penalty, rel=FLOAT32_ROUNDINGS)
