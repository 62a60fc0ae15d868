"""What the estimators take and keep: types, sparse matrices, data frames, names, and what they refuse."""

import numpy as np
import polars as pl
import pytest
from scipy import sparse

from models.tables import ALL, CLASSIFIERS, blobs, curve, same_bits, samples_for
from zanjir.errors import DataError, NonFiniteError, ParameterError
from zanjir.models import LogisticRegression, MLPClassifier, MLPRegressor, SoftmaxClassifier

X, Y = blobs()
FEW = {"max_iter": 4}
# 24 bits, through a few sums of three products.
SINGLE = 1e-5
pytestmark = pytest.mark.filterwarnings("ignore:.*iterations were not enough")


def made(name, **facts):
    return ALL[name](**FEW, **facts)


@pytest.mark.parametrize("solver", ["adam", "L-BFGS-B", "Newton-CG"])
@pytest.mark.parametrize("name", ALL)
def test_single_precision_stays_so(name, solver):
    x, y = samples_for(name)
    single = made(name, solver=solver).fit(np.float32(x), y)
    double = made(name, solver=solver).fit(x, y)
    assert single.model_.W.dtype == np.float32
    assert double.model_.W.dtype == np.float64
    found = [single.predict(np.float32(x))] if name == "regressor" else [single.decision_function(x)]
    if hasattr(single, "predict_proba"):
        found += [single.predict_proba(x), single.predict_log_proba(x)]
    assert {values.dtype for values in found} == {np.dtype(np.float32)}


@pytest.mark.parametrize("name", ALL)
def test_a_step_with_other_numbers_keeps_the_type(name):
    x, y = samples_for(name)
    model = made(name, solver="adam").partial_fit(np.float32(x), y)
    assert model.partial_fit(x, y).model_.W.dtype == np.float32


FORMATS = [
    sparse.csr_matrix,
    sparse.csc_matrix,
    sparse.coo_matrix,
    sparse.csr_array,
    sparse.csc_array,
    sparse.coo_array,
]


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", ALL)
def test_a_sparse_matrix_is_the_matrix_that_it_writes_out(name, form):
    x, y = samples_for(name)
    x[np.abs(x) < 0.5] = 0
    one, two = made(name).fit(form(x), y), made(name).fit(x, y)
    assert same_bits(one.model_.W, two.model_.W)
    assert same_bits(one.predict(form(x)), two.predict(x))
    assert same_bits(
        made(name, solver="sgd").partial_fit(form(x), y).model_.W, made(name, solver="sgd").partial_fit(x, y).model_.W
    )


def test_sparse_data_may_be_watched():
    facts = {"max_iter": 4, "early_stopping": True, "random_state": 0}
    one = MLPClassifier((4,), **facts).fit(sparse.csr_array(X), Y, X_val=sparse.coo_array(X[:9]), y_val=Y[:9])
    two = MLPClassifier((4,), **facts).fit(X, Y, X_val=X[:9], y_val=Y[:9])
    assert one.validation_loss_curve_ == two.validation_loss_curve_


def test_a_sparse_matrix_that_would_fill_the_memory_is_refused():
    wide = sparse.csr_array((np.ones(2), ([0, 1], [0, 10**8])), shape=(10, 10**8 + 1))
    with pytest.raises(DataError, match=r"its 10 x 100,000,001 numbers would take 7\.5 GiB written out; expected at m"):
        SoftmaxClassifier().fit(wide, [0, 1] * 5)


FRAME = pl.DataFrame(X, schema=["length", "width", "height"])


@pytest.mark.parametrize("name", ALL)
def test_a_data_frame_gives_the_features_their_names(name):
    x, y = samples_for(name)
    frame = pl.DataFrame(x, schema=["length", "width", "height"])
    model = made(name).fit(frame, pl.Series("target", y))
    assert model.feature_names_in_.tolist() == ["length", "width", "height"]
    assert same_bits(model.model_.W, made(name).fit(x, y).model_.W)
    assert same_bits(model.predict(frame), made(name).fit(x, y).predict(x))


def test_other_names_are_refused():
    model = SoftmaxClassifier().fit(FRAME, Y)
    with pytest.raises(ValueError, match="feature names should match those that were passed during fit"):
        model.predict(FRAME.rename({"width": "depth"}))
    with pytest.raises(ValueError, match="Feature names must be in the same order"):
        model.predict(FRAME.select("width", "length", "height"))
    with pytest.raises(ValueError, match="feature names should match"):
        model.fit(FRAME, Y, X_val=FRAME.rename({"width": "depth"}), y_val=Y)
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        model.predict(X)


def test_labels_of_a_data_frame_stay_labels():
    names = pl.Series("kind", np.array(["oak", "elm", "ash"])[Y])
    model = SoftmaxClassifier().fit(FRAME, names)
    assert model.classes_.tolist() == ["ash", "elm", "oak"]
    assert set(model.predict(FRAME)) <= {"ash", "elm", "oak"}


def test_lists_will_do():
    model = SoftmaxClassifier().fit(X.tolist(), Y.tolist())
    assert same_bits(model.coef_, SoftmaxClassifier().fit(X, Y).coef_)
    assert not hasattr(model, "feature_names_in_")


def test_whole_numbers_become_double_precision():
    model = SoftmaxClassifier().fit(np.round(X).astype(int), Y)
    assert model.coef_.dtype == np.float64


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_coefficients_have_one_row_per_score(name):
    x, y = samples_for(name)
    model = made(name).fit(x, y)
    if name == "perceptron":
        assert [W.shape for W in model.coefs_] == [(3, 5), (5, 3)]
        assert [b.shape for b in model.intercepts_] == [(5,), (3,)]
        return
    rows = 1 if name == "logistic" else 3
    assert (model.coef_.shape, model.intercept_.shape) == ((rows, 3), (rows,))
    scores = x @ model.coef_.T + model.intercept_
    np.testing.assert_allclose(model.decision_function(x), scores[:, 0] if rows == 1 else scores, rtol=0, atol=1e-12)


def test_several_outputs_come_back_as_they_were_given():
    x, y = curve()
    two = MLPRegressor((5,), max_iter=3, random_state=0).fit(x, np.c_[y, -y])
    assert two.predict(x).shape == (60, 2)
    assert MLPRegressor((5,), max_iter=3).fit(x, y).predict(x).shape == (60,)
    assert MLPRegressor((5,), max_iter=3).fit(x, y[:, None]).predict(x).shape == (60, 1)


NOT_NUMBERS = {"nan": np.nan, "infinity": np.inf}


@pytest.mark.parametrize("what", NOT_NUMBERS)
@pytest.mark.parametrize("name", ALL)
def test_numbers_that_are_none_are_refused(name, what):
    x, y = samples_for(name)
    broken = x.copy()
    broken[3, 1] = NOT_NUMBERS[what]
    with pytest.raises(ValueError, match=r"Input X contains (NaN|infinity)"):
        made(name).fit(broken, y)
    with pytest.raises(ValueError, match=r"Input X contains (NaN|infinity)"):
        made(name).fit(x, y).predict(broken)


def test_a_number_too_large_for_single_precision_is_refused():
    with pytest.raises(NonFiniteError, match="expected a finite number"):
        MLPClassifier((4,), random_state=0).fit(np.float32(X / 4 * 1e38), Y)


@pytest.mark.parametrize("name", ALL)
def test_another_number_of_features_is_refused(name):
    x, y = samples_for(name)
    with pytest.raises(ValueError, match=r"X has 2 features, but \w+ is expecting 3 features as input"):
        made(name).fit(x, y).predict(x[:, :2])


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_one_class_alone_is_refused(name):
    with pytest.raises(DataError, match="y holds only one class, 'oak'; expected at least 2 classes to tell apart"):
        made(name).fit(X, ["oak"] * 60)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_numbers_are_no_classes(name):
    with pytest.raises(ValueError, match="Unknown label type: continuous"):
        made(name).fit(X, X[:, 0])


def test_three_classes_are_too_many_for_logistic_regression():
    with pytest.raises(DataError, match="it has 3 classes; choose SoftmaxClassifier or OneVsRestClassifier"):
        LogisticRegression().fit(X, Y)


def test_hidden_sizes_may_be_one_number():
    assert [W.shape for W in MLPClassifier(7, max_iter=1).fit(X, Y).coefs_] == [(3, 7), (7, 3)]
    with pytest.raises(ParameterError, match="hidden_layer_sizes is 0, expected whole numbers of at least 1"):
        MLPClassifier(0).fit(X, Y)


@pytest.mark.parametrize("kind", [pl.Categorical, pl.Enum(["oak", "elm", "ash"]), pl.String])
def test_a_column_of_categories_stops_early(kind):
    names = pl.Series("kind", np.array(["oak", "elm", "ash"])[Y]).cast(kind)
    facts = {"early_stopping": True, "random_state": 0, **FEW}
    model = MLPClassifier((4,), **facts).fit(FRAME, names)
    expected = MLPClassifier((4,), **facts).fit(X, np.array(["oak", "elm", "ash"])[Y])
    assert model.classes_.tolist() == ["ash", "elm", "oak"]
    assert same_bits(model.model_.W, expected.model_.W)
