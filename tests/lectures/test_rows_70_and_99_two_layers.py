"""Row 70, and row 99's part of it: the two-layer network with all blanks of the lectures' code filled in."""

import numpy as np
import pytest
from scipy.optimize import minimize

import zanjir
from zanjir.graph import gradient, tensor
from zanjir.nn import LOSSES, mlp, softmax_cross_entropy
from zanjir.program import Problem, compiled

# What row 70 asks, of |analytic - numerical| / (|analytic| + |numerical|) of every parameter.
SMOOTH, WITH_KINKS = 1e-7, 1e-5
STEP = 1e-5
# Sums of a few dozen products of numbers of about 1.
ROUNDINGS = 1e-14
# Where no gradient is left to follow: the flat end of a descent by conjugate gradients.
FLAT = 1e-4

N, F, H, C = 12, 5, 7, 3

ACTIVATIONS = {  # f, and its derivative from z and h
    "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), lambda z, h: h * (1 - h)),
    "tanh": (np.tanh, lambda z, h: 1 - h**2),
    "relu": (lambda z: np.maximum(0, z), lambda z, h: (z > 0).astype(float)),
}


def samples(seed=0):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((N, F)), rng.integers(0, C, N)


def parameters(seed=1):
    rng = np.random.default_rng(seed)
    return {"W1": rng.standard_normal((F, H)), "b1": rng.standard_normal(H),
            "W2": rng.standard_normal((H, C)), "b2": rng.standard_normal(C)}  # fmt: skip


def forward(X, y, p, activation):
    """The slide's forward pass, with its blanks filled."""
    z = X @ p["W1"] + p["b1"]
    h = ACTIVATIONS[activation][0](z)
    scores = h @ p["W2"] + p["b2"]
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    probs = e / e.sum(axis=1, keepdims=True)
    loss = -np.log(probs[np.arange(len(y)), y]).mean()
    return z, h, probs, loss


def backward(X, y, p, activation):
    """The slide's backward pass, with its blanks filled."""
    z, h, probs, _ = forward(X, y, p, activation)
    dscores = (probs - np.eye(C)[y]) / len(y)
    dh, dW2, db2 = dscores @ p["W2"].T, h.T @ dscores, dscores.sum(axis=0)
    dz = dh * ACTIVATIONS[activation][1](z, h)
    return {"W1": X.T @ dz, "b1": dz.sum(axis=0), "W2": dW2, "b2": db2}


def graph(X, y, p, activation):
    """The same network in zanjir: its loss and its leaves."""
    leaves = {name: tensor(value, name) for name, value in p.items()}
    network = mlp([H], C, activation=activation)
    return softmax_cross_entropy(network(tensor(X, "X"), leaves), y).mean(), leaves


def numerical(X, y, p, activation, name):
    """Central differences, one number at a time."""
    found = np.zeros_like(p[name])
    for place in np.ndindex(found.shape):
        losses = []
        for side in (1, -1):
            moved = p[name].copy()
            moved[place] += side * STEP
            losses.append(forward(X, y, {**p, name: moved}, activation)[3])
        found[place] = (losses[0] - losses[1]) / (2 * STEP)
    return found


def relative(found, expected):
    return np.linalg.norm(found - expected) / (np.linalg.norm(found) + np.linalg.norm(expected))


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_row_70_loss_and_gradients_are_those_of_the_filled_blanks(activation):
    X, y = samples()
    p = parameters()
    loss, leaves = graph(X, y, p, activation)
    assert loss.value == pytest.approx(forward(X, y, p, activation)[3], rel=ROUNDINGS)
    for name, expected in backward(X, y, p, activation).items():
        assert np.allclose(gradient(loss, leaves[name]).value, expected, rtol=0, atol=ROUNDINGS)


@pytest.mark.parametrize(("activation", "tolerance"), [("sigmoid", SMOOTH), ("tanh", SMOOTH), ("relu", WITH_KINKS)])
def test_row_70_every_derivative_passes_the_gradient_check(activation, tolerance):
    X, y = samples()
    p = parameters()
    # A step moves no net input across the kink: the farthest that an input moves one is STEP max |x|.
    assert np.abs(forward(X, y, p, activation)[0]).min() > 10 * STEP * np.abs(X).max()
    loss, leaves = graph(X, y, p, activation)
    for name in p:
        found = gradient(loss, leaves[name]).value
        assert np.linalg.norm(found) > 0.01
        assert relative(found, numerical(X, y, p, activation, name)) < tolerance


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_row_70_the_output_layers_gradient_is_h_times_p_minus_one_hot(activation):
    X, y = samples()
    p = parameters()
    _, h, probs, _ = forward(X, y, p, activation)
    loss, leaves = graph(X, y, p, activation)
    difference = probs.copy()
    difference[np.arange(N), y] -= 1
    assert np.allclose(gradient(loss, leaves["W2"]).value, h.T @ difference / N, rtol=0, atol=ROUNDINGS)
    one_by_one = sum(np.outer(h[i], difference[i]) for i in range(N)) / N  # (p_k - 1{y = k}) h of each sample
    assert np.allclose(gradient(loss, leaves["W2"]).value, one_by_one, rtol=0, atol=ROUNDINGS)


# 99: the blanks of the lectures' code around it


def unflattened(W):
    """The slide's code; its two blanks are the last two lines."""
    W1 = np.reshape(W[: F * H], (F, H))
    b1 = W[F * H : (F + 1) * H]
    W2 = np.reshape(W[(F + 1) * H : (F + 1) * H + H * C], (H, C))
    b2 = W[(F + 1) * H + H * C :]
    return {"W1": W1, "b1": b1, "W2": W2, "b2": b2}


def flattened(p):
    return np.concatenate([p[name].ravel() for name in ("W1", "b1", "W2", "b2")])


def test_row_99_the_slides_cuts_are_the_layouts():
    W = np.arange(float((F + 1) * H + (H + 1) * C))
    views = mlp([H], C).layout(F).views(W)
    for name, part in unflattened(W).items():
        assert np.array_equal(views[name], part)
    assert np.array_equal(flattened(unflattened(W)), W)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_row_99_the_printed_program_is_the_filled_skeleton(activation):
    problem = Problem(mlp([H], C, activation=activation), LOSSES["softmax"], F, C, dtype=np.float64)
    program = compiled(zanjir.source(problem), "<two layers>")
    X, y = samples()
    p = parameters()
    loss, W = program["step"](X=X, y=y, W=flattened(p), learning_rate=0.5)
    assert loss == pytest.approx(forward(X, y, p, activation)[3], rel=ROUNDINGS)
    expected = flattened(p) - 0.5 * flattened(backward(X, y, p, activation))
    assert np.allclose(W, expected, rtol=0, atol=ROUNDINGS)


def test_row_99_scipy_minimizes_it_and_the_result_is_unflattened():
    X, y = samples()

    def objective(W):
        loss, leaves = graph(X, y, unflattened(W), "tanh")
        derivatives = gradient(loss, leaves)
        return float(loss.value), flattened({name: d.value for name, d in derivatives.items()})

    start = 0.1 * flattened(parameters())
    result = minimize(objective, start, jac=True, method="CG", options={"maxiter": 300, "gtol": FLAT})
    p = unflattened(result.x)
    assert result.fun < 0.05 * objective(start)[0]
    assert (forward(X, y, p, "tanh")[2].argmax(axis=1) == y).all()
    assert np.abs(flattened(backward(X, y, p, "tanh"))).max() < FLAT
