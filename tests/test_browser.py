"""The watch over pages: it sees what it is there to see."""

import pytest

from tests.browser import faults, overflow, watched_pages

HEAD = "<!doctype html><html lang=en><title>A page</title><meta name=viewport content=width=device-width>"
PAGE = HEAD + "<main><h1>A page</h1>{}</main></html>"


def write(folder, body):
    path = folder / "page.html"
    path.write_text(PAGE.format(body), encoding="utf-8")
    return path


def test_a_sound_page_passes(open_page, tmp_path):
    page = open_page(write(tmp_path, "<p id=p>before</p><script>p.textContent = 'after'</script>"))
    assert page.inner_text("#p") == "after"
    assert faults(page) == []
    assert overflow(page) == 0


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("<script>nowhere()</script>", "uncaught: nowhere is not defined"),
        ("<script>console.error('wrong')</script>", "error: wrong"),
        ("<img alt='' src='http://127.0.0.1:9/x.png'>", "request to http://127.0.0.1:9/x.png"),
        (
            "<meta http-equiv=Content-Security-Policy content=\"script-src 'none'\"><script>1</script>",
            "Content Security",
        ),
    ],
)
def test_a_complaint_fails_the_test(chromium, tmp_path, body, complaint):
    with pytest.raises(AssertionError, match=complaint), watched_pages(chromium) as open_page:
        open_page(write(tmp_path, body))


def test_axe_finds_a_button_without_a_name(open_page, tmp_path):
    (fault,) = faults(open_page(write(tmp_path, "<button></button>")))
    assert fault.startswith("button-name: ")


def test_a_phone_is_narrow_and_dark_when_asked(open_page, tmp_path):
    page = open_page(write(tmp_path, "<div style='width:500px'>wide</div>"), "phone", dark=True)
    assert overflow(page) > 0
    assert page.evaluate("matchMedia('(prefers-color-scheme: dark) and (pointer: coarse)').matches")
