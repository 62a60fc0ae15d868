"""A step computed in shards of its batch is the step computed in one piece."""

from itertools import accumulate, pairwise

import numpy as np
import pytest
from hypothesis import given, settings

from program.cases import CASES, Case
from program.random_programs import leaf_values, program, values_of
from zanjir import gates
from zanjir.graph import Tensor
from zanjir.graph.order import topological_order
from zanjir.nn import L1, L2, LOSSES, ElasticNet
from zanjir.program.passes import common, expand, simplified
from zanjir.program.passes.internal import column_index
from zanjir.program.shards import SplitError, split

# Sums over shards add in another order: roundings of either type, relative to the largest number of an array.
TOLERANCE = {"float64": 1e-12, "float32": 2e-5}
# A product of fewer rows may be computed by another kernel.
ROWS_TOLERANCE = {"float64": 1e-13, "float32": 2e-6}
# Terms of order 1 cancel where a layer norm has two units, or a probability is near 1: what is left has the roundings.
CANCELED = {"float64": 2**-50, "float32": 2**-21}
CUTS = ((7,), (3, 4), (1, 6), (2, 2, 3))


def in_shards(parts, leaves, values, sizes, batch=("X", "y")):
    """Compute a split program shard by shard, add the parts in order, and finish."""
    ends = [0, *accumulate(sizes)]
    numbers = {parts.n_samples: ends[-1]}
    found = []
    for a, b in pairwise(ends):
        rows = {name: value[a:b] if name in batch else value for name, value in values.items()}
        given = {node: rows[name] for name, node in leaves.items()} | numbers | {parts.first_row: a}
        found.append(values_of(parts.shard, {id(node): node for node in given}, {id(n): v for n, v in given.items()}))
    sums = {leaf: sum(shard[name] for shard in found[1:]) + found[0][name] for name, leaf in parts.parts.items()}
    given = {node: values[name] for name, node in leaves.items() if name not in batch} | numbers | sums
    whole = values_of(parts.whole, {id(node): node for node in given}, {id(n): v for n, v in given.items()})
    return whole | {
        name: np.concatenate([shard[name] for shard in found], axis=rows.axis) for name, rows in parts.rows.items()
    }


def near(actual, expected, tolerance, what):
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert (actual.shape, actual.dtype) == (expected.shape, expected.dtype), what
    error = np.abs(actual - expected).max(initial=0)
    canceled = CANCELED.get(expected.dtype.name, 0)
    assert error <= tolerance * np.abs(expected).max(initial=0) + canceled, f"{what}: off by {error}"


def outputs_of(step):
    return {**{name: step.forward.outputs[name] for name in ("loss", "scores")}, **step.backward.outputs}


def assert_shards_agree(case, sizes):
    step = case.program
    outputs = outputs_of(step)
    leaves = step.forward.inputs | step.backward.inputs
    parts = split(common(simplified(expand(outputs))), [leaves[name] for name in ("X", "y")])
    values = {**case.problem.layout.views(case.first_W()), **case.batch(n=sum(sizes)), "key": np.array([3, 4])}
    values = {name: values[name] for name in leaves}
    expected = values_of(outputs, leaves, values)
    for name, value in in_shards(parts, leaves, values, sizes).items():
        near(value, expected[name], (ROWS_TOLERANCE if name in parts.rows else TOLERANCE)[case.dtype], name)
    return parts


@pytest.mark.parametrize("sizes", CUTS)
@pytest.mark.parametrize("loss", sorted(LOSSES))
@pytest.mark.parametrize("penalty", [None, L2(0.01), L1(0.02), ElasticNet(0.03, beta=0.25)], ids=str)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_shards_agree_for_every_loss_and_penalty(sizes, loss, penalty, dtype):
    parts = assert_shards_agree(Case(hidden=(5, 4), loss=loss, penalty=penalty, dtype=dtype), sizes)
    assert set(parts.rows) == {"scores"}


@pytest.mark.parametrize("sizes", CUTS)
@pytest.mark.parametrize("norm", ["none", "layer"])
@pytest.mark.parametrize("dropout", [0, 0.25])
@pytest.mark.parametrize("conv", [(), (3,), (3, 2)])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_shards_agree_for_every_kind_of_layer(sizes, norm, dropout, conv, dtype):
    in_features = 32 if conv else 5
    assert_shards_agree(Case((4,), norm=norm, dropout=dropout, conv=conv, in_features=in_features, dtype=dtype), sizes)


@settings(deadline=None, max_examples=60)
@given(CASES)
def test_shards_agree_for_random_networks(case):
    if case.norm == "batch" and case.hidden:
        with pytest.raises(SplitError, match=r"the batch cannot be split: \w+ .*reads a sum over the whole batch"):
            assert_shards_agree(case, (3, 4))
    else:
        assert_shards_agree(case, (3, 4))


def are_parts(parts):
    leaves = {id(leaf) for leaf in parts.parts.values()}
    return {name for name, node in parts.whole.items() if id(node) in leaves}


def test_a_derivative_that_is_a_sum_over_the_batch_is_a_part_itself():
    parts = assert_shards_agree(Case((4,)), (3, 4))
    assert are_parts(parts) == {"loss", "dW1", "db1", "dW2", "db2"}


def test_a_penalty_is_added_once_after_the_sum():
    parts = assert_shards_agree(Case((4,), penalty=L2(0.5)), (3, 4))
    shard = topological_order(node for name, node in parts.shard.items() if name.startswith("part"))
    assert not any(node.gate is gates.square and node.inputs[0].name == "W1" for node in shard)
    assert are_parts(parts) == {"db1", "db2"}


def test_random_programs_split_into_shards_agree():
    n_split = 0
    for seed in range(150):
        leaves, outputs = program(seed, steps=4)
        batch = ("X", "y", "NHWC", "NCHW")
        values = leaf_values(7, np.float64, seed)
        try:
            parts = split(common(simplified(expand(outputs))), [leaves[name] for name in batch])
        except SplitError:
            continue
        n_split += 1
        expected = values_of(outputs, leaves, values)
        for name, value in in_shards(parts, leaves, values, (3, 4), batch).items():
            near(value, expected[name], TOLERANCE["float64"], f"{seed} {name}")
    assert n_split >= 20


X = Tensor(np.arange(10.0).reshape(2, 5), "X")
W = Tensor(np.arange(20.0).reshape(5, 4), "W")


@pytest.mark.parametrize(
    ("node", "gate"),
    [
        (X - X.max(axis=0), "max"),
        (X - X.sum(axis=0), "subtract"),
        (X * np.sqrt((X**2).sum()), "multiply"),
        (np.cumsum(X, axis=0), "cumsum"),
        (X @ X.T, "matmul"),
        (X[::-1], "index"),
        (X[:1], "index"),
        (np.concatenate([X, X]), "concatenate"),
        (np.pad(X, ((1, 0), (0, 0))), "pad"),
        (X.T.reshape(-1), "reshape"),
        (X.sum(axis=1) * X.T + X[:, :2].sum(axis=1), "ok"),
        (np.linalg.norm(X @ W @ W.T @ X.T), "matmul"),
        (np.roll(X, 1, axis=0), "roll"),
        (X[:, :1] + X[:, 1], "add"),
        (gates.put_like(X, X, key=(slice(None, None, -1),)), "put_like"),
        (column_index(X.T), "column_index"),
        (gates.uniform_like(np.array([0, 1]), X.T), "uniform_like"),
        (np.stack([X, X]), "stack"),
        (gates.count(X @ X.T), "matmul"),
    ],
)
def test_a_gate_that_reads_other_samples_is_named(node, gate):
    if gate == "ok":
        assert split({"y": node}, [X]).rows["y"].axis == 1
        return
    with pytest.raises(SplitError, match=rf"the batch cannot be split: {gate} "):
        split({"y": node}, [X])


def test_a_function_of_a_sum_over_the_batch_is_computed_after_it():
    parts = split({"norm": np.sqrt((X**2).sum()), "mean": X.sum() / gates.count(X), "n": gates.count(X, axis=0)}, [X])
    assert list(parts.shard) == ["part1", "part2"]
    assert parts.whole["norm"].gate is gates.sqrt
    assert parts.whole["mean"] is parts.parts["part2"]
    assert parts.whole["n"] is parts.n_samples


@pytest.mark.parametrize(
    "node",
    [
        X.sum(axis=0) * X.sum(axis=0),
        X.sum(axis=0) * 2 - X.max(axis=1).sum() * W.T,
        np.pad(X.sum(axis=0), 1, constant_values=3),
        np.pad(X.sum(axis=0), 1),
        1 / X.sum(),
        W / X.sum(),
        X.sum() / (W + 0.25),
        gates.broadcast_like(2, X.sum(axis=0)),
        np.sqrt((X**2).sum()) * X.sum(axis=0),
        X.sum(axis=0) + 1,
        np.concatenate([X.sum(axis=0), X.mean(axis=0)]),
        np.concatenate([X.sum(axis=0), np.ones(3)]),
        (X > 3).sum(axis=0) / gates.count(X),
        (X > 3).sum(axis=0) // 2,
        (X.sum(axis=0) * 0.3).astype(int),
        X.sum(axis=0) @ W,
        X.sum(axis=0) @ X.sum(axis=0),
        X.T @ X @ W,
        np.einsum("ni,nj->ij", X, X @ W),
        np.einsum("ni,ij->nj", X, W),
        np.einsum("ni,ij->j", X, W),
        np.abs(X.sum(axis=0)).sum(),
        (X[:, None, None, :] * np.ones((2, 1, 1))).transpose(1, 0, 2, 3) @ (X[:, :, None] * np.ones(3)),
        X[:, 0] @ X,
        X[:, [1, 0]].T @ X[..., 2],
        gates.put_like(X[:, 1:3], X, key=(slice(None), slice(1, 3))),
        np.where(X.sum(axis=1, keepdims=True) > 5, X, 0),
        gates.count(X) * X,
        gates.count(X.T, axis=0) * X.sum(axis=0),
    ],
)
def test_shards_agree_for_small_programs(node):
    outputs = expand({"y": node})
    values = {"X": np.random.default_rng(0).integers(-4, 9, (7, 5)).astype(float), "W": W.value - 9.5}
    leaves = {"X": X, "W": W}
    expected = values_of(outputs, leaves, values)["y"]
    for sizes in CUTS:
        near(in_shards(split(outputs, [X]), leaves, values, sizes)["y"], expected, TOLERANCE["float64"], sizes)


def test_samples_that_take_several_places_stay_together():
    patches = X[:, :4].reshape(-1, 2)
    parts = split({"patches": patches, "sum": patches.T @ patches}, [X])
    assert (parts.rows["patches"].axis, parts.rows["patches"].each) == (0, 2)
    values = {"X": np.arange(35.0).reshape(7, 5)}
    expected = values["X"][:, :4].reshape(-1, 2)
    found = in_shards(parts, {"X": X}, values, (3, 4))
    np.testing.assert_array_equal(found["patches"], expected)
    np.testing.assert_array_equal(found["sum"], expected.T @ expected)


def test_a_table_is_read_and_its_derivative_added_up():
    table, y = Tensor(np.arange(8.0).reshape(4, 2), "table"), Tensor(np.array([1, 3]), "y")
    parts = split({"rows": table[y], "d": gates.put_like(X[:, :2], table, y, key=("array",))}, [X, y])
    values = {"X": np.arange(35.0).reshape(7, 5), "y": np.array([0, 1, 1, 3, 0, 0, 2]), "table": table.value}
    found = in_shards(parts, {"X": X, "y": y, "table": table}, values, (3, 4))
    expected = np.zeros((4, 2))
    for label, row in zip(values["y"], values["X"][:, :2], strict=True):
        expected[label] += row
    np.testing.assert_array_equal(found["d"], expected)
    np.testing.assert_array_equal(found["rows"], table.value[values["y"]])


def test_what_is_drawn_for_several_places_of_a_sample_does_not_depend_on_the_shards():
    key = Tensor(np.array([5, 1]), "key")
    node = gates.uniform_like(key, X[:, :4].reshape(-1, 2), stream=1)
    values = {"X": np.zeros((7, 5)), "key": np.array([5, 1])}
    found = in_shards(split({"u": node}, [X]), {"X": X, "key": key}, values, (3, 4))
    np.testing.assert_array_equal(found["u"], gates.uniform_like.forward(key.value, np.zeros((14, 2)), stream=1))


def test_a_program_that_is_made_for_one_size_is_refused():
    with pytest.raises(SplitError, match="does not run with 3 samples"):
        split({"y": X + np.ones((2, 5))}, [X])
