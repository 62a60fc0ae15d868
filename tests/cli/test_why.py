"""``zanjir why`` and ``zanjir explain`` of a run: one number, and one sample."""

import json
import re

import numpy as np
import pytest

from zanjir.cli.explain import LEVELS as OFFERED
from zanjir.data import load
from zanjir.explain import LEVELS
from zanjir.training import load_model

# The command computes in float64 from parameters that were trained in float32.
CLOSE = 1e-9


@pytest.fixture
def run(call):
    """A small run on digits, with a penalty."""
    arguments = ("--samples", "300", "--hidden", "6", "--epochs", "3", "--penalty", "l2", "--alpha", "0.01")
    assert call("train", "digits", "--out", "run", *arguments, "--quiet").code == 0
    return "run"


def loss_and_slope(folder, sample):
    """Return what plain NumPy makes of a sample: its loss with the penalty, and dL/dW2."""
    model, data = load_model(f"{folder}/model.safetensors"), load("digits")
    p = {name: np.asarray(value, np.float64) for name, value in model.parameters.items()}
    x = np.asarray(model.prepared(data.X[sample][None])[0], np.float64)
    h = np.maximum(x @ p["W1"] + p["b1"], 0)
    scores = h @ p["W2"] + p["b2"]
    shares = np.exp(scores - scores.max()) / np.exp(scores - scores.max()).sum()
    penalty = 0.01 * ((p["W1"] ** 2).sum() + (p["W2"] ** 2).sum())
    slope = np.outer(h, shares - np.eye(10)[data.y[sample]]) + 2 * 0.01 * p["W2"]
    return -np.log(shares[data.y[sample]]) + penalty, slope


def test_one_number_of_a_run_has_the_slope_that_numpy_finds(call, run):
    loss, slope = loss_and_slope(run, 7)
    tree = json.loads(call("why", run, "W2[1,3]", "--sample", "7", "--format", "json").out)
    values = {step["target"]: step["value"] for step in tree["children"]}
    assert values["loss"] == pytest.approx(loss, rel=CLOSE)
    assert values["dL/dW2[1, 3]"] == pytest.approx(slope[1, 3], rel=CLOSE)
    text = call("why", run, "dL/dW2[1, 3]", "--sample", "7").out
    assert re.search(r"^Sample 7 of digits: predicted \d, right is \d: dL/dW2\[1, 3\]$", text, re.MULTILINE)
    assert "rest stands for the sum of the other terms" in text


def test_a_whole_sample_is_explained_in_matrices(call, run):
    _, slope = loss_and_slope(run, 5)
    tree = json.loads(call("explain", run, "--sample", "5", "--format", "json").out)
    values = {step["target"]: step["value"] for step in tree["children"] if step["kind"] != "check"}
    assert tree["rule"] == "matrices"
    np.testing.assert_allclose(values["dL/dW2"], slope, rtol=CLOSE, atol=1e-12)
    assert "نمونهٔ 5 از digits" in call("explain", run, "--sample", "5", "--lang", "fa", "--level", "summary").out


def test_a_run_of_a_table_is_asked_for_its_file(call, tmp_path):
    rows = "".join(f"{i},{i % 7},{i * 0.5}\n" for i in range(60))
    (tmp_path / "t.csv").write_text(f"a,b,price\n{rows}", encoding="utf-8")
    assert call("train", tmp_path / "t.csv", "--target", "price", "--out", "run", "--epochs", "2", "--quiet").code == 0
    assert (
        "run was trained on a table, t; say where it is: --data FILE."
        in call("why", "run", "loss", "--sample", "3").sentence
    )
    done = call("why", "run", "W1[0, 2]", "--sample", "3", "--data", tmp_path / "t.csv")
    assert done.out.startswith(f"Sample 3 of {tmp_path / 't.csv'}: predicted ")
    assert "right is 1.5" in done.out


@pytest.mark.parametrize("form", ["html", "markdown", "latex", "python", "notebook"])
def test_one_number_is_explained_in_every_form(call, run, form):
    done = call("why", run, "h[2]", "--sample", "0", "--format", form, "--out", f"why.{form}")
    assert (done.code, done.out) == (0, "")


def test_a_number_of_a_problem_needs_no_sample(call):
    text = call("why", "homework-1", "dL/dw5").out
    assert "dL/dw5 = dL/dnet_Y1 * dnet_Y1/dw5 = 0.128876 * 0.594476 = 0.0766137" in text
    assert "w1 = " not in text
    assert call("explain", "homework-1", "--focus", "w5").out == call("why", "homework-1", "w5").out
    assert "s1 = w5 * out_h1" in call("why", "homework-1", "w5", "--gates").out


def test_the_command_offers_the_levels_that_there_are(call):
    assert OFFERED == LEVELS
    assert "What the update changes" in call("explain", "homework-1", "--level", "summary").out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("why", "run", "W2[1,3]"), "run is a run; say which sample of its data, counted from 0: --sample 7."),
        (("why", "run", "W2[1,3]", "--sample", "9999"), "there is no sample 9999: digits has 1,797, counted from 0."),
        (("why", "run", "V[1]", "--sample", "0"), "there is no 'V' here; expected one of"),
        (("why", "run", "W2[99,3]", "--sample", "0"), "W2[99, 3] is no entry: W2 has shape (6, 10)."),
        (("why", "run", "W2[1", "--sample", "0"), "'W2[1' names no number"),
        (("why", "homework-1", "w5", "--sample", "0"), "only runs have samples; leave out --sample."),
        (("why", "homework-1", "w99"), "there is no 'w99' here"),
        (("why", "nothing", "w99"), "unknown problem 'nothing'"),
        (("explain", "run", "--sample", "0", "--mode", "hand"), "a run is explained in numbers"),
        (("explain", "run", "--sample", "0", "--format", "svg"), "a run is explained in numbers"),
        (("explain", "questions", "--level", "gates"), "--level is for solutions"),
        (("explain", "homework-1", "--focus", "w1", "--level", "summary"), "w1 is one number"),
        (("explain", "homework-2", "--level", "matrices"), "no [network] and so no matrices"),
    ],
)
def test_what_cannot_be_explained_gets_one_sentence(call, run, arguments, sentence):
    assert sentence in call(*arguments).sentence
