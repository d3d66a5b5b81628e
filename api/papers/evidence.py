"""The evidence pack of an alert, gathered from the desk and the telemetry store; the same for the API and the command line."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version

from alerts.appliances.directory import ApplianceFilter
from alerts.desk import Desk
from alerts.errors import UnknownError
from api.papers.evidence_pack import PEERS_MAX, Facts, evidence_pack, metrics_behind, span_ms
from detectors.finding import FindingChannel
from ingest.profiles import profile_for
from ingest.profiles.definition import Profile
from ingest.store import TelemetryStore

DATA_ALERTS_MAX = 100


def gather_evidence(
    desk: Desk, store: TelemetryStore, profiles: Mapping[str, Profile], alert_id: str, appliance_id: str | None = None
) -> bytes:
    """The pack; raises :class:`UnknownError` where there is no such alert, or it is of another appliance."""
    alert = desk.alerts.read(alert_id)
    if appliance_id not in (None, alert.appliance_id):
        raise UnknownError(f"{appliance_id} has no alert {alert_id}.")
    appliance = desk.appliances.read(alert.appliance_id)
    profile = profile_for(alert.kind, profiles)
    metrics, (start_ms, end_ms) = metrics_behind(alert, profile) or None, span_ms(alert)
    alike = desk.appliances.page(ApplianceFilter(kind=alert.kind), limit=500).items
    same_model = [one.id for one in alike if one.id != appliance.id and one.model == appliance.model]
    series = {
        name: store.read(alert.kind, name, metrics, start_ms=start_ms, end_ms=end_ms)
        for name in (appliance.id, *sorted(same_model)[:PEERS_MAX])
    }
    said = desk.alerts.page(appliance_id=appliance.id, channels=(FindingChannel.DATA,), limit=DATA_ALERTS_MAX)
    own = series.pop(appliance.id)
    interval_s = profile.usual_interval_s
    facts = Facts(
        appliance.model, appliance.firmware, interval_s, own, series, tuple(said.items), version("fettle")
    )  # fmt: skip
    return evidence_pack(alert, profile, facts)
