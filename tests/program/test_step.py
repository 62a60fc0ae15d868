"""One training step four ways, held to the same bits: graph, printed program, numpy engine, and by hand."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings

from program.cases import CASES, SEED, Case, assert_same_bits, call, printed
from zanjir.gates import softmax
from zanjir.graph import check_gradient, evaluate, gradient, tensor
from zanjir.nn import L1, L2, ElasticNet
from zanjir.program import Feed, NumpyEngine

STEPS = (1, 2, 3)
LEARNING_RATE = 0.1
# A product of a 7 x 4 and a 7 x 3 matrix in another order of summation: a few roundings of sums of 7 terms.
BY_HAND = 1e-14

CLIPPED_AND_DROPPED = Case((5, 4), "tanh", "hinge", ElasticNet(0.03), "adam", dropout=0.25, clip=0.5)
ONE_VS_REST = Case((), loss="binary_cross_entropy", penalty=L1(0.02), optimizer="momentum")
NETWORKS = {
    "linear softmax": Case(()),
    "two layers, relu, L2": Case((4,), penalty=L2(0.01), optimizer="rmsprop"),
    "three layers with everything": CLIPPED_AND_DROPPED,
    "one-vs-rest": ONE_VS_REST,
    "images": Case(conv=(2, 3), in_features=20, penalty=L2(0.01), optimizer="rmsprop"),
    "images, batch norm": Case(conv=(2,), norm="batch", in_features=16, optimizer="adamw", dropout=0.25, clip=0.5),
    "images, layer norm": Case((), "tanh", conv=(2,), norm="layer", in_features=16, optimizer="adam"),
    "regression": Case((4,), "sigmoid", "squared_error", optimizer="adadelta", n_outputs=1),
}
every_network = pytest.mark.parametrize("case", NETWORKS.values(), ids=NETWORKS)


class Printed:
    """The printed program with the vectors that it works on."""

    def __init__(self, case: Case) -> None:
        self.case, self.program = case, case.program
        self.functions = printed(self.program)
        self.vectors = {"W": case.first_W()}
        self.vectors |= {name: np.zeros_like(self.vectors["W"]) for name in case.rule.state_names}

    def step(self, batch: dict, t: int) -> dict:
        """Run forward and backward for their results, then the step itself; return everything by name."""
        key = np.array([SEED, t])
        values = {**batch, **self.vectors, "key": key, "learning_rate": LEARNING_RATE, "t": t}
        values |= zip(self.case.problem.layout.shapes, call(self.functions, "unflatten", W=values["W"]), strict=True)
        values |= self.named("forward", call(self.functions, "forward", **values))
        values |= self.named("backward", call(self.functions, "backward", **values))
        loss, *vectors = call(self.functions, "step", **{**values, "W": self.vectors["W"]})
        assert_same_bits(loss, values["loss"], "the loss that step returns")
        self.vectors = dict(zip(self.program.update.outputs, vectors, strict=True))
        return values

    def named(self, name: str, results) -> dict:
        function = getattr(self.program, name)
        names = function.results(function.lines())
        return dict(zip(names, results if isinstance(results, tuple) else (results,), strict=True))


def graph_of(case: Case, batch: dict, W: np.ndarray, t: int):
    """Return loss and derivatives as a graph that was recorded on this very batch."""
    parameters = {name: tensor(value, name) for name, value in case.problem.layout.views(W).items()}
    key = tensor(np.array([SEED, t]), "key") if case.dropout else None
    leaves = {name: tensor(value, name) for name, value in batch.items()}
    results = case.problem.objective(leaves["X"], leaves["y"], parameters, key)
    return results, parameters, gradient(results["loss"], parameters)


def assert_all_ways_agree(case: Case) -> None:
    text, engine = Printed(case), NumpyEngine(case.program, case.first_W(), SEED)
    for t in STEPS:
        batch = case.batch(t)
        results, _, derivatives = graph_of(case, batch, engine.W.copy(), t)
        values = text.step(batch, t)
        places = engine.batch(case.n)
        places.load(Feed(**batch), np.arange(case.n))
        engine.step(places, LEARNING_RATE, t)
        for name, node in results.items():
            assert_same_bits(values[name], node.value, f"printed {name}, graph")
            assert_same_bits(places.results[name], np.asarray(values[name]), f"engine {name}, printed")
        flat = case.problem.layout.views(engine.dW)
        for name, derivative in derivatives.items():
            assert_same_bits(values[f"d{name}"], derivative.value, f"printed d{name}, graph")
            assert_same_bits(flat[name], values[f"d{name}"], f"engine d{name}, printed")
        for name, vector in text.vectors.items():
            assert_same_bits(engine.W if name == "W" else engine.state[name], vector, f"engine {name}, printed")


@settings(max_examples=60, derandomize=True, deadline=None, database=None)
@given(CASES)
def test_graph_printed_program_and_engine_give_the_same_bits(case):
    # A BLAS kernel may raise floating-point flags for lanes of a register that it fills and does not use: under
    # load a product of finite numbers has warned, once in some hundred runs. Every bit is compared here.
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        assert_all_ways_agree(case)


@every_network
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_networks_of_the_lectures_give_the_same_bits_three_ways(case, dtype):
    assert_all_ways_agree(Case(**{**vars(case), "dtype": dtype}))


@every_network
@pytest.mark.parametrize("n", [1, 2, 7, 128])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_printed_program_is_right_for_any_batch_size_and_keeps_the_type(case, n, dtype):
    case = Case(**{**vars(case), "n": n, "dtype": dtype})
    text, batch = Printed(case), case.batch()
    _, _, derivatives = graph_of(case, batch, case.first_W(), 1)
    values = text.step(batch, 1)
    for name, derivative in derivatives.items():
        assert_same_bits(values[f"d{name}"], derivative.value, f"d{name}")
    assert all(vector.dtype == dtype for vector in text.vectors.values())


def test_the_printed_program_does_not_depend_on_the_type_or_on_this_process():
    case = CLIPPED_AND_DROPPED
    single = Case(**{**vars(case), "dtype": "float32"})
    assert case.program.source() == single.program.source() == case.program.source()


def test_the_printed_program_runs_in_a_process_that_knows_only_numpy():
    program = Case((3,), penalty=L2(0.1)).program.source()
    use = """
import sys
X, y = np.arange(12.0).reshape(4, 3) / 10, np.array([0, 1, 2, 0])
W = np.linspace(-1, 1, 24)
losses = []
for _ in range(50):
    loss, W = step(X, y, W, 0.1)
    losses.append(loss)
assert losses[-1] < losses[0], losses
assert not [name for name in sys.modules if name.startswith("zanjir")]
"""
    done = subprocess.run([sys.executable, "-I", "-c", program + use], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@every_network
def test_the_graph_run_again_on_other_numbers_gives_the_bits_of_the_printed_program(case):
    batch, W = case.batch(1), case.first_W()
    results, parameters, _ = graph_of(case, case.batch(2), W, 1)
    order = {node.name: node for node in leaves_of(results["loss"])}
    values = evaluate(results.values(), {order[name]: value for name, value in batch.items()})
    text = Printed(case).step(batch, 1)
    for name, node in results.items():
        assert_same_bits(text[name], values[id(node)], name)
    assert set(parameters) - set(case.problem.measured) <= set(order)


def leaves_of(node):
    """Return the leaves behind a node, by a walk of its own."""
    return {leaf for x in node.inputs for leaf in leaves_of(x)} if node.gate else {node}


@pytest.mark.parametrize("loss", ["softmax", "squared_hinge", "squared_error", "binary_cross_entropy"])
@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "identity"])
@pytest.mark.parametrize("hidden", [(), (4,), (4, 3)])
def test_the_gradient_of_a_whole_smooth_network_is_that_of_central_differences(loss, activation, hidden):
    case = Case(hidden, activation, loss, L2(0.01), dropout=0.25)
    results, parameters, _ = graph_of(case, case.batch(), case.first_W(), 1)
    check_gradient(results["loss"], list(parameters.values()))


@pytest.mark.parametrize("penalty", [L1(0.02), ElasticNet(0.03)])
def test_the_gradient_of_a_network_with_kinks_is_that_of_central_differences_away_from_them(penalty):
    case = Case((4, 3), "relu", "hinge", penalty)
    results, parameters, _ = graph_of(case, case.batch(), case.first_W(), 1)
    check_gradient(results["loss"], list(parameters.values()))


def test_the_gradient_of_the_output_layer_is_that_of_the_slide():
    case = Case((4,))
    batch = case.batch()
    values = Printed(case).step(batch, 1)
    p = softmax.forward(values["scores"], axis=1)
    right = batch["y"][:, None] == np.arange(3)
    h = np.maximum(0, batch["X"] @ values["W1"] + values["b1"])
    assert np.allclose(values["dW2"], h.T @ (p - right) / case.n, rtol=0, atol=BY_HAND)
    assert np.allclose(values["db2"], (p - right).mean(axis=0), rtol=0, atol=BY_HAND)
    dh = (p - right) @ values["W2"].T / case.n
    assert np.allclose(values["dW1"], batch["X"].T @ (dh * (h > 0)), rtol=0, atol=BY_HAND)
