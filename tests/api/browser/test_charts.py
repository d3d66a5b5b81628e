"""Charts: a part is chosen, moved and left again by mouse and by keys; the range is the address's; long spans stay readable."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.api.browser.test_fit import BEYOND
from tests.api.browser.test_pages import violations
from tests.api.browser.town import FRIDGE, Town

pytestmark = pytest.mark.browser


def test_a_part_is_chosen_and_left_again(page: Page, town: Town) -> None:
    """A drag puts the part into the address, every chart shows it, and one button leads back to live."""
    page.goto(f"{town.address}/appliances/{FRIDGE}?range=d30")
    plot = page.locator(".plot .u-over").first
    box = plot.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 30, steps=4)
    page.mouse.up()

    expect(page).to_have_url(re.compile(r"from=\d+&to=\d+"))
    page.get_by_role("button", name="Back to live").click()
    expect(page).not_to_have_url(re.compile("from="))


def test_keys_move_and_stretch_a_chart(page: Page, town: Town) -> None:
    """Arrows move, + stretches, 0 shows the whole range."""
    page.goto(f"{town.address}/appliances/{FRIDGE}?range=d7")
    plot = page.locator(".plot").first
    plot.locator(".u-over").wait_for()
    plot.focus()

    page.keyboard.press("+")
    expect(page).to_have_url(re.compile(r"from=\d+"))
    before = page.url
    page.keyboard.press("ArrowLeft")
    expect(page).not_to_have_url(before)
    page.keyboard.press("0")
    expect(page).not_to_have_url(re.compile("from="))


def test_what_is_wrong_comes_first_and_in_the_readers_language(page: Page, town: Town) -> None:
    """Worn components stand above; those as new wait behind a word; names and reasons are Chinese in Chinese."""
    page.goto(f"{town.address}/appliances/{FRIDGE}")
    expect(page.locator(".card > .health").first).to_contain_text("Condenser")
    expect(page.locator(".sound summary")).to_contain_text("as new")

    page.get_by_text("中文").click()

    expect(page.locator(".card > .health").first).to_contain_text("冷凝器")


def test_what_is_normal_stands_beside_what_is_measured(page: Page, town: Town) -> None:
    """Of the newest day what lies outside is in sight, the rest behind a word; the chart of a metric has the band of its mean."""
    usual = [
        {"feature": "evaporator_fan_speed", "low": 2150, "high": 2230, "unit": "rpm", "rows": 40, "newest": 2060},
        {"feature": "fresh_food_error", "low": -0.4, "high": 0.6, "unit": "K", "rows": 40, "newest": 0.2},
    ]
    page.route("**/usual", lambda route: route.fulfill(json={"items": usual, "next": None}))
    page.goto(f"{town.address}/appliances/{FRIDGE}?range=d30")
    card = page.get_by_role("region", name="What is normal for it")

    expect(card.get_by_role("listitem").filter(has_text="Evaporator fan speed")).to_contain_text("2,060")
    expect(card.get_by_text("-0.4 … 0.6")).not_to_be_visible()
    card.get_by_text("1 other is as usual").click()
    expect(card.get_by_text("-0.4 … 0.6")).to_be_visible()
    chart = page.get_by_role("figure", name="Evaporator fan speed")
    expect(chart).to_contain_text("expected: Evaporator fan speed while cooling")
    expect(chart).to_contain_text(re.compile(r"Expected 2,150–2,230"))
    assert violations(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    expect(card.get_by_text("2,060")).to_be_visible()
    assert page.evaluate(BEYOND) == []
