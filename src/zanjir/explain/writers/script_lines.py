"""A solution of single numbers as lines of plain Python, each of which compares what it computes."""

from __future__ import annotations

import ast
import keyword
import re
import unicodedata
from collections.abc import Iterable, Mapping

from zanjir.errors import GraphError
from zanjir.explain.differences import STEP
from zanjir.explain.steps import Path, Step
from zanjir.explain.words import said, why
from zanjir.explain.writers.dialects import dialect
from zanjir.explain.writers.plain_python import FUNCTIONS, HELPERS
from zanjir.views.summary import one_line

__all__ = ["Script", "quoted"]

# Differences divide the rounding of the loss by twice their step; many steps add theirs up.
AFTER_STEPS, DIFFERENCE = 1e-9, 1e-8


class Script:
    """The writing of a tree of single numbers as lines of plain Python.

    Parameters
    ----------
    tree : Step
        A solution of single numbers.
    language : str
        ``"en"`` or ``"fa"``, for the comments.
    """

    own_names: tuple[str, ...] = (*HELPERS, *FUNCTIONS.values(), "h")  # which no variable may have
    before_call = r"[\w(.=]"  # what follows a word that is no variable: a function, a module, or a setting

    def __init__(self, tree: Step, language: str) -> None:
        self.tree, self.language, self.dialect = tree, language, dialect(tree.mode)
        self.taken = {*keyword.kwlist, *self.own_names, *RESERVED}
        self.names: dict[object, str] = {}
        self.plain: list[tuple[str, str]] = []  # what one step of the update computes, without comparisons
        steps = [step for step in tree.children if step.kind != "check"]
        self.places = {step.target: step.value for step in steps if step.value is not None}
        for step in steps:
            self.name(step.target)
        settings = [step.target for step in tree.every("update") if step.rule == "given"]
        self.count = next((name for name in settings if re.fullmatch("t(_rule)*", name)), None)
        self.reads = {step.target: (*step.inputs, step.target) for step in tree.every("forward", "loss")}

    def start(self, body: str) -> str:
        """Return what stands first: what this is, how numbers are compared, and the functions that are used."""
        used = [name for name in HELPERS if re.search(rf"\b{name}\(", body)]
        helpers = "".join(f"\n\n{self.dialect.helper(HELPERS[name]).strip()}\n" for name in used)
        top = self.dialect.start(max(map(abs, numbers(self.tree)), default=1.0))
        return f"# {one_line(self.tree.target)}\n{top}\n{helpers}"

    def name(self, key: str | tuple[str, ...], wish: str | None = None) -> str:
        """Return the variable of a target, which no other target has."""
        if key not in self.names:
            # Python takes letters that look alike for one; so do these names.
            text = unicodedata.normalize("NFKC", wish or (key if isinstance(key, str) else key[-1]))
            variable = "".join(c if f"a{c}".isidentifier() else "_" for c in text).rstrip("_")
            variable = variable if variable.isidentifier() else f"_{variable}"
            while variable in self.taken:
                variable += "_"
            self.taken.add(variable)
            self.names[key] = variable
        return self.names[key]

    def code(self, symbolic: str, inputs: Iterable[str]) -> str:
        """Return an expression on the script's variables, in plain Python.

        Raises
        ------
        GraphError
            If it has more in it than names, numbers, operators and functions known here.
        """
        code, variables = self.on_variables(symbolic, inputs)
        plain = re.sub(r"\bnp\.(\w+)(?=\()", lambda found: FUNCTIONS.get(found[1], found[0]), code)
        if not is_plain(plain, {*variables, *HELPERS, *FUNCTIONS.values()}):
            raise GraphError(f"the script cannot compute {symbolic!r} in plain Python; expected simpler gates.")
        return plain

    def on_variables(self, symbolic: str, inputs: Iterable[str]) -> tuple[str, set[str]]:
        """Return an expression on the script's variables, and those that it may read."""
        variables = {name: self.names[name] for name in inputs if name in self.names}
        if variables:  # the longest first: dL/dw before dL
            longest = "|".join(map(re.escape, sorted(variables, key=len, reverse=True)))
            name = rf"(?<![\w.])(?:{longest})(?!{self.before_call})"
            symbolic = re.sub(name, lambda found: variables[found[0]], symbolic)
        return symbolic, {*variables.values()}

    def line(self, key: str | tuple[str, ...], said_as: str, code: str, number: str, comment: str = "") -> str:
        """Return a line that computes a number and compares it, and keep what it computes."""
        variable, code, shown = self.name(key), self.dialect.code(code), number
        self.plain.append((variable, code))
        return f"{variable} = agree({quoted(said_as)}, {code}, {shown}){f'  # {comment}' if comment else ''}"

    def given(self) -> list[str]:
        """Return the lines of what is given."""
        return [f"{self.name(step.target)} = {self.number(step)}" for step in self.tree.every("given")]

    def number(self, step: Step) -> str:
        """Return the value of a step with all its digits."""
        return self.dialect.number(step.value, step.exact, step.target)

    def forward(self) -> list[str]:
        """Return the lines of the numbers from left to right."""
        return [self.found(step, step.rule) for step in self.tree.every("forward")]

    def loss(self) -> list[str]:
        """Return the lines of the loss."""
        return [self.found(step, step.rule) for step in self.tree.every("loss")]

    def found(self, step: Step, comment: str) -> str:
        """Return the line of a step that has an expression."""
        assert step.written is not None  # noqa: S101 - asked for only then
        return self.line(
            step.target, step.target, self.code(step.written.symbolic, step.inputs), self.number(step), comment
        )

    def backward(self) -> list[str]:
        """Return the lines of the chain rule: local derivatives, then upstream times local."""
        lines = []
        for step in self.tree.every("backward"):
            reason = one_line(why(self.language, step))
            if not step.paths:
                lines.append(self.line(step.target, step.target, str(step.value), self.number(step), reason))
                continue
            lines += [f"# {reason}", *(self.local(step, path) for path in step.paths)]
            products = [f"{self.names[path.upstream]} * {self.names[local_key(step, path)]}" for path in step.paths]
            codes = [self.dialect.code(product) for product in products]
            if len(products) > 1:
                lines += [
                    f"agree({quoted(name)}, {code}, {self.dialect.number(path.product, path.product_exact, name)})"
                    for name, code, path in zip(products, codes, step.paths, strict=True)
                ]
            total = " + ".join(codes if len(codes) > 1 else products)
            lines.append(self.line(step.target, step.target, total, self.number(step)))
        return lines

    def local(self, step: Step, path: Path) -> str:
        """Return the line of a local derivative."""
        of = f"d{path.through}/{step.target.partition('/')[2]}"
        key = local_key(step, path)
        self.name(key, f"{of}_local" if of in self.names else of)
        code = self.code(path.local.symbolic, self.reads[path.through])
        number = self.dialect.number(path.local_value, path.local_exact, of)
        return self.line(key, of, code, number, said(self.language, "local"))

    def checks(self) -> list[str]:
        """Return every loss as a function of every number, and the lines of central differences."""
        steps = self.tree.every("forward", "loss")
        if not steps:
            return []
        losses = self.tree.every("loss") or steps[-1:]
        unchecked = said(self.language, "unrounded_check")
        reason = "  # differences divide the rounding of the loss by twice their step"
        start = [f"DIFFERENCE = {DIFFERENCE}{reason}" if self.dialect.checks else f"# {unchecked}", "", ""]
        functions = {step.target: "loss_at" for step in losses}
        if len(losses) > 1:
            functions = {name: self.name(("at", name), f"{self.names[name]}_at") for name in functions}
        for loss, function in functions.items():
            start += self.function(function, self.names[loss])
        checks = [step for step in self.tree.every("check") if step.numeric is not None and self.dialect.checks]
        return [*start, *(line for step in checks for line in self.difference(step, functions))]

    def function(self, name: str, loss: str) -> list[str]:
        """Return a loss as a function of what is given, and of what is put in the place of other numbers."""
        leaves = [self.names[step.target] for step in self.tree.every("given")]
        made = [self.names[step.target] for step in self.tree.every("forward", "loss")]
        made = [variable for variable in made if variable != loss]
        codes = dict(self.plain)
        defaults = [*(f"{leaf}={leaf}" for leaf in leaves), *(f"{variable}=None" for variable in made)]
        body = [f"    {variable} = {codes[variable]} if {variable} is None else {variable}" for variable in made]
        return [f"def {name}({', '.join(defaults)}):", *body, f"    return {codes[loss]}", "", ""]

    def difference(self, step: Step, functions: Mapping[str, str]) -> list[str]:
        """Return the lines of a central difference, of the loss whose derivative it is."""
        variable, of = self.names[step.wrt], step.target[1:].partition("/")[0]
        loss = functions.get(of) or next(iter(functions.values()))
        slope = f"({loss}({variable}={variable} + h) - {loss}({variable}={variable} - h)) / (2 * h)"
        numeric = self.dialect.number(step.numeric, None, step.target)
        usual = step.children[0].value == STEP * max(1.0, abs(self.places[step.wrt]))
        size = f"max(1.0, abs({variable}))" if usual else f"abs({variable})"
        return [
            f"h = {self.dialect.code(f'{STEP} * {size}')}",
            f"agree({quoted(step.target)}, {slope}, {numeric}, DIFFERENCE, DIFFERENCE)",
        ]

    def update(self) -> list[str]:
        """Return the lines of one step of the update rule, and the loss after all its steps."""
        lines: list[str] = []
        state: dict[str, str] = {}  # what the next step reads, by the variable that has it now
        for step in self.tree.every("update"):
            if step.rule == "given":
                lines.append(f"{self.name(step.target)} = {self.number(step)}")
            elif step.written is None:
                lines += self.after(step, state)
            else:
                lines.append(self.found(step, step.rule))
                if step.target.endswith(" new"):
                    state[self.names[step.target.removesuffix(" new")]] = self.names[step.target]
        return lines

    def after(self, step: Step, state: Mapping[str, str]) -> list[str]:
        """Return the lines of the loss after some steps: all that was computed again and again, and once more."""
        count = re.search(r" after ([\d,]+) step", step.target)
        n_steps = int(count[1].replace(",", "")) if count else 1
        new = {name: self.names[f"{name} new"] for name in self.places if f"{name} new" in step.inputs}
        loss = f"loss_at({', '.join(f'{self.names[name]}={variable}' for name, variable in new.items())})"
        ending = [f"agree({quoted(step.target)}, {loss}, {self.number(step)})"]
        if self.dialect.tolerances:
            within = f"AFTER_STEPS = {AFTER_STEPS}  # steps add up their rounding"
            ending = [within, f"{ending[0][:-1]}, AFTER_STEPS)"]
        if n_steps == 1:
            return ending
        t = self.names[self.count] if self.count else "_"
        moved = f"{', '.join(state)} = {', '.join(state.values())}"
        return [f"for {t} in range(2, {n_steps + 1}):", f"    {moved}",
                *(f"    {variable} = {code}" for variable, code in self.plain), *ending]  # fmt: skip


RESERVED = (
    "AFTER_STEPS",
    "DIFFERENCE",
    "Fraction",
    "LARGEST",
    "agree",
    "by_hand",
    "decimal",
    "loss_at",
    "math",
    "abs",
    "max",
    "min",
    "range",
    "float",
    "AssertionError",
)


def local_key(step: Step, path: Path) -> tuple[str, ...]:
    """Return what tells a local derivative from everything else."""
    return ("local", path.through, step.target)


def numbers(tree: Step) -> Iterable[float]:
    """Yield every number of a tree that stands in a script."""
    for step in tree.children:
        yield from (step.value or 0.0, step.numeric or 0.0)
        yield from (number for path in step.paths for number in (path.local_value, path.product))
        yield from numbers(step)


def quoted(text: str) -> str:
    """Return a name as Python writes it, in double quotes."""
    inside = one_line(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{inside}"'


def is_plain(code: str, names: set[str]) -> bool:
    """Whether an expression has nothing in it but numbers, operators and names that are known."""
    try:
        nodes = list(ast.walk(ast.parse(code, mode="eval").body))
    except (SyntaxError, ValueError, RecursionError):
        return False
    known = {name.partition(".")[0] for name in names}
    return all(
        isinstance(node, PLAIN) and (not isinstance(node, ast.Name) or node.id in known) for node in nodes
    ) and all(ast.unparse(node) in names for node in nodes if isinstance(node, ast.Attribute))


PLAIN = (
    ast.operator, ast.unaryop, ast.cmpop, ast.expr_context, ast.BinOp, ast.UnaryOp, ast.Compare, ast.Constant,
    ast.Name, ast.Call, ast.keyword, ast.Attribute,
)  # fmt: skip
