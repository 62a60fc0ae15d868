"""A solution of whole matrices as lines of NumPy, each of which compares what it computes."""

from __future__ import annotations

import ast
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zanjir.errors import GraphError, NonFiniteError
from zanjir.explain.differences import STEP
from zanjir.explain.matrices import SEED
from zanjir.explain.steps import Path, Step, Value
from zanjir.explain.words import why
from zanjir.explain.writers.dialects import Dialect
from zanjir.explain.writers.script_lines import Script, quoted
from zanjir.graph.gate import TABLE
from zanjir.program.function import needs_definition
from zanjir.program.printing import definition
from zanjir.views.summary import one_line

__all__ = ["ArrayScript"]

# A script has every array as text, several times: one of more numbers is read by nobody.
MOST_GIVEN = 10_000
# Another machine may add up the terms of a product in another order, and terms that cancel magnify the rounding.
WITHIN, SMALLEST = 1e-10, 1e-13
ROWS = 2  # axes that brackets show; of more, the rows are reshaped
# The functions that NumPy does not have.
OWN = {row.name: row for row in TABLE.values() if needs_definition(row)}
OF_PYTHON = ("len", "np", "slice")
NO_FORMULA = (
    ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.NamedExpr, ast.JoinedStr, ast.Yield,
    ast.YieldFrom, ast.Await,
)  # fmt: skip

START = '''
import numpy as np

# A number agrees if it is the same to {within} of it, or to {smallest} of the largest number here: another machine
# may add up the terms of a product in another order.
LARGEST = {largest}


def agree(name, found, expected, within={within}, smallest={smallest}):
    """Return the expected array if the one that was found is the same; later lines rest on it."""
    if np.shape(found) != np.shape(expected):
        raise AssertionError(f"{{name}} has the shape {{np.shape(found)}}, expected {{np.shape(expected)}}")
    if not np.allclose(found, expected, within, smallest * LARGEST):
        off = np.max(np.abs(found - expected))
        raise AssertionError(f"{{name}} is {{found}}, expected {{expected}}; they are up to {{off:.1e}} apart")
    return expected
'''
DIRECTION = f'''

def direction_of(array):
    """Return the direction of length 1, drawn from a fixed seed, along which a derivative is compared."""
    direction = np.random.default_rng({SEED}).standard_normal(np.shape(array))
    return direction / max(np.linalg.norm(direction), 1e-300)
'''


class ArrayDialect(Dialect):
    """Arrays of NumPy."""

    def start(self, largest: float) -> str:
        """Return what stands first: the import, and how arrays are compared."""
        return START.format(within=WITHIN, smallest=SMALLEST, largest=repr(largest)).strip()

    def number(self, value: Value | None, exact: str | None, target: str) -> str:
        """Return a number or an array with all its digits.

        Raises
        ------
        NonFiniteError
            If one is not finite.
        """
        if value is None or not np.isfinite(value).all():
            raise NonFiniteError(
                f"{target} is not finite everywhere; a script compares finite numbers only. Change what is given."
            )
        return array_text(np.asarray(value))


class ArrayScript(Script):
    """The writing of a tree of matrices as lines of NumPy.

    Parameters
    ----------
    tree : Step
        A solution at the level ``"matrices"``.
    language : str
        ``"en"`` or ``"fa"``, for the comments.

    Raises
    ------
    GraphError
        If more numbers are given than a script can hold, or one is called as NumPy is.
    """

    own_names = (*OWN, *OF_PYTHON, "change", "direction", "direction_of", "length")
    before_call = r"[\w(=]"  # what follows a variable may be .T or .sum

    def __init__(self, tree: Step, language: str) -> None:
        n_given = sum(math.prod(step.shape) for step in tree.every("given"))
        if n_given > MOST_GIVEN:
            raise GraphError(
                f"{n_given:,} numbers are given, and a script or notebook holds at most {MOST_GIVEN:,}; explain a "
                "smaller network, or focus on one number, such as W1[0, 0]."
            )
        if any(step.target == "np" for step in tree.children):
            raise GraphError("np is the name of NumPy in a script; give the array that has it another one.")
        super().__init__(tree, language)
        self.dialect = ArrayDialect(self.dialect.mode)
        self.called: set[str] = set()

    def start(self, body: str) -> str:
        """Return what stands first: what this is, how arrays are compared, and the functions that are used."""
        helpers = [f"\n\n{definition(OWN[name])}\n" for name in OWN if name in self.called]
        helpers += [DIRECTION] if "direction_of(" in body else []
        top = self.dialect.start(max(1.0, *largest(self.tree)))
        return f"# {one_line(self.tree.target)}\n{top}\n{''.join(helpers)}"

    def code(self, symbolic: str, inputs: Iterable[str]) -> str:
        """Return an expression on the script's variables.

        Raises
        ------
        GraphError
            If it reads what has no variable.
        """
        code, variables = self.on_variables(symbolic, inputs)
        names = names_in(code)
        if names is None or not names <= {*variables, *OWN, *OF_PYTHON}:
            raise GraphError(f"the script cannot compute {one_line(symbolic)!r}; give every array in it a name.")
        self.called |= names & OWN.keys()
        return code

    def backward(self) -> list[str]:
        """Return the lines of the chain rule; of several paths, what comes on each and then their sum."""
        lines = []
        for step in self.tree.every("backward"):
            reason = one_line(why(self.language, step))
            if not step.paths:
                lines.append(self.line(step.target, step.target, "1.0", self.number(step), reason))
                continue
            codes = [self.code(path.local.symbolic, self.read_by(path)) for path in step.paths]
            lines.append(f"# {reason}")
            if len(codes) > 1:
                lines += [self.carried(step, *pair) for pair in zip(step.paths, codes, strict=True)]
            lines.append(self.line(step.target, step.target, " + ".join(codes), self.number(step)))
        return lines

    def read_by(self, path: Path) -> tuple[str, ...]:
        """Return what the rule of a path may read."""
        return (*self.reads[path.through], path.upstream)

    def carried(self, step: Step, path: Path, code: str) -> str:
        """Return the line that compares what comes on one of several paths."""
        name = f"{step.target} ({path.through})"
        return f"agree({quoted(name)}, {code}, {self.dialect.number(path.product, None, name)})"

    def difference(self, step: Step, functions: Mapping[str, str]) -> list[str]:
        """Return the lines of a slope along a direction, by the chain rule and by a central difference."""
        wrt = step.wrt.removesuffix(" . d")
        variable, derivative = self.names[wrt], self.names[step.inputs[0]]
        loss = next(iter(functions.values()))
        slope = f"({loss}({variable}={variable} + change) - {loss}({variable}={variable} - change)) / (2 * length)"
        value, numeric = (self.dialect.number(found, None, step.target) for found in (step.value, step.numeric))
        return [
            f"direction = direction_of({variable})",
            f"length = {STEP} * max(1.0, np.max(np.abs({variable}), initial=0.0))",
            "change = length * direction",
            f"agree({quoted(step.target)}, np.sum({derivative} * direction), {value})",
            f"agree({quoted(step.target)}, {slope}, {numeric}, DIFFERENCE, DIFFERENCE)",
        ]


def array_text(array: NDArray[Any]) -> str:
    """Return a number or an array as code that gives it back, a row to a line.

    Examples
    --------
    >>> print(array_text(np.array([[1.0, -0.1], [0.5, 2.0]])))
    np.array([
        [1.0, -0.1],
        [0.5, 2.0],
    ])
    >>> array_text(np.array([0, 2])), array_text(np.array(0.1)), array_text(np.zeros((2, 0)))
    ('np.array([0, 2])', '0.1', 'np.zeros((2, 0))')
    """
    if array.ndim == 0:
        return repr(array.item())
    if array.size == 0:
        return f"np.zeros({array.shape})"
    if array.ndim == 1:
        return f"np.array({array.tolist()})"
    rows = "".join(f"    {row},\n" for row in array.reshape(-1, array.shape[-1]).tolist())
    return f"np.array([\n{rows}])" + (f".reshape({array.shape})" if array.ndim > ROWS else "")


def names_in(code: str) -> set[str] | None:
    """Return the names that an expression reads; None if it is more than a formula.

    Examples
    --------
    >>> sorted(names_in("np.exp(X @ W)")), names_in("[x for x in X]"), names_in("X.__class__")
    (['W', 'X', 'np'], None, None)
    """
    try:
        nodes = list(ast.walk(ast.parse(code, mode="eval").body))
    except (SyntaxError, ValueError, RecursionError):
        return None
    hidden = any(isinstance(node, ast.Attribute) and node.attr.startswith("_") for node in nodes)
    if hidden or any(isinstance(node, NO_FORMULA) for node in nodes):
        return None
    return {node.id for node in nodes if isinstance(node, ast.Name)}


def largest(tree: Step) -> Iterator[float]:
    """Yield the largest size of the numbers of each step."""
    for step in tree.children:
        for value in (step.value, step.numeric, *(path.product for path in step.paths)):
            yield float(np.max(np.abs(np.asarray(value, np.float64)), initial=0.0)) if value is not None else 0.0
