"""Gradient check: the analytic gradient of a graph, or of a reader's own code, against numerical derivatives."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from zanjir.errors import GraphError, NonFiniteError, ParameterError, ShapeError
from zanjir.graph.check import GradientError, check_input
from zanjir.graph.gate import Gate
from zanjir.graph.judge import judge
from zanjir.graph.nonfinite import check_finite
from zanjir.graph.numerical import COMPLEX_STEP, complex_quotient, float64, real_number
from zanjir.graph.order import evaluate, topological_order
from zanjir.graph.report import CheckReport, Cost, Fault, ParameterCheck, Verdict, place
from zanjir.graph.subject import Subject, dependents, differentiated, in_float64, subject_of
from zanjir.graph.tensor import Array, Tensor, apply
from zanjir.graph.trace import is_function, trace
from zanjir.graph.writing import written

__all__ = ["check", "check_function"]

# How far the point is moved to look at a derivative beside several kinks, as a part of the parameter's size.
ASIDE = 1e-3
# Elements of one gate's input that are looked at when its rule is suspected.
SUSPECTED = 32
TIMED_RUNS = 5


def check(loss: Any, wrt: Any = None, *, samples: int = 64, seed: int = 0) -> CheckReport:
    """Check the gradient of a graph against numerical derivatives, and say what is right, wrong or neither.

    Each derivative is compared with the complex step where every gate on the way takes complex numbers, and with
    central differences over a sweep of steps elsewhere. Everything is computed in float64, on copies.

    Parameters
    ----------
    loss : Tensor of shape (), or function
        The number to differentiate; of a function, at the arrays ``wrt``, as for ``gradient``.
    wrt : Tensor, sequence or mapping of tensors, optional
        What to differentiate with respect to; every named leaf of real numbers if not given.
    samples : int
        Parameters of up to so many elements are checked element by element; of larger ones so many elements
        are, and random directions through all.
    seed : int
        Fixes the sample and the directions.

    Returns
    -------
    CheckReport
        With a verdict per parameter, the gates at fault, and the cost against numerical differentiation.

    Raises
    ------
    ShapeError, GraphError, ParameterError
        If loss is not a single number, wrt holds something else than tensors of real numbers, or samples is
        below 1.
    NonFiniteError
        If the loss itself is not finite.

    Examples
    --------
    >>> w = Tensor([1.0, 2.0], "w")
    >>> report = check(np.sum(np.tanh(w) ** 2), [w])
    >>> report.ok, str(report["w"].verdict), report["w"].relative_error < 1e-12
    (True, 'right', True)
    >>> check(lambda x: np.prod(x), [3.0, 0.0]).ok
    True
    """
    if is_function(loss):
        traced = trace("check", loss, wrt)
        loss, wrt = traced.output, list(traced.wrt)
    named = parameters_of(loss, wrt)
    check_samples(samples)
    with np.errstate(all="ignore"):  # steps may leave the domain; what is not finite is looked at
        loss64, nodes, notes = in_float64(loss, list(named.values()))
        check_finite(loss64)
        leaves = dict(zip(named, nodes, strict=True))
        try:
            derivatives, resolution = differentiated(loss64, nodes)
        except ValueError as error:
            return failed(loss64, leaves, notes, seed, error)
        analytic = {name: np.asarray(d.value, np.float64) for name, d in zip(leaves, derivatives, strict=True)}
        subject = subject_of(loss64, leaves, analytic, resolution)
        found = [judge(subject, name, samples, seed) for name in leaves]
        faults = {
            p.name: list(faults_of(loss64, leaves[p.name], seed)) for p in found if p.verdict is not Verdict.RIGHT
        }
        found = [reconsidered(p, loss64, leaves[p.name], faults.get(p.name, []), samples, seed) for p in found]
        found = [explained(p, loss64, leaves[p.name]) for p in found]
        cost = cost_of(subject, lambda: evaluate([loss64], {}), lambda: evaluate([loss64, *derivatives], {}))
    return CheckReport(subject.loss, tuple(found), cost, once(faults.values()), tuple(notes))


def once(faults: Iterable[Iterable[Fault]]) -> tuple[Fault, ...]:
    """Return the faults behind several parameters, each rule once."""
    return tuple({(fault.gate, fault.input): fault for some in faults for fault in some}.values())


def parameters_of(loss: Tensor, wrt: Any) -> dict[str, Tensor]:
    """Return what to differentiate with respect to, by name."""
    if not isinstance(loss, Tensor):
        raise GraphError(
            f"check takes a tensor or a function; got {type(loss).__name__}. Build it with zanjir.tensor(...)."
        )
    if loss.shape != ():
        raise ShapeError(f"check needs a single number; {loss.label} has shape {loss.shape}. Take .mean() or .sum().")
    if wrt is None:
        leaves = [node for node in topological_order([loss]) if node.gate is None and node.name]
        wrt = [node for node in leaves if node.dtype.kind == "f"]
    given = dict(wrt) if isinstance(wrt, Mapping) else named([wrt] if isinstance(wrt, Tensor) else list(wrt))
    for w in given.values():
        if not isinstance(w, Tensor):
            raise GraphError(f"check: wrt holds {type(w).__name__}, expected tensors. Build them with zanjir.tensor.")
    if not given:
        raise ParameterError("check: there is nothing to differentiate with respect to; name a leaf, or give wrt.")
    return given


def named(tensors: Sequence[Any]) -> dict[str, Any]:
    """Return tensors by name; equal names and missing ones are numbered."""
    names: dict[str, Any] = {}
    for k, w in enumerate(tensors):
        name = getattr(w, "name", None) or f"wrt[{k}]"
        names[name if name not in names else f"{name} (wrt[{k}])"] = w
    return names


def check_samples(samples: int) -> None:
    """Refuse a number of samples that is none."""
    if not isinstance(samples, int) or isinstance(samples, bool) or samples < 1:
        raise ParameterError(f"check: samples must be a whole number, at least 1; got {samples!r}.")


def failed(
    loss: Tensor, leaves: Mapping[str, Tensor], notes: Sequence[str], seed: int, error: ValueError
) -> CheckReport:
    """Report a gradient that cannot even be computed, if a rule is to blame; else raise what was raised."""
    faults = once(faults_of(loss, w, seed) for w in leaves.values())
    if not faults:
        raise error
    found = tuple(ParameterCheck(name, w.shape, Verdict.WRONG, str(faults[0])) for name, w in leaves.items())
    size = sum(w.size for w in leaves.values())
    return CheckReport(float(loss.value), found, Cost(size, math.nan, math.nan), faults, tuple(notes))


def faults_of(loss: Tensor, leaf: Tensor, seed: int) -> Iterator[Fault]:
    """Check each rule that a derivative uses at the values it has there, and yield the wrong ones, once each."""
    moved = {id(leaf), *(id(node) for node in dependents(loss, leaf))}
    told: set[tuple[Gate, int]] = set()
    for node in topological_order([loss]):
        if node.gate is None:
            continue
        for i, (x, rule) in enumerate(zip(node.inputs, node.gate.rules(len(node.inputs)), strict=True)):
            if rule is None or id(x) not in moved or (node.gate, i) in told:
                continue
            message = fault_in(node, node.gate, i, seed)
            if message:
                told.add((node.gate, i))
                yield Fault(node.gate.name, i, written(x), written(node, inside=True), message)


def fault_in(node: Tensor, row: Gate, i: int, seed: int) -> str:
    """Return what is wrong with one rule at one place; nothing if it is right, or stands at a kink."""
    inputs = [x.value for x in node.inputs]
    try:
        check_input(row, inputs, node.params, i, 1, np.random.default_rng([seed, i]))
    except GradientError as error:
        fails = f"for input {i} fails" in str(error)
        return f"fails: {error.__cause__}" if fails else suspected(node, row, i, seed)
    return ""


def suspected(node: Tensor, row: Gate, i: int, seed: int) -> str:
    """Look at a suspected rule element by element, where a kink can be told from a mistake."""
    x = Tensor(np.array(node.inputs[i].value, np.float64), node.inputs[i].name or "x")
    out = apply(row, *node.inputs[:i], x, *node.inputs[i + 1 :], **node.params)
    total = (out * np.random.default_rng(seed).standard_normal(out.shape)).sum()
    (derivative,), resolution = differentiated(total, [x])
    subject = subject_of(total, {"x": x}, {"x": np.asarray(derivative.value)}, resolution)
    found = judge(subject, "x", SUSPECTED, seed)
    # A direction through several kinks may lead nowhere between their slopes; an element cannot.
    if found.verdict is not Verdict.WRONG or (found.index is None and kinked_entries(node, row)):
        return ""
    where = "along a direction" if found.index is None else f"at {place(found.index, '[]')}"
    numbers = f"analytic {found.analytic:.6g}, numeric {found.numeric:.6g}"
    return f"is wrong in {written(node, inside=True)}: {where} {numbers} (relative error {found.relative_error:.2g})"


def reconsidered(
    parameter: ParameterCheck, loss: Tensor, leaf: Tensor, faults: Sequence[Fault], samples: int, seed: int
) -> ParameterCheck:
    """Let a wrong rule count that a kink or noise hides, and excuse a difference that several kinks at once make."""
    if faults and parameter.verdict is not Verdict.WRONG:
        reason = f"{faults[0]}; the check of the whole graph could not see it ({parameter.reason})"
        return replace(parameter, verdict=Verdict.WRONG, reason=reason)
    doubtful = parameter.verdict in (Verdict.WRONG, Verdict.NOISY) and math.isfinite(parameter.analytic)
    kinks = kinks_on(loss, leaf) if doubtful and not faults else ""
    if not kinks:
        return parameter
    values = np.asarray(leaf.value, np.float64)
    size = ASIDE * (float(np.abs(values).max()) or 1.0)
    aside = values + size * np.random.default_rng(seed).standard_normal(values.shape)
    there, nodes, _ = in_float64(loss, [leaf], {leaf: aside})
    derivatives, resolution = differentiated(there, nodes)
    beside = subject_of(there, {"x": nodes[0]}, {"x": np.asarray(derivatives[0].value)}, resolution)
    verdict = judge(beside, "x", samples, seed).verdict
    if verdict is Verdict.WRONG:
        return parameter
    if verdict is Verdict.NOISY:
        return replace(parameter, verdict=verdict, reason=f"{parameter.reason}; close to kinks: {kinks}")
    reason = f"several kinks at once: {kinks}; {ASIDE:.1%} aside, all agrees"
    return replace(parameter, verdict=Verdict.KINK, reason=reason)


def explained(parameter: ParameterCheck, loss: Tensor, leaf: Tensor) -> ParameterCheck:
    """Name what stands at a kink, and say of a parameter on which nothing depends that this is so."""
    if not dependents(loss, leaf):
        return replace(parameter, reason=f"{parameter.reason}; the loss does not depend on this tensor")
    kinks = kinks_on(loss, leaf) if parameter.verdict is Verdict.KINK else ""
    if not kinks or kinks in parameter.reason:
        return parameter
    return replace(parameter, reason=f"{parameter.reason}; {kinks}")


def kinks_on(loss: Tensor, leaf: Tensor) -> str:
    """Name the gates that stand at a kink between a leaf and the loss, with their convention."""
    found = []
    for node in dependents(loss, leaf):
        if node.gate is not None and node.gate.kinks:
            at = kinked_entries(node, node.gate)
            if at:
                convention = node.gate.kinks[0].convention
                found.append(f"{written(node, inside=True)} at {at:,} of {node.size:,} entries ({convention})")
    return "; ".join(found)


def kinked_entries(node: Tensor, row: Gate) -> int:
    """Count the entries of a gate's result whose slopes from two sides differ."""
    rng = np.random.default_rng(0)
    inputs = [np.asarray(x.value) for x in node.inputs]
    ways = [rng.standard_normal(x.shape) if x.dtype.kind == "f" else np.zeros(x.shape, x.dtype) for x in inputs]

    def at(t: float) -> Array:
        moved = [x + t * d if x.dtype.kind == "f" else x for x, d in zip(inputs, ways, strict=True)]
        return np.asarray(row.forward(*moved, **node.params))

    h = 1e-6 * max(1.0, *(float(np.abs(x).max(initial=0)) for x in inputs))
    bends = np.abs(at(h) - 2 * at(0) + at(-h)) / h
    return int(np.count_nonzero(bends > 1e-3))


def cost_of(subject: Subject, forward: Callable[[], Any], with_backward: Callable[[], Any] | None) -> Cost:
    """Measure one evaluation, and one with the gradient."""
    size = sum(value.size for value in subject.values.values())
    return Cost(size, timed(forward), timed(with_backward) if with_backward else math.nan)


def timed(function: Callable[[], Any]) -> float:
    """Return the median time of a few runs, in seconds."""
    times = []
    for _ in range(TIMED_RUNS):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return max(statistics.median(times), 1e-9)


def check_function(f: Callable[[Any], Any], x: Any, df: Any, *, samples: int = 64, seed: int = 0) -> CheckReport:
    """Check a reader's own gradient of a plain NumPy function, as `check` does that of a graph.

    Parameters
    ----------
    f : function
        From x to a single number. It is given copies: x is never written to.
    x : array_like, or mapping of str to array_like
        Where to check; a mapping holds several parameters, and f takes such a mapping.
    df : function, or what it would give
        The gradient: of the shape of x, or a mapping like x.
    samples, seed : int
        As in `check`.

    Raises
    ------
    ShapeError, GraphError, ParameterError
        If f gives more than one number, x is not real, or df lacks a parameter.
    NonFiniteError
        If f is not finite at x.

    Examples
    --------
    >>> report = check_function(lambda x: np.sum(x**3), [1, 2, 3], lambda x: 2 * x**2)
    >>> report.ok, report["x"].index, round(report["x"].analytic), round(report["x"].numeric)
    (False, (0,), 2, 3)
    """
    check_samples(samples)
    given = dict(x) if isinstance(x, Mapping) else {"x": x}
    if not given:
        raise ParameterError("check_function: there is nothing to differentiate with respect to; x is empty.")
    values = {name: float64(value) for name, value in given.items()}
    types = {name: np.asarray(value).dtype for name, value in given.items()}
    notes = [
        f"{name} holds {dtype} numbers; it was cast to float64 for the check."
        for name, dtype in types.items()
        if dtype != np.float64
    ]

    def point(changed: Mapping[str, Array]) -> Any:
        copies = {name: value.copy() for name, value in {**values, **changed}.items()}
        return copies if isinstance(x, Mapping) else copies["x"]

    with np.errstate(all="ignore"):
        at_x, again = f(point({})), f(point({}))
        loss = real_number(at_x)
        if not math.isfinite(loss):
            raise NonFiniteError(f"f is {loss} at x, expected a finite number; choose another x.")
        analytic = given_derivatives(df(point({})) if callable(df) else df, values, isinstance(x, Mapping))
        resolution = last_place(at_x) * abs(loss)
        subject = Subject(loss, values, analytic, lambda name, moved: f(point({name: moved})), resolution)
        if real_number(again) != loss:
            reason = f"f gives {loss:.6g} and then {real_number(again):.6g} at the same x; fix its seed"
            found = [ParameterCheck(name, value.shape, Verdict.NOISY, reason) for name, value in values.items()]
        else:
            found = [with_complex_step(judge(subject, name, samples, seed), subject) for name in values]
        backward = (lambda: (f(point({})), df(point({})))) if callable(df) else None
        cost = cost_of(subject, lambda: f(point({})), backward)
    return CheckReport(loss, tuple(found), cost, (), tuple(notes))


def with_complex_step(parameter: ParameterCheck, subject: Subject) -> ParameterCheck:
    """Add the complex step to what was found, if a reader's own function takes complex numbers.

    It decides nothing here: who knows whether every operation in there is right on complex numbers.
    """
    if parameter.index is None:
        return parameter
    x, name = subject.values[parameter.name], parameter.name
    try:
        found = complex_quotient(lambda z: subject.run(name, z), x, parameter.index, COMPLEX_STEP)
    except (TypeError, ValueError):  # ours are ValueErrors too
        return parameter
    return replace(parameter, complex=found)


def last_place(value: Any) -> float:
    """Return half a unit in the last place of 1, in the type of a value."""
    kind = np.asarray(value).dtype
    return float(np.finfo(kind if kind.kind == "f" else np.float64).eps) / 2


def given_derivatives(found: Any, values: Mapping[str, Array], several: bool) -> dict[str, Array]:
    """Return a reader's derivatives by name."""
    if not several:
        return {"x": np.array(found, np.float64)}
    missing = [name for name in values if name not in found]
    if missing:
        raise ParameterError(
            f"check_function: df gives no derivative for {missing[0]!r}; expected {', '.join(values)}."
        )
    return {name: np.array(found[name], np.float64) for name in values}
