"""Free text that people hand in: bounded, visible, nothing in it that a database chokes on; and as it is looked for.

What is looked for is compared in one form on every database (:func:`fold`): without case, width and accents, so that
``überhitzt`` is found in ``ÜBERHITZT``, composed or not. Databases differ in what they take for the same letter; we don't ask them.
"""

from __future__ import annotations

import unicodedata

from alerts.errors import InvalidError

LAYOUT = frozenset("\n\r\t")
BLANK = frozenset("\u2800\u3164\u115f\u1160\uffa0")
"""Braille's blank and Hangul's fillers: letters and signs by their category, that show nothing."""
TURNING = frozenset("\u202d\u202e")
"""Signs that have letters read in a direction that is not theirs."""


def check_words(name: str, text: str | None, *, longest: int, is_needed: bool = False) -> None:
    """Raise :class:`InvalidError` where the text is too long, shows nothing though needed, or holds control characters.

    Line breaks and tabs are layout and may stand. What turns the direction of letters lets a title read as another one. Half of a surrogate pair is no character. Text that is there but shows
    nothing (spaces of no width, for one) is refused, needed or not.
    """
    if text is None or not text.strip():
        if is_needed:
            raise InvalidError(f"{name} must not be empty.")
        return
    if len(text) > longest:
        raise InvalidError(f"{name} has at most {longest} characters, not {len(text)}.")
    kinds = {"Zs" if one in BLANK else unicodedata.category(one) for one in text if one not in LAYOUT}
    if kinds & {"Cc", "Cs"} or not TURNING.isdisjoint(text):
        raise InvalidError(f"{name} holds a control character, or half of a pair.")
    if all(kind[0] in "CZ" for kind in kinds):
        raise InvalidError(f"{name} shows nothing: all its characters are invisible.")


def fold(*texts: str | None) -> str:
    r"""Texts as they are looked for, a line each.

    >>> fold("ÜBERHITZT", None, "İzmir 漏水 Ⅷ")
    'uberhitzt\nizmir 漏水 viii'
    """
    plain = unicodedata.normalize("NFKD", "\n".join(text for text in texts if text)).casefold()
    bare = "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c))
    return unicodedata.normalize("NFKC", bare)


def looked_for(q: str) -> tuple[str, ...]:
    """The words of a question, each as it is looked for; all of them must be found."""
    check_words("q", q, longest=200)
    return tuple(dict.fromkeys(fold(q).split()))
