"""Neighbors and fits work where scikit-learn's estimators do: searches, pipelines, data frames, pickles."""

import pickle

import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.ensemble import BaggingClassifier, StackingRegressor
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from zanjir.models import KNeighborsClassifier, KNeighborsRegressor, LeastSquares, PolynomialFit

polars = pytest.importorskip("polars")

IRIS = load_iris()
NAMES = IRIS.target_names[IRIS.target]
ALL = [KNeighborsClassifier(), KNeighborsRegressor(), LeastSquares(), PolynomialFit()]


def target_of(estimator):
    return NAMES if isinstance(estimator, KNeighborsClassifier) else IRIS.data[:, 3]


@pytest.mark.parametrize("estimator", ALL, ids=repr)
def test_a_pickled_estimator_predicts_the_same(estimator):
    fitted = clone(estimator).fit(IRIS.data[:, :3], target_of(estimator))
    again = pickle.loads(pickle.dumps(fitted))  # noqa: S301 - its own bytes
    assert again.predict(IRIS.data[:, :3]).tobytes() == fitted.predict(IRIS.data[:, :3]).tobytes()


@pytest.mark.parametrize("estimator", ALL, ids=repr)
def test_a_data_frame_gives_its_names(estimator):
    frame = polars.DataFrame(IRIS.data[:, :3], schema=["a", "b", "c"])
    fitted = clone(estimator).fit(frame, target_of(estimator))
    assert fitted.feature_names_in_.tolist() == ["a", "b", "c"]
    fitted.predict(frame)
    with pytest.raises(ValueError, match="feature names should match"):
        fitted.predict(frame.rename({"a": "z"}))


@pytest.mark.parametrize(
    ("estimator", "grid"),
    [
        (KNeighborsClassifier(), {"n_neighbors": np.arange(1, 8, 3), "metric": ["l1", "l2"]}),
        (PolynomialFit(alpha=1.0), {"degree": [1, 2]}),
    ],
    ids=repr,
)
def test_a_search_on_two_processes_finds_parameters(estimator, grid):
    name = type(estimator).__name__.lower()
    pipeline = make_pipeline(StandardScaler(), estimator)
    search = GridSearchCV(pipeline, {f"{name}__{key}": values for key, values in grid.items()}, n_jobs=2, cv=3)
    search.fit(IRIS.data[:, :3], target_of(estimator))
    one = cross_val_score(search.best_estimator_, IRIS.data[:, :3], target_of(estimator), cv=3)
    assert search.best_score_ == one.mean()


def test_frames_go_through_a_pipeline():
    frame = polars.DataFrame(IRIS.data, schema=["a", "b", "c", "d"])
    pipeline = make_pipeline(StandardScaler(), KNeighborsClassifier()).set_output(transform="polars")
    assert pipeline.fit(frame, NAMES).score(frame, NAMES) > 0.9
    assert pipeline[-1].feature_names_in_.tolist() == ["a", "b", "c", "d"]


def test_weights_are_routed_through_a_search():
    weights = np.where(NAMES == "virginica", 0.0, 1.0)
    with config_context(enable_metadata_routing=True):
        estimator = KNeighborsClassifier().set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        search = GridSearchCV(estimator, {"n_neighbors": [1, 3]}).fit(IRIS.data, NAMES, sample_weight=weights)
    assert set(search.predict(IRIS.data)) == {"setosa", "versicolor"}


def test_bagging_and_stacking_take_them():
    bagged = BaggingClassifier(KNeighborsClassifier(3), n_estimators=3, random_state=0).fit(IRIS.data, NAMES)
    assert bagged.score(IRIS.data, NAMES) > 0.9
    stacked = StackingRegressor([("near", KNeighborsRegressor(3)), ("line", LeastSquares())], LeastSquares(1e-9), cv=3)
    assert stacked.fit(IRIS.data[:, :3], IRIS.data[:, 3]).score(IRIS.data[:, :3], IRIS.data[:, 3]) > 0.9


@pytest.mark.parametrize("estimator", ALL, ids=repr)
def test_sparse_input_gives_what_dense_input_gives(estimator):
    from scipy.sparse import csr_array

    rng = np.random.default_rng(0)
    X = np.where(rng.random((30, 3)) < 0.5, 0, rng.standard_normal((30, 3)))
    y = rng.integers(0, 2, 30)
    dense = clone(estimator).fit(X, y).predict(X)
    assert np.array_equal(clone(estimator).fit(csr_array(X), y).predict(csr_array(X)), dense)
