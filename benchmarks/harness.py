"""The same work for every peer, checked, and then timed in turns."""

import statistics
from dataclasses import dataclass, field

from benchmarks.peers import PEERS, Peer
from benchmarks.sides import PeerError, Steps, Whole
from benchmarks.task import Task

# Losses are compared with those of the step by hand in float64. Fifty steps in float32 differ from it by some 1e-6;
# a wrong rule, order or first weight by 1e-2 and more.
TOLERANCE = {"float32": 1e-4, "float64": 1e-9}
# A setting that is so many times slower at first takes no turns: its peer has a better one.
PROBES, HOPELESS = 2, 2.5
STEPWISE = ("train", "objective", "neighbors", "fit")
WITNESS = Peer("witness", "benchmarks.peers.by_hand")


@dataclass
class Row:
    """What was found for one peer: a value for each round, or why there is none."""

    name: str
    values: list = field(default_factory=list)
    base: str = "zanjir"
    setting: str = ""
    first: float | None = None
    accuracy: float | None = None
    note: str = ""
    refused: str = ""
    sides: dict = field(default_factory=dict)
    taken: dict = field(default_factory=dict)

    @property
    def quartiles(self):
        return statistics.quantiles(self.values, n=4, method="inclusive") if len(self.values) > 1 else self.values * 3


@dataclass
class Result:
    workload: object
    rows: list

    def row(self, name):
        return next((row for row in self.rows if row.name == name and row.values), None)

    def ratio(self, row):
        """Return the median, over the rounds, of what a row took for one of zanjir's."""
        base = self.row(row.base)
        pairs = zip(row.values, base.values, strict=True) if base and row.values else ()
        ratios = [theirs / ours for theirs, ours in pairs]
        return statistics.median(ratios) if ratios else None


def takes_part(peer, workload):
    if workload.among and peer.name not in workload.among:
        return False
    return workload.kind in peer.does and (peer.name in workload.also or not peer.apart)


def entries_of(workload, peers):
    """Return name, peer and task of each row: zanjir once more with every rule that stands in for another."""
    taking = [peer for peer in peers if takes_part(peer, workload)]
    rule, entries, added = workload.task.rule, [], {}
    for peer in taking:
        other = peer.instead.get(rule, rule)
        name = peer.name if other == rule else f"{peer.name} ({other})"
        base = "zanjir" if other == rule else f"zanjir ({other})"
        if other != rule:
            added[base] = other
        entries.append((Row(name, base=base, note=peer.note), peer, workload.task.using(other)))
    ours = next((peer for peer in taking if peer.name == "zanjir"), None)
    if ours:
        again = [(Row(name, base=name), ours, workload.task.using(rule)) for name, rule in added.items()]
        entries[1:1] = again
    return entries


class Witness:
    """The losses of the step by hand in float64, for each update rule once."""

    def __init__(self, workload, cache):
        self.workload, self.cache, self.known = workload, cache, {}

    def __call__(self, task):
        if task.rule not in self.known:
            exact = Task(**(vars(task) | {"dtype": "float64", "steps": 1}))
            side = Steps(WITNESS, "1 thread", self.workload, exact, self.cache)
            self.known[task.rule] = side.values
            side.close()
        return self.known[task.rule]


def difference(values, expected):
    """Return the largest relative difference; infinite where something is no number."""
    found = [abs(a - b) / max(abs(b), 1e-12) for a, b in zip(values, expected, strict=True)]
    return max((d if d == d else float("inf") for d in found), default=0.0)  # noqa: PLR0124 - NaN


def begun(row, peer, setting, workload, task, cache, witness):
    """Start a peer with one setting; None, and the reason in its row, if it fails or does other work."""
    try:
        side = (Steps if workload.kind in STEPWISE else Whole)(peer, setting, workload, task, cache)
    except PeerError as error:
        row.refused = f"failed: {error}"
        return None
    if side.values is None or peer.name == "products":
        return side
    expected = witness(task)
    wrong, tolerance = difference(side.values, expected), workload.tolerance or TOLERANCE[task.dtype]
    if wrong <= tolerance:
        return side
    side.close()
    row.refused = f"refused: it does other work, its losses differ by {wrong:.1e} relative, more than {tolerance:g}"
    return None


def begin(row, peer, workload, task, seconds, cache, witness):
    """Start a peer with each of its settings, and keep those that may be its fastest."""
    for setting in peer.settings if workload.kind != "memory" else peer.settings[:1]:
        side = begun(row, peer, setting, workload, task, cache, witness)
        if side is None:
            close(row)
            return
        row.sides[setting] = side
    times = {s: side.probe(seconds / 2, PROBES) for s, side in row.sides.items()} if len(row.sides) > 1 else {}
    for setting, taken in times.items():
        if taken > HOPELESS * min(times.values()):
            row.sides.pop(setting).close()
    row.taken = {setting: [] for setting in row.sides}


def take_turn(row, seconds):
    """Let a peer take its turn, with each setting that is left."""
    try:
        for setting, side in row.sides.items():
            row.taken[setting].append(side.turn(seconds))
    except PeerError as error:
        close(row)
        row.taken, row.refused = {}, f"failed: {error}"


def settle(row):
    """Keep what a peer took with its best setting."""
    if row.taken:
        row.setting = min(row.taken, key=lambda setting: statistics.median(row.taken[setting]))
        row.values, side = row.taken[row.setting], row.sides[row.setting]
        row.first, row.accuracy = side.first, side.accuracy


def close(row):
    for side in row.sides.values():
        side.close()
    row.sides = {}


def measure(workload, peers, *, rounds, seconds, cache, say=lambda text: None):
    """Return what each peer took for a workload, in rounds of alternating order."""
    absent = [
        Row(peer.name, refused="absent: install " + " and ".join(peer.missing))
        for peer in peers
        if peer.missing and takes_part(peer, workload)
    ]
    entries, witness = entries_of(workload, [peer for peer in peers if not peer.missing]), Witness(workload, cache)
    rows = [row for row, _, _ in entries]
    try:
        for row, peer, task in entries:
            say(f"{workload.name}: {row.name} begins")
            begin(row, peer, workload, task, seconds, cache, witness)
        for number in range(rounds):
            say(f"{workload.name}: round {number + 1} of {rounds}")
            for row in rows if number % 2 == 0 else rows[::-1]:
                take_turn(row, seconds)
        for row in rows:
            settle(row)
    finally:
        for row in rows:
            close(row)
    return Result(workload, rows + absent)


def peers_named(names):
    """Return zanjir and the peers of these names; all if there are none.

    Raises
    ------
    KeyError
        With the first name that is no peer's.
    """
    if not names:
        return list(PEERS.values())
    return [PEERS[name] for name in dict.fromkeys(("zanjir", *names))]
