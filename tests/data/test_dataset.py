import numpy as np
import pytest

from zanjir.data import Dataset
from zanjir.errors import DataError, ParameterError, ShapeError

CLASSES = ("a", "b", "c")


def make(**changes):
    given = {"name": "demo", "X": np.arange(12.0).reshape(4, 3), "y": [0, 1, 2, 1], "classes": CLASSES}
    return Dataset(**(given | changes))


def changed(array, index, value):
    array = np.array(array, dtype=np.float64)
    array[index] = value
    return array


def test_sizes_and_task():
    data = make()
    assert (data.n_samples, data.n_features, data.is_classification) == (4, 3, True)
    assert not make(classes=()).is_classification


@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
def test_inputs_keep_dtype_and_are_not_copied(dtype):
    X = np.ones((4, 3), dtype=dtype)
    assert make(X=X).X is X


@pytest.mark.parametrize("y", [np.array([0, 1, 2, 1], dtype=np.uint8), [0.0, 1.0, 2.0, 1.0]])
def test_labels_become_int64(y):
    assert make(y=y).y.dtype == np.int64
    assert make(y=y).y.tolist() == [0, 1, 2, 1]


def test_boolean_labels_are_zero_and_one():
    assert make(y=np.array([True, False, False, True])).y.tolist() == [1, 0, 0, 1]


def test_regression_targets_keep_floats_and_may_have_columns():
    assert make(classes=(), y=np.ones(4, dtype=np.float32)).y.dtype == np.float32
    assert make(classes=(), y=np.ones((4, 2))).y.shape == (4, 2)
    assert make(classes=(), y=[1, 2, 3, 4]).y.dtype == np.float64
    assert make(classes=(), y=np.ones(4, dtype=">f8")).y.dtype == np.dtype("float64")


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"X": np.ones(4)}, ShapeError, r"demo: X has shape \(4,\); expected \(N, D\)"),
        ({"X": np.ones((4, 2, 2))}, ShapeError, r"X has shape \(4, 2, 2\)"),
        ({"X": [[1.0, 2.0], [3.0]]}, ShapeError, r"demo: X is not an array"),
        ({"X": np.ones((0, 3)), "y": []}, DataError, r"X has shape \(0, 3\); expected at least one sample"),
        ({"X": np.ones((4, 0))}, DataError, r"X has shape \(4, 0\); expected at least one sample and one f"),
        ({"X": np.ones((4, 3), dtype=int)}, DataError, r"X has dtype int64; .*X\.astype\(np\.float32\)"),
        ({"X": np.full((4, 3), "x")}, DataError, r"X has dtype <U1"),
        ({"y": [0, 1, 2]}, ShapeError, r"y has shape \(3,\) and X \(4, 3\); .* N = 4"),
        ({"y": np.zeros((4, 1))}, ShapeError, r"y has shape \(4, 1\)"),
        ({"y": 1}, ShapeError, r"y has shape \(\)"),
        ({"y": [0, 1, 3, 9]}, DataError, r"y\[2\] is 3; expected labels in \[0, 3\)"),
        ({"y": [0, 1, 0, -1]}, DataError, r"y\[3\] is -1; expected labels in \[0, 3\)"),
        ({"y": [0, 0.5, 1, 2]}, DataError, r"y\[1\] is 0\.5; expected labels"),
        ({"y": [0, np.nan, 1, np.nan]}, DataError, r"y has 2 of 4 entries .* first is y\[1\] = nan"),
        ({"y": ["a", "b", "c", "a"]}, DataError, r"y has dtype <U1; expected labels as whole numbers"),
        ({"classes": (), "y": ["a", "b", "c", "a"]}, DataError, r"y has dtype <U1; expected numbers"),
        ({"classes": (), "y": [1.0, 2.0, 3.0]}, ShapeError, r"y has shape \(3,\)"),
        ({"classes": (), "y": np.ones((4, 0))}, ShapeError, r"y has shape \(4, 0\)"),
        ({"classes": (), "y": np.ones((4, 1, 1))}, ShapeError, r"y has shape \(4, 1, 1\)"),
        ({"classes": (), "y": [1, 2, np.inf, 4]}, DataError, r"y has 1 of 4 .* y\[2\] = inf"),
        ({"classes": ("a", "b", "a")}, ParameterError, r"classes must have different names"),
        ({"image_shape": (2, 2)}, ShapeError, r"image_shape \(2, 2\) holds 4 numbers, .* has 3"),
        ({"scale": 0.0}, ParameterError, r"scale must be a positive number; got 0\.0"),
        ({"scale": np.nan}, ParameterError, r"scale must be a positive number; got nan"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_value(changes, error, message):
    with pytest.raises(error, match=message):
        make(**changes)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_not_finite_inputs_are_counted_and_placed(value):
    X = changed(changed(np.ones((4, 3)), (3, 0), value), (1, 2), value)
    with pytest.raises(DataError, match=r"demo: X has 2 of 12 entries .* the first is X\[1, 2\] = -?(nan|inf)"):
        make(X=X)


def test_test_set_must_have_the_same_features_and_classes():
    assert make(test=make()).test.n_samples == 4
    with pytest.raises(DataError, match=r"test set has 2 features and the data set 3"):
        make(test=make(X=np.ones((4, 2))))
    with pytest.raises(DataError, match=r"test set has the classes \('a', 'b', 'd'\)"):
        make(test=make(classes=("a", "b", "d")))


def test_take_keeps_everything_but_the_rows():
    data = make(image_shape=(1, 3), scale=16.0, test=make())
    part = data.take(np.array([3, 0, 3]))
    assert part.X.tolist() == data.X[[3, 0, 3]].tolist()
    assert part.y.tolist() == [1, 0, 1]
    assert (part.name, part.classes, part.image_shape, part.scale) == ("demo", CLASSES, (1, 3), 16.0)
    assert part.test is data.test


@pytest.mark.parametrize(
    ("indices", "error", "message"),
    [
        ([0, 4], ParameterError, r"indices\[1\] is 4; expected rows in \[0, 4\)"),
        ([-1], ParameterError, r"indices\[0\] is -1"),
        ([True, False, True, False], ParameterError, r"dtype bool; .*np\.flatnonzero\(mask\)"),
        ([0.0], ParameterError, r"dtype float64"),
        ([[0], [1]], ParameterError, r"shape \(2, 1\)"),
        ([], DataError, r"expected at least one sample"),
    ],
)
def test_take_refuses_what_are_no_rows(indices, error, message):
    with pytest.raises(error, match=message):
        make().take(indices)


def test_repr_is_one_line():
    assert repr(make()) == "Dataset('demo': 4 samples, 3 features float64, 3 classes)"
    regression = make(classes=(), test=make(classes=()))
    assert repr(regression).endswith("float64, regression, 4 test samples)")


def test_a_data_set_cannot_be_changed():
    with pytest.raises(AttributeError):
        make().X = np.ones((4, 3))
