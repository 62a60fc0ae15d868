"""Networks in problem files: losses of scores, penalties, samples, and what does not fit."""

import pytest

from zanjir.errors import DataError, ParameterError
from zanjir.explain import problem_from_text

LAYER = '[[network.layers]]\nunits = ["a", "b"]\nweights = [["u", "v"]]\nactivation = "identity"\n'
SAMPLE = "inputs = {x = 1}\n"


def made(network, *, u=1.0, v=2.0, layer=LAYER):
    return problem_from_text(f"[given]\nu = {u}\nv = {v}\n[network]\n{network}\n{layer}")


def test_softmax_of_scores_of_a_thousand_is_finite_and_its_slopes_are_p_minus_1():
    tree = made(f'loss = "softmax_cross_entropy"\ntarget = "b"\n{SAMPLE}', u=1000, v=-1000).solution()
    assert tree.value_of("loss") == 2000
    assert [tree.value_of(f"dL/dout_{unit}") for unit in "ab"] == [1, -1]
    likely = made(f'loss = "softmax_cross_entropy"\ntarget = "a"\n{SAMPLE}', u=1000, v=-1000).solution()
    assert likely.value_of("loss") == 0


def test_several_samples_share_the_weights_and_their_losses_are_averaged():
    samples = "".join(
        f"[[network.samples]]\ninputs = {{x = {x}}}\ntarget = '{unit}'\n" for x, unit in ((1, "a"), (3, "b"))
    )
    tree = made(f'loss = "hinge"\npenalty = {{l2 = 0.5}}\n{samples}').solution()
    # Scores 1, 2 and 3, 6: margins 2 - 1 + 1 and 3 - 6 + 1 < 0; penalty 0.5 (1 + 4).
    assert [tree.value_of(name) for name in ("loss_1", "loss_2", "data_loss", "penalty", "loss")] == [2, 0, 1, 2.5, 3.5]
    assert tree.value_of("dL/du") == -0.5 + 1


@pytest.mark.parametrize(
    ("network", "sentence"),
    [
        (f'loss = "hinge"\n{SAMPLE}target = "c"', "unknown target 'c'; expected a or b"),
        (f'loss = "hinge"\n{SAMPLE}', "unknown target 'None'; expected a or b"),
        (f'loss = "hinge"\n{SAMPLE}targets = {{a = 1, b = 0}}', r"hinge takes no targets; expected target = 'Y1'"),
        (f'{SAMPLE}target = "a"', r"half_squared_error takes no target; expected targets = "),
        (f'loss = "huber"\ndelta = 0\n{SAMPLE}targets = {{a = 1, b = 0}}', "delta is 0, expected a finite number"),
        (f"delta = 1\n{SAMPLE}targets = {{a = 1, b = 0}}", "half_squared_error has no delta; leave it out"),
        (f"penalty = 3\n{SAMPLE}targets = {{a = 1, b = 0}}", r"penalty is 3, expected a table such as \{l2 = 0.01\}"),
        (f"penalty = {{l3 = 1}}\n{SAMPLE}targets = {{a = 1, b = 0}}", "unknown key in penalty 'l3'; expected l1 or l2"),
        (f"penalty = {{l1 = inf}}\n{SAMPLE}targets = {{a = 1, b = 0}}", "l1 is inf, expected a finite number above 0"),
        (f"samples = 3\n{SAMPLE}", r"samples is no list of tables, or stands beside inputs"),
        ("[[network.samples]]\ninputs = {x = 1}\n[[network.samples]]\ninputs = {y = 1}", "sample 2 has other inputs"),
        (f"{SAMPLE}targets = {{a = 1, b = 0}}\n{LAYER}", "layer 2: weights is"),
    ],
)  # fmt: skip
def test_a_network_that_says_something_else_gets_one_sentence(network, sentence):
    with pytest.raises((DataError, ParameterError), match=sentence):
        made(network)


def test_two_units_of_one_name_are_refused():
    twice = '[[network.layers]]\nunits = ["a", "b"]\nweights = [["u", "v"], ["u", "v"]]\nactivation = "identity"\n'
    with pytest.raises(DataError, match="makes two numbers called out_a; give each unit a name of its own"):
        made(f"{SAMPLE}targets = {{a = 1, b = 0}}", layer=LAYER + twice)


def test_a_single_class_has_nothing_to_be_compared_with():
    one = '[[network.layers]]\nunits = ["a"]\nweights = [["u"]]\n'
    with pytest.raises(DataError, match="hinge compares classes; expected two units at least"):
        made(f'loss = "hinge"\n{SAMPLE}target = "a"', layer=one)
