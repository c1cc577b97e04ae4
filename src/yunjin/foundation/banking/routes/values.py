"""Values that the addresses of banking share, beside those of every room."""

from typing import Annotated, Final

from fastapi import Path, Query
from pydantic import Field

from yunjin.chassis.transport.values import (
    INT64_MAX,
    Answer,
    Command,
    Digits,
    Exact,
    Form,
    Key,
    Minor,
    facts_of,
    id_of,
)
from yunjin.kernel.page import LIMIT_MAX

__all__ = [
    "ID_MAX",
    "AgreementId",
    "Answer",
    "Code",
    "Command",
    "Digits",
    "Exact",
    "Form",
    "Id",
    "Key",
    "Limit",
    "Note",
    "Terms",
    "Value",
    "facts_of",
    "id_of",
]
ID_MAX: Final = INT64_MAX
AgreementId = Annotated[int, Path(ge=1, le=ID_MAX)]
Id = Annotated[int, Field(ge=1, le=ID_MAX)]  # in a body; digits in a string will do
Value = Minor  # of a term: minor units, or parts of a million
Terms = dict[Annotated[str, Field(max_length=64)], Value]
Limit = Annotated[int, Query(ge=1, le=LIMIT_MAX)]
Code = Annotated[str, Field(max_length=40)]
Note = Annotated[str, Field(max_length=200)]
