"""The words a customer is found by: names as they are typed, phones as they are dialled, Chinese without spaces.

The same function makes words of what is kept and of what is looked for. A name is found by its beginning (from two
letters on), a phone number by its last eight digits or all of them, Chinese text by any two characters in a row.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

LONGEST_BEGINNING = 12
SHORTEST_BEGINNING = 2
PHONE_TAIL = 8
PHONE_MIN = 6
WORDS_MAX = 400
_WORD = re.compile(r"[^\W_]+")
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+")
_PHONE = re.compile(r"^[+\d][\d\s()/.-]{4,}$")


def kept_words(texts: Iterable[str], phones: Iterable[str] = ()) -> set[str]:
    """What to keep of these texts and phone numbers; at most ``WORDS_MAX``, the rest can't be looked for."""
    found: dict[str, None] = {}
    for phone in phones:
        digits = _digits(phone)
        found |= dict.fromkeys((digits, digits[-PHONE_TAIL:]))
    for text in texts:
        for word in _parts(text):
            if _HAN.fullmatch(word):
                found |= dict.fromkeys(word[at : at + 2] for at in range(max(1, len(word) - 1)))
                found |= dict.fromkeys(word)
            else:
                beginnings = range(min(SHORTEST_BEGINNING, len(word)), min(len(word), LONGEST_BEGINNING) + 1)
                found |= dict.fromkeys([*(word[:end] for end in beginnings), word])
    return set(list(found)[:WORDS_MAX])


def wanted_words(text: str) -> set[str]:
    """What to look for: all of these must be kept words of a customer."""
    if _PHONE.match(text.strip()) and len(_digits(text)) >= PHONE_MIN:
        return {_digits(text)[-PHONE_TAIL:]}
    found: set[str] = set()
    for word in _parts(text):
        if _HAN.fullmatch(word):
            found |= {word[at : at + 2] for at in range(max(1, len(word) - 1))}
        else:
            found.add(word)
    return found


def plain(text: str) -> str:
    """Text as it is compared: compatible forms one, small letters, no accents."""
    spread = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return unicodedata.normalize("NFC", "".join(one for one in spread if not unicodedata.combining(one)))


def _parts(text: str) -> Iterator[str]:
    for word in _WORD.findall(plain(text)):
        at = 0
        for han in _HAN.finditer(word):
            if han.start() > at:
                yield word[at : han.start()]
            yield han.group()
            at = han.end()
        if at < len(word):
            yield word[at:]


def _digits(phone: str) -> str:
    return "".join(str(unicodedata.digit(one)) for one in phone if unicodedata.digit(one, None) is not None)
