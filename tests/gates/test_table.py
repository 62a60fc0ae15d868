"""Every row of the table: values, shapes, dtypes and errors. Adding a row adds its tests."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import zanjir.gates
from witnesses.gate_assertions import EXACT_ERROR, assert_values, flow, output_shape, ruled_inputs
from witnesses.gate_samples import (
    EMPTY_PARAMS,
    case_id,
    cases,
    differentiable,
    empty_shapes,
    inputs_for,
    random_of,
    rows_that,
)
from witnesses.gate_values import WITNESSES
from zanjir.errors import ShapeError, ZanjirError
from zanjir.graph import TABLE, Gate, Tensor, apply, gradient

Params = Mapping[str, Any]

LONGEST_ROW = 10
ELEMENTWISE = rows_that(lambda row: row.elementwise)
PAIRS = [row for row in ELEMENTWISE if len(row.core_shapes) == 2]
FIXED_AXES = rows_that(lambda row: not row.elementwise and "*" not in row.signature)
BROADCASTS = [((3, 4), (4,)), ((4,), (3, 4)), ((3, 1), (1, 4)), ((), (3, 4)), ((3, 4), ()), ((2, 3, 4), (3, 1))]
every_case = pytest.mark.parametrize(("row", "params"), cases(), ids=case_id)
every_elementwise = pytest.mark.parametrize("row", ELEMENTWISE, ids=case_id)
every_pair = pytest.mark.parametrize("row", PAIRS, ids=case_id)


def as_float32(inputs: list[Any]) -> list[Any]:
    """Round floating inputs to float32; labels stay integers."""
    return [x.astype(np.float32) if x.dtype.kind == "f" else x for x in inputs]


def derivative(row: Gate, inputs: list[Any], params: Params, i: int) -> Tensor:
    """Return the derivative of the sum of a gate's outputs with respect to input i."""
    x = Tensor(inputs[i])
    return gradient(apply(row, *inputs[:i], x, *inputs[i + 1 :], **params).sum(), x)


def test_every_row_has_a_witness_and_every_witness_a_row() -> None:
    assert set(WITNESSES) == set(TABLE)


def test_every_row_names_itself_and_states_a_domain_for_each_input() -> None:
    for name, row in TABLE.items():
        assert row.name == name
        assert len(row.domain) == len(row.core_shapes) == len(row.vjp), name
        assert row.examples, name


def test_every_row_is_exported_by_the_room() -> None:
    exported = {getattr(zanjir.gates, name).name for name in zanjir.gates.__all__}
    assert exported == set(TABLE)


def test_no_row_is_longer_than_ten_lines() -> None:
    lengths = {}
    for path in Path(zanjir.gates.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "gate":
                lengths[ast.literal_eval(node.args[0])] = node.end_lineno - node.lineno + 1
    assert set(lengths) == set(TABLE)
    assert max(lengths.values()) <= LONGEST_ROW, lengths


def test_no_two_rows_mean_the_same_numpy_function() -> None:
    functions = [row.numpy for row in TABLE.values() if row.numpy is not None]
    assert len(set(functions)) == len(functions)


@every_case
def test_the_value_is_exact_over_the_whole_domain(row: Gate, params: Params) -> None:
    assert_values(row, params)


@every_case
def test_inputs_are_not_changed(row: Gate, params: Params) -> None:
    inputs = inputs_for(row)
    before = [x.tobytes() for x in inputs]
    out = apply(row, *inputs, **params)
    for i in ruled_inputs(row):
        derivative(row, inputs, params, i)
    assert [x.tobytes() for x in inputs] == before
    assert all(node.value.tobytes() == kept for node, kept in zip(out.inputs, before, strict=True))


@every_case
def test_results_cannot_be_written_to(row: Gate, params: Params) -> None:
    inputs = inputs_for(row)
    results = [apply(row, *inputs, **params), *(derivative(row, inputs, params, i) for i in ruled_inputs(row))]
    for result in results:
        if isinstance(result.value, np.ndarray):
            with pytest.raises(ValueError, match="read-only"):
                result.value[...] = 0


@every_case
def test_float32_stays_float32(row: Gate, params: Params) -> None:
    inputs = inputs_for(row)
    narrow = as_float32(inputs)
    wide, out = apply(row, *inputs, **params), apply(row, *narrow, **params)
    if row.name == "astype":  # it says itself which type comes out
        assert out.dtype == params.get("dtype", "float64")
    elif wide.dtype == np.float64:
        assert out.dtype == np.float32
    else:  # comparisons and counts
        assert out.dtype == wide.dtype
    for i in ruled_inputs(row):
        first = derivative(row, narrow, params, i)
        assert first.dtype == np.float32
        x = Tensor(narrow[i])
        once = gradient(apply(row, *narrow[:i], x, *narrow[i + 1 :], **params).sum(), x)
        assert gradient(once.sum(), x).dtype == np.float32


@every_pair
def test_python_numbers_take_the_dtype_of_their_partner(row: Gate) -> None:
    number = 0.75
    for dtype, array_at in itertools.product((np.float32, np.float64), (0, 1)):
        array = np.full((2, 3), 0.5, dtype)
        pair = [number, array] if array_at else [array, number]
        expected = row.forward(*(np.asarray(x, dtype) for x in pair))
        out = apply(row, *pair)
        assert out.dtype == expected.dtype
        np.testing.assert_array_equal(out.value, expected)
        for i in ruled_inputs(row):
            x = Tensor(pair[i])
            dx = gradient(apply(row, *pair[:i], x, *pair[i + 1 :]).sum(), x)
            assert dx.shape == x.shape
            assert dx.dtype == dtype or i != array_at  # a number's own derivative has no dtype to keep


@every_elementwise
def test_zero_dimensional_arrays_give_zero_dimensional_results(row: Gate) -> None:
    inputs = [np.asarray(x[0, 0]) for x in inputs_for(row)]
    out = apply(row, *inputs)
    assert out.shape == ()
    assert all(derivative(row, inputs, {}, i).shape == () for i in ruled_inputs(row))
    whole = row.forward(*(np.full((3, 4), x) for x in inputs))
    np.testing.assert_allclose(out.value, whole[0, 0], rtol=row.relative_error)


@pytest.mark.parametrize("row", TABLE.values(), ids=case_id)
def test_arrays_without_elements_give_empty_results_and_derivatives(row: Gate) -> None:
    answered = 0
    examples = [EMPTY_PARAMS[row.name]] if row.name in EMPTY_PARAMS else row.examples
    for params, sizes in itertools.product(examples, empty_shapes(row)):
        inputs = inputs_for(row, shape_of=sizes)
        try:
            out = apply(row, *inputs, **params)
        except (ShapeError, RuntimeWarning, FloatingPointError):
            continue  # the largest or the mean of nothing, or a shape of another size
        answered += 1
        assert np.isfinite(out.value).all()
        for i in ruled_inputs(row):
            assert derivative(row, inputs, params, i).shape == inputs[i].shape
    assert answered, f"{row.name} takes no array without elements"


@every_pair
@pytest.mark.parametrize("sizes", BROADCASTS, ids=str)
def test_every_pair_of_inputs_broadcasts_and_its_gradients_keep_their_shapes(row: Gate, sizes: Any) -> None:
    inputs = inputs_for(row, shape_of=list(sizes))
    repeated = list(np.broadcast_arrays(*inputs))
    out = apply(row, *inputs)
    np.testing.assert_array_equal(out.value, row.forward(*map(np.ascontiguousarray, repeated)))
    g = random_of(row.name, 5).standard_normal(out.shape)
    for i in ruled_inputs(row):
        got, whole = flow(row, inputs, {}, i, g), flow(row, repeated, {}, i, g)
        assert got.shape == inputs[i].shape
        np.testing.assert_allclose(got, summed_to(whole, got.shape), rtol=EXACT_ERROR, atol=EXACT_ERROR)


def summed_to(whole: Any, shape: tuple[int, ...]) -> Any:
    """Add up each element's copies, one by one."""
    result = np.zeros(shape)
    for index in np.ndindex(whole.shape):
        own = index[len(index) - len(shape) :]
        result[tuple(0 if size == 1 else k for k, size in zip(own, shape, strict=True))] += whole[index]
    return result


@pytest.mark.parametrize("shape", [(4,), (3, 1), (1, 1), (), (3, 4)], ids=str)
def test_broadcast_like_repeats_and_its_gradient_adds_up(shape: tuple[int, ...]) -> None:
    row, rng = TABLE["broadcast_like"], np.random.default_rng(0)
    x, like, g = rng.standard_normal(shape), np.zeros((3, 4)), rng.standard_normal((3, 4))
    np.testing.assert_array_equal(apply(row, x, like).value, np.zeros((3, 4)) + x)
    np.testing.assert_allclose(flow(row, [x, like], {}, 0, g), summed_to(g, shape), rtol=EXACT_ERROR, atol=EXACT_ERROR)


@every_elementwise
def test_a_stack_gives_the_stack_of_values_and_gradients(row: Gate) -> None:
    stack = inputs_for(row, shape_of=[(5, 3, 4)] * len(row.vjp))
    g = random_of(row.name, 6).standard_normal((5, 3, 4))
    layers = [[x[k] for x in stack] for k in range(5)]
    together = apply(row, *stack).value
    np.testing.assert_array_equal(together, np.stack([apply(row, *layer).value for layer in layers]))
    for i in ruled_inputs(row):
        apart = [flow(row, layer, {}, i, g[k]) for k, layer in enumerate(layers)]
        np.testing.assert_array_equal(flow(row, stack, {}, i, g), np.stack(apart))


@every_pair
def test_sizes_that_do_not_broadcast_are_an_error_that_names_gate_tensors_and_shapes(row: Gate) -> None:
    X, b = (Tensor(x, name) for x, name in zip(inputs_for(row, shape_of=[(3, 4), (2,)]), "Xb", strict=True))
    with pytest.raises(ShapeError, match=rf"^{row.name}: X is \(3, 4\), b is \(2,\) do not fit together"):
        apply(row, X, b)


@pytest.mark.parametrize("row", FIXED_AXES, ids=case_id)
def test_a_wrong_number_of_axes_is_an_error_that_names_gate_tensor_and_shape(row: Gate) -> None:
    for i in range(len(row.vjp)):
        inputs = [Tensor(x, f"x{k}") for k, x in enumerate(inputs_for(row))]
        inputs[i] = Tensor(inputs[i].value[None], f"x{i}")
        letters = len(row.core_shapes[i])
        shape = ", ".join(map(str, inputs[i].shape))
        with pytest.raises(ShapeError, match=rf"^{row.name}: x{i} has shape \({shape}\), expected {letters} axes"):
            apply(row, *inputs)


@pytest.mark.parametrize("row", FIXED_AXES, ids=case_id)
def test_two_sizes_for_one_letter_are_an_error_that_names_gate_tensors_and_shapes(row: Gate) -> None:
    letter = next(letter for letter in row.core_shapes[0] if letter in row.core_shapes[1])
    inputs = [Tensor(x, f"x{k}") for k, x in enumerate(inputs_for(row))]
    inputs[1] = Tensor(np.repeat(inputs[1].value, 2, axis=row.core_shapes[1].index(letter)), "x1")
    described = ", ".join(f"x{k} is \\({', '.join(map(str, x.shape))},?\\)" for k, x in enumerate(inputs))
    with pytest.raises(ShapeError, match=rf"^{row.name}: .* differ: {described}; \d+ != \d+\. x1 should have shape"):
        apply(row, *inputs)


@pytest.mark.parametrize(
    ("name", "inputs", "params"),
    [
        ("reshape", [np.ones((3, 4))], {"shape": (5, 2)}),
        ("reshape_like", [np.ones((3, 4)), np.ones((5, 2))], {}),
        ("broadcast_like", [np.ones((3, 4)), np.ones((5, 2))], {}),
        ("expand_dims", [np.ones((3, 4))], {"axis": 7}),
        ("sum", [np.ones((3, 4))], {"axis": 2}),
        ("mean", [np.ones((3, 4))], {"axis": 2}),
        ("count", [np.ones((3, 4))], {"axis": 2}),
        ("softmax", [np.ones((3, 4))], {"axis": 2}),
        ("logsumexp", [np.ones((3, 4))], {"axis": 2}),
        ("uniform_like", [np.ones(3, int), np.ones((3, 4))], {}),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_shapes_and_axes_that_do_not_exist_are_errors(name: str, inputs: list[Any], params: Params) -> None:
    named = [Tensor(x, f"x{k}") for k, x in enumerate(inputs)]
    with pytest.raises(ShapeError, match=rf"^{name}: x0 is \("):
        apply(TABLE[name], *named, **params)


@pytest.mark.parametrize("name", ["pick", "softmax_cross_entropy", "hinge_margins", "one_hot"])
def test_a_label_beyond_the_last_class_is_an_error(name: str) -> None:
    row = TABLE[name]
    inputs = inputs_for(row)
    labels = next(i for i, domain in enumerate(row.domain) if domain.integers)
    inputs[labels] = inputs[labels] + 3
    with pytest.raises(ShapeError, match=f"{name}: .*out of bounds"):
        apply(row, *inputs)


def test_a_gradient_flows_only_to_inputs_with_a_rule() -> None:
    for row in rows_that(differentiable):
        inputs = [Tensor(x) for x in inputs_for(row)]
        out = apply(row, *inputs)
        ones = np.ones(output_shape(row, [x.value for x in inputs], {}))
        for i, (x, dx) in enumerate(zip(inputs, gradient((out * ones).sum(), inputs), strict=True)):
            assert dx.shape == x.shape
            if row.rules(len(inputs))[i] is None:
                assert not dx.value.any()


def without_an_axis(row: Gate, params: Params) -> bool:
    """Whether an example of a gate of one array names no axis, and so takes a single number too."""
    one_array = row.core_shapes == (("*",),) and not row.variadic
    return one_array and {**row.params, **params}.get("axis") is None


@pytest.mark.parametrize(("row", "params"), [case for case in cases() if without_an_axis(*case)], ids=case_id)
def test_a_python_number_gives_what_an_array_of_no_axes_gives(row: Gate, params: Params) -> None:
    array, number = Tensor(np.array(0.5), "x"), Tensor(0.5, "x")
    try:
        expected = apply(row, array, **params)
    except (ZanjirError, np.exceptions.AxisError):
        with pytest.raises((ZanjirError, np.exceptions.AxisError)):
            apply(row, number, **params)
        return
    out = apply(row, number, **params)
    np.testing.assert_array_equal(out.value, expected.value)
    if row.vjp[0] is not None:
        np.testing.assert_array_equal(gradient(out.sum(), number).value, gradient(expected.sum(), array).value)
