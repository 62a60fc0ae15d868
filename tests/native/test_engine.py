"""The native engine against the numpy engine: the same training, whatever is cut, fused or left to NumPy."""

from __future__ import annotations

import copy
import pickle
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from native.compare_engines import differences, same_bits_on_threads
from native.random_networks import case
from zanjir.errors import GraphError, ShapeError
from zanjir.graph import Gate, Tensor, apply
from zanjir.native import NativeEngine, Objective, compiler
from zanjir.native.compiler import host
from zanjir.native.engine import shards_for
from zanjir.native.translation import module_text
from zanjir.nn import L2, LOSSES, Layer, Sequential, convnet, mlp
from zanjir.optim import SGD, Adam, ClipNorm, Optimizer, RMSProp
from zanjir.program import Feed, NumpyEngine, Problem, trace_step

# Relative to the largest number; sums run in another order.
TOLERANCE = {np.float32: 1e-5, np.float64: 1e-12}
DTYPES = [np.float32, np.float64]
NETWORKS = 16


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("seed", range(NETWORKS))
def test_a_random_training_has_the_losses_gradients_and_updates_of_the_numpy_engine(seed: int, dtype: Any) -> None:
    found = differences(case(seed, dtype), seed, shards=1 + seed % 4)
    assert {name: value for name, value in found.items() if not value <= TOLERANCE[dtype]} == {}


@pytest.mark.parametrize("seed", range(100, 100 + NETWORKS))
def test_a_training_has_the_same_bits_on_any_number_of_threads(seed: int) -> None:
    assert same_bits_on_threads(case(seed, DTYPES[seed % 2]), seed, shards=2 + seed % 3)


def problem(hidden: Any = (8,), features: int = 5, outputs: int = 3, **facts: Any) -> Problem:
    return Problem(mlp(list(hidden), outputs), LOSSES["softmax"], features, outputs, dtype=np.float64, **facts)


def training(made: Problem, n: int = 40, seed: int = 0) -> tuple[Any, Feed]:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, made.n_outputs, n)
    X = rng.standard_normal((n, made.in_features)).astype(made.dtype)
    return made.layout.flatten(made.network.init(rng, made.in_features)), Feed(X, labels, labels)


def run(engine: Any, feed: Feed, steps: int, t: int = 0, rate: float = 0.1) -> Any:
    order = np.arange(t * 10, (t + steps) * 10) % len(feed.X)
    return engine.run(feed, order, 10, np.full(steps, rate), t)


def test_the_values_of_parameters_stay_those_of_the_program_over_many_steps() -> None:
    program = trace_step(problem(penalty=L2(0.01)), SGD(), ClipNorm(0.3))
    W, feed = training(program.problem)
    native, numpy = NativeEngine(program, W), NumpyEngine(program, W)
    found, expected = run(native, feed, 200), run(numpy, feed, 200)
    np.testing.assert_allclose(native.W, numpy.W, rtol=0, atol=1e-11)  # 200 steps of rounding
    np.testing.assert_allclose(found.loss, expected.loss, rtol=1e-11)
    np.testing.assert_allclose(found.penalty, expected.penalty, rtol=1e-11)
    assert np.array_equal(found.right, expected.right)


@pytest.mark.parametrize("outputs", [2, 8, 16, 17, 40])
@pytest.mark.parametrize("dtype", DTYPES)
def test_labels_are_right_where_the_highest_score_is_theirs(outputs: int, dtype: Any) -> None:
    made = Problem(mlp([], outputs), LOSSES["softmax"], 5, outputs, dtype=dtype)
    program = trace_step(made, SGD())
    W, feed = training(made, n=200)
    found = NativeEngine(program, W).run(feed, np.arange(200), 100, np.zeros(2), 0)
    scores = feed.X @ W[: 5 * outputs].reshape(5, outputs) + W[5 * outputs :]
    expected = (np.argmax(scores, axis=1) == feed.labels).reshape(2, 100).sum(axis=1)
    assert 0 < expected.sum() < 200
    assert np.array_equal(found.right, expected)


@pytest.mark.parametrize("outputs", [3, 40])
def test_the_first_of_equal_scores_is_the_answer_and_a_label_without_score_is_never_right(outputs: int) -> None:
    made = problem(hidden=(), outputs=outputs)
    W, labels = np.zeros(made.layout.size), np.array([0, 0, 1, 2, outputs, -1, outputs - 1, 0])
    feed = Feed(np.ones((8, 5)), np.zeros(8, int), labels)
    found = NativeEngine(trace_step(made, SGD()), W).run(feed, np.arange(8), 8, np.zeros(1), 0)
    assert found.right.tolist() == [3]


@dataclass(frozen=True)
class Lagged(Optimizer):
    """Each step adds the gradient before: its new state does not need the old one, which W still reads."""

    state_names: ClassVar[tuple[str, ...]] = ("before",)

    def update(self, W: Tensor, dW: Tensor, learning_rate: Tensor, t: Tensor, **state: Tensor) -> dict[str, Tensor]:
        size = (dW**2).sum()  # complete only when all of dW was read
        return {"before": dW, "W": W - learning_rate * (dW + state["before"]) / (1 + size)}


@pytest.mark.parametrize("shards", [1, 2])
def test_a_state_is_overwritten_only_when_nothing_reads_it_any_more(shards: int) -> None:
    program = trace_step(problem(), Lagged(0.1))
    W, feed = training(program.problem)
    native, numpy = NativeEngine(program, W, shards=shards), NumpyEngine(program, W)
    run(native, feed, 6)
    run(numpy, feed, 6)
    np.testing.assert_allclose(native.W, numpy.W, rtol=0, atol=1e-14)
    np.testing.assert_allclose(native.state["before"], numpy.state["before"], rtol=0, atol=1e-14)


def test_stretches_of_any_length_leave_the_same_bits() -> None:
    program = trace_step(problem(), Adam())
    W, feed = training(program.problem)
    at_once, in_parts = NativeEngine(program, W), NativeEngine(program, W)
    whole = run(at_once, feed, 12)
    parts = [run(in_parts, feed, steps, t) for steps, t in ((1, 0), (5, 1), (6, 6))]
    assert at_once.W.tobytes() == in_parts.W.tobytes()
    assert whole.loss.tobytes() == np.concatenate([part.loss for part in parts]).tobytes()


def test_a_loss_that_is_no_finite_number_ends_the_stretch() -> None:
    program = trace_step(problem(), SGD())
    W, feed = training(program.problem)
    record = run(NativeEngine(program, W, shards=2), feed, 20, rate=1e300)
    assert 0 < len(record) < 20
    assert np.isfinite(record.loss[:-1]).all()
    assert not np.isfinite(record.loss[-1])


def test_small_losses_keep_their_digits_in_float32() -> None:
    made = Problem(mlp([], 3), LOSSES["softmax"], 3, 3)
    program = trace_step(made, SGD())
    W = made.layout.flatten({"W1": 12 * np.eye(3, dtype=np.float32), "b1": np.zeros(3, np.float32)})
    feed = Feed(np.eye(3, dtype=np.float32), np.arange(3), np.arange(3))
    loss = NativeEngine(program, W).run(feed, np.arange(3), 3, np.array([0.1]), 0).loss[0]
    assert loss == pytest.approx(np.log1p(2 * np.exp(-12)), rel=TOLERANCE[np.float32])


@dataclass(frozen=True)
class Twisted(Layer):
    """A layer with a gate that no table knows; its rule fails where ``fails`` is set."""

    fails: bool = False

    def __call__(self, x: Tensor, parameters: Any, key: Tensor | None = None, stream: int = 0) -> Tensor:
        return apply(FAILING if self.fails else TWIST, x)


# What the failing gate raises, once a test has put it here: after the program was bound, which runs the gate too.
RAISED: list[BaseException] = []


def failing(x: Any) -> Any:
    if RAISED:
        raise RAISED[0]
    return x


TWIST = Gate(
    "twist", "(n,c)->(n,c)", lambda x: x[:, ::-1] + 1, (lambda g, y, x: apply(TWIST, g) - 1,), "({0}[:, ::-1] + 1)", "t"
)
FAILING = Gate("failing", "(n,c)->(n,c)", failing, (lambda g, y, x: g,), "f({0})", "f")


def twisted(*, fails: bool) -> tuple[Any, Any, Feed]:
    layers = list(mlp([6], 3).layers)
    made = Problem(Sequential((*layers, Twisted(fails))), LOSSES["softmax"], 5, 3, dtype=np.float64)
    W, feed = training(made)
    return trace_step(made, SGD()), W, feed


def test_a_gate_without_native_form_runs_in_numpy_and_is_named() -> None:
    program, W, feed = twisted(fails=False)
    native, numpy = NativeEngine(program, W), NumpyEngine(program, W)
    run(native, feed, 5)
    run(numpy, feed, 5)
    assert native.fallbacks == ("twist",)
    np.testing.assert_allclose(native.W, numpy.W, rtol=0, atol=1e-13)


@pytest.mark.parametrize(
    ("error", "message"), [(ValueError("this gate fails"), "this gate fails"), (KeyboardInterrupt(), None)]
)
def test_what_a_gate_raises_in_numpy_is_raised_once(
    error: BaseException, message: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, W, feed = twisted(fails=True)
    engine = NativeEngine(program, W)
    run(engine, feed, 1)
    monkeypatch.setitem(globals(), "RAISED", [error])
    with pytest.raises(type(error), match=message):
        run(engine, feed, 5)
    monkeypatch.undo()
    assert len(run(engine, feed, 5)) == 5


def test_networks_of_the_field_leave_no_gate_to_numpy() -> None:
    for network, features in (
        (mlp([7, 6], 3, activation="tanh", dropout=0.2, norm="batch"), 5),
        (convnet((6, 6, 1), [2], [4], 3, norm="layer"), 36),
    ):
        made = Problem(network, LOSSES["softmax"], features, 3)
        W, feed = training(made)
        engine = NativeEngine(trace_step(made, Adam()), W)
        engine.run(feed, np.arange(40), 10, np.full(4, 0.01), 0)
        assert engine.fallbacks == ()


def test_batch_normalization_runs_in_one_shard() -> None:
    made = Problem(mlp([7], 3, norm="batch"), LOSSES["softmax"], 5, 3)
    W, feed = training(made)
    engine = NativeEngine(trace_step(made, SGD()), W, shards=4)
    engine.run(feed, np.arange(40), 10, np.full(4, 0.01), 0)
    assert {len(variant.shards) for variant in engine.variants.values()} == {1}
    assert "one shard: the batch cannot be split" in engine.description


def test_a_later_batch_may_be_cut_for_more_threads() -> None:
    made = problem([6])
    W, feed = training(made, 60)
    engine = NativeEngine(trace_step(made, SGD()), W, shards=3, threads=3)
    for size in (1, 2, 3, 12):  # one, two and three shards
        engine.run(feed, np.arange(size), size, np.array([0.01]), 0)
    assert [len(engine.variants[size].shards) for size in (1, 2, 3, 12)] == [1, 2, 3, 3]


def test_a_second_training_of_the_same_kind_compiles_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    program = trace_step(problem([9]), Adam())
    W, feed = training(program.problem)
    run(NativeEngine(program, W), feed, 3)
    monkeypatch.setattr(compiler, "_compile", pytest.fail)
    other = trace_step(problem([13], features=7), Adam(0.5))
    W, feed = training(other.problem)
    assert len(run(NativeEngine(other, W), feed, 3)) == 3


def test_what_is_too_small_for_full_precision_counts_as_zero() -> None:
    if not host().triple.startswith("x86_64"):
        pytest.skip("other processors take such numbers at full speed, and keep them")
    made = Problem(mlp([], 2), LOSSES["softmax"], 2, 2)
    W, feed = training(made, 10)
    engine = NativeEngine(trace_step(made, RMSProp()), W)
    engine.state["v"][...] = 1e-39
    still = Feed(np.zeros_like(feed.X), feed.y, feed.labels)  # no gradient reaches W1, whose v only decays
    engine.run(still, np.arange(10), 10, np.array([0.1]), 0)
    assert not engine.state["v"][:4].any()
    assert np.float32(1e-39) * np.float32(0.5) > 0  # the caller's arithmetic is as it was


def test_the_callers_blas_threads_come_back() -> None:
    def threads() -> list[int]:
        return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]

    program = trace_step(problem(), SGD())
    W, feed = training(program.problem)
    before = threads()
    run(NativeEngine(program, W), feed, 2)
    assert threads() == before


def step_texts(hidden: int, features: int, n: int) -> list[str]:
    """The texts of a training's program."""
    made = problem([hidden], features)
    engine = NativeEngine(trace_step(made, RMSProp()), training(made, n)[0])
    variant = engine.variant(n)
    return [module_text(part.translation) for part in (variant.shards[0]["part"], *variant.parts)]


def test_the_text_of_a_program_holds_no_sizes() -> None:
    assert step_texts(8, 5, 12) == step_texts(31, 17, 40)
    assert len("".join(step_texts(8, 5, 12))) > 10_000


def test_hyperparameters_stand_in_no_text() -> None:
    texts = []
    for rho in (0.9, 0.7):
        made = problem()
        engine = NativeEngine(trace_step(made, RMSProp(rho=rho)), training(made)[0])
        texts.append(module_text(engine.variant(4).parts[0].translation))
    assert texts[0] == texts[1]


def test_the_number_of_shards_follows_from_sizes_alone() -> None:
    assert [shards_for(n, 407_050) for n in (1, 15, 16, 128, 1024)] == [1, 1, 2, 2, 8]
    assert shards_for(8_000, 15_910) == 62
    assert shards_for(10_000_000, 4) == 64
    assert shards_for(32, 2_410) == 1


@pytest.mark.parametrize("shards", [1, 3])
def test_an_objective_has_the_loss_and_gradient_of_the_program(shards: int) -> None:
    made = problem([4], penalty=L2(0.1))
    W, feed = training(made, 21)
    objective = Objective(made, feed.X, feed.y, shards=shards)
    engine = NumpyEngine(trace_step(made), W)
    batch = engine.batch(21)
    batch.X[...], batch.y[...] = feed.X, feed.y
    for factor in (1.0, -0.5):
        engine.W[...] = factor * W
        batch.run()
        loss, gradient = objective(factor * W)
        assert loss == pytest.approx(float(batch.results["loss"]), rel=1e-13)
        np.testing.assert_allclose(gradient, engine.dW, rtol=0, atol=1e-14)
    differences_of = [(objective(W + step)[0] - objective(W - step)[0]) / 2e-5 for step in 1e-5 * np.eye(len(W))[:10]]
    np.testing.assert_allclose(objective(W)[1][:10], differences_of, atol=1e-8)  # central differences of step 1e-5


@pytest.mark.parametrize(
    ("X", "y", "weights", "wrong"),
    [
        ((6, 4), 6, 6, r"X has shape \(6, 4\), expected \(6, 5\)"),
        (6, 6, 6, r"X has shape \(6,\), expected \(6, 5\)"),
        ((0, 5), 0, 0, r"X has shape \(0, 5\), expected \(1, 5\)"),
        ((6, 5), 5, 6, r"y has shape \(5,\), expected \(6,\)"),
        ((6, 5), (6, 3), 6, r"y has shape \(6, 3\), expected \(6,\)"),
        ((6, 5), 6, 7, r"weights has shape \(7,\), expected \(6,\)"),
    ],
)
def test_an_objective_of_samples_of_other_shapes_is_refused(X: Any, y: Any, weights: Any, wrong: str) -> None:
    with pytest.raises(ShapeError, match=wrong):
        Objective(problem(), np.zeros(X), np.zeros(y, int), weights=np.ones(weights))


def test_an_objective_at_a_vector_of_another_length_is_refused() -> None:
    objective = Objective(problem(), np.zeros((6, 5)), np.zeros(6, int))
    for W in (np.zeros(74), np.zeros(()), np.zeros((75, 1))):
        with pytest.raises(ShapeError, match=r"W has shape \(.*expected \(75,\): "):
            objective(W)


@pytest.mark.parametrize("kind", [NativeEngine, NumpyEngine])
def test_an_engine_is_neither_copied_nor_pickled(kind: Any) -> None:
    program = trace_step(problem(), SGD())
    engine = kind(program, training(program.problem)[0])
    for copied in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(GraphError, match="cannot be copied or pickled, as"):
            copied(engine)


def test_a_single_sample_with_any_stride_is_copied_by_its_size() -> None:
    made = Problem(mlp([], 2), LOSSES["softmax"], 3, 2, dtype=np.float64)
    W, _ = training(made)
    X = np.arange(4000.0).reshape(1000, 4)[:1, :3]
    X = np.lib.stride_tricks.as_strided(X, strides=(8_000_000, 8))
    feed = Feed(X, np.array([1]), np.array([1]))
    native, numpy = (kind(trace_step(made, SGD()), W) for kind in (NativeEngine, NumpyEngine))
    for engine in (native, numpy):
        engine.run(feed, np.array([0]), 1, np.array([0.1]), 0)
    np.testing.assert_allclose(native.W, numpy.W, rtol=0, atol=1e-14)


def test_other_targets_of_the_same_inputs_are_read() -> None:
    program = trace_step(problem(), SGD())
    W, feed = training(program.problem)
    other = Feed(feed.X, (feed.y + 1) % 3, (feed.labels + 1) % 3)  # type: ignore[operator]
    native, numpy = NativeEngine(program, W), NumpyEngine(program, W)
    for given in (feed, other):
        np.testing.assert_allclose(run(native, given, 2).loss, run(numpy, given, 2).loss, rtol=1e-12)


def test_a_loss_that_is_no_number_in_a_smaller_last_batch_ends_all_threads() -> None:
    program = trace_step(problem(), SGD())
    W, feed = training(program.problem, 193)
    feed.X[-1] = np.nan
    engine = NativeEngine(program, W, shards=2, threads=2)
    record = engine.run(feed, np.arange(193), 32, np.full(7, 0.1), 0)
    assert len(record) == 7
    assert not np.isfinite(record.loss[-1])


def test_an_interrupt_before_the_loop_leaves_no_thread_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    program = trace_step(problem(), SGD())
    W, feed = training(program.problem)
    engine = NativeEngine(program, W, shards=2, threads=2)
    drive, calls = engine.loop.drive, []

    def interrupted(job: int, thread: int) -> None:
        if thread == 0 and not calls:
            calls.append(thread)
            raise KeyboardInterrupt
        drive(job, thread)

    monkeypatch.setattr(engine.loop, "drive", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(engine, feed, 3)
    engine.W[...] = W
    assert run(engine, feed, 3).loss.tobytes() == run(NativeEngine(program, W, shards=2), feed, 3).loss.tobytes()
