"""zanjir: the native engine, and the numpy engine."""

import numpy as np

from zanjir.native import NativeEngine, Objective
from zanjir.nn import LOSSES, mlp
from zanjir.optim import SGD, Adam, RMSProp
from zanjir.program import Feed, NumpyEngine, Problem, Scorer, trace_step

RULES = {"sgd": SGD, "rmsprop": RMSProp, "adam": Adam}
# The largest derivative at which the softmax fit is within 1e-6 of the least objective.
TOL = {"float32": 5e-6, "float64": 1e-5}


def problem_of(task):
    network = mlp(list(task.sizes[1:-1]), task.sizes[-1], activation=task.activation)
    return Problem(network, LOSSES[task.loss], task.sizes[0], task.sizes[-1], dtype=np.dtype(task.dtype))


def runner(program, mode, W, X, y, learning_rate):
    """Return a function that performs the steps of an order and returns their mean loss."""
    engine = NumpyEngine(program, W) if mode == "numpy" else NativeEngine(program, W)
    feed, done = Feed(X, y, y if y.ndim == 1 else None), 0

    def run(order):
        nonlocal done
        record = engine.run(feed, order.ravel(), order.shape[1], np.full(len(order), learning_rate), done)
        done += len(order)
        return float(record.loss.mean())

    return run


class Training:
    def __init__(self, task, mode, X, y):
        from threadpoolctl import threadpool_limits

        threadpool_limits(1, user_api="blas")  # as zanjir's own trainer does
        program = trace_step(problem_of(task), RULES[task.rule](task.learning_rate))
        self.run = runner(program, mode, task.flat(), X, y, task.learning_rate)

    def __call__(self, order):
        return self.run(order)


def objective(task, mode, X, y):
    problem = problem_of(task)
    if mode != "numpy":
        return Objective(problem, X, y)
    engine = NumpyEngine(trace_step(problem), task.flat())
    batch = engine.batch(len(X))
    batch.X[...], batch.y[...] = X, y

    def at(W):
        engine.W[...] = W
        batch.run()
        return float(batch.results["loss"]), engine.dW.copy()

    return at


def fit(task, mode, X, y, epochs):
    from zanjir.training import Plan, Samples, Trainer
    from zanjir.training import fit as trained

    problem, engine = problem_of(task), "numpy" if mode == "numpy" else "auto"
    plan = Plan(
        optimizer=RULES[task.rule](task.learning_rate), batch_size=task.batch_size, epochs=epochs, engine=engine
    )
    trainer = Trainer(problem, plan, Samples(X, y), n_classes=task.sizes[-1])
    trained(trainer)
    return lambda X: Scorer(problem, trainer.W)(X)[0]


def neighbors(k, X, y):
    from zanjir.models import KNeighborsClassifier

    return KNeighborsClassifier(k).fit(X, y).predict


def fitted(options, X, y):
    """Return a fitted estimator: the softmax classifier, or a network."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning

    from zanjir.models import MLPClassifier, SoftmaxClassifier

    warnings.simplefilter("ignore", ConvergenceWarning)  # so many epochs are wanted, converged or not
    if "alpha" in options:
        return SoftmaxClassifier(alpha=options["alpha"], tol=TOL[X.dtype.name], max_iter=3_000).fit(X, y)
    return MLPClassifier((options["units"],), max_iter=options["epochs"], random_state=0).fit(X, y)
