"""The download itself, against a mirror on this machine."""

import gzip
import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from flowleague import web
from flowleague.data import sources
from flowleague.data.datasets import MNIST, DataSet, file_name
from flowleague.data.sources import fetch_mirror, read_parts
from flowleague.errors import DataError


class Quiet(SimpleHTTPRequestHandler):
    def do_GET(self) -> None:
        if not self.path.startswith("/drip/"):
            return super().do_GET()
        self.send_response(200)
        self.send_header("Content-Length", "10000000")
        self.end_headers()
        with suppress(OSError):  # until the reader leaves
            while True:
                self.wfile.write(b"x")
                time.sleep(0.02)
        return None

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        pass


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[DataSet, str]]:
    """A local web server with four small compressed files, and the data set they are."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    md5, sha256 = {}, {}
    served = tmp_path / "served"
    served.mkdir()
    for part in MNIST.gz_md5:
        raw = part.encode()
        packed = gzip.compress(raw)
        (served / f"{file_name(part)}.gz").write_bytes(packed)
        md5[part], sha256[part] = hashlib.md5(packed).hexdigest(), hashlib.sha256(raw).hexdigest()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(served)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield replace(MNIST, gz_md5=md5, raw_sha256=sha256), f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_files_are_fetched_and_proven(mirror: tuple[DataSet, str]) -> None:
    data_set, url = mirror
    found = fetch_mirror(data_set, url)
    assert {part: gzip.decompress(packed) for part, packed in found.items()} == {p: p.encode() for p in found}
    assert found.keys() == data_set.gz_md5.keys()


def test_an_altered_mirror_is_refused(mirror: tuple[DataSet, str]) -> None:
    data_set, url = mirror
    altered = replace(data_set, gz_md5=dict.fromkeys(data_set.gz_md5, "0" * 32))
    with pytest.raises(DataError, match=r"train-images-idx3-ubyte.gz is not the published file"):
        fetch_mirror(altered, url)


def test_a_mirror_without_the_file_and_one_that_is_away_are_told_apart(
    mirror: tuple[DataSet, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    data_set, url = mirror
    with pytest.raises(DataError, match="the answer was 404"):
        fetch_mirror(data_set, url + "elsewhere/")
    pauses: list[float] = []
    monkeypatch.setattr("time.sleep", pauses.append)
    with pytest.raises(DataError, match="no connection"):
        fetch_mirror(data_set, "http://127.0.0.1:9/")
    assert len(pauses) == 1


def test_a_mirror_that_trickles_is_left_for_the_next_one(
    mirror: tuple[DataSet, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data_set, url = mirror
    monkeypatch.setattr(web, "_GRACE", 0.2)
    with pytest.raises(DataError, match="it sends fewer than 2000 bytes a second"):
        fetch_mirror(data_set, f"{url}drip/")
    monkeypatch.delenv("FLOWLEAGUE_DATA", raising=False)
    monkeypatch.setattr(sources, "cache_folder", lambda *names: tmp_path / "cache")
    monkeypatch.setitem(sources.DATA_SETS, "mnist", replace(data_set, mirrors=(f"{url}drip/", url)))
    assert read_parts("mnist", ["t10k-labels"]) == {"t10k-labels": b"t10k-labels"}
    assert len(list((tmp_path / "cache").iterdir())) == 4
