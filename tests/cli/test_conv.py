"""A convolutional network from one command: trained, saved, gone on with, judged, used and printed."""

import pytest

from zanjir.program import compiled

FEW = ("--conv", "2,3", "--hidden", "8", "--samples", "120", "--epochs", "2", "--seed", "3")


@pytest.mark.parametrize("norm", ["none", "batch", "layer"])
def test_a_network_of_images_is_trained_judged_used_and_printed(call, norm, workplace):
    trained = call("train", "digits", *FEW, "--norm", norm, "--out", "run", "--json")
    assert trained.code == 0, trained.err
    judged = call("evaluate", "run", "digits", "--json").json
    assert judged["test_accuracy"] == trained.json["test_accuracy"]
    assert call("predict", "run", "digits", "--out", "found.csv", "--json").json["predictions"] == 1797
    text = call("source", "run").out
    compiled(text, "<printed run>")
    assert "images = X.reshape((-1, 8, 8, 1))" in text
    assert "z1 = conv2d(images, W1, padding=1) + b1" in text


def test_progress_begins_with_the_sizes_of_the_network(call):
    found = call("train", "digits", *FEW, "--norm", "batch", "--out", "run")
    assert "\nnetwork 8x8x1-conv2-conv3-8-10 with " in found.err


def test_a_resumed_network_of_images_has_the_same_bits(call, workplace, ctrl_c_at):
    from zanjir.training import load_model

    arguments = ("train", "digits", *FEW, "--norm", "batch", "--optimizer", "adamw", "--quiet")
    assert call(*arguments, "--out", "whole").code == 0
    with ctrl_c_at(5):
        assert call(*arguments, "--out", "parts").code == 130
    assert call("train", "digits", "--out", "parts", "--resume", "--quiet").code == 0
    whole, parts = (load_model(workplace / run / "model.safetensors") for run in ("whole", "parts"))
    assert whole.W.tobytes() == parts.W.tobytes()


def test_the_program_of_a_network_of_images_is_printed_from_its_sizes(call):
    text = call("source", "8x8x3-16-10", "--conv", "4", "--norm", "layer").out
    functions = compiled(text, "<printed sizes>")
    assert {"conv2d", "conv2d_weights", "max_pool2d", "standardize", "step"} <= set(functions)
    assert "W1 = W[0:108].reshape(3, 3, 3, 4)" in text
    assert call("source", "8x8-16-10").out == call("source", "64-16-10").out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("train", "moons", "--conv", "4"), "convolutions (4,) read pictures, and moons has none; leave them out."),
        (("source", "64-10", "--conv", "4"), "--conv reads pictures, and 64 is none; give height x width"),
        (("source", "8x0-10", "--conv", "4"), "8x0-10: every size must be at least 1."),
        (("train", "digits", "--conv", "4,x"), "'4,x' is no list of sizes"),
        (("train", "digits", "--norm", "bach"), "'bach' is not one of"),
        (("source", "64-10", "--dropout", "0.5"), "--dropout drops outputs of hidden linear layers"),
        (("graph", "8x8-10", "--norm", "batch"), "--norm normalizes hidden net inputs, and this network has none"),
    ],
)
def test_networks_of_images_that_cannot_be_made_are_refused(call, arguments, sentence):
    assert sentence in call(*arguments).sentence


def test_the_source_of_a_run_is_its_own_and_takes_no_other_settings(digits_run, call):
    assert call("source", digits_run, "--learning-rate", "1").sentence.endswith(
        "is a run with settings of its own; leave out --learning-rate."
    )
    assert "nowhere is neither a run's folder nor sizes" in call("source", "nowhere", "--conv", "4").sentence
