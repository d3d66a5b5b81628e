"""``FETTLE_MQTT_URL`` and its TLS files: parsed once, and refused with what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.mqtt.address import AddressError, BrokerAddress, parse_address


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("mqtt://127.0.0.1:1883", BrokerAddress("127.0.0.1", 1883)),
        ("mqtt://broker", BrokerAddress("broker", 1883)),
        ("mqtts://broker/", BrokerAddress("broker", 8883, is_tls=True)),
        ("mqtt://fettle:p%40ss%3Aword@broker:1", BrokerAddress("broker", 1, "fettle", "p@ss:word")),
        ("mqtt://[::1]:1884", BrokerAddress("::1", 1884)),
    ],
)
def test_urls_are_parsed(url: str, expected: BrokerAddress) -> None:
    """Host, port with its default, user and password, percent-decoded, come out of the URL."""
    assert parse_address(url) == expected


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("127.0.0.1:1883", "scheme"),
        ("http://broker", "'http'"),
        ("mqtt://", "no host"),
        ("mqtt://broker:port", "host or port"),
        ("mqtt://broker:99999", "host or port"),
        ("mqtt://broker/topic", "behind host and port"),
        ("mqtt://broker?qos=1", "behind host and port"),
    ],
)
def test_a_wrong_url_is_explained(url: str, words: str) -> None:
    """A URL that can't be used names the variable, what is wrong with it, and the form to write."""
    with pytest.raises(AddressError, match=words) as caught:
        parse_address(url)

    assert "FETTLE_MQTT_URL" in str(caught.value)
    assert "mqtt://user:password@host:port" in str(caught.value)


def test_the_password_is_never_shown() -> None:
    """Neither the text nor the representation of an address holds the password."""
    address = parse_address("mqtt://fettle:very-secret@broker")

    assert "very-secret" not in f"{address} {address!r}"
    assert str(address) == "mqtt://broker:1883"


def test_tls_files_need_tls() -> None:
    """A CA file beside a plain URL is a mistake, and is said before any connection."""
    with pytest.raises(AddressError, match="mqtts://"):
        parse_address("mqtt://broker", ca_file=Path("ca.pem"))


def test_a_key_needs_its_certificate() -> None:
    """A key without certificate names both variables."""
    with pytest.raises(AddressError, match="FETTLE_MQTT_CERT_FILE"):
        parse_address("mqtts://broker", key_file=Path("key.pem"))


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_an_unusable_ca_file_is_named(tmp_path: Path, content: str | None) -> None:
    """A CA file that is missing, or is no certificate, is named with its path."""
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)

    with pytest.raises(AddressError, match="FETTLE_MQTT_CA_FILE") as caught:
        parse_address("mqtts://broker", ca_file=path)

    assert str(path) in str(caught.value)


def test_an_unusable_client_certificate_is_named(tmp_path: Path) -> None:
    """A client certificate that can't be read is named with its path."""
    path = tmp_path / "cert.pem"

    with pytest.raises(AddressError, match="FETTLE_MQTT_CERT_FILE") as caught:
        parse_address("mqtts://broker", cert_file=path)

    assert str(path) in str(caught.value)
