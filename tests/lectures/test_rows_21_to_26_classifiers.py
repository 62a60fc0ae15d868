"""Rows 21, 22, 23, 25 and 26: logistic regression, one against the rest, softmax, and the support vector machine."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import zanjir
from zanjir.models import LinearSVMClassifier, LogisticRegression, OneVsRestClassifier, SoftmaxClassifier
from zanjir.training import labels_from

SIX_DECIMALS = 5e-7  # the lectures' inventory gives six
ROUNDINGS = 1e-14
# Minimizers whose derivatives are below 1e-6, with a penalty whose second derivative is 0.02: 1e-6 / 0.02.
SAME_MINIMUM = 1e-4


@pytest.fixture(scope="module")
def digits():
    """The 8 x 8 digits, gray levels in [0, 1]: 1,347 to train and 450 to test."""
    X, y = load_digits(return_X_y=True)
    return train_test_split(X / 16, y, test_size=0.25, random_state=0, stratify=y)


def separable():
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (80, 2))
    side = X @ [1.0, -2.0] + 0.3
    far = np.abs(side) > 0.1
    return X[far], (side[far] > 0).astype(int)


def test_row_21_both_parametrizations_give_the_same_output():
    X, y = separable()
    model = LogisticRegression().fit(X, y)
    theta = np.r_[model.intercept_, model.coef_[0]]
    with_ones = np.c_[np.ones(len(X)), X]  # x0 = 1
    h = 1 / (1 + np.exp(-(with_ones @ theta)))
    np.testing.assert_allclose(model.predict_proba(X)[:, 1], h, rtol=0, atol=ROUNDINGS)


def test_row_21_both_parametrizations_have_the_same_gradient():
    X, y = separable()
    w, b = np.array([[0.5], [-1.0]]), np.array([0.25])
    theta = np.r_[b[:, None], w]

    def J(scores):
        return zanjir.nn.binary_cross_entropy(scores, y[:, None].astype(float)).mean()

    dtheta = zanjir.gradient(lambda theta: J(np.c_[np.ones(len(X)), X] @ theta), theta)
    apart = zanjir.gradient(lambda w, b: J(X @ w + b), {"w": w, "b": b})
    np.testing.assert_allclose(dtheta, np.r_[apart["b"][:, None], apart["w"]], rtol=0, atol=ROUNDINGS)


def test_row_21_separable_data_reach_100_percent():
    X, y = separable()
    assert LogisticRegression(alpha=1e-5).fit(X, y).score(X, y) == 1.0


def test_row_22_one_against_the_rest_on_the_digits(digits):
    X, X_test, y, y_test = digits
    model = OneVsRestClassifier().fit(X, y)
    assert model.score(X_test, y_test) >= 0.96
    h = model.hypotheses(X_test)
    assert np.array_equal(model.predict(X_test), h.argmax(axis=1))
    sums = h.sum(axis=1)
    assert sums.min() == pytest.approx(0.13, abs=0.02)  # the notes: 0.13 to 1.89
    assert sums.max() == pytest.approx(1.89, abs=0.02)
    np.testing.assert_allclose(model.predict_proba(X_test).sum(axis=1), 1, rtol=0, atol=1e-12)


def test_row_22_softmax_rows_sum_to_one(digits):
    X, X_test, y, _ = digits
    p = SoftmaxClassifier().fit(X, y).predict_proba(X_test)
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=0, atol=1e-12)


def test_row_22_each_class_is_trained_independently_of_the_others(digits):
    X, _, y, _ = digits
    X, y = X[:300], y[:300]
    facts = {"alpha": 0.01, "tol": 1e-6}
    together = OneVsRestClassifier(**facts).fit(X, y)
    for k in (0, 3, 9):
        alone = LogisticRegression(**facts).fit(X, y == k)
        np.testing.assert_allclose(together.coef_[k], alone.coef_[0], rtol=0, atol=SAME_MINIMUM)
        np.testing.assert_allclose(
            together.hypotheses(X)[:, k], alone.predict_proba(X)[:, 1], rtol=0, atol=SAME_MINIMUM
        )


def test_row_22_another_label_of_the_others_changes_nothing(digits):
    X, _, y, _ = digits
    X, y = X[:300], y[:300]
    facts = {"alpha": 0.01, "tol": 1e-6}
    swapped = np.where(y == 1, 2, np.where(y == 2, 1, y))
    one, two = (OneVsRestClassifier(**facts).fit(X, labels) for labels in (y, swapped))
    np.testing.assert_allclose(one.coef_[0], two.coef_[0], rtol=0, atol=SAME_MINIMUM)
    np.testing.assert_allclose(one.coef_[1], two.coef_[2], rtol=0, atol=SAME_MINIMUM)


def test_row_23_all_scores_at_once_are_those_of_one_class_after_the_other():
    # Whole numbers, whose products and sums are exact in any order.
    rng = np.random.default_rng(0)
    X, y = rng.integers(-5, 6, (60, 4)).astype(float), np.arange(60) % 3
    model = SoftmaxClassifier(max_iter=1000).fit(X, y)
    model.model_.parameters["W1"][...] = np.round(4 * model.coef_.T)
    model.model_.parameters["b1"][...] = [1, -2, 3]
    scores = model.decision_function(X)
    for k in range(3):
        for i, x in enumerate(X):
            assert scores[i, k] == sum(w * value for w, value in zip(model.coef_[k], x, strict=True)) + [1, -2, 3][k]
    assert np.array_equal(model.predict(X), [max(range(3), key=lambda k: row[k]) for row in scores])


def test_row_23_the_lowest_class_wins_a_tie():
    assert labels_from(np.array([[1.0, 3.0, 3.0], [0.0, 0.0, 0.0], [2.0, 1.0, 2.0]])).tolist() == [1, 0, 0]
    model = SoftmaxClassifier().fit([[0.0], [1.0], [2.0]], ["a", "b", "c"])
    model.model_.W[...] = 0
    assert model.predict([[5.0]]).tolist() == ["a"]


def first_loss(model, X, y):
    """The loss of all samples before the first step."""
    return model.set_params(solver="sgd", batch_size=len(X), max_iter=1).fit(X, y).loss_curve_[0]


@pytest.mark.filterwarnings("ignore:.*iterations were not enough")
def test_row_25_the_first_loss_with_zero_weights_is_ln_10(digits):
    X, _, y, _ = digits
    assert first_loss(SoftmaxClassifier(), X, y) == pytest.approx(2.302585, abs=SIX_DECIMALS)


DESCENTS = {
    "CG": {"solver": "CG"},
    "L-BFGS-B": {"solver": "L-BFGS-B"},
    "SGD": {
        "solver": "sgd", "learning_rate_init": 2.0, "learning_rate": "cosine", "max_iter": 200, "n_iter_no_change": 200,
    },
    "GD": {"solver": "nesterov", "learning_rate_init": 0.5, "max_iter": 800, "tol": 0.0, "batch_size": 1347},
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:.*iterations were not enough")
@pytest.mark.parametrize("descent", DESCENTS)
def test_row_25_softmax_on_the_digits_by_every_descent(digits, descent):
    X, X_test, y, y_test = digits
    model = SoftmaxClassifier(random_state=0, **DESCENTS[descent]).fit(X, y)
    assert model.score(X_test, y_test) >= 0.975


@pytest.mark.filterwarnings("ignore:.*iterations were not enough")
@pytest.mark.parametrize("loss", ["hinge", "squared_hinge"])
def test_row_26_the_first_loss_of_the_svm_is_9(digits, loss):
    X, _, y, _ = digits
    assert first_loss(LinearSVMClassifier(loss=loss), X, y) == 9.0


@pytest.mark.filterwarnings("ignore:.*iterations were not enough")
@pytest.mark.parametrize(("loss", "least"), [("squared_hinge", 0.965), ("hinge", 0.96)])
def test_row_26_the_svm_on_the_digits(digits, loss, least):
    X, X_test, y, y_test = digits
    assert LinearSVMClassifier(loss=loss).fit(X, y).score(X_test, y_test) >= least


def test_row_26_every_right_class_is_ahead_by_the_margin_where_that_can_be():
    rng = np.random.default_rng(0)
    y = np.arange(60) % 3
    X = 4 * np.eye(3)[y] + 0.3 * rng.standard_normal((60, 3))
    for delta in (1.0, 5.0):
        scores = LinearSVMClassifier(delta=delta, alpha=1e-6).fit(X, y).decision_function(X)
        right = scores[np.arange(60), y]
        scores[np.arange(60), y] = -np.inf
        ahead = (right - scores.max(axis=1)).min()
        assert ahead == pytest.approx(delta, rel=0.02)  # the penalty is small, and makes it a little less
