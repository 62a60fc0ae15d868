"""Random expressions of the whole table have the value, the gradient and the second derivatives of PyTorch."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings

from oracle.comparing import AGREEMENT, TOO_LARGE, errors
from oracle.growing import GROWN, PROGRAMS, grown
from oracle.programs import Program, read
from zanjir.graph import TABLE

N_STORED = 60
WRONG_BY = 1e-3

needs_torch = pytest.mark.skipif(not importlib.util.find_spec("torch"), reason="PyTorch is not installed")


@pytest.fixture(autouse=True)
def no_silent_overflow() -> Iterator[None]:
    """Overflow, division by zero and invalid operations are errors; underflow to zero is meant."""
    with np.errstate(over="raise", invalid="raise", divide="raise", under="ignore"):
        yield


def stored() -> list[dict[str, Any]]:
    """The stored expressions, with what PyTorch found."""
    return json.loads(Path(__file__).with_name("expressions.json").read_text(encoding="utf-8"))["expressions"]


STORED = [read(one) for one in stored()]


@pytest.mark.parametrize(("program", "expected"), STORED, ids=range(len(STORED)))
def test_a_stored_expression_has_the_derivatives_that_pytorch_found(program: Program, expected: Any) -> None:
    assert max(errors(program, expected)) <= AGREEMENT


def test_the_stored_expressions_use_every_gate() -> None:
    assert len(STORED) == N_STORED
    assert {name for program, _ in STORED for name in program.gates} == set(GROWN)


@needs_torch
@settings(max_examples=20, derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
@given(PROGRAMS)
def test_a_random_expression_has_the_derivatives_of_pytorch(drawn: tuple[Program, list[str]]) -> None:
    from oracle.torch_side import expected

    theirs = expected(drawn[0])
    assume(theirs["sizes"][-1] < TOO_LARGE)
    assert max(errors(drawn[0], theirs)) <= AGREEMENT


@needs_torch
def test_pytorch_has_a_function_for_every_gate() -> None:
    from oracle.torch_gates import GATES

    assert set(GATES) == set(GROWN)


def test_a_program_grows_again_from_the_same_seed() -> None:
    first, second = (grown(["matmul", "sort"], 4, b"chain")[0] for _ in range(2))
    assert [step.gate for step in first.steps] == [step.gate for step in second.steps]
    assert all(np.array_equal(a.value, b.value) for a, b in zip(first.steps, second.steps, strict=True) if not a.gate)


@pytest.mark.parametrize("name", ["matmul", "softmax", "sort", "cholesky", "conv2d_weights"])
def test_a_rule_that_is_slightly_wrong_is_seen(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    row = TABLE[name]
    rule = row.vjp[0]
    assert rule is not None
    monkeypatch.setattr(type(row), "__setattr__", object.__setattr__)
    monkeypatch.setattr(row, "vjp", (lambda *args, **how: rule(*args, **how) * (1 + WRONG_BY), *row.vjp[1:]))
    affected = [errors(program, expected) for program, expected in STORED if name in program.gates]
    assert max(map(max, affected)) > AGREEMENT
