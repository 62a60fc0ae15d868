"""Row 99: the class of the notes for a computational graph, with its blanks filled, passes the gradient check."""

import math

import pytest

from zanjir import ComputationalGraph

# Central differences of numbers of about 1: their error is the step squared, and rounding over the step.
STEP, WITHIN = 1e-5, 1e-9
NUMBERS = {"w0": 2.0, "x0": -1.0, "w1": -3.0, "x1": -2.0, "w2": -3.0}
GATES = {
    "s0": ("multiply", "w0", "x0"), "s1": ("multiply", "w1", "x1"), "s2": ("add", "s0", "s1"),
    "s3": ("add", "s2", "w2"), "L": ("sigmoid", "s3"),
}  # fmt: skip


class Multiply:
    def forward(self, x, y):
        self.x, self.y = x, y
        return x * y

    def backward(self, dz):
        return [self.y * dz, self.x * dz]


class Add:
    def forward(self, x, y):
        return x + y

    def backward(self, dz):
        return [dz, dz]


class Sigmoid:
    def forward(self, x):
        self.z = 1 / (1 + math.exp(-x))
        return self.z

    def backward(self, dz):
        return [(1 - self.z) * self.z * dz]


OBJECTS = {"multiply": Multiply, "add": Add, "sigmoid": Sigmoid}


class Filled:
    """The slide's class; its blanks were `self`, which number goes to which gate, and the sum over fan-out."""

    def __init__(self, gates):
        self.gates = {name: (OBJECTS[kind](), inputs) for name, (kind, *inputs) in gates.items()}

    def forward(self, inputs):
        values = dict(inputs)
        for name, (gate, reads) in self.gates.items():  # written in topological order
            values[name] = gate.forward(*(values[read] for read in reads))
        return values[name]

    def backward(self):
        gradients = {name: 0.0 for _, reads in self.gates.values() for name in reads}
        gradients[next(reversed(self.gates))] = 1.0
        for name, (gate, reads) in reversed(self.gates.items()):
            for read, slope in zip(reads, gate.backward(gradients[name]), strict=True):
                gradients[read] += slope
        return {name: slope for name, slope in gradients.items() if name not in self.gates}


@pytest.mark.parametrize("gates", [GATES, {**GATES, "L": ("multiply", "s3", "s3")}], ids=["sigmoid", "fan-out"])
def test_row_99_the_filled_class_agrees_with_ours_and_with_differences(gates):
    filled, ours = Filled(gates), ComputationalGraph.from_gates(gates, output="L")
    assert filled.forward(NUMBERS) == pytest.approx(ours.forward(**NUMBERS)["L"], rel=1e-15)
    slopes = filled.backward()
    assert slopes == pytest.approx({name: float(slope) for name, slope in ours.backward().items()}, rel=1e-14)
    for name, value in NUMBERS.items():
        above, below = (Filled(gates).forward({**NUMBERS, name: value + h}) for h in (STEP, -STEP))
        assert slopes[name] == pytest.approx((above - below) / (2 * STEP), abs=WITHIN)
