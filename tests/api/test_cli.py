"""The command line: exit codes, one sentence on stderr, data on stdout."""

from __future__ import annotations

import errno
import importlib.metadata
import io
import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api import cli
from ingest.books.books import FILE_NAME, Books
from ingest.clock import SystemClock
from ingest.wire.foreign.heard import Unread
from ingest.wire.foreign.traces import FILE_NAME as TRACES_FILE
from ingest.wire.foreign.traces import Traces

COMMANDS: tuple[str, ...] = (
    *("demo", "serve", "ingest", "detect", "desk", "api", "simulate", "replay", "backtest"),
    *("ledger", "dead-letters", "settings", "migrate", "notices", "devices", "status", "doctor"),
)


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


Run = Callable[..., Ended]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command of ``fettle`` in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run_it(*words: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["fettle", *words])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        captured = capsys.readouterr()
        code = caught.value.code
        return Ended(code if isinstance(code, int) else 0, captured.out, captured.err)

    return run_it


def is_one_sentence(text: str) -> bool:
    """Whether a text is one line, and no traceback."""
    return text.count("\n") == 1 and text.startswith("fettle: ") and "Traceback" not in text


def test_help_names_every_command_and_loads_nothing_heavy() -> None:
    """``fettle --help`` lists the commands, and neither it nor a typing error loads the service."""
    script = (
        "import sys; sys.argv = ['fettle', '--help']\n"
        "from api.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'fastapi', 'sqlalchemy', 'pydantic', 'uvicorn'} & set(sys.modules)\n"
        "print('heavy:', sorted(heavy))\n"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert "heavy: []" in done.stdout
    for command in (*COMMANDS, "users", "appliances"):
        assert f"\n  {command}" in done.stdout


@pytest.mark.parametrize("command", [*COMMANDS, "users", "appliances"])
def test_each_command_explains_itself(run: Run, command: str) -> None:
    """Every command has a help text and exits 0 with it."""
    ended = run(command, "--help")

    assert ended.code == 0
    assert "Usage" in ended.out


@pytest.mark.parametrize(
    "words",
    [
        ("dance",),
        ("serve", "--loud"),
        ("replay", "a.csv"),
        ("replay", "a.csv", "--kind", "k", "--id", "i", "--speed", "fast"),
        ("users", "add", "anna", "--role", "queen"),
        ("backtest", "--out", "o"),
        ("backtest", "a.csv", "--out", "o"),
        ("dead-letters", "--reason", "mood"),
        ("demo", "--appliances", "0"),
    ],
)
def test_wrong_use_exits_2(run: Run, words: tuple[str, ...]) -> None:
    """Words that make no sense exit 2 and name what is wrong."""
    ended = run(*words)

    assert ended.code == 2
    assert ended.out == ""
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("ledger",), "has the service run"),
        (("dead-letters", "--json"), "has the service run"),
        (("settings", "--config", "none.toml"), "none.toml does not exist"),
        (("--config", "none.toml", "settings"), "none.toml does not exist"),
        (("replay", "none.csv", "--kind", "k", "--id", "i"), "none.csv is no file"),
        (("backtest", "none.csv", "--kind", "generic", "--out", "o"), "none.csv"),
        (("backtest", "--fleet", "nowhere", "--out", "o"), "nowhere"),
        (("appliances", "add", "a b", "--kind", "fridge"), "'a b'"),
        (("appliances", "import", "none.csv"), "none.csv"),
        (("appliances", "retire", "nobody"), "nobody"),
        (("users", "add", "!", "--role", "admin"), "name"),
    ],
)
def test_a_failure_is_one_sentence_and_exits_1(run: Run, words: tuple[str, ...], said: str) -> None:
    """What can't be done is told in one sentence on stderr; nothing is on stdout."""
    ended = run(*words)

    assert ended.code == 1, ended.err
    assert ended.out == ""
    assert is_one_sentence(ended.err), ended.err
    assert said in ended.err


def test_a_wrong_setting_stops_every_command(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A misspelt variable stops a command before it does anything."""
    monkeypatch.setenv("FETTLE_HTTP_LISTN", "x")

    ended = run("serve")

    assert ended.code == 1
    assert is_one_sentence(ended.err)
    assert "did you mean FETTLE_HTTP_LISTEN?" in ended.err


def test_settings_are_printed_with_their_source(run: Run, tmp_path: Path) -> None:
    """``settings`` prints each setting with its value and place, as a table or as JSON lines."""
    (tmp_path / "fettle.toml").write_text("stale_after_s = 5\n", encoding="utf-8")

    lines = [json.loads(line) for line in run("settings", "--json").out.splitlines()]

    assert {"name": "stale_after_s", "value": "5", "source": "fettle.toml:1"}.items() <= {
        line["name"]: line for line in lines
    }["stale_after_s"].items()
    assert "stale_after_s" in run("settings").out


def test_an_account_is_made_and_its_key_alone_is_on_stdout(run: Run) -> None:
    """``users add --key`` prints nothing but the key; a second account of that name is refused."""
    made = run("users", "add", "anna", "--role", "dispatcher", "--key")
    again = run("users", "add", "anna", "--role", "dispatcher")
    listed = [json.loads(line) for line in run("users", "list", "--json").out.splitlines()]

    assert made.code == 0
    assert len(made.out.split()) == 1
    assert made.out.startswith("fettle_")
    assert (again.code, is_one_sentence(again.err)) == (1, True)
    prefix = "_".join(made.out.strip().split("_")[:2])
    assert listed == [{"name": "anna", "role": "dispatcher", "disabled": False, "keys": [prefix]}]


def test_an_account_is_kept_from_the_command_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Role, password, key and the way in are changed by name; the last admin can't be shut out."""
    key = run("users", "add", "anna", "--role", "viewer", "--key").out.strip()
    run("users", "add", "root", "--role", "admin", "--key")

    assert run("users", "role", "anna", "manager").code == 0
    monkeypatch.setattr(sys, "stdin", io.StringIO("correct horse battery\n"))
    assert run("users", "passwd", "anna", "--password-stdin").code == 0
    assert run("users", "revoke", "_".join(key.split("_")[:2])).code == 0
    assert run("users", "disable", "anna").code == 0
    [anna, _root] = [json.loads(line) for line in run("users", "list", "--json").out.splitlines()]
    assert anna == {"name": "anna", "role": "manager", "disabled": True, "keys": []}
    assert run("users", "enable", "anna").code == 0
    last = run("users", "disable", "root")
    assert (last.code, is_one_sentence(last.err)) == (1, True)
    monkeypatch.setattr(sys, "stdin", io.StringIO("short\n"))
    assert run("users", "passwd", "anna", "--password-stdin").code == 1
    assert run("users", "role", "nobody", "viewer").code == 1


def test_silences_and_the_audit_have_their_commands(run: Run) -> None:
    """A silence is added, listed and lifted; the audit says whether it is whole."""
    made = run(
        "silences", "add", "--fault-mode", "condenser_fouling", "--until", "2099-01-01T00:00:00Z", "--reason", "r"
    )
    assert made.code == 1, "a silence ends within a year"
    until = (SystemClock().now() + timedelta(days=1)).isoformat()
    made = run("silences", "add", "--fault-mode", "condenser_fouling", "--until", until, "--reason", "flood")
    [listed] = [json.loads(line) for line in run("silences", "--json").out.splitlines()]

    assert (listed["id"], listed["fault_mode"], listed["reason"]) == (made.out.strip(), "condenser_fouling", "flood")
    assert run("silences", "lift", listed["id"]).code == 0
    assert run("silences", "--json").out == ""
    assert run("audit", "verify").code == 0
    with closing(sqlite3.connect("fettle-data/desk.db")) as connection, connection:
        connection.execute("UPDATE audit SET actor = 'nobody' WHERE n = 1")
    bad = run("audit", "verify")
    assert (bad.code, is_one_sentence(bad.err)) == (1, True)
    assert "entry 1" in bad.err


def test_an_account_without_key_and_password_is_told_to_be_useless(run: Run) -> None:
    """Whoever makes an account that nobody can use reads so, with the way out; who asks for a key does not."""
    bare = run("users", "add", "bert", "--role", "viewer")
    keyed = run("users", "add", "anna", "--role", "viewer", "--key")

    assert "the same command with --key" in bare.err
    assert "--key" not in keyed.err


def test_appliances_are_added_listed_and_retired(run: Run, tmp_path: Path) -> None:
    """``appliances add`` prints the password once and writes its hash for the broker; ``retire`` takes it away."""
    added = run("appliances", "add", "w-1", "--kind", "washing_machine", "--broker-passwords", "passwords")
    hashed = (tmp_path / "passwords").read_text(encoding="utf-8")
    run("appliances", "retire", "w-1", "--broker-passwords", "passwords")
    listed = json.loads(run("appliances", "list", "--json").out)

    back = run("appliances", "revive", "w-1", "--broker-passwords", "passwords")
    assert back.code == 0, back.err
    assert json.loads(run("appliances", "list", "--json").out)["retired"] is None
    assert "w-1:$7$" in (tmp_path / "passwords").read_text(encoding="utf-8")
    run("appliances", "retire", "w-1", "--broker-passwords", "passwords")

    assert hashed.startswith("w-1:$7$")
    assert added.out.strip() not in hashed
    assert "w-1" not in (tmp_path / "passwords").read_text(encoding="utf-8")
    assert listed["id"] == "w-1"
    assert listed["retired"] is not None


def test_devices_are_listed_with_what_is_not_read(run: Run, tmp_path: Path) -> None:
    """``devices`` shows each foreign device and what of it is left out; without any it shows none."""
    assert run("devices", "--json") == Ended(0, "", "")
    folder = tmp_path / "fettle-data"
    folder.mkdir(exist_ok=True)
    noted = Traces()
    noted.hear("tele/plug", "tasmota", ("plug", "generic"), 1, 2)
    noted.leave_out("tele/plug", "RC", Unread.TEXT, "NEC")
    (folder / TRACES_FILE).write_bytes(noted.to_bytes())

    listed, table = json.loads(run("devices", "--json").out), run("devices").out

    assert listed["left_out"] == [{"what": "RC", "reason": "text", "count": 1, "said": "NEC"}]
    assert "tele/plug" in table
    assert "NEC" in table


def test_the_ledger_of_empty_books_is_empty(run: Run, tmp_path: Path) -> None:
    """With books but no message, ``ledger --json`` and ``dead-letters --json`` print nothing and exit 0."""
    Books.open(tmp_path / "fettle-data" / FILE_NAME).close()

    assert run("ledger", "--json") == Ended(0, "", "")
    assert run("dead-letters", "--json") == Ended(0, "", "")


def test_a_reader_who_has_enough_is_told_nothing(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the reader of the output goes away, as ``head`` does, the command ends without a word."""
    Books.open(tmp_path / "fettle-data" / FILE_NAME).close()

    def gone(*_rows: object) -> None:
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    monkeypatch.setattr("api.commands.inspecting.write_table", gone)

    ended = run("ledger")

    assert (ended.code, ended.err) == (1, "")


def test_the_database_is_brought_up_to_date_twice(run: Run) -> None:
    """``migrate`` may be repeated."""
    assert run("migrate").code == 0
    assert run("migrate").code == 0


@pytest.mark.parametrize(("kind", "word"), [("washing_machin", "Did you mean washing_machine?"), ("generic", None)])
def test_a_backtest_of_a_kind_without_profile_says_so(run: Run, tmp_path: Path, kind: str, word: str | None) -> None:
    """A misspelt kind is read as generic, and whoever asked is told; who asks for generic is told nothing."""
    rows = "".join(f"2026-01-01 00:{minute:02d}:00,{20 + minute % 3}\n" for minute in range(40))
    (tmp_path / "a.csv").write_text("time,power_w\n" + rows, encoding="utf-8")

    ended = run("backtest", "a.csv", "--kind", kind, "--out", "o")

    assert (ended.code, "profile" in ended.err) == (0, word is not None), ended.err
    assert (word or "") in ended.err


def test_a_backtest_scores_each_row(run: Run, tmp_path: Path) -> None:
    """``backtest`` writes one score per row of the input with its time as it was written, and the episodes."""
    rows = "".join(f"2026-01-01 00:{i // 60:02d}:{i % 60:02d};{20 + i % 3}\n" for i in range(300))
    (tmp_path / "a.csv").write_text("time;activePower\n" + rows, encoding="utf-8")

    ended = run("backtest", "a.csv", "--kind", "generic", "--out", "o", "--calibrate", "100")

    lines = (tmp_path / "o" / "scores.csv").read_text(encoding="utf-8").splitlines()
    assert ended.code == 0
    assert lines[0] == "ts,score,alarm"
    assert len(lines) == 301
    assert lines[1].startswith("2026-01-01 00:00:00,")
    assert json.loads((tmp_path / "o" / "episodes.json").read_text(encoding="utf-8")) == []


def test_the_version_and_short_help_are_told() -> None:
    """``--version`` prints the installed version; ``-h`` is the help; a shell's completion can be installed."""
    version = CliRunner().invoke(cli.app, ["--version"])
    short = CliRunner().invoke(cli.app, ["-h"])

    assert version.output == f"fettle {importlib.metadata.version('fettle')}\n"
    assert short.exit_code == 0
    assert "--install-completion" in short.output
    assert CliRunner().invoke(cli.app, ["ledger", "-h"]).exit_code == 0


@pytest.mark.parametrize(("answer", "code"), [("n\n", 1), ("y\n", 0)])
def test_a_kind_that_has_no_profile_is_asked_about(
    run: Run, monkeypatch: pytest.MonkeyPatch, answer: str, code: int
) -> None:
    """Whoever sits at a terminal is asked, with the kind that may be meant; a script is told and goes on."""
    told = run("appliances", "add", "w1", "--kind", "washing_machin")
    known = run("appliances", "add", "w2", "--kind", "washing_machine")
    answers = io.StringIO(answer)
    monkeypatch.setattr(answers, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", answers)

    asked = run("appliances", "add", "w3", "--kind", "washing_machin")

    assert (told.code, known.code, asked.code) == (0, 0, code)
    assert "Did you mean washing_machine?" in told.err
    assert "profile" not in known.err
    assert "Register it as washing_machin?" in asked.err
    assert run("appliances", "add", "w4", "--kind", "toaster", "--yes").code == 0
