"""The benchmark compares only what does the same work, and says what it cannot do."""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from zanjir.data import write_idx

ROOT = Path(__file__).parent.parent
SMALL = ("digits-32", "tiny-tanh")

# The step by hand with one thing wrong: it learns a little too fast.
WRONG = """
from benchmarks.peers import by_hand


class Training(by_hand.Training):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.update.rate *= 1.01
"""

# Neighbors that vote for the next class.
WRONG_LABELS = """
from benchmarks.peers import scikit


def neighbors(k, X, y):
    return scikit.neighbors(k, X, (y + 1) % 10)
"""


def benchmarks(*arguments):
    command = [sys.executable, "-m", "benchmarks", *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)


@pytest.fixture
def harness(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    return importlib.import_module("benchmarks.harness")


def test_two_small_workloads_are_measured_end_to_end(tmp_path):
    only = [word for name in SMALL for word in ("--only", name)]
    files = {"--json": tmp_path / "found.json", "--picture": tmp_path / "found.svg"}
    options = [str(word) for pair in files.items() for word in pair]
    run = benchmarks("--quick", *only, *options, "--peers", "zanjir", "by-hand")
    assert (run.returncode, run.stderr) == (0, "")
    found = json.loads(files["--json"].read_text(encoding="utf-8"))
    assert [workload["workload"] for workload in found["workloads"]] == list(SMALL)
    for workload in found["workloads"]:
        assert [row["name"] for row in workload["rows"]] == ["zanjir", "by-hand"]
        assert all(len(row["values"]) == 2 and min(row["values"]) > 0 for row in workload["rows"])
        assert workload["title"] in run.stdout
    assert "cores" in run.stdout
    assert files["--picture"].read_text(encoding="utf-8").startswith("<?xml")


@pytest.mark.parametrize("name", SMALL)
def test_a_peer_with_wrong_losses_is_refused(harness, tmp_path, monkeypatch, name):
    from benchmarks.peers import PEERS, Peer
    from benchmarks.workloads import WORKLOADS

    (tmp_path / "wrong_peer.py").write_text(WRONG, encoding="utf-8")
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    monkeypatch.setenv("PYTHONPATH", path)
    peers = [PEERS["by-hand"], Peer("wrong", "wrong_peer", settings=("1 thread",))]
    result = harness.measure(WORKLOADS[name], peers, rounds=1, seconds=0.001, cache=tmp_path)
    right, wrong = result.rows
    assert len(right.values) == 1
    assert not right.refused
    assert not wrong.values
    assert "refused: it does other work, its losses differ by" in wrong.refused


@pytest.fixture
def images(tmp_path):
    """Ten images more than the 8,000 that are learned from, where MNIST's would be."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, 8_010).astype(np.uint8)
    pictures = np.zeros((8_010, 28, 28), np.uint8)
    pictures[:, :4, :4] = rng.integers(0, 20, (8_010, 4, 4)) + 10 * labels[:, None, None]
    write_idx(tmp_path / "t10k-images-idx3-ubyte.gz", pictures)
    write_idx(tmp_path / "t10k-labels-idx1-ubyte.gz", labels)
    return tmp_path


def test_neighbors_are_compared_by_their_labels(harness, images, tmp_path, monkeypatch):
    from dataclasses import replace

    from benchmarks.peers import PEERS, Peer
    from benchmarks.workloads import WORKLOADS

    (tmp_path / "wrong_peer.py").write_text(WRONG_LABELS, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    workload = WORKLOADS["knn-5-float32"]
    workload = replace(workload, options=workload.options | {"mnist": str(images)})
    peers = [PEERS["zanjir"], Peer("wrong", "wrong_peer", does=("neighbors",), settings=("1 thread",))]
    result = harness.measure(workload, peers, rounds=1, seconds=0.001, cache=tmp_path)
    right, wrong = result.rows
    assert len(right.values) == 1
    assert "refused: it does other work" in wrong.refused


def test_a_peer_that_fails_is_named_with_its_last_words(harness, tmp_path):
    from benchmarks.peers import Peer
    from benchmarks.workloads import WORKLOADS

    broken = Peer("broken", "benchmarks.peers.nonsense")
    result = harness.measure(WORKLOADS["digits-32"], [broken], rounds=1, seconds=0.001, cache=tmp_path)
    assert result.rows[0].refused.startswith("failed: ModuleNotFoundError")


def test_a_peer_that_is_not_installed_is_absent(harness, tmp_path):
    from benchmarks.peers import Peer
    from benchmarks.workloads import WORKLOADS

    absent = Peer("absent", "benchmarks.peers.nonsense", ("no_such_framework",))
    result = harness.measure(WORKLOADS["digits-32"], [absent], rounds=1, seconds=0.001, cache=tmp_path)
    assert [row.refused for row in result.rows] == ["absent: install no_such_framework"]


@pytest.mark.parametrize(("option", "what"), [("--only", "workload"), ("--peers", "peer")])
def test_an_unknown_name_gets_one_sentence(option, what):
    run = benchmarks(option, "nonsense")
    assert run.returncode == 2
    assert run.stdout == ""
    assert run.stderr.startswith(f"there is no {what} 'nonsense'; expected one of ")
    assert run.stderr.count("\n") == 1


def test_a_ratio_is_the_median_of_the_ratios_within_a_round(harness):
    rows = [harness.Row("zanjir", [1.0, 2.0, 4.0]), harness.Row("other", [3.0, 2.0, 20.0])]
    assert harness.Result(None, rows).ratio(rows[1]) == 3.0
