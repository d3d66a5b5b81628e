"""What ``fettle status`` says of a fit whose findings have become others."""

from __future__ import annotations

from api.commands.looking import ANOTHER, drift_of


def test_drift_is_told_by_kind_and_input_with_what_to_do() -> None:
    """Only what has moved is named, from the limit on."""
    figures = {
        "fettle_fit_drift dryer severity": ANOTHER,
        "fettle_fit_drift dryer score": ANOTHER - 0.01,
        "fettle_fit_drift oven days since": 0.4,
        "fettle_ledger_gap": 3.0,
    }

    said = drift_of(figures)

    assert "dryer are no more as the fit learned them (severity 0.25)" in said
    assert "oven are no more as the fit learned them (days since 0.40)" in said
    assert "score" not in said
    assert "fettle train" in said


def test_no_drift_is_told_apart_from_not_knowing() -> None:
    """Nothing moved, and nothing to say: two words."""
    assert drift_of({"fettle_fit_drift dryer severity": 0.1}) == "none"
    assert drift_of({}).startswith("not known")
