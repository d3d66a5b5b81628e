"""A town behind the console, and a browser in front of it that notes every request."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect, sync_playwright

from api.http.console_files import DIST
from ingest.clock import from_ms
from tests.api.browser.town import NOW_MS, Town, build_town

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MS = 20_000
"""A loaded machine is slow, not wrong."""
SCREEN: ViewportSize = {"width": 1440, "height": 900}


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without a screen."""
    if not CHROMIUM.exists():
        pytest.skip("needs Chromium: apt install chromium")
    if not (DIST / "index.html").is_file():
        pytest.skip("the console is not built: make console")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """A town with tickets."""
    town = build_town(tmp_path)
    yield town
    town.stop()


@pytest.fixture
def empty_town(tmp_path: Path) -> Iterator[Town]:
    """A town on its first day."""
    folder = tmp_path / "empty"
    folder.mkdir()
    town = build_town(folder, is_empty=True)
    yield town
    town.stop()


@pytest.fixture
def visitor(browser: Browser) -> Iterator[BrowserContext]:
    """A browser of its own whose clock is the town's."""
    context = browser.new_context(viewport=SCREEN, locale="en-GB", timezone_id="Europe/Berlin")
    context.clock.set_fixed_time(from_ms(NOW_MS))
    context.set_default_timeout(PATIENCE_MS)
    yield context
    context.close()


@pytest.fixture
def page(visitor: BrowserContext, town: Town) -> Page:
    """A page that is signed in and shows the queue."""
    page = visitor.new_page()
    page.goto(town.login_link())
    page.goto(f"{town.address}/queue")
    page.get_by_role("link", name="#1 ").first.wait_for()
    return page
