"""JAX: a jitted step in a Python loop, or one jitted lax.scan over all steps of a block."""

import jax
import jax.numpy as jnp
import numpy as np

ACTIVATIONS = {"relu": jax.nn.relu, "tanh": jnp.tanh, "sigmoid": jax.nn.sigmoid}


def scores_of(task, P, X):
    for k, (W, b) in enumerate(P):
        X = (ACTIVATIONS[task.activation](X) if k else X) @ W + b
    return X


def loss_of(task, P, X, y):
    scores = scores_of(task, P, X)
    if task.loss == "squared_error":
        return ((scores - y) ** 2).sum(1).mean()
    chosen = jnp.take_along_axis(scores, y[:, None], axis=1)[:, 0]
    return (jax.nn.logsumexp(scores, axis=1) - chosen).mean()


def updated(task, p, dp, m, v, t):
    rate = task.learning_rate
    if task.rule == "sgd":
        return p - rate * dp, m, v
    if task.rule == "rmsprop":
        v = 0.9 * v + 0.1 * dp**2
        return p - rate * dp / (jnp.sqrt(v) + 1e-8), m, v
    m, v = 0.9 * m + 0.1 * dp, 0.999 * v + 0.001 * dp**2
    # 1 - 0.999^t in float32 by expm1: the plain difference has lost four of its digits at t = 1.
    first, second = (-jnp.expm1(t * np.float32(np.log(beta))) for beta in (0.9, 0.999))
    return p - rate * (m / first) / (jnp.sqrt(v / second) + 1e-8), m, v


class Training:
    def __init__(self, task, mode, X, y):
        self.task, self.X, self.y = task, jnp.asarray(X), jnp.asarray(y, jnp.int32 if y.ndim == 1 else None)
        P = [tuple(map(jnp.asarray, pair)) for pair in task.weights()]
        zeros = (jax.tree.map(jnp.zeros_like, P) for _ in range(2))
        self.state = (P, *zeros, jnp.float32(0))
        self.block = jax.jit(self.scanned, donate_argnums=0) if mode == "scan" else self.looped
        self.jitted = jax.jit(self.step, donate_argnums=0)

    def step(self, state, indices, X, y):
        P, m, v, t = state
        loss, dP = jax.value_and_grad(lambda P: loss_of(self.task, P, X[indices], y[indices]))(P)
        new = jax.tree.map(lambda p, dp, m, v: updated(self.task, p, dp, m, v, t + 1), P, dP, m, v)
        parts = (jax.tree.map(lambda three, i=i: three[i], new, is_leaf=self.is_three) for i in range(3))
        return (*parts, t + 1), loss

    @staticmethod
    def is_three(node):
        return isinstance(node, tuple) and len(node) == 3

    def scanned(self, state, order, X, y):
        return jax.lax.scan(lambda state, indices: self.step(state, indices, X, y), state, order)

    def looped(self, state, order, X, y):
        losses = []
        for indices in np.asarray(order):
            state, loss = self.jitted(state, indices, X, y)
            losses.append(loss)
        return state, np.array([float(loss) for loss in losses])

    def __call__(self, order):
        self.state, losses = self.block(self.state, order.astype(np.int32), self.X, self.y)
        return float(losses.mean())

    def scores(self, X):
        return np.asarray(scores_of(self.task, self.state[0], X))


def objective(task, mode, X, y):
    if task.dtype == "float64":
        jax.config.update("jax_enable_x64", True)
    X, y = jnp.asarray(X), jnp.asarray(y)

    def loss(W, X, y):
        start, parts = 0, []
        for a, b in task.layers:
            middle, end = start + a * b, start + a * b + b
            parts.append((W[start:middle].reshape(a, b), W[middle:end]))
            start = end
        return loss_of(task, parts, X, y)

    both = jax.jit(jax.value_and_grad(loss))

    def at(W):
        value, dW = both(W, X, y)
        return float(value), np.asarray(dW)

    return at
