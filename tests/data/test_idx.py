import gzip
import io
import struct
import tempfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from zanjir.data import idx, read_idx, write_idx
from zanjir.errors import DataError

DTYPES = ["uint8", "int8", "int16", "int32", "float32", "float64"]


def header(code=0x08, sizes=(3,), zeros=b"\0\0"):
    return zeros + bytes([code, len(sizes)]) + struct.pack(f">{len(sizes)}I", *sizes)


@pytest.fixture(params=["plain", "gzip"])
def put(request, tmp_path):
    """Write bytes to a file, plain or gzip; the name says nothing about which."""

    def write(content):
        path = tmp_path / "file"
        path.write_bytes(gzip.compress(content) if request.param == "gzip" else content)
        return path

    return write


@given(
    array=st.sampled_from(DTYPES).flatmap(
        lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=1, max_dims=4, max_side=5))
    ),
    ending=st.sampled_from(["", ".gz"]),
)
def test_what_is_written_is_read(array, ending):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"array{ending}"
        write_idx(path, array)
        read = read_idx(path)
        assert [file.name for file in Path(folder).iterdir()] == [path.name]
    assert read.dtype == array.dtype
    assert read.shape == array.shape
    assert read.tobytes() == array.tobytes()  # bytes, so that NaN and -0.0 count
    assert read.flags.writeable


@given(content=st.binary(max_size=40), is_gzip=st.booleans())
def test_any_bytes_give_an_array_or_a_data_error(content, is_gzip):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(gzip.compress(content) if is_gzip else content)
        try:
            array = read_idx(path)
        except DataError as error:
            assert str(path) in str(error)  # noqa: PT017  # either outcome is right
        else:
            assert array.nbytes == len(content) - 4 - 4 * array.ndim


@given(place=st.integers(0, 10**6), bit=st.integers(0, 7))
def test_a_flipped_bit_in_a_gzip_file_is_noticed(place, bit):
    array = np.arange(300, dtype=np.int32).reshape(3, 10, 10)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "array.gz"
        write_idx(path, array)
        content = bytearray(path.read_bytes())
        content[place % len(content)] ^= 1 << bit
        path.write_bytes(content)
        try:
            assert np.array_equal(read_idx(path), array)  # the flip hit a field without meaning, such as the time
        except DataError as error:
            assert str(path) in str(error)  # noqa: PT017  # either outcome is right


def test_layout_is_the_one_of_the_format(tmp_path):
    write_idx(tmp_path / "a", np.array([[1, -2]], dtype=np.int16))
    assert (tmp_path / "a").read_bytes() == bytes.fromhex("00000b02 00000001 00000002 0001 fffe")


def test_big_endian_and_strided_arrays_are_written_in_order(tmp_path):
    array = np.arange(12, dtype=">f4").reshape(3, 4).T
    write_idx(tmp_path / "a", array)
    assert np.array_equal(read_idx(tmp_path / "a"), array)


def test_gzip_files_depend_on_the_array_alone(tmp_path):
    for name in ("a.gz", "b.gz"):
        write_idx(tmp_path / name, np.arange(9, dtype=np.uint8))
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()
    assert (tmp_path / "a.gz").read_bytes()[4:8] == b"\0\0\0\0"  # no time


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"not an IDX file: it begins with nothing"),
        (b"\0\0\x08", r"not an IDX file: it begins with 00 00 08"),
        (b"<!DOCTYPE html>", r"not an IDX file: it begins with 3c 21 44 4f; expected 00 00"),
        (header(zeros=b"\0\1") + b"abc", r"it begins with 00 01 08 01"),
        (
            header(code=0x0A) + b"abc",
            r"IDX type 0x0a is unknown; expected 0x08 \(uint8\), .* 0x0e \(float64\)",
        ),
        (header(sizes=()) + b"abc", r"promises 0 dimensions; expected 1 to 8"),
        (header(sizes=(1,) * 9) + b"a", r"promises 9 dimensions; expected 1 to 8"),
        (header(sizes=(3, 3))[:-1], r"ends inside the header, after 11 bytes"),
        (header(sizes=(0, 28, 28)), r"promises the shape \(0, 28, 28\); expected no dimension of size 0"),
        (header(sizes=(2, 2)) + b"abc", r"promises uint8 \(2, 2\), 4 bytes, but 3 are there"),
        (header(sizes=(3,), code=0x0C) + b"\0" * 11, r"promises int32 \(3,\), 12 bytes, but 11 are there"),
        (header(sizes=(3,)) + b"abcd", r"promises uint8 \(3,\), 3 bytes, but more are there"),
        (header(sizes=(2**32 - 1,) * 8), r"promises uint8 .* bytes, but (0|at most \d+) are there"),
    ],
)
def test_bad_content_is_refused_by_name(put, content, message):
    path = put(content)
    with pytest.raises(DataError, match=message) as caught:
        read_idx(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_arrays_above_the_budget_are_refused(put):
    path = put(header(sizes=(5,)) + b"abcde")
    assert read_idx(path, max_bytes=5).tobytes() == b"abcde"
    with pytest.raises(DataError, match=r"5 bytes; expected at most max_bytes = 4"):
        read_idx(path, max_bytes=4)


@pytest.mark.parametrize("cut", [1, 4, 8, 9, 20])
def test_a_gzip_file_cut_short_is_refused(tmp_path, cut):
    write_idx(tmp_path / "a.gz", np.random.default_rng(0).integers(0, 256, 1000, dtype=np.uint8))
    content = (tmp_path / "a.gz").read_bytes()
    (tmp_path / "a.gz").write_bytes(content[:-cut])
    with pytest.raises(DataError, match=r"a\.gz: the gzip data is damaged: it ends too early; get the file"):
        read_idx(tmp_path / "a.gz")


def test_a_wrong_checksum_is_refused(tmp_path):
    content = bytearray(gzip.compress(header() + b"abc"))
    content[-8] ^= 1
    (tmp_path / "a.gz").write_bytes(content)
    with pytest.raises(DataError, match=r"gzip data is damaged: .*incorrect data check"):
        read_idx(tmp_path / "a.gz")


def test_bytes_after_the_gzip_stream_are_refused(tmp_path):
    (tmp_path / "a.gz").write_bytes(gzip.compress(header() + b"abc") + b"tail")
    with pytest.raises(DataError, match=r"damaged: bytes follow its end"):
        read_idx(tmp_path / "a.gz")


def test_a_name_ending_in_gz_is_not_believed(tmp_path):
    (tmp_path / "a.gz").write_bytes(header() + b"abc")
    assert read_idx(tmp_path / "a.gz").tobytes() == b"abc"


class CountingInflate:
    """A zlib decompressor that counts what it gives out."""

    given = 0

    def __init__(self, inflate):
        self.inflate = inflate

    def __getattr__(self, name):
        return getattr(self.inflate, name)

    def decompress(self, data, limit):
        piece = self.inflate.decompress(data, limit)
        CountingInflate.given += len(piece)
        return piece


@pytest.mark.parametrize("promised", [1, 100, 70_000])
def test_a_bomb_is_expanded_by_one_byte_more_than_promised(tmp_path, monkeypatch, promised):
    bomb = header(sizes=(promised,)) + bytes(20_000_000)
    (tmp_path / "bomb").write_bytes(gzip.compress(bomb))
    make = zlib.decompressobj
    monkeypatch.setattr(idx.zlib, "decompressobj", lambda wbits: CountingInflate(make(wbits=wbits)))
    monkeypatch.setattr(CountingInflate, "given", 0)
    with pytest.raises(DataError, match=r"but more are there"):
        read_idx(tmp_path / "bomb")
    assert CountingInflate.given == 8 + promised + 1


def test_a_lying_header_takes_no_memory(put, monkeypatch):
    path = put(header(sizes=(10**6, 1000)) + b"abc")
    monkeypatch.setattr(idx._Gunzip, "read", limited(idx._Gunzip.read))
    with pytest.raises(DataError, match=r"1000000000 bytes, but (3|at most \d+) are there"):
        read_idx(path)


def limited(read):
    """Fail if more than a header is asked for."""

    def wrapper(self, size):
        assert size <= 4 * idx.MAX_DIMS
        return read(self, size)

    return wrapper


def test_a_stream_can_be_read_byte_by_byte():
    # one compressed byte stands for many: most are asked for long after the last byte of the file was read
    stream = idx._Gunzip(io.BytesIO(gzip.compress(bytes(1000))))
    assert b"".join(stream.read(1) for _ in range(1001)) == bytes(1000)


def test_what_is_no_file_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"nothing cannot be opened: No such file"):
        read_idx(tmp_path / "nothing")
    with pytest.raises(DataError, match=r"is not a file; expected an IDX file"):
        read_idx(tmp_path)


def test_an_error_while_reading_is_reported(tmp_path, monkeypatch):
    (tmp_path / "a").write_bytes(header() + b"abc")

    def fail(*_):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(idx, "_array", fail)
    with pytest.raises(DataError, match=r"a cannot be read: Input/output error"):
        read_idx(tmp_path / "a")


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.array([1, 2]), r"IDX has no dtype int64; expected uint8, .* or float64; use array\.astype"),
        (np.array(["a"]), r"IDX has no dtype <U1"),
        (np.uint8(3), r"the array has shape \(\); expected 1 to 8 dimensions"),
        (np.ones((1,) * 9, dtype=np.uint8), r"expected 1 to 8 dimensions"),
        (np.ones((3, 0), dtype=np.uint8), r"shape \(3, 0\)"),
    ],
)
def test_arrays_that_idx_cannot_hold_are_refused(tmp_path, array, message):
    with pytest.raises(DataError, match=message):
        write_idx(tmp_path / "a", array)
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    write_idx(tmp_path / "a.gz", np.array([1], dtype=np.uint8))

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(idx, "_write", fail)
    with pytest.raises(DataError, match=r"a\.gz cannot be written: No space left on device"):
        write_idx(tmp_path / "a.gz", np.array([2], dtype=np.uint8))
    assert read_idx(tmp_path / "a.gz").tolist() == [1]
    assert [file.name for file in tmp_path.iterdir()] == ["a.gz"]


def test_a_folder_that_is_not_there_cannot_be_written(tmp_path):
    with pytest.raises(DataError, match=r"cannot be written: No such file or directory; choose another"):
        write_idx(tmp_path / "no" / "a", np.array([1], dtype=np.uint8))


def test_real_files(mnist_folder):
    images = read_idx(mnist_folder / "t10k-images-idx3-ubyte.gz")
    labels = read_idx(mnist_folder / "t10k-labels-idx1-ubyte.gz")
    assert (images.shape, images.dtype, images.max()) == ((10_000, 28, 28), np.uint8, 255)
    assert labels[:5].tolist() == [7, 2, 1, 0, 4]  # as every tutorial shows them
    with gzip.open(mnist_folder / "t10k-images-idx3-ubyte.gz") as file:
        assert file.read()[16:] == images.tobytes()
