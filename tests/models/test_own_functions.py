"""Losses and activations of a user's own, written in NumPy, in everything that scikit-learn does with them."""

import copy
import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from models.tables import blobs, curve, focal, huber, same_bits, softplus
from zanjir.errors import ParameterError, ShapeError
from zanjir.models import MLPClassifier, MLPRegressor
from zanjir.training import save_model

# A minimizer's derivatives are below 1e-6 here: the loss is flat to this.
FLAT = 1e-6
X, Y = blobs()
pytestmark = pytest.mark.filterwarnings("ignore:.*iterations were not enough")


def squared(predictions, y):
    return ((predictions - y) ** 2).sum(axis=1)


def median_regression(**facts):
    """A constant that minimizes a sum of Huber losses."""
    return MLPRegressor((), loss=huber, alpha=0.0, solver="L-BFGS-B", tol=1e-6, **facts)


def test_the_huber_loss_is_minimized():
    y = np.array([0.0, 0.1, 0.2, 50.0])
    model = median_regression().fit(np.zeros((4, 1)), y)
    # The derivative is zero where the three near ones sum to -1, for the outlier counts as 1: 3 b - 0.3 = 1.
    assert model.predict([[0.0]])[0] == pytest.approx(1.3 / 3, abs=FLAT)
    assert model.objective_ == "mean huber loss"


def test_a_loss_of_ones_own_that_is_the_squared_error_gives_the_same_network():
    x, y = curve()
    facts = {
        "activation": "tanh",
        "solver": "L-BFGS-B",
        "random_state": 0,
        "alpha": 0.01,
        "tol": 1e-9,
        "max_iter": 5000,
    }
    own, ours = MLPRegressor((4,), loss=squared, **facts).fit(x, y), MLPRegressor((4,), **facts).fit(x, y)
    np.testing.assert_allclose(own.predict(x), ours.predict(x), rtol=0, atol=FLAT)


@pytest.mark.parametrize("solver", ["adam", "Newton-CG"])
@pytest.mark.parametrize("engine", ["numpy", "native"])
def test_the_focal_loss_tells_classes_apart(engine, solver):
    x, y = blobs(spread=0.4)
    facts = {"solver": solver, "engine": engine, "learning_rate_init": 0.1, "max_iter": 60, "random_state": 0}
    model = MLPClassifier((6,), softplus, loss=focal, **facts).fit(x, y)
    assert model.score(x, y) > 0.9
    assert not hasattr(model, "predict_proba")  # nobody said what its scores mean
    assert model.decision_function(X).shape == (60, 3)


def test_its_value_is_that_of_the_formula():
    model = MLPClassifier((6,), loss=focal, alpha=0.0, solver="CG", max_iter=3, random_state=0).fit(X, Y)
    scores = model.decision_function(X)
    p = (np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True))[np.arange(60), Y]
    assert model.loss_ == pytest.approx(np.mean(-((1 - p) ** 2) * np.log(p)), rel=1e-12)


def test_an_activation_of_ones_own_is_computed_as_written():
    model = MLPClassifier((6,), softplus, max_iter=3, random_state=0, solver="CG").fit(X, Y)
    (W1, W2), (b1, b2) = model.coefs_, model.intercepts_
    hidden = np.logaddexp(0, X @ W1 + b1)
    np.testing.assert_allclose(model.decision_function(X), hidden @ W2 + b2, rtol=0, atol=1e-12)


def own(**facts):
    facts = {"random_state": 0, "max_iter": 5, **facts}
    return MLPClassifier((4,), softplus, loss=focal, **facts)


def pickled(model):
    return pickle.loads(pickle.dumps(model))  # noqa: S301 - our own


@pytest.mark.parametrize("through", [clone, copy.deepcopy, pickled])
def test_a_copy_fits_the_same(through):
    assert same_bits(through(own()).fit(X, Y).model_.W, own().fit(X, Y).model_.W)


@pytest.mark.parametrize("through", [copy.deepcopy, pickled])
def test_a_fitted_copy_predicts_the_same(through):
    model = own().fit(X, Y)
    assert same_bits(through(model).decision_function(X), model.decision_function(X))
    assert same_bits(through(model).partial_fit(X, Y).model_.W, model.partial_fit(X, Y).model_.W)


def test_a_search_over_two_processes_finds_the_same_as_one_in_this():
    grid = {"loss": ["softmax", focal], "max_iter": np.arange(2, 4)}
    found = [GridSearchCV(own(), grid, cv=2, n_jobs=n).fit(X, Y) for n in (1, 2)]
    assert np.array_equal(found[0].cv_results_["mean_test_score"], found[1].cv_results_["mean_test_score"])
    assert same_bits(found[0].best_estimator_.model_.W, found[1].best_estimator_.model_.W)


WRONG_LOSSES = {
    "a matrix": (lambda scores, y: scores**2, r"makes shape \(2, 3\) of scores of shape \(2, 3\); expected one number"),
    "the mean": (lambda scores, y: (scores**2).mean(), r"makes shape \(\) of .* the mean over the samples is ours"),
    "a number": (lambda scores, y: 3.0, "makes float of scores"),
}


@pytest.mark.parametrize("solver", ["adam", "L-BFGS-B"])
@pytest.mark.parametrize("what", WRONG_LOSSES)
def test_a_loss_that_is_not_one_number_per_sample_is_refused(what, solver):
    loss, words = WRONG_LOSSES[what]
    with pytest.raises(ShapeError, match=words):
        MLPClassifier((4,), loss=loss, solver=solver).fit(X, Y)


WRONG_ACTIVATIONS = {
    "another shape": (
        lambda z: z.sum(axis=1),
        r"the activation <lambda> makes shape \(2,\) of a tensor of shape \(2, 4",
    ),
    "a number": (lambda z: 1.0, "makes float of a tensor"),
}


@pytest.mark.parametrize("what", WRONG_ACTIVATIONS)
def test_an_activation_that_keeps_no_shape_is_refused(what):
    activation, words = WRONG_ACTIVATIONS[what]
    with pytest.raises(ShapeError, match=words):
        MLPClassifier((4,), activation).fit(X, Y)


def test_a_regressor_has_no_loss_of_labels():
    with pytest.raises(ParameterError, match="unknown loss 'softmax'; expected squared_error"):
        MLPRegressor(loss="softmax").fit(*curve())


@pytest.mark.parametrize("facts", [{"loss": focal}, {"activation": softplus}], ids=["loss", "activation"])
def test_a_file_of_a_model_holds_no_code(facts, tmp_path):
    model = MLPClassifier((4,), max_iter=2, **facts).fit(X, Y)
    with pytest.raises(
        ParameterError, match="a file holds no code; pickle the estimator, or save the parameters alone"
    ):
        save_model(tmp_path / "m.safetensors", model.model_)
    assert not list(tmp_path.iterdir())
