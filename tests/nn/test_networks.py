"""Networks: layers one after the other, with the names and the counting of the notes."""

import numpy as np
import pytest

from zanjir.errors import ParameterError, ShapeError
from zanjir.graph import tensor, topological_order
from zanjir.nn import Activation, Dropout, Linear, Sequential, mlp

# Products of sizes below 10 in another order, through two non-linearities.
ROUNDINGS = 1e-14

X = np.random.default_rng(0).standard_normal((5, 4))


def parameters(network, in_features=4, seed=1):
    rng = np.random.default_rng(seed)
    shapes = network.layout(in_features).shapes
    return {name: tensor(rng.standard_normal(shape), name) for name, shape in shapes.items()}


def names_in(node):
    return [n.name for n in topological_order([node]) if n.gate and n.name]


def test_a_three_layer_network_is_the_formula_of_the_slide():
    network = mlp([6, 5], 3, activation="tanh")
    p = parameters(network)
    W1, b1, W2, b2, W3, b3 = (p[name].value for name in ("W1", "b1", "W2", "b2", "W3", "b3"))
    by_hand = np.tanh(np.tanh(X @ W1 + b1) @ W2 + b2) @ W3 + b3
    assert np.allclose(network(tensor(X, "X"), p).value, by_hand, rtol=0, atol=ROUNDINGS)


def test_layers_are_counted_without_the_input():
    assert [mlp(hidden, 3).n_layers for hidden in ([], [5], [5, 6])] == [1, 2, 3]


@pytest.mark.parametrize(
    ("hidden", "names"),
    [
        ([], ["scores"]),
        ([5], ["z", "h", "scores"]),
        ([5, 6], ["z1", "h1", "z2", "h2", "scores"]),
    ],
)
def test_nodes_have_the_names_of_the_notes(hidden, names):
    network = mlp(hidden, 3)
    assert names_in(network(tensor(X, "X"), parameters(network))) == names


def test_dropped_nodes_are_named_only_while_something_is_dropped():
    network = mlp([5], 3, dropout=0.5)
    p, key = parameters(network), tensor(np.array([0, 1]), "key")
    assert names_in(network(tensor(X, "X"), p, key)) == ["z", "h", "keep", "dropped", "scores"]
    assert names_in(network(tensor(X, "X"), p)) == ["z", "h", "scores"]


def test_an_activation_after_the_scores_gives_the_output():
    network = Sequential((Linear(2), Activation("sigmoid")))
    assert names_in(network(tensor(X, "X"), parameters(network))) == ["scores", "output"]


def test_dropout_layers_of_one_network_draw_different_masks():
    network = Sequential((Dropout(0.5), Dropout(0.5), Linear(1)))
    p = {"W1": tensor(np.eye(4)[:, :1]), "b1": tensor(np.zeros(1))}
    ones, key = tensor(np.ones((4000, 4)), "X"), tensor(np.array([0, 1]), "key")
    kept = (network(ones, p, key).value != 0).mean()
    assert abs(kept - 0.25) < 0.05


def test_the_layout_lists_the_parameters_in_the_order_of_the_layers():
    network = mlp([20], 10, dropout=0.5)
    assert network.layout(784).shapes == {"W1": (784, 20), "b1": (20,), "W2": (20, 10), "b2": (10,)}
    assert network.out_features(784) == 10


def test_more_than_nine_layers_keep_their_parameters_apart():
    network = mlp([2] * 11, 2, activation="identity")
    p = parameters(network)
    h = X
    for number in range(1, 13):
        h = h @ p[f"W{number}"].value + p[f"b{number}"].value
    found = network(tensor(X, "X"), p).value
    assert np.allclose(found, h, rtol=ROUNDINGS * np.abs(h).max(), atol=ROUNDINGS * np.abs(h).max())


def test_the_same_generator_gives_the_same_first_values():
    network = mlp([5], 3)
    first, again, other = (network.init(np.random.default_rng(seed), 4) for seed in (0, 0, 1))
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not np.array_equal(first["W1"], other["W1"])
    assert list(first) == list(network.layout(4).shapes)


def test_a_network_without_a_linear_layer_is_refused():
    with pytest.raises(ParameterError, match="got no Linear layer; a network needs one to have parameters"):
        Sequential((Activation("relu"),))


def test_inputs_of_another_width_are_refused_by_name():
    network = mlp([5], 3)
    with pytest.raises(ShapeError, match=r"X is \(5, 4\), expected \(N, 7\) to fit W1 \(7, 5\)"):
        network(tensor(X, "X"), parameters(network, in_features=7))


def test_mlp_chooses_its_initializer_by_the_activation():
    assert mlp([5], 3).layers == (Linear(5, "he"), Activation("relu"), Linear(3, "glorot"))
    assert mlp([5], 3, activation="tanh").layers[0] == Linear(5, "glorot")
    assert mlp([5], 3, initializer="small").layers[::2] == (Linear(5, "small"), Linear(3, "small"))


def test_mlp_drops_after_each_hidden_layer():
    kinds = [type(layer) for layer in mlp([5, 4], 3, dropout=0.1).layers]
    assert kinds == [Linear, Activation, Dropout, Linear, Activation, Dropout, Linear]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"hidden": [0], "n_outputs": 3}, r"Linear: features must be a whole number in \[1, infinity\); got 0"),
        ({"hidden": [], "n_outputs": 0}, r"Linear: features must be a whole number in \[1, infinity\); got 0"),
        ({"hidden": [5], "n_outputs": 3, "dropout": 1.0}, r"Dropout: rate must be a number in \[0, 1\); got 1.0"),
        ({"hidden": [5], "n_outputs": 3, "activation": "sigmoyd"}, r"Did you mean 'sigmoid'\?"),
    ],
)
def test_mlp_refuses_what_its_layers_refuse(arguments, sentence):
    with pytest.raises(ParameterError, match=sentence):
        mlp(**arguments)
