"""Layers against NumPy written by hand: linear, activations, dropout."""

import numpy as np
import pytest

from zanjir.errors import ParameterError, ShapeError
from zanjir.graph import gradient, tensor
from zanjir.nn import ACTIVATIONS, Activation, Dropout, Layer, Linear

# One exponential and a division.
ROUNDINGS = 1e-15
# 100,000 draws: five standard deviations of a share are below 0.008, of a mean of kept numbers below 0.03.
SHARE = 0.008
EXPECTATION = 0.03

rng = np.random.default_rng(0)
X = rng.standard_normal((5, 3))
ONES = np.ones((1000, 100))


def test_a_linear_layer_is_the_product_plus_the_bias():
    W, b = rng.standard_normal((3, 4)), rng.standard_normal(4)
    found = Linear(4)(tensor(X, "X"), {"W": tensor(W, "W1"), "b": tensor(b, "b1")}).value
    by_loops = [[sum(x[i] * W[i, j] for i in range(3)) + b[j] for j in range(4)] for x in X]
    assert np.allclose(found, by_loops, rtol=0, atol=8 * ROUNDINGS)


def test_a_linear_layer_knows_its_sizes_and_starts_with_zero_biases():
    layer = Linear(4, "he")
    first = layer.init(np.random.default_rng(0), (3,))
    assert layer.shapes((3,)) == {name: value.shape for name, value in first.items()} == {"W": (3, 4), "b": (4,)}
    assert layer.out_shape((3,)) == (4,)
    assert not first["b"].any()


@pytest.mark.parametrize("shape", [(5, 4), (3,), (5, 3, 1)])
def test_inputs_of_the_wrong_width_are_refused_by_name(shape):
    W, b = tensor(np.zeros((3, 2)), "W1"), tensor(np.zeros(2), "b1")
    with pytest.raises(ShapeError, match=r"Linear: X is \(.*\), expected \(N, 3\) to fit W1 \(3, 2\)"):
        Linear(2)(tensor(np.zeros(shape), "X"), {"W": W, "b": b})


BY_HAND = {
    "relu": lambda x: np.where(x > 0, x, 0),
    "tanh": lambda x: (np.exp(2 * x) - 1) / (np.exp(2 * x) + 1),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "identity": lambda x: x,
}


def test_every_activation_is_written_by_hand():
    assert BY_HAND.keys() == ACTIVATIONS.keys()


@pytest.mark.parametrize("name", BY_HAND)
def test_an_activation_is_its_formula_and_has_no_parameters(name):
    layer = Activation(name)
    assert np.allclose(layer(tensor(X), {}).value, BY_HAND[name](X), rtol=0, atol=4 * ROUNDINGS)
    assert layer.shapes((3,)) == layer.init(rng, (3,)) == {}
    assert layer.out_shape((3,)) == (3,)


def test_an_unknown_activation_gets_the_nearest_name():
    with pytest.raises(ParameterError, match=r"unknown activation 'rleu'; .* Did you mean 'relu'\?"):
        Activation("rleu")


def test_an_unknown_initializer_gets_the_nearest_name():
    with pytest.raises(ParameterError, match=r"unknown initializer 'glort'; .* Did you mean 'glorot'\?"):
        Linear(2, "glort").init(rng, (3,))


@pytest.mark.parametrize("features", [0, -3, np.nan])
def test_a_layer_without_features_is_refused(features):
    with pytest.raises(ParameterError, match=r"Linear: features must be a whole number in \[1, infinity\); got "):
        Linear(features)


def test_the_base_of_the_layers_computes_nothing():
    with pytest.raises(TypeError, match="Layer describes no computation; use one of its subclasses"):
        Layer()(tensor(X), {})


def dropped(rate, seed=0, step=1, stream=0, like=ONES):
    return Dropout(rate)(tensor(like, "h"), {}, key=tensor(np.array([seed, step])), stream=stream).value


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_the_rate_is_the_share_that_is_dropped_and_the_mean_is_kept(rate):
    out = dropped(rate)
    assert abs((out == 0).mean() - rate) < SHARE
    assert abs(out.mean() - 1) < EXPECTATION
    assert np.unique(out).tolist() == [0, 1 / (1 - rate)]


def test_the_same_key_draws_the_same_mask():
    assert np.array_equal(dropped(0.5, seed=3, step=7, stream=2), dropped(0.5, seed=3, step=7, stream=2))


@pytest.mark.parametrize("other", [{"step": 2}, {"stream": 1}, {"seed": 1}])
def test_another_step_stream_or_seed_draws_another_mask(other):
    same = (dropped(0.5) == dropped(0.5, **other)).mean()
    assert abs(same - 0.5) < SHARE


def test_nothing_is_dropped_without_a_key_or_at_rate_zero():
    h = tensor(X, "h")
    assert Dropout(0.5)(h, {}) is h
    assert Dropout(0)(h, {}, key=tensor(np.array([0, 1]))) is h


def test_the_gradient_passes_where_the_output_passed():
    h = tensor(1 + ONES, "h")
    out = Dropout(0.25)(h, {}, key=tensor(np.array([5, 6])), stream=1)
    assert np.array_equal(gradient(out.sum(), h).value * h.value, out.value)


def test_dropout_keeps_single_precision():
    assert dropped(0.25, like=ONES.astype(np.float32)).dtype == np.float32


@pytest.mark.parametrize("rate", [-0.1, 1, 1.5, np.nan])
def test_a_rate_that_is_no_share_is_refused(rate):
    with pytest.raises(ParameterError, match=r"Dropout: rate must be a number in \[0, 1\); got "):
        Dropout(rate)


def test_half_a_feature_is_refused():
    with pytest.raises(ParameterError, match=r"Linear: features must be a whole number in \[1, infinity\); got 2.5"):
        Linear(2.5)
