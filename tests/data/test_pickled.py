import contextlib
import os
import pickle
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from data.cifar_files import planes, python2_batch, python2_names, text
from zanjir.data import pickled
from zanjir.data.pickled import read_pickled
from zanjir.errors import DataError

HERE = Path("batch")
BATCH = python2_batch([6, 9], planes(2), ["a.png", "b.png"])
MARKED = b"\x80\x02}("  # a dictionary is begun


def assert_refused(content, why):
    with pytest.raises(DataError, match=why) as caught:
        read_pickled(HERE, content)
    said = str(caught.value)
    assert said.startswith("batch is not read: ")
    assert said.endswith("; nothing was executed; get the file again.")
    assert "\n" not in said
    assert len(said) < 300


class Evil:
    """When unpickled by Python, calls a function."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def test_a_batch_that_python_2_wrote():
    batch = read_pickled(HERE, BATCH)
    assert batch.keys() == {"data", "labels", "batch_label", "filenames"}
    assert np.array_equal(batch["data"], planes(2))
    assert batch["data"].dtype == np.uint8
    assert not batch["data"].flags.writeable
    assert (batch["labels"], batch["batch_label"]) == ([6, 9], b"training batch 1 of 5")
    assert batch["filenames"] == [b"a.png", b"b.png"]


def test_what_python_3_reads_in_the_files_of_python_2_is_what_is_read_here():
    content = python2_names(["cat", "dog"])
    theirs = pickle.loads(content, encoding="bytes")  # noqa: S301
    assert {key.encode(): value for key, value in read_pickled(HERE, content).items()} == theirs


@pytest.mark.parametrize("protocol", [2, 3, 4])
@pytest.mark.parametrize("order", ["C", "F"])
def test_a_batch_that_python_3_wrote(protocol, order):
    data = np.asarray(planes(3), order=order)
    written = {"data": data, "labels": [1, 2, 70_000], "none": None, "flags": [True, False], "empty": (), "x": (1, 2)}
    read = read_pickled(HERE, pickle.dumps(written, protocol))
    assert np.array_equal(read.pop("data"), written.pop("data"))
    assert read == written


def test_every_beginning_of_a_file_is_refused():
    for end in range(len(BATCH)):
        with pytest.raises(DataError, match="is not read"):
            read_pickled(HERE, BATCH[:end])


def test_what_follows_the_end_is_refused():
    assert_refused(BATCH + b".", "bytes follow its end")


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
def test_a_file_that_makes_python_write_a_file_writes_none_here(tmp_path, protocol):
    victim = tmp_path / "victim"
    content = pickle.dumps({"data": Evil(os.mkdir, str(victim))}, protocol)
    with pytest.raises(DataError, match="nothing was executed"):
        read_pickled(HERE, content)
    assert not victim.exists()
    pickle.loads(content)  # noqa: S301 - the file is as bad as it is said to be
    assert victim.is_dir()


def test_a_call_inside_an_array_that_is_otherwise_right_is_refused(tmp_path):
    victim = tmp_path / "victim"
    argument = text(str(victim))
    evil = b"cos\nmkdir\n" + argument + b"\x85R"
    content = BATCH.replace(text("u1"), evil)
    assert_refused(content, "it names 'os mkdir', which data do not need")
    with pytest.raises(ValueError, match="buffer size"):  # Python makes the folder, and then has no use for None
        pickle.loads(content, encoding="latin1")  # noqa: S301
    assert victim.is_dir()


@pytest.mark.parametrize(
    "opcodes",
    [
        b"cos\nsystem\n(S'ls'\ntR.",
        b"c__builtin__\neval\nU\x011\x85R.",
        b"cbuiltins\nexec\nU\x011\x85R.",
        b"cnumpy.core.multiarray\nfromfile\nU\x011\x85R.",
        b"cnumpy\nload\nU\x011\x85R.",
        b"cnumpy\nndarray.tofile\nU\x011\x85R.",
        b"cnumpy core.multiarray\n_reconstruct\n)R.",
        b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x02ls\x85R.",
        b"\x80\x04K\x01K\x02\x93\x8c\x02ls\x85R.",
        b"c" + b"x" * 10_000 + b"\nsystem\n.",
        b"c\xc3\xa9\x1b[2J\nsystem\n.",
    ],
)
def test_names_that_data_do_not_need(opcodes):
    assert_refused(opcodes, "it names '.*', which data do not need")


@pytest.mark.parametrize(
    ("opcodes", "name"),
    [
        (b"(S'ls'\nios\nsystem\n.", "STRING"),
        (b"(ios\nsystem\n.", "INST"),
        (b"(cnumpy\nndarray\no.", "OBJ"),
        (b"cnumpy\nndarray\n)\x81.", "NEWOBJ"),
        (b"cnumpy\nndarray\n)}\x92.", "NEWOBJ_EX"),
        (b"\x82\x01.", "EXT1"),
        (b"P1\n.", "PERSID"),
        (b"NQ.", "BINPERSID"),
        (b"G" + bytes(8) + b".", "BINFLOAT"),
        (b"\x8b" + struct.pack("<i", 3) + b"abc.", "LONG4"),
        (b"\x97.", "NEXT_BUFFER"),
    ],
)
def test_opcodes_that_data_do_not_need(opcodes, name):
    assert_refused(opcodes, f"it has the opcode {name}, which data in protocols 2 to 4 do not need")


@pytest.mark.parametrize(
    "swap",
    [
        (b"cnumpy\nndarray\n", b"cnumpy\ndtype\n"),  # something else is reconstructed
        (text("b") + b"\x87R", text("O") + b"\x87R"),
        (text("u1"), text("O8")),  # an array of objects
        (text("u1"), text("i8")),
        (b"cnumpy.core.multiarray\n_reconstruct\n", b"c_codecs\nencode\n"),
        (b"\x87Rq\x05", b"\x87Rq\x05)R"),  # the array itself is called
    ],
)
def test_known_functions_are_not_called_with_other_arguments(swap):
    assert swap[0] in BATCH
    assert_refused(BATCH.replace(*swap), "it calls something otherwise than an array of bytes needs")


@pytest.mark.parametrize(
    "swap",
    [
        (b"\x89T", b"}T"),  # the order of its axes is a dictionary
        (b"\x89T", b"K\x00T"),
        (b"\x89T", b"\x89\x89T"),
        (b"(K\x03" + text("|"), b"]\x85\x85\x85}b(K\x03" + text("|")),  # a state for a tuple
    ],
)
def test_arrays_are_not_filled_with_other_states(swap):
    assert swap[0] in BATCH
    assert_refused(BATCH.replace(*swap), "it fills something otherwise than an array of bytes needs")


def test_an_object_is_given_no_attributes():
    assert_refused(b"cnumpy\nndarray\n}U\x04tobyU\x03mees" + b"b.", "it fills something otherwise")


@pytest.mark.parametrize(
    "shape",
    [
        b"K\x02M\x00\x0d\x86",
        b"K\x02\x85",
        b")",
        b"J\xff\xff\xff\xffM\x00\x0c\x86",  # NumPy would find the size itself
        b"J\xfe\xff\xff\xffJ\x00\xf4\xff\xff\x86",  # both are negative, and their product is right
        b"\x88(M\x00\x18t\x86",
        b"(" + b"J\xff\xff\xff\x7f" * 100_000 + b"t",
        b"(" + b"K\x01" * 63 + b"M\x00\x18t",
    ],
)
def test_shapes_that_do_not_hold_the_bytes(shape):
    assert_refused(
        BATCH.replace(b"K\x02M\x00\x0c\x86", shape), "it has an array whose shape does not hold its 6144 bytes"
    )


@pytest.mark.parametrize("size", [2**31 - 1, -1])
def test_a_text_that_claims_to_be_huge_takes_no_memory(size):
    tracemalloc.start()
    assert_refused(MARKED + b"T" + struct.pack("<i", size) + b"abc", "is not read")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**20


@pytest.mark.parametrize(
    ("opcodes", "why"),
    [
        (b"h\x05.", "recalls a value that it never remembered"),
        (b"j\xff\xff\xff\x7f.", "recalls a value that it never remembered"),
        (b"q\x05.", "remembers a value that is not there"),
        (b"(q\x05.", "remembers a value that is not there"),
        (b"\x94.", "remembers a value that is not there"),
        (b"\x85.", "takes more from the stack than it has put there"),
        (b"N(\x86.", "takes more from the stack than it has put there"),
        (b"R.", "takes more from the stack than it has put there"),
        (b"b.", "takes more from the stack than it has put there"),
        (b"t.", "has no mark"),
        (b"NNu.", "has no mark"),
        (b"Na.", "no list where one is needed|takes more"),
        (b")Na.", "no list where one is needed"),
        (b"](NNu.", "dictionary whose keys are no texts"),
        (b"(U\x01aNu.", "no dict where one is needed"),
        (b"}(U\x01au.", "dictionary whose keys are no texts"),
        (b"})Ns.", "dictionary whose keys are no texts"),
        (b"N.", "does not hold a dictionary"),
        (b"].", "does not hold a dictionary"),
        (b"}}.", "does not hold a dictionary"),
        (b".", "does not hold a dictionary"),
        (b"", "it ends too early"),
        (b"\xff", r"it has the unknown opcode '\\xff'"),
        (b"X\x01\x00\x00\x00\xff.", "can't decode byte"),
    ],
)
def test_a_stack_or_a_memo_that_is_misused(opcodes, why):
    assert_refused(opcodes, why)


def test_an_array_that_is_never_filled():
    content = b"}U\x04datacnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87Rs."
    assert_refused(content, "it has an array that is never filled")


def test_an_array_is_filled_once():
    filled = BATCH.index(b"(K\x01K\x02"), BATCH.index(text("labels"))
    again = BATCH[: filled[1]] + BATCH[slice(*filled)] + BATCH[filled[1] :]
    assert_refused(again, "it fills something otherwise")


def test_a_list_that_holds_itself_is_read_and_let_go():
    values = read_pickled(HERE, b"}U\x01a]q\x00h\x00as.")["a"]
    assert values[0] is values


def test_a_million_nested_tuples_are_read_and_let_go_but_are_no_key():
    nested = b")" + b"\x85" * 1_000_000
    assert isinstance(read_pickled(HERE, b"}U\x01a" + nested + b"s.")["a"], tuple)
    assert_refused(b"}" + nested + b"Ns.", "dictionary whose keys are no texts")


def test_a_text_is_not_copied_again_and_again():
    start = b"}(U\x01a]c_codecs\nencode\nq\x00X\xe8\x03\x00\x00" + b"x" * 1000 + b"q\x01X\x06\x00\x00\x00latin1q\x020"
    once = start.replace(b"0", b"") + b"\x86R"
    many = b"h\x00h\x01h\x02\x86R" * 1000
    assert_refused(once + many + b".", "it copies a text many times")


def test_only_latin_1_is_encoded():
    assert_refused(b"c_codecs\nencode\nX\x01\x00\x00\x00aX\x05\x00\x00\x00rot13\x86R.", "it calls something otherwise")
    assert_refused(
        b"c_codecs\nencode\nX\x02\x00\x00\x00\xc4\x80X\x06\x00\x00\x00latin1\x86R.", "can't encode character"
    )


def test_a_file_of_countless_opcodes_is_given_up(monkeypatch):
    monkeypatch.setattr(pickled, "MAX_STEPS", 100)
    assert_refused(b"]" * 101 + b".", "it has more than 100 opcodes")


@given(st.lists(st.tuples(st.integers(0, len(BATCH) - 1), st.integers(0, 255)), min_size=1, max_size=4))
@example([(2, ord("."))])
def test_a_damaged_batch_is_read_or_refused_and_nothing_else(changes):
    content = bytearray(BATCH)
    for place, value in changes:
        # half of the places are among the opcodes: most of the file is pixels
        content[place if place % 2 else place % 150] = value
    with contextlib.suppress(DataError):
        assert isinstance(read_pickled(HERE, bytes(content)), dict)


@given(st.binary(max_size=40))
def test_any_bytes_are_read_or_refused(content):
    with contextlib.suppress(DataError):
        assert isinstance(read_pickled(HERE, b"}(" + content), dict)
