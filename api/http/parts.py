"""The parts that the profiles name: what may have to be brought."""

from __future__ import annotations

from collections.abc import Mapping

from api.http.documents import Document, Text, show
from api.http.paging import Page, PageRequest
from ingest.profiles.definition import Profile


class PartUse(Document):
    """A fault mode that needs the part, and how often."""

    kind: str
    fault_mode: str
    share: float


class Part(Document):
    """A spare part."""

    sku: str
    name: Text
    used_for: list[PartUse]


def list_parts(profiles: Mapping[str, Profile], page: PageRequest, language: str) -> Page[Part]:
    """One page of parts by their number; the cursor is the last part's number."""
    found: dict[str, Part] = {}
    for kind, profile in profiles.items():
        for mode in profile.fault_modes.values():
            for part in mode.parts:
                use = PartUse(kind=kind, fault_mode=mode.name, share=part.share)
                known = found.get(part.sku)
                values = {"sku": part.sku, "name": part.name, "used_for": [*(known.used_for if known else ()), use]}
                found[part.sku] = show(Part, values, language=language)
    rows = [found[sku] for sku in sorted(found) if page.cursor is None or sku > page.cursor]
    shown = rows[: page.limit]
    return Page(items=shown, next=shown[-1].sku if len(rows) > len(shown) else None)
