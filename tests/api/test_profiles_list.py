"""What the API tells of the profiles: names for people, in their language."""

from __future__ import annotations

from tests.api.house import House


def test_profiles_name_metrics_features_and_fault_modes_in_the_callers_language(house: House) -> None:
    """A console names everything in the reader's language without knowing any kind itself."""
    found = house.get("/profiles", headers={"accept-language": "zh-CN,zh;q=0.9"})

    profiles = {profile["kind"]: profile for profile in found.json()["items"]}
    assert set(profiles) >= {"refrigerator", "washing_machine", "generic"}
    washer = profiles["washing_machine"]
    assert washer["label"] == "洗衣机"
    drain = next(feature for feature in washer["features"] if feature["name"] == "drain_time")
    assert drain["metric"] == "drain_s"
    assert drain["label"] == "排水时间"
    assert all(mode["title"] for mode in washer["fault_modes"])
    assert {"name": "data_gap", "title": "读数缺失"} in washer["data_faults"]
    assert {"name": "drain_60_s", "label": "排水一分钟", "danger_class": "R2"} in washer["tests"]
