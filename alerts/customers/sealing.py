"""Sealing: contact details lie in the database encrypted, and are found by keyed digests of their words.

A ring of keys: the first seals, all of them open, so that a key can be replaced while the service runs. Encryption is
Fernet (AES-128-CBC with HMAC-SHA-256, the format is written down at github.com/fernet/spec); the key of the digests is
derived from a sealing key by HKDF (RFC 5869). A digest tells whether two words are equal to whoever has the table, and
nothing more; it is cut to 16 bytes.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from alerts.errors import DatabaseError, UnavailableError

DIGEST_BYTES = 16


@dataclass(frozen=True, slots=True)
class Seal:
    """A ring of keys as :func:`new_key` makes them; raises :class:`DatabaseError` where one is none."""

    keys: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.keys:
            raise DatabaseError("The file of contact keys holds no key.")
        for key in self.keys:
            _fernet(key)

    @property
    def fingerprints(self) -> Sequence[str]:
        """What tells each key without giving it away, in the ring's order."""
        return [hashlib.sha256(b"fettle contact key " + key.encode()).hexdigest() for key in self.keys]

    def close(self, plain: bytes) -> bytes:
        """Encrypt with the first key."""
        return _fernet(self.keys[0]).encrypt(plain)

    def open(self, sealed: bytes) -> bytes:
        """Decrypt with whichever key fits; :class:`UnavailableError` where none does."""
        try:
            return MultiFernet([_fernet(key) for key in self.keys]).decrypt(sealed)
        except InvalidToken as error:
            raise UnavailableError(
                "Contact details are sealed with a key that is not in the file of contact keys: bring back that key"
                " as a further line of FETTLE_CONTACT_KEY_FILE."
            ) from error

    def digests(self, words: Iterable[str], *, fingerprint: str) -> set[bytes]:
        """What words are found by, under the key with this fingerprint."""
        by_fingerprint = dict(zip(self.fingerprints, self.keys, strict=True))
        if fingerprint not in by_fingerprint:
            raise UnavailableError(
                "Customers are found by a key that is not in the file of contact keys: point FETTLE_CONTACT_KEY_FILE at"
                " the file that belongs to this database, or bring back the missing key as a further line."
            )
        key = _key_of_words(by_fingerprint[fingerprint])
        return {hmac.digest(key, word.encode(), "sha256")[:DIGEST_BYTES] for word in words}


def new_key() -> str:
    """A fresh key: 32 random bytes in URL-safe base64, one line of a key file."""
    return Fernet.generate_key().decode()


def no_seal() -> Seal:
    """Where no key file was named: nothing sealed can be read or written."""
    raise UnavailableError("There is no file of contact keys, so customers can be neither read nor entered.")


def read_keys(text: str) -> Seal:
    """The ring written in a key file: a key per line, the first seals; empty lines and those after ``#`` are skipped."""
    lines = (line.strip() for line in text.splitlines())
    return Seal(tuple(line for line in lines if line and not line.startswith("#")))


@cache
def _key_of_words(key: str) -> bytes:
    return HKDF(SHA256(), 32, None, b"fettle contact words").derive(key.encode())


@cache
def _fernet(key: str) -> Fernet:
    try:
        return Fernet(key.encode("ascii"))
    except ValueError as error:
        raise DatabaseError(
            "A line of the contact keys is no key: it takes 32 random bytes in URL-safe base64, as"
            " `fettle customers new-key` prints them."
        ) from error
