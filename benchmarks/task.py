"""One piece of work, the same for every peer: a network with its first weights, its samples and their order.

Everything here is made by NumPy from fixed seeds, so that each process can make it for itself.
"""

from dataclasses import dataclass, replace

import numpy as np

CHECKED_STEPS = 50


@dataclass(frozen=True)
class Task:
    """A network, how it is trained, and how many steps one timed block has."""

    sizes: tuple[int, ...]
    activation: str = "relu"
    loss: str = "softmax"
    rule: str = "rmsprop"
    learning_rate: float = 1e-3
    batch_size: int = 128
    samples: int = 12_800
    steps: int = 100
    dtype: str = "float32"

    def __post_init__(self):
        object.__setattr__(self, "sizes", tuple(self.sizes))  # JSON knows lists

    def using(self, rule):
        return replace(self, rule=rule)

    @property
    def parameters(self):
        return sum((a + 1) * b for a, b in self.layers)

    @property
    def layers(self):
        return list(zip(self.sizes, self.sizes[1:], strict=False))

    def samples_made(self):
        """Return random inputs (N, D), and random labels (N,) or numbers (N, K): nothing that can be learned soon."""
        rng = np.random.default_rng(1)
        X = rng.random((self.samples, self.sizes[0]), dtype=np.float32)
        X -= np.float32(0.5)
        if self.loss == "softmax":
            return X.astype(self.dtype, copy=False), rng.integers(0, self.sizes[-1], self.samples)
        return X.astype(self.dtype, copy=False), rng.random((self.samples, self.sizes[-1])).astype(self.dtype)

    def weights(self):
        """Return the first weights (in, out) and biases (out,) of each layer, as drawn in float32."""
        rng = np.random.default_rng(2)
        gain = 2 if self.activation == "relu" else 1
        scaled = [
            (np.sqrt(gain / a) * rng.standard_normal((a, b)), 0.1 * rng.standard_normal(b)) for a, b in self.layers
        ]
        return [(W.astype(np.float32).astype(self.dtype), b.astype(np.float32).astype(self.dtype)) for W, b in scaled]

    def flat(self):
        """Return the first weights as one vector."""
        return np.concatenate([part.ravel() for pair in self.weights() for part in pair])

    def order(self, steps, seed=3):
        """Return the samples of each step as indices (steps, batch_size): shuffled epochs, one after another."""
        rng = np.random.default_rng(seed)
        epochs = -(-steps * self.batch_size // self.samples)
        order = np.concatenate([rng.permutation(self.samples) for _ in range(epochs)])
        return order[: steps * self.batch_size].reshape(steps, self.batch_size)

    def checked(self):
        """Return the blocks of steps whose losses are compared: five single steps, many together, and the last."""
        order = self.order(CHECKED_STEPS, seed=4)
        return [*(order[k : k + 1] for k in range(5)), order[5:-1], order[-1:]]

    def points(self):
        """Return flat vectors at which an objective is compared."""
        W = self.flat()
        direction = np.random.default_rng(5).standard_normal(len(W)).astype(self.dtype)
        return [(W + scale * direction).astype(self.dtype) for scale in (0, 0.01, 0.1)]
