"""Learning from samples as they come."""

import copy
import pickle

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from models.tables import blobs, curve, same_bits
from zanjir.errors import DataError, NonFiniteError, ParameterError
from zanjir.models import MLPClassifier, MLPRegressor, OneVsRestClassifier, SoftmaxClassifier
from zanjir.optim import OPTIMIZERS

ENGINES = ["numpy", "native"]
X, Y = blobs()


def network(**facts):
    facts = {"engine": "numpy", "random_state": 3, "batch_size": 16, **facts}
    return MLPClassifier((6,), **facts)


def in_parts(model, size=16, x=X, y=Y, **facts):
    for k in range(0, len(y), size):
        given = (
            {"classes": np.unique(y)} if hasattr(model, "classes_") or "class" in type(model).__name__.lower() else {}
        )
        model.partial_fit(x[k : k + size], y[k : k + size], **given, **facts)
    return model


@pytest.mark.filterwarnings("ignore:.*iterations were not enough")
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("solver", OPTIMIZERS)
def test_the_batches_of_an_epoch_one_by_one_are_a_fit_of_one_epoch(solver, engine):
    facts = {"solver": solver, "engine": engine, "shuffle": False}
    assert same_bits(in_parts(network(**facts)).model_.W, network(max_iter=1, **facts).fit(X, Y).model_.W)


@pytest.mark.filterwarnings("ignore:.*iterations were not enough")
@pytest.mark.parametrize("facts", [{"dropout": 0.3}, {"norm": "layer"}, {"penalty": "l1"}, {"clip": 0.1}], ids=str)
def test_so_it_is_with_dropout_normalization_and_clipping(facts):
    assert same_bits(
        in_parts(network(**facts)).model_.W, network(max_iter=1, shuffle=False, **facts).fit(X, Y).model_.W
    )


@pytest.mark.filterwarnings("ignore:.*iterations were not enough")
def test_so_it_is_for_several_epochs():
    model = network()
    for _ in range(3):
        in_parts(model)
    assert same_bits(model.model_.W, network(max_iter=3, shuffle=False).fit(X, Y).model_.W)


@pytest.mark.filterwarnings("ignore:.*iterations were not enough")
@pytest.mark.parametrize("make", [SoftmaxClassifier, OneVsRestClassifier])
def test_so_it_is_for_linear_classifiers(make):
    facts = {"solver": "adam", "engine": "numpy", "batch_size": 16, "shuffle": False}
    assert same_bits(in_parts(make(**facts)).coef_, make(max_iter=1, **facts).fit(X, Y).coef_)


@pytest.mark.filterwarnings("ignore:.*iterations were not enough")
def test_so_it_is_for_numbers():
    x, y = curve()
    facts = {"engine": "numpy", "random_state": 3, "batch_size": 16, "shuffle": False}
    model = MLPRegressor((6,), **facts)
    for k in range(0, 60, 16):
        model.partial_fit(x[k : k + 16], y[k : k + 16])
    expected = MLPRegressor((6,), max_iter=1, **facts).fit(x, y)
    assert same_bits(model.model_.W, expected.model_.W)
    assert same_bits(model.predict(x), expected.predict(x))


@pytest.mark.filterwarnings("ignore:.*iterations were not enough")
def test_it_goes_on_after_a_fit_with_the_vectors_of_the_rule():
    model = in_parts(network(max_iter=2, shuffle=False).fit(X, Y))
    assert same_bits(model.model_.W, network(max_iter=3, shuffle=False).fit(X, Y).model_.W)


def pickled(model):
    return pickle.loads(pickle.dumps(model))  # noqa: S301 - our own


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("through", [pickled, copy.deepcopy])
def test_it_goes_on_after_pickling_with_the_same_bits(through, engine):
    one = network(engine=engine, dropout=0.2).partial_fit(X[:30], Y[:30])
    two = through(one)
    assert same_bits(one.partial_fit(X[30:], Y[30:]).model_.W, two.partial_fit(X[30:], Y[30:]).model_.W)


@pytest.mark.filterwarnings("ignore:.*iterations were not enough")
def test_it_goes_on_after_a_fit_that_was_pickled():
    one = network(max_iter=2).fit(X, Y)
    two = pickled(one)
    assert same_bits(in_parts(one).model_.W, in_parts(two).model_.W)


def test_a_copy_learns_for_itself():
    one = network().partial_fit(X, Y)
    before = one.model_.W.copy()
    copy.deepcopy(one).partial_fit(X, Y)
    assert same_bits(one.model_.W, before)


@pytest.mark.filterwarnings("ignore:.*iterations were not enough")
def test_a_warm_fit_goes_on_from_the_last_steps_and_not_from_the_fit_before_them():
    model = in_parts(network(max_iter=1, warm_start=True).fit(X, Y))
    reached = model.model_.W.copy()
    model.set_params(learning_rate_init=1e-12).fit(X, Y)
    np.testing.assert_allclose(model.model_.W, reached, rtol=0, atol=1e-9)


def test_a_weight_multiplies_the_loss_of_its_sample():
    facts = {"solver": "sgd", "learning_rate_init": 0.1, "alpha": 0, "batch_size": 60}
    start = network(**facts).partial_fit(X, Y, sample_weight=np.zeros(60)).model_.W
    one, three = (
        network(**facts).partial_fit(X, Y, sample_weight=np.full(60, weight)).model_.W - start for weight in (1.0, 3.0)
    )
    np.testing.assert_allclose(three, 3 * one, rtol=0, atol=1e-12)  # a step of SGD is linear in the loss


@pytest.mark.parametrize("solver", ["sgd", "adam", "adamw"])
def test_samples_of_weight_zero_change_nothing(solver):
    model = network(solver=solver).partial_fit(X, Y)
    before, after = pickled(model), model.partial_fit(X, Y, sample_weight=np.zeros(60))
    assert same_bits(after.model_.W, before.model_.W)
    assert (after.loss_, after.loss_curve_, after.n_iter_) == (before.loss_, before.loss_curve_, before.n_iter_)
    assert same_bits(after.partial_fit(X, Y).model_.W, before.partial_fit(X, Y).model_.W)


def test_the_loss_that_is_written_down_is_that_before_the_steps():
    model = SoftmaxClassifier(solver="sgd", batch_size=60).partial_fit(X, Y)
    assert model.loss_curve_ == [pytest.approx(np.log(3), rel=1e-12)]  # zero weights: ln C
    assert model.partial_fit(X, Y).loss_ < np.log(3)
    assert model.n_iter_ == len(model.loss_curve_) == 2


def test_a_parameter_that_changes_takes_effect():
    facts = {"solver": "sgd", "learning_rate_init": 0.1, "alpha": 0, "batch_size": 60}
    one = network(**facts).partial_fit(X, Y)
    before, twin = one.model_.W.copy(), pickled(one)
    small = one.set_params(learning_rate_init=0.01).partial_fit(X, Y).model_.W - before
    large = twin.partial_fit(X, Y).model_.W - before
    np.testing.assert_allclose(10 * small, large, rtol=0, atol=1e-12)


def test_a_smaller_rate_keeps_the_vectors_of_adam():
    one = network(batch_size=60).partial_fit(X, Y).partial_fit(X, Y)
    twin = pickled(one).set_params(learning_rate_init=1e-4)
    before = one.model_.W.copy()
    long, short = (model.partial_fit(X, Y).model_.W - before for model in (one, twin))
    np.testing.assert_allclose(10 * short, long, rtol=0, atol=1e-12)


def test_classes_may_come_later_where_they_are_announced():
    first = Y == 0
    model = network().partial_fit(X[first], Y[first], classes=[2, 1, 0])
    assert model.classes_.tolist() == [0, 1, 2]
    assert model.predict_proba(X).shape == (60, 3)
    model.partial_fit(X[~first], Y[~first])


def test_a_label_that_was_not_announced_is_refused():
    model = network().partial_fit(X, Y)
    before = model.model_.W.copy()
    with pytest.raises(DataError, match=r"y holds the class 7, expected one of \[0, 1, 2\]"):
        model.partial_fit(X, np.where(Y == 2, 7, Y))
    assert same_bits(model.model_.W, before)


def test_labels_of_a_first_call_must_be_among_its_classes():
    with pytest.raises(DataError, match=r"y holds the class 'c', expected one of \['a', 'b'\]"):
        network().partial_fit(X, np.array(["a", "b", "c"])[Y], classes=["a", "b"])


def test_other_classes_than_before_are_refused():
    model = network().partial_fit(X, Y)
    with pytest.raises(ParameterError, match=r"classes is \[0, 1\], and the first call had \[0, 1, 2\]"):
        model.partial_fit(X[Y < 2], Y[Y < 2], classes=[0, 1])


def test_one_class_alone_cannot_begin():
    with pytest.raises(DataError, match="y holds only one class, 0; expected at least 2"):
        network().partial_fit(X[Y == 0], Y[Y == 0])


REFUSED = {
    "a schedule": ({"learning_rate": "cosine"}, "a schedule from the first step to the last, and partial_fit has no"),
    "batch normalization": ({"norm": "batch"}, "choose norm='layer'"),
    "balanced": ({"class_weight": "balanced"}, "class_weight is 'balanced', and partial_fit does not see all samples"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_needs_all_samples_is_refused(what):
    facts, words = REFUSED[what]
    model = network(**facts)
    with pytest.raises(ParameterError, match=words):
        model.partial_fit(X, Y)
    assert not hasattr(model, "model_")
    with pytest.raises(NotFittedError):
        model.predict(X)


def test_a_first_call_that_was_refused_binds_nobody():
    model = network()
    with pytest.raises(DataError, match="holds -1"):
        model.partial_fit(X, Y, classes=[0, 1, 2], sample_weight=np.full(60, -1.0))
    assert model.partial_fit(X[Y < 2], Y[Y < 2], classes=[0, 1]).classes_.tolist() == [0, 1]


def test_a_minimizer_has_no_steps_to_take():
    assert not hasattr(network(solver="L-BFGS-B"), "partial_fit")
    with pytest.raises(AttributeError, match="has no attribute 'partial_fit'") as refused:
        network(solver="CG").partial_fit(X, Y)
    assert "choose one such as adam" in str(refused.value.__cause__)


@pytest.mark.parametrize("engine", ENGINES)
def test_samples_that_break_the_numbers_are_not_learned(engine):
    x, y = curve()
    model = MLPRegressor((4,), solver="sgd", learning_rate_init=0.01, random_state=0, engine=engine).partial_fit(x, y)
    before = pickled(model)
    with pytest.raises(NonFiniteError, match="nothing was learned from these samples"):
        model.partial_fit(x, 1e200 * y)
    assert same_bits(model.predict(x), before.predict(x))
    assert same_bits(model.partial_fit(x, y).model_.W, before.partial_fit(x, y).model_.W)


def test_other_features_than_before_are_refused():
    with pytest.raises(ValueError, match="X has 2 features, but MLPClassifier is expecting 3 features"):
        network().partial_fit(X, Y).partial_fit(X[:, :2], Y)
