"""``zanjir graph``: the graph of a run or of a network, in every form."""

import json
import re
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from zanjir.data import load
from zanjir.training import load_model

# The run holds float32, and two float64 computations of its loss differ by their rounding.
DOUBLE = 1e-12


def nodes_of(text):
    return {node["label"]: node for node in json.loads(text)["nodes"]}


def test_a_network_has_shapes_for_any_batch_and_no_values(call):
    nodes = nodes_of(call("graph", "4-3-2", "--format", "json", "--penalty", "l2").out)
    shapes = {name: tuple(node["shape"]) for name, node in nodes.items()}
    assert (shapes["X"], shapes["W1"], shapes["h"], shapes["y"], shapes["loss"]) == (
        ("N", 4), (4, 3), ("N", 3), ("N",), (),
    )  # fmt: skip
    assert {name for name, node in nodes.items() if node["value"]} == {"0.0001"}
    assert not any(node["gradient"] for node in nodes.values())


def test_options_change_the_network(call):
    text = call("graph", "4-3-2", "--activation", "tanh", "--loss", "hinge").out
    assert "tanh(z)" in text
    assert "margins" in text
    assert text.endswith("\n— means not computed.\n")


def test_a_run_without_data_shows_what_its_parameters_decide(digits_run, call):
    nodes = nodes_of(call("graph", digits_run, "--format", "json").out)
    assert nodes["X"]["shape"] == ["N", 64]
    assert (nodes["X"]["value"], nodes["scores"]["value"], nodes["loss"]["value"]) == (None, None, None)
    model = load_model(digits_run / "model.safetensors")
    assert nodes["b1"]["value"]["data"] == model.parameters["b1"].astype(float).tolist()
    W1 = model.parameters["W1"].astype(float)
    assert nodes["W1"]["value"]["range"] == [W1.min(), W1.max()]


def test_a_run_with_data_shows_values_and_gradients_of_samples_that_training_never_saw(digits_run, call):
    nodes = nodes_of(call("graph", digits_run, "digits", "--samples", 3, "--format", "json").out)
    assert nodes["X"]["shape"] == [3, 64]
    model = load_model(digits_run / "model.safetensors")
    W1, b1 = (model.parameters[name].astype(float) for name in ("W1", "b1"))
    X = (load("digits").X - model.preparation.offset) / model.preparation.scale
    labels = np.array(nodes["y"]["value"]["data"])
    scores = np.array(nodes["scores"]["value"]["data"])
    rows = [int(np.argmin(np.abs(X.astype(np.float32) @ W1 + b1 - row).sum(axis=1))) for row in scores]
    np.testing.assert_allclose(X[rows].astype(np.float32) @ W1 + b1, scores, rtol=DOUBLE)
    assert labels.tolist() == load("digits").y[rows].tolist()
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    assert nodes["loss"]["value"]["data"] == pytest.approx(-np.log(p[range(3), labels]).mean(), rel=DOUBLE)
    one_hot = np.eye(10)[labels]
    np.testing.assert_allclose(nodes["b1"]["gradient"]["data"], (p - one_hot).mean(axis=0), atol=DOUBLE)


@pytest.mark.parametrize(("fixture", "data"), [("line_run", "line"), ("moons_run", "moons")])
def test_other_losses_and_regression_have_their_graphs_too(fixture, data, call, request):
    text = call("graph", request.getfixturevalue(fixture), data).out
    assert text.splitlines()[-1] == f"1 sample of {data}, from the samples that training never saw."
    assert re.search(r"^loss +mean .* 1$", text, re.M)


def test_every_form_is_printed_and_written_alike(digits_run, call, workplace):
    for form in ("text", "json", "dot", "svg", "tikz", "html"):
        printed = call("graph", digits_run, "--format", form).out
        said = call("graph", digits_run, "--format", form, "--out", "file").out
        assert said == "graph of loss: 8 nodes, 4 gates, 7 wires; written to file\n"
        assert (workplace / "file").read_text(encoding="utf-8") == printed


def test_the_ending_of_the_file_says_the_form(call, workplace):
    assert call("graph", "4-3-2", "--out", "g.svg").code == 0
    root = ET.parse(workplace / "g.svg").getroot()  # noqa: S314 - it is our own
    assert root.tag.endswith("svg")


def test_a_deep_network_is_printed_whole(call):
    text = call("graph", "-".join(["2"] * 90)).out
    assert "not shown" not in text
    assert len(text.splitlines()) > 400


REFUSED = {
    "nothing": ([], "Missing argument 'RUN|SIZES'"),
    "neither": (["nowhere"], "nowhere is neither a run's folder nor sizes such as 784-512-10."),
    "no run": (["."], ". is no run: it holds no model.safetensors"),
    "size zero": (["4-0-2"], "4-0-2: every size must be at least 1"),
    "data of a network": (["4-2", "moons"], "a network without parameters has no values for moons"),
    "samples of nothing": (["4-2", "--samples", "2"], "--samples says how many samples of DATA to use; give DATA too"),
    "no samples": (["4-2", "--samples", "0"], "0 is not in the range x>=1"),
    "unknown form": (["4-2", "--format", "png"], "'png' is not one of"),
    "unknown ending": (["4-2", "--out", "g.png"], "cannot tell a format from 'g.png'; let it end with .txt"),
    "no folder": (["4-2", "--out", "none/g.svg"], "none/g.svg cannot be written: No such file or directory"),
    "too large a picture": (["-".join(["2"] * 90), "--format", "svg"], "a picture can be read up to 200"),
    "alpha alone": (["4-2", "--alpha", "1"], "--alpha is a factor on a penalty"),
}


@pytest.mark.parametrize(("arguments", "expected"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_shown_is_refused_and_nothing_is_written(arguments, expected, call, workplace, tree):
    assert expected in call("graph", *arguments).sentence
    assert tree(workplace) == {}


def test_a_run_has_a_network_of_its_own(moons_run, call):
    said = call("graph", moons_run, "--activation", "tanh").sentence
    assert said.endswith("is a run with settings of its own; leave out --activation.")


def test_data_that_do_not_fit_the_run_are_refused(moons_run, call):
    assert "digits has class" in call("graph", moons_run, "digits").sentence
    assert "unknown data set 'mooons'" in call("graph", moons_run, "mooons").sentence


def test_dropout_is_part_of_the_graph(call):
    nodes = nodes_of(call("graph", "4-3-2", "--dropout", "0.25", "--format", "json").out)
    assert nodes["dropped"]["shape"] == ["N", 3]
    assert nodes["key"]["value"] is None


def test_a_loss_that_differs_from_that_of_prediction_says_so(call):
    call("train", "moons", "--hidden", 4, "--norm", "batch", "--dropout", "0.5", "--epochs", 1, "--quiet", "--out", "r")
    one, *others = (call("graph", "r", "moons", "--samples", n).out.splitlines() for n in (1, 4))
    notes = (
        "Dropout draws what it draws with seed 0 at step 1.",
        "Batch normalization takes the mean and variance of these samples, as in training.",
    )
    assert tuple(one[-3:]) == (*notes, "A single sample has no variance: take more with --samples.")
    assert [tuple(text[-2:]) for text in others] == [notes]
    assert call("graph", "r", "moons", "--samples", 4, "--out", "g.svg").out.endswith("\n".join(["", *notes, ""]))
