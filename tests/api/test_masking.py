"""No secret in any text, whatever characters it has and whatever stands around it."""

from __future__ import annotations

import json
import string
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.settings import masking
from api.settings.masking import keep_out, mask_url, secrets_of_url, without_secrets
from api.settings.settings import Settings

VISIBLE = "".join(sorted(set(string.printable) - set(string.whitespace)))
UNQUOTED = "".join(sorted(set(VISIBLE) - set("\"<>\\'")))
SCHEMES = st.sampled_from(["mqtt", "mqtts", "postgresql+psycopg", "influxdb", "kafka", "https", "amqp"])
HOSTS = st.sampled_from(["broker:1883", "db.example/fettle", "[::1]:8086?org=O&bucket=B", "h/p/a/t/h#part", "h"])
AROUND = st.text(string.ascii_letters + " .,:;()[]=-'\n", max_size=20)


def a_secret(characters: str) -> st.SearchStrategy[str]:
    """A secret that stands nowhere else by chance."""
    return st.text(characters, min_size=1, max_size=12).map(lambda middle: f"Zq{middle}8vX")


@given(SCHEMES, a_secret(UNQUOTED), HOSTS, AROUND, AROUND)
def test_a_password_in_a_url_is_hidden_in_any_text(
    scheme: str, password: str, host: str, before: str, behind: str
) -> None:
    """Also one with ``/ # ? @ :``, of which nobody told; scheme, user and host stay where they can be told apart."""
    line = f"{before} {scheme}://anna:{password}@{host} {behind}"

    shown = without_secrets(line)

    assert password not in shown
    assert password[-4:] not in shown
    assert f"{scheme}://anna:***@{host.rsplit('@', maxsplit=1)[-1]}" in shown
    assert password not in mask_url(f"{scheme}://anna:{password}@{host}")


@given(st.sampled_from(["token=", "password=", "api_key=", "Secret="]), a_secret(UNQUOTED.replace("&", "")), AROUND)
def test_a_secret_in_a_query_is_hidden_in_any_text(key: str, secret: str, around: str) -> None:
    """Up to the next parameter."""
    assert secret not in without_secrets(f"{around} GET /login?next=a&{key}{secret}&more=b {around}")


@given(a_secret(VISIBLE))
def test_a_secret_in_a_field_or_header_is_hidden_in_any_text(secret: str) -> None:
    """In JSON under a name that tells, whatever is escaped in it; behind Bearer and Basic."""
    field = without_secrets("answer: " + json.dumps({"user": "anna", "store_token": secret}))
    header = secret.translate({ord(one): "" for one in "\"',;"}) + "0123456789"

    assert json.dumps(secret)[1:-1] not in field
    assert "anna" in field
    assert header not in without_secrets(f"Authorization: Bearer {header}")


@given(a_secret(VISIBLE + " "), AROUND)
def test_a_secret_of_the_settings_is_hidden_wherever_it_stands(secret: str, around: str) -> None:
    """In a driver's own words, decoded or encoded, without any URL around it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(masking, "_known", ())
        keep_out([secret])

        for form in (secret, quote(secret, safe=""), quote(secret)):
            assert form not in without_secrets(f"{around}password authentication with {form}{around}")


def test_the_settings_know_their_secrets() -> None:
    """Passwords of all addresses and the tokens; what is none stays readable."""
    settings = Settings(
        mqtt_url="mqtt://fettle:a%2Fb%23c@broker:1883",
        database_url="postgresql+psycopg://fettle:data%2Fbase@db/fettle",
        store_token="to#ken",
        webhook_url="https://hook:we%3Fb@tickets.example/hook",
    )

    assert set(settings.secrets()) == {"to#ken", "a%2Fb%23c", "data%2Fbase", "we%3Fb"}
    assert secrets_of_url("sqlite:///desk.db") == []
    assert without_secrets("see http://127.0.0.1:8080/c/x and mail anna@example.org") == (
        "see http://127.0.0.1:8080/c/x and mail anna@example.org"
    )
