"""Where the broker is: ``FETTLE_MQTT_URL`` and its TLS files, parsed and checked before any connection."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from pathlib import Path

_PORTS = {"mqtt": 1883, "mqtts": 8883}


class AddressError(ValueError):
    """The URL or a TLS file is wrong; the message names it and says what to write instead."""


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Host, port and credentials of one broker."""

    host: str
    port: int
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    is_tls: bool = False
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None

    def __str__(self) -> str:
        """The URL without user and password, for people and logs."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'mqtts' if self.is_tls else 'mqtt'}://{host}:{self.port}"

    def ssl_context(self) -> ssl.SSLContext | None:
        """The TLS context, ``None`` without TLS; raises :class:`AddressError` naming the file that can't be used."""
        if not self.is_tls:
            return None
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
        except (OSError, ssl.SSLError) as error:
            raise AddressError(
                f"FETTLE_MQTT_CA_FILE {self.ca_file} is no readable certificate file: {error}"
            ) from error
        if self.cert_file is not None:
            try:
                context.load_cert_chain(self.cert_file, self.key_file)
            except (OSError, ssl.SSLError) as error:
                raise AddressError(
                    f"FETTLE_MQTT_CERT_FILE {self.cert_file} and FETTLE_MQTT_KEY_FILE {self.key_file} "
                    f"are no readable pair of certificate and key: {error}"
                ) from error
        return context


def parse_address(
    url: str, *, ca_file: Path | None = None, cert_file: Path | None = None, key_file: Path | None = None
) -> BrokerAddress:
    """Parse ``mqtt://`` or ``mqtts://user:password@host:port``; raises :class:`AddressError` with the correction."""
    expected = "write mqtt://user:password@host:port, or mqtts:// for TLS"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise AddressError(f"FETTLE_MQTT_URL has a wrong host or port ({error}): {expected}") from error
    if parts.scheme not in _PORTS:
        raise AddressError(f"FETTLE_MQTT_URL has the scheme {parts.scheme!r}: {expected}")
    if not parts.hostname:
        raise AddressError(f"FETTLE_MQTT_URL has no host: {expected}")
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise AddressError(f"FETTLE_MQTT_URL has something behind host and port: {expected}")
    is_tls = parts.scheme == "mqtts"
    if not is_tls and (ca_file or cert_file or key_file):
        raise AddressError("FETTLE_MQTT_CA_FILE, _CERT_FILE and _KEY_FILE need FETTLE_MQTT_URL to begin with mqtts://")
    if key_file and not cert_file:
        raise AddressError("FETTLE_MQTT_KEY_FILE needs FETTLE_MQTT_CERT_FILE beside it")
    address = BrokerAddress(
        host=parts.hostname,
        port=_PORTS[parts.scheme] if port is None else port,
        user=None if parts.username is None else unquote(parts.username),
        password=None if parts.password is None else unquote(parts.password),
        is_tls=is_tls,
        ca_file=ca_file,
        cert_file=cert_file,
        key_file=key_file,
    )
    address.ssl_context()
    return address
