"""The page about the simulator shows what there is."""

from __future__ import annotations

import re
from pathlib import Path

from simulator.physics import KINDS

DOCS = Path(__file__).parent.parent.parent / "docs"
FLEETS = Path(__file__).parent.parent.parent / "simulator" / "fleets"
PAGE = (DOCS / "simulator.md").read_text("utf-8")


def test_every_kind_is_pictured() -> None:
    """The page has a picture of each kind, which its script draws, and none of anything else."""
    shown = re.findall(r"\(simulator/(\w+)\.svg\)", PAGE)
    drawn = re.findall(r'Picture\("(\w+)"', (DOCS / "simulator_pictures.py").read_text("utf-8"))

    assert sorted(shown) == sorted(drawn) == sorted(KINDS)
    for kind in KINDS:
        assert (DOCS / "simulator" / f"{kind}.svg").read_text("utf-8").startswith("<svg")


def test_every_fleet_is_explained() -> None:
    """The page says what each packaged fleet is for."""
    told = re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)

    assert sorted(told) == sorted(path.stem for path in FLEETS.glob("*.toml"))
