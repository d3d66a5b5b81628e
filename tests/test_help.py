"""The help inside the console: every page is there, every link leads somewhere, and HTML stays text."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from deploy.build_help import HelpError, help_of, page_of, rendered

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_link_of_the_help_leads_to_a_page_and_a_place(language: str) -> None:
    """Pages, and headings on them; no picture and no other host is needed to read."""
    pages = {page["slug"]: page for page in help_of(ROOT / "docs", language)["pages"]}

    for page in pages.values():
        for target, _, place in re.findall(r'href="(/help/[^"#]+)(#([^"]*))?"', page["html"]):
            slug = target.removeprefix("/help/")
            assert slug in pages, f"{page['slug']} → {target}"
            assert not place or f'id="{place}"' in pages[slug]["html"], f"{page['slug']} → {target}#{place}"
        assert "<img" not in page["html"]
        assert page["title"], page["slug"]


def test_what_each_role_but_operators_reads_is_there_in_chinese() -> None:
    """Other pages say that they are in English."""
    spoken = {page["slug"] for page in help_of(ROOT / "docs", "zh")["pages"] if page["language"] == "zh"}

    assert spoken == {"start", "concepts", "technician", "customer", "dispatcher", "manager", "runbook"}


def test_html_in_a_page_stays_text() -> None:
    """Nothing of a page becomes script or markup; a heading can be linked to."""
    title, body = rendered("# A `title`\n\n<script>alert(1)</script>\n\n## How sure?\n\n[there](gone.txt)")

    assert title == "A title"
    assert "<script>" not in body
    assert 'id="how-sure"' in body
    assert "<a" not in body


def test_a_page_that_is_missing_stops_the_build(tmp_path: Path) -> None:
    """The list of pages and the folder agree."""
    with pytest.raises(HelpError, match="not there"):
        page_of(tmp_path, "help/start", "start", "en")
