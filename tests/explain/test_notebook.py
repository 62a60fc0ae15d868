"""Solutions as notebooks: of the form that Jupyter reads, with cells that run in order."""

import importlib
import importlib.util
import json
import re

import pytest

from zanjir.explain import PROBLEMS, as_notebook, problem
from zanjir.explain.words import CATALOGS

LANGUAGES = ["en", "fa"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", PROBLEMS)
def test_the_cells_of_a_notebook_run_in_order(name, language):
    tree = problem(name).solution()
    notebook = json.loads(as_notebook(tree, language=language))
    found = {}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            exec(compile(cell["source"], cell["id"], "exec"), found)  # noqa: S102 - written by the function under test
    assert all(found[step.target] == step.value for step in tree.every("forward", "loss"))
    assert all(found[step.target.replace("/", "_")] == step.value for step in tree.every("backward"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_notebook_has_the_form_of_version_4_5(language):
    notebook = json.loads(as_notebook(problem("homework-1").solution(), language=language))
    assert notebook.keys() == {"cells", "metadata", "nbformat", "nbformat_minor"}
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert notebook["metadata"]["kernelspec"].keys() >= {"name", "display_name"}
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name) for name in ids)
    common = {"cell_type", "id", "metadata", "source"}
    keys = {"markdown": common, "code": common | {"execution_count", "outputs"}}
    assert all(cell.keys() == keys[cell["cell_type"]] for cell in notebook["cells"])
    assert all(cell["outputs"] == [] for cell in notebook["cells"] if cell["cell_type"] == "code")


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_and_code_of_each_part_stand_beside_each_other(language):
    cells = json.loads(as_notebook(problem("homework-1").solution(), language=language))["cells"]
    assert [cell["cell_type"] for cell in cells] == ["markdown", "code"] * (len(cells) // 2)
    for words, code in zip(cells[2::2], cells[3::2], strict=True):
        kind = words["id"].removesuffix("-text")
        assert CATALOGS[language][kind] in words["source"]
        assert code["source"].startswith(f"# {CATALOGS[language][kind]}")
        assert ('<div dir="rtl">' in words["source"]) == (language == "fa")


@pytest.mark.skipif(not importlib.util.find_spec("nbformat"), reason="nbformat is not installed")
@pytest.mark.parametrize("language", LANGUAGES)
def test_nbformat_finds_a_notebook_valid(language):
    nbformat = importlib.import_module("nbformat")
    nbformat.validate(nbformat.reads(as_notebook(problem("homework-2").solution(), language=language), as_version=4))
