"""Circuits of single numbers, drawn at random."""

import numpy as np

from zanjir.explain import Problem


def random_problem(seed):
    """Formulas of formulas, each of two numbers above it, with values that stay moderate."""
    rng = np.random.default_rng(seed)
    given = {f"x{k}": float(np.round(rng.uniform(0.2, 1.5), 3)) for k in range(3)}
    names, formulas = list(given), {}
    forms = ["{a} * {b}", "{a} + {b} ** 2", "tanh({a} - {b})", "sigmoid({a}) / (1 + {b} ** 2)", "exp(-{a} * {b})",
             "log(1 + {a} ** 2) - {b}", "max({a}, 2 * {b})", "sqrt(1 + {a} ** 2 + {b} ** 2)", "sin({a}) * cos({b})",
             "relu({a}) + abs({b}) / 3", "min({a}, {b} - 0.3)"]  # fmt: skip
    for k in range(8):
        a, b = rng.choice(names[-5:], 2)
        formulas[f"n{k}"] = str(rng.choice(forms)).format(a=a, b=b)
        names.append(f"n{k}")
    formulas["f"] = " + ".join(f"{0.5 + k} * {name}" for k, name in enumerate(names))
    return Problem("random", given, formulas, symbol="f")
