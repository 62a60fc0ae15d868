"""A reader's own gradient of plain NumPy code is checked as that of a graph is."""

import numpy as np
import pytest

from zanjir.errors import GraphError, NonFiniteError, ParameterError, ShapeError
from zanjir.graph import Verdict
from zanjir.graph.checker import check_function

CORRECT = 1e-7  # what row 83 of the checklist asks


def softmax_loss(p):
    """Mean softmax loss of a linear classifier, as a reader would write it."""
    scores = DATA @ p["W"] + p["b"]
    scores = scores - scores.max(axis=1, keepdims=True)
    return np.mean(np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(6), LABELS])


def softmax_gradient(p):
    e = np.exp(DATA @ p["W"] + p["b"])
    d = e / e.sum(axis=1, keepdims=True)
    d[np.arange(6), LABELS] -= 1
    return {"W": DATA.T @ d / 6, "b": d.sum(axis=0) / 6}


rng = np.random.default_rng(0)
DATA, LABELS = rng.standard_normal((6, 4)), rng.integers(0, 3, 6)
POINT = {"W": rng.standard_normal((4, 3)), "b": rng.standard_normal(3)}


def cubes(x):
    return np.sum(x**3)


def test_a_right_gradient_is_right():
    report = check_function(softmax_loss, POINT, softmax_gradient)
    assert report.ok
    assert [(p.name, p.verdict) for p in report.parameters] == [("W", Verdict.RIGHT), ("b", Verdict.RIGHT)]
    assert all(p.relative_error < CORRECT for p in report.parameters)


MISTAKES = {
    "sign": lambda d: {**d, "W": -d["W"]},
    "factor 2": lambda d: {**d, "W": 2 * d["W"]},
    "0.1 %": lambda d: {**d, "W": 1.001 * d["W"]},
    "one element": lambda d: {**d, "W": d["W"] + np.pad([[1e-3]], ((3, 0), (2, 0)))},
    "sum for mean": lambda d: {**d, "W": 6 * d["W"]},
    "transposed": lambda d: {**d, "W": d["W"].T},
    "not a number": lambda d: {**d, "W": d["W"] * np.nan},
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_a_wrong_gradient_is_wrong_in_its_parameter_only(mistake):
    report = check_function(softmax_loss, POINT, lambda p: mistake(softmax_gradient(p)))
    assert not report.ok
    assert [p.verdict for p in report.parameters] == [Verdict.WRONG, Verdict.RIGHT]


def test_the_worst_element_is_named():
    report = check_function(softmax_loss, POINT, lambda p: MISTAKES["one element"](softmax_gradient(p)))
    assert report["W"].index == (3, 2)
    assert report["W"].analytic - report["W"].numeric == pytest.approx(1e-3, rel=1e-4)


def test_the_gradient_may_be_an_array():
    assert check_function(cubes, [1.0, 2.0], np.array([3.0, 12.0])).ok
    report = check_function(cubes, [1.0, 2.0], [3.0, 12.1])
    assert (report.ok, report["x"].index) == (False, (1,))
    assert "evaluations" in str(report.cost)
    assert "nan" not in str(report)


def test_whole_numbers_are_cast():
    report = check_function(cubes, [1, 2, 3], [3, 12, 27])
    assert report.ok
    assert report.notes == ("x holds int64 numbers; it was cast to float64 for the check.",)
    assert not check_function(cubes, [1, 2, 3], [0, 0, 0]).ok


def test_nothing_of_the_caller_is_written_to():
    x, d = np.array([0.5, -0.0]), np.array([0.75, 0.0])
    bits = x.tobytes(), d.tobytes()

    def careless(z):
        z *= z * z
        return z.sum()

    x.flags.writeable = False
    assert check_function(careless, x, d).ok
    assert (x.tobytes(), d.tobytes()) == bits


def test_a_kink_and_noise_are_reported_and_not_failed():
    assert check_function(lambda x: np.abs(x).sum(), [0.0, 1.0], [0.0, 1.0])["x"].verdict is Verdict.KINK
    assert check_function(lambda x: np.maximum(0, x).sum(), [0.0, 1.0], [1.0, 1.0])["x"].verdict is Verdict.KINK
    short = check_function(lambda x: np.float32(1e6 + x.sum()), [0.5, 1.5], [1.0, 1.0])
    assert short["x"].verdict is Verdict.NOISY
    assert "float32" in short["x"].reason


def test_a_function_in_float32_is_judged_by_what_it_can_show():
    def f(x):
        return np.sum(np.sin(x.astype(np.float32)))

    x = np.array([0.5, 1.0])
    assert check_function(f, x, np.cos(x)).ok
    assert not check_function(f, x, np.cos(x) * 1.5).ok


def test_a_function_that_draws_anew_each_time_is_told_so():
    draw = np.random.default_rng(0)
    report = check_function(lambda x: np.sum(x * draw.random(2)), [1.0, 2.0], [0.5, 0.5])
    assert report["x"].verdict is Verdict.NOISY
    assert "at the same x; fix its seed" in report["x"].reason


def test_the_complex_step_is_shown_where_the_function_takes_it():
    assert check_function(cubes, [1.0, 2.0], [3.0, 12.0])["x"].complex in (pytest.approx(3), pytest.approx(12))
    assert check_function(lambda x: float(cubes(x)), [1.0], [3.0])["x"].complex is None


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        ((lambda x: x, [1.0, 2.0], [1.0, 1.0]), ShapeError, r"f gave an array of shape \(2,\)"),
        ((cubes, ["a"], [1.0]), GraphError, "expected real numbers"),
        ((lambda x: np.sum(x) * np.inf, [1.0], [1.0]), NonFiniteError, "f is inf at x"),
        ((softmax_loss, POINT, lambda p: {"W": p["W"]}), ParameterError, "df gives no derivative for 'b'; expected W"),
        ((cubes, {}, {}), ParameterError, "nothing to differentiate"),
    ],
)  # fmt: skip
def test_what_cannot_be_checked_is_refused_in_a_sentence(arguments, error, sentence):
    with pytest.raises(error, match=sentence):
        check_function(*arguments)
