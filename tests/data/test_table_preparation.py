"""How columns become features: against scikit-learn's imputer, scaler and encoder, and by hand."""

import re

import numpy as np
import polars
import pytest
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from data.tables import cancer, diabetes, frame_of, wine
from zanjir.data import CategoryColumn, NumberColumn, Table, TableDataset, TablePreparation, TableTarget
from zanjir.errors import DataError, ParameterError

# Sums of a few hundred numbers in another order.
ROUNDING = 1e-12
ALL = {"wine": (wine, "cultivar"), "cancer": (cancer, "benign"), "diabetes": (diabetes, "progression")}


def halves(table, target):
    """The first rows to fit, and the last ones as new rows, shuffled because they come in order."""
    names, rows = table
    order = np.random.default_rng(5).permutation(len(rows))
    frame = frame_of((names, [rows[i] for i in order]))
    dataset = TableDataset.of(Table("t", frame), target)
    cut = dataset.n_samples * 2 // 3
    return dataset, dataset.take(range(cut)), dataset.take(range(cut, dataset.n_samples))


def by_scikit_learn(train, new, kinds):
    """The same features from objects of scikit-learn, column by column."""
    parts = []
    for name, kind in kinds.items():
        if kind == "category":
            parts.append(encoded(train, new, name))
            continue
        fit, later = (numbers(frame[name], kind) for frame in (train, new))
        scaled = make_pipeline(SimpleImputer(strategy="median"), StandardScaler()).fit(fit)
        parts.append(scaled.transform(later))
        if np.isnan(fit).any():
            parts.append(np.isnan(later))
    return np.hstack(parts)


def numbers(series, kind):
    if kind == "boolean":
        return np.array([[np.nan if entry is None else entry == "yes"] for entry in series], float)
    if kind == "date":
        return np.array([[np.datetime64(entry, "D").astype(int)] for entry in series], float)
    return series.to_numpy().astype(float)[:, np.newaxis]


def encoded(train, new, name):
    """One-hot with the missing ones as a category of their own, which scikit-learn sorts last as well."""
    fit, later = (np.array([[entry or "~missing"] for entry in frame[name]], object) for frame in (train, new))
    return OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(fit).transform(later)


@pytest.mark.parametrize(("table", "target"), ALL.values(), ids=ALL)
def test_features_are_those_of_scikit_learn(table, target):
    dataset, train, new = halves(table(), target)
    found = train.fitted()(new.table)
    expected = by_scikit_learn(train.table.frame, new.table.frame, dataset.kinds)
    assert found.shape == expected.shape == (new.n_samples, len(train.fitted().feature_names))
    np.testing.assert_allclose(found, expected, rtol=ROUNDING, atol=ROUNDING)


def test_frequent_categories_are_those_of_scikit_learn():
    fit = np.repeat(np.array([f"c{i}" for i in range(40)], object), np.arange(50, 10, -1))  # no two alike frequent
    later = np.array([*fit[::7], "never seen"], object)
    table = Table("t", polars.DataFrame({"a": fit.tolist()}))
    found = CategoryColumn.fitted(table, "a", "category")
    assert (len(found.categories), found.other, found.missing) == (32, True, False)
    witness = OneHotEncoder(max_categories=33, handle_unknown="infrequent_if_exist", sparse_output=False)
    expected = witness.fit(fit[:, np.newaxis]).transform(later[:, np.newaxis])
    assert np.array_equal(found.features(Table("t", polars.DataFrame({"a": later.tolist()}))), expected)


def table_of(**columns):
    return Table("t", polars.DataFrame(columns))


def test_numbers_by_hand():
    column = NumberColumn.fitted(table_of(a=[1.0, None, 3.0, 8.0]), "a", "number")
    assert (column.fill, column.mean, column.holes) == (3, 3.75, True)  # of 1, 3, 3, 8
    assert column.scale == pytest.approx(np.sqrt((2.75**2 + 2 * 0.75**2 + 4.25**2) / 4), rel=ROUNDING)
    found = column.features(table_of(a=[None, 3.75]))
    assert found[:, 1].tolist() == [1, 0]
    assert found[:, 0] == pytest.approx([-0.75 / column.scale, 0], abs=ROUNDING)


def test_without_holes_in_training_a_hole_is_the_median_and_nothing_more():
    column = NumberColumn.fitted(table_of(a=[1.0, 2.0, 6.0]), "a", "number")
    assert column.feature_names == ("a",)
    assert column.features(table_of(a=[None])).tolist() == [[(2 - 3) / column.scale]]


@pytest.mark.parametrize("value", [0.0, 0.1, 1e100, -7e-300])
def test_equal_numbers_are_centered_and_not_blown_up(value):
    column = NumberColumn.fitted(table_of(a=[value] * 7), "a", "number")
    assert column.scale == 1
    assert abs(column.features(table_of(a=[value]))).max() <= abs(value) * 1e-15


def test_a_column_that_is_empty_in_training_is_zero():
    column = NumberColumn.fitted(table_of(a=[None, None]), "a", "number")
    assert column.features(table_of(a=[None, 2.0])).tolist() == [[0, 1], [2, 0]]


def test_numbers_too_large_for_a_mean_are_refused():
    with pytest.raises(DataError, match=r"column 'a' of t holds numbers up to 1e\+308, too large for a mean"):
        NumberColumn.fitted(table_of(a=[1e308, 1e308, 0.0]), "a", "number")


def test_numbers_too_far_from_those_of_training_are_refused():
    fitted = TablePreparation.fitted(table_of(a=[1.0, 3.0]), {"a": "number"}, TableTarget("y"))
    for value in (1e39, -1e308):
        with pytest.raises(DataError, match=r"^t: 'a' in row 2 lies -?1e\+\d+ standard deviations from the mean"):
            fitted(table_of(a=[None, value]))


def test_targets_too_large_for_a_mean_are_refused():
    with pytest.raises(DataError, match=r"^the target 'y' holds numbers up to 1e\+308; divide them by more\.$"):
        TableTarget("y").fitted(np.array([1e308, 1e308]))


def test_categories_by_hand():
    column = CategoryColumn.fitted(table_of(a=["x", "x", "y", "y", None, "rare"]), "a", "category")
    assert column.feature_names == ("a = x", "a = y", "a = missing", "a = other")
    found = column.features(table_of(a=["y", None, "rare", "new"]))
    assert found.tolist() == [[0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1], [0, 0, 0, 1]]


def test_what_training_never_saw_is_no_category_where_there_were_no_others():
    column = CategoryColumn.fitted(table_of(a=["x", "x", "y", "y"]), "a", "category")
    assert column.features(table_of(a=["y", None, "new"])).tolist() == [[0, 1], [0, 0], [0, 0]]


def test_a_table_without_a_column_is_refused():
    fitted = TablePreparation.fitted(table_of(a=[1.0, 2.0], b=[1, 2]), {"a": "number", "b": "number"}, TableTarget("y"))
    with pytest.raises(
        DataError, match=r"^t lacks the column 'b', which this model was trained on; it has 'a', 'z'\.$"
    ):
        fitted(table_of(a=[1.0], z=[1]))
    assert fitted(table_of(b=[1], more=["x"], a=[1.0])).shape == (1, 2)


def test_a_table_of_other_types_is_refused():
    fitted = TablePreparation.fitted(table_of(a=[1.0, 2.0]), {"a": "number"}, TableTarget("y"))
    with pytest.raises(DataError, match=r"^column 'a' of t holds 'x' in row 2, expected numbers\.$"):
        fitted(table_of(a=["1", "x"]))


def test_features_for_no_memory_are_refused(monkeypatch):
    fitted = TablePreparation.fitted(table_of(a=[1.0, 2.0]), {"a": "number"}, TableTarget("y"))
    monkeypatch.setattr("zanjir.data._checks.MAX_BYTES", 15)
    with pytest.raises(ParameterError, match=r"the features would have the shape \(2, 1\)"):
        fitted(table_of(a=[1.0, 2.0]))


def test_targets_are_labels_by_name_however_numbers_are_written():
    target = TableTarget("y", ("0", "1"))
    assert target.of(table_of(y=["1", "0.0", "", "01"])).tolist() == [1, 0, -1, 1]
    assert target.of(table_of(y=[1.0, 0.0, None])).tolist() == [1, 0, -1]
    assert TableTarget("y", ("01", "1")).of(table_of(y=["1", "01"])).tolist() == [1, 0]
    with pytest.raises(DataError, match=r"holds the class '2', which training did not see; expected 0, 1\."):
        target.of(table_of(y=["2"]))


def test_numbers_to_predict_are_standardized_and_given_back():
    y = np.array([10.0, 20.0, 60.0])
    target = TableTarget("y").fitted(y)
    assert (target.offset, target.scale) == (30, pytest.approx(y.std()))
    assert target.standardized(y).mean() == pytest.approx(0, abs=ROUNDING)
    assert target.restored(target.standardized(y)) == pytest.approx(y, rel=ROUNDING)
    assert TableTarget("y", ("a", "b")).standardized(y) is y


GOOD = {"name": "a", "kind": "number", "fill": 0.0, "mean": 0.0, "scale": 1.0, "holes": False}
NUMBERS = {
    "kind": "category", "name": 3, "fill": float("nan"), "mean": float("inf"), "scale": 0.0, "holes": 1,
}  # fmt: skip


@pytest.mark.parametrize(("field", "value"), [*NUMBERS.items(), ("scale", True), ("mean", "1"), ("fill", 10**400)])
def test_a_column_of_numbers_that_cannot_be_is_refused(field, value):
    NumberColumn(**GOOD)
    with pytest.raises(ParameterError, match="expected a kind, finite numbers, a scale above 0"):
        NumberColumn(**{**GOOD, field: value})


@pytest.mark.parametrize("facts", [("a", ("x", "x"), False, False), ("a", ("x", 1), False, False), ("a", (), 1, False)])
def test_a_column_of_categories_that_cannot_be_is_refused(facts):
    with pytest.raises(ParameterError, match="expected categories that differ"):
        CategoryColumn(*facts)


@pytest.mark.parametrize("facts", [(1,), ("y", (1, 2)), ("y", (), float("nan")), ("y", (), 0.0, -1.0)])
def test_a_target_that_cannot_be_is_refused(facts):
    with pytest.raises(ParameterError, match=re.escape("a finite scale above 0")):
        TableTarget(*facts)
