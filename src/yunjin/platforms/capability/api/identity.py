"""Identity check 身份核验: whether name and id number, and a phone, are one person's. A port."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol
from uuid import UUID


class Verdict(StrEnum):
    """What a register says."""

    MATCH = "match"  # 一致
    MISMATCH = "mismatch"  # 不一致
    NOT_FOUND = "not_found"  # 库中无此号
    UNSURE = "unsure"  # the register cannot tell; a person has to look
    UNASKED = "unasked"  # no register is connected: the number is well formed, and that is all


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who somebody says to be. Two elements 二要素: name and number; with a phone, three 三要素."""

    name: str = field(repr=False)
    id_number: str = field(repr=False)
    phone: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A register's answer. reference: its own id of it; detail: its words, without a name."""

    verdict: Verdict
    reference: str = ""
    detail: str = ""


class IdentityCheck(Protocol):
    """A register of persons, as that of the public security's network 公安联网核查."""

    def check(self, command_id: UUID, person: Person) -> Checked:
        """Hold a person against the register; asked again under its id it is one question.

        Raises: Outage (not asked), Unknown (asked, the answer was lost: ask again).
        """
