"""How a script computes: with floats, with numbers that are rounded at once, or with fractions."""

from __future__ import annotations

import ast
import math

from zanjir.errors import NonFiniteError
from zanjir.explain.arithmetic import ROUNDINGS, WITHOUT_NOISE
from zanjir.explain.steps import Mode

__all__ = ["WITHIN", "Dialect", "dialect"]

# A line is recomputed from numbers that were found the same: only the rounding of that line is left, which terms
# that cancel may magnify.
WITHIN, SMALLEST = 1e-12, 1e-15

START = '''
import math

# A number agrees if it is the same to {within} of it, or to {smallest} of the largest number here: the two round
# differently.
LARGEST = {largest}


def agree(name, found, expected, within={within}, smallest={smallest}):
    """Return the expected number if the one that was found is the same; later lines rest on it."""
    if not math.isclose(found, expected, rel_tol=within, abs_tol=smallest * LARGEST):
        raise AssertionError(f"{{name}} is {{found!r}}, expected {{expected!r}}")
    return expected
'''
BY_HAND = '''

def by_hand(number):
    """Return a number as it is written down; what differs after {noise} digits is noise."""
    number = decimal.Decimal(format(number, "{form}"))
    return float({rounded})
'''
SIGNIFICANT = "decimal.Context(prec={digits}, rounding=decimal.{how}).create_decimal(number)"
DECIMAL = 'number.quantize(decimal.Decimal("1e-{digits}"), decimal.{how}, decimal.Context(prec=400))'
EXACT = '''
import math
from fractions import Fraction


def agree(name, found, expected, within=0, smallest=0):
    """Return the expected number if the one that was found is that very one; differences agree within a tolerance."""
    if found != expected and not (within and math.isclose(found, expected, rel_tol=within, abs_tol=smallest)):
        raise AssertionError(f"{name} is {found}, expected {expected}")
    return expected
'''


class Dialect:
    """Floats, as they are; the base of the other two.

    Parameters
    ----------
    mode : Mode
        How the numbers of the solution were computed.
    """

    tolerances = True  # whether numbers agree within some
    checks = True  # whether its numbers can be compared with differences

    def __init__(self, mode: Mode) -> None:
        self.mode = mode

    def start(self, largest: float) -> str:
        """Return what stands first: imports, and how numbers are compared."""
        return START.format(within=WITHIN, smallest=SMALLEST, largest=repr(largest)).strip()

    def helper(self, source: str) -> str:
        """Return a function that Python does not have."""
        return source

    def code(self, code: str) -> str:
        """Return an expression as it is computed."""
        return code

    def number(self, value: float | None, exact: str | None, target: str) -> str:
        """Return a number with all its digits.

        Raises
        ------
        NonFiniteError
            If it is not finite.
        """
        if value is None or not math.isfinite(value):
            raise NonFiniteError(f"{target} is {value}; a script compares finite numbers only. Change what is given.")
        return repr(float(value))


class ByHandDialect(Dialect):
    """Every number is rounded as soon as it is found."""

    checks = False

    def start(self, largest: float) -> str:
        """Return what stands first, with how numbers are rounded."""
        form = SIGNIFICANT if self.mode.places == "significant" else DECIMAL
        rounded = form.format(digits=self.mode.digits, how=ROUNDINGS[self.mode.rounding or "half-up"])
        by_hand = BY_HAND.format(noise=int(WITHOUT_NOISE[1:-1]), form=WITHOUT_NOISE, rounded=rounded)
        return f"import decimal\n{super().start(largest)}\n{by_hand.rstrip()}"

    def code(self, code: str) -> str:
        """Return an expression that is rounded; what only repeats a number is not."""
        node = ast.parse(code, mode="eval").body
        node = node.operand if isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant) else node
        return code if isinstance(node, ast.Name | ast.Constant) else f"by_hand({code})"


class ExactDialect(Dialect):
    """Fractions, which agree if they are the same."""

    tolerances = False

    def start(self, largest: float) -> str:
        """Return what stands first: imports, and how fractions are compared."""
        return EXACT.strip()

    def helper(self, source: str) -> str:
        """Return a function whose numbers are fractions."""
        return f"\n{in_fractions(source)}\n"

    def code(self, code: str) -> str:
        """Return an expression whose numbers are fractions: 1 / 3 would be a float."""
        return in_fractions(code)

    def number(self, value: float | None, exact: str | None, target: str) -> str:
        """Return a fraction; what has none, such as a difference, as a float."""
        return f'Fraction("{exact}")' if exact is not None else super().number(value, exact, target)


class InFractions(ast.NodeTransformer):
    """Writes every number as a fraction."""

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        """Return a number as the fraction that its decimals are."""
        if type(node.value) not in {int, float}:
            return node
        argument = node.value if type(node.value) is int else repr(node.value)
        return ast.Call(ast.Name("Fraction"), [ast.Constant(argument)], [])


def in_fractions(code: str) -> str:
    """Return code whose numbers are fractions.

    Examples
    --------
    >>> in_fractions("0.1 * x ** 2")
    "Fraction('0.1') * x ** Fraction(2)"
    """
    return ast.unparse(ast.fix_missing_locations(InFractions().visit(ast.parse(code))))


DIALECTS: dict[str, type[Dialect]] = {"full": Dialect, "hand": ByHandDialect, "exact": ExactDialect}


def dialect(mode: Mode | None) -> Dialect:
    """Return how a script computes the numbers of a solution."""
    mode = mode or Mode()
    return DIALECTS[mode.name](mode)
