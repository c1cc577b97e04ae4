"""What a product declares, as data: kept beside its file, for the day the file no longer loads.

A word of the vocabulary may change; agreements and their columns must still be read. A stand-in
has the declarations and no rules: whatever it is asked, it raises, which stops an agreement as a
task for a person.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from yunjin.foundation.banking.domain.products import declarations
from yunjin.foundation.banking.domain.products.declarations import (
    Account,
    Accrual,
    Date,
    Event,
    Field,
    Level,
    Parameter,
    Product,
    declared,
)
from yunjin.foundation.banking.domain.products.slots import Slot
from yunjin.foundation.banking.domain.rounding import Rounding
from yunjin.foundation.banking.errors import ProductUnreadable

_PLAIN: Final = ("Money", "Rate", "Share", "Count", "Days")
_HOOKS: Final = (
    "on_open",
    "before_post",
    "after_post",
    "on_day",
    "on_parameter_change",
    "on_convert",
    "on_close",
    "derived",
)


def shape_of(product: Product) -> dict[str, Any]:
    """Return a product's declarations as a JSON document."""
    kind = type(product)
    fields: dict[str, Field] = declared(kind, Field)
    return {
        "code": kind.code,
        "currency": kind.currency,
        "main": product.main.name,
        "inbox": product.inbox.name,
        "accounts": {n: [int(a.slot), a.is_due] for n, a in declared(kind, Account).items()},
        "accruals": {
            name: [int(a.debit), int(a.credit), int(a.rounding), a.keeps_residue]
            for name, a in declared(kind, Accrual).items()
        },
        "parameters": {
            name: [type(one).__name__, int(one.level), one.default, one.least, one.most]
            for name, one in declared(kind, Parameter).items()
        },
        "fields": {name: isinstance(one, Date) for name, one in fields.items()},
        "events": list(declared(kind, Event)),
    }


def stand_in(shape: Mapping[str, Any], reason: str) -> Product:
    """Return a product of a shape whose every hook raises ProductUnreadable with a reason."""
    accounts = {
        name: Account(Slot(slot), is_due=is_due) for name, (slot, is_due) in _of(shape, "accounts")
    }
    made: dict[str, Any] = {"code": shape["code"], "currency": shape["currency"], **accounts}
    made["main"], made["inbox"] = accounts[shape["main"]], accounts[shape["inbox"]]
    for name, (debit, credit, rounding, keeps) in _of(shape, "accruals"):
        made[name] = Accrual(
            debit=Slot(debit),
            credit=Slot(credit),
            rounding=Rounding(rounding),
            keeps_residue=keeps,
        )
    for name, (kind, level, default, least, most) in _of(shape, "parameters"):
        parameter = getattr(declarations, kind) if kind in _PLAIN else Parameter
        made[name] = parameter(level=Level(level), default=default, least=least, most=most)
    for name, is_date in _of(shape, "fields"):
        made[name] = Date() if is_date else Field()
    hook = _raising(reason)
    made |= {name: Event(hook) for name in shape["events"]} | dict.fromkeys(_HOOKS, hook)
    found: Product = type("Unreadable", (Product,), made)()
    return found


def _of(shape: Mapping[str, Any], what: str) -> Any:
    return shape[what].items()


def _raising(reason: str) -> Callable[..., Any]:
    def hook(product: Product, at: Any) -> Any:
        raise ProductUnreadable(f"The product's file cannot be read any more: {reason}")

    return hook
