"""Who may import what, beyond the contracts of the import linter: libraries stay in their adapters, and are named."""

from __future__ import annotations

import importlib.metadata
import re
import sys
import tomllib
from collections.abc import Iterable

from tests.imports import ROOMS, ROOT, Import, imports_of, imports_of_rooms

ADAPTERS = {
    "aiomqtt": ("simulator/connection.py",),
    "alembic": ("alerts/database.py", "alerts/database_check.py", "alerts/migrations/"),
    "cloudevents": ("alerts/delivery/",),
    "confluent_kafka": ("ingest/journal/kafka",),
    "fastapi": ("api/http/",),
    "httpx": ("alerts/delivery/",),
    "influxdb_client": ("ingest/store/influx",),
    "iotcore": ("ingest/mqtt/embedded_broker.py",),
    "mqtt5": ("ingest/mqtt/",),
    "paho": ("simulator/connection.py",),
    "prometheus_client": ("api/service/",),
    "psycopg": ("alerts/database.py",),
    "pwdlib": ("alerts/accounts/",),
    "pyarrow": ("detectors/", "ingest/store/flux.py", "ingest/recording", "simulator/folder.py", "simulator/truth.py"),
    "rich": ("api/",),
    "sqlalchemy": ("alerts/", "api/service/"),
    "sqlite3": ("ingest/books/", "ingest/journal/", "ingest/store/"),
    "standardwebhooks": ("alerts/delivery/",),
    "starlette": ("api/http/",),
    "typer": ("api/cli.py", "api/commands/"),
    "urllib3": ("ingest/store/influx",),
    "uvicorn": ("api/http/server.py", "api/http/connection.py"),
    "zstandard": ("ingest/journal/", "ingest/store/", "ingest/books/"),
}
"""Where a library that reaches the outside, or has a shape of its own, may be imported."""

DISTRIBUTIONS = {"paho": "paho-mqtt", "sklearn": "scikit-learn", "vroom": "pyvroom"}
"""Where the name that is imported is not the name that is installed."""


def strayed(imports: Iterable[Import]) -> list[str]:
    """Imports of an adapter's library outside that adapter."""
    return [
        f"{one}; only {', '.join(places)} may"
        for one in imports
        if (places := ADAPTERS.get(one.module.split(".")[0])) is not None and not one.file.startswith(places)
    ]


def unnamed(imports: Iterable[Import]) -> list[str]:
    """Imports of libraries that the project's dependencies do not name."""
    named = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    names = {re.split(r"[\[<>=;~! ]", entry)[0] for entry in named}
    own = {*ROOMS, *sys.stdlib_module_names}
    foreign = {one.module.split(".")[0]: one for one in imports if one.module.split(".")[0] not in own}
    providers = importlib.metadata.packages_distributions()
    return [
        f"{one}, which no dependency names"
        for module, one in foreign.items()
        if not names & {DISTRIBUTIONS.get(module, module.replace("_", "-")), *providers.get(module, ())}
    ]


def test_each_library_stays_in_its_adapter() -> None:
    """A broker, a database or a web framework is spoken to in one place, so it can be exchanged there."""
    assert not strayed(imports_of_rooms())


def test_every_library_that_is_imported_is_a_dependency_by_name() -> None:
    """Nothing that the code needs comes in only because something else brings it."""
    assert not unnamed(imports_of_rooms())


def test_every_named_adapter_is_there() -> None:
    """A rule about a place that no longer exists would guard nothing."""
    files = {one.file for one in imports_of_rooms()}
    used = {one.module.split(".")[0] for one in imports_of_rooms()}

    assert not [name for name in ADAPTERS if name not in used and name != "psycopg"]
    assert not [name for name, places in ADAPTERS.items() if not any(file.startswith(places) for file in files)]


def test_an_offence_is_seen() -> None:
    """A stray import and an unnamed library are reported, so a blind rule fails here."""
    stray = imports_of("alerts/desk.py", "import confluent_kafka\n")
    hidden = imports_of("simulator/agent.py", "from wcwidth import wcswidth\n")

    assert strayed(stray)
    assert unnamed(hidden)
