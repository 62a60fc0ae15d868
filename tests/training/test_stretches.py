"""Many steps at once: the same training as step by step, wherever the stretches are cut."""

import dataclasses
import re

import numpy as np
import pytest

from training.problems import Compiled, numbers, plan, points, problem, same_bits, trained, trainer
from zanjir.errors import NonFiniteError
from zanjir.nn import BatchNorm, Linear, Sequential
from zanjir.optim import SGD, Adam, Constant, Cosine, Momentum
from zanjir.training import Callback, Samples, Steps, Trainer, fit
from zanjir.training import trainer as trainer_module

FACTS = {"optimizer": Adam(0.05), "schedule": Cosine(warmup=0.1), "dropout": 0.3, "patience": 2, "epochs": 9}


def new(**facts):
    return trainer((5,), validation=points(9, seed=4), **{**FACTS, **facts})


def cut_to(one, n):
    """Let stretches be of ``n`` steps, where the epoch has so many left."""
    one.pace = lambda steps, seconds: n
    return one


def without_seconds(history):
    arrays = history.arrays()
    return np.hstack([arrays["history.steps"].ravel(), arrays["history.epochs"][:, :-1].ravel()])


def assert_same_training(one, two):
    assert (one.t, one.best_epoch, one.best_loss, one.stopped_early) == (
        two.t, two.best_epoch, two.best_loss, two.stopped_early,
    )  # fmt: skip
    assert same_bits(one.W, two.W)
    assert same_bits(one.engine.W, two.engine.W)
    assert all(same_bits(one.engine.state[name], two.engine.state[name]) for name in one.engine.state)
    assert same_bits(without_seconds(one.history), without_seconds(two.history))


@pytest.mark.parametrize("n", [1, 2, 3, 4, 1000])
def test_no_bit_depends_on_where_stretches_are_cut(n):
    one, steps = new(), new()
    list(steps)
    lengths = [len(stretch) for stretch in cut_to(one, n).stretches()]
    assert_same_training(one, steps)
    rest = [n] * (4 // n) + [4 % n] * (4 % n > 0)
    assert lengths[-len(rest) :] == [min(4, length) for length in rest]


def test_stretches_yield_every_step_once_and_close_their_epochs():
    one, found = trainer(), []
    for stretch in one.stretches():
        found += list(stretch)
        assert (one.t, len(one.history.steps)) == (stretch[-1].t, stretch[-1].t)
        assert (stretch.epoch_end is not None) == (one.t % 4 == 0)
        assert stretch[-1].epoch_end is stretch.epoch_end
    singles = list(trainer())
    for step, single in zip(found, singles, strict=True):
        assert dataclasses.replace(step, epoch_end=None) == dataclasses.replace(single, epoch_end=None)
    assert [step.samples for step in found] == [6, 6, 6, 2] * 3


def test_stepping_and_stretches_can_take_turns():
    one, whole = new(patience=None), new(patience=None)
    list(whole)
    for step in one:
        if step.t == 2:
            break
    for stretch in cut_to(one, 3).stretches():
        if stretch[-1].t > 9:
            break
    list(one)
    assert_same_training(one, whole)


@pytest.mark.parametrize("t", [1, 2, 4, 7, 11])
def test_a_restored_training_goes_on_in_stretches_to_the_same_bits(t):
    half, rest, whole = (cut_to(new(patience=None), 3) for _ in range(3))
    for stretch in half.stretches():
        if stretch[-1].t >= t:
            break
    rest.restore(*half.state())
    for one in (rest, whole):
        list(one.stretches())
    assert_same_training(rest, whole)


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_a_stretch_that_is_broken_off_is_taken_back(error):
    one = cut_to(new(), 4)
    run = one.engine.run

    def broken(feed, order, batch_size, rates, t):
        record = run(feed, order, batch_size, rates, t)
        if t == 12:
            raise error
        return record

    one.engine.run = broken
    with pytest.raises(error):
        list(one.stretches())
    assert (one.t, len(one.history.steps)) == (12, 12)
    one.engine.run = run
    list(one.stretches())
    whole = new()
    list(whole)
    assert_same_training(one, whole)


def test_rows_of_a_stretch_that_cannot_be_written_down_are_taken_back():
    one = cut_to(new(), 4)
    run = one.engine.run
    one.engine.run = lambda *given: dataclasses.replace(run(*given), penalty=np.zeros(3))
    with pytest.raises(ValueError, match="broadcast"):
        fit(one)
    one.engine.run = run
    list(one.stretches())
    whole = new()
    list(whole)
    assert_same_training(one, whole)


@pytest.mark.parametrize(("seconds", "n"), [(0.1, 3), (0.05, 6), (1e-6, 300_000), (5.0, 1), (0.0, None)])
def test_the_next_stretch_takes_a_tenth_of_a_second_by_the_time_of_the_last(seconds, n):
    one = trainer()
    steps = Steps(list(one)[:3])  # 18 samples
    assert one.pace(steps, seconds) == n if n else one.pace(steps, seconds) > 10**6


def test_a_last_partial_batch_is_no_measure_of_the_others():
    one = trainer(batch_size=18)
    full, partial = list(one)[:2]
    assert (full.samples, partial.samples) == (18, 2)
    assert one.pace(Steps([full]), 0.01) == 10
    assert one.pace(Steps([partial]), 0.01) == 1


# numbers that stop being finite


class Explodes(Constant):
    at, far = 9, 1e60

    def __call__(self, t, n_steps):
        return 1.0 if t < self.at else self.far


class ExplodesInTheLast(Explodes):
    at = 12


def regression(**facts):
    one = problem((4,), k=1, loss="squared_error")
    return Trainer(one, plan(batch_size=5, **{"optimizer": SGD(1e-3), **facts}), numbers(), n_classes=0)


def given_far_numbers():
    one = regression()
    one.engine.W[3] = np.nan
    return one


def told(run):
    with pytest.raises(NonFiniteError) as caught:
        list(run)
    return str(caught.value)


@pytest.mark.parametrize("n", [1, 2, 3, 4])
@pytest.mark.parametrize(
    "make",
    [
        lambda: regression(optimizer=SGD(1e10)),
        lambda: regression(schedule=Explodes()),
        lambda: regression(schedule=ExplodesInTheLast()),
        lambda: regression(schedule=Explodes(), optimizer=Momentum(1e-3)),
        given_far_numbers,
    ],
    ids=["loss", "update", "end of the epoch", "state", "given"],
)
def test_stretches_tell_of_a_bad_number_what_single_steps_tell(make, n):
    one, steps = cut_to(make(), n), make()
    assert told(one.stretches()) == told(steps)
    assert (one.t, len(one.history.steps)) == (steps.t, len(steps.history.steps))
    np.testing.assert_array_equal(without_seconds(one.history), without_seconds(steps.history))


def test_the_cause_is_found_in_the_step_before_the_stretch_that_noticed():
    sentence = told(cut_to(regression(schedule=Explodes()), 1).stretches())
    assert sentence.startswith("the loss is nan at step 10 (epoch 3)")
    assert "It began in the update of step 9 at W1[0, 0]: multiply: " in sentence


def test_another_engine_is_looked_into_with_numpy(monkeypatch):
    expected = told(regression(schedule=Explodes()))
    monkeypatch.setattr("zanjir.training.engines.native_engine", Compiled)
    one = regression(schedule=Explodes(), engine="native")
    one.engine.batch = None  # no part of another engine but its run is used
    monkeypatch.setattr(Compiled, "run", without_parts)
    assert told(one.stretches()) == expected


def without_parts(self, feed, order, batch_size, rates, t):
    """Run on an inner engine of its own, as one does whose parts are compiled."""
    if not hasattr(self, "inner"):
        self.inner = trainer_module.engine_for(self.program, self.W, plan(engine="numpy"), 1)
    self.inner.W[...] = self.W
    record = self.inner.run(feed, order, batch_size, rates, t)
    self.W[...] = self.inner.W
    return record


# callbacks


class Listener(Callback):
    """Hears of stretches; stops where it is told to."""

    def __init__(self, stop=None):
        self.heard, self.stop = [], stop

    def on_stretch_end(self, trainer, steps):
        assert isinstance(steps, Steps)
        assert trainer.t == steps[-1].t
        self.heard.append((steps[0].t, steps[-1].t))
        return self.heard[-1] == self.stop

    def on_epoch_end(self, trainer, epoch):
        self.heard.append(epoch.epoch)


class EachStep(Callback):
    def __init__(self):
        self.heard = []

    def on_step_end(self, trainer, step):
        assert trainer.t == step.t
        self.heard.append(step.t)


def test_a_callback_hears_of_stretches_and_of_the_epochs_they_end():
    listener = Listener()
    fit(cut_to(trainer(), 4), [listener])
    assert listener.heard == [(1, 1), (2, 4), 1, (5, 8), 2, (9, 12), 3]


def test_a_callback_that_wants_each_step_makes_the_training_go_step_by_step():
    listener, each = Listener(), EachStep()
    one = cut_to(trainer(), 4)
    fit(one, [listener, each])
    assert each.heard == list(range(1, 13))
    assert [heard for heard in listener.heard if isinstance(heard, tuple)] == [(t, t) for t in range(1, 13)]
    assert same_bits(one.W, trained().W)


def test_a_hook_put_on_a_callback_counts_too():
    callback, heard = Callback(), []
    callback.on_step_end = lambda trainer, step: heard.append(step.t)
    fit(trainer(), [callback])
    assert heard == list(range(1, 13))


def test_a_stretch_at_whose_end_a_callback_stops_is_the_last():
    one = cut_to(trainer(), 3)
    fit(one, [Listener(stop=(5, 7))])
    assert one.t == 7
    fit(one)
    assert same_bits(one.W, trained().W)


def test_measured_parameters_are_those_of_single_steps():
    network = Sequential((Linear(4), BatchNorm(), Linear(2)))
    made = dataclasses.replace(problem(), network=network)
    watched = Samples(points().X, points().y)
    one, two = (Trainer(made, plan(), points(), n_classes=2, validation=watched) for _ in range(2))
    list(cut_to(one, 3).stretches())
    list(two)
    assert_same_training(one, two)


def test_the_sentence_of_a_bad_number_names_the_learning_rate_of_its_step():
    assert re.search(r"step 9 \(epoch 3\) with learning rate 1e\+57", told(regression(schedule=Far()).stretches()))


class Far(Explodes):
    """Step 8 leaves parameters so large that the loss of step 9 overflows."""

    def __call__(self, t, n_steps):
        return {8: 1e40, 9: self.far}.get(t, 1.0)
