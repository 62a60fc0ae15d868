"""What the tests of the table share."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest


@pytest.fixture(autouse=True)
def no_silent_overflow() -> Iterator[None]:
    """Overflow, division by zero and invalid operations are errors; underflow to zero is meant."""
    with np.errstate(over="raise", invalid="raise", divide="raise", under="ignore"):
        yield
