"""A run: the folder that holds a trained model, its record, its pictures and its report."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from zanjir.data import Dataset, load
from zanjir.errors import DataError, ParameterError
from zanjir.files import write_whole
from zanjir.graph import Array
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

    def is_of(self, dataset: Dataset) -> bool:
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

    def divided(self, dataset: Dataset) -> Parts:
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
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DataError(f"{self.model_path} misstates its training: {error} Train it again.") from error
        return Saved(model, plan, data, arrays, state)


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


def trained_on(saved: Saved, data: str) -> Dataset | None:
    """Return the data a run was trained on, if ``data`` still are those."""
    try:
        dataset = load(data, seed=saved.plan.seed, n_samples=saved.data["samples"])
    except ParameterError:  # fewer samples than the run used, or an unknown name
        return None
    return dataset if saved.is_of(dataset) else None


def held_out(saved: Saved, data: str) -> tuple[Dataset, Array, str]:
    """Return the samples on which a model is judged, their targets as it numbers them, and what they are."""
    same = trained_on(saved, data)
    dataset = same or load(data, seed=saved.plan.seed)
    if same:
        test, what = saved.divided(dataset).test, "the samples that training never saw"
    elif dataset.test:
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
