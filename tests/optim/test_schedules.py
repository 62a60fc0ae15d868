"""Schedules: the factor of every step by its formula, at the ends, and with warmup."""

import math
from itertools import pairwise

import pytest

from zanjir.errors import ParameterError
from zanjir.optim import (
    SCHEDULES,
    Constant,
    Cosine,
    Exponential,
    InverseTime,
    Schedule,
    StepDecay,
    schedule,
)

# One or two roundings of a number of at most 1.
ROUNDING = 4e-16
STEPS = range(1, 101)


def factors(rule, n_steps=100):
    return [rule(t, n_steps) for t in range(1, n_steps + 1)]


FORMULAS = {
    "constant": (Constant(), lambda t: 1.0),
    "step": (StepDecay(decay=0.5, times=4), lambda t: 0.5 ** ((t - 1) // 25)),
    "exponential": (Exponential(last=0.01), lambda t: 10 ** (-2 * (t - 1) / 100)),
    "cosine": (Cosine(last=0.2), lambda t: 0.6 + 0.4 * math.cos(math.pi * (t - 1) / 100)),
    "inverse_time": (InverseTime(decay=10.0), lambda t: 10 / (10 + (t - 1))),
}


def test_every_schedule_has_its_formula_here():
    assert FORMULAS.keys() == SCHEDULES.keys()


@pytest.mark.parametrize("name", FORMULAS)
def test_the_factor_of_every_step_is_that_of_the_formula(name):
    rule, formula = FORMULAS[name]
    assert factors(rule) == pytest.approx([formula(t) for t in STEPS], rel=ROUNDING, abs=ROUNDING)


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_starts_at_one_and_never_rises(name):
    values = factors(schedule(name))
    assert values[0] == 1
    assert all(later <= earlier for earlier, later in pairwise(values))


@pytest.mark.parametrize(
    ("rule", "end"),
    [(Exponential(last=0.01), 0.01), (Cosine(last=0.2), 0.2), (Cosine(), 0.0), (StepDecay(decay=0.1), 0.01)],
)
def test_a_long_schedule_ends_where_it_says(rule, end):
    # The last step of 100,000 is one step short of the end.
    assert rule(100_000, 100_000) == pytest.approx(end, abs=1e-6)


@pytest.mark.parametrize("name", SCHEDULES)
def test_warmup_rises_linearly_to_the_value_of_the_schedule(name):
    plain, warmed = SCHEDULES[name](), SCHEDULES[name](warmup=0.2)
    ratios = [b / a for a, b in zip(factors(plain), factors(warmed), strict=True)]
    assert ratios == pytest.approx([min(1.0, t / 20) for t in STEPS], rel=ROUNDING)


def test_a_single_step_has_the_whole_rate():
    assert [schedule(name)(1, 1) for name in SCHEDULES] == [1.0] * len(SCHEDULES)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Constant(warmup=1.0), r"Constant: warmup must be a number in \[0, 1\); got 1.0"),
        (lambda: Cosine(last=-0.1), r"Cosine: last must be a number in \[0, infinity\); got -0.1"),
        (lambda: Exponential(last=0), r"Exponential: last must be a number in \(0, infinity\); got 0"),
        (lambda: StepDecay(decay=0.0), r"StepDecay: decay must be a number in \(0, infinity\); got 0.0"),
        (lambda: StepDecay(times=0), r"StepDecay: times must be a whole number in \[1, infinity\); got 0"),
        (lambda: InverseTime(decay=-1), r"InverseTime: decay must be a number in \[0, infinity\); got -1"),
        (
            lambda: schedule("cosin"),
            r"unknown schedule 'cosin'; expected constant, .* Did you mean 'cosine'\?",
        ),
    ],
)
def test_a_schedule_outside_its_range_is_refused_with_a_sentence(make, sentence):
    with pytest.raises(ParameterError, match=sentence):
        make()


def test_the_base_of_the_schedules_is_no_schedule():
    with pytest.raises(TypeError, match="Schedule is no schedule; use Constant, Cosine"):
        Schedule()(1, 2)
