"""Rows 13 and 14: the digits that need no network, and the small made-up sets."""

import socket

import numpy as np
import pytest
from sklearn.datasets import make_moons

from zanjir.data import TOYS, Dataset, load, moons, read_idx_folder, write_idx
from zanjir.errors import DataError
from zanjir.nn import LOSSES, mlp
from zanjir.optim import Adam
from zanjir.program import Problem
from zanjir.training import Model, Plan, Samples, Trainer, fit

LINEAR_ON_MOONS = 0.845  # the lectures' number, of 200 points


@pytest.fixture
def offline(monkeypatch, tmp_path):
    """No network and an empty cache."""

    def refuse(*_args, **_kwargs):
        raise OSError("no network in this test")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setenv("ZANJIR_CACHE_DIR", str(tmp_path))


@pytest.mark.usefixtures("offline")
def test_row_13_digits_load_offline():
    digits = load("digits")
    assert digits.X.shape == (1797, 64)
    assert len(digits.classes) == 10
    assert np.unique(digits.y).tolist() == list(range(10))
    assert (digits.X.min(), digits.X.max(), digits.scale, digits.image_shape) == (0, 16, 16, (8, 8))


@pytest.mark.usefixtures("offline")
def test_row_13_without_a_network_mnist_says_what_to_do_and_digits_are_there():
    with pytest.raises(DataError, match=r"could not be downloaded from .*; go online, put the data set's files into"):
        load("mnist")
    assert load("digits").n_samples == 1797


def test_row_13_digits_and_files_in_the_format_of_mnist_are_read_alike(tmp_path):
    digits = load("digits")
    write_idx(tmp_path / "train-images-idx3-ubyte", digits.X[:50].reshape(-1, 8, 8).astype(np.uint8))
    write_idx(tmp_path / "train-labels-idx1-ubyte", digits.y[:50].astype(np.uint8))
    files = read_idx_folder(tmp_path)
    assert isinstance(files, Dataset)
    assert np.array_equal(files.X, digits.X[:50])
    assert np.array_equal(files.y, digits.y[:50])
    assert files.image_shape == digits.image_shape


@pytest.mark.parametrize("name", TOYS)
def test_row_14_a_made_up_set_is_decided_by_its_seed(name):
    first, again, other = (load(name, n_samples=60, seed=seed) for seed in (0, 0, 1))
    assert first.X.tobytes() == again.X.tobytes()
    assert first.y.tobytes() == again.y.tobytes()
    assert first.X.tobytes() != other.X.tobytes()


def test_row_14_there_are_separable_and_inseparable_sets_and_one_of_iris_size():
    assert {"gaussians", "moons", "circles", "xor", "spirals"} <= TOYS.keys()
    iris_sized = TOYS["gaussians"](150, n_features=4, n_classes=3)
    assert iris_sized.X.shape == (150, 4)
    assert len(iris_sized.classes) == 3


def accuracy(hidden, X, y):
    """Train on all samples at once, and return the share that is right."""
    problem = Problem(mlp(hidden, 2, activation="tanh"), LOSSES["softmax"], 2, 2, dtype=np.float64)
    trainer = Trainer(problem, Plan(optimizer=Adam(0.05), epochs=300), Samples(X, y), n_classes=2)
    fit(trainer)
    return Model(problem, trainer.W, ("upper", "lower")).evaluate(X, y).accuracy


def test_row_14_a_linear_model_reaches_the_lectures_number_on_moons_and_a_net_passes_97_percent():
    X, y = make_moons(200, noise=0.2, random_state=0)  # the set on which the lectures' number was measured
    assert accuracy([], X, y) == pytest.approx(LINEAR_ON_MOONS)
    assert accuracy([3], X, y) >= 0.97


@pytest.mark.parametrize("hidden", [3, 6, 20])
def test_row_14_nets_with_three_or_more_hidden_units_separate_our_moons_which_no_line_does(hidden):
    data = moons(200, noise=0.2, seed=1)
    assert accuracy([], data.X, data.y) < 0.92
    assert accuracy([hidden], data.X, data.y) >= 0.97


def test_row_14_a_linear_model_separates_separable_clouds():
    data = load("gaussians", n_samples=200)
    assert accuracy([], data.X, data.y) == 1.0
