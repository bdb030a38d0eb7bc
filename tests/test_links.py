"""Links of Google Drive: one table, for the reader and for those that run without the package."""

import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import flowleague
from flowleague.links import LinkError, download_link, drive_id, share_link

ID = "1aB-_cDeFgHiJkLmNoPqRsTuVwXyZ0123"
LINKS = [
    f"https://drive.google.com/file/d/{ID}/view?usp=sharing",
    f"https://drive.google.com/file/d/{ID}/view?usp=drive_link&resourcekey=0-abc",
    f"https://drive.google.com/file/d/{ID}",
    f"https://drive.google.com/file/u/0/d/{ID}/edit",
    f"https://drive.google.com/a/university.edu/file/d/{ID}/view",
    f"https://drive.google.com/open?id={ID}&usp=drive_copy",
    f"https://drive.google.com/uc?id={ID}",
    f"https://drive.google.com/uc?export=download&id={ID}",
    f"https://drive.google.com/u/1/uc?id={ID}&export=download",
    f"https://docs.google.com/uc?id={ID}",
    f"https://drive.usercontent.google.com/download?id={ID}&export=download&confirm=t",
    f"https://drive.usercontent.google.com/uc?id={ID}",
]
OTHERS = [
    (f"http://drive.google.com/file/d/{ID}", "does not begin with https://"),
    (f"drive.google.com/file/d/{ID}/view", "does not begin with https://"),
    ("", "does not begin with https://"),
    (f"https://drive.google.com/drive/folders/{ID}?usp=sharing", "leads to a folder of Google Drive"),
    (f"https://drive.google.com/drive/u/1/folders/{ID}", "leads to a folder of Google Drive"),
    (f"https://drive.google.com.example.org/file/d/{ID}/view", "does not lead to drive.google.com"),
    (f"https://drive.google.com@example.org/file/d/{ID}/view", "does not lead to drive.google.com"),
    (f"https://example.org/file/d/{ID}/view", "does not lead to drive.google.com"),
    ("https://drive.google.com/drive/my-drive", "does not name a file of Google Drive"),
    ("https://drive.google.com/uc?id=../../x", "does not name a file of Google Drive"),
    (f'https://drive.google.com/file/d/{ID}"/view', "does not name a file of Google Drive"),
    (f"https://drive.google.com/file/d/{ID}é/view", "does not name a file of Google Drive"),
    ("https://[half", "is no link"),
]
SANDBOX = Path(flowleague.__file__).parent / "entrant" / "sandbox" / "inside"
TEMPLATE = Path(flowleague.__file__).parent / "model" / "export" / "submission.py.jinja"


@pytest.mark.parametrize("link", [*LINKS, f"  {LINKS[0]}\n"])
def test_the_id_is_read_from_every_form(link: str) -> None:
    assert drive_id(link) == ID


@pytest.mark.parametrize(("link", "why"), OTHERS)
def test_other_links_are_refused_with_the_reason(link: str, why: str) -> None:
    with pytest.raises(LinkError) as caught:
        drive_id(link)
    assert str(caught.value) == why


def test_links_that_are_made_of_an_id_name_it() -> None:
    assert drive_id(share_link(ID)) == drive_id(download_link(ID)) == ID


@given(
    st.text("adgiv/?=&:@[]#%.\\\n\t \u202e🦊").map(lambda text: f"https://drive.google.com/{text}")
    | st.text("htps:/[]🦊")
)
def test_whatever_is_typed_gives_an_id_or_a_reason(text: str) -> None:
    try:
        outcome = drive_id(text)
    except LinkError as error:
        outcome = str(error)
    assert re.fullmatch(r"[A-Za-z0-9_-]+", outcome) or outcome in {why for _, why in OTHERS}


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[list[str]]:
    """The links that the sandbox's stub of gdown hands on."""
    for folder in (SANDBOX, SANDBOX / "served"):
        monkeypatch.syspath_prepend(str(folder))
    before = set(sys.modules)
    served_files = importlib.import_module("served_files")
    links: list[str] = []
    monkeypatch.setattr(served_files, "fetch", lambda url, name: links.append(url) or str(tmp_path / name))
    monkeypatch.chdir(tmp_path)
    yield links
    for name in set(sys.modules) - before:
        if str(SANDBOX) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


@pytest.mark.parametrize("link", LINKS)
def test_the_stub_of_gdown_hands_on_what_names_the_same_file(link: str, fetched: list[str]) -> None:
    gdown = importlib.import_module("gdown")
    gdown.download(link, "w.safetensors", fuzzy=True)
    gdown.download(id=drive_id(link), output="w.safetensors")
    assert [drive_id(each) for each in fetched] == [ID, ID]


@pytest.mark.parametrize("link", LINKS)
def test_a_packed_submission_reads_the_same_id(link: str) -> None:
    (pattern,) = re.findall(r're\.search\(r"(.+)", link\)', TEMPLATE.read_text())
    found = re.search(pattern, link)
    assert found
    assert found[1] == ID
