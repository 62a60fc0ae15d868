"""What is said in each language: one catalog per language, with the same keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from zanjir.errors import choose
from zanjir.explain.audit_words import AUDIT_ENGLISH, AUDIT_PERSIAN
from zanjir.explain.drawing_words import DRAWING_ENGLISH, DRAWING_PERSIAN
from zanjir.explain.letters_words import LETTERS_ENGLISH, LETTERS_PERSIAN
from zanjir.explain.level_words import LEVEL_ENGLISH, LEVEL_PERSIAN
from zanjir.explain.mode_words import MODE_ENGLISH, MODE_PERSIAN
from zanjir.explain.score_words import SCORE_ENGLISH, SCORE_PERSIAN
from zanjir.explain.steps import Mode, Step

__all__ = ["CATALOGS", "findings", "mode_note", "said", "unrounded", "why", "word"]

ENGLISH = {
    "given": "Given",
    "forward": "Forward: the numbers from left to right",
    "loss": "Loss: one number that says how wrong the outputs are",
    "backward": "Backward: the chain rule from the loss to the weights",
    "check": "Check: every derivative against a central difference",
    "update": "Update",
    "why_path": "{name} acts on the loss through {through} alone: upstream times local.",
    "why_paths": "{name} acts on the loss through {count} numbers, {through}: the products add up.",
    "why_loss": "The loss changes as fast as itself.",
    "all_right": "{count} derivatives agree with central differences; the largest relative error is {error}.",
    "wrong": "{target} does not agree with its central difference: {value} against {numeric}.",
    "kink": "{target}: the loss has a kink here, and differences say nothing; the value is the convention of its gate.",
    "edge": "{target}: a central difference leaves the domain of the formula here, and says nothing.",
    "local": "local",
}
PERSIAN = {
    "given": "داده‌ها",
    "forward": "گذر پیشرو: عددها از چپ به راست",
    "loss": "هزینه: یک عدد که می‌گوید خروجی‌ها چقدر نادرست‌اند",
    "backward": "گذر پسرو: قاعدهٔ زنجیره‌ای از هزینه تا وزن‌ها",
    "check": "آزمون: هر مشتق در برابر تفاضل مرکزی",
    "update": "به‌روزرسانی",
    "why_path": "{name} تنها از راه {through} بر هزینه اثر می‌گذارد: گرادیان بالادست ضرب در مشتق محلی.",
    "why_paths": "{name} از راه {count} عدد بر هزینه اثر می‌گذارد، {through}: حاصل‌ضرب‌ها جمع می‌شوند.",
    "why_loss": "هزینه به همان تندیِ خودش تغییر می‌کند.",
    "all_right": "{count} مشتق با تفاضل مرکزی می‌خواند؛ بزرگ‌ترین خطای نسبی {error} است.",
    "wrong": "{target} با تفاضل مرکزی‌اش نمی‌خواند: {value} در برابر {numeric}.",
    "kink": "{target}: هزینه اینجا شکستگی دارد و تفاضل چیزی نمی‌گوید؛ مقدار، قراردادِ دروازهٔ آن است.",
    "edge": "{target}: تفاضل مرکزی در اینجا از دامنهٔ فرمول بیرون می‌رود و چیزی نمی‌گوید.",
    "local": "محلی",
}
CATALOGS = {
    "en": {
        **ENGLISH,
        **AUDIT_ENGLISH,
        **DRAWING_ENGLISH,
        **LETTERS_ENGLISH,
        **LEVEL_ENGLISH,
        **MODE_ENGLISH,
        **SCORE_ENGLISH,
    },
    "fa": {
        **PERSIAN,
        **AUDIT_PERSIAN,
        **DRAWING_PERSIAN,
        **LETTERS_PERSIAN,
        **LEVEL_PERSIAN,
        **MODE_PERSIAN,
        **SCORE_PERSIAN,
    },
}


def said(language: str, key: str, **facts: object) -> str:
    """Return a sentence in a language.

    Raises
    ------
    ParameterError
        If the language is unknown.

    Examples
    --------
    >>> said("en", "given")
    'Given'
    """
    return choose("language", language, CATALOGS)[key].format(**facts)


def word(language: str, key: str) -> str:
    """Return a word of a table in a language; a word that the catalog does not have, such as a name, stays.

    Examples
    --------
    >>> word("fa", "mean"), word("fa", "cat")
    ('میانگین', 'cat')
    """
    return choose("language", language, CATALOGS).get(f"word_{key}", key)


def findings(language: str, steps: Sequence[Step], number: Callable[[float | None], str]) -> list[str]:
    """Return what checks found: a sentence for each that failed or says nothing, and one for all the others."""
    checks = [step for step in steps if step.kind == "check" and step.rule != "random points"]
    wrong = [
        said(language, "wrong", target=step.target, value=number(step.value), numeric=number(step.numeric))
        for step in checks
        if step.ok is False
    ]
    kinks = [
        said(language, "kink" if step.numeric is not None else "edge", target=step.target)
        for step in checks
        if step.ok is None
    ]
    right = [step.error or 0.0 for step in checks if step.ok]
    agree = [said(language, "all_right", count=len(right), error=f"{max(right):.1e}")] if right else []
    return [*wrong, *kinks, *agree, *findings_at_points(language, steps)]


def findings_at_points(language: str, steps: Sequence[Step]) -> list[str]:
    """Return what comparing formulas at random points found."""
    checks = [step for step in steps if step.kind == "check" and step.rule == "random points"]
    others = [
        said(language, "wrong_at_points" if step.points else "no_points", target=step.target, error=f"{step.error}")
        for step in checks
        if not step.ok
    ]
    right = [step for step in checks if step.ok]
    error, points = (max((getattr(step, key) for step in right), default=0) for key in ("error", "points"))
    agree = said(language, "all_right_at_points", count=len(right), points=points, error=f"{error:.1e}")
    return [*others, *([agree] if right else [])]


def mode_note(language: str, mode: Mode | None) -> str:
    """Return how the numbers were computed, in a sentence; nothing for full precision.

    Examples
    --------
    >>> mode_note("en", Mode("exact")).partition(":")[0]
    'All numbers are exact'
    """
    if mode is None or mode.name == "full":
        return ""
    key = f"hand_{mode.rounding}_{mode.places}" if mode.name == "hand" else mode.name
    return said(language, key, digits=mode.digits)


def unrounded(language: str, tree: Step, number: Callable[[float | None], str]) -> list[str]:
    """Return how far rounding has led each final number away: the loss, derivatives and what is updated."""
    given = {step.target for step in tree.every("given")}
    final = [
        *tree.every("forward", "loss")[-1:],
        *(step for step in tree.every("backward") if step.wrt in given),
        *(step for step in tree.every("update") if step.written is None or step.target.removesuffix(" new") in given),
    ]
    lines = [
        said(
            language, "unrounded_number", target=step.target, value=number(step.value),
            unrounded=number(step.unrounded), difference=f"{abs(step.value - step.unrounded):.1e}",
        )
        for step in final
        if step.value is not None and step.unrounded is not None and step.rule != "given"
    ]  # fmt: skip
    return [said(language, "unrounded_check"), *lines] if lines else []


def why(language: str, step: Step, marked: Callable[[str], str] = str) -> str:
    """Return why a derivative is what it is, in a sentence; for other steps, the sentence that they name, if any.

    Parameters
    ----------
    marked : function
        How a name stands in the sentence.
    """
    if step.kind != "backward":
        return said(language, f"reason_{step.reason}") if step.reason else ""
    through = [marked(path.through) for path in step.paths]
    if not through:
        return said(language, "why_loss")
    key = "why_path" if len(through) == 1 else "why_paths"
    name = marked(step.wrt)
    return said(language, key, name=name, count=len(through), through=", ".join(through))
