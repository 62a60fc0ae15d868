"""Printing any graph: the text runs as it stands, evaluates to the same bits, and is fit to read."""

import ast
import keyword
import math
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from program.cases import assert_same_bits, call
from program.graphs import NUMBERS, Graph, leaf_values, losses
from zanjir.gates import power, sigmoid, softmax, uniform_like
from zanjir.graph import evaluate, gradient, tensor
from zanjir.graph.expression import literal
from zanjir.optim import Optimizer
from zanjir.program import compiled, graph_source, trace_step
from zanjir.program.function import Function
from zanjir.program.printing import function_text

# The limit of an expression is 72 columns; indentation, a name, and an operand that is itself a name come to it.
LONGEST_LINE = 100


def run(loss, wrt=None, **values):
    """Print a graph, run forward and backward, and return the loss and its derivatives."""
    text = graph_source(loss, wrt)
    functions = compiled(text, "<graph>")
    results = as_tuple(call(functions, "forward", **values))
    kept = dict(zip(returned_names(text, "forward"), results, strict=True))
    return results[0], as_tuple(call(functions, "backward", **{**values, **kept}))


def as_tuple(results):
    return results if isinstance(results, tuple) else (results,)


def returned_names(text, name):
    """Return the names behind the return of a printed function."""
    function = next(f for f in ast.parse(text).body if isinstance(f, ast.FunctionDef) and f.name == name)
    returned = function.body[-1].value
    return [part.id for part in (returned.elts if isinstance(returned, ast.Tuple) else [returned])]


def assert_prints_itself(graph: Graph) -> None:
    """The printed program gives the bits of the graph, and of its gradient, on other numbers too."""
    (loss,) = graph.outputs.values()
    used = [leaf for leaf in graph.leaves.values() if leaf in ancestors(loss)]
    derivatives = gradient(loss, used)
    for seed in (0, 1):
        values = leaf_values(seed)
        replaced = {leaf: values[leaf.name] for leaf in used}
        expected = evaluate([loss, *derivatives], replaced)
        result, found = run(loss, used, **{leaf.name: values[leaf.name] for leaf in used})
        assert_same_bits(result, expected[id(loss)], "loss")
        for value, derivative, leaf in zip(found, derivatives, used, strict=True):
            assert_same_bits(value, expected[id(derivative)], f"d{leaf.name}")


def ancestors(node):
    return {node}.union(*(ancestors(x) for x in node.inputs))


@settings(max_examples=120, derandomize=True, deadline=None, database=None)
@given(losses())
def test_the_printed_code_of_a_random_graph_gives_the_bits_of_the_graph(graph):
    assert_prints_itself(graph)


numbers = st.sampled_from([*NUMBERS, -2.5, 1e-300, 1e16, 0.1])


OPERATORS = {
    "+": lambda x, y: x + y,
    "-": lambda x, y: x - y,
    "*": lambda x, y: x * np.tanh(y),
    "/": lambda x, y: x / (y * y + 1),
    "-u": lambda x, _: -x,
    "**2": lambda x, _: np.tanh(x) ** 2,
    "**n": lambda x, _: power(1 + np.tanh(x) ** 2, -1.5),
    ">": lambda x, y: (x > y) * 2.0,
    "max": np.maximum,
}


@st.composite
def arithmetic(draw):
    """Draw an expression of two arrays and of numbers, with any nesting of operators."""
    a, b = (tensor(leaf_values(0)[name], name) for name in "ae")
    pool = [a * 0 + 1.5, a, b.sum() * a]
    for _ in range(draw(st.integers(2, 14))):
        x, y = draw(st.sampled_from(pool[-4:])), draw(st.one_of(st.sampled_from(pool), numbers.map(tensor)))
        x, y = (x, y) if draw(st.booleans()) else (y, x)
        pool.append(draw(st.sampled_from(list(OPERATORS.values())))(x, y))
    return next(node for node in reversed(pool) if isinstance(node.value, np.ndarray))


@settings(max_examples=200, derandomize=True, deadline=None, database=None)
@given(arithmetic())
def test_brackets_and_signs_of_random_expressions_keep_the_bits(node):
    loss = (node * 1.0).sum()
    assert_same_bits(forward_value(loss), loss.value)


def forward_value(loss):
    """Run the forward function alone, on the numbers of the graph."""
    leaves = {node.name: node for node in ancestors(loss) if node.name and not node.gate}
    values = {name: leaf.value for name, leaf in leaves.items()}
    function = Function("forward", leaves, {"loss": loss})
    helpers = compiled(graph_source(loss), "<expression>")
    exec(function_text(function), helpers)  # noqa: S102 - the text under test
    return call(helpers, "forward", **values)


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        (lambda x, y: x - (y - x), "x - (y - x)"),
        (lambda x, y: (x - y) - x, "x - y - x"),
        (lambda x, y: x / (y * x), "x / (y * x)"),
        (lambda x, y: (x * y) / x, "x * y / x"),
        (lambda x, y: -(x**2), "-x ** 2"),
        (lambda x, y: (-x) ** 2, "(-x) ** 2"),
        (lambda x, y: x ** (y**x), "x ** (y ** x)"),
        (lambda x, y: (x**y) ** x, "(x ** y) ** x"),
        (lambda x, y: x - (-2.5), "x - -2.5"),
        (lambda x, y: tensor(-2.0) * x, "-2 * x"),
        (lambda x, y: x ** (-2.0), "x ** (-2)"),
        (lambda x, y: (x + y).T, "(x + y).T"),
        (lambda x, y: (x > y) * 2.0, "(x > y) * 2.0"),
        (lambda x, y: np.maximum(x + y, 0), "np.maximum(x + y, 0)"),
        (lambda x, y: (x + y).sum(axis=0), "(x + y).sum(axis=0)"),
        (lambda x, y: x * float("inf"), "x * np.inf"),
        (lambda x, y: x * -0.0, "x * -0.0"),
    ],
)
def test_brackets_stand_where_python_needs_them_and_nowhere_else(expression, code):
    x, y = tensor(np.array([[2.0, 3.0]]), "x"), tensor(np.array([[1.5, 0.5]]), "y")
    with np.errstate(invalid="ignore"):
        function = Function("forward", {"x": x, "y": y}, {"out": expression(x, y)})
    assert [line.code for line in function.lines()] == [code]


@pytest.mark.parametrize("value", [0.1, 1e300, 5e-324, 2.0, -0.0, 1e15, 1e22, -3, True, math.inf, -math.inf])
def test_a_number_read_back_has_the_same_bits(value):
    back = eval(literal(value), {"np": np})  # noqa: S307 - the text under test
    assert math.copysign(1, back) == math.copysign(1, value)
    assert back == value


def test_a_whole_number_keeps_its_point_beside_integers_where_it_decides_the_type():
    counts = tensor(np.array([1, 2]), "counts")
    assert_same_bits(forward_value((counts * 2.0).sum()), np.float64(6.0))


def test_a_graph_of_single_numbers_prints_and_runs():
    w, x = tensor(3.0, "w"), tensor(-2.0, "x")
    loss, derivatives = run((w * x + w * w / 7).named("loss"), w=3.0, x=-2.0)
    assert loss == 3.0 * -2.0 + 3.0 * 3.0 / 7
    assert derivatives == (-2.0 + 2 * 3.0 / 7, 3.0)


def test_a_shared_node_is_computed_once_and_has_a_line():
    x = tensor(np.array([1.0, 2.0]), "x")
    shared = np.tanh(x + 1)
    text = graph_source((shared * shared + shared).sum())
    assert text[: text.index("def backward")].count("np.tanh") == 1


def test_unnamed_arrays_become_arguments():
    x = tensor(np.array([1.0, 2.0]), "x")
    loss = (x * np.array([3.0, 4.0]) + np.array([5.0, 6.0])).sum()
    head = next(line for line in graph_source(loss).splitlines() if line.startswith("def forward"))
    assert head == "def forward(x, c1, c2):"
    result, _ = run(loss, x=x.value, c1=np.array([3.0, 4.0]), c2=np.array([5.0, 6.0]))
    assert result == loss.value


@pytest.mark.parametrize("name", ["lambda", "np", "len", "softmax", "forward", "dL/dx", "2nd", "my x", "x*", ""])
def test_a_leaf_of_any_name_prints_a_program_that_runs(name):
    x = tensor(np.array([[1.0, 2.0]]), name or None)
    loss = (softmax(x) * x).sum()
    text = graph_source(loss, [x])
    functions = compiled(text, "<names>")
    (argument,) = functions["forward"].__code__.co_varnames[: functions["forward"].__code__.co_argcount]
    assert argument.isidentifier()
    assert not keyword.iskeyword(argument)
    value = functions["forward"](x.value)
    assert_same_bits(value[0] if isinstance(value, tuple) else value, loss.value)
    assert_same_bits(run(loss, [x], **{argument: x.value})[1][0], gradient(loss, x).value)


@pytest.mark.parametrize("name", ["lambda", "np", "softmax", "sigmoid", "a", "t1", "loss", "da"])
def test_a_node_of_any_name_prints_a_program_that_runs(name):
    a = tensor(np.array([[1.0, 2.0]]), "a")
    node = softmax(sigmoid(a)).named(name)
    loss = (node * node + np.tanh(a) * np.tanh(a) * node).sum()
    result, derivatives = run(loss, a=a.value)
    assert_same_bits(result, loss.value)
    assert_same_bits(derivatives[0], gradient(loss, a).value)


def test_leaves_and_nodes_of_one_name_are_told_apart():
    first, second = (tensor(np.array([k, k + 1.0]), "a") for k in (1.0, 5.0))
    inner = (first * second).named("a")
    loss = (inner * inner + first).sum()
    text = graph_source(loss, [first, second, inner])
    functions = compiled(text, "<names>")
    returned = functions["forward"](first.value, second.value)
    kept = dict(zip(returned_names(text, "forward"), as_tuple(returned), strict=True))
    values = {**kept, "a": first.value, "a2": second.value}
    derivatives = as_tuple(call(functions, "backward", **values))
    for found, expected in zip(derivatives, gradient(loss, [first, second, inner]), strict=True):
        assert_same_bits(found, expected.value)


@pytest.mark.parametrize("named", [True, False])
def test_long_expressions_are_broken_into_lines_that_fit_a_page(named):
    parts = [tensor(np.array([float(i)]), f"part_{i}") for i in range(40)]
    terms = [(np.tanh(part) * 2.5 + 1).named(f"term_{i}") if named else part for i, part in enumerate(parts)]
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    loss = (total * total.sum()).sum()
    function = Function("forward", {part.name: part for part in parts}, {"loss": loss})
    assert max(len(f"    {line.name} = {line.code}") for line in function.lines()) <= LONGEST_LINE
    assert_same_bits(forward_value(loss), loss.value)


def test_the_gradient_of_a_gradient_prints_and_runs():
    W, x = tensor(np.array([[0.5, -1.0], [2.0, 0.3]]), "W"), tensor(np.array([[1.0, 2.0]]), "x")
    loss = (np.tanh(x @ W) ** 2).sum().named("loss")
    slope = (gradient(loss, W) ** 2).sum().named("slope")
    result, derivatives = run(slope, [W, x], W=W.value, x=x.value)
    assert_same_bits(result, slope.value)
    for found, expected in zip(derivatives, gradient(slope, [W, x]), strict=True):
        assert_same_bits(found, expected.value)


class Remembering(Optimizer):
    """A rule whose new W is known before the old one, and the old state, are read for the last time."""

    state_names: ClassVar[tuple[str, ...]] = ("previous", "v")

    def update(self, W, dW, learning_rate, t, **state):
        del t
        W_new = W - learning_rate * dW
        v = (W_new - W) * state["v"] + W_new * W_new
        return {"W": W_new, "v": v - state["previous"] * W_new, "previous": W}


def test_an_argument_is_not_rebound_while_it_is_still_read_or_returned():
    from program.cases import Case

    update = trace_step(Case(()).problem, Remembering()).update
    assert update.lines()[0].name == "W_new"
    text = function_text(update)
    assert text.rstrip().endswith("return W_new, W, v")
    functions = compiled(f"import numpy as np\n{text}", "<update>")
    W, dW, previous, v = (np.array([k, k + 2.0]) for k in (1.0, 0.5, 0.25, 3.0))
    new = call(functions, "update", W=W, dW=dW, previous=previous, v=v, learning_rate=0.5, t=1)
    W_new = W - 0.5 * dW
    expected = (W_new, W, (W_new - W) * v + W_new * W_new - previous * W_new)
    for found, value in zip(new, expected, strict=True):
        assert_same_bits(found, value)


def test_an_argument_that_is_returned_unchanged_under_another_name_is_not_rebound():
    W, dW = tensor(np.array([5.0]), "W"), tensor(np.array([1.0]), "dW")
    function = Function("update", {"W": W, "dW": dW}, {"W": W - dW, "previous": W})
    functions = compiled(f"import numpy as np\n{function_text(function)}", "<update>")
    assert [value.item() for value in functions["update"](W.value, dW.value)] == [4.0, 5.0]


def test_gates_that_differ_in_a_parameter_are_not_taken_for_one():
    x = tensor(np.array([[1.0, 2.0], [3.0, 5.0]]), "x")
    loss = (x.sum(axis=0) * x.sum(axis=1)).sum()
    result, (dx,) = run(loss, x=x.value)
    assert result == 4.0 * 3.0 + 7.0 * 8.0
    assert_same_bits(dx, gradient(loss, x).value)


def test_a_result_whose_new_name_is_taken_gets_another():
    W, other = tensor(np.array([1.0]), "W"), tensor(np.array([2.0]), "W_new")
    grown = W + other
    function = Function("update", {"W": W, "W_new": other}, {"W": grown, "sum": grown * W * other})
    functions = compiled(f"import numpy as np\n{function_text(function)}", "<names>")
    assert [value.item() for value in functions["update"](W.value, other.value)] == [3.0, 6.0]


def test_random_numbers_are_printed_as_a_function_of_the_key():
    key, x = tensor(np.array([1, 2]), "key"), tensor(np.ones((2, 3)), "x")
    loss = (uniform_like(key, x, stream=3) * x).sum()
    assert_same_bits(run(loss, [x], key=key.value, x=x.value)[0], loss.value)
