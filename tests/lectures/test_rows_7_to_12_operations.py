"""Rows 7 to 12: tensor operations, their speed, broadcasting, reshaping, geometry, and bytes as numbers."""

import numpy as np
import pytest

import zanjir
from zanjir.data import AffineMap, load, rotation, time_loop, write_idx
from zanjir.errors import ShapeError
from zanjir.nn import mlp
from zanjir.training.model import Preparation

SEED_RATIO = 10  # the checklist's bound for the lecture's 75.9
ROUNDING = 1e-14  # of sums of at most four products of numbers about 1
COLUMN_SUM = 1e-12  # 128 numbers about 1, added in another order
# float32 keeps 24 bits, and a sum of 784 products rounds at most 784 times; the largest sum here is about 100
FLOAT32_SUMS = 784 * 2.0**-24 * 100


def test_row_7_element_wise_product_and_dot_product_differ():
    a, b = zanjir.tensor([1, 2, 3], "a"), zanjir.tensor([4, 5, 6], "b")
    assert (a * b).value.tolist() == [4, 10, 18]
    assert (a * b).sum().value == 32
    assert np.dot(a.value, b.value) == 32


def test_row_7_the_product_of_2x3_and_3x4_is_2x4():
    rng = np.random.default_rng(0)
    a, b = zanjir.tensor(rng.random((2, 3)), "a"), zanjir.tensor(rng.random((3, 4)), "b")
    product = a @ b
    assert product.shape == (2, 4)
    assert np.all((product.value >= 0) & (product.value <= 3))


def test_row_7_the_product_of_2x3_and_2x3_is_refused_in_one_sentence():
    a, b = zanjir.tensor(np.ones((2, 3)), "a"), zanjir.tensor(np.ones((2, 3)), "b")
    message = r"matmul: inner sizes differ: a is \(2, 3\), b is \(2, 3\); 3 != 2\. b should have shape \(3, \.\.\.\)"
    with pytest.raises(ShapeError, match=message):
        _ = a @ b


@pytest.mark.parametrize("operation", ["add", "relu"])
def test_row_8_a_million_elements_in_a_loop_and_at_once(operation):
    timing = time_loop(operation, 1_000_000)
    assert timing.identical
    assert timing.ratio > SEED_RATIO
    assert f"{timing.ratio:.1f} times as fast, identical results" in str(timing)


@pytest.mark.parametrize("shape", [(1, 512), (512,)])
def test_row_9_a_bias_is_added_to_every_row_and_its_gradient_is_the_sum_of_the_columns(shape):
    rng = np.random.default_rng(0)
    X, W = zanjir.tensor(rng.random((128, 784)), "X"), zanjir.tensor(rng.random((784, 512)), "W")
    b, G = zanjir.tensor(rng.random(shape), "b"), rng.standard_normal((128, 512))
    scores = X @ W + b
    assert scores.shape == (128, 512)
    db = zanjir.gradient(np.sum(scores * G), b)  # G flows into the scores
    assert db.shape == shape
    np.testing.assert_allclose(db.value.ravel(), [sum(column) for column in G.T], atol=COLUMN_SUM)


def test_row_9_shapes_that_cannot_be_broadcast_are_refused():
    with pytest.raises(ShapeError, match=r"add: .* do not fit together"):
        _ = zanjir.tensor(np.ones((128, 512)), "z") + zanjir.tensor(np.ones(784), "b")


def test_row_10_reshape_keeps_the_order_of_the_numbers():
    x = zanjir.tensor([[0, 1], [2, 3], [4, 5]], "x")
    tall = x.reshape(6, 1)
    assert tall.value.tolist() == [[0], [1], [2], [3], [4], [5]]
    assert tall.reshape(2, 3).value.tolist() == [[0, 1, 2], [3, 4, 5]]


def test_row_10_transpose_exchanges_rows_and_columns():
    assert zanjir.tensor(np.zeros((300, 20)), "x").T.shape == (20, 300)


def test_row_11_a_quarter_turn_takes_the_first_axis_to_the_second():
    turn = AffineMap(rotation(np.pi / 2))
    np.testing.assert_allclose(turn([[1.0, 0.0]]), [[0.0, 1.0]], atol=ROUNDING)
    assert turn.determinant == pytest.approx(1, abs=ROUNDING)
    np.testing.assert_allclose(turn.matrix.T @ turn.matrix, np.eye(2), atol=ROUNDING)
    np.testing.assert_allclose(turn.matrix @ [1.0, 0.0], turn([1.0, 0.0]), atol=ROUNDING)  # column and row


def test_row_11_turns_add_up_and_four_quarters_are_none():
    quarter, eighth = AffineMap(rotation(np.pi / 2)), AffineMap(rotation(np.pi / 4))
    np.testing.assert_allclose((eighth @ eighth).matrix, quarter.matrix, atol=ROUNDING)
    np.testing.assert_allclose((quarter @ quarter @ quarter @ quarter).matrix, np.eye(2), atol=ROUNDING)


def test_row_11_a_layer_is_an_affine_map_and_a_function_of_each_number():
    rng = np.random.default_rng(0)
    X, W1, b1 = rng.standard_normal((5, 2)), rng.standard_normal((2, 4)), rng.standard_normal(4)
    W2, b2 = rng.standard_normal((4, 3)), rng.standard_normal(3)
    network = mlp([4], 3, activation="relu")
    parameters = {name: zanjir.tensor(value, name) for name, value in (("W1", W1), ("b1", b1), ("W2", W2), ("b2", b2))}
    first, second = AffineMap(W1.T, b1), AffineMap(W2.T, b2)
    by_geometry = second(np.maximum(0, first(X)))
    np.testing.assert_allclose(network(zanjir.tensor(X, "X"), parameters).value, by_geometry, atol=ROUNDING)
    # without the function in between, two layers are one affine map (S2-07)
    np.testing.assert_allclose((second @ first)(X), second(first(X)), atol=ROUNDING)


@pytest.fixture(scope="module")
def mnist_shaped(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mnist")
    pictures = np.random.default_rng(0).integers(0, 256, (60_000, 28, 28), dtype=np.uint8)
    write_idx(folder / "train-images-idx3-ubyte", pictures)
    write_idx(folder / "train-labels-idx1-ubyte", (np.arange(60_000) % 10).astype(np.uint8))
    return load(folder), pictures


def test_row_12_files_in_the_shape_of_mnist_are_bytes_and_flat(mnist_shaped):
    data, pictures = mnist_shaped
    assert (data.images.ndim, data.images.shape, data.images.dtype) == (3, (60_000, 28, 28), np.uint8)  # N56
    assert data.images.nbytes == 47_040_000
    assert data.X.shape == (60_000, 784)
    assert np.array_equal(data.X[-1], [pixel for row in pictures[-1] for pixel in row])


def test_row_12_bytes_become_numbers_from_0_to_1(mnist_shaped):
    data, pictures = mnist_shaped
    scaled = Preparation(scale=data.scale)(data.X[:100], np.float32)
    assert (scaled.dtype, scaled.min(), scaled.max()) == (np.float32, 0, 1)
    expected = [[int(pixel) / 255 for pixel in picture.ravel()] for picture in pictures[:100]]
    np.testing.assert_allclose(scaled, expected, rtol=2.0**-23)


def test_row_12_no_byte_wraps_on_the_way_into_a_network():
    bright = np.full((1, 784), 200, np.uint8)
    assert (bright + bright)[0, 0] == 144  # NumPy itself: 400 - 256
    assert AffineMap(np.ones((1, 784), np.uint8))(bright)[0, 0] == 784 * 200
    centered = Preparation(offset=201.0)(bright, np.float32)
    assert np.all(centered == -1)
    X = zanjir.tensor(Preparation()(bright, np.float32), "X")
    assert float((X + X).value[0, 0]) == 400
    W = np.random.default_rng(0).random((784, 1), np.float32)
    exact = sum(200 * float(w) for w in W[:, 0]) / 255
    scores = zanjir.tensor(Preparation(scale=255)(bright, np.float32), "X") @ W
    assert float(scores.value[0, 0]) == pytest.approx(exact, abs=FLOAT32_SUMS)
