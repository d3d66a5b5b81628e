"""``python -m api.http`` prints the OpenAPI document; the console's types are made from it."""

from __future__ import annotations

import json
import sys

from api.http.app import make_app

sys.stdout.write(json.dumps(make_app(None).openapi(), indent=2, ensure_ascii=False) + "\n")
