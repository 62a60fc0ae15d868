"""TensorBoard's events: what its own reader finds is what the history says."""

import sys
import threading

import numpy as np
import pytest

from zanjir.errors import DataError, NonFiniteError, ZanjirError
from zanjir.interchange import TensorBoard
from zanjir.nn import LOSSES, mlp
from zanjir.program import Problem
from zanjir.training import Callback, Plan, Samples, Trainer, fit

pytest.importorskip("tensorboard")

# Scalars are stored in float32.
FLOAT32 = 2**-24


def trainer_of(epochs=3, *, validation=True, classes=2):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((20, 3))
    y = (X[:, 0] > 0).astype(int) if classes else X[:, 0]
    problem = Problem(mlp([4], classes or 1), LOSSES["softmax" if classes else "squared_error"], 3, classes or 1)
    plan = Plan(batch_size=6, epochs=epochs, engine="numpy")
    watched = Samples(X[:8], y[:8]) if validation else None
    return Trainer(problem, plan, Samples(X, y), n_classes=classes, validation=watched)


def scalars(folder):
    """All curves in a folder as (steps, values), by tag."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    read = EventAccumulator(str(folder), size_guidance={"scalars": 0})
    read.Reload()
    return {
        tag: ([event.step for event in read.Scalars(tag)], [event.value for event in read.Scalars(tag)])
        for tag in read.Tags()["scalars"]
    }


def assert_curve(found, steps, values):
    assert found[0] == list(steps)
    assert np.allclose(found[1], values, rtol=FLOAT32, atol=0)


EPOCHS = {
    "loss/train": "loss",
    "loss/validation": "validation_loss",
    "accuracy/train": "accuracy",
    "accuracy/validation": "validation_accuracy",
    "learning_rate": "learning_rate",
}


def test_epochs_are_read_back(tmp_path):
    history = fit(trainer_of(), [TensorBoard(tmp_path / "events")])
    found = scalars(tmp_path / "events")
    assert set(found) == set(EPOCHS)
    for tag, column in EPOCHS.items():
        assert_curve(found[tag], (1, 2, 3), history.column(column))


def test_steps_are_read_back_where_they_are_wanted(tmp_path):
    history = fit(trainer_of(), [TensorBoard(tmp_path, steps=True)])
    found = scalars(tmp_path)
    assert set(found) == {*EPOCHS, "steps/loss", "steps/accuracy", "steps/learning_rate"}
    for name in ("loss", "accuracy", "learning_rate"):
        assert_curve(found[f"steps/{name}"], range(1, 13), history.column(name, "steps"))


def test_what_was_not_measured_is_left_out(tmp_path):
    fit(trainer_of(validation=False, classes=0), [TensorBoard(tmp_path, steps=True)])
    assert set(scalars(tmp_path)) == {"loss/train", "learning_rate", "steps/loss", "steps/learning_rate"}


def test_a_regression_has_r_squared(tmp_path):
    history = fit(trainer_of(classes=0), [TensorBoard(tmp_path)])
    assert_curve(scalars(tmp_path)["r2/validation"], (1, 2, 3), history.column("validation_r2"))


class Breaks(Callback):
    """Ends a training with an error in its second epoch, or looks at what can be read there."""

    def __init__(self, error=None, look=None):
        self.error, self.look, self.seen = error, look, None

    def on_epoch_end(self, trainer, epoch):
        if epoch.epoch == 2:
            self.seen = self.look() if self.look else None
            if self.error:
                raise self.error


@pytest.mark.parametrize("error", [KeyboardInterrupt(), RuntimeError("a callback's own")])
def test_the_file_is_closed_and_complete_after_an_interrupt_or_an_error(error, tmp_path):
    threads = threading.active_count()  # the library writes in one of its own
    with pytest.raises(type(error)):
        fit(trainer_of(), [TensorBoard(tmp_path), Breaks(error)])
    assert threading.active_count() == threads
    assert scalars(tmp_path)["loss/train"][0] == [1, 2]


def test_a_loss_that_is_no_number_leaves_a_file_that_can_be_read(tmp_path):
    trainer = trainer_of()
    trainer.engine.W[:] = float("nan")
    with pytest.raises(NonFiniteError):
        fit(trainer, [TensorBoard(tmp_path)])
    assert scalars(tmp_path) == {}


def test_an_epoch_can_be_seen_while_the_training_runs(tmp_path):
    looking = Breaks(look=lambda: scalars(tmp_path)["loss/train"][0])
    fit(trainer_of(), [TensorBoard(tmp_path), looking])
    assert looking.seen == [1, 2]


def test_a_resumed_training_goes_on_with_the_same_curves(tmp_path):
    trainer, stop = trainer_of(), Breaks(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        fit(trainer, [TensorBoard(tmp_path), stop])
    history = fit(trainer, [TensorBoard(tmp_path)])
    assert_curve(scalars(tmp_path)["loss/train"], (1, 2, 3), history.column("loss"))


def test_writing_changes_no_bit_of_the_training(tmp_path):
    plain, watched = trainer_of(), trainer_of()
    fit(plain)
    fit(watched, [TensorBoard(tmp_path, steps=True)])
    assert plain.W.tobytes() == watched.W.tobytes()


def test_a_place_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match=r"no events can be written to .*file: .*; choose another place\.$"):
        fit(trainer_of(), [TensorBoard(tmp_path / "file")])


def test_without_tensorboard_the_extra_is_named_before_the_training(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboard.compat.proto.event_pb2", None)
    with pytest.raises(ZanjirError, match=r"TensorBoard needs the package tensorboard, .* 'zanjir\[tensorboard\]'"):
        TensorBoard("events")
