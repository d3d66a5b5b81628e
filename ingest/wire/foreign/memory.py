"""What codecs remember of devices, kept beside the judgement of the message that taught it: a killed process forgets nothing.

Whoever remembers says what is new since it was asked last, by keys of its own; admission writes that in the transaction of
the batch, and gives all of it back at the next start.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol, runtime_checkable

Kept = Mapping[str, bytes]
Learned = dict[str, bytes | None]
"""Key → what is remembered under it, None where it is forgotten."""


@runtime_checkable
class Remembering(Protocol):
    """Remembers what devices have said; ``name`` is its own among all that do."""

    @property
    def name(self) -> str:
        """Whose memory it is."""
        ...

    def learned(self) -> Learned:
        """What is remembered anew since this was called last."""
        ...

    def remember(self, kept: Kept) -> None:
        """Take over what was kept by the process before."""
        ...


class Memories:
    """All that one decoder remembers, under one key each."""

    def __init__(self, parts: Iterable[object]) -> None:
        self._parts = tuple(part for part in parts if isinstance(part, Remembering))

    def learned(self) -> Learned:
        """What is remembered anew, by whose memory it is."""
        return {f"{part.name}\n{key}": said for part in self._parts for key, said in part.learned().items()}

    def remember(self, kept: Kept) -> None:
        """Give everybody back what was kept."""
        for part in self._parts:
            mine = f"{part.name}\n"
            part.remember({key.removeprefix(mine): said for key, said in kept.items() if key.startswith(mine)})
