"""How the numbers of a solution are computed: in full precision, rounded at every step as by hand, or as fractions."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_DOWN, ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from functools import reduce
from operator import add
from typing import Any, TypeAlias

import numpy as np

from zanjir.errors import GraphError, NonFiniteError, ParameterError, choose
from zanjir.explain.steps import LONGEST_FRACTION, Mode
from zanjir.graph import Tensor
from zanjir.graph.expression import Expression, literal
from zanjir.graph.gate import Precedence
from zanjir.graph.order import topological_order

__all__ = ["FULL", "MODES", "PLACES", "ROUNDINGS", "Arithmetic", "Number", "arithmetic", "fraction_of", "rounded"]

Number: TypeAlias = "float | Fraction"
DIGITS = 6
HAND_DIGITS, MOST_HAND_DIGITS = 3, 12
ROUNDINGS = {"half-up": ROUND_HALF_UP, "truncated": ROUND_DOWN}
PLACES = ("significant", "decimal")
# Of float64, which has 16: what differs after these is noise, so that 0.38249999999999995 counts as 0.3825.
WITHOUT_NOISE = ".12g"
# Fractions may grow without end; these bits are some 3,000 digits.
MOST_BITS = 10_000


class Arithmetic:
    """Full precision, as the graph computes it; the base of the other two.

    Parameters
    ----------
    mode : Mode
        What the tree of steps says about it.
    """

    def __init__(self, mode: Mode) -> None:
        self.mode = mode

    @property
    def rounds(self) -> bool:
        """Whether numbers are rounded before they are used."""
        return False

    def given(self, value: float) -> Number:
        """Return a number that is given, or stands in a formula."""
        return value

    def kept(self, value: Any) -> Number:
        """Return a number that was found, as it is written down and used from there on; of an array all of them."""
        return value if np.ndim(value) else float(value)

    def added(self, numbers: Sequence[Number]) -> Number:
        """Return a sum, added from left to right."""
        return self.kept(reduce(add, numbers))

    def exact(self, value: Number) -> str | None:
        """Return a number as a fraction; None where it is none."""
        return None

    def constant(self, leaf: Tensor) -> Tensor:
        """Return a number of a formula as it stands in the graph of which derivatives are taken."""
        return leaf

    def applied(self, node: Tensor, inputs: Sequence[Any], place: str) -> Any:
        """Return what a node's gate makes of numbers."""
        assert node.gate is not None  # noqa: S101 - asked for only then
        # NumPy's numbers divide by zero as the graph does; Python's raise.
        return node.gate.forward(*(np.float64(x) if type(x) is float else x for x in inputs), **node.params)

    def run(self, outputs: Sequence[Tensor], at: Mapping[Tensor, Number], place: str) -> list[Any]:
        """Return what expressions give for numbers.

        Parameters
        ----------
        outputs : sequence of Tensor
            The expressions.
        at : mapping of Tensor to number
            The numbers to use for nodes; what lies behind them is not asked for.
        place : str
            What is being found, for messages.
        """
        values: dict[int, Any] = {id(node): value for node, value in at.items()}
        for node in topological_order(outputs, stop=values.keys()):
            if node.gate is None:
                values[id(node)] = self.given(node.value)
            else:
                values[id(node)] = self.applied(node, [values[id(x)] for x in node.inputs], place)
        return [values[id(node)] for node in outputs]

    def alone(self, value: Any) -> Expression:
        """Return a number as it stands alone; of an array its shape."""
        if np.ndim(value):
            sizes = r" \times ".join(map(str, np.shape(value)))
            return Expression(str(np.shape(value)), f"({sizes})")
        shown = rounded(float(value))
        return Expression(shown, shown)

    def text(self, value: Number) -> Expression:
        """Return a number as it stands in a line, in brackets if it is negative."""
        shown = self.alone(value)
        return Expression(f"({shown.code})", f"({shown.latex})") if shown.code.startswith("-") else shown


class ByHand(Arithmetic):
    """As a student computes: what was found is rounded, and the rounded number used from there on."""

    @property
    def rounds(self) -> bool:
        """Whether numbers are rounded before they are used."""
        return True

    def kept(self, value: Any) -> Number:
        """Return a number, rounded."""
        found = Decimal(format(float(value), WITHOUT_NOISE))
        if not found.is_finite():
            return float(value)
        how = ROUNDINGS[self.mode.rounding or "half-up"]
        digits = self.mode.digits or HAND_DIGITS
        if self.mode.places == "decimal":
            return float(found.quantize(Decimal(1).scaleb(-digits), how, Context(prec=400)))
        return float(Context(prec=digits, rounding=how).create_decimal(found))

    def alone(self, value: Number) -> Expression:
        """Return a number with all the digits to which it was rounded."""
        shown = rounded(float(value), max(DIGITS, self.mode.digits or 0))
        return Expression(shown, shown)


class Exact(Arithmetic):
    """Fractions: numbers are read as the decimals that they are written as, and the gates run on fractions."""

    def given(self, value: Any) -> Number:
        """Return a decimal as the fraction that it is: 0.1 as 1/10, not as the nearest float.

        Raises
        ------
        NonFiniteError
            If it is none.
        """
        if not math.isfinite(value):
            raise NonFiniteError(f"a given number is {float(value)}, expected a finite one.")
        return Fraction(repr(float(value)))

    def kept(self, value: Any) -> Number:
        """Return a fraction."""
        return Fraction(value)

    def exact(self, value: Number) -> str | None:
        """Return a number as a fraction."""
        return str(value)

    def constant(self, leaf: Tensor) -> Tensor:
        """Return a number that no rewriting multiplies with another: 1/3 would become 0.333..."""
        return Tensor(np.array(leaf.value, dtype=float))

    def applied(self, node: Tensor, inputs: Sequence[Any], place: str) -> Any:
        """Return what a node's gate makes of fractions.

        Raises
        ------
        GraphError
            If that is no fraction, or one of too many digits.
        """
        assert node.gate is not None  # noqa: S101 - asked for only then
        value = fraction_of(node, inputs)
        if value is None:
            raise GraphError(
                f"{place}: {node.gate.name} of {', '.join(map(shortened, inputs))} is no fraction, so it has no exact "
                "value; use the mode 'full' or 'hand'."
            )
        if value.numerator.bit_length() + value.denominator.bit_length() > MOST_BITS:
            raise GraphError(f"{place}: {node.gate.name} gives more than 3,000 digits; use the mode 'full' or 'hand'.")
        return value

    def alone(self, value: Number) -> Expression:
        """Return a fraction; in decimals if it is too long to read."""
        shown = str(value)
        top, bar, bottom = shown.lstrip("-").partition("/")
        if not bar or len(shown) > LONGEST_FRACTION:
            return super().alone(value) if bar else Expression(shown, shown)
        sign = "-" if value < 0 else ""
        return Expression(shown, rf"{sign}\frac{{{top}}}{{{bottom}}}", Precedence.MULTIPLY)


def power_of(x: Fraction, n: Fraction) -> Any:
    """Return a power, of which no more digits are computed than it takes to see that they are too many."""
    n_bits = max(x.numerator.bit_length(), x.denominator.bit_length())
    too_long = n.denominator == 1 and n_bits > 1 and abs(n) * n_bits > 2 * MOST_BITS
    return Fraction(1 << 2 * MOST_BITS) if too_long else x**n


# NumPy has no loop over objects for the one; the other may be far too long.
FORMS: dict[str, Callable[..., Any]] = {
    "heaviside": lambda x, at_zero: at_zero if x == 0 else Fraction(x > 0),
    "power": power_of,
}


def fraction_of(node: Tensor, inputs: Sequence[Any]) -> Fraction | None:
    """Return what a gate makes of fractions: its own function, which Python runs on them; None if that is none.

    Examples
    --------
    >>> x = Tensor(0.5)
    >>> fraction_of(x * x, [Fraction(1, 3), Fraction(1, 3)]), fraction_of(np.exp(x), [Fraction(1, 3)])
    (Fraction(1, 9), None)
    """
    assert node.gate is not None  # noqa: S101 - asked for only then
    settings = {key: Fraction(repr(x)) if type(x) is float else x for key, x in node.params.items()}
    try:
        value = FORMS.get(node.gate.name, node.gate.forward)(*inputs, **settings)
    except (ArithmeticError, AttributeError, TypeError, ValueError):  # what NumPy raises at objects
        return None
    value = value.item() if isinstance(value, np.ndarray | np.generic) else value
    return Fraction(value) if isinstance(value, int | Fraction) else None


def shortened(value: Any) -> str:
    """Return a number for a message."""
    return str(value) if len(str(value)) <= LONGEST_FRACTION else rounded(float(value))


FULL = Arithmetic(Mode())
MODES: dict[str, type[Arithmetic]] = {"full": Arithmetic, "hand": ByHand, "exact": Exact}


def arithmetic(
    mode: str = "full", digits: int | None = None, rounding: str = "half-up", places: str = "significant"
) -> Arithmetic:
    """Return the arithmetic of a mode.

    Parameters
    ----------
    mode : str
        ``"full"``, ``"hand"`` or ``"exact"``.
    digits : int, optional
        By hand: to how many digits every number is rounded; 3 by default.
    rounding : str
        By hand: ``"half-up"``, or ``"truncated"`` where the digits that follow are dropped.
    places : str
        By hand: whether ``"significant"`` digits count, or ``"decimal"`` places.

    Raises
    ------
    ParameterError
        If one of them is unknown or has no place in the mode, or digits is no whole number from 1 to 12.

    Examples
    --------
    >>> arithmetic("hand").kept(0.79182), arithmetic("hand", rounding="truncated").kept(0.79182)
    (0.792, 0.791)
    >>> arithmetic("hand").kept(0.00129585), arithmetic("hand", places="decimal").kept(0.00129585)
    (0.0013, 0.001)
    """
    kind = choose("mode", mode, MODES)
    if kind is not ByHand:
        if (digits, rounding, places) != (None, "half-up", "significant"):
            raise ParameterError(f"digits, rounding and places are for the mode 'hand'; the mode is {mode!r}.")
        return FULL if kind is Arithmetic else kind(Mode(mode))
    choose("rounding", rounding, ROUNDINGS)
    choose("kind of places", places, dict.fromkeys(PLACES))
    digits = HAND_DIGITS if digits is None else digits
    if type(digits) is not int or not 1 <= digits <= MOST_HAND_DIGITS:
        raise ParameterError(f"digits is {digits!r}, expected a whole number from 1 to {MOST_HAND_DIGITS} by hand.")
    return ByHand(Mode(mode, digits, rounding, places))


def rounded(value: float, digits: int = DIGITS) -> str:
    """Return a number with some significant digits; a zero has no sign.

    Examples
    --------
    >>> rounded(0.10), rounded(1 / 3), rounded(-2.0), rounded(-0.0)
    ('0.1', '0.333333', '-2', '0')
    """
    return literal(float(f"{value:.{digits}g}") + 0.0)
