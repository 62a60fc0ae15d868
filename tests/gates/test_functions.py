"""NumPy's functions where the table alone does not hold them: arguments, types, other sizes, special points."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import zanjir.gates  # noqa: F401 - fills the table
from zanjir.graph import Tensor, gradient, tensor

# A few operations with a rounding of 1.1e-16 each.
ROUNDING = 1e-14


@pytest.mark.parametrize("dtype", [int, bool])
def test_nothing_flows_through_a_conversion_to_whole_numbers_or_truth_values(dtype: Any) -> None:
    x = tensor([1.5, -2.5], "x")
    np.testing.assert_array_equal(gradient((x.astype(dtype) * x).sum(), x).value, x.value.astype(dtype))
    np.testing.assert_array_equal(gradient((x.astype(dtype).astype(float) ** 2).sum(), x).value, [0.0, 0.0])


@pytest.mark.parametrize(("shift", "axis"), [([1, 2], [0, 1]), (np.array([1, -1]), (0, 1)), (1, 0)])
def test_a_roll_by_a_list_flows_back(shift: Any, axis: Any) -> None:
    x = tensor(np.arange(6.0).reshape(2, 3), "x")
    weights = np.arange(6.0).reshape(2, 3) ** 2
    expected = [[weights[np.roll(np.arange(6).reshape(2, 3), shift, axis) == k].item() for k in row]
                for row in np.arange(6).reshape(2, 3)]  # fmt: skip
    np.testing.assert_array_equal(gradient((np.roll(x, shift, axis) * weights).sum(), x).value, expected)
