"""Who may come in."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from sqlalchemy import Engine, select

from alerts.accounts import passwords
from alerts.accounts.account import Account, Role
from alerts.accounts.credentials import LINK_LIFE_MS, LOGIN_LIFE_MS
from alerts.accounts.desk import Accounts
from alerts.accounts.passwords import QUEUE_PER_ADDRESS, TRIES_PER_MINUTE, Tries
from alerts.accounts.tables import accounts as accounts_table
from alerts.accounts.tables import credentials
from alerts.audit.tables import audit
from alerts.database import UnitOfWork
from alerts.errors import BusyError, ConflictError, InvalidError, UnknownError
from ingest.clock import ManualClock

PASSWORD = "correct horse battery"
IN_SERVICE = passwords._HASHER, passwords._NOBODYS
"""Before the tests take a cheap digest."""


@pytest.fixture
def accounts(engine: Engine, clock: ManualClock) -> Accounts:
    """Accounts over an empty database."""
    return Accounts(UnitOfWork(engine, clock, random.Random(5)))


def test_key_lets_its_account_in_until_it_is_revoked(accounts: Accounts) -> None:
    """A key stands for one account; revoked by its prefix it opens nothing."""
    accounts.add("tess", Role.TECHNICIAN)
    key, other = accounts.issue_key("tess"), accounts.issue_key("tess")

    assert accounts.by_key(key) == Account("tess", Role.TECHNICIAN)
    assert accounts.by_key(key + "x") is None
    assert accounts.by_key("") is None
    assert accounts.by_cookie(key) is None, "a key is no browser login"
    accounts.revoke_key("_".join(key.split("_")[:2]))

    assert accounts.by_key(key) is None
    assert accounts.by_key(other) is not None


def test_no_secret_stands_in_the_database(accounts: Accounts, engine: Engine) -> None:
    """Keys and passwords are kept as digests only, also in the audit."""
    accounts.add("tess", Role.TECHNICIAN, password=PASSWORD)
    key = accounts.issue_key("tess")

    with engine.connect() as connection:
        dump = repr([connection.execute(select(table)).all() for table in (accounts_table, credentials, audit)])

    assert key not in dump
    assert PASSWORD not in dump
    assert "$argon2id$" in dump


def test_in_service_a_password_costs_what_it_should_and_nobodys_as_much() -> None:
    """64 MiB, three rounds, four lanes; whether an account is there can't be told from the time that a wrong password takes."""
    hasher, nobodys = IN_SERVICE

    kept = hasher.hash(PASSWORD)

    assert kept.rsplit("$", 2)[0] == nobodys.rsplit("$", 2)[0] == "$argon2id$v=19$m=65536,t=3,p=4"
    assert [len(part) for part in kept.split("$")] == [len(part) for part in nobodys.split("$")]


def test_password_logs_in_and_logout_ends_it(accounts: Accounts, clock: ManualClock) -> None:
    """The right password gives a browser login, which ends by logout or after its time."""
    accounts.add("tess", Role.TECHNICIAN, password=PASSWORD)

    assert accounts.login("tess", "wrong password") is None
    first, second = accounts.login("tess", PASSWORD), accounts.login("tess", PASSWORD)
    assert first is not None
    assert second is not None
    assert accounts.by_cookie(first[1]) == first[0]
    accounts.logout(first[1])
    assert accounts.by_cookie(first[1]) is None
    clock.advance(LOGIN_LIFE_MS)

    assert accounts.by_cookie(second[1]) is None


def test_guessing_is_slowed_down(accounts: Accounts, clock: ManualClock) -> None:
    """After five wrong passwords in a minute even the right one waits for the next minute."""
    accounts.add("tess", Role.TECHNICIAN, password=PASSWORD)
    for _ in range(TRIES_PER_MINUTE):
        assert accounts.login("tess", "wrong password") is None

    with pytest.raises(BusyError, match="wait a minute") as refused:
        accounts.login("tess", PASSWORD)
    assert 0 < refused.value.retry_after_s <= 61
    clock.advance(60_000)

    assert accounts.login("tess", PASSWORD) is not None


def test_of_many_guesses_at_once_none_passes_the_limit(accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forty guesses at the same moment are five that are compared, and thirty-five that are refused."""
    accounts.add("tess", Role.TECHNICIAN, password=PASSWORD)
    compared: list[str] = []
    together = threading.Barrier(40)

    def compare(_tries: Tries, password: str, _hashed: str | None) -> bool:
        compared.append(password)
        return False

    def guess(number: int) -> bool:
        together.wait()
        try:
            return accounts.login("tess", f"guess {number}", address=str(number // QUEUE_PER_ADDRESS)) is not None
        except BusyError:
            return False

    monkeypatch.setattr("alerts.accounts.passwords.QUEUE_MAX", 100)
    monkeypatch.setattr(Tries, "matches", compare)
    with ThreadPoolExecutor(40) as pool:
        let_in = sum(pool.map(guess, range(40)))

    assert let_in == 0
    assert len(compared) == TRIES_PER_MINUTE


def test_an_address_takes_a_part_of_the_queue_only(accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    """While one address waits with all it may have, another is still let in; and who has left is forgotten."""
    accounts.add("tess", Role.TECHNICIAN, password=PASSWORD)
    with ExitStack() as held:
        for _ in range(QUEUE_PER_ADDRESS):
            held.enter_context(accounts.tries.in_queue("1.2.3.4"))

        with pytest.raises(BusyError, match="Too many log in"):
            accounts.login("tess", PASSWORD, address="1.2.3.4")
        assert accounts.login("tess", PASSWORD, address="5.6.7.8") is not None
        monkeypatch.setattr("alerts.accounts.passwords.QUEUE_MAX", QUEUE_PER_ADDRESS)
        with pytest.raises(BusyError, match="Too many log in"):
            accounts.login("tess", PASSWORD, address="5.6.7.8")

    assert not accounts.tries.queue


@pytest.mark.parametrize("name", ["nobody", "keyless"])
def test_unknown_name_and_account_without_password_log_nobody_in(accounts: Accounts, name: str) -> None:
    """Nobody comes in by a password that was never set."""
    accounts.add("keyless", Role.ADMIN)

    assert accounts.login(name, "") is None
    assert accounts.login(name, "nobody has this password") is None


def test_link_works_once_and_for_a_day(accounts: Accounts, clock: ManualClock) -> None:
    """A login link opens one browser login, once, within a day."""
    accounts.add("demo", Role.ADMIN)
    link, old = accounts.login_link("demo"), accounts.login_link("demo")

    found = accounts.login_by_link(link)

    assert found is not None
    assert accounts.by_cookie(found[1]) == Account("demo", Role.ADMIN)
    assert accounts.login_by_link(link) is None
    clock.advance(LINK_LIFE_MS)
    assert accounts.login_by_link(old) is None


def test_disabled_account_is_shut_out_everywhere(accounts: Accounts) -> None:
    """Disabling an account ends its keys, logins and links at once."""
    accounts.add("tess", Role.TECHNICIAN, password=PASSWORD)
    key, login, link = accounts.issue_key("tess"), accounts.login("tess", PASSWORD), accounts.login_link("tess")
    assert login is not None

    accounts.change("tess", disabled=True)

    assert accounts.by_key(key) is None
    assert accounts.by_cookie(login[1]) is None
    assert accounts.login_by_link(link) is None
    assert accounts.login("tess", PASSWORD) is None
    [shut_out] = accounts.all()
    assert (shut_out.name, shut_out.disabled, len(shut_out.keys)) == ("tess", True, 1)


def test_names_and_passwords_have_rules(accounts: Accounts) -> None:
    """A name is taken once and is made of plain characters; a password has a least length; a key needs an account."""
    accounts.add("tess", Role.VIEWER)

    with pytest.raises(ConflictError):
        accounts.add("tess", Role.ADMIN)
    with pytest.raises(InvalidError):
        accounts.add("no spaces", Role.ADMIN)
    with pytest.raises(InvalidError):
        accounts.add("tom", Role.ADMIN, password="short")
    with pytest.raises(UnknownError):
        accounts.issue_key("tom")
