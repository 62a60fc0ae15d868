"""Every row as a program: printed code, compiled programs and buffered statements give the bits of the graph."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from witnesses.gate_assertions import output_shape, ruled_inputs
from witnesses.gate_samples import case_id, cases, differentiable, inputs_for, random_of, rows_that
from zanjir.graph import Gate, Tensor, apply, gradient
from zanjir.graph.expression import Expression, expression
from zanjir.program.engine import bind
from zanjir.program.function import Function
from zanjir.program.printing import compiled, graph_source, helpers_text

Params = Mapping[str, Any]
DTYPES = (np.float64, np.float32)
every_case = pytest.mark.parametrize(("row", "params"), cases(), ids=case_id)
ARRAYS = rows_that(lambda row: row.signature != "(*)->()")  # a Python number, such as a count, needs no buffer
every_array = pytest.mark.parametrize(("row", "params"), cases(ARRAYS), ids=case_id)
every_rule = pytest.mark.parametrize(("row", "params"), cases(rows_that(differentiable)), ids=case_id)
every_dtype = pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.__name__)


def named_inputs_for(row: Gate, dtype: Any, seed: int = 20) -> dict[str, Tensor]:
    """Random inputs as named leaves; labels stay integers."""
    arrays = [x.astype(dtype) if x.dtype.kind == "f" else x for x in inputs_for(row, seed)]
    return {name: Tensor(x, name) for name, x in zip("xyzuv", arrays, strict=False)}


def assert_same_bits(got: Any, expected: Any) -> None:
    """Equal dtype, shape and bytes."""
    got, expected = np.asarray(got), np.asarray(expected)
    assert (got.dtype, got.shape) == (expected.dtype, expected.shape)
    assert got.tobytes() == expected.tobytes()


def run_function(names: dict[str, Any], text: str, name: str, known: dict[str, Any]) -> dict[str, Any]:
    """Run one function of a printed module on known values, and return its results by the names it returns."""
    function = next(part for part in ast.parse(text).body if isinstance(part, ast.FunctionDef) and part.name == name)
    returned = ast.unparse(function.body[-1]).removeprefix("return ").strip("()").split(", ")
    result = names[name](**{argument.arg: known[argument.arg] for argument in function.args.args})
    return dict(zip(returned, result if len(returned) > 1 else [result], strict=True))


def weighted_loss(row: Gate, inputs: dict[str, Tensor], params: Params) -> Tensor:
    """Return one number that depends on every output of a gate."""
    shape = output_shape(row, [x.value for x in inputs.values()], params)
    dtype = inputs["x"].dtype if inputs["x"].dtype.kind == "f" else inputs["y"].dtype
    weights = Tensor(random_of(row.name, 21).standard_normal(shape).astype(dtype), "weights")
    return (apply(row, *inputs.values(), **params) * weights).sum().named("loss")


@every_dtype
@every_case
def test_the_printed_expression_has_the_bits_of_the_gate(row: Gate, params: Params, dtype: Any) -> None:
    inputs = named_inputs_for(row, dtype)
    out = apply(row, *inputs.values(), **params)
    code = expression(out, [Expression(name, name) for name in inputs]).code
    helpers = "\n\n".join(helpers_text([Function("forward", inputs, {"out": out})]))
    program = compiled(f"{helpers}\n\ndef gate({', '.join(inputs)}):\n    return {code}\n", "<test of the table>")
    assert_same_bits(program["gate"](*(x.value for x in inputs.values())), out.value)


@every_dtype
@every_rule
def test_the_printed_program_has_the_bits_of_the_graph_forward_and_backward(
    row: Gate, params: Params, dtype: Any
) -> None:
    inputs = named_inputs_for(row, dtype)
    loss = weighted_loss(row, inputs, params)
    wrt = {name: x for i, (name, x) in enumerate(inputs.items()) if i in ruled_inputs(row)}
    values = {name: x.value for name, x in inputs.items()} | {"weights": loss.inputs[0].inputs[1].value}
    text = graph_source(loss, list(wrt.values()))
    names = compiled(text, "<test of the table>")
    forward = run_function(names, text, "forward", values)
    backward = run_function(names, text, "backward", values | forward)
    assert_same_bits(forward["loss"], loss.value)
    for name, dx in gradient(loss, wrt).items():
        # A derivative that is an argument itself, such as the weights of a sum, is returned under that name.
        assert_same_bits(backward[dx.name if dx.gate is None else f"d{name}"], dx.value)


@every_dtype
@every_array
def test_the_buffered_statement_has_the_bits_of_the_gate_on_every_run(row: Gate, params: Params, dtype: Any) -> None:
    inputs = named_inputs_for(row, dtype)
    out = apply(row, *inputs.values(), **params)
    arrays = {name: x.value.copy() for name, x in inputs.items()}
    places, run, _ = bind([Function("forward", inputs, {"out": out})], inputs, arrays, {"out": out}, {})
    places["out"][...] = 7  # what an earlier run left behind must not matter
    run()
    assert_same_bits(places["out"], out.value)
    assert_refilled(row, params, dtype, arrays, places["out"], run)


def assert_refilled(row: Gate, params: Params, dtype: Any, arrays: dict[str, Any], place: Any, run: Any) -> None:
    """A second run on other numbers gives their bits."""
    others = named_inputs_for(row, dtype, seed=22)
    for name, x in others.items():
        arrays[name][...] = x.value
    run()
    assert_same_bits(place, apply(row, *others.values(), **params).value)


@every_dtype
@pytest.mark.parametrize("row", rows_that(lambda row: row.elementwise), ids=case_id)
def test_a_gate_may_write_over_an_input_that_nothing_else_reads(row: Gate, dtype: Any) -> None:
    inputs = named_inputs_for(row, dtype)
    out = apply(row, *(np.negative(-x) for x in inputs.values())) * 3
    arrays = {name: x.value.copy() for name, x in inputs.items()}
    places, run, text = bind([Function("forward", inputs, {"out": out})], inputs, arrays, {"out": out}, {})
    run()
    assert_same_bits(places["out"], out.value)
    assert all(arrays[name].tobytes() == x.value.tobytes() for name, x in inputs.items()), text


@every_dtype
@every_rule
def test_buffered_gradients_have_the_bits_of_the_graph(row: Gate, params: Params, dtype: Any) -> None:
    inputs = named_inputs_for(row, dtype)
    loss = weighted_loss(row, inputs, params)
    leaves = {**inputs, "weights": loss.inputs[0].inputs[1]}
    derivatives = {f"d{name}": dx for name, dx in gradient(loss, inputs).items() if dx.gate is not None}
    arrays = {name: x.value.copy() for name, x in leaves.items()}
    results = {"loss": loss, **derivatives}
    places, run, text = bind([Function("backward", leaves, results)], leaves, arrays, results, {})
    run()
    for name, node in results.items():
        assert_same_bits(places[name], node.value)
    assert all(arrays[name].tobytes() == x.value.tobytes() for name, x in leaves.items()), text
