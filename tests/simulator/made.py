"""What several of the simulator's tests make: chunks of some days, and a service that only acknowledges."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

import aiomqtt
import msgspec
import numpy as np
from numpy.typing import NDArray

from simulator.distribution import Distribution
from simulator.fleet import Fleet
from simulator.reports import Reports, join
from simulator.specification import FleetSpecification
from simulator.weather import DAY_MS

START_MS = 1_790_000_100_000
NUMBERED = re.compile(rb'^\{"boot":"(\w+)","seq":(\d+),')


def run_days(fleet: Fleet, days: int, *, kind: str) -> Reports:
    """All that the appliances of one kind report in that many days of history."""
    parts = []
    for day in range(days):
        parts += [chunk for chunk in fleet.advance(fleet.start_ms + (day + 1) * DAY_MS) if chunk.kind == kind]
    return join(parts)


def calm_fleet(specification: FleetSpecification) -> FleetSpecification:
    """The same fleet, in which nothing happens beside gradual faults, one at most, people are at home, and sensors only have noise."""
    sensors = replace(
        specification.sensors, missing_samples=0.0, missing_readings=0.0, spikes=0.0, faulty_share=0.0, absent={}
    )
    life = replace(specification.life, moves_per_year=0.0, setting_changes_per_year=0.0, gaps_per_year=0.0)
    cohorts = replace(specification.cohorts, update_share=0.0)
    one = Distribution(1.0, 1.0)
    wear = replace(specification.wear, at_most_one=True, effect=one, abrupt_share=0.0, repaired_share=0.0)
    homes = {**specification.homes, "away_days_per_year": Distribution(0.0, 0.0)}
    return replace(specification, sensors=sensors, life=life, cohorts=cohorts, wear=wear, homes=homes)


def column(chunk: Reports, metric: str) -> NDArray[np.float64]:
    """One metric of a chunk."""
    return chunk.values[:, chunk.metrics.index(metric)]


@dataclass(slots=True)
class Acknowledger:
    """The service as an appliance sees it: takes every message once, and acknowledges what is there without a hole."""

    host: str
    port: int
    topic_root: str = "fettle/v1"
    is_acknowledging: bool = True
    seen: dict[tuple[str, str], dict[int, bytes]] = field(default_factory=dict)
    """(topic without channel, boot) → seq → payload."""
    statuses: list[tuple[str, bytes]] = field(default_factory=list)
    results: list[bytes] = field(default_factory=list)
    repeats: int = 0
    client: aiomqtt.Client | None = None

    async def run(self) -> None:
        """Serve until cancelled."""
        async with aiomqtt.Client(self.host, self.port, identifier="service") as self.client:
            await self.client.subscribe(
                [(f"{self.topic_root}/+/+/{name}", 1) for name in ("telemetry", "event", "status", "result")]
            )
            async for message in self.client.messages:
                assert isinstance(message.payload, bytes)
                await self._take(str(message.topic), message.payload)

    async def _take(self, topic: str, payload: bytes) -> None:
        who, _, channel = topic.rpartition("/")
        if channel == "status":
            self.statuses.append((topic, payload))
        elif channel == "result":
            self.results.append(payload)
        else:
            await self._number(who, payload)

    async def _number(self, who: str, payload: bytes) -> None:
        found = NUMBERED.match(payload)
        assert found is not None
        boot, seq = found[1].decode(), int(found[2])
        seen = self.seen.setdefault((who, boot), {})
        self.repeats += seq in seen
        seen.setdefault(seq, payload)
        upto = -1
        while upto + 1 in seen:
            upto += 1
        if self.is_acknowledging and upto >= 0 and self.client is not None:
            await self.client.publish(f"{who}/ack", msgspec.json.encode({"boot": boot, "upto": upto}))
