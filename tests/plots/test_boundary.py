"""Decision boundaries: the regions are what the model predicts, pixel by pixel."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.image import imread
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import LinearSVC

from zanjir.data import gaussians, moons
from zanjir.errors import DataError, ParameterError, ShapeError
from zanjir.nn import LOSSES, mlp
from zanjir.plots import boundaries, boundary, decision_grid, save_figure
from zanjir.plots.style import COLORS
from zanjir.program import Problem
from zanjir.training import Model

MOONS = moons(120, noise=0.2, seed=0)
THREE = gaussians(90, seed=0, n_classes=3)
# Colors go through bytes in a file.
A_BYTE = 1.5 / 255
# Where a panel's region is cut at a pixel of the file, a pixel's width on each side may be lost.
A_RIM_OF_PIXELS = 0.02


class Halves:
    """Class 1 right of a line; nothing but labels."""

    def __init__(self, at=0.0, names=(0, 1)):
        self.at, self.names = at, np.array(names)

    def predict(self, X):
        return self.names[(np.asarray(X)[:, 0] > self.at).astype(int)]


def shown_labels(axes):
    """The class of each pixel of a panel, by its color."""
    pixels = np.asarray(axes.images[0].get_array())[..., :3]
    apart = np.array([np.abs(pixels - to_rgb(color)).sum(axis=2) for color in COLORS])
    assert apart.min(axis=0).max() == 0
    return apart.argmin(axis=0)


@pytest.mark.parametrize(
    ("model", "data"),
    [
        (LogisticRegression(), MOONS),
        (KNeighborsClassifier(1), MOONS),
        (KNeighborsClassifier(5), THREE),
        (LinearSVC(), MOONS),
        (LinearSVC(), THREE),
    ],
    ids=str,
)
def test_the_pixels_of_each_class_are_what_the_model_predicts(model, data):
    model.fit(data.X, data.y)
    figure, grid = boundary(model, data.X, data.y, resolution=60)
    points = np.array([[x, y] for y in grid.y for x in grid.x])
    predicted = model.predict(points).reshape(60, 60)
    assert np.array_equal(grid.labels, predicted)
    assert np.array_equal(shown_labels(figure.axes[0]), predicted)
    assert grid.counts.tolist() == [int((predicted == k).sum()) for k in range(len(data.classes))]
    assert grid.counts.min() > 0


def test_the_extent_of_the_picture_is_that_of_the_grid():
    figure, grid = boundary(Halves(), [[-1.0, 0.0], [1.0, 1.0]], [0, 1], resolution=10)
    image = figure.axes[0].images[0]
    left, right, bottom, top = image.get_extent()
    assert grid.x[0] - left == pytest.approx(right - grid.x[-1])
    assert (right - left) / 10 == pytest.approx(grid.x[1] - grid.x[0])
    assert (top - bottom) / 10 == pytest.approx(grid.y[1] - grid.y[0])
    assert left < -1
    assert right > 1
    assert bottom < 0
    assert top > 1


def test_the_regions_in_the_file_have_the_sizes_of_the_grid(tmp_path):
    X, y = np.array([[-1.0, 0.0], [-0.8, 1.0], [1.0, 0.5]]), np.array([0, 0, 1])
    figure, grid = boundary(Halves(-0.5), X, y, resolution=200)
    axes = figure.axes[0]
    for artist in (*axes.collections, *axes.lines):
        artist.remove()  # what lies upon the regions
    save_figure(figure, tmp_path / "regions.png")
    pixels = imread(tmp_path / "regions.png")[..., :3]
    strength = np.asarray(axes.images[0].get_array())[0, 0, 3]
    shares = []
    for color in COLORS[:2]:
        mixed = strength * np.array(to_rgb(color)) + (1 - strength)
        shares.append(int((np.abs(pixels - mixed).max(axis=2) < A_BYTE).sum()))
    found = np.array(shares) / sum(shares)
    assert found == pytest.approx(grid.counts / grid.counts.sum(), abs=A_RIM_OF_PIXELS)


def test_classes_may_have_names():
    y = np.array(["cat", "dog"])
    figure, grid = boundary(Halves(names=("cat", "dog")), [[-1.0, 0.0], [1.0, 1.0]], y, resolution=8)
    assert grid.classes.tolist() == ["cat", "dog"]
    assert grid.counts.tolist() == [32, 32]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["cat", "dog", "misclassified"]


def test_the_train_accuracy_stands_in_the_title_and_wrong_samples_have_a_black_rim():
    X = np.array([[-2.0, 0.0], [-1.0, 1.0], [1.0, 0.0], [2.0, 1.0]])
    figure, _ = boundary(Halves(), X, np.array([0, 1, 1, 1]), name="halves", resolution=8)
    axes = figure.axes[0]
    assert axes.get_title() == "halves\ntrain accuracy 75.0%"
    rims = np.concatenate(
        [c.get_edgecolors() for c in axes.collections if len(c.get_offsets()) and c.get_label()[0] == "c"]
    )
    assert sorted(rims[:, 0].tolist()) == [0.0, 1.0, 1.0, 1.0]


def test_a_surer_model_has_a_stronger_color():
    model = LogisticRegression().fit(MOONS.X, MOONS.y)
    figure, grid = boundary(model, MOONS.X, MOONS.y, resolution=30)
    strength = np.asarray(figure.axes[0].images[0].get_array())[..., 3].ravel()
    probability = grid.scores.max(axis=2).ravel()
    order = np.argsort(probability)
    assert (np.diff(strength[order]) >= 0).all()
    assert grid.probabilities


def test_margins_are_above_0_exactly_where_a_class_is_predicted():
    for model in (LogisticRegression(), LinearSVC()):
        grid = decision_grid(model.fit(THREE.X, THREE.y), THREE.X, THREE.y, resolution=40)
        assert np.array_equal(grid.margins.argmax(axis=2), grid.labels)
        assert np.array_equal((grid.margins > 0).sum(axis=2), np.ones((40, 40)))
    labels_only = decision_grid(Halves(), MOONS.X, MOONS.y, resolution=40)
    assert labels_only.scores is None
    assert np.array_equal(labels_only.margins[..., 1] > 0, labels_only.labels == 1)


def test_an_svm_shows_its_margin():
    model = LinearSVC().fit(MOONS.X, MOONS.y)
    figure, grid = boundary(model, MOONS.X, MOONS.y, resolution=50)
    levels = [tuple(c.levels) for c in figure.axes[0].collections if hasattr(c, "levels")]
    assert sorted(levels) == [(-1, 1), (0,)]
    points = np.array([[x, y] for y in grid.y for x in grid.x])
    assert np.array_equal(grid.scores[..., 1].ravel(), model.decision_function(points))


def test_several_models_share_axes_and_one_legend(tmp_path):
    models = {
        name: KNeighborsClassifier(k).fit(MOONS.X, MOONS.y) for name, k in {"a": 1, "b": 3, "c": 5, "d": 9}.items()
    }
    figure, grids = boundaries(models, MOONS.X, MOONS.y, columns=3, resolution=30, titles={"b": "three neighbors"})
    titles = [axes.get_title().splitlines()[0] for axes in figure.axes if axes.images]
    assert titles == ["a", "three neighbors", "c", "d"]
    assert list(grids) == ["a", "b", "c", "d"]
    assert len({axes.get_xlim() for axes in figure.axes if axes.images}) == 1
    assert len(figure.legends) == 1
    save_figure(figure, tmp_path / "four.png")


def test_a_trained_model_of_a_run_is_drawn():
    problem = Problem(mlp([3], 2), LOSSES["softmax"], 2, 2)
    model = Model(problem, np.random.default_rng(0).standard_normal(problem.layout.size), MOONS.classes)
    _, grid = boundary(model, MOONS.X, MOONS.y, resolution=20)
    assert np.array_equal(grid.labels, grid.scores.argmax(axis=2))


def test_one_class_everywhere_has_no_boundary(tmp_path):
    figure, grid = boundary(Halves(at=99), MOONS.X, MOONS.y, resolution=20)
    assert grid.counts.tolist() == [400, 0]
    save_figure(figure, tmp_path / "one.png")


@pytest.mark.parametrize("width", [1, 1000])
def test_features_of_other_sizes_are_drawn_in_scales_of_their_own(width, tmp_path):
    figure, _ = boundary(Halves(), MOONS.X * [width, 1], MOONS.y, resolution=20)
    assert figure.axes[0].get_aspect() == (1.0 if width == 1 else "auto")
    save_figure(figure, tmp_path / "wide.png")


@pytest.mark.parametrize(
    ("X", "y", "how", "error", "said"),
    [
        (
            np.zeros((4, 3)),
            np.zeros(4),
            {},
            ShapeError,
            r"^X is \(4, 3\), expected \(N, 2\): .* choose two features\.$",
        ),
        (np.zeros((0, 2)), np.zeros(0), {}, ShapeError, r"^X is \(0, 2\), expected \(N, 2\)"),
        (np.zeros((4, 2)), np.zeros(3), {}, ShapeError, r"^y is \(3,\) and X is \(4, 2\); expected y of shape \(4,\)"),
        (np.zeros((2, 2)), np.array([0.5, 1]), {}, DataError, r"^y holds 0\.5, expected classes"),
        (np.zeros((2, 2)), np.array([0, 1]), {"resolution": 1}, ParameterError, r"^resolution must be .* got 1\.$"),
        (np.zeros((2, 2)), np.array([0, 1]), {"resolution": 9999}, ParameterError, r"from 2 to 2,000; got 9999\.$"),
    ],
)
def test_what_cannot_be_drawn_is_said(X, y, how, error, said):
    with pytest.raises(error, match=said):
        boundary(Halves(), X, y, **how)


def test_a_model_must_predict():
    with pytest.raises(ParameterError, match=r"^object has no predict; expected a fitted model\.$"):
        boundary(object(), MOONS.X, MOONS.y)
    with pytest.raises(ParameterError, match=r"^there is no model to draw; expected at least one\.$"):
        boundaries({}, MOONS.X, MOONS.y)


class Above(Halves):
    """Class 1 above a line."""

    def predict(self, X):
        return super().predict(np.asarray(X)[:, ::-1])


def test_what_is_above_in_the_data_is_above_in_the_file(tmp_path):
    figure, _ = boundary(Above(), [[0.0, -1.0], [1.0, 1.0]], [0, 1], resolution=50)
    save_figure(figure, tmp_path / "above.png")
    pixels = imread(tmp_path / "above.png")[..., :3]
    strength = np.asarray(figure.axes[0].images[0].get_array())[0, 0, 3]
    heights = []
    for color in COLORS[:2]:
        mixed = strength * np.array(to_rgb(color)) + (1 - strength)
        heights.append(np.median(np.argwhere(np.abs(pixels - mixed).max(axis=2) < A_BYTE)[:, 0]))
    assert heights[0] > heights[1]  # rows of a file are counted from above
