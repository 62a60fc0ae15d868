"""The functions that are polynomials on all lanes: exact to a few units, at the ends of their ranges too."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np
import pytest

from native.loops import Compiled, Loop, compiled
from witnesses.gate_values import WITNESSES
from zanjir.native import mathematics, normal
from zanjir.native.mathematics import FORMATS, lanewise, sech2, tanh
from zanjir.native.values import Code, Kind, Value

DTYPES = {"float": np.float32, "double": np.float64}
# What a vector of lanes is to meet: a few roundings, each of half a unit in the last place. The normal distribution
# multiplies an exponential, a quotient and a polynomial of another quotient: 3.6 units at 40,000 points.
UNITS = {**dict.fromkeys(("exp", "exp2", "log", "log1p"), 1.5), "normal_cdf": 4, "sqrt": 1}
OTHER_UNITS = 3
DIGITS = 40
# Coefficients computed with 40 digits are doubles, rounded once.
ROUNDED = 2.0**-52
POINTS = 400
# A subnormal result lies a few steps from the exact one: sech2 multiplies its exponential by 4.
STEPS = 4


@dataclass(frozen=True)
class Domain:
    """Between which arguments a function is sampled, in a format; ``tiny`` is its smallest number."""

    low: Callable[[Any], float]
    high: Callable[[Any], float]


def log_of_largest(limits: Any) -> float:
    return float(np.log(float(limits.max)))


def log_of_smallest(limits: Any) -> float:
    return float(np.log(float(limits.smallest_subnormal)))


EVERYWHERE = Domain(lambda limits: -float(limits.max), lambda limits: float(limits.max))
POSITIVE = Domain(lambda limits: float(limits.smallest_subnormal), lambda limits: float(limits.max))
EXPONENT = Domain(log_of_smallest, log_of_largest)
DOMAINS = {
    "erf": EVERYWHERE,
    "exp": EXPONENT,
    "exp2": Domain(lambda x: log_of_smallest(x) / np.log(2), lambda x: log_of_largest(x) / np.log(2)),
    "expm1": EXPONENT,
    "log": POSITIVE,
    "log1p": Domain(lambda limits: -1 + float(limits.epsneg), lambda limits: float(limits.max)),
    "log2": POSITIVE,
    "normal_cdf": Domain(lambda x: -math.sqrt(-2 * log_of_smallest(x)), lambda limits: float(limits.max)),
    "sech2": Domain(lambda x: log_of_smallest(x) / 2, lambda x: -log_of_smallest(x) / 2),
    "sigmoid": Domain(log_of_smallest, log_of_largest),
    "softplus": Domain(log_of_smallest, lambda limits: float(limits.max)),
    "sqrt": POSITIVE,
    "tanh": EVERYWHERE,
}
every_function = pytest.mark.parametrize("name", DOMAINS)
every_element = pytest.mark.parametrize("element", DTYPES)


@pytest.fixture(scope="module")
def native() -> Compiled:
    forms = {name: getattr(normal, name, None) or getattr(mathematics, name) for name in DOMAINS}
    loops = {f"{name}_{e}": Loop(forms[name], (e,)) for name in DOMAINS for e in DTYPES}
    singles = {f"{name}_{e}_1": Loop(forms[name], (e,), 1) for name in DOMAINS for e in DTYPES}
    return compiled({**loops, **singles})


def points(name: str, element: str) -> Any:
    """Numbers of every size in a function's domain, many near 0 and 1, and both its ends."""
    limits, rng = np.finfo(DTYPES[element]), np.random.default_rng(len(name))
    low, high = DOMAINS[name].low(limits), DOMAINS[name].high(limits)
    sizes = np.exp2(rng.uniform(np.log2(float(limits.smallest_subnormal)), np.log2(float(limits.max)), POINTS))
    near = 1 + np.arange(-20, 21) * float(limits.eps)
    wide = rng.uniform(max(low, -800), min(high, 800), POINTS)
    every = [sizes, -sizes, near, rng.uniform(-3, 3, POINTS), rng.uniform(0.5, 2, POINTS), wide, [low, high]]
    numbers = np.concatenate(every)
    x = numbers[(numbers >= low) & (numbers <= high)].astype(DTYPES[element])
    return x[np.isfinite(x) & (x != 0)]


def errors_in_units(name: str, x: Any, got: Any) -> Any:
    """How far results lie from exact values, in units in the last place."""
    limits = np.finfo(got.dtype)
    step, largest = mpmath.mpf(float(limits.smallest_subnormal)), float(limits.max)
    errors = []
    with mpmath.workdps(DIGITS):
        for argument, result in zip(x, got, strict=True):
            exact = WITNESSES[name].value(mpmath, mpmath.mpf(float(argument)))
            if abs(exact) > largest:
                assert np.isinf(result) or result == np.sign(result) * largest, (argument, result)
                continue
            unit = max(mpmath.ldexp(1, math.frexp(float(exact))[1] - 1) * float(limits.eps), step)
            error = abs(mpmath.mpf(float(result)) - exact)
            errors.append(float(max(error - STEPS * step, 0) / unit))
    return np.array(errors)


@every_function
@every_element
def test_a_function_errs_by_a_few_units_in_the_last_place_at_most(name: str, element: str, native: Compiled) -> None:
    x = points(name, element)
    assert len(x) > POINTS
    got = native(f"{name}_{element}", x)
    worst = errors_in_units(name, x, got).max()
    assert worst <= UNITS.get(name, OTHER_UNITS), f"{name} errs by {worst:.2f} units"


@every_function
@every_element
def test_a_vector_gives_the_bits_of_single_numbers(name: str, element: str, native: Compiled) -> None:
    x = np.concatenate([points(name, element), [0.0, -0.0, np.inf, -np.inf, np.nan]]).astype(DTYPES[element])
    got, single = native(f"{name}_{element}", x), native(f"{name}_{element}_1", x)
    same = (got.view(np.uint8) == single.view(np.uint8)).reshape(len(x), -1).all(axis=1)
    assert (same | (np.isnan(got) & np.isnan(single))).all()


INF, NAN = np.inf, np.nan
# Arguments, and below them what comes out.
ENDS = {
    "erf": ([INF, -INF, 1e4, -0.0, 0.0], [1.0, -1.0, 1.0, -0.0, 0.0]),
    "exp": ([INF, -INF, 1e4, -1e4, 0.0, -0.0], [INF, 0.0, INF, 0.0, 1.0, 1.0]),
    "exp2": ([INF, -INF, 1e5, -1e5, 0.0, 10.0, -3.0], [INF, 0.0, INF, 0.0, 1.0, 1024.0, 0.125]),
    "expm1": ([INF, -INF, 1e4, -1e4, -0.0, 0.0, 1e-40], [INF, -1.0, INF, -1.0, -0.0, 0.0, 1e-40]),
    "log": ([INF, -INF, 0.0, -0.0, -1.0, -1e-45, 1.0], [INF, NAN, -INF, -INF, NAN, NAN, 0.0]),
    "log1p": ([INF, -INF, -1.0, -1.5, -0.0, 0.0, 1e-40], [INF, NAN, -INF, NAN, -0.0, 0.0, 1e-40]),
    "log2": ([INF, -1.0, 0.0, 1.0, 8.0, 2.0**-126, 2.0**-149], [INF, NAN, -INF, 0.0, 3.0, -126.0, -149.0]),
    "normal_cdf": ([INF, -INF, 1e30, -1e30, 0.0, 100.0], [1.0, 0.0, 1.0, 0.0, 0.5, 1.0]),
    "sech2": ([INF, -INF, 0.0, -0.0], [0.0, 0.0, 1.0, 1.0]),
    "sigmoid": ([INF, -INF, 0.0, -0.0, 1e4, -1e4], [1.0, 0.0, 0.5, 0.5, 1.0, 0.0]),
    "softplus": ([INF, -INF, 1e4, -1e4], [INF, 0.0, 1e4, 0.0]),
    "sqrt": ([INF, -INF, 0.0, -0.0, -1.0, 1.0, 4.0], [INF, NAN, 0.0, -0.0, NAN, 1.0, 2.0]),
    "tanh": ([INF, -INF, -0.0, 0.0, 1e4, 1e-40], [1.0, -1.0, -0.0, 0.0, 1.0, 1e-40]),
}


@every_function
@every_element
def test_the_ends_of_a_function_are_exact_and_nan_stays_nan(name: str, element: str, native: Compiled) -> None:
    x, want = (np.array(part, DTYPES[element]) for part in ENDS[name])
    got = native(f"{name}_{element}", x)
    np.testing.assert_array_equal(got, want)
    np.testing.assert_array_equal(np.signbit(got[want == 0]), np.signbit(want[want == 0]))
    assert np.isnan(native(f"{name}_{element}", np.array([np.nan, -np.nan], DTYPES[element]))).all()


@every_element
def test_exp_leaves_the_range_where_the_exact_value_does(element: str, native: Compiled) -> None:
    limits = np.finfo(DTYPES[element])
    last = DTYPES[element](log_of_largest(limits))
    last = last if float(last) <= log_of_largest(limits) else np.nextafter(last, DTYPES[element](0))
    beyond = np.nextafter(np.nextafter(last, np.inf, dtype=last.dtype), np.inf, dtype=last.dtype)
    got = native(f"exp_{element}", np.array([last, beyond]))
    assert np.isfinite(got[0])
    assert np.isinf(got[1])
    # Half the smallest number still rounds up to it, a bit less is 0.
    least = log_of_smallest(limits) - np.log(2)
    got = native(f"exp_{element}", np.array([least + 0.01, least - 0.01], DTYPES[element]))
    assert list(got) == [limits.smallest_subnormal, 0]


@every_element
def test_the_parts_of_ln_2_add_up_to_it(element: str) -> None:
    numbers = FORMATS[element]
    assert DTYPES[element](numbers.ln2) == numbers.ln2
    with mpmath.workdps(DIGITS):
        rest = mpmath.log(2) - mpmath.mpf(numbers.ln2)
        assert abs(rest - mpmath.mpf(numbers.ln2_rest)) < 1e-16 * abs(rest)


@pytest.mark.parametrize("element", normal.TAILS)
def test_the_tails_coefficients_are_those_of_a_chebyshev_interpolation(element: str) -> None:
    tail = normal.TAILS[element]

    def almost_constant(t: Any) -> Any:
        x = 2 * tail.center / (1 - t) - tail.center
        return (x + tail.center) * mpmath.exp(x * x / 2) * mpmath.erfc(x / mpmath.sqrt(2)) / 2

    with mpmath.workdps(DIGITS):
        ends = [-1, 1 - 2 * mpmath.mpf(tail.center) / (tail.last + tail.center)]
        want = [float(c) for c in reversed(mpmath.chebyfit(almost_constant, ends, len(tail.coefficients)))]
    np.testing.assert_allclose(tail.coefficients, want, rtol=ROUNDED, atol=0)


def test_a_function_of_the_library_is_called_once_per_lane() -> None:
    code = Code()
    lanewise("hypot", Value(code, Kind("double", 4), "%x"), Value(code, Kind("double", 4), "%y"))
    assert sum("call double @hypot(double" in line for line in code.lines) == 4
    assert code.declared == {"hypot": "declare double @hypot(double, double)"}


def test_tanh_and_its_derivative_share_one_exponential() -> None:
    def machine_instructions(*functions: Callable[[Value], Value]) -> int:
        import llvmlite.binding as llvm

        def expression(x: Value) -> Value:
            first, *others = (function(x) for function in functions)
            return sum(others, first)

        lines, declared, _ = Loop(expression, ("float",)).written("f")
        return optimized(llvm, "\n".join([*declared.values(), *lines])).count("@llvm.fma")

    together = machine_instructions(tanh, sech2)
    apart = machine_instructions(tanh) + machine_instructions(sech2)
    assert together <= apart - 7  # the polynomial and the reduction are written once


def optimized(llvm: Any, text: str) -> str:
    """LLVM's text after its passes have run."""
    machine = llvm.Target.from_default_triple().create_target_machine(opt=3)
    module = llvm.parse_assembly(text)
    builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=2))
    builder.getModulePassManager().run(module, builder)
    return str(module)
