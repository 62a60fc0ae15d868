"""Whole stretches in the numpy engine: the bits of steps taken one by one, and a record of each."""

import numpy as np
import pytest

from program.cases import Case, assert_same_bits
from zanjir.nn import L2
from zanjir.program import Feed, NumpyEngine, labels_from

CASES = [
    Case(optimizer="adam", penalty=L2(0.1), clip=0.5, dropout=0.25),
    Case(loss="hinge", dtype="float32"),
    Case(loss="squared_error", n_outputs=2),
    Case(loss="binary_cross_entropy", n_outputs=1, activation="tanh"),
]
N, BATCH_SIZE, T = 23, 5, 40
RATES = np.linspace(0.1, 0.02, 5)


def feed_of(case):
    batch = case.batch(n=N)
    labels = None if case.loss == "squared_error" else np.random.default_rng(1).integers(0, max(2, case.n_outputs), N)
    return Feed(batch["X"], batch["y"], labels)


def step_by_step(case, feed, order):
    """Take the same steps with the engine's parts, and return what each of them left."""
    engine, rows = NumpyEngine(case.program, case.first_W(), 3), []
    for k, rate in enumerate(RATES):
        indices = order[BATCH_SIZE * k : BATCH_SIZE * (k + 1)]
        batch = engine.batch(len(indices))
        batch.load(feed, indices)
        engine.step(batch, rate, T + k + 1)
        rows.append((indices, {name: np.array(value) for name, value in batch.results.items()}))
    return engine, rows


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.loss)
def test_a_run_has_the_bits_of_its_steps(case):
    feed, order = feed_of(case), np.random.default_rng(2).permutation(N)
    expected, rows = step_by_step(case, feed, order)
    engine = NumpyEngine(case.program, case.first_W(), 3)
    record = engine.run(feed, order, BATCH_SIZE, RATES, T)
    assert_same_bits(engine.W, expected.W)
    assert_same_bits(engine.dW, expected.dW)
    for name, vector in expected.state.items():
        assert_same_bits(engine.state[name], vector, name)
    assert len(record) == len(rows) == 5
    for k, (indices, results) in enumerate(rows):
        assert record.loss[k] == results["loss"]
        assert record.data_loss[k] == results.get("data_loss", results["loss"])
        assert record.penalty[k] == results.get("penalty", 0)
        right = -1 if feed.labels is None else sum(labels_from(results["scores"]) == feed.labels[indices])
        assert record.right[k] == right
    assert (record.loss.dtype, record.right.dtype) == (np.float64, np.int64)


@pytest.mark.parametrize("cut", [1, 2, 4])
def test_no_bit_depends_on_where_a_run_is_cut(cut):
    case = CASES[0]
    feed, order = feed_of(case), np.random.default_rng(2).permutation(N)
    whole, parts = (NumpyEngine(case.program, case.first_W(), 3) for _ in range(2))
    record = whole.run(feed, order, BATCH_SIZE, RATES, 0)
    first = parts.run(feed, order[: cut * BATCH_SIZE], BATCH_SIZE, RATES[:cut], 0)
    rest = parts.run(feed, order[cut * BATCH_SIZE :], BATCH_SIZE, RATES[cut:], cut)
    assert_same_bits(parts.W, whole.W)
    for name in ("loss", "data_loss", "penalty", "right"):
        assert_same_bits(np.append(getattr(first, name), getattr(rest, name)), getattr(record, name), name)


def test_a_run_ends_with_the_first_loss_that_is_not_finite():
    case = Case(loss="squared_error", n_outputs=1, dtype="float32")
    feed = feed_of(case)
    engine = NumpyEngine(case.program, case.first_W())
    record = engine.run(feed, np.arange(N), BATCH_SIZE, np.array([0.1, 1e30, 0.1, 0.1, 0.1]), 0)
    assert len(record) == 3
    assert np.isfinite(record.loss).tolist() == [True, True, False]
    assert engine.key[1] == 3


def test_a_run_of_no_steps_changes_nothing():
    case = Case()
    engine = NumpyEngine(case.program, case.first_W())
    assert len(engine.run(feed_of(case), np.arange(0), BATCH_SIZE, np.zeros(0), 0)) == 0
    assert_same_bits(engine.W, case.first_W())
