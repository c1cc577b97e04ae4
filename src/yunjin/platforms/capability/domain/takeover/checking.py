"""The checks of a delivery, each line named with what is wrong with it."""

from collections.abc import Mapping as Names
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from yunjin.kernel.money import CURRENCIES
from yunjin.platforms.capability.api.party_facts import DocumentType, PartyKind
from yunjin.platforms.capability.api.takeover import FindingKind
from yunjin.platforms.capability.domain.takeover.documents import numbers_fit
from yunjin.platforms.capability.domain.takeover.finding import Findings, places, repeated
from yunjin.platforms.capability.domain.takeover.interest import accrued_minor
from yunjin.platforms.capability.domain.takeover.joined import (
    Bounds,
    Joined,
    Ours,
    among,
    bools,
    column_of,
    movement_amounts,
)
from yunjin.platforms.capability.domain.takeover.mapping import Mapping, Product
from yunjin.platforms.capability.domain.takeover.reading import Sheet, places_of

_KIND: Final = FindingKind
_PHONE: Final = r"^\+?[0-9]{5,15}$"


def check(mapping: Mapping, sheets: Names[str, Sheet], ours: Ours, found: Findings) -> Joined:
    """Check every line of a delivery."""
    for sheet in sheets.values():
        for row in sheet.broken:
            found.add_one(_KIND.FORM, sheet.file, row, "", "expected as many parts as the header")
        if sheet.unread:
            found.add_one(_KIND.FORM, sheet.file, 0, "", sheet.unread)
            found.whole += 1  # whatever the policy says of lines
    agreements, balances = sheets["agreements"], sheets["balances"]
    customers, history = _read(sheets, "customers"), _read(sheets, "history")
    good_customers = _customers(customers, mapping, found) if customers is not None else None
    good, currency, product = _agreements(agreements, mapping, ours, found)
    nowhere = np.full(len(agreements), -1)
    customer_at = nowhere
    if customers is not None and good_customers is not None:
        customer_at = _owners(agreements, customers, good_customers, good, found)
        good &= customer_at >= 0
    places_here = places_of(currency)
    good_balances, balance_at = _balances(agreements, balances, places_here, mapping, found)
    joined = Joined(
        customers=customers,
        agreements=agreements,
        balances=balances,
        history=history,
        good_customers=good_customers,
        good=good,
        over=np.zeros(len(agreements), np.bool_),
        customer_at=customer_at,
        balance_at=balance_at,
        history_at=np.zeros(0, np.int64),
        good_history=np.zeros(0, np.bool_),
        places=places_here,
        currency=currency,
        product=product,
    )
    _stand(joined, good_balances, mapping, found)
    if history is not None:
        _movements(joined, history, mapping, found)
    _by_product(joined, mapping, ours, found)
    return joined


def _read(sheets: Names[str, Sheet], name: str) -> Sheet | None:
    """Return a sheet that need not be there; one that cannot be read is as good as none."""
    found = sheets.get(name)
    return None if found is None or found.unread else found


def _customers(sheet: Sheet, mapping: Mapping, found: Findings) -> Any:
    kind, bad_kind = sheet.coded("kind")
    document_type, bad_type = sheet.coded("document_type")
    no_kind = ~among(kind, [one.value for one in PartyKind]) | bad_kind
    no_type = ~among(document_type, [one.value for one in DocumentType], empty=True) | bad_type
    no_type |= sheet.given("document") & ~sheet.given("document_type")
    no_number = ~no_type & ~numbers_fit(document_type, sheet.words("document"))
    wrong = found.add(_KIND.FORM, sheet, ~sheet.given("key"), "key", "expected a customer's id")
    wrong |= found.add(_KIND.FORM, sheet, ~sheet.given("name"), "key", "expected a name")
    wrong |= found.add(_KIND.FORM, sheet, no_kind, "key", "expected a person or an organisation")
    wrong |= found.add(_KIND.FORM, sheet, no_type, "key", "expected a known type of document")
    wrong |= found.add(_KIND.FORM, sheet, no_number, "key", "expected a number of its type")
    phones = pc.fill_null(pc.match_substring_regex(sheet.words("phone"), _PHONE), True)
    wrong |= found.add(_KIND.FORM, sheet, ~bools(phones), "key", "expected a phone of 5 digits on")
    born, bad_born = sheet.dates("born")
    bad_born |= born > np.datetime64(mapping.as_of)
    wrong |= found.add(_KIND.DATE, sheet, bad_born, "key", "expected a day of birth that can be")
    twice = repeated(sheet.words("key")) & sheet.given("key")
    wrong |= found.add(_KIND.DUPLICATE, sheet, twice, "key", "the customer was there before")
    numbers = pc.binary_join_element_wise(document_type, sheet.words("document"), ":")
    is_person = bools(pc.fill_null(pc.equal(kind, "person"), False)) & ~twice & ~no_number
    numbers = pc.if_else(pa.array(is_person), numbers, None)
    known = np.flatnonzero(bools(pc.is_valid(numbers)))
    again = np.zeros(len(sheet), np.bool_)
    again[known] = repeated(numbers.take(pa.array(known)))
    reason = "another person has the number of this document"
    wrong |= found.add(_KIND.PERSON_TWICE, sheet, again, "key", reason)
    return ~wrong


def _agreements(
    sheet: Sheet, mapping: Mapping, ours: Ours, found: Findings
) -> tuple[Any, pa.Array, pa.Array]:
    product, bad_product = sheet.coded("product")
    currency, bad_currency = sheet.coded("currency")
    status, bad_status = sheet.coded("status")
    wrong = np.zeros(len(sheet), np.bool_)
    for name, words in (("key", "id"), ("customer", "customer"), ("opened", "day of opening")):
        missing = ~sheet.given(name)
        wrong |= found.add(_KIND.FORM, sheet, missing, "key", f"expected a {words}")
    no_status = bad_status | ~among(status, ["open", "closed"], empty=True)
    wrong |= found.add(_KIND.FORM, sheet, no_status, "key", "expected a known status")
    branch = sheet.coded("branch")[0]
    no_branch = ~bools(pc.fill_null(pc.match_substring_regex(branch, r"^[!-~]{1,16}$"), True))
    reason = "expected a branch of 1 to 16 ASCII characters"
    wrong |= found.add(_KIND.FORM, sheet, no_branch, "key", reason)
    unread = np.zeros(len(sheet), np.bool_)
    for name in sheet.text:
        if sheet.units[name] not in ("text", "date", "money", "accrued"):
            unread |= sheet.numbers(name)[1]
        elif sheet.units[name] in ("money", "accrued"):
            unread |= sheet.minor(name, places_of(currency))[1]
    wrong |= found.add(_KIND.FORM, sheet, unread, "key", "expected numbers and amounts")
    wrong |= _dates(sheet, mapping, found)
    twice = repeated(sheet.words("key")) & sheet.given("key")
    wrong |= found.add(_KIND.DUPLICATE, sheet, twice, "key", "the agreement was there before")
    no_product = bad_product | ~among(product, list(mapping.products))
    reason = "expected a product of the mapping"
    wrong |= found.add(_KIND.PRODUCT_UNKNOWN, sheet, no_product, "key", reason)
    no_currency = bad_currency | ~among(currency, sorted(CURRENCIES))
    wanted = _wanted_currency(product, mapping, ours)
    no_currency |= ~no_product & ~bools(pc.fill_null(pc.equal(currency, wanted), False))
    reason = "expected a currency of ISO 4217, and that of the product"
    wrong |= found.add(_KIND.CURRENCY_UNKNOWN, sheet, no_currency, "key", reason)
    taken = bools(pc.is_in(sheet.words("key"), value_set=ours.taken)) & sheet.given("key")
    wrong |= found.add(_KIND.TAKEN_OVER, sheet, taken, "key", "it is ours already")
    return ~wrong, currency, product


def _dates(sheet: Sheet, mapping: Mapping, found: Findings) -> Any:
    as_of = np.datetime64(mapping.as_of)
    opened, bad = sheet.dates("opened")
    closed, bad_closed = sheet.dates("closed")
    reason = "expected days that can be: opened up to the delivery, closed after that"
    bad |= bad_closed | (opened > as_of) | (closed > as_of) | (closed < opened)
    for name, unit in sheet.units.items():
        if unit == "date" and name not in ("opened", "closed") and name in sheet.text:
            bad |= sheet.dates(name)[1]
    return found.add(_KIND.DATE, sheet, bad, "key", reason)


def _wanted_currency(product: pa.Array, mapping: Mapping, ours: Ours) -> pa.Array:
    coded = product.dictionary_encode()
    wanted = [_currency_of(one, mapping, ours) for one in coded.dictionary.to_pylist()]
    return pa.array([*wanted], pa.string()).take(coded.indices) if wanted else product


def _currency_of(code: str, mapping: Mapping, ours: Ours) -> str | None:
    one = mapping.products.get(code)
    return None if one is None else ours.products[one.product][0]


def _owners(sheet: Sheet, customers: Sheet, alive: Any, good: Any, found: Findings) -> Any:
    at = places(sheet.words("customer"), customers.words("key"))
    is_there = np.append(alive, False)[at]
    lost = ~is_there & sheet.given("customer")
    found.add(_KIND.CUSTOMER_UNKNOWN, sheet, lost, "key", "expected its customer, was none")
    return np.where(is_there, at, -1)


def _balances(
    agreements: Sheet, sheet: Sheet, decimals: Any, mapping: Mapping, found: Findings
) -> tuple[Any, Any]:
    """Return which balances are good, and where each agreement's is."""
    keys, known = sheet.words("key"), agreements.words("key")
    at = places(keys, known)
    wrong = found.add(_KIND.FORM, sheet, ~sheet.given("key"), "key", "expected an agreement's id")
    lost = (at < 0) & sheet.given("key")
    reason = "expected its agreement, was none"
    wrong |= found.add(_KIND.AGREEMENT_UNKNOWN, sheet, lost, "key", reason)
    twice = repeated(keys) & sheet.given("key")
    wrong |= found.add(_KIND.DUPLICATE, sheet, twice, "key", "its balances were there before")
    here = np.append(decimals, 2)[at]
    bad, bad_date = np.zeros(len(sheet), np.bool_), np.zeros(len(sheet), np.bool_)
    for name in sheet.text:
        unit = sheet.units[name]
        if unit == "money":
            bad |= sheet.minor(name, here)[1]
        elif unit == "accrued":
            bad |= sheet.accrued(name, here)[1]
        elif unit == "date":
            bad_date |= sheet.dates(name)[1]
        elif unit != "text":
            bad |= sheet.numbers(name)[1]
    bad |= ~sheet.given("balance")
    wrong |= found.add(_KIND.FORM, sheet, bad, "key", "expected amounts of its currency")
    reason = "expected days that can be"
    wrong |= found.add(_KIND.DATE, sheet, bad_date, "key", reason)
    balance_at = np.full(len(agreements), -1)
    first = np.flatnonzero((at >= 0) & ~twice)
    balance_at[at[first]] = first
    return ~wrong, balance_at


def _stand(joined: Joined, good_balances: Any, mapping: Mapping, found: Findings) -> None:
    """Check each agreement with its balances."""
    sheet, at = joined.agreements, joined.balance_at
    status, _ = sheet.coded("status")
    is_closed = bools(pc.fill_null(pc.equal(status, "closed"), False)) | sheet.given("closed")
    twice = repeated(sheet.words("key"))
    missing = (at < 0) & ~is_closed & sheet.given("key") & ~twice
    reason = "expected its balances, was no line of them"
    lost = found.add(_KIND.BALANCE_MISSING, sheet, missing, "key", reason)
    amounts = _of_balances(joined, "balance")
    reason = "expected nothing left on what is closed"
    lost |= found.add(_KIND.CLOSED_WITH_BALANCE, sheet, is_closed & (amounts != 0), "key", reason)
    is_good = np.append(good_balances, False)[at]
    joined.over = joined.good & ~lost & is_closed
    joined.good &= ~lost & ~is_closed & is_good


def _of_balances(joined: Joined, name: str) -> Any:
    """Return a money column of the balances by agreement (int64[agreements]); 0 without one."""
    sheet, at = joined.balances, joined.balance_at
    decimals = np.full(len(sheet), 2)
    mine = np.flatnonzero(at >= 0)
    decimals[at[mine]] = joined.places[mine]
    return np.append(sheet.minor(name, decimals)[0], 0)[at]


def _movements(joined: Joined, sheet: Sheet, mapping: Mapping, found: Findings) -> None:
    agreements = joined.agreements
    at = places(sheet.words("key"), agreements.words("key"))
    reason = "expected its agreement, was none"
    lost = (at < 0) & sheet.given("key")
    wrong = found.add(_KIND.AGREEMENT_UNKNOWN, sheet, lost, "key", reason)
    amounts, bad = movement_amounts(sheet, np.append(joined.places, 2)[at])
    bad |= ~sheet.given("key")
    wrong |= found.add(_KIND.FORM, sheet, bad, "key", "expected an amount of its currency")
    dates, bad_date = sheet.dates("date")
    opened, _ = agreements.dates("opened")
    opened = np.where(opened > np.datetime64(mapping.as_of), np.datetime64("NaT"), opened)
    opened = np.append(opened, np.datetime64("NaT", "D"))[at]
    bad_date |= ~sheet.given("date") | (dates > np.datetime64(mapping.as_of)) | (dates < opened)
    reason = "expected a day from the opening up to the delivery"
    wrong |= found.add(_KIND.DATE, sheet, bad_date, "key", reason)
    if "reference" in sheet.text:
        references = sheet.words("reference")
        again = repeated(references) & sheet.given("reference")
        wrong |= found.add(_KIND.DUPLICATE, sheet, again, "reference", "it was there before")
    joined.history_at, joined.good_history = at, ~wrong
    if mapping.history is not None and mapping.history.complete:
        _sums(joined, amounts, wrong, found)


def _sums(joined: Joined, amounts: Any, wrong: Any, found: Findings) -> None:
    """Hold each balance against the sum of its movements, where all of them could be read."""
    sheet, at = joined.agreements, joined.history_at
    sums, unread = np.zeros(len(sheet), np.int64), np.zeros(len(sheet), np.bool_)
    good = np.flatnonzero(~wrong & (at >= 0))
    np.add.at(sums, at[good], amounts[good])
    is_repeat = wrong & (at >= 0)
    if "reference" in (joined.history.text if joined.history else {}):
        is_repeat &= ~repeated(joined.history.words("reference")) if joined.history else is_repeat
    unread[at[is_repeat]] = True
    differs = (sums != _of_balances(joined, "balance")) & (joined.balance_at >= 0)
    differs &= ~unread & joined.good
    reason = "expected the sum of its movements, was another balance"
    joined.good &= ~found.add(_KIND.BALANCE_NOT_HISTORY, sheet, differs, "key", reason)


def _by_product(joined: Joined, mapping: Mapping, ours: Ours, found: Findings) -> None:
    """Check what depends on the product: signs, interest, terms."""
    sheet, count = joined.agreements, len(joined.agreements)
    for code, product in mapping.products.items():
        mine = joined.good & bools(pc.fill_null(pc.equal(joined.product, code), False))
        if not mine.any():
            continue
        below = np.zeros(count, np.bool_)
        for account, column in product.balances.items():
            if not (product.may_be_negative and account == "main"):
                below |= column_of(joined, column, product) < 0
        reason = "expected no balance below zero"
        lost = found.add(_KIND.NEGATIVE, sheet, mine & below, "key", reason)
        lost |= _interest(joined, mine & ~below, product, mapping, found)
        lost |= _terms(joined, mine, product, ours.products[product.product][1], found)
        joined.good &= ~lost


def _interest(
    joined: Joined, mine: Any, product: Product, mapping: Mapping, found: Findings
) -> Any:
    rule = product.interest
    if rule is None:
        return np.zeros(len(mine), np.bool_)
    told = column_of(joined, rule.accrued, product) // 10**8
    fixed = rule.rate.isdecimal()
    rate = np.int64(rule.rate) if fixed else column_of(joined, rule.rate, product)
    since = column_of(joined, rule.since, product)
    amount = column_of(joined, rule.of, product)
    wanted = accrued_minor(amount, rate, since, np.datetime64(mapping.as_of), rule.days)
    differs = mine & (np.abs(told - wanted) > rule.tolerance_minor) & ~np.isnat(since)
    reason = "expected interest that recomputes from balance, rate and days"
    return found.add(_KIND.INTEREST, joined.agreements, differs, "key", reason)


def _terms(joined: Joined, mine: Any, product: Product, bounds: Bounds, found: Findings) -> Any:
    outside = np.zeros(len(mine), np.bool_)
    for name, column in product.terms.items():
        if isinstance(column, int):
            continue
        least, most = bounds[name]
        values = column_of(joined, column, product)
        outside |= (values < least) | (values > most)
    reason = "expected terms that the product takes"
    return found.add(_KIND.TERMS, joined.agreements, mine & outside, "key", reason)
