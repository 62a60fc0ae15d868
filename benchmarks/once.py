"""A peer's process for work that is measured as a whole: a training from files, or the memory of some steps."""

import importlib
import json
import resource
import sys
from pathlib import Path

import numpy as np

from benchmarks.task import Task


def peak():
    """Return the most memory that this process has held, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():  # ru_maxrss may be the parent's there
        line = next(line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def read_idx(path):
    import gzip

    content = gzip.decompress(path.read_bytes())
    shape = np.frombuffer(content, ">i4", content[3], 4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * content[3]).reshape(shape)


def read_mnist(folder):
    """Return 8,000 images to train and 2,000 to test, with labels, chosen at random from MNIST's test files."""
    images, labels = (next(Path(folder).glob(f"t10k-{name}*")) for name in ("images", "labels"))
    X = read_idx(images).reshape(-1, 784).astype(np.float32) / 255
    y, order = read_idx(labels).astype(np.int64), np.random.default_rng(0).permutation(len(X))
    train, test = order[:8_000], order[8_000:10_000]
    return X[train], y[train], X[test], y[test]


def read(options):
    if "mnist" in options:
        return read_mnist(options["mnist"])
    with np.load(options["file"]) as file:
        return [file[name] for name in ("X", "y", "X_test", "y_test")]


def trained(module, mode, task, options):
    """Train as a script does, and return the accuracy on the test set."""
    X, y, X_test, y_test = read(options)
    if hasattr(module, "fit"):
        scores = module.fit(task, mode, X, y, options["epochs"])
    else:
        training = module.Training(task, mode, X, y)
        rng, scores = np.random.default_rng(0), training.scores
        for _ in range(options["epochs"]):
            training(rng.permutation(len(X)).reshape(-1, task.batch_size))
    return {"accuracy": float((np.asarray(scores(X_test)).argmax(1) == y_test).mean())}


def memory(module, mode, task, options):
    training = module.Training(task, mode, *task.samples_made())
    training(task.order(task.steps))
    return {"value": peak()}


def main():
    message = json.loads(sys.argv[1])
    module = importlib.import_module(message["module"])
    work = memory if message["kind"] == "memory" else trained
    print("\n" + json.dumps(work(module, message["mode"], Task(**message["task"]), message["options"])))


if __name__ == "__main__":
    main()
