"""Everything that a step needs for one size of batch: shards bound to their samples, and the phases after them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, reduce
from itertools import pairwise
from typing import Any

import numpy as np

from zanjir.graph.gate import TABLE
from zanjir.graph.order import evaluate, topological_order
from zanjir.graph.tensor import Array, Tensor, apply
from zanjir.native import compiler
from zanjir.native.driver import PHASE, SHARD
from zanjir.native.library import Library
from zanjir.native.memory import zeros
from zanjir.native.operations import address, in_memory_of_their_own
from zanjir.native.translation import Bound, Translation, module_text
from zanjir.program import StepProgram
from zanjir.program.passes import prepared
from zanjir.program.shards import Split, SplitError, split
from zanjir.program.step import TRACED_ROWS

__all__ = ["Context", "Variant", "words"]

RESULTS = ("loss", "data_loss", "penalty")
# Columns below which a product leaves much of its vectors empty.
NARROW = 32


@dataclass
class Context:
    """The arrays of a training, which all sizes of batch share.

    Parameters
    ----------
    results : array of shape (3,)
        Loss, data loss and penalty of a step.
    library : Library
        The functions that all programs share.
    failures
        Where errors of gates that run in NumPy are put.
    """

    program: StepProgram
    W: Array
    dW: Array  # noqa: N815 - the name of the lectures
    state: dict[str, Array]
    results: Array
    seed: int
    library: Library
    failures: list[BaseException] = field(default_factory=list)

    @cached_property
    def step(self) -> dict[str, Tensor]:
        """What a step computes before its update: results, scores and derivatives, in simple gates."""
        program = self.program
        outputs = {name: program.forward.outputs[name] for name in ("scores", *self.measured)}
        return prepared({**outputs, **program.backward.outputs})

    @cached_property
    def split(self) -> Split | str:
        """The step cut into what each shard computes and what follows their sum; or the reason why it cannot be."""
        inputs = self.program.forward.inputs
        try:
            return split(self.step, [inputs[name] for name in self.program.problem.batch(1) if name in inputs])
        except SplitError as error:
            return str(error)

    @property
    def measured(self) -> list[str]:
        """Which results there are."""
        return [name for name in RESULTS if name in self.program.forward.outputs]

    def result_arrays(self) -> dict[str, Array]:
        """Return the places of the results."""
        return {name: self.results[i : i + 1].reshape(()) for i, name in enumerate(RESULTS)}

    def derivatives(self, vector: Array) -> dict[str, Array]:
        """Return the derivatives by name, as views of a flat vector."""
        return {f"d{name}": view for name, view in self.program.problem.layout.views(vector).items()}


@dataclass
class Part:
    """A translation that is bound and compiled."""

    translation: Translation
    bound: Bound
    library: compiler.Library
    numbers: Array
    backward: bool = False

    @classmethod
    def of(
        cls, translation: Translation, leaves: Mapping[Tensor, Any], arrays: Mapping[str, Array], context: Context
    ) -> Part:
        """Bind and compile a translation."""
        bound = translation.bind(leaves, arrays, context.library, context.failures)
        library = compiler.build(module_text(translation))
        return cls(translation, bound, library, np.array([*bound.values, 0.0]))

    def vary(self, leaves: Mapping[Tensor, Array], n_steps: int) -> None:
        """Compute the numbers of a stretch of steps from numbers that are different at each step."""
        nodes = [self.translation.number_nodes[key] for key in self.bound.numbers]
        values = evaluate(nodes, leaves)
        if self.numbers.ndim == 1 or len(self.numbers) < n_steps:
            self.numbers = np.empty((n_steps, len(nodes) + 1))
        for i, node in enumerate(nodes):
            self.numbers[:n_steps, i] = values[id(node)]

    def phases(self) -> list[dict[str, int]]:
        """Return the words of the units, as phases after the shards."""
        return [
            {
                "function": self.library.address(function.name),
                **self.tables(),
                "bytes_per_step": self.numbers.strides[0] if self.numbers.ndim == 2 else 0,
                "extent": function.extent,
                "part": function.part,
                "backward": int(self.backward),
            }
            for function in self.translation.functions
        ]

    def tables(self) -> dict[str, int]:
        """Return the addresses of the tables."""
        arrays = {"pointers": self.bound.pointers, "sizes": self.bound.sizes, "numbers": self.numbers}
        return {name: address(array) for name, array in arrays.items()}


class Variant:
    """A step at one size of batch.

    Parameters
    ----------
    n : int
        Samples in the batch.
    n_shards : int
        Into how many shards it is cut, if it can be.
    samples : dict of str to array, optional
        Inputs, targets and weights to read in place; by default there are buffers into which a batch is gathered.
    update : bool
        Whether the optimizer's step follows.
    """

    def __init__(
        self,
        context: Context,
        n: int,
        n_shards: int,
        *,
        samples: Mapping[str, Array] | None = None,
        update: bool = True,
    ) -> None:
        self.context, self.n = context, n
        self.given = samples or self.buffers()
        self.shards: list[dict[str, Any]] = []
        self.parts: list[Part] = []
        self.update: Part | None = None
        self.translations: dict[int, Translation] = {}
        if n_shards > 1 and isinstance(context.split, Split):
            self.make_shards(context.split, n_shards, update=update)
        else:
            self.make_whole(update=update)

    def buffers(self) -> dict[str, Array]:
        """Return room for the samples of a batch."""
        batch = self.context.program.problem.batch(self.n)
        return {name: zeros(array.shape, array.dtype) for name, array in batch.items()}

    def make_whole(self, *, update: bool) -> None:
        """Make a step whose batch is not cut."""
        context = self.context
        outputs = self.as_results(context.step)
        arrays = {**context.derivatives(context.dW), **context.result_arrays()}
        self.add_shard(0, self.n, outputs, {name: arrays[name] for name in outputs if name != "scores"})
        if update:
            self.add_update()

    def make_shards(self, cut: Split, n_shards: int, *, update: bool) -> None:
        """Make a step of several shards, and what follows when all of them are done."""
        context, n = self.context, self.n
        edges = [n * i // n_shards for i in range(n_shards + 1)]
        factors = {name: found for name in cut.parts if (found := factors_of(cut.shard[name]))}
        products = {name: (x, y) for name, (x, y) in factors.items() if n_shards * y.shape[1] > rows_of(x, n)}
        narrow = {
            name for name, (x, y) in factors.items() if name not in products and y.shape[1] < NARROW <= x.shape[1]
        }
        rows = {id(node): node for pair in products.values() for node in pair}
        buffers = {
            key: zeros((rows_of(node, n), *node.shape[1:]), node.dtype)
            for key, node in rows.items()
            if node.gate is not None
        }
        outputs = {name: node for name, node in cut.shard.items() if name not in products}
        outputs |= {name: product_of(y, x) for name, (x, y) in factors.items() if name in narrow}
        outputs |= {f"rows{i}": rows[key] for i, key in enumerate(buffers)}
        terms: dict[str, list[tuple[Tensor, Array]]] = {name: [] for name in cut.parts if name not in products}
        for first, last in pairwise(edges):
            arrays = {f"rows{i}": part_of(buffer, n, first, last) for i, buffer in enumerate(buffers.values())}
            for name, pairs in terms.items():
                value = np.asarray(outputs[name].value)
                arrays[name] = zeros(value.shape, value.dtype)
                pairs.append((Tensor(arrays[name], name), arrays[name]))
            self.add_shard(first, last - first, outputs, arrays, {cut.n_samples: n, cut.first_row: first})
        leaves = {term: array for pairs in terms.values() for term, array in pairs} | {cut.n_samples: n}
        sums = {cut.parts[name]: added([term for term, _ in pairs]) for name, pairs in terms.items()}
        sums |= {cut.parts[name]: TABLE["transpose"](sums[cut.parts[name]]) for name in narrow}
        whole_rows = {key: Tensor(node.value, node.name) for key, node in rows.items()}
        given = {
            id(context.program.forward.inputs[name]): array
            for name, array in self.given.items()
            if name in context.program.forward.inputs
        }
        leaves |= {whole_rows[key]: {**given, **buffers}[key] for key in rows}
        for name, (x, y) in products.items():
            sums[cut.parts[name]] = product_of(whole_rows[id(x)], whole_rows[id(y)])
        self.add_whole(self.as_results(replaced(cut.whole, sums)), leaves)
        if update:
            self.add_update()

    def as_results(self, outputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return outputs with the results as numbers of float64."""
        measured = {name: TABLE["astype"](outputs[name], dtype="float64") for name in self.context.measured}
        return {**outputs, **measured}

    def add_shard(
        self,
        first: int,
        n: int,
        outputs: Mapping[str, Tensor],
        arrays: Mapping[str, Array],
        numbers: Mapping[Tensor, int] | None = None,
    ) -> None:
        """Add the program of a shard of ``n`` rows from row ``first`` on."""
        context, problem = self.context, self.context.program.problem
        given = {name: array[first : first + n] for name, array in self.given.items()}
        key, right = np.array([context.seed, 0]), np.zeros(1, np.int64)
        values = {**given, **problem.layout.views(context.W), "key": key}
        leaves: dict[Tensor, Any] = {
            node: values.get(name, node.value) for name, node in context.program.forward.inputs.items()
        }
        scores = zeros((n, problem.n_outputs), problem.dtype)
        leaves |= numbers or {}
        if n not in self.translations:
            self.translations[n] = Translation("shard", in_memory_of_their_own(outputs), leaves)
        part = Part.of(self.translations[n], leaves, {**arrays, "scores": scores}, context)
        self.shards.append({
            "part": part, **given, "scores": scores, "right": right,
            "key": key if problem.draws else None, "first_row": first, "rows": n,
        })  # fmt: skip

    def add_whole(self, outputs: Mapping[str, Tensor], leaves: Mapping[Tensor, Any]) -> None:
        """Add what follows the sum over the shards."""
        context = self.context
        views = context.program.problem.layout.views(context.W)
        known = {*self.given, "key"}
        inputs = {
            node: views.get(name, node.value)
            for name, node in context.program.forward.inputs.items()
            if name not in known
        }
        arrays = {**context.derivatives(context.dW), **context.result_arrays()}
        given = {**inputs, **leaves}
        translation = Translation("whole", in_memory_of_their_own(outputs), given)
        self.parts.append(Part.of(translation, given, {name: arrays[name] for name in outputs}, context))

    def add_update(self) -> None:
        """Add the optimizer's step."""
        context, program = self.context, self.context.program
        vectors = {"W": context.W, "dW": context.dW, **context.state}
        inputs = program.update.inputs
        outputs = prepared(program.update.outputs)
        given = {node: vectors.get(name, node.value) for name, node in inputs.items()}
        translation = Translation("update", in_memory_of_their_own(outputs), given)
        late = translation.overwritten_too_early({name: inputs[name] for name in outputs})
        kept = {name: zeros(vectors[name].shape, vectors[name].dtype) for name in late}
        self.update = Part.of(translation, given, {**vectors, **kept}, context)
        self.update.backward = True
        self.parts.append(self.update)
        if kept:
            self.add_copy(kept, vectors)

    def add_copy(self, kept: Mapping[str, Array], vectors: Mapping[str, Array]) -> None:
        """Add the copying of vectors to where they are read at the next step."""
        leaves = {name: Tensor(array, name) for name, array in kept.items()}
        given = {leaf: kept[name] for name, leaf in leaves.items()}
        translation = Translation("copy", in_memory_of_their_own(leaves), given)
        self.parts.append(Part.of(translation, given, vectors, self.context))

    def set_steps(self, learning_rates: Array, t: int) -> None:
        """Prepare the numbers of the update for a stretch of steps."""
        inputs = self.context.program.update.inputs
        counts = np.arange(t + 1, t + 1 + len(learning_rates), dtype=np.float64)
        if self.update:
            self.update.vary({inputs["learning_rate"]: learning_rates, inputs["t"]: counts}, len(learning_rates))

    @property
    def numbers_at(self) -> int:
        """Where the numbers of the update lie."""
        return address(self.update.numbers) if self.update else 0

    @property
    def all_parts(self) -> list[Part]:
        """The programs of the shards, and those that follow them."""
        return [*(shard["part"] for shard in self.shards), *self.parts]

    @property
    def calls_blas(self) -> bool:
        """Whether a product may be large enough for a BLAS, or a gate runs in NumPy, which has one."""
        return any(part.translation.calls or part.translation.has_large_product for part in self.all_parts)

    @property
    def fallbacks(self) -> set[str]:
        """Names of the gates that run in NumPy."""
        return {name for part in self.all_parts for name in part.translation.fallbacks}

    def tables(self) -> tuple[Array, Array]:
        """Return the words of shards and of phases."""
        shards = [self.shard_words(shard) for shard in self.shards]
        phases = [phase for part in self.parts for phase in part.phases()]
        return words(shards, SHARD), words(phases, PHASE)

    def shard_words(self, shard: Mapping[str, Any]) -> dict[str, int]:
        """Return the words of a shard."""
        part: Part = shard["part"]
        arrays = ("X", "y", "weights", "key", "scores", "right")
        places = {name: 0 if shard.get(name) is None else address(shard[name]) for name in arrays}
        where = {name: shard[name] for name in ("first_row", "rows")}
        return {"function": part.library.address(f"{part.translation.name}_run"), **part.tables(), **places, **where}


def factors_of(node: Tensor) -> tuple[Tensor, Tensor] | None:
    """Return x and y of a product x.T @ y over the samples, if both lie in memory sample after sample.

    Where the sum over shards would write and read more numbers than x has, such a product is computed for the whole
    batch at once, in parts of its rows. Where y is narrower than two vectors, its transpose y.T @ x is computed.
    """
    if node.gate is not TABLE["matmul"] or node.ndim != 2:
        return None
    turned, y = node.inputs
    if turned.gate is not TABLE["transpose"] or turned.ndim != 2 or y.ndim != 2:
        return None
    x = turned.inputs[0]
    if any(factor.gate is not None and factor.gate.view for factor in (x, y)):
        return None
    return x, y


def product_of(x: Tensor, y: Tensor) -> Tensor:
    """Return x.T @ y."""
    return TABLE["matmul"](TABLE["transpose"](x), y)


def rows_of(node: Tensor, n: int) -> int:
    """Return how many rows a traced node has for n samples."""
    return n * (node.shape[0] // TRACED_ROWS)


def part_of(buffer: Array, n: int, first: int, last: int) -> Array:
    """Return the rows of a buffer that belong to some of its n samples."""
    each = len(buffer) // n
    return buffer[each * first : each * last]


def added(terms: Sequence[Tensor]) -> Tensor:
    """Return the sum of tensors, from the first to the last."""
    return reduce(TABLE["add"], terms)


def replaced(outputs: Mapping[str, Tensor], new: Mapping[Tensor, Tensor]) -> dict[str, Tensor]:
    """Return outputs built again on what stands for some of their leaves."""
    now = {id(leaf): node for leaf, node in new.items()}
    for node in topological_order(outputs.values()):
        if node.gate is not None:
            inputs = tuple(now.get(id(x), x) for x in node.inputs)
            same = all(x is y for x, y in zip(inputs, node.inputs, strict=True))
            now[id(node)] = node if same else apply(node.gate, *inputs, **node.params)
    return {name: now.get(id(node), node) for name, node in outputs.items()}


def words(rows: Sequence[Mapping[str, int]], names: Sequence[str]) -> Array:
    """Return rows of named words as a table."""
    return np.array([[row[name] for name in names] for row in rows], np.int64).reshape(len(rows), len(names))
