"""Layers for images and normalization, against loops written by hand, PyTorch, and central differences."""

import itertools

import numpy as np
import pytest

from zanjir.errors import ParameterError, ShapeError
from zanjir.graph import evaluate, gradient, tensor, topological_order
from zanjir.nn import (
    LOSSES,
    Activation,
    AveragePool2d,
    BatchNorm,
    Conv2d,
    Flatten,
    LayerNorm,
    Linear,
    MaxPool2d,
    Reshape,
    Sequential,
    convnet,
    mlp,
)
from zanjir.program import Problem

# Sums of some twenty products, in another order.
ROUNDINGS = 1e-13
# Central differences with h = 6e-6 err by h^2 = 4e-11 times the third derivative, plus round-off of 4e-11.
GRADIENT = 1e-7
STEP = 6e-6

rng = np.random.default_rng(0)
IMAGES = rng.standard_normal((4, 6, 5, 3))
FIRST = np.array([[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]], float)


def channels_first(x):
    return np.ascontiguousarray(np.moveaxis(x, -1, 1))


def close(found, expected):
    return np.allclose(found, expected, rtol=0, atol=ROUNDINGS)


def leaves(**values):
    return {name: tensor(value, name) for name, value in values.items()}


@pytest.mark.parametrize(("size", "stride", "padding"), [(3, 1, 0), (3, 1, 1), (2, 2, 0), (5, 3, 2), (1, 1, 0)])
def test_a_convolution_is_an_inner_product_with_every_window(size, stride, padding):
    layer = Conv2d(2, size, stride=stride, padding=padding)
    W, b = rng.standard_normal((size, size, 3, 2)), rng.standard_normal(2)
    around = np.zeros((4, 6 + 2 * padding, 5 + 2 * padding, 3))
    around[:, padding : padding + 6, padding : padding + 5] = IMAGES
    rows, columns, _ = layer.out_shape((6, 5, 3))
    expected = np.empty((4, rows, columns, 2))
    for n, i, j, k in np.ndindex(expected.shape):
        window = around[n, i * stride : i * stride + size, j * stride : j * stride + size]
        expected[n, i, j, k] = sum(window[a] * W[(*a, k)] for a in np.ndindex(window.shape)) + b[k]
    assert close(layer(tensor(IMAGES, "X"), leaves(W=W, b=b)).value, expected)
    first = Conv2d(2, size, stride=stride, padding=padding, layout="NCHW")
    found = first(tensor(channels_first(IMAGES), "X"), leaves(W=W, b=b.reshape(2, 1, 1))).value
    assert close(found, channels_first(expected))
    assert first.out_shape((3, 6, 5)) == (2, rows, columns)


def test_a_convolution_starts_with_the_variance_of_its_windows_and_zero_biases():
    first = Conv2d(400, 3, initializer="he").init(np.random.default_rng(0), (8, 8, 20))
    assert abs(first["W"].std() / np.sqrt(2 / (3 * 3 * 20)) - 1) < 0.01  # 72,000 draws: 0.003 of a standard deviation
    first = Conv2d(40, 3, initializer="glorot").init(np.random.default_rng(0), (8, 8, 20))
    limit = np.sqrt(6 / (9 * 20 + 9 * 40))
    assert 0.99 * limit < np.abs(first["W"]).max() <= limit
    assert not first["b"].any()


@pytest.mark.parametrize(("size", "stride"), [(2, None), (2, 1), (3, 2), (1, None)])
def test_poolings_are_the_largest_and_the_mean_of_every_window(size, stride):
    step = stride or size
    for layer, of in ((MaxPool2d, np.max), (AveragePool2d, np.mean)):
        rows, columns, _ = layer(size, stride).out_shape((6, 5, 3))
        expected = np.empty((4, rows, columns, 3))
        for n, i, j, k in np.ndindex(expected.shape):
            expected[n, i, j, k] = of(IMAGES[n, i * step : i * step + size, j * step : j * step + size, k])
        assert close(layer(size, stride)(tensor(IMAGES), {}).value, expected)
        first = layer(size, stride, "NCHW")
        assert close(first(tensor(channels_first(IMAGES)), {}).value, channels_first(expected))


def test_rows_become_images_and_rows_again():
    images = Reshape((1, 2, 3))(tensor(FIRST), {})
    assert images.value.tolist() == [[[[0, 1, 2], [3, 4, 5]]], [[[6, 7, 8], [9, 10, 11]]]]
    assert np.array_equal(Flatten()(images, {}).value, FIRST)


@pytest.mark.parametrize("shape", [(7,), (6, 5, 3)])
def test_layer_normalization_makes_every_sample_standard(shape):
    x = rng.standard_normal((4, *shape)) * 3 + 2
    gain, shift = rng.standard_normal(shape), rng.standard_normal(shape)
    found = LayerNorm(0.01)(tensor(x), leaves(gain=gain, shift=shift)).value
    for sample, out in zip(x, found, strict=True):
        mean = sum(sample.ravel()) / sample.size
        variance = sum((v - mean) ** 2 for v in sample.ravel()) / sample.size
        assert close(out, (sample - mean) / np.sqrt(variance + 0.01) * gain + shift)


def batch_normalized(x, mean, variance, gain, shift, epsilon):
    """One feature after the other; features lie on the last axis."""
    out = np.empty_like(x)
    for k in range(x.shape[-1]):
        out[..., k] = gain[k] * (x[..., k] - mean[k]) / np.sqrt(variance[k] + epsilon) + shift[k]
    return out


@pytest.mark.parametrize("shape", [(3,), (6, 5, 3)])
def test_batch_normalization_uses_the_batch_in_training_and_what_was_measured_in_prediction(shape):
    x = rng.standard_normal((4, *shape)) * 3 + 2
    gain, shift, mean, variance = (rng.uniform(0.5, 2, 3) for _ in range(4))
    layer, learned = BatchNorm(0.01), leaves(gain=gain, shift=shift)
    by_feature = x.reshape(-1, 3).T
    own = [sum(f) / len(f) for f in by_feature]
    spread = [sum((v - m) ** 2 for v in f) / len(f) for f, m in zip(by_feature, own, strict=True)]
    assert close(layer(tensor(x), learned).value, batch_normalized(x, own, spread, gain, shift, 0.01))
    found = layer(tensor(x), {**learned, **leaves(mean=mean, variance=variance)}).value
    assert close(found, batch_normalized(x, mean, variance, gain, shift, 0.01))
    measured = layer.statistics(tensor(x))
    assert close(measured["mean"].value, own)
    assert close(measured["variance"].value, spread)


@pytest.mark.parametrize("measured", [False, True])
def test_batch_normalization_is_the_same_with_channels_first(measured):
    names = ("gain", "shift", "mean", "variance")[: 4 if measured else 2]
    values = {name: rng.uniform(0.5, 2, 3) for name in names}
    last, first = BatchNorm(), BatchNorm(layout="NCHW")
    assert set(first.shapes((3, 6, 5)).values()) == {(3, 1, 1)}
    turned = leaves(**{name: value.reshape(3, 1, 1) for name, value in values.items()})
    found = first(tensor(channels_first(IMAGES)), turned).value
    assert close(found, channels_first(last(tensor(IMAGES), leaves(**values)).value))
    assert close(first.statistics(tensor(channels_first(IMAGES)))["variance"].value.ravel(), IMAGES.var(axis=(0, 1, 2)))


def test_normalizations_and_their_gradients_are_those_of_torch():
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    g, gain, shift = (rng.standard_normal(shape) for shape in ((4, 6, 5, 3), 3, 3))
    per_pixel = [rng.standard_normal((6, 5, 3)) for _ in range(2)]
    for layer, (scale, offset), theirs in (
        (BatchNorm(), (gain, shift), lambda x, w, b: functional.batch_norm(x, None, None, w, b, training=True)),
        (LayerNorm(), per_pixel, lambda x, w, b: functional.layer_norm(x, (3, 6, 5), w, b)),
    ):
        ours = [tensor(IMAGES, "x"), tensor(scale, "gain"), tensor(offset, "shift")]
        out = layer(ours[0], {"gain": ours[1], "shift": ours[2]})
        turned = [channels_first(IMAGES)]
        turned += [np.ascontiguousarray(np.moveaxis(p, -1, 0)) if p.ndim == 3 else p for p in (scale, offset)]
        others = [torch.tensor(x, requires_grad=True) for x in turned]
        expected = theirs(*others)
        (expected * torch.tensor(channels_first(g))).sum().backward()
        assert close(channels_first(out.value), expected.detach().numpy())
        for mine, other in zip(gradient((out * g).sum(), ours), others, strict=True):
            wanted = other.grad.numpy()
            assert close(mine.value, np.moveaxis(wanted, -3, -1) if wanted.ndim > 1 else wanted)


NETWORKS = {
    "convolution": convnet((6, 6), [2, 3], [4], 3, activation="tanh"),
    "batch norm": convnet((6, 6), [2, 3], [4], 3, activation="tanh", norm="batch"),
    "layer norm": convnet((6, 6), [2], [], 3, activation="sigmoid", norm="layer"),
    "mean, stride": Sequential((
        Reshape((6, 6, 1)), Conv2d(3, 3, stride=2, padding=1), Activation("tanh"), AveragePool2d(2, stride=1),
        Flatten(), Linear(3),
    )),
    "channels first": Sequential((
        Reshape((1, 6, 6)), Conv2d(3, 3, layout="NCHW"), BatchNorm(layout="NCHW"), Activation("tanh"),
        MaxPool2d(2, layout="NCHW"), Flatten(), Linear(3),
    )),
}  # fmt: skip


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_the_gradient_of_a_network_of_images_agrees_with_central_differences(network):
    problem = Problem(network, LOSSES["softmax"], 36, 3, dtype=np.float64)
    numbers = np.random.default_rng(1)
    X, y = tensor(numbers.standard_normal((5, 36)), "X"), tensor(np.array([0, 1, 2, 1, 0]), "y")
    parameters = leaves(
        **{
            name: numbers.standard_normal(shape) / 2 + name.startswith("variance")
            for name, shape in problem.layout.shapes.items()
        }
    )
    loss = problem.objective(X, y, parameters, None)["loss"]
    for name, derivative in gradient(loss, parameters).items():
        direction = numbers.standard_normal(derivative.shape)
        start = parameters[name].value
        ends = [evaluate([loss], {parameters[name]: start + h * direction})[id(loss)] for h in (STEP, -STEP)]
        numeric = (ends[0] - ends[1]) / (2 * STEP)
        exact = float((derivative.value * direction).sum())
        assert abs(numeric - exact) <= GRADIENT * max(1e-3, abs(exact)), name
        assert derivative.value.any() == (name not in problem.measured), name


def names_in(node):
    return [n.name for n in topological_order([node]) if n.gate and n.name]


def test_nodes_and_parameters_of_a_network_of_images_have_names_with_the_number_of_their_layer():
    network = convnet((4, 4), [2], [3], 2, norm="batch")
    assert list(network.layout(16).shapes) == [
        "W1", "b1", "gain1", "shift1", "mean1", "variance1", "W2", "b2", "gain2", "shift2", "mean2", "variance2",
        "W3", "b3",
    ]  # fmt: skip
    assert network.measured == ("mean1", "variance1", "mean2", "variance2")
    parameters = leaves(**network.init(np.random.default_rng(0), 16))
    scores = network(tensor(np.ones((2, 16)), "X"), parameters)
    assert names_in(scores) == [
        "images", "z1", "normalized1", "h1", "pooled1", "flat1", "z2", "normalized2", "h2", "scores",
    ]  # fmt: skip


def test_a_network_of_images_halves_the_image_until_it_has_one_row():
    shapes = convnet((5, 3), [2, 4, 8], [], 2).layout(15).shapes
    assert shapes["W4"] == (2 * 1 * 8, 2)
    assert convnet((5, 3, 3), [2], [], 2).layout(45).shapes["W1"] == (3, 3, 3, 2)


def test_first_values_of_a_normalization_change_nothing_but_the_scale():
    for norm, kinds in (
        ("batch", {"gain": 1, "shift": 0, "mean": 0, "variance": 1}),
        ("layer", {"gain": 1, "shift": 0}),
    ):
        first = mlp([3], 2, norm=norm).init(np.random.default_rng(0), 4)
        assert all((first[f"{name}1"] == value).all() for name, value in kinds.items())


@pytest.mark.parametrize(
    ("layers", "in_features", "sentence"),
    [
        ((Conv2d(2), Linear(2)), 9, r"Conv2d: a sample is \(9,\), expected \(height, width, channels\); put a Reshape"),
        ((Conv2d(2, layout="NCHW"), Linear(2)), 9, r"expected \(channels, height, width\)"),
        ((Reshape((3, 3, 1)), Linear(2)), 9, r"Linear: a sample is \(3, 3, 1\), expected \(D,\); put a Flatten"),
        ((Reshape((3, 3, 1)), Linear(2)), 8, r"Reshape: .* \(8,\) has 8 numbers, and \(3, 3, 1\) holds 9"),
        ((Reshape((3, 3, 1)), Conv2d(2, 5)), 9, r"5 x 5 does not fit into images of \(3, 3, 1\) with padding 0"),
        ((Reshape((3, 3, 1)), MaxPool2d(4), Conv2d(2)), 9, r"MaxPool2d: a window of 4 x 4 does not fit"),
        ((MaxPool2d(2), Conv2d(2)), 9, r"MaxPool2d: a sample is \(9,\)"),
        ((Reshape((3, 3)), BatchNorm(), Flatten(), Linear(2)), 9, r"BatchNorm: a sample is \(3, 3\)"),
    ],
)  # fmt: skip
def test_layers_that_do_not_fit_each_other_are_refused(layers, in_features, sentence):
    with pytest.raises(ShapeError, match=sentence):
        Sequential(layers).layout(in_features)


def test_a_network_that_gives_images_has_no_scores():
    with pytest.raises(ShapeError, match=r"the network gives \(1, 1, 2\) for a sample, expected \(C,\) scores"):
        Sequential((Reshape((3, 3, 1)), Conv2d(2))).out_features(9)


def test_two_normalizations_of_one_layer_are_refused_because_their_names_would_be_one():
    with pytest.raises(ParameterError, match="two layers have a parameter gain1; put a layer with weights between"):
        Sequential((Linear(2), LayerNorm(), BatchNorm(), Linear(2))).layout(3)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Conv2d(0), r"Conv2d: channels must be a whole number in \[1"),
        (lambda: Conv2d(2, 0), "Conv2d: size must be"),
        (lambda: Conv2d(2, stride=-1), "Conv2d: stride must be"),
        (lambda: Conv2d(2, padding=-1), "Conv2d: padding must be"),
        (lambda: Conv2d(2, layout="NHCW"), "unknown layout 'NHCW'; expected NHWC or NCHW"),
        (lambda: MaxPool2d(0), "MaxPool2d: size must be"),
        (lambda: AveragePool2d(2, stride=0), r"AveragePool2d: stride must be .* \[1, infinity\), or None"),
        (lambda: BatchNorm(0), "BatchNorm: epsilon must be"),
        (lambda: LayerNorm(-1), "LayerNorm: epsilon must be"),
        (lambda: Reshape((2, 0)), r"Reshape: shape must hold whole numbers in \[1, infinity\); got \(2, 0\)"),
        (lambda: Reshape(()), "Reshape: shape must hold"),
        (lambda: mlp([2], 2, norm="bach"), "unknown norm 'bach'.*Did you mean 'batch'"),
    ],
)  # fmt: skip
def test_choices_that_make_no_layer_are_refused(make, sentence):
    with pytest.raises(ParameterError, match=sentence):
        make()


def test_the_base_of_the_poolings_computes_nothing():
    from zanjir.nn.pooling import Pool2d

    with pytest.raises(TypeError, match="Pool2d describes no computation"):
        Pool2d()(tensor(IMAGES), {})


def test_single_precision_stays_single_in_every_layer():
    narrow = IMAGES.astype(np.float32)
    for layer, layout in itertools.product((Conv2d, MaxPool2d, AveragePool2d, BatchNorm), ("NHWC", "NCHW")):
        made = layer(layout=layout)
        x = narrow if layout == "NHWC" else channels_first(narrow)
        first = made.init(np.random.default_rng(0), x.shape[1:])
        values = leaves(**{name: value.astype(np.float32) for name, value in first.items()})
        assert made(tensor(x), values).dtype == np.float32
