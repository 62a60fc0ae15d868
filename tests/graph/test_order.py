"""Topological order and evaluation: without recursion, each node once, inputs before the gates that read them."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import zanjir.gates  # noqa: F401 - fills the table
from zanjir.errors import GraphError
from zanjir.graph import Tensor, evaluate, gradient, tensor, topological_order

LONG = 100_000


def chain(x: Tensor, length: int) -> Tensor:
    """Return x after a number of gates, each of which reads the one before."""
    for _ in range(length):
        x = -x
    return x


def test_inputs_stand_before_the_gates_that_read_them_and_each_node_once() -> None:
    x, y = tensor(2.0, "x"), tensor(3.0, "y")
    z = x * y
    order = topological_order([np.exp(z) + z * x, z])
    place = {id(node): i for i, node in enumerate(order)}
    assert len(place) == len(order) == 6
    assert all(place[id(i)] < place[id(node)] for node in order for i in node.inputs)


def test_the_order_depends_on_the_graph_alone() -> None:
    def names() -> list[str]:
        x, y = tensor(2.0, "x"), tensor(3.0, "y")
        return [node.label for node in topological_order([np.tanh(y) * x + np.exp(x)])]

    assert (
        names()
        == names()
        == ["y", "the result of tanh", "x", "the result of multiply", "the result of exp", "the result of add"]
    )


def test_nodes_to_stop_at_are_left_out_with_all_behind_them() -> None:
    x = tensor(2.0, "x")
    h = np.exp(x)
    out = np.tanh(h)
    assert topological_order([out], stop={id(h)}) == [out]
    assert topological_order([h], stop={id(h)}) == []


def test_a_diamond_of_diamonds_is_walked_in_linear_time() -> None:
    x = tensor(1.0, "x")
    y = x
    for _ in range(200):  # 2^200 paths
        y = 0.5 * y + 0.5 * y
    assert len(topological_order([y])) == 1 + 200 * 5
    assert gradient(y, x).value == pytest.approx(1.0, abs=1e-12)


def test_a_chain_of_100000_gates_needs_no_recursion() -> None:
    assert sys.getrecursionlimit() < LONG
    x = tensor(np.array([1.0, 2.0]), "x")
    out = chain(x, LONG).sum()
    assert len(topological_order([out])) == LONG + 2
    assert evaluate([out], {x: [3.0, 4.0]})[id(out)] == 7.0
    np.testing.assert_array_equal(gradient(out, x).value, [1.0, 1.0])


def test_evaluate_runs_the_graph_on_other_numbers_and_leaves_it_as_it_was() -> None:
    x, w = tensor([1.0, 2.0], "x"), tensor([3.0, 4.0], "w")
    out = (x * w).sum()
    assert evaluate([out], {w: np.array([10.0, 20.0])})[id(out)] == 50.0
    assert out.value == 11.0


def test_evaluate_returns_every_node_on_the_way_with_the_bits_of_the_graph() -> None:
    x = tensor([[0.1, 0.2], [0.3, 0.4]], "x")
    out = (np.tanh(x) @ x.T).mean(axis=0)
    values = evaluate([out], {})
    for node in topological_order([out]):
        assert np.asarray(values[id(node)]).tobytes() == node.value.tobytes()


def test_evaluate_replaces_a_node_in_the_middle_and_takes_another_batch_size() -> None:
    X, W = tensor(np.ones((2, 3)), "X"), tensor(np.ones((3, 4)), "W")
    h = X @ W
    out = h.mean(axis=0)
    assert evaluate([out], {h: np.zeros((2, 4))})[id(out)].tolist() == [0.0] * 4
    assert evaluate([out], {X: np.ones((7, 3))})[id(out)].shape == (4,)


def test_evaluate_refuses_what_is_not_a_number() -> None:
    x = tensor([1.0], "x")
    with pytest.raises(GraphError, match="a tensor holds real numbers"):
        evaluate([np.exp(x)], {x: ["a"]})
