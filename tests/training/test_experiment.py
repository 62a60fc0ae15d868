"""From a data set to a trainer and back to a model."""

import dataclasses

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight

from training.problems import plan, points, same_bits
from zanjir.data import Dataset, line, load, moons, regression_plane, split
from zanjir.errors import DataError, ParameterError
from zanjir.nn import L2
from zanjir.optim import SGD
from zanjir.training import (
    Parts,
    Plan,
    balanced_weights,
    divide,
    fingerprint,
    fit,
    labels_for,
    model_of,
    problem_for,
    trainer_for,
)
from zanjir.training.experiment import preparation_for

# Sums of float64 in another order.
ORDER = 1e-12


def dataset(n=60, test=None, **facts):
    samples = points(n, n_classes=3)
    return Dataset("points", samples.X, samples.y, ("a", "b", "c"), test=test, **facts)


def rows(*parts):
    return sorted(tuple(row) for part in parts for row in part.X.tolist())


def test_every_sample_is_in_exactly_one_part():
    whole = dataset()
    parts = divide(whole, test_share=0.25, validation_share=0.2)
    assert (parts.train.n_samples, parts.validation.n_samples, parts.test.n_samples) == (36, 9, 15)
    assert rows(parts.train, parts.validation, parts.test) == rows(whole)
    for part in (parts.train, parts.validation, parts.test):
        assert np.ptp(np.bincount(part.y)) <= 1


def test_a_test_set_that_came_with_the_data_is_taken_as_it_is():
    _, test = split(dataset(), 0.3, seed=1)
    whole = dataset(test=test)
    parts = divide(whole, test_share=0.9, validation_share=0.5)
    assert parts.test is test
    assert rows(parts.train, parts.validation) == rows(whole)


def test_no_validation_share_gives_no_validation():
    parts = divide(dataset(), validation_share=0)
    assert parts.validation is None
    assert parts.train.n_samples == 48
    assert trainer_for(problem_for(dataset()), plan(), parts).validation is None


def test_the_seed_chooses_the_parts():
    one, same, other = (divide(dataset(), seed=seed) for seed in (1, 1, 2))
    assert same_bits(one.train.X, same.train.X)
    assert rows(one.test) != rows(other.test)


@pytest.mark.parametrize("shares", [{"test_share": 0}, {"test_share": 1.0}, {"test_share": 0.001},
                                    {"validation_share": -0.1}, {"validation_share": 1.0}])  # fmt: skip
def test_shares_that_leave_a_part_empty_are_refused(shares):
    with pytest.raises(ParameterError, match="test_share"):
        divide(dataset(), **shares)


@pytest.mark.parametrize(
    ("data", "loss", "name", "n_outputs"),
    [
        (dataset(), None, "softmax", 3),
        (dataset(), "binary_cross_entropy", "binary_cross_entropy", 3),
        (dataset(), "squared_error", "squared_error", 3),
        (moons(10), None, "softmax", 2),
        (moons(10), "binary_cross_entropy", "binary_cross_entropy", 1),
        (moons(10), "hinge", "hinge", 2),
        (moons(10), "squared_error", "squared_error", 2),
        (line(10), None, "squared_error", 1),
        (regression_plane(10), "squared_error", "squared_error", 1),
        (Dataset("two", np.ones((4, 2)), np.ones((4, 2))), None, "squared_error", 2),
    ],
)
def test_the_loss_and_the_scores_fit_the_targets(data, loss, name, n_outputs):
    found = problem_for(data, hidden=[4], loss=loss)
    assert (found.loss.name, found.n_outputs, found.in_features) == (name, n_outputs, data.n_features)
    assert found.network.out_features(data.n_features) == n_outputs


def test_every_choice_reaches_the_network():
    found = problem_for(
        dataset(),
        hidden=(7, 5),
        activation="tanh",
        dropout=0.25,
        initializer="small",
        penalty=L2(0.5),
        dtype=np.float64,
    )
    text = repr(found.network)
    assert (found.layout.shapes["W2"], found.penalty, found.dtype) == ((7, 5), L2(0.5), np.float64)
    assert all(word in text for word in ("tanh", "rate=0.25", "small"))


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"loss": "sofmax"}, "unknown loss 'sofmax'.*Did you mean 'softmax'"),
        ({"activation": "rulu", "hidden": [3]}, "unknown activation 'rulu'"),
        ({"hidden": [0]}, "features must be"),
        ({"dropout": 1.0, "hidden": [3]}, "rate must be"),
    ],
)
def test_choices_that_do_not_exist_are_refused(facts, sentence):
    with pytest.raises(ParameterError, match=sentence):
        problem_for(dataset(), **facts)


@pytest.mark.parametrize("loss", ["softmax", "hinge", "squared_hinge", "binary_cross_entropy"])
def test_numbers_cannot_be_learned_with_a_loss_for_classes(loss):
    with pytest.raises(ParameterError, match=f"loss '{loss}' needs classes, and line has numbers"):
        problem_for(line(10), loss=loss)


def test_one_class_cannot_be_told_apart():
    with pytest.raises(DataError, match="points has only the class 'a'; expected at least 2"):
        problem_for(Dataset("points", np.ones((4, 2)), np.zeros(4, int), ("a",)))


def test_pictures_are_centred_by_the_training_part_alone():
    parts = divide(load("digits"))
    found = preparation_for(parts.train)
    prepared = found(parts.train.X, np.float64)
    assert abs(prepared.mean()) < 1e-6  # the pixels are float32
    assert abs(prepared.std() - 1) < 1e-6
    assert preparation_for(parts.test) != found


def test_pictures_of_one_color_are_only_centred():
    flat = Dataset("flat", np.full((4, 4), 7.0), [0, 1, 0, 1], ("a", "b"), (2, 2))
    assert preparation_for(flat)(flat.X, np.float32).tolist() == np.zeros((4, 4)).tolist()


def test_other_data_are_only_divided_by_their_scale():
    found = preparation_for(dataset(scale=4.0))
    assert (found.offset, found.scale) == (0, 4)


def test_a_trainer_sees_prepared_parts_and_its_model_reads_raw_ones():
    data = dataset(scale=4.0)
    parts = divide(data)
    one = trainer_for(problem_for(data, dtype=np.float64), plan(epochs=40), parts)
    assert np.array_equal(one.samples.X, parts.train.X / 4)
    list(one)
    found = model_of(one, parts.train)
    judged = found.evaluate(parts.validation.X, parts.validation.y)
    assert judged.loss == one.history.epochs[-1].validation_loss
    assert judged.accuracy == one.history.epochs[-1].validation_accuracy > 0.5
    assert (found.classes, found.image_shape) == (("a", "b", "c"), None)


def test_a_model_is_not_changed_by_training_on():
    data = dataset()
    one = trainer_for(problem_for(data), Plan(epochs=2), divide(data))
    before = model_of(one, data).W
    kept = before.copy()
    list(one)
    assert same_bits(before, kept)
    assert not same_bits(before, one.W)


def reordered(*classes):
    data = dataset()
    return dataclasses.replace(data, classes=classes)


@pytest.fixture
def found():
    data = dataset()
    return model_of(trainer_for(problem_for(data), plan(), divide(data)), data)


def test_labels_are_matched_by_name(found):
    other = reordered("c", "a", "b")
    assert labels_for(found, other).tolist() == [{0: 2, 1: 0, 2: 1}[label] for label in other.y]
    assert labels_for(found, dataset()).tolist() == dataset().y.tolist()


def test_some_of_the_classes_are_enough(found):
    part = Dataset("part", np.ones((2, 3)), [0, 1], ("c", "a"))
    assert labels_for(found, part).tolist() == [2, 0]


def test_a_class_that_was_not_learned_is_refused(found):
    with pytest.raises(DataError, match="points has class 'd', which this model has not learned; expected a, b, c"):
        labels_for(found, reordered("a", "b", "d"))


def test_numbers_and_classes_are_not_taken_for_each_other(found):
    with pytest.raises(DataError, match="line has numbers as targets; this model was trained on classes"):
        labels_for(found, line(10))
    data = line(20)
    regression = model_of(trainer_for(problem_for(data), plan(), divide(data)), data)
    with pytest.raises(DataError, match="moons has classes as targets; this model was trained on numbers"):
        labels_for(regression, moons(10))
    assert labels_for(regression, data) is data.y


def changed(data, name, place, value):
    array = getattr(data, name).copy()
    array[place] = value
    return dataclasses.replace(data, **{name: array})


def test_a_fingerprint_knows_the_data_again():
    assert fingerprint(dataset()) == fingerprint(dataset())
    assert len(fingerprint(dataset())) == 64
    assert fingerprint(dataclasses.replace(dataset(), name="other")) == fingerprint(dataset())


@pytest.mark.parametrize(
    "other",
    [
        changed(dataset(), "X", (5, 1), 0.5),
        changed(dataset(), "y", 5, (dataset().y[5] + 1) % 3),
        dataset().take(np.arange(59)),
        dataset().take(np.arange(60)[::-1]),
        dataset(test=dataset()),
        dataclasses.replace(dataset(), X=dataset().X.astype(np.float32)),
    ],
)
def test_a_fingerprint_sees_every_change(other):
    assert fingerprint(other) != fingerprint(dataset())


def test_a_fingerprint_sees_a_change_in_the_test_set():
    one, two = dataset(test=dataset()), dataset(test=changed(dataset(), "X", (0, 0), 9.0))
    assert fingerprint(one) != fingerprint(two)


def test_a_fingerprint_tells_shapes_apart():
    one = Dataset("one", np.zeros((4, 6)), np.zeros(4))
    two = Dataset("two", np.zeros((6, 4)), np.zeros(6))
    assert fingerprint(one) != fingerprint(two)


def test_a_class_that_cannot_be_in_both_parts_is_named():
    some = dataset()
    few = some.take([*np.flatnonzero(some.y != 1), np.flatnonzero(some.y == 1)[0]])
    with pytest.raises(DataError, match=r"^points: class 'b' has a single sample and cannot be in both parts"):
        divide(few)


def uneven(n_rare=10):
    """Thirty samples of the first class, and fewer of the second."""
    some = moons(80)
    keep = [*np.flatnonzero(some.y == 0)[:30], *np.flatnonzero(some.y == 1)[:n_rare]]
    return some.take(keep)


def test_balanced_weights_are_those_of_scikit_learn():
    y = np.random.default_rng(0).choice(4, 50, p=[0.7, 0.1, 0.15, 0.05])
    assert balanced_weights(y, 4) == pytest.approx(compute_class_weight("balanced", classes=np.arange(4), y=y))


def test_balanced_classes_are_learned_as_if_the_rare_samples_were_repeated():
    train = uneven()
    whole = Plan(optimizer=SGD(0.5), batch_size=100, epochs=20)
    problem = problem_for(train, hidden=[3], dtype=np.float64)
    rare = np.flatnonzero(train.y == 1)
    repeated = train.take([*range(40), *rare, *rare])
    balanced = trainer_for(problem, whole, Parts(train, train, train), class_weight="balanced")
    plain = trainer_for(problem, whole, Parts(repeated, repeated, train))
    for trainer in (balanced, plain):
        fit(trainer)
    assert pytest.approx(plain.W, rel=ORDER, abs=ORDER) == balanced.W
    for epoch, other in zip(balanced.history.epochs, plain.history.epochs, strict=True):
        assert epoch.loss == pytest.approx(other.loss, rel=ORDER)
        assert epoch.validation_loss == pytest.approx(other.validation_loss, rel=ORDER)
        assert epoch.validation_accuracy == pytest.approx(other.validation_accuracy, rel=ORDER)


def test_samples_that_are_watched_count_as_in_the_training_part():
    train, watched = uneven(10), uneven(25)
    trainer = trainer_for(problem_for(train), plan(), Parts(train, watched, watched), class_weight="balanced")
    assert trainer.validation.weights == pytest.approx(np.where(watched.y == 1, 2, 2 / 3))


def test_a_model_of_balanced_classes_needs_no_weights():
    parts = divide(uneven())
    trainer = trainer_for(problem_for(parts.train), plan(), parts, class_weight="balanced")
    assert trainer.problem.weighted
    model = model_of(trainer, parts.train)
    assert not model.problem.weighted
    assert model.evaluate(parts.test.X, parts.test.y).accuracy == np.mean(model.predict(parts.test.X) == parts.test.y)


def test_class_weights_that_do_not_exist_are_refused():
    parts = divide(uneven())
    with pytest.raises(ParameterError, match=r"^unknown class weight 'even'; expected balanced"):
        trainer_for(problem_for(parts.train), plan(), parts, class_weight="even")
    parts = divide(line(40))
    with pytest.raises(ParameterError, match=r"^class weights are for classes, and line has numbers as targets; leave"):
        trainer_for(problem_for(parts.train), plan(), parts, class_weight="balanced")
