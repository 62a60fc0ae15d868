"""The model file: its numbers come back bit for bit, it holds nothing that could run, and damage is a sentence."""

import copy
import json
import os
import re
import struct
from contextlib import suppress

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from training.problems import model, same_bits, trained
from zanjir.errors import DataError, NonFiniteError
from zanjir.files import replacing
from zanjir.nn import ACTIVATIONS, L1, L2, LOSSES, ElasticNet
from zanjir.training import Preparation, load_model, load_training, save_model

NAMES = ("a", "b", "c")
X = np.random.default_rng(3).standard_normal((40, 3))

PROBLEMS = {
    **{f"{loss} loss": {"loss": loss} for loss in LOSSES},
    **{f"{name} activation": {"activation": name} for name in ACTIVATIONS},
    **{type(penalty).__name__: {"penalty": penalty} for penalty in (L2(0.1), L1(0.2), ElasticNet(0.3, beta=0.25))},
    "dropout": {"dropout": 0.25},
    "linear": {"hidden": ()},
    "deep": {"hidden": (5, 4, 3)},
    "float64": {"dtype": np.float64},
    "prepared": {"preparation": Preparation(1 / 3, 0.1)},
    "pictures": {"image_shape": (1, 3)},
    "Persian names": {"classes": ("یک", "دو", "سه\n")},
}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.safetensors"


@pytest.fixture
def saved(path):
    """A model's file, with its state of training."""
    save_model(path, model(classes=NAMES, image_shape=(1, 3)), ({"training.W": np.arange(3.0)}, {"t": 5}))
    return path


def contents(path):
    with safe_open(path, framework="numpy") as file:
        return {name: file.get_tensor(name) for name in file.keys()}, file.metadata()  # noqa: SIM118 - not a dict


def rewrite(path, change=None, tensors=None, **metadata):
    """Write the file again with its description changed."""
    arrays, texts = contents(path)
    facts = json.loads(texts["model"])
    if change:
        change(facts)
    save_file(arrays if tensors is None else tensors, path, {**texts, "model": json.dumps(facts), **metadata})


def assert_refused(path, sentence="."):
    with pytest.raises(DataError, match=sentence) as caught:
        load_training(path)
    text = str(caught.value)
    assert str(path) in text
    assert text.endswith(".")
    assert not text.endswith("..")
    assert "\n" not in text


@pytest.mark.parametrize("facts", PROBLEMS.values(), ids=PROBLEMS)
def test_a_model_comes_back_bit_for_bit(facts, path):
    before = model(**{"classes": NAMES, **facts})
    save_model(path, before)
    after = load_model(path)
    assert same_bits(after.W, before.W)
    assert same_bits(after.scores(X), before.scores(X))
    assert np.array_equal(after.predict(X), before.predict(X))
    assert (after.problem, after.classes, after.preparation, after.image_shape) == (
        before.problem, before.classes, before.preparation, before.image_shape,
    )  # fmt: skip


def test_a_regression_comes_back(path):
    before = model(loss="squared_error", k=2)
    save_model(path, before)
    assert load_model(path).classes == ()
    assert same_bits(load_model(path).predict(X), before.predict(X))


def test_a_model_without_training_says_so_and_one_with_it_brings_its_arrays(saved, tmp_path):
    _, arrays, state = load_training(saved)
    assert {name: array.tolist() for name, array in arrays.items()} == {"training.W": [0, 1, 2]}
    assert state == {"t": 5}
    save_model(tmp_path / "bare.safetensors", model())
    assert load_training(tmp_path / "bare.safetensors")[1:] == ({}, None)


def test_the_file_is_numbers_and_json_and_nothing_else(saved):
    arrays, texts = contents(saved)
    assert set(texts) == {"format", "model"}
    assert texts["format"] == "zanjir model 1"
    assert set(json.loads(texts["model"])) == {"problem", "classes", "preparation", "image_shape", "training"}
    assert set(arrays) == {"W1", "b1", "W2", "b2", "training.W"}
    content = saved.read_bytes()
    (header,) = struct.unpack("<Q", content[:8])
    assert set(json.loads(content[8 : 8 + header])) == {"__metadata__", *arrays}
    assert len(content) == 8 + header + sum(array.nbytes for array in arrays.values())


def test_numbers_that_json_does_not_have_are_not_written(path):
    with pytest.raises(ValueError, match="Out of range float"):
        save_model(path, model(), ({}, {"t": float("nan")}))
    assert not path.exists()


def test_a_view_that_is_not_contiguous_is_saved_as_it_looks(path):
    save_model(path, model(), ({"T": np.arange(6.0).reshape(2, 3).T}, {}))
    assert load_training(path)[1]["T"].tolist() == [[0, 3], [1, 4], [2, 5]]


# written whole or not at all


def fail(*given, **facts):
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("at", ["pathlib.Path.open", "os.fsync", "pathlib.Path.replace"])
def test_a_failing_write_leaves_the_old_file_and_no_other(at, saved, monkeypatch):
    before = saved.read_bytes()
    monkeypatch.setattr(at, fail)
    with pytest.raises(DataError, match=rf"^{re.escape(str(saved))} cannot be written: No space left on device;"):
        save_model(saved, model(d=4))
    monkeypatch.undo()
    assert saved.read_bytes() == before
    assert os.listdir(saved.parent) == [saved.name]


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError, ZeroDivisionError])
def test_a_write_that_is_interrupted_half_way_leaves_the_old_file_and_no_other(error, saved):
    before = saved.read_bytes()

    def stop_half_way():
        with replacing(saved) as file:
            file.write(b"half")
            raise error

    with pytest.raises(error):
        stop_half_way()
    assert saved.read_bytes() == before
    assert os.listdir(saved.parent) == [saved.name]


def test_the_old_file_is_there_until_the_new_one_is_complete(saved):
    before = saved.read_bytes()
    with replacing(saved) as file:
        file.write(b"new")
        file.flush()
        assert saved.read_bytes() == before
    assert saved.read_bytes() == b"new"
    assert os.listdir(saved.parent) == [saved.name]


def test_an_absent_folder_is_a_sentence(tmp_path):
    with pytest.raises(DataError, match=r"absent.* cannot be written: No such file or directory;"):
        save_model(tmp_path / "absent" / "m.safetensors", model())
    assert os.listdir(tmp_path) == []


def test_a_folder_in_the_files_place_is_a_sentence(path):
    path.mkdir()
    with pytest.raises(DataError, match=r" cannot be written: Is a directory;"):
        save_model(path, model())
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_a_sentence(tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(DataError, match="Permission denied"):
            save_model(tmp_path / "m.safetensors", model())
    finally:
        tmp_path.chmod(0o700)


# damage


def test_a_missing_file_is_a_sentence(path):
    assert_refused(path, r"^there is no file .*; expected a saved model such as RUN/model\.safetensors\.$")


def test_a_folder_is_no_model(path):
    path.mkdir()
    assert_refused(path, "^there is no file")


def test_every_truncation_is_refused(saved):
    whole = saved.read_bytes()
    for length in [*range(64), *range(64, len(whole), 37), len(whole) - 1]:
        saved.write_bytes(whole[:length])
        assert_refused(saved, "is damaged or no safetensors file")


def test_appended_bytes_are_refused(saved):
    saved.write_bytes(saved.read_bytes() + b"more")
    assert_refused(saved, "is damaged")


@pytest.mark.parametrize("bit", range(8))
def test_any_flipped_bit_is_refused_or_leaves_a_model_of_finite_numbers(saved, bit):
    whole = saved.read_bytes()
    rng = np.random.default_rng(bit)
    refused = 0
    name = re.escape(str(saved))
    for place in rng.choice(len(whole), 120, replace=False):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << bit
        saved.write_bytes(damaged)
        try:
            found = load_model(saved)
        except DataError:
            assert_refused(saved, name)
            refused += 1
        else:
            assert np.isfinite(found.W).all()
            with suppress(NonFiniteError):  # a flipped exponent can make a parameter 1e38
                assert found.predict(X).shape == (40,)
    assert refused > 20


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04", b"\x80\x04\x95K.", b"{}", b"\xff" * 1000, struct.pack("<Q", 2**63) + b"{}"]
)
def test_files_of_other_kinds_are_refused(path, content):
    path.write_bytes(content)
    assert_refused(path, "is damaged or no safetensors file")


def write_header(path, header):
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"\0" * 4)


@pytest.mark.parametrize("header", [
    {"W1": {"dtype": "F32", "shape": [2**40, 2**40], "data_offsets": [0, 4]}},
    {"W1": {"dtype": "F32", "shape": [10**9], "data_offsets": [0, 4 * 10**9]}},
    {"W1": {"dtype": "F32", "shape": [1], "data_offsets": [4, 0]}},
    {"W1": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}},
    {"W1": {"dtype": "object", "shape": [1], "data_offsets": [0, 4]}},
])  # fmt: skip
def test_lying_headers_are_refused(path, header):
    write_header(path, header)
    assert_refused(path, "is damaged or no safetensors file")


@pytest.mark.parametrize(("dtype", "size"), [("BF16", 2), ("F8_E4M3", 4)])
def test_numbers_that_numpy_lacks_are_refused(path, dtype, size):
    """Where ml_dtypes is installed, as it is beside ONNX, they can be read, and are no parameters of ours."""
    write_header(path, {"W1": {"dtype": dtype, "shape": [size], "data_offsets": [0, 4]}})
    assert_refused(path, "is damaged or no safetensors file|is no zanjir model")


@pytest.mark.parametrize("metadata", [None, {}, {"format": "pt"}, {"format": "zanjir model 2", "model": "{}"}])
def test_safetensors_files_of_others_are_refused(path, metadata):
    save_file({"W1": np.zeros((3, 3), np.float32)}, path, metadata)
    assert_refused(path, "is no zanjir model: its format is .*, expected 'zanjir model 1'")


TEXTS = {
    "nothing": "",
    "a list": "[]",
    "null": "null",
    "no JSON": "{'a': 1}",
    "deep lists": "[" * 100_000 + "]" * 100_000,
    "deep objects": '{"a":' * 100_000 + "1" + "}" * 100_000,
    "a number of a million digits": '{"problem": ' + "9" * 1_000_000 + "}",
    "NaN": '{"problem": NaN}',
    "Infinity": '{"problem": -Infinity}',
    "a key twice": '{"problem": 1, "problem": 2}',
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_description_that_is_no_plain_json_object_is_refused(saved, text):
    rewrite(saved, model=text)
    assert_refused(saved)


DOUBTFUL = {
    "a class list twice": ('"classes": ["a"', '"classes": ["x", "y", "z"], "classes": ["a"', "a key stands twice"),
    "a scale of infinity": ('"scale": 1.0', '"scale": Infinity', "Infinity stands where a finite number is expected"),
    "an offset of NaN": ('"offset": 0.0', '"offset": NaN', "NaN stands where a finite number is expected"),
}


@pytest.mark.parametrize(("text", "doubtful", "sentence"), DOUBTFUL.values(), ids=DOUBTFUL)
def test_json_that_python_alone_would_read_is_refused(saved, text, doubtful, sentence):
    whole = contents(saved)[1]["model"]
    assert whole.count(text) == 1
    rewrite(saved, model=whole.replace(text, doubtful))
    assert_refused(saved, sentence)


def put(*place):
    """A change that puts the last of ``place`` where the others lead."""

    def change(facts):
        *way, key, value = place
        for step in way:
            facts = facts[step]
        facts[key] = value

    return change


def drop(*place):
    def change(facts):
        *way, key = place
        for step in way:
            facts = facts[step]
        del facts[key]

    return change


LAYER = ("problem", "layers", 0)

CHANGES = {
    **{f"no {key}": drop(key) for key in ("problem", "classes", "preparation", "image_shape", "training")},
    **{f"no problem.{key}": drop("problem", key)
       for key in ("layers", "loss", "penalty", "in_features", "n_outputs", "dtype")},
    "no type": drop(*LAYER, "type"),
    "no scale": drop("preparation", "scale"),
    "unknown layer": put(*LAYER, "type", "os.system"),
    "layer type is no name": put(*LAYER, "type", ["Linear"]),
    "unknown activation": put("problem", "layers", 1, "name", "rulu"),
    "activation is no name": put("problem", "layers", 1, "name", {"a": 1}),
    "unknown loss": put("problem", "loss", "softmaxx"),
    "unknown dtype": put("problem", "dtype", "object"),
    "unknown penalty": put("problem", "penalty", {"type": "L3", "alpha": 1}),
    "negative penalty": put("problem", "penalty", {"type": "L2", "alpha": -1}),
    "penalty is a number": put("problem", "penalty", 5),
    "no layers": put("problem", "layers", []),
    "layers are text": put("problem", "layers", "abc"),
    "layer is null": put("problem", "layers", 0, None),
    "huge layer": put(*LAYER, "features", 10**18),
    "absurd layer": put(*LAYER, "features", 10**400),
    "negative layer": put(*LAYER, "features", -4),
    "half a feature": put(*LAYER, "features", 4.5),
    "size as a float": put(*LAYER, "features", 4.0),
    "size is text": put(*LAYER, "features", "4"),
    "size is true": put(*LAYER, "features", True),
    "other size": put(*LAYER, "features", 5),
    "huge inputs": put("problem", "in_features", 10**30),
    "negative inputs": put("problem", "in_features", -3),
    "other inputs": put("problem", "in_features", 4),
    "other outputs": put("problem", "n_outputs", 4),
    "one output": put("problem", "n_outputs", 1),
    "dropout of everything": put("problem", "layers", 1, {"type": "Dropout", "rate": 1.0}),
    "another class": put("classes", [*NAMES, "d"]),
    "classes are a number": put("classes", 3),
    "scale zero": put("preparation", "scale", 0),
    "scale is text": put("preparation", "scale", "wide"),
    "scale too large": put("preparation", "scale", 10**400),
    "preparation is null": put("preparation", None),
    "another picture": put("image_shape", [2, 2]),
    "picture is a number": put("image_shape", 3),
    "training is a list": put("training", [1, 2]),
    "training is text": put("training", "abc"),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_description_that_cannot_be_rebuilt_is_refused(saved, change):
    rewrite(saved, change)
    assert_refused(saved, r"is no model that can be rebuilt: .* Train it again\.$")


def test_a_description_that_is_only_rewritten_still_loads(saved):
    before = load_model(saved)
    rewrite(saved, copy.deepcopy)
    assert same_bits(load_model(saved).W, before.W)


def test_fields_that_a_layer_does_not_have_are_not_used(saved):
    rewrite(saved, put(*LAYER, "module", "os"))
    assert not hasattr(load_model(saved).problem.network.layers[0], "module")


def with_tensor(name, value):
    return lambda arrays: {**arrays, name: value(arrays[name])}


TENSORS = {
    "a missing parameter": lambda arrays: {name: array for name, array in arrays.items() if name != "b2"},
    "a transposed parameter": with_tensor("W1", lambda W: np.ascontiguousarray(W.T)),
    "a flat parameter": with_tensor("W1", np.ravel),
    "an empty parameter": with_tensor("W1", lambda W: W[:0]),
    "NaN": with_tensor("W1", lambda W: W * np.nan),
    "one infinity": with_tensor("b2", lambda b: np.array([0, np.inf, 0], b.dtype)),
    "too large for float32": with_tensor("W1", lambda W: W.astype(np.float64) * 1e300),
    "whole numbers": with_tensor("W1", lambda W: W.astype(np.int64)),
    "complex numbers": with_tensor("W1", lambda W: W.astype(np.complex64)),
    "true and false": with_tensor("W1", lambda W: W > 0),
}


@pytest.mark.parametrize("change", TENSORS.values(), ids=TENSORS)
def test_parameters_that_do_not_fit_are_refused(saved, change):
    arrays, _ = contents(saved)
    rewrite(saved, tensors=change(arrays))
    assert_refused(saved, r"Train it again\.$")


def test_a_trained_model_is_saved_with_the_parameters_that_are_kept(path):
    one = trained((4,))
    before = model((4,), k=2, dtype=np.float64)
    save_model(path, type(before)(one.problem, one.W, ("low", "high")), one.state())
    assert same_bits(load_model(path).W, one.W)
