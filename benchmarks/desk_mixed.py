"""A hundred thousand standing alerts of every kind, ten thousand each: what a round over all of them costs."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

from alerts.alerting.tables import episodes
from alerts.appliances.tables import listening
from alerts.desk import Desk
from alerts.gate.tables import mode_standings
from alerts.silences.tables import silences
from alerts.tickets.tables import tickets
from benchmarks.desk_town import DAY_MS, HOUR_MS, NOW_MS, raise_alerts, settle, town, write_rows
from benchmarks.figure import Figure

FIGURES = ("desk_mixed_100k_cpu_s",)
EACH, APPLIANCES = 10_000, 10_000
MINUTE_MS = 60_000
LATELY = {"raised_ms": NOW_MS - HOUR_MS}
KINDS: Mapping[str, Mapping[str, Any]] = {
    "silenced": {},
    "flapping": {"decision": "note", **LATELY},
    "known_usage": {"decision": "note"},
    "symptom_of_open_ticket": {"decision": "note", "ticket": "open"},
    "inhibited_recent_repair": {},
    "rule_rests": {"channel": "rule", **LATELY},
    "only_watched": {"decision": "note"},
    "after_restart": {"created_ms": NOW_MS},
    "data_fault_no_ticket": {"channel": "data", "decision": "never"},
    "ticket_opened": {"decision": "open", "ticket": "open"},
}
"""By its reason, what an alert of a kind says beside it."""


def measure() -> Iterator[Figure]:
    """CPU of one round over all of them; nothing has changed, so that nothing is decided otherwise."""
    with town() as (desk, _clock):
        settle(desk, APPLIANCES)
        _surround(desk)
        for place, (reason, says) in enumerate(KINDS.items()):
            columns = {name: value for name, value in says.items() if name != "ticket"}
            raise_alerts(desk, EACH, start=place * EACH, reason=reason, with_ticket="ticket" in says, **columns)
        begun = time.process_time()
        after: int | None = 0
        while after is not None:
            after = desk.alerts.ask_again(after)
        spent_s = time.process_time() - begun
        changed = [one.reason for one in desk.alerts.page(limit=500).items if one.reason not in KINDS]
        if changed:
            raise AssertionError(f"decided otherwise: {changed[0]}")
        yield Figure("desk_mixed_100k_cpu_s", spent_s, "s", EACH * len(KINDS))


def _surround(desk: Desk) -> None:
    """What holds them: a silence, tickets that are open or over, a rule that has cleared, a watched mode, our return."""
    modes = {reason: f"mode_{place}" for place, reason in enumerate(KINDS)}
    standing = {"until_ms": NOW_MS + DAY_MS, "created_by": "anna", "created_ms": NOW_MS}
    write_rows(desk, silences, [{"id": "si_1", "fault_mode": modes["silenced"], "reason": "heat", **standing}])
    write_rows(
        desk, listening, [{"id": 1, "until_ms": NOW_MS, "away_from_ms": NOW_MS - DAY_MS, "away_until_ms": NOW_MS}]
    )
    write_rows(
        desk,
        mode_standings,
        [
            {
                "kind": "refrigerator",
                "model": f"M{n}",
                "fault_mode": modes["only_watched"],
                "state": "watch",
                "visits": 20,
                "in_vain": 15,
                "low": 0.5,
                "high": 0.9,
                "remote_tried": 0,
                "remote_solved": 0,
            }
            for n in range(2)
        ],
    )
    rests = modes["rule_rests"]
    cleared = {"fault_mode": rests, "raised_ms": NOW_MS - 3 * HOUR_MS, "cleared_ms": NOW_MS - 2 * HOUR_MS}
    write_rows(
        desk, episodes, [{"appliance_id": f"A-{n}", "alert_id": f"before_{n}", **cleared} for n in range(APPLIANCES)]
    )
    over: dict[str, dict[str, Any]] = {
        "known_usage": {"status": "closed", "closed_ms": NOW_MS - 40 * DAY_MS, "verdict": "usage"},
        "symptom_of_open_ticket": {"status": "open", "fault_mode": "cause"},
        "inhibited_recent_repair": {"status": "closed", "closed_ms": NOW_MS - HOUR_MS, "verdict": "confirmed"},
        "ticket_opened": {"status": "open"},
    }
    for reason, says in over.items():
        place = list(KINDS).index(reason) * EACH
        write_rows(desk, tickets, [_ticket(place + n, modes[reason], says) for n in range(EACH)])


def _ticket(n: int, fault_mode: str, says: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": f"tk_{n}",
        "appliance_id": f"A-{n % APPLIANCES}",
        "kind": "refrigerator",
        "fault_mode": fault_mode,
        "title": "It labours",
        "source": "prediction",
        "severity": 0.5,
        "opened_ms": NOW_MS - 41 * DAY_MS,
        "respond_by_ms": NOW_MS + DAY_MS,
        "resolve_by_ms": NOW_MS + DAY_MS,
        "version": 1,
        "priority": 3,
        "episode": 1,
        **says,
    }
