"""Update rules as their papers state them, for numbers of mpmath.

Each takes the parameter, its derivative, the rate, the number of the step and the state, and returns every number that
it finds on the way, by the name that the tree gives it.
"""

from __future__ import annotations

from typing import Any

from mpmath import mpf, sqrt

__all__ = ["RULES"]

Numbers = dict[str, Any]


def sgd(w: Any, g: Any, rate: Any, _t: int) -> Numbers:
    return {"W": w - rate * g}


def momentum(w: Any, g: Any, rate: Any, _t: int, v: Any) -> Numbers:
    """Polyak (1964), with the rate outside the velocity."""
    velocity = mpf(0.9) * v + g
    return {"v": velocity, "step": rate * velocity, "W": w - rate * velocity}


def nesterov(w: Any, g: Any, rate: Any, _t: int, v: Any) -> Numbers:
    """Sutskever et al. (2013), in the point from which the next step looks."""
    velocity = mpf(0.9) * v + g
    step = rate * (g + mpf(0.9) * velocity)
    return {"v": velocity, "step": step, "W": w - step}


def adagrad(w: Any, g: Any, rate: Any, _t: int, G: Any) -> Numbers:
    """Duchi, Hazan and Singer (2011)."""
    total = G + g * g
    step = rate * g / (sqrt(total) + mpf(1e-10))
    return {"G": total, "step": step, "W": w - step}


def rmsprop(w: Any, g: Any, rate: Any, _t: int, v: Any) -> Numbers:
    """Tieleman and Hinton (2012)."""
    mean = mpf(0.9) * v + (1 - mpf(0.9)) * g * g
    step = rate * g / (sqrt(mean) + mpf(1e-8))
    return {"v": mean, "step": step, "W": w - step}


def adadelta(w: Any, g: Any, rate: Any, _t: int, v: Any, u: Any) -> Numbers:
    """Zeiler (2012), algorithm 1."""
    rho, epsilon = mpf(0.95), mpf(1e-6)
    mean = rho * v + (1 - rho) * g * g
    delta = sqrt(u + epsilon) / sqrt(mean + epsilon) * g
    steps = rho * u + (1 - rho) * delta * delta
    return {"v": mean, "delta": delta, "u": steps, "step": rate * delta, "W": w - rate * delta}


def adam(w: Any, g: Any, rate: Any, t: int, m: Any, v: Any) -> Numbers:
    """Kingma and Ba (2015), algorithm 1."""
    first = mpf(0.9) * m + (1 - mpf(0.9)) * g
    second = mpf(0.999) * v + (1 - mpf(0.999)) * g * g
    m_hat, v_hat = first / (1 - mpf(0.9) ** t), second / (1 - mpf(0.999) ** t)
    step = rate * m_hat / (sqrt(v_hat) + mpf(1e-8))
    return {"m": first, "v": second, "m_hat": m_hat, "v_hat": v_hat, "step": step, "W": w - step}


def adamw(w: Any, g: Any, rate: Any, t: int, m: Any, v: Any) -> Numbers:
    """Loshchilov and Hutter (2019), algorithm 2."""
    found = adam(w, g, rate, t, m, v)
    shrunk = w - rate * mpf(0.01) * w
    return {**found, "shrunk": shrunk, "W": shrunk - found["step"]}


# The rule, and the names of its state.
RULES = {
    "sgd": (sgd, ()), "momentum": (momentum, ("v",)), "nesterov": (nesterov, ("v",)), "adagrad": (adagrad, ("G",)),
    "rmsprop": (rmsprop, ("v",)), "adadelta": (adadelta, ("v", "u")), "adam": (adam, ("m", "v")),
    "adamw": (adamw, ("m", "v")),
}  # fmt: skip
