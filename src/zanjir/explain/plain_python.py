"""What NumPy's functions are in plain Python, one number at a time."""

from __future__ import annotations

__all__ = ["FUNCTIONS", "HELPERS"]

# What stands for a function of NumPy.
FUNCTIONS = {
    "abs": "abs", "arccos": "math.acos", "arccosh": "math.acosh", "arcsin": "math.asin", "arcsinh": "math.asinh",
    "arctan": "math.atan", "arctan2": "math.atan2", "arctanh": "math.atanh", "cbrt": "cbrt", "ceil": "math.ceil",
    "cos": "math.cos", "cosh": "math.cosh", "exp": "exp", "exp2": "exp2", "expm1": "math.expm1",
    "floor": "math.floor", "fmax": "max", "fmin": "min", "heaviside": "heaviside", "hypot": "math.hypot",
    "log": "math.log", "log10": "math.log10", "log1p": "math.log1p", "log2": "math.log2", "logaddexp": "logaddexp",
    "maximum": "max", "minimum": "min", "reciprocal": "reciprocal", "sign": "sign", "sin": "math.sin",
    "sinh": "math.sinh", "sqrt": "math.sqrt", "tan": "math.tan", "tanh": "math.tanh", "trunc": "math.trunc",
    "where": "where",
}  # fmt: skip

# The functions that Python does not have, as they are written into a script.
HELPERS = {
    "sigmoid": """
def sigmoid(x):
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))
""",
    "exp": """
def exp(x):
    return math.exp(x) if x < 709 else math.exp(x - 709) * math.exp(709) if x < 1418 else math.inf
""",
    "exp2": """
def exp2(x):
    return 2.0**x
""",
    "cbrt": """
def cbrt(x):
    return math.copysign(abs(x) ** (1 / 3), x)
""",
    "erf": """
def erf(x):
    return math.erf(x)
""",
    "heaviside": """
def heaviside(x, at_zero):
    return at_zero if x == 0 else 1.0 if x > 0 else 0.0
""",
    "leaky_relu": """
def leaky_relu(x, slope=0.01):
    return x if x > 0 else slope * x
""",
    "logaddexp": """
def logaddexp(x, y):
    return max(x, y) + math.log1p(math.exp(-abs(x - y)))
""",
    "normal_cdf": """
def normal_cdf(x):
    return math.erfc(-x / math.sqrt(2)) / 2
""",
    "reciprocal": """
def reciprocal(x):
    return 1 / x
""",
    "sech2": """
def sech2(x):
    return 4 * math.exp(-2 * abs(x)) / (1 + math.exp(-2 * abs(x))) ** 2
""",
    "sign": """
def sign(x):
    return (x > 0) - (x < 0)
""",
    "softplus": """
def softplus(x):
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))
""",
    "where": """
def where(condition, x, y):
    return x if condition else y
""",
}
