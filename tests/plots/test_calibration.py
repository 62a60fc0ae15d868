"""Reliability diagrams: bins by hand, and the curve of scikit-learn."""

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from zanjir.errors import DataError, ParameterError, ShapeError
from zanjir.plots import calibration, reliability, save_figure

# A difference of two numbers about 1, over some hundred of them.
A_FEW_ROUNDINGS = 1e-12


def test_bins_are_counted_and_averaged_as_by_hand():
    p = np.array([0.0, 0.05, 0.25, 0.3, 0.5, 0.51, 0.9, 1.0])
    true = np.array([0, 1, 0, 1, 1, 1, 1, 0])
    found = reliability(true, p, n_bins=4)
    bins = [[i for i, q in enumerate(p) if low < q <= low + 0.25 or (low == q == 0)] for low in (0, 0.25, 0.5, 0.75)]
    assert found.counts.tolist() == [len(members) for members in bins] == [3, 2, 1, 2]
    assert found.predicted == pytest.approx([p[members].mean() for members in bins], rel=A_FEW_ROUNDINGS)
    assert found.observed == pytest.approx([true[members].mean() for members in bins], rel=A_FEW_ROUNDINGS)
    error = sum(len(m) / 8 * abs(p[m].mean() - true[m].mean()) for m in bins)
    assert found.error == pytest.approx(error, rel=A_FEW_ROUNDINGS)


@pytest.mark.parametrize("n_bins", [1, 5, 10, 33])
def test_the_curve_is_scikit_learns_and_no_sample_is_lost(n_bins):
    rng = np.random.default_rng(n_bins)
    p = rng.beta(0.5, 0.5, 300)
    true = rng.random(300) < p
    found = reliability(true, p, n_bins=n_bins)
    observed, predicted = calibration_curve(true, p, n_bins=n_bins)
    filled = found.counts > 0
    assert np.array_equal(found.observed[filled], observed)
    assert np.array_equal(found.predicted[filled], predicted)
    assert found.counts.sum() == 300
    assert np.isnan(found.observed[~filled]).all()


def test_perfect_probabilities_have_no_error():
    assert reliability([0, 1, 1], [0.0, 1.0, 1.0]).error == 0
    assert reliability([1, 1, 1], [0.5, 0.5, 0.5]).error == 0.5


def test_two_classes_are_about_the_second(tmp_path):
    P = np.array([[0.8, 0.2], [0.3, 0.7], [0.1, 0.9]])
    figure, found = calibration(np.array([0, 1, 1]), P, ("no", "yes"), n_bins=2)
    assert found.counts.tolist() == [1, 2]
    assert found.observed.tolist() == [0, 1]
    curve, bars = figure.axes
    assert bars.get_xlabel() == "probability of class yes"
    (line,) = [line for line in curve.lines if line.get_label() == "model"]
    assert np.array_equal(line.get_xdata(), found.predicted)
    assert np.array_equal(line.get_ydata(), found.observed)
    assert [bar.get_height() for bar in bars.patches] == [1, 2]
    assert [text.get_text() for text in bars.texts] == ["1", "2"]
    save_figure(figure, tmp_path / "two.png")


def test_more_classes_are_about_the_predicted_one(tmp_path):
    P = np.array([[0.5, 0.3, 0.2], [0.1, 0.8, 0.1], [0.2, 0.1, 0.7]])
    figure, found = calibration(np.array([0, 1, 0]), P, "abc", n_bins=10)
    assert [(n, p, s) for n, p, s in zip(found.counts, found.predicted, found.observed, strict=True) if n] == [
        (1, 0.5, 1), (1, 0.7, 0), (1, 0.8, 1)
    ]  # fmt: skip
    assert figure.axes[0].get_title() == f"expected calibration error {(0.5 + 0.7 + 0.2) / 3:.4f}"
    save_figure(figure, tmp_path / "three.png")


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda: reliability([0, 1], [0.5]), ShapeError, r"^came_true is \(2,\) and probability \(1,\); expected both"),
        (lambda: reliability([], []), ShapeError, "N >= 1"),
        (lambda: reliability([0, 1], [0.5, 1.5]), DataError, r"^a probability is 1\.5, expected numbers in \[0, 1\]"),
        (lambda: reliability([0], [np.nan]), DataError, r"^a probability is nan"),
        (lambda: reliability([0], [0.5], n_bins=0), ParameterError, r"^n_bins must be a whole number .* got 0\.$"),
        (lambda: calibration([0], [[0.5]], "ab"), ShapeError, r"^probabilities are \(1, 1\), expected \(1, 2\)"),
    ],
)
def test_what_cannot_be_drawn_is_said(call, error, said):
    with pytest.raises(error, match=said):
        call()
