"""The results of a run: numbers, pictures, and a short report."""

from __future__ import annotations

from typing import Any

import numpy as np

from zanjir.cli.run import Run
from zanjir.data import Dataset
from zanjir.training import Model, Parts, Trainer

__all__ = ["results_of", "results_text", "write_results"]


def results_of(run: Run, trainer: Trainer, model: Model, test: Dataset) -> dict[str, Any]:
    """Measure the test data and return the results, ready for JSON."""
    found = model.evaluate(test.X, test.y)
    last = trainer.history.epochs[-1]
    train = {
        "train_loss": last.loss,
        **({} if np.isnan(last.accuracy) else {"train_accuracy": last.accuracy}),
    }
    stopped = {"best_epoch": trainer.best_epoch} if trainer.best_W is not None else {}
    return {
        **found.test_score,
        "test_loss": found.loss,
        "test_samples": test.n_samples,
        **train,
        "epochs": last.epoch,
        **stopped,
        "steps": trainer.t,
        "seconds": round(trainer.seconds, 3),
        "parameters": model.problem.n_learned,
        "engine": trainer.engine.name,
        "run": str(run.folder),
    }


def results_text(results: dict[str, Any]) -> str:
    """Return the results as lines for a reader."""
    if "test_accuracy" in results:
        score = f"test accuracy  {results['test_accuracy']:.4f}  on {results['test_samples']:,} samples"
    else:
        score = f"test R²        {results['test_r2']:.4f}  on {results['test_samples']:,} samples"
    kept = f", best after {results['best_epoch']}" if "best_epoch" in results else ""
    return "\n".join([
        score,
        f"test loss      {results['test_loss']:.4f}",
        f"trained        {results['epochs']} epochs{kept}, {results['steps']:,} steps in {results['seconds']:.1f} s",
        f"run            {results['run']}",
    ])  # fmt: skip


def write_results(
    run: Run, trainer: Trainer, model: Model, parts: Parts, results: dict[str, Any], *, pictures: bool = True
) -> None:
    """Write the report, and the pictures if they are wanted."""
    names = []
    if pictures:
        from zanjir.cli.pictures import write_pictures

        names = write_pictures(run, trainer.history, model, parts.test)
    run.write_text("report.md", report_text(trainer, model, parts, results, names))


def report_text(trainer: Trainer, model: Model, parts: Parts, results: dict[str, Any], pictures: list[str]) -> str:
    """Return the report as Markdown."""
    plan, problem = trainer.plan, model.problem
    sizes = ", ".join(f"{name} {'x'.join(map(str, shape))}" for name, shape in problem.layout.shapes.items())
    watched = parts.validation.n_samples if parts.validation else 0
    penalty = f" + {problem.penalty}" if problem.penalty else ""
    clip = f", gradient clipped at norm {plan.clip.largest:g}" if plan.clip else ""
    rows = "\n".join(f"| {name.replace('_', ' ')} | {shown(value)} |" for name, value in results.items())
    seen = "\n\n".join(f"![{name.removesuffix('.png')}]({name})" for name in pictures)
    return f"""# {parts.train.name}

| | |
|---|---|
{rows}

- Data: {parts.train.n_samples:,} samples to learn from, {watched:,} to watch, {parts.test.n_samples:,} for the test.
- Inputs: (x - {model.preparation.offset:.6g}) / {model.preparation.scale:.6g}.
- Network: {sizes}.
- Minimized: mean {problem.loss.name} loss{penalty}.
- Optimizer: {plan.optimizer}, {type(plan.schedule).__name__} schedule, batches of {plan.batch_size}{clip}.
- Seed: {plan.seed}.

{seen}

    zanjir evaluate {results["run"]} DATA
    zanjir predict {results["run"]} DATA --out predictions.csv
    zanjir source {results["run"]}
"""


def shown(value: Any) -> str:
    """Return a result as it stands in a table."""
    return f"{value:.4f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)
