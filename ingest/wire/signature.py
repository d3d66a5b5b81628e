"""Signatures of commands: Ed25519 over the command and the appliance that it is meant for.

Signed is the appliance's id, a newline, and the command as JSON without ``sig``: keys sorted, no spaces, UTF-8. ``sig`` is
the key's id (the first 8 hex digits of the SHA-256 of the public key), a colon, and the signature in base64. A ring of keys
lets a key be replaced: the first signs, an appliance trusts all whose public halves it was given.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

_ORDERED = msgspec.json.Encoder(order="sorted")


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """The private keys of one installation as :func:`new_signing_key` writes them; the first signs."""

    keys: tuple[str, ...]

    @property
    def public_keys(self) -> tuple[str, ...]:
        """The public halves in base64, as appliances are given them."""
        return tuple(_public_text(_private(key).public_key()) for key in self.keys)

    def sign(self, appliance_id: str, command: Mapping[str, Any]) -> str:
        """The ``sig`` of a command for one appliance."""
        key = _private(self.keys[0])
        signature = key.sign(_signed(appliance_id, command))
        return f"{key_id(_public_text(key.public_key()))}:{base64.b64encode(signature).decode()}"


def is_signed(appliance_id: str, command: Mapping[str, Any], public_keys: Sequence[str]) -> bool:
    """Whether a command bears the signature of one of these keys, for this appliance."""
    name, _, text = str(command.get("sig", "")).partition(":")
    key = next((one for one in public_keys if key_id(one) == name), None)
    if key is None:
        return False
    try:
        signature = base64.b64decode(text, validate=True)
        Ed25519PublicKey.from_public_bytes(base64.b64decode(key)).verify(signature, _signed(appliance_id, command))
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def key_id(public_key: str) -> str:
    """What tells a key from another."""
    return hashlib.sha256(base64.b64decode(public_key)).hexdigest()[:8]


def new_signing_key() -> str:
    """A fresh private key as one line of text."""
    raw = Ed25519PrivateKey.generate().private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    return base64.b64encode(raw).decode()


def read_signing_keys(text: str) -> SigningKeys:
    """The keys of a file, one a line, ``#`` begins a comment; raises :class:`ValueError` where a line is no key."""
    lines = [line.strip() for line in text.splitlines()]
    keys = tuple(line for line in lines if line and not line.startswith("#"))
    if not keys:
        raise ValueError("there is no key in it")
    for key in keys:
        _private(key)
    return SigningKeys(keys)


def _signed(appliance_id: str, command: Mapping[str, Any]) -> bytes:
    bare = {name: value for name, value in command.items() if name != "sig"}
    return appliance_id.encode() + b"\n" + _ORDERED.encode(bare)


def _private(key: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(base64.b64decode(key, validate=True))


def _public_text(key: Ed25519PublicKey) -> str:
    return base64.b64encode(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()
