"""Values on the wire that are the ledger's own."""

from collections.abc import Iterable
from enum import IntFlag
from typing import Any, Final

from yunjin.chassis.transport import values
from yunjin.chassis.transport.values import Int63
from yunjin.kernel.money import MINOR_MAX

BATCH_MAX: Final = 8_190
AccountId = Int63


def flag_names(flags: int, kind: Iterable[IntFlag]) -> list[str]:
    """Return the names of the flags that are set."""
    return [flag.name.lower() for flag in kind if flags & flag and flag.name]


def _told(value: Any) -> Any:
    return str(value) if type(value) is int and value > MINOR_MAX else value


class Answer(values.Answer):
    """What goes out."""

    def __init__(self, **facts: Any) -> None:
        # the ledger's own numbers are exact: what a caller may not send as a number, it may
        super().__init__(**{name: _told(fact) for name, fact in facts.items()})
