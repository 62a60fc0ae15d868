"""A training that was stopped, saved and restored has the bits of one that was never stopped."""

import copy
import json

import numpy as np
import pytest

from training.problems import points, same_bits, trainer
from zanjir.data import Dataset
from zanjir.errors import DataError
from zanjir.optim import OPTIMIZERS, Adam, ClipNorm, Cosine
from zanjir.training import load_training, model_of, save_model

MID_FIRST_EPOCH, END_OF_EPOCH, MID_LATER_EPOCH, LAST_STEP = 2, 4, 7, 12


def new(**facts):
    given = {"optimizer": Adam(0.05), "schedule": Cosine(warmup=0.1), "dropout": 0.3, **facts}
    return trainer((5,), validation=points(9, seed=4), **given)


def stopped_at(t, **facts):
    one = new(**facts)
    for step in one:
        if step.t == t:
            break
    return one


def restored(one, **facts):
    other = new(**facts)
    arrays, state = one.state()
    other.restore(arrays, json.loads(json.dumps(state, allow_nan=False)))
    return other


def without_seconds(history):
    arrays = history.arrays()
    return np.hstack([arrays["history.steps"].ravel(), arrays["history.epochs"][:, :-1].ravel()])


def assert_same_training(one, two):
    assert one.t == two.t
    assert same_bits(one.W, two.W)
    assert same_bits(one.engine.W, two.engine.W)
    assert all(same_bits(one.engine.state[name], two.engine.state[name]) for name in one.engine.state)
    assert same_bits(without_seconds(one.history), without_seconds(two.history))
    assert (one.best_epoch, one.best_loss, one.stopped_early) == (two.best_epoch, two.best_loss, two.stopped_early)


@pytest.mark.parametrize("t", [MID_FIRST_EPOCH, END_OF_EPOCH, MID_LATER_EPOCH, LAST_STEP])
@pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_a_restored_training_ends_with_the_same_bits(optimizer, t):
    facts = {"optimizer": optimizer(), "clip": ClipNorm(0.5), "patience": 3}
    whole = new(**facts)
    list(whole)
    other = restored(stopped_at(t, **facts), **facts)
    assert other.t == t
    list(other)
    assert_same_training(whole, other)


def test_an_untouched_training_can_be_saved_and_restored():
    whole, other = new(), restored(new())
    list(whole)
    list(other)
    assert_same_training(whole, other)


def test_a_training_that_stopped_early_stays_stopped():
    facts = {"patience": 1, "epochs": 50, "optimizer": Adam(0.5)}
    one = new(**facts)
    list(one)
    assert one.stopped_early
    other = restored(one, **facts)
    assert list(other) == []
    assert_same_training(one, other)
    assert same_bits(other.W, one.best_W)


def test_the_best_parameters_survive_between_their_epoch_and_the_stop():
    facts = {"patience": 2, "epochs": 50, "optimizer": Adam(0.5)}
    whole = new(**facts)
    list(whole)
    t = 4 * whole.best_epoch + 3  # three steps after the epoch of the best parameters
    other = restored(stopped_at(t, **facts), **facts)
    assert same_bits(other.W, whole.best_W)
    list(other)
    assert_same_training(whole, other)


def test_a_state_is_a_snapshot_that_later_steps_leave_alone():
    one = stopped_at(5)
    arrays, state = one.state()
    before, said = copy.deepcopy(arrays), copy.deepcopy(state)
    list(one)
    assert all(same_bits(before[name], arrays[name]) for name in before)
    assert state == said


def test_restoring_twice_gives_the_same_training():
    one = stopped_at(5)
    arrays, state = one.state()
    for _ in range(2):
        other = new()
        other.restore(arrays, state)
        list(other)
    list(one)
    assert_same_training(one, other)


def test_seconds_go_on_counting():
    one = stopped_at(END_OF_EPOCH)
    other = restored(one)
    assert other.seconds == one.seconds > 0
    list(other)
    assert other.history.epochs[-1].seconds > one.seconds


def test_a_state_survives_the_file(tmp_path):
    one = stopped_at(MID_LATER_EPOCH, patience=5)
    data = Dataset("points", one.samples.X, one.samples.y, ("low", "high"))
    save_model(tmp_path / "m.safetensors", model_of(one, data), one.state())
    model, arrays, state = load_training(tmp_path / "m.safetensors")
    assert same_bits(model.W, one.W)
    other = new(patience=5)
    other.restore(arrays, state)
    list(one)
    list(other)
    assert_same_training(one, other)


def without(name):
    return lambda arrays, state: ({k: v for k, v in arrays.items() if k != name},
                                  {k: v for k, v in state.items() if k != name})  # fmt: skip


def longer(arrays, state):
    return {**arrays, "training.W": np.zeros(3)}, state


def ragged(arrays, state):
    return {**arrays, "history.steps": np.zeros((2, 3))}, state


@pytest.mark.parametrize(
    "damage",
    [*(without(name) for name in ("training.W", "optimizer.m", "history.epochs", "t", "best_loss")), longer, ragged],
)
def test_a_state_that_does_not_fit_is_refused(damage):
    one = stopped_at(5)
    with pytest.raises(DataError, match=r"^this state does not fit the training: .* Train again\.$"):
        new().restore(*damage(*one.state()))
