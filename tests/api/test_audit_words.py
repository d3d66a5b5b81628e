"""What the audit records has a name in the console, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RECORDED = re.compile(r'record_(?:audit|look)\(\s*\w+,\s*"(\w+)\.(\w+)"')


@pytest.mark.parametrize("language", ["en", "zh"])
def test_each_action_that_is_recorded_has_words(language: str) -> None:
    """Its noun and its verb stand in the catalogue; steps of tickets may be named where tickets are."""
    sources = [path.read_text() for room in ("alerts", "api") for path in (ROOT / room).rglob("*.py")]
    actions = {found for source in sources for found in RECORDED.findall(source)}
    catalogues = ROOT / "api/console/src/i18n"
    settings, ticket, history = (
        re.search(rf"const {language}\b.*?\n\}};", (catalogues / name).read_text(), re.DOTALL)
        for name in ("more/settings.ts", "first/ticket.ts", "first/history.ts")
    )
    assert settings
    assert ticket
    assert history
    nouns, verbs = settings[0].split("nouns: {", 1)[1].split("verbs: {", 1)
    verbs = verbs.split("}", 1)[0] + ticket[0] + history[0]
    assert len(actions) > 30
    assert [f"{noun}.{verb}" for noun, verb in sorted(actions) if f" {noun}: " not in nouns] == []
    assert [f"{noun}.{verb}" for noun, verb in sorted(actions) if f" {verb}: " not in verbs] == []
