"""Free text that people hand in: bounded, visible, and nothing in it that a database or a terminal chokes on."""

from __future__ import annotations

import unicodedata

from alerts.errors import InvalidError

LAYOUT = frozenset("\n\r\t")


def check_words(name: str, text: str | None, *, longest: int, is_needed: bool = False) -> None:
    """Raise :class:`InvalidError` where the text is too long, shows nothing though needed, or holds control characters.

    Line breaks and tabs are layout and may stand. Half of a surrogate pair is no character. Text that is there but shows
    nothing (spaces of no width, for one) is refused, needed or not.
    """
    if text is None or not text.strip():
        if is_needed:
            raise InvalidError(f"{name} must not be empty.")
        return
    if len(text) > longest:
        raise InvalidError(f"{name} has at most {longest} characters, not {len(text)}.")
    kinds = {unicodedata.category(character) for character in text if character not in LAYOUT}
    if kinds & {"Cc", "Cs"}:
        raise InvalidError(f"{name} holds a control character, or half of a pair.")
    if all(kind[0] in "CZ" for kind in kinds):
        raise InvalidError(f"{name} shows nothing: all its characters are invisible.")
