"""Problems at every level: a network as matrices, gate by gate, summed up, and around one number."""

import re

import numpy as np
import pytest

from witnesses.random_networks import random_network
from zanjir.errors import DataError, GraphError, ParameterError
from zanjir.explain import LEVELS, as_text, problem, problem_from_text
from zanjir.explain.problems.network_arrays import arrays_of

# Both are float64 and add in another order.
CLOSE = 1e-9


@pytest.mark.parametrize("seed", range(40))
def test_a_network_has_the_same_numbers_in_matrices_as_one_by_one(seed):
    network = random_network(seed, ("sgd", "adam"))
    made = problem_from_text(network.text)
    single, whole = made.solution(level="scalars"), made.solution(level="matrices")
    _, arrays = arrays_of(made.network, made.given)
    assert whole.value == pytest.approx(network.loss, rel=CLOSE)
    for array, names in arrays.items():
        for form in ("{}", "dL/d{}", "{} new"):
            of_each = [single.value_of(form.format(name)) for name in names]
            of_array = np.ravel(whole.value_of(form.format(array)))
            np.testing.assert_allclose(of_array, of_each, rtol=CLOSE, atol=1e-12)
    (after,) = [step for step in whole.every("update") if " after " in step.target]
    assert after.value == pytest.approx(single.value_of(after.target), rel=CLOSE)
    assert all(step.ok is not False for step in whole.every("check"))


def test_homework_1_in_matrices_is_two_layers_with_their_shapes():
    tree = problem("homework-1-computed").solution(level="matrices")
    lines = {step.target: (step.written.symbolic, step.written.substituted) for step in tree.every("forward", "loss")}
    assert lines["net1"] == ("X @ W1 + b1", "(1, 2) @ (2, 2) + 0.35")
    assert lines["out2"] == ("sigmoid(net2)", "sigmoid((1, 2))")
    assert lines["loss"][0] == "((T - out2) ** 2 / 2).sum()"
    slopes = [[0.076613695, 0.073920778], [0.076846544, 0.074145443]]
    np.testing.assert_allclose(tree.value_of("dL/dW2"), slopes, atol=1e-9)
    assert tree.value_of("dL/db2") == pytest.approx(0.253222150, abs=1e-9)
    assert tree.every("backward")[1].written.symbolic == "-(dL/dloss / 2 * (2 * (T - out2)))"
    assert tree.value_of("loss after 1 step") == pytest.approx(0.564526284, abs=1e-9)


def test_a_network_that_makes_many_steps_is_explained_in_matrices_unless_asked():
    layers = "".join(
        f"[[network.layers]]\nunits = {units}\nweights = {[[f'w{k}_{i}_{j}' for j in range(4)] for i in range(4)]}\n"
        for k, units in enumerate([[f"h{k}_{j}" for j in range(4)] for k in range(3)])
    )
    given = "".join(
        f"w{k}_{i}_{j} = {0.1 * (i - j) + 0.05 * k}\n" for k in range(3) for i in range(4) for j in range(4)
    )
    inputs = ", ".join(f"x{i} = {i}" for i in range(4))
    targets = ", ".join(f"h2_{j} = 0.5" for j in range(4))
    made = problem_from_text(
        f"[given]\n{given}\n[network]\ninputs = {{{inputs}}}\ntargets = {{{targets}}}\n{layers}".replace("'", '"')
    )
    assert made.solution().rule == "matrices"
    assert made.solution(level="scalars").value_of("dL/dw0_1_2") == pytest.approx(
        made.solution().value_of("dL/dW1")[1, 2], rel=CLOSE
    )


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", ["homework-1", "linear-sigmoid", "softmax-classifier", "homework-2"])
def test_every_problem_is_explained_at_every_level_that_it_has(name, level):
    made = problem(name)
    if level == "matrices" and not made.network:
        with pytest.raises(
            ParameterError, match=r"no \[network\] and so no matrices; expected one of summary, scalars"
        ):
            made.solution(level=level)
        return
    tree = made.solution(level=level)
    assert tree.rule == level
    assert all(step.ok is not False for step in tree.every("check"))
    assert f"{float(made.loss.value):.6g}" in as_text(tree)


def test_gate_by_gate_no_line_has_more_than_one_operation():
    tree = problem("homework-1").solution(level="gates")
    for step in tree.every("forward", "loss"):
        assert len(re.findall(r" [-+*/] | \*\* |\w\(|^-", step.written.symbolic)) == 1
    assert tree.value_of("w5 new") == pytest.approx(0.361693153, abs=1e-9)


@pytest.mark.parametrize("focus", ["w1", "dL/dw1"])
def test_around_a_weight_only_its_paths_are_written_out(focus):
    tree = problem("homework-1").solution(focus=focus)
    assert [step.target for step in tree.every("forward")] == [
        "net_h1",
        "out_h1",
        "net_Y1",
        "out_Y1",
        "net_Y2",
        "out_Y2",
    ]
    assert tree.value_of("dL/dw1") == pytest.approx(0.000458650, abs=1e-9)
    assert [step.target for step in tree.every("backward")][-1] == "dL/dw1"


def test_of_several_losses_a_derivative_names_its_own():
    tree = problem("three-images").solution(focus="dL_softmax/ds_1_cat")
    assert tree.value_of("dL_softmax/ds_1_cat") == pytest.approx(-0.870017 / 3, abs=1e-6)


@pytest.mark.parametrize(
    ("name", "how", "error", "sentence"),
    [
        ("homework-1", {"level": "deep"}, ParameterError, "unknown level 'deep'"),
        ("homework-1", {"focus": "w11"}, GraphError, "there is no 'w11' here"),
        ("homework-1", {"focus": "w1", "level": "matrices"}, ParameterError, "w1 is one number"),
        ("homework-1", {"focus": "w1", "mode": "hand"}, ParameterError, "mode 'hand' is for all single numbers"),
        (
            "homework-1",
            {"level": "matrices", "mode": "exact"},
            ParameterError,
            "mode 'exact' is for all single numbers",
        ),
        ("three-images", {"level": "gates"}, ParameterError, "the problem has 3 losses"),
        ("homework-3", {"level": "gates"}, ParameterError, "the problem is in letters"),
    ],
)
def test_what_a_problem_cannot_be_is_refused_in_a_sentence(name, how, error, sentence):
    with pytest.raises(error, match=sentence):
        problem(name).solution(**how)


def test_numbers_that_stand_twice_or_half_an_update_have_no_matrices():
    network = """
    [given]
    w1 = 0.5
    w2 = -0.5
    [network]
    inputs = {x1 = 1, x2 = 2}
    targets = {Y1 = 0}
    [[network.layers]]
    units = ["Y1"]
    """
    tied = problem_from_text(f'{network}\nweights = [["w1"], ["w1"]]')
    with pytest.raises(DataError, match="w1 stands at two places of the matrices; explain it by single numbers"):
        tied.solution(level="matrices")
    half = problem_from_text(f'{network}\nweights = [["w1"], ["w2"]]\n[update]\nparameters = ["w2"]')
    with pytest.raises(DataError, match="the update changes w2 but not all of its matrix"):
        half.solution(level="matrices")
