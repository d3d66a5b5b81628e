"""Builds the help inside the console: Markdown of docs/ becomes one JSON file a language under api/console/public/help.

Which pages there are, in which order and group, stands in :data:`GROUPS`; a page that is not in Chinese is shown in English.
Nothing is rendered at run time and nothing is fetched from elsewhere: links between pages lead into the help, those to
files that it does not have become plain words, and HTML in a page stays text.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

LANGUAGES = ("en", "zh")
GROUPS: Mapping[str, Sequence[str]] = {
    "start": ("help/start", "help/concepts"),
    "roles": ("help/technician", "help/dispatcher", "help/manager", "help/operator", "help/customer"),
    "tasks": ("desk", "remote", "visits", "stock", "billing", "customers", "people"),
    "runbook": ("runbook", "faults"),
    "reference": ("glossary", "appliances", "conventions", "detectors", "rules", "settings"),
}
"""Group → its pages, as files below docs/ without their ending."""

_PLAIN = re.compile(r"<[^>]+>")
_SLUG = re.compile(r"[^\w]+")


class HelpError(Exception):
    """The help can't be built; the message says which page is missing."""


def write_help(root: Path) -> None:
    """Write the help of the tree at ``root`` to where the bundler takes files over as they are."""
    folder = root / "api" / "console" / "public" / "help"
    folder.mkdir(parents=True, exist_ok=True)
    for language in LANGUAGES:
        text = json.dumps(help_of(root / "docs", language), ensure_ascii=False, separators=(",", ":"))
        (folder / f"{language}.json").write_text(text, encoding="utf-8")


def help_of(docs: Path, language: str) -> dict[str, list[dict[str, str]]]:
    """All pages in a language."""
    pages = [page_of(docs, name, group, language) for group, names in GROUPS.items() for name in names]
    return {"pages": pages}


def page_of(docs: Path, name: str, group: str, language: str) -> dict[str, str]:
    """One page: its address, title, HTML, and its words to be searched."""
    spoken = docs / "help" / language / f"{slug_of(name)}.md"
    is_spoken = spoken.is_file()
    file = spoken if is_spoken else docs / f"{name}.md"
    if not file.is_file():
        raise HelpError(f"the help names a page that is not there: {file}")
    title, body = rendered(file.read_text(encoding="utf-8"))
    words = html.unescape(_PLAIN.sub(" ", body))
    return {
        "slug": slug_of(name),
        "group": group,
        "title": title,
        "language": language if is_spoken else "en",
        "html": body,
        "text": " ".join(words.split()),
    }


def rendered(text: str) -> tuple[str, str]:
    """The title and the HTML of a page."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse(text)
    title = ""
    kept: list[Token] = []
    for place, token in enumerate(tokens):
        if token.type == "heading_open":
            words = tokens[place + 1].content
            title = title or words.replace("`", "")
            token.attrSet("id", _SLUG.sub("-", words.lower()).strip("-"))
        if token.type == "inline":
            token.children = _linked(token.children or [])
        kept.append(token)
    return title, parser.renderer.render(kept, parser.options, {})


def _linked(tokens: list[Token]) -> list[Token]:
    """The tokens of a line, their links leading into the help, out of it, or nowhere; pictures go."""
    ours = {Path(name).name for names in GROUPS.values() for name in names}
    kept: list[Token] = []
    is_open = True
    for token in tokens:
        if token.type == "image":
            continue
        if token.type == "link_open":
            target, _, place = str(token.attrs.get("href", "")).partition("#")
            name = Path(target).stem
            is_ours = target.endswith(".md") and name in ours
            is_open = is_ours or target.startswith("https://") or (not target and bool(place))
            if is_ours:
                token.attrSet("href", f"/help/{name}{f'#{place}' if place else ''}")
        if token.type in {"link_open", "link_close"} and not is_open:
            continue
        kept.append(token)
    return kept


def slug_of(name: str) -> str:
    """The last part of a page's address."""
    return Path(name).name
