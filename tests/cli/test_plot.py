"""``zanjir plot``: every kind of picture, the numbers that are said of it, and what cannot be drawn."""

import shutil
import subprocess
import sys

import numpy as np
import pytest
from matplotlib.image import imread
from safetensors import safe_open
from safetensors.numpy import save_file

from zanjir.cli.plot import KINDS
from zanjir.data import CHALLENGES, load, split
from zanjir.training import load_model

QUICK_MODELS = ("--only", "linear", "--only", "network-3", "--resolution", "30")
NO_RUN = {
    "activations": [],
    "schedules": ["--steps", "20"],
    "contour": ["--steps", "3"],
    "steps": ["--steps", "3"],
    "boundary": ["moons", *QUICK_MODELS],
}


def of_a_run(kind, run):
    return {
        "curves": [run],
        "confusion": [run, "digits"],
        "calibration": [run, "digits"],
        "templates": [run],
        "challenges": [run, "digits"],
    }[kind]


def picture(path):
    """A PNG is no blank page: it has more than two gray levels."""
    pixels = imread(path)
    assert len(np.unique(pixels[..., :3])) > 2
    return pixels


def judged(data="digits"):
    """The samples that the shared runs have never seen."""
    return split(load(data), 0.2, seed=5)[1]


# all kinds


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_writes_a_picture_of_its_name(kind, call, digits_run, workplace):
    arguments = NO_RUN[kind] if kind in NO_RUN else of_a_run(kind, digits_run)
    found = call("plot", kind, *arguments)
    assert found.code == 0, found.err
    assert found.err == ""
    assert found.out.splitlines()[-1] == f"written to {kind}.png"
    picture(workplace / f"{kind}.png")
    assert [path.name for path in workplace.iterdir()] == [f"{kind}.png"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_says_where_the_picture_is_in_json(kind, call, digits_run, workplace):
    arguments = NO_RUN[kind] if kind in NO_RUN else of_a_run(kind, digits_run)
    assert call("plot", kind, *arguments, "--out", "a.svg", "--json").json["out"] == "a.svg"
    assert (workplace / "a.svg").read_bytes().startswith(b"<?xml")


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_another_kind_is_refused_before_anything_is_computed(kind, call, digits_run, workplace):
    arguments = NO_RUN[kind] if kind in NO_RUN else of_a_run(kind, digits_run)
    sentence = call("plot", kind, *arguments, "--out", "a.jpg").sentence
    assert sentence.endswith("a.jpg ends in '.jpg', expected a picture's file: .png, .svg or .pdf.")
    sentence = call("plot", kind, *arguments, "--out", "absent/a.png").sentence
    assert sentence.endswith("there is no folder absent; make it, or choose another.")
    assert list(workplace.iterdir()) == []


LOADED = "import sys; from zanjir.cli import main\ntry: main(sys.argv[1:])\nfinally: print(*sys.modules)"


@pytest.mark.parametrize("arguments", [["plot", "-h"], ["plot", "boundary", "--help"], ["compare", "-h"]], ids=" ".join)
def test_help_loads_nothing_heavy(arguments):
    done = subprocess.run([sys.executable, "-c", LOADED, *arguments], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert not {"numpy", "sklearn", "matplotlib"} & set(done.stdout.splitlines()[-1].split())


def test_help_lists_the_kinds(call):
    text = call("plot", "--help").out
    assert [kind for kind in KINDS if f"\n  {kind} " not in text] == []


def test_an_unknown_kind_is_wrong_usage(call):
    assert call("plot", "boundery").sentence == "Error: No such command 'boundery'. Did you mean 'boundary'?"


def test_the_same_seed_draws_the_same_file(call, workplace):
    for name in ("one.png", "two.png"):
        call("plot", "boundary", "moons", *QUICK_MODELS, "--out", name)
    assert (workplace / "one.png").read_bytes() == (workplace / "two.png").read_bytes()


# boundary


def test_a_boundary_counts_the_pixels_of_each_class(call):
    found = call("plot", "boundary", "circles", *QUICK_MODELS, "--json").json
    assert list(found["models"]) == ["linear", "network-3"]
    for facts in found["models"].values():
        assert sum(facts["pixels"].values()) == 30 * 30
        assert list(facts["pixels"]) == ["outer", "inner"]
        assert 0.4 < facts["train_accuracy"] <= 1
    assert found["models"]["network-3"]["train_accuracy"] > 0.9 > found["models"]["linear"]["train_accuracy"]


def test_the_boundary_of_a_run_is_that_of_its_model(call, moons_run):
    found = call("plot", "boundary", "moons", "--run", moons_run, "--samples", 150, "--resolution", 20, "--json").json
    model, data = load_model(moons_run / "model.safetensors"), load("moons", n_samples=150)
    assert found["models"]["run"]["train_accuracy"] == np.mean(model.predict(data.X) == data.y)
    assert sum(found["models"]["run"]["pixels"].values()) == 400


def test_noise_is_for_made_up_data(call, digits_run):
    assert call("plot", "boundary", "moons", *QUICK_MODELS, "--noise", 0.3).code == 0
    assert "--noise is for made-up data, and digits is not" in call("plot", "boundary", "digits", "--noise", 1).sentence


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["digits"], "digits has 64 features and 10 classes; boundaries are drawn for 2 features and classes"),
        (["regression_plane"], "regression_plane has 2 features and numbers as targets; boundaries are drawn"),
        (["moon"], "unknown data set 'moon'"),
        (["moons", "--only", "linaer"], "unknown model 'linaer'; expected linear, "),
        (["moons", "--run", "absent"], "absent is no run: it holds no model.safetensors"),
        (["moons", "--run", "absent", "--only", "linear"], "choose one."),
    ],
)
def test_a_boundary_that_cannot_be_drawn(arguments, said, call, workplace):
    assert said in call("plot", "boundary", *arguments).sentence
    assert list(workplace.iterdir()) == []


def test_a_run_on_other_features_has_no_boundary(call, digits_run):
    assert "expected 2 features" in call("plot", "boundary", "moons", "--run", digits_run).sentence


# curves


def test_several_runs_are_told_apart_by_name(call, digits_run, moons_run, workplace):
    for name, run in {"first": digits_run, "second": moons_run}.items():
        shutil.copytree(run, workplace / name)
    assert call("plot", "curves", "first", "second", "--json").json["epochs"] == {"first": 3, "second": 4}
    assert list(call("plot", "curves", digits_run, moons_run, "--json").json["epochs"]) == [
        str(digits_run), str(moons_run)
    ]  # fmt: skip


def test_curves_need_a_run(call, workplace):
    assert "Missing argument" in call("plot", "curves").sentence
    assert call("plot", "curves", "absent").sentence.startswith("zanjir: absent is no run")


# confusion and calibration


def test_the_confusion_is_counted_on_samples_never_seen(call, digits_run):
    found = call("plot", "confusion", digits_run, "digits", "--json").json
    test, model = judged(), load_model(digits_run / "model.safetensors")
    predicted = model.predict(test.X)
    counts = [[int(np.sum((test.y == i) & (predicted == j))) for j in range(10)] for i in range(10)]
    assert found["counts"] == counts
    assert found["classes"] == list("0123456789")
    assert found["samples"] == "the samples that training never saw"


def test_the_calibration_error_is_the_one_by_hand(call, digits_run):
    found = call("plot", "calibration", digits_run, "digits", "--bins", 5, "--json").json
    test, model = judged(), load_model(digits_run / "model.safetensors")
    P = model.predict_proba(test.X)
    p, right = P.max(axis=1), P.argmax(axis=1) == test.y
    bins = np.clip(np.ceil(p * 5).astype(int) - 1, 0, 4)
    gaps = [abs(p[bins == k].sum() - right[bins == k].sum()) for k in range(5)]
    assert found["expected_calibration_error"] == pytest.approx(sum(gaps) / len(p))
    assert found["counts"] == [int(np.sum(bins == k)) for k in range(5)]


def test_scores_are_no_probabilities(call, workplace):
    call("train", "moons", "--hidden", 4, "--samples", 60, "--epochs", 1, "--loss", "hinge", "--out", "svm", "--quiet")
    assert (
        "was trained with hinge loss, whose scores are no probabilities"
        in call("plot", "calibration", "svm", "moons").sentence
    )


@pytest.mark.parametrize("kind", ["confusion", "calibration"])
def test_numbers_have_no_classes(kind, call, workplace):
    call("train", "regression_plane", "--hidden", 4, "--samples", 60, "--epochs", 1, "--out", "plane", "--quiet")
    sentence = call("plot", kind, "plane", "regression_plane").sentence
    assert sentence == "zanjir: plane predicts numbers, and this picture is about classes; choose another run."


# templates


def test_each_template_is_written_as_a_picture_of_its_own(call, digits_run, workplace):
    found = call("plot", "templates", digits_run, "--each", "digits/one by one", "--json").json
    assert found["templates"] == 10
    assert found["each"] == [f"digits/one by one/template-{k}.png" for k in range(10)]
    assert len({picture(workplace / path).tobytes() for path in found["each"]}) == 10


def test_moons_are_no_pictures(call, moons_run):
    assert "templates need inputs that are grey pictures" in call("plot", "templates", moons_run).sentence


def test_the_folder_for_templates_may_be_a_file(call, digits_run, workplace):
    (workplace / "file").touch()
    sentence = call("plot", "templates", digits_run, "--each", "file").sentence
    assert sentence == "zanjir: cannot make the folder file: File exists; choose another --each."


# challenges


def test_the_accuracy_is_reported_before_and_after(call, digits_run):
    found = call("plot", "challenges", digits_run, "digits", "--json").json
    test, model = judged(), load_model(digits_run / "model.safetensors")
    assert list(found["accuracy"]) == ["none", *CHALLENGES]
    for name, accuracy in found["accuracy"].items():
        X = test.X
        if name != "none":
            apply, strength = CHALLENGES[name]
            X = apply(test.X, (8, 8), strength, seed=0, highest=16)
        assert accuracy == np.mean(model.predict(X) == test.y)


def test_a_challenge_has_the_strength_that_is_asked_for(call, digits_run):
    text = call("plot", "challenges", digits_run, "digits", "--only", "shift", "--strength", 0.25).out
    assert [line.split("  ")[0].strip() for line in text.splitlines()[:2]] == ["as they are", "shift 0.25"]
    assert "unknown challenge 'fog'" in call("plot", "challenges", digits_run, "digits", "--only", "fog").sentence


def test_points_are_no_pictures(call, moons_run):
    assert "the rows of X are no pictures" in call("plot", "challenges", moons_run, "moons").sentence


# functions


def test_steps_end_where_the_lecture_says(call):
    ends = call("plot", "steps", "--json").json["w"]
    assert {rate: round(w, 6) for rate, w in ends.items()} == {"0.01": 0.667608, "0.1": 0.011529, "1.1": 38.3376}


def test_the_contour_takes_rules_and_a_rate(call):
    found = call("plot", "contour", "himmelblau", "--optimizer", "sgd", "--learning-rate", 0.01, "--json").json
    assert found["rules"]["sgd"]["loss"] < 1e-20
    assert "unknown surface 'hill'" in call("plot", "contour", "hill").sentence


def test_schedules_and_activations_are_chosen_by_name(call):
    assert list(call("plot", "schedules", "--only", "cosine", "--json").json["learning_rates"]) == ["cosine"]
    assert call("plot", "activations", "--only", "gelu", "--json").json["activations"] == ["gelu"]
    assert "unknown activation 'gulu'" in call("plot", "activations", "--only", "gulu").sentence
    assert "unknown schedule 'cosin'" in call("plot", "schedules", "--only", "cosin").sentence


def changed(run, folder, tensors):
    """A copy of a run with other arrays in its file."""
    folder.mkdir()
    with safe_open(run / "model.safetensors", framework="numpy") as file:
        before = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
        metadata = file.metadata()
    save_file({**before, **tensors}, folder / "model.safetensors", metadata)


def test_a_damaged_record_is_said(call, moons_run, workplace):
    changed(moons_run, workplace / "ragged", {"history.steps": np.ones(2)})
    assert call("plot", "curves", "ragged").sentence.startswith("zanjir: the record of a run's training is damaged: ")


def test_a_run_that_stopped_in_its_first_epoch_has_no_curve_beside_others(call, moons_run, workplace):
    changed(moons_run, workplace / "short", {"history.epochs": np.zeros((0, 11))})
    sentence = call("plot", "curves", "short", moons_run).sentence
    assert sentence == "zanjir: short has no epoch to draw; expected at least one."
