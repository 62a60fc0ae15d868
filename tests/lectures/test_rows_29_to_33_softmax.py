"""Rows 29 to 33: the softmax loss with labels and with soft targets, its range, its gradient, its meaning."""

import math

import mpmath
import numpy as np
import pytest
from scipy.special import rel_entr
from scipy.stats import entropy

from zanjir.data import score_table
from zanjir.errors import DataError
from zanjir.graph import check_gradient, gradient, tensor
from zanjir.nn import softmax_cross_entropy

# The lectures' inventory gives six decimals.
SIX_DECIMALS = 5e-7
# What the checklist asks of a product of many probabilities.
PRODUCT = 1e-12
# A few operations on numbers of about 10.
ROUNDINGS = 1e-14

TABLE = score_table("three-classes")
SCORES, Y = TABLE.X, TABLE.y
S, CAT = SCORES[:1], Y[:1]


def leaf(values, name="scores"):
    return tensor(np.array(values, float), name)


def loss_of(scores, y):
    return softmax_cross_entropy(leaf(scores), y).value


def slopes(scores, y):
    node = leaf(scores)
    return gradient(softmax_cross_entropy(node, y).sum(), node).value


def exact(scores, y):
    """-sum_k y_k ln p_k of one row, with fifty digits; 0 ln 0 is 0."""
    with mpmath.workdps(50):
        e = [mpmath.e ** mpmath.mpf(float(s)) for s in scores]
        return float(-mpmath.fsum(mpmath.mpf(float(t)) * mpmath.log(x / mpmath.fsum(e))
                                  for x, t in zip(e, y, strict=True) if t))  # fmt: skip


def near(expected, tolerance=SIX_DECIMALS):
    return pytest.approx(np.array(expected, float), rel=0, abs=tolerance)


def distributions(n=40, classes=6, seed=0):
    return np.random.default_rng(seed).dirichlet(np.full(classes, 0.5), n)


# 29: labels, one-hot rows and soft targets


@pytest.mark.parametrize("y", [[0], [[1.0, 0.0, 0.0]], [[1, 0, 0]], [[True, False, False]]])
def test_row_29_a_label_and_a_one_hot_row_give_the_loss_of_the_slide(y):
    assert loss_of([[3.2, 5.1, -1.7]], y) == near([2.040355])


def test_row_29_one_hot_rows_give_the_losses_and_gradients_of_the_labels():
    rng = np.random.default_rng(1)
    scores, y = 5 * rng.standard_normal((40, 6)), rng.integers(0, 6, 40)
    rows = np.eye(6)[y]
    assert np.allclose(loss_of(scores, rows), loss_of(scores, y), rtol=ROUNDINGS, atol=ROUNDINGS)
    assert np.allclose(slopes(scores, rows), slopes(scores, y), rtol=0, atol=ROUNDINGS)


def test_row_29_soft_targets_give_the_cross_entropy_to_fifty_digits():
    scores, y = 5 * np.random.default_rng(2).standard_normal((40, 6)), distributions()
    expected = [exact(s, t) for s, t in zip(scores, y, strict=True)]
    assert np.allclose(loss_of(scores, y), expected, rtol=ROUNDINGS, atol=0)


def test_row_29_the_cross_entropy_is_the_entropy_and_the_divergence():
    p, y = distributions(seed=3) * 0.9 + 0.1 / 6, distributions()
    divergence = rel_entr(y, p).sum(axis=1)
    assert np.allclose(loss_of(np.log(p), y), entropy(y, axis=1) + divergence, rtol=0, atol=PRODUCT)


@pytest.mark.parametrize("y", [[0], [[1.0, 0.0, 0.0]]])
def test_row_29_a_sure_right_answer_gives_0_and_not_nan(y):
    sure = [[1000.0, 0.0, 0.0]]  # p is (1, 0, 0) in float64
    assert np.exp(-1000.0) == 0
    assert loss_of(sure, y).tolist() == [0.0]
    assert not np.signbit(loss_of(sure, y)).any()
    assert slopes(sure, y).tolist() == [[0.0, 0.0, 0.0]]


def test_row_29_a_sure_wrong_answer_gives_a_finite_loss():
    assert loss_of([[1000.0, 0.0, 0.0]], [[0.0, 0.5, 0.5]]).tolist() == [1000.0]


def test_row_29_the_gradient_of_soft_targets_is_p_minus_y_and_passes_the_check():
    scores, y = np.random.default_rng(4).standard_normal((5, 6)), distributions(5)
    e = np.exp(scores)
    assert np.allclose(slopes(scores, y), e / e.sum(axis=1, keepdims=True) - y, rtol=0, atol=ROUNDINGS)
    s, targets = leaf(scores), leaf(y, "y")
    check_gradient(softmax_cross_entropy(s, targets).mean(), [s])


def test_row_29_targets_can_be_learned_too():
    y = leaf([[0.2, 0.8, 0.0]], "y")
    found = gradient(softmax_cross_entropy(leaf(S), y).sum(), y).value
    assert found == near([[2.040355, 0.140355, 6.940355]])


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([[0.5, 0.4, 0.0]], "row 0 of y sums to 0.9, expected probabilities of the classes, with the sum 1.$"),
        ([[1, 1, 0]], "sums to 2, .* Several classes at once are for binary_cross_entropy.$"),
        ([[1.5, -0.5, 0]], r"target \(0, 0\) is 1.5, expected a probability in \[0, 1\].$"),
        ([[float("nan"), 0.5, 0.5]], r"target \(0, 0\) is nan"),
    ],
)
def test_row_29_rows_that_are_no_probabilities_are_refused(y, message):
    with pytest.raises(DataError, match=message):
        loss_of(S, y)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_row_29_rows_that_are_rounded_are_taken(dtype):
    e = np.exp(np.random.default_rng(5).standard_normal((3, 5000)).astype(dtype))
    y = e / e.sum(axis=1, keepdims=True)
    assert np.isfinite(softmax_cross_entropy(tensor(np.zeros((3, 5000), dtype)), y).value).all()


# 30: the natural logarithm


def test_row_30_the_logarithm_is_natural():
    p = math.exp(3.2) / (math.exp(3.2) + math.exp(5.1) + math.exp(-1.7))
    assert loss_of(S, CAT) == near([-math.log(p)], ROUNDINGS)
    assert loss_of(S, CAT) == near([2.040355])  # N3
    assert -math.log10(p) == near(0.886115)  # the slide's 0.89, by mistake
    assert loss_of(S, CAT)[0] / -math.log10(p) == pytest.approx(math.log(10), rel=ROUNDINGS)
    assert "nats" in softmax_cross_entropy.__doc__


def test_row_30_the_other_slide_has_the_natural_logarithm_too():
    W = np.array([[0.01, -0.05, 0.1, 0.05], [0.7, 0.2, 0.05, 0.16], [0.0, -0.45, -0.2, 0.03]])
    scores = W @ [-15, 22, -44, 56] + [0.0, 0.2, -0.3]
    assert scores == near([-2.85, 0.86, 0.28], ROUNDINGS)
    assert loss_of([scores], [2]) == near([1.040191])  # S3-22


# 31: its range, and its first value


def test_row_31_the_loss_is_never_negative_and_has_no_upper_bound():
    rng = np.random.default_rng(0)
    for spread in (0.1, 1, 10, 100, 1000):
        losses = loss_of(spread * rng.standard_normal((200, 5)), rng.integers(0, 5, 200))
        assert (losses >= 0).all()
    assert loss_of([[0.0, 1e6]], [0]).tolist() == [1e6]
    assert loss_of([[800.0, 0.0]], [0]).tolist() == [0.0]


@pytest.mark.parametrize(("classes", "expected"), [(3, 1.098612), (10, 2.302585)])
@pytest.mark.parametrize("score", [0.0, -7.5])
def test_row_31_equal_scores_give_ln_c(classes, expected, score):
    found = loss_of(np.full((4, classes), score), np.arange(4) % classes)
    assert found == near(np.full(4, expected))
    assert found == near(np.full(4, math.log(classes)), ROUNDINGS)
    assert found == near(loss_of(np.full((4, classes), score), np.full((4, classes), 1 / classes)), ROUNDINGS)


# 32: its gradient


def test_row_32_the_gradient_is_p_minus_one_hot():
    assert slopes(S, CAT) == near([[-0.870017, 0.869050, 0.000968]])  # N4
    assert slopes(S, CAT).sum() == near(0, ROUNDINGS)


@pytest.mark.parametrize("y", [Y, np.eye(3)[Y]])
def test_row_32_the_gradient_of_all_three_images_passes_the_check(y):
    scores = leaf(SCORES)
    check_gradient(softmax_cross_entropy(scores, y).mean(), [scores])


# 33: the least mean loss is the greatest likelihood


def test_row_33_the_likelihood_is_the_product_of_the_probabilities():
    rng = np.random.default_rng(0)
    scores, y = rng.standard_normal((12, 4)), rng.integers(0, 4, 12)
    with mpmath.workdps(50):
        rows = [[mpmath.e ** mpmath.mpf(s) for s in row] for row in scores.tolist()]
        likelihood = float(mpmath.fprod(row[k] / mpmath.fsum(row) for row, k in zip(rows, y.tolist(), strict=True)))
    assert math.exp(-loss_of(scores, y).sum()) == pytest.approx(likelihood, rel=PRODUCT)


def test_row_33_scores_are_log_odds():
    scores = leaf([[1.5, -0.25, 0.75]])
    losses = [softmax_cross_entropy(scores, [k]).value[0] for k in range(3)]
    for j, k in ((0, 1), (0, 2), (1, 2)):
        log_odds = scores.value[0, j] - scores.value[0, k]  # ln (p_j / p_k)
        assert losses[k] - losses[j] == pytest.approx(log_odds, rel=0, abs=ROUNDINGS)


def test_row_33_the_least_mean_loss_is_where_the_likelihood_is_greatest():
    y = np.array([0, 0, 0, 1])  # 3 of 4: the best constant answer is p = 3/4, of the log-odds ln 3
    line = np.linspace(-2, 4, 6001)
    mean = [loss_of(np.tile([s, 0.0], (4, 1)), y).mean() for s in line]
    p = 1 / (1 + np.exp(-line))
    likelihood = p**3 * (1 - p)
    assert np.argmin(mean) == np.argmax(likelihood)
    assert line[np.argmin(mean)] == pytest.approx(math.log(3), abs=line[1] - line[0])
