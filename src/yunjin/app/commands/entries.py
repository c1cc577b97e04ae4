"""`yunjin agreements post | hold | capture | release | reverse`: entries, one at a time."""

import json
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final
from uuid import UUID

import typer

from yunjin.app.commands.opening import bank_of, command_of, day_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yunjin.foundation.banking.api.agreements import AgreementsApi

Home = Annotated[Path | None, typer.Option(help="Folder of all data.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Id = Annotated[int, typer.Argument(min=1, help="The agreement's id.")]
EntryId = Annotated[str, typer.Option("--id", help="UUID of an earlier try: it acts once.")]
HoldId = Annotated[UUID, typer.Argument(help="The hold's id.")]
_LOW: Final = 2**64 - 1


@contextmanager
def agreements_of(home: Path | None, *, may_be_new: bool = False) -> "Iterator[AgreementsApi]":
    """Open a folder's agreements for one command. Raises: as `bank_of`."""
    with bank_of(home, may_be_new=may_be_new) as bank:
        from yunjin.foundation.banking.api.agreements import AgreementsApi

        yield bank.door(AgreementsApi)


def post(
    agreement: Id,
    amount: Annotated[str, typer.Argument(help="100.00 comes in, -100.00 goes out.")],
    to: Annotated[int, typer.Option(min=0, help="The other agreement; 0: the bank.")] = 0,
    against: Annotated[str, typer.Option(help="The bank's slot, as cash; else clearing.")] = "",
    value_date: Annotated[str, typer.Option(help="Interest counts from this day.")] = "",
    entry_id: EntryId = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Post an entry 记账 under the product's rules."""
    day = day_of(value_date) if value_date else None
    with agreements_of(home) as agreements:
        asked = {
            "amount_minor": minor_of(amount, agreement, agreements),
            "counter_agreement_id": to,
            "against": _slot(against),
            "value_date": day,
        }
        _post(agreements, agreement, asked, entry_id, as_json=as_json)


def hold(
    agreement: Id,
    amount: Annotated[str, typer.Argument(help="How much: 100.00.")],
    entry_id: EntryId = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Hold money 冻结 and print the hold's id, which `capture` and `release` take."""
    with agreements_of(home) as agreements:
        asked = {"amount_minor": minor_of(amount, agreement, agreements), "action": "HOLD"}
        _post(agreements, agreement, asked, entry_id, as_json=as_json)


def capture(
    agreement: Id,
    hold_id: HoldId,
    amount: Annotated[str, typer.Argument(help="A part of it: 60.00; else all.")] = "",
    entry_id: EntryId = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Book held money 请款, all or a part; the rest is free again."""
    with agreements_of(home) as agreements:
        part = minor_of(amount, agreement, agreements) if amount else 0
        asked = {"amount_minor": part, "action": "CAPTURE", **_of(hold_id)}
        _post(agreements, agreement, asked, entry_id, as_json=as_json)


def release(
    agreement: Id,
    hold_id: HoldId,
    entry_id: EntryId = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Let held money go 解冻."""
    with agreements_of(home) as agreements:
        asked = {"amount_minor": 0, "action": "RELEASE", **_of(hold_id)}
        _post(agreements, agreement, asked, entry_id, as_json=as_json)


def reverse(
    agreement: Id,
    posted: Annotated[UUID, typer.Argument(help="The id of the entry to reverse.")],
    entry_id: EntryId = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Book the opposite of an entry 冲正, whole; once, whoever asks."""
    with agreements_of(home) as agreements:
        asked = {"amount_minor": 0, "action": "REVERSE", **_of(posted)}
        _post(agreements, agreement, asked, entry_id, as_json=as_json)


def minor_of(amount: str, agreement: int, agreements: "AgreementsApi") -> int:
    """Read an amount in an agreement's currency. Raises: AgreementNotFound, Malformed."""
    from yunjin.kernel.money import parse_minor

    return parse_minor(amount, agreements.agreement(agreement).currency)


def _of(entry: UUID) -> dict[str, int]:
    return {"hold_id_hi": entry.int >> 64, "hold_id_lo": entry.int & _LOW}


def _slot(name: str) -> int:
    from yunjin.foundation.banking.api.slots import Slot
    from yunjin.kernel.errors import Malformed

    if not name:
        return 0
    if name.upper() not in Slot.__members__:
        raise Malformed(f"expected a slot of the bank, such as clearing or cash; was {name[:40]!r}")
    return int(Slot[name.upper()])


def _post(
    agreements: "AgreementsApi",
    agreement: int,
    asked: dict[str, Any],
    entry_id: str,
    *,
    as_json: bool,
) -> None:
    """Post one entry and say what came of it; leave with 1 where it was refused."""
    import pyarrow as pa

    from yunjin.foundation.banking.api.agreements import (
        ENTRIES_OPTIONAL,
        ENTRIES_REQUIRED,
        Action,
        EntryStatus,
    )
    from yunjin.kernel.money import format_minor

    currency, own = agreements.agreement(agreement).currency, command_of(entry_id, "entry")
    action = Action[asked.pop("action", "BOOK")]
    columns = {
        "id_hi": own.int >> 64,
        "id_lo": own.int & _LOW,
        "agreement_id": agreement,
        "action": int(action),
        **asked,
    }
    types = {**ENTRIES_REQUIRED, **ENTRIES_OPTIONAL}
    arrays = [pa.array([value], types[name]) for name, value in columns.items()]
    entry = pa.RecordBatch.from_arrays(arrays, names=list(columns))
    (answer,) = agreements.post(entry).to_pylist()
    status = EntryStatus(answer["status"])
    word = status.name.lower()
    if as_json:
        print(json.dumps({"id": str(own), **answer, "status": word}, ensure_ascii=False))
    else:
        reason = f": {answer['reason']}" if answer["reason"] else ""
        balance, available = (
            format_minor(answer[name], currency, grouped=True)
            for name in ("balance_minor", "available_minor")
        )
        print(
            f"{word.replace('_', ' ')}{reason}; balance {balance}, available {available} {currency}"
        )
        if action == Action.HOLD and status == EntryStatus.BOOKED:
            print(f"hold {own}")
    if status not in (EntryStatus.BOOKED, EntryStatus.EXISTS):
        sys.exit(1)
