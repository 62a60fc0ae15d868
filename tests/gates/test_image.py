"""Gates of images beyond the table's own settings: every layout, odd windows, strides and paddings."""

from __future__ import annotations

import itertools
from typing import Any

import mpmath
import numpy as np
import pytest

from witnesses.gate_assertions import EXACT_ERROR
from witnesses.gate_values import WITNESSES
from zanjir.errors import ShapeError
from zanjir.gates import average_pool2d, conv2d, max_pool2d
from zanjir.graph import TABLE, Gate, Tensor, apply, check_rule, gradient

LAYOUTS = ("NHWC", "NCHW", "HWNC")
CONVOLVED = [
    {"stride": stride, "padding": padding, "window": window}
    for stride, padding, window in itertools.product((1, 2, 3), (0, 1, 2), ((3, 3), (2, 4), (1, 1)))
]
POOLED = [{"size": size, "stride": stride} for size in (1, 2, 3) for stride in (None, 1, 3)]
ADJOINTS = {
    "conv2d": lambda x, z, W: [x, W],
    "conv2d_transpose": lambda x, z, W: [z, W, x],
    "conv2d_weights": lambda x, z, W: [x, z, W],
}
POOLS = {
    "max_pool2d": lambda x, y: [x],
    "average_pool2d": lambda x, y: [x],
    "max_unpool2d": lambda x, y: [y, x],
    "average_unpool2d": lambda x, y: [y, x],
    "max_pick2d": lambda x, y: [x[::-1], x],
}


def in_layout(x: Any, layout: str) -> Any:
    """Give a batch of images, channels last, another order of its axes."""
    return np.ascontiguousarray(x.transpose(["NHWC".index(letter) for letter in layout]))


def channels_last(x: Any, layout: str) -> Any:
    """Give a batch of images in some layout the order of the notes."""
    return x.transpose([layout.index(letter) for letter in "NHWC"])


def convolution_cases() -> list[tuple[Gate, list[Any], dict[str, Any]]]:
    """The three gates of the convolution, on images of odd sizes with every setting."""
    rng, cases = np.random.default_rng(0), []
    for setting in CONVOLVED:
        how = {name: value for name, value in setting.items() if name != "window"}
        x, W = rng.standard_normal((2, 5, 6, 2)), rng.standard_normal((*setting["window"], 2, 3))
        z = rng.standard_normal(conv2d(x, W, **how).shape)
        cases += [(TABLE[name], inputs(x, z, W), how) for name, inputs in ADJOINTS.items()]
    return cases


def pooling_cases() -> list[tuple[Gate, list[Any], dict[str, Any]]]:
    """The five gates of the poolings, on images of odd sizes with every setting."""
    rng, cases = np.random.default_rng(1), []
    for how in POOLED:
        x = rng.standard_normal((2, 5, 7, 2))
        y = rng.standard_normal(max_pool2d(x, **how).shape)
        cases += [(TABLE[name], inputs(x, y), how) for name, inputs in POOLS.items()]
    return cases


def case_name(value: Any) -> str | None:
    if isinstance(value, dict):
        return ",".join(f"{k}={v}" for k, v in value.items())
    return value.name if isinstance(value, Gate) else ""


every_case = pytest.mark.parametrize(("row", "inputs", "how"), convolution_cases() + pooling_cases(), ids=case_name)


@every_case
def test_the_value_is_that_of_explicit_sums_for_every_setting(row: Gate, inputs: list[Any], how: Any) -> None:
    settings = {**row.params, **how}
    expected = WITNESSES[row.name].value(mpmath, *(x.astype(object) for x in inputs), **settings)
    np.testing.assert_allclose(
        row.forward(*inputs, **settings), expected.astype(float), rtol=EXACT_ERROR, atol=EXACT_ERROR
    )


@every_case
@pytest.mark.parametrize("layout", LAYOUTS[1:])
def test_another_layout_gives_the_same_numbers_in_another_order(
    row: Gate, inputs: list[Any], how: Any, layout: str
) -> None:
    images = [i for i, letters in enumerate(inputs_that_are_images(row)) if letters]
    turned = [in_layout(x, layout) if i in images else x for i, x in enumerate(inputs)]
    settings = {**row.params, **how, "layout": layout}
    got, expected = row.forward(*turned, **settings), row.forward(*inputs, **{**row.params, **how})
    if row.name != "conv2d_weights":
        got = channels_last(got, layout)
    np.testing.assert_allclose(got, expected, rtol=EXACT_ERROR, atol=EXACT_ERROR)


def inputs_that_are_images(row: Gate) -> tuple[bool, ...]:
    """Which inputs of a row are image batches; the others are weights."""
    weights = {"conv2d": 1, "conv2d_transpose": 1, "conv2d_weights": 2}
    return tuple(i != weights.get(row.name) for i in range(len(row.core_shapes)))


@every_case
def test_both_derivatives_agree_with_central_differences_for_channels_first(
    row: Gate, inputs: list[Any], how: Any
) -> None:
    turned = [
        in_layout(x, "NCHW") if image else x for x, image in zip(inputs, inputs_that_are_images(row), strict=True)
    ]
    check_rule(row, turned, {**how, "layout": "NCHW"}, order=2)


@pytest.mark.parametrize("setting", CONVOLVED, ids=case_name)
def test_the_three_gates_of_a_convolution_are_adjoint_to_each_other(setting: Any) -> None:
    rng, how = np.random.default_rng(2), {name: value for name, value in setting.items() if name != "window"}
    x, W = rng.standard_normal((2, 5, 6, 2)), rng.standard_normal((*setting["window"], 2, 3))
    z = rng.standard_normal(conv2d(x, W, **how).shape)
    products = [
        np.vdot(apply(TABLE[name], *of(x, z, W), **how).value, other)
        for (name, of), other in zip(ADJOINTS.items(), (z, x, W), strict=True)
    ]
    np.testing.assert_allclose(products, products[0], rtol=EXACT_ERROR, atol=EXACT_ERROR)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_values_and_gradients_are_those_of_torch(layout: str) -> None:
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    rng = np.random.default_rng(3)
    x, W = rng.standard_normal((3, 7, 8, 4)), rng.standard_normal((3, 2, 4, 5))
    convolutions = [
        (conv2d, functional.conv2d, {"stride": stride, "padding": padding}, {"stride": stride, "padding": padding})
        for stride, padding in itertools.product((1, 2, 3), (0, 1, 2))
    ]
    poolings = [
        (ours, theirs, {"size": size, "stride": stride}, {"kernel_size": size, "stride": stride})
        for ours, theirs in ((max_pool2d, functional.max_pool2d), (average_pool2d, functional.avg_pool2d))
        for size, stride in itertools.product((1, 2, 3), (None, 1, 2))
    ]
    for ours, theirs, how, settings in convolutions + poolings:
        leaves = [Tensor(in_layout(x, layout)), Tensor(W)][: len(ours.core_shapes)]
        others = [torch.tensor(x.transpose(0, 3, 1, 2).copy(), requires_grad=True)]
        others += [torch.tensor(W.transpose(3, 2, 0, 1).copy(), requires_grad=True)][: len(leaves) - 1]
        out, expected = ours(*leaves, layout=layout, **how), theirs(*others, **settings)
        g = rng.standard_normal(tuple(expected.shape)).transpose(0, 2, 3, 1)
        (expected * torch.tensor(g.transpose(0, 3, 1, 2).copy())).sum().backward()
        flows = gradient((out * in_layout(g, layout)).sum(), leaves)
        pairs = [(out.value, expected.detach()), (flows[0].value, others[0].grad)]
        for got, wanted in pairs:
            exact = wanted.numpy().transpose(0, 2, 3, 1)
            np.testing.assert_allclose(channels_last(got, layout), exact, rtol=EXACT_ERROR, atol=EXACT_ERROR)
        if len(leaves) == 2:
            exact = others[1].grad.numpy().transpose(2, 3, 1, 0)
            np.testing.assert_allclose(flows[1].value, exact, rtol=EXACT_ERROR, atol=EXACT_ERROR)


@pytest.mark.parametrize(
    ("inputs", "how"),
    [
        ([np.ones((2, 5, 6, 3)), np.ones((3, 3, 2, 4))], {}),  # another number of channels
        ([np.ones((2, 2, 6, 2)), np.ones((3, 3, 2, 4))], {}),  # a window larger than the image
        ([np.ones((5, 6)), np.ones((3, 3, 2, 4))], {}),  # no batch of images
        ([np.ones((2, 5, 6, 2)), np.ones((3, 3, 2, 4))], {"layout": "NHWD"}),
        ([np.ones((2, 5, 6, 2)), np.ones((3, 3, 2, 4))], {"stride": 0}),
        ([np.ones((2, 5, 6, 2)), np.ones((3, 3, 2, 4))], {"padding": -1}),
    ],
)
def test_images_and_weights_that_do_not_fit_are_an_error_that_names_them(inputs: list[Any], how: Any) -> None:
    X, W = (Tensor(x, name) for x, name in zip(inputs, ("X", "W1"), strict=True))
    with pytest.raises(ShapeError, match=r"^conv2d: X is \(.*\), W1 is \(3, 3, 2, 4\) do not fit together: "):
        conv2d(X, W, **how)
