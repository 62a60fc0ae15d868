"""Rows 15 and 16: the tables of scores, and products of features."""

import csv
from pathlib import Path

import numpy as np
import pytest

import zanjir.data
from zanjir.data import PolynomialFeatures, score_table
from zanjir.nn import LOSSES

SIX_DECIMALS = 5e-7  # the lectures' inventory gives six

CIFAR_CLASSES = ["airplane", "car", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]


def losses(kind, table):
    return LOSSES[kind].function(zanjir.tensor(table.X, "scores"), table.y).value


def test_row_15_hinge_losses_of_three_classes_come_from_the_file():
    found = losses("hinge", score_table("three-classes"))
    np.testing.assert_allclose(found, [2.9, 0, 12.9], atol=SIX_DECIMALS)  # N7, N8, N9
    assert found.mean() == pytest.approx(5.266667, abs=SIX_DECIMALS)  # N10


@pytest.mark.parametrize(
    ("kind", "expected", "mean"),
    [
        ("hinge", [10.58, 0.27, 71.91], 27.586667),
        ("squared_hinge", [47.6452, 0.0729, 678.2827], 242.000267),
        ("softmax", [5.169843, 0.577481, 11.294485], 5.680603),
    ],
)
def test_row_15_losses_of_ten_classes_come_from_the_file(kind, expected, mean):
    found = losses(kind, score_table("ten-classes"))
    np.testing.assert_allclose(found, expected, atol=SIX_DECIMALS)  # N33
    assert found.mean() == pytest.approx(mean, abs=SIX_DECIMALS)


def test_row_15_only_the_second_of_the_three_images_is_recognized():
    table = score_table("ten-classes")
    assert list(table.classes) == CIFAR_CLASSES
    assert [table.classes[label] for label in table.y] == ["cat", "car", "frog"]
    assert [table.classes[best] for best in table.X.argmax(axis=1)] == ["dog", "car", "truck"]
    right = table.X[np.arange(3), table.y]
    assert (1 + (right[:, None] < table.X).sum(axis=1)).tolist() == [4, 1, 9]


def test_row_15_another_file_gives_other_losses(tmp_path, monkeypatch):
    with (Path(zanjir.data.__file__).parent / "tables" / "three-classes.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    rows[1][2] = "6.1"  # the car's score of the first image, one more
    with (tmp_path / "three-classes.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    monkeypatch.setattr("zanjir.data.score_tables.FOLDER", tmp_path)
    np.testing.assert_allclose(losses("hinge", score_table("three-classes")), [3.9, 0, 12.9], atol=SIX_DECIMALS)


@pytest.mark.parametrize(
    ("n", "degree", "exactly", "cross", "up_to"),
    [
        (64, 2, 2_080, 2_016, 2_145),  # N34
        (64, 3, 45_760, 41_664, 47_905),  # N35
        (3072, 2, 4_720_128, 4_717_056, 4_723_201),  # N36
        (3072, 3, 4_836_557_824, 4_827_120_640, 4_841_281_025),  # N37
    ],
)
def test_row_16_numbers_of_products_by_formula(n, degree, exactly, cross, up_to):
    counts = {terms: PolynomialFeatures(n, degree, terms).count for terms in ("exactly", "cross", "up to")}
    assert counts == {"exactly": exactly, "cross": cross, "up to": up_to}


@pytest.mark.parametrize("terms", ["exactly", "cross", "up to"])
@pytest.mark.parametrize(("n", "degree"), [(2, 2), (3, 4), (8, 3), (64, 2)])
def test_row_16_an_expansion_is_as_long_as_the_formula_says(terms, n, degree):
    features = PolynomialFeatures(n, degree, terms)
    X = np.random.default_rng(0).standard_normal((3, n))
    assert features(X).shape == (3, features.count)
    assert len(set(features.names)) == features.count


def test_row_16_the_digits_have_2080_products_of_two_pixels():
    digits = zanjir.load("digits")
    products = PolynomialFeatures(64, 2, "exactly")(digits.X[:10])
    assert products.shape == (10, 2_080)
    pairs = [digits.X[0, i] * digits.X[0, j] for i in range(64) for j in range(i, 64)]
    assert products[0].tolist() == pairs


def test_row_16_a_polynomial_is_a_linear_model_of_its_products():
    x = np.array([[0.0], [1.0], [2.0], [3.0]])  # N76: y = 0.25 x² + 0.35 x + 1.35 fits (1, 3, 2, 5) best
    y = np.array([1.0, 3.0, 2.0, 5.0])
    X = PolynomialFeatures(1, 2)(x)
    w = np.linalg.lstsq(X, y, rcond=None)[0]
    np.testing.assert_allclose(w, [1.35, 0.35, 0.25], atol=SIX_DECIMALS)
    assert np.sum((X @ w - y) ** 2) == pytest.approx(2.45, abs=SIX_DECIMALS)
