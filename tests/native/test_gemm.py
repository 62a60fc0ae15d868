"""Matrix products of every size and layout agree with NumPy's in more digits, and write nothing beside their result."""

import ctypes
import itertools
import os
import subprocess
import sys

import numpy as np
import pytest

from zanjir.native.blas import find
from zanjir.native.compiler import Host, build, host
from zanjir.native.gemm import ARGUMENT_TYPES, blas_work, gemm_name, gemm_text, scratch_elements

ELEMENTS = {"float": np.float32, "double": np.float64}
GUARD = 32  # elements before and after what may be written

# Of a sum of k products in any order, with C added: Higham (2002), Accuracy and stability of numerical algorithms,
# (3.5): |error| <= gamma(k + 1) sum |a| |b|, and gamma(j) = j u / (1 - j u) < 1.01 j u here, u = eps / 2.
ROUNDINGS_OF_C = 2

KINDS = {
    "widest": host(),
    "AVX2": Host(host().triple, "haswell", "+avx,+avx2,+fma,-avx512f"),
    "SSE2": Host(host().triple, "x86-64", "+sse2,-avx"),
}
on_x86 = pytest.mark.skipif(not host().triple.startswith("x86_64"), reason="processors of one family")


WORK = 100_000  # small products go to a BLAS here, so that there is little to compare


def functions(element, here=None, interface="cblas64", work=None):
    return build(gemm_text(element, here, interface, work=work)).function(gemm_name(element), None, *ARGUMENT_TYPES)


def laid_out(rng, shape, dtype, layout):
    """A matrix of normal numbers, whose strides follow a layout."""
    n, m = shape
    return LAYOUTS[layout](rng.standard_normal((2 * n + 3, 2 * m + 3)).astype(dtype), n, m)


LAYOUTS = {
    "rows": lambda x, n, m: np.ascontiguousarray(x[:n, :m]),
    "columns": lambda x, n, m: np.asfortranarray(x[:n, :m]),
    "wide rows": lambda x, n, m: x[1 : n + 1, 2 : m + 2],
    "wide columns": lambda x, n, m: np.asfortranarray(x)[1 : n + 1, 2 : m + 2],
    "backward": lambda x, n, m: x[:n, :m][::-1, ::-1],
    "one row": lambda x, n, m: np.broadcast_to(x[:1, :m], (n, m)),
    "scattered": lambda x, n, m: x[: 2 * n : 2, : 2 * m : 2],
}


def strides(x):
    return [stride // x.itemsize for stride in x.strides]


def product(function, A, B, *, accumulate, blas=None, here=None, spare=0, rng=None):
    """The product, in more digits, of what a function wrote; what lies around it is checked."""
    dtype, (n, k), m = A.dtype, A.shape, B.shape[1]
    element = {np.float32: "float", np.float64: "double"}[dtype.type]
    room = np.full(2 * GUARD + n * (m + spare), np.nan, dtype)
    C = room[GUARD : GUARD + n * (m + spare)].reshape(n, m + spare)[:, :m]
    before = rng.standard_normal((n, m)).astype(dtype) if accumulate else np.full((n, m), np.nan, dtype)
    C[...] = before
    outside = np.ones(room.shape, bool)
    outside[GUARD : GUARD + n * (m + spare)].reshape(n, m + spare)[:, :m] = False
    scratch = np.full(2 * GUARD + scratch_elements(element, here), np.nan, dtype)
    kept = room[outside].tobytes()
    function(
        A.ctypes.data, *strides(A), B.ctypes.data, *strides(B), C.ctypes.data, m + spare, n, k, m,
        accumulate, scratch.ctypes.data + GUARD * dtype.itemsize, blas,
    )  # fmt: skip
    assert room[outside].tobytes() == kept
    assert np.isnan(scratch[:GUARD]).all()
    assert np.isnan(scratch[-GUARD:]).all()
    return before, C


def agrees(before, C, A, B, *, accumulate):
    wide = np.float64 if A.dtype == np.float32 else np.longdouble
    expected = A.astype(wide) @ B.astype(wide) + (before.astype(wide) if accumulate else 0)
    size = np.abs(A).astype(wide) @ np.abs(B).astype(wide) + (np.abs(before) if accumulate else 0)
    unit = np.finfo(A.dtype).eps / 2
    np.testing.assert_array_less(np.abs(C - expected), 1.01 * unit * (A.shape[1] + ROUNDINGS_OF_C) * size + 1e-300)


def trial(function, rng, sizes, dtype, layouts, **options):
    n, k, m = sizes
    A, B = laid_out(rng, (n, k), dtype, layouts[0]), laid_out(rng, (k, m), dtype, layouts[1])
    accumulate = int(rng.integers(2))
    before, C = product(function, A, B, accumulate=accumulate, rng=rng, **options)
    agrees(before, C, A, B, accumulate=accumulate)


SIZES = [
    (1, 1, 1),
    (10, 2, 8),
    (10, 8, 8),
    (10, 8, 1),
    (8, 10, 1),
    (32, 64, 32),
    (32, 32, 10),
    (64, 32, 32),
    (1, 40, 37),
]
SIZES += [
    (37, 1, 40),
    (13, 300, 33),
    (300, 13, 17),
    (70, 270, 35),
    (5, 17, 16),
    (9, 16, 31),
    (260, 520, 3),
    (129, 7, 1),
]


@on_x86
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("element", ELEMENTS)
@pytest.mark.parametrize("layout_B", LAYOUTS)
def test_our_tiles_multiply_every_layout(kind, element, layout_B):
    rng = np.random.default_rng(5)
    function = functions(element, KINDS[kind])
    for sizes, layout_A in itertools.product(SIZES, LAYOUTS):
        spare = int(rng.integers(4))
        trial(function, rng, sizes, ELEMENTS[element], (layout_A, layout_B), here=KINDS[kind], spare=spare)


@pytest.mark.parametrize("element", ELEMENTS)
def test_our_tiles_multiply_random_sizes(element):
    rng = np.random.default_rng(7)
    function = functions(element)
    for _ in range(300):
        sizes = np.exp(rng.uniform(0, 5, 3)).astype(int)
        trial(function, rng, sizes, ELEMENTS[element], rng.choice(list(LAYOUTS), 2), spare=int(rng.integers(3)))


@pytest.mark.parametrize("element", ELEMENTS)
@pytest.mark.parametrize("sizes", [(0, 3, 4), (3, 0, 4), (3, 4, 0), (0, 0, 0), (5, 0, 1), (0, 4, 1)])
@pytest.mark.parametrize("accumulate", [0, 1])
def test_empty_sizes_give_zeros_or_what_was_there(element, sizes, accumulate):
    rng = np.random.default_rng(1)
    n, k, m = sizes
    A, B = np.ones((n, k), ELEMENTS[element]), np.ones((k, m), ELEMENTS[element])
    before, C = product(functions(element), A, B, accumulate=accumulate, rng=rng)
    assert np.array_equal(C, before if accumulate else np.zeros((n, m)))


@pytest.mark.parametrize("element", ELEMENTS)
def test_a_row_has_the_same_bits_wherever_it_stands(element):
    rng = np.random.default_rng(2)
    A, B = (rng.standard_normal(shape).astype(ELEMENTS[element]) for shape in ((45, 70), (70, 21)))
    whole = product(functions(element), A, B, accumulate=0)[1]
    for first, n in ((0, 1), (3, 9), (8, 2), (40, 5)):
        part = product(functions(element), A[first : first + n], B, accumulate=0)[1]
        assert np.array_equal(part, whole[first : first + n])


@pytest.mark.parametrize("element", ELEMENTS)
def test_not_a_number_stays_in_its_row_and_column(element):
    rng = np.random.default_rng(3)
    A, B = (rng.standard_normal(shape).astype(ELEMENTS[element]) for shape in ((11, 9), (9, 18)))
    A[10, 3], B[4, 17] = np.nan, np.nan
    C = product(functions(element), A, B, accumulate=0)[1]
    expected = np.zeros((11, 18), bool)
    expected[10, :] = expected[:, 17] = True
    assert np.array_equal(np.isnan(C), expected)


WALLED = """
import ctypes, itertools, mmap, sys
import numpy as np
from zanjir.native.compiler import build
from zanjir.native.gemm import ARGUMENT_TYPES, gemm_name, gemm_text, scratch_elements

def walled(shape, dtype):  # ends where a page begins that nobody may read
    size = int(np.prod(shape)) * dtype.itemsize
    pages = -(-size // mmap.PAGESIZE)
    room = mmap.mmap(-1, (pages + 1) * mmap.PAGESIZE)
    everything = np.frombuffer(room, np.uint8)
    wall = everything.ctypes.data + pages * mmap.PAGESIZE
    assert ctypes.CDLL(None).mprotect(ctypes.c_void_p(wall), ctypes.c_size_t(mmap.PAGESIZE), 0) == 0
    return everything[pages * mmap.PAGESIZE - size : pages * mmap.PAGESIZE].view(dtype).reshape(shape)

element, dtype = sys.argv[1], np.dtype(sys.argv[2])
function = build(gemm_text(element)).function(gemm_name(element), None, *ARGUMENT_TYPES)
scratch = walled((scratch_elements(element),), dtype)
for n, k, m in ((10, 8, 8), (5, 9, 3), (7, 17, 33), (50, 270, 21), (1, 13, 40), (13, 20, 1)):
    for turn_a, turn_b in itertools.product((0, 1), repeat=2):
        A, B = walled((k, n) if turn_a else (n, k), dtype), walled((m, k) if turn_b else (k, m), dtype)
        A[...], B[...], C = 1, 1, walled((n, m), dtype)
        a, b = ((1, n) if turn_a else (k, 1)), ((1, k) if turn_b else (m, 1))
        function(A.ctypes.data, *a, B.ctypes.data, *b, C.ctypes.data, m, n, k, m, 0, scratch.ctypes.data, None)
        assert (C == k).all()
"""


@pytest.mark.skipif(os.name != "posix", reason="the protection of pages of POSIX")
@pytest.mark.parametrize(("element", "dtype"), [("float", "f4"), ("double", "f8")])
def test_nothing_is_read_beyond_an_operand(element, dtype):
    done = subprocess.run([sys.executable, "-c", WALLED, element, dtype], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def recorder(element, calls):
    """A BLAS that notes its call and computes nothing."""
    return ctypes.CFUNCTYPE(None)(lambda: calls.append(element))


@pytest.mark.parametrize("element", ELEMENTS)
def test_a_blas_is_called_for_large_products_alone(element):
    calls = []
    blas = recorder(element, calls)
    function, address = functions(element), ctypes.cast(blas, ctypes.c_void_p).value
    m = blas_work(element) // 10_000
    for columns, called in ((m, 0), (m + 1, 1)):
        A, B = np.ones((10, 1000), ELEMENTS[element]), np.ones((1000, columns), ELEMENTS[element])
        product(function, A, B, accumulate=0, blas=address)
        assert len(calls) == called


@pytest.mark.parametrize("element", ELEMENTS)
@pytest.mark.parametrize("layout_B", LAYOUTS)
@pytest.mark.parametrize("which", ["best", "scipy"])
def test_a_blas_multiplies_every_layout(element, layout_B, which):
    rng = np.random.default_rng(4)
    blas = find(None if which == "best" else which)
    function = functions(element, None, blas.interface, WORK)
    for sizes, layout_A in itertools.product(
        ((64, 90, 70), (90, 33, 128), (700, 64, 9), (1, 400, 300), (400, 1, 300), (400, 300, 1)), LAYOUTS
    ):
        address = blas.address(element)
        trial(function, rng, sizes, ELEMENTS[element], (layout_A, layout_B), spare=1, blas=address)


def test_a_blas_of_short_integers_is_not_given_long_ones():
    calls = []
    blas = recorder("double", calls)
    function, address = functions("double", None, "fortran32", WORK), ctypes.cast(blas, ctypes.c_void_p).value
    A, B, C, scratch = np.ones((1, 512)), np.ones((512, 512)), np.empty((1, 512)), np.empty(scratch_elements("double"))
    a, b, c, s = (x.ctypes.data for x in (A, B, C, scratch))
    for stride, called in ((2**31 - 1, 1), (2**31, 1)):
        function(a, stride, 1, b, 512, 1, c, 512, 1, 512, 512, 0, s, address)  # of a single row, any stride will do
        assert len(calls) == called
    assert (C == 512).all()
