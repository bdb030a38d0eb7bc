"""Hostile files that are no Python text: made when they are needed."""

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

from flowleague.bundle.read import config_json
from flowleague.bundle.recipe import get_recipe

Make = Callable[[Path], None]


def content(raw: bytes) -> Make:
    """Makes a file of these bytes."""

    def make(path: Path) -> None:
        path.write_bytes(raw)

    return make


def notebook(*cells: dict, **rest: object) -> Make:
    """Makes a notebook."""
    return content(json.dumps({"nbformat": 4, "nbformat_minor": 5, "cells": cells, **rest}).encode())


def code(text: str, **rest: object) -> dict:
    """A cell with code."""
    return {"cell_type": "code", "source": text, "metadata": {}, "outputs": [], **rest}


def zipped(**members: bytes) -> Make:
    """Makes a zip."""

    def make(path: Path) -> None:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, raw in members.items():
                archive.writestr(name, raw)
        path.write_bytes(buffer.getvalue())

    return make


def bundle(recipe: object = None, **weights: bytes) -> Make:
    """Makes a folder like a bundle's, with hostile weights or another recipe, and hashes that fit."""

    def make(path: Path) -> None:
        path.mkdir()
        files = dict.fromkeys(("vae.safetensors", "flow.safetensors"), b"") | weights
        config = json.loads(config_json(get_recipe("quick", [])))
        config |= {"recipe": config["recipe"] | recipe} if isinstance(recipe, dict) else {}
        card = {"sha256": {name: hashlib.sha256(raw).hexdigest() for name, raw in files.items()}}
        files |= {"config.json": json.dumps(config).encode(), "card.json": json.dumps(card).encode()}
        for name, raw in (files | {"training.jsonl": b""}).items():
            (path / name).write_bytes(raw)

    return make


PAGES = {"text/html": "<script>fetch('http://evil')</script>" * 1000}
OUTPUT = [{"output_type": "display_data", "data": PAGES, "metadata": {}}]
INTERFACE = "class SubmissionInterface:\n    def __init__(self):\n        raise RuntimeError('began')\n"
HUGE_HEADER = (2**40).to_bytes(8, "little") + b"{}"
OVERLAP = b'{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}'
MADE: list[tuple[str, str, str, str, Make]] = [  # file, what it tries, finding, what it says, how it is made
    ("not_utf8.py", "Hand in bytes that are no text.", "not_text", "", content(b"x = '\xff\xfe'\n")),
    ("nul.py", "Hide code behind a NUL byte.", "not_text", "NUL", content(b"x = 1\0\nimport os\n")),
    ("50_megabytes.py", "Hand in a source of 50 MB.", "too_large", "", content(b"x = 1\n" * 8_750_000)),
    ("deep.py", "Crash the parser with 100,000 brackets.", "broken_cell", "", content(b"(" * 100_000)),
    ("slow_codec.py", "Ask for a codec that takes for ever.", "not_text", "", content(b"# coding: punycode\n" * 9)),
    ("signs\x1b[2J.py", "Take over the terminal by the file's name.", "bad_name", "", content(b"x = 1\n")),
    ("link.py", "Link to a file of the machine.", "unreadable", "link", lambda path: path.symlink_to("/etc/passwd")),
    ("pipe.py", "Let the reader wait for ever at a pipe.", "unreadable", "regular", lambda path: os.mkfifo(path)),
    ("no_json.ipynb", "Hand in a notebook that is none.", "not_a_notebook", "", content(b"{" * 10_000)),
    ("deep_notebook.ipynb", "Nest a notebook without end.", "not_a_notebook", "", content(b'{"cells":' + b"[" * 10**6)),
    (
        "hostile_output.ipynb",
        "Run scripts from a notebook's output and metadata.",
        "raises",
        "began",
        notebook(
            code(INTERFACE, outputs=OUTPUT), metadata={"widgets": {"state": "\u202e"}, "kernelspec": {"argv": ["sh"]}}
        ),
    ),
    (
        "shell.ipynb",
        "Run programs by a notebook's magics.",
        "raises",
        "began",
        notebook(
            code("!touch /var/tmp/flowleague-canary\n%system touch /var/tmp/flowleague-canary\n" + INTERFACE),
            code("%%bash\ntouch /var/tmp/flowleague-canary"),
        ),
    ),
    (
        "slip.zip",
        "Write outside when unpacked.",
        "BundleError",
        "",
        zipped(**{"../../var/tmp/flowleague-canary": b"x"}),
    ),
    (
        "bomb.zip",
        "Grow from kilobytes to a gigabyte.",
        "BundleError",
        "larger",
        zipped(**{"config.json": bytes(2**28)}),
    ),
    ("truncated.zip", "Hand in half a zip.", "BundleError", "", content(b"PK\x03\x04" + bytes(20))),
    (
        "huge_header",
        "Announce a header of a terabyte.",
        "BundleError",
        "header",
        bundle(**{"vae.safetensors": HUGE_HEADER}),
    ),
    (
        "overlapping_tensors",
        "Let tensors overlap.",
        "BundleError",
        "",
        bundle(**{"vae.safetensors": len(OVERLAP).to_bytes(8, "little") + OVERLAP + bytes(8)}),
    ),
    (
        "pickle_as_weights",
        "Hand in a pickle as weights.",
        "BundleError",
        "not safetensors",
        bundle(**{"vae.safetensors": b"cposix\nsystem\n(S'touch /var/tmp/flowleague-canary'\ntR."}),
    ),
    (
        "recipe_bomb",
        "Ask for a network that fills all memory.",
        "BundleError",
        "channels",
        bundle({"vae": {"channels": 10**9}}),
    ),
]
