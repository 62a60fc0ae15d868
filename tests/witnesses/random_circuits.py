"""Circuits of single numbers, drawn at random, in which every function of a formula occurs."""

from __future__ import annotations

from dataclasses import dataclass

import mpmath
import numpy as np

from witnesses.duals import Dual, read, value_of
from zanjir.explain import Problem

__all__ = ["FORMS", "random_circuit"]

# How far a number stays from a kink: far more than any difference moves it.
MARGIN, LARGEST, N_FORMULAS = 0.02, 6, 8


@dataclass(frozen=True)
class Form:
    """A formula of two numbers, and what must not be near 0 in it (``kink``) or near a whole number (``step``)."""

    text: str
    kink: str = ""
    step: str = ""


FORMS = {
    "+": Form("{a} + 0.7 * {b}"),
    "-": Form("1 - {a} - {b} * (0.5 - {a})"),
    "*": Form("{a} * {b}"),
    "/": Form("{a} / (1.5 + {b} ** 2)"),
    "**": Form("(1 + {a} ** 2) ** (0.3 * {b}) - {b} ** 3 / 6"),
    "2**": Form("1.5 ** {a} + (2 + {b} ** 2) ** -0.5"),
    "abs": Form("abs({a}) / 3", "{a}"),
    "absolute": Form("absolute({a} - {b})", "{a} - {b}"),
    "arccos": Form("arccos(0.9 * sin({a}))"),
    "arccosh": Form("arccosh(1.2 + {a} ** 2)"),
    "arcsin": Form("arcsin(0.8 * cos({a} + {b}))"),
    "arcsinh": Form("arcsinh({a} * {b})"),
    "arctan": Form("arctan({a})"),
    "arctan2": Form("arctan2({a}, 1 + {b} ** 2)"),
    "arctanh": Form("arctanh(0.7 * tanh({a}))"),
    "cbrt": Form("cbrt({a})", "{a}"),
    "ceil": Form("ceil({a}) * {b}", step="{a}"),
    "clip": Form("clip({a}, -0.5, 0.75) + 0.2 * {a}", "({a} + 0.5) * ({a} - 0.75)"),
    "cos": Form("cos({a})"),
    "cosh": Form("cosh({a} / 2)"),
    "deg2rad": Form("deg2rad(20 * {a})"),
    "elu": Form("elu({a}) + elu({b}, alpha=0.5)", "{a} * {b}"),
    "erf": Form("erf({a})"),
    "exp": Form("exp(-{a} * {b} / 3)"),
    "exp2": Form("exp2({a} / 2)"),
    "expm1": Form("expm1({a} / 2)"),
    "floor": Form("floor({a}) * {b}", step="{a}"),
    "fmax": Form("fmax({a}, {b} * 2)", "{a} - {b} * 2"),
    "fmin": Form("fmin({a}, 1 - {b})", "{a} + {b} - 1"),
    "gelu": Form("gelu({a})"),
    "heaviside": Form("heaviside({a}, 0.5) * {b}", "{a}"),
    "hypot": Form("hypot({a}, {b} - 2)"),
    "leaky_relu": Form("leaky_relu({a}, slope=0.2) + leaky_relu({b})", "{a} * {b}"),
    "log": Form("log(0.5 + {a} ** 2)"),
    "log10": Form("log10(1 + {a} ** 2 + {b} ** 2)"),
    "log1p": Form("log1p({a} ** 2)"),
    "log2": Form("log2(1.5 + {a} ** 2) - {b}"),
    "logaddexp": Form("logaddexp({a}, 2 * {b})"),
    "max": Form("max({a}, 2 * {b})", "{a} - 2 * {b}"),
    "maximum": Form("maximum({a} * {b}, 0.3)", "{a} * {b} - 0.3"),
    "min": Form("min({a}, {b} - 0.3)", "{a} - {b} + 0.3"),
    "minimum": Form("minimum({a}, {b})", "{a} - {b}"),
    "normal_cdf": Form("normal_cdf({a} - {b})"),
    "rad2deg": Form("rad2deg({a}) / 50"),
    "reciprocal": Form("reciprocal(1 + {a} ** 2)"),
    "relu": Form("relu({a}) + 0.1 * {b}", "{a}"),
    "remainder": Form("remainder({a}, 1.3 + {b} ** 2)", step="{a} / (1.3 + {b} ** 2)"),
    "rint": Form("rint({a}) * {b}", step="{a} + 0.5"),
    "sech2": Form("sech2({a})"),
    "sigmoid": Form("sigmoid({a}) / (1 + {b} ** 2)"),
    "sigmoid_cross_entropy": Form("sigmoid_cross_entropy({a}, sigmoid({b}))"),
    "sign": Form("sign({a}) * {b}", "{a}"),
    "silu": Form("silu({a})"),
    "sin": Form("sin({a}) * cos({b})"),
    "sinc": Form("sinc({a} / 2)"),
    "sinh": Form("sinh({a} / 3)"),
    "softplus": Form("softplus({a} - {b})"),
    "sqrt": Form("sqrt(0.5 + {a} ** 2 + {b} ** 2)"),
    "square": Form("square({a} - {b}) / 2"),
    "tan": Form("tan(sin({a}))"),
    "tanh": Form("tanh({a} - {b})"),
    "trunc": Form("trunc({a}) * {b}", step="{a}"),
    "where": Form("where({a} > {b} and not {a} == 2, {a} * 2, {b} ** 2)", "{a} - {b}"),
    "where of several": Form("where(0 <= {a} < 1 or {b} != 3, {a}, {b})", "{a} * ({a} - 1)"),
}


def random_circuit(seed: int) -> Problem:
    """Formulas of formulas, each of two numbers above it, whose values stay moderate and away from kinks."""
    rng = np.random.default_rng(seed)
    given = {f"x{k}": float(np.round(rng.choice([-1, 1]) * rng.uniform(0.2, 1.5), 3)) for k in range(3)}
    numbers = {name: Dual(mpmath.mpf(value)) for name, value in given.items()}
    formulas: dict[str, str] = {}
    waiting = [[*FORMS][seed % len(FORMS)]]  # each has its turn as the first
    while len(formulas) < N_FORMULAS:
        kind = waiting.pop() if waiting else str(rng.choice([*FORMS]))
        a, b = (str(name) for name in rng.choice([*numbers][-5:], 2, replace=False))
        number = fitting(FORMS[kind], a, b, numbers)
        if number is None:
            waiting += [kind] * (not formulas)
            continue
        name = f"n{len(formulas)}"
        formulas[name], numbers[name] = FORMS[kind].text.format(a=a, b=b), number
    formulas["f"] = " + ".join(f"{0.5 + k} * {name}" for k, name in enumerate(numbers))
    return Problem(f"circuit {seed}", given, formulas, symbol="f")


def fitting(form: Form, a: str, b: str, numbers: dict[str, Dual]) -> Dual | None:
    """What a form makes of two numbers; None if it is large or near a kink."""
    for text, whole in ((form.kink, 0), (form.step, 1)):
        if text:
            at = value_of(read(text.format(a=a, b=b), numbers))
            if abs(at - whole * mpmath.nint(at)) < MARGIN:
                return None
    number = read(form.text.format(a=a, b=b), numbers)
    return number if abs(number.value) < LARGEST else None
