"""Values that the addresses of banking share: ids, money and terms on the wire."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Header, Path, Query
from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema

from yunjin.kernel.errors import Malformed
from yunjin.kernel.money import MINOR_MAX
from yunjin.kernel.page import LIMIT_MAX

ID_MAX: Final = 2**63 - 1
Key = Annotated[
    UUID | None,
    Header(
        alias="Idempotency-Key",
        description="The command's id: made before sending, kept, sent again with a retry. "
        "It may stand in the body as `id` instead.",
    ),
]
CommandId = Annotated[UUID | None, Field(description="The command's id; else Idempotency-Key.")]
AgreementId = Annotated[int, Path(ge=1, le=ID_MAX)]
Id = Annotated[int, Field(ge=1, le=ID_MAX)]  # in a body; digits in a string will do
Digits = Annotated[  # going out: JavaScript would round it
    int,
    PlainSerializer(str, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,20}$"}, mode="serialization"),
]
Exact = Annotated[
    int,
    PlainSerializer(lambda one: one if abs(one) <= MINOR_MAX else str(one), when_used="json"),
    WithJsonSchema(
        {
            "description": "A string beyond 2^53-1.",
            "anyOf": [{"type": "integer"}, {"type": "string", "pattern": "^-?[0-9]{16,20}$"}],
        },
        mode="serialization",
    ),
]
Value = Annotated[int, Field(strict=True, ge=-MINOR_MAX, le=MINOR_MAX)]
Terms = dict[Annotated[str, Field(max_length=64)], Value]
Limit = Annotated[int, Query(ge=1, le=LIMIT_MAX)]
Code = Annotated[str, Field(max_length=40)]
Note = Annotated[str, Field(max_length=200)]


class Form(BaseModel):
    """What comes in: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Command(Form):
    """What comes in under an id of its own and acts once."""

    id: CommandId = None


class Answer(BaseModel):
    """What goes out, read from what the door answers."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


def id_of(command: Command | None, key: UUID | None) -> UUID:
    """Return a command's id. Raises: Malformed (none, or two that differ)."""
    named = command.id if command and command.id else key
    if named is None:
        raise Malformed("expected the command's id as Idempotency-Key or as id, was none")
    if key not in (None, named):
        raise Malformed("expected the command's id as Idempotency-Key, was another")
    return named


def facts_of(form: Command) -> dict[str, Any]:
    """Return a command's fields without its id."""
    return form.model_dump(exclude={"id"})
