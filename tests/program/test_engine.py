"""The numpy engine: what it keeps, what it leaves alone, how much it allocates; and the scorer beside the graph."""

import tracemalloc

import numpy as np
import pytest

from program.cases import Case, assert_same_bits
from zanjir.graph import tensor
from zanjir.nn import L2, LOSSES, convnet, mlp
from zanjir.optim import RMSProp
from zanjir.program import Feed, NumpyEngine, Problem, Scorer, trace_step
from zanjir.program.engine import MOST_BYTES, SIZES_KEPT

# The hidden layer of 784-512-10 with batch 128 takes 262 kB and the gradient 1.6 MB: a single one of them made
# anew would show. What may be made anew is of the size of the scores (5 kB), in the fused loss.
LARGEST_STEP = 100_000
# A step leaves nothing behind but Python's own small caches.
LARGEST_GROWTH = 4_000
# Three times the bound on the nodes of all rows: a gate such as a convolution has arrays of its own beside them.
LARGEST_SCORING = 3 * MOST_BYTES
# The scores of a row do not depend on how many other rows are computed with it, but for the last bits: BLAS adds
# the D products of a row in another order.
OTHER_ROWS = 1e-14


def engine_of(case: Case, seed: int = 0) -> NumpyEngine:
    return NumpyEngine(case.program, case.first_W(), seed)


def take_step(engine: NumpyEngine, batch: dict, t: int):
    places = engine.batch(len(batch["X"]))
    places.load(Feed(**batch), np.arange(len(batch["X"])))
    engine.step(places, 0.1, t)
    return places.results


def large_engine() -> tuple[NumpyEngine, dict]:
    problem = Problem(mlp([512], 10), LOSSES["softmax"], 784, 10, penalty=L2(1e-4))
    rng = np.random.default_rng(0)
    W = problem.layout.flatten(problem.network.init(rng, 784))
    batch = {"X": rng.random((128, 784), dtype=np.float32), "y": rng.integers(0, 10, 128)}
    return NumpyEngine(trace_step(problem, RMSProp()), W), batch


def test_a_step_makes_no_array_of_the_size_of_a_layer_and_keeps_nothing():
    engine, batch = large_engine()
    for t in (1, 2, 3):
        take_step(engine, batch, t)
    tracemalloc.start()
    try:
        start = tracemalloc.get_traced_memory()[0]
        for t in range(4, 24):
            take_step(engine, batch, t)
        now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak - start < LARGEST_STEP
    assert now - start < LARGEST_GROWTH


def test_results_survive_until_the_next_step_of_their_batch_size():
    case = Case()
    engine = engine_of(case)
    results = take_step(engine, case.batch(1), 1)
    kept = {name: value.copy() for name, value in results.items()}
    take_step(engine, case.batch(2, n=3), 2)
    for name, value in kept.items():
        assert_same_bits(results[name], value, name)
    take_step(engine, case.batch(3), 3)
    assert results["loss"] != kept["loss"]


def test_several_batch_sizes_share_one_parameter_vector():
    case, sizes = Case(optimizer="adam"), (7, 3, 7, 1, 3)
    engine = engine_of(case)
    losses = [take_step(engine, case.batch(t, n=n), t)["loss"].item() for t, n in enumerate(sizes, 1)]
    alone = engine_of(case)
    for t, n in enumerate(sizes, 1):
        alone.batches.clear()
        assert take_step(alone, case.batch(t, n=n), t)["loss"].item() == losses[t - 1]
    assert_same_bits(engine.W, alone.W)


def test_only_the_latest_batch_sizes_are_kept():
    case = Case()
    engine = engine_of(case)
    for n in range(1, SIZES_KEPT + 3):
        take_step(engine, case.batch(n=n), 1)
    assert list(engine.batches) == list(range(3, SIZES_KEPT + 3))
    assert engine.batch(4) is engine.batch(4)


def test_engines_of_one_program_know_nothing_of_each_other():
    case = Case(optimizer="adam", dropout=0.25)
    program = case.program
    first, second = (NumpyEngine(program, case.first_W(), seed) for seed in (0, 0))
    untouched = {"W": second.W.copy(), **{name: vector.copy() for name, vector in second.state.items()}}
    alone = [take_step(first, case.batch(t), t)["loss"].item() for t in (1, 2)]
    for name, vector in untouched.items():
        assert_same_bits(second.W if name == "W" else second.state[name], vector, name)
    assert [take_step(second, case.batch(t), t)["loss"].item() for t in (1, 2)] == alone


def test_the_callers_arrays_are_not_written_to():
    case = Case(penalty=L2(0.1), optimizer="adam", clip=0.5, dropout=0.25)
    W, batch = case.first_W(), case.batch()
    copies = {"W": W.copy(), **{name: value.copy() for name, value in batch.items()}}
    engine = NumpyEngine(case.program, W)
    for t in (1, 2):
        take_step(engine, batch, t)
    for name, value in {"W": W, **batch}.items():
        assert_same_bits(value, copies[name], name)
    assert not np.shares_memory(engine.W, W)


def test_the_seed_alone_decides_what_dropout_draws():
    case = Case(dropout=0.5)
    losses = {seed: take_step(engine_of(case, seed), case.batch(), 1)["loss"].item() for seed in (0, 1)}
    assert losses[0] == take_step(engine_of(case, 0), case.batch(), 1)["loss"].item()
    assert losses[0] != losses[1]


def test_a_step_depends_on_its_number_when_something_is_drawn():
    case = Case(dropout=0.5)
    first, second = (take_step(engine_of(case), case.batch(), t)["loss"].item() for t in (1, 2))
    assert first != second


def test_the_statements_that_run_can_be_read():
    statements = engine_of(Case()).batch(7).statements
    assert "np.matmul(X, W1, out=" in statements
    assert "out=dW2)" in statements


LOSS_CASES = [Case(loss=loss, dropout=0.5, n_outputs=2) for loss in LOSSES]


@pytest.mark.parametrize("case", LOSS_CASES, ids=list(LOSSES))
@pytest.mark.parametrize("n", [1, 4, 5, 8, 11])
def test_the_scorer_gives_the_graphs_scores_and_losses_part_by_part(case, n):
    problem, W, batch = case.problem, case.first_W(), case.batch(n=n)
    scores, losses = Scorer(problem, W, rows=4)(**batch)
    for start in range(0, n, 4):
        part = {name: value[start : start + 4] for name, value in batch.items()}
        expected_scores, expected_losses = by_graph(problem, W, part)
        assert_same_bits(scores[start : start + 4], expected_scores)
        assert_same_bits(losses[start : start + 4], expected_losses)
    assert np.allclose(losses, by_graph(problem, W, batch)[1], rtol=OTHER_ROWS, atol=OTHER_ROWS)


def by_graph(problem: Problem, W: np.ndarray, batch: dict):
    """Return scores and losses without dropout, from a graph recorded on the batch."""
    parameters = {name: tensor(value, name) for name, value in problem.layout.views(W).items()}
    scores = problem.network(tensor(batch["X"], "X"), parameters)
    return scores.value, problem.loss.function(scores, batch["y"]).value


def test_the_scorer_reads_the_parameters_at_each_call():
    case = Case()
    W, batch = case.first_W(), case.batch()
    scorer = Scorer(case.problem, W)
    before = scorer(**batch)[0]
    W *= 2
    after = scorer(**batch)[0]
    assert_same_bits(after, by_graph(case.problem, W, batch)[0])
    assert not np.array_equal(before, after)


def test_the_scorer_needs_no_targets_and_takes_no_samples():
    case = Case()
    scorer = Scorer(case.problem, case.first_W(), rows=3)
    batch = case.batch()
    assert_same_bits(scorer(batch["X"])[0], scorer(**batch)[0])
    assert [part.shape for part in scorer(batch["X"][:0])] == [(0, 3), (0,)]


def test_calls_with_other_numbers_of_samples_keep_two_sizes_at_most():
    case = Case()
    scorer = Scorer(case.problem, case.first_W(), rows=4)
    for n in (5, 6, 7, 9, 11):
        scorer(**case.batch(n=n))
    assert sorted(scorer.bound) == [3, 4]


def test_the_scorer_takes_fewer_rows_at_once_where_a_row_needs_much_room():
    """The images between the layers of 1,024 samples would take 800 MB here."""
    convolutional = Problem(convnet((32, 32, 3), [32, 64], [16], 10), LOSSES["softmax"], 3072, 10)
    large = Scorer(convolutional, np.zeros(convolutional.layout.size, np.float32))
    X = np.zeros((200, 3072), np.float32)
    tracemalloc.start()
    try:
        large(X)
        assert tracemalloc.get_traced_memory()[1] < LARGEST_SCORING
    finally:
        tracemalloc.stop()
    dense = Problem(mlp([512], 10), LOSSES["softmax"], 784, 10)
    assert Scorer(dense, np.zeros(dense.layout.size, np.float32)).rows == 1024


@pytest.mark.parametrize("native", [False, True], ids=["numpy", "native"])
def test_an_array_of_the_formula_itself_is_read_by_every_engine(native):
    from zanjir.native.engine import NativeEngine

    knots = np.linspace(-1, 1, 5)
    network = mlp([5], 2, activation=lambda z: np.maximum(z, knots))
    problem = Problem(network, LOSSES["softmax"], 3, 2, dtype=np.float64)
    rng = np.random.default_rng(0)
    W = problem.layout.flatten(network.init(rng, 3))
    X, y = rng.standard_normal((4, 3)), np.array([0, 1, 1, 0])
    engine = (NativeEngine if native else NumpyEngine)(trace_step(problem), W)
    record = engine.run(Feed(X, y), np.arange(4), 4, np.array([0.1]), 0)
    p = problem.layout.views(W)
    scores = np.maximum(X @ p["W1"] + p["b1"], knots) @ p["W2"] + p["b2"]
    expected = np.mean(np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(4), y])
    assert record.loss[0] == pytest.approx(expected, rel=1e-12)  # sums in another order
    assert Scorer(problem, W)(X)[0] == pytest.approx(scores, rel=1e-12)
