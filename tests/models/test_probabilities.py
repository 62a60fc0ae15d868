"""Probabilities against numbers worked out by hand, and far from every class."""

import mpmath as mp
import numpy as np
import pytest

from models.tables import blobs
from zanjir.models import LinearSVMClassifier, LogisticRegression, MLPClassifier, OneVsRestClassifier, SoftmaxClassifier
from zanjir.training import load_model, save_model

# The last bits of float64, and of float32.
DOUBLE, SINGLE = 1e-15, 1e-7
# Two features, three classes; scores of x = (1, 2): W x + b = (1 - 2 + 0.5, 0.25 + 1, -1 + 4 - 1) = (-0.5, 1.25, 2).
COEF = np.array([[1.0, -1.0], [0.25, 0.5], [-1.0, 2.0]])
INTERCEPT = np.array([0.5, 0.0, -1.0])
POINT, SCORES = [[1.0, 2.0]], [-0.5, 1.25, 2.0]
X, Y = blobs(d=2)


def with_parameters(model, dtype=np.float64):
    """Fit, and put in the parameters of the hand calculation."""
    model.fit(X.astype(dtype), np.array(["a", "b", "c"])[Y])
    model.model_.parameters["W1"][...] = COEF.T
    model.model_.parameters["b1"][...] = INTERCEPT
    return model


def sigmoid(s):
    return 1 / (1 + mp.exp(-s))


def test_softmax_probabilities_by_hand():
    model = with_parameters(SoftmaxClassifier())
    assert model.decision_function(POINT)[0].tolist() == SCORES
    total = sum(mp.exp(s) for s in SCORES)
    expected = [float(mp.exp(s) / total) for s in SCORES]
    assert expected == pytest.approx([0.60653 / 11.48593, 3.49034 / 11.48593, 7.38906 / 11.48593], abs=1e-6)
    assert model.predict_proba(POINT)[0] == pytest.approx(expected, abs=DOUBLE)
    assert model.predict_log_proba(POINT)[0] == pytest.approx([float(mp.log(p)) for p in expected], rel=4 * DOUBLE)
    assert model.predict(POINT).tolist() == ["c"]


def test_one_vs_rest_probabilities_by_hand():
    model = with_parameters(OneVsRestClassifier())
    h = [sigmoid(s) for s in SCORES]
    assert model.hypotheses(POINT)[0] == pytest.approx([float(p) for p in h], abs=DOUBLE)
    assert [float(p) for p in h] == pytest.approx([0.377541, 0.777300, 0.880797], abs=1e-6)
    assert model.predict_proba(POINT)[0] == pytest.approx([float(p / sum(h)) for p in h], abs=DOUBLE)


def test_binary_probabilities_by_hand():
    model = LogisticRegression().fit(X[Y < 2], Y[Y < 2])
    model.model_.parameters["W1"][...] = [[1.0], [-0.25]]
    model.model_.parameters["b1"][...] = 0.125
    p = float(sigmoid(mp.mpf("0.625")))  # 1 - 0.5 + 0.125
    assert model.decision_function(POINT).tolist() == [0.625]
    assert model.predict_proba(POINT)[0] == pytest.approx([1 - p, p], abs=DOUBLE)
    assert p == pytest.approx(0.651355, abs=1e-6)


def test_in_single_precision_too():
    model = with_parameters(SoftmaxClassifier(), np.float32)
    total = sum(mp.exp(s) for s in SCORES)
    p = model.predict_proba(POINT)
    assert p.dtype == np.float32
    assert p[0] == pytest.approx([float(mp.exp(s) / total) for s in SCORES], abs=SINGLE)


def test_a_hidden_layer_by_hand():
    model = MLPClassifier((2,), "sigmoid", solver="CG", random_state=0).fit(X, Y)
    model.model_.parameters["W1"][...] = [[1.0, 0.5], [-1.0, 0.25]]
    model.model_.parameters["b1"][...] = [0.5, -2.0]
    model.model_.parameters["W2"][...] = [[1.0, 0.0, -1.0], [2.0, 1.0, 0.5]]
    model.model_.parameters["b2"][...] = [0.0, 0.5, 1.0]
    h1, h2 = sigmoid(mp.mpf("-0.5")), sigmoid(mp.mpf("-1"))
    scores = [h1 + 2 * h2, h2 + mp.mpf("0.5"), -h1 + h2 / 2 + 1]
    total = sum(mp.exp(s) for s in scores)
    assert model.predict_proba(POINT)[0] == pytest.approx([float(mp.exp(s) / total) for s in scores], abs=DOUBLE)


def test_far_from_every_class_the_rows_still_sum_to_one():
    model = with_parameters(OneVsRestClassifier())
    model.model_.parameters["W1"][...] = [[-1000.0, -1001.0, -2000.0], [0.0, 0.0, 0.0]]
    model.model_.parameters["b1"][...] = 0
    e = mp.exp(-1)  # every sigmoid rounds to 0, and the first is e times the second
    expected = [float(1 / (1 + e)), float(e / (1 + e)), 0]
    assert model.predict_proba([[1.0, 0.0]])[0] == pytest.approx(expected, abs=1e-12)  # 1e-16 of 1000


@pytest.mark.parametrize("make", [SoftmaxClassifier, OneVsRestClassifier])
def test_rows_are_probabilities_everywhere(make):
    model = make().fit(X, Y)
    p = model.predict_proba(np.concatenate([X, 1e6 * X, -1e6 * X]))
    assert np.isfinite(p).all()
    assert ((p >= 0) & (p <= 1)).all()
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=0, atol=4 * DOUBLE)


def test_equal_scores_give_the_first_class():
    model = with_parameters(SoftmaxClassifier())
    model.model_.parameters["W1"][...] = 0
    model.model_.parameters["b1"][...] = [1.0, 2.0, 2.0]
    assert model.predict(POINT).tolist() == ["b"]


@pytest.mark.parametrize("loss", ["hinge", "squared_hinge"])
def test_margins_are_no_probabilities(loss):
    model = LinearSVMClassifier(loss=loss).fit(X, Y)
    assert not hasattr(model, "predict_proba")
    assert model.decision_function(X).shape == (60, 3)
    assert not hasattr(MLPClassifier((3,), loss=loss), "predict_log_proba")


MODELS = {
    "softmax": SoftmaxClassifier(),
    "one vs rest": OneVsRestClassifier(),
    "svm": LinearSVMClassifier(delta=2.5),
    "hinge": LinearSVMClassifier(loss="hinge", delta=0.5),
    "network": MLPClassifier((4,), "tanh", norm="batch", dropout=0.2, max_iter=30, tol=1.0, random_state=0),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_saved_model_is_the_one_that_was_fitted(name, tmp_path):
    labels = np.array(["ash", "elm", "oak"])
    model = MODELS[name].fit(X, labels[Y])
    save_model(tmp_path / "m.safetensors", model.model_)
    loaded = load_model(tmp_path / "m.safetensors")
    assert loaded.classes == ("ash", "elm", "oak")
    assert np.array_equal(labels[loaded.predict(X)], model.predict(X))
    assert np.array_equal(loaded.scores(X), model.decision_function(X))
    assert loaded.evaluate(X, Y).loss == model.model_.evaluate(X, Y).loss
    assert loaded.evaluate(X, Y).accuracy == model.score(X, labels[Y])


def test_another_margin_is_another_loss_in_the_file_too(tmp_path):
    losses = []
    for delta in (1.0, 3.0):
        model = LinearSVMClassifier(delta=delta).fit(X, Y)
        save_model(tmp_path / "m.safetensors", model.model_)
        scores = X @ model.coef_.T + model.intercept_
        margins = np.maximum(0, scores - scores[np.arange(60), Y][:, None] + delta)
        margins[np.arange(60), Y] = 0
        losses.append((load_model(tmp_path / "m.safetensors").evaluate(X, Y).loss, (margins**2).sum(axis=1).mean()))
    for found, expected in losses:
        assert found == pytest.approx(expected, rel=1e-12)
