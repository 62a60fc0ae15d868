"""The five networks whose programs are kept as text, and how to write the texts again.

After an intended change of the printed program, run ``python tests/golden/networks.py`` (with the library
installed), and read the difference as you would read code.
"""

from pathlib import Path

from zanjir.nn import L1, L2, LOSSES, ElasticNet, mlp
from zanjir.optim import SGD, Adadelta, Adam, ClipNorm, Momentum, RMSProp
from zanjir.program import Problem, StepProgram, trace_step

FOLDER = Path(__file__).parent


def linear_softmax() -> StepProgram:
    return trace_step(Problem(mlp([], 10), LOSSES["softmax"], in_features=64, n_outputs=10), SGD())


def two_layer_relu_softmax() -> StepProgram:
    network = mlp([20], 10)
    return trace_step(Problem(network, LOSSES["softmax"], 784, 10, penalty=L2(0.001)), RMSProp())


def three_layer_tanh_hinge() -> StepProgram:
    network = mlp([32, 16], 3, activation="tanh", dropout=0.25)
    return trace_step(Problem(network, LOSSES["hinge"], 4, 3), Adam(), ClipNorm(5.0))


def one_vs_rest_sigmoid() -> StepProgram:
    return trace_step(Problem(mlp([], 3), LOSSES["binary_cross_entropy"], 4, 3, penalty=L1(0.01)), Momentum())


def two_layer_regression() -> StepProgram:
    problem = Problem(mlp([16], 1), LOSSES["squared_error"], 3, 1, penalty=ElasticNet(0.01, beta=0.5))
    return trace_step(problem, Adadelta())


NETWORKS = {
    network.__name__: network
    for network in (
        linear_softmax,
        two_layer_relu_softmax,
        three_layer_tanh_hinge,
        one_vs_rest_sigmoid,
        two_layer_regression,
    )
}


def path_of(name: str) -> Path:
    """Return the file that keeps the program of a network."""
    return FOLDER / f"{name}.py.txt"


def write_all() -> None:
    """Write the program of every network to its file."""
    for name, network in NETWORKS.items():
        path_of(name).write_text(network().source(), encoding="utf-8")


if __name__ == "__main__":
    write_all()
