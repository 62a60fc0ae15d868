"""Row 27: a neuron, as the lectures write it, and a layer of them."""

import numpy as np
import pytest

from zanjir.graph import check_gradient, tensor
from zanjir.nn import Activation, Linear

# One rounding of a number below 1.
TOLERANCE = 1e-15


def neuron(w, x, b):
    """The code of the slide."""
    net_input = np.sum(w * x) + b
    output = 1 / (1 + np.exp(-net_input))
    return net_input, output


def numbers(n=6, d=3, units=4):
    rng = np.random.default_rng(0)
    return rng.uniform(-0.5, 0.5, (n, d)), rng.uniform(-0.5, 0.5, (d, units)), rng.uniform(-0.5, 0.5, units)


def test_row_27_the_slides_code_runs_on_tensors_to_the_bit():
    X, W, b = numbers()
    plain = neuron(W[:, 0], X[0], b[0])
    recorded = neuron(tensor(W[:, 0], "w"), tensor(X[0], "x"), tensor(b[0], "b"))
    assert [node.value for node in recorded] == list(plain)


@pytest.mark.parametrize("d", [1, 3, 8])
def test_row_27_a_layer_is_a_neuron_for_each_column_of_its_weights(d):
    X, W, b = numbers(d=d)
    own = {"W": tensor(W, "W1"), "b": tensor(b, "b1")}
    z = Linear(4)(tensor(X, "X"), own)
    h = Activation("sigmoid")(z, {})
    assert z.shape == h.shape == (6, 4)
    for i, k in np.ndindex(6, 4):
        net_input, output = neuron(W[:, k], X[i], b[k])
        assert abs(z.value[i, k] - net_input) <= TOLERANCE
        assert abs(h.value[i, k] - output) <= TOLERANCE


def test_row_27_one_sample_is_x_w_plus_b():
    X, W, b = numbers()
    z = tensor(X, "X") @ tensor(W, "W") + tensor(b, "b")
    for x, row in zip(X, z.value, strict=True):
        assert np.abs(x @ W + b - row).max() <= TOLERANCE


def test_row_27_the_neurons_gradient_passes_the_check():
    X, W, b = numbers()
    leaves = tensor(W[:, 0], "w"), tensor(X[0], "x"), tensor(b[0], "b")
    check_gradient(neuron(*leaves)[1], list(leaves))
