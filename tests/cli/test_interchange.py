"""``zanjir export`` and ``zanjir train --tensorboard``."""

import sys

import numpy as np
import pytest

from zanjir.data import load
from zanjir.training import load_model

# Scores of a few hundred products in float32, summed in another order; and its own rounding of one number.
FLOAT32_SUMS, FLOAT32 = 1e-5, 2**-24
QUICK = ("moons", "--hidden", "4", "--samples", "40", "--quiet", "--out", "run")


def outputs_of(path, X):
    reference = pytest.importorskip("onnx.reference")
    evaluator = reference.ReferenceEvaluator(str(path))
    return dict(zip(evaluator.output_names, evaluator.run(None, {"X": X.astype(np.float32)}), strict=True))


@pytest.mark.parametrize("fixture", ["digits_run", "moons_run"])
def test_an_exported_classifier_gives_the_runs_labels_and_probabilities(fixture, call, request, workplace):
    run = request.getfixturevalue(fixture)
    said = call("export", run, "--out", "model.onnx", "--json").json
    assert said["outputs"] == ["label", "probabilities", "scores"]
    assert said["bytes"] == (workplace / "model.onnx").stat().st_size
    X, model = load(run.parent.name[:-1]).X, load_model(run / "model.safetensors")
    found = outputs_of("model.onnx", X)
    assert found["label"].tolist() == [model.classes[k] for k in model.predict(X)]
    assert np.abs(found["probabilities"] - model.predict_proba(X)).max() <= FLOAT32_SUMS
    assert np.abs(found["scores"] - model.scores(X)).max() <= FLOAT32_SUMS * np.abs(model.scores(X)).max()


def test_an_exported_regression_gives_the_runs_numbers(line_run, call):
    assert call("export", line_run, "--out", "model.onnx").out.startswith("model.onnx: prediction from X; ")
    X, model = load("line").X, load_model(line_run / "model.safetensors")
    predicted = model.predict(X)
    found = outputs_of("model.onnx", X)["prediction"]
    assert found.shape == predicted.shape
    assert np.abs(found - predicted).max() <= FLOAT32_SUMS * np.abs(predicted).max()


def test_an_export_of_no_run_leaves_no_file(call, workplace):
    sentence = "Error: --out model.pt ends in '.pt', expected .onnx, the only kind that is written."
    assert call("export", "nowhere", "--out", "model.pt").sentence == sentence
    assert "nowhere is no run" in call("export", "nowhere", "--out", "model.onnx").sentence
    assert list(workplace.iterdir()) == []


def test_an_export_without_onnx_names_the_extra(moons_run, call, monkeypatch, workplace):
    monkeypatch.setitem(sys.modules, "onnx", None)
    assert "pip install 'zanjir[onnx]'" in call("export", moons_run, "--out", "model.onnx").sentence
    assert list(workplace.iterdir()) == []


def scalars(folder, tag):
    module = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    read = module.EventAccumulator(str(folder))
    read.Reload()
    return [(event.step, event.value) for event in read.Scalars(tag)]


def column(run, name):
    header, *rows = [line.split(",") for line in (run / "history.csv").read_text().splitlines()]
    return [float(row[header.index(name)]) for row in rows]


def test_tensorboard_reads_what_the_history_says(call, workplace):
    assert call("train", *QUICK, "--epochs", 3, "--tensorboard", "deep/events").code == 0
    found = scalars(workplace / "deep" / "events", "loss/validation")
    assert [step for step, _ in found] == [1, 2, 3]
    expected = column(workplace / "run", "validation_loss")
    assert np.allclose([value for _, value in found], expected, rtol=FLOAT32, atol=0)


def test_tensorboard_goes_on_after_ctrl_c(call, workplace, ctrl_c_at):
    with ctrl_c_at(5):
        assert call("train", *QUICK, "--epochs", 6, "--batch-size", 8, "--tensorboard", "events").code == 130
    assert len(scalars(workplace / "events", "loss/train")) == 1
    again = ("train", "moons", "--out", "run", "--resume", "--quiet", "--tensorboard", "events")
    assert call(*again).code == 0
    assert [step for step, _ in scalars(workplace / "events", "loss/train")] == [1, 2, 3, 4, 5, 6]


def test_without_tensorboard_the_extra_is_named_and_nothing_begins(call, monkeypatch, workplace):
    monkeypatch.setitem(sys.modules, "tensorboard.compat.proto.event_pb2", None)
    assert "pip install 'zanjir[tensorboard]'" in call("train", *QUICK, "--tensorboard", "events").sentence
    assert list(workplace.iterdir()) == []


def test_events_that_cannot_be_written_leave_no_run(call, workplace):
    (workplace / "file").touch()
    assert "no events can be written to file" in call("train", *QUICK, "--tensorboard", "file").sentence
    assert [path.name for path in workplace.iterdir()] == ["file"]
