"""A fresh installation for each test of the API."""

from __future__ import annotations

import functools
import random
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
import typer
from fastapi import FastAPI
from sqlalchemy import Engine

from alerts.accounts.account import Role
from alerts.accounts.desk import Accounts
from alerts.database import UnitOfWork, migrate, open_database
from alerts.desk import Desk
from api.http.app import place
from api.http.context import Context
from api.service import desk_database
from api.service.contact_keys import contact_keys
from api.settings.settings import Settings
from ingest.clock import ManualClock
from ingest.profiles import load_profiles
from ingest.store.embedded import EmbeddedStore
from tests.api.described import routed_app
from tests.api.house import NOON_MS, House


@pytest.fixture(autouse=True)
def quiet_log() -> Iterator[None]:
    """Logs are made as in service and go nowhere; drawing a traceback with all its values would take seconds."""
    structlog.configure(
        processors=[structlog.processors.format_exc_info, structlog.processors.JSONRenderer(default=repr)],
        logger_factory=structlog.ReturnLoggerFactory(),
    )
    yield
    structlog.reset_defaults()


def _whole_file(path: Path) -> None:
    """Let a database be one file, without a log beside it."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A desk database of this version, made once, in which there is nothing."""
    path = tmp_path_factory.mktemp("desk") / "empty.db"
    engine = open_database(f"sqlite:///{path}")
    migrate(engine)
    engine.dispose()
    _whole_file(path)
    return path


@pytest.fixture(scope="session", autouse=True)
def ready_made(empty_database: Path) -> Iterator[None]:
    """A new installation copies its tables in place of making them, and the command line is put together once."""

    def copied(engine: Engine) -> None:
        path = Path(engine.url.database or "")
        if engine.dialect.name == "sqlite" and path.parent.is_dir() and not path.exists():
            shutil.copyfile(empty_database, path)
        migrate(engine)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(desk_database, "migrate", copied)
        patch.setattr(typer.main, "get_command", functools.cache(typer.main.get_command))
        yield


@pytest.fixture(scope="session")
def peopled_database(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> tuple[Path, dict[Role, str]]:
    """A desk database of this version with one account per role, made once, and their API keys."""
    path = tmp_path_factory.mktemp("desk") / "desk.db"
    shutil.copyfile(empty_database, path)
    engine = open_database(f"sqlite:///{path}")
    accounts = Accounts(UnitOfWork(engine, ManualClock(NOON_MS), random.Random(7)))
    keys = {}
    for role in Role:
        accounts.add(role.value, role)
        keys[role] = accounts.issue_key(role.value)
    engine.dispose()
    _whole_file(path)
    return path, keys


@pytest.fixture(scope="session")
def routed() -> FastAPI:
    """The app with all its routes."""
    return routed_app()


@pytest.fixture
def house(tmp_path: Path, peopled_database: tuple[Path, dict[Role, str]], routed: FastAPI) -> Iterator[House]:
    """A fresh installation."""
    template, keys = peopled_database
    (tmp_path / "desk.db").write_bytes(template.read_bytes())
    engine = open_database(f"sqlite:///{tmp_path / 'desk.db'}")
    clock = ManualClock(NOON_MS)
    chance = random.Random(11)
    profiles = load_profiles()
    store = EmbeddedStore.open(tmp_path / "telemetry.db")
    context = Context(
        settings=Settings(data_dir=tmp_path),
        clock=clock,
        desk=Desk(UnitOfWork(engine, clock, chance), profiles, seal=contact_keys(Settings(data_dir=tmp_path))),
        accounts=Accounts(UnitOfWork(engine, clock, chance)),
        store=store,
        profiles=profiles,
    )
    place(routed, context, console=tmp_path / "dist")
    yield House(context, clock, routed, keys)
    store.close()
    engine.dispose()
