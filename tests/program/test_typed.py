"""The listing of a program says type and shape of every step, for any number of samples."""

import re
from textwrap import dedent

import numpy as np
import pytest
from hypothesis import given, settings

from program.cases import CASES
from zanjir import gates
from zanjir.errors import GraphError
from zanjir.graph import Tensor, evaluate
from zanjir.program.passes import common, expand
from zanjir.program.sizes import Size, shapes
from zanjir.program.typed import typed


def test_a_program_is_listed():
    X, W, y = Tensor(np.zeros((2, 3)), "X"), Tensor(np.zeros((3, 4)), "W"), Tensor(np.array([0, 1]), "y")
    loss = gates.softmax_cross_entropy((X @ W).named("scores"), y).mean()
    assert typed(common(expand({"loss": loss, "n": gates.count(X, axis=0), "X": X})), [X, y]) == dedent("""\
        X: float64 (N, 3)
        W: float64 (3, 4)
        y: int64 (N,)
        scores: float64 (N, 4) = matmul X, W
        t1: float64 (N, 1) = max scores, axis=1, keepdims=True
        t2: float64 (N, 4) = subtract scores, t1
        t3: bool (N, 4) = less t2, 0
        t4: float64 (N, 4) = exp t2
        t5: float64 (N, 4) = where t3, t4, 0
        t6: float64 (N, 1) = sum t5, axis=1, keepdims=True
        t7: bool (N, 4) = greater_equal t2, 0
        t8: float64 (N, 4) = astype t7
        t9: float64 (N, 1) = sum t8, axis=1, keepdims=True
        t10: float64 (N, 1) = subtract t9, 1
        t11: float64 (N, 1) = add t6, t10
        t12: float64 (N, 1) = log1p t11
        t13: float64 (N,) = squeeze t12, axis=1
        t14: int64 (N, 1) = expand_dims y, axis=1
        t15: int64 (N, 4) = column_index scores
        t16: bool (N, 4) = equal t14, t15
        t17: float64 (N, 4) = where t16, t2, 0
        t18: float64 (N,) = sum t17, axis=1
        t19: float64 (N,) = subtract t13, t18
        t20: float64 () = sum t19
        t21: int = count t19
        loss: float64 () = divide t20, t21
        n: int = count X, axis=0""")


def test_results_of_one_node_are_listed_each():
    X = Tensor(np.zeros((2, 3)), "X")
    y = (X + 1).named("h")
    assert typed({"a": y, "b": y, "X2": X}, [X]).splitlines()[-3:] == [
        "a: float64 (N, 3) = add X, 1",
        "b = a",
        "X2 = X",
    ]


@pytest.mark.parametrize(
    ("node", "shape"),
    [
        (lambda X: X.T, "(3, N)"),
        (lambda X: X.reshape(-1), "(3 N,)"),
        (lambda X: np.pad(X, ((1, 1), (0, 0))), "(N + 2, 3)"),
        (lambda X: X[1:], "(N - 1, 3)"),
        (lambda X: X.reshape(-1)[2:], "(3 N - 2,)"),
    ],
)
def test_a_size_follows_the_batch(node, shape):
    X = Tensor(np.zeros((2, 3)), "X")
    assert f"float64 {shape} = " in typed({"y": node(X)}, [X]).splitlines()[-1]


def test_a_size_that_does_not_grow_evenly_is_refused():
    X = Tensor(np.zeros((2, 3)), "X")
    with pytest.raises(GraphError, match="does not follow the batch evenly"):
        typed({"y": (X @ X.T).reshape(-1)}, [X])


@settings(deadline=None, max_examples=30)
@given(CASES)
def test_the_sizes_of_a_step_are_those_of_any_batch(case):
    step = case.program
    outputs = {**step.forward.outputs, **step.backward.outputs}
    leaves = step.forward.inputs | step.backward.inputs
    batch = [leaves[name] for name in ("X", "y")]
    found = shapes(outputs.values(), batch)
    values = evaluate(outputs.values(), {leaves[name]: array for name, array in case.batch().items()})
    for key, value in values.items():
        assert np.shape(value) == tuple(size.each * case.n + size.fixed for size in found[key])
    lines = typed(outputs, batch).splitlines()
    names = [re.match(r"\w+", line).group() for line in lines]
    assert len(set(names)) == len(names)
    assert set(outputs) <= set(names)


def test_a_size_is_written_as_a_multiple_of_the_batch():
    assert [str(size) for size in (Size(0, 4), Size(1, 1), Size(2, -3))] == ["4", "N + 1", "2 N - 3"]
