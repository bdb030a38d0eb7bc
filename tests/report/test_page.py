"""The report's page in Chromium, and the page beside it in which the model runs."""

from playwright.sync_api import expect
from tests.browser import OpenPage, faults, overflow
from tests.report.conftest import HOSTILE


def test_the_report_leads_to_a_page_where_the_model_draws_digits(open_page: OpenPage, judged):
    page = open_page(judged.out / "index.html")
    page.click("text=The model, running in a page")
    page.wait_for_url("**/live.html")
    expect(page.locator("[data-live=told]")).to_contain_text("24 digits in", timeout=60_000)
    assert page.locator("h1").inner_text() == HOSTILE
    assert overflow(page) == 0
    assert faults(page) == []
