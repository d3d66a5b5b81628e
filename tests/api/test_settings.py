"""Settings: where they come from, what is refused, and what is never shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.service.role import ALL
from api.service.rooms import Rooms
from api.service.surroundings import Surroundings
from api.settings.masking import mask_url
from api.settings.settings import Settings
from api.settings.sources import SettingsError, load
from ingest.wire.foreign import CODECS


def write(folder: Path, text: str) -> Path:
    """A settings file."""
    path = folder / "fettle.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_environment_overrules_the_file_and_the_file_the_default(tmp_path: Path) -> None:
    """Each source overrules the one before, and the listing names where a value came from."""
    path = write(tmp_path, 'http_listen = "0.0.0.0:1"\ntopic_root = "a/b"\n')

    loaded = load(path, environ={"FETTLE_HTTP_LISTEN": "0.0.0.0:2"})

    sources = {row.name: (row.value, row.source) for row in loaded.listing()}
    assert sources["http_listen"] == ("0.0.0.0:2", "environment")
    assert sources["topic_root"] == ("a/b", f"{path}:2")
    assert sources["stale_after_s"] == ("900", "default")


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("FETTLE_HTTP_LISTN", "x", ["FETTLE_HTTP_LISTN", "environment", "did you mean FETTLE_HTTP_LISTEN?"]),
        ("FETTLE_ENTIRELY_ELSE", "x", ["FETTLE_ENTIRELY_ELSE", "remove it"]),
        ("FETTLE_HTTP_LISTEN", "8080", ["FETTLE_HTTP_LISTEN", "environment", "'8080'", "127.0.0.1:8080"]),
        ("FETTLE_HTTP_LISTEN", "a:99999", ["FETTLE_HTTP_LISTEN", "'a:99999'"]),
        ("FETTLE_RETENTION_DAYS", "long", ["FETTLE_RETENTION_DAYS", "'long'", "number", "400"]),
        ("FETTLE_RETENTION_DAYS", "-1", ["FETTLE_RETENTION_DAYS", "greater than 0"]),
        ("FETTLE_AUTO_REGISTER", "perhaps", ["FETTLE_AUTO_REGISTER", "boolean", "true"]),
        ("FETTLE_CODECS", "tasmota,foo", ["FETTLE_CODECS", "'foo'", "shelly"]),
        ("FETTLE_TOPIC_ROOT", "a/#", ["FETTLE_TOPIC_ROOT", "'a/#'", "fettle/v1"]),
        ("FETTLE_MQTT_URL", "http://x", ["FETTLE_MQTT_URL", "mqtt://"]),
        ("FETTLE_MQTT_URL", "mqtt://:1883", ["FETTLE_MQTT_URL", "no host"]),
        ("FETTLE_STORE_URL", "influx://x", ["FETTLE_STORE_URL", "influxdb://"]),
        ("FETTLE_DATABASE_URL", "mysql://x/y", ["FETTLE_DATABASE_URL", "postgresql+psycopg://"]),
        ("FETTLE_JOURNAL_URL", "redis://x", ["FETTLE_JOURNAL_URL", "kafka://"]),
        ("FETTLE_JOURNAL_URL", "kafka://k1:9092", ["FETTLE_JOURNAL_URL", "no topic", "kafka://127.0.0.1:9092/"]),
    ],
)
def test_a_wrong_variable_is_one_sentence_with_name_place_and_remedy(
    variable: str, value: str, words: list[str]
) -> None:
    """A wrong or unknown variable stops the start with its name, its place and what to write instead."""
    with pytest.raises(SettingsError) as caught:
        load(environ={variable: value})

    text = str(caught.value)
    assert "\n" not in text
    assert all(word in text for word in words), text


def test_an_unknown_key_is_refused_with_file_and_line(tmp_path: Path) -> None:
    """A misspelt key is told with the line it stands in, and the key that was probably meant."""
    path = write(tmp_path, '# words\ntopic_root = "a"\nstale_after = 3\n')

    with pytest.raises(SettingsError, match=r"fettle\.toml:3: stale_after is no setting; did you mean stale_after_s\?"):
        load(path, environ={})


def test_a_wrong_value_in_the_file_is_told_with_its_line(tmp_path: Path) -> None:
    """A value of the wrong type is told with the line it stands in."""
    path = write(tmp_path, "\nstale_after_s = 'soon'\n")

    with pytest.raises(SettingsError, match=r"stale_after_s \(.*fettle\.toml:2\): 'soon' is wrong"):
        load(path, environ={})


def test_broken_toml_and_a_missing_file_are_told(tmp_path: Path) -> None:
    """What is no TOML, or not there although it was asked for, is told by name."""
    with pytest.raises(SettingsError, match=r"fettle\.toml is no TOML"):
        load(write(tmp_path, "a b c"), environ={})
    with pytest.raises(SettingsError, match=r"other\.toml does not exist"):
        load(tmp_path / "other.toml", environ={})


def test_variables_of_tests_and_builds_are_tolerated() -> None:
    """Two variables that belong to tests and builds stop nothing."""
    load(environ={"FETTLE_REQUIRE_SERVERS": "1", "FETTLE_SKIP_CONSOLE": "1"})


def test_secrets_are_masked_wherever_they_stand() -> None:
    """Neither a listing nor an error shows a password or a token."""
    environment = {
        "FETTLE_MQTT_URL": "mqtts://user:hush@broker:8883",
        "FETTLE_STORE_TOKEN": "hush",
        "FETTLE_DATABASE_URL": "postgresql+psycopg://user:hush@host/fettle",
        "FETTLE_WEBHOOK_SECRET": "hush",
    }

    listing = load(environ=environment).listing()

    assert "hush" not in repr(listing)
    assert {row.name: row.value for row in listing}["mqtt_url"] == "mqtts://user:***@broker:8883"
    with pytest.raises(SettingsError) as caught:
        load(environ={"FETTLE_MQTT_URL": "mqtt://user:hush@host:99999999"})
    assert "hush" not in str(caught.value)


def test_a_url_without_secret_is_shown_as_it_is() -> None:
    """Masking changes nothing where there is nothing to hide."""
    assert mask_url("influxdb://127.0.0.1:8086?org=O&bucket=B") == "influxdb://127.0.0.1:8086?org=O&bucket=B"
    assert mask_url("influxdb://h?org=O&token=hush") == "influxdb://h?org=O&token=***"


def test_codecs_are_names_with_commas_or_all_or_none() -> None:
    """Codecs are listed with commas; the ends have words."""
    assert load(environ={"FETTLE_CODECS": "shelly, tasmota"}).settings.codecs == ("shelly", "tasmota")
    assert load(environ={"FETTLE_CODECS": "none"}).settings.codecs == ()
    assert load(environ={"FETTLE_CODECS": "all"}).settings.codecs == CODECS


def test_every_setting_is_explained() -> None:
    """Each setting has a sentence on what it means."""
    assert all(field.description for field in Settings.model_fields.values())


def test_constructing_settings_reads_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only load reads the environment, so that a test or the demo gets what it says."""
    monkeypatch.setenv("FETTLE_TOPIC_ROOT", "elsewhere")

    assert Settings().topic_root == "fettle/v1"


@pytest.mark.parametrize("name", ["FETTLE_MQTT_URL", "FETTLE_WEBHOOK_URL", "FETTLE_DATABASE_URL"])
def test_half_a_password_taken_for_a_port_is_not_told(name: str) -> None:
    """Where a password breaks its URL apart, the sentence says so without a piece of it, nor does what is behind it."""
    scheme = {"FETTLE_MQTT_URL": "mqtt", "FETTLE_WEBHOOK_URL": "https", "FETTLE_DATABASE_URL": "postgresql"}[name]
    with pytest.raises(SettingsError, match="%23") as caught:
        load(environ={name: f"{scheme}://user:Sommer#2026@host:1883/x", "FETTLE_WEBHOOK_SECRET": "whsec_aGVsbG8="})

    assert "Sommer" not in str(caught.value)


@pytest.mark.parametrize("password", ["a/b", "a#b", "a?b", "a@b", "a:b", "/#?@"])
def test_a_password_that_looks_like_a_url_is_masked(password: str) -> None:
    """Whatever divides a URL may stand in a password, and nothing of it is shown."""
    assert mask_url(f"mqtt://fettle:{password}@broker:1883") == "mqtt://fettle:***@broker:1883"


def test_every_codec_may_be_asked_for() -> None:
    """The setting knows exactly the codecs that are registered: there is no second list."""
    assert Settings(codecs="all").codecs == tuple(CODECS)


def test_how_long_a_repair_waits_is_a_setting_that_reaches_the_desk(tmp_path: Path) -> None:
    """The desk of a running service, and what it makes of tickets, knows the days that are set."""
    rooms = Rooms(Settings(data_dir=tmp_path, close_repaired_days=3), Surroundings(), ALL)
    waits = rooms.desk.tickets.closes_after_days
    rooms.close()

    assert waits == 3
