"""Pictures of every page of a running console, light and dark, English and Chinese.

    python docs/screenshots.py FOLDER LOGIN_LINK [--only PAGE] [--light] [--english] [--width PX] [--name NAME]

``LOGIN_LINK`` is what ``fettle demo`` prints. Pages that need a ticket, an appliance or a session take the first one
that the API gives. ``docs/console.png`` is the picture ``readme-1440-light-en.png``: the queue with the
ticket of the gravest known fault open.
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
SCREENS = {1440: 900, 1024: 768, 768: 1024, 390: 844}
"""Height by width: a desk, a small one, a tablet, a phone."""


def find_pages(page: Page) -> dict[str, str]:
    """Address of every page by name."""

    def first(path: str, field: str) -> str | None:
        answer = page.request.get(f"{origin(page.url)}/api/v1{path}")
        items = answer.json().get("items", []) if answer.ok else []
        return str(items[0][field]) if items else None

    pages = {
        "queue": "/queue",
        "alerts": "/alerts",
        "incidents": "/incidents",
        "notices": "/notices",
        "insights": "/insights",
        "board": "/board",
        "visits": "/visits",
        "people": "/people",
        "stock": "/stock",
        "stock-reserved": "/stock?tab=reserved",
        "stock-needs": "/stock?tab=needs",
        "money": "/money",
        "knowledge": "/knowledge",
        "help": "/help",
        "appliances": "/appliances",
        "operations": "/operations",
        "sign-in": "/sign-in",
        "not-found": "/no-such-page",
    }
    if incident := first("/incidents", "number"):
        pages["incident"] = f"/incidents/{incident}"
    if alert := first("/alerts", "id"):
        pages["alert"] = f"/alerts/{alert}"
    pages |= {
        f"settings-{tab}": f"/settings?tab={tab}" for tab in ("accounts", "silences", "profiles", "audit", "about")
    }
    page.goto(f"{origin(page.url)}/queue")
    row = page.locator("a.row").first
    row.wait_for()
    number = row.get_attribute("data-ticket") or "1"
    ticket = page.request.get(f"{origin(page.url)}/api/v1/tickets/{number}").json()
    answer = page.request.get(f"{origin(page.url)}/api/v1/tickets?limit=500&status=open").json()
    known = [one for one in answer["items"] if one["fault_mode"] not in {None, "unknown"}]
    gravest = max(known, key=lambda one: one["severity"] or 0, default=ticket)
    pages["readme"] = f"/queue?t={gravest['number']}"
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


def take(browser: Browser, words: argparse.Namespace) -> int:
    """Take all pictures; how many there are."""
    context = browser.new_context(locale="en-GB", timezone_id="Europe/Berlin")
    page = context.new_page()
    if words.name:
        body = {"name": words.name, "password": sys.stdin.readline().rstrip("\r\n")}
        page.request.post(f"{origin(words.login)}/api/v1/login", data=body)
    page.goto(words.login)
    pages = find_pages(page)
    widths = words.width or list(SCREENS)
    schemes = ["light"] if words.light else ["light", "dark"]
    languages = ["en"] if words.english else ["en", "zh"]
    count = 0
    for width, scheme, language in itertools.product(widths, schemes, languages):
        page.set_viewport_size({"width": width, "height": SCREENS[width]})
        page.evaluate(
            "([scheme, language]) => { localStorage.setItem('mantine-color-scheme-value', scheme);"
            " localStorage.setItem('fettle.language', language); }",
            [scheme, language],
        )
        for name, path in pages.items():
            if words.only and name not in words.only:
                continue
            page.goto(origin(page.url) + path)
            page.locator("main").wait_for()
            page.wait_for_load_state("load")
            page.wait_for_timeout(1200)
            page.screenshot(path=words.folder / f"{name}-{width}-{scheme}-{language}.png")
            count += 1
    context.close()
    return count


def main() -> int:
    """Take the pictures and say how many."""
    parser = argparse.ArgumentParser(description="Pictures of every page of a running console.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("login", help="the login link that `fettle demo` prints, or an address with --name")
    parser.add_argument("--name", help="sign in with this name, and a password from the first line of stdin")
    parser.add_argument("--only", action="append", metavar="PAGE", help="only this page, by its name; may be repeated")
    parser.add_argument("--width", type=int, choices=list(SCREENS), action="append", help="only this; may be repeated")
    parser.add_argument("--light", action="store_true", help="no dark pictures")
    parser.add_argument("--english", action="store_true", help="no Chinese pictures")
    words = parser.parse_args()
    if not CHROMIUM.exists():
        print(f"{CHROMIUM} is missing: apt install chromium", file=sys.stderr)
        return 1
    words.folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        count = take(browser, words)
        browser.close()
    print(f"{count} pictures in {words.folder}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
