"""Rows 79 and 87: SciPy's minimize on the flat vector, and the digits from split to accuracy."""

import os
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from scipy import optimize
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import zanjir
from zanjir.data import cache_folder, load, split_indices
from zanjir.models import LinearSVMClassifier, MLPClassifier, OneVsRestClassifier, SoftmaxClassifier
from zanjir.native import Objective
from zanjir.nn import L2, LOSSES, mlp
from zanjir.optim import Nesterov
from zanjir.program import Feed, Problem
from zanjir.training import Plan, Samples, Trainer, fit, minimize

FEATURES, HIDDEN, CLASSES = 64, 20, 10
# The notes' run ended at 0.1076, this one from other first weights near it.
NEAR_NOTES = 0.005
# One minimum of a convex problem, from two sides.
SAME_MINIMUM = 1e-5


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return train_test_split(X / 16, y, test_size=0.25, random_state=0, stratify=y)


def problem(hidden=(HIDDEN,), penalty=1e-4):
    return Problem(
        mlp(hidden, CLASSES, activation="sigmoid"), LOSSES["softmax"], FEATURES, CLASSES, L2(penalty), np.float64
    )


def first(made):
    return made.layout.flatten(made.network.init(np.random.default_rng(0), FEATURES))


def J(W, X, y):
    """The notes' function: loss and gradient at a flat vector, with the matrices cut out of it."""

    def loss(W):
        W1, b1 = W[: 64 * 20].reshape(64, 20), W[1280:1300]
        W2, b2 = W[1300:1500].reshape(20, 10), W[1500:]
        h = 1 / (1 + np.exp(-(X @ W1 + b1)))
        scores = h @ W2 + b2
        shifted = scores - np.max(scores, axis=1, keepdims=True)
        log_p = shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))
        return -np.mean(log_p[np.arange(len(y)), y]) + 1e-4 * (np.sum(W1**2) + np.sum(W2**2))

    value, slope = zanjir.value_and_gradient(loss, W)
    return float(value), slope


def test_row_79_J_returns_a_number_and_a_flat_gradient(digits):
    X, _, y, _ = digits
    W = first(problem())
    loss, slope = J(W, X[:50], y[:50])
    assert type(loss) is float
    assert slope.shape == W.shape == (1510,)
    expected, expected_slope = Objective(problem(), X[:50], y[:50])(W)
    assert loss == pytest.approx(expected, rel=1e-12)
    np.testing.assert_allclose(slope, expected_slope, rtol=0, atol=1e-14)


def test_row_79_minimize_takes_the_notes_function_as_it_stands(digits):
    X, _, y, _ = digits
    found = optimize.minimize(
        J, first(problem()), args=(X[:200], y[:200]), method="CG", jac=True, options={"maxiter": 30}
    )
    assert found.fun < 1.0 < J(first(problem()), X[:200], y[:200])[0]


def accuracy(W, X, y):
    views = problem().layout.views(W)
    h = 1 / (1 + np.exp(-(X @ views["W1"] + views["b1"])))
    return np.mean((h @ views["W2"] + views["b2"]).argmax(axis=1) == y)


@pytest.mark.parametrize("method", ["CG", "L-BFGS-B"])
def test_row_79_scipy_on_the_compiled_objective_learns_the_digits(digits, method):
    X, X_test, y, y_test = digits
    objective = Objective(problem(), X, y)
    found = optimize.minimize(objective, first(problem()), method=method, jac=True, options={"maxiter": 300})
    assert found.fun == pytest.approx(0.1076, abs=NEAR_NOTES)
    assert accuracy(found.x, X, y) >= 0.999
    assert accuracy(found.x, X_test, y_test) >= 0.975


@pytest.mark.parametrize("method", ["CG", "L-BFGS-B"])
def test_row_79_so_does_the_bridge_of_this_library(digits, method):
    X, X_test, y, y_test = digits
    found = minimize(problem(), Feed(X, y), first(problem()), method=method, max_iter=300, tol=1e-4)
    assert found.loss == pytest.approx(0.1076, abs=NEAR_NOTES)
    assert accuracy(found.W, X_test, y_test) >= 0.975


def test_row_79_descent_without_scipy_comes_to_the_same_minimum(digits):
    X, _, y, _ = digits
    made = problem((), penalty=0.01)
    plan = Plan(Nesterov(0.5), batch_size=len(X), epochs=1000)
    trainer = Trainer(made, plan, Samples(X, y), n_classes=10)
    fit(trainer)
    expected = minimize(made, Feed(X, y), np.zeros(650), method="CG", tol=1e-6)
    assert trainer.history.epochs[-1].loss == pytest.approx(expected.loss, rel=SAME_MINIMUM)


ON_THE_DIGITS = {
    "one against the rest": (OneVsRestClassifier, 0.96),
    "softmax": (SoftmaxClassifier, 0.975),
    "support vector machine": (LinearSVMClassifier, 0.965),
    "64-20-10, sigmoid": (partial(MLPClassifier, (20,), "sigmoid", solver="CG", max_iter=300, random_state=0), 0.975),
    "64-20-10, tanh": (partial(MLPClassifier, (20,), "tanh", solver="CG", max_iter=300, random_state=0), 0.975),
}


@pytest.mark.parametrize("name", ON_THE_DIGITS)
def test_row_87_the_digits_from_split_to_accuracy(digits, name):
    X, X_test, y, y_test = digits
    make, least = ON_THE_DIGITS[name]
    assert make().fit(X, y).score(X_test, y_test) >= least


def test_row_87_the_split_is_stratified_and_keeps_every_sample(digits):
    _, _, y, y_test = digits
    assert (len(y), len(y_test)) == (1347, 450)
    shares = np.bincount(y_test) / np.bincount(np.r_[y, y_test])
    assert np.abs(shares - 0.25).max() < 0.005  # within a sample of each class


def mnist():
    """Training and test part of MNIST, or of its 10,000 test images if only these are there."""
    folder = Path(os.environ.get("ZANJIR_MNIST") or cache_folder() / "mnist")
    if not folder.is_dir() or not list(folder.glob("t10k-images*")):
        pytest.skip(f"no MNIST files in {folder}; name their folder in ZANJIR_MNIST")
    data = load(folder)
    if data.test is not None:
        return data.X, data.y, data.test.X, data.test.y
    train, test = split_indices(data.y, 0.2, seed=0)
    return data.X[train], data.y[train], data.X[test], data.y[test]


@pytest.mark.filterwarnings("ignore:.*iterations were not enough")
def test_row_87_mnist_by_784_512_10():
    X, y, X_test, y_test = mnist()
    network = MLPClassifier((512,), batch_size=128, max_iter=10, random_state=0)
    network.fit(np.float32(X.reshape(len(X), -1)) / 255, y)
    # With 8,000 instead of 60,000 images to learn from, one in twenty-five is wrong instead of one in fifty.
    assert network.score(np.float32(X_test.reshape(len(X_test), -1)) / 255, y_test) >= (
        0.97 if len(X) > 50_000 else 0.95
    )
