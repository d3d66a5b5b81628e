"""What was heard of foreign devices and not read: the same from the command line and the API."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from api.http.app import make_app
from api.service.doctor import Grade
from ingest.wire.foreign.devices import Device
from ingest.wire.foreign.heard import Unread
from ingest.wire.foreign.traces import FILE_NAME, Told, Traces, read_told
from ingest.wire.foreign.unheard import Unheard, unheard_rows
from tests.api.house import House
from tests.api.test_cli import Run, run
from tests.api.test_doctor import diagnoses, unused_port

__all__ = ["run", "unused_port"]


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
    assert house.get("/devices").json() == {"devices": [], "unread_topics": [], "unheard": []}
    file = house.context.settings.data_dir / FILE_NAME
    file.write_bytes(b"[1]")

    assert read_told(file) == Told()


@pytest.mark.parametrize(
    ("name", "row", "unheard"),
    [
        ("tele/plug", "p", None),
        ("tele/plgu", "p", Unheard("tele/plgu", "p", "tele/plug")),
        ("zigbee2mqtt/freezer", "f", Unheard("zigbee2mqtt/freezer", "f")),
        ("homeassistant/Plug of the cellar", "plug", None),
    ],
    ids=["heard", "a slip of the pen", "nothing like it", "by another of its names"],
)
def test_a_row_of_the_devices_file_that_matches_nothing_is_found(name: str, row: str, unheard: Unheard | None) -> None:
    """With the device that may be meant, where one that no row names is called nearly so."""
    assert unheard_rows({name: Device(row)}, traces().told()) == ([] if unheard is None else [unheard])


def test_a_row_that_matches_nothing_is_told_everywhere(
    house: House, tmp_path: Path, run: Run, unused_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the API, by `fettle devices`, and by the doctor."""
    folder, file = house.context.settings.data_dir, tmp_path / "devices.toml"
    file.write_text('["tele/plgu"]\nid = "p"\n')
    settings = house.context.settings.model_copy(update={"devices_file": file})
    app = make_app(dataclasses.replace(house.context, settings=settings))
    where: dict[str, Any] = {"data_dir": folder, "devices_file": file, "http_listen": f"127.0.0.1:{unused_port}"}
    monkeypatch.setenv("FETTLE_DATA_DIR", str(folder))
    monkeypatch.setenv("FETTLE_DEVICES_FILE", str(file))

    (folder / FILE_NAME).write_bytes(traces().to_bytes())
    after = diagnoses(**where)["devices file"]
    (listed,) = dataclasses.replace(house, app=app).get("/devices").json()["unheard"]
    said = run("devices", "--json").out

    assert after.grade is Grade.DOUBT
    assert listed["name"] == "tele/plgu"
    for told in (after.cure, listed["sentence"], json.loads(said.splitlines()[-1])["unheard"]):
        assert "'tele/plgu', but 'tele/plug' is" in told
