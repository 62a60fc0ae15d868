import hashlib
import os
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.error import HTTPError

import numpy as np
import pytest

from zanjir import files
from zanjir.data import cache_folder, download, load, read_idx, write_idx
from zanjir.data.download import REMOTES, Remote, RemoteFile, fetch
from zanjir.errors import DataError, ParameterError

CONTENT = bytes(range(256)) * 300  # more than one block of the network
FILE = RemoteFile("data.gz", len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
SHORT_TIMEOUT = 0.2  # seconds; the server that hangs does so until the test ends


class Mirror:
    """A mirror on this machine; it answers with ``bodies`` and remembers what it was asked."""

    def __init__(self):
        self.bodies = {}
        self.asked = []
        self.agents = []
        self.announced = None  # a length other than that of the body
        self.hang = threading.Event()
        self.hang.set()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def handler(self):
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                mirror.asked.append(self.path[1:])
                mirror.agents.append(self.headers["User-Agent"])
                mirror.hang.wait(10)
                body = mirror.bodies.get(self.path[1:])
                if body is None:
                    self.send_error(404)
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(mirror.announced or len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        return Handler

    def close(self):
        self.hang.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def mirrors(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    pair = Mirror(), Mirror()
    yield pair
    for mirror in pair:
        mirror.close()


@pytest.fixture
def dead():
    """The address of a mirror that is down."""
    mirror = Mirror()
    mirror.close()
    return mirror.url


def names(folder):
    return sorted(path.name for path in Path(folder).iterdir())


def test_a_file_is_fetched_and_kept(mirrors, tmp_path):
    first, second = mirrors
    first.bodies["data.gz"] = CONTENT
    path = fetch(FILE, tmp_path / "new" / "folder", (first.url, second.url))
    assert path == tmp_path / "new" / "folder" / "data.gz"
    assert path.read_bytes() == CONTENT
    assert names(path.parent) == ["data.gz"]
    assert (first.asked, second.asked, first.agents) == (["data.gz"], [], ["zanjir"])


@pytest.mark.parametrize("ending", ["", "/"])
def test_an_address_may_lack_the_last_slash(mirrors, tmp_path, ending):
    mirrors[0].bodies["sub/data.gz"] = CONTENT
    assert fetch(FILE, tmp_path, (f"{mirrors[0].url}sub{ending}",)).read_bytes() == CONTENT


def test_a_file_that_is_there_is_not_asked_for(mirrors, tmp_path):
    (tmp_path / "data.gz").write_bytes(CONTENT)
    fetch(FILE, tmp_path, (mirrors[0].url,))
    assert mirrors[0].asked == []


@pytest.mark.parametrize("damaged", [b"", CONTENT[:-1], b"x" + CONTENT[1:], CONTENT + b"x"])
def test_a_damaged_file_is_replaced(mirrors, tmp_path, damaged):
    mirrors[0].bodies["data.gz"] = CONTENT
    (tmp_path / "data.gz").write_bytes(damaged)
    assert fetch(FILE, tmp_path, (mirrors[0].url,)).read_bytes() == CONTENT
    assert names(tmp_path) == ["data.gz"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"x" + CONTENT[1:], r"sent a file with another checksum"),
        (CONTENT[:-7], rf"sent {len(CONTENT) - 7} of {len(CONTENT)} bytes"),
        (CONTENT + b"x", rf"sent more than {len(CONTENT)} bytes"),
        (b"<html>sorry</html>", rf"sent 18 of {len(CONTENT)} bytes"),
        (None, r"Not Found"),
    ],
)
def test_a_wrong_file_is_refused_and_the_next_mirror_asked(mirrors, tmp_path, body, message):
    first, second = mirrors
    first.bodies["data.gz"] = body
    with pytest.raises(DataError, match=message):
        fetch(FILE, tmp_path / "alone", (first.url,))
    assert not (tmp_path / "alone").exists()
    second.bodies["data.gz"] = CONTENT
    assert fetch(FILE, tmp_path, (first.url, second.url)).read_bytes() == CONTENT
    assert (len(first.asked), len(second.asked)) == (2, 1)


def test_a_body_shorter_than_announced(mirrors, tmp_path):
    first, second = mirrors
    first.bodies["data.gz"], first.announced = CONTENT[:1000], len(CONTENT)
    with pytest.raises(DataError, match=r"127\.0\.0\.1:\d+/ \((sent 1000 of 76800 bytes|IncompleteRead.*)\)"):
        fetch(FILE, tmp_path, (first.url,))
    second.bodies["data.gz"] = CONTENT
    assert fetch(FILE, tmp_path, (first.url, second.url)).read_bytes() == CONTENT


def test_an_answer_that_is_an_error_is_closed(mirrors, tmp_path, monkeypatch):
    closed = []
    close = HTTPError.close
    monkeypatch.setattr(HTTPError, "close", lambda self: closed.append(self.code) or close(self))
    with pytest.raises(DataError, match=r"Not Found"):
        fetch(FILE, tmp_path, (mirrors[0].url,))
    assert 404 in closed


def test_a_file_of_another_size_is_not_read(mirrors, tmp_path, monkeypatch):
    mirrors[0].bodies["data.gz"] = CONTENT
    (tmp_path / "data.gz").write_bytes(CONTENT + b"x")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", lambda path: pytest.fail(f"{path} was read"))
        fetch(FILE, tmp_path, (mirrors[0].url,))
    assert (tmp_path / "data.gz").read_bytes() == CONTENT


def test_a_mirror_that_hangs_is_left(mirrors, tmp_path):
    first, second = mirrors
    first.hang.clear()
    second.bodies["data.gz"] = CONTENT
    with pytest.raises(DataError, match=r"timed out"):
        fetch(FILE, tmp_path, (first.url,), timeout=SHORT_TIMEOUT)
    assert fetch(FILE, tmp_path, (first.url, second.url), timeout=SHORT_TIMEOUT).is_file()


def test_no_more_is_read_than_one_byte_too_many(mirrors, tmp_path, monkeypatch):
    import http.client

    sizes = []
    read = http.client.HTTPResponse.read
    monkeypatch.setattr(
        http.client.HTTPResponse, "read", lambda self, size=None: sizes.append(size) or read(self, size)
    )
    mirrors[0].bodies["data.gz"] = CONTENT
    fetch(FILE, tmp_path, (mirrors[0].url,))
    assert sizes == [len(CONTENT) + 1]


def test_all_mirrors_down_is_one_sentence_that_helps(dead, tmp_path):
    with pytest.raises(DataError) as caught:
        fetch(FILE, tmp_path, (dead, "http://127.0.0.1:9/"), timeout=SHORT_TIMEOUT)
    said = str(caught.value)
    assert f"{tmp_path / 'data.gz'} is missing and could not be downloaded from {dead} (Connection refused);" in said
    assert "http://127.0.0.1:9/ (" in said
    assert f"put the data set's files into {tmp_path}" in said
    assert "zanjir train FOLDER" in said
    assert "\n" not in said


def test_a_damaged_file_offline_is_called_damaged(dead, tmp_path):
    (tmp_path / "data.gz").write_bytes(b"half")
    with pytest.raises(DataError, match=r"data\.gz is damaged and could not be downloaded"):
        fetch(FILE, tmp_path, (dead,))
    assert (tmp_path / "data.gz").read_bytes() == b"half"  # the user's file is not ours to delete


def test_without_mirrors(tmp_path):
    with pytest.raises(DataError, match=r"could not be downloaded from any mirror"):
        fetch(FILE, tmp_path, ())


@pytest.mark.parametrize("address", ["file://", "ftp://127.0.0.1"])
def test_only_http_addresses_are_asked(tmp_path, address):
    (tmp_path / "data.gz").write_bytes(CONTENT)
    with pytest.raises(DataError, match=r"not an http address"):
        fetch(FILE, tmp_path / "to", (f"{address}{tmp_path}/",))


def test_a_place_that_is_no_folder(mirrors, tmp_path):
    mirrors[0].bodies["data.gz"] = CONTENT
    (tmp_path / "file").write_text("x")
    with pytest.raises(DataError, match=r"file cannot be made: File exists; set ZANJIR_CACHE_DIR"):
        fetch(FILE, tmp_path / "file", (mirrors[0].url,))


def test_a_full_disk_leaves_nothing(mirrors, tmp_path, monkeypatch):
    mirrors[0].bodies["data.gz"] = CONTENT

    def fail(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", fail)
    with pytest.raises(DataError, match=r"data\.gz cannot be written: No space left on device"):
        fetch(FILE, tmp_path, (mirrors[0].url,))
    assert names(tmp_path) == []


def test_what_killed_downloads_left_is_swept_but_not_what_runs(mirrors, tmp_path):
    mirrors[0].bodies["data.gz"] = CONTENT
    for name, age in ((".data.gz.0123.part", 2 * files.STALE_SECONDS), (".data.gz.4567.part", 60)):
        (tmp_path / name).write_bytes(b"part")
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    fetch(FILE, tmp_path, (mirrors[0].url,))
    assert names(tmp_path) == [".data.gz.4567.part", "data.gz"]


def test_the_cache_is_where_the_environment_says(monkeypatch, cache):
    assert cache_folder() == cache
    monkeypatch.setenv("ZANJIR_CACHE_DIR", "~/kept")
    assert cache_folder() == Path.home() / "kept"


@pytest.mark.parametrize("value", [None, ""])
def test_the_cache_is_where_the_platform_says(monkeypatch, value):
    if value is None:
        monkeypatch.delenv("ZANJIR_CACHE_DIR")
    else:
        monkeypatch.setenv("ZANJIR_CACHE_DIR", value)
    monkeypatch.setattr("platformdirs.user_cache_path", lambda name: Path("platform") / name)
    assert cache_folder() == Path("platform") / "zanjir"


@pytest.fixture
def small(mirrors, monkeypatch, tmp_path):
    """Put a small MNIST on the first mirror, and its checksums in the table."""
    made = tmp_path / "made"
    made.mkdir()
    for kind, count in (("train", 20), ("t10k", 10)):
        images = np.random.default_rng(count).integers(0, 256, (count, 28, 28), dtype=np.uint8)
        write_idx(made / f"{kind}-images-idx3-ubyte.gz", images)
        write_idx(made / f"{kind}-labels-idx1-ubyte.gz", (np.arange(count) % 10).astype(np.uint8))
    mirrors[0].bodies = {path.name: path.read_bytes() for path in made.iterdir()}
    remote_files = tuple(
        RemoteFile(name, len(body), hashlib.sha256(body).hexdigest()) for name, body in mirrors[0].bodies.items()
    )
    for name, remote in list(REMOTES.items()):
        monkeypatch.setitem(REMOTES, name, Remote((mirrors[0].url,), remote_files, remote.classes))
    return mirrors[0]


@pytest.mark.parametrize(("name", "class_9"), [("mnist", "9"), ("fashion-mnist", "Ankle boot")])
def test_load_downloads_once(small, cache, name, class_9):
    data = load(name)
    assert (data.name, data.n_samples, data.test.n_samples, data.classes[9]) == (name, 20, 10, class_9)
    assert (data.image_shape, data.scale) == ((28, 28), 255.0)
    assert np.array_equal(data.X[0], read_idx(cache / name / "train-images-idx3-ubyte.gz")[0].ravel())
    assert sorted(small.asked) == sorted(small.bodies)
    assert np.array_equal(load(name).X, data.X)
    assert len(small.asked) == 4  # the second time everything was there


def test_download_into_a_folder_of_your_own_from_mirrors_of_your_own(small, mirrors, tmp_path):
    mirrors[1].bodies = small.bodies
    folder = download("mnist", folder=tmp_path / "here", mirrors=(mirrors[1].url,))
    assert folder == tmp_path / "here"
    assert names(folder) == sorted(small.bodies)
    assert (small.asked, len(mirrors[1].asked)) == ([], 4)


def test_an_unknown_download():
    with pytest.raises(ParameterError, match=r"unknown download 'mnits'; .* Did you mean 'mnist'\?"):
        download("mnits")


@pytest.mark.parametrize("remote", REMOTES.values(), ids=REMOTES)
def test_the_table_of_files_is_complete(remote):
    assert [file.name for file in remote.files] == [
        "train-images-idx3-ubyte.gz",
        "train-labels-idx1-ubyte.gz",
        "t10k-images-idx3-ubyte.gz",
        "t10k-labels-idx1-ubyte.gz",
    ]
    assert len({file.sha256 for file in remote.files}) == 4
    assert all(len(bytes.fromhex(file.sha256)) == 32 for file in remote.files)
    assert len(remote.mirrors) >= 2
    assert len(set(remote.classes)) == 10


def test_recorded_checksums_are_those_of_the_real_files(mnist_folder):
    real = [file for file in REMOTES["mnist"].files if file.name.startswith("t10k")]
    assert [fetch(file, mnist_folder, ()).name for file in real] == [file.name for file in real]


def test_a_file_that_cannot_be_read_is_downloaded_again(mirrors, tmp_path, monkeypatch):
    mirrors[0].bodies["data.gz"] = CONTENT
    (tmp_path / "data.gz").write_bytes(CONTENT)

    def refuse(_):
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", refuse)
        fetch(FILE, tmp_path, (mirrors[0].url,))
    assert mirrors[0].asked == ["data.gz"]
    assert (tmp_path / "data.gz").read_bytes() == CONTENT
