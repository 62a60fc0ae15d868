"""Hyperparameters outside their ranges, and unknown names, are refused with a sentence that helps."""

import math
import re

import pytest

from zanjir.errors import ParameterError
from zanjir.optim import OPTIMIZERS, SGD, Adadelta, Adagrad, Adam, AdamW, Momentum, Nesterov, RMSProp, optimizer

RANGES = [
    (Momentum, "momentum", "[0, 1)", (-0.1, 1.0)),
    (Nesterov, "momentum", "[0, 1)", (-0.1, 1.0)),
    (Adagrad, "epsilon", "(0, infinity)", (0, -1e-8)),
    (Adadelta, "rho", "[0, 1)", (1, -0.5)),
    (Adadelta, "epsilon", "(0, infinity)", (0,)),
    (RMSProp, "rho", "[0, 1)", (1.5,)),
    (RMSProp, "epsilon", "(0, infinity)", (0,)),
    (Adam, "beta1", "[0, 1)", (1.0, -1)),
    (Adam, "beta2", "[0, 1)", (1.0,)),
    (Adam, "epsilon", "(0, infinity)", (0,)),
    (AdamW, "weight_decay", "[0, infinity)", (-0.01,)),
    *((rule, "learning_rate", "(0, infinity)", (0, -0.1)) for rule in OPTIMIZERS.values()),
]
NEVER = (math.nan, math.inf, "0.1", None, True)


@pytest.mark.parametrize(("rule", "name", "interval", "wrong"), RANGES)
def test_a_hyperparameter_outside_its_range_is_refused(rule, name, interval, wrong):
    for value in (*wrong, *NEVER):
        sentence = f"{rule.__name__}: {name} must be a number in {interval}; got {value!r}."
        with pytest.raises(ParameterError, match=re.escape(sentence)):
            rule(**{name: value})


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_rule_by_name_takes_a_rate_or_has_its_own(name):
    assert optimizer(name) == OPTIMIZERS[name]()
    assert optimizer(name, 0.25).learning_rate == 0.25


def test_the_ends_that_belong_to_a_range_are_accepted():
    assert Momentum(momentum=0).momentum == 0
    assert AdamW(weight_decay=0).weight_decay == 0
    assert SGD(5).learning_rate == 5


@pytest.mark.parametrize(
    ("wrong", "near"), [("adm", "adam"), ("rmsporp", "rmsprop"), ("Adagrad", "adagrad"), ("nestrov", "nesterov")]
)
def test_an_unknown_name_gets_the_nearest_one(wrong, near):
    sentence = rf"unknown optimizer '{wrong}'; expected sgd, .* or adamw\. Did you mean '{near}'\?"
    with pytest.raises(ParameterError, match=sentence):
        optimizer(wrong)


def test_a_name_near_none_gets_the_list_alone():
    with pytest.raises(ParameterError, match=r"unknown optimizer 'lbfgs'; expected sgd, .* or adamw\.$"):
        optimizer("lbfgs")
