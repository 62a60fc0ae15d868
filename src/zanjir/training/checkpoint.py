"""Saving and loading models: one safetensors file with numbers and JSON text, nothing that could run.

Each parameter is a tensor of its own (W1, b1, ...); the metadata hold what is needed to rebuild the model; a
training that may go on adds its state. A file appears whole or not at all.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from zanjir.errors import DataError, ZanjirError
from zanjir.files import write_whole
from zanjir.graph import Array
from zanjir.training.model import Model, Preparation
from zanjir.training.specification import columns_from, columns_specification, problem_from, specification

__all__ = ["load_model", "load_training", "save_model"]

FORMAT = "zanjir model 1"


def save_model(
    path: str | Path, model: Model, training: tuple[Mapping[str, Array], Mapping[str, Any]] | None = None
) -> None:
    """Save a model, and the state of its training if it is given.

    Parameters
    ----------
    path : path
        File to write, by custom ``model.safetensors``.
    model : Model
        What to save.
    training : (arrays, JSON data), optional
        What `Trainer.state` returns, and what else a resumed training needs to know.

    Raises
    ------
    DataError
        If the file cannot be written.
    """
    from safetensors.numpy import save

    arrays, state = training or ({}, None)
    tensors = {name: np.ascontiguousarray(value) for name, value in {**model.parameters, **arrays}.items()}
    facts = {
        "problem": specification(model.problem),
        "classes": list(model.classes),
        "preparation": asdict(model.preparation),
        "image_shape": model.image_shape,
        "training": state,
        **({"columns": columns_specification(model.columns)} if model.columns else {}),
    }
    metadata = {"format": FORMAT, "model": json.dumps(facts, allow_nan=False)}
    write_whole(Path(path), save(tensors, metadata))


def load_model(path: str | Path) -> Model:
    """Load a model.

    Raises
    ------
    DataError
        If the file is missing, damaged, or no model of this library.
    """
    return load_training(path)[0]


def load_training(path: str | Path) -> tuple[Model, dict[str, Array], dict[str, Any] | None]:
    """Load a model with the state of its training: arrays, and JSON data (None if there is none).

    Raises
    ------
    DataError
        If the file is missing, damaged, or no model of this library.
    """
    tensors, facts = read(Path(path))
    try:
        model = model_from(tensors, facts)
        state = None if facts["training"] is None else dict(facts["training"])
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        reason = str(error).rstrip(".") if isinstance(error, ZanjirError) else f"its description misstates {error}"
        raise DataError(f"{path} is no model that can be rebuilt: {reason}. Train it again.") from error
    if not np.isfinite(model.W).all():
        raise DataError(f"{path} holds parameters that are no finite numbers. Train it again.")
    return model, tensors, state


def model_from(tensors: dict[str, Array], facts: Mapping[str, Any]) -> Model:
    """Return the model of a description, and take its parameters out of ``tensors``."""
    problem = problem_from(facts["problem"])
    parameters = {name: tensors.pop(name) for name in problem.layout.shapes}
    kinds = {name: value.dtype.name for name, value in parameters.items() if value.dtype.kind != "f"}
    if kinds:
        raise DataError(f"parameters must be floating-point numbers; got {kinds}")
    with np.errstate(over="ignore"):  # whether W is finite is looked at later
        W = problem.layout.flatten(parameters).astype(problem.dtype)
    image_shape = tuple(map(int, facts["image_shape"])) if facts["image_shape"] else None
    preparation = Preparation(float(facts["preparation"]["offset"]), float(facts["preparation"]["scale"]))
    columns = columns_from(facts["columns"]) if "columns" in facts else None
    return Model(problem, W, tuple(map(str, facts["classes"])), preparation, image_shape, columns)


def read(path: Path) -> tuple[dict[str, Array], dict[str, Any]]:
    """Return the tensors and the description in a file."""
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise DataError(f"there is no file {path}; expected a saved model such as RUN/model.safetensors.")
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
        facts = json.loads(metadata.get("model", "null"), parse_constant=refused, object_pairs_hook=unique)
    except (SafetensorError, OSError, ValueError, RecursionError, TypeError, AttributeError) as error:
        raise DataError(
            f"{path} is damaged or no safetensors file: {error}. Train again, or restore a copy."
        ) from error
    if metadata.get("format") != FORMAT or not isinstance(facts, dict):
        raise DataError(f"{path} is no zanjir model: its format is {metadata.get('format')!r}, expected {FORMAT!r}.")
    return tensors, facts


def refused(constant: str) -> float:
    """Refuse NaN and Infinity, which JSON does not have but Python reads."""
    raise ValueError(f"{constant} stands where a finite number is expected")


def unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object, unless a key stands in it twice and one value would be lost silently."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError(f"a key stands twice among {', '.join(key for key, _ in pairs)}")
    return found
