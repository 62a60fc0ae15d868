"""The loop: batch, stochastic and mini-batch descent are one; the same seed gives the same bits."""

import dataclasses
import math
import re
from contextlib import suppress

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from training.problems import model, numbers, plan, points, problem, same_bits, trained, trainer
from zanjir.errors import DataError, NonFiniteError, ParameterError, ShapeError
from zanjir.optim import SCHEDULES, SGD, Adam, ClipNorm, Constant, Cosine
from zanjir.training import Plan, Samples, Trainer

# The order of the additions differs between a matrix product and the loop of the engine: a few units in the last place.
A_FEW_ROUNDINGS = 1e-13


def blas_threads():
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


def softmax_gradient(X, y, W, b):
    """The slide's gradient of the mean cross-entropy, without a graph."""
    scores = X @ W + b
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    p[np.arange(len(y)), y] -= 1
    return np.concatenate([(X.T @ p / len(y)).ravel(), p.mean(axis=0)])


def seen_indices(one):
    """Train, and return for each step which samples it learned from."""
    seen, step = [], one.step
    one.step = lambda epoch, indices: seen.append(indices.tolist()) or step(epoch, indices)
    list(one)
    return seen


def test_one_batch_of_all_samples_is_the_full_gradient_step():
    one = Trainer(problem(dtype=np.float64), plan(batch_size=20, epochs=1), points(), n_classes=2)
    before = one.W.copy()
    (step,) = one
    X, y = one.samples.X, one.samples.y
    by_hand = before - 0.1 * softmax_gradient(X, y, before[:6].reshape(3, 2), before[6:])
    assert step.samples == 20
    assert np.abs(one.W - by_hand).max() < A_FEW_ROUNDINGS
    assert np.abs(one.W - before).max() > 0.001


@pytest.mark.parametrize("batch_size", [1, 6, 7, 20])
def test_every_batch_size_follows_the_slides_step_by_step(batch_size):
    one = Trainer(problem(dtype=np.float64), plan(batch_size=batch_size, epochs=2), points(), n_classes=2)
    W = one.W.copy()
    for indices in seen_indices(one):
        W -= 0.1 * softmax_gradient(one.samples.X[indices], one.samples.y[indices], W[:6].reshape(3, 2), W[6:])
    assert np.abs(one.W - W).max() < A_FEW_ROUNDINGS


def test_a_batch_larger_than_the_data_is_all_of_them():
    assert same_bits(trained(batch_size=20).W, trained(batch_size=500).W)


@pytest.mark.parametrize("batch_size", [1, 3, 6, 19, 20, 21])
def test_each_sample_is_seen_once_per_epoch_and_the_last_batch_has_the_rest(batch_size):
    one = trainer(batch_size=batch_size)
    seen, n = seen_indices(one), math.ceil(20 / batch_size)
    assert len(seen) == 3 * n == one.n_steps == one.t
    for epoch in range(3):
        of_epoch = seen[epoch * n : (epoch + 1) * n]
        assert sorted(index for batch in of_epoch for index in batch) == list(range(20))
        assert [len(batch) for batch in of_epoch[:-1]] == [batch_size] * (n - 1)
    assert seen[:n] != seen[n : 2 * n] or batch_size >= 20


def test_it_yields_after_each_step_what_the_history_holds():
    one = trainer()
    for count, step in enumerate(one, start=1):
        assert (one.t, step.t, step.epoch) == (count, count, (count - 1) // 4 + 1)
        assert one.history.steps[-1] == dataclasses.replace(step, epoch_end=None)
        assert (step.epoch_end is not None) == (count % 4 == 0)
        assert step.samples == (2 if count % 4 == 0 else 6)
    assert one.finished
    assert list(one) == []


@pytest.mark.parametrize("stops", [[1], [4], [5, 8], [3, 4, 11]])
def test_stopping_to_iterate_and_iterating_again_goes_on(stops):
    one = trainer((5,), dropout=0.3)
    for stop in stops:
        for step in one:
            if step.t == stop:
                break
    list(one)
    whole = trained((5,), dropout=0.3)
    assert same_bits(one.W, whole.W)
    assert [step.loss for step in one.history.steps] == [step.loss for step in whole.history.steps]
    assert len(one.history.epochs) == 3


@pytest.mark.parametrize("dropout", [0, 0.4])
def test_the_same_seed_gives_the_same_bits_and_another_seed_others(dropout):
    one, again, other = (trained((5,), dropout=dropout, seed=seed) for seed in (3, 3, 4))
    assert same_bits(one.W, again.W)
    assert not same_bits(one.W, other.W)


def test_dropout_draws_anew_at_every_step():
    one = trainer((50,), dropout=0.5, optimizer=SGD(1e-300), batch_size=20)  # so small a step changes nothing
    assert len({step.loss for step in one}) == 3


def wide_training():
    rng = np.random.default_rng(0)
    samples = Samples(rng.standard_normal((512, 200)).astype(np.float32), rng.integers(0, 10, 512))
    wide = problem((256,), 200, 10)
    one = Trainer(wide, Plan(batch_size=256, epochs=2), samples, n_classes=10, validation=samples)
    list(one)
    return one


def test_the_callers_number_of_blas_threads_changes_no_bit():
    results = []
    for threads in (1, 2):
        with threadpool_limits(limits=threads, user_api="blas"):
            results.append(wide_training())
    one, two = results
    assert same_bits(one.W, two.W)
    assert [e.validation_loss for e in one.history.epochs] == [e.validation_loss for e in two.history.epochs]


def leave_at_the_end(one):
    list(one)


def leave_by_break(one):
    for _ in one:
        break


def leave_by_an_error(one):
    one.judge = {}.__getitem__  # KeyError (an Epoch is no key of it) at the end of the first epoch
    with pytest.raises(KeyError):
        list(one)


def leave_by_an_error_of_the_callers(one):
    with suppress(KeyError):
        for _ in one:
            raise KeyError


def leave_by_a_bad_number(one):
    one.engine.W[:] = np.nan
    with pytest.raises(NonFiniteError):
        list(one)


@pytest.mark.parametrize(
    "leave",
    [leave_at_the_end, leave_by_break, leave_by_an_error, leave_by_an_error_of_the_callers, leave_by_a_bad_number],
)
def test_blas_has_one_thread_in_the_loop_and_the_callers_after_it(leave):
    one, inside = trainer(), []
    step = one.step
    one.step = lambda *given: inside.append(blas_threads()) or step(*given)
    with threadpool_limits(limits=2, user_api="blas"):
        leave(one)
        assert blas_threads() == {2}
    assert inside[0] == {1}


def test_the_schedule_reaches_the_engine():
    one = trainer(schedule=Cosine(), optimizer=SGD(0.2))
    rates, step = [], one.engine.step
    one.engine.step = lambda batch, rate, t: rates.append(rate) or step(batch, rate, t)
    steps = list(one)
    expected = [0.2 * (1 + math.cos(math.pi * k / 12)) / 2 for k in range(12)]
    assert rates == pytest.approx(expected, rel=A_FEW_ROUNDINGS)
    assert rates == [step.learning_rate for step in steps]


@pytest.mark.parametrize("name", SCHEDULES)
def test_every_schedule_is_asked_for_every_step(name):
    schedule = SCHEDULES[name](warmup=0.2)
    steps = list(trainer(schedule=schedule))
    assert [step.learning_rate for step in steps] == [0.1 * schedule(t, 12) for t in range(1, 13)]
    assert not same_bits(trained(schedule=schedule).W, trained(schedule=Constant()).W)


def test_clipping_reaches_the_engine():
    one = trainer(clip=ClipNorm(0.01), optimizer=SGD(1.0))
    for _ in range(3):
        before = one.W.copy()
        next(iter(one))
        assert np.linalg.norm(one.W - before) == pytest.approx(0.01, rel=A_FEW_ROUNDINGS)
    assert same_bits(trained(clip=ClipNorm(1e9)).W, trained().W)


def test_a_regression_learns_the_numbers():
    samples = numbers(60, k=2)
    one = Trainer(
        problem(k=2, loss="squared_error"), plan(epochs=60), samples, n_classes=0, validation=numbers(60, k=2)
    )
    list(one)
    last = one.history.epochs[-1]
    assert last.validation_r2 > 0.95
    assert math.isnan(last.accuracy)
    assert math.isnan(last.validation_accuracy)


LOSS_SENTENCE = re.compile(
    r"^the loss is (nan|inf) at step (\d+) \(epoch (\d+)\) with learning rate 1e\+60; expected a finite number\. "
    r"Try a smaller learning rate, or clip the gradient\. It began in the update of step \d+ at W1\[0, 0\]: multiply: "
)


def test_a_loss_that_is_no_number_stops_the_training_with_its_place():
    one = Trainer(problem((4,), k=1, loss="squared_error"), plan(optimizer=SGD(1e60)), numbers(), n_classes=0)
    with pytest.raises(NonFiniteError) as caught:
        list(one)
    found = LOSS_SENTENCE.match(str(caught.value))
    assert int(found[2]) == one.t + 1 == len(one.history.steps) + 1
    assert (int(found[3]), one.history.epochs) == (1, [])


def test_parameters_that_are_no_numbers_after_the_last_step_are_reported():
    one = trainer(optimizer=SGD(1e308), batch_size=20, epochs=1)
    one.samples.X[:] *= 1e10
    with pytest.raises(NonFiniteError, match=r"^the parameters are no finite numbers after step 1 \(epoch 1\)"):
        list(one)


def test_a_validation_loss_that_is_no_number_is_reported():
    huge = numbers()
    far = Samples(huge.X * 1e30, huge.y)
    one = Trainer(problem(k=1, loss="squared_error"), plan(), huge, n_classes=0, validation=far)
    with pytest.raises(NonFiniteError, match=r"^the loss on 20 samples is inf, expected a finite number"):
        list(one)


@pytest.mark.parametrize(
    ("samples", "error", "sentence"),
    [
        (lambda: Samples(np.ones(3), np.zeros(3)), ShapeError, r"X is \(3,\) and y is \(3,\)"),
        (lambda: Samples(np.ones((3, 2)), np.zeros(4)), ShapeError, r"X is \(3, 2\) and y is \(4,\)"),
        (lambda: Samples(np.ones((0, 2)), np.zeros(0)), ShapeError, "N >= 1"),
        (lambda: Samples(np.ones((3, 2)), np.zeros(3, int)), ShapeError, r"X is \(3, 2\), expected \(N, 3\)"),
        (lambda: Samples(np.ones((3, 3)), np.array([0, 1, 2])), DataError, r"y\[2\] is 2, expected .* \[0, 2\)"),
        (lambda: Samples(np.ones((3, 3)), np.array([0, -1, 1])), DataError, r"y\[1\] is -1"),
        (lambda: Samples(np.ones((3, 3)), np.array([0, 0.5, 1])), DataError, "float64 data, expected labels"),
        (lambda: Samples(np.ones((3, 3)), np.zeros((3, 2), int)), ShapeError, r"y is \(3, 2\)"),
    ],
)
def test_samples_that_do_not_fit_are_refused_before_the_first_step(samples, error, sentence):
    with pytest.raises(error, match=sentence):
        Trainer(problem(), plan(), samples(), n_classes=2)


def test_validation_that_does_not_fit_is_refused_before_the_first_step():
    with pytest.raises(DataError, match=r"y\[0\] is 7"):
        Trainer(problem(), plan(), points(), n_classes=2, validation=Samples(np.ones((1, 3)), np.array([7])))


def test_targets_of_another_width_are_refused():
    with pytest.raises(ShapeError, match=r"y is \(20, 2\); expected \(N, 1\)"):
        Trainer(problem(k=1, loss="squared_error"), plan(), numbers(k=2), n_classes=0)


@pytest.mark.parametrize(
    "facts",
    [{"batch_size": 0}, {"batch_size": 2.5}, {"epochs": 0}, {"epochs": 1.5}, {"seed": -1}, {"seed": 0.5},
     {"patience": 0}, {"patience": 1.5}, {"patience": "2"}, {"batch_size": True}],
)  # fmt: skip
def test_a_plan_refuses_what_cannot_be_done(facts):
    (name,) = facts
    with pytest.raises(ParameterError, match=rf"^Plan: {name} must be .*{re.escape(repr(facts[name]))}\.$"):
        Plan(**facts)


def validated(validation, **facts):
    one = trainer((5,), validation=validation, **facts)
    list(one)
    return one


def test_validation_data_are_measured_and_never_learned_from():
    right = points(30, seed=5)
    wrong = Samples(right.X, 1 - right.y)
    with_right, with_wrong, without = validated(right), validated(wrong), validated(None)
    assert same_bits(with_right.W, with_wrong.W)
    assert same_bits(with_right.W, without.W)
    rows = zip(with_right.history.epochs, with_wrong.history.epochs, strict=True)
    for one, other in rows:
        assert one.validation_accuracy == pytest.approx(1 - other.validation_accuracy)
        assert (one.loss, one.accuracy) == (other.loss, other.accuracy)
    assert math.isnan(without.history.epochs[-1].validation_loss)


def test_the_validation_loss_has_no_penalty_and_no_dropout():
    one = validated(points(30, seed=5), dropout=0.5)
    found = model((5,), k=2, dtype=np.float64)
    judged = dataclasses.replace(found, W=one.W, classes=("a", "b")).evaluate(one.validation.X, one.validation.y)
    assert judged.loss == pytest.approx(one.history.epochs[-1].validation_loss, rel=A_FEW_ROUNDINGS)


def overfitting(patience):
    """Six points with labels of chance, and sixty others: what is learned is of no use, so validation soon rises."""
    rng = np.random.default_rng(2)
    learn = Samples(rng.standard_normal((12, 8)), np.arange(12) % 2)
    watch = Samples(rng.standard_normal((60, 8)), np.arange(60) % 2)
    rules = plan(optimizer=Adam(0.01), epochs=60, batch_size=12, patience=patience)
    return Trainer(problem((20,), 8, dtype=np.float64), rules, learn, n_classes=2, validation=watch)


@pytest.mark.parametrize("patience", [1, 2, 5])
def test_early_stopping_stops_after_its_patience_and_keeps_the_best_parameters(patience):
    one, after_epoch = overfitting(patience), {}
    for step in one:
        if step.epoch_end:
            after_epoch[step.epoch] = one.engine.W.copy()
    losses = one.history.column("validation_loss")
    assert one.best_epoch == losses.argmin() + 1
    assert one.best_loss == losses.min()
    assert len(losses) == one.best_epoch + patience < 60
    assert one.stopped_early
    assert one.finished
    assert same_bits(one.W, after_epoch[one.best_epoch])
    assert not same_bits(one.W, one.engine.W)


def test_without_patience_the_last_parameters_are_kept():
    one = overfitting(None)
    list(one)
    assert (one.t, one.best_W, one.stopped_early) == (60, None, False)
    assert one.W is one.engine.W


def test_patience_needs_validation_data():
    with pytest.raises(ParameterError, match="patience is 2, which needs validation data; got none"):
        trainer(patience=2)
