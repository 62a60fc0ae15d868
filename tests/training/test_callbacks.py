"""Callbacks: who is told what, when, and who may stop the training."""

import pytest

from training.problems import points, same_bits, trained, trainer
from zanjir.errors import NonFiniteError
from zanjir.optim import SGD
from zanjir.training import Callback, fit


class Recorder(Callback):
    """Writes down what it hears; stops, or fails, where it is told to."""

    def __init__(self, stop=None, error=None):
        self.heard, self.stop, self.error = [], stop, error

    def note(self, *event):
        self.heard.append(event)
        if event == self.stop and self.error:
            raise self.error
        return event == self.stop

    def on_train_begin(self, trainer):
        self.note("begin", trainer.t)

    def on_step_end(self, trainer, step):
        assert (trainer.t, trainer.history.steps[-1].t) == (step.t, step.t)
        return self.note("step", step.t)

    def on_epoch_end(self, trainer, epoch):
        assert trainer.history.epochs[-1] is epoch
        return self.note("epoch", epoch.epoch)

    def on_train_end(self, trainer):
        self.note("end", trainer.t)


def test_hooks_are_called_in_order():
    recorder = Recorder()
    one = trainer(epochs=2)
    assert fit(one, [recorder]) is one.history
    first = [("step", t) for t in (1, 2, 3, 4)]
    second = [("step", t) for t in (5, 6, 7, 8)]
    assert recorder.heard == [("begin", 0), *first, ("epoch", 1), *second, ("epoch", 2), ("end", 8)]


@pytest.mark.parametrize(("stop", "t"), [(("step", 1), 1), (("step", 4), 4), (("epoch", 1), 4), (("epoch", 3), 12)])
def test_a_hook_that_returns_true_stops_the_training_and_all_hear_of_the_step(stop, t):
    one, stopper, other = trainer(), Recorder(stop), Recorder()
    fit(one, [stopper, other])
    assert one.t == t == len(one.history.steps)
    assert stopper.heard == other.heard
    assert stopper.heard[-1] == ("end", t)


def test_a_stopped_training_goes_on_where_it_stood():
    one = trainer((4,))
    fit(one, [Recorder(("step", 5))])
    recorder = Recorder()
    fit(one, [recorder])
    assert recorder.heard[:2] == [("begin", 5), ("step", 6)]
    assert same_bits(one.W, trained((4,)).W)


@pytest.mark.parametrize("error", [RuntimeError("a callback's own"), KeyboardInterrupt()])
def test_the_end_is_told_after_an_error_in_a_callback(error):
    recorder, witness = Recorder(("step", 3), error), Recorder()
    with pytest.raises(type(error)):
        fit(trainer(), [witness, recorder])
    assert witness.heard[-1] == recorder.heard[-1] == ("end", 3)


def test_the_end_is_told_after_a_loss_that_is_no_number():
    one, recorder = trainer(), Recorder()
    one.engine.W[:] = float("nan")
    with pytest.raises(NonFiniteError):
        fit(one, [recorder])
    assert recorder.heard == [("begin", 0), ("end", 0)]


def test_ctrl_c_during_a_step_leaves_a_training_that_can_go_on():
    one, recorder = trainer(), Recorder()
    run = one.engine.run

    def interrupted(feed, order, batch_size, learning_rates, t):
        record = run(feed, order, batch_size, learning_rates, t)
        if t == 5:
            raise KeyboardInterrupt  # the step is done, and not yet counted
        return record

    one.engine.run = interrupted
    with pytest.raises(KeyboardInterrupt):
        fit(one, [recorder])
    assert recorder.heard[-1] == ("end", 5)
    one.engine.run = run
    fit(one)
    assert same_bits(one.W, trained().W)


def test_an_epoch_whose_end_was_broken_off_is_closed_later(monkeypatch):
    one = trainer(validation=points(8, seed=5))
    validate = one.validate

    def interrupted():
        if one.t == 8:
            raise KeyboardInterrupt
        return validate()

    monkeypatch.setattr(one, "validate", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fit(one)
    monkeypatch.undo()
    fit(one)
    assert [epoch.epoch for epoch in one.history.epochs] == [1, 2, 3]


def test_no_callbacks_and_the_silent_base_change_nothing():
    one, other = trainer(optimizer=SGD(0.3)), trainer(optimizer=SGD(0.3))
    fit(one)
    fit(other, [Callback()])
    assert same_bits(one.W, other.W)
    assert one.t == 12
