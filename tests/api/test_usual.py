"""What is normal for one appliance, as the API tells it."""

from __future__ import annotations

from detectors.finding import DetectCommit
from detectors.pipeline import Pipeline
from ingest.profiles import load_profiles
from tests.api.house import House
from tests.detectors.made_fleet import fridge_batches


def test_what_the_detectors_have_learned_is_told_by_feature(house: House) -> None:
    """From the checkpoint that they left; none of an appliance that they have not seen, and 404 of one that nobody knows."""
    house.register("F1")
    house.register("F2")
    pipeline = Pipeline(load_profiles())
    for batch in fridge_batches({"F1": None}, days=26):
        pipeline.fold(batch)
    house.context.desk.findings.commit(DetectCommit(1, pipeline.packed_changes(), pipeline.shared(), (), ()))

    usual = {one["feature"]: one for one in house.get("/appliances/F1/usual").json()["items"]}

    assert usual["fresh_food_error"]["unit"] == "K"
    assert -2 < usual["fresh_food_error"]["low"] < usual["fresh_food_error"]["high"] < 2
    assert usual["mean_power"]["rows"] >= 14
    assert house.get("/appliances/F2/usual").json()["items"] == []
    assert house.get("/appliances/F3/usual").status_code == 404
