"""Figures hold the numbers they are made from, and are the same files each time."""

import dataclasses
import math
import subprocess
import sys
import warnings

import numpy as np
import pytest
from matplotlib.figure import Figure
from sklearn.metrics import confusion_matrix

from zanjir.errors import DataError, ShapeError
from zanjir.nn import LOSSES, mlp
from zanjir.plots import confusion, confusion_counts, learning_curve, save_figure, templates
from zanjir.plots.curve import smoothed
from zanjir.program import Problem
from zanjir.training import Epoch, History, Model, Step

# A difference of two cumulative sums of numbers about 1, over some hundred of them.
A_FEW_ROUNDINGS = 1e-12


def history(epochs=3, per_epoch=4, *, classified=True, validated=True, losses=None):
    """A record of made-up numbers, no two of them equal."""
    n = epochs * per_epoch
    losses = [2.0 / t for t in range(1, n + 1)] if losses is None else losses
    accuracy = (lambda x: x) if classified else (lambda x: math.nan)
    steps = [
        Step((t - 1) // per_epoch + 1, t, losses[t - 1], losses[t - 1], 0.0, accuracy(t / 100), 0.1, 8)
        for t in range(1, n + 1)
    ]
    records = []
    for e in range(1, epochs + 1):
        watched = (1 / e, accuracy(e / 20), math.nan if classified else e / 30) if validated else (math.nan,) * 3
        records.append(Epoch(e, e * per_epoch, 3 / e, 3 / e, 0.0, accuracy(e / 10), *watched, 0.1, float(e)))
    return History(steps, records)


def line(axes, label):
    (found,) = [line for line in axes.lines if line.get_label() == label]
    return np.asarray(found.get_xdata(), float), np.asarray(found.get_ydata(), float)


def labels(axes):
    return [line.get_label() for line in axes.lines]


def picture(figure, path):
    save_figure(figure, path)
    return path.read_bytes()


# the learning curve


def test_the_loss_panel_shows_each_step_its_running_mean_and_validation():
    record = history()
    loss, _ = learning_curve(record).axes
    t = np.arange(1, 13)
    x, y = line(loss, "each batch")
    assert np.array_equal(x, t / 4)
    assert np.array_equal(y, 2 / t)
    x, y = line(loss, "running mean")
    assert np.array_equal(x, t / 4)
    assert np.array_equal(y, smoothed(2 / t, 1))
    x, y = line(loss, "validation (data loss)")
    assert np.array_equal(x, [1, 2, 3])
    assert np.array_equal(y, 1 / x)
    assert (loss.get_xlabel(), loss.get_ylabel()) == ("epoch", "loss")
    assert [text.get_text() for text in loss.get_legend().get_texts()] == labels(loss)


def test_the_accuracy_panel_shows_training_and_validation():
    _, accuracy = learning_curve(history()).axes
    assert np.array_equal(line(accuracy, "training batches")[1], np.array([1, 2, 3]) / 10)
    assert np.array_equal(line(accuracy, "validation")[1], np.array([1, 2, 3]) / 20)
    assert (accuracy.get_xlabel(), accuracy.get_ylabel()) == ("epoch", "accuracy")


def test_a_regression_shows_r_squared():
    loss, score = learning_curve(history(classified=False)).axes
    assert (loss.get_ylabel(), score.get_ylabel()) == ("loss", "R²")
    assert labels(score) == ["validation"]
    assert np.array_equal(line(score, "validation")[1], np.array([1, 2, 3]) / 30)


def test_without_validation_there_is_no_line_for_it():
    loss, accuracy = learning_curve(history(validated=False)).axes
    assert labels(loss) == ["each batch", "running mean"]
    assert labels(accuracy) == ["training batches"]


def test_a_regression_without_validation_has_one_panel(tmp_path):
    figure = learning_curve(history(classified=False, validated=False))
    assert [axes.get_ylabel() for axes in figure.axes] == ["loss"]
    assert picture(figure, tmp_path / "curve.png")


@pytest.mark.parametrize("facts", [{"epochs": 1, "per_epoch": 1}, {"epochs": 1}, {"per_epoch": 1}])
@pytest.mark.parametrize("classified", [True, False])
def test_the_smallest_histories_are_drawn(facts, classified, tmp_path):
    assert picture(learning_curve(history(**facts, classified=classified)), tmp_path / "curve.png")


def test_a_training_that_stopped_in_its_first_epoch_is_drawn(tmp_path):
    (steps,) = [history().steps[:3]]
    figure = learning_curve(History(steps))
    assert np.array_equal(line(figure.axes[0], "each batch")[0], np.array([1, 2, 3]) / 3)
    assert picture(figure, tmp_path / "curve.png")


@pytest.mark.parametrize(
    ("losses", "scale"),
    [([100.0] * 11 + [1.0], "log"), ([2.0] * 11 + [1.0], "linear"), ([100.0] * 11 + [0.0], "linear")],
)
def test_losses_of_many_sizes_are_drawn_on_a_logarithmic_axis(losses, scale, tmp_path):
    figure = learning_curve(history(losses=losses))
    assert figure.axes[0].get_yscale() == scale
    assert picture(figure, tmp_path / "curve.png")


def naive(values, width):
    means = []
    for end in range(1, len(values) + 1):
        window = [float(value) for value in values[max(0, end - width) : end]]
        means.append(math.fsum(window) / len(window))
    return means


@pytest.mark.parametrize("width", [1, 2, 3, 7, 99, 100, 101, 1000])
def test_smoothed_is_the_mean_of_the_last_values(width):
    values = np.random.default_rng(width).random(100)
    assert smoothed(values, width) == pytest.approx(naive(values, width), rel=A_FEW_ROUNDINGS)
    assert smoothed(values[:1], width).tolist() == values[:1].tolist()
    assert smoothed(values[:0], width).shape == (0,)


# confusion


def test_confusion_counts_are_scikit_learns():
    rng = np.random.default_rng(0)
    y, predicted = rng.integers(0, 4, 200), rng.integers(0, 4, 200)
    counts = confusion_counts(y, predicted, 5)
    assert np.array_equal(counts, confusion_matrix(y, predicted, labels=range(5)))
    assert counts.sum() == 200


def test_the_cells_hold_the_counts_and_the_shade_the_share():
    counts = np.array([[90, 10, 0], [0, 7, 0], [0, 0, 0]])
    (axes,) = confusion(counts, ("cat", "dog", "owl")).axes
    cells = {text.get_position(): text.get_text() for text in axes.texts}
    assert cells == {(0, 0): "90", (1, 0): "10", (1, 1): "7"}
    shade = np.asarray(axes.images[0].get_array())
    assert shade**2 == pytest.approx(np.array([[0.9, 0.1, 0], [0, 1, 0], [0, 0, 0]]), rel=A_FEW_ROUNDINGS)
    for ticks in (axes.get_xticklabels(), axes.get_yticklabels()):
        assert [label.get_text() for label in ticks] == ["cat", "dog", "owl"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted class", "true class")
    assert axes.get_title() == "97 of 107 right (90.65%)"


def test_no_samples_are_no_failure(tmp_path):
    figure = confusion(np.zeros((2, 2), int), ("a", "b"))
    assert figure.axes[0].get_title() == "0 of 0 right (0.00%)"
    assert picture(figure, tmp_path / "confusion.png")


def test_many_classes_with_long_names_are_drawn(tmp_path):
    names = [f"a class with the rather long name {k}" for k in range(20)]
    assert picture(confusion(np.arange(400).reshape(20, 20), names), tmp_path / "confusion.png")


@pytest.mark.parametrize("name", ["$x_$", "a$b$c", "50%", "a\nb", "_hidden", "<svg>"])
def test_names_are_shown_as_they_are(name, tmp_path):
    figure = confusion(np.eye(2, dtype=int), (name, "other"))
    assert picture(figure, tmp_path / "confusion.png")
    for ticks in (figure.axes[0].get_xticklabels(), figure.axes[0].get_yticklabels()):
        assert (ticks[0].get_text(), ticks[0].get_parse_math()) == (name, False)
    shown = templates(linear_model(2, classes=(name, "other")))
    assert (shown.axes[0].get_title(), shown.axes[0].title.get_parse_math()) == (name, False)
    assert picture(shown, tmp_path / "templates.png")


# templates


def linear_model(n_classes=3, shape=(4, 2), classes=None, loss="softmax", hidden=()):
    d = math.prod(shape) if shape else 8
    n_outputs = LOSSES[loss].n_outputs(n_classes)
    problem = Problem(mlp(hidden, n_outputs), LOSSES[loss], d, n_outputs)
    W = np.random.default_rng(0).standard_normal(problem.layout.size)
    names = tuple(f"class {k}" for k in range(n_classes)) if classes is None else classes
    return Model(problem, W, names, image_shape=shape)


def test_each_template_is_a_column_of_the_weights():
    model = linear_model()
    figure = templates(model)
    W = model.parameters["W1"]
    shown = [axes for axes in figure.axes if axes.images]
    for k, axes in enumerate(shown):
        image = axes.images[0]
        assert np.array_equal(np.asarray(image.get_array()), W[:, k].reshape(4, 2))
        assert image.get_clim() == (-np.abs(W).max(), np.abs(W).max())
        assert axes.get_title() == f"class {k}"
    assert len(shown) == 3


@pytest.mark.parametrize(("n_classes", "panels"), [(2, 2), (5, 5), (6, 10), (10, 10), (20, 20)])
def test_templates_stand_in_rows_of_five(n_classes, panels, tmp_path):
    figure = templates(linear_model(n_classes))
    assert len(figure.axes) == panels
    assert sum(bool(axes.images) for axes in figure.axes) == n_classes
    assert picture(figure, tmp_path / "templates.png")


def test_one_sigmoid_has_one_template():
    assert len(templates(linear_model(2, loss="binary_cross_entropy")).axes) == 1


def test_weights_of_zero_are_drawn(tmp_path):
    model = linear_model()
    assert picture(templates(dataclasses.replace(model, W=np.zeros_like(model.W))), tmp_path / "templates.png")


@pytest.mark.parametrize("shape", [None, (8,), (2, 2, 2)])
def test_templates_need_grey_pictures(shape):
    with pytest.raises(ShapeError, match=r"^templates need inputs that are grey pictures \(height, width\); got "):
        templates(linear_model(shape=shape))


# files

FIGURES = {
    "curve": lambda: learning_curve(history()),
    "confusion": lambda: confusion(np.arange(9).reshape(3, 3), "abc"),
    "templates": lambda: templates(linear_model()),
}


@pytest.mark.parametrize("make", FIGURES.values(), ids=FIGURES)
def test_equal_figures_are_equal_files(make, tmp_path):
    assert type(make()) is Figure
    one, two = (picture(make(), tmp_path / "figure.png") for _ in range(2))
    assert one == two
    assert one.startswith(b"\x89PNG\r\n\x1a\n")
    assert len(one) > 1000
    assert [path.name for path in tmp_path.iterdir()] == ["figure.png"]


def test_a_figure_that_cannot_be_saved_is_a_sentence(tmp_path):
    with pytest.raises(DataError, match=r"absent/figure\.png cannot be written: No such file or directory"):
        save_figure(learning_curve(history()), tmp_path / "absent" / "figure.png")


NO_DISPLAY = """
import os, sys
os.environ.pop("DISPLAY", None)
os.environ["MPLBACKEND"] = "TkAgg"
import numpy as np
from zanjir.plots import confusion, save_figure
save_figure(confusion(np.eye(2, dtype=int), "ab"), sys.argv[1])
assert "matplotlib.pyplot" not in sys.modules
assert "tkinter" not in sys.modules
"""


def test_no_display_and_no_pyplot_are_needed(tmp_path):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", NO_DISPLAY, str(tmp_path / "figure.png")],
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert (tmp_path / "figure.png").stat().st_size > 1000


def test_figures_are_drawn_without_a_warning(tmp_path):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for name, make in FIGURES.items():
            save_figure(make(), tmp_path / f"{name}.png")
    assert caught == []
