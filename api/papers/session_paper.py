"""A remote diagnosis on paper: the receipt says who did what, when, and what came of it; the report says all of it.

The report adds every line that was written down, and charts of what the appliance measured meanwhile.
A code that was shown for consent stands on neither.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from alerts.lifecycle import SESSION_LIVE
from alerts.remote.session import Command, DiagnosisSession, ProcedureRecord, TranscriptEntry
from api.papers.paper import Chart, Facts, Grid, Paper, Section, Words
from api.papers.session_words import WORDS, word_of_event, word_of_reason, word_of_state
from ingest.profiles.definition import Profile, RemoteTest

REFRESH_S = 5
TOLD_MOST = 300
NOT_TOLD = frozenset({"code", "session_id", "procedure_id", "name", "test", "component", "appliance_ts_ms", "ts_ms"})
BY_ITSELF = frozenset({"session.begin", "session.end"})


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom a paper is: the language, the clock on their wall, and what their appliance's kind is."""

    language: str = "en"
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    profile: Profile | None = None

    @property
    def words(self) -> Mapping[str, str]:
        """The words in their language."""
        return WORDS[self.language]

    def time(self, at: datetime | None) -> str:
        """A moment, to the second."""
        return "–" if at is None else f"{at.astimezone(self.zone):%Y-%m-%d %H:%M:%S}"

    def label(self, labels: Mapping[str, str] | None, name: str) -> str:
        """What something is called in their language, else by its name."""
        found = labels or {}
        return found.get(self.language) or found.get("en") or name

    def test(self, name: str) -> RemoteTest | None:
        """A test of the profile."""
        return None if self.profile is None else self.profile.tests.get(name)

    def fault(self, mode: str) -> str:
        """What a fault mode is called."""
        known = None if self.profile is None else self.profile.fault_modes.get(mode)
        return self.label(None if known is None else known.title, mode)


def receipt_of(session: DiagnosisSession, reader: Reader) -> Paper:
    """What the customer keeps; while the session lives it shows itself anew."""
    words = reader.words
    return Paper(
        reader.language,
        words["receipt"],
        (_who(session, reader), _sent(session, reader), _results(session, reader)),
        words["footer"].format(zone=reader.zone.key),
        REFRESH_S if session.state in SESSION_LIVE else None,
    )


def report_of(session: DiagnosisSession, reader: Reader, charts: Sequence[Chart] | None) -> Paper:
    """The receipt with charts (None: they can't be read now) and every line of the transcript."""
    words = reader.words
    receipt = receipt_of(session, reader)
    drawn = (Words(words["unreadable"]),) if charts is None else tuple(charts)
    lines = tuple(_line(one, session, reader) for one in session.transcript)
    more = (
        Section(words["charts"], drawn) if drawn else None,
        Section(words["transcript"], (Grid((words["when"], words["actor"], words["what"], ""), lines),)),
    )
    sections = (*receipt.sections, *(one for one in more if one is not None))
    return Paper(receipt.language, words["report"], sections, receipt.footer)


def _who(session: DiagnosisSession, reader: Reader) -> Section:
    words = reader.words
    kind = reader.label(None if reader.profile is None else reader.profile.label, session.kind)
    rows = [
        (words["ticket"], f"#{session.ticket_number}"),
        (words["appliance"], f"{kind} {session.appliance_id}"),
        (words["asked_by"], session.requested_by),
        (words["allowed"], words[f"scope_{session.scope.value}"] if session.granted_at else "–"),
        (words["state"], words[session.state.value]),
        (words["asked_at"], reader.time(session.requested_at)),
        (words["granted_at"], reader.time(session.granted_at)),
        (words["ended_at"], reader.time(session.ended_at)),
        *([(words["why_ended"], word_of_reason(words, session.end_reason))] if session.end_reason else []),
        (words["number"], session.id),
    ]
    return Section(words["who"], (Facts(tuple(rows)),))


def _sent(session: DiagnosisSession, reader: Reader) -> Section:
    words = reader.words
    rows = tuple(_command(one, reader) for one in session.commands if one.name not in BY_ITSELF)
    heads = (words["when"], words["what"], words["outcome"], words["seen"])
    return Section(words["sent"], (Grid(heads, rows) if rows else Words(words["nothing_sent"]),))


def _command(command: Command, reader: Reader) -> tuple[str, ...]:
    words = reader.words
    by = f"; {words['approved_by'].format(who=command.approved_by)}" if command.approved_by else ""
    outcome = word_of_state(words, command.state.value)
    why = f"{words['colon']}{word_of_reason(words, command.reason)}" if command.reason else ""
    seen = words[command.effect] if command.effect else "–"
    at = command.sent_at or command.issued_at
    return (reader.time(at), f"{_name(command, reader)} ({command.danger_class.value}{by})", f"{outcome}{why}", seen)


def _name(command: Command, reader: Reader) -> str:
    test = reader.test(str(command.args.get("test")))
    return reader.words.get(command.name, command.name) if test is None else reader.label(test.label, test.name)


def _results(session: DiagnosisSession, reader: Reader) -> Section:
    words = reader.words
    heads = (words["test"], words["measured"], words["sound"], words["verdict"], words["causes"])
    rows = tuple(_result(one, reader) for one in session.procedures)
    return Section(words["results"], (Grid(heads, rows) if rows else Words(words["nothing_found"]),))


def _result(procedure: ProcedureRecord, reader: Reader) -> tuple[str, ...]:
    words = reader.words
    test = reader.test(procedure.test)
    unit = "" if test is None else f" {test.unit}"
    measured = "–" if procedure.measured is None else f"{procedure.measured:.4g}{unit}"
    sound = "–" if test is None else f"{test.healthy[0]:g} – {test.healthy[1]:g}{unit}"
    verdict = words[procedure.verdict] if procedure.verdict else words[procedure.state.value]
    why = f"{words['colon']}{word_of_reason(words, procedure.reason)}" if procedure.reason else ""
    name = reader.label(None if test is None else test.label, procedure.test)
    return (name, measured, sound, f"{verdict}{why}", _moved(procedure, reader))


def _moved(procedure: ProcedureRecord, reader: Reader) -> str:
    if procedure.before is None or procedure.after is None:
        return "–"
    was = {one["fault_mode"]: one["probability"] for one in procedure.before["causes"]}
    return "; ".join(
        f"{reader.fault(one['fault_mode'])} {was.get(one['fault_mode'], 0.0):.0%} → {one['probability']:.0%}"
        for one in procedure.after["causes"][:3]
    )


def _line(entry: TranscriptEntry, session: DiagnosisSession, reader: Reader) -> tuple[str, ...]:
    words = reader.words
    command = next((one for one in session.commands if one.id == entry.command_id), None)
    if command is None:
        what = words.get(f"event_{entry.event}", entry.event)
    else:
        what = f"{_name(command, reader)}{words['colon']}{word_of_event(words, entry.event)}"
    test = reader.test(str(entry.data.get("test")))
    told = [] if test is None else [reader.label(test.label, test.name)]
    told += [
        word_of_reason(words, value) if key == "reason" else _told(key, value, reader)
        for key, value in _flat(entry.data)
        if key not in NOT_TOLD and (key, entry.event) != ("reason", "command")  # which says what stands in the line
    ]
    return (f"{entry.at.astimezone(reader.zone):%H:%M:%S}", entry.actor, what, "; ".join(told)[:TOLD_MOST])


def _told(key: str, value: str, reader: Reader) -> str:
    """What a line carries under a name, in the reader's words; a metric with its unit."""
    metric = None if reader.profile is None else reader.profile.metrics.get(key)
    if metric is not None:
        unit = "" if metric.unit in {"", "bool"} else f" {metric.unit}"
        return f"{reader.label(metric.label, key)} {reader.words.get(f'is_{value}', value)}{unit}"
    named = None if key != "metric" or reader.profile is None else reader.profile.metrics.get(value)
    said = reader.words.get(f"scope_{value}" if key == "scope" else value, value)
    return f"{reader.words.get(f'told_{key}', key)} {said if named is None else reader.label(named.label, value)}"


def _flat(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What a line carries, without brackets."""
    for key, value in data.items():
        if isinstance(value, Mapping):
            yield from _flat(value)
        elif isinstance(value, list | tuple):
            parts = ((told for name, told in _flat({"": one}) if name not in NOT_TOLD) for one in value)
            yield key, ", ".join(" ".join(part) for part in parts)
        elif value is not None:
            yield key, f"{value:.4g}" if isinstance(value, float) else str(value)
