"""Print the table of ``understood.md``: what each foreign convention says, and what becomes of it, from the tests' cases.

The cases stand in ``tests/ingest/wire/foreign/cases/``, and ``tests/ingest/wire/foreign/test_field_cases.py`` runs each of them.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

CASES = Path(__file__).resolve().parents[1] / "tests" / "ingest" / "wire" / "foreign" / "cases"
HEAD = """# What is understood of each foreign convention?

Every line is a test; this page is made from them by `make docs`. How it works: [conventions](conventions.md).

| convention | what is said | readings | and besides |
|---|---|---|---|
"""


def page() -> str:
    """The whole page."""
    lines = [
        _line(file.stem, case)
        for file in sorted(CASES.glob("*.json"))
        for case in json.loads(file.read_text(encoding="utf-8"))
    ]
    return HEAD + "\n".join(lines) + "\n"


def _line(convention: str, case: dict[str, Any]) -> str:
    """One case."""
    readings = "; ".join(
        f"`{who}`: " + ", ".join(f"`{metric}` {value:g}" for metric, value in values.items())
        for who, values in case["readings"].items()
    )
    besides = [f"{who} is {state}" for who, state in case.get("state", {}).items()]
    besides += [f"refused: {case['refused']}"] if case.get("refused") else []
    besides += (
        [
            f"can't be: {', '.join(f'`{name}` {value:g}' for said in case['impossible'].values() for name, value in said.items())}"
        ]
        if case.get("impossible")
        else []
    )
    besides += [f"left out: {', '.join(case['left_out'])}"] if case.get("left_out") else []
    besides += ["time of arrival"] if case.get("arrival") else []
    besides += [f"advice: {case['advice']}"] if case.get("advice") else []
    besides += [f"setting: `{item}`" for item in case.get("topics", ())]
    said = case["name"].replace("|", "\\|")
    return f"| {convention} | {said} | {readings or 'none'} | {'; '.join(besides)} |"


if __name__ == "__main__":
    sys.stdout.write(page())
