"""``zanjir train`` on a folder in CIFAR's formats."""

import csv

import numpy as np
import pytest

from data.cifar_files import python2_batch, python2_names, records

NAMES = ["airplane", "car", "bird"]


def pictures(count, seed):
    """Noisy pictures of three colors, which a linear model tells apart."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 3
    planes = rng.integers(0, 100, (count, 3, 1024))
    planes[np.arange(count), labels] += 100
    return labels.tolist(), planes.reshape(count, 3072).astype(np.uint8)


@pytest.fixture(params=["binary", "python"])
def folder(request, workplace):
    path = workplace / "cifar"
    path.mkdir()
    for name, count in (("data_batch_1", 40), ("data_batch_2", 38), ("test_batch", 21)):
        labels, planes = pictures(count, len(name) + count)
        if request.param == "binary":
            (path / f"{name}.bin").write_bytes(records([(label,) for label in labels], planes))
        else:
            (path / name).write_bytes(python2_batch(labels, planes, [f"{i}.png" for i in range(count)]))
    if request.param == "binary":
        (path / "batches.meta.txt").write_text("\n".join(NAMES))
    else:
        (path / "batches.meta").write_bytes(python2_names(NAMES))
    return path


def test_a_network_is_trained_measured_and_used(call, folder):
    found = call("train", folder, "--hidden", "none", "--epochs", 30, "--out", "run", "--json")
    assert (found.code, found.json["test_samples"], found.json["test_accuracy"]) == (0, 21, 1.0)
    assert call("evaluate", "run", folder, "--json").json["test_accuracy"] == 1.0
    assert call("predict", "run", folder, "--out", "predictions.csv").code == 0
    with open("predictions.csv", encoding="utf-8", newline="") as file:
        first = next(csv.DictReader(file))
    assert set(NAMES) & (set(first) | set(first.values()))


def test_a_batch_that_would_execute_something_is_refused_in_one_sentence(call, folder, workplace):
    for batch in folder.glob("*_batch*"):
        batch.unlink()
    (folder / "data_batch_1").write_bytes(b"cos\nmkdir\nX\x05\x00\x00\x00ownedtR.")
    said = call("train", folder, "--out", "run").sentence
    assert "it names 'os mkdir', which data do not need; nothing was executed" in said
    assert not (workplace / "owned").exists()
    assert not (workplace / "run").exists()
