"""What the detectors say of many at once opens an incident, or feeds the one that stands for the same; nobody is sent.

While it stands the incident does, too, and its appliances are its members; when it is taken back the incident ends as any other does,
where nothing of their own keeps it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Row, insert, select, update

from alerts.appliances.directory import ensure_appliance
from alerts.database import Transaction
from alerts.incidents.grouping import Deviating, Group, open_incident
from alerts.incidents.incident import IncidentKind, IncidentState, interval_of
from alerts.incidents.rules import RULES, scope_of
from alerts.incidents.tables import incident_members, incidents
from detectors.finding import FleetFinding
from ingest.profiles.definition import Profile

SAID = {
    "en": "{who} {reads} at once ({what}): {crossed} of {exposed}. Their alarms wait until what they share is known; no visit.",
    "zh": "{who}同时{reads}（{what}）：{exposed} 台中 {crossed} 台。在共同原因查明前暂不报警，无需上门。",
}
READS = {True: {"en": "read high", "zh": "读数偏高"}, False: {"en": "read low", "zh": "读数偏低"}}
ANYTHING = {"en": "several readings", "zh": "多项读数"}
WITH_FIRMWARE = {"en": "{model} with firmware {firmware}", "zh": "固件为 {firmware} 的 {model} "}
IN_REGION = {"en": "{kind}, {region},", "zh": "{region} 的{kind}"}
OF_KIND = {"en": "{kind}, all of the fleet,", "zh": "全部{kind}"}


def take_fleet_finding(
    t: Transaction, finding: FleetFinding, profiles: Mapping[str, Profile], deviating: Deviating
) -> str | None:
    """Take in what is said of many: the incident that was opened for it, if one was."""
    key = f"{finding.kind[:48]}:{finding.raised_ms}"  # the column holds 64 characters
    row = t.connection.execute(select(incidents).where(incidents.c.fleet_key == key)).one_or_none()
    if finding.cleared_ms is not None:
        if row is not None:
            _write(t, row, {"fleet_key": None, "seen_ms": t.now_ms})
        return None
    is_new = False
    if row is None:
        row, is_new = _standing_or_opened(t, finding)
    affected = len(finding.appliances)
    low, high = interval_of(affected, finding.exposed)
    values = {"fleet_key": key, "said": _said(finding, profiles.get(finding.kind)), "affected": affected, "low": low}
    _write(t, row, values | {"high": high, "exposed": finding.exposed, "peak": max(row.peak, affected)})
    _join(t, row, finding, deviating)
    return row.id if is_new else None


def _standing_or_opened(t: Transaction, finding: FleetFinding) -> tuple[Row[Any], bool]:
    """The open incident for the same, or a new one, and whether it is new."""
    is_firmware = finding.model is not None and finding.firmware is not None
    kind = IncidentKind.FIRMWARE if is_firmware else IncidentKind.WEATHER
    values = (finding.model, finding.firmware) if is_firmware else (finding.region or finding.kind,)
    standing = (incidents.c.kind == kind.value) & (incidents.c.scope == scope_of(values))
    row = t.connection.execute(
        select(incidents).where(standing, incidents.c.state == IncidentState.OPEN.value)
    ).one_or_none()
    if row is not None:
        return row, False
    rule = next(rule for rule in RULES if rule.kind is kind)
    names = tuple(str(value) for value in values)
    group = Group(rule, names, len(finding.appliances), finding.exposed, finding.since_ms, None)
    return open_incident(t, group), True


def _join(t: Transaction, row: Row[Any], finding: FleetFinding, deviating: Deviating) -> None:
    """Write down who is new among its members, with the alert of evidence that stands of each."""
    known = set(t.connection.execute(_members_of(incident_members.c.incident_id == row.id)).scalars())
    new = [one for one in finding.appliances if one not in known]
    if not new:
        return
    for one in new:
        ensure_appliance(t, one, finding.kind)
    own = deviating(finding.since_ms - 1).subquery()
    standing = t.connection.execute(select(own.c.appliance_id, own.c.alert_id).where(own.c.appliance_id.in_(new)))
    alert_of = {row.appliance_id: row.alert_id for row in standing}
    t.connection.execute(
        insert(incident_members),
        [
            {"incident_id": row.id, "appliance_id": one, "alert_id": alert_of.get(one), "joined_ms": t.now_ms}
            for one in new
        ],
    )


def _members_of(which: ColumnElement[bool]) -> Any:
    return select(incident_members.c.appliance_id).where(which)


def _write(t: Transaction, row: Row[Any], values: Mapping[str, Any]) -> None:
    t.connection.execute(update(incidents).where(incidents.c.id == row.id).values(**values))


def _said(finding: FleetFinding, profile: Profile | None) -> dict[str, str]:
    """The presumed cause in words, by language."""
    feature = next((one for one in profile.features if one.name == finding.feature), None) if profile else None
    who = WITH_FIRMWARE if finding.firmware else IN_REGION if finding.region else OF_KIND
    said = {}
    for language, text in SAID.items():
        kind = (profile.label if profile else {}).get(language, finding.kind)
        what = (feature.label if feature else ANYTHING).get(language) or finding.feature
        names = {"kind": kind, "model": finding.model, "firmware": finding.firmware, "region": finding.region}
        said[language] = text.format(
            who=who[language].format(**names),
            reads=READS[finding.reads_high][language],
            what=what,
            crossed=len(finding.appliances),
            exposed=finding.exposed,
        )
    return said
