"""The record: its lengths, its means, and that it survives being written."""

import csv
import dataclasses
import io
import math

import numpy as np
import pytest

from training.problems import numbers, plan, points, problem, trained, trainer
from zanjir.nn import L2
from zanjir.training import Epoch, History, Step, Trainer

# Means of the same numbers, added in another order.
A_FEW_ROUNDINGS = 1e-14


@pytest.fixture
def classified():
    watched = points(7, seed=3)
    with_penalty = problem((4,), penalty=L2(0.01))
    one = Trainer(with_penalty, plan(), points(), n_classes=2, validation=watched)
    list(one)
    return one.history


@pytest.fixture
def regressed():
    one = Trainer(problem(k=1, loss="squared_error"), plan(), numbers(), n_classes=0)
    list(one)
    return one.history


def test_there_is_a_row_per_step_and_per_epoch(classified):
    assert [step.t for step in classified.steps] == list(range(1, 13))
    assert [(epoch.epoch, epoch.t) for epoch in classified.epochs] == [(1, 4), (2, 8), (3, 12)]
    assert sum(step.samples for step in classified.steps) == 60


@pytest.mark.parametrize("name", ["loss", "data_loss", "penalty", "accuracy"])
def test_an_epoch_has_the_mean_over_its_samples(classified, name):
    for epoch in classified.epochs:
        steps = [step for step in classified.steps if step.epoch == epoch.epoch]
        by_hand = math.fsum(getattr(step, name) * step.samples for step in steps) / 20
        assert getattr(epoch, name) == pytest.approx(by_hand, rel=A_FEW_ROUNDINGS)
        assert by_hand != np.mean([getattr(step, name) for step in steps]) or name == "accuracy"


def test_the_loss_is_data_loss_and_penalty(classified):
    single = float(np.finfo(np.float32).eps)  # the three are float32, so their sum is right to one rounding of it
    for step in classified.steps:
        assert step.penalty > 0
        assert step.loss == pytest.approx(step.data_loss + step.penalty, rel=single)


def test_accuracy_is_the_share_of_right_labels_before_the_update():
    one = trainer()
    learned, run = [], one.engine.run

    def watched(feed, order, *rest):
        scores = one.samples.X[order] @ one.W[:6].reshape(3, 2) + one.W[6:]
        learned.append(float((scores.argmax(axis=1) == one.samples.y[order]).mean()))
        return run(feed, order, *rest)

    one.engine.run = watched
    assert [step.accuracy for step in one] == learned


def test_seconds_and_steps_only_grow(classified):
    seconds = classified.column("seconds")
    assert seconds[0] > 0
    assert (np.diff(seconds) > 0).all()
    assert (np.diff(classified.column("t", "steps")) == 1).all()


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize("which", ["classified", "regressed"])
def test_csv_gives_every_number_back_exactly(which, request):
    history = request.getfixturevalue(which)
    for text, records in ((history.epochs_csv(), history.epochs), (history.steps_csv(), history.steps)):
        rows = rows_of(text)
        assert len(rows) == len(records)
        for row, record in zip(rows, records, strict=True):
            expected = {name: value for name, value in dataclasses.asdict(record).items() if name != "epoch_end"}
            assert list(row) == list(expected)
            np.testing.assert_array_equal([float(cell or "nan") for cell in row.values()], list(expected.values()))


def test_what_was_not_measured_is_an_empty_cell(regressed):
    (first, *_) = rows_of(regressed.epochs_csv())
    assert {name for name, cell in first.items() if not cell} == {
        "accuracy", "validation_loss", "validation_accuracy", "validation_r2",
    }  # fmt: skip
    assert "nan" not in regressed.steps_csv()
    assert regressed.steps_csv().endswith("\n")


def test_csv_of_nothing_is_a_header():
    assert History().epochs_csv().count("\n") == History().steps_csv().count("\n") == 1


@pytest.mark.parametrize("which", ["classified", "regressed"])
def test_arrays_give_every_row_back(which, request):
    history = request.getfixturevalue(which)
    back = History.from_arrays(history.arrays())
    assert repr(back) == repr(history)  # not ==, for NaN differs from itself
    assert all(type(step.t) is int and type(step.samples) is int for step in back.steps)


def test_arrays_of_nothing_give_nothing_back():
    arrays = History().arrays()
    assert {name: array.shape for name, array in arrays.items()} == {"history.steps": (0, 8), "history.epochs": (0, 11)}
    assert History.from_arrays(arrays) == History()


def test_a_column_is_one_quantity_in_order():
    step = Step(1, 1, 0.5, 0.4, 0.1, 1.0, 0.01, 6)
    epoch = Epoch(1, 1, *range(9))
    history = History([step, dataclasses.replace(step, t=2, loss=0.25)], [epoch])
    assert history.column("loss", "steps").tolist() == [0.5, 0.25]
    assert history.column("validation_loss").tolist() == [4.0]


def test_without_a_penalty_the_loss_is_the_data_loss():
    for step in trained().history.steps:
        assert (step.penalty, step.data_loss) == (0, step.loss)
