"""Pages in a real Chromium: opened from disk, watched for complaints, and read by axe-core.

The fixtures `chromium` and `open_page` stand in conftest.py; a test takes `open_page` and gets Playwright's own pages.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
SIZES = {"desktop": (1280, 800), "phone": (390, 844)}  # CSS pixels
OWN = ("file:", "data:", "blob:")  # addresses that reach no host

PATIENCE = 20_000  # ms; a busy machine is no fault of the page
expect.set_options(timeout=PATIENCE)

OpenPage = Callable[..., Page]


@contextmanager
def running_chromium() -> Iterator[Browser]:
    """The system's Chromium, headless."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    assert program, "The tests of pages need Chromium: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def watched_pages(chromium: Browser) -> Iterator[OpenPage]:
    """A function that opens a page, and a check at the end that none complained or asked a host for anything."""
    complaints: list[str] = []
    contexts = []

    def heard(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(f"{message.type}: {message.text}")

    def asked(request: Request) -> None:
        if not request.url.startswith(OWN):
            complaints.append(f"request to {request.url}")

    def open_page(
        place: Path | str,
        size: Literal["desktop", "phone"] = "desktop",
        *,
        dark: bool = False,
        javascript: bool = True,
        reduced_motion: bool = False,
    ) -> Page:
        """Open a file, or an address such as a file's with a fragment; the phone has a touch screen."""
        width, height = SIZES[size]
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            has_touch=size == "phone",
            is_mobile=size == "phone",
            color_scheme="dark" if dark else "light",
            java_script_enabled=javascript,
            reduced_motion="reduce" if reduced_motion else "no-preference",
            offline=True,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("console", heard)
        page.on("pageerror", lambda error: complaints.append(f"uncaught: {error}"))
        page.on("request", asked)
        page.goto(place.resolve().as_uri() if isinstance(place, Path) else place)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not complaints, "\n".join(complaints)


def faults(page: Page, every: bool = False) -> list[str]:
    """The faults that axe-core finds on a page as it stands, serious and critical ones or every one, with elements."""
    options = {
        "preload": False,
        "resultTypes": ["violations"],
    }  # it would fetch the styles again, and list what is right
    found = Axe().run(page, options=options).response["violations"]
    told = [fault for fault in found if every or fault["impact"] in ("serious", "critical")]
    return [f"{fault['id']}: {fault['help']}; {[node['target'] for node in fault['nodes']]}" for fault in told]


def overflow(page: Page) -> int:
    """CSS pixels by which a page is wider than its window; 0 when nothing has to be scrolled sideways."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
