"""Validation data: given or drawn, measured after each iteration, and what early stopping makes of them."""

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from models.tables import blobs, curve, same_bits
from zanjir.errors import DataError, ParameterError, ShapeError
from zanjir.models import LogisticRegression, MLPClassifier, MLPRegressor, SoftmaxClassifier
from zanjir.training import Callback

# Losses that are computed again by hand in float64.
ROUNDINGS = 1e-12
X, Y = blobs(90)
X_VAL, Y_VAL = blobs(40, seed=7)
WEIGHTS = np.random.default_rng(2).random(40)
SOLVERS = ["adam", "L-BFGS-B", "CG", "Newton-CG"]
pytestmark = pytest.mark.filterwarnings("ignore:.*iterations were not enough")


def cross_entropies(scores, labels):
    shifted = scores - scores.max(axis=1, keepdims=True)
    return np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(labels)), labels]


class Recorder(Callback):
    """Keeps the parameters after each epoch."""

    def __init__(self):
        self.found = []

    def on_epoch_end(self, trainer, epoch):
        self.found.append(trainer.engine.W.copy())


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["alike", "weighted"])
def test_the_validation_losses_are_those_of_the_parameters_after_each_epoch(weights):
    recorder = Recorder()
    model = SoftmaxClassifier(solver="adam", max_iter=6, callbacks=[recorder], alpha=0.1)
    model.fit(X, Y, X_val=X_VAL, y_val=Y_VAL, sample_weight_val=weights)
    scores = [X_VAL @ W[:9].reshape(3, 3) + W[9:] for W in recorder.found]
    losses = [np.average(cross_entropies(s, Y_VAL), weights=weights) for s in scores]
    assert model.validation_loss_curve_ == pytest.approx(losses, rel=ROUNDINGS)  # without the penalty
    right = [np.average(s.argmax(axis=1) == Y_VAL, weights=weights) for s in scores]
    assert model.validation_scores_ == pytest.approx(right, rel=ROUNDINGS)


@pytest.mark.parametrize("solver", SOLVERS)
def test_the_last_validation_loss_is_that_of_the_parameters_that_are_kept(solver):
    model = SoftmaxClassifier(solver=solver, max_iter=7).fit(X, Y, X_val=X_VAL, y_val=Y_VAL, sample_weight_val=WEIGHTS)
    expected = np.average(cross_entropies(X_VAL @ model.coef_.T + model.intercept_, Y_VAL), weights=WEIGHTS)
    assert len(model.validation_loss_curve_) == len(model.loss_curve_) == model.n_iter_
    assert model.validation_loss_curve_[-1] == pytest.approx(expected, rel=ROUNDINGS)


@pytest.mark.parametrize("solver", SOLVERS)
def test_watching_changes_no_bit_of_the_fit(solver):
    one = SoftmaxClassifier(solver=solver, max_iter=7, random_state=0).fit(X, Y)
    two = SoftmaxClassifier(solver=solver, max_iter=7, random_state=0).fit(X, Y, X_val=X_VAL, y_val=Y_VAL)
    assert same_bits(one.model_.W, two.model_.W)
    assert one.loss_curve_ == two.loss_curve_
    assert one.validation_loss_curve_ == []


def test_numbers_have_their_squared_error_and_r2():
    x, y = curve()
    x_val, y_val = curve(30, seed=1)
    model = MLPRegressor((5,), "tanh", max_iter=5, random_state=0).fit(
        x, y, X_val=x_val, y_val=y_val, sample_weight_val=WEIGHTS[:30]
    )
    error = (y_val - model.predict(x_val)) ** 2
    assert model.validation_loss_curve_[-1] == pytest.approx(np.average(error, weights=WEIGHTS[:30]), rel=ROUNDINGS)
    expected = model.score(x_val, y_val, sample_weight=WEIGHTS[:30])
    assert model.validation_scores_[-1] == pytest.approx(expected, rel=ROUNDINGS)


@pytest.mark.parametrize("solver", ["adam", "L-BFGS-B", "CG"])
def test_early_stopping_keeps_the_best_parameters_and_stops_when_they_are_old(solver):
    # Few samples with random labels: the network learns them by heart, and gets worse on others.
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((40, 5)), rng.integers(0, 2, 40)
    x_val, y_val = rng.standard_normal((200, 5)), rng.integers(0, 2, 200)
    facts = {"solver": solver, "alpha": 0.0, "max_iter": 300, "random_state": 0, "learning_rate_init": None}
    model = MLPClassifier((20,), "tanh", early_stopping=True, n_iter_no_change=4, **facts)
    model.fit(x, y, X_val=x_val, y_val=y_val)
    losses = model.validation_loss_curve_
    assert len(losses) < 300
    assert int(np.argmin(losses)) == len(losses) - 1 - 4
    p = model.predict_proba(x_val)[np.arange(200), y_val]
    assert -np.log(p).mean() == pytest.approx(min(losses), rel=1e-9)  # a log of a probability


LABELS = {
    "strings": np.array(["red", "green", "blue"]),
    "objects": np.array(["red", "green", "blue"], object),
    "negative": np.array([-5, 0, 3]),
    "floats": np.array([1.0, 2.0, 7.0]),
    "unsigned": np.array([200, 1, 255], np.uint8),
}


@pytest.mark.parametrize("solver", ["adam", "L-BFGS-B"])
@pytest.mark.parametrize("given", [True, False], ids=["given", "drawn"])
@pytest.mark.parametrize("kind", LABELS)
def test_labels_of_any_type_stop_early(kind, given, solver):
    labels = LABELS[kind]
    part = {"X_val": X_VAL, "y_val": labels[Y_VAL]} if given else {}
    model = MLPClassifier((4,), early_stopping=True, max_iter=5, random_state=0, solver=solver)
    model.fit(X, labels[Y], **part)
    plain = MLPClassifier((4,), early_stopping=True, max_iter=5, random_state=0, solver=solver)
    order = np.argsort(labels, kind="stable").argsort()
    plain.fit(X, order[Y], **({"X_val": X_VAL, "y_val": order[Y_VAL]} if given else {}))
    assert model.classes_.dtype == labels.dtype
    assert same_bits(model.model_.W, plain.model_.W)
    assert np.array_equal(model.predict(X), np.sort(labels)[plain.predict(X)])
    assert len(model.validation_loss_curve_) == 5


def test_two_values_of_truth_stop_early():
    x, y = blobs(n_classes=2)
    model = LogisticRegression(solver="adam", early_stopping=True, max_iter=5).fit(x, y == 1)
    assert model.classes_.tolist() == [False, True]
    assert model.predict(x).dtype == bool


def test_the_drawn_part_is_a_share_of_each_class_and_is_not_learned():
    seen = []

    class Look(Callback):
        def on_train_begin(self, trainer):
            seen.extend([trainer.samples, trainer.validation])

    SoftmaxClassifier(solver="sgd", early_stopping=True, validation_fraction=0.2, max_iter=1, callbacks=[Look()]).fit(
        X, Y
    )
    learned, watched = seen
    assert np.bincount(watched.y).tolist() == [6, 6, 6]
    assert np.bincount(learned.y).tolist() == [24, 24, 24]
    rows = {tuple(row) for row in np.r_[learned.X, watched.X]}
    assert rows == {tuple(row) for row in X}


def test_samples_of_weight_zero_are_not_drawn_to_be_watched():
    weights = np.ones(90)
    weights[10:80] = 0
    seen = []

    class Look(Callback):
        def on_train_begin(self, trainer):
            seen.append(trainer.validation)

    model = MLPClassifier((4,), early_stopping=True, validation_fraction=0.5, max_iter=1, callbacks=[Look()])
    model.fit(X, Y, sample_weight=weights)
    assert len(seen[0].y) == 10
    assert seen[0].weights.all()


def test_the_weights_of_drawn_samples_count():
    facts = {"solver": "adam", "early_stopping": True, "max_iter": 3, "random_state": 0}
    alike = SoftmaxClassifier(**facts).fit(X, Y, sample_weight=np.full(90, 5.0))
    heavy = SoftmaxClassifier(**facts).fit(X, Y, sample_weight=1.0 + 9 * (Y == 0))
    assert alike.validation_loss_curve_ == pytest.approx(SoftmaxClassifier(**facts).fit(X, Y).validation_loss_curve_)
    assert heavy.validation_loss_curve_[-1] != pytest.approx(alike.validation_loss_curve_[-1], rel=1e-3)


def test_inputs_of_another_type_are_taken_in_the_type_of_the_fit():
    x, x_val = X.astype(np.float32), X_VAL.tolist()
    for solver in ("adam", "L-BFGS-B"):
        model = SoftmaxClassifier(solver=solver, max_iter=4).fit(x, Y, X_val=x_val, y_val=Y_VAL.tolist())
        assert model.coef_.dtype == np.float32
        assert len(model.validation_loss_curve_) == 4


REFUSED = {
    "X alone": ({"X_val": X_VAL}, ParameterError, "X_val and y_val belong together"),
    "y alone": ({"y_val": Y_VAL}, ParameterError, "X_val and y_val belong together"),
    "weights alone": ({"sample_weight_val": WEIGHTS}, ParameterError, "sample_weight_val to them; give both"),
    "another number": ({"X_val": X_VAL, "y_val": Y_VAL[1:]}, ShapeError, "X_val has 40 samples and y_val has 39"),
    "features": ({"X_val": X_VAL[:, :2], "y_val": Y_VAL}, ValueError, "X has 2 features, but SoftmaxClassifier is exp"),
    "a label": ({"X_val": X_VAL, "y_val": Y_VAL + 1}, DataError, r"y holds the class 3, expected one of \[0, 1, 2\]"),
    "weights": (
        {"X_val": X_VAL, "y_val": Y_VAL, "sample_weight_val": WEIGHTS[1:]}, ShapeError, r"is \(39,\), expected \(40,\)",
    ),
    "zero weights": (
        {"X_val": X_VAL, "y_val": Y_VAL, "sample_weight_val": 0 * WEIGHTS}, DataError, "the weights of all samples are",
    ),
    "nan": ({"X_val": X_VAL * np.nan, "y_val": Y_VAL}, ValueError, "Input X contains NaN"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_data_to_watch_that_do_not_fit_are_refused(what):
    given, error, words = REFUSED[what]
    with pytest.raises(error, match=words):
        SoftmaxClassifier().fit(X, Y, **given)


NUMBERS = {
    "nan": (np.full(30, np.nan), ValueError, "Input y contains NaN"),
    "two columns": (np.ones((30, 2)), ShapeError, r"y is \(30, 2\); expected \(N, 1\), one number per output"),
}


@pytest.mark.parametrize("solver", ["adam", "CG"])
@pytest.mark.parametrize("what", NUMBERS)
def test_numbers_to_watch_that_do_not_fit_are_refused(what, solver):
    y_val, error, words = NUMBERS[what]
    with pytest.raises(error, match=words):
        MLPRegressor((4,), solver=solver, max_iter=2).fit(*curve(), X_val=curve(30)[0], y_val=y_val)


@pytest.mark.parametrize("share", [0.0, 1.0, 2, -0.1, 0.001])
def test_a_share_that_leaves_nothing_is_refused(share):
    with pytest.raises(ParameterError, match=f"validation_fraction is {share}"):
        MLPClassifier((4,), early_stopping=True, validation_fraction=share).fit(X, Y)


def test_a_fit_that_needs_more_iterations_says_so():
    with pytest.warns(
        ConvergenceWarning, match="max_iter=2 iterations were not enough: the loss still fell by more th"
    ):
        MLPClassifier((4,), max_iter=2, random_state=0).fit(X, Y)
    with pytest.warns(ConvergenceWarning, match=r"L-BFGS-B stopped with a derivative of .*, above tol=1e-05"):
        SoftmaxClassifier(max_iter=2).fit(X, Y)
    with pytest.warns(ConvergenceWarning, match=r"scales differ by a factor of 1e\+04: standardize them"):
        SoftmaxClassifier(max_iter=2).fit(X / X.std(axis=0) * [1, 1e4, 1], Y)


def test_a_schedule_is_followed_to_its_end():
    """The cosine's last epochs learn little and change much: they are no lack of progress."""
    X, y = blobs()
    model = MLPClassifier((5,), learning_rate="cosine", max_iter=40, n_iter_no_change=2, tol=1.0, random_state=0)
    assert model.fit(X, y).n_iter_ == 40


@pytest.mark.parametrize("weights", [[1, 1, 1, 1, 1], [0, 1, 1, 1, 1]])
def test_a_class_that_cannot_be_watched_is_named_as_the_user_names_it(weights):
    y = ["oak" if weights[0] == 0 else "ash", "ash", "ash", "ash", "oak"]  # a sample of weight 0 is not there
    with pytest.raises(
        DataError, match=r"of each class, and 'oak' has a single one; add samples, give X_val and y_val to fit"
    ):
        SoftmaxClassifier(early_stopping=True, validation_fraction=0.5).fit(X[:5], y, sample_weight=weights)
