"""Registers of persons: none, which only looks at the number's form; one in memory for trials."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from yunjin.kernel.errors import Outage, Unknown
from yunjin.platforms.capability.api.identity import Checked, Person, Verdict
from yunjin.platforms.capability.api.party_facts import DocumentType
from yunjin.platforms.capability.api.party_numbers import folded, is_number, written_number


class NoRegister:
    """What answers where no register is connected: a number that is well formed was not asked."""

    def check(self, command_id: UUID, person: Person) -> Checked:
        """Look at the number's form, its check digit too (GB 11643)."""
        number = written_number(person.id_number)
        if not person.name.strip() or not is_number(DocumentType.ID_CARD, number):
            detail = "not a number of an id card"
            return Checked(verdict=Verdict.MISMATCH, reference=str(command_id), detail=detail)
        return Checked(verdict=Verdict.UNASKED, reference=str(command_id))


@dataclass
class FakeRegister:
    """A register in memory: it knows whom it was told of, or any well-formed number.

    Parameters
    ----------
    people : (name, phone) by id number; empty: every well-formed number is whose it says.
    down_for : so many questions find it down.
    loses_answers : so many questions are answered, and the answer is lost.
    says : what it answers in place of the truth, by id number.
    """

    people: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    down_for: int = 0
    loses_answers: int = 0
    says: Mapping[str, Verdict] = field(default_factory=dict)
    questions: list[UUID] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def check(self, command_id: UUID, person: Person) -> Checked:
        """Hold a person against what is known. Raises: Outage, Unknown."""
        with self._lock:
            if self.down_for:
                self.down_for -= 1
                raise Outage("The register is down.")
            self.questions.append(command_id)
            if self.loses_answers:
                self.loses_answers -= 1
                raise Unknown("The register's answer was lost.")
        number = written_number(person.id_number)
        verdict = self.says.get(number) or self._truth(number, person)
        return Checked(verdict=verdict, reference=f"reg-{command_id}")

    def _truth(self, number: str, person: Person) -> Verdict:
        if not is_number(DocumentType.ID_CARD, number):
            return Verdict.NOT_FOUND
        if not self.people:
            return Verdict.MATCH
        if number not in self.people:
            return Verdict.NOT_FOUND
        name, phone = self.people[number]
        is_phone = not (person.phone and phone) or person.phone == phone
        is_same = folded(name) == folded(person.name) and is_phone
        return Verdict.MATCH if is_same else Verdict.MISMATCH
