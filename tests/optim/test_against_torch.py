"""Every update rule walks where PyTorch's walks, over 1,000 steps in float64."""

import importlib.util

import numpy as np
import pytest

from optim.rules import (
    KEPT,
    N_STEPS,
    RULES,
    START,
    engine_update,
    gradient,
    printed_update,
    stored,
    torch_update,
)

# Some ten roundings per step, of which the descent forgets the old ones: 6e-16 of the largest parameter is the worst
# that was seen. A wrong hyperparameter, or epsilon on the other side of the root, shows above 1e-9.
TRAJECTORY = 1e-12
RUNS = {"printed": printed_update, "engine": engine_update}
needs_torch = pytest.mark.skipif(not importlib.util.find_spec("torch"), reason="PyTorch is not installed")


def assert_same_walk(ours: dict[int, np.ndarray], theirs: dict[int, np.ndarray]) -> None:
    for t, W in theirs.items():
        error = np.abs(ours[t] - W).max() / np.abs(W).max()
        assert error <= TRAJECTORY, f"step {t}: {error:.1e}"


@pytest.fixture(scope="module")
def trajectories():
    return stored()["rules"]


@pytest.mark.parametrize("way", RUNS)
@pytest.mark.parametrize("name", RULES)
def test_a_rule_walks_where_the_stored_walk_of_pytorch_went(name, way, trajectories):
    walk = RUNS[way](RULES[name].ours, START, gradient, N_STEPS)
    assert tuple(trajectories[name]) == KEPT
    assert_same_walk({t: walk[t - 1] for t in KEPT}, trajectories[name])


@needs_torch
@pytest.mark.parametrize("name", RULES)
def test_a_rule_walks_beside_pytorch_at_every_step(name):
    rule = RULES[name]
    ours, theirs = (
        printed_update(rule.ours, START, gradient, N_STEPS),
        torch_update(rule, START, gradient, N_STEPS),
    )
    assert_same_walk(dict(enumerate(ours)), dict(enumerate(theirs)))


@pytest.mark.parametrize("name", RULES)
def test_the_printed_rule_and_the_engine_give_the_same_bits(name):
    walks = [run(RULES[name].ours, START, gradient, 50) for run in RUNS.values()]
    assert np.array_equal(*walks)


def test_the_walks_differ_from_rule_to_rule(trajectories):
    ends = np.array([walk[N_STEPS // 10] for walk in trajectories.values()])
    differences = np.abs(ends[:, None] - ends[None]).max(axis=2) + np.eye(len(ends))
    assert differences.min() > 1000 * TRAJECTORY
