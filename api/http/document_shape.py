"""What a document is: made from a value by its attributes, texts in the caller's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationInfo


class Document(BaseModel):
    """A response: made from a value's attributes, and frozen."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


DocumentT = TypeVar("DocumentT", bound=Document)


def show(document: type[DocumentT], value: object, *, language: str = "en") -> DocumentT:
    """The document of a value, in a language."""
    return document.model_validate(value, context={"language": language})


def _in_language(value: object, info: ValidationInfo) -> object:
    """The text in the caller's language where there are several."""
    if not isinstance(value, Mapping):
        return value
    language = (info.context or {}).get("language", "en")
    return value.get(language) or value.get("en") or next(iter(value.values()), None)


Text = Annotated[str, BeforeValidator(_in_language)]
OptionalText = Annotated[str | None, BeforeValidator(_in_language)]
