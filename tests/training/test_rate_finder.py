"""The search for a learning rate: what it finds on a problem that can be solved by hand, and what it leaves behind."""

import numpy as np
import pytest

from training.problems import plan, points, problem, same_bits
from zanjir.errors import ParameterError
from zanjir.nn import LOSSES, mlp
from zanjir.optim import SGD, Adam
from zanjir.program import Problem
from zanjir.training import Samples, Trainer, find_learning_rate

# Losses of steps that are computed again by hand, in float64.
ROUNDINGS = 1e-12


def trainer(hidden=(4,), rule=None, engine="numpy", **facts):
    made = problem(hidden, dtype=np.float64, **facts)
    return Trainer(made, plan(optimizer=rule or Adam(0.01), engine=engine), points(), n_classes=2)


def square():
    """The loss (w - 1)^2 of one sample, x = y = 1, and no bias to speak of."""
    network = mlp([], 1, initializer="zeros")
    made = Problem(network, LOSSES["squared_error"], 1, 1, None, np.float64)
    samples = Samples(np.ones((1, 1)), np.ones((1, 1)))
    return Trainer(made, plan(optimizer=SGD(0.1), batch_size=1), samples, n_classes=0)


def test_each_step_has_its_rate_and_the_losses_are_smoothed():
    found = find_learning_rate(square(), lowest=1e-3, highest=0.3, n_steps=40)
    assert found.rates == pytest.approx(np.geomspace(1e-3, 0.3, 40), rel=ROUNDINGS)
    error, losses = 1.0, []
    for rate in np.geomspace(1e-3, 0.3, 40):
        losses.append(error**2)
        error -= rate * 4 * error  # both w and b move by 2 (1 - w - b)
    powers = 0.9 ** np.arange(40)
    smooth = [(powers[: k + 1][::-1] * losses[: k + 1]).sum() / powers[: k + 1].sum() for k in range(40)]
    assert found.losses == pytest.approx(smooth, rel=ROUNDINGS)


def test_the_suggestion_is_the_rate_at_which_the_loss_fell_fastest():
    found = find_learning_rate(square(), lowest=1e-4, highest=0.3, n_steps=60)
    slopes = np.diff(found.losses) / np.diff(np.log(found.rates))
    # A slope between two rates, and one about a rate: neighbors.
    assert abs(int(np.searchsorted(found.rates, found.suggestion)) - int(slopes.argmin())) <= 1


def test_the_noise_of_the_first_batches_is_no_fall():
    jumps = [5.0, 1.0] + [2.0] * 98
    one = trainer()
    run = one.engine.run

    def noisy(feed, order, size, rates, t):
        record = run(feed, order, size, rates, t)
        record.loss[-1] = jumps[t] - 0.9 * (t > 60)
        return record

    one.engine.run = noisy
    assert find_learning_rate(one).suggestion == pytest.approx(np.geomspace(1e-6, 10, 100)[61], rel=0.2)


def test_a_loss_that_is_far_too_high_ends_the_search():
    found = find_learning_rate(square(), lowest=1e-3, highest=1e3, n_steps=60)
    assert 20 < len(found.rates) < 60
    assert found.rates[-1] < 10
    assert np.isfinite(found.losses).all()


@pytest.mark.parametrize("engine", ["numpy", "native"])
@pytest.mark.parametrize("facts", [{}, {"dropout": 0.5}, {"hidden": ()}], ids=str)
def test_a_training_goes_on_as_if_nobody_had_searched(engine, facts):
    searched, expected = trainer(engine=engine, **facts), trainer(engine=engine, **facts)
    for one in (searched, expected):
        for _ in zip(range(5), one, strict=False):  # in the middle of the second epoch
            pass
    before = searched.state()
    find_learning_rate(searched)
    after = searched.state()
    assert before[1] == after[1]
    assert before[0].keys() == after[0].keys()
    assert all(same_bits(before[0][name], after[0][name]) for name in before[0])
    assert [step.loss for step in searched] == [step.loss for step in expected]
    assert same_bits(searched.W, expected.W)


def test_what_batch_normalization_measured_is_as_it_was():
    made = Problem(mlp([4], 2, norm="batch"), LOSSES["softmax"], 3, 2, None, np.float64)
    one = Trainer(made, plan(epochs=1), points(), n_classes=2)
    list(one)
    before = one.W.copy()
    find_learning_rate(one)
    assert same_bits(one.W, before)


def test_an_interrupted_search_leaves_everything_as_it_was(monkeypatch):
    one = trainer()
    before = one.engine.W.copy()
    run = one.engine.run

    def interrupted(*given):
        record = run(*given)
        if given[-1] == 7:
            raise KeyboardInterrupt
        return record

    monkeypatch.setattr(one.engine, "run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        find_learning_rate(one)
    assert same_bits(one.engine.W, before)
    assert not any(vector.any() for vector in one.engine.state.values())


REFUSED = [
    {"lowest": 0.0},
    {"lowest": 1.0, "highest": 0.1},
    {"highest": float("inf")},
    {"highest": float("nan")},
    {"n_steps": 19},
]


@pytest.mark.parametrize("facts", REFUSED, ids=str)
def test_rates_that_do_not_grow_are_refused(facts):
    with pytest.raises(ParameterError, match=r"expected 0 < lowest < highest and at least 20 steps"):
        find_learning_rate(trainer(), **facts)


def test_a_first_rate_that_is_too_high_is_said_to_be():
    one = square()
    with pytest.raises(ParameterError, match="after a step with the rate 1000; expected a first rate that is too sm"):
        find_learning_rate(one, lowest=1e3, highest=1e6)
    assert not one.engine.W.any()
