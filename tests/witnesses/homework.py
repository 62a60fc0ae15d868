"""Homework 1 worked out with Python's own numbers, each rounded as it is written down."""

import math
from decimal import ROUND_DOWN, ROUND_HALF_UP, Context, Decimal

HOW = {"half-up": ROUND_HALF_UP, "truncated": ROUND_DOWN}


def rounding(digits, how, places):
    """Return a function that rounds; of float64, what differs after twelve digits is noise."""
    if places == "significant":
        context = Context(prec=digits, rounding=HOW[how])
        return lambda x: float(context.create_decimal(f"{x:.12g}"))
    return lambda x: float(Decimal(f"{x:.12g}").quantize(Decimal(1).scaleb(-digits), HOW[how]))


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def by_hand(r, given):
    """Return the numbers of the network, the derivatives and one step of 0.5, as a student finds them."""
    g = dict(given)
    v = {}
    for unit, (wa, wb) in {"h1": ("w1", "w3"), "h2": ("w2", "w4")}.items():
        v[f"net_{unit}"] = r(g["x1"] * g[wa] + g["x2"] * g[wb] + g["b1"])
        v[f"out_{unit}"] = r(sigmoid(v[f"net_{unit}"]))
    for unit, (wa, wb) in {"Y1": ("w5", "w7"), "Y2": ("w6", "w8")}.items():
        v[f"net_{unit}"] = r(v["out_h1"] * g[wa] + v["out_h2"] * g[wb] + g["b2"])
        v[f"out_{unit}"] = r(sigmoid(v[f"net_{unit}"]))
    v["loss"] = r((g["t_Y1"] - v["out_Y1"]) ** 2 / 2 + (g["t_Y2"] - v["out_Y2"]) ** 2 / 2)
    delta = {}
    for unit in ("Y1", "Y2"):
        error, slope = r(v[f"out_{unit}"] - g[f"t_{unit}"]), r(v[f"out_{unit}"] * (1 - v[f"out_{unit}"]))
        delta[unit] = r(error * slope)
    for unit, (wa, wb) in {"h1": ("w5", "w6"), "h2": ("w7", "w8")}.items():
        back = r(r(delta["Y1"] * g[wa]) + r(delta["Y2"] * g[wb]))
        delta[unit] = r(back * r(v[f"out_{unit}"] * (1 - v[f"out_{unit}"])))
    inputs = {"h1": v["out_h1"], "h2": v["out_h2"], "x1": g["x1"], "x2": g["x2"]}
    slopes = {"b1": r(delta["h1"] + delta["h2"]), "b2": r(delta["Y1"] + delta["Y2"])}
    ends = {"w1": ("x1", "h1"), "w2": ("x1", "h2"), "w3": ("x2", "h1"), "w4": ("x2", "h2"), "w5": ("h1", "Y1"),
            "w6": ("h1", "Y2"), "w7": ("h2", "Y1"), "w8": ("h2", "Y2")}  # fmt: skip
    slopes |= {w: r(delta[end] * inputs[start]) for w, (start, end) in ends.items()}
    v |= {f"dL/dnet_{unit}": value for unit, value in delta.items()}
    v |= {f"dL/d{name}": value for name, value in slopes.items()}
    return v | {f"{name} new": r(g[name] - 0.5 * value) for name, value in slopes.items()}
