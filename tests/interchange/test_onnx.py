"""ONNX files: what other programs compute from them is what the model computes.

The witness is ONNX's own reference evaluator, and onnxruntime where it is installed.
"""

import json
import sys
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest

import zanjir
from witnesses.gate_samples import case_id, cases, inputs_for
from zanjir.errors import DataError, GraphError, ParameterError, ZanjirError
from zanjir.graph import TABLE, tensor
from zanjir.graph.order import topological_order
from zanjir.interchange import FORMS, export_onnx, onnx_file, onnx_model
from zanjir.interchange.onnx_gates import Operators, translated
from zanjir.nn import LOSSES, AveragePool2d, Conv2d, Flatten, Layer, Linear, Reshape, Sequential, convnet, mlp
from zanjir.program import Problem
from zanjir.training import Model, Preparation

onnx = pytest.importorskip("onnx")

# Sums of up to about a hundred products in float64, in another order and relative to the largest.
ROUNDINGS = 1e-13
# The same in float32, whose rounding is 6e-8.
FLOAT32_ROUNDINGS = 2e-6
# Single gates: a few roundings. ONNX's evaluator computes Erf in float32.
ONE_GATE, ERF = 1e-14, 1e-7

CLASSES = ("cat", "dog", "گربه")
PREPARATION = Preparation(offset=0.3, scale=1.7)


@dataclass(frozen=True)
class Own(Layer):
    """A layer of one's own: any function of a batch, written in NumPy."""

    function: object = None

    def __call__(self, x, parameters, key=None, stream=0):
        return self.function(x)


def own(function, k=3):
    return Sequential((Linear(5), Own(function), Linear(k)))


def images(*layers):
    return Sequential((Reshape((6, 7, 2)), *layers, Flatten(), Linear(3)))


# Network, features, loss, number of classes (0 for regression).
NETWORKS = {
    "a linear classifier": (mlp([], 3), 6, "softmax", 3),
    "two classes, one score": (mlp([4], 1), 6, "binary_cross_entropy", 2),
    "one versus rest": (mlp([], 3), 6, "binary_cross_entropy", 3),
    "hinge": (mlp([7], 3, dropout=0.5), 6, "hinge", 3),
    "squared hinge": (mlp([7], 3, activation="identity"), 6, "squared_hinge", 3),
    "least squares of classes": (mlp([], 3), 6, "squared_error", 3),
    "regression": (mlp([7], 1), 6, "squared_error", 0),
    "regression to two numbers": (mlp([7], 2, activation="tanh"), 6, "squared_error", 0),
    "batch normalization": (mlp([7, 5], 3, activation="sigmoid", norm="batch"), 6, "softmax", 3),
    "layer normalization": (mlp([7, 5], 3, activation="tanh", norm="layer"), 6, "softmax", 3),
    "a convolutional network": (convnet((7, 6), [3, 4], [5], 3, norm="batch"), 42, "softmax", 3),
    "colors and layer normalization": (convnet((5, 6, 2), [3], [], 3, norm="layer"), 60, "hinge", 3),
    "strides and means": (images(Conv2d(4, 3, stride=2, padding=1), AveragePool2d(3, stride=1)), 84, "softmax", 3),
    "channels first": (
        Sequential((Reshape((2, 6, 7)), Conv2d(4, 3, layout="NCHW"), AveragePool2d(2, layout="NCHW"),
                    Flatten(), Linear(3))),
        84, "softmax", 3,
    ),
    "a function of one's own": (own(lambda x: np.where(x > 0, x, np.exp(x) - 1)), 6, "softmax", 3),
    "truth values as numbers": (own(lambda x: (x > 0) * x + 0.1 * np.minimum(x, 0)), 6, "softmax", 3),
}  # fmt: skip


def model_of(name, dtype=np.float64, seed=4):
    """A model with random parameters; variances are above 0."""
    network, d, loss, n_classes = NETWORKS[name]
    k = network.out_features(d)
    problem = Problem(network, LOSSES[loss], d, k, dtype=dtype)
    W = np.random.default_rng(seed).standard_normal(problem.layout.size)
    for parameter, values in problem.layout.views(W).items():
        if parameter.startswith("variance"):
            values[...] = 0.3 + np.abs(values)
    return Model(problem, W.astype(dtype), CLASSES[:n_classes], PREPARATION)


def inputs_of(model, n=9):
    return (4 * np.random.default_rng(1).standard_normal((n, model.problem.in_features))).astype(model.problem.dtype)


def evaluated(made, X):
    """What ONNX's reference evaluator gives, by name."""
    from onnx.reference import ReferenceEvaluator

    return dict(zip([output.name for output in made.graph.output], ReferenceEvaluator(made).run(None, {"X": X}),
                    strict=True))  # fmt: skip


def run_by_onnxruntime(made, X):
    runtime = pytest.importorskip("onnxruntime", exc_type=ImportError)
    session = runtime.InferenceSession(made.SerializeToString(), providers=["CPUExecutionProvider"])
    return dict(zip([output.name for output in session.get_outputs()], session.run(None, {"X": X}), strict=True))


def assert_the_same(found, model, X, tolerance):
    """All outputs are the model's, and nothing is missing."""
    scores, predicted = model.scores(X), model.predict(X)
    size = np.abs(scores).max()
    if not model.classes:
        assert found["prediction"].shape == predicted.shape
        assert np.abs(found["prediction"] - predicted).max() <= tolerance * size
        assert set(found) == {"prediction"}
        return
    assert found["scores"].dtype == model.problem.dtype
    assert np.abs(found["scores"] - scores).max() <= tolerance * size
    assert found["label"].tolist() == [model.classes[k] for k in predicted]
    p = model.predict_proba(X)
    assert ("probabilities" in found) == (p is not None)
    if p is not None:
        assert np.abs(found["probabilities"] - p).max() <= tolerance * max(size, 1)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_reference_evaluator_gives_the_models_numbers(name):
    model = model_of(name)
    X = inputs_of(model)
    assert_the_same(evaluated(onnx_model(model), X), model, X, ROUNDINGS)


@pytest.mark.parametrize("name", NETWORKS)
def test_float32_is_kept(name):
    model = model_of(name, np.float32)
    X = inputs_of(model)
    found = evaluated(onnx_model(model), X)
    assert {value.dtype for value in found.values() if value.dtype.kind == "f"} == {np.dtype(np.float32)}
    assert_the_same(found, model, X, FLOAT32_ROUNDINGS)


@pytest.mark.parametrize("name", NETWORKS)
def test_onnxruntime_gives_the_models_numbers(name):
    model = model_of(name, np.float32)
    X = inputs_of(model)
    assert_the_same(run_by_onnxruntime(onnx_model(model), X), model, X, FLOAT32_ROUNDINGS)


@pytest.mark.parametrize("n", [1, 2, 30])
@pytest.mark.parametrize("name", ["two classes, one score", "batch normalization", "a convolutional network"])
def test_one_file_takes_any_number_of_samples(name, n):
    model = model_of(name)
    X = inputs_of(model, n)
    assert_the_same(evaluated(onnx_model(model), X), model, X, ROUNDINGS)


def test_labels_differ_among_the_samples():
    """Else the tests above would compare constants."""
    for name in NETWORKS:
        model = model_of(name)
        assert len(np.unique(model.predict(inputs_of(model, 30)))) > 1, name


def test_small_probabilities_of_both_classes_keep_their_digits():
    problem = Problem(mlp([], 1), LOSSES["binary_cross_entropy"], 1, 1, dtype=np.float32)
    model = Model(problem, np.array([1, 0], np.float32), ("no", "yes"))
    p = evaluated(onnx_model(model), np.array([[-40.0], [40.0]], np.float32))["probabilities"]
    assert p.ravel() == pytest.approx([1, np.exp(-40), np.exp(-40), 1], rel=FLOAT32_ROUNDINGS)


@pytest.mark.parametrize(("row", "params"), cases([TABLE[name] for name in FORMS]), ids=case_id)
def test_every_form_means_its_gate(row, params):
    inputs = inputs_for(row)
    leaves = [tensor(value, f"x{k}") for k, value in enumerate(inputs)]
    node = row(*leaves, **params)
    operators = Operators()
    names = {id(leaf): operators.name(leaf.name) for leaf in leaves}
    translated(operators, [x for x in topological_order([node]) if x.gate], names)

    def described(name, value):
        kind = onnx.helper.np_dtype_to_tensor_dtype(np.asarray(value).dtype)
        return onnx.helper.make_tensor_value_info(name, kind, np.shape(value))

    feeds = {names[id(leaf)]: leaf.value for leaf in leaves}
    given = [described(name, value) for name, value in feeds.items()]
    out = [described(names[id(node)], node.value)]
    graph = onnx.helper.make_graph(operators.nodes, "gate", given, out, operators.initializers)
    opsets = [onnx.helper.make_opsetid("", onnx_file.OPSET)]
    made = onnx.helper.make_model(graph, opset_imports=opsets, ir_version=onnx_file.IR_VERSION)
    onnx.checker.check_model(made, full_check=True)
    (found,) = onnx.reference.ReferenceEvaluator(made).run(None, feeds)
    assert found.dtype == node.value.dtype
    assert found.shape == node.shape
    tolerance = ERF if row.name in ("erf", "gelu") else ONE_GATE
    assert np.allclose(found, node.value, rtol=0, atol=tolerance * np.abs(node.value).max())


def test_the_file_holds_the_parameters_by_name_to_the_bit():
    model = model_of("batch normalization", np.float32)
    held = {value.name: onnx.numpy_helper.to_array(value) for value in onnx_model(model).graph.initializer}
    for name, value in model.parameters.items():
        assert held[name].tobytes() == value.tobytes()
        assert held[name].shape == value.shape


def test_the_file_says_where_it_comes_from(tmp_path):
    model = model_of("a linear classifier")
    export_onnx(model, tmp_path / "model.onnx")
    made = onnx.load(tmp_path / "model.onnx")
    facts = {entry.key: entry.value for entry in made.metadata_props}
    assert facts["zanjir_version"] == made.producer_version == zanjir.__version__
    assert facts["description"] == made.doc_string == "Model(6-3, softmax loss, 3 classes, 21 parameters)"
    assert json.loads(facts["classes"]) == list(CLASSES)
    assert made.producer_name == "zanjir"
    assert [d.dim_param or d.dim_value for d in made.graph.input[0].type.tensor_type.shape.dim] == ["N", 6]
    X = inputs_of(model)
    assert_the_same(evaluated(made, X), model, X, ROUNDINGS)


@pytest.mark.parametrize(
    ("classes", "kind"), [(np.array([3, 5, 9]), np.int64), (np.array(["a", "bb", "c"], object), object)]
)
def test_a_fitted_estimator_gives_its_own_labels(classes, kind):
    model = model_of("a linear classifier")
    X = inputs_of(model)
    label = evaluated(onnx_model(SimpleNamespace(model_=model, classes_=classes)), X)["label"]
    assert label.dtype == kind
    assert label.tolist() == classes[model.predict(X)].tolist()


def test_the_probabilities_of_a_one_vs_rest_estimator_sum_to_1():
    model = model_of("one versus rest")
    X = inputs_of(model)
    p = model.predict_proba(X)
    assert np.ptp(p.sum(axis=1)) > 0.1
    found = evaluated(onnx_model(SimpleNamespace(model_=model, classes_=np.arange(3))), X)["probabilities"]
    assert np.allclose(found, p / p.sum(axis=1, keepdims=True), rtol=ROUNDINGS, atol=0)


@pytest.mark.parametrize("thing", [3, SimpleNamespace(), SimpleNamespace(model_=None)])
def test_what_has_no_network_is_refused(thing, tmp_path):
    with pytest.raises(ParameterError, match=f"^{type(thing).__name__} has no network to export; expected a "):
        export_onnx(thing, tmp_path / "model.onnx")


def test_a_gate_without_a_form_is_named_and_an_older_file_stays(tmp_path):
    network = own(lambda x: np.log1p(np.exp(x)))
    problem = Problem(network, LOSSES["softmax"], 6, 3)
    model = Model(problem, np.ones(problem.layout.size, np.float32), CLASSES)
    path = tmp_path / "model.onnx"
    path.write_bytes(b"older")
    with pytest.raises(GraphError, match=r"the gate log1p of h .* has no form in ONNX; write it with others"):
        export_onnx(model, path)
    assert [file.read_bytes() for file in tmp_path.iterdir()] == [b"older"]


def test_a_place_that_cannot_be_written_to_is_named(tmp_path):
    with pytest.raises(DataError, match=r"nowhere/model\.onnx cannot be written"):
        export_onnx(model_of("a linear classifier"), tmp_path / "nowhere" / "model.onnx")
    assert list(tmp_path.iterdir()) == []


def test_more_than_an_onnx_file_can_hold_is_refused(monkeypatch):
    monkeypatch.setattr(onnx_file, "MOST_BYTES", 100)
    with pytest.raises(DataError, match="the parameters take 168 bytes, expected at most 100"):
        onnx_model(model_of("a linear classifier"))


def test_without_onnx_the_extra_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ZanjirError, match=r"an ONNX file needs the package onnx, .* pip install 'zanjir\[onnx\]'"):
        export_onnx(model_of("a linear classifier"), tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []
