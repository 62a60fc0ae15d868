"""The flat vector, first values, and penalties."""

import numpy as np
import pytest

from zanjir.errors import ParameterError, ShapeError
from zanjir.graph import gradient, tensor
from zanjir.nn import INITIALIZERS, L1, L2, LOSSES, ElasticNet, Layout, Regularizer, mlp, regularizer
from zanjir.program import Problem

NOTES = Layout({"W1": (784, 20), "b1": (20,), "W2": (20, 10), "b2": (10,)})
# The lectures give four decimals, exactly.
ROUNDINGS = 1e-14
# The checklist asks for 5 %; the deviation of 60,000 draws is within 0.3 % of it.
SPREAD = 0.05

# The weights of the lectures' side-by-side example: classes x features there, so features x classes here.
SIDE_BY_SIDE = np.array([[0.01, -0.05, 0.1, 0.05], [0.7, 0.2, 0.05, 0.16], [0.0, -0.45, -0.2, 0.03]]).T


def parameters(seed=0):
    rng = np.random.default_rng(seed)
    return {name: rng.standard_normal(shape) for name, shape in NOTES.shapes.items()}


def test_the_offsets_are_those_of_the_notes():
    ends = [end for _, end in NOTES.offsets.values()]
    assert ends == [15_680, 15_700, 15_900, 15_910]
    assert NOTES.size == 15_910


def test_flattening_is_the_concatenation_of_the_notes():
    p = parameters()
    by_hand = np.concatenate((p["W1"].ravel(), p["b1"], p["W2"].ravel(), p["b2"]), axis=0)
    assert np.array_equal(NOTES.flatten(p), by_hand)


def test_flattening_and_cutting_return_every_bit():
    p = parameters()
    back = NOTES.views(NOTES.flatten(p))
    assert list(back) == list(p)
    assert all(np.array_equal(back[name], value) for name, value in p.items())


def test_parameters_are_views_that_write_through():
    vector = np.zeros(NOTES.size)
    views = NOTES.views(vector)
    assert all(np.shares_memory(view, vector) for view in views.values())
    views["W2"][1, 2] = 5
    assert vector[15_700 + 10 + 2] == 5
    vector[0] = 7
    assert views["W1"][0, 0] == 7


def test_flattening_copies():
    p = parameters()
    assert not any(np.shares_memory(NOTES.flatten(p), value) for value in p.values())


@pytest.mark.parametrize("shape", [(15_909,), (15_911,), (15_910, 1), ()])
def test_a_vector_of_another_length_is_refused(shape):
    with pytest.raises(ShapeError, match=r"parameter vector has shape .*, expected \(15910,\): W1 \(784, 20\), b1"):
        NOTES.views(np.zeros(shape))


def test_a_parameter_of_another_shape_is_refused_by_name():
    with pytest.raises(ShapeError, match=r"parameter W2 is \(10, 20\), expected shape \(20, 10\)"):
        NOTES.flatten({**parameters(), "W2": np.zeros((10, 20))})


def test_a_missing_parameter_is_refused_by_name():
    p = parameters()
    del p["b1"]
    with pytest.raises(ShapeError, match=r"parameter b1 is missing, expected shape \(20,\)"):
        NOTES.flatten(p)


DEVIATIONS = {
    "small": lambda fan_in, fan_out: 0.001,
    "glorot": lambda fan_in, fan_out: np.sqrt(2 / (fan_in + fan_out)),
    "he": lambda fan_in, fan_out: np.sqrt(2 / fan_in),
}


def test_every_initializer_has_its_deviation_here():
    assert {*DEVIATIONS, "zeros"} == INITIALIZERS.keys()


@pytest.mark.parametrize("name", DEVIATIONS)
def test_first_values_have_their_deviation_and_mean_zero(name):
    W = INITIALIZERS[name](np.random.default_rng(0), (300, 200))
    expected = DEVIATIONS[name](300, 200)
    assert W.std() == pytest.approx(expected, rel=SPREAD)
    assert abs(W.mean()) < SPREAD * expected
    assert W.shape == (300, 200)


@pytest.mark.parametrize("name", DEVIATIONS)
def test_the_same_seed_gives_the_same_bits_and_another_seed_others(name):
    first, again, other = (INITIALIZERS[name](np.random.default_rng(seed), (4, 3)) for seed in (1, 1, 2))
    assert first.tobytes() == again.tobytes() != other.tobytes()


def test_glorot_stays_within_its_limit():
    W = INITIALIZERS["glorot"](np.random.default_rng(0), (300, 200))
    assert 0.99 * np.sqrt(6 / 500) < np.abs(W).max() <= np.sqrt(6 / 500)


PENALTIES = {
    "L2": (L2(1.0), 0.8166, lambda W: 2 * W),
    "L1": (L1(1.0), 2.0, np.sign),
    "elastic net": (ElasticNet(1.0, beta=0.5), 2.4083, lambda W: W + np.sign(W)),
}
penalties = pytest.mark.parametrize("name", PENALTIES)


@penalties
def test_a_penalty_has_the_value_of_the_lectures(name):
    penalty, expected, _ = PENALTIES[name]
    assert float(penalty([tensor(SIDE_BY_SIDE, "W1")]).value) == pytest.approx(expected, abs=ROUNDINGS)


@penalties
@pytest.mark.parametrize("alpha", [0.3, 2.0])
def test_the_gradient_of_a_penalty_is_that_of_its_formula_and_zero_at_zero(name, alpha):
    kind, _, slope = PENALTIES[name]
    W = tensor(SIDE_BY_SIDE, "W1")
    found = gradient(type(kind)(alpha)([W]), W).value
    assert np.allclose(found, alpha * slope(SIDE_BY_SIDE), rtol=ROUNDINGS, atol=0)
    assert found[0, 2] == 0
    assert SIDE_BY_SIDE[0, 2] == 0


@penalties
def test_a_penalty_adds_up_all_weight_matrices(name):
    penalty = PENALTIES[name][0]
    A, B = tensor(SIDE_BY_SIDE, "W1"), tensor(3 * SIDE_BY_SIDE, "W2")
    both = float(penalty([A, B]).value)
    assert both == pytest.approx(float(penalty([A]).value) + float(penalty([B]).value), rel=ROUNDINGS)


@penalties
def test_biases_are_not_penalized_and_the_parts_add_up(name):
    problem = Problem(mlp([3], 3), LOSSES["softmax"], 4, 3, penalty=PENALTIES[name][0], dtype=np.float64)
    rng = np.random.default_rng(0)
    p = {key: tensor(1 + rng.random(shape), key) for key, shape in problem.layout.shapes.items()}
    X, y = tensor(rng.random((5, 4)), "X"), tensor(np.array([0, 1, 2, 0, 1]), "y")
    results = problem.objective(X, y, p, None)
    alone = problem.penalty([p["W1"], p["W2"]])
    assert results["penalty"].value == alone.value
    assert results["loss"].value == results["data_loss"].value + alone.value
    assert not gradient(results["penalty"], p["b1"]).value.any()


@pytest.mark.parametrize("alpha", [-0.1, np.nan, np.inf, "1"])
@pytest.mark.parametrize("kind", [L2, L1, ElasticNet])
def test_a_weight_of_the_penalty_outside_its_range_is_refused(kind, alpha):
    with pytest.raises(ParameterError, match=rf"{kind.__name__}: alpha must be a number in \[0, infinity\); got "):
        kind(alpha)


def test_a_negative_beta_is_refused():
    with pytest.raises(ParameterError, match=r"ElasticNet: beta must be a number in \[0, infinity\); got -1"):
        ElasticNet(beta=-1)


def test_penalties_by_name():
    assert regularizer("l2", 0.5) == L2(0.5)
    assert regularizer("l1", 0.5) == L1(0.5)
    assert regularizer("elastic_net", 0.5) == ElasticNet(0.5)
    assert regularizer("l2", 0) is regularizer("none", 0.5) is None


def test_an_unknown_penalty_gets_the_nearest_name():
    with pytest.raises(ParameterError, match=r"unknown penalty 'elasticnet'; .* Did you mean 'elastic_net'"):
        regularizer("elasticnet", 0.1)


def test_a_negative_weight_by_name_is_refused():
    with pytest.raises(ParameterError, match=r"alpha must be a number in \[0, infinity\); got -1"):
        regularizer("none", -1)


def test_the_base_of_the_penalties_is_none():
    with pytest.raises(TypeError, match="Regularizer is no penalty; use L2, L1 or ElasticNet"):
        Regularizer()([tensor(SIDE_BY_SIDE)])
