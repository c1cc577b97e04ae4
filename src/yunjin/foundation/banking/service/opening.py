"""Opening agreements: terms checked, accounts made, the product's first effects posted."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

import numpy as np

from yunjin.chassis.persistence import SqlUnitOfWork, request_hash
from yunjin.foundation.banking.api.agreements import OPENINGS_MAX, Opening
from yunjin.foundation.banking.domain import derived_ids
from yunjin.foundation.banking.domain.products import run
from yunjin.foundation.banking.domain.products.book import OPEN, OPENED, STATUS
from yunjin.foundation.banking.domain.products.declarations import Level, Parameter, declared
from yunjin.foundation.banking.errors import EntryRefused
from yunjin.foundation.banking.service.books import (
    AGREEMENT,
    BRANCH,
    GIVEN,
    TEMPLATE,
    Kept,
    account_column,
)
from yunjin.foundation.banking.service.core import Core, Wave
from yunjin.foundation.banking.service.registry import Registry, number_of
from yunjin.foundation.banking.store import keeping
from yunjin.kernel.errors import Malformed, Outage, Refusal, Unknown


class Openings:
    """Opens agreements."""

    def __init__(self, core: Core, registry: Registry) -> None:
        self._core, self._registry = core, registry

    def open(self, command_id: UUID, openings: Sequence[Opening]) -> list[int]:
        """See AgreementsApi.open."""
        if not 1 <= len(openings) <= OPENINGS_MAX:
            raise Malformed(f"expected 1 to {OPENINGS_MAX} openings, was {len(openings)}")
        for one in openings:
            _check_words(one)
        hashed = request_hash([_facts(one) for one in openings])
        core = self._core
        with core.lock:
            core.ready()
            with core.room.work() as work:
                first = work.answers.find(command_id, hashed)
            if first is not None:
                return self._there([int(one) for one in first])
            groups: dict[tuple[str, int], list[int]] = {}
            for place, one in enumerate(openings):
                version = self._registry.live(one.product, one.version)
                groups.setdefault((one.product, version), []).append(place)
            for (code, version), places in groups.items():
                product = self._registry.product(code, version)
                today = int(core.today.astype(np.int64))
                for name in dict.fromkeys(openings[place].template for place in places):
                    some = [openings[place] for place in places if openings[place].template == name]
                    usual = self._registry.usual(code, today, name)
                    checked_terms(product, [one.terms for one in some], known=usual)
            return self._opened(command_id, hashed, openings, groups)

    def _opened(
        self,
        command_id: UUID,
        hashed: bytes,
        openings: Sequence[Opening],
        groups: Mapping[tuple[str, int], list[int]],
    ) -> list[int]:
        core = self._core
        for code in dict.fromkeys(one.branch for one in openings):
            core.branch(code)
        wave = Wave(core.draft(), {})
        ids = np.zeros(len(openings), np.int64)
        made: list[tuple[Kept, Any, list[int]]] = []
        try:
            for (code, version), places in groups.items():
                kept = self.kept_of(code, version)
                rows = kept.book.add(len(places))
                chains = np.arange(len(rows)) + wave.draft.chains
                wave.draft.chains += len(rows)
                wave.touched.append(core.touch(kept, rows, chains))
                self._fill(kept, rows, [openings[place] for place in places])
                ids[places] = kept.book.columns[AGREEMENT][rows]
                made.append((kept, rows, places))
                self._begin(kept, rows, chains, wave)
        except Exception as error:
            core.rollback(wave)
            if isinstance(error, Refusal | Outage | Unknown):
                raise
            raise EntryRefused(
                f"The product failed on these terms: {type(error).__name__}: {error}"[:300],
                result="product-failed",
            ) from error
        wave.columns = wave.draft.finish(salt=derived_ids.salt_of(command_id.hex))

        for kept, rows, places in made:
            wave.follows.opened += [
                {
                    "agreement_id": int(ids[place]),
                    "book_id": kept.number,
                    "row": row,
                    "product": kept.code,
                    "party_id": openings[place].party_id,
                    "branch": openings[place].branch,
                    "status": OPEN,
                    "note": openings[place].note.rstrip(),
                }
                for row, place in zip(rows.tolist(), places, strict=True)
            ]

        def answered(work: SqlUnitOfWork) -> None:
            work.answers.keep(command_id, hashed, ids.tolist())

        core.commit(wave, answered)
        for kept, rows, _ in made:
            core.books.place(kept, rows[kept.book.columns[STATUS][rows] > 0])
        return self._there(ids.tolist())

    def _there(self, ids: list[int]) -> list[int]:
        """Return the ids of an opening that the ledger did not refuse. Raises: EntryRefused.

        Only sums beyond all bounds are refused: what was paid out by the others stays with them.
        """
        numbers, _ = self._core.books.find(np.array(ids, np.int64))
        lost = int(np.count_nonzero(numbers < 0))
        if lost:
            opened = [
                None if number < 0 else str(one)
                for one, number in zip(ids, numbers.tolist(), strict=True)
            ]
            raise EntryRefused(
                f"expected the ledger to book every opening, was {lost} of {len(ids)} refused",
                result="ledger-refused",
                agreement_ids=opened,
            )
        return ids

    def _begin(self, kept: Kept, rows: Any, chains: Any, wave: Wave) -> None:
        chain_of = dict(zip(rows.tolist(), chains.tolist(), strict=True))
        date = self._core.today
        applied = [*run.begin(kept.book, rows, date), *run.fall_due(kept.book, rows, date)]
        refused = [reason for one in applied for reason, some in one.refusals if len(some)]
        if refused:
            raise EntryRefused(f"The product refused: {refused[0]}.", reason=refused[0])
        wave.draft.follow(kept, applied, chain_of)
        wave.hear(kept, applied)

    def kept_of(self, code: str, version: int) -> Kept:
        """Return the book of a product version, begun where it is new."""
        core = self._core
        kept = core.books.of_product(code, version)
        if kept is None:
            number = max(core.books.kept, default=0) + 1
            core.keep_aside(lambda connection: keeping.put_book(connection, number, code, version))
            kept = core.books.add_book(number, code, version)
        return kept

    def _fill(self, kept: Kept, rows: Any, openings: Sequence[Opening]) -> None:
        """Give new rows their terms and accounts; they are not opened yet."""
        core, book = self._core, kept.book
        codes = [int(account.slot) for account in book.accounts.values()]
        ledger = core.slots.ledger_of(book.product.currency)
        accounts = core.open_accounts(len(openings), ledger, codes).reshape(len(openings), -1)
        for place, name in enumerate(book.accounts):
            book.columns[account_column(name)][rows] = accounts[:, place]
        book.columns[AGREEMENT][rows] = accounts[:, 0]
        book.columns[BRANCH][rows] = [core.books.branch_number(one.branch) for one in openings]
        book.columns[OPENED][rows] = core.today
        given = np.zeros(len(openings), np.int64)
        today, names = int(core.today.astype(np.int64)), [one.template for one in openings]
        usual = {name: self._registry.usual(kept.code, today, name) for name in set(names)}
        for bit, (name, parameter) in enumerate(book.parameters.items()):
            values = [one.terms.get(name) for one in openings]
            given |= np.array([value is not None for value in values], np.int64) << bit
            book.columns[name][rows] = [
                usual[one].get(name, parameter.default or 0) if value is None else value
                for one, value in zip(names, values, strict=True)
            ]
        book.columns[GIVEN][rows] = given
        book.columns[TEMPLATE][rows] = [number_of(name) for name in names]


def checked_terms(
    product: Any, terms: Sequence[Mapping[str, int]], *, known: Collection[str] = ()
) -> None:
    """Refuse terms that the product does not take of an agreement. Raises: Malformed.

    known : names of the parameters that have a value already.
    """
    parameters: dict[str, Parameter] = declared(type(product), Parameter)
    needed = [name for name, one in parameters.items() if one.default is None and name not in known]
    for given in terms:
        for name in given.keys() - parameters.keys():
            names = ", ".join(parameters)
            raise Malformed(f"expected a parameter, one of {names}; was {name[:40]}")
        for name in needed:
            if name not in given:
                raise Malformed(f"expected a value of {name}, was none", parameter=name)
        for name, value in given.items():
            wrong = parameters[name].complaint(value)
            if parameters[name].level < Level.INSTANCE:
                level = parameters[name].level.name.lower()
                wrong = f"expected {name} to be set for the {level}, was for an agreement"
            if wrong:
                raise Malformed(wrong, parameter=name)


def _check_words(one: Opening) -> None:
    for name, word, most in (("branch", one.branch, 16), ("party", one.party_id, 64)):
        if not (word.isascii() and word.isprintable() and word.strip() == word != ""):
            raise Malformed(f"expected a {name} of ASCII characters, was another")
        if len(word) > most:
            raise Malformed(f"expected a {name} of at most {most} characters, was {len(word)}")
    if len(one.note) > 200 or not one.note.isprintable():
        raise Malformed("expected a note of at most 200 printable characters, was another")


def _facts(one: Opening) -> list[Any]:
    terms = dict(sorted(one.terms.items()))
    under = [one.template] if one.template else []
    return [one.product, one.version, one.party_id, one.branch, terms, one.note, *under]
