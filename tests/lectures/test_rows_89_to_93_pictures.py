"""Rows 24, 89, 90 and 93: templates, boundaries, curves and contours as files, and pictures that are hard."""

import warnings
from functools import cache

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.image import imread

from zanjir.data import CHALLENGES, challenge_accuracy, load, moons
from zanjir.models.comparison import lecture_models
from zanjir.optim import OPTIMIZERS, optimizer
from zanjir.plots import (
    SURFACES,
    activations,
    boundaries,
    challenges,
    contour,
    learning_curve,
    save_figure,
    schedules,
    step_sizes,
    template,
    template_weights,
    templates,
)
from zanjir.plots.style import COLORS
from zanjir.training import Plan, divide, fit, model_of, problem_for, trainer_for

MOONS = moons(200, noise=0.2, seed=0)
# Scores are sums of 64 products in float32, of numbers up to about 10.
SUMS_IN_FLOAT32 = 1e-4


@pytest.fixture(autouse=True)
def no_display(monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)


@cache
def linear_digits():
    parts = divide(load("digits"), test_share=0.25, validation_share=0)
    trainer = trainer_for(problem_for(parts.train), Plan(epochs=60), parts)
    history = fit(trainer)
    return model_of(trainer, parts.train), parts, history


def written(figure, path):
    save_figure(figure, path)
    pixels = imread(path)[..., :3]
    assert path.stat().st_size > 0
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 2
    return pixels


# row 24


def test_row_24_each_column_of_the_weights_is_a_picture_of_8_by_8():
    model, _, _ = linear_digits()
    weights = template_weights(model)
    assert weights.shape == (10, 8, 8)
    for k in range(10):
        assert np.array_equal(weights[k].ravel(), model.parameters["W1"][:, k])


def test_row_24_a_score_is_the_inner_product_with_the_template_and_the_bias():
    model, parts, _ = linear_digits()
    weights, pictures = template_weights(model), model.prepared(parts.test.X).reshape(-1, 8, 8)
    by_hand = [
        [float(np.sum(weights[k].astype(float) * picture)) + float(model.parameters["b1"][k]) for k in range(10)]
        for picture in pictures
    ]
    assert model.scores(parts.test.X) == pytest.approx(np.array(by_hand), abs=SUMS_IN_FLOAT32)


def test_row_24_ten_templates_are_written_as_ten_pictures(tmp_path):
    model, _, _ = linear_digits()
    files = {written(template(model, k), tmp_path / f"template-{k}.png").tobytes() for k in range(10)}
    assert len(files) == 10
    written(templates(model), tmp_path / "templates.png")


# row 89


@pytest.fixture(scope="module")
def fitted():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what is drawn need not have converged
        return {name: make(0).fit(MOONS.X, MOONS.y) for name, make in lecture_models().items()}


def test_row_89_boundaries_of_all_models_are_written_and_their_pixels_are_what_is_predicted(fitted, tmp_path):
    figure, grids = boundaries(fitted, MOONS.X, MOONS.y, resolution=80)
    written(figure, tmp_path / "boundaries.png")
    panels = [axes for axes in figure.axes if axes.images]
    assert len(panels) == len(fitted) == 9
    for axes, (name, grid) in zip(panels, grids.items(), strict=True):
        points = np.array([[x, y] for y in grid.y for x in grid.x])
        predicted = fitted[name].predict(points)
        colors = np.asarray(axes.images[0].get_array())[..., :3].reshape(-1, 3)
        for k in range(2):
            pixels = int((colors == to_rgb(COLORS[k])).all(axis=1).sum())
            assert pixels == grid.counts[k] == int((predicted == k).sum()) > 0


def test_row_89_one_neighbor_is_right_on_its_own_samples_and_a_line_is_not(fitted):
    accuracy = {name: model.score(MOONS.X, MOONS.y) for name, model in fitted.items()}
    assert accuracy["knn-1"] == 1
    assert accuracy["linear"] < 0.9
    assert accuracy["network-3"] > 0.9
    assert accuracy["network-20"] >= accuracy["network-6"] >= accuracy["network-3"]


def test_row_89_a_stronger_penalty_makes_a_plainer_boundary(fitted):
    accuracy = [fitted[f"lambda-{a:g}"].score(MOONS.X, MOONS.y) for a in (0.001, 0.01, 0.1)]
    assert accuracy == sorted(accuracy, reverse=True)
    norms = [sum(float((W**2).sum()) for W in fitted[f"lambda-{a:g}"].coefs_) for a in (0.001, 0.01, 0.1)]
    assert norms == sorted(norms, reverse=True)


def test_row_89_the_line_of_a_linear_model_is_straight(fitted):
    (grid,) = boundaries({"linear": fitted["linear"]}, MOONS.X, MOONS.y, resolution=80)[1].values()
    edge = grid.labels.argmax(axis=0) if grid.labels[0, 0] == 0 else (1 - grid.labels).argmax(axis=0)
    inside = (edge > 0) & (edge < 79)
    columns = np.flatnonzero(inside)
    assert len(columns) > 20
    line = np.polyval(np.polyfit(columns, edge[inside], 1), columns)
    assert np.abs(edge[inside] - line).max() <= 1  # a pixel


# row 90


def test_row_90_activations_contours_losses_and_learning_rates_are_written_without_a_display(tmp_path):
    _, _, history = linear_digits()
    over = SURFACES["ravine"]
    rules = {name: optimizer(name, over.learning_rates[name]) for name in OPTIMIZERS}
    figures = {
        "activations": activations(),
        "contour": contour(over, rules, n_steps=20)[0],
        "loss": learning_curve(history),
        "steps": step_sizes()[0],
        "schedules": schedules()[0],
    }
    for name, figure in figures.items():
        written(figure, tmp_path / f"{name}.png")


def test_row_90_a_step_goes_against_the_gradient():
    over = SURFACES["ravine"]
    _, paths = contour(over, {"sgd": optimizer("sgd", 0.01)}, n_steps=1)
    points, losses = paths["sgd"]
    w1, w2 = over.start
    assert points[1] - points[0] == pytest.approx(-0.01 * np.array([w1, 20 * w2]))
    assert losses[1] < losses[0]


def test_row_90_steps_too_small_reasonable_and_too_large():
    _, paths = step_sizes((0.01, 0.1, 1.1), n_steps=20)
    assert [round(abs(float(w[-1])), 6) for w in paths.values()] == [0.667608, 0.011529, 38.3376]


# row 93


def test_row_93_accuracy_on_digits_before_and_after_each_challenge(tmp_path):
    model, parts, _ = linear_digits()
    accuracy = challenge_accuracy(model.predict, parts.test)
    assert list(accuracy) == ["none", *CHALLENGES]
    assert accuracy["none"] == np.mean(model.predict(parts.test.X) == parts.test.y) > 0.9
    for name in CHALLENGES:
        assert accuracy[name] < accuracy["none"]
    assert accuracy["shift"] < 0.6  # a template that has moved by a pixel no longer fits
    written(challenges(parts.test, accuracy=accuracy), tmp_path / "challenges.png")


def test_row_93_a_stronger_challenge_leaves_less():
    model, parts, _ = linear_digits()
    for name in CHALLENGES:
        accuracy = [challenge_accuracy(model.predict, parts.test, {name: s})[name] for s in (0.0, 0.3, 0.9)]
        assert accuracy[0] > accuracy[1] > accuracy[2]
