"""The JSON Schema of worked solutions: every tree fits it, no other data does, and every key is described."""

import copy
import dataclasses
import functools
import json
import re

import jsonschema
import numpy as np
import pytest

from witnesses.random_circuits import random_circuit
from witnesses.random_networks import random_network
from witnesses.update_rules import RULES
from zanjir.errors import GraphError, ParameterError
from zanjir.explain import (
    LETTERS,
    LEVELS,
    PROBLEMS,
    VERSION,
    Mode,
    Path,
    Step,
    Table,
    Written,
    explained_sample,
    problem,
    problem_from_text,
    questions,
    schema,
    solution,
)
from zanjir.explain.steps import KINDS
from zanjir.gates import relu
from zanjir.graph import Tensor
from zanjir.nn import LOSSES, mlp
from zanjir.optim import Adam
from zanjir.program import Problem
from zanjir.training import Model

MODES = ("full", "hand", "exact")
# No network, so no matrices; several losses, so no gates; sigmoid and exp have no fractions; all are said so.
REFUSALS = r"has no \[network\]|has \d+ losses; give it one|no exact|is no fraction|for all single numbers"
N_RANDOM = 40


@functools.cache
def validator():
    return jsonschema.Draft202012Validator(schema())


def as_data(tree, language="en"):
    """A tree as a program reads it."""
    return json.loads(json.dumps(tree.as_json(language), allow_nan=False))


def valid(tree):
    """Hold a tree to the schema in both languages."""
    for language in ("en", "fa"):
        validator().validate(as_data(tree, language))


def test_the_schema_is_one_of_its_draft_and_of_this_version():
    jsonschema.Draft202012Validator.check_schema(schema())
    assert schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema()["properties"]["version"]["const"] == VERSION


def trees_of(made):
    """The trees of a problem by level and mode; what it has not is refused with a reason that is known."""
    trees, refusals = {}, []
    for level in LEVELS:
        for mode in MODES:
            try:
                trees[level, mode] = made.solution(level=level, mode=mode)
            except (GraphError, ParameterError) as refused:
                refusals.append(str(refused))
    return trees, refusals


@pytest.mark.parametrize("name", PROBLEMS)
def test_every_problem_fits_at_every_level_and_in_every_mode(name):
    made = problem(name)
    trees, refusals = trees_of(made)
    for tree in (made.symbolic(), *trees.values()):
        valid(tree)
    assert trees.keys() >= {("summary", "full"), ("scalars", "full"), ("scalars", "hand")}
    assert [refusal for refusal in refusals if not re.search(REFUSALS, refusal)] == []


@pytest.mark.parametrize("name", LETTERS)
def test_formulas_and_proofs_fit(name):
    valid(problem(name).solution())


def test_one_number_in_focus_fits():
    valid(problem("homework-1").solution(focus="w5"))
    valid(problem("three-images").solution(focus="s_1_cat"))


def test_fractions_fit():
    tree = problem("diamond").solution(mode="exact")
    assert tree.every("backward")[-1].exact is not None
    valid(tree)


def test_the_solutions_behind_the_questions_fit():
    asked = {
        (how["problem"], json.dumps(how.get("with", {})))
        for question in questions()
        for how in question.how.values()
        if "problem" in how
    }
    assert len(asked) > 5
    for name, settings in asked:
        valid(problem(name, **json.loads(settings)).solution())


@pytest.mark.parametrize("seed", range(N_RANDOM))
def test_random_problems_fit(seed):
    valid(random_circuit(seed).solution())
    network = problem_from_text(random_network(seed, tuple(RULES)).text)
    valid(network.solution(level="scalars"))
    valid(network.solution(level="matrices"))


@pytest.mark.parametrize("how", [{"level": "matrices"}, {"level": "summary"}, {"focus": "W2[0, 1]"}], ids=str)
def test_a_model_on_one_sample_fits(how):
    made = Problem(mlp([2], 2), LOSSES["softmax"], in_features=3, n_outputs=2)
    model = Model(made, np.linspace(-1, 1, made.layout.size), ("cat", "dog"))
    valid(explained_sample(model, [1.0, 2.0, 3.0], 1, **how))
    if "focus" not in how:
        valid(explained_sample(model, np.eye(3), [0, 1, 1], optimizer=Adam(), **how))


def test_a_kink_and_a_difference_outside_the_domain_fit():
    x = Tensor(0.0, "x")
    tree = solution(relu(x).named("f"))
    assert tree.every("check")[-1].ok is None
    valid(tree)


# What is no tree


@pytest.fixture
def tree():
    """A fresh tree as data, with steps of most kinds."""
    return as_data(problem("homework-1").solution())


def step_of(tree, kind):
    return next(step for step in tree["children"] if step["kind"] == kind)


def first_path(tree):
    return next(step["paths"][0] for step in tree["children"] if step["paths"])


PLACES = {
    "the root": lambda tree: tree,
    "a step": lambda tree: step_of(tree, "forward"),
    "a step within a step": lambda tree: step_of(tree, "check")["children"][0],
    "a path": first_path,
    "an expression": lambda tree: step_of(tree, "forward")["written"],
    "a mode": lambda tree: tree["mode"],
}


def test_a_tree_changed_by_nothing_fits(tree):
    assert validator().is_valid(tree)


@pytest.mark.parametrize("place", PLACES)
def test_an_unknown_key_does_not_fit(tree, place):
    PLACES[place](tree)["colour"] = "red"
    assert not validator().is_valid(tree)


@pytest.mark.parametrize("place", PLACES)
def test_a_missing_key_does_not_fit(tree, place):
    for key in [*PLACES[place](tree)]:
        broken = copy.deepcopy(tree)
        del PLACES[place](broken)[key]
        assert not validator().is_valid(broken), key


@pytest.mark.parametrize("place", PLACES)
def test_a_wrong_type_does_not_fit(tree, place):
    for key in PLACES[place](tree):
        broken = copy.deepcopy(tree)
        PLACES[place](broken)[key] = {"en": 1}
        assert not validator().is_valid(broken), key


def test_a_version_or_a_kind_that_there_is_not_does_not_fit(tree):
    assert not validator().is_valid({**tree, "version": VERSION + 1})
    assert not validator().is_valid({**tree, "kind": "guess"})


@pytest.mark.parametrize("cell", [[1.0], True, {}])
def test_a_table_with_something_else_in_a_cell_does_not_fit(cell):
    summary = as_data(problem("homework-1").solution(level="summary"))
    assert validator().is_valid(summary)
    step_of(summary, "summary")["table"]["rows"][0][0] = cell
    assert not validator().is_valid(summary)


def test_a_summary_without_a_table_does_not_fit():
    summary = as_data(problem("homework-1").solution(level="summary"))
    step_of(summary, "summary")["table"] = None
    assert not validator().is_valid(summary)


# The schema is the documentation


@pytest.mark.parametrize("part", [Step, Path, Written, Table, Mode])
def test_every_field_is_described(part):
    described = schema()["$defs"][part.__name__]
    also = {"shape", "why"} if part is Step else set()
    assert {*described["properties"]} == {*described["required"]} == {f.name for f in dataclasses.fields(part)} | also
    for name, entry in described["properties"].items():
        assert re.fullmatch(r"[A-Z].{10,}\.", entry["description"]), name


def test_every_kind_of_step_is_named():
    assert schema()["$defs"]["Step"]["properties"]["kind"]["enum"] == [*KINDS]
