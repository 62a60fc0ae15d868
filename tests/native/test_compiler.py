"""LLVM's text becomes machine code once per process and once per disk, and nothing damaged or foreign is ever run."""

import ctypes
import os
import subprocess
import sys
import threading

import pytest

from zanjir.native import compiler
from zanjir.native.compiler import Host, build, host, program_folder
from zanjir.native.store import HEADER, ProgramStore

TEXT = "define i64 @plus(i64 %n) {{ %r = add i64 %n, {}  ret i64 %r }}"
KEY = bytes(range(32))
posix = pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")


@pytest.fixture(autouse=True)
def new_process(monkeypatch):
    """Forget what this process has compiled."""
    monkeypatch.setattr(compiler, "_LIBRARIES", {})


@pytest.fixture
def compiled(monkeypatch):
    """The texts that LLVM is given from here on."""
    texts, compile_ = [], compiler._compile
    monkeypatch.setattr(compiler, "_compile", lambda text: texts.append(text) or compile_(text))
    return texts


def plus(n, folder):
    return build(TEXT.format(n), folder).function("plus", ctypes.c_int64, ctypes.c_int64)(1)


def again(n, folder):
    compiler._LIBRARIES.clear()
    return plus(n, folder)


def entry(folder):
    (path,) = folder.iterdir()
    return path


def test_a_text_is_compiled_once_in_a_process(tmp_path, compiled):
    assert [plus(5, tmp_path), plus(5, tmp_path), plus(6, tmp_path)] == [6, 6, 7]
    assert compiled == [TEXT.format(5), TEXT.format(6)]


def test_a_text_is_compiled_once_on_a_disk(tmp_path, compiled):
    folder = tmp_path / "new" / "programs"
    assert [plus(5, folder), again(5, folder)] == [6, 6]
    assert len(compiled) == 1


def test_threads_that_ask_at_once_share_one_library(tmp_path, compiled):
    found = []
    threads = [threading.Thread(target=lambda: found.append(build(TEXT.format(5), tmp_path))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(map(id, found))) == 1
    assert len(compiled) == 1


def test_a_function_keeps_its_machine_code(tmp_path):
    function = build(TEXT.format(5), tmp_path).function("plus", ctypes.c_int64, ctypes.c_int64)
    compiler._LIBRARIES.clear()
    assert function(1) == 6


def test_a_function_that_is_not_there_is_named(tmp_path):
    with pytest.raises(KeyError, match="no function @minus"):
        build(TEXT.format(5), tmp_path).address("minus")


def test_a_text_that_llvm_refuses_is_not_kept(tmp_path):
    with pytest.raises(RuntimeError):
        build("define i64 @broken( {", tmp_path)
    assert list(tmp_path.iterdir()) == []


def damaged(content):
    middle = (HEADER + len(content)) // 2
    flipped = bytes([content[middle] ^ 1])
    return {
        "empty": b"",
        "cut in its header": content[:20],
        "cut after its header": content[:HEADER],
        "cut by a byte": content[:-1],
        "longer by a byte": content + b"\0",
        "one bit wrong": content[:middle] + flipped + content[middle + 1 :],
        "of another format": b"zanjir program 0" + content[16:],
        "of another program": content[:16] + bytes(32) + content[48:],
        "something else": b"\x7fELF" + bytes(1000),
    }


@pytest.mark.parametrize("kind", damaged(bytes(200)))
def test_a_broken_entry_is_rebuilt(kind, tmp_path, compiled):
    plus(5, tmp_path)
    sound = entry(tmp_path).read_bytes()
    entry(tmp_path).write_bytes(damaged(sound)[kind])
    assert again(5, tmp_path) == 6
    assert len(compiled) == 2
    assert entry(tmp_path).read_bytes() == sound


@posix
@pytest.mark.parametrize("mode", [0o777, 0o770])
def test_a_folder_that_others_may_write_to_is_not_trusted(mode, tmp_path, compiled):
    plus(5, tmp_path)
    tmp_path.chmod(mode)
    assert again(5, tmp_path) == 6
    assert len(compiled) == 2


@posix
def test_an_entry_that_others_may_write_to_is_not_trusted(tmp_path, compiled):
    plus(5, tmp_path)
    entry(tmp_path).chmod(0o666)
    assert again(5, tmp_path) == 6
    assert len(compiled) == 2


@posix
def test_an_entry_of_another_user_is_not_trusted(tmp_path, compiled, monkeypatch):
    plus(5, tmp_path)
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    assert again(5, tmp_path) == 6
    assert len(compiled) == 2


@posix
def test_a_link_to_an_entry_is_not_followed(tmp_path, compiled):
    folder, elsewhere = tmp_path / "programs", tmp_path / "elsewhere"
    plus(5, folder)
    path = entry(folder)
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    assert again(5, folder) == 6
    assert len(compiled) == 2


@posix
def test_a_pipe_in_place_of_an_entry_blocks_nobody(tmp_path, compiled):
    plus(5, tmp_path)
    path = entry(tmp_path)
    path.unlink()
    os.mkfifo(path)
    assert again(5, tmp_path) == 6
    assert len(compiled) == 2


@posix
def test_a_new_folder_is_for_its_owner_alone_whatever_the_mask(tmp_path):
    before = os.umask(0)
    try:
        plus(5, tmp_path / "programs")
    finally:
        os.umask(before)
    assert (tmp_path / "programs").stat().st_mode & 0o777 == 0o700
    assert entry(tmp_path / "programs").stat().st_mode & 0o777 == 0o600


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path, compiled):
    (tmp_path / "file").write_bytes(b"")  # a folder cannot be made below a file, not even by an administrator
    assert plus(5, tmp_path / "file" / "programs") == 6
    assert again(5, tmp_path / "file" / "programs") == 6
    assert len(compiled) == 2


@posix
@pytest.mark.skipif(os.name == "posix" and os.geteuid() == 0, reason="an administrator may write anywhere")
def test_a_read_only_folder_is_read(tmp_path, compiled):
    plus(5, tmp_path)
    tmp_path.chmod(0o500)
    assert again(5, tmp_path) == 6
    assert len(compiled) == 1
    assert plus(6, tmp_path) == 7
    tmp_path.chmod(0o700)


def test_entries_used_longest_ago_are_removed_beyond_the_limit(tmp_path):
    store = ProgramStore(tmp_path, limit=3 * (HEADER + 100))
    keys = [bytes([i]) * 32 for i in range(4)]
    for age, key in zip((40, 30, 20), keys[:3], strict=True):
        store.write(key, bytes(100))
        os.utime(store.path(key), (1e9 - age, 1e9 - age))
    assert store.read(keys[0]) == bytes(100)  # and is now the last used
    store.write(keys[3], bytes(100))
    assert [store.read(key) is not None for key in keys] == [True, False, True, True]


def test_an_entry_larger_than_the_limit_is_not_kept(tmp_path):
    ProgramStore(tmp_path, limit=HEADER).write(KEY, b"x")
    assert list(tmp_path.iterdir()) == []


def test_processes_at_once_compile_and_agree(tmp_path):
    code = (
        "import ctypes, sys\nfrom zanjir.native.compiler import build\n"
        f"texts = [{TEXT!r}.format(n) for n in range(12)]\n"
        "made = [build(t, sys.argv[1]).function('plus', ctypes.c_int64, ctypes.c_int64) for t in texts]\n"
        "assert [f(1) for f in made] == list(range(1, 13))"
    )
    processes = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path)]) for _ in range(3)]
    assert [process.wait(timeout=120) for process in processes] == [0, 0, 0]
    assert len(list(tmp_path.iterdir())) == 12


@pytest.mark.parametrize("changed", ["PASSES", "CODE_LEVEL", "host"])
def test_another_compiler_or_processor_is_another_program(changed, tmp_path, monkeypatch, compiled):
    plus(5, tmp_path)
    here = host()
    other = {"PASSES": ("simplify_cfg_pass",), "CODE_LEVEL": 1, "host": lambda: Host(here.triple, "generic", "")}
    monkeypatch.setattr(compiler, changed, other[changed])
    assert again(5, tmp_path) == 6
    assert len(compiled) == 2


def test_programs_are_kept_where_the_user_wants_caches(tmp_path, monkeypatch):
    monkeypatch.setenv("ZANJIR_CACHE_DIR", str(tmp_path))
    assert program_folder() == tmp_path / "programs"
    build(TEXT.format(5))
    assert entry(tmp_path / "programs").suffix == ".o"


@pytest.mark.parametrize(
    ("features", "floats"), [("+sse2,-avx,-avx512f", 4), ("+avx", 8), ("+avx2,+avx512f", 16), ("+neon", 4), ("", 4)]
)
def test_lanes_follow_the_registers(features, floats):
    here = Host("", "", features)
    assert (here.lanes("float"), here.lanes("double")) == (floats, floats // 2)
    assert here.attributes == f'nounwind "prefer-vector-width"="{32 * floats}"'
