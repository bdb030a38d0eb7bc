"""Files of a contest in a bucket, by the protocol of S3: moto's server, which asks for keys where a test wants it."""

import importlib
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any

import pytest
import requests
from tests.contest.test_store import clone_without_entries, files, measured  # noqa: F401 - a fixture

from flowleague.contest.chain import read_records
from flowleague.contest.verify import verify

pytestmark = pytest.mark.long


def client_of_s3() -> Any:
    """A client that is not ours; the long tests alone have it."""
    return importlib.import_module("boto3").client("s3")


@pytest.fixture(scope="module")
def server():
    """The address of an S3."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 120
        while True:
            try:
                requests.get(f"http://127.0.0.1:{port}/moto-api/", timeout=5)
                break
            except requests.ConnectionError:
                assert time.monotonic() < until
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


@pytest.fixture
def bucket(server, monkeypatch):
    """An empty bucket; keys of any kind are taken."""
    requests.post(f"{server}/moto-api/reset-auth", data=b"inf", timeout=60).raise_for_status()
    name = f"bucket-{uuid.uuid4().hex}"
    said = {"ENDPOINT_URL": server, "ACCESS_KEY_ID": "any", "SECRET_ACCESS_KEY": "any", "DEFAULT_REGION": "us-east-1"}
    for word, value in said.items():
        monkeypatch.setenv(f"AWS_{word}", value)
    client = client_of_s3()
    client.create_bucket(Bucket=name)
    yield name
    client.close()


def store(contest: Path, place: str, *words: str) -> tuple[int, str]:
    """The command's status, and what it says on one line."""
    command = [sys.executable, "-m", "flowleague", "contest", "store", place, "-C", str(contest), *words]
    environment = os.environ | {"COLUMNS": "1000", "NO_COLOR": "1"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment)
    return done.returncode, (done.stdout + done.stderr).strip()


def test_what_is_put_into_a_bucket_comes_back_and_nothing_else(measured, bucket):  # noqa: F811
    held, client = files(measured), client_of_s3()
    assert store(measured, f"s3://{bucket}/class")[0] == 0
    clone = clone_without_entries(measured)
    (path, digest), *_ = sorted(held.items())
    stored = {"Bucket": bucket, "Key": f"class/{digest[:2]}/{digest}"}
    client.put_object(**stored, Body=b"altered")
    status, said = store(clone, f"s3://{bucket}/class", "--fetch")
    assert (status, path in said) == (2, True)
    assert files_there(clone) == {name: sha for name, sha in held.items() if name != path}
    client.delete_object(**stored)
    assert store(measured, f"s3://{bucket}/class")[0] == 0
    assert store(clone, f"s3://{bucket}/class", "--fetch")[0] == 0
    assert files(clone) == held
    assert verify(clone).faults == []
    client.close()


def files_there(contest: Path) -> dict[str, str]:
    """The recorded files that lie in a contest's folder, with their recorded hashes."""
    recorded = {path: digest for record in read_records(contest) for path, digest in record.files.items()}
    return {path: digest for path, digest in recorded.items() if (contest / path).exists()}


@pytest.mark.parametrize("words", [(), ("--fetch",)])
def test_a_bucket_that_is_not_there_is_one_sentence_and_is_not_made(words, measured, bucket, server):  # noqa: F811
    status, said = store(measured, "s3://no-such-bucket/class", *words)
    expected = "no-such-bucket/class cannot be read or written (there is no bucket no-such-bucket)"
    assert (status != 0, expected in said, said.count("\n")) == (True, True, 0)
    assert requests.head(f"{server}/no-such-bucket", timeout=60).status_code == 404


@pytest.mark.parametrize("words", [(), ("--fetch",)])
def test_keys_that_are_refused_or_missing_are_one_sentence(words, measured, bucket, server, monkeypatch):  # noqa: F811
    requests.post(f"{server}/moto-api/reset-auth", data=b"0", timeout=60).raise_for_status()
    status, said = store(measured, f"s3://{bucket}/class", *words)
    assert (status != 0, "(Forbidden)" in said, said.count("\n")) == (True, True, 0)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    status, said = store(measured, f"s3://{bucket}/class", *words)
    assert (status != 0, said.count("\n")) == (True, 0), said
