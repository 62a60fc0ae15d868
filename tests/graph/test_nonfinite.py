"""The first number that is not finite is found and described, in the value and in the gradient."""

import numpy as np
import pytest

import zanjir
from zanjir import gates
from zanjir.errors import GraphError, NonFiniteError
from zanjir.graph import NonFinite, Tensor, check_finite, find_nonfinite, tensor


@pytest.fixture(autouse=True)
def quiet():
    """Numbers that are not finite are what is looked for here."""
    with np.errstate(all="ignore"):
        yield


def logits():
    z = np.zeros((3, 5))
    z[0, 3], z[2, 0] = -0.25, -1.0
    z1 = tensor(np.arctanh(np.clip(z + 0.5, -0.99, 0.99)), "z1")
    a1 = np.tanh(z1).named("a1")
    return (a1 - 0.5).named("z2")


def test_the_message_names_gate_input_count_place_value_domain_and_origin():
    z2 = logits()
    with pytest.raises(NonFiniteError) as caught:
        check_finite(np.log(z2 + 1e-3).named("y").sum())
    assert str(caught.value) == (
        "log: z2 + 0.001 has 2 of 15 values outside the domain x > 0; the first is (z2 + 0.001)[0, 3] = -0.249, "
        "which gives nan in y = np.log(z2 + 0.001). It came from: a1 = np.tanh(z1); z2 = a1 - 0.5."
    )


def test_the_parts_of_what_was_found_are_fields():
    found = find_nonfinite(np.log(logits() + 1e-3).sum())
    assert (found.gate, found.index, found.count, found.size) == ("log", (0, 3), 2, 15)
    assert np.isnan(found.value)
    assert found.inputs == {"(z2 + 0.001)[0, 3]": pytest.approx(-0.249)}
    assert found.lines == ("a1 = np.tanh(z1)", "z2 = a1 - 0.5")


CASES = {
    "log of 0": (np.log, [1.0, 0.0], "x has 1 of 2 values equal to 0; the first is x[1] = 0, which gives -inf"),
    "division by 0": (lambda x: 2.0 / x, [1.0, 0.0], "x has 1 of 2 values equal to 0; the first is x[1] = 0, which"),
    "overflow of exp": (np.exp, [1.0, 1e3], "outside the domain -700 <= x <= 700; the first is x[1] = 1000"),
    "root of -1": (np.sqrt, [-1.0, 4.0], "x[0] = -1, which gives nan in np.sqrt(x)"),
    "inf - inf": (lambda x: (x * 1e200) * 1e200 - 1.0, [1.0, 0.0], "multiply: 1 of 2 values is not finite"),
    "0 to the -1": (lambda x: x**-1.0, [0.0], "power: x has 1 of 1 values equal to 0; the first is x[0] = 0"),
    "a product that overflows": (
        lambda x: gates.reshape(x, shape=(1, 2)) @ np.full((2, 1), 1e300), [1e10, 1.0],
        "matmul: 1 of 1 values is not finite in x.reshape((1, 2)) @ c1; the first is the result[0, 0] = inf; ",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("function", "x", "expected"), CASES.values(), ids=CASES)
def test_each_cause_is_told(function, x, expected):
    found = find_nonfinite(function(tensor(x, "x")).sum())
    assert expected in str(found)


def test_a_broadcast_input_is_named_with_its_own_index():
    X, b = tensor(np.full((2, 3), 1e308), "X"), tensor([0.0, 1e308, 0.0], "b")
    found = find_nonfinite((X + b).sum(axis=1))
    assert found.index == (0, 1)
    assert found.inputs == {"X[0, 1]": 1e308, "b[1]": 1e308}
    c = tensor([[0.0], [1e308]], "c")
    assert find_nonfinite((X + c).sum(axis=1)).inputs == {"X[1, 0]": 1e308, "c[1, 0]": 1e308}
    assert find_nonfinite((c + X * np.array([0.0, 0.0, 1.0])).sum(axis=1)).inputs == {
        "c[1, 0]": 1e308,
        "(X * c1)[1, 2]": 1e308,
    }
    x, d = tensor(np.ones((4, 3)), "x"), tensor([1.0, 0.0, 2.0], "d")
    assert "d has 1 of 3 values equal to 0; the first is d[1] = 0" in str(find_nonfinite((x / d).sum()))


def test_only_values_that_do_harm_are_counted():
    found = find_nonfinite(np.exp(tensor([705.0, 1e3], "x")).sum())  # the table tests up to 700; 705 is fine
    assert "x has 1 of 2 values outside the domain -700 <= x <= 700; the first is x[1] = 1000" in str(found)


def test_the_gradient_is_looked_at_where_the_value_is_finite():
    q = tensor([4.0, 0.0], "q")
    loss = np.sqrt(q).named("r").sum()
    assert find_nonfinite(loss) is None
    for wrt in (q, [q], {"q": q}):
        found = find_nonfinite(loss, wrt)
        assert (found.gate, found.index) == ("divide", (1,))
        assert str(found) == (
            "divide: 2 * r has 1 of 2 values equal to 0; the first is (2 * r)[1] = 0, which gives inf in "
            "dq = 1 / (2 * r). It came from: r = np.sqrt(q)."
        )
    with pytest.raises(NonFiniteError, match=r"^divide: "):
        check_finite(loss, q)


def test_what_harms_nobody_is_passed_over():
    x = tensor([0.0, 1.0], "x")
    assert find_nonfinite(np.exp(np.log(x)).sum()) is None  # exp(-inf) is 0
    found = find_nonfinite(np.exp(np.log(x)).sum() + np.log(x - 1).sum())
    assert found.expression == "np.log(x - 1)"


def test_of_several_the_first_in_the_order_of_the_graph_is_named():
    x = tensor([0.0, 1.0], "x")
    first = np.log(x).named("first")
    found = find_nonfinite((first + np.log(x - 2).named("second")).sum())
    assert found.expression == "first = np.log(x)"


def test_a_leaf_that_is_given_so_is_named_without_a_gate():
    W = np.ones((2, 3))
    W[1, 2] = np.nan
    found = find_nonfinite((tensor(W, "W") ** 2).sum())
    assert (found.gate, found.index) == (None, (1, 2))
    assert str(found) == "W: 1 of 6 values is not finite; the first is W[1, 2] = nan."
    assert str(find_nonfinite(tensor(np.inf, "w") * 2)) == "w is inf, expected a finite number."


def test_a_finite_graph_gives_nothing():
    w = tensor([1.0, 2.0], "w")
    assert find_nonfinite((w * w).sum(), w) is None
    check_finite([w, (w * w).sum()])


def test_integers_and_truths_are_finite():
    assert find_nonfinite([tensor([1, 2]) + 1, tensor([1.0]) > 0]) is None


def test_something_else_than_tensors_is_refused():
    with pytest.raises(GraphError, match="find_nonfinite takes tensors; got float"):
        find_nonfinite([1.0])


def test_a_deep_graph_with_shared_parts_is_written_in_few_words():
    x = tensor([2.0], "x")
    for _ in range(60):
        x = x * x
    text = str(find_nonfinite(x.sum()))
    assert len(text) < 600
    assert "t" in text


def test_the_public_names_are_these():
    assert zanjir.find_nonfinite is find_nonfinite
    assert zanjir.check_finite is check_finite
    assert isinstance(find_nonfinite(Tensor(np.inf, "w") * 1), NonFinite)
