"""What a batch of columns must look like, before any row of it is read."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

R = TypeVar("R")


def refusal_of(
    schema: Any,
    required: Mapping[str, Any],
    optional: Mapping[str, Any],
    refused: Callable[..., R],
) -> R | None:
    """Say why batches of an Arrow schema are refused, None where they are not.

    Parameters
    ----------
    required, optional : column → its Arrow type.
    refused : makes the refusal of what was expected and facts.
    """
    types = {**required, **optional}
    missing = [name for name in required if name not in schema.names]
    if missing:
        return refused(f"expected the columns {', '.join(missing)}", missing=missing)
    for place, field in enumerate(schema):
        if field.name not in types or field.name in schema.names[:place]:
            return refused(f"expected known columns once each, was {field.name[:60]!r}")
        if field.type != types[field.name]:
            return refused(
                f"expected {field.name} as {types[field.name]}, was {str(field.type)[:60]}",
                column=field.name,
            )
    return None
