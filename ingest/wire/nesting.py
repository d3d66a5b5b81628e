"""Nesting: how deep the brackets of a text go, and whether text that nests deeply is JSON at all.

A payload that nests too deeply is refused as ``too_deep`` only if it is JSON, so it must be read to its end; by a parser
that would recurse, or go token by token in Python, that would cost an attacker's sixty thousand brackets much of our time.
So whole arrays are looked at: texts and scalars shrink to one byte each, the rest is sorted by the level of its container,
with one byte in the parent's level for each container inside. Then every container stands alone and flat, and one regular
expression without nesting reads them all.

No text outside of this file knows the bytes that stand for tokens: control characters are no JSON outside of texts.
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

_ANY_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_STRING = re.compile(rb'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"')
_SCALAR = re.compile(rb"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null")
_SCALAR_STARTS = frozenset(b"-0123456789tfn")
_BLANKS = b" \t\n\r"
_CONTROLS = bytes(code for code in range(32) if code not in _BLANKS)
_TEXT, _PLAIN, _INNER = b"\x01", b"\x02", b"\x03"
_TOKENS = b"[]{},:" + _TEXT + _PLAIN + _INNER
_INNER_CODE = np.uint8(_TOKENS.index(_INNER))
_CODE_OF = np.full(256, len(_TOKENS), np.uint8)
_CODE_OF[np.frombuffer(_TOKENS, np.uint8)] = np.arange(len(_TOKENS))
_STEP = np.zeros(256, np.int64)
_STEP[[ord("["), ord("{")]] = 1
_STEP[[ord("]"), ord("}")]] = -1
_FLAT = re.compile(rb"(?:\[(?:[\x01-\x03](?:,[\x01-\x03])*+)?\]|\{(?:\x01:[\x01-\x03](?:,\x01:[\x01-\x03])*+)?\})*+")


def depth_of(payload: bytes) -> int:
    """How deep the brackets nest, those in texts left out; exact for valid JSON, never too small for invalid.

    >>> depth_of(b'[{"[[": 1}, [2]]')
    2
    """
    levels = np.cumsum(_STEP[np.frombuffer(_ANY_STRING.sub(b"", payload), np.uint8)])
    return int(levels.max(initial=0))


def fault_of(payload: bytes) -> str | None:
    """Why a text that nests, of at most 60 KiB, is no JSON; None where it is some.

    >>> fault_of(b'[[{"a": [1, true], "b": {}}], "c"]'), fault_of(b"[[1,]]")
    (None, 'what stands between brackets is no JSON')
    """
    if len(payload.translate(None, _CONTROLS)) != len(payload):
        return "a control character is no JSON"
    plain = _STRING.sub(_TEXT, payload)
    if not _SCALAR_STARTS.isdisjoint(plain):
        plain = _SCALAR.sub(_PLAIN, plain)
    tokens = np.frombuffer(plain.translate(None, _BLANKS), np.uint8)
    codes = _CODE_OF[tokens]
    step = _STEP[tokens]
    levels = np.cumsum(step)
    if not len(tokens) or codes.max() == len(_TOKENS):
        return "unexpected text is no JSON"
    if levels[-1] > 0:
        return "the payload ends too early"
    if levels.min() < 0 or not _are_flat(codes, levels + (step < 0), step > 0):
        return "what stands between brackets is no JSON"
    return None


def _are_flat(codes: NDArray[np.uint8], levels: NDArray[np.int64], opens: NDArray[np.bool_]) -> bool:
    """Whether all is one container, and each container is right with what it holds directly; ``levels`` count from 1."""
    place = np.repeat(
        np.arange(len(codes)), 1 + opens
    )  # a bracket that opens stands twice: in its parent, and in its own
    in_parent = np.r_[place[1:] == place[:-1], False]
    level = (levels[place] - in_parent).astype(np.uint16)  # numbers so small are sorted in linear time
    arranged = np.where(in_parent, _INNER_CODE, codes[place])[np.argsort(level, kind="stable")]
    flat = np.frombuffer(_TOKENS, np.uint8)[arranged].tobytes()
    return flat.startswith(_INNER) and _FLAT.fullmatch(flat, 1) is not None
