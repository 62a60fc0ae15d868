"""Every update rule beside its counterpart in PyTorch, and the problem on which both run.

The gradient is one NumPy formula that both sides use, so that only the update rules differ.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from zanjir.nn import LOSSES, mlp
from zanjir.optim import SGD, Adadelta, Adagrad, Adam, AdamW, Momentum, Nesterov, Optimizer, RMSProp
from zanjir.program import NumpyEngine, Problem, StepProgram, compiled, trace_step

TRAJECTORIES = Path(__file__).with_name("trajectories.json")
N_STEPS = 1000
KEPT = (1, 2, 3, 10, 30, 100, 300, 1000)
SIZE = 10

# All by formula. Every coordinate starts at least 1.5 from the minimum. RMSProp and Adadelta divide by a short memory
# of the gradient, so that at the minimum their steps jump from side to side, and a rounding grows to any size: their
# rates are chosen so that 1,000 steps lead towards the minimum and not about it.
MINIMUM = np.cos(np.arange(SIZE))
START = MINIMUM + np.where(np.arange(SIZE) % 3, 1.5, -2.0) + np.linspace(0, 0.3, SIZE)
_apart = np.abs(np.subtract.outer(np.arange(SIZE), np.arange(SIZE)))
MATRIX = 0.3**_apart + np.diag(np.linspace(0.1, 4.0, SIZE))


def gradient(W: np.ndarray) -> np.ndarray:
    """Return the derivative of 1/2 d' A d + sum cos(2 W) / 8, with d = W - minimum."""
    return MATRIX @ (W - MINIMUM) - 0.25 * np.sin(2 * W)


@dataclass(frozen=True)
class Rule:
    """A rule of ours, and the name and arguments of the same rule in torch.optim."""

    ours: Optimizer
    torch_name: str
    torch_arguments: dict[str, Any]


RULES = {
    "sgd": Rule(SGD(0.05), "SGD", {"lr": 0.05}),
    "momentum": Rule(Momentum(0.02, momentum=0.9), "SGD", {"lr": 0.02, "momentum": 0.9}),
    "nesterov": Rule(Nesterov(0.02, momentum=0.9), "SGD", {"lr": 0.02, "momentum": 0.9, "nesterov": True}),
    "adagrad": Rule(Adagrad(0.1), "Adagrad", {"lr": 0.1, "eps": 1e-10}),
    "adadelta": Rule(Adadelta(0.2), "Adadelta", {"lr": 0.2, "rho": 0.95, "eps": 1e-6}),
    "rmsprop": Rule(RMSProp(0.0005, rho=0.9), "RMSprop", {"lr": 0.0005, "alpha": 0.9, "eps": 1e-8}),
    "adam": Rule(Adam(0.01), "Adam", {"lr": 0.01, "betas": (0.9, 0.999), "eps": 1e-8}),
    "adamw": Rule(
        AdamW(0.01, weight_decay=0.1),
        "AdamW",
        {"lr": 0.01, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.1},
    ),
}


def program_of(rule: Optimizer, size: int = SIZE) -> StepProgram:
    """Return a step program with a flat vector of the given size; the tests run its update alone."""
    problem = Problem(mlp([], 1), LOSSES["squared_error"], size - 1, 1, dtype=np.float64)
    return trace_step(problem, rule)


def printed_update(rule: Optimizer, W: np.ndarray, dW: Any, n_steps: int) -> list[np.ndarray]:
    """Run the printed ``update`` for some steps and return W after each of them."""
    program = program_of(rule, len(W))
    update = compiled(program.source(), "<printed update>")["update"]
    vectors = {"W": W} | {name: np.zeros_like(W) for name in rule.state_names}
    wanted, after = program.update.arguments, []
    for t in range(1, n_steps + 1):
        values = {**vectors, "dW": dW(vectors["W"]), "learning_rate": rule.learning_rate, "t": t}
        new = update(**{name: values[name] for name in wanted})
        vectors = dict(zip(program.update.outputs, new if isinstance(new, tuple) else (new,), strict=True))
        after.append(vectors["W"])
    return after


def engine_update(rule: Optimizer, W: np.ndarray, dW: Any, n_steps: int) -> list[np.ndarray]:
    """Run the update on the numpy engine's buffers and return W after each step."""
    engine, after = NumpyEngine(program_of(rule, len(W)), W), []
    for t in range(1, n_steps + 1):
        engine.dW[...] = dW(engine.W)
        engine.run_update(rule.learning_rate, t)
        after.append(engine.W.copy())
    return after


def torch_update(rule: Rule, W: np.ndarray, dW: Any, n_steps: int) -> list[np.ndarray]:
    """Run PyTorch's rule and return W after each step."""
    import torch

    parameter = torch.tensor(W, dtype=torch.float64, requires_grad=True)
    optimizer = getattr(torch.optim, rule.torch_name)([parameter], **rule.torch_arguments)
    after = []
    for _ in range(n_steps):
        parameter.grad = torch.from_numpy(dW(parameter.detach().numpy()))
        optimizer.step()
        after.append(parameter.detach().numpy().copy())
    return after


def stored() -> dict[str, Any]:
    """Return the stored trajectories of PyTorch: version, and for each rule W by step."""
    content = json.loads(TRAJECTORIES.read_text(encoding="utf-8"))
    rules = {
        name: {int(t): np.array([float.fromhex(w) for w in W]) for t, W in steps.items()}
        for name, steps in content["rules"].items()
    }
    return {**content, "rules": rules}
