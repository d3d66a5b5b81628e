"""The repository tests itself: house rules that a machine can hold.

Each rule is a function from the tree to a list of offences; each has a second test that feeds it an offence, so that a
rule that has gone blind fails too.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.examples import OF_THE_TREE
from tests.imports import ROOMS, ROOT, nodes, python_files, source

CODE = (*ROOMS, "tests", "benchmarks", "deploy", "docs")
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 50
FORBIDDEN_NAMES = re.compile(r"^(utils?|helpers?|common|manager|misc|base_.*)$")
CLOCK = "ingest/clock.py"
BROAD = {"Exception", "BaseException"}
TRUTH_READERS = frozenset({"detectors/evaluation/truth.py", "api/demo/summary.py"})
SIMULATOR_IMPORTERS = {
    "api/demo/demo.py",
    "api/demo/fleet.py",
    "api/demo/kitchens.py",
    "api/commands/simulate.py",
    "api/commands/trying_the_desk.py",
    "api/desk_trial/case.py",
    "api/desk_trial/trial.py",
    "api/desk_trial/ways.py",
    "api/commands/replay.py",
}


def where(path: Path, line: int = 1) -> str:
    """A place to click on."""
    return f"{path.relative_to(ROOT) if path.is_relative_to(ROOT) else path}:{line}"


def docstring_lines(node: ast.AST) -> int:
    """How many lines the docstring of a function takes."""
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or ast.get_docstring(node) is None:
        return 0
    first = node.body[0]
    return (first.end_lineno or first.lineno) - first.lineno + 1


def too_many_lines(path: Path, text: str) -> list[str]:
    """What rule 2 says of a file in any language."""
    lines = text.count("\n")
    return [f"{where(path)}: {lines} lines, at most {MAX_FILE_LINES}"] if lines > MAX_FILE_LINES else []


def too_long(path: Path, text: str) -> list[str]:
    """Rule 2: a file has at most 400 lines, a function 50 without its docstring."""
    offences = too_many_lines(path, text)
    for node in nodes(text):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1 - docstring_lines(node)
            if length > MAX_FUNCTION_LINES:
                offences.append(f"{where(path, node.lineno)}: {node.name} has {length} lines, at most 50")
    return offences


def badly_named(path: Path, _text: str) -> list[str]:
    """Rule 5: no drawer names; no file, and no room, named like a module of the standard library (`api.http` hides none)."""
    name = path.stem if path.stem != "__init__" else path.parent.name
    top_level = path.parent.parent == ROOT
    if FORBIDDEN_NAMES.match(name):
        return [f"{where(path)}: '{name}' says nothing about what it holds"]
    hides = path.stem != "__init__" or top_level
    if hides and name in sys.stdlib_module_names and name != "__main__" and not name.startswith("_"):
        return [f"{where(path)}: '{name}' is the name of a standard module"]
    return [] if top_level or path.stem == "__init__" or name.isidentifier() else [f"{where(path)}: no identifier"]


def relative_imports(path: Path, text: str) -> list[str]:
    """Rule 5: imports are absolute."""
    return [
        f"{where(path, node.lineno)}: relative import"
        for node in nodes(text)
        if isinstance(node, ast.ImportFrom) and node.level
    ]


def dotted(node: ast.AST) -> str:
    """The dotted name of an expression, as far as it has one."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


WALL_CLOCK = {"time.time", "time.time_ns", "time.localtime", "time.gmtime", "datetime.now", "datetime.utcnow"}
WALL_CLOCK |= {"datetime.datetime.now", "datetime.datetime.utcnow", "datetime.date.today", "date.today", "time.ctime"}


def wall_clock(path: Path, text: str) -> list[str]:
    """Rule 12: only ingest/clock.py reads the wall clock."""
    if where(path).startswith(f"{CLOCK}:"):
        return []
    return [
        f"{where(path, node.lineno)}: {dotted(node.func)} outside {CLOCK}"
        for node in nodes(text)
        if isinstance(node, ast.Call) and dotted(node.func) in WALL_CLOCK
    ]


def free_chance(path: Path, text: str) -> list[str]:
    """Rule 13: chance is a seeded generator that is passed in, never a module's own."""
    offences = []
    for node in nodes(text):
        if not isinstance(node, ast.Call):
            continue
        name = dotted(node.func)
        seeded = name in {"random.Random", "np.random.default_rng", "numpy.random.default_rng", "np.random.Generator"}
        system = name == "random.SystemRandom"  # secrets are nobody's seed, and it is passed in as chance too
        generator = name.startswith(("np.random.", "numpy.random.")) and name.rsplit(".", 1)[-1][0].isupper()
        if seeded and not node.args and not node.keywords:
            offences.append(f"{where(path, node.lineno)}: {name} without a seed")
        elif (
            not system and name.startswith(("random.", "np.random.", "numpy.random.")) and not seeded and not generator
        ):
            offences.append(f"{where(path, node.lineno)}: {name} is nobody's seed")
    return offences


def broad_excepts(path: Path, text: str) -> list[str]:
    """Rule 26: `except Exception` stands only where it raises again, or where a line says why."""
    lines = text.splitlines()
    offences = []
    for node in nodes(text):
        if not isinstance(node, ast.ExceptHandler) or (node.type and dotted(node.type) not in BROAD):
            continue
        raises_again = isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None
        if not raises_again and not re.search(r"# noqa: BLE001\s+\S+", lines[node.lineno - 1]):
            offences.append(f"{where(path, node.lineno)}: a broad except needs '# noqa: BLE001 - why'")
    return offences


def unexplained_ignores(path: Path, text: str) -> list[str]:
    """Rule 29: an ignored type error names its code and its reason."""
    some, explained = re.compile(r"#\s*type:\s*ig[n]ore"), re.compile(r"# type: ig[n]ore\[[\w, -]+\].*#\s*\S+")
    return [
        f"{where(path, number)}: an ignored type error needs [code] and a reason behind it"
        for number, line in enumerate(text.splitlines(), 1)
        if some.search(line) and not explained.search(line)
    ]


def open_ends(path: Path, text: str) -> list[str]:
    """Rule 31: nothing lands half done."""
    pattern = re.compile(r"#.*\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
    return [
        f"{where(path, number)}: an open end"
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


def unexplained_mocks(path: Path, text: str) -> list[str]:
    """Rule 35: a mock needs a reason beside it."""
    return [
        f"{where(path, number)}: a mock needs a reason"
        for number, line in enumerate(text.splitlines(), 1)
        if re.search(r"^\s*(from unittest import mock|from unittest\.mock|import unittest\.mock)", line)
        and not re.search(r"# \S+", line)
    ]


def simulator_imports(path: Path, text: str) -> list[str]:
    """Rule 1: of the api room, only demo, simulate and replay import the simulator."""
    place = where(path).split(":")[0]
    if not place.startswith(ROOMS) or place.startswith("simulator") or place in SIMULATOR_IMPORTERS:
        return []
    found = []
    for node in nodes(text):
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        found += [f"{where(path, node.lineno)}: imports {name}" for name in names if name.split(".")[0] == "simulator"]
    return found


def truth_readers(path: Path, text: str) -> list[str]:
    """No code of the service names the simulator's truth; only the evaluation and the demo's last word do."""
    place = where(path).split(":")[0]
    if not place.startswith(ROOMS) or place.startswith("simulator") or place in TRUTH_READERS:
        return []
    prose = {id(node.value) for node in nodes(text) if isinstance(node, ast.Expr)}
    return [
        f"{where(path, node.lineno)}: names {node.value!r}"
        for node in nodes(text)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose
        if re.search(r"\btruth\b", node.value) and not re.search(r"\s", node.value)
    ]


Rule = Callable[[Path, str], list[str]]
RULES: list[tuple[Rule, str]] = [
    (too_long, "def f():\n" + "    x = 1\n" * 60),
    (badly_named, ""),
    (relative_imports, "from . import x\n"),
    (wall_clock, "import time\ntime.time()\n"),
    (free_chance, "import numpy as np\nnp.random.default_rng()\n"),
    (broad_excepts, "try:\n    pass\nexcept Exception:\n    pass\n"),
    (unexplained_ignores, "x = 1  # type: " + "ignore\n"),
    (open_ends, "# TO" + "DO later\n"),
    (unexplained_mocks, "from unittest import mock\n"),
    (simulator_imports, "import simulator.fleet\n"),
    (truth_readers, 'open("fleet/truth/faults.csv")\n'),
]


@pytest.mark.parametrize("rule", [rule for rule, _ in RULES], ids=[rule.__name__ for rule, _ in RULES])
def test_the_tree_keeps_the_rule(rule: Rule) -> None:
    """Every Python file of the project keeps every house rule."""
    offences = [o for path in python_files(*CODE) for o in rule(path, source(path))]

    assert not offences, "\n".join(offences)


@pytest.mark.parametrize(("rule", "offence"), RULES, ids=[rule.__name__ for rule, _ in RULES])
def test_the_rule_sees_an_offence(rule: Rule, offence: str) -> None:
    """A rule that is broken on purpose is reported, so a blind rule fails here."""
    path = ROOT / "api" / ("utils.py" if rule is badly_named else "offence.py")

    assert rule(path, offence)


def test_no_source_of_the_console_is_too_long() -> None:
    """Rule 2 holds there, too, but for what is made from the API."""
    written = [path for path in (ROOT / "api/console/src").rglob("*.ts*") if path.name != "schema.d.ts"]

    assert len(written) > 200
    assert [offence for path in written for offence in too_many_lines(path, path.read_text("utf-8"))] == []
    assert too_many_lines(ROOT / "api/offence.ts", "\n" * (MAX_FILE_LINES + 1))


def test_no_lock_file_names_a_host() -> None:
    """Lock files carry names, versions and hashes only."""
    for name in ("requirements.lock", "api/console/package-lock.json"):
        text = (ROOT / name).read_text("utf-8")

        assert not re.search(r"https?://(?!opencollective|github|tidelift|www\.patreon|feross)[^\s\"]*registry", text)
        assert '"resolved": "http' not in text
        assert not re.search(r"^\s*(-i|--(extra-)?index-url|--find-links)\b", text, re.MULTILINE)


def test_pytest_takes_warnings_as_errors() -> None:
    """Warnings fail the tests, which run in random order and in parallel."""
    options = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["pytest"]["ini_options"]

    assert options["filterwarnings"][0] == "error"
    assert "randomly" not in options["addopts"]


def test_what_other_tests_leave_out_is_run_by_the_check() -> None:
    """`make check` names each file that is left out where nobody names it."""
    [check] = re.findall(r"^check:.*\n((?:\t.*\n)+)", source(ROOT / "Makefile"), re.MULTILINE)

    assert [name for name in OF_THE_TREE if f" {name}" not in check] == []


def test_every_ignored_lint_rule_says_why() -> None:
    """Lint is everything minus a list in which each line carries its reason."""
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    block = text.split("[tool.ruff.lint]", 1)[1].split("[tool.ruff.lint.flake8", 1)[0]

    bare = [line for line in block.splitlines() if re.match(r'\s*"[A-Z]+\d+",\s*$', line)]

    assert not bare


def generated_pages() -> list[str]:
    """The pages beside a script, and the same in other languages for the help, below docs/."""
    stems = [one.stem for one in (ROOT / "docs").glob("*.py") if one.with_suffix(".md").exists()]
    spoken = [one for stem in stems for one in (ROOT / "docs").glob(f"help/*/{stem}.md")]
    return sorted([f"{stem}.md" for stem in stems] + [str(one.relative_to(ROOT / "docs")) for one in spoken])


@pytest.mark.parametrize("page", generated_pages())
def test_a_generated_page_is_true(page: str) -> None:
    """A page beside a script says what the script prints: what the code and the tests' cases say."""
    file = ROOT / "docs" / page
    script, words = ROOT / "docs" / f"{file.stem}.py", [] if "/" not in page else [file.parent.name]
    made = subprocess.run([sys.executable, str(script), *words], cwd=ROOT, capture_output=True, text=True, check=True)

    assert file.read_text("utf-8") == made.stdout, "run: make docs"
