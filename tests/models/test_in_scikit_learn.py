"""What scikit-learn does with the networks: pipelines, searches, routed weights, callbacks, pictures of estimators."""

import pickle

import numpy as np
import pytest
import sklearn
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import BaggingClassifier
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from models.tables import ALL, CLASSIFIERS, blobs, curve, same_bits, samples_for
from zanjir.models import LogisticRegression, MLPClassifier, MLPRegressor, SoftmaxClassifier
from zanjir.training import Callback

X, Y = blobs()
FEW = {"max_iter": 4}
pytestmark = pytest.mark.filterwarnings("ignore:.*iterations were not enough")


@pytest.fixture
def routing():
    with sklearn.config_context(enable_metadata_routing=True):
        yield


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_probabilities_and_classes_pass_through_a_pipeline(name):
    x, y = samples_for(name)
    labels = np.array(["ash", "elm", "oak"])[y]
    pipeline = make_pipeline(StandardScaler(), ALL[name](**FEW)).fit(x, labels)
    alone = ALL[name](**FEW).fit(StandardScaler().fit_transform(x), labels)
    assert pipeline.classes_.tolist() == sorted(set(labels))
    assert same_bits(pipeline.predict(x), alone.predict(StandardScaler().fit_transform(x)))


def test_two_processes_find_what_one_finds():
    model = MLPClassifier((4,), max_iter=3, dropout=0.1, random_state=np.random.RandomState(0))
    scores = [cross_val_score(clone(model), X, Y, cv=3, n_jobs=n) for n in (1, 2)]
    assert same_bits(*scores)


def test_a_search_finds_the_penalty_that_it_scores_best():
    search = GridSearchCV(SoftmaxClassifier(), {"alpha": [10.0, 0.01]}, cv=3).fit(X, Y)
    assert search.best_params_ == {"alpha": 0.01}
    assert search.best_score_ > 0.6


def test_others_build_on_them():
    for model in (CalibratedClassifierCV(SoftmaxClassifier(), cv=3), BaggingClassifier(LogisticRegression(), 3)):
        y = Y if isinstance(model, CalibratedClassifierCV) else Y == 1
        assert model.fit(X, y).score(X, y) > 0.6
    x, y = curve()
    target = TransformedTargetRegressor(MLPRegressor((5,), max_iter=3), transformer=StandardScaler())
    assert cross_val_predict(target, x, 100 * y, cv=2).shape == (60,)


def test_weights_are_routed_through_a_search(routing):
    weights = np.random.default_rng(0).random(60)
    asked = SoftmaxClassifier().set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
    search = GridSearchCV(asked, {"alpha": [0.1]}, cv=2).fit(X, Y, sample_weight=weights)
    expected = SoftmaxClassifier(alpha=0.1).fit(X, Y, sample_weight=weights)
    assert same_bits(search.best_estimator_.coef_, expected.coef_)


def test_validation_data_are_scaled_as_the_training_data_are(routing):
    x_val, y_val = blobs(30, seed=5)
    model = SoftmaxClassifier(solver="adam", random_state=0, **FEW)
    asked = clone(model).set_fit_request(sample_weight=True, X_val=True, y_val=True)
    pipeline = make_pipeline(StandardScaler().set_fit_request(sample_weight=False), asked, transform_input=["X_val"])
    pipeline.fit(X, Y, sample_weight=np.arange(60.0), X_val=x_val, y_val=y_val)
    scaler = StandardScaler().fit(X)
    model.fit(scaler.transform(X), Y, np.arange(60.0), X_val=scaler.transform(x_val), y_val=y_val)
    assert pipeline[-1].validation_loss_curve_ == model.validation_loss_curve_


def test_weights_that_nobody_asked_for_are_refused(routing):
    with pytest.raises(ValueError, match="are passed but are not explicitly set as requested or not requested"):
        make_pipeline(StandardScaler(), SoftmaxClassifier()).fit(X, Y, sample_weight=np.ones(60))


def test_set_output_reaches_them_as_data_frames():
    import polars as pl

    frame = pl.DataFrame(X, schema=["a", "b", "c"])
    pipeline = make_pipeline(StandardScaler(), SoftmaxClassifier()).set_output(transform="polars").fit(frame, Y)
    assert pipeline[-1].feature_names_in_.tolist() == ["a", "b", "c"]


@pytest.mark.parametrize("name", ALL)
def test_a_notebook_shows_them(name):
    model = ALL[name](**FEW)
    page = model._repr_html_()
    assert type(model).__name__ in page
    assert f"docs/estimators.md#{type(model).__name__}" in page
    assert "Not fitted" in page
    assert "Fitted" in model.fit(*samples_for(name))._repr_html_()


def test_only_what_was_changed_is_shown():
    assert repr(SoftmaxClassifier(alpha=0.5)) == "SoftmaxClassifier(alpha=0.5)"
    assert repr(MLPClassifier((5,), max_iter=9)) == "MLPClassifier(hidden_layer_sizes=(5,), max_iter=9)"


@pytest.mark.parametrize("name", ALL)
def test_a_fitted_estimator_survives_pickling(name):
    x, y = samples_for(name)
    model = ALL[name](**FEW).fit(x, y)
    again = pickle.loads(pickle.dumps(model))  # noqa: S301 - our own
    assert same_bits(again.predict(x), model.predict(x))
    assert again.loss_curve_ == model.loss_curve_


def test_a_pickle_of_another_version_is_not_trusted_silently(monkeypatch):
    data = pickle.dumps(SoftmaxClassifier().fit(X, Y))
    monkeypatch.setattr("zanjir.models.base.version", lambda name: "99.0")
    with pytest.warns(
        UserWarning, match=r"SoftmaxClassifier was fitted by zanjir .*, and 99\.0 reads it; fit it again"
    ):
        pickle.loads(data)  # noqa: S301 - our own


class Heard(Callback):
    """Writes down what it hears, and stops after some epochs."""

    def __init__(self, last=None):
        self.said, self.last = [], last

    def on_train_begin(self, trainer):
        self.said.append("begin")

    def on_epoch_end(self, trainer, epoch):
        self.said.append(epoch.epoch)
        return epoch.epoch == self.last

    def on_train_end(self, trainer):
        self.said.append("end")


def test_a_fit_that_a_callback_stopped_is_no_failure(recwarn):
    MLPClassifier((4,), callbacks=[Heard(2)], random_state=0, **FEW).fit(X, Y)
    assert not recwarn.list


@pytest.mark.parametrize("last", [None, 2])
def test_callbacks_of_ours_hear_every_epoch_and_may_stop(last):
    heard = Heard(last)
    model = MLPClassifier((4,), callbacks=[heard], random_state=0, **FEW).fit(X, Y)
    n = last or 4
    assert heard.said == ["begin", *range(1, n + 1), "end"]
    assert (model.n_iter_, len(model.loss_curve_)) == (n, n)


SOLVERS = ["adam", "L-BFGS-B", "Newton-CG"]


@pytest.fixture
def protocol():
    return pytest.importorskip("sklearn.callback", reason="scikit-learn has callbacks since 1.9")


@pytest.mark.parametrize("solver", SOLVERS)
def test_scikit_learns_monitor_scores_the_network_after_each_iteration(protocol, solver):
    monitor = protocol.ScoringMonitor(scoring="accuracy")
    model = MLPClassifier((4,), solver=solver, random_state=0, **FEW)
    model.set_callbacks(monitor)
    model.fit(X, Y)
    rows = monitor.get_logs().data
    scores = [row["accuracy"] for row in rows if row["task_name"] == "iteration"]
    (last,) = [row["accuracy"] for row in rows if row["task_name"] == "fit"]
    expected = [
        MLPClassifier((4,), solver=solver, random_state=0, max_iter=k).fit(X, Y).score(X, Y) for k in range(1, 5)
    ]
    assert scores == expected
    assert last == model.score(X, Y)


@pytest.mark.parametrize("solver", SOLVERS)
def test_its_bar_runs_to_the_end(protocol, solver, capsys):
    pytest.importorskip("rich")
    model = MLPRegressor((4,), solver=solver, **FEW)
    model.set_callbacks(protocol.ProgressBar())
    model.fit(*curve())
    assert "MLPRegressor" in capsys.readouterr().out


class Stopper:
    """A callback of scikit-learn's protocol that stops after some iterations."""

    def __init__(self, last):
        self.last, self.predicted = last, []

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context, **facts):
        pass

    def on_fit_task_end(self, estimator, context, *, X=None, y=None, metadata=None, fitted_estimator=None):
        if context.task_name == "iteration":
            self.predicted.append((fitted_estimator.predict(X), metadata))
        return len(self.predicted) >= self.last


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_callback_of_scikit_learns_protocol_stops_the_fit(protocol, solver):
    stopper, weights = Stopper(2), np.ones(60)
    model = MLPClassifier((4,), solver=solver, random_state=0, **FEW)
    model.set_callbacks(stopper)
    model.fit(X, Y, sample_weight=weights)
    assert model.n_iter_ == len(stopper.predicted) == 2
    assert same_bits(stopper.predicted[-1][0], model.predict(X))
    assert stopper.predicted[0][1]["sample_weight"] is weights


def test_callbacks_change_no_bit(protocol):
    plain, watched = (MLPClassifier((4,), dropout=0.2, random_state=0, **FEW) for _ in range(2))
    watched.set_callbacks(protocol.ScoringMonitor(scoring="accuracy"))
    assert same_bits(plain.fit(X, Y).model_.W, watched.fit(X, Y).model_.W)
