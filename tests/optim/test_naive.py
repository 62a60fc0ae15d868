"""The search that moves one weight at a time: what it finds, and what it costs."""

import numpy as np
import pytest

from zanjir.errors import NonFiniteError, ParameterError
from zanjir.optim import naive_search

TARGET = np.array([[0.3, -0.2], [0.1, 0.0]])


def loss(W):
    return np.sum((W - TARGET) ** 2)


def test_it_walks_to_the_minimum_in_steps():
    found = naive_search(loss, np.zeros((2, 2)), step=0.1, sweeps=4)
    assert np.abs(found.W - TARGET).max() < 1e-15
    assert found.loss == pytest.approx(0, abs=1e-30)


def test_each_weight_moves_by_one_step_per_sweep_towards_the_lower_side():
    found = naive_search(loss, np.zeros((2, 2)), step=0.1)
    assert found.W.tolist() == [[0.1, -0.1], [0.1, 0.0]]
    assert found.loss == pytest.approx(0.05)


@pytest.mark.parametrize("sweeps", [1, 3])
def test_it_needs_two_evaluations_per_weight_and_sweep_and_one_for_the_start(sweeps):
    calls = []
    found = naive_search(lambda W: calls.append(1) or loss(W), np.zeros((2, 2)), sweeps=sweeps)
    assert found.evaluations == len(calls) == 1 + 2 * 4 * sweeps


def test_the_start_is_not_changed_even_by_a_loss_that_writes():
    start = np.zeros(2)

    def careless(W):
        W += 1
        return np.sum(W**2)

    found = naive_search(careless, start, step=0.5)
    assert start.tolist() == [0, 0]
    assert found.W.tolist() == [-0.5, -0.5]


@pytest.mark.parametrize(
    ("options", "error", "sentence"),
    [
        ({"step": 0}, ParameterError, "step must be a number above 0; got 0"),
        ({"step": float("nan")}, ParameterError, "step must be a number above 0; got nan"),
        ({"sweeps": 0}, ParameterError, "sweeps must be a whole number, at least 1; got 0"),
        ({"sweeps": 1.5}, ParameterError, r"sweeps must be a whole number, at least 1; got 1\.5"),
    ],
)
def test_what_cannot_be_searched_is_refused(options, error, sentence):
    with pytest.raises(error, match=sentence):
        naive_search(loss, np.zeros((2, 2)), **options)


def test_a_loss_that_is_not_finite_at_the_start_is_refused():
    with pytest.raises(NonFiniteError, match="the loss is nan at the start"):
        naive_search(lambda W: np.sum(W) * np.nan, np.zeros(2))
