"""PyTorch: eager with its own optimizers, or one compiled function of forward, backward and update."""

import os

import numpy as np
import torch

torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", os.cpu_count())))
ACTIVATIONS = {"relu": torch.relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid}
OPTIMIZERS = {
    "sgd": lambda P, rate: torch.optim.SGD(P, rate, fused=True),
    "rmsprop": lambda P, rate: torch.optim.RMSprop(P, rate, alpha=0.9, eps=1e-8),
    "adam": lambda P, rate: torch.optim.Adam(P, rate, eps=1e-8, fused=True),
}


def scores_of(task, P, X):
    activation = ACTIVATIONS[task.activation]
    for k in range(0, len(P), 2):
        X = torch.addmm(P[k + 1], activation(X) if k else X, P[k])
    return X


def loss_of(task, P, X, y):
    scores = scores_of(task, P, X)
    if task.loss == "squared_error":
        return ((scores - y) ** 2).sum(1).mean()
    return torch.nn.functional.cross_entropy(scores, y)


class Training:
    def __init__(self, task, mode, X, y):
        self.task, self.X, self.y = task, torch.from_numpy(X), torch.from_numpy(y)
        self.P = [torch.from_numpy(part) for pair in task.weights() for part in pair]
        self.step = self.compiled() if mode == "compile" else self.eager()

    def eager(self):
        for p in self.P:
            p.requires_grad_()
        optimizer = OPTIMIZERS[self.task.rule](self.P, self.task.learning_rate)

        def step(indices):
            optimizer.zero_grad()
            loss = loss_of(self.task, self.P, self.X.index_select(0, indices), self.y.index_select(0, indices))
            loss.backward()
            optimizer.step()
            return loss.detach()

        return step

    def compiled(self):
        state = [[torch.zeros_like(p) for p in self.P] for _ in range(2)]
        t = torch.zeros((), dtype=torch.float64)  # a number would be compiled in, and each step anew
        task, X, y, P = self.task, self.X, self.y, self.P

        @torch.compile
        def step(indices):
            t.add_(1)
            batch = X.index_select(0, indices), y.index_select(0, indices)
            dP, loss = torch.func.grad_and_value(lambda P: loss_of(task, P, *batch))(P)
            for p, dp, m, v in zip(P, dP, *state, strict=True):
                update(task, p, dp, m, v, t)
            return loss

        return step

    def __call__(self, order):
        losses = [self.step(indices) for indices in torch.from_numpy(order)]
        return float(torch.stack(losses).mean())

    def scores(self, X):
        with torch.no_grad():
            return scores_of(self.task, self.P, torch.from_numpy(X)).numpy()


def update(task, p, dp, m, v, t):
    """Write an update rule into one compiled function."""
    rate = task.learning_rate
    if task.rule == "sgd":
        p.sub_(dp, alpha=rate)
    elif task.rule == "rmsprop":
        v.mul_(0.9).addcmul_(dp, dp, value=0.1)
        p.addcdiv_(dp, v.sqrt() + 1e-8, value=-rate)
    else:
        m.mul_(0.9).add_(dp, alpha=0.1)
        v.mul_(0.999).addcmul_(dp, dp, value=0.001)
        p.sub_(rate * (m / (1 - 0.9**t)) / ((v / (1 - 0.999**t)).sqrt() + 1e-8))


def objective(task, mode, X, y):
    X, y = torch.from_numpy(X), torch.from_numpy(y)
    shapes = [shape for a, b in task.layers for shape in ((a, b), (b,))]
    counts = [int(np.prod(shape)) for shape in shapes]

    def loss(W):
        parts = torch.split(W, counts)
        return loss_of(task, [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)], X, y)

    if mode == "compile":
        both = torch.compile(torch.func.grad_and_value(loss))

        def at(W):
            dW, value = both(torch.from_numpy(W))
            return value.item(), dW.numpy()

        return at

    def at_eager(W):
        W = torch.from_numpy(W).requires_grad_()
        value = loss(W)
        value.backward()
        return value.item(), W.grad.numpy()

    return at_eager
