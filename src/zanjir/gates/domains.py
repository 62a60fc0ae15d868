"""Where inputs may lie."""

from __future__ import annotations

import numpy as np

from zanjir.graph.gate import Interval

__all__ = ["ANGLE", "EXPONENT", "LABEL", "POSITIVE", "REAL", "SCORE", "TRUTH"]

REAL = Interval(-1e100, 1e100)
POSITIVE = Interval(1e-100, 1e100)
EXPONENT = Interval(-700, 700)
SCORE = Interval(-300, 300)
# NumPy reduces arguments modulo pi to full accuracy only where one double holds enough of their digits.
ANGLE = Interval(-1e6, 1e6)
TRUTH = Interval(0, 1, integers=True)
LABEL = Interval(0, np.inf, integers=True)
