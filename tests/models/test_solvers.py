"""Rules, schedules, penalties, minimizers, warm starts and seeds of the estimators."""

import logging

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression as Reference

from models.tables import ALL, blobs, curve, same_bits, samples_for
from zanjir.errors import DataError, NonFiniteError, ParameterError, ShapeError
from zanjir.models import (
    LinearSVMClassifier,
    LogisticRegression,
    MLPClassifier,
    MLPRegressor,
    OneVsRestClassifier,
    SoftmaxClassifier,
)
from zanjir.optim import OPTIMIZERS, SCHEDULES, optimizer, schedule
from zanjir.training import Callback

# Two minimizers of one convex objective, each with derivatives below 1e-7.
SAME_MINIMUM = 1e-4
# A subgradient that was stepped along, not solved: how near 0 the L1 penalty leaves a weight.
NEARLY_ZERO = 1e-3
ROUNDINGS = 1e-12
X, Y = blobs()
pytestmark = pytest.mark.filterwarnings("ignore:.*iterations were not enough")


def network(hidden=(5,), **facts):
    return MLPClassifier(**{"hidden_layer_sizes": hidden, "random_state": 0, "max_iter": 4, **facts})


@pytest.mark.parametrize("solver", ["L-BFGS-B", "CG", "BFGS", "Newton-CG"])
def test_every_minimizer_finds_scikit_learns_softmax_regression(solver):
    # Their objective is a sum over the samples, and half of the square: C = 1 / (2 alpha N).
    expected = Reference(C=1 / (2 * 0.01 * 60), tol=1e-10, max_iter=5000).fit(X, Y)
    found = SoftmaxClassifier(alpha=0.01, solver=solver, tol=1e-7).fit(X, Y)
    np.testing.assert_allclose(found.coef_, expected.coef_, rtol=0, atol=SAME_MINIMUM)
    np.testing.assert_allclose(found.predict_proba(X), expected.predict_proba(X), rtol=0, atol=SAME_MINIMUM)


def test_binary_logistic_regression_is_scikit_learns():
    x, y = blobs(n_classes=2)
    expected = Reference(C=1 / (2 * 0.01 * 60), tol=1e-10).fit(x, y)
    found = LogisticRegression(alpha=0.01, tol=1e-7).fit(x, y)
    np.testing.assert_allclose(found.coef_, expected.coef_, rtol=0, atol=SAME_MINIMUM)
    np.testing.assert_allclose(found.intercept_, expected.intercept_, rtol=0, atol=SAME_MINIMUM)
    np.testing.assert_allclose(found.decision_function(x), expected.decision_function(x), rtol=0, atol=SAME_MINIMUM)


class Rates(Callback):
    """Writes the learning rates down."""

    def __init__(self):
        self.rates = []

    def on_step_end(self, trainer, step):
        self.rates.append(step.learning_rate)


@pytest.mark.parametrize("learning_rate", SCHEDULES)
@pytest.mark.parametrize("solver", OPTIMIZERS)
def test_every_rule_has_every_schedule(solver, learning_rate):
    seen = Rates()
    model = network(solver=solver, learning_rate=learning_rate, callbacks=[seen], learning_rate_init=0.05).fit(X, Y)
    n = 4 * int(np.ceil(60 / 16))
    factor = schedule(learning_rate)
    assert seen.rates == pytest.approx([0.05 * factor(t, n) for t in range(1, n + 1)], rel=ROUNDINGS)
    assert np.isfinite(model.loss_curve_).all()
    assert model.loss_curve_[-1] < model.loss_curve_[0]


@pytest.mark.parametrize("solver", OPTIMIZERS)
def test_a_rule_has_its_own_rate_unless_one_is_given(solver):
    seen = Rates()
    network(solver=solver, callbacks=[seen], max_iter=1).fit(X, Y)
    assert set(seen.rates) == {optimizer(solver, None).learning_rate}


def test_clipping_bounds_a_step():
    facts = {"solver": "sgd", "learning_rate_init": 1.0, "batch_size": 60, "max_iter": 1, "alpha": 0.0}
    start = network(**{**facts, "learning_rate_init": 1e-300}).fit(X, Y).model_.W
    free, clipped = (network(clip=clip, **facts).fit(X, Y).model_.W - start for clip in (None, 0.01))
    assert np.linalg.norm(free) > 0.1
    assert np.linalg.norm(clipped) == pytest.approx(0.01, rel=1e-9)
    np.testing.assert_allclose(clipped / 0.01, free / np.linalg.norm(free), rtol=0, atol=1e-9)


@pytest.mark.parametrize("penalty", ["l1", "elastic_net"])
def test_a_strong_l1_penalty_leaves_no_weights(penalty):
    facts = {"solver": "sgd", "learning_rate": "cosine", "learning_rate_init": 0.1, "max_iter": 200}
    facts |= {"n_iter_no_change": 200}  # to the end of the schedule
    weak, strong = (SoftmaxClassifier(penalty=penalty, alpha=alpha, **facts).fit(X, Y) for alpha in (1e-4, 1.0))
    assert np.abs(strong.coef_).max() < 2 * NEARLY_ZERO
    assert np.abs(weak.coef_).max() > 0.5


PENALTIES = {
    "l2": lambda W: (W**2).sum(),
    "l1": lambda W: np.abs(W).sum(),
    "elastic_net": lambda W: 0.5 * (W**2).sum() + np.abs(W).sum(),
    "none": lambda W: 0.0,
    None: lambda W: 0.0,
}


@pytest.mark.parametrize("penalty", PENALTIES)
def test_the_objective_is_the_mean_loss_and_the_penalty_on_the_weights_alone(penalty):
    model = network(penalty=penalty, alpha=0.03, solver="L-BFGS-B").fit(X, Y)
    data = -np.log(model.predict_proba(X)[np.arange(60), Y]).mean()
    expected = data + 0.03 * sum(PENALTIES[penalty](W) for W in model.coefs_)
    assert model.loss_ == pytest.approx(expected, rel=1e-9)  # a log of probabilities


TEXTS = [
    (SoftmaxClassifier(penalty="l1", alpha=0.5), "mean softmax loss + 0.5 * sum(|W|)"),
    (OneVsRestClassifier(penalty="none"), "mean binary_cross_entropy loss"),
    (LinearSVMClassifier(alpha=0.25), "mean squared_hinge loss + 0.25 * sum(W^2)"),
    (MLPClassifier((3,), penalty="elastic_net", alpha=0.1), "mean softmax loss + 0.1 * sum(0.5 * W^2 + |W|)"),
]


@pytest.mark.parametrize(("model", "text"), TEXTS, ids=[text for _, text in TEXTS])
def test_the_objective_says_what_was_minimized(model, text):
    assert model.fit(X, Y).objective_ == text


def test_dropout_and_normalization_are_in_training_alone():
    for facts in ({"dropout": 0.5}, {"norm": "batch"}, {"norm": "layer"}):
        model = network((20,), max_iter=30, learning_rate_init=0.02, **facts).fit(X, Y)
        assert same_bits(model.predict_proba(X), model.predict_proba(X))
        np.testing.assert_allclose(model.predict_proba(X[:7]), model.predict_proba(X)[:7], rtol=0, atol=ROUNDINGS)
        assert model.score(X, Y) > 0.5


@pytest.mark.parametrize("solver", ["adam", "momentum", "rmsprop"])
@pytest.mark.parametrize("engine", ["numpy", "native"])
def test_two_warm_fits_of_5_epochs_are_one_of_10(engine, solver):
    facts = {"engine": engine, "solver": solver, "dropout": 0.2}
    half, whole = network(warm_start=True, max_iter=5, **facts), network(max_iter=10, **facts).fit(X, Y)
    first = half.fit(X, Y).loss_curve_
    assert same_bits(half.fit(X, Y).model_.W, whole.model_.W)
    assert [*first, *half.loss_curve_] == whole.loss_curve_
    assert half.n_iter_ == 5


def test_a_search_for_a_learning_rate_is_refused_to_a_minimizer_by_its_name():
    with pytest.raises(ParameterError, match=r"solver='L-BFGS-B' finds the lengths of its steps itself; choose an up"):
        SoftmaxClassifier().find_learning_rate(X, Y)


@pytest.mark.parametrize("kind", [np.float32, np.int64])
def test_a_tolerance_may_be_a_number_of_numpy(kind):
    assert same_bits(network(tol=kind(1)).fit(X, Y).model_.W, network(tol=1.0).fit(X, Y).model_.W)


def test_a_warm_fit_watches_the_samples_it_is_given_now_and_not_those_before():
    x, y = X[:, :1], (X[:, 0] > X[:, 0].mean()).astype(int)
    model = network(warm_start=True, early_stopping=True, max_iter=60, solver="sgd", learning_rate_init=0.5)
    assert model.fit(x, y, X_val=x, y_val=y).score(x, y) > 0.9
    assert model.fit(x, 1 - y, X_val=x, y_val=1 - y).score(x, 1 - y) > 0.9


def test_a_warm_fit_without_early_stopping_keeps_what_it_learned_and_not_the_best_before():
    x, y = X[:, :1], (X[:, 0] > X[:, 0].mean()).astype(int)
    model = network(warm_start=True, early_stopping=True, max_iter=60, solver="sgd", learning_rate_init=0.5)
    assert model.fit(x, y, X_val=x, y_val=y).score(x, y) > 0.9
    assert model.set_params(early_stopping=False).fit(x, 1 - y).score(x, 1 - y) > 0.9


def test_a_warm_fit_after_early_stopping_has_its_patience_again():
    model = network(warm_start=True, early_stopping=True, max_iter=60, solver="sgd", learning_rate_init=5.0)
    model.set_params(n_iter_no_change=3).fit(X, Y)
    assert model.n_iter_ < 60
    assert model.fit(X, Y).n_iter_ >= 3


def test_a_warm_fit_that_was_interrupted_by_pickling_goes_on_as_well():
    import pickle

    half = network(warm_start=True, engine="numpy").fit(X, Y)
    again = pickle.loads(pickle.dumps(half))  # noqa: S301 - our own
    assert same_bits(again.fit(X, Y).model_.W, half.fit(X, Y).model_.W)


@pytest.mark.parametrize("solver", ["L-BFGS-B", "CG", "BFGS", "Newton-CG"])
def test_a_minimizer_goes_on_where_it_stopped(solver):
    model = network(solver=solver, max_iter=5, warm_start=True, tol=1e-7).fit(X, Y)
    reached = model.loss_curve_[-1]
    assert model.fit(X, Y).loss_curve_[0] < reached
    cold = network(solver=solver, max_iter=5, tol=1e-7)
    assert same_bits(cold.fit(X, Y).model_.W, cold.fit(X, Y).model_.W)


def test_a_warm_start_may_change_the_solver():
    model = network(warm_start=True).fit(X, Y)
    before = model.loss_
    assert model.set_params(solver="CG").fit(X, Y).loss_ < before
    assert model.set_params(solver="sgd").fit(X, Y).loss_ < before


WARM = {
    "sizes": ({"hidden_layer_sizes": (6,)}, Y, ShapeError, "goes on with the network 3-5-3, and these data and param"),
    "classes": ({}, np.where(Y == 2, 9, Y), DataError, "goes on with the classes 0, 1, 2, and y holds 0, 1, 9; set"),
}


@pytest.mark.parametrize("what", WARM)
def test_a_warm_start_with_something_else_is_refused(what):
    facts, y, error, words = WARM[what]
    model = network(warm_start=True).fit(X, Y).set_params(**facts)
    with pytest.raises(error, match=words):
        model.fit(X, y)


SEEDS = {
    "whole": lambda: 3,
    "numpy whole": lambda: np.int64(3),
    "RandomState": lambda: np.random.RandomState(3),
    "Generator": lambda: np.random.default_rng(3),
}


@pytest.mark.parametrize("kind", SEEDS)
def test_a_seed_fixes_everything(kind):
    one, two = (network(dropout=0.3, random_state=SEEDS[kind]()).fit(X, Y) for _ in range(2))
    assert same_bits(one.model_.W, two.model_.W)


@pytest.mark.parametrize("kind", ["RandomState", "Generator"])
def test_a_generator_gives_another_network_each_time(kind):
    generator = SEEDS[kind]()
    one, two = (network(random_state=generator).fit(X, Y) for _ in range(2))
    assert not same_bits(one.model_.W, two.model_.W)


def test_no_seed_gives_another_network_each_time():
    one, two = (network(random_state=None).fit(X, Y) for _ in range(2))
    assert not same_bits(one.model_.W, two.model_.W)


@pytest.mark.parametrize("solver", ["adam", "CG"])
def test_a_negative_seed_is_refused(solver):
    with pytest.raises(ParameterError, match="random_state is -1, expected a whole number of at least 0"):
        network(random_state=-1, solver=solver).fit(X, Y)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_no_bit_depends_on_threads(threads):
    x = np.random.default_rng(0).standard_normal((512, 200))
    y = (x[:, 0] > 0).astype(int)
    facts = {"engine": "native", "batch_size": 256, "max_iter": 2}
    assert same_bits(
        network((64,), threads=threads, **facts).fit(x, y).model_.W, network((64,), **facts).fit(x, y).model_.W
    )


@pytest.mark.parametrize("kind", [3, "RandomState"])
@pytest.mark.parametrize("engine", ["numpy", "native"])
def test_the_search_for_a_rate_leaves_the_estimator_as_it_was(engine, kind):
    def made():
        return network(engine=engine, dropout=0.2, random_state=SEEDS[kind]() if kind in SEEDS else kind)

    searched, expected = made(), made()
    before = set(vars(searched))
    found = searched.find_learning_rate(X, Y, n_steps=40)
    assert set(vars(searched)) == before
    assert 1e-6 < found.suggestion < 10
    assert same_bits(searched.fit(X, Y).model_.W, expected.fit(X, Y).model_.W)
    searched.find_learning_rate(X, Y, sample_weight=np.arange(60.0), n_steps=40)
    assert same_bits(searched.partial_fit(X, Y).model_.W, expected.partial_fit(X, Y).model_.W)


def test_a_regressor_searches_too():
    assert MLPRegressor((4,), random_state=0).find_learning_rate(*curve(), n_steps=30).rates.size > 10


REFUSED = {
    "callbacks": (
        {"callbacks": [Callback()], "solver": "CG"},
        "callbacks watch the steps of an update rule, and solve",
    ),
    "dropout": ({"dropout": 0.5, "solver": "Newton-CG"}, "dropout draws new numbers at every step"),
    "norm": ({"norm": "batch", "solver": "Newton-CG"}, "batch normalization depends on the batch"),
    "solver": ({"solver": "lbfgs"}, r"unknown solver 'lbfgs'; .* L-BFGS-B"),
    "activation": ({"activation": "swish"}, "unknown activation 'swish'"),
    "penalty": ({"penalty": "l3"}, "unknown penalty 'l3'"),
    "schedule": ({"learning_rate": "adaptive"}, "unknown schedule 'adaptive'"),
    "loss": ({"loss": "log_loss"}, "unknown loss 'log_loss'"),
    "alpha": ({"alpha": -1.0}, r"alpha must be a number in \[0, infinity\); got -1.0"),
    "alpha text": ({"alpha": "small"}, r"alpha must be a number in \[0, infinity\); got 'small'"),
    "tol": ({"tol": -1.0}, "tol is -1.0, expected a number of at least 0"),
    "tol text": ({"tol": "small"}, "tol is 'small', expected a number of at least 0"),
    "no callback": ({"callbacks": [print]}, "callbacks holds <built-in function print>, expected objects of zanjir"),
    "no sizes": ({"hidden_layer_sizes": None}, "hidden_layer_sizes is None, expected whole numbers of at least 1"),
    "clip": ({"clip": 0}, r"ClipNorm: largest must be a number in \(0, infinity\); got 0"),
    "batch": ({"batch_size": 0}, "batch_size is 0, expected 'auto' or a whole number of at least 1"),
    "batch text": ({"batch_size": "all"}, "batch_size is 'all', expected 'auto' or a whole number"),
    "hidden": ({"hidden_layer_sizes": (5, 0)}, r"hidden_layer_sizes is \(5, 0\), expected whole numbers"),
    "patience": ({"n_iter_no_change": 0}, "n_iter_no_change is 0, expected a whole number of at least 1"),
    "rate": ({"learning_rate_init": -0.1}, "learning_rate must be a number in .*; got -0.1"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_parameters_that_cannot_be_used_are_refused(what):
    facts, words = REFUSED[what]
    with pytest.raises(ParameterError, match=words):
        network(**facts).fit(X, Y)


@pytest.mark.parametrize("value", [0, -1, 2.5, "many", True])
@pytest.mark.parametrize("solver", ["adam", "L-BFGS-B"])
def test_every_solver_wants_a_whole_number_of_iterations(solver, value):
    with pytest.raises(ParameterError, match=f"max_iter is {value!r}, expected a whole number of at least 1"):
        network(solver=solver, max_iter=value).fit(X, Y)


@pytest.mark.parametrize("delta", [0, -1.0, float("inf"), float("nan"), "wide"])
def test_a_margin_is_a_number_above_0(delta):
    with pytest.raises(ParameterError, match=r"delta is .*, expected a margin above 0, such as 1.0"):
        LinearSVMClassifier(delta=delta).fit(X, Y)


def test_the_hinge_has_no_second_derivative_and_chooses_another_solver():
    assert LinearSVMClassifier(loss="hinge").chosen_solver == "L-BFGS-B"
    assert LinearSVMClassifier().chosen_solver == "Newton-CG"
    assert LinearSVMClassifier(solver="CG").chosen_solver == "CG"


def test_verbose_logs_every_iteration(caplog):
    with caplog.at_level(logging.INFO, "zanjir"):
        network(verbose=True).fit(X, Y)
    assert len([r for r in caplog.records if "MLPClassifier" in r.getMessage()]) == 4


@pytest.mark.parametrize("name", ALL)
def test_nothing_random_is_left_in_two_fits(name):
    data = samples_for(name)
    assert same_bits(ALL[name]().fit(*data).model_.W, ALL[name]().fit(*data).model_.W)


def test_one_iteration_too_few_is_a_warning_and_enough_is_none(recwarn):
    SoftmaxClassifier(max_iter=500).fit(X, Y)
    assert not [w for w in recwarn if issubclass(w.category, ConvergenceWarning)]


@pytest.mark.parametrize("make", [SoftmaxClassifier, LinearSVMClassifier])
def test_a_minimizer_that_never_left_its_first_parameters_says_so(make):
    with pytest.warns(ConvergenceWarning, match=r"stopped with a derivative of .*e\+1.*Standardize the features"):
        model = make().fit(1e160 * X, Y)
    assert not model.coef_.any()
    assert len(model.loss_curve_) == model.n_iter_ == 1
    assert np.isfinite(model.loss_)


def test_a_minimizer_that_comes_to_no_number_is_refused():
    with pytest.raises(NonFiniteError, match=r"CG came to a loss of nan after .* iterations; expected a finite number"):
        network(solver="CG", max_iter=20).fit(1e160 * X, Y)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_warm_start_at_the_minimum_has_its_loss_and_no_warning(dtype, recwarn):
    x = X.astype(dtype)
    model = SoftmaxClassifier(alpha=0.01, warm_start=True, tol=1e-4).fit(x, Y, X_val=x, y_val=Y)
    loss, watched = model.loss_, model.validation_loss_curve_[-1]
    for _ in range(2):
        model.fit(x, Y, X_val=x, y_val=Y)
    assert model.loss_curve_ == [pytest.approx(loss, rel=1e-6)]
    assert model.validation_loss_curve_ == [pytest.approx(watched, rel=1e-6)]
    assert not recwarn.list
