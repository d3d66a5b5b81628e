"""``$fettle/lesson/{kind}/{id}``: what people found out about an appliance, on its way through the journal.

No client can speak under it: we subscribe to no topic that begins with a ``$``. So what stands there was written by the
service itself, and concerns neither ledger nor registry nor availability.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import msgspec

from ingest.sample import Lesson
from ingest.wire.dead_letter import RefusalReason, Refused

_ROOT = "$fettle/lesson/"
_BEHIND_ROOT = re.compile(r"([a-z][a-z0-9_]{0,31})/([A-Za-z0-9_-]{1,64})")


class _Form(msgspec.Struct, omit_defaults=True):
    """A lesson as JSON."""

    number: int
    ts_ms: int
    fault_mode: str
    verdict: str
    found: str | None = None
    before: str | None = None
    is_foreseen: bool = True


@dataclass(frozen=True, slots=True)
class LessonMessage:
    """A lesson that was read."""

    lesson: Lesson
    unknown_keys: int = 0


def lesson_topic(lesson: Lesson) -> str:
    """The topic under which a lesson stands in the journal."""
    return f"{_ROOT}{lesson.kind}/{lesson.appliance_id}"


def lesson_speaker(topic: str) -> tuple[str, str] | None:
    """(kind, appliance) of such a topic; None for any other."""
    match = _BEHIND_ROOT.fullmatch(topic, len(_ROOT)) if topic.startswith(_ROOT) else None
    return None if match is None else (match[1], match[2])


def encode_lesson(lesson: Lesson) -> bytes:
    """The payload of a lesson."""
    return msgspec.json.encode(
        _Form(
            lesson.number, lesson.ts_ms, lesson.fault_mode, lesson.verdict, lesson.found, lesson.before,
            lesson.is_foreseen,
        )
    )  # fmt: skip


def decode_lesson(kind: str, appliance_id: str, payload: bytes) -> LessonMessage:
    """The message of a payload; raises :class:`ingest.wire.dead_letter.Refused`."""
    try:
        form = msgspec.json.decode(payload, type=_Form)
    except msgspec.MsgspecError as error:
        raise Refused(RefusalReason.SCHEMA, f"this is no lesson: {error}") from error
    return LessonMessage(
        Lesson(
            appliance_id, kind, form.number, form.ts_ms, form.fault_mode, form.verdict, form.found, form.before,
            form.is_foreseen,
        )
    )  # fmt: skip
