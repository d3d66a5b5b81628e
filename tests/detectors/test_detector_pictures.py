"""The pictures of the page about the detectors are those that its script draws."""

from __future__ import annotations

import re
from pathlib import Path

from ingest.profiles import load_profiles

DOCS = Path(__file__).parent.parent.parent / "docs"


def test_the_page_shows_what_is_drawn() -> None:
    """A picture of each kind that the script names, of a fault mode that the kind has, and no other."""
    script = (DOCS / "detector_pictures.py").read_text("utf-8")
    drawn = dict(re.findall(r'"(\w+)": "(\w+)"', script[script.index("PICTURES") :].splitlines()[0]))
    shown = re.findall(r"\(detectors/(\w+)\.svg\)", (DOCS / "detectors.md").read_text("utf-8"))

    assert sorted(shown) == sorted(drawn) == sorted(path.stem for path in (DOCS / "detectors").glob("*.svg"))
    for kind, fault_mode in drawn.items():
        assert fault_mode in load_profiles()[kind].fault_modes
        assert (DOCS / "detectors" / f"{kind}.svg").read_text("utf-8").startswith("<svg")
