"""`yunjin products list | show | check | lines | simulate`: what is sold, and what it comes to.

And what the bank has of them: `register | release | versions | set | template | templates`.
"""

import datetime as dt
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from yunjin.app.commands.opening import bank_of, check_source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yunjin.app.bootstrap import Bank
    from yunjin.foundation.banking.api import Change, Entry, ProductInfo, ProductsApi, Simulation
    from yunjin.foundation.banking.api.registry import ProductVersion, RegistryApi

app = typer.Typer(help="Products as code: read, tried and simulated.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Home = Annotated[Path | None, typer.Option(help="Folder of all data.")]
Product = Annotated[str, typer.Argument(help="A product's code, or a file.")]
_EVENT: Final = re.compile(r"(\d{4}-\d\d-\d\d):(?:(\w+)=)?(.+)")
_LINES_SHOWN: Final = 40


def _door() -> "ProductsApi":
    from yunjin.foundation.banking import wiring
    from yunjin.foundation.banking.api import ProductsApi

    door: ProductsApi = wiring.build(wiring.Settings()).doors[ProductsApi]
    return door


def _code_or_source(product: str) -> str:
    """Return the code that was given, or a file's text."""
    path = Path(product)
    return _source(path) if path.suffix == ".py" or path.is_file() else product


def _source(path: Path) -> str:
    """Return a file's text. Raises: Malformed."""
    from yunjin.kernel.errors import Malformed

    check_source(path)
    try:
        return path.read_text(encoding="utf-8") + "\n"
    except UnicodeDecodeError as error:
        raise Malformed(f"expected {path} in UTF-8, was: {error.reason}") from None


@app.command("list")
def list_products(as_json: AsJson = False) -> None:
    """List the shipped products."""
    found = _door().products()
    if as_json:
        print(json.dumps([{"code": one.code, "summary": one.summary} for one in found]))
        return
    for one in found:
        print(f"{one.code:<20} {one.summary}")


@app.command()
def lines(as_json: AsJson = False) -> None:
    """Count the rules of the shipped products: statements, without docstrings and parameters."""
    counts = {one.code: one.rule_lines for one in _door().products()}
    if as_json:
        print(json.dumps(counts))
        return
    for code, count in counts.items():
        print(f"{code:<20} {count:>4}")


@app.command()
def show(product: Product, as_json: AsJson = False) -> None:
    """Show a product's terms and accounts."""
    source = _code_or_source(product)
    known = {one.code: one for one in _door().products()}
    _show(known.get(source) or _checked(source), as_json)


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="A product file.")],
    as_json: AsJson = False,
) -> None:
    """Read a product file and try it on a generated book; say why not, if not."""
    _show(_door().check(_source(file)), as_json)


def _checked(source: str) -> "ProductInfo":
    from yunjin.foundation.banking.errors import ProductNotFound

    if "\n" not in source:
        codes = ", ".join(one.code for one in _door().products())
        raise ProductNotFound(f"expected a file or one of {codes}; was {source[:60]}")
    return _door().check(source)


def _show(info: "ProductInfo", as_json: bool) -> None:
    import dataclasses

    if as_json:
        values = dataclasses.asdict(info)
        values.pop("source")
        print(json.dumps(values, ensure_ascii=False))
        return
    print(f"{info.code} ({info.currency}), {info.rule_lines} lines of rules: {info.summary}")
    for one in info.parameters:
        usual = "must be given" if one.default is None else f"usually {one.default:,}"
        bounds = f"{one.least:,} to {one.most:,} {one.unit}"
        print(f"  {one.name:<18} {one.level:<9} {usual:<20} {bounds}")
    for warning in info.warnings:
        print(f"  warning: {warning}")
    for name, slot in info.accounts.items():
        print(f"  {name:<18} account   {slot}")


@app.command()
def register(
    file: Annotated[Path, typer.Argument(help="The product's file.")],
    agreement: Annotated[
        list[int] | None, typer.Option(help="Only these come over to it, as a gray lane.")
    ] = None,
    note: Annotated[str, typer.Option(help="Why there is a new version.")] = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Try a product's file and make it the next version of its code, live at once."""
    from yunjin.kernel.ids import uuid7

    source = _source(file)
    with bank_of(home) as bank:
        from yunjin.foundation.banking.api.registry import RegistryApi

        registry, command_id = bank.door(RegistryApi), uuid7(bank.clock)
        one = registry.register(command_id, source, agreements=agreement or None, note=note)
        _tell_versions([one], as_json=as_json)


@app.command()
def release(
    product: Annotated[str, typer.Argument(help="A product's code.")],
    version: Annotated[int, typer.Argument(help="The gray version.")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Open a version that some agreements had first to everybody."""
    from yunjin.kernel.ids import uuid7

    with bank_of(home) as bank:
        from yunjin.foundation.banking.api.registry import RegistryApi

        one = bank.door(RegistryApi).release(uuid7(bank.clock), product, version)
        _tell_versions([one], as_json=as_json)


@app.command()
def versions(
    product: Annotated[str, typer.Argument(help="A product's code; else all.")] = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """List what is registered in the bank, newest first."""
    with bank_of(home) as bank:
        from yunjin.foundation.banking.api.registry import RegistryApi

        _tell_versions(bank.door(RegistryApi).versions(product), as_json=as_json)


def _tell_versions(found: "Sequence[ProductVersion]", *, as_json: bool) -> None:
    rows = [
        {
            "product": one.code,
            "version": one.version,
            "registered": one.registered.isoformat(),
            "agreements": None if one.agreements is None else list(one.agreements),
            "note": one.note,
        }
        for one in found
    ]
    if as_json:
        print(json.dumps(rows, ensure_ascii=False))
        return
    for one in found:
        lane = "for all" if one.agreements is None else f"for {len(one.agreements)} agreements"
        print(f"{one.code:<20} {one.version:>4}  {one.registered.date()}  {lane}  {one.note}")


@app.command("set")
def set_term(
    product: Annotated[str, typer.Argument(help="A product's code.")],
    term: Annotated[list[str], typer.Option(help="Its value of a parameter: rate=48000.")],
    since: Annotated[str, typer.Option(help="From this business day on; else from today.")] = "",
    home: Home = None,
) -> None:
    """Give a product's parameters other values: for all that were not given their own."""
    with bank_of(home) as bank:
        _set_terms(bank, product, "", term, since)
        print("\n".join(f"{product} {one} is set." for one in term))


@app.command()
def template(
    product: Annotated[str, typer.Argument(help="A product's code.")],
    name: Annotated[str, typer.Argument(help="The template's name; a new one begins.")],
    term: Annotated[list[str], typer.Option(help="Its value of a parameter: rate=48000.")],
    since: Annotated[str, typer.Option(help="From this business day on; else from today.")] = "",
    home: Home = None,
) -> None:
    """Give a template of a product values: agreements opened under it have them."""
    with bank_of(home) as bank:
        from yunjin.foundation.banking.api.registry import RegistryApi

        _set_terms(bank, product, name, term, since)
        _tell_templates(bank.door(RegistryApi), product, as_json=False)


def _set_terms(bank: "Bank", product: str, name: str, term: list[str], since: str) -> None:
    from yunjin.foundation.banking.api.days import DaysApi
    from yunjin.foundation.banking.api.registry import RegistryApi, TermsChange
    from yunjin.kernel.ids import uuid7

    day = _date(since) if since else bank.door(DaysApi).business_date()
    for parameter, value in map(_term, term):
        change = TermsChange(
            product=product, template=name, parameter=parameter, value=value, since=day
        )
        bank.door(RegistryApi).set_terms(uuid7(bank.clock), change)


@app.command()
def templates(
    product: Annotated[str, typer.Argument(help="A product's code; else all.")] = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """List templates with their values of today."""
    with bank_of(home) as bank:
        from yunjin.foundation.banking.api.registry import RegistryApi

        _tell_templates(bank.door(RegistryApi), product, as_json=as_json)


def _tell_templates(registry: "RegistryApi", product: str, *, as_json: bool) -> None:
    import dataclasses

    found = registry.templates(product)
    if as_json:
        print(json.dumps([dataclasses.asdict(one) for one in found], ensure_ascii=False))
        return
    for one in found:
        values = " ".join(f"{name}={value}" for name, value in one.terms.items())
        print(f"{one.product:<20} {one.name:<20} {values}")


@app.command()
def simulate(
    product: Product,
    start: Annotated[str, typer.Option(help="First day: 2026-01-01.")],
    end: Annotated[str, typer.Option(help="The day after the last.")],
    term: Annotated[
        list[str] | None, typer.Option(help="A term of the agreement: rate=48000.")
    ] = None,
    entry: Annotated[
        list[str] | None, typer.Option(help="Money in or out: 2026-02-01:-150.00.")
    ] = None,
    change: Annotated[
        list[str] | None, typer.Option(help="Another value: 2026-02-01:rate=50000.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run one agreement over any dates and show what would happen."""
    source = _code_or_source(product)
    agreement = dict(_term(text) for text in term or [])
    events = [_event(text, is_change=False) for text in entry or []]
    events += [_event(text, is_change=True) for text in change or []]
    found = _door().simulate(source, [agreement], start=_date(start), end=_date(end), events=events)
    if as_json:
        print(json.dumps(_document(found), ensure_ascii=False, default=str))
    else:
        _print(found)


def _date(text: str) -> dt.date:
    from yunjin.kernel.errors import Malformed

    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise Malformed(f"expected a date such as 2026-01-31, was {text[:40]!r}") from None


def _whole(text: str, name: str) -> int:
    from yunjin.kernel.errors import Malformed

    if not re.fullmatch(r"-?\d{1,18}", text, re.ASCII):
        raise Malformed(f"expected {name} as a whole number, was {text[:40]!r}")
    return int(text)


def _term(text: str) -> tuple[str, int]:
    from yunjin.kernel.errors import Malformed

    name, sign, value = text.partition("=")
    if not sign:
        raise Malformed(f"expected a term such as rate=48000, was {text[:40]!r}")
    return name, _whole(value, name)


def _event(text: str, *, is_change: bool) -> "Entry | Change":
    from yunjin.foundation.banking.api import Change, Entry
    from yunjin.kernel.errors import Malformed
    from yunjin.kernel.money import parse_minor

    match = _EVENT.fullmatch(text)
    if match is None or (match[2] is not None) != is_change:
        shape = "2026-02-01:rate=50000" if is_change else "2026-02-01:-150.00"
        raise Malformed(f"expected an event such as {shape}, was {text[:60]!r}")
    date = _date(match[1])
    if is_change:
        return Change(date=date, parameter=match[2], value=_whole(match[3], match[2]))
    return Entry(date=date, amount_minor=parse_minor(match[3], "CNY"))


def _document(found: "Simulation") -> dict[str, Any]:
    said = ("refusals", "notices", "tasks")
    return {
        "code": found.code,
        "balances": found.balances.to_pylist(),
        "transfers": found.transfers.to_pylist(),
        **{
            name: [{"date": one.date, "text": one.text} for one in getattr(found, name)]
            for name in said
        },
    }


def _print(found: "Simulation") -> None:
    from yunjin.kernel.money import format_minor

    rows = found.transfers.to_pylist()
    print(f"{'date':<10}  {'amount':>18}  debit ← credit")
    for row in rows[:_LINES_SHOWN]:
        amount = format_minor(row["amount_minor"], "CNY", grouped=True)
        print(f"{row['date']}  {amount:>18}  {row['debit']} ← {row['credit']}")
    if len(rows) > _LINES_SHOWN:
        print(f"… and {len(rows) - _LINES_SHOWN} more; --json gives all")
    for kind, said in (("refused", found.refusals), ("task", found.tasks)):
        for one in said[:_LINES_SHOWN]:
            print(f"{one.date}  {kind}: {one.text}")
    evening = found.balances.slice(found.balances.num_rows - 1).to_pylist()[0]
    print(f"evening of {evening['date']}:")
    for name, value in evening.items():
        if name not in ("date", "agreement") and not name.endswith("_e8"):
            print(f"  {name:<18} {format_minor(value, 'CNY', grouped=True):>18}")
