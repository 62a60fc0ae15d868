"""MyGrad: its tensors and losses; it has no optimizers, so the update is the one by hand."""

import mygrad as mg
from mygrad.nnet.activations import relu, sigmoid
from mygrad.nnet.losses import softmax_crossentropy

from benchmarks.peers.by_hand import Update

ACTIVATIONS = {"relu": relu, "tanh": mg.tanh, "sigmoid": sigmoid}


class Training:
    def __init__(self, task, mode, X, y):
        self.task, self.X, self.y = task, X, y
        self.P = [tuple(map(mg.tensor, pair)) for pair in task.weights()]
        self.updates = []

    def loss(self, X, y):
        for k, (W, b) in enumerate(self.P):
            X = mg.matmul(ACTIVATIONS[self.task.activation](X) if k else X, W) + b
        return softmax_crossentropy(X, y) if self.task.loss == "softmax" else mg.mean(mg.sum((X - y) ** 2, axis=1))

    def update(self):
        parameters = [parameter for pair in self.P for parameter in pair]
        if not self.updates:
            self.updates = [Update(self.task, parameter.data, None) for parameter in parameters]
        for update, parameter in zip(self.updates, parameters, strict=True):
            update.W, update.dW = parameter.data, parameter.grad
            update.step()

    def __call__(self, order):
        total = 0.0
        for indices in order:
            loss = self.loss(self.X[indices], self.y[indices])
            loss.backward()
            self.update()
            total += float(loss)
        return total / len(order)
