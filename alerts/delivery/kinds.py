"""The kinds of receivers that notices can go to. A new kind is a file in this folder and a line here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from alerts.delivery import apprise_channel, log, webhook, work_orders
from alerts.delivery.apprise_channel import AppriseTarget
from alerts.delivery.kind import Kind, Receiver
from alerts.errors import InvalidError
from alerts.notices.notice import Notice, Target

KINDS: tuple[Kind, ...] = (
    log.KIND,
    webhook.KIND,
    apprise_channel.KIND,
    work_orders.KIND,
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


def open_person(name: str, receiver: Receiver, language: str) -> Target:
    """The way to a person, under a name of their own; raises :class:`InvalidError` where the address can't work."""
    target = _kind_of(receiver).open(receiver)
    if isinstance(target, AppriseTarget):
        return AppriseTarget(name, target.address, language, target.replies)
    return Renamed(name, target)


@dataclass(frozen=True, slots=True)
class Renamed:
    """A receiver under another name."""

    name: str
    target: Target

    def deliver(self, notice: Notice) -> None:
        """Hand the notice over."""
        self.target.deliver(notice)


def _kind_of(receiver: Receiver) -> Kind:
    for kind in KINDS:
        if receiver.scheme in kind.schemes:
            return kind
    examples = " or ".join(kind.example for kind in KINDS)
    raise InvalidError(f"No receiver of notices answers to {receiver.shown}; write for example {examples}.")
