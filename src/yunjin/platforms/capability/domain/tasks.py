"""Tasks: forms that hold together, values that fit a form, the queues there are from the start."""

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

from yunjin.kernel.errors import Malformed
from yunjin.kernel.money import MINOR_MAX, checked_currency
from yunjin.platforms.capability.api.tasks import (
    BANKING,
    FIELDS_MAX,
    TEXT_MAX,
    FieldKind,
    FieldValue,
    FormField,
    Queue,
)
from yunjin.platforms.capability.errors import TaskFormRefused

DAY_S: Final = 86_400
NUMBER_MAX: Final = 18
ALL_MAX: Final = 10_000  # characters of all that is filled in: a flow carries it
ESCALATIONS_MAX: Final = 5  # by time; queues may name each other in a ring
PRESETS: Final = (
    Queue(code="general", zh="综合", en="General"),
    Queue(code="operations", zh="运营", en="Operations", sla_s=DAY_S),
    Queue(code="customers", zh="客户资料", en="Customer records", sla_s=3 * DAY_S),
    Queue(code="payments", zh="支付", en="Payments", sla_s=4 * 3_600, escalate_to="operations"),
    Queue(code="lending", zh="信贷审批", en="Lending", sla_s=2 * DAY_S),
    Queue(code="collection", zh="催收", en="Collection", sla_s=DAY_S),
    Queue(code=BANKING, zh="核心日常", en="Core banking"),
)
_FLAGS: Final = {"yes": True, "no": False}


def check_form(form: Sequence[FormField]) -> None:
    """Raises: Malformed where a form cannot be filled in."""
    if len(form) > FIELDS_MAX:
        raise Malformed(f"expected at most {FIELDS_MAX} fields, was {len(form)}")
    names = [one.name for one in form]
    if len(set(names)) < len(names):
        raise Malformed("expected each field's name once, was one twice")
    for one in form:
        is_named = one.name.isascii() and 0 < len(one.name) <= 40 and one.zh and one.en
        if not is_named or max(len(one.zh), len(one.en)) > 100:
            raise Malformed(f"expected a field with a name and words, was {one.name[:40]!r}")
        if one.kind is FieldKind.CHOICE and not one.choices:
            raise Malformed(f"expected choices of {one.name}, was none")
        if one.kind is FieldKind.AMOUNT:
            checked_currency(one.currency)


def checked(form: Sequence[FormField], values: Sequence[FieldValue]) -> dict[str, Any]:
    """Return what was filled in, as JSON values by name: amounts are integers, yes is true.

    Raises: TaskFormRefused, which names the field and why.
    """
    given = {one.name: one.value.strip() for one in values}
    if len(given) < len(values):
        raise TaskFormRefused("expected each field once, was one twice", field="", why="twice")
    unknown = sorted(given.keys() - {one.name for one in form})
    if unknown:
        raise _refused(unknown[0][:40], "unknown", "a field of the form")
    if sum(map(len, given.values())) > ALL_MAX:
        raise TaskFormRefused(f"expected at most {ALL_MAX} characters", field="", why="too-long")
    found: dict[str, Any] = {}
    for one in form:
        text = given.get(one.name, "")
        if text:
            found[one.name] = _value(one, text)
        elif one.is_required:
            raise _refused(one.name, "missing", "a value")
    return found


def _value(field: FormField, text: str) -> Any:
    match field.kind:
        case FieldKind.TEXT:
            if len(text) > TEXT_MAX:
                raise _refused(field.name, "too-long", f"at most {TEXT_MAX} characters")
            return text
        case FieldKind.AMOUNT:
            return _amount(field, text)
        case FieldKind.NUMBER:
            digits = text.replace("-", "")
            if not (digits.isascii() and digits.isdigit() and len(digits) <= NUMBER_MAX):
                raise _refused(field.name, "no-number", f"1 to {NUMBER_MAX} digits")
            return digits
        case FieldKind.CHOICE:
            if text not in {one.code for one in field.choices}:
                raise _refused(field.name, "no-choice", "one of the choices")
            return text
        case FieldKind.DATE:
            try:
                return dt.date.fromisoformat(text).isoformat()
            except ValueError:
                raise _refused(field.name, "no-date", "a date such as 2026-01-31") from None
        case FieldKind.YES_NO:
            if text not in _FLAGS:
                raise _refused(field.name, "no-flag", "yes or no")
            return _FLAGS[text]


def _amount(field: FormField, text: str) -> int:
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 16):
        raise _refused(field.name, "no-amount", "an amount in minor units")
    most = MINOR_MAX if field.most_minor is None else field.most_minor
    if not field.least_minor <= int(text) <= most:
        raise _refused(field.name, "out-of-bounds", f"{field.least_minor} to {most}")
    return int(text)


def _refused(name: str, why: str, expected: str) -> TaskFormRefused:
    return TaskFormRefused(f"expected {expected} as {name}", field=name, why=why)
