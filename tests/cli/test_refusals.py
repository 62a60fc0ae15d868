"""What cannot be done is said in one sentence, and nothing is left half-written."""

import gzip
import json
import os
import re
import struct
import subprocess
import sys

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from zanjir.data import write_idx

QUICK = ("--hidden", "4", "--samples", "40", "--epochs", "1")
IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


def replaced(name, content):
    return lambda folder: (folder / name).write_bytes(content)


def truncated(name):
    return lambda folder: os.truncate(folder / name, (folder / name).stat().st_size - 1)


def emptied(folder):
    for path in folder.iterdir():
        path.unlink()


def labelled(*labels):
    return lambda folder: write_idx(folder / LABELS, np.array(labels, np.uint8))


PICTURES = {
    "empty folder": (emptied, "holds no files; expected IDX files"),
    "truncated images": (truncated(IMAGES), "images-idx3-ubyte"),
    "truncated labels": (truncated(LABELS), "labels-idx1-ubyte"),
    "an empty file": (replaced(IMAGES, b""), "images-idx3-ubyte"),
    "no IDX": (replaced(IMAGES, b"GIF89a" + bytes(100)), "images-idx3-ubyte"),
    "a lying size": (replaced(IMAGES, struct.pack(">4B3I", 0, 0, 8, 3, 2**31, 3, 2)), "images-idx3-ubyte"),
    "an absurd size": (replaced(IMAGES, struct.pack(">4B3I", 0, 0, 8, 3, *[2**32 - 1] * 3)), "images-idx3-ubyte"),
    "a missing file": (lambda folder: (folder / LABELS).unlink(), "but not its labels"),
    "fewer labels": (labelled(0, 1), "expected one label per image"),
    "one sample of a class": (labelled(*[0] * 79, 1), "has a single sample"),
}


@pytest.mark.parametrize(("damage", "expected"), PICTURES.values(), ids=PICTURES)
def test_a_folder_of_pictures_that_cannot_be_used(damage, expected, idx_folder, workplace, call, tree):
    damage(idx_folder)
    before = tree(workplace)
    assert expected in call("train", idx_folder, "--epochs", 1).sentence
    assert tree(workplace) == before


def test_a_damaged_gzip_file(idx_folder, workplace, call, tree):
    content = (idx_folder / IMAGES).read_bytes()
    (idx_folder / IMAGES).unlink()
    (idx_folder / f"{IMAGES}.gz").write_bytes(gzip.compress(content)[:-20])
    before = tree(workplace)
    assert f"{IMAGES}.gz" in call("train", idx_folder).sentence
    assert tree(workplace) == before


TRAIN = {
    "unknown data": (["mooons"], "unknown data set 'mooons'; expected digits, .* Did you mean 'moons'?"),
    "no folder": (["./nowhere"], "there is no folder nowhere"),
    "a file as data": (["file"], "file is not a folder"),
    "a very long name": (["./" + "x" * 300], "File name too long"),
    "no data": ([], "Missing argument 'DATA'"),
    "hidden text": (["moons", "--hidden", "many"], "'many' is no list of sizes"),
    "hidden zero": (["moons", "--hidden", "8,0"], "'8,0' is no list of sizes"),
    "hidden gap": (["moons", "--hidden", "8,,4"], "'8,,4' is no list of sizes"),
    "hidden half": (["moons", "--hidden", "2.5"], "'2.5' is no list of sizes"),
    "hidden huge": (["moons", "--hidden", "9" * 30], "is no list of sizes"),
    "negative rate": (["moons", "--learning-rate", "-1"], "-1.0 is not in the range x>0"),
    "zero rate": (["moons", "--learning-rate", "0"], "0.0 is not in the range x>0"),
    "rate is NaN": (["moons", "--learning-rate", "nan"], "learning_rate must be"),
    "rate is infinite": (["moons", "--learning-rate", "inf"], "learning_rate must be"),
    "rate is text": (["moons", "--learning-rate", "fast"], "'fast' is not a valid float"),
    "clip is NaN": (["moons", "--clip", "nan"], "largest must be"),
    "alpha alone": (["moons", "--alpha", "0.1"], "--alpha is a factor on a penalty; choose one"),
    "alpha negative": (["moons", "--penalty", "l2", "--alpha", "-1"], "-1.0 is not in the range x>=0"),
    "alpha is NaN": (["moons", "--penalty", "l2", "--alpha", "nan"], "alpha must be"),
    "dropout of all": (["moons", "--dropout", "1"], "1.0 is not in the range 0<=x<1"),
    "dropout is NaN": (["moons", "--dropout", "nan"], "rate must be"),
    "dropout of nothing": (["moons", "--hidden", "none", "--dropout", "0.5"], "--dropout drops .* has none; leave it"),
    "norm of nothing": (["moons", "--hidden", "none", "--norm", "layer"], "--norm normalizes .* has none; leave it"),
    "dropout after convolutions": (
        ["digits", "--hidden", "none", "--conv", "4", "--dropout", "0.5"], "hidden linear layers, and this network has",
    ),
    "hinge on numbers": (["line", "--loss", "hinge"], "loss 'hinge' needs classes, and line has numbers"),
    "stop on nothing": (["moons", "--early-stopping", "3", "--validation", "0"], "--early-stopping needs validation"),
    "test share": (["moons", "--test-share", "0"], "0.0 is not in the range 0<x<1"),
    "test share is NaN": (["moons", "--test-share", "nan"], "test_share"),
    "validation of all": (["moons", "--validation", "0.999"], "leaves the training part empty"),
    "too few samples": (["moons", "--samples", "2"], ""),
    "a single sample": (["moons", "--samples", "1"], "1 is not in the range x>=2"),
    "too many samples": (["digits", "--samples", "2000"], "n_samples must be at most 1797"),
    "a loss that is no number": (
        ["line", "--learning-rate", "1e30", "--optimizer", "sgd"], "the loss is .* with learning rate 1e.30",
    ),
    "numbers that overflow at the end": (
        ["line", "--learning-rate", "1e30", "--optimizer", "sgd", "--epochs", "1", "--batch-size", "999"], "expected a",
    ),
    "resume nowhere": (["moons", "--resume"], "--resume needs --out RUN"),
    "resume nothing": (["moons", "--resume", "--out", "absent"], "absent is no run: it holds no model.safetensors"),
    "below a file": (["moons", *QUICK, "--out", "file/run"], "cannot make the folder file/run: Not a directory"),
    "a file as folder": (["moons", *QUICK, "--out", "file"], "cannot make the folder file: File exists"),
    "unknown choice": (["moons", "--optimizer", "adamm"], "'adamm' is not one of"),
    "unknown option": (["moons", "--lr", "1"], "No such option"),
}  # fmt: skip


@pytest.mark.parametrize(("arguments", "expected"), TRAIN.values(), ids=TRAIN)
@pytest.mark.filterwarnings("default")  # a user has no filter either; stderr is what is looked at
def test_training_that_cannot_be_done(arguments, expected, workplace, call, tree):
    (workplace / "file").write_text("a file")
    before = tree(workplace)
    found = call("train", *arguments, *(["--quiet"] if arguments else []))
    assert_says(found, expected)
    assert tree(workplace) == before


def assert_says(found, expected):
    assert re.search(expected, found.sentence), found.sentence


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_to(workplace, call):
    (workplace / "locked").mkdir(mode=0o500)
    assert_says(call("train", "moons", *QUICK, "--out", "locked"), "cannot write to the folder locked")


FULL_DISK = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (limit := int(sys.argv[1]), limit))
from zanjir.cli import main
main(sys.argv[2:])
"""


def trained_on_a_disk_of(limit):
    pytest.importorskip("resource")
    arguments = [str(limit), "train", "moons", *QUICK, "--quiet", "--out", "deep/run"]
    return subprocess.run([sys.executable, "-c", FULL_DISK, *arguments], capture_output=True, text=True, check=False)


def test_a_full_disk_leaves_nothing(workplace, tree):
    done = trained_on_a_disk_of(300)
    assert done.returncode == 1
    assert done.stderr == (
        "zanjir: deep/run/model.safetensors cannot be written: File too large; choose another place.\n"
    )
    assert tree(workplace) == {}


def test_a_disk_that_is_full_after_the_model_keeps_the_model(workplace, tree, call):
    done = trained_on_a_disk_of(6000)
    assert done.returncode == 1
    assert done.stderr.startswith("zanjir: deep/run/learning-curve.png cannot be written: File too large;")
    files = set(tree(workplace / "deep" / "run"))
    assert files == {"model.safetensors", "history.csv", "steps.csv"}
    assert call("evaluate", "deep/run", "moons").code == 0


def test_a_failed_training_leaves_the_folders_of_others(workplace, call, tree):
    (workplace / "runs" / "line-1").mkdir(parents=True)
    (workplace / "mine").mkdir()
    before = tree(workplace)
    for out in ([], ["--out", "mine"], ["--out", "mine/a/b"]):
        call("train", "line", "--learning-rate", "1e30", "--optimizer", "sgd", "--quiet", *out)
        assert tree(workplace) == before


# runs that are none


def damaged(run, workplace):
    """A copy of a run whose model can be damaged."""
    folder = workplace / "copy"
    folder.mkdir()
    (folder / "model.safetensors").write_bytes((run / "model.safetensors").read_bytes())
    return folder


COMMANDS = {
    "evaluate": ["evaluate", "copy", "moons"],
    "predict": ["predict", "copy", "moons", "--out", "p.csv"],
    "source": ["source", "copy"],
    "check": ["check", "copy"],
    "resume": ["train", "moons", "--out", "copy", "--resume"],
}


def change_facts(change):
    def damage(path):
        with safe_open(path, framework="numpy") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
            metadata = file.metadata()
        facts = json.loads(metadata["model"])
        change(facts, tensors)
        save_file(tensors, path, {**metadata, "model": json.dumps(facts)})

    return damage


def puts(*place):
    *way, key, value = place

    def change(facts, tensors):
        for step in way:
            facts = facts[step]
        facts[key] = value

    return change_facts(change)


DAMAGES = {
    "no file": lambda path: path.unlink(),
    "an empty file": lambda path: path.write_bytes(b""),
    "half a file": lambda path: os.truncate(path, 500),
    "another file": lambda path: path.write_bytes(b"PK\x03\x04" * 100),
    "a model without training": puts("training", None),
    "no plan": puts("training", "plan", None),
    "an unknown optimizer": puts("training", "plan", "optimizer", {"type": "Adamm"}),
    "half an epoch": puts("training", "plan", "epochs", 1.5),
    "no data": puts("training", "data", {}),
    "data as a list": puts("training", "data", [1, 2]),
    "no state": puts("training", "state", None),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
@pytest.mark.parametrize("arguments", COMMANDS.values(), ids=COMMANDS)
def test_a_run_that_is_none(damage, arguments, moons_run, workplace, call, tree):
    damage(damaged(moons_run, workplace) / "model.safetensors")
    before = tree(workplace)
    assert_says(call(*arguments), "^zanjir: copy")
    assert tree(workplace) == before


STATES = {
    "no number of the step": puts("training", "state", {}),
    "a step that is text": puts("training", "state", "t", "five"),
    "no parameters": change_facts(lambda facts, tensors: tensors.pop("training.W")),
    "shorter state": change_facts(lambda facts, tensors: tensors.update({"optimizer.m": np.zeros(3, np.float32)})),
    "a ragged history": change_facts(lambda facts, tensors: tensors.update({"history.steps": np.ones(2)})),
}  # fmt: skip


@pytest.mark.parametrize("damage", STATES.values(), ids=STATES)
def test_a_state_that_does_not_fit(damage, moons_run, workplace, call, tree):
    damage(damaged(moons_run, workplace) / "model.safetensors")
    before = tree(workplace)
    assert_says(call(*COMMANDS["resume"]), "^zanjir: this state does not fit the training: ")
    assert tree(workplace) == before


OTHERS = {
    "evaluate nowhere": (["evaluate", "nowhere", "moons"], "nowhere is no run: it holds no model.safetensors"),
    "evaluate a file": (["evaluate", "file", "moons"], "file is no run"),
    "evaluate other features": (["evaluate", "RUN", "pictures"], "class|features"),
    "evaluate unknown data": (["evaluate", "RUN", "mons"], "unknown data set 'mons'.*Did you mean 'moons'"),
    "evaluate numbers": (["evaluate", "RUN", "line"], "line has numbers as targets; this model was trained on classes"),
    "evaluate other classes": (["evaluate", "RUN", "circles"], "which this model has not learned; expected upper"),
    "check nowhere": (["check", "nowhere"], "nowhere is no run: it holds no model.safetensors"),
    "check without run": (["check"], "Missing argument 'RUN'"),
    "check no samples": (["check", "RUN", "--samples", "0"], "0 is not in the range x>=1"),
    "check no elements": (["check", "RUN", "--elements", "0"], "0 is not in the range x>=1"),
    "check samples as text": (["check", "RUN", "--samples", "few"], "'few' is not a valid integer"),
    "check a negative seed": (["check", "RUN", "--seed", "-1"], "-1 is not in the range"),
    "check other features": (["check", "RUN", "pictures"], "class|features"),
    "check unknown data": (["check", "RUN", "mons"], "unknown data set 'mons'.*Did you mean 'moons'"),
    "check numbers": (["check", "RUN", "line"], "line has numbers as targets; this model was trained on classes"),
    "predict other features": (["predict", "RUN", "digits", "--out", "p.csv"], r"X is \(1797, 64\), expected \(N, 2\)"),
    "predict nowhere": (["predict", "RUN", "moons", "--out", "no/p.csv"], "no/p.csv cannot be written: No such file"),
    "predict below a file": (
        ["predict", "RUN", "moons", "--out", "file/p.csv"],
        "file/p.csv cannot be written: Not",
    ),
    "predict into a folder": (
        ["predict", "RUN", "moons", "--out", "folder"],
        "folder cannot be written: Is a",
    ),
    "predict without a place": (["predict", "RUN", "moons"], "Missing option '--out'"),
    "source of nothing": (["source", "nowhere"], "nowhere is neither a run's folder nor sizes such as 784-512-10"),
    "source of one size": (["source", "784"], "784 is neither"),
    "source of size zero": (["source", "4-0-2"], "4-0-2: every size must be at least 1"),
    "source of words": (["source", "4-x-2"], "4-x-2 is neither"),
    "source of a huge size": (["source", f"4-{'9' * 200}"], "is neither a run's folder"),
    "source of a size for no memory": (["source", "999999999-999999999"], "not enough memory"),
    "source of an endless size": (["source", f"4-{'9' * 5000}"], "File name too long"),
    "source without loss": (["source", "4-2", "--loss", "crossentropy"], "'crossentropy' is not one of"),
    "source with alpha": (["source", "4-2", "--alpha", "1"], "--alpha is a factor on a penalty"),
    "no buffers": (["source", "4-2", "--buffers", "0"], "0 is not in the range x>=1"),
}


@pytest.mark.parametrize(("arguments", "expected"), OTHERS.values(), ids=OTHERS)
def test_other_commands_that_cannot_be_done(arguments, expected, moons_run, idx_folder, workplace, call, tree):
    (workplace / "file").write_text("a file")
    (workplace / "folder").mkdir()
    before = tree(workplace)
    places = {"RUN": moons_run, "pictures": idx_folder}
    assert_says(call(*(places.get(argument, argument) for argument in arguments)), expected)
    assert tree(workplace) == before
