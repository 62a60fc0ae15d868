"""Descriptions as JSON: what is described is rebuilt equal, and nothing else is."""

import json

import numpy as np
import pytest

from training.problems import plan, problem
from zanjir.errors import ParameterError, ShapeError
from zanjir.nn import (
    ACTIVATIONS,
    INITIALIZERS,
    L1,
    L2,
    LOSSES,
    NORMS,
    Activation,
    AveragePool2d,
    BatchNorm,
    Conv2d,
    Dropout,
    ElasticNet,
    Flatten,
    LayerNorm,
    Linear,
    MaxPool2d,
    Reshape,
    convnet,
    mlp,
)
from zanjir.optim import OPTIMIZERS, SCHEDULES, AdamW, ClipNorm, Momentum, StepDecay
from zanjir.program import Problem
from zanjir.training import Plan, plan_from, plan_specification
from zanjir.training.specification import LAYERS, REGULARIZERS, described, problem_from, rebuilt, specification


def through_json(facts):
    return json.loads(json.dumps(facts, allow_nan=False))


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("penalty", [None, L2(0.5), L1(0.25), ElasticNet(0.125, beta=0.75)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_problem_is_rebuilt_equal(loss, penalty, dtype):
    before = problem((5, 4), loss=loss, penalty=penalty, dtype=dtype, dropout=0.1)
    after = problem_from(through_json(specification(before)))
    assert after == before
    assert after.layout == before.layout


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("initializer", INITIALIZERS)
def test_a_network_is_rebuilt_with_its_choices(activation, initializer):
    network = mlp([3], 2, activation=activation, initializer=initializer)
    before = Problem(network, LOSSES["softmax"], 3, 2)
    assert problem_from(through_json(specification(before))) == before


@pytest.mark.parametrize("norm", NORMS)
def test_a_network_of_images_is_rebuilt_equal(norm):
    before = Problem(convnet((8, 8), [4, 5], [6], 3, norm=norm), LOSSES["softmax"], 64, 3)
    after = problem_from(through_json(specification(before)))
    assert after == before
    assert after.layout == before.layout


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_plan_is_rebuilt_equal(name, schedule):
    before = plan(optimizer=OPTIMIZERS[name](0.125), schedule=SCHEDULES[schedule](warmup=0.25), seed=7)
    assert plan_from(through_json(plan_specification(before))) == before


@pytest.mark.parametrize(
    "before",
    [
        Plan(),
        Plan(clip=ClipNorm(0.5), patience=3, batch_size=1, epochs=1),
        Plan(optimizer=AdamW(weight_decay=0.5, beta1=0.5, epsilon=0.25), schedule=StepDecay(decay=0.5, times=2)),
        Plan(optimizer=Momentum(0.5), seed=2**32 - 1),
    ],
)
def test_a_plan_keeps_every_choice(before):
    assert plan_from(through_json(plan_specification(before))) == before


@pytest.mark.parametrize(
    "thing",
    [
        Linear(3, "he"),
        Activation("tanh"),
        Dropout(0.25),
        Conv2d(8, 5, stride=2, padding=1, initializer="he", layout="NCHW"),
        MaxPool2d(3, stride=2),
        AveragePool2d(2, layout="NCHW"),
        BatchNorm(epsilon=0.5, layout="NCHW"),
        LayerNorm(0.25),
        Reshape((4, 4, 3)),
        Flatten(),
    ],
)
def test_every_layer_is_described_by_its_name_and_fields(thing):
    facts = described(thing)
    assert facts["type"] == type(thing).__name__
    assert rebuilt("layer", through_json(facts), LAYERS) == thing


def test_every_layer_and_penalty_of_the_library_can_be_described():
    from zanjir.nn import Layer, Regularizer
    from zanjir.nn.pooling import Pool2d

    layers = {layer for layer in Layer.__subclasses__() if layer.__module__.startswith("zanjir.")}
    assert set(LAYERS.values()) == {*layers, *Pool2d.__subclasses__()} - {Pool2d}
    assert set(REGULARIZERS.values()) == set(Regularizer.__subclasses__())


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"type": "Lineer"}, "unknown layer 'Lineer'; expected Linear, Conv2d, .* or Flatten. Did you mean 'Linear'"),
        ({"type": "zanjir.nn.Linear"}, "unknown layer"),
        ({"type": "Linear", "features": 0}, "Linear: features must be"),
        ({"type": "Activation", "name": "rulu"}, "unknown activation 'rulu'"),
    ],
)
def test_only_listed_types_with_possible_values_are_rebuilt(facts, sentence):
    with pytest.raises(ParameterError, match=sentence):
        rebuilt("layer", facts, LAYERS)


def test_scores_that_the_network_does_not_give_are_refused():
    facts = specification(problem((5,)))
    with pytest.raises(ShapeError, match=r"the network does not give 3 scores: W1 \(3, 5\)"):
        problem_from({**facts, "n_outputs": 3})


def test_a_plan_with_an_impossible_value_is_refused():
    facts = plan_specification(Plan())
    for name, value in (("batch_size", 0), ("epochs", 2.5), ("patience", 0), ("clip", -1.0)):
        with pytest.raises(ParameterError, match=rf"{name}|largest"):
            plan_from({**facts, name: value})
