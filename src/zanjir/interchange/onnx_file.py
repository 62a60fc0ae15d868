"""A trained model as an ONNX file: the forward program of prediction, from raw inputs to labels."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from zanjir import __version__
from zanjir.errors import DataError, ParameterError
from zanjir.files import write_whole
from zanjir.interchange.onnx_gates import Operators, label_array, translated
from zanjir.interchange.onnx_inputs import TEXTS, Described, described, network_inputs
from zanjir.program.step import trace_forward
from zanjir.training import Model

__all__ = ["export_onnx", "onnx_model"]

# The oldest versions that have every operator used here: whatever runs ONNX files since 2023 reads them.
OPSET, TEXTS_OPSET, IR_VERSION = 18, 2, 8
# What protobuf, in which ONNX files are written, can hold; a little of it is for the operators.
MOST_BYTES = 2**31 - 2**20
RESERVED = ("label", "probabilities", "prediction", "scores")


def export_onnx(model: Any, path: str | Path) -> None:
    """Write a trained model as an ONNX file, which other programs can run without zanjir.

    The file's input is ``X`` of shape (N, D), raw inputs in the model's dtype, for any N. Its outputs are, for
    classes: ``label`` (N,), text or whole numbers as the classes are; ``probabilities`` (N, C) where the loss gives
    them; ``scores`` (N, C), or (N, 1) for two classes with one score. For regression: ``prediction``, (N,) or (N, K).
    A model of a table takes its columns instead of ``X``, each (N, 1): numbers (booleans as 0 and 1, dates as days
    since 1970) in float64, NaN where missing; categories as texts without spaces around them, empty where missing.
    The preparation of raw inputs is part of it, and the parameters have their own names, W1, b1 and so on.

    Parameters
    ----------
    model : Model, or fitted estimator that has one as ``model_``
        What to write.
    path : path
        File to write, by custom ``model.onnx``.

    Raises
    ------
    ZanjirError
        If the package ``onnx`` is missing (the extra ``onnx`` brings it).
    GraphError
        If a gate of the network has no form in ONNX.
    ParameterError
        If there is no model.
    DataError
        If the model is larger than an ONNX file can be, or the file cannot be written; it is written whole or not at
        all.

    References
    ----------
    The ONNX operators, https://onnx.ai/onnx/operators, of operator set 18.
    """
    write_whole(Path(path), onnx_model(model).SerializeToString())


def onnx_model(model: Any) -> Any:
    """Return what `export_onnx` writes, as an ``onnx.ModelProto`` that ONNX's own checker has passed.

    Parameters and errors are those of `export_onnx`.
    """
    subject = Subject.of(model)
    model, classes = subject.model, subject.classes
    if model.W.nbytes > MOST_BYTES:
        raise DataError(
            f"the parameters take {model.W.nbytes:,} bytes, expected at most {MOST_BYTES:,}, which an ONNX file can "
            "hold; save it as safetensors, with zanjir.save_model."
        )
    operators = Operators(RESERVED)
    onnx, helper = operators.onnx, operators.onnx.helper
    given, X = network_inputs(operators, model)
    scores = forward(operators, model, X)
    outputs = (classified if len(classes) else regressed)(operators, subject, scores)
    inputs, results = ([described(operators, *facts) for facts in group] for group in (given, outputs))
    graph = helper.make_graph(operators.nodes, "zanjir", inputs, results, operators.initializers)
    made = helper.make_model(
        graph, producer_name="zanjir", producer_version=__version__, ir_version=IR_VERSION, doc_string=repr(model),
        opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid(TEXTS, TEXTS_OPSET)],
    )  # fmt: skip
    facts = {"zanjir_version": __version__, "description": repr(model), "classes": json.dumps(list(map(str, classes)))}
    helper.set_model_props(made, facts)
    onnx.checker.check_model(made, full_check=True)
    return made


@dataclass(frozen=True)
class Subject:
    """What is exported: a model, its classes as their owner writes them, and whether probabilities sum to 1."""

    model: Model
    classes: Sequence[Any]
    whole: bool = False

    @classmethod
    def of(cls, thing: Any) -> Subject:
        """Return a model, or that of a fitted estimator: one-vs-rest estimators divide by the sum."""
        if isinstance(thing, Model):
            return cls(thing, thing.classes)
        model = getattr(thing, "model_", None)
        if not isinstance(model, Model):
            raise ParameterError(
                f"{type(thing).__name__} has no network to export; expected a zanjir.training.Model, or an estimator "
                "that was fitted and rests on one."
            )
        return cls(model, getattr(thing, "classes_", model.classes), whole=True)


def forward(operators: Operators, model: Model, X: str) -> str:
    """Add the way from what the network reads to the scores, and return their name."""
    problem = model.problem
    function = trace_forward(problem)
    names = {id(function.inputs["X"]): X}
    for name, value in model.parameters.items():
        names[id(function.inputs[name])] = operators.constant(value, problem.dtype, name)
    scores = function.outputs["scores"]
    translated(operators, replace(function, outputs={"scores": scores}).nodes, names)
    return names[id(scores)]


def classified(operators: Operators, subject: Subject, scores: str) -> list[Described]:
    """Add labels and probabilities, and return the outputs of a classification."""
    model, classes = subject.model, subject.classes
    dtype, n_scores = model.problem.dtype, model.problem.n_outputs
    names = label_array(classes)
    chosen = winners(operators, dtype, scores, n_scores)
    operators.result("label", "Gather", operators.constant(names, wish="classes"), chosen, axis=0)
    outputs: list[Described] = [("label", names.dtype, ("N",))]
    if model.problem.loss.probability:
        probabilities(operators, subject, scores)
        outputs.append(("probabilities", dtype, ("N", len(classes))))
    operators.result("scores", "Identity", scores)
    return [*outputs, ("scores", dtype, ("N", n_scores))]


def winners(operators: Operators, dtype: Any, scores: str, n_scores: int) -> str:
    """Add the number of the class of each sample, as `zanjir.program.labels_from` decides it."""
    if n_scores > 1:
        return operators.add("ArgMax", scores, axis=1, keepdims=0)
    above = operators.add("Greater", scores, operators.constant(0, dtype, "zero"))
    return operators.add("Squeeze", operators.cast(above, np.int64), *operators.axes(1))


def probabilities(operators: Operators, subject: Subject, scores: str) -> None:
    """Add the probability of each class."""
    problem = subject.model.problem
    if problem.loss.probability == "softmax":
        operators.result("probabilities", "Softmax", scores, axis=1)
    elif problem.n_outputs == 1:
        # 1 - p would leave nothing of small probabilities of the first class.
        p, q = operators.add("Sigmoid", scores), operators.add("Sigmoid", operators.add("Neg", scores))
        operators.result("probabilities", "Concat", q, p, axis=1)
    elif subject.whole:
        p = operators.add("Sigmoid", scores)
        total = operators.add("ReduceSum", p, *operators.axes(1), keepdims=1)
        operators.result("probabilities", "Div", p, total)
    else:
        operators.result("probabilities", "Sigmoid", scores)


def regressed(operators: Operators, subject: Subject, scores: str) -> list[Described]:
    """Add the predicted numbers, in their own unit, and return the outputs of a regression."""
    n, dtype = subject.model.problem.n_outputs, np.dtype(subject.model.problem.dtype)
    if columns := getattr(subject.model, "columns", None):
        dtype = np.dtype(float)
        scale, offset = (operators.constant(value, dtype) for value in (columns.target.scale, columns.target.offset))
        scores = operators.add("Add", operators.add("Mul", operators.cast(scores, dtype), scale), offset)
    if n == 1:
        operators.result("prediction", "Squeeze", scores, *operators.axes(1))
    else:
        operators.result("prediction", "Identity", scores)
    return [("prediction", dtype, ("N",) if n == 1 else ("N", n))]
