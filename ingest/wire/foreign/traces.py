"""What was heard of devices and not read: by device and reason, and topics that no codec reads. Bounded, and kept.

Foreign devices are all in it; appliances of our own wire where they say more names of metrics than they may invent.

One thread writes it, others read it whole. A device beyond the bound pushes out the one that was silent longest.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from threading import Lock

import msgspec

from ingest.wire.foreign.heard import Unread

DEVICES_MAX = 5_000
LEFT_OUT_MAX = 48
TOPICS_MAX = 500
TEXT_CHARACTERS_MAX = 80
ADVICE_MAX = 4
NAMES_MAX = 16
"""Metrics beyond what a device may invent that are listed by name."""
MORE_NAMES = "other metrics"
ADVICE_ON_NAMES = "more names of metrics than one appliance may invent"
OWN = "fettle"
"""The convention of appliances that speak our own wire."""


class LeftOut(msgspec.Struct):
    """One thing of a device that was not read: how often, for which reason, and what it said last."""

    what: str
    reason: str
    count: int = 0
    said: str = ""


class Account(msgspec.Struct):
    """One foreign device."""

    name: str
    convention: str
    appliance_id: str
    kind: str
    first_ms: int
    last_ms: int
    messages: int = 0
    readings: int = 0
    left_out: list[LeftOut] = []
    advice: list[str] = []


class UnreadTopic(msgspec.Struct):
    """A topic that is heard, and that no codec reads."""

    topic: str
    count: int = 0
    last_ms: int = 0
    sentence: str = ""


class Told(msgspec.Struct):
    """All of it at one moment."""

    devices: list[Account] = []
    topics: list[UnreadTopic] = []


FILE_NAME = "devices.json"
"""Where a service keeps what is told, in its data folder."""


def read_told(file: Path) -> Told:
    """What a service has written down, nothing where there is none yet or something else; raises OSError."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Told)
    except (FileNotFoundError, msgspec.MsgspecError):
        return Told()


class Traces:
    """The notebook of all codecs of a process."""

    def __init__(self) -> None:
        self._devices: OrderedDict[str, Account] = OrderedDict()
        self._topics: OrderedDict[str, UnreadTopic] = OrderedDict()
        self._lock = Lock()
        self.changes = 0
        """Grows with each note, so that a keeper sees whether there is news."""

    def hear(self, name: str, convention: str, device: tuple[str, str], now_ms: int, readings: int) -> None:
        """One message of a device, which gave so many readings; ``device`` is its appliance id and kind."""
        with self._lock:
            account = self._account(name)
            account.convention, (account.appliance_id, account.kind) = convention, device
            account.first_ms, account.last_ms = account.first_ms or now_ms, now_ms
            account.messages += 1
            account.readings += readings

    def leave_out(self, device: str, what: str, why: Unread, said: object = None) -> None:
        """Something of a device was not read."""
        with self._lock:
            _add(self._account(device), what, why, 1, said)

    def leave_out_names(self, name: str, device: tuple[str, str], now_ms: int, names: Mapping[str, int]) -> None:
        """Metrics beyond what a device may invent, and how often each was said; ``device`` is its appliance id and kind.

        Beyond :data:`NAMES_MAX` at once they stand in one line, so that a flood of names pushes out nothing else.
        """
        with self._lock:
            account = self._account(name)
            account.convention, (account.appliance_id, account.kind) = account.convention or OWN, device
            account.first_ms, account.last_ms = account.first_ms or now_ms, now_ms
            known = [one.what for one in account.left_out if one.reason == Unread.TOO_MANY]
            for what, count in names.items():
                is_listed = what in known or len(known) < NAMES_MAX
                if is_listed and what not in known:
                    known.append(what)
                _add(account, what if is_listed else MORE_NAMES, Unread.TOO_MANY, count, ADVICE_ON_NAMES)

    def advise(self, device: str, sentence: str) -> None:
        """What the owner of a device should do; said once."""
        with self._lock:
            advice = self._account(device).advice
            if sentence not in advice:
                del advice[: len(advice) + 1 - ADVICE_MAX]
                advice.append(sentence)

    def miss(self, topic: str, now_ms: int, sentence: str) -> None:
        """A message under a topic that no codec reads."""
        with self._lock:
            self.changes += 1
            known = self._topics.get(topic)
            if known is None:
                if len(self._topics) >= TOPICS_MAX:
                    self._topics.popitem(last=False)
                known = self._topics[topic] = UnreadTopic(_clean(topic)[:256])
            self._topics.move_to_end(topic)
            known.count, known.last_ms, known.sentence = known.count + 1, now_ms, _clean(sentence)[:200]

    def behind(self, root: str) -> tuple[tuple[str, str], ...]:
        """(appliance id, kind) of all devices whose names begin with ``root``."""
        with self._lock:
            found = {
                (one.appliance_id, one.kind)
                for name, one in self._devices.items()
                if name.startswith(root) and one.readings
            }
        return tuple(sorted(found))

    def named(self, name: str) -> tuple[tuple[str, str], ...]:
        """(appliance id, kind) of one device, where something of it was read before."""
        account = self._devices.get(name)
        return ((account.appliance_id, account.kind),) if account is not None and account.readings else ()

    def told(self) -> Told:
        """All of it, as it stands."""
        return msgspec.json.decode(self.to_bytes(), type=Told)

    def to_bytes(self) -> bytes:
        """All of it, for a file."""
        with self._lock:
            return msgspec.json.encode(Told(list(self._devices.values()), list(self._topics.values())))

    def load(self, data: bytes) -> bool:
        """Take over what :meth:`to_bytes` wrote; False, and nothing changed, where it is something else."""
        try:
            told = msgspec.json.decode(data, type=Told)
        except msgspec.MsgspecError:
            return False
        with self._lock:
            self._devices = OrderedDict((one.name, one) for one in told.devices[-DEVICES_MAX:])
            self._topics = OrderedDict((one.topic, one) for one in told.topics[-TOPICS_MAX:])
        return True

    def _account(self, name: str) -> Account:
        """The account of a device, as the one heard last."""
        self.changes += 1
        account = self._devices.get(name)
        if account is None:
            if len(self._devices) >= DEVICES_MAX:
                self._devices.popitem(last=False)
            account = self._devices[name] = Account(_clean(name), "", "", "", 0, 0)
        self._devices.move_to_end(name)
        return account


def _add(account: Account, what: str, why: Unread, count: int, said: object) -> None:
    """So many times more something of a device was not read."""
    left_out, what = account.left_out, _short(what)
    known = next((one for one in left_out if one.what == what and one.reason == why), None)
    if known is None:
        if len(left_out) >= LEFT_OUT_MAX:
            del left_out[0]
        known = LeftOut(what, why)
        left_out.append(known)
    known.count += count
    known.said = "" if said is None else _short(said)


def _short(said: object) -> str:
    """A few characters of what was said."""
    return _clean(said if isinstance(said, str) else repr(said))[:TEXT_CHARACTERS_MAX]


def _clean(text: str) -> str:
    """Text that any file and terminal takes."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[:1024])
