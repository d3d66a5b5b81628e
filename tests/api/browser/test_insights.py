"""The indicators in a browser: five families, the tickets behind a figure, any past day, and a month as PDF."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.api.browser.town import Town

pytestmark = pytest.mark.browser


def test_a_figure_opens_the_tickets_behind_it(page: Page, town: Town) -> None:
    """The figure names how many there are; the list has as many, and leads to the ticket; the address can be shared."""
    page.goto(f"{town.address}/insights")
    for family in ("Quality", "Efficiency", "Product", "Cost", "Revenue"):
        expect(page.get_by_role("heading", name=family, exact=True)).to_be_visible()

    page.get_by_role("link", name=re.compile("^Closed without a visit: ")).click()

    expect(page).to_have_url(re.compile("behind=efficiency.closed_without_visit"))
    behind = page.get_by_role("region", name=re.compile("Closed without a visit"))
    expect(behind.get_by_role("row").filter(has_text="#6")).to_contain_text("yes")
    behind.get_by_role("link", name="#6").click()
    expect(page).to_have_url(re.compile("/tickets/6$"))


def test_a_past_day_and_the_files(page: Page, town: Town) -> None:
    """As of a day before anything was closed nothing can be said; figures are a CSV, last month is a PDF."""
    page.goto(f"{town.address}/insights?at=2026-01-31&period=week")

    expect(page.get_by_role("listitem").filter(has_text="Solved in time")).to_contain_text("–")
    csv = page.request.get(f"{town.address}/api/v1/kpis.csv?period=year")
    assert "quality,solved_in_time," in csv.text()
    report = page.get_by_role("link", name="Report of last month (PDF)").get_attribute("href") or ""
    answer = page.request.get(f"{town.address}{report}")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/pdf")
    assert answer.body().startswith(b"%PDF")
