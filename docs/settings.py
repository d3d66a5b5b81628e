"""Print docs/settings.md: every setting, from the one place where settings are declared."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from api.settings.settings import PREFIX, Settings

HEAD = """# Which settings are there?

A TOML file (`fettle.toml` in the working folder, or `--config FILE`; keys in lower case, without the prefix), then the
environment, which wins. An unknown key, an unknown `FETTLE_*` variable or a wrong value stops the start and says what to
write instead. `fettle settings` prints what is in force and where it came from, secrets masked.

This page is made by `make docs`.

| environment | default | unit | means |
|---|---|---|---|
"""


def rows() -> list[str]:
    """A line of the table for each setting."""
    out = []
    for name, field in Settings.model_fields.items():
        extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        default = field.default
        shown = "" if default is None else ",".join(default) if isinstance(default, tuple) else str(default)
        out.append(
            f"| `{PREFIX}{name.upper()}` | {f'`{shown}`' if shown else ''} | {extra.get('unit', '')} | {field.description} |"
        )
    return out


if __name__ == "__main__":
    sys.stdout.write(HEAD + "\n".join(rows()) + "\n")
