"""Every page on a desk, a tablet and a phone: nothing lies off the screen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.api.browser.test_pages import PAGES, choose
from tests.api.browser.town import Town, build_town

pytestmark = pytest.mark.browser

WIDTHS = {390: 844, 768: 1024, 1024: 768, 1440: 900}
BEYOND = """
() => {
  const width = document.documentElement.clientWidth;
  const scrolls = (node) => {
    for (let up = node.parentElement; up; up = up.parentElement) {
      if (/auto|scroll|hidden/.test(getComputedStyle(up).overflowX) && up !== document.body && !up.matches("main, .page"))
        return true;
    }
    return false;
  };
  const found = [];
  if (document.documentElement.scrollWidth > width) found.push("the page is as wide as " + document.documentElement.scrollWidth);
  const main = document.querySelector("main");
  if (main && main.scrollWidth > main.clientWidth) found.push("main is as wide as " + main.scrollWidth);
  for (const node of document.querySelectorAll("body *")) {
    const box = node.getBoundingClientRect();
    if (box.width === 0 || box.height === 0 || node.closest(".sr, .skip, [aria-hidden=true] canvas")) continue;
    if ((box.right > width + 1 || box.left < -1) && !scrolls(node))
      found.push(`${node.tagName}.${node.className} ${Math.round(box.left)}..${Math.round(box.right)}`);
  }
  for (const node of document.querySelectorAll(".card, .rail, .ticket, .bulk, .split-list")) {
    if (node.scrollWidth > node.clientWidth + 1 && !/auto|scroll/.test(getComputedStyle(node).overflowX))
      found.push(`${node.className} holds ${node.scrollWidth} in ${node.clientWidth}`);
  }
  return found;
}
"""
"""What reaches beyond the window, and no part of it scrolls there; cards whose content is wider than they are."""


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """One town for all: nothing here changes it."""
    town = build_town(tmp_path_factory.mktemp("town"))
    yield town
    town.stop()


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_lies_off_the_screen(page: Page, town: Town, width: int, language: str) -> None:
    """On every page, in both languages, at every width."""
    choose(page, language=language)
    page.set_viewport_size({"width": width, "height": WIDTHS[width]})
    beyond = {}
    for name, (path, _) in PAGES.items():
        page.goto(town.address + path)
        expect(page.locator("main h1, main h2").first).to_be_attached()
        page.wait_for_timeout(400)
        found = page.evaluate(BEYOND)
        if found:
            beyond[name] = found

    assert beyond == {}
