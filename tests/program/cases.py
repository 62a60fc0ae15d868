"""Networks, batches and graphs for the tests of the programs, and what "the same bits" means."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from zanjir.nn import L1, L2, LOSSES, ElasticNet, convnet, mlp
from zanjir.optim import OPTIMIZERS, ClipNorm, Optimizer
from zanjir.program import Problem, StepProgram, compiled, trace_step

SEED = 5


def assert_same_bits(actual: Any, expected: Any, what: str = "") -> None:
    """Compare type, shape and every bit: no tolerance."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.dtype == expected.dtype, f"{what}: {actual.dtype} is not {expected.dtype}"
    assert actual.shape == expected.shape, f"{what}: {actual.shape} is not {expected.shape}"
    same = actual.tobytes() == expected.tobytes()
    assert same, f"{what}: {actual} differs from {expected} by {abs(actual - expected).max()}"


@dataclass(frozen=True)
class Case:
    """One network with everything that shapes its program."""

    hidden: tuple[int, ...] = (4,)
    activation: str = "relu"
    loss: str = "softmax"
    penalty: Any = None
    optimizer: str = "sgd"
    dropout: float = 0
    clip: float | None = None
    conv: tuple[int, ...] = ()
    norm: str = "none"
    in_features: int = 3
    n_outputs: int = 3
    n: int = 7
    dtype: str = "float64"

    @property
    def problem(self) -> Problem:
        how = {"activation": self.activation, "dropout": self.dropout, "norm": self.norm}
        if self.conv:
            picture = (self.in_features // 4, 4)
            network = convnet(picture, self.conv, self.hidden, self.n_outputs, **how)
        else:
            network = mlp(self.hidden, self.n_outputs, **how)
        dtype = np.dtype(self.dtype).type
        return Problem(network, LOSSES[self.loss], self.in_features, self.n_outputs, self.penalty, dtype)

    @property
    def rule(self) -> Optimizer:
        return OPTIMIZERS[self.optimizer](0.1)

    @property
    def program(self) -> StepProgram:
        return trace_step(self.problem, self.rule, ClipNorm(self.clip) if self.clip else None)

    def first_W(self) -> np.ndarray:
        rng = np.random.default_rng(SEED)
        return (0.7 * rng.standard_normal(self.problem.layout.size)).astype(self.dtype)

    def batch(self, t: int = 0, n: int | None = None) -> dict[str, np.ndarray]:
        """Return the numbers of a batch."""
        n, rng = n or self.n, np.random.default_rng([SEED, t])
        X = rng.standard_normal((n, self.in_features)).astype(self.dtype)
        if LOSSES[self.loss].takes == "labels":
            return {"X": X, "y": rng.integers(0, self.n_outputs, n)}
        return {"X": X, "y": rng.random((n, self.n_outputs)).round(1).astype(self.dtype)}


def printed(program: StepProgram) -> dict[str, Any]:
    """Return the functions of the printed program."""
    return compiled(program.source(), "<printed program>")


def call(functions: dict[str, Any], name: str, **values: Any) -> Any:
    """Call a printed function with those of the values that it takes; several results come as a tuple."""
    function = functions[name]
    wanted = function.__code__.co_varnames[: function.__code__.co_argcount]
    return function(**{argument: values[argument] for argument in wanted})


PENALTIES = st.sampled_from([None, L2(0.01), L1(0.02), ElasticNet(0.03, beta=0.25)])

CASES = st.builds(
    Case,
    hidden=st.lists(st.integers(1, 6), max_size=3).map(tuple),
    activation=st.sampled_from(["relu", "tanh", "sigmoid", "identity"]),
    loss=st.sampled_from(sorted(LOSSES)),
    penalty=PENALTIES,
    optimizer=st.sampled_from(sorted(OPTIMIZERS)),
    dropout=st.sampled_from([0, 0, 0.25]),
    norm=st.sampled_from(["none", "none", "batch", "layer"]),
    clip=st.sampled_from([None, None, 0.5]),
    in_features=st.integers(1, 5),
    n_outputs=st.integers(1, 4),
    n=st.sampled_from([1, 2, 3, 7, 33]),
    dtype=st.sampled_from(["float32", "float64"]),
)
