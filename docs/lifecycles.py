"""Print docs/lifecycles.md: the state diagrams, from the tables of alerts/lifecycle.py."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from enum import StrEnum

from alerts.care.lifecycle import ADVICE
from alerts.lifecycle import ALERT, COMMAND, FIX_FIRST, PROTECTION, SESSION, TICKET
from alerts.visits.lifecycle import VISIT

HEAD = """# The life cycles

What can happen to a ticket, a visit, an alert, a session, a command, what a customer tries first, a gentle mode and advice, drawn from the tables in `alerts/lifecycle.py` by
`make docs`. A step that is not drawn is refused, and changes nothing; steps that
leave the state as it is (comments, verdicts) are named below each diagram. `before_hold` is the state that a ticket was
in when it was put on hold.
"""


def diagram(noun: str, table: Mapping[StrEnum, Mapping[StrEnum, StrEnum]]) -> list[str]:
    """One life cycle as a Mermaid diagram."""
    first = next(iter(table))
    drawn = [f"## {noun}", "", "```mermaid", "stateDiagram-v2", f"    [*] --> {first}"]
    staying: dict[str, list[str]] = {}
    for state, steps in table.items():
        for step, after in steps.items():
            if after == state:
                staying.setdefault(step.value, []).append(state.value)
            else:
                drawn.append(f"    {state.value} --> {after.value}: {step.value}")
        if not steps:
            drawn.append(f"    {state.value} --> [*]")
    stays = [f"- `{step}` leaves {', '.join(states)} as it is." for step, states in sorted(staying.items())]
    return [*drawn, "```", *(["", *stays] if stays else []), ""]


def page() -> str:
    """The whole page."""
    tables = {
        "Ticket": TICKET,
        "Visit": VISIT,
        "Alert": ALERT,
        "Session": SESSION,
        "Command": COMMAND,
        "Fix-first": FIX_FIRST,
        "Protection": PROTECTION,
        "Advice": ADVICE,
    }
    lines = [HEAD]
    for noun, table in tables.items():
        lines += diagram(noun, table)  # type: ignore[arg-type]  # tables of several kinds of words, drawn alike
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())
