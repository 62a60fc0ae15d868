"""micrograd: one object for every scalar. It has no tanh; this one is built as its relu is."""

import math

from micrograd.engine import Value


def tanh(x):
    out = Value(math.tanh(x.data), (x,), "tanh")

    def back():
        x.grad += (1 - out.data**2) * out.grad

    out._backward = back
    return out


class Training:
    def __init__(self, task, mode, X, y):
        if (task.activation, task.loss, task.rule) != ("tanh", "squared_error", "sgd"):
            raise ValueError(f"micrograd takes tanh, squared error and SGD only; got {task}")
        self.X, self.y, self.rate = X.tolist(), y.tolist(), task.learning_rate
        self.layers = [
            ([[Value(w) for w in unit] for unit in W.T.tolist()], [Value(w) for w in b.tolist()])
            for W, b in task.weights()
        ]
        self.parameters = [w for units, b in self.layers for part in (*units, b) for w in part]

    def score(self, x):
        for k, (units, biases) in enumerate(self.layers):
            h = [tanh(value) for value in x] if k else x
            x = [sum((w * v for w, v in zip(unit, h, strict=True)), b) for unit, b in zip(units, biases, strict=True)]
        return x

    def __call__(self, order):
        total = 0.0
        for indices in order.tolist():
            pairs = [(s, t) for i in indices for s, t in zip(self.score(self.X[i]), self.y[i], strict=True)]
            loss = sum((s - t) ** 2 for s, t in pairs) * (1 / len(indices))
            for w in self.parameters:
                w.grad = 0
            loss.backward()
            for w in self.parameters:
                w.data -= self.rate * w.grad
            total += loss.data
        return total / len(order)
