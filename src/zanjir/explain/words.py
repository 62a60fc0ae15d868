"""What is said in each language: one catalog per language, with the same keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from zanjir.errors import choose
from zanjir.explain.catalogs import audit as audit_words
from zanjir.explain.catalogs import drawing as drawing_words
from zanjir.explain.catalogs import letters as letters_words
from zanjir.explain.catalogs import levels as level_words
from zanjir.explain.catalogs import modes as mode_words
from zanjir.explain.catalogs import reasons as reason_words
from zanjir.explain.catalogs import scores as score_words
from zanjir.explain.differences import WITHIN
from zanjir.explain.steps import Mode, Step

__all__ = ["CATALOGS", "findings", "joined", "mode_note", "note", "said", "titled", "unrounded", "why", "word"]

ENGLISH = {
    "given": "Given",
    "forward": "Forward: the numbers from left to right",
    "loss": "Loss: one number that says how wrong the outputs are",
    "backward": "Backward: the chain rule from right to left",
    "check": "Check: every derivative against a central difference",
    "update": "Update",
    "all_right": "{count} derivatives agree with central differences; the largest relative error is {error}.",
    "all_right_one": "The derivative agrees with its central difference; the relative error is {error}.",
    "tiny": "Derivatives too small for that ({count}) agree as well as rounding lets differences tell: they are off by "
    "{difference} at most.",
    "wrong": "{target} does not agree with its central difference: {value} against {numeric}.",
    "kink": "{target}: {loss} has a kink here, and differences say nothing; the value is the convention of its gate.",
    "edge": "{target}: a central difference leaves the domain of the formula here, and says nothing.",
    "the_loss": "the loss",
    "local": "local",
    "locals": "local derivatives",
    "upstream": "upstream",
    "from": "from {names}",
    "not_computed": "not computed",
    "shape": "an array of shape {shape}",
}
PERSIAN = {
    "given": "داده‌های مسئله",
    "forward": "گذر پیشرو: از ورودی‌ها تا خروجی‌ها",
    "loss": "هزینه: عددی که می‌گوید خروجی‌ها چقدر نادرست‌اند",
    "backward": "گذر پسرو: قاعدهٔ زنجیره‌ای از خروجی‌ها تا ورودی‌ها",
    "check": "وارسی: هر مشتق در برابر تفاضل مرکزی",
    "update": "به‌روزرسانی",
    "all_right": "{count} مشتق با تفاضل مرکزی همخوان است؛ بزرگ‌ترین خطای نسبی {error} است.",
    "all_right_one": "مشتق با تفاضل مرکزی خود همخوان است؛ خطای نسبی {error} است.",
    "tiny": "مشتق‌هایی که برای این مقایسه بیش از حد کوچک‌اند ({count} مشتق) تا آنجا همخوان‌اند که خطای گرد کردن اجازهٔ "
    "داوری می‌دهد: اختلاف حداکثر {difference} است.",
    "wrong": "{target} با تفاضل مرکزی خود همخوان نیست: {value} در برابر {numeric}.",
    "kink": "{target}: {loss} در این نقطه شکستگی دارد و تفاضل چیزی نمی‌گوید؛ این مقدار، قراردادِ دروازهٔ آن است.",
    "edge": "{target}: تفاضل مرکزی در این نقطه از دامنهٔ فرمول بیرون می‌رود و چیزی نمی‌گوید.",
    "the_loss": "هزینه",
    "local": "محلی",
    "locals": "مشتق‌های محلی",
    "upstream": "بالادست",
    "from": "از روی {names}",
    "not_computed": "حساب نشده",
    "shape": "آرایه‌ای با شکل {shape}",
}
# What update rules remember, by their names for it.
HELD = {"m": "why_state_mean", "v": "why_state_squares", "G": "why_state_sum", "u": "why_state_changes"}
VELOCITY = {"v": "why_state_velocity"}
PARTS = (audit_words, drawing_words, letters_words, level_words, mode_words, reason_words, score_words)
CATALOGS: dict[str, dict[str, str]] = {
    "en": ENGLISH | {key: text for part in PARTS for key, text in part.ENGLISH.items()},
    "fa": PERSIAN | {key: text for part in PARTS for key, text in part.PERSIAN.items()},
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


def titled(language: str, titles: str | Mapping[str, str]) -> str:
    """Return a title in a language, in English if it has none, or in the only language that it has.

    Examples
    --------
    >>> titled("fa", {"en": "Homework", "fa": "تمرین"}), titled("fa", "mine"), titled("en", {"fa": "تمرین"})
    ('تمرین', 'mine', 'تمرین')
    """
    if isinstance(titles, str):
        return titles
    return titles.get(language) or titles.get("en") or next(iter(titles.values()))


def word(language: str, key: str) -> str:
    """Return a word of a table in a language; a word that the catalog does not have, such as a name, stays.

    Examples
    --------
    >>> word("fa", "mean"), word("fa", "cat")
    ('میانگین', 'cat')
    """
    return choose("language", language, CATALOGS).get(f"word_{key}", key)


def findings(
    language: str, steps: Sequence[Step], number: Callable[..., str], marked: Callable[[str], str] = str
) -> list[str]:
    """Return what checks found: a sentence for each that failed or says nothing, and one for all the others.

    Parameters
    ----------
    number, marked : function
        How a number, to so many digits, and how a name stand in a sentence.
    """
    checks = [step for step in steps if step.kind == "check" and step.rule != "random points"]
    wrong = [
        said(language, "wrong", target=marked(step.target), value=number(step.value), numeric=number(step.numeric))
        for step in checks
        if step.ok is False
    ]
    kinks = [
        said(
            language, "edge" if step.numeric is None else "kink", target=marked(step.target),
            loss=loss_of(language, step, marked),
        )
        for step in checks
        if step.ok is None
    ]  # fmt: skip
    right = [step.error or 0.0 for step in checks if step.ok and (step.error or 0.0) <= WITHIN]
    key = "all_right_one" if len(right) == 1 else "all_right"
    agree = [said(language, key, count=number(len(right)), error=number(max(right), 2))] if right else []
    small = [step for step in checks if step.ok and (step.error or 0.0) > WITHIN]
    tiny = [abs((step.numeric or 0.0) - (step.value or 0.0)) for step in small]
    absolute = [said(language, "tiny", count=number(len(tiny)), difference=number(max(tiny), 2))] if tiny else []
    return [*wrong, *kinks, *agree, *absolute, *findings_at_points(language, steps, number, marked)]


def findings_at_points(
    language: str, steps: Sequence[Step], number: Callable[..., str], marked: Callable[[str], str]
) -> list[str]:
    """Return what comparing formulas at random points found."""
    checks = [step for step in steps if step.kind == "check" and step.rule == "random points"]
    others = [
        said(
            language,
            "wrong_at_points" if step.points else "no_points",
            target=marked(step.target),
            error=number(step.error, 2),
        )
        for step in checks
        if not step.ok
    ]
    right = [step for step in checks if step.ok]
    error, points = (max((getattr(step, key) for step in right), default=0) for key in ("error", "points"))
    agree = said(
        language, "all_right_at_points", count=number(len(right)), points=number(points), error=number(error, 2)
    )
    return [*others, *([agree] if right else [])]


def mode_note(language: str, mode: Mode | None, number: Callable[[float], str] = str) -> str:
    """Return how the numbers were computed, in a sentence; nothing for full precision.

    Examples
    --------
    >>> mode_note("en", Mode("exact")).partition(":")[0]
    'All numbers are exact'
    """
    if mode is None or mode.name == "full":
        return ""
    key = f"hand_{mode.rounding}_{mode.places}" if mode.name == "hand" else mode.name
    return said(language, key, digits="" if mode.digits is None else number(mode.digits))


def unrounded(language: str, tree: Step, number: Callable[..., str], marked: Callable[[str], str] = str) -> list[str]:
    """Return how far rounding has led each final number away: the loss, derivatives and what is updated."""
    given = {step.target for step in tree.every("given")}
    final = [
        *tree.every("forward", "loss")[-1:],
        *(step for step in tree.every("backward") if step.wrt in given),
        *(step for step in tree.every("update") if step.written is None or step.target.removesuffix(" new") in given),
    ]
    lines = [
        said(
            language, "unrounded_number", target=marked(step.target), value=number(step.value),
            unrounded=number(step.unrounded), difference=number(abs(step.value - step.unrounded), 2),
        )
        for step in final
        if step.value is not None and step.unrounded is not None and step.rule != "given"
    ]  # fmt: skip
    return [said(language, "unrounded_check"), *lines] if lines else []


def note(language: str, step: Step) -> str:
    """Return why a line of a proof holds; what stands between backticks is a formula."""
    return step.note.get(language) or next(iter(step.note.values()), "")


def why(language: str, step: Step, marked: Callable[[str], str] = str, number: Callable[[float], str] = str) -> str:
    """Return why a step's value is what it is, in a sentence.

    Parameters
    ----------
    marked, number : function
        How a name and how a number stand in the sentence.

    Examples
    --------
    >>> why("en", Step("forward", "sigmoid", "out", 0.5, inputs=("net",)))
    'The sigmoid brings any number between 0 and 1; 0 becomes 0.5.'
    """
    if step.note and step.kind != "solution":
        return note(language, step)
    through = [path.through for path in step.paths]
    return said(
        language,
        reason(step),
        name=marked(step.wrt or step.target),
        rule=marked(step.rule),
        inputs=joined(language, [marked(name) for name in step.inputs]),
        through=joined(language, [marked(name) for name in through]),
        loss=loss_of(language, step, marked),
        count=number(len(through)),
    )


def reason(step: Step) -> str:
    """Return the key of the sentence that says why: the one that the step names, or that of its kind."""
    if step.reason:
        return f"reason_{step.reason}"
    match step.kind:
        case "forward":
            return reason_of_rule(step)
        case "backward":
            kind = "why_direct" if is_direct(step) else "why_path" if len(step.paths) == 1 else "why_paths"
            whole = "" if step.local_paths else "_array"
            return f"{kind}{whole}" if step.paths else "why_itself"
        case "update":
            return reason_of_update(step)
        case "check":
            sort = "points" if step.rule == "random points" else "check"
            return f"why_{sort}{ {True: '', False: '_wrong', None: '_none'}[step.ok] }"
    return f"why_{step.rule if step.kind == 'proof' else step.kind}"


def symbol_of(step: Step) -> str:
    """Return what a step differentiates: ``f`` of ``df/dw``; ``L`` where it does not say."""
    return step.target[1:].partition("/d")[0] if "/d" in step.target else "L"


def loss_of(language: str, step: Step, marked: Callable[[str], str]) -> str:
    """Return how a sentence calls what a step differentiates: a circuit has no loss, and its last number a name."""
    symbol = symbol_of(step)
    return said(language, "the_loss") if symbol == "L" else marked(symbol)


def is_direct(step: Step) -> bool:
    """Whether the last number itself reads the one after which a step differentiates."""
    return [path.through for path in step.paths] in (["loss"], [symbol_of(step)])


def reason_of_rule(step: Step) -> str:
    """Return the key of the sentence on the last gate of an expression."""
    symbolic = step.written.symbolic if step.written else ""
    if not step.inputs:
        return "why_constant"
    if step.rule in {"add", "subtract"} and (" * " in symbolic or " @ " in symbolic):
        return "why_products"
    if step.rule == "relu" and step.shape == () and symbolic.endswith(f", {step.inputs[0]})"):
        return "why_relu_on" if step.value is not None and step.value > 0 else "why_relu_off"
    return f"why_{step.rule}" if f"why_{step.rule}" in CATALOGS["en"] else "why_rule"


def reason_of_update(step: Step) -> str:
    """Return the key of the sentence on a part of an update: a new number, what a rule remembers, reads or finds."""
    name, _, new = step.target.partition(" ")
    part = name.partition("(")[0]
    if new != "new":
        known = f"why_part_{part}" if f"why_part_{part}" in CATALOGS["en"] else "why_part"
        return "why_after" if new else "why_setting" if step.rule == "given" else known
    if "(" in name:
        held = VELOCITY if step.rule in {"Momentum", "Nesterov"} else HELD
        return held.get(part, "why_state")
    return "why_update_SGD" if step.rule == "SGD" else "why_update"


def joined(language: str, names: Sequence[str]) -> str:
    """Return names one after the other."""
    return ("، " if language == "fa" else ", ").join(names)
