"""``zanjir evaluate``, ``predict`` and ``source``, and what the command line itself does."""

import csv
import itertools
import re
import subprocess
import sys

import numpy as np
import pytest

from zanjir.data import load, write_idx
from zanjir.training import load_model

ZANJIR = (sys.executable, "-m", "zanjir")
# Predictions are written with six decimals.
DECIMALS = 1e-6


def program(text):
    """Run a printed program and return what it defines."""
    names = {}
    exec(compile(text, "<printed>", "exec"), names)  # noqa: S102 - that it runs is what is tested
    return names


def table(path):
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    return header, rows


def own_score(run):
    report = (run / "report.md").read_text(encoding="utf-8")
    return dict(re.findall(r"^\| (.*?) \| (.*?) \|$", report, re.M))


# evaluate


@pytest.mark.parametrize("fixture", ["digits_run", "moons_run"])
def test_evaluate_uses_only_samples_that_were_held_out(fixture, call, request):
    run = request.getfixturevalue(fixture)
    data = run.parent.name[:-1]
    found = call("evaluate", run, data, "--json").json
    report = own_score(run)
    assert found["samples"] == "the samples that training never saw"
    assert (f"{found['test_accuracy']:.4f}", f"{found['test_loss']:.4f}") == (
        report["test accuracy"], report["test loss"],
    )  # fmt: skip
    assert str(found["test_samples"]) == report["test samples"]


def test_evaluate_equals_the_runs_own_result_exactly(call):
    own = call("train", "moons", "--samples", 60, "--epochs", 2, "--json", "--quiet", "--out", "run").json
    found = call("evaluate", "run", "moons", "--json").json
    assert (found["test_accuracy"], found["test_loss"]) == (own["test_accuracy"], own["test_loss"])


def test_evaluate_judges_a_regression_by_r_squared(line_run, call):
    found = call("evaluate", line_run, "line", "--json").json
    assert f"{found['test_r2']:.4f}" == own_score(line_run)["test r2"]
    assert call("evaluate", line_run, "line").out.startswith("test R²  ")


def test_evaluate_on_other_data_uses_all_of_them(moons_run, call):
    found = call("evaluate", moons_run, "circles", "--json")
    assert found.sentence == (
        "zanjir: circles has class 'outer', which this model has not learned; expected upper, lower."
    )


def test_evaluate_on_another_folder_uses_all_samples(idx_folder, workplace, call):
    call("train", idx_folder, "--samples", 70, "--validation", 0, "--epochs", 1, "--quiet", "--out", "run")
    own = call("evaluate", "run", idx_folder, "--json").json
    assert (own["samples"], own["test_samples"]) == ("the samples that training never saw", 14)
    other = workplace / "other"
    other.mkdir()
    for kind, count in (("train", 20), ("t10k", 7)):
        write_idx(other / f"{kind}-images-idx3-ubyte", np.ones((count, 3, 2), np.uint8))
        write_idx(other / f"{kind}-labels-idx1-ubyte", (np.arange(count) % 10).astype(np.uint8))
    found = call("evaluate", "run", other, "--json").json
    assert (found["samples"], found["test_samples"]) == ("the test set of these data", 7)
    for path in other.glob("t10k*"):
        path.unlink()
    found = call("evaluate", "run", other, "--json").json
    assert (found["samples"], found["test_samples"]) == ("all samples", 20)


def test_evaluate_prints_two_lines(digits_run, call):
    found = call("evaluate", digits_run, "digits")
    assert re.fullmatch(
        r"test accuracy  0\.\d{4}  on the samples that training never saw: 359 of digits\ntest loss  \d\.\d{4}\n",
        found.out,
    )
    assert found.err == ""


# predict


def test_predict_writes_a_row_per_sample(digits_run, workplace, call):
    found = call("predict", digits_run, "digits", "--out", "p.csv")
    assert (found.out, found.err) == ("1,797 predictions written to p.csv\n", "")
    header, rows = table(workplace / "p.csv")
    assert header == ["sample", "prediction", *(f"p({label})" for label in range(10))]
    assert [int(row[0]) for row in rows] == list(range(1797))
    p = np.array([row[2:] for row in rows], float)
    assert np.abs(p.sum(axis=1) - 1).max() <= 10 * DECIMALS / 2
    model, digits = load_model(digits_run / "model.safetensors"), load("digits")
    assert [row[1] for row in rows] == [model.classes[label] for label in model.predict(digits.X)]
    assert np.abs(p - model.predict_proba(digits.X)).max() <= DECIMALS / 2 * 1.001


def test_predict_writes_both_probabilities_of_one_sigmoid(moons_run, workplace, call):
    assert call("predict", moons_run, "moons", "--out", "p.csv", "--json").json == {"predictions": 500, "out": "p.csv"}
    header, rows = table(workplace / "p.csv")
    assert header == ["sample", "prediction", "p(upper)", "p(lower)"]
    assert {row[1] for row in rows} <= {"upper", "lower"}
    assert all((float(row[3]) > 0.5) == (row[1] == "lower") for row in rows if abs(float(row[3]) - 0.5) > DECIMALS)


def test_predict_writes_numbers_for_a_regression(line_run, workplace, call):
    call("predict", line_run, "line", "--out", "p.csv")
    header, rows = table(workplace / "p.csv")
    assert header == ["sample", "prediction"]
    expected = load_model(line_run / "model.safetensors").predict(load("line").X)
    assert np.array_equal(np.array([row[1] for row in rows], np.float32), expected)


def test_predict_writes_no_probabilities_where_there_are_none(workplace, call):
    call("train", "moons", "--loss", "hinge", "--samples", 40, "--epochs", 1, "--quiet", "--out", "run")
    call("predict", "run", "moons", "--out", "p.csv")
    assert table(workplace / "p.csv")[0] == ["sample", "prediction"]


def test_predict_replaces_an_old_file_whole_and_leaves_no_other(moons_run, workplace, call):
    (workplace / "p.csv").write_text("old")
    call("predict", moons_run, "moons", "--out", "p.csv")
    assert [path.name for path in workplace.iterdir()] == ["p.csv"]
    assert len((workplace / "p.csv").read_text().splitlines()) == 501


# source


def test_source_of_sizes_runs_and_learns(call):
    found = call("source", "4-3-2", "--optimizer", "adam", "--penalty", "l2", "--clip", 1)
    assert found.code == 0
    step = program(found.out)["step"]
    rng = np.random.default_rng(0)
    X, y, W = rng.standard_normal((8, 4)), rng.integers(0, 2, 8), rng.standard_normal(23) * 0.1
    m, v, losses = np.zeros(23), np.zeros(23), []
    for t in range(1, 101):
        loss, W, m, v = step(X, y, W, m, v, 0.05, t)
        losses.append(loss)
    assert losses[-1] < 0.5 * losses[0]


def test_source_of_a_run_is_the_program_that_trained_it(moons_run, call):
    found = call("source", moons_run)
    text = found.out
    assert "clipped" in text
    assert re.search(r"reshape\(2, 8\)", text)
    assert {"forward", "backward", "update", "step", "unflatten"} <= set(program(text))


def test_source_is_one_text_and_ends_with_one_line_end(call):
    found = call("source", "3-2")
    assert found.err == ""
    assert found.out.endswith("\n")
    assert not found.out.endswith("\n\n")


def test_buffers_are_for_the_given_batch_size(call):
    text = call("source", "4-3-2", "--buffers", 5).out
    program(text)
    assert "out=" in text
    assert call("source", "4-3-2", "--buffers", 6).code == 0


@pytest.mark.parametrize("sizes", ["1-1", "784-512-10", "3-2-2-2-2"])
@pytest.mark.parametrize("loss", ["softmax", "squared_error"])
def test_source_knows_every_size(sizes, loss, call):
    names = program(call("source", sizes, "--loss", loss).out)
    layers = [int(size) for size in sizes.split("-")]
    size = sum((a + 1) * b for a, b in itertools.pairwise(layers))
    assert len(names["unflatten"](np.zeros(size))) == 2 * (len(layers) - 1)


# the command line itself


def test_help_lists_the_commands(call):
    found = call("--help")
    assert found.code == 0
    for command in ("train", "evaluate", "check", "predict", "source"):
        assert re.search(rf"^  {command} +[A-Z]", found.out, re.M)
    assert found.err == ""


@pytest.mark.parametrize("command", ["train", "evaluate", "check", "predict", "source"])
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_every_command_has_help(command, flag, call):
    found = call(command, flag)
    assert found.code == 0
    assert found.out.startswith("Usage: ")


def test_the_version_is_the_packages(call):
    from importlib.metadata import version

    assert call("--version").out == f"zanjir, version {version('zanjir')}\n"


def test_an_unknown_command_is_wrong_usage(call):
    assert call("trane").sentence == "Error: No such command 'trane'. Did you mean 'train'?"
    assert call("xyz").sentence == "Error: No such command 'xyz'."


LOADED = "import sys; from zanjir.cli import main\ntry: main(sys.argv[1:])\nfinally: print(*sys.modules)"


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["train", "--help"], ["source", "-h"], ["check", "-h"]]
)
def test_help_loads_nothing_heavy(arguments):
    done = subprocess.run([sys.executable, "-c", LOADED, *arguments], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    modules = done.stdout.splitlines()[-1].split()
    assert "click" in modules
    assert not {"numpy", "sklearn", "matplotlib", "rich", "safetensors", "scipy", "threadpoolctl"} & set(modules)


@pytest.mark.parametrize("command", [["source", "784-512-10"], ["check", "RUN"], ["check", "RUN", "--json"]])
def test_a_reader_that_leaves_early_is_no_error(command, moons_run):
    """Like ``zanjir source 784-512-10 | head -1``, with a reader that surely leaves first."""
    arguments = [str(moons_run) if word == "RUN" else word for word in command]
    writer = subprocess.Popen([*ZANJIR, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    writer.stdout.close()
    assert writer.stderr.read() == b""
    writer.stderr.close()
    assert writer.wait() == 0


def test_the_module_is_the_command():
    done = subprocess.run([*ZANJIR, "source", "0-1"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.endswith("Error: 0-1: every size must be at least 1.\n")
