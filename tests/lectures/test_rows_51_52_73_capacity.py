"""Rows 51, 52 and 73: penalties and hidden units as what a classifier can do."""

import numpy as np
import pytest
from sklearn.datasets import make_moons
from sklearn.preprocessing import StandardScaler

from zanjir.data import PolynomialFeatures
from zanjir.models import LogisticRegression, MLPClassifier, SoftmaxClassifier

X, Y = make_moons(200, noise=0.2, random_state=0)
GRID = np.stack(np.meshgrid(np.linspace(-2, 3, 100), np.linspace(-1.5, 2, 100)), axis=-1).reshape(-1, 2)


def network(hidden, alpha=1e-4, seed=0, max_iter=300):
    model = MLPClassifier((hidden,), "tanh", solver="L-BFGS-B", alpha=alpha, max_iter=max_iter, random_state=seed)
    return model.fit(X, Y)


def steepest(model):
    """The largest change of the probability between neighbors on a grid."""
    p = model.predict_proba(GRID)[:, 1].reshape(100, 100)
    return max(np.abs(np.diff(p, axis=axis)).max() for axis in (0, 1))


def test_row_51_a_stronger_penalty_makes_smaller_weights_and_a_smoother_boundary():
    models = [network(20, alpha, max_iter=2000) for alpha in (0.001, 0.01, 0.1)]
    sizes = [sum((W**2).sum() for W in model.coefs_) for model in models]
    slopes = [steepest(model) for model in models]
    # The weights fall by more than a rounding: from 60 to 5 to 1.5.
    assert sizes[0] > 3 * sizes[1] > 9 * sizes[2]
    assert slopes[0] > 3 * slopes[1] > 9 * slopes[2]


def test_row_52_the_stronger_l1_is_the_fewer_polynomial_features_remain():
    products = StandardScaler().fit_transform(PolynomialFeatures(2, 5)(X)[:, 1:])  # without the constant
    removed = {}
    for penalty in ("l1", "l2"):
        made = [LogisticRegression(penalty=penalty, alpha=alpha) for alpha in (1e-4, 1e-3, 1e-2, 1e-1)]
        removed[penalty] = [int((np.abs(model.fit(products, Y).coef_) < 1e-3).sum()) for model in made]
    assert removed["l1"] == sorted(removed["l1"])
    assert removed["l1"][-1] > removed["l1"][0] + 4
    assert removed["l2"] == [0, 0, 0, 0]  # L2 makes weights small, not zero


def test_row_73_one_hidden_unit_is_a_line_and_a_few_are_not():
    line = SoftmaxClassifier().fit(X, Y).score(X, Y)
    best = {hidden: max(network(hidden, seed=seed).score(X, Y) for seed in range(3)) for hidden in (1, 2, 3, 6, 20)}
    assert line == 0.845
    assert best[1] == pytest.approx(0.845, abs=0.01)  # a point or two may fall on the other side
    assert min(best[hidden] for hidden in (2, 3, 6, 20)) >= 0.97
