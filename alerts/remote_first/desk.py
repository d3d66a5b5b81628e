"""The stage *remote first*, as it is asked for, ended, and moved by time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from alerts.database import Transaction, UnitOfWork
from alerts.remote_first.stage import RemoteExit, RemoteStage
from alerts.remote_first.staging import end_stage, has_stages, read_stage, settle_stages
from ingest.profiles.definition import Profile


@dataclass(frozen=True, slots=True)
class RemoteFirst:
    """What is tried from afar before anybody drives; one method, one transaction."""

    unit: UnitOfWork
    profiles: Mapping[str, Profile]

    def read(self, ticket_ref: str) -> RemoteStage | None:
        """The stage of a ticket; nothing where there is nothing to try."""
        return self.unit.look(lambda t: read_stage(t, ticket_ref, self.profiles))

    def end(self, ticket_ref: str, wanted: RemoteExit, *, note: str | None = None) -> RemoteStage | None:
        """A person says how it ended."""

        def work(t: Transaction) -> RemoteStage | None:
            end_stage(t, ticket_ref, wanted, self.profiles, note=note)
            return read_stage(t, ticket_ref, self.profiles)

        return self.unit.write(work)

    def settle(self) -> int:
        """Let what happened begin and end stages; returns how many have ended."""
        if not self.unit.look(has_stages):
            return 0
        return self.unit.write(lambda t: settle_stages(t, self.profiles))
