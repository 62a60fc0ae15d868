"""Rows 85, 86 and 88: the training loop, its record, and saving what was learned."""

from itertools import pairwise

import numpy as np
import pytest

from zanjir.data import batches, load
from zanjir.nn import LOSSES, mlp
from zanjir.optim import SGD, Adam
from zanjir.program import Feed, NumpyEngine, Problem, trace_step
from zanjir.training import Model, Plan, Samples, Trainer, fit, load_model, load_training, save_model

DATA = load("moons", n_samples=120, seed=0)


def problem(dropout=0.0):
    return Problem(mlp([8], 2, dropout=dropout), LOSSES["softmax"], 2, 2)


def trained(seed=0, dropout=0.0, epochs=10):
    plan = Plan(Adam(0.02), batch_size=16, epochs=epochs, seed=seed)
    trainer = Trainer(problem(dropout), plan, Samples(DATA.X, DATA.y), n_classes=2)
    fit(trainer)
    return trainer


def test_row_85_four_steps_written_out_lower_the_loss():
    first = problem().network.init(np.random.default_rng(0), 2)
    engine = NumpyEngine(trace_step(problem(), SGD(0.5)), problem().layout.flatten(first))
    losses, t = [], 0
    for epoch in range(20):
        for indices in batches(DATA.n_samples, 16, seed=0, epoch=epoch):
            t += 1
            batch = engine.batch(len(indices))
            batch.load(Feed(DATA.X, DATA.y), indices)  # 1: a batch
            engine.step(batch, 0.5, t)  # 2 to 4: forward, loss, and the update against the gradient
            losses.append(float(batch.results["loss"]))
    assert np.mean(losses[-8:]) < np.mean(losses[:8])


def test_row_85_the_loss_on_a_fixed_set_falls_from_epoch_to_epoch():
    plan = Plan(SGD(0.5), batch_size=DATA.n_samples, epochs=40)
    trainer = Trainer(problem(), plan, Samples(DATA.X, DATA.y), n_classes=2)
    losses = fit(trainer).column("loss")
    assert all(later < earlier for earlier, later in pairwise(losses))


@pytest.mark.parametrize("dropout", [0.0, 0.25])
def test_row_85_a_seed_decides_everything(dropout):
    first, again, other = (trained(seed, dropout) for seed in (0, 0, 1))
    assert first.W.tobytes() == again.W.tobytes()
    assert np.array_equal(first.history.column("loss", "steps"), again.history.column("loss", "steps"))
    assert first.W.tobytes() != other.W.tobytes()


def test_row_86_there_is_one_row_per_iteration_and_the_loss_falls():
    history = trained().history
    losses = history.column("loss", "steps")
    assert len(losses) == 10 * 8 == history.column("t", "steps")[-1]
    assert losses[-10:].mean() < losses[:10].mean()


def test_row_86_an_epoch_holds_the_mean_over_its_samples():
    history = trained().history
    losses, sizes = (history.column(name, "steps").reshape(10, 8) for name in ("loss", "samples"))
    assert history.column("loss") == pytest.approx((losses * sizes).sum(axis=1) / 120, rel=1e-12)


def test_row_88_a_saved_model_predicts_the_same(tmp_path):
    trainer = trained()
    model = Model(trainer.problem, trainer.W, DATA.classes)
    save_model(tmp_path / "model.safetensors", model)
    back = load_model(tmp_path / "model.safetensors")
    assert back.W.tobytes() == model.W.tobytes()
    assert back.classes == model.classes
    assert np.array_equal(back.predict(DATA.X), model.predict(DATA.X))
    assert np.array_equal(back.scores(DATA.X), model.scores(DATA.X))


def test_row_88_the_history_is_saved_with_it_and_training_goes_on_with_the_same_bits(tmp_path):
    whole = trained(epochs=10)
    half = Trainer(whole.problem, whole.plan, whole.samples, n_classes=2)
    for step in half:
        if step.t == 37:
            break
    model = Model(half.problem, half.W, DATA.classes)
    save_model(tmp_path / "model.safetensors", model, half.state())
    resumed = Trainer(whole.problem, whole.plan, whole.samples, n_classes=2)
    resumed.restore(*load_training(tmp_path / "model.safetensors")[1:])
    assert np.array_equal(resumed.history.column("loss", "steps"), half.history.column("loss", "steps"))
    fit(resumed)
    assert resumed.W.tobytes() == whole.W.tobytes()
    assert np.array_equal(resumed.history.column("loss", "steps"), whole.history.column("loss", "steps"))
