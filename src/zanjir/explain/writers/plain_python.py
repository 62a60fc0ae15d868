"""What NumPy's functions are in plain Python, one number at a time."""

from __future__ import annotations

__all__ = ["FUNCTIONS", "HELPERS"]

# What stands for a function of NumPy.
FUNCTIONS = {
    "abs": "abs", "arccos": "math.acos", "arccosh": "math.acosh", "arcsin": "math.asin", "arcsinh": "math.asinh",
    "arctan": "math.atan", "arctan2": "math.atan2", "arctanh": "math.atanh", "cbrt": "cbrt", "ceil": "math.ceil",
    "clip": "clip", "cos": "math.cos", "cosh": "math.cosh", "deg2rad": "math.radians", "exp": "exp", "exp2": "exp2",
    "expm1": "math.expm1", "floor": "math.floor", "fmax": "max", "fmin": "min", "heaviside": "heaviside",
    "hypot": "math.hypot", "isfinite": "math.isfinite", "isnan": "math.isnan", "log": "math.log",
    "log10": "math.log10", "log1p": "math.log1p", "log2": "math.log2", "logaddexp": "logaddexp",
    "logical_and": "logical_and", "logical_not": "logical_not", "logical_or": "logical_or", "maximum": "max",
    "minimum": "min", "nan_to_num": "nan_to_num", "rad2deg": "math.degrees", "reciprocal": "reciprocal",
    "remainder": "remainder", "rint": "round", "sign": "sign", "sin": "math.sin", "sinh": "math.sinh",
    "sqrt": "math.sqrt", "tan": "math.tan", "tanh": "math.tanh", "trunc": "math.trunc", "where": "where",
    "zeros_like": "zeros_like",
}  # fmt: skip

# The functions that Python does not have, as they are written into a script.
HELPERS = {
    "cbrt": """
def cbrt(x):
    return math.copysign(abs(x) ** (1 / 3), x)
""",
    "clip": """
def clip(x, low, high):
    return min(max(x, low), high)
""",
    "elu": """
def elu(x, alpha=1.0):
    return x if x > 0 else alpha * math.expm1(x)
""",
    "erf": """
def erf(x):
    return math.erf(x)
""",
    "exp": """
def exp(x):
    return math.exp(x) if x < 709 else math.exp(x - 709) * math.exp(709) if x < 1418 else math.inf
""",
    "exp2": """
def exp2(x):
    return 2.0**x
""",
    "gelu": """
def gelu(x):
    return x * math.erfc(-x / math.sqrt(2)) / 2
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
    "logical_and": """
def logical_and(x, y):
    return x != 0 and y != 0
""",
    "logical_not": """
def logical_not(x):
    return x == 0
""",
    "logical_or": """
def logical_or(x, y):
    return x != 0 or y != 0
""",
    "nan_to_num": """
def nan_to_num(x):
    return x
""",
    "normal_cdf": """
def normal_cdf(x):
    return math.erfc(-x / math.sqrt(2)) / 2
""",
    "reciprocal": """
def reciprocal(x):
    return 1 / x
""",
    "remainder": """
def remainder(x, y):
    return x % y
""",
    "sech2": """
def sech2(x):
    return 4 * math.exp(-2 * abs(x)) / (1 + math.exp(-2 * abs(x))) ** 2
""",
    "sigmoid": """
def sigmoid(x):
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))
""",
    "sigmoid_cross_entropy": """
def sigmoid_cross_entropy(z, y):
    tail = math.log1p(math.exp(-abs(z)))
    return (1 - y) * (max(z, 0.0) + tail) + y * (max(-z, 0.0) + tail)
""",
    "sign": """
def sign(x):
    return (x > 0) - (x < 0)
""",
    "silu": """
def silu(x):
    return x * (1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x)))
""",
    "sinc": """
def sinc(x, order=0):
    t = math.pi * x
    if abs(t) < order + 3:  # the series of sin(t) / t, differentiated
        powers = range((order + 1) // 2, (order + 1) // 2 + 40)
        terms = ((-1) ** k * t ** (2 * k - order) / math.factorial(2 * k - order) / (2 * k + 1) for k in powers)
        return math.pi**order * math.fsum(terms)
    value = math.sin(t) / t
    for n in range(1, order + 1):
        value = (math.sin(t + n * math.pi / 2) - n * value) / t
    return math.pi**order * value
""",
    "softplus": """
def softplus(x):
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))
""",
    "where": """
def where(condition, x, y):
    return x if condition else y
""",
    "zeros_like": """
def zeros_like(x):
    return 0.0
""",
}
