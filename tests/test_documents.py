"""Everything that is written down runs: docstrings, the README's example, and its figures of speech."""

import doctest
import importlib
import importlib.util
import pkgutil
import re
import tomllib
from pathlib import Path

import pytest

import zanjir

ROOT = Path(__file__).parent.parent
MODULES = sorted(
    module.name for module in pkgutil.walk_packages(zanjir.__path__, "zanjir.") if "__main__" not in module.name
)


@pytest.mark.parametrize("name", ["zanjir", *MODULES])
def test_the_docstrings_run(name):
    importlib.import_module("zanjir.gates")  # the table is full wherever a tensor is used
    results = doctest.testmod(importlib.import_module(name))
    assert results.failed == 0


def blocks(document, language):
    text = (ROOT / document).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


EXAMPLES = [block for block in blocks("README.md", "python") if block.startswith("import")]


ESTIMATORS = "\n".join(blocks("docs/estimators.md", "python"))


@pytest.mark.parametrize("example", [*EXAMPLES, ESTIMATORS], ids=["write", "differentiate", "classify", "estimators"])
def test_an_example_runs_and_prints_what_it_says(example, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(compile(example, "README.md", "exec"), {})  # noqa: S102 - the README is ours
    printed = iter(capsys.readouterr().out.split("\n"))
    said = [line.split("  # ", 1)[1].strip() for line in example.splitlines() if line.startswith("print(")]
    assert said
    for line in said:
        assert line in printed  # in this order; a table goes on below its first line


def test_the_first_example_of_the_readme_fits_on_a_screen():
    assert len(EXAMPLES[0].strip().splitlines()) <= 15


def test_the_program_in_the_readme_is_the_one_that_is_printed():
    from zanjir.nn import LOSSES, mlp
    from zanjir.optim import RMSProp
    from zanjir.program import Problem, source

    text = source(Problem(mlp([512], 10), LOSSES["softmax"], 784, 10), RMSProp())
    shown = next(block for block in blocks("README.md", "python") if block.startswith("def forward"))
    assert shown in text


def test_the_readme_gives_the_two_commands():
    commands = "\n".join(blocks("README.md", "sh"))
    assert "pip install . && zanjir train digits" in commands
    assert "pip install '.[test]' && pytest" in commands
    assert "pip install --quiet '.[test]'\npytest" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_the_version_is_the_same_everywhere():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == zanjir.__version__
    assert f"## {zanjir.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_architecture_stays_one_page_and_names_every_room():
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 80
    rooms = [path.name for path in (Path(zanjir.__file__).parent).iterdir() if (path / "__init__.py").is_file()]
    assert [room for room in rooms if f"`{room}/`" not in text] == []


def test_the_page_of_gates_is_what_the_table_says():
    written = ROOT / "docs" / "gates.md"
    spec = importlib.util.spec_from_file_location("make_gates", ROOT / "docs" / "make_gates.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert written.read_text(encoding="utf-8") == script.page(), "run python docs/make_gates.py"
