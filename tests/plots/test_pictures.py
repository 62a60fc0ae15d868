"""Activations, schedules, descents, several trainings, challenges, templates, and the formats of files."""

import math
import re

import numpy as np
import pytest

from zanjir.data import CHALLENGES, challenge, load
from zanjir.errors import NonFiniteError, ParameterError, ShapeError
from zanjir.models.comparison import Compared
from zanjir.nn import ACTIVATIONS, LOSSES, convnet, mlp
from zanjir.optim import OPTIMIZERS, SCHEDULES, SGD, optimizer
from zanjir.plots import (
    SURFACES,
    activation_curves,
    activations,
    challenges,
    contour,
    descent_path,
    learning_curves,
    save_figure,
    schedules,
    step_sizes,
    template,
    template_weights,
    templates,
)
from zanjir.plots.challenges import examples
from zanjir.plots.comparison import comparison
from zanjir.plots.style import COLORS, strokes
from zanjir.program import Problem
from zanjir.training import Epoch, History, Model

# Two float64 computations of one formula, some roundings apart.
A_FEW_ROUNDINGS = 1e-12
# A curved valley enlarges roundings from step to step.
ROUNDINGS_OF_30_STEPS = 1e-9
# In units of CIE L*, of which a reader sees about one.
SEEN_IN_GRAY = 6
S = np.linspace(-4, 4, 33)


# activations


def sigma(s):
    return 1 / (1 + math.exp(-s))


def cumulative(s):
    return (1 + math.erf(s / math.sqrt(2))) / 2


def density(s):
    return math.exp(-(s**2) / 2) / math.sqrt(2 * math.pi)


# Value and derivative from calculus, for one number.
BY_HAND = {
    "relu": (lambda s: max(0, s), lambda s: float(s > 0)),
    "tanh": (math.tanh, lambda s: 1 / math.cosh(s) ** 2),
    "sigmoid": (sigma, lambda s: math.exp(-s) / (1 + math.exp(-s)) ** 2),
    "identity": (lambda s: s, lambda s: 1.0),
    "leaky_relu": (lambda s: s if s > 0 else s / 100, lambda s: 1 if s > 0 else 0.01),
    "elu": (lambda s: s if s > 0 else math.expm1(s), lambda s: 1 if s > 0 else math.exp(s)),
    "gelu": (lambda s: s * cumulative(s), lambda s: cumulative(s) + s * density(s)),
    "silu": (lambda s: s * sigma(s), lambda s: sigma(s) + s * sigma(s) * sigma(-s)),
    "softplus": (lambda s: math.log1p(math.exp(s)), sigma),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_an_activation_and_its_derivative_are_those_of_calculus(name):
    of, slope = BY_HAND[name]
    value, derivative = activation_curves(name, S)
    assert value == pytest.approx([of(s) for s in S], rel=A_FEW_ROUNDINGS, abs=A_FEW_ROUNDINGS)
    away = S != 0  # a kink has a convention of its own
    assert derivative[away] == pytest.approx([slope(s) for s in S[away]], rel=A_FEW_ROUNDINGS, abs=A_FEW_ROUNDINGS)


def test_each_panel_shows_both_curves_and_the_formula(tmp_path):
    figure = activations()
    assert [axes.get_title().splitlines()[0] for axes in figure.axes] == list(ACTIVATIONS)
    sigmoid = next(axes for axes in figure.axes if axes.get_title().startswith("sigmoid"))
    assert sigmoid.get_title().splitlines()[1] == r"$\dfrac{1}{1 + e^{-(s)}}$"
    s, value = sigmoid.lines[0].get_data()
    assert value == pytest.approx(1 / (1 + np.exp(-s)), rel=A_FEW_ROUNDINGS)
    assert sigmoid.lines[1].get_ydata() == pytest.approx(value * (1 - value), rel=A_FEW_ROUNDINGS)
    save_figure(figure, tmp_path / "activations.png")


def test_no_line_joins_the_two_sides_of_a_jump():
    (axes,) = activations(["relu"]).axes
    s, derivative = axes.lines[1].get_data()
    assert np.isnan(derivative).sum() == 1
    kept = ~np.isnan(derivative)
    assert np.array_equal(derivative[kept], (s > 0)[kept])
    (smooth,) = activations(["tanh"]).axes
    assert not np.isnan(smooth.lines[1].get_ydata()).any()


def test_all_formulas_can_be_set(tmp_path):
    save_figure(activations(["leaky_relu", "elu", "gelu", "silu", "softplus"]), tmp_path / "relatives.svg")


def test_an_unknown_activation_is_said():
    with pytest.raises(ParameterError, match=r"^unknown activation 'rulu'; .* Did you mean 'relu'\?$"):
        activations(["rulu"])
    with pytest.raises(ParameterError, match=r"^there is no activation to draw"):
        activations([])


# schedules


def test_every_schedule_is_drawn_with_its_rates(tmp_path):
    figure, rates = schedules(learning_rate=0.2, n_steps=100, warmup=0.1)
    (axes,) = figure.axes
    assert list(rates) == list(SCHEDULES)
    for line, (name, values) in zip(axes.lines, rates.items(), strict=True):
        assert line.get_label() == name.replace("_", " ")
        assert np.array_equal(line.get_xdata(), np.arange(1, 101))
        assert np.array_equal(line.get_ydata(), values)
    rise = np.minimum(1, np.arange(1, 101) / 10)
    done = np.arange(100) / 100
    assert rates["constant"] == pytest.approx(0.2 * rise, rel=A_FEW_ROUNDINGS)
    assert rates["cosine"] == pytest.approx(0.2 * rise * np.cos(np.pi * done / 2) ** 2, rel=A_FEW_ROUNDINGS)
    assert rates["exponential"] == pytest.approx(0.2 * rise * 10 ** (-2 * done), rel=A_FEW_ROUNDINGS)
    save_figure(figure, tmp_path / "schedules.png")


def test_a_training_of_no_steps_has_no_schedule():
    with pytest.raises(ParameterError, match=r"^n_steps must be a whole number of at least 1; got 0\.$"):
        schedules(n_steps=0)
    with pytest.raises(ParameterError, match=r"^unknown schedule 'cosin'"):
        schedules(["cosin"])


# descents


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("surface", SURFACES)
def test_every_rule_goes_down_every_surface(name, surface):
    over = SURFACES[surface]
    points, losses = descent_path(over.loss, over.start, optimizer(name, over.learning_rates[name]), n_steps=100)
    assert points.shape == (101, 2)
    assert tuple(points[0]) == over.start
    assert losses == pytest.approx([over.loss(w1, w2) for w1, w2 in points], rel=A_FEW_ROUNDINGS, abs=A_FEW_ROUNDINGS)
    assert losses[-1] < losses[0] / 2


def rosenbrock_slope(w):
    a, b = w
    return np.array([-2 * (1 - a) - 40 * a * (b - a**2), 20 * (b - a**2)])


def by_hand(name, w, rate, n_steps):
    """The path of a rule, from its paper and a gradient made by hand."""
    m, v, path = np.zeros(2), np.zeros(2), [w]
    for t in range(1, n_steps + 1):
        g = rosenbrock_slope(w)
        if name == "sgd":
            w = w - rate * g
        elif name == "momentum":
            m = 0.9 * m + g
            w = w - rate * m
        else:
            m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
            w = w - rate * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        path.append(w)
    return np.array(path)


@pytest.mark.parametrize("name", ["sgd", "momentum", "adam"])
def test_the_path_is_the_one_by_hand(name):
    over = SURFACES["rosenbrock"]
    rate = over.learning_rates[name]
    points, _ = descent_path(over.loss, over.start, optimizer(name, rate), n_steps=30)
    assert points == pytest.approx(by_hand(name, np.array(over.start), rate, 30), rel=ROUNDINGS_OF_30_STEPS)


def test_a_descent_that_leaves_the_numbers_ends_at_the_last_one():
    points, losses = descent_path(lambda w1, w2: w1**4 + w2**2, (3.0, 1.0), SGD(10.0), n_steps=50)
    assert 1 < len(points) < 51
    assert len(points) == len(losses)
    assert np.isfinite(points).all()
    assert np.isfinite(losses).all()


def test_a_start_outside_the_loss_is_said():
    with pytest.raises(NonFiniteError, match=r"^the loss is nan at the start \(-1\.0, 0\.0\), expected a finite"):
        descent_path(lambda w1, w2: np.log(w1) + w2, (-1.0, 0.0), SGD(0.1))
    with pytest.raises(ParameterError, match=r"^n_steps must be a whole number of at least 1; got 0\.$"):
        descent_path(lambda w1, w2: w1 + w2, (0.0, 0.0), SGD(0.1), n_steps=0)


def test_the_contour_shows_the_paths_and_the_losses(tmp_path):
    over = SURFACES["ravine"]
    rules = {name: optimizer(name, over.learning_rates[name]) for name in ("sgd", "adam")}
    figure, paths = contour(over, rules, n_steps=10)
    plane, curves = figure.axes
    for k, (name, (points, losses)) in enumerate(paths.items()):
        assert np.array_equal(np.stack(plane.lines[k].get_data(), axis=1), points)
        assert np.array_equal(curves.lines[k].get_ydata(), losses)
        assert curves.lines[k].get_label() == f"{name}, rate {rules[name].learning_rate:g}"
    levels = next(c for c in plane.collections if hasattr(c, "levels")).levels
    assert (np.diff(levels) > 0).all()
    save_figure(figure, tmp_path / "contour.png")


def test_steps_on_a_parabola_are_powers():
    figure, paths = step_sizes((0.01, 0.1, 1.0, 1.1), n_steps=20)
    for rate, w in paths.items():
        assert w == pytest.approx((1 - 2 * rate) ** np.arange(21), rel=A_FEW_ROUNDINGS)
    x, y = figure.axes[3].lines[1].get_data()
    assert np.array_equal(x, paths[1.1])
    assert np.array_equal(y, paths[1.1] ** 2)


# several trainings


def record(n=3, *, scale=1.0, validated=True, classified=True):
    nan = math.nan
    epochs = []
    for e in range(1, n + 1):
        accuracy = e / 10 if classified else nan
        watched = (2 * scale / e, e / 20 if classified else nan, nan if classified else e / 30)
        epochs.append(
            Epoch(e, 4 * e, scale / e + 0.5, scale / e, 0.5, accuracy, *(watched if validated else (nan,) * 3), 0.1, e)
        )
    return History([], epochs)


def curve(axes, label):
    (line,) = [line for line in axes.lines if line.get_label() == label]
    return line.get_xdata().tolist(), line.get_ydata().tolist()


def test_several_trainings_stand_in_one_figure(tmp_path):
    figure = learning_curves({"small": record(3), "large": record(5, scale=2.0)})
    by_name = {axes.get_ylabel(): axes for axes in figure.axes}
    assert list(by_name) == ["training loss", "validation loss", "training accuracy", "validation accuracy"]
    assert curve(by_name["training loss"], "small") == ([1, 2, 3], [1 / e for e in (1, 2, 3)])  # without the penalty
    assert curve(by_name["validation loss"], "large") == ([1, 2, 3, 4, 5], [4 / e for e in range(1, 6)])
    assert curve(by_name["training accuracy"], "large")[1] == [0.1, 0.2, 0.3, 0.4, 0.5]
    assert curve(by_name["validation accuracy"], "small")[1] == [0.05, 0.1, 0.15]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["small", "large"]
    save_figure(figure, tmp_path / "curves.png")


def test_a_training_without_validation_stands_beside_one_with_it(tmp_path):
    figure = learning_curves({"with": record(), "without": record(validated=False)})
    assert curve(figure.axes[1], "without") == ([], [])
    save_figure(figure, tmp_path / "curves.png")


def test_regressions_show_r_squared(tmp_path):
    figure = learning_curves({"$a_": record(classified=False), "b": record(1, classified=False)})
    assert [axes.get_ylabel() for axes in figure.axes] == ["training loss", "validation loss", "validation R²"]
    save_figure(figure, tmp_path / "curves.png")


def test_a_training_without_an_epoch_is_said():
    with pytest.raises(ParameterError, match=r"^b has no epoch to draw; expected at least one\.$"):
        learning_curves({"a": record(), "b": History()})
    with pytest.raises(ParameterError, match=r"^the figure has no epoch to draw"):
        learning_curves({})


# challenges


def test_the_rows_are_the_pictures_in_each_challenge(tmp_path):
    digits = load("digits", n_samples=60)
    accuracy = {"none": 0.9, "shift": 0.25, "noise": 0.5}
    figure = challenges(digits, {"shift": None, "noise": 0.1}, accuracy=accuracy, n_examples=5, seed=2)
    axes = np.array(figure.axes).reshape(3, 5)
    rows = [digits, challenge(digits, "shift", seed=2), challenge(digits, "noise", 0.1, seed=2)]
    for line, data in zip(axes, rows, strict=True):
        for panel, k in zip(line, examples(digits, 5), strict=True):
            assert np.array_equal(np.asarray(panel.images[0].get_array()), data.images[k] / 16)
    assert [line[0].get_ylabel() for line in axes] == [
        "as they are\n90.0% right", "shift 0.125\n25.0% right", "noise 0.1\n50.0% right"
    ]  # fmt: skip
    save_figure(figure, tmp_path / "challenges.png")


def test_the_examples_are_of_different_classes():
    digits = load("digits")
    assert digits.y[examples(digits, 12)].tolist() == [*range(10), 0, 1]
    assert len(set(examples(digits, 40))) == 40


def test_all_challenges_are_drawn_by_default_and_pictures_are_needed(tmp_path):
    figure = challenges(load("digits", n_samples=30), n_examples=3)
    assert len(figure.axes) == 3 * (1 + len(CHALLENGES))
    with pytest.raises(ShapeError, match=r"^moons: the rows of X are no pictures"):
        challenges(load("moons"))


# templates


def digits_model(network=None):
    problem = Problem(network or mlp([], 10), LOSSES["softmax"], 64, 10)
    W = np.random.default_rng(0).standard_normal(problem.layout.size)
    return Model(problem, W, tuple(map(str, range(10))), image_shape=(8, 8))


def test_a_template_alone_has_the_colors_that_it_has_among_all():
    model = digits_model()
    together, alone = templates(model).axes[3].images[0], template(model, 3).axes[0].images[0]
    assert np.array_equal(np.asarray(alone.get_array()), model.parameters["W1"][:, 3].reshape(8, 8))
    assert alone.get_clim() == together.get_clim()
    assert template_weights(model).shape == (10, 8, 8)


@pytest.mark.parametrize(("n", "columns"), [(3, 3), (10, 5), (25, 5), (256, 16)])
def test_many_templates_stand_in_a_square(n, columns):
    figure = templates(digits_model(mlp([n], 10)))
    assert figure.axes[0].get_gridspec().ncols == columns
    assert len([axes for axes in figure.axes if axes.images]) == n


def test_a_convolution_has_no_templates():
    with pytest.raises(ShapeError, match=r"^templates need a first layer that sees whole pictures; W1 is \("):
        templates(digits_model(convnet((8, 8), [2], [], 10)))


# comparison


def compared(name, test, validation=None):
    return Compared(name, "accuracy", 0.99, validation, test, 0.9, 0.5, 0.01, 10, "", None)


@pytest.mark.parametrize("validation", [None, 0.8])
def test_the_comparison_shows_the_numbers(validation, tmp_path):
    figure = comparison([compared("one", 0.9, validation), compared("two", 0.95, validation)])
    scores, times = figure.axes
    shown = {line.get_label(): list(line.get_xdata()) for line in scores.lines}
    assert list(shown) == (["train", "test"] if validation is None else ["train", "validation", "test"])
    assert shown["test"] == [0.9, 0.95]
    assert {line.get_label(): list(line.get_xdata()) for line in times.lines} == {
        "fit": [0.5, 0.5],
        "predict": [0.01, 0.01],
    }
    assert [text.get_text() for text in scores.get_yticklabels()] == ["one", "two"]
    save_figure(figure, tmp_path / "comparison.png")


# files


@pytest.mark.parametrize(("ending", "magic"), [("png", b"\x89PNG"), ("SVG", b"<?xml"), ("pdf", b"%PDF")])
def test_the_ending_decides_the_format_and_equal_figures_are_equal_files(ending, magic, tmp_path):
    for name in ("one", "two"):
        save_figure(schedules(n_steps=10)[0], tmp_path / f"{name}.{ending}")
    one, two = ((tmp_path / f"{name}.{ending}").read_bytes() for name in ("one", "two"))
    assert one == two
    assert one.startswith(magic)
    assert len(one) > 1000
    assert not re.search(rb"20[0-9]{2}-[0-9]{2}-[0-9]{2}", one)


@pytest.mark.parametrize("name", ["picture.jpg", "picture", "picture."])
def test_another_ending_is_refused_before_a_file_is_made(name, tmp_path):
    with pytest.raises(ParameterError, match=r"expected a picture's file: \.png, \.svg or \.pdf\.$"):
        save_figure(schedules(n_steps=10)[0], tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def luminance(color):
    channels = np.array([int(color[k : k + 2], 16) / 255 for k in (1, 3, 5)])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def test_neighboring_colors_differ_in_a_gray_print():
    lightness = [116 * luminance(color) ** (1 / 3) - 16 for color in COLORS]  # CIE L*, from 0 to 100
    assert np.abs(np.diff(lightness[:6])).min() > SEEN_IN_GRAY


def test_no_two_lines_are_alike():
    assert len({str(stroke) for stroke in strokes(35)}) == 35
