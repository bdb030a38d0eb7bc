"""Feed damaged files to everything that parses a stranger's bytes, and count what becomes of them.

    python benchmarks/fuzz.py [INPUTS]          100,000 inputs in all by default, shared among the parsers

Hypothesis draws the damage: up to four changes of a valid file, from single bits to spliced blocks, tokens that
parsers stumble over, and JSON values of another type. Prints for each parser the inputs, how many it accepted, how
many it refused by which error, the processor time of its slowest input, and crashes: any exception but a
`FlowLeagueError`. Exits with 1 when there was one.
"""

import hashlib
import json
import re
import struct
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import safetensors.torch
import torch
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from flowleague.bundle.files import FLOW_FILE, VAE_FILE, parse_zip
from flowleague.bundle.read import check_weights, config_json, parse_bundle, zip_bundle
from flowleague.bundle.recipe import get_recipe
from flowleague.contest.entry_files import compute_of_card
from flowleague.entrant.model import failure
from flowleague.entrant.sandbox import worker
from flowleague.entrant.sandbox.inside import wire
from flowleague.entrant.source import parse_source
from flowleague.entrant.weights import parameters_in
from flowleague.errors import FlowLeagueError
from flowleague.model.latent_flow import LatentFlow
from flowleague.scorecard.card import Category, Hardware, Metric, Scorecard, Timing, parse_scorecard, to_json
from flowleague.scorecard.metrics import CATEGORIES

TINY = (
    "vae.channels=4",
    "vae.decoder_blocks=1",
    "vae.latent=3",
    "vae.grid=false",
    "flow.width=4",
    "flow.blocks=1",
    "flow.clusters=0",
)
TOKENS = [
    b"\0", b"\xff", b"\xed\xa0\x80", b"\\ud800", b"\r\n", b'"', b"'''", b'"""', b"\\", b"{", b"}", b"[", b"]", b":",
    b"-", b",", b'"a": 1, ', b"[" * 2000, b'{"a":' * 2000, b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06", b"PK\x06\x07",
    b"../", b"# coding: utf-7\n", b"# coding: rot13\n", b"\xef\xbb\xbf", b"%%bash\n", b"!ls \\\n", b"x" * 3000,
    bytes(8), b"from google.colab import (", (2**31 - 1).to_bytes(4, "little"), (2**64 - 1).to_bytes(8, "little"),
]  # fmt: skip
VALUE = re.compile(rb'"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?|true|false|null|\{\}|\[\]')  # in JSON
VALUES = [
    b"null", b"true", b"0", b"-1", b"49", b"1.5", b"1e308", b"1e999", b"NaN", b"18446744073709551615", b"9" * 400,
    b"[]", b"{}", b"[[[[]]]]", b'{"a": {"b": {}}}', b'""', b'"a", "a": 1', b'"F64"', b'"F4"', b'"mean"', b'"code"',
    b'"\\u0000"', b'"\\ud800"', b'"\\u202e"', b'"' + b"x" * 3000 + b'"', b"[1, 1, 1, 1, 1, 1, 1, 1, 1]",
    b"[4294967296, 4294967296]",
]  # fmt: skip
Change = tuple[int, int, int]
NUMBER = st.integers(0, 2**20 - 1)
CHANGES = st.lists(st.tuples(st.integers(0, 10), NUMBER, NUMBER), min_size=1, max_size=4)


def damaged(raw: bytes, changes: list[Change]) -> bytes:
    """A file after some changes; the two numbers of each say where, and what or how much."""
    out = bytearray(raw)
    for kind, place, amount in changes:
        at = place * len(out) >> 20
        token = TOKENS[amount % len(TOKENS)]
        end = min(len(out), at + 1 + (amount % 64 if amount % 8 else amount * len(out) >> 20))
        if kind <= 1 and out:
            out[at] ^= 1 << amount % 8
        elif kind == 2 and out:
            out[at] = amount % 256
        elif kind == 3:
            out[at:at] = token
        elif kind == 4:
            out[at : at + len(token)] = token
        elif kind == 5:
            del out[at:end]
        elif kind == 6:
            out[at:at] = out[at:end]
        elif kind == 7:
            del out[max(at, len(out) - amount % 64) :]
        else:
            replace_value(out, place, amount)
    return bytes(out[:1_000_000])


def replace_value(out: bytearray, place: int, amount: int) -> None:
    """Put another JSON value, of any type, in the place of one."""
    values = list(VALUE.finditer(out))
    if values:
        start, end = values[place % len(values)].span()
        out[start:end] = VALUES[amount % len(VALUES)]


@dataclass
class Parser:
    """What is fuzzed: a valid file, the function that reads it, its share of the inputs, and what came of them."""

    name: str
    valid: bytes
    parse: Callable[[bytes], object]
    share: float
    outcomes: Counter[str] = field(default_factory=Counter)
    crashes: dict[str, bytes] = field(default_factory=dict)  # the first input that led to each
    slowest: float = 0.0

    def feed(self, raw: bytes) -> None:
        """Parse one input and count what became of it."""
        start = time.process_time()
        try:
            self.parse(raw)
            self.outcomes["accepted"] += 1
        except FlowLeagueError as error:
            named = getattr(error, "name", type(error).__name__)
            self.outcomes[named if str(error).isprintable() else "crash: a sentence that cannot be printed"] += 1
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # also what a library in another language throws
            self.outcomes[f"crash: {type(error).__name__}"] += 1
            self.crashes.setdefault(f"{type(error).__name__}: {error}"[:200], raw)
        self.slowest = max(self.slowest, time.process_time() - start)

    def run(self, inputs: int) -> None:
        """Feed so many inputs: the valid file, then damaged ones."""
        self.feed(self.valid)
        assert self.outcomes == {"accepted": 1}, (self.name, self.crashes, self.outcomes)

        @seed(0)
        @settings(
            max_examples=inputs - 1,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        )
        @given(CHANGES)
        def feed(changes: list[Change]) -> None:
            self.feed(damaged(self.valid, changes))

        feed()


def bundle_files(folder: Path) -> dict[str, bytes]:
    """The files of a small bundle, which are also left in a folder."""
    torch.manual_seed(0)
    model = LatentFlow(get_recipe("quick", TINY))
    parts = {VAE_FILE: model.vae, FLOW_FILE: model.velocity}
    files = {
        name: safetensors.torch.save({key: tensor.contiguous() for key, tensor in part.state_dict().items()})
        for name, part in parts.items()
    }
    log = b'{"stage": "vae", "step": 1, "images": 10, "loss": 0.1, "validation": {"mse": 0.1}}\n'
    files |= {"config.json": config_json(model.recipe), "training.jsonl": log, "card.json": card(files)}
    for name, raw in files.items():
        (folder / name).write_bytes(raw)
    return files


def card(files: dict[str, bytes]) -> bytes:
    """A card that agrees with the weights, as an attacker would write it."""
    hashes = {name: hashlib.sha256(files[name]).hexdigest() for name in (VAE_FILE, FLOW_FILE)}
    made = {"sha256": hashes, "recipe": "quick", "seed": 0, "training": {"seconds": {"vae": 1.5}, "images": {"vae": 1}}}
    return json.dumps(
        made | {"cost": {"parameters": 5, "by_part": {"encoder": 3}}, "versions": {"torch": "2"}}
    ).encode()


def folder_parser(files: dict[str, bytes], member: str) -> Callable[[bytes], object]:
    """A parser of a bundle's folder in which one file is damaged; the card is made to fit the weights."""

    def parse(raw: bytes) -> LatentFlow:
        changed = files | {member: raw}
        if member != "card.json":
            changed["card.json"] = card(changed)
        return LatentFlow.from_bundle(parse_bundle(changed, "the bundle"), "the bundle")

    return parse


def scorecard() -> bytes:
    """A scorecard with every metric."""
    metrics = {
        kind.name: [
            Metric(name=m.name, value=0.5, standard_error=0.01, n=10, unit=m.unit, direction=m.direction)
            for m in kind.metrics
        ]
        for kind in CATEGORIES
    }
    timed = [m for m in metrics["efficiency"] if m.name.startswith("time_")]
    groups = [
        Category(name=k.name, title=k.title, metrics=tuple(m for m in metrics[k.name] if m not in timed))
        for k in CATEGORIES
    ]
    return to_json(
        Scorecard(
            schema_version=2, evaluator="flowleague-0", plan="full", name="x", dataset="mnist", data_sha256={},
            latent_size=16, seeds=(1,), judges=(), weights=(), categories=tuple(groups), findings=(),
            hardware=Hardware(machine="x", cores=1, threads=1, python="3", torch="2", numpy="2"),
            timing=Timing(metrics=tuple(timed)),
        )
    )  # fmt: skip


SCRIPT = '''# -*- coding: utf-8 -*-
"""Team Zoë's entry."""
import torch, gdown; from google.colab import drive
if True:
    !pip install x
class SubmissionInterface:
    def encode(self, x): return x["a"][:3] % 2
'''


def notebook() -> bytes:
    """A notebook of both formats."""
    output = {"output_type": "display_data", "data": {"image/png": "iVBORw0KGgo" * 20}, "metadata": {}}
    cell = {"cell_type": "code", "metadata": {}, "outputs": [output], "execution_count": 1}
    cells = [cell | {"source": SCRIPT.splitlines(True)}, {"cell_type": "markdown", "source": "# Title"}]
    sheets = [{"cells": [cell | {"input": "%%time\nx = 1", "language": "python"}]}]
    return json.dumps({"nbformat": 4, "metadata": {"kernel": 1}, "cells": cells, "worksheets": sheets}).encode()


NONCE = bytes(range(16))


def parse_reply(raw: bytes, request: int) -> object:
    """What a worker makes of the bytes on its pipe: a header, then as many bytes as that says."""
    size = wire.HEADER.size
    if len(raw) < size:
        raise failure("ended", "encode", "it closed the pipe")
    header = worker._checked_header(raw[:size], "encode", NONCE, 10_000)
    if len(raw) < size + header.length:
        raise failure("ended", "encode", "it closed the pipe")
    return worker._value(header, raw[size : size + header.length], request)


def headed(header: bytes, content: bytes) -> bytes:
    """A safetensors file whose length of the header is right."""
    return len(header).to_bytes(8, "little") + header + content


def weight_file(folder: Path) -> Callable[[bytes], object]:
    """The count of numbers in an entry's weight file."""
    path = folder / "entry.safetensors"

    def parse(raw: bytes) -> int:
        return parameters_in(path.name, raw)

    return parse


def parsers(folder: Path) -> list[Parser]:
    """All parsers of a stranger's bytes; scratch files go to a folder."""
    (folder / "bundle").mkdir()
    files = bundle_files(folder / "bundle")
    zip_bundle(folder / "bundle", folder / "bundle.zip")
    array = wire.pack(wire.ARRAY, NONCE, struct.pack("<6f", *range(6)), (2, 3))
    loaded = wire.pack_text(wire.TEXT, NONCE, {"team": "The Latents"})
    zipped = (folder / "bundle.zip").read_bytes()
    size = int.from_bytes(files[FLOW_FILE][:8], "little")
    header, content = files[FLOW_FILE][8 : 8 + size], files[FLOW_FILE][8 + size :]
    shares = {"config.json": 0.05, "card.json": 0.1, "training.jsonl": 0.05, VAE_FILE: 0.02, FLOW_FILE: 0.03}
    return [
        *(Parser(f"bundle, {name}", files[name], folder_parser(files, name), share) for name, share in shares.items()),
        Parser("bundle, zip", zipped, lambda raw: parse_zip(raw, "the zip"), 0.15),
        Parser("safetensors", files[FLOW_FILE], lambda raw: check_weights(raw, "the file"), 0.05),
        Parser("safetensors, header", header, lambda raw: check_weights(headed(raw, content), "the file"), 0.1),
        Parser("weight file of code", files[FLOW_FILE], weight_file(folder), 0.05),
        Parser("contest, card.json", files["card.json"], compute_of_card, 0.03),
        Parser("notebook", notebook(), lambda raw: parse_source(raw, "entry.ipynb"), 0.1),
        Parser("script", SCRIPT.encode(), lambda raw: parse_source(raw, "entry.py"), 0.07),
        Parser("scorecard", scorecard(), parse_scorecard, 0.1),
        Parser("reply, array", array, lambda raw: parse_reply(raw, wire.ENCODE), 0.05),
        Parser("reply, text", loaded, lambda raw: parse_reply(raw, wire.LOAD), 0.05),
    ]


def main() -> None:
    total = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        done = parsers(Path(folder))
        for parser in done:
            start = time.perf_counter()
            parser.run(round(total * parser.share))
            said = ", ".join(f"{name} {count:,}" for name, count in parser.outcomes.most_common())
            print(
                f"{parser.name:<25} {parser.outcomes.total():>7,} inputs  {said}  (slowest {1000 * parser.slowest:.0f} "
                f"ms, all {time.perf_counter() - start:.0f} s)",
                flush=True,
            )
    crashes = [(parser.name, what, raw[:200]) for parser in done for what, raw in parser.crashes.items()]
    print(f"{sum(parser.outcomes.total() for parser in done):,} inputs, {len(crashes)} kinds of crashes")
    for crash in crashes:
        print(*crash, sep="  ")
    sys.exit(bool(crashes))


if __name__ == "__main__":
    main()
