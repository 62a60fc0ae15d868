"""docs/mistakes.md: every mistake gets the message that stands there, word for word, and what to write runs."""

import contextlib
import io
import re
from pathlib import Path

import numpy as np
import pytest

import zanjir
from zanjir.graph.habits import INSTEAD

PAGE = (Path(__file__).parent.parent / "docs" / "mistakes.md").read_text(encoding="utf-8")
HEAD, *THEMES = re.split(r"^## ", PAGE, flags=re.MULTILINE)
UNNOTICED = "What nothing notices"


def blocks(text):
    """Return the fenced blocks of a text as (language, content)."""
    return re.findall(r"^```(\w+)\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)


def sections(theme):
    """Return the titled sections of a theme."""
    return {part.splitlines()[0]: part for part in re.split(r"^### ", theme, flags=re.MULTILINE)[1:]}


MISTAKES = {
    title: part for theme in THEMES if not theme.startswith(UNNOTICED) for title, part in sections(theme).items()
}
SILENT = sections(next(theme for theme in THEMES if theme.startswith(UNNOTICED)))
((_, SETUP),) = blocks(HEAD)


def run(code):
    """Run code after the page's first lines, in names of its own."""
    names = {}
    exec(compile(SETUP, "mistakes.md", "exec"), names)  # noqa: S102 - the page is ours
    exec(compile(code, "mistakes.md", "exec"), names)  # noqa: S102 - the page is ours


def test_the_page_holds_every_kind_of_mistake():
    assert len(MISTAKES) >= 60
    assert len(SILENT) >= 5


@pytest.mark.parametrize("title", MISTAKES)
def test_a_mistake_gets_the_message_of_the_page(title):
    (_, wrong), (language, message), _ = blocks(MISTAKES[title])
    assert language == "text"
    with pytest.raises((ValueError, TypeError, AttributeError, ArithmeticError)) as caught:
        run(wrong)
    assert f"{caught.type.__name__}: {caught.value}" == message.strip()


@pytest.mark.parametrize("title", MISTAKES)
def test_what_the_page_says_to_write_runs(title):
    *_, (_, right) = blocks(MISTAKES[title])
    run(right)


@pytest.mark.parametrize("title", MISTAKES)
def test_a_message_is_one_line_that_ends_as_a_sentence(title):
    _, (_, message), _ = blocks(MISTAKES[title])
    assert re.fullmatch(r"\w+Error: [^\n]+[^\s.][.?)]\n", message)


@pytest.mark.parametrize("title", SILENT)
def test_what_nothing_notices_prints_what_the_page_says(title):
    ((_, code),) = blocks(SILENT[title])
    with contextlib.redirect_stdout(io.StringIO()) as out:
        run(code)
    said = [line.rsplit("# ", 1)[1] for line in code.splitlines() if line.startswith("print(")]
    assert said
    assert out.getvalue().splitlines() == said


# Habits of other libraries

HABITS = sorted({*INSTEAD, "exp", "softmax", "add_", "backwards", "nonzero"})


def suggested(text):
    """Return the longest piece of code after the word "write", or nothing where none stands."""
    words = text.partition("write ")[2].rstrip(".")
    for end in range(len(words), 0, -1):
        try:
            compile(words[:end], "suggestion", "eval")
        except SyntaxError:
            continue
        return words[:end]
    return ""


@pytest.mark.parametrize("name", HABITS)
def test_a_habit_of_another_library_is_answered_with_code_that_runs(name):
    X = zanjir.tensor(np.ones((3, 3)), "X")
    assert not hasattr(X, name)
    with pytest.raises(AttributeError) as caught:
        getattr(X, name)
    found = re.fullmatch(rf"X, a tensor of shape \(3, 3\), has no attribute '{name}': (.+[.?])", str(caught.value))
    assert found
    code = suggested(found[1].replace("dW = ", ""))
    assert code or "write" not in found[1]
    names = {"np": np, "zanjir": zanjir, "X": X, "W": X, "b": X, "n": 2, "number": 0.0, "axis": 0}
    names |= {"mask": X.value > 0, "new": X, "indices": np.zeros((1, 3), int), "shape": (2, 3, 3)}
    if code and "..." not in code and "gradient" not in code:
        names |= {"X": zanjir.tensor(1.0)} if name == "item" else {}
        eval(code, names)  # noqa: S307 - the suggestion is ours


def test_a_tensor_without_a_name_is_called_x_in_the_code_to_write():
    with pytest.raises(
        AttributeError, match=r"^the result of exp, a tensor of shape \(\), .*: write float\(x\.value\)\.$"
    ):
        _ = np.exp(zanjir.tensor(1.0)).item


@pytest.mark.parametrize("name", ["__array_struct__", "_repr_png_", "__array_interface__", "__torch_function__"])
def test_what_libraries_look_for_is_quickly_not_there(name):
    with pytest.raises(AttributeError, match=rf"^a tensor has no attribute '{name}'$"):
        getattr(zanjir.tensor(1.0), name)


def test_a_single_number_is_formatted_like_a_number():
    loss = zanjir.tensor([1.0, 2.0], "w").mean()
    assert f"{loss:.3f} {zanjir.tensor(7):>3d} {zanjir.tensor(0.25):.0%}" == "1.500   7 25%"
    assert f"{loss}" == "Tensor(mean, shape=(), dtype=float64)"
