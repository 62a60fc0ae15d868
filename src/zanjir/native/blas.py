"""The BLAS that is installed: where its matrix product is in memory, and how it is called.

Measured with one thread on a processor with AVX-512 (Zen 4), microseconds for n x k by k x m in float32:

=================  ====  =======  =======  ====
n, k, m            ours  NumPy's  SciPy's   MKL
=================  ====  =======  =======  ====
32, 64, 32          1.4      1.2      1.4   2.2
64, 100, 100         15       13       13    17
128, 512, 10         20       19       19    92
64, 784, 128        135      137      157   149
128, 784, 512      1007     1054     1226  1175
1, 784, 512          47       28       31    42
=================  ====  =======  =======  ====

NumPy's OpenBLAS is therefore the first choice, and SciPy's, an older one, stands in where NumPy brings none of its
own. Intel's library is used where it is asked for.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from zanjir.errors import ParameterError, choose, listed

__all__ = ["VARIABLE", "Blas", "find"]

VARIABLE = "ZANJIR_BLAS"
# Ways in which builds of OpenBLAS name the product of single precision: before and after "sgemm".
OPENBLAS_NAMES = {
    ("scipy_cblas_", "64_"): "cblas64",
    ("cblas_", "64_"): "cblas64",
    ("scipy_cblas_", ""): "cblas32",
    ("cblas_", ""): "cblas32",
}
MKL_SEQUENTIAL = 1  # the layer without threads, of mkl_set_threading_layer
VERSION_LENGTH = 256


@dataclass(frozen=True)
class Blas:
    """A BLAS in this process.

    Parameters
    ----------
    name : str
        ``numpy``, ``scipy``, ``mkl`` or ``none``.
    version : str
        What it says of itself.
    interface : str
        How it is called: one of `zanjir.native.blas_calls.INTERFACES`.
    sgemm, dgemm : int
        Addresses of its products in single and double precision; 0 where there is none.
    """

    name: str
    version: str
    interface: str
    sgemm: int
    dgemm: int

    def address(self, element: str) -> int:
        """Return the product's address for ``float`` or ``double``."""
        return {"float": self.sgemm, "double": self.dgemm}[element]


NONE = Blas("none", "", "cblas64", 0, 0)


@cache
def _by_name(name: str) -> Blas | None:
    return FINDERS[name]()


def find(name: str | None = None) -> Blas:
    """Return the best BLAS that is installed, or the one that is asked for.

    While its products run, `threadpoolctl.threadpool_limits` must hold it to one thread; MKL is loaded without any.

    Parameters
    ----------
    name : str, optional
        ``numpy``, ``scipy``, ``mkl`` or ``none``; by default the environment variable ``ZANJIR_BLAS``, or else
        the first of NumPy's and SciPy's that there is.

    Raises
    ------
    ParameterError
        If there is no BLAS of that name.

    Examples
    --------
    >>> find("none").sgemm
    0
    >>> find("blis")
    Traceback (most recent call last):
        ...
    zanjir.errors.ParameterError: unknown BLAS 'blis'; expected numpy, scipy, mkl or none.
    """
    asked = name or os.environ.get(VARIABLE)
    if not asked:
        return _by_name("numpy") or _by_name("scipy") or NONE
    choose("BLAS", asked, FINDERS)
    found = _by_name(asked)
    if found is None:
        others = listed(other for other in FINDERS if other != asked)
        raise ParameterError(f"the BLAS {asked!r} is not installed here; expected {others} in {VARIABLE}.")
    return found


def _numpy() -> Blas | None:
    """Return the OpenBLAS that NumPy's wheel brings."""
    import numpy as np

    package = Path(np.__file__).parent
    for path in _files((package.parent / "numpy.libs", package / ".dylibs"), "*openblas*"):
        with suppress(OSError):
            library = ctypes.CDLL(str(path))  # loaded already: NumPy uses it
            for (before, after), interface in OPENBLAS_NAMES.items():
                found = _gemms(library, before, after)
                if found:
                    return Blas("numpy", _openblas_version(library, before, after), interface, *found)
    return None


def _scipy() -> Blas | None:
    """Return the BLAS that SciPy lends to compiled code, in Fortran's way."""
    import scipy
    from scipy.linalg import cython_blas

    lent = cython_blas.__pyx_capi__
    get_name = _of_python("PyCapsule_GetName", ctypes.c_char_p, ctypes.py_object)
    get_pointer = _of_python("PyCapsule_GetPointer", ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)
    signatures = [get_name(lent[name]) for name in ("sgemm", "dgemm")]
    if not all(signature.startswith(b"void (char *, char *, int *, int *, int *,") for signature in signatures):
        return None  # integers of another size
    sgemm, dgemm = (get_pointer(lent[name], sign) for name, sign in zip(("sgemm", "dgemm"), signatures, strict=True))
    return Blas("scipy", f"SciPy {scipy.__version__}", "fortran32", sgemm, dgemm)


def _mkl() -> Blas | None:
    """Return Intel's library from its wheel, without threads of its own."""
    folders = (Path(sys.prefix) / "lib", Path(sys.prefix) / "Library" / "bin")
    for path in _files(folders, "*mkl_rt*"):
        with suppress(OSError):
            library = ctypes.CDLL(str(path))
            found = _gemms(library, "cblas_", "_64")
            if found:
                library.MKL_Set_Threading_Layer(MKL_SEQUENTIAL)
                return Blas("mkl", _mkl_version(library), "cblas64", *found)
    return None


def _none() -> Blas:
    return NONE


FINDERS: dict[str, Callable[[], Blas | None]] = {"numpy": _numpy, "scipy": _scipy, "mkl": _mkl, "none": _none}


def _files(folders: tuple[Path, ...], pattern: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted(path for path in folder.glob(pattern) if path.is_file() and path.suffix != ".lib")


def _gemms(library: ctypes.CDLL, before: str, after: str) -> tuple[int, int] | None:
    """Return the addresses of both products, if a library has them under such names."""
    try:
        sgemm, dgemm = (getattr(library, f"{before}{name}{after}") for name in ("sgemm", "dgemm"))
    except AttributeError:
        return None
    return _address(sgemm), _address(dgemm)


def _address(function: Any) -> int:
    return ctypes.cast(function, ctypes.c_void_p).value or 0


def _openblas_version(library: ctypes.CDLL, before: str, after: str) -> str:
    name = f"{before.removesuffix('cblas_')}openblas_get_config{after}"
    function = getattr(library, name, None)
    if function is None:
        return "OpenBLAS"
    function.restype = ctypes.c_char_p
    return " ".join(function().decode().split()[:2])


def _mkl_version(library: ctypes.CDLL) -> str:
    said = ctypes.create_string_buffer(VERSION_LENGTH)
    library.MKL_Get_Version_String(said, VERSION_LENGTH)
    return said.value.decode().strip()


def _of_python(name: str, restype: Any, *argtypes: Any) -> Any:
    """Return a function of Python's own interface; a prototype of ours leaves that of others alone."""
    return ctypes.PYFUNCTYPE(restype, *argtypes)((name, ctypes.pythonapi))
