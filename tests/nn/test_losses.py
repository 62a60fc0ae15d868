"""Losses against witnesses that share no code with them, the numbers of the lectures, and labels that do not fit."""

import mpmath
import numpy as np
import pytest
from scipy.special import logsumexp
from sklearn.metrics import log_loss

from zanjir.errors import DataError, ShapeError
from zanjir.graph import gradient, tensor
from zanjir.nn import LOSSES, binary_cross_entropy, hinge, softmax_cross_entropy, squared_error, squared_hinge

# Each loss is a handful of operations on numbers of about 10.
ROUNDINGS = 1e-14
# The lectures give six decimals, or seven digits.
SIX_DECIMALS = 5e-7
SEVEN_DIGITS = 5e-7

CATS = np.array([[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]])
CATS_Y = np.array([0, 1, 2])
CIFAR = np.array([
    [-3.45, -8.87, 0.09, 2.90, 4.48, 8.02, 3.78, 1.06, -0.36, -0.72],
    [-0.51, 6.04, 5.31, -4.22, -4.19, 3.58, 4.49, -4.37, -2.09, -2.93],
    [3.42, 4.64, 2.65, 5.10, 2.64, 5.55, -4.34, -1.50, -4.79, 6.14],
])  # fmt: skip
CIFAR_Y = np.array([3, 1, 6])


def scores_and_labels(n=50, n_classes=6, spread=5.0):
    rng = np.random.default_rng(0)
    return spread * rng.standard_normal((n, n_classes)), rng.integers(0, n_classes, n)


def values(loss, scores, y, **parameters):
    return loss(tensor(np.array(scores, float), "scores"), np.array(y), **parameters).value


def slopes(loss, scores, y):
    """Return the derivative of the sum of the losses, row by row."""
    leaf = tensor(np.array(scores, float), "scores")
    return gradient(loss(leaf, np.array(y)).sum(), leaf).value


def by_loops(scores, y, *, delta=1.0, power=1):
    """The hinge loss as the slide writes it."""
    losses = []
    for s, label in zip(scores, y, strict=True):
        wrong = [j for j in range(len(s)) if j != label]
        losses.append(sum(max(0.0, s[j] - s[label] + delta) ** power for j in wrong))
    return np.array(losses)


def test_softmax_loss_is_that_of_scipy_and_of_scikit_learn():
    scores, y = scores_and_labels()
    found = values(softmax_cross_entropy, scores, y)
    assert np.allclose(found, logsumexp(scores, axis=1) - scores[np.arange(50), y], rtol=0, atol=ROUNDINGS)
    p = np.exp(scores - logsumexp(scores, axis=1, keepdims=True))
    assert found.mean() == pytest.approx(log_loss(y, p, labels=range(6)), rel=1e-12)


@pytest.mark.parametrize("scores", [[3.2, 5.1, -1.7], [1000.0, 1001.0, 0.0], [10.0, -100.0, -100.0], [0.0] * 7])
def test_softmax_loss_is_that_of_a_hundred_digits(scores):
    with mpmath.workdps(160):
        exact = [float(mpmath.log(mpmath.fsum(mpmath.exp(mpmath.mpf(s) - k) for s in scores))) for k in scores]
    found = values(softmax_cross_entropy, [scores] * len(scores), range(len(scores)))
    assert found == pytest.approx(exact, rel=ROUNDINGS, abs=0)


@pytest.mark.parametrize("target", [0.0, 0.25, 1.0])
@pytest.mark.parametrize("z", [0.0, 1.5, -3.0, 37.0, -40.0, 700.0, -1000.0, 1000.0])
def test_binary_loss_is_that_of_fifty_digits(z, target):
    with mpmath.workdps(1000):
        p = 1 / (1 + mpmath.exp(-mpmath.mpf(z)))
        exact = float(-target * mpmath.log(p) - (1 - target) * mpmath.log(1 - p))
    assert values(binary_cross_entropy, [[z]], [[target]]) == pytest.approx([exact], rel=ROUNDINGS, abs=0)


def test_binary_loss_is_that_of_scikit_learn_summed_over_the_outputs():
    z = scores_and_labels(n_classes=3, spread=2.0)[0]
    y = (np.random.default_rng(1).random(z.shape) < 0.5).astype(float)
    p = 1 / (1 + np.exp(-z))
    expected = sum(log_loss(y[:, k], p[:, k]) for k in range(3))
    assert values(binary_cross_entropy, z, y).mean() == pytest.approx(expected, rel=1e-12)
    assert np.allclose(slopes(binary_cross_entropy, z, y), p - y, rtol=0, atol=ROUNDINGS)


@pytest.mark.parametrize("delta", [1.0, 10.0, 0.25])
@pytest.mark.parametrize(("loss", "power"), [(hinge, 1), (squared_hinge, 2)])
def test_hinge_losses_are_those_of_the_loops_on_the_slide(loss, power, delta):
    scores, y = scores_and_labels()
    expected = by_loops(scores, y, delta=delta, power=power)
    assert np.allclose(values(loss, scores, y, delta=delta), expected, rtol=ROUNDINGS, atol=ROUNDINGS)


def test_squared_error_is_the_squared_distance_without_a_half():
    f, y = np.array([[1.0, 2.0], [0.5, -1.0]]), np.array([[0.0, 4.0], [0.5, 1.0]])
    assert values(squared_error, f, y).tolist() == [1.0 + 4.0, 0.0 + 4.0]
    assert slopes(squared_error, f, y).tolist() == (2 * (f - y)).tolist()


def test_half_the_squared_error_is_that_of_the_homework():
    found = values(squared_error, [[0.791, 0.802]], [[0.01, 0.02]]) / 2
    assert found == pytest.approx([0.610743], abs=5e-7)  # 0.6107425, which the lectures round up


JIGGLED = [[9.9, -2, 3], [9.9, 9, 9], [10, 9.1, 9]]
LECTURES = {
    "softmax, cats": (softmax_cross_entropy, CATS, CATS_Y, [2.040355, 0.079132, 6.156477]),
    "hinge, cats": (hinge, CATS, CATS_Y, [2.9, 0, 12.9]),
    "squared hinge, cats": (squared_hinge, CATS, CATS_Y, [8.41, 0, 83.25]),
    "softmax, CIFAR": (softmax_cross_entropy, CIFAR, CIFAR_Y, [5.169843, 0.577481, 11.294485]),
    "hinge, CIFAR": (hinge, CIFAR, CIFAR_Y, [10.58, 0.27, 71.91]),
    "squared hinge, CIFAR": (squared_hinge, CIFAR, CIFAR_Y, [47.6452, 0.0729, 678.2827]),
    "softmax, side by side": (softmax_cross_entropy, [[-2.85, 0.86, 0.28]], [2], [1.040191]),
    "hinge, side by side": (hinge, [[-2.85, 0.86, 0.28]], [2], [1.58]),
    "softmax, stable": (softmax_cross_entropy, [[1000, 1001, 0]] * 3, [0, 1, 2], [1.313262, 0.313262, 1001.313262]),
    "softmax, doubled": (softmax_cross_entropy, 2 * CATS[1:2], [1], [0.003767]),
    "hinge, doubled": (hinge, 2 * CATS, CATS_Y, [4.8, 0, 23.8]),
    "softmax, jiggled": (softmax_cross_entropy, JIGGLED, [0] * 3, [1.014061e-3, 0.595060, 0.573490]),
    "softmax, before": (softmax_cross_entropy, [[10, -2, 3], [10, 9, 9]], [0, 0], [9.176050e-4, 0.551445]),
    "hinge, before": (hinge, [[10, -2, 3], [10, 9, 9], [10, -100, -100]], [0] * 3, [0, 0, 0]),
    "hinge, jiggled": (hinge, JIGGLED, [0] * 3, [0, 0.2, 0.1]),
}  # fmt: skip


@pytest.mark.parametrize("name", LECTURES)
def test_a_loss_has_the_value_of_the_lectures(name):
    loss, scores, y, expected = LECTURES[name]
    assert values(loss, scores, y) == pytest.approx(expected, rel=0, abs=SIX_DECIMALS)


def test_a_tiny_softmax_loss_is_not_rounded_to_zero():
    found = values(softmax_cross_entropy, [[10, -100, -100]], [0])
    assert found == pytest.approx([3.377824e-48], rel=SEVEN_DIGITS, abs=0)


MEANS = [(softmax_cross_entropy, 2.758655), (hinge, 5.266667), (squared_hinge, 30.553333)]


@pytest.mark.parametrize(("loss", "mean"), MEANS)
def test_the_mean_loss_is_that_of_the_lectures(loss, mean):
    assert values(loss, CATS, CATS_Y).mean() == pytest.approx(mean, abs=SIX_DECIMALS)


@pytest.mark.parametrize("n_classes", [3, 10])
def test_the_first_loss_tells_the_number_of_classes(n_classes):
    zeros = np.zeros((4, n_classes))
    labels = np.arange(4) % n_classes
    assert values(softmax_cross_entropy, zeros, labels) == pytest.approx([np.log(n_classes)] * 4)
    assert values(hinge, zeros, labels).tolist() == [n_classes - 1] * 4
    assert values(squared_hinge, zeros, labels).tolist() == [n_classes - 1] * 4


GRADIENTS = [
    (softmax_cross_entropy, CATS[:1], [0], [[-0.870017, 0.869050, 0.000968]]),
    (softmax_cross_entropy, [[-2.85, 0.86, 0.28]], [2], [[0.015449, 0.631163, -0.646613]]),
    (hinge, CATS, CATS_Y, [[-1, 1, 0], [0, 0, 0], [1, 1, -2]]),
    (hinge, [[-2.85, 0.86, 0.28]], [2], [[0, 1, -1]]),
    (squared_hinge, CATS, CATS_Y, [[-5.8, 5.8, 0], [0, 0, 0], [12.6, 13.2, -25.8]]),
    (hinge, [[10, 9, 9]], [0], [[0, 0, 0]]),  # both margins are exactly 0: not violated
]


@pytest.mark.parametrize(("loss", "scores", "y", "expected"), GRADIENTS)
def test_the_derivative_at_the_scores_is_that_of_the_lectures(loss, scores, y, expected):
    assert np.allclose(slopes(loss, scores, y), expected, rtol=0, atol=SIX_DECIMALS)


@pytest.mark.parametrize(("z", "right", "wrong"), [(1000.0, 1.0, 0.0), (-1000.0, 0.0, 1.0)])
def test_the_binary_loss_of_a_sure_score_is_zero_or_the_score(z, right, wrong):
    assert values(binary_cross_entropy, [[z], [z]], [[right], [wrong]]).tolist() == [0.0, 1000.0]
    assert slopes(binary_cross_entropy, [[z], [z]], [[right], [wrong]]).tolist() == [[0.0], [right - wrong]]


@pytest.mark.parametrize("loss", [softmax_cross_entropy, hinge, squared_hinge])
def test_a_constant_added_to_every_score_changes_nothing(loss):
    scores, y = scores_and_labels()
    assert np.allclose(values(loss, scores + 64, y), values(loss, scores, y), rtol=0, atol=100 * ROUNDINGS)


@pytest.mark.parametrize("name", LOSSES)
def test_two_half_batches_have_the_mean_of_the_whole(name):
    loss, (scores, y) = LOSSES[name], scores_and_labels()
    y = loss.encode(y, 6)
    halves = [values(loss.function, scores[part], y[part]).mean() for part in (slice(25), slice(25, 50))]
    assert np.mean(halves) == pytest.approx(values(loss.function, scores, y).mean(), rel=ROUNDINGS)


@pytest.mark.parametrize("name", LOSSES)
def test_losses_keep_single_precision(name):
    loss = LOSSES[name]
    y = loss.encode(CATS_Y, 3)
    y = y if loss.takes == "labels" else y.astype(np.float32)
    assert loss.function(tensor(CATS.astype(np.float32)), y).dtype == np.float32


labels = pytest.mark.parametrize("loss", [softmax_cross_entropy, hinge, squared_hinge])


@labels
@pytest.mark.parametrize("y", [[0], [0, 1, 2, 0], [[0], [1], [2]], 0])
def test_labels_of_another_shape_are_refused(loss, y):
    with pytest.raises(ShapeError, match=r"y is \(.*\) and scores is \(3, 3\); expected one label per row"):
        values(loss, CATS, y)


@labels
@pytest.mark.parametrize("scores", [[1.0, 2.0, 3.0], [[[1.0]]] * 3])
def test_scores_that_are_no_table_are_refused(loss, scores):
    with pytest.raises(ShapeError, match=r"expected one label per row: \(N,\) and \(N, C\)"):
        values(loss, scores, [0, 0, 0])


@labels
@pytest.mark.parametrize(("y", "sentence"), [([0, 3, 1], "label 1 is 3"), ([0, 1, -1], "label 2 is -1")])
def test_a_label_that_names_no_class_is_refused_by_its_place(loss, y, sentence):
    with pytest.raises(DataError, match=rf"{sentence}, expected an integer in \[0, 3\)"):
        values(loss, CATS, y)


@labels
@pytest.mark.parametrize("y", [[0.0, 1.0, 2.0], [0.0, np.nan, 1.0], [True, False, True]])
def test_labels_that_are_no_integers_are_refused(loss, y):
    with pytest.raises(DataError, match=r"labels must be integers in \[0, 3\); got (float64|bool) data"):
        values(loss, CATS, y)


@pytest.mark.parametrize("loss", [squared_error, binary_cross_entropy])
@pytest.mark.parametrize("y", [[0.0, 1.0, 1.0], np.zeros((3, 1)), np.zeros((1, 3)), 0.5])
def test_targets_of_another_shape_are_not_broadcast(loss, y):
    with pytest.raises(ShapeError, match=r"y is \(.*\) and scores is \(3, 3\); expected the same shape \(N, K\)\."):
        values(loss, CATS, y)


@pytest.mark.parametrize("wrong", [1.5, -0.25, np.nan, np.inf])
def test_a_binary_target_that_is_no_probability_is_refused_by_its_place(wrong):
    y = np.zeros((3, 3))
    y[1, 2] = wrong
    with pytest.raises(DataError, match=rf"target \(1, 2\) is {wrong}, expected a number in \[0, 1\]"):
        values(binary_cross_entropy, CATS, y)


def test_labels_are_encoded_as_each_loss_takes_them():
    y = np.array([0, 2, 1])
    assert LOSSES["softmax"].encode(y, 3) is y
    assert LOSSES["squared_error"].encode(y, 3).tolist() == [[1, 0, 0], [0, 0, 1], [0, 1, 0]]
    assert LOSSES["binary_cross_entropy"].encode(np.array([0, 1]), 2).tolist() == [[0.0], [1.0]]


def test_two_classes_need_one_log_odds_and_two_scores():
    assert {name: loss.n_outputs(2) for name, loss in LOSSES.items()} == {
        "softmax": 2,
        "hinge": 2,
        "squared_hinge": 2,
        "squared_error": 2,
        "binary_cross_entropy": 1,
    }
    assert {loss.n_outputs(3) for loss in LOSSES.values()} == {3}


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_number_to_predict_that_is_not_finite_is_refused_by_its_place(bad):
    with pytest.raises(DataError, match=r"squared error: target \(1, 0\) is (nan|inf), expected a finite number"):
        squared_error(tensor(np.zeros((2, 1))), np.array([[0.0], [bad]]))
