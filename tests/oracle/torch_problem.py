"""A problem's formulas in PyTorch: every value, every derivative, and the steps of torch.optim."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

from oracle.torch_gates import GATES

__all__ = ["differentiated", "updated"]

Array = Any  # a torch.Tensor
ALIASES = {"abs": "absolute", "max": "maximum", "min": "minimum"}
SETTINGS = {"clip": ("low", "high"), "elu": ("alpha",), "leaky_relu": ("slope",), "sinc": ("order",)}
DEFAULTS = {"elu": {"alpha": 1.0}, "leaky_relu": {"slope": 0.01}, "sinc": {"order": 0}}
# The rule in torch.optim, and the names of its state beside ours.
RULES = {
    "SGD": (torch.optim.SGD, {}, {}),
    "Momentum": (torch.optim.SGD, {"momentum": 0.9}, {"v": "momentum_buffer"}),
    "Nesterov": (torch.optim.SGD, {"momentum": 0.9, "nesterov": True}, {"v": "momentum_buffer"}),
    "Adagrad": (torch.optim.Adagrad, {"eps": 1e-10}, {"G": "sum"}),
    "RMSProp": (torch.optim.RMSprop, {"alpha": 0.9, "eps": 1e-8}, {"v": "square_avg"}),
    "Adadelta": (torch.optim.Adadelta, {"rho": 0.95, "eps": 1e-6}, {"v": "square_avg", "u": "acc_delta"}),
    "Adam": (torch.optim.Adam, {"betas": (0.9, 0.999), "eps": 1e-8}, {"m": "exp_avg", "v": "exp_avg_sq"}),
    "AdamW": (
        torch.optim.AdamW,
        {"betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.01},
        {"m": "exp_avg", "v": "exp_avg_sq"},
    ),
}


def number(value: Any) -> Array:
    """A number in float64; where it is one already, itself."""
    return value if isinstance(value, torch.Tensor) else torch.tensor(value, dtype=torch.float64)


def gate(name: str) -> Callable[..., Array]:
    """PyTorch's function on numbers, with settings by place or by name."""
    keys = SETTINGS.get(name, ())

    def of_numbers(*inputs: Any, **settings: Any) -> Array:
        n_inputs = len(inputs) if name not in SETTINGS else 1
        by_place = dict(zip(keys, inputs[n_inputs:], strict=False))
        return GATES[name](*map(number, inputs[:n_inputs]), **{**DEFAULTS.get(name, {}), **by_place, **settings})

    return of_numbers


def where(condition: Any, x: Any, y: Any) -> Array:
    return torch.where(torch.tensor(bool(condition)), number(x), number(y))


FUNCTIONS = {name: gate(name) for name in GATES} | {name: gate(of) for name, of in ALIASES.items()} | {"where": where}


def forward(given: Mapping[str, Array], formulas: Mapping[str, str]) -> dict[str, Array]:
    """Every number of a problem."""
    numbers = dict(given)
    for name, formula in formulas.items():
        numbers[name] = eval(formula, dict(FUNCTIONS), numbers)  # noqa: S307 - written by the tests
    return numbers


def leaf(value: Any) -> Array:
    """A number that may move."""
    return number(value).detach().clone().requires_grad_()


def slopes_of(y: Array, xs: Mapping[str, Array]) -> dict[str, float]:
    """The derivatives of a number with respect to others; 0 where it does not rest on them."""
    if not y.requires_grad:
        return dict.fromkeys(xs, 0.0)
    found = torch.autograd.grad(y, list(xs.values()), retain_graph=True, allow_unused=True)
    return {name: 0.0 if g is None else g.item() for name, g in zip(xs, found, strict=True)}


def differentiated(
    given: Mapping[str, float], formulas: Mapping[str, str]
) -> tuple[dict[str, float], dict[str, float], dict[str, dict[str, float]]]:
    """Values, derivatives of the last number, and of each formula with respect to what it reads."""
    numbers = forward({name: leaf(value) for name, value in given.items()}, formulas)
    locals_of = {}
    for name, formula in formulas.items():
        code = compile(formula, name, "eval")
        read = {other: leaf(numbers[other]) for other in code.co_names if other in numbers}
        locals_of[name] = slopes_of(eval(code, dict(FUNCTIONS), dict(read)), read)  # noqa: S307 - as above
    loss = numbers[[*formulas][-1]]
    return {name: x.item() for name, x in numbers.items()}, slopes_of(loss, numbers), locals_of


def updated(made: Any) -> tuple[dict[str, dict[str, float]], float]:
    """What the first step of torch.optim finds, by parameter, and the loss after the last."""
    given = {name: leaf(value) for name, value in made.given.items()}
    parameters = {name: given[name] for name in made.parameters}
    rule, settings, names = RULES[type(made.rule).__name__]
    optimizer = rule(list(parameters.values()), lr=made.rule.learning_rate, foreach=False, **settings)
    first: dict[str, dict[str, float]] = {}
    for _ in range(made.n_steps):
        optimizer.zero_grad()
        forward(given, made.formulas)[made.loss.name].backward()
        slopes = {name: x.grad.item() for name, x in parameters.items()}
        optimizer.step()
        for name, x in parameters.items():
            state = {ours: optimizer.state[x][theirs].item() for ours, theirs in names.items()}
            kept = made.given[name] * (1 - made.rule.learning_rate * settings.get("weight_decay", 0.0))
            parts = {"shrunk": kept, "step": kept - x.item(), **corrected(state, slopes[name])}
            first.setdefault(name, {"W": x.item(), **state, **parts})
    return first, forward(given, made.formulas)[made.loss.name].item()


def corrected(state: Mapping[str, float], slope: float) -> dict[str, float]:
    """The parts of a first step that torch.optim keeps to itself."""
    if "m" in state:
        return {"m_hat": state["m"] / (1 - 0.9), "v_hat": state["v"] / (1 - 0.999)}
    return {"delta": (1e-6 / (state["v"] + 1e-6)) ** 0.5 * slope} if "u" in state else {}
