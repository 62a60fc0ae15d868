"""Lowering: the statements on buffers compute the same bits as the graph, whatever is reused for whatever."""

import numpy as np
import pytest
from hypothesis import given, settings

from program.cases import assert_same_bits
from program.graphs import Graph, graphs, leaf_values
from zanjir.gates import relu
from zanjir.graph import Tensor, evaluate, tensor
from zanjir.program.engine import bind
from zanjir.program.function import Function

RUNS = (1, 2, 3)


def bound(graph: Graph, outputs, arrays):
    """Bind a graph to arrays; results are made by the engine."""
    function = Function("forward", graph.leaves, outputs)
    return bind([function], graph.leaves, arrays, outputs, {})


def assert_runs_equal_the_graph(graph: Graph) -> None:
    arrays = leaf_values(0)
    results, run, _ = bound(graph, graph.outputs, arrays)
    for seed in RUNS:
        for name, value in leaf_values(seed).items():
            arrays[name][...] = value
        run()
        values = evaluate(graph.outputs.values(), {leaf: arrays[name] for name, leaf in graph.leaves.items()})
        for name, node in graph.outputs.items():
            assert_same_bits(results[name], values[id(node)], name)
        for name, value in leaf_values(seed).items():
            assert_same_bits(arrays[name], value, f"the caller's {name}")


@settings(max_examples=150, derandomize=True, deadline=None, database=None)
@given(graphs())
def test_statements_on_buffers_give_the_bits_of_the_graph_and_leave_the_inputs_alone(graph):
    assert_runs_equal_the_graph(graph)


def leaves() -> dict[str, Tensor]:
    return {name: tensor(value, name) for name, value in leaf_values(0).items()}


def test_a_value_read_again_after_a_view_of_it_was_used_is_not_overwritten():
    own = leaves()
    x = np.tanh(own["e"])
    y = x + x.T
    assert_runs_equal_the_graph(Graph(own, {"result": (y * x).T + x}))


def test_what_lies_behind_a_view_is_not_overwritten_while_it_is_read_later():
    own = leaves()
    x = np.tanh(own["c"])
    y = np.exp(x.reshape(-1)) * 2
    assert_runs_equal_the_graph(Graph(own, {"result": np.tanh(y) + np.tanh(x) * y}))


def test_an_array_is_not_written_over_while_a_view_of_it_is_read():
    e = leaves()["e"]
    x = np.tanh(e)
    text = bound(Graph({"e": e}, {}), {"out": np.exp(x + x.T)}, {"e": np.ones((2, 2))})[2]
    line = next(line for line in text.splitlines() if "np.add(" in line)
    inner, target = line.split("np.add(")[1].split(", out=")
    assert inner.split(", ")[0] != target.rstrip(")")


@pytest.mark.parametrize("seed", range(8))
def test_a_sum_over_a_transposed_array_is_taken_in_the_same_order(seed):
    wide = tensor(np.random.default_rng(seed).random((40, 70)), "wide")
    total = (wide.T * 1.1 + 0.1).sum()
    arrays = {"wide": np.array(wide.value)}
    results, run, _ = bound(Graph({"wide": wide}, {}), {"total": total}, arrays)
    run()
    assert_same_bits(results["total"], total.value)


def test_buffers_are_used_again():
    x = tensor(np.ones(8), "x")
    node = x
    for _ in range(30):
        node = np.tanh(node @ tensor(np.ones((8, 8)))) if node.ndim == 2 else np.tanh(node * 2)
    text = bound(Graph({"x": x}, {}), {"y": node}, {"x": np.ones(8)})[2]
    places = text[text.index("(") + 1 : text.index(")")].split(", ")
    assert len(places) <= len(("x", "y", "buffer", "buffer"))


def test_one_node_may_be_several_results():
    x = tensor(np.array([1.0, -2.0]), "x")
    node = relu(x)
    results, run, _ = bound(Graph({"x": x}, {}), {"first": node, "second": node}, {"x": np.array([3.0, -4.0])})
    run()
    assert results["first"].tolist() == results["second"].tolist() == [3.0, 0.0]


def test_a_python_number_may_be_a_result():
    x = tensor(3.0, "x")
    results, run, _ = bound(Graph({"x": x}, {}), {"y": x * x + 1}, {})
    run(5.0)
    assert results["y"] == 26.0


def test_results_that_swap_their_arguments_are_swapped():
    a, b = tensor(np.zeros(2), "a"), tensor(np.zeros(2), "b")
    arrays = {"a": np.array([1.0, 2.0]), "b": np.array([3.0, 4.0])}
    function = Function("update", {"a": a, "b": b}, {"a": b, "b": a})
    bind([function], function.inputs, arrays, {}, arrays)[1]()
    assert arrays["a"].tolist() == [3.0, 4.0]
    assert arrays["b"].tolist() == [1.0, 2.0]


@pytest.mark.parametrize("n_results", [1, 2])
def test_an_argument_that_is_also_a_result_is_kept_while_its_place_is_taken(n_results):
    W, dW = tensor(np.zeros(2), "W"), tensor(np.zeros(2), "dW")
    outputs = {"W": W - dW, "previous": W, "before": W}
    outputs = dict(list(outputs.items())[: 1 + n_results])
    arrays = {"W": np.array([5.0, 6.0]), "dW": np.array([1.0, 2.0])}
    targets = {name: arrays.get(name, np.zeros(2)) for name in outputs}
    function = Function("update", {"W": W, "dW": dW}, outputs)
    bind([function], function.inputs, {**arrays, **targets}, {}, targets)[1]()
    assert targets["W"].tolist() == [4.0, 4.0]
    assert all(targets[name].tolist() == [5.0, 6.0] for name in outputs if name != "W")
