"""Where an InfluxDB is: ``influxdb://HOST:PORT?org=ORG&bucket=BUCKET``, ``influxdbs://`` for TLS."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from ingest.store import StoreAddressError

DEFAULT_PORT = 8086
_FORM = "write influxdb://HOST:PORT?org=ORG&bucket=BUCKET (influxdbs:// for TLS)"


@dataclass(frozen=True, slots=True)
class InfluxAddress:
    """Host, port, organisation and bucket."""

    host: str
    port: int
    org: str
    bucket: str
    is_tls: bool = False

    @property
    def base_url(self) -> str:
        """The address for an HTTP client."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.is_tls else 'http'}://{host}:{self.port}"

    @classmethod
    def parse(cls, url: str) -> InfluxAddress:
        """Read a URL; raises :class:`StoreAddressError` that says what is wrong and what to write."""
        try:
            parts = urlsplit(url)
            port = parts.port or DEFAULT_PORT
            query = parse_qs(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
        except ValueError as error:
            raise StoreAddressError(f"The store URL is wrong ({error}): {_FORM}.") from error
        if parts.scheme not in {"influxdb", "influxdbs"} or not parts.hostname:
            raise StoreAddressError(f"The store URL has no host: {_FORM}.")
        if parts.username is not None or parts.password is not None or "token" in query:
            raise StoreAddressError("The store URL holds a secret: put the token in FETTLE_STORE_TOKEN instead.")
        if parts.path not in {"", "/"}:
            raise StoreAddressError(f"The store URL has a path, {parts.path!r}: {_FORM}.")
        unknown = sorted(query.keys() - {"org", "bucket"})
        if unknown:
            raise StoreAddressError(f"The store URL has an unknown part {unknown[0]!r}: {_FORM}.")
        for name in ("org", "bucket"):
            if len(query.get(name, [])) != 1 or not query[name][0]:
                raise StoreAddressError(f"The store URL doesn't say which {name}: {_FORM}.")
        return cls(parts.hostname, port, query["org"][0], query["bucket"][0], parts.scheme == "influxdbs")
