"""A trained model as an ONNX file: the forward program of prediction, from raw inputs to labels."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from zanjir import __version__
from zanjir.errors import DataError, ParameterError
from zanjir.files import write_whole
from zanjir.interchange.onnx_gates import Operators, label_array, translated
from zanjir.program.step import trace_forward
from zanjir.training import Model, Preparation

__all__ = ["export_onnx", "onnx_model"]

# The oldest versions that have every operator used here: whatever runs ONNX files since 2023 reads them.
OPSET, IR_VERSION = 18, 8
# What protobuf, in which ONNX files are written, can hold; a little of it is for the operators.
MOST_BYTES = 2**31 - 2**20
# Name, dtype and shape of an output; a text stands for a size that is known at run time only.
Output: TypeAlias = "tuple[str, Any, tuple[str | int, ...]]"
RESERVED = ("X", "label", "probabilities", "prediction")


def export_onnx(model: Any, path: str | Path) -> None:
    """Write a trained model as an ONNX file, which other programs can run without zanjir.

    The file's input is ``X`` of shape (N, D), raw inputs in the model's dtype, for any N. Its outputs are, for
    classes: ``label`` (N,), text or whole numbers as the classes are; ``probabilities`` (N, C) where the loss gives
    them; ``scores`` (N, C), or (N, 1) for two classes with one score. For regression: ``prediction``, (N,) or (N, K).
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
    scores = forward(operators, model)
    add = classified if len(classes) else regressed
    outputs = [value(operators, *facts) for facts in add(operators, subject, scores)]
    X = value(operators, "X", model.problem.dtype, ("N", model.problem.in_features))
    graph = helper.make_graph(operators.nodes, "zanjir", [X], outputs, operators.initializers)
    made = helper.make_model(
        graph, producer_name="zanjir", producer_version=__version__, ir_version=IR_VERSION,
        opset_imports=[helper.make_opsetid("", OPSET)], doc_string=repr(model),
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


def forward(operators: Operators, model: Model) -> str:
    """Add the way from raw inputs to scores, and return the name of the scores."""
    problem = model.problem
    function = trace_forward(problem)
    X = function.inputs["X"]
    names = {id(X): prepared(operators, model.preparation, np.dtype(problem.dtype))}
    for name, value in model.parameters.items():
        names[id(function.inputs[name])] = operators.constant(value, problem.dtype, name)
    scores = function.outputs["scores"]
    translated(operators, replace(function, outputs={"scores": scores}).nodes, names)
    return names[id(scores)]


def prepared(operators: Operators, preparation: Preparation, dtype: Any) -> str:
    """Add the preparation of raw inputs, and return the name of what the network reads."""
    name = "X"
    if preparation.offset:
        name = operators.add("Sub", name, operators.constant(preparation.offset, dtype, "offset"), wish="centered")
    if preparation.scale != 1:
        name = operators.add("Div", name, operators.constant(preparation.scale, dtype, "scale"), wish="prepared")
    return name


def classified(operators: Operators, subject: Subject, scores: str) -> list[Output]:
    """Add labels and probabilities, and return the outputs of a classification."""
    model, classes = subject.model, subject.classes
    dtype, n_scores = model.problem.dtype, model.problem.n_outputs
    names = label_array(classes)
    chosen = winners(operators, dtype, scores, n_scores)
    operators.result("label", "Gather", operators.constant(names, wish="classes"), chosen, axis=0)
    outputs: list[Output] = [("label", names.dtype, ("N",))]
    if model.problem.loss.probability:
        probabilities(operators, subject, scores)
        outputs.append(("probabilities", dtype, ("N", len(classes))))
    return [*outputs, (scores, dtype, ("N", n_scores))]


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


def regressed(operators: Operators, subject: Subject, scores: str) -> list[Output]:
    """Add the predicted numbers, and return the outputs of a regression."""
    n = subject.model.problem.n_outputs
    if n == 1:
        operators.result("prediction", "Squeeze", scores, *operators.axes(1))
    else:
        operators.result("prediction", "Identity", scores)
    return [("prediction", subject.model.problem.dtype, ("N",) if n == 1 else ("N", n))]


def value(operators: Operators, name: str, dtype: Any, shape: Sequence[str | int]) -> Any:
    """Return the description of an input or output."""
    helper = operators.onnx.helper
    text = np.dtype(dtype).kind == "U"
    element = operators.onnx.TensorProto.STRING if text else helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    return helper.make_tensor_value_info(name, element, list(shape))
