"""Rows 28 and 34 to 48: stable softmax, the multi-class SVM loss and its variants, comparisons, pairings."""

import math

import mpmath
import numpy as np
import pytest

from zanjir.data import score_table
from zanjir.errors import ParameterError
from zanjir.gates import log_softmax, relu, sigmoid, softmax
from zanjir.graph import check_gradient, gradient, tensor
from zanjir.nn import (
    L2,
    LOSSES,
    Activation,
    L_i,
    L_i_vectorized,
    Linear,
    Sequential,
    binary_cross_entropy,
    gaussian_negative_log_likelihood,
    hinge,
    softmax_cross_entropy,
    squared_error,
    squared_hinge,
)
from zanjir.program import Problem
from zanjir.training import Model

# The lectures' inventory gives six decimals, or seven digits.
SIX_DECIMALS = 5e-7
SEVEN_DIGITS = 5e-7
# Sums of a few products of numbers of about 1.
ROUNDINGS = 1e-14
# What the checklist asks of three ways to write one loss.
THREE_VERSIONS = 1e-12

TABLE = score_table("three-classes")
SCORES, Y = TABLE.X, TABLE.y
W34 = np.array([[0.01, -0.05, 0.1, 0.05], [0.7, 0.2, 0.05, 0.16], [0.0, -0.45, -0.2, 0.03]])  # N20
X4, B3 = np.array([-15.0, 22.0, -44.0, 56.0]), np.array([0.0, 0.2, -0.3])


def leaf(values, name="scores"):
    return tensor(np.array(values, float), name)


def slopes(loss, scores, y, **parameters):
    node = leaf(scores)
    return gradient(loss(node, y, **parameters).sum(), node).value


def near(expected, tolerance=SIX_DECIMALS):
    return pytest.approx(np.array(expected, float), rel=0, abs=tolerance)


# 28: stable softmax


def test_row_28_the_probabilities_of_the_slide():
    assert softmax(leaf([[3.2, 5.1, -1.7]])).value == near([[0.129983, 0.869050, 0.000968]])  # N2


def test_row_28_huge_scores_give_no_nan():
    s = leaf([[1000.0, 1001.0, 0.0]])
    assert -log_softmax(s).value == near([[1.313262, 0.313262, 1001.313262]])  # N31
    assert -np.log(softmax(leaf([[1000.0, 1001.0, 900.0]])).value[0, :2]) == near([1.313262, 0.313262])
    assert np.isfinite(gradient(log_softmax(s)[0, 0], s).value).all()


@pytest.mark.parametrize("c", [-1024.0, 0.5, 1024.0])
def test_row_28_a_shift_of_all_scores_changes_nothing(c):
    for gate in (softmax, log_softmax):
        assert np.allclose(gate(leaf(SCORES + c)).value, gate(leaf(SCORES)).value, rtol=0, atol=1e-12)  # N32


# 34 to 41: the multi-class SVM loss


def test_row_34_the_three_images_of_the_slide():
    losses = hinge(leaf(SCORES), Y)
    assert losses.value == near([2.9, 0, 12.9])  # N7, N8, N9
    assert losses.mean().value == near(5.266667)  # N10


def test_row_35_the_margins_of_the_slide():
    assert L_i_vectorized(SCORES[0], 0, np.eye(3)) == near(2.9)  # N16
    raw = leaf(SCORES[0]) - SCORES[0, 0] + 1
    assert raw.value == near([1.0, 2.9, -3.9])


def test_row_35_the_loop_the_vectors_and_the_batch_are_one_loss():
    rng = np.random.default_rng(0)
    X, W, y = rng.standard_normal((40, 6)), rng.standard_normal((5, 6)), rng.integers(0, 5, 40)
    looped = [L_i(x, label, W) for x, label in zip(X, y, strict=True)]
    vectorized = [L_i_vectorized(x, label, W) for x, label in zip(X, y, strict=True)]
    batch = hinge(tensor(X, "X") @ W.T, y).value
    assert max(looped) > 1
    assert np.allclose(looped, vectorized, rtol=0, atol=THREE_VERSIONS)
    assert np.allclose(looped, batch, rtol=0, atol=THREE_VERSIONS)


def test_row_35_all_three_have_one_gradient():
    rng = np.random.default_rng(1)
    x, W, y = leaf(rng.standard_normal(6), "x"), leaf(rng.standard_normal((5, 6)), "W"), 3
    batch = hinge(np.reshape(x, (1, 6)) @ W.T, np.array([y])).sum()
    for loss in (L_i(x, y, W), L_i_vectorized(x, y, W)):
        assert np.allclose(gradient(loss, W).value, gradient(batch, W).value, rtol=0, atol=THREE_VERSIONS)
        check_gradient(loss, [x, W])


def test_row_36_the_sum_over_all_classes_is_one_more_and_has_the_same_gradient():
    losses = hinge(leaf(SCORES), Y, every_class=True)
    assert losses.value == near([3.9, 1.0, 13.9])  # N11
    assert losses.mean().value == near(6.266667)
    assert np.array_equal(slopes(hinge, SCORES, Y, every_class=True), slopes(hinge, SCORES, Y))
    assert squared_hinge(leaf(SCORES), Y, every_class=True).value == near([9.41, 1.0, 84.25])


@pytest.mark.parametrize(
    ("classes", "expected", "mean"),
    [(2, [1.45, 0, 6.45], 2.633333), (3, [0.966667, 0, 4.3], 1.755556)],  # N12
)
def test_row_37_the_mean_over_the_classes_is_another_scale(classes, expected, mean):
    losses = hinge(leaf(SCORES), Y) / classes
    assert losses.value == near(expected)
    assert losses.mean().value == near(mean)


def test_row_37_the_mean_has_the_same_minimizer():
    # One weight w scales the scores of a fixed direction; both objectives are looked at along a fine line.
    line = np.linspace(-3, 3, 601)
    summed, averaged = ([(hinge(leaf(w * SCORES), Y) / c).mean().value for w in line] for c in (1, 2))
    assert np.argmin(summed) == np.argmin(averaged)
    assert 0 < np.argmin(summed) < 600
    assert np.allclose(summed, 2 * np.array(averaged), rtol=0, atol=ROUNDINGS)


def test_row_38_the_squared_hinge_is_a_different_loss():
    losses = squared_hinge(leaf(SCORES), Y)
    assert losses.value == near([8.41, 0, 83.25])  # N13
    assert losses.mean().value == near(30.553333)
    assert slopes(squared_hinge, SCORES, Y) == near([[-5.8, 5.8, 0], [0, 0, 0], [12.6, 13.2, -25.8]])  # N19
    assert slopes(hinge, SCORES, Y) == near([[-1, 1, 0], [0, 0, 0], [1, 1, -2]])


@pytest.mark.parametrize("loss", [hinge, squared_hinge])
@pytest.mark.parametrize("n_classes", [3, 10])
def test_row_39_the_loss_is_c_minus_1_at_zero_scores_0_at_best_and_has_no_greatest_value(loss, n_classes):
    y = np.array([0])
    assert loss(leaf(np.zeros((1, n_classes))), y).value.tolist() == [n_classes - 1]  # N15
    scores = np.random.default_rng(0).standard_normal((1000, n_classes)) * 10
    assert loss(leaf(scores), np.zeros(1000, int)).value.min() == 0  # N14
    wrong = [loss(leaf([[-size] + [0.0] * (n_classes - 1)]), y).value[0] for size in (1e3, 1e6, 1e9)]
    assert wrong[0] > 1e3
    assert wrong == sorted(wrong)


def test_row_40_the_margin_can_be_chosen():
    # The second image: max(0, 1.3 - 4.9 + 10) + max(0, 2.0 - 4.9 + 10) = 6.4 + 7.1.
    assert hinge(leaf(SCORES[1:2]), Y[1:2], delta=10).value == near([13.5])
    assert L_i(SCORES[1], 1, np.eye(3), delta=10) == near(13.5)
    assert L_i_vectorized(SCORES[1], 1, np.eye(3), delta=10) == near(13.5)


def test_row_41_twice_the_weights_have_no_loss_either():
    X, W = leaf(np.eye(3), "X"), leaf(SCORES, "W")  # X W is the table of scores
    second = hinge(X @ W, Y).value[1], hinge(X @ (2 * W), Y).value[1]
    assert second == (0.0, 0.0)
    assert hinge(X @ (2 * W), Y).value == near([4.8, 0, 23.8])  # N17
    assert hinge(X @ (2 * W), Y).mean().value == near(9.533333)


def test_row_41_a_penalty_prefers_the_smaller_weights():
    x, y = leaf([[0.0, 1.0, 0.0]], "x"), np.array([1])
    objectives = [(hinge(x @ W, y).mean() + L2(0.1)([W])).value for W in (leaf(SCORES, "W"), leaf(2 * SCORES, "W"))]
    assert objectives[0] < objectives[1]
    assert objectives[1] == pytest.approx(4 * objectives[0])


def test_row_41_softmax_tells_them_apart():
    found = [softmax_cross_entropy(leaf(c * SCORES[1:2]), Y[1:2]).value[0] for c in (1, 2)]
    assert found == near([0.079132, 0.003767])


# 42 and 43: hinge against cross-entropy


def example():
    """Return s = W x + b of the slide in rows: x is (1, 4), W is (3, 4)."""
    x, W, b = leaf(X4[None, :], "x"), leaf(W34, "W"), leaf(B3, "b")
    return x, W, b, (x @ W.T + b).named("scores")


def test_row_42_the_scores_of_the_slide():
    x, W, _, s = example()
    assert (x @ W.T).value == near([[-2.85, 0.66, 0.58]])  # N20
    assert s.value == near([[-2.85, 0.86, 0.28]])
    assert softmax(s).value == near([[0.015449, 0.631163, 0.353387]])  # N23
    assert np.exp(s).value == near([[0.057844, 2.363161, 1.323130]])  # N22


COMPARED = [
    (hinge, 1.58, [0, 1, -1]),  # N21
    (softmax_cross_entropy, 1.040191, [0.015449, 0.631163, -0.646613]),  # N24
]


@pytest.mark.parametrize(("loss", "value", "ds"), COMPARED)
def test_row_42_the_losses_and_their_derivatives_at_the_scores(loss, value, ds):
    *_, s = example()
    found = loss(s, np.array([2])).sum()
    assert found.value == near(value)
    assert gradient(found, s).value == near([ds])  # N25


@pytest.mark.parametrize(
    ("loss", "row", "expected"),
    [
        (hinge, 0, [0, 0, 0, 0]),
        (hinge, 1, [-15, 22, -44, 56]),
        (hinge, 2, [15, -22, 44, -56]),
        (softmax_cross_entropy, 1, [-9.467450, 13.885594, -27.771188, 35.345148]),
    ],
)
def test_row_42_the_derivatives_at_the_weights(loss, row, expected):
    _, W, _, s = example()
    assert gradient(loss(s, np.array([2])).sum(), W).value[row] == near(expected)  # N25


@pytest.mark.parametrize(("loss", "_value", "ds"), COMPARED)
def test_row_42_the_derivative_at_the_weights_is_the_outer_product(loss, _value, ds):
    _, W, _, s = example()
    dW = gradient(loss(s, np.array([2])).sum(), W).value
    assert dW == near(np.outer(ds, X4), 56 * SIX_DECIMALS)  # ds has six decimals, and x numbers up to 56


JIGGLED = {
    "[10, -2, 3]": ([10, -2, 3], 0, 9.176050e-04),  # N28
    "its right score down": ([9.9, -2, 3], 0, 1.014061e-03),
    "[10, 9, 9]": ([10, 9, 9], 0, 0.551445),  # N29
    "its right score 0.1 lower": ([9.9, 9, 9], 0.2, 0.595060),
    "a wrong score 0.1 higher": ([10, 9.1, 9], 0.1, 0.573490),
    "[10, -100, -100]": ([10, -100, -100], 0, 3.377824e-48),  # N30
}


@pytest.mark.parametrize("name", JIGGLED)
def test_row_43_the_hinge_loss_stays_and_the_cross_entropy_moves(name):
    scores, by_hinge, by_softmax = JIGGLED[name]
    y = np.array([0])
    assert hinge(leaf([scores]), y).value == near([by_hinge])
    assert softmax_cross_entropy(leaf([scores]), y).value == pytest.approx([by_softmax], rel=1e-6, abs=0)


def test_row_43_the_tiny_loss_has_its_seven_digits():
    found = softmax_cross_entropy(leaf([[10, -100, -100]]), np.array([0])).value
    assert found == pytest.approx([3.377824e-48], rel=SEVEN_DIGITS, abs=0)
    with mpmath.workdps(80):
        assert found == pytest.approx([float(mpmath.log(1 + 2 * mpmath.exp(-110)))], rel=ROUNDINGS, abs=0)


def test_row_43_both_margins_are_at_the_kink_and_count_as_not_violated():
    scores, y = np.array([[10.0, 9.0, 9.0]]), np.array([0])
    assert slopes(hinge, scores, y).tolist() == [[0, 0, 0]]
    assert slopes(hinge, scores + np.array([0, 0.1, 0]), y).tolist() == [[-1, 1, 0]]
    assert slopes(hinge, scores - np.array([0, 0.1, 0]), y).tolist() == [[0, 0, 0]]


# 44 and 45: regression


def test_row_44_half_the_squared_error_of_the_homework():
    loss = squared_error(leaf([[0.791, 0.802]], "output"), np.array([[0.01, 0.02]])) / 2
    # The checklist prints 0.610743; the exact number is 0.6107425, half a unit of its last decimal away.
    assert loss.value == near([(0.781**2 + 0.782**2) / 2], ROUNDINGS)
    assert loss.value == near([0.610743], 1e-6)
    output = leaf([[0.791, 0.802]], "output")
    half = (squared_error(output, np.array([[0.01, 0.02]])) / 2).sum()
    assert gradient(half, output).value == near([[0.781, 0.782]], ROUNDINGS)  # the prediction minus the target


def test_row_44_the_mean_squared_error_of_regression_has_no_half():
    f, y = leaf([[1.0, 2.0], [0.5, -1.0]], "f"), np.array([[0.0, 4.0], [0.5, 1.0]])
    loss = squared_error(f, y).mean()
    assert loss.value == (5 + 4) / 2
    assert gradient(loss, f).value.tolist() == [[1.0, -2.0], [0.0, -2.0]]  # 2 (f - y) / N


def test_row_44_both_factors_are_documented():
    assert "without 1/2" in squared_error.__doc__


@pytest.mark.parametrize("sigma", [0.5, 1.0, 3.0])
def test_row_45_the_gaussian_likelihood_is_that_of_thirty_digits(sigma):
    f, y = [[0.3, -1.0]], [[1.1, 0.25]]
    with mpmath.workdps(30):
        exact = -sum(mpmath.log(mpmath.npdf(b, a, sigma)) for a, b in zip(f[0], y[0], strict=True))
    found = gaussian_negative_log_likelihood(leaf(f, "f"), np.array(y), sigma).value
    assert found == pytest.approx([float(exact)], rel=ROUNDINGS)


@pytest.mark.parametrize("sigma", [0.5, 1.0, 3.0])
def test_row_45_it_is_the_squared_error_over_2_sigma_squared_up_to_a_constant(sigma):
    rng = np.random.default_rng(0)
    y = rng.standard_normal((20, 1))
    rests = []
    for _ in range(5):
        f = leaf(rng.standard_normal((20, 1)), "f")
        rests.append((gaussian_negative_log_likelihood(f, y, sigma) - squared_error(f, y) / (2 * sigma**2)).value)
    constant = math.log(sigma * math.sqrt(2 * math.pi))
    assert np.allclose(rests, constant, rtol=0, atol=10 * ROUNDINGS)


@pytest.mark.parametrize("sigma", [0.5, 3.0])
def test_row_45_both_are_least_at_the_least_squares_line(sigma):
    X, y = np.array([[0.0, 1.0], [1.0, 1.0], [2.0, 1.0], [3.0, 1.0]]), np.array([[1.0], [3.0], [2.0], [5.0]])
    w = leaf([[1.1], [1.1]], "w")  # N76
    for loss in (squared_error(X @ w, y), gaussian_negative_log_likelihood(X @ w, y, sigma)):
        assert np.allclose(gradient(loss.mean(), w).value, 0, rtol=0, atol=10 * ROUNDINGS)
    off = leaf([[1.1], [1.2]], "w")
    assert np.abs(gradient(gaussian_negative_log_likelihood(X @ off, y, sigma).mean(), off).value).max() > 0.01


def test_row_45_a_learned_sigma_ends_at_the_root_mean_square_of_the_errors():
    errors = np.array([[1.0], [-2.0], [3.0], [0.5]])
    best = leaf(np.sqrt(np.mean(errors**2)), "sigma")
    loss = gaussian_negative_log_likelihood(leaf(errors, "f"), np.zeros((4, 1)), best).mean()
    assert gradient(loss, best).value == near(0, ROUNDINGS)
    wide = leaf(5.0, "sigma")
    check_gradient(gaussian_negative_log_likelihood(leaf(errors, "f"), np.zeros((4, 1)), wide).mean(), [wide])


@pytest.mark.parametrize("sigma", [0.0, -1.0, np.nan, np.inf])
def test_row_45_a_deviation_that_is_none_is_refused(sigma):
    with pytest.raises(ParameterError, match=rf"^sigma is {sigma}, expected a standard deviation: a finite number"):
        gaussian_negative_log_likelihood(leaf([[0.0]]), np.array([[0.0]]), sigma)


# 46 to 48: pairings, accuracy, binary cross-entropy

PAIRS = {
    "softmax": "softmax",
    "hinge": "identity",
    "squared_hinge": "identity",
    "squared_error": "identity",
    "binary_cross_entropy": "sigmoid",
}


def batch(name, n=8, n_classes=3):
    rng = np.random.default_rng(2)
    return rng.standard_normal((n, n_classes)), LOSSES[name].encode(rng.integers(0, n_classes, n), n_classes)


def test_row_46_every_loss_says_which_activation_it_goes_with():
    assert {name: loss.activation for name, loss in LOSSES.items()} == PAIRS


@pytest.mark.parametrize(("name", "factor"), [("softmax", 1), ("binary_cross_entropy", 1), ("squared_error", 2)])
def test_row_46_a_matching_pair_has_prediction_minus_target_as_its_gradient(name, factor):
    scores, y = batch(name)
    s = leaf(scores)
    target = np.eye(3)[y] if y.ndim == 1 else y
    found = gradient(LOSSES[name].function(s, y).sum(), s).value
    e = np.exp(scores)
    prediction = {"softmax": e / e.sum(axis=1, keepdims=True), "sigmoid": e / (1 + e), "identity": scores}
    expected = prediction[PAIRS[name]]
    assert np.allclose(LOSSES[name].prediction(s).value, expected, rtol=0, atol=ROUNDINGS)
    assert np.allclose(found, factor * (expected - target), rtol=0, atol=ROUNDINGS)


@pytest.mark.parametrize("name", LOSSES)
def test_row_46_every_pair_passes_the_gradient_check(name):
    scores, y = batch(name)
    s = leaf(scores)
    check_gradient(LOSSES[name].function(s, y).mean(), [s])


@pytest.mark.parametrize("name", LOSSES)
def test_row_46_two_half_batches_have_the_mean_and_the_gradient_of_the_whole(name):
    scores, y = batch(name)
    parts = [slice(None), slice(4), slice(4, 8)]
    nodes = [leaf(scores[part]) for part in parts]
    whole, *halves = [LOSSES[name].function(s, y[part]).mean() for s, part in zip(nodes, parts, strict=True)]
    assert np.mean([half.value for half in halves]) == pytest.approx(whole.value, rel=ROUNDINGS)
    found = [gradient(half, s).value / 2 for half, s in zip(halves, nodes[1:], strict=True)]
    assert np.allclose(np.concatenate(found), gradient(whole, nodes[0]).value, rtol=0, atol=ROUNDINGS)


@pytest.mark.parametrize(
    ("name", "gate", "sentence"),
    [
        ("softmax", softmax, "softmax_cross_entropy applies softmax itself, and p .* give it the scores"),
        ("binary_cross_entropy", sigmoid, "binary_cross_entropy applies sigmoid itself, and p .* give it the scores"),
        ("softmax", sigmoid, "softmax_cross_entropy takes scores, .*is the result of sigmoid, which lies in"),
        ("hinge", softmax, "hinge takes scores, any real numbers; p .* is the result of softmax, which lies in"),
        ("squared_hinge", relu, "squared_hinge takes scores, .* is the result of relu, which is never negative"),
        ("binary_cross_entropy", softmax, "binary_cross_entropy takes scores, .* is the result of softmax"),
    ],
)
def test_row_46_an_activation_that_does_not_go_with_the_loss_is_refused(name, gate, sentence):
    scores, y = batch(name)
    with pytest.raises(ParameterError, match=rf"^{sentence}.*\.$"):
        LOSSES[name].function(gate(leaf(scores)).named("p"), y)


@pytest.mark.parametrize(("last", "loss"), [("sigmoid", "binary_cross_entropy"), ("relu", "softmax")])
def test_row_46_a_network_that_ends_with_the_wrong_activation_is_refused(last, loss):
    problem = Problem(Sequential((Linear(3), Activation(last))), LOSSES[loss], 4, 3)
    with pytest.raises(ParameterError, match=rf"{last}"):
        problem.objective(
            *(tensor(array, name) for name, array in problem.batch(2).items()), problem.parameters(), None
        )


def test_row_46_sigmoid_with_the_squared_error_is_the_homework_and_stays():
    network = Sequential((Linear(2), Activation("sigmoid")))
    problem = Problem(network, LOSSES["squared_error"], 2, 2, dtype=np.float64)
    X, y = (tensor(array, name) for name, array in problem.batch(2).items())
    assert problem.objective(X, y, problem.parameters(), None)["loss"].value == 0.5  # sigmoid(0) = 1/2, twice


def test_row_47_accuracy_is_reported_beside_the_loss():
    table = score_table("ten-classes")
    problem = Problem(Sequential((Linear(10),)), LOSSES["hinge"], 10, 10, dtype=np.float64)
    W = problem.layout.flatten({"W1": np.eye(10), "b1": np.zeros(10)})  # the scores of the table as they are
    found = Model(problem, W, table.classes).evaluate(table.X, table.y)
    assert found.loss == near(27.586667)  # N33
    assert found.accuracy == 1 / 3


@pytest.mark.parametrize(("z", "right"), [(1000.0, 1.0), (-1000.0, 0.0)])
def test_row_48_a_sure_and_right_score_has_no_loss_and_no_nan(z, right):
    s = leaf([[z]])
    loss = binary_cross_entropy(s, np.array([[right]])).sum()
    assert loss.value == 0.0
    assert gradient(loss, s).value.tolist() == [[0.0]]


@pytest.mark.parametrize("z", [-3.0, -0.5, 0.0, 2.0])
@pytest.mark.parametrize("y", [0.0, 0.3, 1.0])
def test_row_48_elsewhere_it_is_the_formula(z, y):
    with mpmath.workdps(30):
        p = 1 / (1 + mpmath.exp(-mpmath.mpf(z)))
        exact = float(-y * mpmath.log(p) - (1 - y) * mpmath.log(1 - p))
    assert binary_cross_entropy(leaf([[z]]), np.array([[y]])).value == pytest.approx([exact], rel=ROUNDINGS)
