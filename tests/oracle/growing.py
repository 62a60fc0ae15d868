"""Grow a random program: a list of gates to apply, and random numbers for everything else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from oracle.forms import FORMS
from oracle.kinks import NEAR, distance_to_kink
from oracle.programs import Program, Step
from witnesses.gate_samples import SAMPLES, domains, highest, shapes
from zanjir.errors import ZanjirError
from zanjir.graph import TABLE, Gate, Interval, Tensor, apply

__all__ = ["EXCLUDED", "GROWN", "PROGRAMS", "grown"]

Form = tuple[list[tuple[int, ...]], Mapping[str, Any]]

# PyTorch draws other random numbers.
EXCLUDED = {"uniform_like"}
GROWN = sorted(set(TABLE) - EXCLUDED)
# Each build of LAPACK chooses the signs of these vectors.
OF_EITHER_SIGN = {"eigenvectors", "left_singular_vectors", "right_singular_vectors"}
LEAF_SHAPES = ((3, 4), (4,), (2, 3, 4), (3, 3), (2, 2), ())
ELEMENT_SHAPES = ((3, 4), (3, 4), (4,), (3, 1), (2, 3, 4), (), (2, 3))
# Numbers beyond these are brought back by a tanh, or the gate is not applied.
MODERATE, LARGEST = 3.0, 1e3
# How far a matrix may leave the sample that has the properties its gate asks for.
AROUND = 0.05
TRIES = 4


class Unfit(Exception):  # noqa: N818 - it asks for another choice
    """The numbers lie near a kink, or are too large."""


class Grower:
    """Steps so far, their values, and the nodes that nothing reads yet."""

    def __init__(self, seed: bytes) -> None:
        self.rng = np.random.default_rng(list(seed))
        self.steps: list[Step] = []
        self.nodes: list[Tensor] = []
        self.unread: list[int] = []
        self.hidden: set[int] = set()

    def leaf(self, value: Any, varies: bool = False) -> int:
        value = value if isinstance(value, float) else np.asarray(value)  # a Python number has no dtype of its own
        self.steps.append(Step(value=value, varies=varies))
        self.nodes.append(Tensor(value))
        return len(self.steps) - 1

    def constant(self, shape: tuple[int, ...], low: float, high: float) -> int:
        return self.leaf(np.round(self.rng.uniform(low, high, shape), 3))

    def gate(self, name: str, *inputs: int, **params: Any) -> int:
        """Apply a gate, unless its inputs lie near a kink or its numbers are too large."""
        row, values = TABLE[name], [np.asarray(self.nodes[k].value) for k in inputs]
        settings = {**row.params, **params}
        if distance_to_kink(name, values, settings) < NEAR:
            raise Unfit
        try:
            node = apply(row, *(self.nodes[k] for k in inputs), **params)
        except ZanjirError as error:
            raise Unfit from error
        if not np.isfinite(node.value).all() or np.abs(node.value).max(initial=0) > LARGEST:
            raise Unfit
        self.steps.append(Step(name, inputs, settings))
        self.nodes.append(node)
        return len(self.steps) - 1

    # Inputs of a wanted shape and domain

    def operand(self, shape: tuple[int, ...]) -> int:
        """Some node, given a shape by taking its elements again and again, each times a number of its own."""
        recent = self.unread if self.unread and self.rng.random() < 0.6 else range(len(self.nodes))
        filled = [k for k in recent if self.is_operand(k)]
        k = int(self.rng.choice(filled or [0]))
        node = self.nodes[k]
        if node.shape != shape:
            positions = self.leaf(np.resize(np.arange(node.size), shape))
            k = self.gate("index", self.gate("ravel", k), positions, key=("array",))
        if self.nodes[k].shape != node.shape or self.nodes[k].dtype.kind != "f":
            k = self.gate("multiply", k, self.constant(shape, 0.5, 1.5))
        if np.abs(self.nodes[k].value).max(initial=0) > MODERATE:
            k = self.gate("multiply", self.gate("tanh", k), self.leaf(2.0))
        return k

    def is_operand(self, k: int) -> bool:
        """Whether a node may be read: no constant, not empty, and not of either sign."""
        return bool((self.steps[k].gate or self.steps[k].varies) and self.nodes[k].size and k not in self.hidden)

    def around(self, middle: Any, reach: float, shape: tuple[int, ...]) -> int:
        """middle + reach tanh(x)."""
        bent = self.gate("multiply", self.gate("tanh", self.operand(shape)), self.leaf(round(reach, 3)))
        return self.gate("add", bent, self.leaf(np.round(middle, 3) if np.ndim(middle) else float(middle)))

    def truth(self, shape: tuple[int, ...]) -> int:
        """A truth value for each element, of the graph."""
        k = self.operand(shape)
        threshold = self.constant(shape, -1, 1)
        return self.gate(str(self.rng.choice(["greater", "less", "greater_equal", "less_equal"])), k, threshold)

    def input(self, domain: Interval, shape: tuple[int, ...], sample: Any) -> int:
        """An input inside a domain, or close to a sample."""
        if sample is not None:
            return self.around(sample, AROUND, shape)
        if domain.integers and domain.high == 1:
            return self.truth(shape)
        if domain.integers:
            return self.leaf(self.rng.integers(int(domain.low), int(highest(domain)) + 1, shape))
        if domain.low <= -1e3 and domain.high >= 1e3:
            return self.operand(shape)
        low, high = max(domain.low, -2.0), min(domain.high, 2.0)
        return self.around((low + high) / 2, 0.4 * (high - low), shape)

    def apply(self, row: Gate) -> None:
        """Apply a gate in one of its forms to inputs from the graph so far."""
        sizes, params = self.form(row)
        samples: Sequence[Any] = [None] * len(sizes)
        if row.name in SAMPLES:
            samples = SAMPLES[row.name](self.rng, list(sizes))
        within = zip(domains(row, len(sizes)), sizes, samples, strict=True)
        inputs = [self.input(domain, shape, sample) for domain, shape, sample in within]
        k = self.gate(row.name, *inputs, **params)
        if row.name in OF_EITHER_SIGN:
            self.hidden.add(k)
            k = self.gate("square", k)
        self.unread = [j for j in self.unread if j not in self.steps_below(k)] + [k]

    def steps_below(self, k: int) -> set[int]:
        """The nodes that a node reads, and those that they read."""
        below: set[int] = set()
        waiting = list(self.steps[k].inputs)
        while waiting:
            j = waiting.pop()
            if j not in below:
                below.add(j)
                waiting.extend(self.steps[j].inputs)
        return below

    def form(self, row: Gate) -> Form:
        """Shapes and parameters to apply a gate with."""
        if row.elementwise:
            n = len(row.vjp)
            common = tuple(ELEMENT_SHAPES[self.rng.integers(len(ELEMENT_SHAPES))])
            sizes = [common if self.rng.random() < 0.6 else common[j:] for j in self.rng.integers(0, 2, n)]
            sizes[int(self.rng.integers(n))] = common
            return sizes, row.examples[self.rng.integers(len(row.examples))]
        forms: list[Form] = [(shapes(row), params) for params in row.examples]
        forms += FORMS.get(row.name, [])
        return forms[self.rng.integers(len(forms))]

    def attempt(self, row: Gate) -> bool:
        """Apply a gate, trying again where the numbers do not fit; leave nothing behind of what failed."""
        for _ in range(TRIES):
            n_steps, unread, hidden = len(self.steps), list(self.unread), set(self.hidden)
            try:
                self.apply(row)
            except Unfit:
                del self.steps[n_steps:], self.nodes[n_steps:]
                self.unread, self.hidden = unread, hidden
            else:
                return True
        return False

    def loss(self) -> None:
        """Sum w sin(x) over what nothing reads."""
        total = self.leaf(0.0)
        for k in self.unread or [0]:
            if self.nodes[k].size == 0:
                continue
            wave = self.gate("sin", self.gate("multiply", k, self.leaf(1.0)))  # times 1.0: a truth value is a number
            weighted = self.gate("multiply", wave, self.constant(self.nodes[k].shape, -1, 1))
            total = self.gate("add", total, self.gate("sum", weighted))


def grown(names: Sequence[str], further: int, seed: bytes) -> tuple[Program, list[str]]:
    """Return a program with the named gates and some further ones, and those of them that could be applied."""
    grower = Grower(seed)
    names = [*names, *(GROWN[k] for k in grower.rng.integers(len(GROWN), size=further))]
    for k in grower.rng.permutation(len(LEAF_SHAPES))[:2]:
        grower.unread.append(grower.leaf(np.round(grower.rng.uniform(-2, 2, LEAF_SHAPES[k]), 4), varies=True))
    applied = [name for name in names if grower.attempt(TABLE[name])]
    grower.loss()
    drawn = [grower.rng.standard_normal(step.value.shape) for step in grower.steps if step.varies]
    directions = tuple(np.round(d, 3) if np.ndim(d) else round(float(d), 3) for d in drawn)
    return Program(tuple(grower.steps), directions), applied


# Hypothesis draws some gates by name, which it can shrink; the others are spread evenly over the table.
PROGRAMS: st.SearchStrategy[tuple[Program, list[str]]] = st.builds(
    grown,
    st.lists(st.sampled_from(GROWN), min_size=1, max_size=3),
    st.integers(5, 8),
    st.binary(min_size=8, max_size=8),
)
