"""The BLAS that is found is one that multiplies, with one thread while it is told so."""

import ctypes
import sys
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from zanjir.errors import ParameterError
from zanjir.native import blas
from zanjir.native.blas import NONE, find
from zanjir.native.blas_calls import INTERFACES
from zanjir.native.compiler import build
from zanjir.native.gemm import ARGUMENT_TYPES, gemm_name, gemm_text, scratch_elements

INSTALLED = [name for name in ("numpy", "scipy", "mkl") if blas._by_name(name)]


@pytest.fixture(autouse=True)
def nothing_asked_for(monkeypatch):
    monkeypatch.delenv("ZANJIR_BLAS", raising=False)


def multiply(found, A, B):
    """The product by a BLAS, which is chosen for its size."""
    element = {np.float32: "float", np.float64: "double"}[A.dtype.type]
    function = build(gemm_text(element, None, found.interface, work=0)).function(
        gemm_name(element), None, *ARGUMENT_TYPES
    )
    (n, k), m = A.shape, B.shape[1]
    C, scratch = np.empty((n, m), A.dtype), np.empty(scratch_elements(element), A.dtype)
    a, b, c, s = (x.ctypes.data for x in (A, B, C, scratch))
    function(a, k, 1, b, m, 1, c, m, n, k, m, 0, s, found.address(element))
    return C


def test_scipy_is_always_there():
    assert "scipy" in INSTALLED


@pytest.mark.parametrize("name", INSTALLED)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_blas_multiplies_whole_numbers_without_error(name, dtype):
    found = find(name)
    assert found.interface in INTERFACES
    assert found.version
    A, B = (np.random.default_rng(0).integers(-8, 9, shape) for shape in ((300, 301), (301, 302)))
    assert np.array_equal(multiply(found, A.astype(dtype), B.astype(dtype)), A @ B)


def test_numpys_is_preferred_and_scipys_stands_in(monkeypatch):
    monkeypatch.setattr(blas, "_by_name", {"numpy": None, "scipy": find("scipy")}.get)
    assert find().name == "scipy"
    monkeypatch.setattr(blas, "_by_name", {"numpy": find, "scipy": None}.get)
    assert find() is find
    monkeypatch.setattr(blas, "_by_name", {}.get)
    assert find() == NONE


def test_the_environment_chooses(monkeypatch):
    for name in ("scipy", "none"):
        monkeypatch.setenv("ZANJIR_BLAS", name)
        assert find().name == name
    assert find("scipy").name == "scipy"


def test_an_unknown_name_is_refused_with_the_known_ones(monkeypatch):
    monkeypatch.setenv("ZANJIR_BLAS", "numpi")
    with pytest.raises(
        ParameterError, match=r"unknown BLAS 'numpi'; expected numpy, scipy, mkl or none\. Did you mean"
    ):
        find()


def test_one_that_is_not_installed_is_named(monkeypatch):
    monkeypatch.setattr(blas, "_by_name", {}.get)
    with pytest.raises(ParameterError, match=r"'mkl' is not installed here; expected numpy, scipy or none in ZANJIR"):
        find("mkl")


def test_a_file_that_is_no_library_is_passed_over(monkeypatch, tmp_path):
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "libmkl_rt.so.3").write_bytes(b"no library")
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert blas._mkl() is None


@pytest.mark.skipif("numpy" not in INSTALLED, reason="NumPy was built against the system's BLAS")
def test_the_limit_of_threads_reaches_numpys():
    paths = [Path(path) for path in blas._files((Path(np.__file__).parent.parent / "numpy.libs",), "*openblas*")]
    with threadpool_limits(1, user_api="blas"):
        threads = {Path(pool["filepath"]).resolve(): pool["num_threads"] for pool in threadpool_info()}
    assert all(threads[path.resolve()] == 1 for path in paths)


def test_python_s_own_prototypes_are_left_alone():
    before = ctypes.pythonapi.PyCapsule_GetName.restype
    blas._scipy()
    assert ctypes.pythonapi.PyCapsule_GetName.restype is before
