"""What is measured: each workload by name, what it is, and how it is timed."""

from dataclasses import dataclass, field

from benchmarks.task import Task


@dataclass(frozen=True)
class Workload:
    """One table. ``kind`` says what a turn is; ``group`` is a name for several of them together.

    ``also`` names peers that take part only here; ``among`` the only ones that do, if it names any.
    """

    name: str
    kind: str
    title: str
    task: Task | None = None
    unit: str = "s"
    group: str = ""
    also: tuple[str, ...] = ()
    among: tuple[str, ...] = ()
    options: dict = field(default_factory=dict)
    tolerance: float | None = None


def training(name, title, *sizes, group="", also=(), among=(), **settings):
    return Workload(name, "train", title, Task(sizes, **settings), "s", group, ("products", *also), among)


def objective(dtype):
    task = Task((784, 20, 10), "sigmoid", rule="sgd", batch_size=8_000, samples=8_000, steps=1, dtype=dtype)
    title = f"784-20-10, sigmoid, 8,000 samples, {dtype}: loss and gradient of a flat vector"
    return Workload(f"objective-20-{dtype}", "objective", title, task, "s", "objective-20")


def batch(size, steps):
    title = f"784-100-10, relu, batch {size:,}, RMSProp: a step"
    samples = max(12_800, 8 * size)
    return training(f"batch-{size}", title, 784, 100, 10, group="batch", batch_size=size, samples=samples, steps=steps)


FASTEST = ("zanjir", "torch", "torch-compile", "jax", "jax-scan", "products")  # elsewhere, and so for a wide network


def width(size):
    title = f"784-{size}-10, relu, batch 128, RMSProp: a step"
    return training(f"width-{size}", title, 784, size, 10, group="width", among=FASTEST, samples=2_560, steps=20)


def neighbors(k, dtype):
    title = f"{k} nearest of 8,000 images of MNIST, {dtype}: the labels of 2,000 others"
    task = Task((784, 10), rule="sgd", dtype=dtype)
    return Workload(f"knn-{k}-{dtype}", "neighbors", title, task, "s", "knn", options={"k": k})


def softmax_fit(dtype):
    title = f"softmax regression of 8,000 images of MNIST, {dtype}, to within 1e-6 of the least objective"
    task = Task((784, 10), rule="sgd", dtype=dtype)
    return Workload(f"fit-softmax-{dtype}", "fit", title, task, "s", "fit", options={"alpha": 0.001}, tolerance=1e-6)


def network_fit(dtype):
    title = f"784-512-10 on 8,000 images of MNIST, {dtype}, 10 epochs, as the estimators come"
    task = Task((784, 512, 10), rule="adam", dtype=dtype)
    return Workload(f"fit-network-{dtype}", "fit", title, task, "s", "fit", options={"units": 512, "epochs": 10})


DIGITS = Task((64, 32, 10), rule="adam", batch_size=32, samples=1_440)
MNIST = Task((784, 512, 10), rule="adam", batch_size=32, samples=8_000)
WIDE = "784-512-10, relu, batch 128, RMSProp"

WORKLOADS = {
    workload.name: workload
    for workload in (
        training("mnist-512", f"{WIDE}: a step", 784, 512, 10),
        training("digits-32", "64-32-10, relu, batch 32, RMSProp: a step", 64, 32, 10,
                 batch_size=32, samples=1_792, steps=560),
        training("tiny-tanh", "2-8-8-8-1, tanh, batch 10, squared error, SGD: a step", 2, 8, 8, 8, 1,
                 activation="tanh", loss="squared_error", rule="sgd", learning_rate=0.01, batch_size=10, samples=1_000,
                 steps=500, also=("micrograd",)),
        training("sigmoid-100-100", "784-100-100-10, sigmoid, batch 128, Adam: a step", 784, 100, 100, 10,
                 activation="sigmoid", rule="adam"),
        objective("float32"),
        objective("float64"),
        batch(1, 1_000), batch(32, 200), batch(256, 50), batch(2_048, 8),
        training("softmax-regression", "784-10, batch 128, RMSProp: a step", 784, 10),
        width(64), width(256), width(1_024), width(4_096),
        Workload("start", "start", "from the start of the process to a trained model of the digits: 64-32-10, Adam, "
                 "100 epochs", DIGITS, options={"epochs": 100}),
        Workload("memory", "memory", f"{WIDE}, 100 steps: peak resident memory of the process",
                 Task((784, 512, 10)), "B"),
        Workload("command", "command", "the whole command: read MNIST's 10,000 images, train 784-512-10 on 8,000 for "
                 "10 epochs, test on 2,000", MNIST, options={"epochs": 10}),
        neighbors(1, "float32"), neighbors(5, "float32"), neighbors(1, "float64"), neighbors(5, "float64"),
        softmax_fit("float32"), softmax_fit("float64"), network_fit("float32"), network_fit("float64"),
        Workload("graph", "graph", "building and differentiating a graph of 10,000 gates"),
    )
}  # fmt: skip


def chosen(names):
    """Return the workloads of these names or groups; of all if there are none.

    Raises
    ------
    KeyError
        With the first name that is neither.
    """
    if not names:
        return list(WORKLOADS.values())
    found = []
    for name in names:
        here = [workload for workload in WORKLOADS.values() if name in (workload.name, workload.group)]
        if not here:
            raise KeyError(name)
        found += [workload for workload in here if workload not in found]
    return found
