"""The console's types are the API's: made from its description, and never behind it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deploy.build_console import find_npm, run_npm_of_wheel, words_for_types
from tests.api.described import described

CONSOLE = Path(__file__).resolve().parents[2] / "api" / "console"


def test_the_consoles_types_are_those_of_the_api(tmp_path: Path) -> None:
    """`make docs` would change nothing: whoever changes the API renews the console's types with it."""
    if not (CONSOLE / "node_modules" / "openapi-typescript").is_dir() or find_npm() is not run_npm_of_wheel:
        pytest.skip("the console's packages are not installed; `make console` installs them")
    document = tmp_path / "openapi.json"
    made = tmp_path / "schema.d.ts"
    document.write_text(json.dumps(described()), encoding="utf-8")

    code = run_npm_of_wheel(words_for_types(document, made), CONSOLE)

    assert code == 0
    committed = (CONSOLE / "src" / "api" / "schema.d.ts").read_text(encoding="utf-8")
    assert made.read_text(encoding="utf-8") == committed, "run: make docs"
