"""Links to Google Drive: every form of a file's link is taken, and everything else refused in a sentence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowleague.errors import PackError
from flowleague.model.export.links import drive_link

ID = "1aB-_cDeFgHiJkLmNoPqRsTuVwXyZ0123"
USUAL = f"https://drive.google.com/file/d/{ID}/view?usp=sharing"


@pytest.mark.parametrize(
    "link",
    [
        USUAL,
        f"https://drive.google.com/file/d/{ID}",
        f"https://drive.google.com/file/d/{ID}/view?usp=drive_link&resourcekey=0-abc",
        f"https://drive.google.com/file/u/0/d/{ID}/edit",
        f"https://drive.google.com/open?id={ID}",
        f"https://drive.google.com/uc?export=download&id={ID}",
        f"  {USUAL}\n",
    ],
)
def test_links_to_a_file_become_the_usual_form(link: str) -> None:
    assert drive_link(link, "--vae-link") == USUAL


@pytest.mark.parametrize(
    ("link", "why"),
    [
        (USUAL.replace("https", "http"), "does not begin with https://"),
        (f"drive.google.com/file/d/{ID}/view", "does not begin with https://"),
        (f"https://drive.google.com/drive/folders/{ID}?usp=sharing", "leads to a folder"),
        (f"https://drive.google.com/drive/u/1/folders/{ID}", "leads to a folder"),
        (f"https://drive.google.com.example.org/file/d/{ID}/view", "does not lead to drive.google.com"),
        (f"https://drive.google.com@example.org/file/d/{ID}/view", "does not lead to drive.google.com"),
        ("https://example.org/vae.safetensors", "does not lead to drive.google.com"),
        ("https://drive.google.com/file/d/1aB/view", "does not name a file"),
        ("https://drive.google.com/drive/my-drive", "does not name a file"),
        (f'https://drive.google.com/file/d/{ID}"/view', "does not name a file"),
        ("https://[half", "is no link"),
        ("vae.safetensors", "does not begin with https://"),
    ],
)
def test_other_links_are_refused_in_a_sentence(link: str, why: str) -> None:
    with pytest.raises(PackError, match=why) as caught:
        drive_link(link, "--flow-link")
    assert str(caught.value).startswith("--flow-link: ")
    assert str(caught.value).endswith("and give its link.")
    assert "\n" not in str(caught.value)


def outcome(link: str) -> str:
    """The link, or the sentence that refuses it."""
    try:
        return drive_link(link, "--vae-link")
    except PackError as error:
        return str(error)


@given(
    st.text("adgiv/?=&:@[]#%.\\\n\t \u202e🦊").map(lambda text: f"https://drive.google.com/{text}")
    | st.text("htps:/[]🦊")
)
def test_whatever_is_typed_gives_a_link_or_a_sentence(text: str) -> None:
    assert outcome(text).isprintable()
    assert outcome(text).startswith(("https://drive.google.com/file/d/", "--vae-link: "))
