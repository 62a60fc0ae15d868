"""The pictures of a run. They need matplotlib, whose import takes longer than a small training."""

from __future__ import annotations

from zanjir.cli.run import Run
from zanjir.data import Dataset
from zanjir.plots import confusion, confusion_counts, learning_curve, save_figure, templates
from zanjir.training import History, Model

__all__ = ["write_pictures"]


def write_pictures(run: Run, history: History, model: Model, test: Dataset) -> list[str]:
    """Draw the learning curve, the mistakes and, where they can be looked at, the templates; return their names."""
    pictures = {"learning-curve.png": learning_curve(history)}
    if model.classes:
        counts = confusion_counts(test.y, model.predict(test.X), len(model.classes))
        pictures["confusion.png"] = confusion(counts, model.classes)
    if model.problem.network.n_layers == 1 and model.image_shape and len(model.image_shape) == 2:
        pictures["templates.png"] = templates(model)
    for name, figure in pictures.items():
        save_figure(figure, run.folder / name)
    return list(pictures)
