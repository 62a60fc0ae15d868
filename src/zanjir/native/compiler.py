"""LLVM's text to machine code, once per process, and once per machine through the programs kept on its disk.

LLVM comes with llvmlite, Numba's compiler library [1]_.

References
----------
.. [1] Lam, Pitrou, Seibert (2015), Numba: a LLVM-based Python JIT compiler, LLVM-HPC.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from zanjir.data.download import cache_folder
from zanjir.native.store import ProgramStore

__all__ = ["Host", "Library", "build", "host", "program_folder"]

# The text comes with its registers named and its loops in vectors, so little is left to LLVM's pipelines: these few
# passes take 2 ms where O1 takes 14 and O3 22, and the products and loops they leave run equally fast.
PASSES = ("always_inliner_pass", "sroa_pass", "instruction_combine_pass", "simplify_cfg_pass", "new_gvn_pass")
CODE_LEVEL = 2  # of instruction selection: 0 is a tenth as fast, 3 gains nothing
VECTOR_BITS = {"avx512f": 512, "avx2": 256, "avx": 256}
BITS = {"float": 32, "double": 64}

_LOCK = threading.RLock()
_LIBRARIES: dict[bytes, Library] = {}


@dataclass(frozen=True)
class Host:
    """The processor this process runs on, as LLVM knows it.

    Parameters
    ----------
    triple : str
        Architecture and system, such as ``x86_64-unknown-linux-gnu``.
    cpu : str
        Its name, such as ``znver4``.
    features : str
        What it has (``+avx2``) and has not (``-avx512f``), with commas between.

    Examples
    --------
    >>> Host("x86_64-unknown-linux-gnu", "znver4", "+avx2,+avx512f").lanes("double")
    8
    >>> Host("arm64-apple-darwin", "apple-m1", "+neon").lanes("float")
    4
    """

    triple: str
    cpu: str
    features: str

    @property
    def vector_bits(self) -> int:
        """Size of its vector registers."""
        has = set(self.features.split(","))
        return next((bits for name, bits in VECTOR_BITS.items() if f"+{name}" in has), 128)

    @property
    def attributes(self) -> str:
        """What LLVM is told of every function: without it, half of the widest registers stay unused."""
        return f'nounwind "prefer-vector-width"="{self.vector_bits}"'

    def lanes(self, element: str) -> int:
        """Return how many numbers, ``float`` or ``double``, a vector register holds."""
        return self.vector_bits // BITS[element]


@dataclass(frozen=True, eq=False)
class Library:
    """Functions in machine code; they may be called as long as it is kept.

    Examples
    --------
    >>> text = "define i64 @twice(i64 %n) { %r = add i64 %n, %n  ret i64 %r }"
    >>> build(text).function("twice", ctypes.c_int64, ctypes.c_int64)(21)
    42
    """

    engine: Any = field(repr=False)

    def address(self, name: str) -> int:
        """Return where a function begins.

        Raises
        ------
        KeyError
            If the text does not define it.
        """
        found: int = self.engine.get_function_address(name)
        if not found:
            raise KeyError(f"no function @{name} in this library.")
        return found

    def function(self, name: str, restype: Any, *argtypes: Any) -> Callable[..., Any]:
        """Return a function to call from Python; other threads run while it does.

        Parameters
        ----------
        name : str
            Its name in the text, without ``@``.
        restype, *argtypes : type
            Types of ctypes; None for ``void``.
        """
        callable_: Any = ctypes.CFUNCTYPE(restype, *argtypes)(self.address(name))
        callable_.library = self  # the machine code lives as long as what calls it
        return callable_  # type: ignore[no-any-return]


@cache
def host() -> Host:
    """Return this machine's processor.

    Examples
    --------
    >>> host().lanes("float") == 2 * host().lanes("double")
    True
    """
    llvm = _llvm()
    try:
        features = llvm.get_host_cpu_features().flatten()
    except RuntimeError:  # not every system tells; the name alone says most
        features = ""
    return Host(llvm.get_process_triple(), llvm.get_host_cpu_name(), features)


def program_folder() -> Path:
    """Return the folder that keeps compiled programs: ``programs`` in `zanjir.data.cache_folder`."""
    return cache_folder() / "programs"


def build(text: str, folder: str | os.PathLike[str] | None = None) -> Library:
    """Return the functions that a text defines, compiled at most once in this process.

    Parameters
    ----------
    text : str
        A module in LLVM's language. Pointers into this process must not stand in it: it is kept for others.
    folder : str or path, optional
        Where object code is kept between processes; by default `program_folder`.

    Raises
    ------
    RuntimeError
        If LLVM refuses the text.

    Examples
    --------
    >>> text = "define double @half(double %x) { %y = fmul double %x, 0.5  ret double %y }"
    >>> build(text) is build(text)
    True
    """
    with _LOCK:
        key = _key(text)
        if key not in _LIBRARIES:
            store = ProgramStore(program_folder() if folder is None else Path(folder))
            code = store.read(key)
            if code is None:
                code = _compile(text)
                store.write(key, code)
            _LIBRARIES[key] = _load(code)
        return _LIBRARIES[key]


@cache
def _llvm() -> Any:
    """Return LLVM, ready to compile for this processor."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm


def _key(text: str) -> bytes:
    """Return what distinguishes a program: its text, and everything that turns the text into machine code."""
    import llvmlite

    compiler = (llvmlite.__version__, _llvm().llvm_version_info, PASSES, CODE_LEVEL)
    return hashlib.sha256(repr((text, compiler, host())).encode()).digest()


def _machine() -> Any:
    here = host()
    target = _llvm().Target.from_triple(here.triple)
    return target.create_target_machine(cpu=here.cpu, features=here.features, opt=CODE_LEVEL, jit=True)


def _compile(text: str) -> bytes:
    llvm, machine = _llvm(), _machine()
    module = llvm.parse_assembly(text)
    module.verify()
    passes = llvm.create_new_module_pass_manager()
    for name in PASSES:
        getattr(passes, f"add_{name}")()
    passes.run(module, llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options()))
    code: bytes = machine.emit_object(module)
    return code


def _load(code: bytes) -> Library:
    llvm = _llvm()
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _machine())
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return Library(engine)
