"""Pictures made harder: what moves, what is covered, what gets noise, and that a seed decides all of it."""

import numpy as np
import pytest

from zanjir.data import (
    CHALLENGES,
    Dataset,
    add_noise,
    brighten,
    challenge,
    challenge_accuracy,
    clutter,
    load,
    occlude,
    shift,
)
from zanjir.errors import DataError, ParameterError, ShapeError

FUNCTIONS = {name: apply for name, (apply, _) in CHALLENGES.items()}
# The mean of 250,000 draws of deviation 0.1 is within 5 of its own deviations (0.0002) of the truth.
FIVE_DEVIATIONS = 0.001
# A float32 holds seven digits.
FLOAT32 = 1e-6


def pictures(n=20, shape=(6, 5), dtype=np.float64, highest=1.0, seed=0):
    values = np.random.default_rng(seed).uniform(0, highest, (n, int(np.prod(shape))))
    return values.astype(dtype)


def test_the_challenges_are_those_of_the_lectures():
    assert list(CHALLENGES) == ["shift", "brightness", "occlusion", "noise", "clutter"]


@pytest.mark.parametrize("apply", FUNCTIONS.values(), ids=FUNCTIONS)
@pytest.mark.parametrize("shape", [(6, 5), (4, 3, 3)])
@pytest.mark.parametrize(("dtype", "highest"), [(np.float64, 1.0), (np.float32, 16.0), (np.uint8, 255)])
def test_shape_dtype_and_range_stay_and_the_pictures_given_do_too(apply, shape, dtype, highest):
    X = pictures(shape=shape, dtype=dtype, highest=highest)
    before = X.copy()
    harder = apply(X, shape, 0.5, seed=3, highest=highest)
    assert (harder.shape, harder.dtype) == (X.shape, X.dtype)
    assert harder.min() >= 0
    assert harder.max() <= highest
    assert not np.array_equal(harder, X)
    assert np.array_equal(X, before)


@pytest.mark.parametrize("apply", FUNCTIONS.values(), ids=FUNCTIONS)
def test_a_seed_decides_everything(apply):
    X = pictures()
    first, again, other = (apply(X, (6, 5), 0.5, seed=seed) for seed in (1, 1, 2))
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != other.tobytes()


@pytest.mark.parametrize("apply", FUNCTIONS.values(), ids=FUNCTIONS)
def test_strength_0_changes_nothing(apply):
    X = pictures()
    assert np.array_equal(apply(X, (6, 5), 0.0), X)


def moved(picture, down, right):
    """A picture moved by hand, pixel by pixel."""
    height, width = picture.shape[:2]
    out = np.zeros_like(picture)
    for i in range(height):
        for j in range(width):
            if 0 <= i + down < height and 0 <= j + right < width:
                out[i + down, j + right] = picture[i, j]
    return out


@pytest.mark.parametrize("shape", [(6, 4), (6, 4, 3)])
def test_every_shifted_picture_is_the_picture_moved_by_whole_pixels(shape):
    X = pictures(n=300, shape=shape)
    shifted = shift(X, shape, 0.34, seed=0).reshape(-1, *shape)
    moves = set()
    for before, after in zip(X.reshape(-1, *shape), shifted, strict=True):
        fitting = [
            (down, right)
            for down in range(-2, 3)
            for right in range(-1, 2)
            if np.array_equal(after, moved(before, down, right))
        ]
        assert len(fitting) == 1
        moves |= set(fitting)
    assert moves == {(down, right) for down in range(-2, 3) for right in range(-1, 2)}  # 0.34 of 6 and of 4 pixels


def test_a_brighter_picture_is_brighter_by_the_same_everywhere():
    X = np.full((500, 4), 0.5)
    added = brighten(X, (2, 2), 0.3) - X
    assert np.ptp(added, axis=1).max() == 0
    assert -0.3 <= added.min() < -0.28
    assert 0.28 < added.max() <= 0.3


def test_light_is_measured_in_the_units_of_white():
    X = np.full((3, 4), 0.5)
    assert brighten(16 * X, (2, 2), 0.3, highest=16) == pytest.approx(16 * brighten(X, (2, 2), 0.3), rel=FLOAT32)


@pytest.mark.parametrize(("strength", "rows", "columns"), [(0.25, 4, 3), (1.0, 8, 6), (0.01, 1, 1)])
def test_the_rectangle_covers_its_share_and_lies_anywhere(strength, rows, columns):
    covered = (occlude(np.zeros((400, 48)), (8, 6), strength, seed=0) == 0.5).reshape(-1, 8, 6)
    corners = set()
    for picture in covered:
        i, j = np.argwhere(picture).min(axis=0)
        assert picture[i : i + rows, j : j + columns].all()
        assert picture.sum() == rows * columns
        corners.add((int(i), int(j)))
    places = {(i, j) for i in range(8 - rows + 1) for j in range(6 - columns + 1)}
    assert corners == places


def test_a_rectangle_covers_all_channels():
    covered = occlude(np.zeros((5, 48)), (4, 4, 3), 0.25).reshape(5, 4, 4, 3) == 0.5
    assert (covered.sum(axis=(1, 2)) == 4).all()


def test_noise_has_mean_0_and_the_deviation_that_was_asked_for():
    added = add_noise(np.full((1000, 250), 0.5), (25, 10), 0.1, seed=0) - 0.5
    assert added.mean() == pytest.approx(0, abs=FIVE_DEVIATIONS)
    assert added.std() == pytest.approx(0.1, abs=FIVE_DEVIATIONS)


def test_clutter_lies_behind_what_is_bright():
    X = pictures(n=50)
    behind = clutter(X, (6, 5), 0.5, seed=1)
    assert (behind >= X).all()
    assert np.array_equal(behind[X >= 0.5], X[X >= 0.5])
    assert (behind[X < 0.1] > X[X < 0.1]).mean() > 0.8  # 0.9 of them on average


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"X": np.zeros(30)}, ShapeError, r"^X is \(30,\) and image_shape \(6, 5\); expected \(N, D\) and"),
        ({"image_shape": (5, 5)}, ShapeError, r"^X is \(20, 30\) and image_shape \(5, 5\); expected"),
        ({"image_shape": (30,)}, ShapeError, r"image_shape \(30,\); expected"),
        ({"strength": 1.5}, ParameterError, r"^strength must be a number in \[0, 1\]; got 1.5\.$"),
        ({"strength": float("nan")}, ParameterError, r"^strength must be"),
        ({"strength": "much"}, ParameterError, r"^strength must be a number in \[0, 1\]; got 'much'\.$"),
        ({"seed": -1}, ParameterError, r"^seed must be a whole number of at least 0; got -1\.$"),
        ({"highest": 0}, ParameterError, r"^highest must be above 0"),
        ({"X": np.full((2, 30), 255.0)}, DataError, r"^X holds 255, expected numbers in \[0, 1\]; give the value of"),
        ({"X": np.full((2, 30), np.nan)}, DataError, r"^X holds nan, expected numbers in \[0, 1\]"),
    ],
)
@pytest.mark.parametrize("apply", FUNCTIONS.values(), ids=FUNCTIONS)
def test_what_cannot_be_done_is_said(apply, changes, error, said):
    given = {"X": pictures(), "image_shape": (6, 5), "strength": 0.5, "seed": 0, "highest": 1.0, **changes}
    with pytest.raises(error, match=said):
        apply(given.pop("X"), given.pop("image_shape"), given.pop("strength"), **given)


def test_a_data_set_keeps_its_labels_and_says_what_was_done():
    digits = load("digits", n_samples=50)
    harder = challenge(digits, "occlusion", 0.3, seed=4)
    assert harder.name == "digits, occlusion 0.3"
    assert np.array_equal(harder.y, digits.y)
    assert np.array_equal(harder.X, occlude(digits.X, (8, 8), 0.3, seed=4, highest=16))


def test_without_pictures_there_is_no_challenge():
    with pytest.raises(ShapeError, match=r"^moons: the rows of X are no pictures"):
        challenge(load("moons"), "shift")
    with pytest.raises(ParameterError, match=r"^unknown challenge 'shfit'; .* Did you mean 'shift'\?$"):
        challenge(load("digits"), "shfit")


def test_accuracy_is_the_share_of_right_labels_before_and_after():
    digits = load("digits", n_samples=200)
    asked = []

    def predict(X):
        asked.append(X)
        return np.where(X[:, 0] == 0, digits.y, -1)  # right wherever the corner is black

    found = challenge_accuracy(predict, digits, {"clutter": None, "shift": 0.5}, seed=1)
    expected = {
        "none": np.mean(digits.X[:, 0] == 0),
        "clutter": np.mean(clutter(digits.X, (8, 8), 0.5, seed=1, highest=16)[:, 0] == 0),
        "shift": np.mean(shift(digits.X, (8, 8), 0.5, seed=1, highest=16)[:, 0] == 0),
    }
    assert found == expected
    assert len(set(found.values())) == 3
    assert len(asked) == 3


def test_accuracy_needs_classes():
    numbers = Dataset("numbers", np.zeros((3, 4)), np.zeros(3), image_shape=(2, 2))
    with pytest.raises(DataError, match=r"^numbers has numbers as targets, and accuracy needs classes"):
        challenge_accuracy(lambda X: X, numbers)
