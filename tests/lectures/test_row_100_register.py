"""Row 100: the register of the notes' errors, each right number recomputed, and each printed one refuted."""

import math

import numpy as np
import pytest

from zanjir.explain import problem, register
from zanjir.gates import sigmoid
from zanjir.graph import gradient, tensor
from zanjir.nn import softmax_cross_entropy

# Numbers of the register have six digits after the point.
DIGITS = 1e-6
SCORES = np.array([-2.85, 0.86, 0.28])
HOMEWORK_1 = {f"N{number}" for number in range(83, 110)}
TENSORS = {"N58", "N59", "N60", "N61", "N62", "N64"}


@pytest.fixture(scope="module")
def entries():
    return register()


@pytest.fixture(scope="module")
def of(entries):
    return {entry.place: entry for entry in entries}


def test_row_100_every_wrong_row_of_the_table_is_registered(entries):
    others = {"N3", "N23", "N27", "N36", "N37", "N46", "N47", "N51", "N54", "N57", "N74", "2f"}
    homework_2 = {f"2e ({part})" for part in "abcd"}
    assert {entry.place for entry in entries} == HOMEWORK_1 | TENSORS | others | homework_2


def test_row_100_every_entry_says_what_is_printed_what_is_right_and_why(entries):
    for entry in entries:
        assert entry.where
        assert entry.printed
        assert entry.printed != entry.right
        assert entry.reason.keys() == {"en", "fa"}
        assert entry.reason["en"].isascii()
        assert any("\u0600" <= letter <= "\u06ff" for letter in entry.reason["fa"])


def test_row_100_n3_the_logarithm_is_natural(of):
    assert of["N3"].value == pytest.approx(-math.log(0.13), abs=DIGITS)
    assert round(-math.log10(0.13), 2) == 0.89


def softmax_of_scores():
    e = np.exp(SCORES)
    return e / e.sum()


def test_row_100_n23_the_first_probability(of):
    assert of["N23"].value == pytest.approx(softmax_of_scores()[0], abs=DIGITS)
    assert f"{of['N23'].value:.3f}" != of["N23"].printed
    assert f"{round(0.058 / 3.738, 4) + 1e-9:.3f}" == of["N23"].printed


def test_row_100_n27_a_penalty_needs_absolute_values(of):
    W = tensor(np.array([1.0, -2.0]), "W")
    assert np.abs(W).sum().value == of["N27"].value
    assert W.value.sum() == -1


@pytest.mark.parametrize(("place", "degree", "printed"), [("N36", 2, 470_000), ("N37", 3, 5_000_000)])
def test_row_100_n36_n37_products_of_3072_features(of, place, degree, printed):
    assert of[place].value == math.comb(3072 + degree - 1, degree)
    assert of[place].value > 9 * printed


CIRCUIT = """
w0, x0, w1, x1, w2 = 2.0, -1.0, -3.0, -2.0, -3.0
L = 1 / (1 + math.exp(-(w0 * x0 + w1 * x1 + w2)))
grad_L = 1.0
grad_s3 = grad_L * (1 - L) * L
grad_s2 = grad_s3
{line}
grad_w0 = grad_s0 * x0
"""


def test_row_100_n46_the_code_stops_as_printed_and_runs_as_it_should(of):
    with pytest.raises(NameError, match="grad_s0"):
        exec(CIRCUIT.format(line=of["N46"].printed), {"math": math})  # noqa: S102 - that it stops is what is tested
    names = {"math": math}
    exec(CIRCUIT.format(line=of["N46"].right), names)  # noqa: S102 - that it runs is what is tested
    assert of["N46"].value == pytest.approx(names["grad_w0"], abs=DIGITS)


def test_row_100_n47_methods_need_self_and_gradients_add_up(of):
    names = {}
    exec("class Gate:\n    def forward(x, y):\n        return x * y", names)  # noqa: S102 - as printed
    with pytest.raises(TypeError, match="takes 2 positional arguments but 3 were given"):
        names["Gate"]().forward(2.0, 3.0)
    x = tensor(1.0, "x")
    assert gradient(4.0 * x + 2.0 * x, x).value == of["N47"].value


def test_row_100_n51_the_penalty_belongs_to_the_step(of):
    w = tensor(1.0, "w")
    step = 0.5 * gradient(0.1 * w**2, w).value
    assert of["N51"].value == pytest.approx(1.0 - step, rel=1e-15)
    assert step != 0  # as printed nothing is subtracted


def test_row_100_n54_the_loss_is_that_of_y_given_x(of):
    p = softmax_of_scores()
    assert of["N54"].value == pytest.approx(-math.log(p[2]), abs=DIGITS)
    loss = softmax_cross_entropy(tensor(SCORES[None], "s"), np.array([2])).mean()
    assert of["N54"].value == pytest.approx(float(loss.value), abs=DIGITS)
    assert p.sum() == pytest.approx(1)  # over the classes y, for one x


def test_row_100_n57_there_is_no_such_type(of):
    with pytest.raises(TypeError):
        np.dtype(of["N57"].printed)
    assert of["N57"].value == np.iinfo(of["N57"].right).max


def shape(text):
    return tuple(int(part) for part in text.strip("()").split(","))


# What the notes say in words, in the order of the axes: samples first, channels last.
@pytest.mark.parametrize(
    ("place", "axes"),
    [
        ("N58", (100_000, 3)), ("N59", (500, 20_000)), ("N60", (250, 390, 3)), ("N61", (1_000_000, 280, 128)),
        ("N62", (128, 256, 256, 3)), ("N64", (4, 240, 144, 256, 3)),
    ],
)  # fmt: skip
def test_row_100_n58_to_n64_samples_come_first(of, place, axes):
    entry = of[place]
    assert shape(entry.right) == axes
    assert entry.value == math.prod(axes)
    printed = shape(entry.printed)[::-1]
    if place == "N62":
        assert [a != b for a, b in zip(printed, axes, strict=True)] == [False, False, True, False]
    elif place == "N64":
        assert sorted([4, *printed]) == sorted(axes)
    else:
        assert printed == axes


def test_row_100_n74_a_step_is_subtracted(of):
    W = tensor(1.0, "W")
    slope = float(gradient(W**2, W).value)
    assert of["N74"].value == 1.0 - 0.1 * slope
    assert -0.1 * slope == -0.2  # as printed


# Homework 2, with its numbers written out apart.
X = np.array([1.0, 2.0])
W1, W2, W3 = np.array([[0.1, 0.2], [0.3, 0.4]]), np.array([[0.5, 0.6], [0.7, 0.8]]), np.array([0.9, -1.0])
A1 = 1 / (1 + np.exp(-(W1 @ X)))
A2 = 1 / (1 + np.exp(-(W2 @ A1)))
DELTA2 = W3 * A2 * (1 - A2)
DELTA1 = (W2.T @ DELTA2) * A1 * (1 - A1)


@pytest.mark.parametrize(
    ("part", "target", "value"),
    [
        ("a", "df/dz2_1", DELTA2[0]), ("b", "df/dz2_2", DELTA2[1]), ("c", "df/dz1_2", DELTA1[1]),
        ("d", "df/dw1_11", DELTA1[0] * X[0]),
    ],
)  # fmt: skip
def test_row_100_homework_2_recomputed(of, part, target, value):
    entry = of[f"2e ({part})"]
    assert entry.value == pytest.approx(value, abs=DIGITS)
    assert problem("homework-2").solution().value_of(target) == pytest.approx(value, rel=1e-12)


def test_row_100_homework_2_as_printed_gives_other_numbers(of):
    second_layer = W2[0] * A2[0] * (1 - A2[0])  # w1^[2] is a row of weights, none of which serves
    assert np.all(np.abs(second_layer - of["2e (a)"].value) > 0.01)
    assert np.all(np.abs(W2[1] * A2[1] * (1 - A2[1]) - of["2e (b)"].value) > 0.01)
    wrong_layer = X[0] * A2[0] * (1 - A2[0]) * (DELTA2 @ W2[:, 0])
    assert wrong_layer == pytest.approx(-0.008176, abs=DIGITS)
    without_delta = (DELTA2[0] * W1[0, 1] + W1[1, 1]) * A1[1] * (1 - A1[1])
    assert abs(without_delta - of["2e (c)"].value) > 0.01


def test_row_100_homework_3_labels_agree_with_one_sign_only(of):
    rng = np.random.default_rng(0)
    W, b, x = rng.standard_normal((2, 4)), rng.standard_normal(2), rng.standard_normal((20_000, 4))
    z = x @ W.T + b
    softmax_labels = (z[:, 0] < z[:, 1]).astype(int)

    def agreement(sign):
        found = sigmoid(tensor(x @ (sign * (W[1] - W[0])) + sign * (b[1] - b[0]))).value > 0.5
        return (found == softmax_labels).mean()

    assert (agreement(1), agreement(-1)) == (of["2f"].value, 0.0)


# The columns of the recomputed table, to six digits.
B = {
    "net_Y1": 1.335932, "net_Y2": 1.395470, "out_Y1": 0.791820, "out_Y2": 0.801464, "loss": 0.610964,
    "dL/dw1": 0.001296, "dL/dw2": 0.001599, "dL/dw3": 0.002592, "dL/dw4": 0.003198, "dL/dw5": 0.076614,
    "dL/dw6": 0.073921, "dL/dw7": 0.076847, "dL/dw8": 0.074145, "dL/db1": 0.057893, "dL/db2": 0.253222,
    "w4 new": 0.298401, "w6 new": 0.413040, "w7 new": 0.461577, "w8 new": 0.512927, "b1 new": 0.321054,
    "b2 new": 0.673389, "w7": 0.50, "w8": 0.55, "b2": 0.80, "t_Y2": 0.02, "dL/dout_Y1": 0.781820,
    "dL/dnet_h1": 0.025917,
}  # fmt: skip


def test_row_100_homework_1_has_the_right_number_of_every_error(entries):
    found = [entry for entry in entries if entry.where.startswith("homework 1")]
    assert len(found) == 34
    for entry in found:
        target = entry.printed.partition(" = ")[0]
        if target == "w9 new":
            assert entry.value is None
        else:
            assert entry.value == pytest.approx(B[target], abs=DIGITS), target
