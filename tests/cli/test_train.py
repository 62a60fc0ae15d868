"""``zanjir train``: what it writes, prints and reaches."""

import csv
import itertools
import re
import subprocess
import sys

import numpy as np
import pytest

from zanjir.cli import options
from zanjir.data import load
from zanjir.nn import ACTIVATIONS, INITIALIZERS, LOSSES, PENALTIES
from zanjir.optim import OPTIMIZERS, SCHEDULES
from zanjir.training import History, divide, load_model, load_training

FILES = {"model.safetensors", "history.csv", "steps.csv", "learning-curve.png", "confusion.png", "report.md"}
QUICK = ("--hidden", "4", "--samples", "40", "--epochs", "1")
# The target of the README's first line; the defaults reach about 0.98.
GOOD = 0.97


def names(folder):
    return {path.name for path in folder.iterdir()}


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_defaults_read_digits_well(call, workplace):
    found = call("train", "digits", "--json")
    assert found.code == 0
    assert found.json["test_accuracy"] >= GOOD
    assert found.json["run"] == "runs/digits-1"
    assert names(workplace / "runs" / "digits-1") == FILES


def test_a_linear_model_of_pictures_shows_its_templates(digits_run):
    assert names(digits_run) == FILES | {"templates.png"}
    for path in digits_run.glob("*.png"):
        assert path.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")


def test_a_linear_model_of_points_has_none(call, workplace):
    call("train", "moons", "--hidden", "none", "--samples", 40, "--epochs", 1, "--out", "run")
    assert names(workplace / "run") == FILES


def test_without_pictures_everything_else_is_there(call, workplace):
    found = call("train", "moons", *QUICK, "--no-pictures", "--out", "run", "--json", "--quiet")
    assert found.code == 0
    assert names(workplace / "run") == FILES - {"learning-curve.png", "confusion.png"}
    assert "![" not in (workplace / "run" / "report.md").read_text(encoding="utf-8")


def test_a_training_without_pictures_loads_neither_matplotlib_nor_scikit_learn(workplace):
    code = (
        "import sys; from zanjir.cli import main;"
        "main(['train', 'digits', '--epochs', '1', '--engine', 'numpy', '--no-pictures', '--json', '--quiet']);"
        "print([name for name in ('matplotlib', 'sklearn', 'scipy', 'rich') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_regression_has_no_confusion(line_run):
    assert names(line_run) == FILES - {"confusion.png"}


def test_json_is_one_object_with_the_results(call, workplace):
    found = call("train", "moons", *QUICK, "--json", "--out", "run")
    assert found.json.keys() == {
        "test_accuracy", "test_loss", "test_samples", "train_loss", "train_accuracy", "epochs", "steps", "seconds",
        "parameters", "engine", "run",
    }  # fmt: skip
    assert found.json["run"] == "run"
    assert found.json["engine"] == "numpy"
    assert (found.json["test_samples"], found.json["epochs"], found.json["parameters"]) == (8, 1, 4 * 2 + 4 + 4 * 2 + 2)
    assert found.json["seconds"] > 0


def test_progress_goes_to_stderr_and_results_to_stdout(call):
    found = call("train", "moons", *QUICK, "--out", "run")
    assert re.search(r"^moons: 29 samples to learn from, 3 to watch, 8 for the test$", found.err, re.M)
    assert "\nnetwork 2-4-2 with 22 parameters, softmax loss, Adam at 0.001, batches of 32\n" in found.err
    assert re.search(r"^epoch 1/1: loss \d\.\d{4}, accuracy \d.*, validation \d.* steps/s, 0 s left$", found.err, re.M)
    assert [line.split("  ")[0] for line in found.out.splitlines()] == ["test accuracy", "test loss", "trained", "run"]
    assert "epoch 1/1" not in found.out


def test_quiet_says_nothing_but_the_results(call):
    found = call("train", "moons", *QUICK, "--quiet")
    assert found.err == ""
    assert found.out.startswith("test accuracy")
    assert call("train", "moons", *QUICK, "--quiet", "--json").json


def test_a_log_has_a_line_at_most_each_second_and_one_at_the_end(call):
    found = call("train", "moons", "--hidden", 4, "--samples", 40, "--epochs", 50, "--json")
    lines = found.err.splitlines()
    assert 1 <= len(lines) < 10
    assert lines[-1].startswith("epoch 50/50: ")


def test_runs_are_numbered(call, workplace):
    for number in (1, 2, 3):
        assert call("train", "moons", *QUICK, "--json", "--quiet").json["run"] == f"runs/moons-{number}"
    assert names(workplace / "runs") == {"moons-1", "moons-2", "moons-3"}


def test_a_run_is_not_overwritten(call, workplace, tree):
    assert call("train", "moons", *QUICK, "--out", "run", "--quiet").code == 0
    before = tree(workplace)
    found = call("train", "moons", *QUICK, "--out", "run", "--seed", 1)
    assert found.sentence == "zanjir: run already holds a run. Choose another --out, or go on with --resume."
    assert tree(workplace) == before


def test_a_folder_that_is_there_is_used_and_others_files_in_it_stay(call, workplace):
    (workplace / "run").mkdir()
    (workplace / "run" / "notes.txt").write_text("mine")
    assert call("train", "moons", *QUICK, "--out", "run", "--quiet").code == 0
    assert names(workplace / "run") == FILES | {"notes.txt"}
    assert (workplace / "run" / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("data", ["line", "regression_plane"])
def test_a_regression_is_judged_by_r_squared(data, call):
    found = call("train", data, "--hidden", "8", "--samples", 200, "--epochs", 30, "--json", "--learning-rate", 0.01)
    assert "test_accuracy" not in found.json
    assert "train_accuracy" not in found.json
    assert 0.5 < found.json["test_r2"] <= 1
    assert "validation R²" in found.err
    assert "accuracy" not in found.err


def test_a_regression_prints_r_squared(call):
    assert call("train", "line", *QUICK, "--quiet").out.startswith("test R²        ")


def test_one_sigmoid_tells_two_moons_apart(call):
    found = call(
        "train", "moons", "--loss", "binary_cross_entropy", "--hidden", "32", "--learning-rate", 0.02, "--epochs", 60,
        "--json", "--quiet", "--out", "run",
    )  # fmt: skip
    assert found.json["test_accuracy"] > 0.95
    assert load_model("run/model.safetensors").problem.n_outputs == 1


CHOICES = {
    "--optimizer": ("OPTIMIZER", OPTIMIZERS),
    "--schedule": ("SCHEDULE", SCHEDULES),
    "--loss": ("LOSS", LOSSES),
    "--penalty": ("PENALTY", PENALTIES),
    "--activation": ("ACTIVATION", ACTIVATIONS),
    "--initializer": ("INITIALIZER", INITIALIZERS),
}


@pytest.mark.parametrize(("name", "table"), CHOICES.values(), ids=CHOICES)
def test_the_options_offer_exactly_what_the_library_has(name, table):
    assert list(getattr(options, name).choices) == list(table)


@pytest.mark.parametrize("number", range(max(len(table) for _, table in CHOICES.values())))
def test_every_choice_trains(number, call, workplace):
    """One row of choices after the other, the shorter lists from their start again."""
    chosen = {option: list(table)[number % len(table)] for option, (_, table) in CHOICES.items()}
    arguments = ("--alpha", 0.01) if chosen["--penalty"] != "none" else ()
    found = call("train", "gaussians", *QUICK, *itertools.chain(*chosen.items()), *arguments, "--json", "--out", "run")
    assert found.code == 0, found.err
    assert np.isfinite(found.json["test_loss"])
    model, _, facts = load_training(workplace / "run" / "model.safetensors")
    assert model.problem.loss.name == chosen["--loss"]
    assert type(model.problem.penalty) is (PENALTIES[chosen["--penalty"]] or type(None))
    assert facts["plan"]["optimizer"]["type"] == OPTIMIZERS[chosen["--optimizer"]].__name__
    assert facts["plan"]["schedule"]["type"] == SCHEDULES[chosen["--schedule"]].__name__
    layers = model.problem.network.layers
    assert (layers[0].initializer, layers[1].name) == (chosen["--initializer"], chosen["--activation"])


def test_every_other_option_reaches_the_training(call, workplace):
    arguments = ("--batch-size", 7, "--seed", 9, "--learning-rate", 0.25, "--clip", 0.5, "--dropout", 0.125)
    call("train", "moons", *QUICK, *arguments, "--hidden", "6,5", "--early-stopping", 3, "--out", "run", "--quiet")
    model, _, facts = load_training(workplace / "run" / "model.safetensors")
    plan = facts["plan"]
    assert (plan["batch_size"], plan["seed"], plan["clip"], plan["patience"], plan["epochs"]) == (7, 9, 0.5, 3, 1)
    assert plan["optimizer"]["learning_rate"] == 0.25
    assert {name: shape for name, shape in model.problem.layout.shapes.items() if name[0] == "W"} == {
        "W1": (2, 6), "W2": (6, 5), "W3": (5, 2),
    }  # fmt: skip
    assert "rate=0.125" in repr(model.problem.network)


def test_early_stopping_keeps_and_reports_the_best_epoch(call):
    found = call(
        "train", "moons", "--samples", 40, "--early-stopping", 1, "--learning-rate", 0.5, "--epochs", 99,
        "--validation", 0.3, "--json", "--quiet", "--out", "run",
    )  # fmt: skip
    assert found.json["epochs"] == found.json["best_epoch"] + 1 < 99


def test_no_validation_is_no_validation(call, workplace):
    found = call("train", "moons", *QUICK, "--validation", 0, "--out", "run")
    assert "to watch" not in found.err
    assert "validation" not in found.err
    assert rows(workplace / "run" / "history.csv")[0]["validation_loss"] == ""


def test_the_same_seed_writes_the_same_model_and_another_seed_another(call, workplace):
    for run, seed in (("one", 3), ("two", 3), ("other", 4)):
        call("train", "moons", *QUICK, "--dropout", 0.5, "--seed", seed, "--out", run, "--quiet")
    one, two, other = (load_model(workplace / run / "model.safetensors").W for run in ("one", "two", "other"))
    assert one.tobytes() == two.tobytes() != other.tobytes()
    assert (workplace / "one" / "steps.csv").read_bytes() == (workplace / "two" / "steps.csv").read_bytes()


def test_the_tables_hold_the_record(digits_run):
    _, arrays, _ = load_training(digits_run / "model.safetensors")
    history = History.from_arrays(arrays)
    assert (digits_run / "history.csv").read_text(encoding="utf-8") == history.epochs_csv()
    assert (digits_run / "steps.csv").read_text(encoding="utf-8") == history.steps_csv()
    assert [int(row["epoch"]) for row in rows(digits_run / "history.csv")] == [1, 2, 3]
    assert len(rows(digits_run / "steps.csv")) == 3 * 41


def test_the_model_has_never_seen_the_test_and_reads_raw_pixels(digits_run):
    digits = load("digits")
    parts = divide(digits, seed=5)
    model = load_model(digits_run / "model.safetensors")
    judged = model.evaluate(parts.test.X, parts.test.y)
    report = (digits_run / "report.md").read_text(encoding="utf-8")
    assert f"| test accuracy | {judged.accuracy:.4f} |" in report
    assert model.image_shape == (8, 8)
    assert model.classes == digits.classes


def test_the_report_names_what_was_done_and_shows_the_pictures(digits_run):
    report = (digits_run / "report.md").read_text(encoding="utf-8")
    assert report.startswith("# digits\n")
    for text in (
        "1,294 samples to learn from, 144 to watch, 359 for the test",
        "Network: W1 64x10, b1 10.",
        "Seed: 5.",
    ):
        assert text in report
    shown = re.findall(r"!\[.*?\]\((.*?)\)", report)
    assert set(shown) == {path.name for path in digits_run.glob("*.png")}


def test_a_folder_of_pictures_is_learned(idx_folder, call, workplace):
    found = call("train", idx_folder, "--hidden", "none", "--epochs", 2, "--validation", 0, "--json", "--out", "run")
    assert found.json["test_samples"] == 16
    assert names(workplace / "run") == FILES | {"templates.png"}


@pytest.mark.parametrize("text", ["none", "0", "NONE", " none "])
def test_no_hidden_layer_has_several_spellings(text, call, workplace):
    call("train", "moons", "--hidden", text, "--samples", 40, "--epochs", 1, "--out", "run", "--quiet")
    assert load_model(workplace / "run" / "model.safetensors").problem.network.n_layers == 1
