"""A problem: given numbers, formulas that make others of them, and an update; and its worked solution."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from zanjir.errors import DataError, NonFiniteError, ParameterError, ZanjirError, choose
from zanjir.explain.arithmetic import FULL, Arithmetic, Number, arithmetic
from zanjir.explain.chain_rule import Work, solution
from zanjir.explain.levels import LEVELS, READABLE, explained, gate_by_gate
from zanjir.explain.matrices import by_matrices
from zanjir.explain.points import drawn
from zanjir.explain.problems.formula import parsed
from zanjir.explain.problems.network_arrays import arrays_of
from zanjir.explain.problems.score_problem import Scores
from zanjir.explain.proof import Line, proved
from zanjir.explain.steps import KINDS, Step
from zanjir.explain.summary import summarized
from zanjir.explain.symbolic import formulas
from zanjir.explain.words import titled
from zanjir.graph import Tensor, gradient
from zanjir.graph.order import evaluate, topological_order
from zanjir.optim import Optimizer
from zanjir.views.summary import one_line

__all__ = ["Problem"]


@dataclass(frozen=True)
class Problem:
    """A problem: given numbers, formulas that make others of them, and an update.

    Parameters
    ----------
    titles : str or mapping of str to str
        What it is called, or that in each language.
    given : dict of str to float
        The given numbers by name.
    formulas : dict of str to str
        Formulas in order; the last one is the loss.
    parameters : tuple of str
        Which given numbers the update changes.
    rule : Optimizer, optional
        The update rule; none for no update.
    n_steps : int
        How many steps of it to take.
    symbol : str
        The loss in ``dL/dw``.
    lines : dict of str to int
        Where a name stands in the file.
    letters : dict of str to tuple of int
        What else is given, without numbers: the shape of each letter.
    proof : tuple of Line
        Lines to prove instead of a loss to differentiate.
    scores : Scores, optional
        The table of scores that the formulas were made from, which may have several losses.
    network : mapping
        The table of the file that describes a network; empty if there is none.

    Examples
    --------
    >>> problem = Problem("f", {"x": 2.0, "y": 3.0}, {"q": "x + y", "f": "q * x"}, symbol="f")
    >>> [step.value for step in problem.solution().every("backward")]
    [1.0, 2.0, 7.0, 2.0]
    """

    titles: str | Mapping[str, str]
    given: Mapping[str, float]
    formulas: Mapping[str, str]
    parameters: tuple[str, ...] = ()
    rule: Optimizer | None = None
    n_steps: int = 1
    symbol: str = "L"
    lines: Mapping[str, int] = field(default_factory=dict, compare=False)
    letters: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    proof: tuple[Line, ...] = ()
    scores: Scores | None = None
    network: Mapping[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """What it is called in English, or in the only language that it has a title in."""
        return titled("en", self.titles)

    @property
    def loss(self) -> Tensor:
        """The graph of the loss; of several, the last.

        Raises
        ------
        DataError, NonFiniteError
            As for `nodes`.
        """
        nodes = self.nodes
        return nodes[list(self.formulas)[-1]]

    @cached_property
    def nodes(self) -> dict[str, Tensor]:
        """The graph of every number that is given or has a formula.

        Raises
        ------
        DataError, NonFiniteError
            If a formula cannot be read, reads what is not above it, or gives no finite number; with its line.
        """
        if not self.formulas:
            raise DataError("the problem has no formulas; expected at least one, whose last is the loss.")
        if not self.letters:
            return self.graph(self.given)
        unfit = None
        for numbers in drawn(self.letters):
            try:
                return self.graph({**numbers, **self.given})
            except NonFiniteError as error:
                unfit = error
        raise NonFiniteError(f"no numbers for the letters make every formula finite; of the last ones, {unfit}")

    def graph(self, given: Mapping[str, Any]) -> dict[str, Tensor]:
        """Return the graph of every number, with numbers for all that is given."""
        names = {name: Tensor(value if np.shape(value) else float(value), name) for name, value in given.items()}
        for name, formula in self.formulas.items():
            try:
                with np.errstate(all="ignore"):  # what is no finite number is refused below, by name
                    node = parsed(formula, names)
            except ZanjirError as error:
                reads = "A formula reads what is given or stands above."
                raise DataError(f"{self.place(name)}: {error} {reads}") from error
            if node.gate is None or node.name:
                raise DataError(f"{self.place(name)}: {name} = {one_line(formula)} computes nothing; leave it out.")
            if not np.isfinite(node.value).all():
                raise NonFiniteError(f"{self.place(name)}: {name} is {node.value}, expected a finite number.")
            names[name] = node.named(name)
        return names

    def place(self, name: str) -> str:
        """Return where a name stands in the file."""
        return f"line {self.lines[name]}" if name in self.lines else name

    def solution(
        self, *, level: str | None = None, focus: str | None = None, mode: str = "full", digits: int | None = None,
        rounding: str = "half-up", places: str = "significant",
    ) -> Step:  # fmt: skip
        """Return the tree of steps, with the loss after the update and tables; formulas or a proof of letters.

        Parameters
        ----------
        level : str, optional
            One of `zanjir.explain.LEVELS`; by default single numbers, and whole matrices of a network that would
            make more than some 60 steps.
        focus : str, optional
            One number, such as ``"w5"`` or ``"dL/dw5"``: only what depends on it is explained.
        mode, digits, rounding, places
            As for `zanjir.explain.solution`; letters have no numbers to which they could apply.

        Raises
        ------
        ParameterError, GraphError, DataError
            If there is no such level, number or setting, or the problem cannot be explained in that way.
        """
        how: dict[str, Any] = {"mode": mode, "digits": digits, "rounding": rounding, "places": places}
        return self.named(self.solved(level, focus, how), f": {focus}" if focus else "")

    def named(self, tree: Step, more: str = "") -> Step:
        """Return a tree with its title in every language that it has one in."""
        titles = {} if isinstance(self.titles, str) else self.titles
        return replace(tree, note={language: f"{title}{more}" for language, title in titles.items()})

    def solved(self, level: str | None, focus: str | None, how: Mapping[str, Any]) -> Step:
        """Return the tree of steps, with its title in one language."""
        by, mode = arithmetic(**how), how["mode"]
        if level is not None:
            choose("level", level, dict.fromkeys(LEVELS))
        if self.letters or self.proof:
            if level or focus:
                raise ParameterError("the problem is in letters, without numbers; leave out level and focus.")
            return proved(self.proof, self.letters, title=self.title) if self.proof else self.symbolic()
        if by is not FULL and (focus or level == "matrices"):
            raise ParameterError(f"mode {mode!r} is for all single numbers; leave out focus and level 'matrices'.")
        if focus is not None:
            return self.around(focus, level)
        level = level or ("matrices" if by is FULL and self.network and self.is_long else "scalars")
        if level == "matrices":
            return self.by_matrices()
        tree = self.by_numbers(how, level == "gates")
        return summarized(tree) if level == "summary" else replace(tree, rule=level)

    @property
    def is_long(self) -> bool:
        """Whether single numbers would make more steps than are read."""
        changed = 2 * len(self.parameters) if self.rule else len(self.parameters or self.given)
        return 2 * len(self.formulas) + changed > READABLE

    def around(self, focus: str, level: str | None) -> Step:
        """Return the tree of what depends on one number."""
        symbol = focus[1:].partition("/d")[0] if "/d" in focus else self.symbol
        several = self.scores is not None and len(self.scores.totals) > 1
        loss = self.nodes[symbol] if several and symbol in self.nodes else self.loss
        symbol = str(loss.name) if several else self.symbol
        return explained(loss, focus=focus, level=level, title=f"{self.title}: {focus}", symbol=symbol)

    def by_matrices(self) -> Step:
        """Return the tree of steps of whole matrices, for a network."""
        if not self.network:
            others = ", ".join(level for level in LEVELS if level != "matrices")
            raise ParameterError(f"the problem has no [network] and so no matrices; expected one of {others}.")
        loss, arrays = arrays_of(self.network, self.given)
        changed = [name for name, numbers in arrays.items() if {*numbers} <= {*(self.parameters or self.given)}]
        of_changed = {number for name in changed for number in arrays[name]}
        if left := [number for number in self.parameters if number not in of_changed]:
            raise DataError(f"the update changes {left[0]} but not all of its matrix; explain it by single numbers.")
        tree = by_matrices(loss, changed, optimizer=self.rule, title=self.title, symbol=self.symbol)
        after = [self.after(FULL, changed)] if self.rule else []
        return replace(tree, rule="matrices", children=(*tree.children, *after))

    def by_numbers(self, how: Mapping[str, Any], gates: bool) -> Step:
        """Return the tree of steps of single numbers, or of single gates."""
        by = arithmetic(**how)
        losses = self.scores.totals if self.scores else (self.loss.name or "",)
        several = len(losses) > 1
        if several and gates:
            raise ParameterError(f"the problem has {len(losses)} losses; give it one of them for level 'gates'.")
        trees = [
            solution(
                gate_by_gate(self.nodes[name]) if gates else self.nodes[name], self.parameters,
                given=list(self.given), wrt=self.parameters or None, optimizer=self.rule, title=self.title,
                symbol=name if several else self.symbol, **how,
            )
            for name in losses
        ]  # fmt: skip
        after = [self.after(by, self.parameters, gates)] if self.rule else []
        steps = [*(step for tree in trees for step in tree.children), *after]
        if self.scores:
            steps = self.side_by_side(steps, self.scores, by)
        return replace(trees[-1], children=tuple(steps))

    def side_by_side(self, steps: Sequence[Step], scores: Scores, by: Arithmetic) -> list[Step]:
        """Return the steps of several losses in the order of their kinds, each once, with sentences and tables."""
        read = {step.target for step in steps}
        unread = [self.work(name, by) for name in self.formulas if name not in read]  # other classes' p
        steps = [*steps, *(replace(work.forward()[-1], kind="forward") for work in unread)]
        once = {(step.kind, step.target): step for step in steps}.values()
        reasoned = (replace(step, reason=scores.reasons.get(step.target, "")) for step in once)
        # One loss has its numbers in order already, gates among them; of several, formulas are read between each other.
        order = {name: k for k, name in enumerate(self.formulas)} if len(scores.totals) > 1 else {}
        found = sorted(
            reasoned, key=lambda step: (KINDS.index(step.kind), step.kind == "forward" and order.get(step.target, 0))
        )
        return [*found, *scores.tables({step.target: step.value for step in found if step.kind != "check"})]

    def work(self, name: str, by: Arithmetic, gates: bool = False) -> Work:
        """Return one of the numbers as it is found in an arithmetic; by hand, each gate alone rounds as well."""
        loss = gate_by_gate(self.nodes[name]) if gates else self.nodes[name]
        return Work(loss, self.symbol, list(self.given), self.parameters or None, by)

    def after(self, by: Arithmetic, changed: Sequence[str], gates: bool = False) -> Step:
        """Return the step that finds the loss after the update of some numbers, or of the arrays of all of them."""
        assert self.rule is not None  # noqa: S101 - asked for only then
        steps = f"{self.n_steps:,} step{'s' if self.n_steps > 1 else ''}"
        inputs = tuple(f"{parameter} new" for parameter in changed)
        if by is FULL:
            value: Number = self.loss_after()
        else:
            value = self.work(self.loss.name or "", by, gates).after(self.parameters, self.rule, self.n_steps)
        return Step(
            "update", type(self.rule).__name__, f"{self.loss.name} after {steps}", float(value), inputs=inputs,
            exact=by.exact(value), unrounded=self.loss_after() if by.rounds else None,
        )  # fmt: skip

    def symbolic(self) -> Step:
        """Return the tree of steps that gives every derivative as a formula.

        Raises
        ------
        DataError
            If the problem is a proof.
        """
        if self.proof:
            raise DataError("the problem is a proof, which has no derivatives; explain it without formulas.")
        tree = formulas(
            self.loss, letters=tuple(self.letters), given=[*self.letters, *self.given], wrt=self.parameters or None,
            title=self.title, symbol=self.symbol,
        )  # fmt: skip
        return self.named(tree)

    def loss_after(self) -> float:
        """Return the loss after the steps of the update."""
        assert self.rule is not None  # noqa: S101 - asked for only then
        leaves = {node.name: node for node in named_leaves(self.loss)}
        wrt = [leaves[name] for name in self.parameters]
        derivatives = gradient(self.loss, wrt)
        update = updates_of(self.rule)
        values = {name: self.given[name] for name in self.parameters}
        state = {name: dict.fromkeys(self.rule.state_names, 0.0) for name in self.parameters}
        for t in range(1, self.n_steps + 1):
            found = evaluate(derivatives, {leaves[name]: value for name, value in values.items()})
            for name, derivative in zip(self.parameters, derivatives, strict=True):
                values[name], state[name] = update(values[name], float(found[id(derivative)]), t, state[name])
        at = {leaves[name]: value for name, value in values.items()}
        return float(evaluate([self.loss], at)[id(self.loss)])


def named_leaves(loss: Tensor) -> list[Tensor]:
    """Return the given numbers of a graph."""
    return [node for node in topological_order([loss]) if node.gate is None and node.name]


def updates_of(rule: Optimizer) -> Callable[[float, float, int, dict[str, float]], tuple[float, dict[str, float]]]:
    """Return one step of an update rule as a function of plain numbers; its graph is built once."""
    W, dW, rate, t = (Tensor(1.0, name) for name in ("W", "dW", "learning_rate", "t"))
    state = {name: Tensor(0.0, name) for name in rule.state_names}
    new = rule.update(W, dW, rate, t, **state)

    def step(value: float, derivative: float, count: int, held: dict[str, float]) -> tuple[float, dict[str, float]]:
        given = {W: value, dW: derivative, rate: rule.learning_rate, t: float(count)}
        found = evaluate(new.values(), {**given, **{state[name]: held[name] for name in held}})
        numbers = {name: float(found[id(node)]) for name, node in new.items()}
        return numbers.pop("W"), numbers

    return step
