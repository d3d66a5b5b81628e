"""Renew what is made from the code, by ``make docs``: each page beside the script that prints it, and the console's types."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
CONSOLE = ROOT / "api" / "console"
sys.path.insert(0, str(ROOT))

from api.http.app import make_app  # noqa: E402  (found by the line above)
from deploy.build_console import ConsoleBuildError, find_npm, run, words_for_types  # noqa: E402  (the same)


def main() -> int:
    """Renew what the code says anew; 1 where the console's packages can't be run."""
    docs = Path(__file__).parent
    for script in sorted(docs.glob("*.py")):
        for page in (script.with_suffix(".md"), *sorted(docs.glob(f"help/*/{script.stem}.md"))):
            if page.exists():
                words = [] if page.parent == docs else [page.parent.name]
                command = [sys.executable, str(script), *words]
                made = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
                _write(page, made.stdout)
    with TemporaryDirectory() as folder:
        document, types = Path(folder, "openapi.json"), Path(folder, "schema.d.ts")
        document.write_text(json.dumps(make_app(None).openapi()), encoding="utf-8")
        try:
            run(find_npm(), words_for_types(document, types), CONSOLE)
        except ConsoleBuildError as error:
            sys.stderr.write(f"{error}\n")
            return 1
        _write(CONSOLE / "src" / "api" / "schema.d.ts", types.read_text("utf-8"))
    return 0


def _write(file: Path, text: str) -> None:
    """Write what differs, and say so."""
    if file.read_text("utf-8") != text:
        file.write_text(text, encoding="utf-8")
        sys.stdout.write(f"renewed: {file.relative_to(ROOT)}\n")


if __name__ == "__main__":
    sys.exit(main())
