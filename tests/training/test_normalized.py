"""Means and variances that are measured, not learned: what they are, when they are current, and what never counts."""

import json

import numpy as np
import pytest

from training.problems import plan, points, same_bits
from zanjir.nn import LOSSES, BatchNorm, Dropout, Linear, Sequential, convnet, mlp
from zanjir.optim import OPTIMIZERS, AdamW, ClipNorm
from zanjir.program import Problem, compiled, trace_step
from zanjir.training import Model, Samples, Trainer, load_model, save_model

# Sums of twenty numbers in float64, in another order.
ROUNDINGS = 1e-13
# Weights in float32.
SINGLE = 1e-5
BETWEEN_EPOCHS = 7


def trainer_of(network, *, samples=None, validation=None, dtype=np.float64, **facts):
    samples = samples or points()
    problem = Problem(network, LOSSES["softmax"], samples.X.shape[1], 2, dtype=dtype)
    return Trainer(problem, plan(**facts), samples, n_classes=2, validation=validation)


def stopped_at(trainer, t):
    for step in trainer:
        if step.t == t:
            break
    return trainer


def parameters(trainer):
    return trainer.problem.layout.views(trainer.W)


def by_hand(X, p, epsilon=1e-5):
    """Scores of mlp([4], 2, norm="batch") with what was measured."""
    z = X @ p["W1"] + p["b1"]
    h = np.maximum(0, (z - p["mean1"]) / np.sqrt(p["variance1"] + epsilon) * p["gain1"] + p["shift1"])
    return h @ p["W2"] + p["b2"]


@pytest.mark.parametrize("t", [0, BETWEEN_EPOCHS, 12])
def test_the_first_layer_measures_mean_and_variance_of_all_training_samples(t):
    trainer = trainer_of(mlp([4], 2, norm="batch"))
    if t:
        stopped_at(trainer, t)
    p = parameters(trainer)
    z = trainer.samples.X @ p["W1"] + p["b1"]
    np.testing.assert_allclose(p["mean1"], z.mean(axis=0), rtol=0, atol=ROUNDINGS)
    np.testing.assert_allclose(p["variance1"], z.var(axis=0), rtol=0, atol=ROUNDINGS)


def test_prediction_uses_what_was_measured_and_does_not_depend_on_the_batch():
    trainer = trainer_of(mlp([4], 2, norm="batch"))
    list(trainer)
    model = model_of_samples(trainer)
    X = np.random.default_rng(5).standard_normal((30, 3))
    np.testing.assert_allclose(model.scores(X), by_hand(X, parameters(trainer)), rtol=0, atol=ROUNDINGS)
    np.testing.assert_allclose(model.scores(X[:1]), model.scores(X)[:1], rtol=0, atol=ROUNDINGS)


def model_of_samples(trainer):
    return Model(trainer.problem, trainer.W.copy(), ("a", "b"))


def test_measuring_drops_nothing():
    trainer = trainer_of(Sequential((Dropout(0.5), Linear(4), BatchNorm(), Linear(2))))
    stopped_at(trainer, 2)
    p = parameters(trainer)
    z = trainer.samples.X @ p["W1"] + p["b1"]
    np.testing.assert_allclose(p["mean1"], z.mean(axis=0), rtol=0, atol=ROUNDINGS)


def test_channels_of_images_are_measured_over_all_their_pixels():
    samples = Samples(np.random.default_rng(2).standard_normal((20, 16)), np.arange(20) % 2)
    trainer = trainer_of(convnet((4, 4), [3], [], 2, norm="batch"), samples=samples)
    list(trainer)
    p = parameters(trainer)
    around = np.zeros((20, 6, 6))
    around[:, 1:5, 1:5] = samples.X.reshape(20, 4, 4)
    z = np.zeros((20, 4, 4, 3))
    for i, j in np.ndindex(3, 3):
        z += around[:, i : i + 4, j : j + 4, None] * p["W1"][i, j, 0]
    z += p["b1"]
    np.testing.assert_allclose(p["mean1"], z.mean(axis=(0, 1, 2)), rtol=0, atol=ROUNDINGS)
    np.testing.assert_allclose(p["variance1"], z.var(axis=(0, 1, 2)), rtol=0, atol=ROUNDINGS)


@pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_no_update_rule_moves_what_the_weights_learn_by_what_stands_in_the_measured_places(optimizer):
    facts = {"optimizer": optimizer(), "clip": ClipNorm(0.5)}
    one, other = (trainer_of(mlp([4], 2, norm="batch"), **facts) for _ in range(2))
    for name in other.problem.measured:
        other.problem.layout.views(other.engine.W)[name][...] = 1000.0
    list(one)
    list(other)
    assert same_bits(one.W, other.W)


def test_weight_decay_between_two_readings_never_counts():
    trainer = stopped_at(trainer_of(mlp([4], 2, norm="batch"), optimizer=AdamW(0.5, weight_decay=0.5)), BETWEEN_EPOCHS)
    p = parameters(trainer)
    z = trainer.samples.X @ p["W1"] + p["b1"]
    np.testing.assert_allclose(p["variance1"], z.var(axis=0), rtol=0, atol=ROUNDINGS)


@pytest.mark.parametrize("patience", [None, 2])
@pytest.mark.parametrize("t", [2, 4, BETWEEN_EPOCHS, 12])
def test_a_restored_training_ends_with_the_same_bits(t, patience):
    def new():
        network = mlp([5, 4], 2, norm="batch", dropout=0.3)
        validation = points(9, seed=4)
        return trainer_of(network, validation=validation, optimizer=AdamW(0.05), clip=ClipNorm(1.0), patience=patience)

    whole, first, other = new(), stopped_at(new(), t), new()
    list(whole)
    arrays, state = first.state()
    other.restore(arrays, json.loads(json.dumps(state)))
    list(other)
    assert same_bits(whole.W, other.W)
    assert whole.history.epochs[-1].validation_loss == other.history.epochs[-1].validation_loss


def test_reading_the_parameters_in_between_changes_no_later_bit():
    watched, alone = (trainer_of(mlp([4], 2, norm="batch"), optimizer=AdamW(0.05)) for _ in range(2))
    for _ in watched:
        watched.W.sum()
    list(alone)
    assert same_bits(watched.W, alone.W)


def test_the_validation_loss_is_that_of_the_model_with_what_was_measured():
    validation = points(9, seed=4)
    trainer = trainer_of(mlp([4], 2, norm="batch"), validation=validation)
    list(trainer)
    found = model_of_samples(trainer).evaluate(validation.X, validation.y)
    assert trainer.history.epochs[-1].validation_loss == found.loss


@pytest.mark.parametrize("norm", ["none", "batch", "layer"])
def test_a_small_network_of_images_learns_to_tell_stripes_apart_and_is_saved(norm, tmp_path):
    rng = np.random.default_rng(0)
    y = np.arange(60) % 2
    pictures = rng.standard_normal((60, 6, 6)) * 0.3
    pictures[y == 0, ::2] += 1
    pictures[y == 1, :, ::2] += 1
    samples = Samples(pictures.reshape(60, 36).astype(np.float32), y)
    trainer = trainer_of(
        convnet((6, 6), [4], [8], 2, norm=norm), samples=samples, dtype=np.float32, epochs=10, optimizer=AdamW(0.02)
    )
    losses = [step.loss for step in trainer]
    assert np.mean(losses[-10:]) < 0.2 * np.mean(losses[:3])
    model = model_of_samples(trainer)
    assert model.evaluate(samples.X, y).accuracy > 0.95
    save_model(tmp_path / "model.safetensors", model)
    again = load_model(tmp_path / "model.safetensors")
    assert again.problem == model.problem
    assert same_bits(again.scores(samples.X), model.scores(samples.X))


def test_what_is_measured_does_not_count_as_learned():
    problem = Problem(mlp([4], 2, norm="batch"), LOSSES["softmax"], 3, 2)
    assert problem.layout.size - problem.n_learned == 8
    assert Problem(mlp([4], 2), LOSSES["softmax"], 3, 2).n_learned == 26


def test_measuring_in_single_precision_is_done_in_double():
    trainer = trainer_of(mlp([4], 2, norm="batch"), dtype=np.float32)
    list(trainer)
    p = {name: value.astype(np.float64) for name, value in parameters(trainer).items()}
    z = trainer.samples.X @ p["W1"] + p["b1"]
    np.testing.assert_allclose(p["variance1"], z.var(axis=0), rtol=SINGLE)
    assert trainer.W.dtype == np.float32


def test_the_printed_step_says_what_no_step_computes():
    text = trace_step(Problem(mlp([4], 2, norm="batch"), LOSSES["softmax"], 3, 2)).source()
    step = compiled(text, "<printed normalization>")["step"]
    said = (
        "For prediction, mean1, variance1 are measured on the training data after the last step; no step computes them."
    )
    assert " ".join(step.__doc__.split()).endswith(said)
    assert max(map(len, step.__doc__.splitlines())) <= 120
    plain = trace_step(Problem(mlp([4], 2), LOSSES["softmax"], 3, 2)).source()
    assert "measured" not in plain


def test_a_restored_training_measures_anew_even_at_the_step_where_it_has_measured():
    network = mlp([4], 2, norm="batch")
    one, other = (stopped_at(trainer_of(network, seed=seed), BETWEEN_EPOCHS) for seed in (0, 1))
    expected = other.W.copy()
    assert not same_bits(one.W, expected)
    arrays, facts = stopped_at(trainer_of(network, seed=1), BETWEEN_EPOCHS).state()
    arrays["training.W"][network.layout(3).offsets["mean1"][0]] = 9.0
    one.restore(arrays, facts)
    np.testing.assert_allclose(parameters(one)["mean1"], other.problem.layout.views(expected)["mean1"], atol=ROUNDINGS)
