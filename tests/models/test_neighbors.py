"""The nearest neighbors are those of the full computation in float64, and vote as documented."""

import numpy as np
import pytest
from sklearn import neighbors as reference

from zanjir.errors import DataError, ParameterError
from zanjir.models import KNeighborsClassifier, KNeighborsRegressor, nearest, screens

# Shares of votes are sums of at most 200 fractions, in another order.
VOTES = 1e-12


def normal(*shape):
    return np.random.default_rng(shape[0]).standard_normal(shape)


def in_two_places(n, d, distance):
    """Points around 0 and points around a place far away: no origin is near to all."""
    return normal(n, d) + distance * (np.arange(n) % 2)[:, None]


def whole(n, d):
    return np.random.default_rng(n).integers(0, 3, (n, d)).astype(float)


def cases(d):
    """Return samples and queries that are hard for a tree or a screen, with d features."""
    directions = np.arange(1.0, d + 1)
    return {
        "normal": (normal(3_000, d), normal(100, d)),
        "more samples than a block": (normal(5_001, d), normal(301, d)),
        "far from the origin": (normal(2_000, d) + 1e6, normal(60, d) + 1e6),
        "in two places far apart": (in_two_places(1_000, d, 1e6), in_two_places(60, d, 1e6)),
        "small integers": (whole(2_000, d), whole(50, d)),
        "ten of each": (np.repeat(normal(100, d), 10, axis=0), normal(50, d)),
        "all the same": (np.ones((300, d)), normal(20, d)),
        "constant features": (np.hstack([normal(500, d - 1), np.full((500, 1), 0.1)]), normal(50, d)),
        "with an outlier": (np.vstack([normal(500, d), np.full((1, d), 1e9)]), normal(50, d)),
        "from far away": (normal(500, d), np.outer(10.0 ** np.arange(0, 40, 2), directions)),
        "beyond float32": (1e60 * normal(500, d), 1e60 * normal(50, d)),
        "squares beyond float64": (1e170 * normal(500, d), 1e170 * normal(50, d)),
        "squares below float64": (1e-170 * normal(500, d), 1e-170 * normal(50, d)),
    }


# A tree looks at few features, a screen at more.
CASES = {f"{name}, {d} features": case for d in (3, 20) for name, case in cases(d).items()}
CASES["many features"] = normal(60, 30_000), normal(10, 30_000)


def dtypes_of(name):
    """Return the types that can hold the numbers of a case."""
    largest = max(np.abs(part).max() for part in CASES[name])
    return [np.float32, np.float64] if largest < np.finfo(np.float32).max else [np.float64]


def in_full(X, q, k, metric):
    """Return the k nearest samples of one query as they are defined: the witness."""
    with np.errstate(over="ignore"):
        difference = q.astype(np.float64) - X.astype(np.float64)
        sums = (difference**2 if metric == "l2" else np.abs(difference)).sum(axis=1)
    order = np.argsort(sums, kind="stable")[:k]
    return np.sqrt(sums[order]) if metric == "l2" else sums[order], order


@pytest.mark.parametrize("metric", ["l2", "l1"])
@pytest.mark.parametrize(("name", "dtype"), [(name, dtype) for name in CASES for dtype in dtypes_of(name)])
@pytest.mark.parametrize("k", [1, 5, 60])
def test_neighbors_are_those_of_the_full_computation_to_the_bit(name, dtype, metric, k):
    X, Q = (part.astype(dtype) for part in CASES[name])
    model = KNeighborsClassifier(k, metric=metric).fit(X, np.arange(len(X)) % 2)
    distances, indices = model.kneighbors(Q)
    expected = [in_full(X, q, k, metric) for q in Q]
    np.testing.assert_array_equal(indices, [numbers for _, numbers in expected])
    np.testing.assert_array_equal(distances, [values for values, _ in expected])


@pytest.mark.parametrize(
    ("name", "dtype"),
    [("normal", np.float32), ("far from the origin", np.float32), ("in two places far apart", np.float64)],
)
def test_a_screen_leaves_few_samples_over(name, dtype):
    X, Q = CASES[f"{name}, 20 features"]
    settled, rows, _ = nearest.candidates(screens.ProductScreen.of(X, dtype), Q, 5)
    assert settled.all()
    assert len(rows) < 10 * len(Q)


def near_ties(rng):
    """Return samples on a sphere but for the last digits of float32; so few that each is a group of its own."""
    directions = rng.standard_normal((70, 50))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return directions * (1 + rng.choice([1e-7, 1e-8, 1e-9], 70)[:, None] * rng.standard_normal((70, 1)))


def misses():
    """Return for how many queries with near ties a neighbor is not found."""
    rng, wrong = np.random.default_rng(1), 0
    for _ in range(60):
        q = rng.standard_normal(50)
        X = q + near_ties(rng)
        _, found = nearest.Nearest.of(X, "euclidean").find(q[None], 5)
        wrong += found[0].tolist() != in_full(X, q, 5, "l2")[1].tolist()
    return wrong


def test_near_ties_are_told_apart():
    assert misses() == 0


def test_without_its_bound_a_screen_misses_near_ties(monkeypatch):
    monkeypatch.setattr(screens, "relative_error", lambda *sizes: 0.0)
    assert misses() > 0


def exact_score(x, y):
    """Return x . y - |y|^2 / 2 in whole numbers of 2^-200: exact, for numbers of ordinary size."""
    x, y = ([int(number * 2.0**100) for number in vector.tolist()] for vector in (x, y))
    return sum(2 * a * b - b * b for a, b in zip(x, y, strict=True)) / 2**201


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("offset", [0.0, 3.0])
def test_scores_err_by_no_more_than_their_bounds(dtype, offset):
    X, Q = normal(40, 300) + offset, 2 * normal(30, 300) - offset
    Q[0] = X.mean(axis=0)  # its products are 0, so that the samples' part of the error stands alone
    screen = screens.ProductScreen.of(X, dtype)
    queries = screen.queries(Q)
    scores = screen.scores(queries, slice(None)).astype(np.float64)
    low, high = scores - queries.slack[:, None] / 2, scores + queries.slack[:, None] / 2 + screen.slack
    x, y = ((rows - screen.center) * screen.scale for rows in (Q, X))
    exact = np.array([[exact_score(a, b) for b in y] for a in x])
    assert (low < exact).all()
    assert (exact < high).all()


@pytest.mark.parametrize("name", ["normal, 3 features", "normal, 20 features", "small integers, 20 features"])
def test_the_result_depends_neither_on_threads_nor_on_memory(name):
    X, Q = CASES[name]
    search = nearest.Nearest.of(X, "euclidean")
    once = search.find(Q, 5)
    for facts in ({"threads": 2}, {"threads": 3, "memory": 1}, {"memory": 200_000}):
        again = search.find(Q, 5, **facts)
        assert [part.tobytes() for part in again] == [part.tobytes() for part in once]


@pytest.mark.parametrize("name", ["normal, 3 features", "far from the origin, 3 features"])
def test_a_tree_settles_what_has_no_ties(name):
    X, Q = CASES[name]
    settled, _, _ = nearest.Tree.of(X, "euclidean")(Q, 5)
    assert settled.all()


@pytest.mark.parametrize("metric", ["l2", "l1"])
def test_a_memory_budget_is_kept_about(metric):
    import tracemalloc

    X, Q = normal(20_000, 12), normal(4_000, 12)
    search, peaks = nearest.Nearest.of(X, "euclidean" if metric == "l2" else "manhattan"), {}
    for memory in (2**20, 2**23):
        tracemalloc.start()
        search.find(Q, 5, memory=memory)
        peaks[memory] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    results = 2 * Q.nbytes  # the distances and numbers, in parts and as wholes
    assert peaks[2**20] < 2 * 2**20 + results
    assert peaks[2**23] < 2 * 2**23 + results


@pytest.mark.parametrize("weights", ["uniform", "distance"])
@pytest.mark.parametrize("metric", ["l2", "l1"])
def test_shares_of_votes_are_those_of_scikit_learn(weights, metric):
    X, Q = normal(400, 5), np.vstack([normal(50, 5), normal(400, 5)[:3]])  # three are in the place of a sample
    labels = np.array(["one", "two", "three"])[np.arange(400) % 3]
    ours = KNeighborsClassifier(7, metric=metric, weights=weights).fit(X, labels)
    theirs = reference.KNeighborsClassifier(7, metric=metric, weights=weights, algorithm="brute").fit(X, labels)
    np.testing.assert_allclose(ours.predict_proba(Q), theirs.predict_proba(Q), atol=VOTES)
    assert ours.predict(Q).tolist() == theirs.predict(Q).tolist()


@pytest.mark.parametrize("weights", ["uniform", "distance"])
@pytest.mark.parametrize("targets", [(400,), (400, 2)])
def test_means_are_those_of_scikit_learn(weights, targets):
    X, y, Q = normal(400, 5), np.random.default_rng(3).standard_normal(targets), normal(50, 5)
    ours = KNeighborsRegressor(7, weights=weights).fit(X, y)
    theirs = reference.KNeighborsRegressor(7, weights=weights).fit(X, y)
    np.testing.assert_allclose(ours.predict(Q), theirs.predict(Q), atol=VOTES)


@pytest.mark.parametrize("metric", ["l2", "l1"])
def test_fitted_samples_are_no_neighbors_of_themselves(metric):
    X = np.repeat(normal(30, 3), 3, axis=0)
    ours = KNeighborsRegressor(4, metric=metric).fit(X, X[:, 0])
    _, indices = ours.kneighbors()
    for i, found in enumerate(indices):
        expected = [j for j in in_full(X, X[i], 90, metric)[1].tolist() if j != i][:4]
        assert found.tolist() == expected


def test_of_many_samples_in_one_place_the_first_are_neighbors_of_the_last():
    model = KNeighborsRegressor(2).fit(np.zeros((6, 1)), np.zeros(6))
    assert model.kneighbors(return_distance=False).tolist() == [[1, 2], [0, 2], [0, 1], [0, 1], [0, 1], [0, 1]]


@pytest.mark.parametrize("weights", ["uniform", "distance"])
@pytest.mark.parametrize("estimator", [KNeighborsClassifier, KNeighborsRegressor])
def test_a_weighted_sample_equals_a_repeated_sample(estimator, weights):
    rng = np.random.default_rng(4)
    X, Q, y, times = normal(60, 4), normal(40, 4), rng.integers(0, 3, 60), rng.integers(0, 4, 60)
    weighted = estimator(5, weights=weights).fit(X, y, sample_weight=times)
    repeated = estimator(5, weights=weights).fit(X.repeat(times, axis=0), y.repeat(times))
    method = "predict_proba" if estimator is KNeighborsClassifier else "predict"
    np.testing.assert_allclose(getattr(weighted, method)(Q), getattr(repeated, method)(Q), atol=VOTES)


def test_small_weights_are_filled_up_by_further_samples():
    model = KNeighborsRegressor(2).fit([[0.0], [1.0], [2.0], [3.0]], [0.0, 1.0, 2.0, 3.0], [0.5, 1.0, 0.25, 9.0])
    assert model.predict([[-1.0]])[0] == (0.5 * 0 + 1.0 * 1 + 0.25 * 2 + 0.25 * 3) / 2


def test_a_sample_of_weight_0_is_not_there():
    model = KNeighborsClassifier(1).fit([[0.0], [1.0], [2.0]], ["a", "b", "a"], [0, 1, 1])
    assert model.kneighbors([[0.0]], return_distance=False).tolist() == [[1]]
    assert model.predict([[0.0]]).tolist() == ["b"]


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"n_neighbors": 0}, "n_neighbors must be a whole number of at least 1; got 0."),
        ({"n_neighbors": 1.5}, "n_neighbors must be a whole number of at least 1; got 1.5."),
        ({"metric": "l3"}, "unknown metric 'l3'; expected euclidean, l2, manhattan or l1."),
        ({"weights": "distances"}, "unknown weights 'distances'; expected uniform or distance. Did you mean"),
        ({"memory": 0}, "memory must be a whole number of at least 1; got 0."),
    ],
)
def test_parameters_outside_their_range_get_one_sentence(facts, sentence):
    with pytest.raises(ParameterError) as caught:
        KNeighborsClassifier(**facts).fit([[0.0], [1.0]], [0, 1])
    assert str(caught.value).startswith(sentence)


def test_more_neighbors_than_samples_get_one_sentence():
    model = KNeighborsClassifier(3).fit([[0.0], [1.0]], [0, 1])
    with pytest.raises(ParameterError, match="n_neighbors is 3, but there are 2 samples; expected no more"):
        model.predict([[0.0]])
    with pytest.raises(ParameterError, match="n_neighbors is 2, but a sample has 1 others; expected no more"):
        model.kneighbors(n_neighbors=2)
    with pytest.raises(ParameterError, match="n_jobs must be a whole number of at least 1; got 0"):
        model.set_params(n_jobs=0).kneighbors([[0.0]], 1)


def test_weights_that_do_not_fill_the_places_get_one_sentence():
    model = KNeighborsClassifier(3).fit([[0.0], [1.0]], [0, 1], [0.5, 0.5])
    with pytest.raises(DataError, match="sum to 1, which does not fill n_neighbors=3 places"):
        model.predict([[0.0]])


def test_many_small_weights_fill_the_places_in_spite_of_rounding():
    model = KNeighborsRegressor(1).fit(np.arange(10.0)[:, None], np.arange(10.0), np.full(10, 0.1))
    assert model.predict([[0.0]])[0] == pytest.approx(4.5, abs=VOTES)
