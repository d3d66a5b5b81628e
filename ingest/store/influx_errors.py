"""What InfluxDB and the way to it can say, as the store's errors; the one place where they are translated."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING

import urllib3.exceptions
from influxdb_client.rest import ApiException

from ingest.store import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingest.store.influx_address import InfluxAddress

RETRY_AFTER_MAX_S = 300.0
_ABOUT_DATA = ("unable to parse", "partial write", "field type conflict", "invalid line protocol", "line protocol")


class RefusedBody(Exception):  # noqa: N818 - it is the body's fate, and never leaves the store
    """The server refused what is in a body; ``is_size``: it is too long."""

    def __init__(self, why: str, *, is_size: bool = False) -> None:
        super().__init__(why)
        self.is_size = is_size


@contextmanager
def translated(address: InfluxAddress) -> Iterator[None]:
    """Turn the client's errors into :class:`StoreUnavailable`, or :class:`RefusedBody` where the data is at fault."""
    try:
        yield
    except ApiException as error:
        raise _of_status(error, address) from error
    except urllib3.exceptions.NewConnectionError as error:
        raise StoreUnavailable(f"InfluxDB at {address.base_url} can't be reached: {error}.", kind="down") from error
    except urllib3.exceptions.TimeoutError as error:
        raise StoreUnavailable(f"InfluxDB at {address.base_url} did not answer in time.", kind="timeout") from error
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise StoreUnavailable(
            f"The connection to InfluxDB at {address.base_url} broke: {error}.", kind="down"
        ) from error


def _of_status(error: ApiException, address: InfluxAddress) -> Exception:
    """What an HTTP status means."""
    status, said = error.status, _message(error)
    if status in {400, 422} and any(words in said for words in _ABOUT_DATA):
        return RefusedBody(said)
    if status == 413:
        return RefusedBody(said or "it is too large", is_size=True)
    at = f"InfluxDB at {address.base_url}"
    wait_s = None
    if status in {401, 403}:
        kind, sentence = (
            "denied",
            (
                f"{at} refuses the token ({status}): set FETTLE_STORE_TOKEN to one that may read and write the bucket "
                f"{address.bucket!r} of organisation {address.org!r}."
            ),
        )
    elif status == 404 or (status == 400 and "organization name" in said and "not found" in said):
        kind, sentence = (
            "missing",
            (
                f"{at} has no bucket {address.bucket!r} in an organisation {address.org!r} that the token may use: create it, "
                f"or correct FETTLE_STORE_URL ({said})."
            ),
        )
    elif status in {429, 503}:
        kind, sentence, wait_s = "busy", f"{at} is busy ({status}).", _retry_after_s(error)
    elif status == 0:
        kind, sentence = "down", f"{at} can't be reached over TLS: {said}."
    else:
        kind, sentence = "error", f"{at} answers {status}: {said}"
    return StoreUnavailable(sentence, kind=kind, retry_after_s=wait_s)


def _message(error: ApiException) -> str:
    """The sentence in the answer's body, as far as it has one."""
    body = error.body if error.body is not None else error.reason
    text = body.decode(errors="replace") if isinstance(body, bytes) else str(body or "")
    try:
        parsed = json.loads(text)
    except ValueError:
        return text.strip()[:500]
    return str(parsed.get("message", text) if isinstance(parsed, dict) else text)[:500]


def _retry_after_s(error: ApiException) -> float | None:
    """The pause that the server asked for, in seconds, bounded."""
    asked = error.headers.get("Retry-After") if error.headers else None
    try:
        return min(max(0.0, float(asked)), RETRY_AFTER_MAX_S) if asked else None
    except ValueError:
        return None
