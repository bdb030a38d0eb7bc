"""A download of 24 submissions as Canvas makes one, with what students of all sorts of machines hand in.

Names are made as lib/content_zipper.rb of canvas-lms makes them, members as its zip library writes them: names in UTF-8
without the flag that says so, and the time of the download for all.
"""

import io
import json
import re
import zipfile
from pathlib import Path

from tests.contest.conftest import zip_of

DOWNLOADED = (2026, 10, 13, 9, 0, 0)  # a day after the closing
LOG = b'{"stage": "vae"}\n'

CANVAS_WORDS = ("lovelace", "van_dam", "group_3", "latebob", "nguyễn", "शर्मा", "bundlebea", "folderfay", "nina")


def canvas_name(person: str, user: int, late: bool) -> str:
    """The part of a name that Canvas makes of a person or a group, and a user id."""
    person = re.sub(r"_(\d+)_", r"\1", person).lower()
    return re.sub(r"[^\w\u0300-\u036f\u0900-\u097f]", "", "_".join([person, *(["LATE"] if late else []), str(user)]))


def code(team: str = "", weights: str = "vae.safetensors") -> bytes:
    return f"info = {{'team': {team!r}, 'names': 'Private'}}\nload_file('{weights}')\n".encode()


def notebook(team: str, weights: str = "vae.safetensors") -> bytes:
    cells = [{"cell_type": "code", "source": code(team, weights).decode().splitlines(keepends=True)}]
    return json.dumps({"cells": cells, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}).encode()


def packed(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, raw in members.items():
            archive.writestr(zipfile.ZipInfo(name, DOWNLOADED), raw)
    return buffer.getvalue()


def submissions(place: Path) -> list[tuple[str, int, bool, dict[str, bytes]]]:
    """Person, user id, whether it is late, and the files by their names in Canvas."""
    bundle = zip_of(place / "bundle.zip").read_bytes()
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        parts = {f"run/{name}": archive.read(name) for name in archive.namelist()}
    mac = {"project/model.py": code("Mac Team"), "project/vae.safetensors": b"mac", "project/.DS_Store": b"\0"}
    mac |= {"__MACOSX/project/._model.py": b"\0", "project/__pycache__/model.cpython-311.pyc": b"\0"}
    windows = {"project\\model.py": code("Windows Team"), "project\\weights\\vae.safetensors": b"windows"}
    return [
        ("Lovelace, Ada", 4011, False, {"model.ipynb": notebook("The Latents"), "vae.safetensors": b"ada"}),
        ("van_dam, Jan", 4012, False, {"submission.py": code("Flow Motion"), "train.ipynb": notebook("x")}),
        ("Group_3", 4013, False, {"model-1.py": code("Third"), "vae-1.safetensors": b"3", "report.pdf": b"%PDF"}),
        ("Ito, _12 _", 4014, False, {"model.py": code("Digits", "vae-49.safetensors"), "vae-49.safetensors": b"49"}),
        ("Late, Bob", 4015, True, {"model.py": code("Latecomers"), "vae.safetensors": b"bob"}),
        ("Nguyễn, Thị", 4016, False, {"bài.ipynb": notebook("Số"), "vae.safetensors": b"n"}),
        ("शर्मा, प्रिया", 4017, False, {"model.py": code("Priya und Sharma"), "vae.safetensors": b"p"}),
        ("Mac, Mia", 4018, False, {"project.zip": packed(mac)}),
        ("Win, Wim", 4019, False, {"project.zip": packed(windows)}),
        ("Bundle, Bea", 4020, False, {"run.zip": bundle, "entry.toml": b'team = "Bundlers"\n'}),
        ("Folder, Fay", 4021, False, {"run.zip": packed(parts)}),
        ("Link, Lin", 4022, False, {"link.html": b"<html>"}),
        ("Text, Tom", 4023, True, {"text.html": b"<html>"}),
        ("Pickle, Pat", 4024, False, {"model.py": code("Pickled", "vae.pt"), "vae.pt": b"PK"}),
        ("Rar, Rob", 4025, False, {"project.rar": b"Rar!"}),
        ("Two, Tia", 4026, False, {"gen.py": code("Twos"), "vae.py": code("Twos", "v")}),
        ("Same, Sam", 4027, False, {"model.py": code("We"), "vae.safetensors": b"sam"}),
        ("Same, Sue", 4028, False, {"model.py": code("WE"), "vae.safetensors": b"sue"}),
        ("Name, Nina", 4029, False, {"model.py": code("Nina Name"), "vae.safetensors": b"n2"}),
        ("Torn, Tim", 4030, False, {"project.zip": b"PK\x03\x04torn"}),
        ("Date, Dan", 4031, False, {"2026_10_notebook.ipynb": notebook("Dates"), "vae.safetensors": b"dan"}),
        ("Clear, Cat", 4032, True, {"01_intro.ipynb": notebook("Cats")}),
        ("Logs, Lou", 4033, False, {"m.py": code("Logged"), "m.training.jsonl": LOG, "v.safetensors": b"l"}),
        ("Emoji, Eve", 4034, True, {"model.py": code("👩\u200d🚀 می\u200cخواهم"), "vae.safetensors": b"eve"}),
    ]  # fmt: skip


def download(place: Path) -> dict[str, bytes]:
    """The members of the download; the ids of the files do not ascend with those of the users."""
    members, number = {}, 7000
    for person, user, late, files in submissions(place):
        name = canvas_name(person, user, late)
        for file, raw in files.items():
            number = 7000 + (number * 37 + 11) % 997
            middle = "" if file in ("link.html", "text.html") else f"_{number}"
            members[f"{name}{middle}_{file}"] = raw
    return members


class Unflagged(zipfile.ZipInfo):
    """A member whose name is UTF-8 and does not say so."""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802 - of zipfile
        return self.filename.encode(), self.flag_bits & ~0x800


def write_download(path: Path, members: dict[str, bytes], around: str = "") -> Path:
    """The zip; `around` is the folder that a Mac puts around what it packs again."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, raw in members.items():
            archive.writestr(Unflagged(around + name, DOWNLOADED), raw)
    return path
