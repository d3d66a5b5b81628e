"""An id that somebody took before its owner came goes back to its owner, from the first message to the operator's command."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.admission.admission import Admission, Admitted
from ingest.books.books import FILE_NAME, Books
from ingest.sample import AdmittedBatch
from ingest.wire.columns import BatchDecoder
from ingest.wire.dead_letter import RefusalReason
from ingest.wire.foreign import CODECS, codecs_of
from ingest.wire.foreign.devices import DeviceBook
from ingest.wire.foreign.discovery import Discovery
from tests.api.test_cli import Run, run
from tests.ingest.admission.bench import NOW

__all__ = ["run"]

THIEF = "homeassistant/sensor/evil/config"
DESCRIBED = {
    "name": "power",
    "state_topic": "evil/power",
    "unit_of_measurement": "W",
    "device": {"identifiers": ["fridge-1"]},
}
OWNER = "fettle/v1/refrigerator/fridge-1/telemetry"


class Installation:
    """Admission over the data folder of an installation, as its service has it; ``start`` is also a restart."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.position = 0
        self.books = self.start()

    def start(self) -> Books:
        """Open what the service opens."""
        self.books = Books.open(self.folder / FILE_NAME)
        discovery = Discovery()
        decoder = BatchDecoder(
            codecs=codecs_of(list(CODECS), discovery),
            devices=DeviceBook(None, discovery.claims),
            remembering=(discovery,),
        )
        self.admission = Admission(self.books, decoder)
        return self.books

    def send(self, *messages: tuple[str, object]) -> Admitted:
        """Judge one batch."""
        self.position += 1
        payloads = [json.dumps(body).encode() for _, body in messages]
        return self.admission.admit(
            self.position, NOW, [topic for topic, _ in messages], payloads, [False] * len(messages)
        )

    def owner(self, seq: int) -> tuple[str, object]:
        """What the refrigerator itself says."""
        return OWNER, {"boot": "b", "seq": seq, "metrics": {"fresh_food_c": 4.5}}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Installation]:
    """An installation in which somebody has taken the id of a refrigerator that has never spoken."""
    made = Installation(tmp_path / "fettle-data")
    made.send((THIEF, DESCRIBED))
    taken = made.send(("evil/power", 100.0))
    assert who_speaks(taken.batch) == [("generic", "fridge-1")]
    yield made
    made.books.close()


def who_speaks(batch: AdmittedBatch) -> list[tuple[str, str]]:
    """Kind and id of each sample."""
    return [(block.kind, appliance_id) for block in batch.blocks for appliance_id in block.appliance_ids]


@pytest.mark.parametrize("is_restarted", [False, True])
def test_an_id_that_was_taken_goes_back_to_its_owner(house: Installation, run: Run, *, is_restarted: bool) -> None:
    """The owner's first word takes the id from the thief, the refusal names the command, and after it all is the owner's."""
    refused = house.send(house.owner(0))
    [letter] = list(house.books.dead_letters())
    command = letter.detail.rpartition("fettle ")[2]
    thief = who_speaks(house.send(("evil/power", 101.0)).batch)

    ended = run(*command.split())
    if is_restarted:
        house.books.close()
        house.start()
    after = house.send(house.owner(1), ("evil/power", 102.0))

    assert refused.refused == {RefusalReason.IDENTITY_MISMATCH: 1}
    assert command == "appliances assign fridge-1 --kind refrigerator"
    assert (ended.code, ended.err.strip()) == (0, "fridge-1 is a refrigerator from now on.")
    assert [kind for kind, _ in thief] == ["generic"]
    assert thief != [("generic", "fridge-1")]
    assert not after.refused
    assert who_speaks(after.batch) == [*thief, ("refrigerator", "fridge-1")]


def test_who_speaks_under_an_id_of_its_own_can_not_lose_it(house: Installation) -> None:
    """A foreign device that comes later and takes the name of an appliance of ours gets another id."""
    house.send(("fettle/v1/generic/oven-1/telemetry", {"boot": "b", "seq": 0, "metrics": {"power_w": 1}}))
    described = DESCRIBED | {"state_topic": "evil/other", "device": {"identifiers": ["oven-1"]}}
    house.send(("homeassistant/sensor/evil/other/config", described))

    [(_, thief)] = who_speaks(house.send(("evil/other", 7.0)).batch)

    assert thief.startswith("oven-1_")
