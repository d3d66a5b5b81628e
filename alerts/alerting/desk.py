"""Alerts, as they are asked for, and the detectors' way in."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from alerts.alerting.alert import Alert
from alerts.alerting.following import ask_again, has_unsettled
from alerts.alerting.intake import take_finding
from alerts.alerting.reading import count_alerts, deviating, list_alerts, read_alert
from alerts.appliances.directory import set_conditions
from alerts.cursors.checkpoint import DETECT, load_checkpoint, load_row, move_cursor, save_checkpoint
from alerts.database import Transaction, UnitOfWork, wait_for_turn
from alerts.incidents.desk import WhenHeld
from alerts.incidents.fleet import take_fleet_finding
from alerts.lifecycle import AlertState
from alerts.page import LIMIT_DEFAULT, Page
from detectors.finding import Checkpoint, DetectCommit, FindingChannel
from ingest.profiles.definition import Profile


@dataclass(frozen=True, slots=True)
class Alerts:
    """Standing conditions; one method, one transaction."""

    unit: UnitOfWork
    profiles: Mapping[str, Profile]

    def page(
        self,
        *,
        state: AlertState | None = None,
        appliance_id: str | None = None,
        incident_id: str | None = None,
        channels: Collection[FindingChannel] = (),
        cursor: str | None = None,
        limit: int = LIMIT_DEFAULT,
    ) -> Page[Alert]:
        """One page of alerts, newest first."""
        return self.unit.look(
            lambda t: list_alerts(
                t,
                state=state,
                appliance_id=appliance_id,
                incident_id=incident_id,
                channels=channels,
                cursor=cursor,
                limit=limit,
            ),
        )

    def read(self, alert_id: str) -> Alert:
        """One alert."""
        return self.unit.look(lambda t: read_alert(t, alert_id))

    def counts(self) -> Mapping[AlertState, int]:
        """How many alerts stand in each state."""
        return self.unit.look(count_alerts)

    def ask_again(self, after: int = 0) -> int | None:
        """Ask the pipeline again about a page of unsettled alerts; returns where the next page begins, if any."""
        if not self.unit.look(has_unsettled):
            return None
        return self.unit.write(lambda t: ask_again(t, self.profiles, after=after))


@dataclass(frozen=True, slots=True)
class Findings:
    """The detectors' way in: a :class:`detectors.finding.FindingSink`.

    Detector checkpoint, findings, alerts, tickets and notices become durable together.
    """

    unit: UnitOfWork
    profiles: Mapping[str, Profile]
    when_held: WhenHeld

    def load(self) -> Checkpoint:
        """The detectors' state of the last commit; position 0 and no rows for a new installation."""
        return self.unit.look(load_checkpoint)

    def load_of(self, appliance_id: str) -> Checkpoint:
        """The state of one appliance, with what belongs to none."""
        return self.unit.look(lambda t: load_row(t, appliance_id))

    def commit(self, step: DetectCommit) -> None:
        """Make one step of the detectors durable, with all that follows from it; a repeated step changes nothing."""

        def work(t: Transaction) -> None:
            if not move_cursor(t, DETECT, step.position):
                return
            save_checkpoint(t, step.rows, step.shared)
            wait_for_turn(t.connection)
            set_conditions(t, list(step.conditions))
            for many in step.fleet_findings:
                opened = take_fleet_finding(t, many, self.profiles, deviating)
                if opened is not None:
                    self.when_held(t, opened)
            for finding in step.findings:
                take_finding(t, finding, self.profiles)

        self.unit.write(work, take_turn=False)
