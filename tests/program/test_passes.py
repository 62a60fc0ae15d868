"""Every pass gives a program that computes the same, at every batch size."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from program.cases import assert_same_bits
from program.random_programs import SIZES, leaf_values, program, values_of
from witnesses.gate_samples import case_id, cases, inputs_for
from zanjir import gates
from zanjir.graph import Tensor, gradient, topological_order
from zanjir.program.function import merged
from zanjir.program.passes import common, expand, folded, simplified
from zanjir.program.passes.internal import uniform_rows

PROGRAMS = range(80)
# Expanding changes the order of sums and products: roundings that the gates after them enlarge.
TOLERANCE = {np.float64: 1e-12, np.float32: 1e-5}
COMPOSITE = {
    "mean", "var", "std", "deviation", "standardize", "softmax", "log_softmax", "logsumexp", "softmax_cross_entropy",
    "hinge_margins", "one_hot", "pick", "zeros_like", "flip", "outer", "stack", "conv2d", "conv2d_transpose",
    "conv2d_weights", "max_pool2d", "max_unpool2d", "max_pick2d", "average_pool2d", "average_unpool2d",
}  # fmt: skip


def assert_near(actual: dict[str, Any], expected: dict[str, Any], tolerance: float) -> None:
    """Compare type, shape and numbers, relative to the largest number of an array."""
    assert list(actual) == list(expected)
    for name, value in expected.items():
        new, old = np.asarray(actual[name]), np.asarray(value)
        assert (new.dtype, new.shape) == (old.dtype, old.shape), name
        if old.dtype == bool:
            np.testing.assert_array_equal(new, old)
            continue
        error = np.abs(new - old).max(initial=0)
        assert error <= tolerance * np.abs(old).max(initial=1e-30), f"{name}: off by {error}"


def gates_of(outputs):
    return {node.gate.name for node in topological_order(outputs.values()) if node.gate}


def everything(outputs):
    return common(simplified(folded(expand(outputs))))


# Which pass, the programs it is tried on, and whether it keeps every bit.
PASSES = {"expand": expand, "common": common, "folded": folded, "simplified": simplified, "everything": everything}
EXACT = {"common", "folded"}


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("seed", PROGRAMS)
def test_no_pass_changes_what_a_program_computes(seed, dtype):
    leaves, outputs = program(seed, dtype)
    better = {name: pass_(outputs) for name, pass_ in PASSES.items()}
    for n in SIZES:
        given = leaf_values(n, dtype, seed)
        expected = values_of(outputs, leaves, given)
        for name, new in better.items():
            assert_near(values_of(new, leaves, given), expected, 0 if name in EXACT else TOLERANCE[dtype])


@pytest.mark.parametrize(("row", "params"), cases(), ids=case_id)
def test_no_pass_changes_what_a_gate_of_the_table_computes(row, params):
    inputs = [Tensor(x, f"x{i}") for i, x in enumerate(inputs_for(row))]
    outputs = {"z": row(*inputs, **params)}
    for pass_ in PASSES.values():
        new = {name: node.value for name, node in pass_(outputs).items()}
        assert_near(new, {"z": outputs["z"].value}, TOLERANCE[np.float64])


@pytest.mark.parametrize("seed", range(20))
def test_no_composite_gate_is_left(seed):
    assert not gates_of(expand(program(seed)[1])) & COMPOSITE


def test_the_random_programs_hold_every_composite_gate():
    assert set().union(*(gates_of(program(seed)[1]) for seed in PROGRAMS)) >= COMPOSITE - {"max_pick2d"}


def random_array(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(-3, 4, shape) / 4


@pytest.mark.parametrize("layout", ["NHWC", "NCHW"])
@pytest.mark.parametrize("stride", [None, 1])
def test_picking_by_the_largest_of_a_window_expands(layout, stride):
    h, x = (Tensor(random_array(seed, 2, 4, 4, 4), name) for seed, name in enumerate("hx"))
    outputs = {"picked": gates.max_pick2d(h, x, stride=stride, layout=layout)}
    expanded = expand(outputs)
    assert not gates_of(expanded) & COMPOSITE
    given = {"h": random_array(2, 3, 4, 4, 4), "x": random_array(3, 3, 4, 4, 4)}
    leaves = {"h": h, "x": x}
    assert_near(values_of(expanded, leaves, given), values_of(outputs, leaves, given), 1e-15)


@pytest.mark.parametrize(
    ("subscripts", "shapes"),
    [
        ("ij->ji", [(2, 3)]),
        ("ijk->k", [(2, 3, 4)]),
        ("ij,jk->ik", [(2, 3), (3, 4)]),
        ("ij,kj->ki", [(2, 3), (4, 3)]),
        ("bij,bjk->bik", [(2, 3, 4), (2, 4, 5)]),
        ("ijb,bkj->kbi", [(3, 4, 2), (2, 5, 4)]),
        ("i,j->ji", [(2,), (3,)]),
        ("ij,j->ij", [(2, 3), (3,)]),
        ("ij,jk->k", [(2, 3), (3, 4)]),
        ("ij,k->", [(2, 3), (4,)]),
    ],
)
def test_a_sum_over_indices_expands_to_the_same_numbers(subscripts, shapes):
    arrays = [random_array(i, *shape) for i, shape in enumerate(shapes)]
    node = gates.einsum(*map(Tensor, arrays), subscripts=subscripts)
    # Multiples of 1/16 below 2^52: every sum is exact.
    np.testing.assert_array_equal(expand({"z": node})["z"].value, np.einsum(subscripts, *arrays))


@pytest.mark.parametrize("subscripts", ["ij,jk->ik", "ij,kj->ki", "ij->j"])
def test_an_expanded_product_calls_no_einsum(subscripts):
    arrays = [random_array(i, 3, 3) for i in range(1 + subscripts.count(","))]
    assert "einsum" not in gates_of(expand({"z": gates.einsum(*map(Tensor, arrays), subscripts=subscripts)}))


def test_what_has_no_simple_form_stays():
    x = Tensor(random_array(0, 2, 3, 4))
    node = gates.einsum(x, x, subscripts="ijk,ijk->i")
    assert expand({"z": node})["z"] is node


def test_an_expanded_softmax_keeps_scores_of_any_size_finite():
    s, y = Tensor([[1e4, -1e4, 0.0], [-1e4, -1e4, -1e4]], "s"), Tensor([1, 2], "y")
    outputs = expand({
        "loss": gates.softmax_cross_entropy(s, y), "p": gates.softmax(s), "log_p": gates.log_softmax(s),
        "top": gates.logsumexp(s),
    })  # fmt: skip
    np.testing.assert_array_equal(outputs["loss"].value, [2e4, np.log(3)])
    np.testing.assert_array_equal(outputs["p"].value, [[1, 0, 0], [1 / 3] * 3])
    np.testing.assert_array_equal(outputs["log_p"].value, [[0, -2e4, -1e4], [-np.log(3)] * 3])
    np.testing.assert_array_equal(outputs["top"].value, [1e4, -1e4 + np.log(3)])


def test_the_loss_and_its_derivative_share_their_exponentials():
    s, y = Tensor(random_array(0, 2, 3), "s"), Tensor([1, 2], "y")
    loss = gates.softmax_cross_entropy(s, y).mean()
    (outputs,) = merged([expand({"loss": loss, "ds": gradient(loss, s)})])
    found = [node.gate.name for node in topological_order(outputs.values()) if node.gate]
    assert [found.count(name) for name in ("exp", "max", "column_index", "equal")] == [1] * 4


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("shape", [(9,), (9, 3), (9, 5), (9, 2, 3)])
def test_rows_drawn_apart_are_those_drawn_together(shape, dtype):
    key, whole = np.array([7, 3]), np.zeros(shape, dtype)
    drawn = gates.uniform_like.forward(key, whole, stream=2)
    ends = [0, 1, 4, 9]
    parts = [uniform_rows.forward(key, whole[a:b], a, stream=2) for a, b in pairwise(ends)]
    assert_same_bits(np.concatenate(parts), drawn)


def test_equal_nodes_become_one():
    x = Tensor([1.0, 2.0], "x")
    y = common({"y": np.exp(x) * 2 + np.exp(x) * 2})["y"]
    assert y.inputs[0] is y.inputs[1]


def test_a_folded_number_of_python_stays_weak():
    x = Tensor(np.float32([1, 2]), "x")
    y = folded({"y": x * (Tensor(2) * 3) + np.exp(Tensor(np.float32(0)))})["y"]
    scaled, one = y.inputs
    assert (scaled.inputs[1].value, type(scaled.inputs[1].value)) == (6, int)
    assert (one.gate, one.value, y.dtype) == (None, 1, np.float32)


def test_an_input_is_not_folded():
    x = Tensor(2.0, "x")
    assert folded({"y": x * 3})["y"].gate is gates.multiply


X = Tensor(np.array([[0.3, 1e-300, np.inf], [2.5, 7.0, 3e-308]]), "x")


@pytest.mark.parametrize(
    ("node", "gate"),
    [
        (np.power(X, 0.5), gates.sqrt),
        (gates.power(X, 2), gates.square),
        (X**-1, gates.reciprocal),
        (X / 8, gates.multiply),
        (X / -0.25, gates.multiply),
        (X.reshape(3, 2).reshape(-1), gates.reshape),
        (gates.reshape_like(X.ravel(), X.T), gates.reshape_like),
        (gates.broadcast_like(gates.broadcast_like(X[0], X), np.zeros((4, 2, 3))), gates.broadcast_like),
    ],
)
def test_a_cheaper_gate_gives_the_same_bits(node, gate):
    new = simplified({"y": node})["y"]
    assert new.gate is gate
    assert new.inputs[0].gate in {None, gates.index}
    assert_same_bits(new.value, node.value)


@pytest.mark.parametrize(
    "node",
    [X * 1, X + 0, X - 0, X / 1, np.negative(-X), X**1, X.T.T, X.astype(float), gates.squeeze(X[:, None], axis=1)],
)
def test_what_changes_nothing_is_left_out(node):
    kept = simplified({"y": node})["y"]
    assert kept is X or (kept.gate is gates.squeeze and kept.inputs[0].gate is gates.index)


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize(("first", "second"), [(0, 0), (1, 0), (-1, -1), ((0, 2), 1), (2, (0, 1)), (1, None)])
def test_a_sum_of_sums_is_taken_at_once(first, second, keepdims):
    x = Tensor(random_array(0, 3, 4, 5, 2), "x")
    node = x.sum(axis=first, keepdims=keepdims).sum(axis=second, keepdims=keepdims)
    new = simplified({"y": node})["y"]
    assert new.inputs == (x,)
    np.testing.assert_array_equal(new.value, node.value)  # multiples of 1/4: every sum is exact


def test_a_sum_that_keeps_its_axes_is_not_joined_with_one_that_does_not():
    node = Tensor(random_array(0, 3, 4, 5), "x").sum(axis=0, keepdims=True).sum(axis=2)
    assert simplified({"y": node})["y"] is node


@pytest.mark.parametrize("divisor", [3, 2.0**121, 0.1, 2.0**-126])
def test_a_division_that_would_lose_a_bit_stays(divisor):
    x = Tensor(np.float32([1, 2]), "x")
    assert simplified({"y": x / divisor})["y"].gate is gates.divide
