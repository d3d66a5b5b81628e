"""The mark of a dead letter that comes again: its topic in the journal begins with ``$fettle/replay/NUMBER/``.

No client can speak under it, as we subscribe to no topic that begins with a ``$``. A batch holds such messages only, or none,
so that nothing is spent on looking at others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import mqtt5

if TYPE_CHECKING:
    from collections.abc import Sequence

_MARK = b"$fettle/replay/"
_TOPIC_BYTES_MAX = 65_535


def frame_of(letter: int, topic: bytes, payload: bytes, *, is_retained: bool) -> bytes | None:
    """The frame under which a letter stands in the journal again; None where the topic has no room for the mark."""
    marked = b"%s%d/%s" % (_MARK, letter, topic)
    if len(marked) > _TOPIC_BYTES_MAX:
        return None
    return mqtt5.PublishPacket(marked.decode(), payload, retain=is_retained).write()


def unmarked(topics: Sequence[bytes]) -> tuple[list[bytes], dict[int, int]]:
    """The topics as they were, and the letter of each message, by its number in the batch; of any other batch no letters."""
    if not topics or not topics[0].startswith(_MARK):
        return list(topics), {}
    plain: list[bytes] = []
    letters: dict[int, int] = {}
    for place, topic in enumerate(topics):
        number, _, rest = topic.removeprefix(_MARK).partition(b"/")
        is_marked = topic.startswith(_MARK) and number.isdigit()
        plain.append(rest if is_marked else topic)
        if is_marked:
            letters[place] = int(number)
    return plain, letters
