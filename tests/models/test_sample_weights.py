"""Weights of samples and classes in the estimators: a sample of weight 2 is two samples."""

import numpy as np
import pytest

from models.tables import ALL, CLASSIFIERS, blobs, same_bits, samples_for
from zanjir.errors import DataError, ShapeError
from zanjir.models import LinearSVMClassifier, MLPClassifier, SoftmaxClassifier

# The issue asks for 1e-6, where L-BFGS has brought every derivative below 1e-9.
EQUAL, TOL = 1e-6, 1e-9
# The hinge has kinks, at which no derivative is small: its value agrees, and where it is reached but nearly.
FLAT = 1e-4
TIMES = np.random.default_rng(1).integers(0, 4, 60)


def precise(name, **facts):
    return ALL[name](solver="L-BFGS-B", tol=TOL, alpha=0.01, max_iter=5000, **facts)


def repeated(X, y):
    return np.repeat(X, TIMES, axis=0), np.repeat(y, TIMES)


@pytest.mark.parametrize("name", ALL)
def test_a_weighted_sample_is_a_repeated_sample(name):
    X, y = samples_for(name)
    found, expected = precise(name).fit(X, y, sample_weight=TIMES), precise(name).fit(*repeated(X, y))
    np.testing.assert_allclose(found.scores_of(X), expected.scores_of(X), rtol=0, atol=EQUAL)
    assert np.abs(found.scores_of(X) - precise(name).fit(X, y).scores_of(X)).max() > 1000 * EQUAL  # they do count


def test_a_weighted_sample_is_a_repeated_sample_for_the_hinge():
    X, y = blobs()
    facts = {"loss": "hinge", "alpha": 0.01, "max_iter": 5000}
    found = LinearSVMClassifier(**facts).fit(X, y, sample_weight=TIMES)
    expected = LinearSVMClassifier(**facts).fit(*repeated(X, y))
    assert found.loss_ == pytest.approx(expected.loss_, rel=FLAT)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_the_weights_of_classes_are_weights_of_their_samples(name):
    X, y = samples_for(name)
    factors = {0: 3.0, 1: 0.5, 2: 1.0}
    labels = {label: factors[label] for label in np.unique(y)}
    found = precise(name, class_weight=labels).fit(X, y)
    expected = precise(name).fit(X, y, sample_weight=np.array([factors[label] for label in y]))
    assert same_bits(found.model_.W, expected.model_.W)


def test_the_weights_of_classes_multiply_those_of_samples():
    X, y = blobs()
    found = precise("softmax", class_weight={0: 2, 1: 1, 2: 1}).fit(X, y, sample_weight=TIMES)
    expected = precise("softmax").fit(X, y, sample_weight=np.where(y == 0, 2 * TIMES, TIMES))
    assert same_bits(found.coef_, expected.coef_)


@pytest.mark.parametrize("names", [["a", "b", "c"], [10, 20, 30]])
def test_balanced_classes_have_the_same_sum(names):
    X, y = blobs()
    rare = np.r_[np.flatnonzero(y == 0)[:5], np.flatnonzero(y == 1)[:10], np.flatnonzero(y == 2)]
    X, y = X[rare], y[rare]
    found = precise("softmax", class_weight="balanced").fit(X, np.array(names)[y])
    by_hand = np.array([35 / (3 * 5), 35 / (3 * 10), 35 / (3 * 20)])[y]
    expected = precise("softmax").fit(X, y, sample_weight=by_hand)
    np.testing.assert_allclose(found.coef_, expected.coef_, rtol=0, atol=EQUAL)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_balanced_classes_count_a_weighted_sample_as_repeated(name):
    X, y = samples_for(name)
    found = precise(name, class_weight="balanced").fit(X, y, sample_weight=TIMES)
    expected = precise(name, class_weight="balanced").fit(*repeated(X, y))
    np.testing.assert_allclose(found.scores_of(X), expected.scores_of(X), rtol=0, atol=EQUAL)


def test_a_balanced_class_may_have_no_weight_at_all():
    X, y = blobs()
    model = SoftmaxClassifier(class_weight="balanced").fit(X, y, sample_weight=(y != 2) * 1.0)
    assert np.isfinite(model.coef_).all()
    assert set(model.predict(X)) == {0, 1}


REFUSED = {
    "too few": (np.ones(59), ShapeError, r"sample_weight is \(59,\), expected \(60,\), one number per sample"),
    "a column": (np.ones((60, 1)), ShapeError, r"sample_weight is \(60, 1\), expected \(60,\)"),
    "negative": (np.r_[-1, np.ones(59)], DataError, "sample_weight holds -1, expected numbers >= 0"),
    "zero": (np.zeros(60), DataError, "the weights of all samples are zero; expected at least one above 0"),
    "nan": (np.r_[np.nan, np.ones(59)], ValueError, "sample_weight contains NaN"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_weights_that_cannot_be_used_are_refused(what):
    weights, error, words = REFUSED[what]
    with pytest.raises(error, match=words):
        SoftmaxClassifier().fit(*blobs(), sample_weight=weights)


CLASS_WEIGHTS = {
    "negative": ({0: 1, 1: -2, 2: 1}, DataError, "class_weight gives the class 1 the factor -2, expected a finite"),
    "nan": ({0: 1, 1: np.nan, 2: 1}, DataError, "class_weight gives the class 1 the factor nan"),
    "missing": ({0: 1, 7: 1}, ValueError, r"The classes, \[1, 2\], are not in class_weight"),
    "zero": ({0: 0, 1: 0, 2: 0}, DataError, "the weights of all samples are zero"),
}


@pytest.mark.parametrize("what", CLASS_WEIGHTS)
def test_factors_that_cannot_be_used_are_refused(what):
    factors, error, words = CLASS_WEIGHTS[what]
    with pytest.raises(error, match=words):
        MLPClassifier(class_weight=factors).fit(*blobs())
