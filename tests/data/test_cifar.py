import pickle

import numpy as np
import pytest

from data.cifar_files import CAT, DOG, planes, python2_batch, python2_names, records
from zanjir.data import cifar, load, read_cifar_folder, split, write_idx
from zanjir.errors import DataError

NAMES = ("cat", "dog")


def expected_rows(pictures):
    """The bytes of each pixel in the order of a picture, by the description of the format alone."""
    rows = np.empty((len(pictures), 3072), dtype=np.uint8)
    for row, picture in zip(rows, pictures, strict=True):
        for place in range(1024):
            for channel in range(3):
                row[3 * place + channel] = picture[1024 * channel + place]
    return rows


def write(folder, **files):
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_bytes(content)
    return folder


@pytest.fixture
def binary(tmp_path):
    return write(
        tmp_path / "cifar-10-batches-bin",
        data_batch_1__bin=records([(CAT,), (DOG,)], planes(2)),
        data_batch_2__bin=records([(DOG,)], planes(1, 9)),
        test_batch__bin=records([(DOG,), (CAT,)], planes(2, 50)),
        batches__meta__txt=b"cat\ndog\n\n",
    )


@pytest.fixture
def python(tmp_path):
    return write(
        tmp_path / "cifar-10-batches-py",
        data_batch_1=python2_batch([CAT, DOG], planes(2)),
        data_batch_2=python2_batch([DOG], planes(1, 9)),
        test_batch=python2_batch([DOG, CAT], planes(2, 50)),
        batches__meta=python2_names(list(NAMES)),
        readme__html=b"<html>",
    )


def assert_is_expected(data):
    assert np.array_equal(data.X, expected_rows(np.concatenate([planes(2), planes(1, 9)])))
    assert (data.y.tolist(), data.test.y.tolist()) == ([CAT, DOG, DOG], [DOG, CAT])
    assert np.array_equal(data.test.X, expected_rows(planes(2, 50)))
    assert (data.classes, data.image_shape, data.scale) == (NAMES, (32, 32, 3), 255.0)
    assert (data.X.dtype, data.test.classes, data.test.test) == (np.uint8, NAMES, None)


@pytest.mark.parametrize("version", ["binary", "python"])
def test_both_versions_of_cifar_10_are_one_data_set(version, request):
    folder = request.getfixturevalue(version)
    data = read_cifar_folder(folder)
    assert data.name == folder.name
    assert_is_expected(data)


@pytest.mark.parametrize("version", ["binary", "python"])
def test_load_recognizes_the_folder(version, request):
    assert_is_expected(load(request.getfixturevalue(version)))


@pytest.mark.parametrize("protocol", [2, 4])
def test_batches_that_python_3_pickled(tmp_path, protocol):
    batch = {"data": planes(2), "labels": [CAT, DOG]}
    folder = write(tmp_path, data_batch_1=pickle.dumps(batch, protocol))
    data = load(folder)
    assert np.array_equal(data.X, expected_rows(planes(2)))
    assert data.test is None


def test_cifar_100_has_two_labels_per_picture_and_the_fine_one_counts(tmp_path):
    binary = write(
        tmp_path / "bin",
        train__bin=records([(7, CAT), (9, DOG)], planes(2)),
        test__bin=records([(9, CAT)], planes(1)),
        fine_label_names__txt=b"cat\ndog\n",
        coarse_label_names__txt=b"animals\n",
    )
    python = write(
        tmp_path / "py",
        train=python2_batch([CAT, DOG], planes(2), key="fine_labels"),
        test=python2_batch([CAT], planes(1), key="fine_labels"),
        meta=python2_names(list(NAMES), key="fine_label_names"),
    )
    for folder in (binary, python):
        data = load(folder)
        assert (data.y.tolist(), data.test.y.tolist(), data.classes) == ([CAT, DOG], [CAT], NAMES)
        assert np.array_equal(data.X, expected_rows(planes(2)))


def test_the_tenth_batch_comes_after_the_second(tmp_path):
    for number in (10, 2, 1):
        write(tmp_path, **{f"data_batch_{number}__bin": records([(number,)], planes(1))})
    assert load(tmp_path).y.tolist() == [1, 2, 10]


def test_some_batches_are_enough_and_without_names_classes_are_numbers(tmp_path):
    data = load(write(tmp_path, test_batch__bin=records([(0,), (3,)], planes(2))))
    assert (data.n_samples, data.test, data.classes) == (2, None, ("0", "1", "2", "3"))


def test_of_both_versions_in_a_folder_the_binary_one_is_taken(binary):
    write(binary, data_batch_1=b"no pickle", test_batch=b"no pickle", batches__meta=b"no pickle")
    assert_is_expected(load(binary))


def test_files_called_train_and_test_alone_are_not_cifar(tmp_path):
    write(tmp_path, train=b"mine", test=b"mine")
    assert not cifar.holds_cifar(tmp_path)
    write_idx(tmp_path / "train-images-idx3-ubyte", planes(2).reshape(2, 32, 96))
    write_idx(tmp_path / "train-labels-idx1-ubyte", np.array([0, 1], dtype=np.uint8))
    assert load(tmp_path).image_shape == (32, 96)


def test_names_may_be_in_any_language_and_are_texts_or_bytes(tmp_path):
    names = {"label_names": ["گربه", "می‌دود".encode()]}
    folder = write(tmp_path, test_batch=python2_batch([CAT, DOG], planes(2)), batches__meta=pickle.dumps(names, 4))
    assert load(folder).classes == ("گربه", "می‌دود")


@pytest.mark.parametrize(
    ("names", "why"),
    [
        (b"cat\n", r"y\[1\] is 1; expected labels in \[0, 1\)"),
        (b"cat\ncat\n", "classes must have different names"),
        (b"cat\n\x1b[2J\n", r"has the class name '\\x1b\[2J'; expected names of characters that can be shown"),
    ],
)
def test_names_that_do_not_fit_the_labels(binary, names, why):
    write(binary, batches__meta__txt=names)
    with pytest.raises(DataError if "classes must" not in why else ValueError, match=why):
        load(binary)


def test_a_name_must_not_be_blank(python):
    write(python, batches__meta=python2_names(["cat", " "]))
    with pytest.raises(DataError, match=r"batches\.meta has the class name ''; expected names of characters that can"):
        load(python)


def test_half_a_character_in_a_name_is_shown_as_what_it_is(tmp_path):
    names = b"}U\x0blabel_names](X\x01\x00\x00\x00aX\x03\x00\x00\x00\xed\xa0\x80es."
    data = load(write(tmp_path, test_batch=python2_batch([CAT, DOG], planes(2)), batches__meta=names))
    assert data.classes == ("a", r"\xed\xa0\x80")


@pytest.mark.parametrize("content", [b"", bytes(3072), bytes(3074), records([(0,)], planes(1))[:-1]])
def test_a_binary_batch_must_hold_whole_records(binary, content):
    write(binary, data_batch_2__bin=content)
    with pytest.raises(DataError, match=rf"data_batch_2\.bin has {len(content)} bytes; expected a whole number of"):
        load(binary)


def pickled(**entries):
    return pickle.dumps(entries, 3)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (pickled(labels=[0]), "has no entry 'data'"),
        (pickled(data=planes(1)), "has no entry 'labels'"),
        (pickled(data=[1], labels=[0]), r"data is a list; expected bytes of shape \(N, 3072\)"),
        (pickled(data=planes(1)[0], labels=[0]), r"data is an array of shape \(3072,\); expected"),
        (pickled(data=planes(1)[:, :-1], labels=[0]), r"data is an array of shape \(1, 3071\); expected"),
        (python2_batch([], planes(0)), "it has an array whose shape does not hold its 0 bytes"),
        (pickled(data=planes(1), labels=(0,)), "labels is a tuple; expected a list of whole numbers in"),
        (pickled(data=planes(1), labels=["cat"]), "labels is a list; expected a list of whole numbers in"),
        (pickled(data=planes(1), labels=[256]), "labels is a list; expected a list of whole numbers in"),
        (pickled(data=planes(1), labels=[True]), "labels is a list; expected a list of whole numbers in"),
        (pickled(data=planes(1), labels=[0, 1]), "holds 1 pictures and 2 labels"),
        (b"cos\nsystem\n(S'ls'\ntR.", "it names 'os system', which data do not need; nothing was executed"),
        (b"", "is not read: it ends too early"),
    ],
)
def test_a_pickled_batch_must_be_one(python, content, why):
    write(python, data_batch_2=content)
    with pytest.raises(DataError, match=rf"data_batch_2.* {why}"):
        load(python)


@pytest.mark.parametrize("names", [7, ["cat", 3], None])
def test_pickled_names_must_be_names(python, names):
    write(python, batches__meta=pickled(label_names=names))
    with pytest.raises(DataError, match=r"batches\.meta: label_names is .*; expected a list of names"):
        load(python)


def test_a_file_larger_than_any_batch_is_not_read(binary, monkeypatch):
    monkeypatch.setattr(cifar, "MAX_BYTES", 6000)
    with pytest.raises(DataError, match=r"data_batch_1\.bin has 6146 bytes; expected at most 6000"):
        load(binary)


def test_no_folder_and_no_batches(tmp_path):
    with pytest.raises(DataError, match=r"there is no folder .*nowhere; expected CIFAR's batches"):
        read_cifar_folder(tmp_path / "nowhere")
    with pytest.raises(DataError, match="holds no batch of CIFAR; expected CIFAR's batches, such as data_batch_1"):
        read_cifar_folder(tmp_path)
    (tmp_path / "cifar-10-binary.tar.gz").touch()
    with pytest.raises(DataError, match="is not a folder; give the folder that holds the files, unpacked"):
        load(tmp_path / "cifar-10-binary.tar.gz")


def test_a_training_and_a_validation_part(binary):
    write(binary, data_batch_3__bin=records([(CAT,), (DOG,)] * 10, planes(20)))
    train, rest = split(load(binary), 0.25, seed=0)
    assert (train.n_samples, rest.n_samples) == (17, 6)
