"""Judging derivatives: element by element, or along random directions, each with a verdict and its reason."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from zanjir.graph.check import RELATIVE_TOLERANCE
from zanjir.graph.numerical import COMPLEX_STEP, METHODS, Slope, noise_of, real_number, slope_of
from zanjir.graph.report import ParameterCheck, Verdict, place
from zanjir.graph.subject import Subject
from zanjir.graph.tensor import Array

__all__ = ["DIRECTIONS", "judge"]

# How far beyond its estimated error, which is a bound more than an estimate, a difference must lie to be believed.
BELIEVED = 4.0
# A numeric derivative that may be off by more than this could not show a rule that is wrong by 0.1 %.
SEEN = 1e-3 / BELIEVED
# Derivatives below this part of the parameter's largest one are compared against that part.
FLOOR = 1e-3
# Below this part of what the loss or the other derivatives amount to, noise counts as zero; where a function is
# flat and only curved, below that part of its slope at the longest step.
NOTHING, CURVED = 1e-9, 1e-6
# An analytic derivative of this part of the loss is what rounding left of a zero.
ROUNDING = 1e-15
# Random directions through all elements of a parameter too large to check one by one.
DIRECTIONS = 4
AGREES = "agrees"
# From the most to the least that a reader must know.
RANKS = (Verdict.WRONG, Verdict.NOISY, Verdict.KINK, Verdict.RIGHT)


@dataclass(frozen=True)
class Probe:
    """A way through a parameter: along one element, or along weights for all."""

    index: tuple[int, ...] | None
    weights: Array | None = None

    def moved(self, x: Array, t: complex) -> Array:
        """Return x moved along the way."""
        if self.weights is not None:
            return np.asarray(x + t * self.weights)
        copy = x.astype(np.result_type(x, type(t)))
        copy[self.index] += t
        return copy

    def along(self, derivative: Array) -> float:
        """Return a derivative along the way."""
        return float(derivative[self.index] if self.weights is None else np.sum(derivative * self.weights))

    def size(self, derivative: Array) -> float:
        """Return how large the parts are that a derivative along the way adds up."""
        return 0.0 if self.weights is None else float(np.linalg.norm(derivative * self.weights))

    def scale(self, x: Array) -> float:
        """Return the size of what is moved: the largest element, or 1 if all are 0; steps are parts of it."""
        longest = 1.0 if self.weights is None else float(np.abs(self.weights).max())
        return (float(np.abs(x).max()) or 1.0) / longest


@dataclass(frozen=True)
class Finding:
    """What one probe found."""

    probe: Probe
    verdict: Verdict
    reason: str
    analytic: float
    numeric: float
    relative_error: float
    method: str
    step: float

    @property
    def rank(self) -> tuple[int, float]:
        """Order: what matters most first, then the largest error."""
        error = self.relative_error
        return RANKS.index(self.verdict), -math.inf if math.isnan(error) else -error


@dataclass(frozen=True)
class Compared:
    """An analytic derivative beside a numeric one; each question answers with a verdict and its reason, or not.

    Parameters
    ----------
    size : float
        What a difference is compared with.
    zero, steep : float
        What counts as zero beside other derivatives, and the derivative that would double the loss.
    """

    analytic: float
    found: Slope
    size: float
    zero: float
    steep: float
    noise: float

    @property
    def off(self) -> float:
        """How far the two are apart."""
        return abs(self.analytic - self.found.value)

    @property
    def exact_enough(self) -> bool:
        """Whether a rule that is wrong by 0.1 % would show."""
        return self.found.error <= SEEN * self.size

    def verdict(self) -> tuple[Verdict, str]:
        """Return the answer to the first question that has one."""
        questions = (self.missing, self.on_kink, self.agreeing, self.nothing, self.still, self.near_kink, self.apart)
        off = f"the numeric derivative may be off by {self.found.error:.2g}, too much beside {self.size:.2g}"
        uncertain = f"{off}: {self.uncertain}"
        return next((answer for ask in questions if (answer := ask())), (Verdict.NOISY, uncertain))

    @property
    def uncertain(self) -> str:
        """Say where noise comes from."""
        return (
            f"values of the function are uncertain by {self.noise:.1g} "
            "(rounding of large numbers, cancellation, float32)"
        )

    def missing(self) -> tuple[Verdict, str] | None:
        """Whether one of the two is no number."""
        if not math.isfinite(self.analytic):
            return Verdict.WRONG, f"the analytic derivative is {self.analytic}"
        if math.isnan(self.found.value):
            return Verdict.NOISY, "the function is not finite close by, on one side or on both"
        return None

    def on_kink(self) -> tuple[Verdict, str] | None:
        """Whether the slopes from the two sides differ, however small the step."""
        found = self.found
        if not self.bends(found.jump, found.jump_error):
            return None
        slack = max(BELIEVED * found.jump_error, RELATIVE_TOLERANCE * self.size)
        return self.between(found.left, found.right, slack, "at a kink")

    def near_kink(self) -> tuple[Verdict, str] | None:
        """Whether a kink is so near that no step is short enough."""
        found = self.found
        if self.exact_enough or not self.bends(found.near_right - found.near_left, found.near_error):
            return None
        slack, where = BELIEVED * found.near_error, f"within {found.near_step:.1g} of a kink"
        verdict, reason = self.between(found.near_left, found.near_right, slack, where)
        # Of several kinks at several distances the slopes say little.
        return (verdict, reason) if verdict is Verdict.KINK else None

    def bends(self, jump: float, error: float) -> bool:
        """Whether the slopes from two sides differ for sure, and by enough to matter."""
        return abs(jump) > max(BELIEVED * error, SEEN * self.size)

    def between(self, left: float, right: float, slack: float, where: str) -> tuple[Verdict, str]:
        """Judge a derivative where there is none: any number between the slopes of both sides will do."""
        inside = min(left, right) - slack <= self.analytic <= max(left, right) + slack
        says = "lies" if inside else "does not lie"
        reason = f"{where}, with slopes {left:.6g} and {right:.6g} on the two sides; {self.analytic:.6g} {says} between"
        return Verdict.KINK if inside else Verdict.WRONG, reason

    def still(self) -> tuple[Verdict, str] | None:
        """Whether the function does not change at all, although the analytic derivative says that it does."""
        if not (self.found.still and self.analytic):
            return None
        reason = f"the function does not change within {self.found.step:.1g}"
        if abs(self.analytic) * self.found.step <= self.noise:
            return Verdict.NOISY, f"{reason}: {self.uncertain}"
        return Verdict.WRONG, f"{reason}, unless it loses small changes by adding them to huge numbers"

    def agreeing(self) -> tuple[Verdict, str] | None:
        """Whether the two agree, and a mistake would have shown."""
        return (Verdict.RIGHT, AGREES) if self.off <= RELATIVE_TOLERANCE * self.size and self.exact_enough else None

    def apart(self) -> tuple[Verdict, str] | None:
        """Whether the two differ by more than the numeric one can be off."""
        if self.off > max(RELATIVE_TOLERANCE * self.size, BELIEVED * self.found.error):
            error = self.found.error
            return Verdict.WRONG, f"they differ by {self.off:.2g}, and the numeric one is off by {error:.1g} at most"
        return None

    def nothing(self) -> tuple[Verdict, str] | None:
        """Whether both are zero: beside other derivatives, or beside the loss if the analytic one is but rounding."""
        error, believed = self.found.error, BELIEVED * self.found.error
        small = error <= self.zero and max(abs(self.analytic), abs(self.found.value)) <= max(believed, self.zero)
        rounding = abs(self.analytic) <= ROUNDING * self.steep and abs(self.found.value) <= believed
        if small or (rounding and error <= NOTHING * self.steep):
            return Verdict.RIGHT, f"0 to within {max(error, self.off):.1g}"
        return None


@dataclass(frozen=True)
class Examined:
    """One parameter of a subject, ready to be probed."""

    subject: Subject
    name: str
    noise: float

    def line(self, probe: Probe) -> Callable[[float], float]:
        """Return the function of one number along a probe."""
        x = self.subject.values[self.name]
        return lambda t: real_number(self.subject.run(self.name, probe.moved(x, t)))

    def floor(self, probe: Probe) -> float:
        """Return the size below which a derivative is not compared with itself."""
        analytic = self.subject.analytic[self.name]
        return FLOOR * max(float(np.abs(analytic).max()) if probe.weights is None else 0.0, probe.size(analytic))

    def complex_step(self, probe: Probe) -> float | None:
        """Return the derivative along a probe by the complex step, where every gate takes complex numbers."""
        if self.name not in self.subject.takes_complex:
            return None
        moved = probe.moved(self.subject.values[self.name], complex(0, COMPLEX_STEP))
        return float(np.imag(self.subject.run(self.name, moved)) / COMPLEX_STEP)

    def examine(self, probe: Probe) -> Finding:
        """Judge the derivative along a probe."""
        analytic = probe.along(self.subject.analytic[self.name])
        exact = self.complex_step(probe)
        if exact is not None and math.isfinite(exact):
            size = max(abs(analytic), abs(exact), self.floor(probe))
            if abs(analytic - exact) <= RELATIVE_TOLERANCE * size:
                error = abs(analytic - exact) / size if size else 0.0
                return Finding(probe, Verdict.RIGHT, AGREES, analytic, exact, error, "complex step", COMPLEX_STEP)
        return self.by_differences(probe, analytic)

    def by_differences(self, probe: Probe, analytic: float) -> Finding:
        """Judge the derivative along a probe by a sweep of central differences."""
        for compared in self.attempts(probe, analytic):
            verdict, reason = compared.verdict()
            if verdict is not Verdict.NOISY:
                break
        found, size = compared.found, compared.size
        if verdict is Verdict.RIGHT and reason != AGREES:  # a zero is compared with what it is zero beside
            size = max(size, self.subject.largest, compared.steep)
        error = compared.off / size if size else 0.0
        return Finding(probe, verdict, reason, analytic, found.value, error, "central difference", found.step)

    def attempts(self, probe: Probe, analytic: float) -> Iterator[Compared]:
        """Yield the derivative beside the numeric one, with ever more trouble taken over the numeric one."""
        scale = probe.scale(self.subject.values[self.name])
        yield self.compared(probe, analytic, scale, self.noise)
        own = self.noise if probe.weights is not None else self.noise_along(probe)
        if own < self.noise:  # the noise along all elements need not be that of one
            yield self.compared(probe, analytic, scale, own)
        longest = probe.scale(np.ones(1))
        if scale < longest:  # small weights of a loss that is not small: longer steps drown less
            yield self.compared(probe, analytic, longest, own)

    def compared(self, probe: Probe, analytic: float, scale: float, noise: float) -> Compared:
        """Return the derivative along a probe beside the numeric one, by steps that are parts of a size."""
        found = slope_of(self.line(probe), scale, noise)
        size = max(abs(analytic), abs(found.value), self.floor(probe))
        zero = max(NOTHING * self.subject.largest, CURVED * found.steepest)
        return Compared(analytic, found, size, zero, abs(self.subject.loss) / scale, noise)

    def noise_along(self, probe: Probe) -> float:
        """Return a bound on the noise in the values along a probe."""
        return noise_of(self.line(probe), probe.scale(self.subject.values[self.name]), self.subject.resolution)

    def quotient(self, probe: Probe, method: str) -> float:
        """Return a difference quotient of the slides along a probe, with their step."""
        line, h = self.line(probe), METHODS[method]
        return (line(h) - line(0.0)) / h if method == "forward" else (line(h) - line(-h)) / (2 * h)


def judge(subject: Subject, name: str, samples: int, seed: int, directions: int = DIRECTIONS) -> ParameterCheck:
    """Judge one parameter: every element, or a seeded sample of them and random directions through all."""
    x, analytic = subject.values[name], subject.analytic[name]
    if analytic.shape != x.shape:
        reason = f"its shape is {analytic.shape}, expected {x.shape}"
        return ParameterCheck(name, x.shape, Verdict.WRONG, reason)
    if not x.size:
        return ParameterCheck(name, x.shape, Verdict.RIGHT, "it has no elements", relative_error=0.0)
    rng = np.random.default_rng(seed)
    ways = [unit(rng.standard_normal(x.shape)) for _ in range(max(directions, 1))]
    examined = Examined(subject, name, Examined(subject, name, 0.0).noise_along(Probe(None, ways[0])))
    chosen = elements(analytic, samples, rng)
    findings = [examined.examine(Probe(index)) for index in chosen]
    if len(chosen) < x.size:
        findings += [examined.examine(Probe(None, way)) for way in ways[:directions]]
        findings += list(located(examined, findings))
    return summary(examined, findings, len(chosen), directions if len(chosen) < x.size else 0)


def unit(weights: Array) -> Array:
    """Return weights of length 1."""
    return np.asarray(weights / np.linalg.norm(weights))


def elements(analytic: Array, samples: int, rng: np.random.Generator) -> list[tuple[int, ...]]:
    """Return the elements to check: all, or a random choice and the one with the largest derivative."""
    if analytic.size <= samples:
        return list(np.ndindex(analytic.shape))
    magnitude = np.where(np.isfinite(analytic), np.abs(analytic), np.inf)  # NaN is looked at first
    chosen = {int(np.argmax(magnitude)), *map(int, rng.choice(analytic.size, samples - 1, replace=False))}
    return [tuple(map(int, np.unravel_index(k, analytic.shape))) for k in sorted(chosen)]


def located(examined: Examined, findings: Sequence[Finding]) -> Iterator[Finding]:
    """Find an element at which a wrong direction is wrong, by halving the direction."""
    if any(found.verdict is Verdict.WRONG and found.probe.index is not None for found in findings):
        return
    wrong = [found for found in findings if found.verdict is Verdict.WRONG and found.probe.weights is not None]
    if not wrong or wrong[0].probe.weights is None:
        return
    weights, kept = wrong[0].probe.weights, np.arange(wrong[0].probe.weights.size)
    while len(kept) > 1:
        halves = np.array_split(kept, 2)
        kept = max(halves, key=lambda half: difference(examined, only(weights, half)))
    found = examined.examine(Probe(tuple(map(int, np.unravel_index(kept[0], weights.shape)))))
    if found.verdict is Verdict.WRONG:
        yield found


def only(weights: Array, kept: Array) -> Probe:
    """Return the part of a direction that moves some elements only."""
    part = np.zeros(weights.size)
    part[kept] = weights.ravel()[kept]
    return Probe(None, part.reshape(weights.shape))


def difference(examined: Examined, probe: Probe) -> float:
    """Return how far analytic and numeric derivative are apart along a probe."""
    found = examined.examine(probe)
    return abs(found.analytic - found.numeric)


def summary(examined: Examined, findings: Sequence[Finding], n_elements: int, n_directions: int) -> ParameterCheck:
    """Return the worst finding as what was found for the parameter."""
    worst = min(findings, key=lambda found: found.rank)
    x = examined.subject.values[examined.name]
    exact = examined.complex_step(worst.probe)
    return ParameterCheck(
        examined.name, x.shape, worst.verdict, reason_of(worst, findings, x, n_elements, n_directions),
        worst.relative_error, worst.probe.index, worst.analytic, worst.numeric, worst.method, worst.step,
        examined.quotient(worst.probe, "forward"), examined.quotient(worst.probe, "central"), exact,
        n_elements, n_directions,
    )  # fmt: skip


def reason_of(worst: Finding, findings: Sequence[Finding], x: Array, n_elements: int, n_directions: int) -> str:
    """Say what was checked, with which verdicts, and why the worst is what it is."""
    sample = f" (a seeded sample) and {n_directions} random directions through all" if n_directions else ""
    checked = f"{n_elements:,} of {x.size:,} elements{sample}"
    counts = {verdict: sum(found.verdict is verdict for found in findings) for verdict in RANKS}
    if worst.verdict is Verdict.RIGHT:
        reason = "" if worst.reason == AGREES else f"; {worst.reason}"
        return f"{checked} agree, to {worst.relative_error:.1g} at worst{reason}"
    told = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
    where = "along a direction" if worst.probe.index is None else f"at {place(worst.probe.index, '[]')}"
    return f"{where}: {worst.reason} ({checked}: {told})"
