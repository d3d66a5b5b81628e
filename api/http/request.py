"""Bodies of requests: a key that we don't know is refused by its name, so that a slip of the pen is not taken for done."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Request(BaseModel):
    """A body."""

    model_config = ConfigDict(extra="forbid")
