"""The challenges of image classification as pictures."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from zanjir.data import CHALLENGES, Dataset, challenge
from zanjir.errors import ShapeError

__all__ = ["challenges"]


def challenges(
    dataset: Dataset,
    strengths: Mapping[str, float | None] | None = None,
    *,
    accuracy: Mapping[str, float] | None = None,
    n_examples: int = 8,
    seed: int = 0,
) -> Figure:
    """Return a figure of examples as they are and in each challenge, one challenge per row.

    Parameters
    ----------
    dataset : Dataset
        Pictures, gray or in color.
    strengths : mapping of str to float or None, optional
        Challenges with their strengths, None for a challenge's own; all challenges if not given.
    accuracy : mapping of str to float, optional
        What `zanjir.data.challenge_accuracy` returned, to stand beside the rows.
    n_examples : int
        Pictures in a row: the first of each class in turn.
    seed : int
        The same seed gives the same pictures.

    Raises
    ------
    ShapeError, ParameterError
        If there are no pictures, or no such challenge.
    """
    if dataset.image_shape is None:
        raise ShapeError(f"{dataset.name}: the rows of X are no pictures; choose data that are, such as digits.")
    wanted = dict.fromkeys(CHALLENGES) if strengths is None else strengths
    rows = {
        "none": dataset,
        **{name: challenge(dataset, name, strength, seed=seed) for name, strength in wanted.items()},
    }
    shown = examples(dataset, n_examples)
    figure = Figure(figsize=(0.85 * len(shown) + 1.6, 0.9 * len(rows)), layout="constrained")
    all_axes = figure.subplots(len(rows), len(shown), squeeze=False)
    for (name, data), line in zip(rows.items(), all_axes, strict=True):
        for axes, k in zip(line, shown, strict=True):
            axes.imshow(data.images[k] / dataset.scale, cmap="gray", vmin=0, vmax=1)
            axes.set(xticks=(), yticks=())
        measured = f"\n{accuracy[name]:.1%} right" if accuracy else ""
        title = "as they are" if name == "none" else data.name.rsplit(", ", 1)[1]
        line[0].set_ylabel(title + measured, rotation=0, ha="right", va="center", fontsize=9, labelpad=8)
    return figure


def examples(dataset: Dataset, n: int) -> list[int]:
    """Return n samples: the first of each class, then the second of each, ..."""
    order = np.argsort(dataset.y, kind="stable") if dataset.classes else np.arange(dataset.n_samples)
    labels = dataset.y[order]
    rank = np.arange(len(order)) - np.searchsorted(labels, labels) if dataset.classes else order
    return [int(k) for k in order[np.argsort(rank, kind="stable")][:n]]
