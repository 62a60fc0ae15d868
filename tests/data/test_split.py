import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zanjir.data import Dataset, batches, line, moons, split, split_indices
from zanjir.errors import DataError, ParameterError, ShapeError

seeds = st.integers(0, 2**80)


@st.composite
def problems(draw):
    """Labels in some order, and a share that leaves neither part empty."""
    counts = draw(st.lists(st.integers(2, 25), min_size=1, max_size=6))
    y = draw(st.permutations(np.repeat(range(len(counts)), counts).tolist()))
    return y, draw(st.floats(0.6, len(y) - 0.6)) / len(y)


@given(problems(), seeds, st.booleans())
def test_every_sample_is_in_one_part_and_the_total_is_exact(problem, seed, stratify):
    y, share = problem
    train, test = split_indices(y, share, seed=seed, stratify=stratify)
    assert sorted([*train, *test]) == list(range(len(y)))
    assert len(test) == int(np.floor(len(y) * share + 0.5))
    assert train.dtype == test.dtype == np.int64


@given(problems(), seeds)
def test_every_class_has_its_share_within_one_sample(problem, seed):
    y, share = np.array(problem[0]), problem[1]
    _, test = split_indices(y, share, seed=seed)
    for label in np.unique(y):
        fair = np.sum(y == label) * len(test) / len(y)
        assert abs(np.sum(y[test] == label) - fair) < 1


@given(problems(), seeds, st.booleans())
def test_the_same_seed_gives_the_same_parts(problem, seed, stratify):
    y, share = problem
    one = split_indices(y, share, seed=seed, stratify=stratify)
    two = split_indices(list(y), share, seed=seed, stratify=stratify)
    assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))


def test_the_rest_goes_to_the_largest_remainders():
    y = [0] * 11 + [1] * 6 + [2] * 3  # times 5 of 20: 2.75, 1.5, 0.75
    _, test = split_indices(y, 0.25, seed=3)
    assert np.bincount(np.array(y)[test]).tolist() == [3, 1, 1]


def test_the_share_of_many_samples_is_exact_in_integers():
    counts = np.array([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949])  # MNIST's training classes
    y = np.repeat(np.arange(10), counts)
    train, test = split_indices(y, 1 / 6, seed=0)
    assert (len(train), len(test)) == (50_000, 10_000)
    assert np.abs(np.bincount(y[test]) - counts / 6).max() < 1


def test_another_seed_gives_other_parts_and_every_sample_can_be_tested():
    y = [0, 1] * 10
    tests = [tuple(split_indices(y, 0.25, seed=seed)[1]) for seed in range(60)]
    assert len(set(tests)) == 60
    # a sample is left out of all 60 tests with probability 0.75**60 = 3e-8
    assert set().union(*tests) == set(range(20))


def test_parts_are_in_random_order():
    train, test = split_indices([0] * 50 + [1] * 50, 0.5, seed=0)
    for part in (train, test):
        assert not np.array_equal(part, np.sort(part))
        assert 0 < np.sum(part[:25] < 50) < 25  # both classes come early


def test_labels_may_be_of_any_kind():
    _, test = split_indices(["b", "a", "b", "a"], 0.5, seed=0)
    assert sorted(test % 2) == [0, 1]


def test_without_stratification_columns_are_rows_too():
    train, test = split_indices(np.ones((10, 3)), 0.3, seed=0, stratify=False)
    assert (len(train), len(test)) == (7, 3)


@pytest.mark.parametrize("share", [0, 1, 0.0, 1.0, -0.1, 1.5, np.nan, np.inf, "0.5", None])
def test_shares_outside_zero_and_one_are_refused(share):
    with pytest.raises(ParameterError, match=r"test_share must be between 0 and 1, both excluded; got "):
        split_indices([0, 0, 1, 1], share, seed=0)


@pytest.mark.parametrize(
    ("share", "part"),
    [(0.01, "test"), (0.99, "training")],
)
def test_shares_that_leave_a_part_empty_are_refused(share, part):
    message = rf"test_share {share} of 20 samples leaves the {part} part empty; expected a share from 0.05 to 0.95"
    with pytest.raises(ParameterError, match=message):
        split_indices([0, 1] * 10, share, seed=0)
    split_indices([0, 1] * 10, 0.05, seed=0)
    split_indices([0, 1] * 10, 0.95, seed=0)


def test_a_class_with_a_single_sample_is_named():
    y = [4, 4, 7, 4, 4]
    with pytest.raises(DataError, match=r"class 7 has a single sample, y\[2\], .* or use stratify=False"):
        split_indices(y, 0.4, seed=0)
    assert len(split_indices(y, 0.4, seed=0, stratify=False)[1]) == 2


@pytest.mark.parametrize(
    ("y", "error", "message"),
    [
        ([], DataError, r"cannot split 0 samples; expected at least 2"),
        ([1], DataError, r"cannot split 1 samples"),
        ([[1, 2], [3, 4]], ShapeError, r"y has shape \(2, 2\); expected \(N,\)"),
        (3, ShapeError, r"y has shape \(\)"),
        ([0.0, 1.0, np.nan, 1.0], DataError, r"y\[2\] is nan; expected a label"),
    ],
)
def test_labels_that_cannot_be_split(y, error, message):
    with pytest.raises(error, match=message):
        split_indices(y, 0.5, seed=0)


@pytest.mark.parametrize("seed", [-1, 1.5, None, "0"])
def test_seeds_are_whole_numbers(seed):
    with pytest.raises(ParameterError, match=r"seed must be a whole number of at least 0; got "):
        split_indices([0, 0, 1, 1], 0.5, seed=seed)


def test_split_of_a_data_set_keeps_rows_and_labels_together():
    data = moons(100)
    train, test = split(data, 0.2, seed=5)
    kept, held = split_indices(data.y, 0.2, seed=5)
    for part, rows in ((train, kept), (test, held)):
        assert np.array_equal(part.X, data.X[rows])
        assert np.array_equal(part.y, data.y[rows])
        assert (part.name, part.classes) == (data.name, data.classes)
    assert np.bincount(test.y).tolist() == [10, 10]


def test_the_test_set_of_the_files_stays_with_the_training_part():
    came_with_it = Dataset("d", np.ones((1, 1)), [0], ("a", "b"))
    data = Dataset("d", np.ones((4, 1)), [0, 0, 1, 1], ("a", "b"), test=came_with_it)
    train, held_out = split(data, 0.5, seed=0)
    assert train.test is came_with_it
    assert held_out.test is None


def test_regression_is_split_without_classes():
    train, test = split(line(10), 0.3, seed=0)
    assert (train.n_samples, test.n_samples) == (7, 3)


def test_rare_classes_may_be_split_freely():
    data = moons(4).take([0, 0, 0, 1])
    with pytest.raises(DataError, match=r"class 1 has a single sample, y\[3\]"):
        split(data, 0.5, seed=0)
    assert split(data, 0.5, seed=0, stratify=False)[1].n_samples == 2


@given(st.integers(1, 300), st.integers(1, 400), st.none() | seeds, st.integers(0, 2**40))
def test_batches_hold_every_sample_once(n_samples, batch_size, seed, epoch):
    parts = list(batches(n_samples, batch_size, seed=seed, epoch=epoch))
    assert sorted(np.concatenate(parts)) == list(range(n_samples))
    assert len(parts) == -(-n_samples // batch_size)
    assert all(len(part) == batch_size for part in parts[:-1])
    assert 0 < len(parts[-1]) <= batch_size
    assert all(part.dtype == np.int64 for part in parts)


@given(st.integers(1, 100), st.integers(1, 30), seeds, st.integers(0, 1000))
def test_the_order_depends_on_seed_and_epoch_alone(n_samples, batch_size, seed, epoch):
    order = np.concatenate(list(batches(n_samples, batch_size, seed=seed, epoch=epoch)))
    assert np.array_equal(order, next(batches(n_samples, n_samples, seed=seed, epoch=epoch)))
    assert np.array_equal(order, np.random.default_rng([seed, epoch]).permutation(n_samples))


def test_epochs_and_seeds_differ():
    orders = [tuple(next(batches(20, 20, seed=seed, epoch=epoch))) for seed in range(5) for epoch in range(5)]
    assert len(set(orders)) == 25


@given(st.integers(1, 100), st.integers(1, 30), st.integers(0, 9))
def test_without_a_seed_samples_come_in_order(n_samples, batch_size, epoch):
    order = np.concatenate(list(batches(n_samples, batch_size, epoch=epoch)))
    assert order.tolist() == list(range(n_samples))


@pytest.mark.parametrize("seed", [None, 0])
def test_mnist_in_batches_of_128(seed):
    sizes = [len(batch) for batch in batches(60_000, 128, seed=seed)]
    assert len(sizes) == 469
    assert (set(sizes[:-1]), sizes[-1]) == ({128}, 96)


def test_a_batch_larger_than_the_data_is_the_data():
    assert [batch.tolist() for batch in batches(3, 100)] == [[0, 1, 2]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_samples": 0}, r"n_samples must be a whole number of at least 1; got 0"),
        ({"batch_size": 0}, r"batch_size must be a whole number of at least 1; got 0"),
        ({"batch_size": 2.0}, r"batch_size must be a whole number of at least 1; got 2\.0"),
        ({"batch_size": "all"}, r"batch_size must be .* got 'all'"),
        ({"seed": -3}, r"seed must be a whole number of at least 0; got -3"),
        ({"seed": 0, "epoch": -1}, r"epoch must be a whole number of at least 0; got -1"),
        ({"epoch": 0.5}, r"epoch must be .* got 0\.5"),
    ],
)
def test_bad_arguments_are_refused_at_the_call(arguments, message):
    with pytest.raises(ParameterError, match=message):
        batches(**({"n_samples": 10, "batch_size": 3} | arguments))
