"""The download, against a real HTTP server that behaves in every way a mirror can."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from nas.datasets.download import CIFAR10, Archive, cache_folder, complete, fetch
from nas.errors import DataError

FILE_BYTES = 3073 * 2
FILES = {name: bytes([i]) * FILE_BYTES for i, name in enumerate(CIFAR10.data)} | {"readme.html": b"<p>"}


def tar(members: dict[str, bytes], *links: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as file:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            file.addfile(member, io.BytesIO(content))
        for name in links:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, "/etc/hostname"
            file.addfile(member)
    return buffer.getvalue()


GOOD = tar({f"cifar-10-batches-bin/{name}": content for name, content in FILES.items()})


class Mirrors:
    """One server; the path of a URL says how it behaves. Counts what it was asked."""

    def __init__(self) -> None:
        self.bodies = {"/good": GOOD, "/slow": GOOD, "/wrong": GOOD[:-9] + b"corrupted"}
        self.asked: list[str] = []
        self.released = threading.Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server.server_port}{path}"

    def archive(self, *paths: str, content: bytes = GOOD) -> Archive:
        self.bodies["/own"] = content
        md5 = hashlib.md5(content).hexdigest()
        return replace(CIFAR10, urls=tuple(map(self.url, paths)), md5=md5, file_bytes=FILE_BYTES)

    def _handler(mirrors) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                mirrors.asked.append(self.path)
                if self.path in ("/hang", "/stall"):
                    if self.path == "/stall":
                        self._head(len(GOOD))
                        self.wfile.write(GOOD[:100])
                    mirrors.released.wait(20)
                elif self.path == "/truncated":
                    self._head(len(GOOD))
                    self.wfile.write(GOOD[: len(GOOD) // 2])
                elif self.path == "/short":  # truncated by a proxy that believes in what it sends
                    self._send(GOOD[: len(GOOD) // 2])
                elif self.path in mirrors.bodies:
                    if self.path == "/slow":
                        mirrors.released.wait(1.0)
                    self._send(mirrors.bodies[self.path])
                else:
                    self.send_error(404)

            def _head(self, length: int) -> None:
                self.send_response(200)
                self.send_header("Content-Length", str(length))
                self.end_headers()

            def _send(self, body: bytes) -> None:
                self._head(len(body))
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                """Be silent."""

        return Handler


@pytest.fixture
def mirrors() -> Iterator[Mirrors]:
    served = Mirrors()
    yield served
    served.released.set()
    served.server.shutdown()
    served.server.server_close()


def assert_whole(folder: Path) -> None:
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == FILES


def assert_nothing(cache: Path) -> None:
    """Nothing is left but the lock."""
    assert [path.name for path in cache.iterdir() if path.suffix != ".lock"] == []


def test_a_good_mirror_is_asked_once(mirrors: Mirrors, tmp_path: Path) -> None:
    archive = mirrors.archive("/good")
    folder = fetch(archive, tmp_path / "not" / "there")
    assert_whole(folder)
    assert fetch(archive, tmp_path / "not" / "there") == folder
    assert mirrors.asked == ["/good"]
    assert sorted(path.name for path in folder.parent.iterdir() if path.is_dir()) == ["cifar-10-batches-bin"]


@pytest.mark.parametrize("bad", ["/truncated", "/short", "/wrong", "/missing", "/hang", "/stall"])
def test_a_bad_mirror_leads_to_the_next(mirrors: Mirrors, tmp_path: Path, bad: str) -> None:
    assert_whole(fetch(mirrors.archive(bad, "/good"), tmp_path, timeout=0.3))
    assert mirrors.asked == [bad, "/good"]


def test_where_all_fail_the_error_says_what_was_tried(mirrors: Mirrors, tmp_path: Path) -> None:
    archive = mirrors.archive("/missing", "/truncated", "/wrong", "/hang")
    dead = replace(archive, urls=(*archive.urls, "http://127.0.0.1:9/closed"))
    with pytest.raises(DataError) as caught:
        fetch(dead, tmp_path, timeout=0.3)
    text = str(caught.value)
    for said in ("/missing: HTTP 404", "/truncated: broke off", "wrong MD5", "/hang: no answer in time"):
        assert said in text
    assert "127.0.0.1:9/closed: no connection" in text
    assert "--data-dir" in text
    assert_nothing(tmp_path)


def test_an_incomplete_folder_in_the_cache_is_replaced(mirrors: Mirrors, tmp_path: Path) -> None:
    folder = tmp_path / "cifar-10-batches-bin"
    folder.mkdir()
    (folder / "data_batch_1.bin").write_bytes(b"half")
    archive = mirrors.archive("/good")
    assert not complete(archive, folder)
    assert_whole(fetch(archive, tmp_path))


def test_two_processes_share_one_download(mirrors: Mirrors, tmp_path: Path) -> None:
    processes = [_elsewhere(mirrors.archive("/slow"), tmp_path) for _ in range(2)]
    assert [process.wait(30) for process in processes] == [0, 0]
    assert mirrors.asked == ["/slow"]
    assert_whole(tmp_path / "cifar-10-batches-bin")


def test_a_killed_download_is_never_taken_for_a_whole_one(mirrors: Mirrors, tmp_path: Path) -> None:
    process = _elsewhere(mirrors.archive("/stall"), tmp_path)
    while not mirrors.asked:
        assert process.poll() is None
    process.kill()
    process.wait(10)
    assert not (tmp_path / "cifar-10-batches-bin").exists()
    assert_whole(fetch(mirrors.archive("/good"), tmp_path))
    assert not (tmp_path / "cifar-10-batches-bin.partial").exists()


def _elsewhere(archive: Archive, cache: Path) -> subprocess.Popen[bytes]:
    code = f"""
from pathlib import Path
from nas.datasets.download import Archive, fetch
fetch({archive!r}, Path({str(cache)!r}), timeout=20)
"""
    return subprocess.Popen([sys.executable, "-c", code])


def test_only_expected_members_are_unpacked(mirrors: Mirrors, tmp_path: Path) -> None:
    evil = {
        "../evil": b"1",
        "/tmp/nas-evil": b"2",
        "cifar-10-batches-bin/../../evil": b"3",
        "cifar-10-batches-bin/x": b"4",
    }
    content = tar(evil | {f"cifar-10-batches-bin/{name}": body for name, body in FILES.items()})
    cache = tmp_path / "a" / "b"
    assert_whole(fetch(mirrors.archive("/own", content=content), cache))
    assert sorted(path.name for path in tmp_path.rglob("*evil*")) == []
    assert not Path("/tmp/nas-evil").exists()


def test_a_link_is_no_file(mirrors: Mirrors, tmp_path: Path) -> None:
    members = {
        f"cifar-10-batches-bin/{name}": body for name, body in FILES.items() if name != "test_batch.bin"
    }
    content = tar(members, "cifar-10-batches-bin/test_batch.bin")
    with pytest.raises(DataError, match="lacks some of its files"):
        fetch(mirrors.archive("/own", content=content), tmp_path)
    assert_nothing(tmp_path)


def test_no_archive_at_all(mirrors: Mirrors, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be unpacked"):
        fetch(mirrors.archive("/own", content=b"<html>sign in</html>"), tmp_path)
    assert_nothing(tmp_path)


def test_a_cache_that_cannot_be_written_is_named(mirrors: Mirrors, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot write to the cache folder") as caught:
        fetch(mirrors.archive("/good"), tmp_path / "file" / "cache")
    assert "NAS_CACHE_DIR" in str(caught.value)


def test_progress_is_drawn_on_stderr(
    mirrors: Mirrors, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fetch(mirrors.archive("/good"), tmp_path, progress=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert "100%" in err


def test_the_cache_folder_can_be_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NAS_CACHE_DIR", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv("NAS_CACHE_DIR")
    assert cache_folder().name == "nas"


def test_the_authors_host_comes_last() -> None:
    assert CIFAR10.urls[-1] == "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
    assert all(url.startswith("https://") for url in CIFAR10.urls)
    assert CIFAR10.md5 == "c32a1d4ab5d03f1284b67883e8d87530"
