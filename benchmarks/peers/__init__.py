"""The peers: which module speaks for each, what it can do, and what it needs installed.

A module has a class ``Training(task, mode, X, y)``, which is called with an order of samples, performs those steps
and returns their mean loss; ``objective(task, mode, X, y)``, a function from a flat vector to loss and gradient; and
``fit(task, mode, X, y, epochs)`` where a whole training is more than that many calls; ``neighbors(k, X, y)``, a
function from queries to the labels of most of their k nearest samples; ``fitted(options, X, y)``, an estimator.
Frameworks are imported inside.
"""

import importlib.util
from dataclasses import dataclass, field

ALL, ONE = "all threads", "1 thread"
STEPS = ("train", "memory")
WHOLE = ("train", "memory", "start", "command")


@dataclass(frozen=True)
class Peer:
    """One row of a table.

    ``settings`` are tried before the rounds, and the fastest is kept. ``instead`` names the update rule that stands in
    for one that this peer lacks; it is compared with zanjir using that rule too. A peer is ``apart`` if it takes part
    only where a workload names it.
    """

    name: str
    module: str
    needs: tuple[str, ...] = ()
    does: tuple[str, ...] = WHOLE
    mode: str = ""
    settings: tuple[str, ...] = (ALL, ONE)
    environment: dict = field(default_factory=dict)
    instead: dict = field(default_factory=dict)
    apart: bool = False
    note: str = ""

    @property
    def missing(self):
        return [module for module in self.needs if importlib.util.find_spec(module) is None]


XLA_ON_ONE_THREAD = "--xla_cpu_multi_thread_eigen=false"
INSIDE = "Keras adds epsilon inside the root: it is given epsilon squared, which is the same to the losses' last digits"
ADAM = "scikit-learn has no RMSProp: Adam, against zanjir with Adam"

PEERS = {
    peer.name: peer
    for peer in (
        Peer("zanjir", "benchmarks.peers.zanjir_engine", ("llvmlite",),
             (*WHOLE, "objective", "neighbors", "fit"), settings=(ALL,)),
        Peer("zanjir-first", "benchmarks.peers.zanjir_engine", ("llvmlite",), ("start",), settings=(ALL,),
             note="with an empty program cache"),
        Peer("zanjir-numpy", "benchmarks.peers.zanjir_engine", (), STEPS, mode="numpy"),
        Peer("by-hand", "benchmarks.peers.by_hand", (), (*STEPS, "objective"), note="NumPy by hand"),
        Peer("torch", "benchmarks.peers.pytorch", ("torch",), (*WHOLE, "objective")),
        Peer("torch-compile", "benchmarks.peers.pytorch", ("torch",), (*STEPS, "objective"), mode="compile",
             note="forward, backward and update in one compiled function"),
        Peer("jax", "benchmarks.peers.jax_xla", ("jax",), (*STEPS, "objective"), note="jit of a step, in a loop"),
        Peer("jax-scan", "benchmarks.peers.jax_xla", ("jax",), WHOLE, mode="scan", note="jit of lax.scan over a block"),
        Peer("keras-jax", "benchmarks.peers.keras_fit", ("keras", "jax"), environment={"KERAS_BACKEND": "jax"},
             note=INSIDE),
        Peer("keras-torch", "benchmarks.peers.keras_fit", ("keras", "torch"), environment={"KERAS_BACKEND": "torch"},
             note=INSIDE),
        Peer("sklearn", "benchmarks.peers.scikit", ("sklearn",), (*WHOLE, "neighbors", "fit"),
             instead={"rmsprop": "adam"}, note=ADAM),
        Peer("mygrad", "benchmarks.peers.mygrad_tape", ("mygrad",), STEPS),
        Peer("micrograd", "benchmarks.peers.micrograd_scalars", ("micrograd",), STEPS, settings=(ONE,), apart=True),
        Peer("products", "benchmarks.peers.products", (), ("train",), settings=(ALL, ONE, "1 thread per shard"),
             apart=True, note="the floor: a step's matrix products alone"),
    )
}  # fmt: skip
