"""Guides to worked solutions, in both languages: files are problems, commands run, and what is shown is printed."""

import re
import shlex
from pathlib import Path

import pytest

from zanjir.cli import main

DOCS = Path(__file__).parent.parent / "docs"
GUIDES = ("solutions.md", "solutions.fa.md")
WRONG = "exit code 1"  # what stands beside a command that ends with it, as an audit that finds errors


@pytest.fixture(autouse=True)
def workplace(tmp_path, monkeypatch):
    """An empty folder to work in, and a cache of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ZANJIR_CACHE_DIR", str(tmp_path / "cache"))


def text_of(guide):
    return (DOCS / guide).read_text(encoding="utf-8")


def blocks(guide):
    """The fenced blocks of a guide as (language, content), in order."""
    return re.findall(r"^```(\w+)\n(.*?)^```$", text_of(guide), flags=re.DOTALL | re.MULTILINE)


def run(command, capsys):
    """Run a command of ours, and return what it prints."""
    line, _, comment = command.partition(" # ")
    program, *arguments = shlex.split(line)
    assert program == "zanjir"
    code = 0
    try:
        main(arguments)
    except SystemExit as leave:
        code = leave.code
    captured = capsys.readouterr()
    assert code == int(WRONG in comment), (command, captured.err)
    return captured.out


@pytest.mark.parametrize("guide", GUIDES)
def test_a_guide_does_what_it_says(guide, capsys):
    printed = ""
    for language, content in blocks(guide):
        if language == "toml":
            Path(content.splitlines()[0].removeprefix("# ")).write_text(content, encoding="utf-8")
        elif language == "sh":
            printed = "".join(run(command, capsys) for command in content.splitlines())
        elif language == "text":
            assert content in printed


def test_the_readme_shows_what_its_commands_print(capsys):
    section = (DOCS.parent / "README.md").read_text(encoding="utf-8").split("## Worked solutions")[1].split("\n## ")[0]
    commands, shown = re.findall(r"^```\w+\n(.*?)^```$", section, flags=re.DOTALL | re.MULTILINE)
    assert shown in "".join(run(command, capsys) for command in commands.splitlines())


@pytest.mark.parametrize("guide", GUIDES)
def test_the_code_of_a_guide_prints_what_it_says(guide, capsys):
    codes = [content for language, content in blocks(guide) if language == "python"]
    assert len(codes) == 3
    for code in codes:
        exec(compile(code, guide, "exec"), {})  # noqa: S102 - the guide is ours
        said = [line.split("  # ", 1)[1] for line in code.splitlines() if line.startswith("print(")]
        assert capsys.readouterr().out.splitlines() == said


@pytest.mark.parametrize("guide", GUIDES)
def test_every_file_of_a_guide_is_used_by_a_command_of_it(guide):
    commands = "\n".join(content for language, content in blocks(guide) if language == "sh")
    files = [content.splitlines()[0].removeprefix("# ") for language, content in blocks(guide) if language == "toml"]
    assert len(files) >= 8
    assert [file for file in files if file not in commands] == []


# Two languages


def test_both_languages_run_the_same():
    english, persian = (
        [(language, bare(language, content)) for language, content in blocks(guide) if language != "text"]
        for guide in GUIDES
    )
    assert english == persian


def bare(language, content):
    """A block without titles, notes and comments, which are written in the language of the guide."""
    if language == "toml":
        return re.sub(r"^(title|name|place) = .*|^\[variants\..*| *#.*", "", content, flags=re.MULTILINE)
    return re.sub(r" --lang \w+| # .*", "", content) if language == "sh" else content


def test_persian_runs_from_right_to_left_and_code_from_left_to_right():
    text = text_of("solutions.fa.md")
    outside = re.sub(r'^<div dir="rtl">$.*?^</div>$', "", text, flags=re.DOTALL | re.MULTILINE)
    assert re.sub(r"^```.*?^```$", "", outside, flags=re.DOTALL | re.MULTILINE).strip() == ""
    inside = "".join(re.findall(r'^<div dir="rtl">$(.*?)^</div>$', text, flags=re.DOTALL | re.MULTILINE))
    assert "```" not in inside
    # What starts or ends with a sign would be torn apart between words that run from right to left.
    assert [code for code in re.findall(r"`([^`]+)`", inside) if not re.fullmatch(r"\w|[\[\w].*[\]\w]", code)] == []


def test_a_guide_tells_every_key_of_a_problem():
    from zanjir.explain.problems import network, problem_file, score_problem

    keys = {
        *problem_file.KEYS,
        *problem_file.UPDATE_KEYS,
        *network.KEYS,
        *network.LAYER_KEYS,
        *network.LOSSES,
        *network.CLASS_LOSSES,
        *network.PENALTIES,
        *network.ACTIVATIONS,
        *score_problem.KEYS,
        *score_problem.SAMPLE_KEYS,
        *score_problem.LOSSES,
        *score_problem.OVER,
        *score_problem.REDUCTIONS,
    }
    for guide in GUIDES:
        assert [key for key in keys if not re.search(rf"\b{key}\b", text_of(guide))] == []


def test_a_guide_tells_every_form_level_mode_and_limit():
    from zanjir.explain import LEVELS, entries, proof
    from zanjir.explain.problems import formula, problem_file, score_problem

    limits = (
        entries.MOST_NUMBERS,
        formula.LONGEST,
        formula.DEEPEST,
        formula.OFTENEST,
        problem_file.MOST_NUMBERS,
        problem_file.MOST_STEPS,
        proof.MOST_LINES,
        score_problem.MOST_CLASSES,
    )
    words = ["text", "html", "markdown", "latex", "notebook", "python", "svg", "tikz", "json", *LEVELS]
    for guide in GUIDES:
        latin = text_of(guide).translate(str.maketrans("۰۱۲۳۴۵۶۷۸۹٬", "0123456789,"))
        assert [limit for limit in limits if not re.search(rf"(?<![\d,]){limit:,}(?![\d,])", latin)] == []
        assert [word for word in words if f"`{word}`" not in latin] == []
