"""The kinds of receivers that notices can go to. A new kind is a file in this folder and a line here."""

from __future__ import annotations

from collections.abc import Sequence

from alerts.delivery import log, webhook
from alerts.delivery.kind import Kind, Receiver
from alerts.errors import InvalidError
from alerts.notices.notice import Target

KINDS: tuple[Kind, ...] = (
    log.KIND,
    webhook.KIND,
)


def open_receivers(receivers: Sequence[Receiver]) -> Sequence[Target]:
    """A target for each receiver; raises :class:`InvalidError` for an address that no kind answers to, or two of one name."""
    targets: dict[str, Target] = {}
    for receiver in receivers:
        target = _kind_of(receiver).open(receiver)
        if target.name in targets:
            raise InvalidError(f"Two receivers of notices have one name, {target.name}: give one of them another path.")
        targets[target.name] = target
    return list(targets.values())


def _kind_of(receiver: Receiver) -> Kind:
    for kind in KINDS:
        if receiver.scheme in kind.schemes:
            return kind
    examples = " or ".join(kind.example for kind in KINDS)
    raise InvalidError(f"No receiver of notices answers to {receiver.shown}; write for example {examples}.")
