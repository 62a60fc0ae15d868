"""A training step as a careful NumPy programmer writes it: two layers, relu, softmax, RMSProp, by hand.

Buffers are allocated once, parameters and gradient lie in one flat vector, products write into place, and the
update is a fixed sequence of in-place passes. This is what the numpy engine is measured against.
"""

import numpy as np


class HandWritten:
    def __init__(self, W, D, H, C, batch_size, *, rho=0.9, epsilon=1e-8):
        self.W, self.dW = W.copy(), np.zeros_like(W)
        self.v, self.rho, self.epsilon = np.zeros_like(W), rho, epsilon
        self.W1, self.b1, self.W2, self.b2 = self.cut(self.W, D, H, C)
        self.dW1, self.db1, self.dW2, self.db2 = self.cut(self.dW, D, H, C)
        self.X = np.empty((batch_size, D), W.dtype)
        self.y = np.zeros(batch_size, np.int64)
        self.h, self.dh = np.empty((2, batch_size, H), W.dtype)
        self.scores, self.p = np.empty((2, batch_size, C), W.dtype)
        self.rows = np.arange(batch_size)
        self.work, self.root = np.empty_like(W), np.empty_like(W)

    @staticmethod
    def cut(vector, D, H, C):
        a, b, c = D * H, D * H + H, D * H + H + H * C
        return vector[:a].reshape(D, H), vector[a:b], vector[b:c].reshape(H, C), vector[c:]

    def step(self, learning_rate):
        h, scores, p, dh = self.h, self.scores, self.p, self.dh
        np.matmul(self.X, self.W1, out=h)
        h += self.b1
        np.maximum(h, 0, out=h)
        np.matmul(h, self.W2, out=scores)
        scores += self.b2

        scores -= scores.max(axis=1, keepdims=True)
        np.exp(scores, out=p)
        total = p.sum(axis=1, keepdims=True)
        loss = (np.log(total[:, 0]) - scores[self.rows, self.y]).mean()
        p /= total
        p[self.rows, self.y] -= 1
        p /= len(p)

        np.matmul(h.T, p, out=self.dW2)
        p.sum(axis=0, out=self.db2)
        np.matmul(p, self.W2.T, out=dh)
        dh *= h > 0
        np.matmul(self.X.T, dh, out=self.dW1)
        dh.sum(axis=0, out=self.db1)

        W, dW, v, work, root = self.W, self.dW, self.v, self.work, self.root
        np.multiply(dW, dW, out=work)
        work *= 1 - self.rho
        v *= self.rho
        v += work
        np.sqrt(v, out=root)
        root += self.epsilon
        np.multiply(dW, learning_rate, out=work)
        work /= root
        W -= work
        return loss
