"""A peer at work: a process that takes turns, or a process for each turn."""

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from benchmarks.peers import ALL, XLA_ON_ONE_THREAD

ROOT = Path(__file__).parent.parent
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "NPROC")
CACHES = ("ZANJIR_CACHE_DIR", "ZANJIR_CACHE")


class PeerError(Exception):
    """A peer's process failed; the last line of what it said."""


def environment(peer, setting, cache):
    threads = os.cpu_count() if setting == ALL else 1
    chosen = dict.fromkeys(THREADS, str(threads)) | dict.fromkeys(CACHES, str(cache)) | peer.environment
    flags = {} if setting == ALL else {"XLA_FLAGS": XLA_ON_ONE_THREAD}
    return os.environ | chosen | flags | {"BENCHMARKS_SETTING": setting, "TF_CPP_MIN_LOG_LEVEL": "2"}


def message_of(peer, workload, task):
    return {
        "module": peer.module, "mode": peer.mode, "needs": peer.needs, "kind": workload.kind, "task": asdict(task),
        "options": workload.options,
    }  # fmt: skip


def last_line(text):
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return lines[-1].strip() if lines else "it ended without a word"


class Steps:
    """A process that builds its training once and waits between its turns."""

    def __init__(self, peer, setting, workload, task, cache):
        self.said = tempfile.TemporaryFile("w+")  # noqa: SIM115 - it lives as long as the process
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self.said, text=True, cwd=ROOT, env=environment(peer, setting, cache),
        )  # fmt: skip
        try:
            found = self.ask(message_of(peer, workload, task))
        except PeerError:
            self.close()
            raise
        self.values, self.first, self.accuracy = found["values"], found["first"], found["accuracy"]

    def ask(self, message):
        try:
            self.process.stdin.write(json.dumps(message) + "\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if answer:
            return json.loads(answer)
        self.process.wait()
        self.said.seek(0)
        raise PeerError(last_line(self.said.read()))

    def turn(self, seconds):
        return self.ask({"seconds": seconds})["value"]

    def probe(self, seconds, times):
        return min(self.turn(seconds) for _ in range(times))

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
        self.said.close()


class Whole:
    """A process for each turn, timed from its start to its end."""

    def __init__(self, peer, setting, workload, task, cache):
        self.values = self.first = self.accuracy = None
        self.cache = None if peer.name == "zanjir-first" else cache
        self.start = lambda cache: (command_of(peer, workload, task, cache), environment(peer, setting, cache))
        self.probed = self.turn(0)  # files are read into the system's memory, and what is cached is cached

    def turn(self, seconds):
        with tempfile.TemporaryDirectory() as folder:
            command, variables = self.start(self.cache or folder)
            start = time.perf_counter()
            run = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT, env=variables)
            taken = time.perf_counter() - start
        if run.returncode:
            raise PeerError(last_line(run.stderr))
        found = json.loads(last_line(run.stdout))
        self.accuracy = found.get("accuracy", found.get("test_accuracy"))
        return found.get("value", taken)

    def probe(self, seconds, times):
        return self.probed

    def close(self):
        pass


def command_of(peer, workload, task, cache):
    if workload.kind == "command" and peer.name == "zanjir":
        # Without a validation set it learns from 8,000 images, as the others do.
        settings = {"--hidden": task.sizes[1], "--epochs": workload.options["epochs"], "--batch-size": task.batch_size}
        settings["--validation"] = 0
        settings["--out"] = Path(cache) / f"run-{time.time_ns()}"
        written = [str(word) for pair in settings.items() for word in pair]
        return [sys.executable, "-m", "zanjir", "train", workload.options["mnist"], *written, "--json", "--quiet"]
    return [sys.executable, "-m", "benchmarks.once", json.dumps(message_of(peer, workload, task))]
