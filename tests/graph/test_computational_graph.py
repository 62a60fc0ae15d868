"""The graph of the lecture notes: forward by name, backward from the cache, wiring by name, cycles and errors."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import Any

import numpy as np
import pytest

import zanjir
from zanjir.errors import GraphError, ParameterError, ShapeError
from zanjir.gates.objects import AddGate, IndexGate, MultiplyGate, SigmoidGate, SumGate
from zanjir.graph import TABLE, ComputationalGraph, check_gradient, evaluate, gradient, tensor, topological_order

# Some ten operations with a rounding of 1.1e-16 each.
ROUNDING = 1e-14

NEURON = {
    "L": ("sigmoid", "s3"),
    "s3": (AddGate, "s2", "w2"),
    "s2": (AddGate(), "s0", "s1"),
    "s0": (MultiplyGate, "w0", "x0"),
    "s1": (TABLE["multiply"], "w1", "x1"),
}
NUMBERS = {"w0": 2.0, "x0": -1.0, "w1": -3.0, "x1": -2.0, "w2": -3.0}


def neuron() -> ComputationalGraph:
    """The neuron of the notes, from gates in no particular order."""
    return ComputationalGraph.from_gates(NEURON, output="L")


def network() -> tuple[ComputationalGraph, dict[str, Any]]:
    """A network of the notes from an expression, and the numbers of its inputs."""
    rng = np.random.default_rng(0)
    shapes = {"X": (5, 3), "W1": (3, 4), "b1": (4,)}
    inputs = {name: rng.standard_normal(shape) for name, shape in shapes.items()}
    X, W1, b1 = (tensor(np.zeros(shape), name) for name, shape in shapes.items())
    h = np.tanh(X @ W1 + b1).named("h")
    return ComputationalGraph(np.mean(h * h).named("loss")), inputs


def test_the_package_exports_it() -> None:
    assert zanjir.ComputationalGraph is ComputationalGraph


def test_forward_returns_every_node_by_name() -> None:
    graph, inputs = network()
    values = graph.forward(**inputs)
    assert list(values) == ["X", "W1", "b1", "matmul_1", "add_1", "h", "multiply_1", "loss"]
    h = np.tanh(inputs["X"] @ inputs["W1"] + inputs["b1"])
    np.testing.assert_allclose(values["h"], h, rtol=ROUNDING)
    assert values["loss"] == pytest.approx(np.mean(h * h), rel=ROUNDING)


def test_backward_is_the_gradient_at_the_numbers_of_the_last_forward_pass() -> None:
    graph, inputs = network()
    for scale in (1.0, 0.5):
        graph.forward(**{name: scale * value for name, value in inputs.items()})
        leaves = {name: tensor(scale * value, name) for name, value in inputs.items()}
        loss = np.mean(np.square(np.tanh(leaves["X"] @ leaves["W1"] + leaves["b1"])))
        check_gradient(loss, list(leaves.values()))
        expected = gradient(loss, leaves)
        for name, dx in graph.backward().items():
            np.testing.assert_allclose(dx, expected[name].value, rtol=ROUNDING, atol=ROUNDING)


def test_another_batch_size_runs_through_the_same_graph() -> None:
    graph, inputs = network()
    inputs["X"] = np.ones((9, 3))
    assert graph.forward(**inputs)["h"].shape == (9, 4)
    assert graph.backward()["X"].shape == (9, 3)


def test_backward_computes_no_node_of_the_graph_again(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: Counter[str] = Counter()

    def counting(name: str) -> Any:
        def forward(*inputs: Any, **params: Any) -> Any:
            calls[name] += 1
            return TABLE[name].forward(*inputs, **params)

        return dataclasses.replace(TABLE[name], forward=forward)

    gates = {"a": (counting("exp"), "x"), "b": (counting("sigmoid"), "a"), "c": (counting("sqrt"), "b")}
    graph = ComputationalGraph.from_gates(gates, "c")
    graph.forward(x=0.5)
    assert calls == {"exp": 1, "sigmoid": 1, "sqrt": 1}
    graph.backward()
    graph.backward()
    assert calls == {"exp": 1, "sigmoid": 1, "sqrt": 1}


def test_a_gradient_holds_no_copy_of_a_forward_gate() -> None:
    X, W = tensor(np.full((4, 3), 0.5), "X"), tensor(np.full((3, 2), 0.25), "W")
    loss = np.mean(np.exp(np.tanh(X @ W)) * TABLE["sigmoid"](X @ W))
    forward = topological_order([loss])
    known = {(node.gate, *map(id, node.inputs)) for node in forward if node.gate}
    backward = [node for dx in gradient(loss, [X, W]) for node in topological_order([dx], stop={*map(id, forward)})]
    assert backward
    assert [node for node in backward if (node.gate, *map(id, node.inputs)) in known] == []


def test_backward_twice_gives_the_same() -> None:
    graph = neuron()
    graph.forward(**NUMBERS)
    assert graph.backward() == graph.backward()


def test_a_reused_input_accumulates_and_an_unused_one_has_zeros() -> None:
    graph = ComputationalGraph.from_gates({"a": ("multiply", "x", "x"), "b": ("add", "a", "x")}, "b", ["x", "unused"])
    assert graph.forward(x=3.0, unused=5.0)["b"] == 12.0
    assert graph.backward() == {"x": 7.0, "unused": 0.0}


def test_gates_of_every_form_are_wired_and_sorted() -> None:
    graph = neuron()
    names = [node.name for node in graph.nodes_topologically_sorted()]
    place = {name: i for i, name in enumerate(names)}
    assert sorted(names) == sorted([*NEURON, *NUMBERS])
    assert all(place[x] < place[node.name] for node in graph.nodes_topologically_sorted() for x in node.inputs)
    values = graph.forward(**NUMBERS)
    assert (values["s0"], values["s1"], values["s3"]) == (-2.0, 6.0, 1.0)


def test_parameters_and_numbers_are_wired_too() -> None:
    gates = {"scaled": (MultiplyGate, 2.0, "x"), "L": (SumGate(axis=0), "scaled")}
    graph = ComputationalGraph.from_gates(gates, "L")
    assert graph.forward(x=[1.0, 2.0]) == {"x": pytest.approx([1.0, 2.0]), "scaled": pytest.approx([2, 4]), "L": 6.0}
    assert graph.backward()["x"].tolist() == [2.0, 2.0]


def test_an_expression_a_function_and_gates_give_the_same() -> None:
    def function(w0: Any, x0: Any, w1: Any, x1: Any, w2: Any) -> Any:
        return TABLE["sigmoid"](w0 * x0 + w1 * x1 + w2).named("L")

    leaves = {name: tensor(1.0, name) for name in NUMBERS}
    graphs = [
        neuron(),
        ComputationalGraph(function(**leaves)),
        ComputationalGraph.from_function(function, **dict.fromkeys(NUMBERS, 1.0)),
    ]
    values = [graph.forward(**NUMBERS)["L"] for graph in graphs]
    assert values[0] == values[1] == values[2] == evaluate([out := function(**leaves)], {
        leaves[name]: number for name, number in NUMBERS.items()
    })[id(out)]  # fmt: skip
    assert graphs[0].backward() == graphs[1].backward() == graphs[2].backward()


def test_named_inputs_may_be_chosen_and_the_rest_is_constant() -> None:
    x, w = tensor(2.0, "x"), tensor(3.0, "w")
    h = np.exp(x).named("h")
    graph = ComputationalGraph(w * h, h)
    assert graph.forward(h=10.0) == {"h": 10.0, "multiply_1": 30.0}
    assert graph.backward() == {"h": 3.0}


def test_the_output_may_be_an_input() -> None:
    graph = ComputationalGraph(tensor(1.0, "x"))
    assert (graph.forward(x=2.0), graph.backward()) == ({"x": 2.0}, {"x": 1.0})


def test_names_given_by_the_graph_avoid_those_of_the_user() -> None:
    x = tensor(1.0, "add_1")
    graph = ComputationalGraph(x + x)
    assert list(graph.forward(add_1=2.0)) == ["add_1", "add_2"]


def test_each_of_many_gates_has_a_name_of_its_own() -> None:
    y = x = tensor(1.0, "x")
    for _ in range(50_000):  # where every number were tried for every name, this would outlast the suite's limit
        y = y * 0.5 + x
    names = {node.name for node in ComputationalGraph(y).nodes_topologically_sorted() if node.gate}
    assert names == {f"{gate}_{k}" for gate in ("multiply", "add") for k in range(1, 50_001)}


def test_backward_reads_what_forward_was_given_even_if_that_is_written_over() -> None:
    graph = ComputationalGraph.from_function(lambda x: (x * x).sum(), x=np.zeros(2))
    x = np.array([1.0, 2.0])
    graph.forward(x=x)
    gate = MultiplyGate()
    gate.forward(x, x)
    x[:] = 100.0
    np.testing.assert_array_equal(graph.backward()["x"], [2.0, 4.0])
    np.testing.assert_array_equal(gate.backward([1.0, 1.0]), [[1.0, 2.0], [1.0, 2.0]])


def test_an_index_without_arrays_is_wired_and_run_as_a_gate() -> None:
    first = IndexGate(key=(0,))
    graph = ComputationalGraph.from_gates({"f": (first, "x")}, "f")
    assert graph.forward(x=np.array([3.0, 4.0]))["f"] == first.forward([3.0, 4.0]) == 3.0
    np.testing.assert_array_equal(graph.backward()["x"], [1.0, 0.0])


def test_a_cycle_is_an_error_that_names_it() -> None:
    gates = {"a": ("add", "x", "c"), "b": ("exp", "a"), "c": ("negative", "b"), "out": ("exp", "c")}
    with pytest.raises(
        GraphError, match=r"^the gates form a cycle: (a -> b -> c -> a|b -> c -> a -> b|c -> a -> b -> c); "
    ):
        ComputationalGraph.from_gates(gates, "out")
    with pytest.raises(GraphError, match="cycle: a -> a;"):
        ComputationalGraph.from_gates({"a": ("add", "x", "a")}, "a")


@pytest.mark.parametrize(
    ("gates", "options", "message"),
    [
        ({"a": ("exp", "xx")}, {"inputs": ["x"]}, r"^wire 'xx' is the name of no node; near names: x\."),
        ({"alpha": ("exp", "x")}, {"output": "alpa"}, r"^output 'alpa' is the name of no node; near names: alpha\."),
        ({"a": ("exp", "x")}, {"output": "q"}, r"^output 'q' is the name of no node; known names: x, a\."),
        ({"a": ("exp", "x")}, {"inputs": ["x", "a"]}, "^a is both an input and a gate"),
        ({"a": ("exp", "x", "y")}, {}, r"^a: exp takes 1 input; got 2\."),
        ({"a": ("multiply", "x")}, {}, r"^a: multiply takes 2 inputs; got 1\."),
        ({"a": ("multiply", 2.0, 3.0)}, {}, "^the graph has no inputs; name its leaves"),
    ],
)
def test_wrong_wiring_is_an_error_that_names_the_place(gates: Any, options: Any, message: str) -> None:
    with pytest.raises(GraphError, match=message):
        ComputationalGraph.from_gates(gates, **{"output": "a", **options})


def test_an_unknown_gate_names_a_near_one() -> None:
    with pytest.raises(ParameterError, match=r"unknown gate 'multipy'; .* Did you mean 'multiply'\?"):
        ComputationalGraph.from_gates({"a": ("multipy", "x", "y")}, "a")


def test_backward_before_forward_is_an_error_even_where_the_expression_had_numbers() -> None:
    with pytest.raises(GraphError, match=r"^backward reads what forward computed; call forward\(\.\.\.\)"):
        network()[0].backward()


def test_missing_and_unknown_inputs_are_named() -> None:
    graph = neuron()
    with pytest.raises(ParameterError, match=r"^forward needs w2, w0, x0, w1, x1; w2, x1 missing\.$"):
        graph.forward(w0=1.0, x0=1.0, w1=1.0)
    with pytest.raises(ParameterError, match=r"^unknown input 'w_0'; .* Did you mean 'w0'\?"):
        graph.forward(**NUMBERS, w_0=1.0)


def test_inputs_that_do_not_fit_are_named_and_leave_the_last_pass_as_it_was() -> None:
    graph, inputs = network()
    graph.forward(**inputs)
    before = graph.backward()
    with pytest.raises(ShapeError, match=r"matmul: inner sizes differ: X is \(5, 2\), W1 is \(3, 4\)"):
        graph.forward(**{**inputs, "X": np.ones((5, 2))})
    with pytest.raises(ShapeError, match=r"add: matmul_1 is \(5, 4\), b1 is \(3,\)"):
        graph.forward(**{**inputs, "b1": np.ones(3)})
    assert all(np.array_equal(before[name], dx) for name, dx in graph.backward().items())


def test_an_output_of_several_numbers_runs_forward_and_not_backward() -> None:
    graph = ComputationalGraph.from_gates({"h": (SigmoidGate, "x")}, "h")
    assert graph.forward(x=[0.0, 0.0])["h"].tolist() == [0.5, 0.5]
    with pytest.raises(ShapeError, match=r"^backward needs a single number; h has shape \(2,\)"):
        graph.backward()


def test_what_is_no_tensor_has_no_name_or_shares_one_is_refused() -> None:
    x = tensor(1.0, "x")
    with pytest.raises(GraphError, match=r"made of tensors; got function\. For a function use"):
        ComputationalGraph(lambda x: x)  # type: ignore[arg-type]
    with pytest.raises(GraphError, match=r"^the graph has no inputs; name its leaves"):
        ComputationalGraph(tensor(1.0) * 2.0)
    with pytest.raises(GraphError, match=r"^input number 2 has no name"):
        ComputationalGraph(x * 2.0, x, tensor(1.0))
    with pytest.raises(GraphError, match=r"^two nodes are named 'x'"):
        ComputationalGraph(x * tensor(2.0, "x"))


def test_its_representation_says_what_goes_in_and_out() -> None:
    assert repr(network()[0]) == "ComputationalGraph(X, W1, b1 -> loss, 5 gates)"


def test_a_notebook_shows_the_graph_with_the_numbers_of_the_last_forward_pass() -> None:
    x, y = tensor(0.0, "x"), tensor(0.0, "y")
    graph = ComputationalGraph(((x + y) * x).named("f"))
    assert graph._repr_html_() is None
    with pytest.raises(GraphError, match=r"^a diagram shows what forward computed; call forward"):
        graph.diagram()
    graph.forward(x=2.0, y=3.0)
    assert "<svg" in graph._repr_html_()
    assert {"2", "3", "5", "10", "7"} <= set(str(graph.diagram()).split())


def test_nodes_and_gates_have_short_names_in_print() -> None:
    x = tensor(2.0, "x")
    (_, square) = ComputationalGraph((x * x).named("f")).nodes_topologically_sorted()
    assert "gate=<gate multiply>" in repr(square)
