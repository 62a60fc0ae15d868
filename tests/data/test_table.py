"""Reading tables: every form gives the same columns, and what cannot be read is refused in a sentence."""

import os
import struct
import subprocess
import sys

import numpy as np
import polars
import pytest

from data.tables import wine, write
from zanjir.data import Table, is_table, read_table
from zanjir.data.columns import texts_of, values_of
from zanjir.errors import DataError, ParameterError, ZanjirError

ROWS = "a,b,y\n" + "".join(f"{i * i % 7},{'pq'[i % 2]},{'uv'[i % 3 % 2]}\n" for i in range(30))


@pytest.fixture
def path_of(tmp_path):
    """Write a file and return its path."""

    def written(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return written


def refused(path):
    with pytest.raises(ZanjirError) as caught:
        read_table(path)
    text = str(caught.value)
    assert "\n" not in text
    assert text.endswith((".", "?"))
    assert len(text) < 400
    return text


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".parquet", ".arrow"])
def test_every_form_holds_the_same_columns(ending, tmp_path):
    names, rows = wine()
    table = read_table(write(tmp_path / f"wine{ending}", (names, rows)))
    assert (table.name, table.columns, table.n_rows) == ("wine", tuple(names), len(rows))
    alcohol = [np.nan if row[1] == "" else float(row[1]) for row in rows]
    assert np.array_equal(values_of(table["alcohol"], "number", "it"), alcohol, equal_nan=True)
    assert texts_of(table["color"], "it").to_list() == [None if row[14] == "NA" else row[14] for row in rows]


def test_an_arrow_stream_is_read_too(tmp_path):
    frame = polars.DataFrame({"a": [1, 2], "y": ["u", "v"]})
    frame.write_ipc_stream(tmp_path / "t.arrow")
    assert read_table(tmp_path / "t.arrow").frame.equals(frame)


ALIKE = {
    "semicolons": ROWS.replace(",", ";"),
    "tabs": ROWS.replace(",", "\t"),
    "Windows lines": ROWS.replace("\n", "\r\n"),
    "a byte order mark": "\ufeff" + ROWS,
    "blank lines": ROWS.replace("\n", "\n\n"),
    "no last line end": ROWS.rstrip("\n"),
    "quotation marks": ROWS.replace("p", '"p"'),
    "spaces in the names": ROWS.replace("a,b,y", " a ,b,y"),
}


@pytest.mark.parametrize("text", ALIKE.values(), ids=ALIKE)
def test_a_table_may_be_written_in_many_ways(text, path_of):
    expected = read_table(path_of("plain.csv", ROWS)).frame
    assert expected.shape == (30, 3)
    assert read_table(path_of("other.csv", text)).frame.equals(expected)


def test_texts_may_hold_separators_line_breaks_and_quotation_marks(path_of):
    table = read_table(path_of("t.csv", 'a,y\n"x,\ny",u\n"say ""hi""",v\n'))
    assert table["a"].to_list() == ["x,\ny", 'say "hi"']


def test_a_column_without_a_name_gets_one_from_its_place(path_of):
    assert read_table(path_of("t.csv", ",y\n1,u\n")).columns == ("column 1", "y")


def test_rows_are_taken_in_their_order():
    table = Table("t", polars.DataFrame({"a": [10, 11, 12]})).take([2, 0])
    assert table["a"].to_list() == [12, 10]
    assert repr(table) == "Table('t': 2 rows of a)"


def test_a_near_name_is_pointed_out():
    table = Table("wide", polars.DataFrame({f"column{i}": [1] for i in range(30)}))
    with pytest.raises(
        ParameterError, match=r"wide has no column 'colunm7'; .* and 10 more\. Did you mean 'column7'\?"
    ):
        table["colunm7"]


def test_endings_decide_in_any_case():
    assert is_table("WINE.CSV")
    assert not is_table("wine.xlsx")


REFUSED = {
    "empty": ("t.csv", b"", "is empty"),
    "blank first line": ("t.csv", "\n\n", "the first line is blank"),
    "names only": ("t.csv", "a,b,y\n", "has 3 columns and no rows"),
    "names without a line end": ("t.csv", "a,b,y", "has 3 columns and no rows"),
    "a short row": ("t.csv", ROWS + "1,2\n", "line 32 has 2 values, expected 3"),
    "a long row": ("t.csv", ROWS + "1,2,3,4\n", "line 32 has 4 values, expected 3"),
    "Latin-1": ("t.csv", ROWS.encode() + b"1,\xe9,u\n", "line 32 is not in UTF-8"),
    "UTF-16": ("t.csv", ROWS.encode("utf-16"), "is no text: it holds bytes of zero"),
    "a picture": ("t.csv", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "is no text: it holds bytes of zero"),
    "lines of old Macs": ("t.csv", ROWS.replace("\n", "\r"), "in the way of old Macs"),
    "a name twice": ("t.csv", "a,a,y\n1,2,u\n", "the column name 'a' stands twice"),
    "an open quotation mark": ("t.csv", ROWS + '"1,p,u\n', "cannot be read after line 31"),
    "an endless cell": ("t.csv", ROWS + f"1,{'x' * 200_000},u\n", "field larger than field limit"),
    "an endless first line": ("t.csv", b"a," * 2**20, "the first line is longer than 1.0 MiB"),
    "an empty Parquet file": ("t.parquet", b"", "is empty"),
    "Parquet of text": ("t.parquet", ROWS, "is damaged or no Parquet file"),
    "Parquet of noise": ("t.parquet", b"PAR1" + bytes(range(1, 200)) + struct.pack("<I", 90) + b"PAR1", "is damaged"),
    "Parquet with a lying footer": (
        "t.parquet", b"PAR1" + bytes(50) + struct.pack("<I", 2**31) + b"PAR1", "is damaged or no Parquet file"
    ),
    "Arrow of noise": ("t.arrow", b"ARROW1" + bytes(range(1, 200)), "is damaged or no table"),
    "Arrow of text": ("t.arrow", ROWS, "is damaged or no table"),
    "another ending": ("t.xlsx", b"PK", "its ending is '.xlsx', expected .csv, .tsv"),
    "no ending": ("t", ROWS, "its ending is '', expected .csv"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "content", "expected"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_table_is_refused(name, content, expected, path_of):
    path = path_of(name, content)
    text = refused(path)
    assert expected in text
    assert str(path) in text


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    assert "there is no file" in refused(tmp_path / "nothing.csv")
    (tmp_path / "folder.csv").mkdir()
    assert "is a folder" in refused(tmp_path / "folder.csv")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_refused(path_of):
    path = path_of("t.csv", ROWS)
    path.chmod(0)
    assert "Permission denied" in refused(path)


def test_a_file_that_the_system_does_not_open_is_refused(path_of, monkeypatch):
    path = path_of("t.csv", ROWS)

    def denied(*given, **facts):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.open", denied)
    assert refused(path) == f"{path}: Permission denied; give the path of a table that can be read."


def test_a_file_that_is_too_large_is_not_opened(path_of, monkeypatch):
    path = path_of("t.csv", ROWS)
    monkeypatch.setattr("zanjir.data.table.MAX_BYTES", 100)
    assert f"has {len(ROWS)} bytes; expected at most 100 bytes" in refused(path)


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".arrow"])
def test_names_have_no_spaces_around_them_in_whatever_file(ending, tmp_path):
    frame = polars.DataFrame({" a ": [1.5, 2.5], "b": ["p", "q"]})
    write = {".csv": frame.write_csv, ".parquet": frame.write_parquet, ".arrow": frame.write_ipc}[ending]
    write(tmp_path / f"t{ending}")
    assert read_table(tmp_path / f"t{ending}").columns == ("a", "b")


@pytest.mark.parametrize("ending", [".parquet", ".arrow"])
def test_a_description_of_too_many_rows_is_refused_before_they_are_read(ending, tmp_path, monkeypatch):
    path = write(tmp_path / f"t{ending}", (["a", "b"], [[1, 2]] * 100))
    assert path.stat().st_size < 100 * 2 * 8 * 2
    monkeypatch.setattr("zanjir.data._checks.MAX_BYTES", 100 * 2 * 8 - 1)
    monkeypatch.setattr("zanjir.data.table.MAX_BYTES", 2**30)
    assert "would have the shape (100, 2)" in refused(path)


def test_rows_that_two_readers_count_differently_are_refused(path_of, monkeypatch):
    path = path_of("t.csv", ROWS)
    monkeypatch.setattr("zanjir.data.table.looked_through", lambda path, separator: (["a", "b", "y"], 29, []))
    assert "can be read in two ways, as 29 rows or as 30" in refused(path)


FLIPS = 150


@pytest.mark.parametrize("ending", [".parquet", ".arrow"])
def test_a_flipped_bit_is_refused_or_leaves_a_table_and_nothing_is_printed(ending, tmp_path, capfd):
    path = tmp_path / f"t{ending}"
    frame = polars.DataFrame({"x": [1.5, None, 3.0] * 20, "t": ["a", "b", None] * 20})
    frame.write_parquet(path) if ending == ".parquet" else frame.write_ipc(path)
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    said = []
    for place in rng.choice(len(whole), FLIPS, replace=False):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << rng.integers(8)
        path.write_bytes(damaged)
        try:
            assert read_table(path).n_rows > 0
        except (DataError, ParameterError) as error:
            said.append(str(error))
    assert len(said) > 20
    assert all(sentence.endswith(".") and "\n" not in sentence for sentence in said)
    assert capfd.readouterr() == ("", "")


def test_a_panic_of_the_reader_is_a_sentence(path_of, monkeypatch):
    class PanicException(BaseException):
        """As Polars has it."""

    def panics(path):
        raise PanicException("called `Result::unwrap()` on an `Err` value\nand more")

    path = path_of("t.parquet", b"PAR1")
    monkeypatch.setitem(sys.modules["zanjir.data.table"].READERS, ".parquet", panics)
    assert refused(path).endswith("no table: called `Result::unwrap()` on an `Err` value; write it again.")


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_other_interruptions_are_not_swallowed(error, path_of, monkeypatch):
    def interrupted(path):
        raise error

    monkeypatch.setitem(sys.modules["zanjir.data.table"].READERS, ".csv", interrupted)
    with pytest.raises(error):
        read_table(path_of("t.csv", ROWS))


def test_polars_is_loaded_only_for_tables():
    code = "import sys, zanjir; zanjir.load('moons'); print('polars' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "False\n"
