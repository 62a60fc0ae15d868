"""The gradient: of any graph, as a graph; its forms, names, shapes, dtypes and errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import zanjir.gates  # noqa: F401 - fills the table
from zanjir.errors import GraphError, ShapeError
from zanjir.graph import Tensor, check_gradient, gradient, tensor, topological_order
from zanjir.program import source

# Both sides are some ten operations with a rounding of 1.1e-16 each.
ROUNDING = 1e-13


@pytest.fixture
def network() -> dict[str, Tensor]:
    """Return the tensors of a small network with tanh, by name; ``loss`` is the mean square of its scores."""
    rng = np.random.default_rng(0)
    shapes = {"X": (5, 3), "W1": (3, 4), "b1": (4,), "W2": (4, 2), "b2": (2,)}
    t = {name: tensor(rng.standard_normal(shape), name) for name, shape in shapes.items()}
    t["h"] = np.tanh(t["X"] @ t["W1"] + t["b1"]).named("h")
    t["scores"] = (t["h"] @ t["W2"] + t["b2"]).named("scores")
    t["loss"] = np.mean(t["scores"] ** 2).named("loss")
    return t


def test_the_gradient_of_a_network_agrees_with_differences(network: dict[str, Tensor]) -> None:
    parameters = [network[name] for name in ("X", "W1", "b1", "W2", "b2")]
    check_gradient(network["loss"], parameters)


def test_the_gradient_of_a_network_is_that_of_the_notes(network: dict[str, Tensor]) -> None:
    X, W2, h, scores = (network[name].value for name in ("X", "W2", "h", "scores"))
    dscores = 2 * scores / scores.size
    dhidden = dscores @ W2.T * (1 - h**2)
    expected = {"W1": X.T @ dhidden, "b1": dhidden.sum(0), "W2": h.T @ dscores, "b2": dscores.sum(0)}
    got = gradient(network["loss"], {name: network[name] for name in expected})
    for name, value in expected.items():
        np.testing.assert_allclose(got[name].value, value, rtol=ROUNDING, atol=ROUNDING)


def test_the_form_of_the_answer_is_the_form_of_the_question() -> None:
    x, y = tensor(3.0, "x"), tensor(4.0, "y")
    loss = x * y
    one, several, named = gradient(loss, x), gradient(loss, [x, y]), gradient(loss, {"a": x, "b": y})
    assert isinstance(one, Tensor)
    assert (type(several), type(named), list(named)) == (tuple, dict, ["a", "b"])
    assert [d.value for d in (one, *several, *named.values())] == [4.0, 4.0, 3.0, 4.0, 3.0]
    assert gradient(loss, []) == ()
    assert gradient(loss, {}) == {}


def test_derivatives_of_named_nodes_are_named_after_them(network: dict[str, Tensor]) -> None:
    wanted = {name: network[name] for name in ("W1", "b1", "W2", "b2", "h", "scores")}
    assert {d.name for d in gradient(network["loss"], wanted).values()} == {f"d{name}" for name in wanted}


def test_a_derivative_that_the_graph_computed_already_is_that_very_node() -> None:
    x, z = tensor(2.0, "x"), tensor(3.0, "z")
    h = np.exp(z).named("h")
    assert gradient(x * h, x) is h
    unnamed = np.exp(z)
    assert gradient(x * unnamed, x) is unnamed


def test_a_sum_of_flows_is_named_once_and_whole() -> None:
    x = tensor([1.0, 2.0], "x")
    h = np.exp(x).named("h")
    dx = gradient((h * h + np.tanh(h)).sum(), x)
    names = [node.name for node in topological_order([dx]) if node.name]
    assert names.count("dh") == 1
    dh = next(node for node in topological_order([dx]) if node.name == "dh")
    np.testing.assert_allclose(dh.value, 2 * h.value + 1 - np.tanh(h.value) ** 2, rtol=ROUNDING)


def test_a_tensor_that_is_read_often_collects_every_flow() -> None:
    x = tensor(3.0, "x")
    assert gradient(x * x + x * 2 + x, x).value == 9.0
    assert gradient(x - x, x).value == 0.0
    y = x * x
    assert gradient(y * y * y, x).value == 6 * 3.0**5


def test_a_second_gradient_of_the_same_graph_does_not_add_to_the_first() -> None:
    x = tensor([1.0, 2.0], "x")
    loss = np.square(x).sum()
    assert gradient(loss, x).value.tolist() == gradient(loss, x).value.tolist() == [2.0, 4.0]


def test_second_and_third_derivatives_are_gradients_of_gradients() -> None:
    x = tensor(2.0, "x")
    first = gradient(x**4.0, x)
    second = gradient(first, x)
    third = gradient(second, x)
    assert [d.value for d in (first, second, third)] == pytest.approx([32.0, 48.0, 48.0], rel=ROUNDING)


def test_a_hessian_times_a_vector_is_the_gradient_of_a_product() -> None:
    rng = np.random.default_rng(1)
    A, v = rng.standard_normal((3, 3)), rng.standard_normal(3)
    x = tensor(rng.standard_normal((3, 1)), "x")
    dx = gradient((x.T @ A @ x).sum(), x)
    product = gradient((dx * v[:, None]).sum(), x)
    np.testing.assert_allclose(product.value[:, 0], (A + A.T) @ v, rtol=ROUNDING, atol=ROUNDING)


def test_what_the_loss_does_not_depend_on_has_zeros_of_its_shape_and_dtype() -> None:
    x, other = tensor([1.0, 2.0], "x"), tensor(np.ones((2, 3), np.float32), "other")
    dx, dother = gradient(x.sum(), [x, other])
    assert dx.value.tolist() == [1.0, 1.0]
    assert (dother.shape, dother.dtype, dother.value.any()) == ((2, 3), np.float32, np.False_)


def test_a_gate_without_a_rule_lets_nothing_flow() -> None:
    x, y = tensor([1.0, -2.0], "x"), np.array([0])
    assert gradient((np.sign(x) * 3).sum(), x).value.tolist() == [0.0, 0.0]
    labels = tensor(y, "y")
    scores = tensor([[1.0, 2.0]], "scores")
    assert gradient(scores[np.arange(1), labels].sum(), labels).value.tolist() == [0]


@pytest.mark.parametrize(
    "entry",
    [
        lambda x: x[0, 1],
        lambda x: x[0][1],
        lambda x: np.take(x, 1),
        lambda x: np.reshape(x[:1, 1:], ()),
        lambda x: np.squeeze(x[:1, 1:]),
    ],
    ids=["index", "index twice", "take", "reshape", "squeeze"],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_single_entry_may_be_the_loss_and_its_program_runs(entry: Any, dtype: Any) -> None:
    x = tensor(np.array([[1.0, 2.0], [3.0, 4.0]], dtype), "x")
    dx = gradient(entry(x).named("loss"), x)
    assert (dx.value.tolist(), dx.dtype) == ([[0, 1], [0, 0]], dtype)
    program: dict[str, Any] = {}
    exec(source(entry(x).named("loss")), program)  # noqa: S102 - the program is ours
    returned = program["forward"](x.value)
    remembered = returned[1:] if isinstance(returned, tuple) else ()
    assert program["backward"](x.value, *remembered).tolist() == [[0, 1], [0, 0]]


def test_the_derivative_by_the_loss_itself_is_one() -> None:
    x = tensor(2.0, "x")
    loss = np.exp(x)
    assert gradient(loss, loss).value == 1.0
    assert gradient(x, x).value == 1.0


def test_the_derivative_by_a_node_in_the_middle_treats_it_as_given() -> None:
    x = tensor([1.0, 2.0], "x")
    h = np.exp(x)
    np.testing.assert_array_equal(gradient((h * h).sum(), h).value, 2 * h.value)


@pytest.mark.parametrize("shape", [(), (4,), (1, 4), (3, 1), (1, 1), (3, 4), (2, 3, 4)], ids=str)
def test_every_derivative_has_the_shape_of_its_tensor(shape: tuple[int, ...]) -> None:
    x, y = tensor(np.full(shape, 2.0), "x"), tensor(np.ones((3, 4)), "y")
    loss = (x * y + x).sum()
    dx, dy = gradient(loss, [x, y])
    assert (dx.shape, dy.shape) == (shape, (3, 4))
    check_gradient(loss, [x, y])


def test_float32_networks_have_float32_gradients(network: dict[str, Tensor]) -> None:
    X, W1, b1 = (tensor(network[name].value.astype(np.float32), name) for name in ("X", "W1", "b1"))
    loss = np.mean(np.tanh(X @ W1 + b1) ** 2) + 0.5 * 1e-4 * (W1 * W1).sum()
    assert loss.dtype == np.float32
    assert {d.dtype for d in gradient(loss, [X, W1, b1])} == {np.dtype(np.float32)}


def test_a_loss_of_several_numbers_is_an_error_that_says_what_to_do(network: dict[str, Tensor]) -> None:
    message = (
        r"^gradient needs a single number; scores has shape \(5, 2\)\. "
        r"Take \.mean\(\) or \.sum\(\) first, or use jacobian\.$"
    )
    with pytest.raises(ShapeError, match=message):
        gradient(network["scores"], network["W1"])


@pytest.mark.parametrize(
    ("loss", "wrt", "said"),
    [
        (
            2.0,
            [tensor(1.0)],
            r"float\. Compute it from tensors with operators .* without \.value and float.*",
        ),
        (tensor(1.0), [np.ones(2)], r"array of shape \(2,\) to differentiate by\. Give the tensor itself, W, .*"),
        (tensor(1.0), {"a": 3}, r"int to differentiate by\. Give the tensor itself, W, .*"),
    ],
    ids=["a number as loss", "an array in a list", "a number in a mapping"],
)
def test_what_is_not_a_tensor_is_an_error_that_names_its_type(loss: Any, wrt: Any, said: str) -> None:
    with pytest.raises(GraphError, match=rf"^gradient takes tensors; got {said}$"):
        gradient(loss, wrt)


def test_the_graph_is_not_changed_by_its_gradient(network: dict[str, Tensor]) -> None:
    before = [(id(node), node.name, node.value.tobytes()) for node in topological_order([network["loss"]])]
    gradient(network["loss"], network["W1"])
    assert [(id(node), node.name, node.value.tobytes()) for node in topological_order([network["loss"]])] == before


def test_a_power_of_python_numbers_has_derivatives_by_base_and_exponent() -> None:
    x, n = Tensor(2.0, "x"), Tensor(3.0, "n")
    dx, dn = gradient(np.power(x, n), [x, n])
    assert float(dx.value) == 12.0
    assert float(dn.value) == pytest.approx(8 * np.log(2.0), rel=1e-15)
    assert float(gradient(x**0, x).value) == 0.0
