"""What one student handed in: the entry, its weights by the names that the code knows, and a word on the rest."""

import io
import zipfile
from pathlib import PurePosixPath

import pytest
from tests.contest.canvas_download import LOG, code, packed
from tests.contest.conftest import zip_of

from flowleague.contest.answers import ParcelAnswer
from flowleague.contest.contents import Held, contents_of
from flowleague.contest.download import Piece
from flowleague.contest.parcels import Sorted, sort_out

W = b"weights"


@pytest.fixture
def sorted_out(tmp_path):
    """Sorts files of a student, given by name."""

    def sort(files: dict[str, bytes], answer: ParcelAnswer | None = None, again: bool = True) -> Sorted:
        held = []
        for number, (name, raw) in enumerate(files.items()):
            path = tmp_path / str(number)
            path.write_bytes(raw)
            held.append(Held(name, Piece(PurePosixPath(name), path), again))
        return sort_out("11", contents_of(held, tmp_path, 2**20), answer or ParcelAnswer())

    return sort


def is_entry(result: Sorted, name: str) -> bool:
    return result.entry is not None and result.entry.name == name and result.is_ready


@pytest.mark.parametrize(
    ("files", "entry"),
    [
        ({"a.py": b"1"}, "a.py"),
        ({"a.py": b"1", "b.ipynb": b"2"}, "b.ipynb"),
        ({"a.py": b"1", "submission.py": b"2", "b.ipynb": b"3"}, "submission.py"),
        ({"a.py": b"1", "submission-1.py": b"2"}, "submission-1.py"),
        ({"a.py": b"1", "b.py": b"2", "entry.toml": b'file = "b.py"'}, "b.py"),
        ({"train.py": b"1", "model.py": b"class SubmissionInterface:"}, "model.py"),
        ({"a.ipynb": b"1", "b.ipynb": b'"class SubmissionInterface(nn.Module):"'}, "b.ipynb"),
        ({"p.zip": packed({"a.py": b"1", "venv/lib/site-packages/x.py": b"2"})}, "p.zip/a.py"),
        ({"a.ipynb": b"1", "A-1.ipynb": b"1"}, "a.ipynb"),  # the same twice
        ({"p.zip": packed({"x/a.py": b"1", "x/README.md": b"2"})}, "p.zip/a.py"),
        ({"p.zip": packed({"a.py": b"1", "run/b.ipynb": b"2"}), "report.pdf": b"3"}, "p.zip/run/b.ipynb"),
    ],
)
def test_which_file_is_the_entry(files, entry, sorted_out):
    assert is_entry(sorted_out(files), entry)


@pytest.mark.parametrize(
    "files",
    [
        {"a.py": b"1", "b.py": b"2"},
        {"a.ipynb": b"1", "b.ipynb": b"2"},
        {"submission.py": b"1", "submission.ipynb": b"2"},
        {"a.py": b"1", "entry.toml": b'file = "b.py"'},
    ],
)
def test_what_is_not_plain_is_asked(files, sorted_out):
    result = sorted_out(files)
    assert not result.is_ready
    (question,) = result.questions
    assert (question.table, question.key, question.name) == ("parcels", "11", "entry")
    assert is_entry(sorted_out(files, ParcelAnswer(entry=next(iter(files)))), next(iter(files)))


def test_an_entry_zip_and_a_notebook_are_asked_about(sorted_out, tmp_path):
    bundle = zip_of(tmp_path / "b.zip").read_bytes()
    assert is_entry(sorted_out({"run.zip": bundle, "v.safetensors": W}), "run.zip")
    assert not sorted_out({"run.zip": bundle, "train.ipynb": b"1"}).is_ready


@pytest.mark.parametrize("around", ["", "run/", "a/b/"])
def test_a_bundle_in_a_folder_of_its_own_is_a_bundle(around, sorted_out, tmp_path):
    with zipfile.ZipFile(zip_of(tmp_path / "b.zip")) as archive:
        members = {around + name: archive.read(name) for name in archive.namelist()}
    members |= {"__MACOSX/._run": b"0"} if around else {}
    result = sorted_out({"run.zip": packed(members)})
    assert is_entry(result, "run.zip")
    with zipfile.ZipFile(result.entry.file) as archive:
        assert sorted(archive.namelist()) == sorted(name.rpartition("/")[2] for name in members if "._" not in name)


@pytest.mark.parametrize(
    ("handed_in", "in_code", "known_as"),
    [
        ("vae-49.safetensors", "vae-49.safetensors", "vae-49.safetensors"),
        ("vae-1.safetensors", "vae.safetensors", "vae.safetensors"),
        ("weights-2-1.safetensors", "weights-2.safetensors", "weights-2.safetensors"),
        ("vae-2.safetensors", "of a name that is made up while it runs", "vae-2.safetensors"),
    ],
)
def test_weights_keep_the_name_that_the_code_knows(handed_in, in_code, known_as, sorted_out):
    assert list(sorted_out({"m-1.py": code(weights=in_code), handed_in: W}).weights) == [known_as]


def test_no_weights_are_dropped_or_put_in_place_of_others(sorted_out):
    files = {"m.py": code(), "vae.safetensors": b"1", "vae-1.safetensors": b"2"}
    assert list(sorted_out(files).weights) == ["vae.safetensors", "vae-1.safetensors"]
    twice = packed({"m.py": code(), "a/vae.safetensors": b"1", "b/vae.safetensors": b"2"})
    result = sorted_out({"p.zip": twice})
    assert not result.is_ready
    assert any("another file is called vae.safetensors" in row.why for row in result.rows)


def test_the_log_of_the_entry_goes_with_it(sorted_out):
    assert list(sorted_out({"m.py": b"1", "training-1.jsonl": LOG}).weights) == ["training.jsonl"]
    files = {"m.py": b"1", "n.training.jsonl": LOG + b"\n", "m.training.jsonl": LOG}
    assert list(sorted_out(files).weights) == ["m.training.jsonl"]


@pytest.mark.parametrize(
    ("name", "word", "asks"),
    [
        ("vae.pt", "kept as .safetensors", True),
        ("code.rar", "not unpacked here", True),
        ("report.pdf", "an attachment", False),
        (".DS_Store", "made it for itself", False),
        ("x.zip", "too short for a zip", True),
    ],
)
def test_a_file_that_is_left_gets_a_sentence(name, word, asks, sorted_out):
    (row,) = (row for row in sorted_out({"m.py": b"1", name: b"2"}).rows if row.file == name)
    assert word in row.why
    assert (row.asks, row.taken) == (asks, "")


def test_every_file_has_one_row(sorted_out, tmp_path):
    inner = {"x/a.py": b"1", "x/b.safetensors": b"2", "x/in.zip": packed({"c": b"3"}), "x/.DS_Store": b"4"}
    files = {"p.zip": packed(inner), "a.py": b"1", "l.txt": b"5", "entry.toml": b"team = 3", "t.safetensors": b"6"}
    result = sorted_out(files)
    names = sorted(row.file for row in result.rows)
    assert names == sorted(["p.zip/a.py", "p.zip/b.safetensors", "p.zip/in.zip", "p.zip/x/.DS_Store", *list(files)[1:]])
    assert not result.is_ready  # entry.toml and the inner zip may matter


def test_a_bomb_is_a_row(sorted_out):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.py", bytes(2**21))
    result = sorted_out({"bomb.zip": buffer.getvalue()})
    assert [row.why for row in result.rows] == ["it cannot be unpacked: it unpacks to more than 1 MiB"]
