from pathlib import Path

import numpy as np
import pytest

from zanjir.data import read_idx_folder, write_idx
from zanjir.errors import DataError

SPELLINGS = [
    ("{}-images-idx3-ubyte", "{}-labels-idx1-ubyte"),
    ("{}-images-idx3-ubyte.gz", "{}-labels-idx1-ubyte.gz"),
    ("{}-images.idx3-ubyte", "{}-labels.idx1-ubyte"),
    ("{}-images-idx3-ubyte.gz", "{}-labels.idx1-ubyte"),
]


def images(count, start=0):
    return (np.arange(count * 6) + start).astype(np.uint8).reshape(count, 2, 3)


def put(folder, kind="train", count=4, spelling=SPELLINGS[1], labels=None):
    labels = np.arange(count) % 10 if labels is None else labels
    write_idx(folder / spelling[0].format(kind), images(count))
    write_idx(folder / spelling[1].format(kind), np.array(labels, dtype=np.uint8))


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_training_and_test_in_every_spelling(tmp_path, spelling):
    folder = tmp_path / "letters"
    folder.mkdir()
    put(folder, "train", 4, spelling)
    put(folder, "t10k", 3, spelling)
    data = read_idx_folder(folder)
    assert data.name == "letters"
    assert np.array_equal(data.X, images(4).reshape(4, 6))
    assert (data.X.dtype, data.y.dtype, data.y.tolist()) == (np.uint8, np.int64, [0, 1, 2, 3])
    assert (data.image_shape, data.scale, data.classes) == ((2, 3), 255.0, tuple("0123456789"))
    assert (data.test.n_samples, data.test.test) == (3, None)


def test_test_is_also_called_test(tmp_path):
    put(tmp_path, "emnist-letters-train", 4)
    put(tmp_path, "emnist-letters-test", 2)
    data = read_idx_folder(tmp_path)
    assert (data.n_samples, data.test.n_samples) == (4, 2)


@pytest.mark.parametrize("kind", ["train", "t10k", "mine"])
def test_one_pair_is_the_data_set(tmp_path, kind):
    put(tmp_path, kind, 5)
    data = read_idx_folder(tmp_path)
    assert (data.n_samples, data.test) == (5, None)


def test_a_plain_file_is_taken_before_its_compressed_twin(tmp_path):
    put(tmp_path, "train", 5, SPELLINGS[0])
    put(tmp_path, "train", 3, SPELLINGS[1])
    assert read_idx_folder(tmp_path).n_samples == 5


def test_other_and_hidden_files_are_left_alone(tmp_path):
    put(tmp_path)
    (tmp_path / "README.md").write_text("about")
    (tmp_path / ".train-images-idx3-ubyte.gz.1234.part").write_text("left by a killed process")
    (tmp_path / "images").mkdir()
    assert read_idx_folder(tmp_path).n_samples == 4


def test_classes_go_on_to_the_largest_label_of_either_part(tmp_path):
    put(tmp_path, "train", 4)
    put(tmp_path, "test", 2, labels=[0, 11])
    data = read_idx_folder(tmp_path)
    assert data.classes[9:] == ("9", "10", "11")
    assert data.test.classes == data.classes


def test_given_name_and_classes(tmp_path):
    put(tmp_path, count=2)
    data = read_idx_folder(tmp_path, name="pets", classes=("cat", "dog"))
    assert (data.name, data.classes) == ("pets", ("cat", "dog"))


def test_labels_outside_the_given_classes_are_refused(tmp_path):
    put(tmp_path, count=3)
    with pytest.raises(DataError, match=r"pets: y\[2\] is 2; expected labels in \[0, 2\)"):
        read_idx_folder(tmp_path, name="pets", classes=("cat", "dog"))


def test_the_name_of_the_folder_we_are_in(tmp_path, monkeypatch):
    put(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert read_idx_folder(".").name == tmp_path.name


def test_different_numbers_of_images_and_labels(tmp_path):
    put(tmp_path, count=4, labels=[1, 2, 3])
    with pytest.raises(DataError, match=r"train-images.* holds 4 images and train-labels-idx1-ubyte\.gz 3 labels"):
        read_idx_folder(tmp_path)


@pytest.mark.parametrize(("gone", "partner"), [("images", "images"), ("labels", "labels")])
def test_half_a_pair(tmp_path, gone, partner):
    put(tmp_path, "train")
    put(tmp_path, "t10k")
    next(tmp_path.glob(f"t10k-{gone}*")).unlink()
    with pytest.raises(DataError, match=rf"holds t10k-\w+-idx\d-ubyte\.gz but not its {partner}"):
        read_idx_folder(tmp_path)


@pytest.mark.parametrize(
    "kinds", [["train", "t10k", "extra"], ["one", "two"], ["train", "more-train"], ["train-test", "other"]]
)
def test_pairs_that_cannot_be_told_apart(tmp_path, kinds):
    for kind in kinds:
        put(tmp_path, kind)
    with pytest.raises(DataError, match=rf"holds {len(kinds)} pairs .*; expected one pair, or one with train"):
        read_idx_folder(tmp_path)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (
            np.ones((4, 2, 3), dtype=np.float32),
            r"images.* holds float32 \(4, 2, 3\); expected uint8 with at lea",
        ),
        (
            np.ones(4, dtype=np.uint8),
            r"images.* holds uint8 \(4,\); expected uint8 with at least 2 dimensions",
        ),
    ],
)
def test_images_must_be_bytes(tmp_path, array, message):
    put(tmp_path)
    write_idx(tmp_path / "train-images-idx3-ubyte.gz", array)
    with pytest.raises(DataError, match=message):
        read_idx_folder(tmp_path)


@pytest.mark.parametrize("array", [np.ones(4, dtype=np.int32), np.ones((4, 1), dtype=np.uint8)])
def test_labels_must_be_a_row_of_bytes(tmp_path, array):
    put(tmp_path)
    write_idx(tmp_path / "train-labels-idx1-ubyte.gz", array)
    with pytest.raises(DataError, match=r"labels.* expected uint8 with 1 dimensions"):
        read_idx_folder(tmp_path)


def test_no_folder_no_files_and_no_idx_files(tmp_path):
    with pytest.raises(DataError, match=r"there is no folder .*nowhere; expected IDX files such as train-images"):
        read_idx_folder(tmp_path / "nowhere")
    with pytest.raises(DataError, match=r"holds no files; expected IDX files"):
        read_idx_folder(tmp_path)
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(DataError, match=r"holds 1 files, among them a\.txt; expected IDX files"):
        read_idx_folder(tmp_path)
    with pytest.raises(DataError, match=r"a\.txt is not a folder; give the folder"):
        read_idx_folder(tmp_path / "a.txt")


def test_an_unreadable_folder(tmp_path, monkeypatch):
    def refuse(_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(DataError, match=r"cannot be read: Permission denied"):
        read_idx_folder(tmp_path)


def test_real_files(mnist_folder):
    data = read_idx_folder(mnist_folder)
    assert (data.X.shape, data.image_shape, data.test) == ((10_000, 784), (28, 28), None)
    assert np.bincount(data.y).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
