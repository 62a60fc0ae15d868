"""The questions of the slides: asked and answered in each language, with every number of an answer computed."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from zanjir.errors import choose
from zanjir.explain.problems.formula import value_at
from zanjir.explain.problems.library import problem
from zanjir.explain.words import said
from zanjir.explain.writers.latex import Latex
from zanjir.explain.writers.page import page
from zanjir.explain.writers.writer import LATIN, Writer
from zanjir.graph import Tensor, gradient

__all__ = ["QUESTION_FORMS", "Question", "questions", "questions_as"]


@dataclass(frozen=True)
class Question:
    """A question of the slides and its answer.

    Parameters
    ----------
    id : str
        Its name.
    asked : tuple of str
        Where it stands in the inventory of the lectures: ``S3-10``.
    where, question, answer : dict of str to str
        Where it stands in the slides, what it is, and the answer, by language; in an answer, names in braces stand
        for numbers.
    how : dict of str to dict
        How each number is computed: by ``value``, a formula of the numbers in the solution of a ``problem``, ``with``
        which settings; by a ``formula`` with what is ``given``; or as the shape that ``shapes`` give.
    """

    id: str
    asked: tuple[str, ...]
    where: Mapping[str, str]
    question: Mapping[str, str]
    answer: Mapping[str, str]
    how: Mapping[str, Mapping[str, Any]]

    @cached_property
    def numbers(self) -> dict[str, float | tuple[int, ...]]:
        """The numbers and shapes of the answer, by name."""
        return {name: computed(**how) for name, how in self.how.items()}

    @property
    def problems(self) -> tuple[str, ...]:
        """The problems whose solutions show where the numbers come from."""
        return tuple(dict.fromkeys(how["problem"] for how in self.how.values() if "problem" in how))

    def answered(self, writer: Writer) -> str:
        """Return the answer with its numbers, in the language of a writer."""
        return self.answer[writer.language].format(**{name: shown(x, writer) for name, x in self.numbers.items()})

    def as_json(self) -> dict[str, Any]:
        """Return the question as JSON data; a number that is not finite is a text."""
        numbers = {
            name: list(x) if isinstance(x, tuple) else x if math.isfinite(x) else str(x)
            for name, x in self.numbers.items()
        }
        answers = {language: self.answered(Writer(language, 6)) for language in self.answer}
        facts = {"id": self.id, "asked": list(self.asked), "where": dict(self.where), "question": dict(self.question)}
        return {**facts, "answer": answers, "numbers": numbers, "problems": list(self.problems)}


def questions() -> tuple[Question, ...]:
    """Return every question that the slides ask.

    Examples
    --------
    >>> found = {question.id: question for question in questions()}
    >>> found["hinge-over-all-classes"].numbers["mean"].__round__(6)
    6.266667
    """
    text = Path(__file__).with_name("questions.toml").read_text(encoding="utf-8")
    entries = tomllib.loads(text)["questions"]
    return tuple(
        Question(x["id"], tuple(x["asked"]), x["where"], x["question"], x["answer"], x["numbers"]) for x in entries
    )


def computed(**how: Any) -> float | tuple[int, ...]:
    """Return a number or shape of an answer."""
    if "shapes" in how:
        return SHAPES[how["as"]](*map(tuple, how["shapes"]))
    if "problem" in how:
        names = values_of(how["problem"], tuple(how.get("with", {}).items()))
        return value_at(how["value"], names)
    return value_at(how["formula"], how.get("given", {}))  # limits are values at infinity


@lru_cache
def values_of(name: str, settings: tuple[tuple[str, Any], ...]) -> dict[str, float]:
    """Return the numbers of a problem: what is given, and what follows forward."""
    steps = problem(name, **dict(settings)).solution().every("given", "forward", "loss")
    return {step.target: float(step.value) for step in steps if step.value is not None}


def shape_of_product(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape of a product of matrices."""
    return np.shape(np.broadcast_to(0.0, a) @ np.broadcast_to(0.0, b))


def shape_of_slope(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape of the derivative with respect to what was broadcast."""
    smaller = Tensor(np.zeros(b), "b")
    return gradient((Tensor(np.zeros(a), "a") + smaller).sum(), smaller).shape


SHAPES: dict[str, Callable[..., tuple[int, ...]]] = {
    "product": shape_of_product,
    "sum": np.broadcast_shapes,
    "slope": shape_of_slope,
}


def shown(value: float | tuple[int, ...], writer: Writer) -> str:
    """Return a number or a shape as it stands in an answer."""
    if isinstance(value, tuple):
        return str(value)
    return writer.number(value) if math.isfinite(value) else said(writer.language, "infinity")


def questions_as(form: str, *, language: str = "en", digits: int = 6) -> str:
    """Return all questions and answers in a form.

    Parameters
    ----------
    form : {"text", "html", "markdown", "latex", "json"}
        What to write.
    language : str
        ``"en"`` or ``"fa"``; JSON has both.
    digits : int
        Significant digits that are shown.

    Raises
    ------
    ParameterError
        If there is no such form.

    Examples
    --------
    >>> print(questions_as("text").splitlines()[0])
    The questions of the slides, answered
    """
    return choose("form of the questions", form, QUESTION_FORMS)(language, digits)


def as_lines(language: str, digits: int) -> str:
    """Return the questions as text."""
    writer = Writer(language, digits)
    parts = [
        f"{q.question[language]}  ({q.where[language]})\n  {q.answered(writer)}{seen(writer, q)}" for q in questions()
    ]
    return "\n\n".join([writer.say("questions"), *parts])


def seen(writer: Writer, question: Question) -> str:
    """Return where the numbers of an answer are worked out, as a line of its own."""
    commands = ", ".join(f"zanjir explain {name}" for name in question.problems)
    return f"\n  {writer.say('worked_out', commands=commands)}" if commands else ""


def as_document(language: str, digits: int) -> str:
    """Return the questions as Markdown."""
    writer = Writer(language, digits)
    parts = [
        f"## {q.question[language]}\n\n{q.answered(writer)}\n{seen(writer, q).replace('  ', '')}" for q in questions()
    ]
    body = "\n\n".join([f"# {writer.say('questions')}", *(part.strip() for part in parts)])
    return f'<div dir="rtl">\n\n{body}\n\n</div>\n' if language == "fa" else f"{body}\n"


def as_page(language: str, digits: int) -> str:
    """Return the questions as a page."""
    writer = Writer(language, digits)
    body = "".join(
        f'<section id="{q.id}"><h2>{in_order(q.question[language])}</h2><p>{in_order(q.answered(writer))}</p>'
        f"<p>{in_order(seen(writer, q).strip())}</p></section>\n"
        for q in questions()
    )
    return page(writer.say("questions"), body, language=language)


def in_order(text: str) -> str:
    """Return a sentence for a page, in which names and numbers run from left to right.

    Examples
    --------
    >>> in_order("-2 < x")
    '<bdi>-2 &lt; x</bdi>'
    """
    pieces = LATIN.split(text)
    return "".join(f"<bdi>{escape(piece)}</bdi>" if k % 2 else escape(piece) for k, piece in enumerate(pieces))


def as_tex(language: str, digits: int) -> str:
    """Return the questions as a LaTeX document."""
    writer = Latex(language, digits)
    parts = [
        rf"\subsection*{{{writer.prose(q.question[language])}}}" + f"\n{writer.prose(q.answered(writer))}"
        for q in questions()
    ]
    return writer.document(writer.say("questions"), parts)


def as_data(language: str, digits: int) -> str:
    """Return the questions as JSON, in both languages and with all digits."""
    del language, digits
    return json.dumps([question.as_json() for question in questions()], ensure_ascii=False, allow_nan=False)


QUESTION_FORMS = {"text": as_lines, "html": as_page, "markdown": as_document, "latex": as_tex, "json": as_data}
