"""Clipping by the norm: never longer than the bound, never turned, and nothing to divide by at zero."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from zanjir.errors import ParameterError
from zanjir.graph import tensor
from zanjir.optim import ClipNorm

# Squaring, adding and the root round a few times each.
ROUNDINGS = 8 * float(np.finfo(float).eps)

vectors = st.lists(st.floats(-1e100, 1e100).filter(lambda x: x == 0 or abs(x) > 1e-100), min_size=1, max_size=6)
quick = settings(max_examples=200, derandomize=True, deadline=None, database=None)


def clipped(values, largest):
    return ClipNorm(largest)(tensor(np.array(values, float), "dW")).value


@quick
@given(vectors, st.floats(1e-6, 1e6))
@example([0.0, 0.0], 1.0)
def test_a_clipped_gradient_is_never_longer_than_the_bound(values, largest):
    assert np.linalg.norm(clipped(values, largest)) <= largest * (1 + ROUNDINGS)


@quick
@given(vectors, st.floats(1e-6, 1e6))
def test_a_clipped_gradient_keeps_its_direction(values, largest):
    plain, short = np.array(values), clipped(values, largest)
    norms = np.linalg.norm(plain), np.linalg.norm(short)
    assert np.allclose(short * (norms[0] / norms[1] if norms[1] else 1), plain, rtol=ROUNDINGS, atol=0)


@pytest.mark.parametrize("values", [[3.0, 4.0], [0.0, -1e-8], [5.0]])
def test_a_gradient_within_the_bound_keeps_every_bit(values):
    assert clipped(values, 5.0).tolist() == values


def test_a_gradient_above_the_bound_gets_its_length():
    assert clipped([3.0, 4.0], 1.0) == pytest.approx([0.6, 0.8], rel=ROUNDINGS)


def test_a_zero_gradient_stays_zero_and_finite():
    assert clipped([0.0, 0.0], 1.0).tolist() == [0.0, 0.0]


def test_the_type_is_kept():
    assert ClipNorm(1.0)(tensor(np.ones(3, np.float32), "dW")).dtype == np.float32


@pytest.mark.parametrize("largest", [0, -1.0, float("nan"), float("inf"), "1", True])
def test_a_bound_that_is_no_positive_number_is_refused(largest):
    with pytest.raises(ParameterError, match=r"ClipNorm: largest must be a number in \(0, infinity\); got "):
        ClipNorm(largest)
