"""A peer's process for work in steps: it does the checked work when asked to begin, then one block per turn.

It reads one JSON object per line and answers with one; what a peer prints goes to stderr.
"""

import importlib
import json
import os
import statistics
import sys
import time

import numpy as np

from benchmarks.once import read_mnist
from benchmarks.task import Task

LONGEST, FEWEST = 0.5, 8  # seconds, steps of one timed block


def begin_training(module, mode, task, data):
    """Return losses of the checked blocks, seconds to the end of the first step, a block for turns, and its steps."""
    start = time.perf_counter()
    training = module.Training(task, mode, *data)
    first, *others = task.checked()
    losses = [training(first)]
    seconds = time.perf_counter() - start
    losses += [training(block) for block in others]
    return losses, seconds, *block_of(training, task, others[-2])


def block_of(training, task, many):
    """Return a block of steps that lasts no longer than needed, and their number.

    A block is long, so that what a call costs beside its steps is shared by many; a peer that takes milliseconds
    for each step has fewer in a block.
    """
    start = time.perf_counter()
    training(many)  # as many as before: what has to be compiled is compiled
    each = (time.perf_counter() - start) / len(many)
    order = task.order(max(FEWEST, min(task.steps, int(LONGEST / each))))
    return lambda: training(order), len(order)


def begin_objective(module, mode, task, data):
    """Return losses and sums of gradients at a few points, seconds to the first, a block for turns, and its steps."""
    start = time.perf_counter()
    objective = module.objective(task, mode, *data)
    first, *_ = points = task.points()
    objective(first)
    seconds = time.perf_counter() - start
    found = [number for W in points for loss, dW in [objective(W)] for number in (loss, (dW**2).sum(), abs(dW).sum())]
    return [float(number) for number in found], seconds, lambda: objective(first), 1


def begin_neighbors(module, mode, task, options):
    """Return the labels, seconds from samples to labels, a prediction for turns, and one: its steps."""
    X, y, Q, _ = read_mnist(options["mnist"])
    X, Q = X.astype(task.dtype), Q.astype(task.dtype)
    start = time.perf_counter()
    predict = module.neighbors(options["k"], X, y)
    labels = [float(label) for label in predict(Q)]
    return labels, time.perf_counter() - start, lambda: predict(Q), 1


def begin_fit(module, mode, task, options):
    """Return the objective that a fit reaches, its seconds, a fit for turns, and one: its steps."""
    X, y, Q, y_of_Q = read_mnist(options["mnist"])
    X, Q = X.astype(task.dtype), Q.astype(task.dtype)
    start = time.perf_counter()
    model = module.fitted(options, X, y)
    seconds = time.perf_counter() - start
    options["accuracy"] = float(np.mean(model.predict(Q) == y_of_Q))
    values = [objective_of(model, X, y, options["alpha"])] if "alpha" in options else None
    return values, seconds, lambda: module.fitted(options, X, y), 1


def objective_of(model, X, y, alpha):
    """Return the mean softmax loss of a linear model, with alpha times the sum of its squared weights, in float64."""
    scores = X.astype(np.float64) @ model.coef_.T.astype(np.float64) + model.intercept_
    scores -= scores.max(axis=1, keepdims=True)
    losses = np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(len(y)), y]
    return float(losses.mean() + alpha * np.sum(model.coef_.astype(np.float64) ** 2))


BEGIN = {"train": begin_training, "objective": begin_objective, "neighbors": begin_neighbors, "fit": begin_fit}


def begin(message):
    for needed in message["needs"]:
        importlib.import_module(needed)
    task = Task(**message["task"])
    module = importlib.import_module(message["module"])
    options = message["options"]
    data = options if message["kind"] in ("neighbors", "fit") else task.samples_made()
    values, seconds, block, steps = BEGIN[message["kind"]](module, message["mode"], task, data)
    block()  # a block of this length may have to be compiled too
    return {"values": values, "first": seconds, "accuracy": options.get("accuracy")}, block, steps


def turn(block, steps, seconds):
    """Repeat a block for so long, and return the median seconds of a step."""
    times, end = [], time.perf_counter() + seconds
    while not times or time.perf_counter() < end:
        start = time.perf_counter()
        block()
        times.append((time.perf_counter() - start) / steps)
    return statistics.median(times)


def main():
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    block, steps = None, 1
    for line in sys.stdin:
        message = json.loads(line)
        if "seconds" in message:
            answer = {"value": turn(block, steps, message["seconds"])}
        else:
            answer, block, steps = begin(message)
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
