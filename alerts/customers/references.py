"""References: how a mail of ours names its ticket, or the word to a customer, so that a reply finds the way back and a stranger does not.

``[#1042-k7f3q2m9xwab4c5d]`` is ticket 1042, ``[~77-…]`` word 77 to a customer. Behind the number stands its signature: 80 bits of
HMAC-SHA-256 in base32, under a key that is derived from the contact keys. Numbers are never given out twice, so that a
reference means one thing for ever; with an older key of the ring it still holds.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from alerts.customers.sealing import Seal

SIGNATURE_BYTES = 10
REFERENCE = re.compile(r"(?<![\w#~])[#~]\d{1,12}-[a-z2-7]{16}(?!\w)", re.IGNORECASE)
IN_IDENTITY = re.compile(r"<fettle\.([tc])(\d{1,12})-([a-z2-7]{16})@", re.IGNORECASE)
IN_ADDRESS = re.compile(r"\+([tc])(\d{1,12})-([a-z2-7]{16})@", re.IGNORECASE)


class About(StrEnum):
    """What a reference names, by its sign."""

    TICKET = "#"
    CUSTOMER = "~"


_LETTERS = {About.TICKET: "t", About.CUSTOMER: "c"}
_SIGNS = {letter: about.value for about, letter in _LETTERS.items()}


@dataclass(frozen=True, slots=True)
class Named:
    """What a reference names."""

    about: About
    number: int


def reference(seal: Seal, about: About, number: int) -> str:
    """The reference to write into a mail, without its brackets."""
    return f"{about}{number}-{_signature(seal.keys[0], about, number)}"


def thread_of(seal: Seal, about: About, number: int) -> str:
    """The same as the identity of a thread, for ``References``: all mails of one ticket or customer notice hang at it."""
    return f"<fettle.{_LETTERS[about]}{number}-{_signature(seal.keys[0], about, number)}@fettle>"


def references_in(text: str) -> list[str]:
    """What looks like references of ours in a text, in its order: those of identities and of addresses as well."""
    found = [one.group() for one in REFERENCE.finditer(text)]
    for pattern in (IN_IDENTITY, IN_ADDRESS):
        found += [f"{_SIGNS[one[1].lower()]}{one[2]}-{one[3]}" for one in pattern.finditer(text)]
    return [one.lower() for one in found]


def verified(seal: Seal, text: str) -> Named | None:
    """What a reference names, where its signature holds under any key of the ring."""
    number, _, signature = text[1:].partition("-")
    named = Named(About(text[0]), int(number))
    wanted = (_signature(key, named.about, named.number) for key in seal.keys)
    return named if any(hmac.compare_digest(signature, one) for one in wanted) else None


def _signature(key: str, about: About, number: int) -> str:
    digest = hmac.digest(_derived(key), f"{about}{number}".encode(), hashlib.sha256)
    return base64.b32encode(digest[:SIGNATURE_BYTES]).decode().lower()


@cache
def _derived(key: str) -> bytes:
    return HKDF(SHA256(), 32, None, b"fettle letter references").derive(key.encode())
