import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import zanjir.data
from zanjir.data import TOYS, Dataset, catalogue, dataset_names, load, write_idx
from zanjir.errors import DataError, ParameterError


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "mine"
    path.mkdir()
    write_idx(path / "train-images-idx3-ubyte", np.arange(40, dtype=np.uint8).reshape(10, 2, 2))
    write_idx(path / "train-labels-idx1-ubyte", np.arange(10, dtype=np.uint8))
    write_idx(path / "t10k-images-idx3-ubyte", np.zeros((3, 2, 2), dtype=np.uint8))
    write_idx(path / "t10k-labels-idx1-ubyte", np.arange(3, dtype=np.uint8))
    return path


def test_names():
    assert dataset_names() == ("digits", "mnist", "fashion-mnist", *TOYS)


def test_every_public_name_is_there():
    assert zanjir.data.__all__ == sorted(zanjir.data.__all__, key=lambda n: (not n.isupper(), n.islower(), n))
    assert all(hasattr(zanjir.data, name) for name in zanjir.data.__all__)


def test_digits():
    data = load("digits")
    assert (data.name, data.X.shape, data.X.dtype) == ("digits", (1797, 64), np.float32)
    assert (data.image_shape, data.scale, data.classes) == ((8, 8), 16.0, tuple("0123456789"))
    assert (data.X.min(), data.X.max(), data.test) == (0.0, 16.0, None)
    assert np.bincount(data.y).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_digits_are_those_of_scikit_learn():
    from sklearn.datasets import load_digits

    data, bunch = load("digits"), load_digits()
    assert data.X.tobytes() == bunch.data.astype(np.float32).tobytes()
    assert (data.y.dtype, data.y.tobytes()) == (np.int64, bunch.target.astype(np.int64).tobytes())
    assert data.classes == tuple(map(str, bunch.target_names))


def test_digits_are_found_where_scikit_learn_keeps_them_elsewhere(monkeypatch):
    expected = load("digits")
    monkeypatch.setattr(catalogue, "DIGITS", ("moved", "digits.csv.gz"))
    data = load("digits")
    assert (data.X.tobytes(), data.y.tobytes()) == (expected.X.tobytes(), expected.y.tobytes())


def test_digits_come_without_importing_scikit_learn():
    code = "import sys; from zanjir.data import load; load('digits'); print('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "False\n"


@pytest.mark.parametrize("name", TOYS)
def test_toys_by_name(name):
    data = load(name, seed=3, n_samples=12)
    assert isinstance(data, Dataset)
    assert data.X.tobytes() == TOYS[name](12, seed=3).X.tobytes()
    assert load(name).X.tobytes() == TOYS[name]().X.tobytes()


def test_names_in_any_case():
    assert load("Moons", n_samples=4).name == "moons"


@pytest.mark.parametrize("kind", [str, Path])
def test_a_folder(folder, kind):
    data = load(kind(folder))
    assert (data.name, data.n_samples, data.test.n_samples) == ("mine", 10, 3)


def test_a_folder_beside_us_needs_no_slash_unless_it_has_a_known_name(folder, monkeypatch):
    monkeypatch.chdir(folder.parent)
    assert load("mine").n_samples == 10
    folder.rename(folder.parent / "moons")
    assert load("moons").n_samples == 500
    assert load("./moons").n_samples == 10
    assert load(Path("moons")).n_samples == 10


def test_some_samples_are_a_seeded_choice_in_order(folder):
    whole, some = load(folder), load(folder, n_samples=4, seed=1)
    assert (some.n_samples, some.test.n_samples) == (4, 3)
    assert some.y.tolist() == sorted(set(some.y.tolist()))
    assert np.array_equal(some.X, whole.X[some.y])
    assert np.array_equal(some.y, load(folder, n_samples=4, seed=1).y)
    choices = {tuple(load(folder, n_samples=4, seed=seed).y) for seed in range(10)}
    assert len(choices) > 1
    assert load(folder, n_samples=10).y.tolist() == whole.y.tolist()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_samples": 11}, r"n_samples must be at most 10, the size of mine; got 11"),
        ({"n_samples": 0}, r"n_samples must be a whole number of at least 1; got 0"),
        ({"n_samples": 3, "seed": -1}, r"seed must be a whole number of at least 0; got -1"),
    ],
)
def test_bad_numbers(folder, arguments, message):
    with pytest.raises(ParameterError, match=message):
        load(folder, **arguments)


def test_an_unknown_name_lists_the_names_and_the_way_out():
    with pytest.raises(ParameterError) as caught:
        load("moon")
    said = str(caught.value)
    assert said.startswith("unknown data set 'moon'; expected digits, mnist, ")
    assert all(name in said for name in dataset_names())
    assert "Did you mean 'moons'?" in said
    assert said.endswith("Or give the path of a folder with IDX or CIFAR files; there is no folder 'moon'.")


@pytest.mark.parametrize("name", ["", "quite-another", "x" * 5000])
def test_names_that_are_near_to_nothing(name):
    with pytest.raises(ParameterError, match=r"unknown data set .* expected digits"):
        load(name)


def test_paths_that_cannot_be_used(tmp_path, monkeypatch):
    with pytest.raises(DataError, match=r"there is no folder .*nowhere"):
        load(tmp_path / "nowhere")
    with pytest.raises(DataError, match=r"there is no folder \./nowhere|there is no folder nowhere"):
        load("./nowhere")
    with pytest.raises(DataError, match=r"holds no files"):
        load(tmp_path)
    (tmp_path / "notes.txt").write_text("x")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=r"notes\.txt is not a folder"):
        load("notes.txt")


def test_offline_is_one_data_error(monkeypatch, cache):
    def offline(*_, **__):
        raise OSError(101, "Network is unreachable")

    monkeypatch.setattr("urllib.request.urlopen", offline)
    with pytest.raises(DataError, match=r"could not be downloaded from https://.*Network is unreachable") as caught:
        load("fashion-mnist")
    assert str(cache / "fashion-mnist") in str(caught.value)


def test_importing_the_room_costs_numpy_alone():
    code = (
        "import sys, zanjir.data; "
        "heavy = {'sklearn', 'scipy', 'platformdirs', 'urllib.request', 'http.client', 'matplotlib'}; "
        "print(*sorted(heavy & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "\n", "")


def test_the_real_test_images_in_a_training_and_a_test_part(mnist_folder):
    data = load(mnist_folder)
    train, test = zanjir.data.split(data, 0.2, seed=0)
    assert (train.n_samples, test.n_samples) == (8000, 2000)
    assert np.abs(np.bincount(test.y) - np.bincount(data.y) / 5).max() < 1
