"""Values that the addresses of the centres share."""

from typing import Annotated, Any

from fastapi import Query
from pydantic import Field

from yunjin.chassis.transport.values import Command, Minor
from yunjin.kernel.page import LIMIT_MAX

Limit = Annotated[int, Query(ge=1, le=LIMIT_MAX)]
Cursor = Annotated[str | None, Query(min_length=1, max_length=500)]
Amount = Annotated[Minor, Field(ge=1)]
Name = Annotated[str, Field(min_length=1, max_length=100)]
Code = Annotated[str, Field(max_length=64, pattern="^[!-~]*$")]
Note = Annotated[str, Field(max_length=200)]


def given_of(form: Command) -> dict[str, Any]:
    """Return a command's fields as they were read, dataclasses among them, without its id."""
    return {name: getattr(form, name) for name in type(form).model_fields if name != "id"}
