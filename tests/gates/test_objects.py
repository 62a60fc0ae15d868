"""The gate objects of the lecture notes, over the whole table: forward is apply, backward is the gradient."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from witnesses.gate_samples import case_id, cases, inputs_for, random_of, rows_that
from zanjir.errors import GraphError, ParameterError, ShapeError
from zanjir.gates import objects
from zanjir.gates.objects import AddGate, ExpGate, MaximumGate, MultiplyGate, SignGate, SumGate
from zanjir.graph import TABLE, Gate, GateObject, Tensor, apply, gradient, tensor
from zanjir.graph.gate_object import class_name

# Both sides run the same rule; one of them with a factor 1 that is dropped, which may reorder a product.
ROUNDING = 1e-14

ALL_CASES = pytest.mark.parametrize(("row", "params"), cases(), ids=case_id)
ALL_ROWS = pytest.mark.parametrize("row", TABLE.values(), ids=case_id)


def object_of(row: Gate, params: Mapping[str, Any] | None = None) -> GateObject:
    """The gate object of a row."""
    made: GateObject = getattr(objects, class_name(row))(**(params or {}))
    return made


@ALL_CASES
def test_forward_gives_the_bits_of_apply(row: Gate, params: Mapping[str, Any]) -> None:
    inputs = inputs_for(row)
    value, expected = object_of(row, params).forward(*inputs), apply(row, *inputs, **params).value
    assert np.asarray(value).dtype == np.asarray(expected).dtype
    assert np.asarray(value).tobytes() == np.asarray(expected).tobytes()


@ALL_CASES
def test_backward_gives_the_gradient_of_a_weighted_sum(row: Gate, params: Mapping[str, Any]) -> None:
    inputs = inputs_for(row)
    leaves = tuple(tensor(x) for x in inputs)
    out = apply(row, *leaves, **params)
    dz = random_of(row.name).standard_normal(out.shape)
    gate = object_of(row, params)
    gate.forward(*inputs)
    flows = gate.backward(dz)
    expected = gradient((out * dz).sum(), leaves)
    assert len(flows) == len(inputs)
    for rule, flow, dx in zip(row.rules(len(inputs)), flows, expected, strict=True):
        assert (flow is None) == (rule is None)
        if rule is not None:
            assert np.shape(flow) == dx.shape
            np.testing.assert_allclose(flow, dx.value, rtol=ROUNDING, atol=ROUNDING)


@ALL_ROWS
def test_every_row_has_a_class_with_a_name_of_its_own_and_its_facts_as_documentation(row: Gate) -> None:
    made = getattr(objects, class_name(row))
    assert made.__name__ in dir(objects)
    assert made.row is row
    assert inspect.getdoc(made).startswith(f"The gate {row.name}: z = ")
    assert all(kink.convention in made.__doc__ for kink in row.kinks)
    assert ("No derivative flows back." in made.__doc__) == (not any(row.vjp))


def test_no_two_rows_share_a_class() -> None:
    assert len({class_name(row) for row in TABLE.values()}) == len(TABLE)


def test_the_documentation_says_formula_rules_domain_and_kink() -> None:
    assert inspect.getdoc(MaximumGate) == (
        "The gate maximum: z = max(x, y).\n\n"
        "dx = dz * np.heaviside(x - y, 0.5).\n\n"
        "dy = dz * np.heaviside(y - x, 0.5).\n\n"
        "Domain: x in [-1e+100, 1e+100], y in [-1e+100, 1e+100].\n\n"
        "Kink: at x = y, half of g goes to each input."
    )


def test_a_class_is_made_once() -> None:
    assert objects.MultiplyGate is MultiplyGate is getattr(objects, "MultiplyGate")  # noqa: B009 - asked again


def test_the_multiply_gate_of_the_notes() -> None:
    gate = MultiplyGate()
    assert (gate.forward(2, 3), gate.backward(5)) == (6, [15, 10])
    assert gate.backward(1) == [3, 2]  # what forward remembered is still there
    gate.forward(7, 4)
    assert gate.backward(1) == [4, 7]


def test_two_objects_of_one_class_remember_apart() -> None:
    first, second = MultiplyGate(), MultiplyGate()
    first.forward(2, 3)
    second.forward(5, 7)
    assert (first.backward(1), second.backward(1)) == ([3, 2], [7, 5])


@pytest.mark.parametrize("row", rows_that(lambda row: row.elementwise and len(row.vjp) == 2), ids=case_id)
def test_broadcasting_is_undone(row: Gate) -> None:
    inputs = inputs_for(row, shape_of=[(3, 4), (4,)])
    gate = object_of(row)
    assert np.shape(gate.forward(*inputs)) == (3, 4)
    flows = [flow for flow in gate.backward(np.ones((3, 4))) if flow is not None]
    assert [flow.shape for flow in flows] == [
        x.shape for x, rule in zip(inputs, row.vjp, strict=True) if rule is not None
    ]


def test_broadcasting_is_undone_by_a_sum() -> None:
    gate = AddGate()
    gate.forward(np.zeros((3, 2)), np.zeros(2))
    assert gate.backward(np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]))[1].tolist() == [9.0, 12.0]


def test_parameters_are_given_to_the_constructor() -> None:
    gate = SumGate(axis=0)
    assert gate.forward(np.array([[1.0, 2.0], [3.0, 4.0]])).tolist() == [4.0, 6.0]
    assert gate.backward([1.0, 10.0])[0].tolist() == [[1.0, 10.0], [1.0, 10.0]]
    assert repr(gate) == "SumGate(axis=0)"
    with pytest.raises(ParameterError, match=r"^SumGate has no parameter 'axes'; expected axis or keepdims\.$"):
        SumGate(axes=0)
    with pytest.raises(ParameterError, match=r"^AddGate has no parameter 'axis'; expected none\.$"):
        AddGate(axis=0)


def test_an_input_without_a_rule_gets_none() -> None:
    gate = SignGate()
    gate.forward(2.0)
    assert gate.backward(1.0) == [None]


def test_backward_before_forward_is_an_error() -> None:
    with pytest.raises(GraphError, match=r"^ExpGate\.backward needs the inputs of a forward pass; call forward first"):
        ExpGate().backward(1.0)


def test_a_flow_of_another_shape_is_an_error() -> None:
    gate = ExpGate()
    gate.forward([1.0, 2.0])
    with pytest.raises(ShapeError, match=r"^ExpGate\.backward: dz has shape \(3,\); expected \(2,\), as forward gave"):
        gate.backward([1.0, 2.0, 3.0])


def test_a_wrong_number_of_inputs_is_an_error() -> None:
    with pytest.raises(GraphError, match=r"^MultiplyGate takes 2 inputs; got 3\.$"):
        MultiplyGate().forward(1, 2, 3)
    with pytest.raises(GraphError, match=r"^ExpGate takes 1 input; got 0\.$"):
        ExpGate().forward()


def test_a_tensor_is_refused_because_its_graph_would_be_cut() -> None:
    with pytest.raises(GraphError, match=r"x is a tensor already; use it, or its \.value"):
        ExpGate().forward(Tensor(1.0, "x"))


def test_a_name_that_no_row_has_names_near_ones() -> None:
    with pytest.raises(AttributeError, match=r"^no gate object 'MultplyGate'; near names: MultiplyGate"):
        _ = objects.MultplyGate
    with pytest.raises(ImportError, match="cannot import name 'NonsenseGate'"):
        from zanjir.gates.objects import NonsenseGate  # noqa: F401
