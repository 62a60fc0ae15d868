"""Scores of classes in a problem file, or weights that make them, written out as formulas of single numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from zanjir.errors import DataError, ZanjirError, choose
from zanjir.explain.problems.toml_file import is_number
from zanjir.explain.steps import Step, Table
from zanjir.graph.expression import literal

__all__ = ["Scores", "formulas_of_scores", "place_of"]

KEYS = ("classes", "losses", "margin", "over", "reduction", "W", "b", "l2", "samples")
SAMPLE_KEYS = ("name", "scores", "x", "label")
LOSSES = {"hinge": "hinge", "squared_hinge": "squared", "softmax": "softmax"}  # what stands in their names
OVER = ("others", "all")
REDUCTIONS: dict[str, Callable[[int, int], int]] = {  # by what the sum of so many terms, of so many classes, is divided
    "sum": lambda terms, classes: 1,
    "mean": lambda terms, classes: terms,
    "class_mean": lambda terms, classes: classes,
}
MOST_CLASSES, LONGEST_NAME = 60, 30
# So far e^s has a moderate size, and so far above the others -ln p keeps 12 of its digits.
LARGEST_SCORE, LARGEST_LEAD = 30.0, 10.0

SAMPLE = re.compile(r"\[\[\s*scores\s*\.\s*samples\s*\]\]")
Place = Callable[..., str]  # where a key of [scores], or of a sample by its number, stands in the file


@dataclass(frozen=True)
class Sample:
    """A sample: its name, the index of its class, and the names of what belongs to it by class."""

    name: str
    label: int
    ending: str
    scores: tuple[float, ...]

    def of(self, stem: str, name: str | int) -> str:
        """Return the name of a number of this sample."""
        return f"{stem}{self.ending}_{name}"


@dataclass
class Scores:
    """The formulas of a table of scores, and what is to be shown beside each other.

    Parameters
    ----------
    classes : tuple of str
        The names of the classes.
    losses : tuple of str
        Which losses: ``"hinge"``, ``"squared_hinge"``, ``"softmax"``.
    samples : tuple of Sample
        The samples.
    given, formulas : dicts
        Numbers, and formulas of others, by name.
    reasons : dict of str to str
        Which sentence belongs to a number.
    """

    classes: tuple[str, ...]
    losses: tuple[str, ...]
    samples: tuple[Sample, ...]
    given: dict[str, Any] = field(default_factory=dict)
    formulas: dict[str, str] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    l2: float = 0.0

    def total(self, loss: str) -> str:
        """Return the name of a loss of all samples."""
        return "loss" if len(self.losses) == 1 else f"L_{LOSSES[loss]}"

    def data(self, loss: str) -> str:
        """Return the name of the mean over the samples."""
        if not self.l2:
            return self.total(loss)
        return "data" if len(self.losses) == 1 else f"data_{LOSSES[loss]}"

    def own(self, loss: str, sample: Sample) -> str:
        """Return the name of the loss of one sample."""
        if len(self.samples) == 1:
            return self.data(loss)
        return f"L{sample.ending}" if len(self.losses) == 1 else f"L_{LOSSES[loss]}{sample.ending}"

    def reason(self, name: str, key: str) -> None:
        """Let a sentence stand beside a number, where it is first needed."""
        if key not in self.reasons.values():
            self.reasons[name] = key

    @property
    def totals(self) -> tuple[str, ...]:
        """The names of the losses of all samples."""
        return tuple(self.total(loss) for loss in self.losses)

    def tables(self, values: Mapping[str, Any]) -> list[Step]:
        """Return the tables: losses, probabilities, and the derivatives of each sample's own loss.

        Parameters
        ----------
        values : mapping of str to float
            What the solution found, by target.
        """
        titled = {"losses": self.loss_table(values)}
        if "softmax" in self.losses:
            titled["probabilities"] = self.class_table(lambda sample, name: values[sample.of("p", name)])
        for loss in self.losses:
            slope = partial(self.slope, values, loss)
            if slope(self.samples[0], self.classes[0]) is not None:
                titled[f"slopes_{loss}"] = self.class_table(slope)
        return [Step("summary", "table", title, table=table) for title, table in titled.items()]

    def loss_table(self, values: Mapping[str, Any]) -> Table:
        """Return a row per sample with its losses, and their means below."""
        rows: list[tuple[str | float | None, ...]] = []
        for sample in self.samples:
            scores = [values[sample.of("s", name)] for name in self.classes]
            largest = self.classes[scores.index(max(scores))]
            losses = [values[self.own(loss, sample)] for loss in self.losses]
            rows.append((sample.name, self.classes[sample.label], largest, *losses))
        if len(self.samples) > 1:
            rows.append(("mean", "", "", *(values[self.data(loss)] for loss in self.losses)))
        return Table(("sample", "label", "predicted", *self.losses), tuple(rows))

    def class_table(self, value: Callable[[Sample, str], float | None]) -> Table:
        """Return a row per sample with a number for each class."""
        rows = tuple((sample.name, *(value(sample, name) for name in self.classes)) for sample in self.samples)
        return Table(("sample", *self.classes), rows)

    def slope(self, values: Mapping[str, Any], loss: str, sample: Sample, name: str) -> float | None:
        """Return the derivative of a sample's own loss with respect to a score; None if it was not computed."""
        total = self.total(loss)
        symbol = "L" if total == "loss" else total
        derivative = values.get(f"d{symbol}/d{sample.of('s', name)}")
        # Its scores act on the whole through its own loss alone.
        return None if derivative is None else derivative / values[f"d{symbol}/d{self.own(loss, sample)}"]


def formulas_of_scores(facts: Mapping[str, Any], place: Place = lambda *_, **__: "") -> Scores:
    """Return the given numbers and the formulas of a table of scores and their losses.

    Parameters
    ----------
    facts : mapping
        ``classes``: names; ``samples``: each with ``scores`` and a ``label``, and a ``name`` if wanted; ``losses``:
        of ``"hinge"``, ``"squared_hinge"`` and ``"softmax"``. In place of scores, ``W`` (a row per class), ``b`` and
        an ``x`` in each sample, and the weight ``l2`` of the penalty, the sum of W squared. For the hinge losses,
        ``margin`` (1), ``over`` (the ``"others"``, or ``"all"`` classes), and ``reduction``: the ``"sum"`` over
        them, their ``"mean"``, or their sum over the number of classes, ``"class_mean"``.
    place : function
        Where a key stands in the file.

    Returns
    -------
    Scores
        Names are ``s_cat`` for the score of a class, with the number of the sample before it if there are several.

    Raises
    ------
    DataError, ParameterError
        If a part is missing, unknown, or does not fit the others.

    Examples
    --------
    >>> sample = {"scores": [3.2, 5.1, -1.7], "label": "cat"}
    >>> scores = formulas_of_scores({"classes": ["cat", "car", "frog"], "losses": ["hinge"], "samples": [sample]})
    >>> scores.formulas["m_car"], scores.formulas["loss"]
    ('relu(s_car - s_cat + 1)', 'm_car + m_frog')
    """
    chosen("key in [scores]", facts, KEYS, place)
    classes = classes_of(facts, place)
    losses = facts.get("losses", ["softmax"])
    if not isinstance(losses, list) or not losses or len(set(map(str, losses))) < len(losses):
        raise DataError(f"{place('losses')}losses is {losses!r}, expected a list of some of {', '.join(LOSSES)}.")
    chosen("loss", losses, LOSSES, place, "losses")
    if set(losses) == {"softmax"} and (wrong := [key for key in ("margin", "over", "reduction") if key in facts]):
        raise DataError(f"{place(wrong[0])}{wrong[0]} belongs to the hinge losses, and losses has none of them.")
    weights = Weights(facts, classes, place)
    samples = facts.get("samples")
    if not isinstance(samples, list) or not samples:
        raise DataError(f"{place('samples')}[scores] has no samples; expected [[scores.samples]], one for each.")
    endings = [""] if len(samples) == 1 else [f"_{k}" for k in range(1, len(samples) + 1)]
    read = (weights.sample(k, sample, ending) for k, (sample, ending) in enumerate(zip(samples, endings, strict=True)))
    scores = Scores(classes, tuple(losses), tuple(read), weights.given, weights.formulas, l2=weights.l2)
    add_losses(scores, facts, place)
    return scores


def place_of(text: str, key: str, sample: int | None = None) -> str:
    r"""Return where a key stands in a file, in a sample by its number if one is said; nothing if it is not found.

    Examples
    --------
    >>> place_of("[scores]\nlosses = []", "losses"), place_of("", "losses")
    ('line 2: ', '')
    """
    *starts, last = [*(found.start() for found in SAMPLE.finditer(text)), len(text)]
    in_sample = sample is not None and sample < len(starts)
    start, end = (starts[sample], [*starts, last][sample + 1]) if in_sample else (0, last)  # type: ignore[index,operator]
    found = re.compile(rf"^\s*{re.escape(key)}\s*=", re.MULTILINE).search(text, start, end)
    at = found.end() if found else start if in_sample else None
    return "" if at is None else f"line {text.count(chr(10), 0, at) + 1}: "


def chosen(
    what: str, names: Mapping[str, Any] | Sequence[Any], options: Sequence[str] | Mapping[str, Any], place: Place,
    key: str = "", sample: int | None = None,
) -> None:  # fmt: skip
    """Refuse a name that is none of the options, with the line of a key, by default its own."""
    for name in names:
        try:
            choose(what, name if isinstance(name, str) else str(name), dict.fromkeys(options))
        except ZanjirError as error:
            raise type(error)(f"{place(key or name, sample)}{error}") from error


def classes_of(facts: Mapping[str, Any], place: Place) -> tuple[str, ...]:
    """Return the names of the classes."""
    classes = facts.get("classes")
    if not isinstance(classes, list) or not 2 <= len(classes) <= MOST_CLASSES:
        seen = f"has {len(classes)} names" if isinstance(classes, list) else f"is {classes!r}"
        raise DataError(f"{place('classes')}classes {seen}, expected a list of 2 to {MOST_CLASSES} names.")
    for name in classes:
        if not isinstance(name, str) or not f"s_{name}".isidentifier() or len(name) > LONGEST_NAME:
            raise DataError(
                f"{place('classes')}{name!r} is no name for a class; expected letters, digits and _ in quotes, at most "
                f"{LONGEST_NAME} of them."
            )
    if len(set(classes)) < len(classes):
        twice = next(name for name in classes if classes.count(name) > 1)
        raise DataError(f"{place('classes')}the class {twice!r} stands there twice; expected each once.")
    return tuple(classes)


class Weights:
    """What makes the scores: given ones, or W, x and b; it collects what is given, and the formulas of scores."""

    def __init__(self, facts: Mapping[str, Any], classes: tuple[str, ...], place: Place) -> None:
        self.classes, self.place = classes, place
        self.given: dict[str, Any] = {}
        self.formulas: dict[str, str] = {}
        self.W, self.l2 = facts.get("W"), number(facts.get("l2", 0.0), "l2", place("l2"), least=0.0)
        self.b = row(facts["b"], "b", len(classes), place("b")) if "b" in facts else []
        if self.W is None:
            if wrong := [key for key in ("b", "l2") if key in facts]:
                raise DataError(f"{place(wrong[0])}{wrong[0]} is there and W is not; expected both, or given scores.")
            return
        if not isinstance(self.W, list) or len(self.W) != len(classes) or not isinstance(self.W[0], list):
            raise DataError(f"{place('W')}W is no matrix with {len(classes)} rows; expected one for each class.")
        self.width = len(self.W[0])
        if not 1 <= self.width <= MOST_CLASSES:
            raise DataError(f"{place('W')}W has rows of {self.width} numbers, expected 1 to {MOST_CLASSES}.")
        for name, values in zip(classes, self.W, strict=True):
            of_class = row(values, f"the row of W for {name}", self.width, place("W"))
            self.given |= {f"w_{name}_{k}": value for k, value in enumerate(of_class, start=1)}
        self.given |= {f"b_{name}": value for name, value in zip(classes, self.b, strict=False)}

    def sample(self, number: int, facts: Any, ending: str) -> Sample:
        """Return a sample, by its number from 0, and note what is given of it."""
        place = partial(self.place, sample=number)
        where = f"sample {number + 1}"
        if not isinstance(facts, dict):
            raise DataError(f"{place('samples')}{where} is {facts!r}, expected a table: [[scores.samples]].")
        chosen(f"key in {where}", facts, SAMPLE_KEYS, self.place, sample=number)
        label = facts.get("label")
        if label not in self.classes:
            expected = f"one of {', '.join(self.classes)}"
            raise DataError(f"{place('label')}the label of {where} is {label!r}, expected {expected}, in quotes.")
        name = facts.get("name", str(number + 1))
        if not isinstance(name, str) or not name.isprintable() or len(name) > 2 * LONGEST_NAME:
            raise DataError(f"{place('name')}the name of {where} is {name!r}, expected a short text on one line.")
        key, other, count = ("scores", "x", len(self.classes)) if self.W is None else ("x", "scores", self.width)
        if other in facts or key not in facts:
            made = "without W, it has scores" if self.W is None else "with W, it has x, of which scores are made"
            raise DataError(f"{place(other if other in facts else 'label')}{where} does not fit: {made}.")
        values = row(facts[key], f"{key} of {where}", count, place(key))
        return Sample(name, self.classes.index(label), ending, self.scores(values, ending))

    def scores(self, values: Sequence[float], ending: str) -> tuple[float, ...]:
        """Note the scores of a sample, or its x and the formulas of its scores; return the scores."""
        if self.W is None:
            self.given |= {f"s{ending}_{name}": value for name, value in zip(self.classes, values, strict=True)}
            return tuple(values)
        self.given |= {f"x{ending}_{k}": value for k, value in enumerate(values, start=1)}
        found = []
        for name, weights, bias in zip(self.classes, self.W, self.b or [0.0] * len(self.classes), strict=True):
            terms = [f"w_{name}_{k} * x{ending}_{k}" for k in range(1, self.width + 1)]
            self.formulas[f"s{ending}_{name}"] = " + ".join([*terms, *([f"b_{name}"] if self.b else [])])
            found.append(sum(w * x for w, x in zip(weights, values, strict=True)) + bias)
        return tuple(found)


def number(value: Any, what: str, where: str, least: float = -math.inf) -> float:
    """Return a number of the file."""
    if not is_number(value) or value < least:
        expected = "a finite number" if least == -math.inf else f"a finite number of at least {literal(least)}"
        raise DataError(f"{where}{what} is {value!r}, expected {expected}.")
    return float(value)


def row(values: Any, what: str, count: int, where: str) -> list[float]:
    """Return a list of so many numbers of the file."""
    if not isinstance(values, list) or len(values) != count:
        seen = f"has {len(values)} entries" if isinstance(values, list) else f"is {values!r}"
        raise DataError(f"{where}{what} {seen}, expected a list of {count} numbers.")
    return [number(value, f"number {k} of {what}", where) for k, value in enumerate(values, start=1)]


def add_losses(scores: Scores, facts: Mapping[str, Any], place: Place) -> None:
    """Write the formulas of all losses: of each sample, their mean, and the penalty."""
    for key, options in (("over", OVER), ("reduction", tuple(REDUCTIONS))):
        chosen(key, [facts.get(key, options[0])], options, place, key)
    margin = number(facts.get("margin", 1.0), "margin", place("margin"), least=0.0)
    every_class = facts.get("over") == "all"
    reduced = REDUCTIONS[facts.get("reduction", "sum")]
    for sample in scores.samples:
        if scores.losses != ("softmax",):
            add_margins(scores, sample, literal(margin), every_class, reduced)
        if "softmax" in scores.losses:
            add_softmax(scores, sample)
    if scores.l2:
        scores.formulas["R"] = " + ".join(f"{name}**2" for name in scores.given if name.startswith("w_"))
    for loss in scores.losses:
        own = [scores.own(loss, sample) for sample in scores.samples]
        if len(own) > 1:
            scores.formulas[scores.data(loss)] = f"({' + '.join(own)}) / {len(own)}"
        if scores.l2:
            scores.formulas[scores.total(loss)] = f"{scores.data(loss)} + {literal(scores.l2)} * R"


def add_margins(
    scores: Scores, sample: Sample, margin: str, every_class: bool, reduced: Callable[[int, int], int]
) -> None:
    """Write the margins of a sample, and the hinge losses that are made of them."""
    right = scores.classes[sample.label]
    names = [name for name in scores.classes if every_class or name != right]
    for name in names:
        difference = f"{sample.of('s', name)} - {sample.of('s', right)} + {margin}"
        scores.formulas[sample.of("m", name)] = f"relu({difference})"
    divisor = reduced(len(names), len(scores.classes))
    for loss, power in (("hinge", ""), ("squared_hinge", "**2")):
        if loss in scores.losses:
            total = " + ".join(f"{sample.of('m', name)}{power}" for name in names)
            if total in scores.formulas:  # the only margin is the loss itself, and no number has two names
                total = scores.formulas[total]
            own = scores.own(loss, sample)
            scores.formulas[own] = total if divisor == 1 else f"({total}) / {divisor}"
            scores.reason(own, loss)


def add_softmax(scores: Scores, sample: Sample) -> None:
    """Write the powers of e, their sum, the probabilities, and minus the logarithm of that of the right class."""
    of, right, own = sample.of, scores.classes[sample.label], scores.own("softmax", sample)
    top = scores.classes[sample.scores.index(max(sample.scores))]
    others = [s for k, s in enumerate(sample.scores) if k != sample.label]
    lead = sample.scores[sample.label] - max(others)
    plain = max(map(abs, sample.scores)) <= LARGEST_SCORE and lead <= LARGEST_LEAD
    shift = "" if plain else f" - {of('s', top)}"
    names = [name for name in scores.classes if plain or name != top]
    for name in names:
        scores.formulas[of("e", name)] = f"exp({of('s', name)}{shift})"
    total = f"sum{sample.ending}" if len(names) > 1 else of("e", names[0])
    if len(names) > 1:
        scores.formulas[total] = " + ".join(of("e", name) for name in names)
    for name in scores.classes:
        power = of("e", name) if name in names else "1"
        scores.formulas[of("p", name)] = f"{power} / {total}" if plain else f"{power} / (1 + {total})"
    if plain:
        scores.formulas[own] = f"-log({of('p', right)})"
    else:
        distance = "" if right == top else f"{of('s', top)} - {of('s', right)} + "
        scores.formulas[own] = f"{distance}log1p({total})"
        scores.reason(of("e", names[0]), "shifted")
    scores.reason(own, "softmax")
