"""Which gates become one loop nest, and where their results lie."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from zanjir.graph import Tensor
from zanjir.native.collapse import collapsed
from zanjir.native.fusion import Nest
from zanjir.native.memory import assigned, reads_of
from zanjir.native.operations import in_memory_of_their_own
from zanjir.native.translation import Translation
from zanjir.nn import LOSSES, mlp
from zanjir.program import Problem, trace_step
from zanjir.program.passes import prepared


def translated(outputs: Mapping[str, Tensor]) -> Translation:
    return Translation("t", in_memory_of_their_own(prepared(outputs)), {})


def gates(translation: Translation) -> list[list[str]]:
    """The gates of each unit."""
    return [
        [member.operation.gate for member in unit.members.values()] if isinstance(unit, Nest) else [unit.operation.gate]
        for unit in translation.units
    ]


def tensor(*shape: int) -> Tensor:
    return Tensor(np.ones(shape), "x")


def test_gates_of_elements_become_one_nest() -> None:
    x = tensor(4, 5)
    assert gates(translated({"y": np.tanh(x * 2 + 1) - x})) == [["multiply", "add", "tanh", "subtract"]]


def test_sums_along_rows_and_what_reads_them_stay_in_one_nest() -> None:
    x = tensor(4, 5)
    (one,) = gates(translated({"y": x / x.sum(axis=1, keepdims=True)}))
    assert one == ["sum", "divide"]


def test_a_sum_over_rows_is_complete_only_when_its_nest_ends() -> None:
    x = tensor(4, 5)
    assert gates(translated({"y": x - x.sum(axis=0)})) == [["sum"], ["subtract"]]


def test_a_cheap_gate_moves_to_the_nest_that_reads_it() -> None:
    x, W = tensor(4, 5), tensor(5, 5)
    h = np.maximum(0, x)
    masked = (h @ W) * (h > 0)
    assert gates(translated({"h": h, "y": masked})) == [["maximum"], ["matmul"], ["greater", "multiply"]]


def test_tanh_and_its_derivative_share_a_nest() -> None:
    x, W = tensor(4, 5), tensor(5, 5)
    step = trace_step(Problem(mlp([5], 3, activation="tanh"), LOSSES["softmax"], 5, 3))
    outputs = {**step.forward.outputs, **step.backward.outputs}
    assert any({"tanh", "sech2"} <= set(unit) for unit in gates(translated(outputs)))
    assert len(gates(translated({"y": np.tanh(x) @ W}))) == 2


def test_a_whole_softmax_loss_with_its_derivative_is_one_nest_and_the_loss() -> None:
    step = trace_step(Problem(mlp([], 3), LOSSES["softmax"], 5, 3))
    outputs = {**{name: step.forward.outputs[name] for name in ("loss", "scores")}, **step.backward.outputs}
    assert [unit for unit in gates(translated(outputs)) if unit != ["matmul"]][1:] == [
        ["log1p", "subtract", "sum", "divide"]
    ]


def test_neighboring_axes_become_one_where_nothing_jumps() -> None:
    x = tensor(3, 4, 5)
    spaces = {}
    for name, y in {"whole": x * 2, "bias": x + np.ones(5), "turned": x.transpose(2, 0, 1) * 2}.items():
        (nest,) = translated({"y": y}).units
        assert isinstance(nest, Nest)
        spaces[name] = collapsed(nest).space
    assert spaces == {"whole": (60,), "bias": (12, 5), "turned": (5, 12)}


def lifetimes(translation: Translation) -> dict[int, tuple[int, int]]:
    """The first and the last unit that need each result."""
    found: dict[int, tuple[int, int]] = {}
    for i, unit in enumerate(translation.units):
        for root in (*unit.keys, *reads_of(unit, translation.found)):
            found[root] = (found.get(root, (i, i))[0], i)
    return found


def test_memory_is_used_again_but_never_while_it_is_read() -> None:
    x: Any = tensor(64, 64)
    y = x
    for _ in range(12):
        y = np.tanh(y @ x)
    translation = translated({"y": y})
    memory = assigned(translation.units, translation.found, {}, translation.stored)
    lives = lifetimes(translation)
    arrays = {key: memory.arrays[key] for key in lives if key in memory.arrays}
    assert len(arrays) == 24
    assert memory.arena.nbytes <= 3 * x.value.nbytes
    for one, a in arrays.items():
        for other, b in arrays.items():
            if one != other and np.shares_memory(a, b):
                assert lives[one][1] < lives[other][0] or lives[other][1] < lives[one][0]
