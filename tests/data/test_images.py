import numpy as np
import pytest

from zanjir.data import Dataset, center_crop, channels_first, channels_last
from zanjir.errors import DataError, ParameterError, ShapeError


def numbered(*shape):
    return np.arange(np.prod(shape)).reshape(shape)


@pytest.mark.parametrize("shape", [(2, 4, 5, 3), (2, 7, 4, 5, 3)])
def test_every_number_goes_to_its_place_and_none_is_copied(shape):
    X = numbered(*shape)
    first = channels_first(X)
    assert np.shares_memory(first, X)
    for *place, row, column, channel in np.ndindex(shape):
        assert first[(*place, channel, row, column)] == X[(*place, row, column, channel)]
    assert np.array_equal(channels_last(first), X)
    assert np.shares_memory(channels_last(first), X)
    assert np.array_equal(channels_first(channels_last(X)), X)


@pytest.mark.parametrize("convert", [channels_first, channels_last])
@pytest.mark.parametrize("shape", [(), (5,), (28, 28), (60, 28, 28), (1, 2, 3, 4, 5, 6)])
def test_other_numbers_of_axes_are_refused(convert, shape):
    with pytest.raises(ShapeError, match=r"X has shape .*; expected 4 axes \(samples, .*np.newaxis"):
        convert(np.zeros(shape))


def test_texts_are_no_images():
    with pytest.raises(DataError, match="X has dtype <U1; expected real numbers"):
        channels_first([["a"]])
    with pytest.raises(ShapeError, match="X is not an array"):
        channels_first([[1], [1, 2]])


@pytest.mark.parametrize(("size", "kept", "start"), [(28, 14, 7), (5, 3, 1), (5, 2, 1), (4, 4, 0), (6, 1, 2)])
def test_the_middle_of_an_image(size, kept, start):
    X = numbered(2, size, size + 2, 3)
    crop = center_crop(X, kept, size + 2)
    assert np.array_equal(crop, X[:, start : start + kept])
    assert np.shares_memory(crop, X)
    gray = center_crop(X[..., 0].transpose(0, 2, 1), size + 2, kept)
    assert np.array_equal(gray, X[:, start : start + kept, :, 0].transpose(0, 2, 1))


def test_crops_that_cannot_be():
    with pytest.raises(ShapeError, match="the images have height 4, from which 5 cannot be kept; expected at most 4"):
        center_crop(np.zeros((1, 4, 6)), 5, 6)
    with pytest.raises(ShapeError, match="the images have width 6, from which 7 cannot be kept"):
        center_crop(np.zeros((1, 4, 6)), 4, 7)
    with pytest.raises(ShapeError, match=r"X has shape \(4, 6\); expected images"):
        center_crop(np.zeros((4, 6)), 2, 2)
    with pytest.raises(ParameterError, match="height must be a whole number of at least 1; got 0"):
        center_crop(np.zeros((1, 4, 6)), 0, 2)


def test_a_data_set_shows_its_rows_as_images():
    X = numbered(2, 12).astype(np.uint8)
    data = Dataset("tiny", X, [0, 1], ("a", "b"), (2, 2, 3))
    assert np.array_equal(data.images, X.reshape(2, 2, 2, 3))
    assert np.shares_memory(data.images, X)
    with pytest.raises(ShapeError, match="points: the rows of X are no pictures"):
        _ = Dataset("points", X, [0, 1], ("a", "b")).images
