"""A trained model's derivatives are checked on the very loss it is trained with."""

import numpy as np
import pytest

import zanjir
from zanjir.errors import DataError, ShapeError
from zanjir.graph import Verdict, tensor
from zanjir.nn import L2, LOSSES, mlp
from zanjir.program import Problem
from zanjir.training import Model, Preparation, check_model, made_up

# Roundings of a few sums in float64; targets in float32 would differ by 1e-8.
DOUBLE = 1e-13

rng = np.random.default_rng(0)
X, y = rng.standard_normal((5, 3)).astype(np.float32), np.array([0, 1, 2, 0, 1])


def model(dropout=0.0, loss="softmax", classes=("a", "b", "c"), penalty=None):
    outputs = len(classes) or 2
    problem = Problem(mlp([4], outputs, dropout=dropout), LOSSES[loss], 3, outputs, penalty)
    W = problem.layout.flatten(problem.network.init(np.random.default_rng(1), 3)).astype(np.float32)
    return Model(problem, W, classes, Preparation(0.5, 2.0))


@pytest.mark.parametrize(("dropout", "penalty"), [(0.0, None), (0.5, L2(0.1))])
def test_the_loss_is_that_of_training_with_its_penalty_and_its_dropout(dropout, penalty):
    one = model(dropout, penalty=penalty)
    report = check_model(one, X, y, seed=3)
    parameters = {name: tensor(part.astype(float), name) for name, part in one.parameters.items()}
    key = tensor(np.array([3, 1])) if dropout else None
    prepared = tensor(((X - np.float32(0.5)) / np.float32(2)).astype(float))
    expected = one.problem.objective(prepared, tensor(y, "y"), parameters, key)["loss"]
    assert report.loss == pytest.approx(float(expected.value), rel=1e-6)
    assert report.ok
    assert [p.name for p in report.parameters] == ["W1", "b1", "W2", "b2"]
    assert bool(report.notes) == bool(dropout)


@pytest.mark.parametrize("loss", ["softmax", "hinge", "squared_hinge", "squared_error"])
def test_every_loss_is_checked(loss):
    assert {p.verdict for p in check_model(model(loss=loss), X, y).parameters} == {Verdict.RIGHT}


def test_a_regression_is_checked():
    one = model(loss="squared_error", classes=())
    report = check_model(one, X, rng.standard_normal((5, 2)))
    assert {p.verdict for p in report.parameters} == {Verdict.RIGHT}


def test_the_models_parameters_keep_their_bits():
    one = model()
    before = one.W.tobytes()
    check_model(one, X, y)
    assert one.W.tobytes() == before


def test_samples_that_do_not_fit_are_refused():
    with pytest.raises(ShapeError, match=r"X is \(5, 2\), expected \(N, 3\)"):
        check_model(model(), X[:, :2], y)
    with pytest.raises(DataError, match=r"y\[0\] is 3, expected an integer in \[0, 3\)"):
        check_model(model(), X, y + 3)


def test_made_up_samples_fit_the_model_and_repeat():
    for one in (model(), model(loss="squared_error", classes=())):
        first, again = made_up(one, 6, seed=2), made_up(one, 6, seed=2)
        assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
        assert check_model(one, *first).ok
    prepared = model().prepared(made_up(model(), 2000, seed=0)[0])
    assert abs(prepared.mean()) < 0.05  # of 6,000 normal numbers: 4 standard errors
    assert prepared.std() == pytest.approx(1, abs=0.05)


def test_the_public_name_is_this():
    assert zanjir.check_model is check_model


def test_targets_of_a_regression_are_compared_in_double_precision():
    one, numbers = model(loss="squared_error", classes=()), rng.standard_normal((5, 2))
    p = {name: part.astype(float) for name, part in one.parameters.items()}
    scores = np.maximum(0, one.prepared(X).astype(float) @ p["W1"] + p["b1"]) @ p["W2"] + p["b2"]
    expected = ((scores - numbers) ** 2).sum(axis=1).mean()
    assert check_model(one, X, numbers).loss == pytest.approx(expected, rel=DOUBLE)
