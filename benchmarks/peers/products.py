"""The floor of a step: its matrix products alone, on one BLAS thread, on all, or on one for each part of a batch."""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from benchmarks.peers import ALL, ONE


class Training:
    def __init__(self, task, mode, X, y):
        setting = os.environ["BENCHMARKS_SETTING"]
        self.shards = 1 if setting in (ALL, ONE) else min(os.cpu_count(), task.batch_size)
        rows = -(-task.batch_size // self.shards)
        rng = np.random.default_rng(0)
        self.parts = [[self.layer(rng, rows, *pair, task.dtype) for pair in task.layers] for _ in range(self.shards)]
        self.pool = ThreadPoolExecutor(self.shards)

    @staticmethod
    def layer(rng, n, a, b, dtype):
        shapes = ((n, a), (a, b), (n, b))
        X, W, dz = (rng.random(shape).astype(dtype) for shape in shapes)
        return (X, W, dz, np.empty_like(dz), np.empty_like(W), np.empty_like(X))

    @staticmethod
    def step(layers, steps):
        for _ in range(steps):
            for k, (X, W, dz, z, dW, dX) in enumerate(layers):
                np.matmul(X, W, out=z)
                np.matmul(X.T, dz, out=dW)
                if k:  # nobody needs the gradient of the inputs
                    np.matmul(dz, W.T, out=dX)

    def __call__(self, order):
        if self.shards == 1:
            self.step(self.parts[0], len(order))
        else:
            list(self.pool.map(self.step, self.parts, [len(order)] * self.shards))
