import tracemalloc

import numpy as np
import pytest

import zanjir
from zanjir.data import AXES, SHAPES, TensorShape, describe
from zanjir.errors import DataError, ParameterError, ShapeError


@pytest.mark.parametrize("name", SHAPES)
def test_an_example_has_one_name_per_axis_and_what_numpy_counts(name):
    example = SHAPES[name]
    assert example.axes == AXES[example.kind]
    assert len(example.axes) == example.ndim
    assert example.axes[0] == "samples"
    array = np.broadcast_to(example.dtype.type(0), example.shape)
    assert (example.ndim, example.size, example.nbytes) == (array.ndim, array.size, array.size * array.itemsize)
    assert example.sample == array[0].shape
    for dtype in ("float16", "float32", "float64", "uint8"):
        assert example.bytes_as(dtype) == array.size * np.dtype(dtype).itemsize


def test_no_memory_is_taken_for_the_largest_example():
    tracemalloc.start()
    assert "33.4 GiB" in str(describe("tweets", dtype="uint8"))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100_000


@pytest.mark.parametrize(
    ("tensor", "words"),
    [
        (12, "a scalar with 0 axes, shape (), dtype int64: 1 number, 8 bytes."),
        ([[1.0]], "a matrix with 2 axes, shape (1, 1), dtype float64: 1 number, 8 bytes. As data: vectors (samples 1,"),
        (np.zeros((3, 3, 5), np.uint8), "a 3-D tensor with 3 axes, shape (3, 3, 5), dtype uint8: 45 numbers, 45 bytes"),
        ((250, 390, 3), "As data: sequences (samples 250, steps 390, features 3) or gray images (samples 250, height"),
        ((128, 3, 256, 256), "As data: channels-first images (samples 128, channels 3, height 256, width 256)."),
        ((8, 64, 16, 16), "As data: images (samples 8, height 64, width 16, channels 16) or channels-first images ("),
        ((4, 240, 3, 144, 256), "As data: channels-first videos (samples 4, frames 240, channels 3, height 144, wid"),
        ((2,) * 6, "a 6-D tensor with 6 axes, shape (2, 2, 2, 2, 2, 2), dtype float32: 64 numbers, 256 bytes."),
        ((0, 4), "a matrix with 2 axes, shape (0, 4), dtype float32: 0 numbers, 0 bytes."),
        ("mnist", "MNIST's training images: a 3-D tensor with 3 axes, shape (60000, 28, 28), dtype uint8: 47,040,000"),
    ],
)
def test_a_tensor_in_words(tensor, words):
    assert words in str(describe(tensor))


def test_a_tensor_of_the_graph_is_described_without_cutting_the_graph():
    found = describe(zanjir.tensor(np.zeros((2, 3), np.float32)))
    assert (found.shape, found.dtype) == ((2, 3), np.float32)


def test_a_kind_can_be_said():
    found = describe((250, 390, 3), kind="gray images", dtype="uint8")
    assert found == TensorShape((250, 390, 3), np.dtype("uint8"), "gray images")
    assert found.readings == ("gray images",)
    assert found.axes == ("samples", "height", "width")


@pytest.mark.parametrize(
    ("bytes_", "words"),
    [((1023,), "1023 bytes"), ((1024,), "1.0 KiB"), ((1024, 1536), "1.5 MiB"), ((2**40, 2**30), "1048576.0 PiB")],
)
def test_bytes_in_words(bytes_, words):
    assert f" numbers, {words}." in str(describe(bytes_, dtype="uint8"))


@pytest.mark.parametrize(
    ("tensor", "options", "error", "message"),
    [
        ("tweet", {}, ParameterError, "unknown example 'tweet'; expected people, .* Did you mean 'tweets'?"),
        ((3,), {"dtype": "unit8"}, ParameterError, "unknown dtype 'unit8'; expected .* Did you mean 'uint8'?"),
        ((3,), {"dtype": "U5"}, ParameterError, "unknown dtype of real numbers 'U5'; expected float32"),
        ((3,), {"dtype": object()}, ParameterError, "unknown dtype .*object"),
        ((3,), {"kind": "pictures"}, ParameterError, "unknown kind of data 'pictures'; expected vectors"),
        (
            (3, 4),
            {"kind": "images"},
            ShapeError,
            r"\(3, 4\) has 2 axes; images have 4: samples, height, width, channel",
        ),
        ((3, -1), {}, ParameterError, "the size of an axis must be a whole number of at least 0; got -1"),
        ([[1, 2], [3]], {}, ShapeError, "this is no tensor: .*; expected nested lists of equal lengths"),
        (["a", "b"], {}, DataError, "a tensor holds real numbers; got dtype <U1; turn texts into numbers with one_hot"),
        ([None], {}, DataError, "a tensor holds real numbers; got dtype object"),
    ],
)
def test_what_is_no_tensor(tensor, options, error, message):
    with pytest.raises(error, match=message):
        describe(tensor, **options)
