"""Who holds which name: so many for each who speaks, whatever others invent, and the same over a restart."""

from __future__ import annotations

import json

import pytest

from ingest.wire.columns import BatchDecoder
from ingest.wire.foreign import claims as claims_module
from ingest.wire.foreign import codecs_of
from ingest.wire.foreign.claims import Claims
from ingest.wire.foreign.devices import DeviceBook
from ingest.wire.foreign.discovery import Discovery


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forty names in all, ten for each who speaks, three each once half are gone."""
    monkeypatch.setattr(claims_module, "CLAIMS_MAX", 40)
    monkeypatch.setattr(claims_module, "OF_SPEAKER_MAX", 10)
    monkeypatch.setattr(claims_module, "OF_SPEAKER_MIN", 3)


def spend(claims: Claims, by: str, count: int) -> int:
    """How many of so many names somebody gets."""
    return sum(claims.of("space", f"{by} {number}", "owner", by=by) for number in range(count))


def test_who_speaks_has_a_share_and_others_have_theirs() -> None:
    """Ten of twenty; two more who spend as much, and a newcomer has three still, also after a restart."""
    claims = Claims()

    assert [spend(claims, by, 20) for by in ("evil", "worse", "late", "small")] == [10, 10, 3, 3]

    again = Claims()
    again.load({key: said for key, said in claims.learned().items() if said is not None})
    assert [spend(again, by, 21) for by in ("evil", "new")] == [10, 3]  # the ten that it had
    assert again.holder("space", "evil 0") == "owner"


def test_what_is_freed_or_goes_to_another_is_paid_no_more() -> None:
    """A name that is released, taken by right, or given away by the operator leaves room for another."""
    claims = Claims()
    spend(claims, "evil", 10)

    claims.release("space", "evil 0")
    claims.take("space", "evil 1", "rightful", by="washer")
    claims.reserve("space", "evil 2", "named")

    assert sum(claims.of("more", str(number), "owner", by="evil") for number in range(9)) == 3
    assert claims.holder("space", "evil 1") == "rightful"


def test_a_name_is_taken_by_right_also_by_who_has_spent_the_share() -> None:
    """What somebody else holds goes over, as it is no further name; one that is free does not."""
    claims = Claims()
    spend(claims, "thief", 1)
    spend(claims, "washer", 10)

    assert claims.take("space", "thief 0", "rightful", by="washer")
    assert not claims.take("space", "free", "rightful", by="washer")
    assert claims.holder("space", "free") is None


def test_names_kept_by_an_earlier_version_are_known() -> None:
    """They stand without who paid, and count for nobody's share."""
    claims = Claims()
    claims.load({f"space\n{number}": "owner" for number in range(12)})

    assert claims.holder("space", "3") == "owner"
    assert spend(claims, "new", 20) == 10 - 2  # twenty, half of all, are gone then


@pytest.mark.parametrize("where", ["descriptions", "topics"])
def test_an_account_that_invents_names_leaves_others_theirs(where: str) -> None:
    """Identifiers in descriptions, or devices under topics: the next washer has its plain id and metric, and joins what it said."""
    discovery = Discovery()
    decoder = BatchDecoder(
        codecs=codecs_of(("tasmota", "homeassistant"), discovery), devices=DeviceBook({}, discovery.claims)
    )
    for number in range(50):
        if where == "descriptions":
            hear(decoder, "homeassistant/sensor/evil/config", config("evil", [f"i{number}"], f"devices/evil/{number}"))
        else:
            hear(decoder, f"tele/evil/a{number}/SENSOR", {"ENERGY": {"Power": 1}})

    hear(decoder, "homeassistant/sensor/washer/config", config("washer", ["washer", "w2"], "devices/washer/power"))
    hear(decoder, "homeassistant/sensor/washer/t/config", config("t", ["w2"], "devices/washer/t"))

    for topic in ("devices/washer/power", "devices/washer/t"):
        assert decoder.sources.of(topic).appliance_id == "washer"
    assert len(discovery.claims.learned()) < 20


def config(name: str, identifiers: list[str], topic: str) -> dict[str, object]:
    """A description."""
    return {"name": name, "stat_t": topic, "unit_of_meas": "W", "dev": {"ids": identifiers}}


def hear(decoder: BatchDecoder, topic: str, said: object) -> None:
    """A message comes."""
    source = decoder.sources.of(topic)
    assert source.read is not None
    source.read(json.dumps(said).encode())
