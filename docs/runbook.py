"""Print docs/runbook.md: what to do about each fault mode, each reason of an alert and each refused message, from the registries."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from alerts.alerting.pipeline import reasons
from ingest.profiles import load_profiles
from ingest.profiles.definition import FaultMode, Profile
from ingest.wire.dead_letter import RefusalReason

HEAD = """# What to do about an alert?

Each fault mode that Fettle names, each reason why an alert has no ticket yet, and each reason why a message is refused, with
what to do. This page is made by `make docs` from the profiles and the registries.
"""

REFUSALS = {
    RefusalReason.UNKNOWN_TOPIC: "Nobody reads this topic. Name the convention in `FETTLE_FOREIGN_TOPICS`, or mend the topic on the device.",
    RefusalReason.TOO_LARGE: "The message has more than 60 KiB. Let the appliance send fewer samples at once.",
    RefusalReason.NOT_UTF8: "The text is damaged. Look at the firmware that writes it.",
    RefusalReason.NOT_JSON: "The text is cut off or no JSON. Look at the firmware that writes it.",
    RefusalReason.TOO_DEEP: "Objects stand more than eight deep in each other. Mend the firmware.",
    RefusalReason.SCHEMA: "A key has another type than agreed; the detail names it. Mend the firmware, then judge the letters again.",
    RefusalReason.IDENTITY_MISMATCH: "The id belongs to another kind. If another took it: `fettle appliances assign ID --kind KIND`, then judge again.",
    RefusalReason.UNKNOWN_APPLIANCE: "Register it (`fettle appliances add`), or bring it back if it was retired, then judge the letters again.",
    RefusalReason.TIME_OUT_OF_RANGE: "The appliance's clock is wrong. Set it; `FETTLE_ACCEPT_PAST_DAYS` widens what is taken from long buffers.",
    RefusalReason.EQUIVOCATION: "Two messages of one number say different things; the first is stored. Two devices may share an id.",
    RefusalReason.POISON: "The message made a reader fail twice. Send it to whoever maintains Fettle; after an update judge it again.",
}
DANGERS = ("a nuisance", "danger 1 of 3", "danger 2 of 3", "a hazard to people or home")


def fault(profile: Profile, mode: FaultMode) -> Iterator[str]:
    """One fault mode: what it is, what to look at, what settles it, what to bring."""
    yield f"\n### {mode.title['en']} (`{mode.name}`)\n"
    first, last = mode.time_scale_days
    yield f"- Component: {mode.component}; at worst {DANGERS[mode.danger]}; from first sign to failure usually {first:g} to {last:g} days."
    if mode.symptom_of:
        yield f"- May be a mere consequence of {', '.join(f'`{name}`' for name in mode.symptom_of)}: look at that first."
    if mode.first_check:
        yield f"- Look first: {mode.first_check['en']}"
    if mode.self_help is not None:
        yield f"- Before anybody comes the customer can try ({mode.self_help.minutes:g} minutes): {mode.self_help.title['en']}."
    if mode.test is not None:
        yield f"- Settled from afar by the test `{mode.test}`: {profile.tests[mode.test].label['en']}."
    if mode.remedy:
        yield f"- Remedy: {mode.remedy['en']}"
    if mode.parts:
        names = [f"{part.name['en']} (`{part.sku}`)" for part in mode.parts]
        yield f"- Parts: {', '.join(names)}."
    if mode.codes:
        yield f"- Error codes: {', '.join(f'`{code}`' for code in mode.codes)}."


def lines() -> Iterator[str]:
    """The whole page."""
    yield HEAD
    yield "## Why an alert has no ticket, or which\n\n| reason | says | 中文 |\n|---|---|---|"
    for reason in reasons().values():
        yield f"| `{reason.word}` | {reason.en} | {reason.zh} |"
    yield "\n## Why a message is refused\n\n| reason | what to do |\n|---|---|"
    for refusal in RefusalReason:
        yield f"| `{refusal}` | {REFUSALS[refusal]} |"
    for profile in load_profiles().values():
        if profile.fault_modes:
            yield f"\n## {profile.label['en'].capitalize()}"
            for mode in profile.fault_modes.values():
                yield from fault(profile, mode)


if __name__ == "__main__":
    print("\n".join(lines()))
