"""How fast the console is for whoever opens it: a town of tickets behind the real service, headless Chromium in front.

``python -m benchmarks.console_speed LOGIN_LINK`` measures a running service (what ``fettle demo`` prints) instead.
Bytes are what came over the wire, compressed and with headers; requests count up to the first ticket's row.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, sync_playwright

from benchmarks.figure import Figure
from ingest.clock import SystemClock
from tests.api.browser.conftest import CHROMIUM, FLAGS, SCREEN
from tests.api.browser.town import build_town
from tests.api.browser.traffic import Traffic

FIGURES = (
    "console_queue_kb",
    "console_queue_assets_kb",
    "console_requests_to_first_row",
    "console_first_paint_ms",
    "console_first_row_ms",
    "console_next_ticket_ms",
    "console_later_page_ms",
    "console_idle_requests_per_minute",
)
VISITS = 5
SETTLE_MS = 2500
IDLE_S = 60
STREAM = "/api/v1/events"


def measure() -> Iterator[Figure]:
    """The figures over a town of 200 appliances with 14 tickets."""
    with tempfile.TemporaryDirectory() as folder:
        town = build_town(Path(folder), now_ms=SystemClock().now_ms(), others=200)
        try:
            yield from measure_at(town.login_link())
        finally:
            town.stop()


def measure_at(login: str) -> Iterator[Figure]:
    """The figures of the console behind a login link."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        address = login.partition("/login/")[0]
        with _signed_in(browser, login) as context:
            yield from _first_visits(browser, context, address)
            yield from _moves(context, address)
            yield from _idle(context, address)
        browser.close()


@contextmanager
def _signed_in(browser: Browser, login: str) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport=SCREEN, locale="en-GB", timezone_id="Europe/Berlin")
    page = context.new_page()
    page.goto(login)
    page.locator("main h1, main a.row").first.wait_for()
    page.close()
    yield context
    context.close()


def _first_visits(browser: Browser, signed_in: BrowserContext, address: str) -> Iterator[Figure]:
    """Visits with an empty cache and the cookie of the one that signed in."""
    painted, rows, visits = [], [], []
    for _ in range(VISITS):
        context = browser.new_context(viewport=SCREEN, storage_state=signed_in.storage_state())
        page = context.new_page()
        traffic = Traffic()
        traffic.watch(page)
        begin = time.perf_counter()
        page.goto(f"{address}/queue", wait_until="commit")
        page.locator("a.row").first.wait_for()
        rows.append((time.perf_counter() - begin) * 1000)
        until_row = sum(path != STREAM for path in traffic.asked)
        page.wait_for_timeout(SETTLE_MS)
        painted.append(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"))
        visits.append((until_row, traffic.all_bytes / 1000, traffic.assets_bytes / 1000))
        context.close()
    requests, all_kb, assets_kb = (statistics.median(column) for column in zip(*visits, strict=True))
    yield Figure("console_queue_kb", all_kb, "kB", VISITS)
    yield Figure("console_queue_assets_kb", assets_kb, "kB", VISITS)
    yield Figure("console_requests_to_first_row", requests, "requests", VISITS)
    yield Figure("console_first_paint_ms", statistics.median(painted), "ms", VISITS)
    yield Figure("console_first_row_ms", statistics.median(rows), "ms", VISITS)


TIMED_KEY = """
([key, done]) => new Promise((resolve) => {
  const begin = performance.now();
  const before = document.querySelector(done)?.textContent;
  const look = () => {
    const now = document.querySelector(done)?.textContent;
    if (now && now !== before) resolve(performance.now() - begin);
    else requestAnimationFrame(look);
  };
  window.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  look();
})
"""
"""Presses a key; answers after how many ms the text of a place was another one."""


def _moves(context: BrowserContext, address: str) -> Iterator[Figure]:
    page = context.new_page()
    page.goto(f"{address}/queue")
    page.locator(".ticket-sentence").wait_for()
    page.wait_for_timeout(SETTLE_MS)
    moved = []
    for _ in range(6):
        moved.append(float(page.evaluate(TIMED_KEY, ["j", ".facts strong"])))
        page.wait_for_timeout(600)
    opened = []
    for keys in (["g", "a"], ["g", "q"], ["g", "a"], ["g", "q"]):
        page.keyboard.press(keys[0])
        opened.append(float(page.evaluate(TIMED_KEY, [keys[1], "main h1"])))
        page.wait_for_timeout(1500)
    page.close()
    yield Figure("console_next_ticket_ms", statistics.median(moved), "ms", len(moved))
    yield Figure("console_later_page_ms", statistics.median(opened), "ms", len(opened))


def _idle(context: BrowserContext, address: str) -> Iterator[Figure]:
    """The queue and an appliance's page left alone for a minute; the busier of the two."""
    counts = []
    pages = []
    for path in ("/queue", "/appliances"):
        page = context.new_page()
        page.goto(address + path)
        if path == "/appliances":
            page.locator("tbody a").first.click()
            page.locator("figure").first.wait_for()
        page.wait_for_timeout(5000)
        traffic = Traffic()
        traffic.watch(page)
        pages.append((page, traffic))
    pages[0][0].wait_for_timeout(IDLE_S * 1000)
    for page, traffic in pages:
        counts.append(sum(path != STREAM for path in traffic.asked))
        page.close()
    yield Figure("console_idle_requests_per_minute", max(counts), "requests", len(counts))


if __name__ == "__main__":
    for figure in measure_at(sys.argv[1]):
        print(figure.to_json(), flush=True)
