"""The row of the table of gates: everything that is known about one operation, declared once.

The engine, the printers, the checker and the tests read this table; none of them knows an operation by name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cache, partial
from typing import TYPE_CHECKING, Any, TypeAlias

from zanjir.errors import GraphError

if TYPE_CHECKING:
    from zanjir.graph.tensor import Tensor

__all__ = ["TABLE", "Gate", "Interval", "Kink", "Precedence", "Rule", "gate"]

Rule: TypeAlias = "Callable[..., Tensor]"

TABLE: dict[str, Gate] = {}


class Precedence(IntEnum):
    """How tightly an operation binds in Python, so that both printers know where brackets are needed."""

    COMPARE = 0
    ADD = 1
    MULTIPLY = 2
    NEGATE = 3
    POWER = 4
    ATOM = 9


@dataclass(frozen=True, slots=True)
class Interval:
    """Where an input may lie: [low, high], with whole numbers only when ``integers`` is set."""

    low: float
    high: float
    integers: bool = False


@dataclass(frozen=True, slots=True)
class Kink:
    """A point without a derivative, and the value that this house chooses there.

    ``at`` holds one number per input of an elementwise gate, and of any other the number that ``convention``
    names; ``slopes`` holds the derivative chosen for each input that has a rule. ``params`` are the settings for
    which the point is a kink, where it depends on them.
    """

    at: tuple[float, ...]
    slopes: tuple[float, ...]
    convention: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Gate:
    """One primitive operation: what it computes, how it is differentiated, how it is written.

    Parameters
    ----------
    name
        NumPy's own name where NumPy has one.
    signature
        Shapes as in NumPy's generalized ufuncs, such as ``"(n,k),(k,m)->(n,m)"``; ``"()"`` works element by
        element with broadcasting, ``"(*)"`` takes an array of any shape, a letter with ``?`` is an axis that may
        be missing, and ``...`` after the last input says that there may be any number of such inputs.
    forward
        Arrays in, array out; numerically stable.
    vjp
        One rule per input, written in gates: ``rule(g, out, *inputs, **params)`` returns what flows to that
        input when ``g`` flows into the output. ``None`` where no derivative exists. The rule of inputs that may
        be many takes the input's index first: ``rule(i, g, out, *inputs, **params)``.
    code
        NumPy source with ``{0}``, ``{1}`` for the inputs, ``{inputs}`` for all of them and ``{axis}`` for a
        parameter; ``{params}`` and ``{,params}`` (after a comma) stand for the parameters that differ from their
        defaults. Where the form depends on a parameter, a function of the parameters.
    latex
        The same in LaTeX, or a function of the parameters.
    params
        Parameters and their defaults.
    examples
        Settings of the parameters on which the tests of the table run.
    numpy
        The NumPy function that means this gate when it is called on tensors.
    buffered
        The statement that writes the result into ``{out}``; derived when ``numpy`` is a ufunc.
    composition
        For a fused gate: the same function written in simpler gates.
    neutral
        For each input, the number that leaves the other input unchanged (``x * 1``).
    view
        True if the result shares memory with the first input.
    relative_error
        What the forward value meets against exact arithmetic on the whole domain.
    """

    name: str
    signature: str
    forward: Callable[..., Any]
    vjp: tuple[Rule | None, ...]
    code: str | Callable[..., str]
    latex: str | Callable[..., str]
    precedence: Precedence = Precedence.ATOM
    domain: tuple[Interval, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)
    examples: tuple[Mapping[str, Any], ...] = ({},)
    kinks: tuple[Kink, ...] = ()
    numpy: Callable[..., Any] | None = None
    buffered: str = ""
    composition: Callable[..., Any] | None = None
    neutral: tuple[float | None, ...] = ()
    view: bool = False
    relative_error: float = 4e-16
    source: str = ""

    def __call__(self, *inputs: Any, **params: Any) -> Tensor:
        """Apply the gate to tensors, arrays or numbers and record it in the graph."""
        from zanjir.graph.tensor import apply

        return apply(self, *inputs, **params)

    def __repr__(self) -> str:
        return f"<gate {self.name}>"

    @property
    def elementwise(self) -> bool:
        """Whether the gate works element by element, with broadcasting."""
        return is_elementwise(self.signature)

    @property
    def variadic(self) -> bool:
        """Whether the last input may be followed by any number of its kind."""
        return "..." in self.signature

    @property
    def core_shapes(self) -> tuple[tuple[str, ...], ...]:
        """The dimension letters of each input, such as ``(("n", "k"), ("k", "m"))``."""
        return letters_of(self.signature)

    def rules(self, n: int) -> tuple[Rule | None, ...]:
        """Return the rule of each of ``n`` inputs."""
        if not self.variadic:
            return self.vjp
        fixed, last = self.vjp[:-1], self.vjp[-1]
        return (*fixed, *(partial(last, i) if last else None for i in range(len(fixed), n)))


@cache
def is_elementwise(signature: str) -> bool:
    """Whether every input of a signature is a single number."""
    return set(signature.split("->", maxsplit=1)[0]) <= set("(),")


@cache
def letters_of(signature: str) -> tuple[tuple[str, ...], ...]:
    """Return the dimension letters of each input of a signature."""
    inputs = re.findall(r"\(([^)]*)\)", signature.split("->", maxsplit=1)[0])
    return tuple(tuple(filter(None, group.split(","))) for group in inputs)


def gate(
    name: str,
    signature: str,
    forward: Callable[..., Any],
    *vjp: Rule | None,
    code: Any,
    latex: Any,
    **facts: Any,
) -> Gate:
    """Declare a row and put it into the table.

    Raises
    ------
    GraphError
        If the name is taken, or the number of rules differs from the number of inputs.
    """
    row = Gate(name, signature, forward, vjp, code, latex, **facts)
    if name in TABLE:
        raise GraphError(f"the table already has a gate {name!r}; give the new row another name.")
    if len(vjp) != len(row.core_shapes):
        raise GraphError(
            f"gate {name!r} has {len(vjp)} rules for {len(row.core_shapes)} inputs in {signature!r}; "
            "give one rule or None per input."
        )
    TABLE[name] = row
    return row
