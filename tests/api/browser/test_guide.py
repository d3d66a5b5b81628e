"""The steps for somebody new to the demo: shown where time is simulated, done by doing them, put away for good."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from ingest.clock import from_ms
from tests.api.browser.test_fit import BEYOND
from tests.api.browser.test_pages import violations
from tests.api.browser.town import NOW_MS, Town

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [390, 768, 1100, 1280, 1440])
def test_the_frame_fits_with_the_simulated_time_in_it(page: Page, town: Town, width: int) -> None:
    """Whoever may go everywhere still finds the way out at the end of the rail."""
    page.clock.set_fixed_time(from_ms(NOW_MS) - timedelta(days=30))
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{town.address}/settings?tab=about")
    expect(page.get_by_role("region", name="New here? Four steps")).to_be_visible()

    assert page.evaluate(BEYOND) == []
    expect(page.get_by_role("button", name="Sign out")).to_be_in_viewport(ratio=1)


def test_the_steps_are_done_by_doing_them_and_can_be_put_away(page: Page, town: Town) -> None:
    """Where time is the wall's there are none; elsewhere a visited ticket counts, on a phone as well, until they are put away."""
    guide = page.get_by_role("region", name="New here? Four steps")
    expect(guide).to_have_count(0)
    page.clock.set_fixed_time(from_ms(NOW_MS) - timedelta(days=30))
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{town.address}/tickets/1")

    expect(guide.get_by_label("done")).to_have_count(1)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    guide.get_by_role("button", name="Put the steps away").click()
    expect(guide).to_have_count(0)
    page.reload()
    expect(page.get_by_role("heading", level=1).first).to_be_visible()
    expect(guide).to_have_count(0)
