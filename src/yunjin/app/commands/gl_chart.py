"""`yunjin gl accounts | add-account | mappings | map | rules | set-rule`: how books are kept."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yunjin.app.commands.opening import bank_of, command_of, day_of

if TYPE_CHECKING:
    from yunjin.foundation.banking.api.general_ledger import GeneralLedgerApi

Home = Annotated[Path | None, typer.Option(help="Folder of all data.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
CommandId = Annotated[str, typer.Option("--id", help="UUID of an earlier try: it acts once.")]
Since = Annotated[str, typer.Option(help="From this day on.")]


@contextmanager
def _opened(home: Path | None) -> "Iterator[GeneralLedgerApi]":
    with bank_of(home) as bank:
        from yunjin.foundation.banking.api.general_ledger import GeneralLedgerApi

        yield bank.door(GeneralLedgerApi)


def accounts(home: Home = None, as_json: AsJson = False) -> None:
    """Print the chart of accounts and the slots that are booked to each."""
    with _opened(home) as gl:
        found = gl.accounts()
    if as_json:
        from yunjin.foundation.banking.routes.gl_schemas import AccountOut

        items = [AccountOut.model_validate(one).model_dump(mode="json") for one in found]
        print(json.dumps(items, ensure_ascii=False))
    else:
        from yunjin.app.commands import gl_tables

        gl_tables.show_accounts(found)


def add_account(
    code: Annotated[str, typer.Argument(help="Digits: 660105.")],
    name_zh: Annotated[str, typer.Option("--zh", help="Its Chinese name.")],
    name_en: Annotated[str, typer.Option("--en", help="Its English name.")],
    element: Annotated[str, typer.Option(help="asset, liability, equity, income or expense.")],
    parent: Annotated[str, typer.Option(help="The heading it stands beneath.")] = "",
    command_id: CommandId = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Add an account to the chart."""
    from yunjin.foundation.banking.api.general_ledger import GlAccount

    asked = GlAccount(code=code, name_zh=name_zh, name_en=name_en, element=element, parent=parent)
    with _opened(home) as gl:
        made = gl.add_account(command_of(command_id), asked)
    if as_json:
        from yunjin.foundation.banking.routes.gl_schemas import AccountOut

        print(AccountOut.model_validate(made).model_dump_json())
    else:
        print(f"{made.code}  {made.name_zh}  {made.name_en}  {made.element}")


def mappings(
    date: Annotated[str, typer.Option(help="On this day; else all there is or was.")] = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Print where slots are booked, and what is wrong with it on a day."""
    day = day_of(date) if date else None
    with _opened(home) as gl:
        found, complaints = gl.mappings(day), gl.complaints(day) if day else []
    if as_json:
        from yunjin.foundation.banking.routes.gl_schemas import MappingOut

        items = [MappingOut.model_validate(one).model_dump(mode="json") for one in found]
        print(json.dumps({"items": items, "complaints": complaints}, ensure_ascii=False))
        return
    for one in found:
        print(f"{one.slot:<20} {one.product:<20} {one.account:<10} {one.since or 'preset'}")
    for words in complaints:
        print(words, file=sys.stderr)


def map_slot(
    slot: Annotated[str, typer.Argument(help="A slot: deposits.")],
    account: Annotated[str, typer.Argument(help="The account's code.")],
    since: Since,
    product: Annotated[str, typer.Option(help="A product's code, * for all.")] = "*",
    command_id: CommandId = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Book a slot to another account from a day on."""
    from yunjin.foundation.banking.api.general_ledger import GlMapping

    mapping = GlMapping(slot=slot, account=account, product=product, since=day_of(since))
    with _opened(home) as gl:
        done = gl.map_slot(command_of(command_id), mapping)
    if as_json:
        from yunjin.foundation.banking.routes.gl_schemas import MappingOut

        print(MappingOut.model_validate(done).model_dump_json())
    else:
        print(f"{slot} of {product} is booked to {account} from {since} on")


def rules(home: Home = None, as_json: AsJson = False) -> None:
    """Print the accounting rules that were set; whatever has none is on accrual."""
    with _opened(home) as gl:
        found = gl.rules()
    if as_json:
        from yunjin.foundation.banking.routes.gl_schemas import RuleOut

        items: list[Any] = [RuleOut.of(one).model_dump(mode="json") for one in found]
        print(json.dumps(items, ensure_ascii=False))
        return
    for one in found:
        print(f"{one.product:<20} {one.rule.name.lower():<8} {one.since}")
    if not found:
        print("No rule was set: all is on accrual.", file=sys.stderr)


def set_rule(
    product: Annotated[str, typer.Argument(help="A product's code.")],
    rule: Annotated[str, typer.Argument(help="accrual or cash.")],
    since: Since,
    command_id: CommandId = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Set a product's accounting rule 权责发生制, 收付实现制 from a day on."""
    from yunjin.foundation.banking.api.general_ledger import GlRule, Rule
    from yunjin.kernel.errors import Malformed

    if rule.upper() not in Rule.__members__:
        raise Malformed(f"expected accrual or cash, was {rule[:40]!r}")
    asked = GlRule(product=product, rule=Rule[rule.upper()], since=day_of(since))
    with _opened(home) as gl:
        done = gl.set_rule(command_of(command_id), asked)
    if as_json:
        from yunjin.foundation.banking.routes.gl_schemas import RuleOut

        print(RuleOut.of(done).model_dump_json())
    else:
        print(f"{product} is on {rule.lower()} from {since} on")
