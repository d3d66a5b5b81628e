"""Pages of the console: none is left out where pages are looked at in a real browser."""

from __future__ import annotations

import re
from pathlib import Path

from tests.imports import ROOT

PAGES = ROOT / "api" / "console" / "src" / "app" / "pages.tsx"


def unseen(paths: list[str], texts: list[str]) -> list[str]:
    """The addresses without parameters that no text names.

    >>> unseen(["queue", "stock", "tickets/:number"], ['open("/queue?x=1")'])
    ['stock']
    """
    return [
        path
        for path in paths
        if ":" not in path and not any(f"{before}/{path}" in text for text in texts for before in '"}')
    ]


def test_every_page_is_opened_in_a_browser_by_some_test() -> None:
    """A new page has its line in tests/api/browser/test_pages.py, or tests of its own."""
    entries = PAGES.read_text("utf-8").split("const PARTS", 1)[0]
    paths = re.findall(r'^\s+(?:\{ )?path: "([^"]+)"', entries, re.MULTILINE)
    tests = [one.read_text("utf-8") for one in Path(__file__).with_name("browser").glob("*.py")]

    assert len(paths) > 15
    assert unseen(paths, tests) == []
