"""Free text that people hand in: bounded, and nothing in it that a database or a terminal chokes on."""

from __future__ import annotations

from alerts.errors import InvalidError


def check_words(name: str, text: str | None, *, longest: int, is_needed: bool = False) -> None:
    """Raise :class:`InvalidError` where the text is too long, empty though needed, or holds NUL or half a character."""
    if text is None or not text.strip():
        if is_needed:
            raise InvalidError(f"{name} must not be empty.")
        return
    if len(text) > longest:
        raise InvalidError(f"{name} has at most {longest} characters, not {len(text)}.")
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise InvalidError(f"{name} holds a character that is none (NUL or half of a pair).")
