"""The inputs of an ONNX file: rows of raw numbers, or the columns of a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from zanjir.interchange.onnx_gates import Operators
from zanjir.training import Model, Preparation

__all__ = ["Described", "described", "network_inputs"]

# Name, dtype and shape of an input or output; a text stands for a size that is known at run time only.
Described: TypeAlias = "tuple[str, Any, tuple[str | int, ...]]"
# Operators for texts have a domain of their own.
TEXTS = "ai.onnx.ml"
MISSING = ""


def described(operators: Operators, name: str, dtype: Any, shape: Sequence[str | int]) -> Any:
    """Return the description of an input or output."""
    helper = operators.onnx.helper
    text = np.dtype(dtype).kind == "U"
    element = operators.onnx.TensorProto.STRING if text else helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    return helper.make_tensor_value_info(name, element, list(shape))


def network_inputs(operators: Operators, model: Model) -> tuple[list[Described], str]:
    """Add the preparation of a model's inputs.

    Returns
    -------
    list of (name, dtype, shape), str
        What the file takes, and the name of what the network reads.
    """
    dtype = np.dtype(model.problem.dtype)
    columns = getattr(model, "columns", None)
    if columns is None:
        X = operators.name("X")
        return [(X, dtype, ("N", model.problem.in_features))], prepared(operators, model.preparation, X, dtype)
    given: list[Described] = []
    features: list[str] = []
    for column in columns.columns:
        text = column.kind == "category"
        name = operators.name(column.name)
        given.append((name, np.dtype(str if text else float), ("N", 1)))
        features += category(operators, column, name) if text else number(operators, column, name)
    X = operators.add("Concat", *features, axis=1, wish="features")
    # As in training: float64 until the numbers are of moderate size.
    return given, operators.cast(prepared(operators, model.preparation, X, float), dtype)


def prepared(operators: Operators, preparation: Preparation, X: str, dtype: Any) -> str:
    """Add the preparation of raw inputs, and return the name of what comes out."""
    if preparation.offset:
        X = operators.add("Sub", X, operators.constant(preparation.offset, dtype, "offset"), wish="centered")
    if preparation.scale != 1:
        X = operators.add("Div", X, operators.constant(preparation.scale, dtype, "scale"), wish="prepared")
    return X


def number(operators: Operators, column: Any, name: str) -> list[str]:
    """Add the features of a column of numbers: standardized, with the holes filled, and whether there is a hole."""
    fill, mean, scale = (operators.constant(value, float) for value in (column.fill, column.mean, column.scale))
    hole = operators.add("IsNaN", name)
    centered = operators.add("Sub", operators.add("Where", hole, fill, name), mean)
    features = [operators.add("Div", centered, scale)]
    return [*features, operators.cast(hole, float)] if column.holes else features


def category(operators: Operators, column: Any, name: str) -> list[str]:
    """Add the features of a column of categories: a one in each row, or none."""
    width = len(column.feature_names)
    unseen = width - 1 if column.other else width
    missing = len(column.categories) if column.missing else unseen
    places = {text: k for k, text in enumerate(column.categories)} | {MISSING: missing}
    code = operators.add(
        "LabelEncoder", name, domain=TEXTS, default_int64=unseen,
        keys_strings=list(places), values_int64s=list(places.values()),
    )  # fmt: skip
    places_of_ones = operators.constant(np.arange(width)[None, :], np.int64, "places")
    return [operators.cast(operators.add("Equal", code, places_of_ones), float)]
