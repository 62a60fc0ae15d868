"""A training step as a careful NumPy programmer writes it, with the backward pass derived by hand.

Buffers are allocated once, parameters and gradient lie in one flat vector, products write into place, and the
update is a fixed sequence of in-place passes. In float64 it is the witness of every other peer's losses.
"""

import numpy as np


class Network:
    """Loss and gradient of a network on a flat vector, for batches of one size."""

    def __init__(self, task, batch_size):
        self.task, dtype = task, np.dtype(task.dtype)
        self.W, self.dW = task.flat(), np.zeros(task.parameters, dtype)
        self.parameters, self.derivatives = self.cut(self.W), self.cut(self.dW)
        outputs = task.sizes[1:]
        self.X = np.empty((batch_size, task.sizes[0]), dtype)
        self.y = (
            np.zeros(batch_size, np.int64) if task.loss == "softmax" else np.empty((batch_size, outputs[-1]), dtype)
        )
        self.values = [np.empty((batch_size, size), dtype) for size in outputs]
        self.errors = [np.empty((batch_size, size), dtype) for size in outputs]
        self.rows = np.arange(batch_size)
        self.forward, self.backward = ACTIVATIONS[task.activation]

    def cut(self, vector):
        pairs, start = [], 0
        for a, b in self.task.layers:
            middle, end = start + a * b, start + a * b + b
            pairs.append((vector[start:middle].reshape(a, b), vector[middle:end]))
            start = end
        return pairs

    def scores(self, X=None):
        h = self.X if X is None else X
        for k, (W, b) in enumerate(self.parameters):
            z = np.matmul(h, W, out=self.values[k] if X is None else None)
            z += b
            h = z if k == len(self.parameters) - 1 else self.forward(z)
        return h

    def loss(self):
        """Return the loss, and leave it differentiated by the scores in the last of the errors."""
        scores, p = self.scores(), self.errors[-1]
        if self.task.loss == "squared_error":
            np.subtract(scores, self.y, out=p)
            loss = np.vdot(p, p) / len(p)
            p *= 2 / len(p)
            return loss
        scores -= scores.max(axis=1, keepdims=True)
        np.exp(scores, out=p)
        total = p.sum(axis=1, keepdims=True)
        loss = (np.log(total[:, 0]) - scores[self.rows, self.y]).mean()
        p /= total
        p[self.rows, self.y] -= 1
        p /= len(p)
        return loss

    def loss_and_gradient(self):
        loss = self.loss()
        for k in reversed(range(len(self.parameters))):
            below = self.values[k - 1] if k else self.X
            dW, db = self.derivatives[k]
            np.matmul(below.T, self.errors[k], out=dW)
            self.errors[k].sum(axis=0, out=db)
            if k:
                np.matmul(self.errors[k], self.parameters[k][0].T, out=self.errors[k - 1])
                self.backward(self.errors[k - 1], below)
        return loss


def relu(z):
    return np.maximum(z, 0, out=z)


def relu_back(d, h):
    d *= h > 0


def tanh(z):
    return np.tanh(z, out=z)


def tanh_back(d, h):
    d *= 1 - h * h


def sigmoid(z):
    np.negative(z, out=z)
    np.exp(z, out=z)
    z += 1
    return np.reciprocal(z, out=z)


def sigmoid_back(d, h):
    d *= h * (1 - h)


ACTIVATIONS = {"relu": (relu, relu_back), "tanh": (tanh, tanh_back), "sigmoid": (sigmoid, sigmoid_back)}


class Update:
    """An update rule in place, in the fewest passes that NumPy allows."""

    def __init__(self, task, W, dW):
        self.W, self.dW, self.rate, self.t = W, dW, task.learning_rate, 0
        self.m, self.v, self.work, self.root = np.zeros((4, *W.shape), W.dtype)
        self.step = getattr(self, task.rule)

    def sgd(self):
        self.W -= np.multiply(self.dW, self.rate, out=self.work)

    def mean_square(self, rho):
        np.multiply(self.dW, self.dW, out=self.work)
        self.work *= 1 - rho
        self.v *= rho
        self.v += self.work

    def rmsprop(self):
        self.mean_square(0.9)
        np.sqrt(self.v, out=self.root)
        self.root += 1e-8
        np.multiply(self.dW, self.rate, out=self.work)
        self.work /= self.root
        self.W -= self.work

    def adam(self):
        self.t += 1
        self.mean_square(0.999)
        np.multiply(self.dW, 1 - 0.9, out=self.work)
        self.m *= 0.9
        self.m += self.work
        np.multiply(self.v, 1 / (1 - 0.999**self.t), out=self.root)
        np.sqrt(self.root, out=self.root)
        self.root += 1e-8
        np.multiply(self.m, self.rate / (1 - 0.9**self.t), out=self.work)
        self.work /= self.root
        self.W -= self.work


class Training:
    def __init__(self, task, mode, X, y):
        self.network, self.X, self.y = Network(task, task.batch_size), X, y
        self.update = Update(task, self.network.W, self.network.dW)

    def __call__(self, order):
        total = 0.0
        for indices in order:
            np.take(self.X, indices, axis=0, out=self.network.X, mode="clip")
            np.take(self.y, indices, axis=0, out=self.network.y, mode="clip")
            total += float(self.network.loss_and_gradient())
            self.update.step()
        return total / len(order)


def objective(task, mode, X, y):
    network = Network(task, len(X))
    network.X[...], network.y[...] = X, y

    def at(W):
        network.W[...] = W
        return float(network.loss_and_gradient()), network.dW.copy()

    return at


def neighbors(k, X, y):
    """Return the votes of the nearest by all distances in full, in float64."""
    from scipy.spatial.distance import cdist

    def predict(Q):
        found = np.argsort(cdist(Q, X, "sqeuclidean"), axis=1, kind="stable")[:, :k]
        return [np.bincount(votes).argmax() for votes in y[found]]

    return predict


def fitted(options, X, y):
    """Return the softmax classifier with the least objective, by SciPy, in float64."""
    from types import SimpleNamespace

    from scipy.optimize import minimize

    X, rows, alpha = X.astype(np.float64), np.arange(len(X)), options["alpha"]

    def objective(W):
        weights, biases = W[:-10].reshape(-1, 10), W[-10:]
        scores = X @ weights + biases
        p = np.exp(scores - scores.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        loss = -np.log(p[rows, y]).mean() + alpha * np.sum(weights**2)
        p[rows, y] -= 1
        p /= len(X)
        return loss, np.concatenate(((X.T @ p + 2 * alpha * weights).ravel(), p.sum(axis=0)))

    options_of_scipy = {"gtol": 1e-8, "ftol": 1e-15, "maxiter": 5_000, "maxfun": 10_000}
    W = minimize(objective, np.zeros(X.shape[1] * 10 + 10), jac=True, method="L-BFGS-B", options=options_of_scipy).x
    coef, intercept = W[:-10].reshape(-1, 10).T, W[-10:]
    return SimpleNamespace(coef_=coef, intercept_=intercept, predict=lambda Q: (Q @ coef.T + intercept).argmax(axis=1))
