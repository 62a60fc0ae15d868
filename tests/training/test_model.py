"""The trained model: what it refuses, what it predicts, and scikit-learn as a witness of its metrics."""

import re

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, log_loss, mean_squared_error, r2_score

from training.problems import model, problem, trained
from zanjir.errors import DataError, NonFiniteError, ParameterError, ShapeError
from zanjir.nn import L2, LOSSES, convnet
from zanjir.program import Problem
from zanjir.training import Model, Preparation, labels_from, r_squared

NAMES = ("a", "b", "c")
# float64 on both sides, with sums in another order.
A_FEW_ROUNDINGS = 1e-12
# Scores are float32, and scikit-learn is given the probabilities that follow from them.
SINGLE = 1e-5

rng = np.random.default_rng(7)
X = rng.standard_normal((50, 3))
y = rng.integers(0, 3, 50)


def linear(W, loss="softmax", classes=(), **facts):
    """The model of x W without bias."""
    W = np.asarray(W, float)
    made = problem((), *W.shape, loss, dtype=np.float64)
    return Model(made, np.concatenate([W.ravel(), np.zeros(W.shape[1])]), classes, **facts)


@pytest.mark.parametrize(
    ("bad", "error", "sentence"),
    [
        (np.zeros(3), ShapeError, r"X is \(3,\), expected \(N, 3\): this model was trained on 3 features"),
        (np.zeros((2, 4)), ShapeError, r"X is \(2, 4\), expected \(N, 3\)"),
        (np.zeros((2, 3, 1)), ShapeError, r"X is \(2, 3, 1\)"),
        ([[1, 2, 3], [4]], ShapeError, r"X is no array of shape \(N, 3\): its rows differ in length"),
        ([["1", "2", "3"]], DataError, "X holds <U1 data, expected numbers"),
        ([[None, 1, 2]], DataError, "X holds object data, expected numbers"),
        ([[1j, 1, 2]], DataError, "X holds complex128 data, expected numbers"),
        ([[0, 0, 0], [0, np.nan, np.inf]], DataError, r"X\[1, 1\] is nan, expected a finite number"),
        ([[0, 0, -np.inf]], DataError, r"X\[0, 2\] is -inf, expected a finite number"),
        ([[0, 1e300, 0]], DataError, r"X\[0, 1\] is 1e\+300, expected a finite number within float32"),
    ],
)
@pytest.mark.parametrize("ask", ["predict", "predict_proba", "scores"])
def test_inputs_that_cannot_be_used_are_refused_with_their_place(ask, bad, error, sentence):
    with pytest.raises(error, match=sentence):
        getattr(model(classes=NAMES), ask)(bad)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.uint8, np.int64, bool])
def test_every_kind_of_number_is_read(dtype):
    raw = (np.arange(12).reshape(4, 3) % 2).astype(dtype)
    found = model(classes=NAMES)
    assert np.array_equal(found.predict(raw), found.predict(raw.tolist()))
    assert found.prepared(raw).dtype == np.float32


def test_inputs_are_prepared_and_left_alone():
    raw = np.array([[10, 20, 30]], np.uint8)
    found = linear(np.eye(3), classes=NAMES, preparation=Preparation(10, 5))
    assert found.scores(raw).tolist() == [[0, 2, 4]]
    assert raw.tolist() == [[10, 20, 30]]


@pytest.mark.parametrize("facts", [(0, 0), (0, -1), (np.nan, 1), (0, np.inf), (np.inf, 1)])
def test_a_preparation_that_loses_the_inputs_is_refused(facts):
    with pytest.raises(ParameterError, match="expected a finite offset and a finite scale above 0"):
        Preparation(*facts)


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"classes": ("a", "b")}, "2 classes need 2 scores with softmax loss, and the network gives 3"),
        ({"classes": ("a", "b"), "k": 2, "loss": "binary_cross_entropy"}, "2 classes need 1 scores"),
        ({"image_shape": (2, 2)}, r"image_shape \(2, 2\) does not hold 3 features"),
    ],
)
def test_parts_that_do_not_fit_are_refused(facts, sentence):
    with pytest.raises(ShapeError, match=sentence):
        model(**facts)


def test_a_parameter_vector_of_another_length_is_refused():
    with pytest.raises(ShapeError, match=re.escape("the parameter vector has shape (7,), expected (8,)")):
        Model(problem(), np.zeros(7))


def test_the_first_of_equal_scores_wins():
    tied = linear([[1, 1, 0], [0, 1, 1]], classes=NAMES)
    assert tied.predict([[1, 0], [0, 1], [0, 0], [-1, 0]]).tolist() == [0, 1, 0, 2]


def test_one_output_means_class_one_above_zero():
    one = linear([[1], [-1]], "binary_cross_entropy", ("no", "yes"))
    inputs = [[2, 1], [1, 2], [1, 1]]
    assert one.predict(inputs).tolist() == [1, 0, 0]
    p = one.predict_proba(inputs)
    assert p.shape == (3, 2)
    assert p[:, 1] == pytest.approx([1 / (1 + np.exp(-1)), 1 / (1 + np.exp(1)), 0.5], rel=A_FEW_ROUNDINGS)
    assert p.sum(axis=1) == pytest.approx(1, rel=A_FEW_ROUNDINGS)
    assert labels_from(np.array([[1e-30], [0.0]])).tolist() == [1, 0]


def test_softmax_probabilities_sum_to_one_and_follow_the_scores():
    found = model(classes=NAMES)
    p, scores = found.predict_proba(X * 30), found.scores(X * 30)
    assert p.dtype == np.float64
    assert p.sum(axis=1) == pytest.approx(1, rel=A_FEW_ROUNDINGS)
    assert np.array_equal(p.argmax(axis=1), scores.argmax(axis=1))
    ratio = np.exp(scores[:, 0].astype(float) - scores[:, 1])
    assert p[:, 0] / p[:, 1] == pytest.approx(ratio, rel=A_FEW_ROUNDINGS)


def test_sigmoid_probabilities_are_independent():
    p = model(loss="binary_cross_entropy", classes=NAMES).predict_proba(X)
    assert ((p > 0) & (p < 1)).all()
    assert np.abs(p.sum(axis=1) - 1).max() > 0.1


@pytest.mark.parametrize("loss", ["hinge", "squared_hinge", "squared_error"])
def test_losses_without_probabilities_give_none(loss):
    assert model(loss=loss, classes=NAMES).predict_proba(X) is None


def test_a_regression_has_no_probabilities_and_one_number_per_sample():
    assert model(loss="squared_error", k=1).predict(X).shape == (50,)
    assert model(loss="squared_error", k=2).predict(X).shape == (50, 2)
    assert model(loss="squared_error", k=2).predict_proba(X) is None


def test_no_samples_give_no_answers():
    assert model(classes=NAMES).predict(np.zeros((0, 3))).shape == (0,)


def test_predictions_do_not_depend_on_how_many_are_asked_for_at_once():
    many = np.tile(X, (60, 1))  # more than the rows that are computed at once
    found = model(classes=NAMES)
    assert np.array_equal(found.predict(many), np.tile(found.predict(X), 60))


@pytest.mark.parametrize("targets", [rng.standard_normal(50), rng.standard_normal((50, 1)) * 100, np.ones(50)])
def test_r_squared_is_scikit_learns(targets):
    predicted = targets + rng.standard_normal(targets.shape)
    if np.ptp(targets):
        assert r_squared(predicted, targets) == pytest.approx(r2_score(targets, predicted), rel=A_FEW_ROUNDINGS)
    assert r_squared(targets, targets) == 1
    assert r_squared(predicted, np.ones_like(targets)) == 0


def test_r_squared_of_several_outputs_weighs_them_by_their_variance():
    targets = rng.standard_normal((50, 3)) * [1, 5, 100]
    predicted = targets + rng.standard_normal((50, 3))
    witness = r2_score(targets, predicted, multioutput="variance_weighted")
    assert r_squared(predicted, targets) == pytest.approx(witness, rel=A_FEW_ROUNDINGS)


def test_evaluate_is_scikit_learns_for_softmax():
    found = model(classes=NAMES)
    judged = found.evaluate(X, y)
    assert judged.accuracy == accuracy_score(y, found.predict(X))
    assert judged.loss == pytest.approx(log_loss(y, found.predict_proba(X)), rel=SINGLE)
    assert judged.r2 is None


def test_evaluate_is_scikit_learns_for_one_sigmoid():
    found = model(k=1, loss="binary_cross_entropy", classes=("no", "yes"))
    judged = found.evaluate(X, y // 2)
    assert judged.accuracy == accuracy_score(y // 2, found.predict(X))
    assert judged.loss == pytest.approx(log_loss(y // 2, found.predict_proba(X)), rel=SINGLE)


@pytest.mark.parametrize("k", [1, 2])
def test_evaluate_is_scikit_learns_for_regression(k):
    found = model(k=k, loss="squared_error")
    targets = rng.standard_normal((50, k))
    judged = found.evaluate(X, targets)
    predicted = found.predict(X)
    assert judged.loss == pytest.approx(k * mean_squared_error(targets, predicted), rel=SINGLE)
    witness = r2_score(targets, predicted, multioutput="variance_weighted")
    assert judged.r2 == pytest.approx(witness, rel=SINGLE)
    assert judged.accuracy is None


def test_the_loss_of_evaluate_has_no_penalty():
    from zanjir.nn import L2

    assert model(penalty=L2(10.0), classes=NAMES).evaluate(X, y) == model(classes=NAMES).evaluate(X, y)


@pytest.mark.parametrize(
    ("targets", "error", "sentence"),
    [
        (y[:49], ShapeError, r"X is \(50, 3\) and y is \(49,\); expected one y per row"),
        (y[:1], ShapeError, r"y is \(1,\)"),
        (np.zeros((50, 3), int), ShapeError, r"y is \(50, 3\); expected \(N,\), one label per sample"),
        (y + 1, DataError, r"is 3, expected an integer in \[0, 3\)"),
        (y - 1, DataError, r"is -1, expected an integer in \[0, 3\)"),
        (y.astype(float), DataError, "float64 data, expected labels"),
        (y == 1, DataError, "bool data, expected labels"),
    ],
)
def test_labels_that_do_not_fit_are_refused(targets, error, sentence):
    with pytest.raises(error, match=sentence):
        model(classes=NAMES).evaluate(X, targets)


def test_no_samples_cannot_be_judged():
    with pytest.raises(ShapeError, match=r"X is \(0, 3\)"):
        model(classes=NAMES).evaluate(np.zeros((0, 3)), np.zeros(0, int))


def test_a_loss_that_is_no_number_is_reported():
    with pytest.raises(NonFiniteError, match=r"^the loss on 50 samples is inf, expected a finite number"):
        model(loss="squared_error", k=1).evaluate(X * 1e25, X[:, 0])


def test_scores_that_are_no_numbers_are_reported_and_not_ranked():
    found = linear([[1e200, 1], [1e200, 1]], classes=NAMES[:2])
    with pytest.raises(NonFiniteError, match=r"^score \[1, 0\] is inf, .* parameter is 1e\+200, .* input 1e\+200\.$"):
        found.predict([[1, 1], [1e200, 1]])


def test_problem_model_and_trainer_are_shown_on_one_line():
    assert repr(problem([4, 5], penalty=L2(0.1))) == "Problem(3-4-5-2, softmax loss + L2(alpha=0.1), float32)"
    assert repr(model(classes=("a", "b", "c"))) == "Model(3-4-3, softmax loss, 3 classes, 31 parameters)"
    assert repr(model(k=1, loss="squared_error")) == "Model(3-4-1, squared_error loss, regression, 21 parameters)"
    assert repr(trained([4])) == "Trainer(3-4-2, softmax loss, 20 samples: step 12 of 12)"
    images = Problem(convnet((4, 4), [2], [3], 2, norm="batch"), LOSSES["hinge"], 16, 2)
    assert repr(images) == "Problem(4x4x1-conv2-3-2, hinge loss, float32)"
