"""Problem files of any content: a problem, or one sentence; nothing is run, and it does not take long."""

import json
import string
import sys
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zanjir.errors import DataError, NonFiniteError, ZanjirError
from zanjir.explain import as_html, as_latex, as_script, as_text, load_problem, problem_from_text
from zanjir.explain.problems.formula import FUNCTIONS
from zanjir.explain.problems.network import CLASS_LOSSES, LOSSES

# Of processor time, which a busy machine does not stretch.
SECONDS = 1.0
FEW = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def read(text):
    """Read a problem, which may be refused with one sentence and no other error, and in time."""
    began = time.process_time()
    made, sentence = None, "-"
    try:
        made = problem_from_text(text)
    except ZanjirError as error:
        sentence = str(error)
    assert time.process_time() - began < SECONDS
    assert sentence
    assert "\n" not in sentence
    return made


def solved(made):
    """Return the tree; None if a derivative is not finite, which is said by its name."""
    try:
        return made.solution()
    except NonFiniteError:
        return None


@FEW
@given(st.binary(max_size=200))
def test_any_bytes_are_a_problem_or_one_sentence(tmp_path, content):
    path = tmp_path / "problem.toml"
    path.write_bytes(content)
    with pytest.raises(ZanjirError):
        load_problem(path)


NAMES = st.sampled_from(
    ["x", "w1", "b", "net_h1", "exp", "lambda", "loss", "h", "Y", "t_Y", "out_h", "é", "x 1", "<b>"]
)
TOKENS = st.sampled_from(
    ["x", "w1", "1", "0.5", "-3", "1e308", "1e400", "2j", "'a'", "True", "(", ")", "[", "]", ",", "**", "*", "/", "+",
     "-", "//", "%", "@", "<", ">=", "==", " and ", " or ", " not ", " if ", " else ", "lambda", ":", ".", "=", "for",
     " in ", "__import__", "\n", "\\", "#", "\x00", "é", *FUNCTIONS]
)  # fmt: skip
FORMULAS = st.lists(TOKENS, max_size=12).map("".join) | st.text(max_size=20)
CALLS = st.recursive(
    st.sampled_from(["x", "w1", "-2", "0.5", "0", "1e200"]),
    lambda inner: (
        st.builds("{}({})".format, st.sampled_from([*FUNCTIONS]), st.lists(inner, max_size=3).map(", ".join))
        | st.builds("({} {} {})".format, inner, st.sampled_from(["+", "-", "*", "/", "**", "<"]), inner)
    ),
    max_leaves=8,
)


@FEW
@given(FORMULAS | CALLS)
def test_any_formula_is_computed_or_refused(formula):
    made = read(f"[given]\nx = 0.7\nw1 = -1.3\n[formulas]\nf = {quoted(formula)}\n")
    if made and (tree := solved(made)):
        assert as_text(tree)
        assert as_html(tree)
        json.dumps(tree.as_json(), allow_nan=False)


VALUES = st.recursive(
    st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | NAMES | FORMULAS
    | st.sampled_from(["sgd", "adam", "relu", *LOSSES, *CLASS_LOSSES]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
MATRIX = st.lists(st.lists(NAMES, min_size=1, max_size=2), min_size=1, max_size=2)
LAYER = st.fixed_dictionaries(
    {"units": st.lists(NAMES, max_size=2) | VALUES, "weights": MATRIX | VALUES},
    optional={"bias": NAMES | VALUES, "activation": st.sampled_from(["relu", "identity"]) | VALUES, "other": VALUES},
)
NUMBERS = st.dictionaries(NAMES, st.floats(-2, 2), max_size=3)
SAMPLE = {"inputs": NUMBERS | VALUES, "targets": NUMBERS | VALUES, "target": NAMES | VALUES}
PROBLEM = st.fixed_dictionaries(
    {},
    optional={
        "title": VALUES, "symbol": VALUES, "given": NUMBERS | VALUES,
        "formulas": st.dictionaries(NAMES, FORMULAS | CALLS, max_size=3) | VALUES,
        "network": VALUES | st.fixed_dictionaries(
            {"layers": st.lists(LAYER, max_size=2) | VALUES},
            optional={**SAMPLE, "samples": st.lists(st.fixed_dictionaries({}, optional=SAMPLE), max_size=2) | VALUES,
                      "loss": st.sampled_from([*LOSSES, *CLASS_LOSSES]) | VALUES, "penalty": VALUES, "delta": VALUES,
                      "sigma": VALUES},
        ),
        "update": VALUES | st.fixed_dictionaries(
            {}, optional={"rule": VALUES, "learning_rate": VALUES, "parameters": VALUES, "steps": VALUES}
        ),
    },
)  # fmt: skip


def quoted(text):
    """A text as TOML writes it."""
    signs = {'"': '\\"', "\\": "\\\\"}
    return '"' + "".join(signs.get(c, c if c.isprintable() else f"\\U{ord(c):08x}") for c in text) + '"'


def toml(value):
    """A value as TOML writes it."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return quoted("".join(c for c in value if not "\ud800" <= c <= "\udfff"))
        case list():
            return f"[{', '.join(map(toml, value))}]"
        case dict():
            return "{" + ", ".join(f"{toml(key)} = {toml(x)}" for key, x in value.items()) + "}"
    return repr(value)


@settings(FEW, max_examples=400)
@given(PROBLEM)
def test_any_values_under_the_known_keys_are_a_problem_or_one_sentence(facts):
    made = read("\n".join(f"{key} = {toml(value)}" for key, value in facts.items()))
    if made and (tree := solved(made)):
        assert as_text(tree)


def chain(n):
    """Formulas that rest on one another."""
    return "[given]\nx = 0.5\n[formulas]\n" + "\n".join(
        f'n{k} = "{f"n{k - 1}" if k else "x"} * 1.001"' for k in range(n)
    )


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "[" * 20_000,
        "a." * 20_000 + "b = 1",
        "[given]\nx = 1\n[formulas]\nf = '" + "-" * 3900 + "x'",
        "[given]\nx = 1\n[formulas]\nf = '" + "x + " * 990 + "x'",
        "[given]\nx = 1\n[formulas]\nf = '" + "exp(" * 90 + "x" + ")" * 90 + "'",
        "[given]\nx = 1\n[formulas]\nf = '" + "x ** " * 300 + "x'",
        "[given]\nx = 1\n[formulas]\nf = '" + "9" * 3000 + " * x'",
        "[given]\nx = 1\n[formulas]\nf = '2 ** 2 ** 2 ** 2 ** 2 ** 2 ** 2 * x'",
        "[given]\n" + "\n".join(f"x{k} = {k}" for k in range(20_000)),
        chain(2001),
        '[given]\nx = 1\n[formulas]\na = "b + x"\nb = "a + x"',
    ],
    ids=lambda text: text[:40].replace("\n", " "),
)
def test_what_is_deep_long_large_or_circular_is_refused_at_once(text):
    assert read(text) is None


def test_a_problem_of_two_thousand_numbers_is_read_at_once():
    made = read(chain(1999))
    assert len(made.formulas) == 1999


def test_a_formula_at_the_limit_of_depth_is_rendered():
    made = read("[given]\nx = 0.01\n[formulas]\nf = '" + "x + " * 140 + "x ** 2'")
    tree = made.solution()
    for write in (as_text, as_html, as_latex):
        assert write(tree)
    exec(compile(as_script(tree), "script", "exec"), {})  # noqa: S102 - written by the function under test


HOSTILE = ["<script>alert(1)</script>", r"\input{/etc/passwd}$x$ %", '"""\nimport os', "a\nb\r\u2028c", "{0}{name}"]


@pytest.mark.parametrize("title", HOSTILE)
def test_a_title_is_text_in_every_rendering(title):
    made = read(f"title = {quoted(title)}\n[given]\nx = 2\n[formulas]\nf = 'x * 3'")
    tree = made.solution()
    assert "<script" not in as_html(tree).partition("<body>")[2].partition("</main>")[0]
    assert r"\input{/etc" not in as_latex(tree)
    assert "import os" not in [line.strip() for line in as_script(tree).splitlines()]
    exec(compile(as_script(tree), "script", "exec"), {})  # noqa: S102 - as above


@pytest.mark.parametrize("name", ["os", "__import__", "eval", "open", "exec", "getattr", "compile", "globals"])
def test_a_formula_calls_nothing_of_pythons(name):
    before = set(sys.modules)
    assert read(f"[given]\nx = 1\n[formulas]\nf = \"{name}('x')\"") is None
    assert read(f'[given]\nx = 1\n[formulas]\nf = "x.__class__.{name}"') is None
    assert set(sys.modules) == before


def test_every_printable_sign_alone_is_refused_or_a_formula():
    for sign in string.printable:
        read(f"[given]\nx = 1\n[formulas]\nf = {quoted(f'x * 2 {sign} 1')}")


def test_a_sum_may_have_hundreds_of_terms_and_read_one_number_at_most_150_times():
    given = "\n".join(f"x{k} = {k}" for k in range(500))
    tree = problem_from_text(
        f"[given]\n{given}\n[formulas]\nf = '{' - '.join(f'x{k}' for k in range(500))}'"
    ).solution()
    assert tree.value_of("f") == -sum(range(500))
    assert tree.value_of("dL/df") == tree.value_of("dL/dx0") == -tree.value_of("dL/dx499") == 1.0
    with pytest.raises(DataError, match="the formula reads x 151 times; expected at most 150"):
        problem_from_text(f"[given]\nx = 1\n[formulas]\nf = '{' + '.join(['x'] * 151)}'")
