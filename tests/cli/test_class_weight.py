"""``zanjir train --class-weight balanced``: rare classes count as much as frequent ones, and the run remembers it."""

import json

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from data.tables import write
from zanjir.training import load_model

BALANCED = ("--class-weight", "balanced")
QUICK = ("--hidden", "none", "--epochs", 20, "--learning-rate", 0.03, "--no-pictures")
SENTENCE = "classes balanced: a sample counts 0.557 (often), 4.91 (rare) times in the losses"


def imbalanced(n=300):
    """Ten times as many points around (0, 0) as around (1.5, 1.5)."""
    rng = np.random.default_rng(0)
    rare = np.arange(n) % 10 == 0
    points = rng.standard_normal((n, 2)) + 1.5 * rare[:, np.newaxis]
    return ["a", "b", "kind"], [[*map(float, x), "rare" if r else "often"] for x, r in zip(points, rare, strict=True)]


@pytest.fixture
def points_csv(workplace):
    return write(workplace / "points.csv", imbalanced())


def trained(call, *options):
    found = call("train", "points.csv", "--target", "kind", *QUICK, *options)
    assert found.code == 0, found.err
    return found


def test_rare_classes_are_found_more_often(points_csv, call):
    plain = trained(call, "--out", "plain", "--json").json
    balanced = trained(call, "--out", "balanced", "--json", *BALANCED).json
    assert balanced["test_balanced_accuracy"] > plain["test_balanced_accuracy"]  # by 0.08 to 0.25, five seeds
    # 216 samples are learned from, 22 of them rare.
    assert balanced["class_weights"] == pytest.approx({"often": 216 / 2 / 194, "rare": 216 / 2 / 22})
    assert "class_weights" not in plain


def test_it_is_said_before_and_in_the_report(points_csv, call, workplace):
    assert SENTENCE in trained(call, "--out", "run", *BALANCED).err.splitlines()
    report = (workplace / "run" / "report.md").read_text(encoding="utf-8")
    assert f"- C{SENTENCE[1:]} of training and validation; the test counts all alike.\n" in report
    assert "- Minimized: weighted mean softmax loss." in report


def test_it_is_suggested_for_imbalanced_classes_alone(points_csv, call, workplace):
    suggestion = "--class-weight balanced would let rare classes count as much as frequent ones"
    assert suggestion in trained(call, "--out", "plain").err.splitlines()
    assert "class-weight" not in trained(call, "--out", "balanced", *BALANCED).err
    names, rows = imbalanced()
    write(workplace / "points.csv", (names, [row for i, row in enumerate(rows) if i % 10 < 4]))
    assert "class-weight" not in trained(call, "--out", "even").err


def test_an_interrupted_training_goes_on_with_its_class_weights(points_csv, call, ctrl_c_at):
    options = ("points.csv", "--target", "kind", *QUICK, *BALANCED)
    call("train", *options, "--out", "whole", "--quiet")
    with ctrl_c_at(9):
        assert call("train", *options, "--out", "cut", "--quiet").code == 130
    found = call("train", "points.csv", "--out", "cut", "--resume", "--no-pictures", "--json")
    assert found.code == 0, found.err
    whole, cut = (load_model(f"{run}/model.safetensors") for run in ("whole", "cut"))
    assert whole.W.tobytes() == cut.W.tobytes()
    assert found.json["class_weights"].keys() == {"often", "rare"}


def test_the_program_of_the_run_has_the_weights(points_csv, call):
    trained(call, "--out", "plain")
    trained(call, "--out", "balanced", *BALANCED)
    assert "weights" not in call("source", "plain").out
    assert "weighted = " in call("source", "balanced").out


@pytest.mark.parametrize("command", [["evaluate"], ["check"], ["graph"], ["predict", "--out", "p.csv"]])
def test_other_commands_take_a_run_with_class_weights(command, points_csv, call):
    trained(call, "--out", "run", *BALANCED)
    found = call(command[0], "run", "points.csv", *command[1:])
    assert found.code == 0, found.err


@pytest.mark.parametrize("loss", ["hinge", "squared_hinge", "binary_cross_entropy", "squared_error"])
def test_every_loss_of_classes_takes_weights(loss, call):
    found = call("train", "moons", "--samples", 60, "--loss", loss, *QUICK, *BALANCED, "--out", "run", "--json")
    assert found.code == 0, found.err
    assert found.json["class_weights"] == pytest.approx({"upper": 1, "lower": 1}, abs=0.1)


def test_both_engines_learn_the_same(points_csv, call):
    for engine in ("numpy", "native"):
        trained(call, "--engine", engine, "--out", engine, *BALANCED)
    numpy, native = (load_model(f"{engine}/model.safetensors").W for engine in ("numpy", "native"))
    assert native == pytest.approx(numpy, abs=1e-5)  # 140 steps in float32, with sums in another order


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["line", *BALANCED],
            "zanjir: class weights are for classes, and line has numbers as targets; leave them out.",
        ),
        (["moons", "--class-weight", "even"], "'even' is not 'balanced'."),
        (
            ["moons", *BALANCED, "--out", "run", "--resume"],
            "--resume goes on with the run's own settings; leave out --class-weight.",
        ),
    ],
)
def test_class_weights_are_refused_where_there_is_nothing_to_weight(arguments, sentence, call, workplace):
    assert sentence in call("train", *arguments).sentence
    assert list(workplace.iterdir()) == []


@pytest.mark.parametrize(("value", "code"), [("absent", 0), (None, 0), ("even", 1), ([1], 1), ({"a": 2}, 1)])
def test_a_run_that_misstates_its_class_weights_is_refused(value, code, moons_run, call, workplace):
    with safe_open(moons_run / "model.safetensors", framework="numpy") as file:
        arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
        texts = file.metadata()
    facts = json.loads(texts["model"])
    facts["training"]["data"]["class_weight"] = value
    if value == "absent":  # as in a run of before there were class weights
        del facts["training"]["data"]["class_weight"]
    (workplace / "run").mkdir()
    save_file(arrays, workplace / "run" / "model.safetensors", {**texts, "model": json.dumps(facts)})
    found = call("train", "moons", "--out", "run", "--resume", "--no-pictures", "--json", "--quiet")
    assert found.code == code, found.err
    assert code == 0 or "unknown class weight" in found.sentence
