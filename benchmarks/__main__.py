"""The command: ``python -m benchmarks``, from the repository root."""

import argparse
import json
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from benchmarks import graph
from benchmarks.harness import measure, peers_named
from benchmarks.machine import described as machine_described
from benchmarks.peers import PEERS
from benchmarks.table import described, heading, lines_of
from benchmarks.workloads import WORKLOADS, chosen

ROUNDS, SECONDS = 9, 0.5
QUICK_ROUNDS, QUICK_SECONDS = 2, 0.05
ROUNDS_OF_WHOLE_PROCESSES = 5
MNIST = Path("../shared/data/mnist")


def arguments():
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__)
    parser.add_argument("--only", action="append", metavar="WORKLOAD", help="a workload or group; may be repeated")
    parser.add_argument("--peers", nargs="+", metavar="PEER", help="against these only: " + ", ".join(PEERS))
    parser.add_argument("--rounds", type=int, help=f"turns of each peer (default: {ROUNDS})")
    parser.add_argument("--quick", action="store_true", help="few and short turns: to see that it works")
    parser.add_argument(
        "--mnist", type=Path, default=MNIST, help="folder of MNIST's t10k files, for the command, knn and fits"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all values there")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="draw the ratios there (PNG or SVG)")
    return parser.parse_args()


def named(lookup, names, known, what):
    """Return what names stand for; end with one sentence if there is no such thing."""
    try:
        return lookup(names)
    except KeyError as error:
        print(f"there is no {what} {error.args[0]!r}; expected one of {', '.join(known)}.", file=sys.stderr)
        raise SystemExit(2) from error


def digits(folder):
    """Write scikit-learn's digits where every peer reads them with NumPy, and return the file."""
    import numpy as np
    from sklearn.datasets import load_digits

    data, order = load_digits(), np.random.default_rng(0).permutation(1797)
    X, y = (data.data / 16).astype(np.float32)[order], data.target.astype(np.int64)[order]
    np.savez(folder / "digits.npz", X=X[:1440], y=y[:1440], X_test=X[1440:], y_test=y[1440:])
    return str(folder / "digits.npz")


def prepared(workload, options, folder):
    """Return a workload with its files; None, and a sentence, if they are missing."""
    if workload.kind == "start":
        return replace(workload, options=workload.options | {"file": digits(folder)})
    if workload.kind not in ("command", "neighbors", "fit"):
        return workload
    if not list(options.mnist.glob("t10k-images*")):
        print(f"{workload.name}: no t10k-images file in {options.mnist}; name MNIST's folder with --mnist.\n")
        return None
    return replace(workload, options=workload.options | {"mnist": str(options.mnist.resolve())})


def say(text):
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def run(workload, peers, options, folder):
    """Measure a workload and print its table."""
    rounds = options.rounds or (QUICK_ROUNDS if options.quick else ROUNDS)
    if workload.kind in ("start", "command", "memory") and not options.rounds:
        rounds = min(rounds, ROUNDS_OF_WHOLE_PROCESSES)
    seconds = QUICK_SECONDS if options.quick else SECONDS
    result = measure(workload, peers, rounds=rounds, seconds=seconds, cache=folder / "cache", say=say)
    say("")
    print("\n".join(lines_of(result)), flush=True)
    return result


def run_graph(options):
    found = graph.measured(options.rounds or (QUICK_ROUNDS if options.quick else 5))
    print("\n".join(graph.lines_of(found)), flush=True)
    return {"workload": "graph", "title": WORKLOADS["graph"].title, "graphs": found}


def main():
    options = arguments()
    groups = dict.fromkeys(workload.group or workload.name for workload in WORKLOADS.values())
    workloads = named(chosen, options.only, [*groups], "workload")
    peers = named(peers_named, options.peers, PEERS, "peer")
    machine = machine_described()
    rounds, seconds = (QUICK_ROUNDS, QUICK_SECONDS) if options.quick else (ROUNDS, SECONDS)
    print("\n".join(heading(machine, options.rounds or rounds, seconds)), flush=True)
    results, written = [], []
    with tempfile.TemporaryDirectory() as folder:
        for workload in workloads:
            if workload.kind == "graph":
                written.append(run_graph(options))
            elif ready := prepared(workload, options, Path(folder)):
                results.append(run(ready, peers, options, Path(folder)))
                written.append(described(results[-1]))
    if options.json:
        options.json.write_text(json.dumps({"machine": machine, "workloads": written}, indent=1), encoding="utf-8")
    if options.picture:
        from benchmarks.picture import draw

        draw(results, options.picture)
    return int(any("refused" in row.refused or "failed" in row.refused for result in results for row in result.rows))


if __name__ == "__main__":
    sys.exit(main())
