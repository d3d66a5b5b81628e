"""``python -m api.openapi`` prints the OpenAPI document, from which the console's types are made."""

from __future__ import annotations

import json
import sys

from api.app import make_app


def main() -> None:
    """Print the document."""
    document = make_app(None).openapi()
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
