"""The results of a run: numbers, pictures, and a short report."""

from __future__ import annotations

from typing import Any

import numpy as np

from zanjir.cli.options import SCORE_NAMES
from zanjir.cli.run import Run
from zanjir.data import Dataset, TableDataset
from zanjir.data.columns import visible
from zanjir.data.table_text import SHOWN_CLASSES, described, facts_of
from zanjir.training import Model, Parts, Trainer, balanced_weights, baseline_scores, further_scores

__all__ = ["results_of", "results_text", "weights_text", "write_results"]


def results_of(
    run: Run, trainer: Trainer, model: Model, parts: Parts, dataset: Dataset | TableDataset
) -> dict[str, Any]:
    """Measure the test data and return the results, ready for JSON."""
    test = parts.test
    found = model.evaluate(test.X, test.y)
    last = trainer.history.epochs[-1]
    train = {
        "train_loss": last.loss,
        **({} if np.isnan(last.accuracy) else {"train_accuracy": last.accuracy}),
    }
    weights = {"class_weights": class_weights(parts.train)} if trainer.problem.weighted else {}
    stopped = {"best_epoch": trainer.best_epoch} if trainer.best_W is not None else {}
    return {
        **found.test_score,
        "test_loss": found.loss,
        **(table_results(model, parts, dataset) if isinstance(dataset, TableDataset) else {}),
        "test_samples": test.n_samples,
        **train,
        **weights,
        "epochs": last.epoch,
        **stopped,
        "steps": trainer.t,
        "seconds": round(trainer.seconds, 3),
        "parameters": model.problem.n_learned,
        "engine": trainer.engine.name,
        "run": str(run.folder),
    }


def table_results(model: Model, parts: Parts, dataset: TableDataset) -> dict[str, Any]:
    """Return the further scores of a table's model, those of guessing, and what was found in the table."""
    further = further_scores(model, parts.test.X, parts.test.y)
    guessed = baseline_scores(parts.train.y, parts.test.y, model.classes)
    return {
        **{f"test_{name}": score for name, score in further.items()},
        **{f"baseline_{name}": score for name, score in guessed.items()},
        **facts_of(dataset),
        "features": parts.train.n_features,
    }


def class_weights(train: Dataset) -> dict[str, float]:
    """Return how often a sample of each class counts where classes are balanced."""
    return dict(zip(train.classes, balanced_weights(train.y, len(train.classes)).tolist(), strict=True))


def weights_text(train: Dataset) -> str:
    """Return how often a sample of each class counts where classes are balanced, in words; a few of many."""
    each = [f"{factor:.3g} ({visible(name)})" for name, factor in class_weights(train).items()]
    more = [f"and {len(each) - SHOWN_CLASSES} more"] if len(each) > SHOWN_CLASSES else []
    return f"classes balanced: a sample counts {', '.join([*each[:SHOWN_CLASSES], *more])} times in the losses"


def further_lines(results: dict[str, Any]) -> list[str]:
    """Return the further scores as lines, beside those of guessing."""
    lines = []
    for name, shown_name in SCORE_NAMES.items():
        if f"test_{name}" in results:
            guess = f"  ({results[f'baseline_{name}']:.4f} by guessing)" if f"baseline_{name}" in results else ""
            lines.append(f"{shown_name:<13}  {results[f'test_{name}']:.4f}{guess}")
    return lines


def guess_text(results: dict[str, Any]) -> str:
    """Return what guessing would have scored."""
    if "baseline_accuracy" in results:
        return f"  ({results['baseline_accuracy']:.4f} by guessing the most frequent class)"
    return f"  ({results['baseline_r2']:.4f} by guessing the mean)" if "baseline_r2" in results else ""


def results_text(results: dict[str, Any]) -> str:
    """Return the results as lines for a reader."""
    if "test_accuracy" in results:
        score = f"test accuracy  {results['test_accuracy']:.4f}  on {results['test_samples']:,} samples"
    else:
        score = f"test R²        {results['test_r2']:.4f}  on {results['test_samples']:,} samples"
    epochs = f"{results['epochs']} epoch{'s' * (results['epochs'] != 1)}"
    kept = f", best after {results['best_epoch']}" if "best_epoch" in results else ""
    return "\n".join([
        f"{score}{guess_text(results)}",
        *further_lines(results),
        f"test loss      {results['test_loss']:.4f}",
        f"trained        {epochs}{kept}, {results['steps']:,} steps in {results['seconds']:.1f} s",
        f"run            {results['run']}",
    ])  # fmt: skip


def write_results(
    run: Run,
    trainer: Trainer,
    model: Model,
    parts: Parts,
    results: dict[str, Any],
    dataset: Dataset | TableDataset,
    *,
    pictures: bool = True,
) -> None:
    """Write the report, and the pictures if they are wanted."""
    names = []
    if pictures:
        from zanjir.cli.pictures import write_pictures

        names = write_pictures(run, trainer.history, model, parts.test)
    found = described(dataset) if isinstance(dataset, TableDataset) else []
    if trainer.problem.weighted:
        found = [*found, f"{weights_text(parts.train)} of training and validation; the test counts all alike"]
    run.write_text("report.md", report_text(trainer, model, parts, results, names, found))


def report_text(
    trainer: Trainer, model: Model, parts: Parts, results: dict[str, Any], pictures: list[str], found: list[str]
) -> str:
    """Return the report as Markdown; ``found`` are sentences on the data."""
    plan, problem = trainer.plan, model.problem
    sizes = ", ".join(f"{name} {'x'.join(map(str, shape))}" for name, shape in problem.layout.shapes.items())
    penalty = f" + {problem.penalty}" if problem.penalty else ""
    clip = f", gradient clipped at norm {plan.clip.largest:g}" if plan.clip else ""
    plain = {name.replace("_", " "): value for name, value in results.items() if not isinstance(value, dict)}
    rows = "\n".join(f"| {name} | {shown(value)} |" for name, value in plain.items())
    table = "".join(f"- {line[0].upper()}{line[1:]}.\n" for line in found)
    seen = "\n\n".join(f"![{name.removesuffix('.png')}]({name})" for name in pictures)
    return f"""# {parts.train.name}

| | |
|---|---|
{rows}

{table}- Data: {sizes_text(parts)}.
{inputs_text(model)}
- Network: {sizes}.
- Minimized: {"weighted " * trainer.problem.weighted}mean {problem.loss.name} loss{penalty}.
- Optimizer: {plan.optimizer}, {type(plan.schedule).__name__} schedule, batches of {plan.batch_size}{clip}.
- Seed: {plan.seed}.

{seen}

    zanjir evaluate {results["run"]} DATA
    zanjir predict {results["run"]} DATA --out predictions.csv
    zanjir source {results["run"]}
"""


def sizes_text(parts: Parts) -> str:
    """Return how many samples each part has."""
    watched = parts.validation.n_samples if parts.validation else 0
    train, test = parts.train.n_samples, parts.test.n_samples
    return f"{train:,} samples to learn from, {watched:,} to watch, {test:,} for the test"


def inputs_text(model: Model) -> str:
    """Return how the network's inputs are made, as lines of a list."""
    if model.columns is None:
        return f"- Inputs: (x - {model.preparation.offset:.6g}) / {model.preparation.scale:.6g}."
    target, columns = model.columns.target, model.columns.columns
    lines = [f"- Column {column.name!r}: {column.text}." for column in columns]
    if not model.classes:
        lines.append(f"- The network learns ({target.name} - {target.offset:.6g}) / {target.scale:.6g}; so the losses.")
    return "\n".join(lines)


def shown(value: Any) -> str:
    """Return a result as it stands in a table."""
    return (
        f"{value:.4f}"
        if isinstance(value, float)
        else f"{value:,}"
        if isinstance(value, int)
        else str(value).replace("|", r"\|")
    )
