"""The house keeps its own rules: imports, sizes, names, and what a bare import costs."""

import ast
import importlib
import json
import pkgutil
import re
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

import zanjir

PACKAGE = Path(zanjir.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
MODULES = sorted(module.name for module in pkgutil.walk_packages(zanjir.__path__, "zanjir."))

# Rooms from the lowest to the highest: a room may import itself and what stands before it.
ROOMS = (
    "errors",
    "files",
    "hyperparameter",
    "data",
    "views",
    "graph",
    "gates",
    "nn",
    "optim",
    "program",
    "native",
    "training",
    "models",
    "interchange",
    "explain",
    "plots",
    "cli",
)

LONGEST_FILE = 500
LONGEST_FUNCTION = 50
MEDIAN_FUNCTION = 8
LONGEST_ROW = 10


def functions_in(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            documentation = ast.get_docstring(node, clean=False)
            docstring_lines = documentation.count("\n") + 1 if documentation else 0
            yield node, node.end_lineno - node.lineno + 1 - docstring_lines


def room_of(path):
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[0] if parts[0] in ROOMS else None


def imports_in(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "zanjir":
            yield from (alias.name for alias in node.names if alias.name != "__version__")
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("zanjir."):
            yield node.module.split(".")[1]
        elif isinstance(node, ast.Import):
            yield from (alias.name.split(".")[1] for alias in node.names if alias.name.startswith("zanjir."))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down(path):
    room = room_of(path)
    if room is None:
        assert path.name in ("__init__.py", "__main__.py")
        return
    allowed = set(ROOMS[: ROOMS.index(room) + 1])
    assert set(imports_in(path)) <= allowed


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_file_is_longer_than_500_lines(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_function_is_longer_than_50_lines(path):
    too_long = {node.name: lines for node, lines in functions_in(path) if lines > LONGEST_FUNCTION}
    assert not too_long


def test_half_of_all_functions_have_at_most_8_lines():
    assert statistics.median(lines for path in FILES for _, lines in functions_in(path)) <= MEDIAN_FUNCTION


def test_a_gate_row_has_at_most_10_lines():
    lengths = {}
    for path in (PACKAGE / "gates").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "gate":
                lengths[ast.literal_eval(node.args[0])] = node.end_lineno - node.lineno + 1
    assert len(lengths) > 30
    assert {name: length for name, length in lengths.items() if length > LONGEST_ROW} == {}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_every_public_name_is_documented(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)
    public = [n for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef) and not n.name.startswith("_")]
    # Signatures for type checkers come before the function they describe, which carries the docstring.
    documented = {node.name for node in public if ast.get_docstring(node)}
    assert {node.name for node in public} - documented == set()


@pytest.mark.parametrize("name", MODULES)
def test_all_lists_names_that_exist(name):
    if name == "zanjir.__main__":
        return
    module = importlib.import_module(name)
    assert [entry for entry in getattr(module, "__all__", ()) if not hasattr(module, entry)] == []


def test_nothing_is_pickled_printed_or_left_to_do():
    forbidden = re.compile(
        r"\b(import pickle|import joblib|allow_pickle=True|TODO|FIXME|NotImplementedError)\b|^\s*print\("
    )
    found = [
        f"{p.name}:{i}"
        for p in FILES
        for i, line in enumerate(p.read_text(encoding="utf-8").splitlines(), 1)
        if forbidden.search(line)
    ]
    assert found == []


def modules_after(statement):
    report = "print(json.dumps(sorted(set(sys.modules) - before)))"
    code = f"import sys, json; before = set(sys.modules); {statement}; {report}"
    return json.loads(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)


def outside_the_standard_library(names):
    return {name.split(".")[0] for name in names} - set(sys.stdlib_module_names)


def test_importing_zanjir_loads_nothing_beyond_numpy():
    assert outside_the_standard_library(modules_after("import zanjir")) <= {"zanjir", "numpy"}


def test_using_the_graph_loads_nothing_beyond_numpy():
    loaded = modules_after("import zanjir; zanjir.gradient(zanjir.tensor(2.0) ** 2, zanjir.tensor(1.0))")
    assert outside_the_standard_library(loaded) <= {"zanjir", "numpy"}


def test_every_public_name_of_the_package_loads():
    for name in zanjir.__all__:
        assert getattr(zanjir, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'; it has"):
        _ = zanjir.nonsense
