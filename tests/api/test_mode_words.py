"""The modes that appliances tell of have words in both of the console's languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import api
from ingest.profiles import load_profiles


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_mode_of_the_shipped_profiles_has_words(language: str) -> None:
    """Else a page in Chinese names what an appliance does in English."""
    words = Path(api.__file__).parent / "console/src/i18n/more/session.ts"
    found = re.search(
        rf"const {language}\b.*?\n    modes: \{{(.*?)\n    \}},", words.read_text(encoding="utf-8"), re.DOTALL
    )
    assert found is not None

    named = set(re.findall(r"\n      (\w+): ", found[1]))

    assert {mode for profile in load_profiles().values() for mode in profile.modes} <= named
