"""Tensors: immutable nodes that speak NumPy, and say what they cannot do."""

from __future__ import annotations

import copy
import math
import operator
import pickle
from typing import Any

import numpy as np
import pytest

import zanjir.gates  # noqa: F401 - fills the table
from witnesses.gate_samples import case_id, inputs_for, rows_that
from zanjir.errors import GraphError, NonFiniteError, ParameterError, ShapeError
from zanjir.graph import TABLE, Gate, Tensor, apply, gradient, protocol, tensor

X = np.array([[1.0, -2.0, 3.0], [4.0, 5.0, -6.0]])
OPERATORS = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
IN_PLACE = (operator.iadd, operator.isub, operator.imul, operator.itruediv, operator.ipow, operator.imatmul)


@pytest.fixture
def x() -> Tensor:
    return tensor(X, "x")


@pytest.mark.parametrize("field", ["value", "name", "gate", "inputs", "params", "grad"])
def test_no_field_of_a_tensor_can_be_set(x: Tensor, field: str) -> None:
    with pytest.raises(
        GraphError, match=rf"a tensor never changes: cannot set '{field}'; build a new tensor instead\."
    ):
        setattr(x, field, 1)


def test_the_value_is_a_read_only_view_without_a_copy() -> None:
    array = X.copy()
    node = tensor(array)
    assert np.shares_memory(node.value, array)
    with pytest.raises(ValueError, match="read-only"):
        node.value[0] = 0
    array[0, 0] = 7  # the owner's array stays the owner's
    assert node.value[0, 0] == 7


@pytest.mark.parametrize("update", IN_PLACE, ids=lambda update: update.__name__)
def test_in_place_operators_are_refused_on_the_value(x: Tensor, update: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        update(x.value, X)


@pytest.mark.parametrize("update", IN_PLACE[:4], ids=lambda update: update.__name__)
def test_in_place_operators_are_refused_and_leave_the_tensor_as_it_was(x: Tensor, update: Any) -> None:
    with pytest.raises(GraphError, match=r"a tensor never changes, so out= and in-place updates do not exist here"):
        update(x, 1.0)
    assert x.value.tobytes() == X.tobytes()


def test_an_array_is_not_updated_in_place_by_a_tensor(x: Tensor) -> None:
    array = np.zeros((2, 3))
    with pytest.raises(GraphError, match="write a = a \\+ b for a \\+= b"):
        array += x
    assert not array.any()


def test_out_is_refused_for_ufuncs_and_functions(x: Tensor) -> None:
    with pytest.raises(GraphError, match=r"^add: a tensor never changes, so out="):
        np.add(x, 1, out=np.empty((2, 3)))
    with pytest.raises(GraphError, match=r"^sum: a tensor never changes, so out="):
        np.sum(x, out=np.empty(()))


def test_a_name_gives_a_new_node_of_the_same_gate(x: Tensor) -> None:
    y = np.exp(x)
    named = y.named("y")
    assert (named.name, y.name) == ("y", None)
    assert (named.gate, named.inputs, named.params) == (y.gate, y.inputs, y.params)
    assert named.value is not None
    assert named.value.tobytes() == y.value.tobytes()


def test_shape_size_and_dtype_are_those_of_the_value(x: Tensor) -> None:
    assert (x.shape, x.ndim, x.size, len(x), x.dtype) == ((2, 3), 2, 6, 2, np.float64)
    assert (tensor(3).shape, tensor(3).ndim, tensor(3).size, tensor(3).dtype) == ((), 0, 1, np.asarray(3).dtype)


def test_a_single_number_has_no_length() -> None:
    with pytest.raises(GraphError, match=r"lr is a single number and has no length; use \.size\."):
        len(tensor(0.1, "lr"))


def test_tensors_are_told_apart_by_identity_and_can_be_keys(x: Tensor) -> None:
    assert {x: 1}[x] == 1
    assert len({x, tensor(X, "x"), x}) == 2


def test_the_representation_says_what_shape_and_dtype(x: Tensor) -> None:
    assert repr(x) == "Tensor(x, shape=(2, 3), dtype=float64)"
    assert repr(np.exp(x)) == "Tensor(exp, shape=(2, 3), dtype=float64)"
    assert repr(tensor(X.astype("f4"))) == "Tensor(constant, shape=(2, 3), dtype=float32)"


def test_labels_in_messages_are_name_number_gate_or_array(x: Tensor) -> None:
    assert [node.label for node in (x, tensor(2.5), np.exp(x), tensor(X))] == [
        "x",
        "2.5",
        "the result of exp",
        "an array",
    ]


@pytest.mark.parametrize("symbol", OPERATORS)
def test_operators_record_their_gate_on_either_side(x: Tensor, symbol: str) -> None:
    operation = OPERATORS[symbol]
    for pair in ((x, x), (x, X), (x, 2.0)):
        out = operation(*pair)
        assert isinstance(out, Tensor)
        np.testing.assert_array_equal(out.value, operation(*(p.value if isinstance(p, Tensor) else p for p in pair)))
    # Python turns 2 > x into x < 2, for which the table has no gate.
    for other in (X, 2.0, np.float64(2.0)) if symbol in "+-*/" else ():
        np.testing.assert_array_equal(operation(other, x).value, operation(other, X))


def test_powers_products_and_signs_read_as_in_numpy(x: Tensor) -> None:
    np.testing.assert_array_equal((x @ X.T).value, X @ X.T)
    np.testing.assert_array_equal((X.T @ x).value, X.T @ X)
    np.testing.assert_array_equal((-x).value, -X)
    np.testing.assert_array_equal(abs(x).value, abs(X))
    np.testing.assert_array_equal((x**3).value, X**3)
    np.testing.assert_array_equal((2.0**x).value, 2.0**X)


def test_the_square_is_the_square_gate_as_in_numpy_itself(x: Tensor) -> None:
    assert [(x**2).gate.name, (x**2.0).gate.name, (x**3).gate.name] == ["square", "square", "power"]
    assert (x**2).value.tobytes() == (X**2).tobytes()


@pytest.mark.parametrize("row", rows_that(lambda row: isinstance(row.numpy, np.ufunc)), ids=case_id)
def test_every_ufunc_of_the_table_records_its_gate(row: Gate) -> None:
    inputs = [Tensor(x) for x in inputs_for(row)]
    out = row.numpy(*inputs)
    assert (out.gate, out.inputs) == (row, tuple(inputs))
    np.testing.assert_array_equal(out.value, row.numpy(*(x.value for x in inputs)))


def test_numpy_functions_record_their_gate_with_numpys_argument_names(x: Tensor) -> None:
    pairs = [
        (np.sum(x), X.sum()), (np.sum(x, axis=0), X.sum(0)), (np.sum(x, 1, keepdims=True), X.sum(1, keepdims=True)),
        (np.mean(x, axis=-1), X.mean(-1)), (np.transpose(x), X.T), (np.reshape(x, (3, 2)), X.reshape(3, 2)),
        (np.expand_dims(x, 1), X[:, None]), (np.zeros_like(x), np.zeros((2, 3))), (np.maximum(0, x), np.maximum(0, X)),
    ]  # fmt: skip
    for out, expected in pairs:
        assert isinstance(out, Tensor)
        np.testing.assert_array_equal(out.value, expected)


def test_methods_read_as_those_of_arrays(x: Tensor) -> None:
    pairs = [
        (x.sum(), X.sum()), (x.sum(axis=1), X.sum(1)), (x.mean(0), X.mean(0)), (x.T, X.T), (x.transpose(), X.T),
        (x.sum(axis=1, keepdims=True), X.sum(1, keepdims=True)), (x.mean(0, keepdims=True), X.mean(0, keepdims=True)),
        (x.reshape(3, 2), X.reshape(3, 2)), (x.reshape((3, 2)), X.reshape(3, 2)), (x.reshape(-1), X.ravel()),
    ]  # fmt: skip
    for out, expected in pairs:
        np.testing.assert_array_equal(out.value, expected)


def test_python_numbers_are_weak_and_numpy_scalars_are_not() -> None:
    narrow = tensor(X.astype(np.float32))
    weak = [narrow * 2.0, 2 * narrow, narrow + 1, narrow / 3, np.maximum(0, narrow), narrow * tensor(0.1, "lr")]
    assert {node.dtype for node in weak} == {np.dtype(np.float32)}
    assert (narrow * np.float64(2.0)).dtype == np.float64


def test_arithmetic_between_python_numbers_stays_pythons() -> None:
    decay = tensor(0.9, "decay")
    total = 1 - decay**3 * 2
    assert type(total.value) is float
    assert total.value == 1 - 0.9**3 * 2
    assert (tensor(np.ones(2, np.float32)) * total).dtype == np.float32


@pytest.mark.parametrize(
    "convert", [np.asarray, np.array, lambda x: np.asarray([x, x])], ids=["asarray", "array", "stack"]
)
def test_turning_a_tensor_into_an_array_would_cut_the_graph(x: Tensor, convert: Any) -> None:
    with pytest.raises(GraphError, match="would cut the graph"):
        convert(x)


def test_float_of_a_tensor_is_refused(x: Tensor) -> None:
    with pytest.raises(GraphError, match=r"^turning the result of sum into a plain number would cut the graph"):
        float(x.sum())
    with pytest.raises(GraphError, match=r"use NumPy functions instead of those of math"):
        math.exp(x.sum())


def test_the_truth_of_a_tensor_is_refused(x: Tensor) -> None:
    with pytest.raises(GraphError, match=r"the truth of x is not recorded in the graph; compare its \.value"):
        bool(x)
    with pytest.raises(GraphError, match="the truth of the result of greater"):
        assert x > 0


def test_an_unsupported_function_names_near_gates(x: Tensor) -> None:
    with pytest.raises(GraphError, match=r"^np\.spacing has no gate; .*Use \.value for numbers"):
        np.spacing(x)
    with pytest.raises(GraphError, match=r"^np\.nansum has no gate; near names: .*\bsum\b"):
        np.nansum(x)
    with pytest.raises(GraphError, match=r"^np\.nancumsum has no gate; near names: .*cumsum"):
        np.nancumsum(x)


def test_methods_and_options_of_ufuncs_that_are_not_recorded_are_refused(x: Tensor) -> None:
    with pytest.raises(GraphError, match=r"np\.subtract\.reduce is not recorded in the graph; expected one of np\.add"):
        np.subtract.reduce(x)
    with pytest.raises(GraphError, match=r"np\.exp\(where=\.\.\.\) is not recorded in the graph: .* select first"):
        np.exp(x, where=X > 0)
    with pytest.raises(GraphError, match=r"np\.sum\(dtype=\.\.\.\) is not recorded in the graph: .* x\.astype"):
        np.sum(x, dtype=np.float32)
    with pytest.raises(GraphError, match=r"np\.sum\(initial=\.\.\.\) is not recorded in the graph: "):
        np.sum(x, initial=3.0)
    with pytest.raises(GraphError, match=r"^np\.diff: .*; it takes a, n, axis\.$"):
        np.diff(x, 1, 0, 0.0)


def test_arguments_that_ask_for_what_happens_anyway_are_taken(x: Tensor) -> None:
    np.testing.assert_array_equal(np.sum(x, out=None, dtype=None, where=True).value, X.sum())
    np.testing.assert_array_equal(np.ravel(x, order="C").value, X.ravel())


def test_methods_of_ufuncs_that_numpy_has_as_functions_are_recorded(x: Tensor) -> None:
    np.testing.assert_array_equal(np.add.reduce(x).value, np.add.reduce(X))
    np.testing.assert_array_equal(np.maximum.reduce(x, 1).value, np.maximum.reduce(X, 1))
    np.testing.assert_array_equal(np.multiply.accumulate(x, axis=1).value, np.multiply.accumulate(X, axis=1))


def test_indexing_by_label_picks_an_entry_of_each_row(x: Tensor) -> None:
    y = np.array([2, 0])
    picked = x[np.arange(2), y]
    assert picked.gate.name == "pick"
    np.testing.assert_array_equal(picked.value, X[np.arange(2), y])
    np.testing.assert_array_equal(x[np.arange(2), tensor(y, "y")].value, picked.value)


KEYS = [
    0, -1, slice(None), (0, 1), (slice(None), 0), (np.array([1, 0]), np.array([0, 0])), (..., 1), (None, 0),
    (slice(None), slice(None, None, -1)), [1, 1, 0], (slice(None), [2, 2, 0]), X > 1, (X > 1).any(axis=1), (),
    (slice(None), None, [True, False, True]), np.array([], dtype=int),
]  # fmt: skip


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_indexing_reads_as_in_numpy_and_its_gradient_adds_up_where_it_took_from(x: Tensor, key: Any) -> None:
    part = x[key]
    np.testing.assert_array_equal(part.value, X[key])
    g = np.random.default_rng(0).standard_normal(part.shape)
    expected = np.zeros_like(X)
    np.add.at(expected, key, g)
    np.testing.assert_array_equal(gradient((part * g).sum(), x).value, expected)


@pytest.mark.parametrize("key", ["text", 1.5, {}], ids=repr)
def test_what_is_no_index_is_refused(x: Tensor, key: Any) -> None:
    with pytest.raises(GraphError, match=r"^x\[.*\] is no index; expected integers, slices or arrays of them\.$"):
        x[key]
    with pytest.raises(GraphError, match=r"^an index holds whole numbers or truth values; got float64"):
        x[np.array([0.5])]


def test_an_index_beyond_the_end_is_an_error_that_names_the_tensor(x: Tensor) -> None:
    with pytest.raises(ShapeError, match=r"^index: x is \(2, 3\).*index 5 is out of bounds"):
        x[5]


def test_assigning_to_elements_is_refused_with_what_to_do(x: Tensor) -> None:
    with pytest.raises(GraphError, match=r"^a tensor never changes: cannot assign to x\[\.\.\.\]; .*np\.where"):
        x[0] = 1.0  # type: ignore[index]


def test_a_tensor_is_iterated_over_its_first_axis(x: Tensor) -> None:
    rows = list(x)
    assert [row.shape for row in rows] == [(3,), (3,)]
    np.testing.assert_array_equal(rows[1].value, X[1])


@pytest.mark.parametrize("value", [1j, "text", None, [1.0, None], np.array(["a"])], ids=repr)
def test_what_is_not_a_real_number_is_refused(value: Any) -> None:
    fix = r"(Convert it to float|Take np\.real or np\.abs of it) first"
    with pytest.raises(GraphError, match=rf"^a tensor holds real numbers; got .* data, such as .*\. {fix}\.$"):
        tensor(value)


def test_a_tensor_of_a_tensor_is_refused(x: Tensor) -> None:
    with pytest.raises(GraphError, match=r"x is a tensor already; use it, or its \.value\."):
        tensor(x)


def test_the_error_for_inner_sizes_says_who_should_have_which_shape() -> None:
    W1 = tensor(np.ones((4, 8)), "W1")
    sizes = r"X is \(5, 3\), W1 is \(4, 8\); 3 != 4"
    message = rf"^matmul: inner sizes differ: {sizes}\. W1 should have shape \(3, \.\.\.\) to fit X\.$"
    with pytest.raises(ShapeError, match=message):
        tensor(np.ones((5, 3)), "X") @ W1


def test_apply_records_gate_inputs_and_all_parameters(x: Tensor) -> None:
    row = next(iter(rows_that(lambda row: row.name == "sum")))
    out = apply(row, x, axis=1)
    assert (out.gate, out.inputs, out.params) == (row, (x,), {"axis": 1, "keepdims": False})


def test_code_written_for_any_array_library_finds_numpy(x: Tensor) -> None:
    xp = x.__array_namespace__()
    np.testing.assert_array_equal(xp.exp(x).value, np.exp(X))


def test_an_input_too_many_or_an_unknown_parameter_is_named() -> None:
    x = tensor([1.0, 2.0], "x")
    with pytest.raises(GraphError, match=r"^softmax takes 1 input; got 2\. Give axis by name\.$"):
        TABLE["softmax"](x, 0)
    with pytest.raises(GraphError, match=r"^add takes 2 inputs; got 1\.$"):
        TABLE["add"](x)
    with pytest.raises(ParameterError, match=r"^softmax has no parameter 'dim'; expected axis\.$"):
        TABLE["softmax"](x, dim=0)


def test_pythons_own_numbers_out_of_range_are_named() -> None:
    x, zero = tensor(2.0, "x"), tensor(0.0, "zero")
    with pytest.raises(NonFiniteError, match=r"^divide of x = 2\.0, zero = 0\.0: float division by zero\. With np"):
        x / zero
    with pytest.raises(NonFiniteError, match=r"^power of x = 2\.0, 5000: Numerical result out of range\. With np"):
        x**5000


def test_a_copy_is_the_tensor_itself_and_pickling_says_what_to_save(x: Tensor) -> None:
    y = np.exp(x)
    assert copy.copy(x) is x
    assert copy.deepcopy({"y": [y]})["y"][0] is y
    with pytest.raises(GraphError, match=r"^the result of exp cannot be pickled.*save its \.value with np\.save\.$"):
        pickle.dumps(y)


def test_an_empty_table_is_said_to_be_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "TABLE", {})
    with pytest.raises(GraphError, match=r"^np\.i0 has no gate: the table of gates is empty; import zanjir\.gates"):
        np.i0(tensor([1.0]))
