"""Rows 1 to 6: what a tensor is, kinds of data, layouts, one-hot rows, slices, batches."""

import tracemalloc

import numpy as np
import pytest

from zanjir.data import (
    SHAPES,
    batches,
    center_crop,
    channels_first,
    channels_last,
    count_words,
    describe,
    load,
    one_hot,
    one_hot_text,
    write_idx,
)
from zanjir.errors import ParameterError


@pytest.mark.parametrize(
    ("tensor", "ndim", "shape"),
    [
        (np.array(12), 0, ()),
        (np.array([12, 3, 6, 14]), 1, (4,)),
        (np.array([[5, 78, 2, 34, 0], [6, 79, 3, 35, 1], [7, 80, 4, 36, 2]]), 2, (3, 5)),
        (np.zeros((3, 3, 5), dtype=int), 3, (3, 3, 5)),
    ],
)
def test_row_1_axes_shape_and_dtype_of_scalar_vector_matrix_and_3d_tensor(tensor, ndim, shape):
    found = describe(tensor)
    assert (found.ndim, found.shape, found.dtype) == (ndim, shape, np.dtype("int64"))
    assert (tensor.ndim, tensor.shape) == (ndim, shape)


def test_row_1_a_vector_of_four_entries_is_a_1d_tensor_and_the_difference_is_explained():
    said = str(describe(np.array([12, 3, 6, 14])))
    assert "It is a 1-D tensor and a 4-dimensional vector" in said
    assert "a tensor's dimensions are its axes, a vector's are its entries" in said


def test_row_1_the_misprinted_dtype_is_recognized():
    with pytest.raises(ParameterError, match=r"unknown dtype 'unit8'.* Did you mean 'uint8'\?"):
        describe((28, 28), dtype="unit8")


LECTURES_SHAPES = {  # N58 to N64, and MNIST's of N56
    "people": ((100_000, 3), 300_000),
    "documents": ((500, 20_000), 10_000_000),
    "trading days": ((250, 390, 3), 292_500),
    "tweets": ((1_000_000, 280, 128), 35_840_000_000),
    "mnist": ((60_000, 28, 28), 47_040_000),
    "images": ((128, 256, 256, 3), 25_165_824),
    "channels-first images": ((128, 3, 256, 256), 25_165_824),
    "clips": ((4, 240, 144, 256, 3), 106_168_320),
    "channels-first clips": ((4, 240, 3, 144, 256), 106_168_320),
}


def test_row_2_the_examples_of_the_lectures_with_the_samples_first_take_no_memory():
    tracemalloc.start()
    found = {name: (describe(name).shape, describe(name).size) for name in SHAPES}
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found == LECTURES_SHAPES
    assert peak < 100_000
    assert all(describe(name).axes[0] == "samples" for name in SHAPES)


def test_row_2_the_batch_of_clips_takes_405_mib_and_mnist_47_million_bytes():
    assert describe("clips", dtype="float32").nbytes == 405 * 2**20
    assert describe("mnist").nbytes == 47_040_000
    assert describe("trading days").sample == (390, 3)
    assert describe("clips").shape[1] == 60 * 4


@pytest.mark.parametrize(
    ("last", "first"),
    [((128, 256, 256, 3), (128, 3, 256, 256)), ((4, 240, 144, 256, 3), (4, 240, 3, 144, 256))],
)
def test_row_3_channels_last_and_first_and_back(last, first):
    large = np.broadcast_to(np.uint8(0), last)  # one number, shown in every place
    assert channels_first(large).shape == first
    assert channels_last(channels_first(large)).shape == last
    small = np.random.default_rng(0).random((*last[:-3], 4, 5, 3)[-len(last) :])[:2]
    assert np.array_equal(channels_last(channels_first(small)), small)
    assert np.array_equal(channels_first(small)[..., 1, 2, 3], small[..., 2, 3, 1])


def test_row_4_a_tweet_is_280_rows_with_one_1_each():
    tweet = "".join(chr(32 + i % 95) for i in range(280))
    rows = one_hot_text(tweet, length=280)
    assert rows.shape == (280, 128)
    assert np.all(rows.sum(axis=1) == 1)
    assert [chr(place) for place in rows.argmax(axis=1)] == list(tweet)
    shorter = one_hot_text("shorter", length=280)
    assert shorter.shape == (280, 128)
    assert np.all(shorter.sum(axis=1) == 1)


def test_row_4_labels_are_counted_from_0():
    assert one_hot([0], 3).tolist() == [[1, 0, 0]]  # S0-16
    digits = load("digits")
    rows = one_hot(digits.y, 10)
    assert np.array_equal(rows.argmax(axis=1), digits.y)
    assert np.all(rows.sum(axis=1) == 1)


def test_row_4_a_document_is_a_count_for_each_of_20_000_words():
    vocabulary = [f"word{i}" for i in range(20_000)]
    counts = count_words(["word7 word19999 word7", "none of these"], vocabulary)
    assert counts.shape == (2, 20_000)
    assert (counts[0, 7], counts[0, 19_999], counts.sum()) == (2, 1, 3)


@pytest.fixture(scope="module")
def mnist_shaped():
    return np.broadcast_to(np.arange(28 * 28, dtype=np.uint16).reshape(28, 28), (60_000, 28, 28))


def test_row_5_slices_of_samples_and_of_every_picture(mnist_shaped):
    assert mnist_shaped[10:100].shape == (90, 28, 28)
    assert mnist_shaped[:, 14:, 14:].shape == (60_000, 14, 14)
    assert mnist_shaped[:, 7:-7, 7:-7].shape == (60_000, 14, 14)


def test_row_5_the_centre_is_rows_and_columns_7_to_20(mnist_shaped):
    centre = center_crop(mnist_shaped, 14, 14)
    assert centre.shape == (60_000, 14, 14)
    expected = [[28 * row + column for column in range(7, 21)] for row in range(7, 21)]
    assert centre[0].tolist() == centre[59_999].tolist() == expected
    assert np.array_equal(centre, mnist_shaped[:, 7:-7, 7:-7])


def test_row_5_a_data_set_is_sliced_as_pictures(tmp_path):
    pictures = np.random.default_rng(0).integers(0, 256, (5, 28, 28)).astype(np.uint8)
    write_idx(tmp_path / "train-images-idx3-ubyte", pictures)
    write_idx(tmp_path / "train-labels-idx1-ubyte", np.arange(5, dtype=np.uint8))
    assert np.array_equal(load(tmp_path).images[1:4, 14:, 14:], pictures[1:4, 14:, 14:])


def test_row_6_an_epoch_of_60_000_in_batches_of_128_is_469_steps_the_last_of_96():
    sizes = [len(batch) for batch in batches(60_000, 128)]
    assert sizes == [128] * 468 + [96]


def test_row_6_batches_in_order_are_the_data_and_shuffled_ones_a_permutation():
    ordered = list(batches(60_000, 128))
    assert np.array_equal(np.concatenate(ordered), np.arange(60_000))
    n = 3
    assert np.array_equal(ordered[n], np.arange(60_000)[128 * n : 128 * (n + 1)])
    shuffled = np.concatenate(list(batches(60_000, 128, seed=0)))
    assert not np.array_equal(shuffled, np.arange(60_000))
    assert np.array_equal(np.sort(shuffled), np.arange(60_000))
