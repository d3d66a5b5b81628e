"""What was heard of foreign devices and not read: the same from the command line and the API."""

from __future__ import annotations

from ingest.wire.foreign.heard import Unread
from ingest.wire.foreign.traces import FILE_NAME, Told, Traces, read_told
from tests.api.house import House


def traces() -> Traces:
    """A plug of which one thing is left out twice, with advice, and a topic that nobody reads."""
    made = Traces()
    made.hear("tele/plug", "tasmota", ("plug", "generic"), 1_795_256_032_000, 2)
    for _ in range(2):
        made.leave_out("tele/plug", "RC", Unread.TEXT, "NEC")
    made.advise("tele/plug", "name its timezone")
    made.miss("z2m2/bridge/state", 1_795_256_032_000, "another bridge")
    return made


def test_the_api_lists_what_is_not_read(house: House) -> None:
    """Each device with what of it is left out, why, how often, and what to do; topics that no codec reads beside them."""
    (house.context.settings.data_dir / FILE_NAME).write_bytes(traces().to_bytes())

    found = house.get("/devices").json()

    (device,) = found["devices"]
    assert (device["name"], device["appliance_id"], device["readings"]) == ("tele/plug", "plug", 2)
    assert device["left_out"] == [{"what": "RC", "reason": "text", "count": 2, "said": "NEC"}]
    assert device["advice"] == ["name its timezone"]
    assert [topic["topic"] for topic in found["unread_topics"]] == ["z2m2/bridge/state"]


def test_a_house_without_foreign_devices_lists_none(house: House) -> None:
    """Where nothing was written down, or something else, the lists are empty."""
    assert house.get("/devices").json() == {"devices": [], "unread_topics": []}
    file = house.context.settings.data_dir / FILE_NAME
    file.write_bytes(b"[1]")

    assert read_told(file) == Told()
