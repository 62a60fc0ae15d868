"""A training that stopped being finite says where: step, pass, gate, place and expression."""

import re
from dataclasses import replace

import numpy as np
import pytest

from zanjir.errors import NonFiniteError
from zanjir.nn import LOSSES, mlp
from zanjir.optim import SGD, ClipNorm, Momentum
from zanjir.program import NumpyEngine, Problem
from zanjir.training import Plan, Samples, Trainer

rng = np.random.default_rng(0)
X = rng.standard_normal((60, 3))
NUMBERS = X @ rng.standard_normal((3, 1))
REGRESSION = Problem(mlp([4], 1), LOSSES["squared_error"], 3, 1)


def sentence_of(trainer):
    with pytest.raises(NonFiniteError) as caught:
        list(trainer)
    return str(caught.value)


def regression(optimizer, x=X, **settings):
    settings = {"batch_size": 10, "epochs": 5, **settings}
    return Trainer(REGRESSION, Plan(optimizer, **settings), Samples(x, NUMBERS), n_classes=0)


def test_a_loss_that_overflows_is_named_with_its_gate_and_its_numbers():
    told = sentence_of(regression(SGD(1e10)))
    assert told.startswith("the loss is inf at step 2 (epoch 1) with learning rate 1e+10; expected a finite number.")
    assert re.search(
        r"It began in the forward pass of step 2: square: \d+ of 10 values are not finite in \(scores - y\) \*\* 2; "
        r"the first is the result\[(\d), 0\] = inf; from \(scores - y\)\[\1, 0\] = -?[\d.]+e\+\d+\. It came from: "
        r"z = X @ W1 \+ b1; h = np\.maximum\(0, z\); scores = h @ W2 \+ b2\.$",
        told,
    )


def test_an_update_that_overflows_is_named_in_the_step_before_the_loss_noticed():
    told = sentence_of(regression(SGD(1e60)))
    assert told.startswith("the loss is nan at step 2 (epoch 1)")
    assert "It began in the update of step 1 at W1[0, 0]: multiply: " in told
    assert " in learning_rate * dW; the first is the result[0] = inf; from learning_rate = 1e+60 and dW[0] = " in told


def test_a_gradient_that_overflows_behind_a_finite_loss_is_named_in_the_backward_pass():
    problem = Problem(mlp([], 1), LOSSES["squared_error"], 3, 1)
    samples = Samples(np.full((4, 3), 1e30), np.full((4, 1), 1e10))
    trainer = Trainer(problem, Plan(SGD(0.1), batch_size=4, epochs=2), samples, n_classes=0)
    trainer.engine.W[:] = 0  # the scores are 0, and the loss is 1e20
    told = sentence_of(trainer)
    assert "It began in the backward pass of step 1: matmul: 3 of 3 values are not finite in " in told
    assert "X.T @ dscores; the first is the result[0, 0] = -inf" in told


def test_what_noticed_at_the_end_of_an_epoch_is_named_in_its_step():
    told = sentence_of(regression(SGD(1e60), batch_size=60, epochs=1))
    assert told.startswith("the parameters are no finite numbers after step 1 (epoch 1)")
    assert "It began in the update of step 1 at W1[0, 0]: multiply: " in told


def test_a_number_that_was_given_is_not_blamed_on_a_gate():
    trainer = regression(SGD(0.1))
    trainer.engine.W[3] = np.nan
    assert sentence_of(trainer).endswith(
        "It was given to step 1: W1: 1 of 12 values is not finite; the first is W1[0, 3] = nan."
    )


def test_a_later_epoch_is_searched_from_its_own_beginning():
    trainer = regression(SGD(1e-3), schedule=Explodes())
    told = sentence_of(trainer)
    assert re.search(r"at step (\d+) \(epoch 3\)", told)
    found = re.search(r"It began in the (forward pass|update) of step (\d+)", told)
    assert 13 <= int(found[2]) <= 15


class Explodes(type(Plan().schedule)):
    """A schedule that explodes at step 13, the first of the third epoch; or at another."""

    at = 13
    far = 1e30

    def __call__(self, t, n_steps):
        return 1.0 if t < self.at else self.far


class ExplodesAtOnce(Explodes):
    at = 3
    far = 1e60


def test_the_optimizers_state_is_that_of_the_step():
    trainer = regression(Momentum(1e-3), batch_size=60, epochs=3, schedule=ExplodesAtOnce())
    told = sentence_of(trainer)
    v = trainer.engine.state["v"][0]
    assert "It began in the update of step 3 at W1[0, 0]: multiply: " in told
    assert f" and (0.9 * v + dW)[0] = {v:.6g}" in told


def test_a_resumed_training_says_the_same():
    plan = {"schedule": Explodes()}
    told = sentence_of(regression(SGD(1e-3), **plan))
    half, rest = regression(SGD(1e-3), **plan), regression(SGD(1e-3), **plan)
    for step in half:
        if step.t == 9:
            break
    rest.restore(*half.state())
    assert sentence_of(rest) == told


def test_dropout_draws_the_same_again():
    problem = replace(REGRESSION, network=mlp([4], 1, activation="tanh", dropout=0.5))
    trainer = Trainer(problem, Plan(SGD(1e25), batch_size=10, seed=4), Samples(X, NUMBERS), n_classes=0)
    told = sentence_of(trainer)
    found = re.search(r"forward pass of step 2: square: .* from \(scores - y\)\[(\d), 0\] = (\S+)\. It came", told)
    batch = trainer.engine.batch(10)
    k = int(found[1])
    assert float(found[2]) == pytest.approx(float(batch.results["scores"][k, 0] - batch.y[k, 0]), rel=1e-5)


def test_clipping_is_part_of_the_update():
    told = sentence_of(regression(SGD(1e60), clip=ClipNorm(1.0)))
    assert "It began in the update of step 1" in told
    assert "clipped" in told


def test_a_callbacks_change_that_cannot_be_run_again_leaves_the_plain_sentence():
    trainer = regression(SGD(0.1))
    steps = iter(trainer)
    next(steps)
    trainer.engine.W[:] = np.nan
    with pytest.raises(NonFiniteError, match=r"at step 2 .* or clip the gradient\.$"):
        next(steps)


def test_the_search_leaves_the_trainer_as_it_is():
    trainer = regression(SGD(1e10))
    sentence_of(trainer)
    assert (trainer.t, len(trainer.history.steps), trainer.history.epochs) == (1, 1, [])


def test_nothing_is_looked_for_while_all_goes_well(monkeypatch):
    def never(*_):
        pytest.fail("looked for a cause without need")

    monkeypatch.setattr("zanjir.training.trainer.cause_of", never)
    made = []
    bind = NumpyEngine.__init__
    monkeypatch.setattr(NumpyEngine, "__init__", lambda self, *given: made.append(1) or bind(self, *given))
    list(regression(SGD(0.01), epochs=3))
    assert len(made) == 1
