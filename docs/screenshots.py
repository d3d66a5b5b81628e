"""Pictures of every page of a running console, light and dark, English and Chinese.

    python docs/screenshots.py FOLDER LOGIN_LINK [--only PAGE] [--light] [--english]

``LOGIN_LINK`` is what ``fettle demo`` prints. Pages that need a ticket, an appliance or a session take the first one
that the API gives. ``docs/console.png`` is the picture ``queue-light-en.png``.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
SCREEN = {"width": 1440, "height": 900}


def find_pages(page: Page) -> dict[str, str]:
    """Address of every page by name."""

    def first(path: str, field: str) -> str | None:
        answer = page.request.get(f"{origin(page.url)}/api/v1{path}")
        items = answer.json().get("items", []) if answer.ok else []
        return str(items[0][field]) if items else None

    pages = {"queue": "/queue", "appliances": "/appliances", "sign-in": "/sign-in", "not-found": "/no-such-page"}
    page.goto(f"{origin(page.url)}/queue")
    row = page.locator("a.row").first
    row.wait_for()
    number = row.get_attribute("data-ticket") or "1"
    ticket = page.request.get(f"{origin(page.url)}/api/v1/tickets/{number}").json()
    pages["ticket"] = f"/tickets/{number}"
    pages["appliance"] = f"/appliances/{ticket['appliance_id']}?range=d30"
    session = first(f"/tickets/{number}/sessions", "id")
    if session:
        pages["session"] = f"/sessions/{session}"
    return pages


def origin(address: str) -> str:
    """Scheme and host of an address."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def take(browser: Browser, login: str, folder: Path, *, only: str | None, is_light: bool, is_english: bool) -> int:
    """Take all pictures; how many there are."""
    context = browser.new_context(viewport=SCREEN, locale="en-GB", timezone_id="Europe/Berlin")
    page = context.new_page()
    page.goto(login)
    pages = find_pages(page)
    count = 0
    for scheme, language in itertools.product(
        ["light"] if is_light else ["light", "dark"], ["en"] if is_english else ["en", "zh"]
    ):
        page.evaluate(
            "([scheme, language]) => { localStorage.setItem('mantine-color-scheme-value', scheme);"
            " localStorage.setItem('fettle.language', language); }",
            [scheme, language],
        )
        for name, path in pages.items():
            if only and name != only:
                continue
            page.goto(origin(page.url) + path)
            page.locator("main").wait_for()
            page.wait_for_load_state("load")
            page.wait_for_timeout(1200)
            page.screenshot(path=folder / f"{name}-{scheme}-{language}.png")
            count += 1
    context.close()
    return count


def main() -> int:
    """Take the pictures and say how many."""
    parser = argparse.ArgumentParser(description="Pictures of every page of a running console.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("login", help="the login link that `fettle demo` prints")
    parser.add_argument("--only", help="one page: queue, ticket, appliances, appliance, session, sign-in, not-found")
    parser.add_argument("--light", action="store_true", help="no dark pictures")
    parser.add_argument("--english", action="store_true", help="no Chinese pictures")
    words = parser.parse_args()
    if not CHROMIUM.exists():
        print(f"{CHROMIUM} is missing: apt install chromium", file=sys.stderr)
        return 1
    words.folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        count = take(
            browser, words.login, words.folder, only=words.only, is_light=words.light, is_english=words.english
        )
        browser.close()
    print(f"{count} pictures in {words.folder}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
