"""A run: the folder that holds a trained model, its record, its pictures and its report."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from zanjir.data import Dataset, Table, TableDataset, is_table, load, read_table
from zanjir.errors import DataError, ParameterError
from zanjir.files import write_whole
from zanjir.graph import Array
from zanjir.program import Problem
from zanjir.training import (
    History,
    Model,
    Parts,
    Plan,
    Trainer,
    divide,
    fingerprint,
    labels_for,
    load_training,
    plan_from,
    plan_specification,
    save_model,
)

__all__ = ["Run", "Saved", "new_run"]

MODEL = "model.safetensors"
# What a run remembers of its data.
FACTS = ("name", "fingerprint", "samples", "test_share", "validation_share", "seed")


@dataclass(frozen=True)
class Saved:
    """What a run's model file holds."""

    model: Model
    plan: Plan
    data: dict[str, Any]
    arrays: dict[str, Array]
    state: dict[str, Any]

    @property
    def trained_problem(self) -> Problem:
        """What was learned: the model's problem, with a weight for each sample where classes were weighted."""
        return replace(self.model.problem, weighted=self.data["class_weight"] is not None)

    def load(self, data: str) -> Dataset | TableDataset:
        """Load data as the run did, with its target if they are a table."""
        seed, n_samples, table = self.plan.seed, self.data["samples"], self.data["table"]
        if table is None:
            return load(data, seed=seed, n_samples=n_samples)
        target, task, columns = (table[name] for name in ("target", "task", "columns"))
        return load(data, seed=seed, n_samples=n_samples, target=target, task=task, columns=columns)

    def is_of(self, dataset: Dataset | TableDataset) -> bool:
        """Return whether a data set is the one the run was trained on, sample by sample."""
        return fingerprint(dataset) == str(self.data["fingerprint"])

    @property
    def history(self) -> History:
        """The record of the training.

        Raises
        ------
        DataError
            If it is damaged.
        """
        try:
            return History.from_arrays(self.arrays)
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise DataError(f"the record of a run's training is damaged: {error}. Train it again.") from error

    def divided(self, dataset: Dataset | TableDataset) -> Parts:
        """Divide a data set as the run did."""
        return divide(dataset, **{name: self.data[name] for name in ("test_share", "validation_share", "seed")})


@dataclass(frozen=True)
class Run:
    """A run's folder."""

    folder: Path

    @property
    def model_path(self) -> Path:
        """The file of the model."""
        return self.folder / MODEL

    def save(self, model: Model, trainer: Trainer, data: Mapping[str, Any]) -> None:
        """Save the model with the state of its training, and the record as tables."""
        arrays, state = trainer.state()
        facts = {"plan": plan_specification(trainer.plan), "data": dict(data), "state": state}
        save_model(self.model_path, model, (arrays, facts))
        self.write_text("history.csv", trainer.history.epochs_csv())
        self.write_text("steps.csv", trainer.history.steps_csv())

    def write_text(self, name: str, text: str) -> None:
        """Write a text file, whole or not at all."""
        write_whole(self.folder / name, text.encode())

    def load(self) -> Saved:
        """Load the model and the state of its training.

        Raises
        ------
        DataError
            If the folder is no run, or its file is damaged.
        """
        if not self.model_path.is_file():
            raise DataError(f"{self.folder} is no run: it holds no {MODEL}. Make one with zanjir train.")
        model, arrays, facts = load_training(self.model_path)
        if facts is None:
            raise DataError(f"{self.model_path} holds a model but no training. Make a run with zanjir train.")
        try:
            plan, state = plan_from(facts["plan"]), dict(facts["state"])
            data = {name: facts["data"][name] for name in FACTS}
            data["table"] = table_facts(facts["data"].get("table"))
            data["class_weight"] = text_or_none(facts["data"].get("class_weight"))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DataError(f"{self.model_path} misstates its training: {error} Train it again.") from error
        return Saved(model, plan, data, arrays, state)


def table_facts(facts: Any) -> dict[str, Any] | None:
    """Return how a run's table was read, if it was trained on one."""
    if facts is None:
        return None
    task, columns = text_or_none(facts["task"]), {str(name): str(kind) for name, kind in facts["columns"].items()}
    return {"target": str(facts["target"]), "task": task, "columns": columns}


def text_or_none(value: Any) -> str | None:
    """Return a choice that a file may leave out."""
    return None if value is None else str(value)


def new_run(out: Path | None, name: str) -> tuple[Run, list[Path]]:
    """Make the folder of a new run: ``out``, or the first free ``runs/NAME-1``, ``runs/NAME-2``, ...

    Returns
    -------
    Run, list of path
        The run, and the folders that did not exist before, the innermost first.

    Raises
    ------
    DataError
        If the folder already holds a run, or cannot be made or written to.
    """
    folder = out or next(path for i in range(1, 10**9) if not (path := Path("runs") / f"{name}-{i}").exists())
    if (folder / MODEL).exists():
        raise DataError(f"{folder} already holds a run. Choose another --out, or go on with --resume.")
    try:
        made = [path for path in (folder, *folder.parents) if not path.exists()]
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"cannot make the folder {folder}: {error.strerror}. Choose another --out.") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise DataError(f"cannot write to the folder {folder}. Choose another --out.")
    return Run(folder), made


def trained_on(saved: Saved, data: str) -> Dataset | TableDataset | None:
    """Return the data a run was trained on, if ``data`` still are those."""
    try:
        dataset = saved.load(data)
    except ParameterError:  # fewer samples than the run used, or an unknown name
        return None
    except DataError:
        if saved.data["table"]:  # another table need not be one to learn from
            return None
        raise
    return dataset if saved.is_of(dataset) else None


def held_out(saved: Saved, data: str) -> tuple[Dataset, Array, str]:
    """Return the samples on which a model is judged, their targets as it numbers them, and what they are."""
    of_table = reads_table(saved, data)
    same = trained_on(saved, data)
    if same:
        test, what = saved.divided(same).test, "the samples that training never saw"
        return test, labels_for(saved.model, test), what
    if of_table:
        return labeled(saved.model, read_table(data))
    dataset = load(data, seed=saved.plan.seed)
    if dataset.test:
        test, what = dataset.test, "the test set of these data"
    else:
        test, what = dataset, "all samples"
    return test, labels_for(saved.model, test), what


def run_names(folders: Sequence[Path]) -> dict[str, Path]:
    """Return runs by the names that a picture gives them: of their folders, or the whole paths if two are alike."""
    short = {folder.name: folder for folder in folders}
    return short if len(short) == len(folders) else {str(folder): folder for folder in folders}


def classified(folder: Path, data: str) -> tuple[Model, Dataset, str]:
    """Return a run's model, the samples on which it is judged with classes as it numbers them, and what they are.

    Raises
    ------
    DataError
        If the folder is no run, or its model predicts numbers.
    """
    saved = Run(folder).load()
    test, y, what = held_out(saved, data)
    if not saved.model.classes:
        raise DataError(f"{folder} predicts numbers, and this picture is about classes; choose another run.")
    return saved.model, replace(test, y=y, classes=saved.model.classes), what


def reads_table(saved: Saved, data: str) -> bool:
    """Return whether a run was trained on a table, and is given one.

    Raises
    ------
    DataError
        If only one of both is a table.
    """
    trained_on_table = saved.model.columns is not None
    if is_table(data) and not trained_on_table:
        raise DataError(f"{data} is a table, and this run was trained on {saved.data['name']}; give such data.")
    if trained_on_table and not is_table(data):
        raise DataError(f"{data} is no table, and this run was trained on one; give a table with the same columns.")
    return trained_on_table


def labeled(model: Model, table: Table) -> tuple[Dataset, Array, str]:
    """Return the rows of another table whose target is known, their targets, and what they are."""
    if model.columns is None:
        raise DataError(f"{table.name} is a table, and this model was not trained on one.")
    y = model.columns.target.of(table)
    known = np.flatnonzero(y >= 0 if model.classes else np.isfinite(y))
    if not len(known):
        raise DataError(f"{table.name} has no row with a known {model.columns.target.name!r}; nothing can be measured.")
    features = model.columns(table.take(known))
    test = Dataset(table.name, features, y[known], model.classes, columns=model.columns)
    return test, test.y, "all rows" if len(known) == len(y) else "the rows with a target"
