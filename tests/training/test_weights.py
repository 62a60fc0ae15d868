"""Weights of samples in a training: what they mean, what is measured with them, and what is refused."""

import numpy as np
import pytest

from training.problems import numbers, plan, points, problem
from zanjir.errors import DataError, ParameterError, ShapeError
from zanjir.training import Model, Samples, Trainer, load_training, save_model

# The mean of 20 weighted losses and that of the repeated ones differ in the last bits, over three epochs.
ROUNDINGS = 1e-12
TIMES = np.array([0, 1, 2, 3] * 5)
WEIGHTED = problem(dtype=np.float64, weighted=True)


def training(samples, made=WEIGHTED, validation=None, **facts):
    return Trainer(made, plan(**facts), samples, n_classes=2, validation=validation)


def heavy(samples, times=TIMES):
    return Samples(samples.X, samples.y, times)


def repeated(samples, times=TIMES):
    return Samples(np.repeat(samples.X, times, axis=0), np.repeat(samples.y, times))


def test_a_full_batch_of_weighted_samples_is_one_of_repeated_samples():
    found = training(heavy(points()), batch_size=20)
    expected = training(repeated(points()), problem(dtype=np.float64), batch_size=30)
    losses = [step.loss for step in found]
    np.testing.assert_allclose(losses, [step.loss for step in expected], rtol=ROUNDINGS)
    np.testing.assert_allclose(found.W, expected.W, rtol=0, atol=ROUNDINGS)


def test_only_the_ratios_of_weights_count():
    one, two = training(heavy(points())), training(heavy(points(), 4 * TIMES))
    list(one), list(two)
    assert np.array_equal(one.W, two.W)


def test_a_batch_of_heavy_samples_moves_further_than_one_of_light_samples():
    weights = np.repeat([1.0, 3.0], 10)
    made = training(Samples(np.ones((20, 3)), np.zeros(20, int), weights), batch_size=10, epochs=1, shuffle=False)
    made.engine.W[...] = 0
    list(made)
    light, heavy = (made.history.steps[k].data_loss for k in (0, 1))
    assert light == pytest.approx(0.5 * np.log(2), rel=ROUNDINGS)  # the weights' mean is 2
    assert heavy > 2 * light


def test_weights_of_the_validation_data_weigh_their_metrics():
    part = points(n=10, seed=1)
    found = training(points(), problem(dtype=np.float64), validation=heavy(part, TIMES[:10]))
    expected = training(points(), problem(dtype=np.float64), validation=repeated(part, TIMES[:10]))
    list(found), list(expected)
    one, two = (made.history.epochs[-1] for made in (found, expected))
    assert one.validation_loss == pytest.approx(two.validation_loss, rel=ROUNDINGS)
    assert one.validation_accuracy == pytest.approx(two.validation_accuracy, rel=ROUNDINGS)


def test_weights_weigh_r2():
    part = numbers(n=10, seed=1)
    made = problem(k=1, loss="squared_error", dtype=np.float64)
    r2 = []
    for validation in (heavy(part, TIMES[:10]), repeated(part, TIMES[:10])):
        one = Trainer(made, plan(), numbers(), n_classes=0, validation=validation)
        list(one)
        r2.append(one.history.epochs[-1].validation_r2)
    assert r2[0] == pytest.approx(r2[1], rel=ROUNDINGS)


REFUSED = {
    "shorter": (np.ones(19), ShapeError, r"weights are \(19,\), expected \(20,\), one per sample"),
    "a column": (np.ones((20, 1)), ShapeError, r"weights are \(20, 1\), expected \(20,\)"),
    "negative": (np.r_[np.ones(19), -1], DataError, r"weights\[19\] is -1.0, expected a finite number >= 0"),
    "nan": (np.r_[np.nan, np.ones(19)], DataError, r"weights\[0\] is nan, expected a finite number >= 0"),
    "infinite": (np.r_[np.inf, np.ones(19)], DataError, r"weights\[0\] is inf"),
    "zero": (np.zeros(20), DataError, "all weights are zero; expected at least one above 0"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_weights_that_weigh_nothing_are_refused(what):
    weights, error, words = REFUSED[what]
    with pytest.raises(error, match=words):
        heavy(points(), weights)


def test_a_trainer_refuses_weights_that_its_problem_does_not_read():
    with pytest.raises(ParameterError, match="the problem is not weighted, and the samples have weights"):
        training(heavy(points()), problem(dtype=np.float64))


def test_a_trainer_refuses_a_problem_whose_weights_are_missing():
    with pytest.raises(ParameterError, match="the problem is weighted, and the samples have no weights"):
        training(points())


def test_a_weighted_training_goes_on_from_its_file(tmp_path):
    whole, half = training(heavy(points()), epochs=4), training(heavy(points()), epochs=4)
    list(whole)
    for _ in zip(range(7), half, strict=False):
        pass
    save_model(tmp_path / "m.safetensors", Model(WEIGHTED, half.W, ("a", "b")), half.state())
    model, arrays, facts = load_training(tmp_path / "m.safetensors")
    assert model.problem.weighted
    rest = training(heavy(points()), model.problem, epochs=4)
    rest.restore(arrays, facts)
    list(rest)
    assert rest.W.tobytes() == whole.W.tobytes()
