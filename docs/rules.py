"""Print docs/rules.md: every rule of the desk, from the one place where rules are declared."""

from __future__ import annotations

import sys
import typing
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from alerts.rules.desk_rules import DeskRules
from alerts.rules.quantity import Rules

HEAD = """# Which rules does the desk go by?

What an organisation decides for itself stands in one TOML file (`FETTLE_RULES_FILE`); without it the
defaults hold. An unknown key or a wrong value stops the start with its file and its place. A file that is changed is read again
within seconds, without a restart; one that can't be meant then changes nothing, and `/readyz` and `/operations` say where it is
wrong. How the rules work together is told in [the desk](desk.md).

This page is made by `make docs`.
"""


def sections(rules: type[Rules], name: str, means: str) -> Iterator[str]:
    """A table for one part of the rules, then those of its parts."""
    own: list[str] = []
    parts: list[tuple[type[Rules], str, str]] = []
    for key, field in rules.model_fields.items():
        inner = part_of(field.annotation)
        if inner is None:
            own.append(row(key, field))
        else:
            parts.append((inner[0], inner[1].format(name=f"{name}.{key}" if name else key), field.description or ""))
    if own:
        yield f"\n## {f'`{name}`' if name else 'At the top'}\n\n{means}\n\n| key | default | unit | means |\n|---|---|---|---|"
        yield from own
    for part in parts:
        yield from sections(*part)


def part_of(annotation: object) -> tuple[type[Rules], str] | None:
    """The part that a field holds, and how its header is written."""
    if isinstance(annotation, type) and issubclass(annotation, Rules):
        return annotation, "[{name}]"
    origin, inside = typing.get_origin(annotation), typing.get_args(annotation)
    found = [one for one in inside if isinstance(one, type) and issubclass(one, Rules)]
    if not found:
        return None
    return found[0], "[[{name}]]" if origin is tuple else "[{name}.NAME]"


def row(key: str, field: FieldInfo) -> str:
    """A line of a table."""
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    default = field.get_default(call_default_factory=True)
    shown = "" if default in (None, PydanticUndefined, (), {}, frozenset()) else f"`{written(default)}`"
    return f"| `{key}` | {shown} | {extra.get('unit', '')} | {field.description or ''} |"


def written(value: object) -> str:
    """A default, as it is written."""
    if isinstance(value, tuple | list | frozenset):
        return ", ".join(written(one) for one in value)
    if isinstance(value, dict):
        return ", ".join(f"{key} = {written(one)}" for key, one in value.items())
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    sys.stdout.write(HEAD + "\n".join(sections(DeskRules, "", "")) + "\n")
