"""The download itself, against a mirror on this machine."""

import gzip
import hashlib
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from flowleague.data.datasets import MNIST, DataSet, file_name
from flowleague.data.sources import fetch_mirror, read_part
from flowleague.errors import DataError


class Quiet(SimpleHTTPRequestHandler):
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


def test_the_files_are_fetched_and_proven(mirror: tuple[DataSet, str], tmp_path: Path) -> None:
    data_set, url = mirror
    fetch_mirror(data_set, url, tmp_path / "cache")
    for part in data_set.gz_md5:
        assert read_part(tmp_path / "cache", part, data_set) == part.encode()


def test_an_altered_mirror_is_refused(mirror: tuple[DataSet, str], tmp_path: Path) -> None:
    data_set, url = mirror
    altered = replace(data_set, gz_md5=dict.fromkeys(data_set.gz_md5, "0" * 32))
    with pytest.raises(DataError, match=r"train-images-idx3-ubyte.gz is not the published file"):
        fetch_mirror(altered, url, tmp_path / "cache")
    assert not list((tmp_path / "cache").glob("*.gz"))


def test_a_mirror_without_the_file_and_one_that_is_away_are_told_apart(
    mirror: tuple[DataSet, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data_set, url = mirror
    with pytest.raises(DataError, match="the answer was 404"):
        fetch_mirror(data_set, url + "elsewhere/", tmp_path / "cache")
    pauses: list[float] = []
    monkeypatch.setattr("time.sleep", pauses.append)
    with pytest.raises(DataError, match="no connection"):
        fetch_mirror(data_set, "http://127.0.0.1:9/", tmp_path / "cache")
    assert len(pauses) == 1
