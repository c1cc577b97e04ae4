"""What the ledger's pages share: the door, the units, the samples and the running check."""

from collections.abc import Mapping, Sequence

from yunjin.chassis.console import Job, Markup, Sampler, Tone, ask, formats, markup, t
from yunjin.foundation.ledger.api import (
    AccountFlag,
    CellState,
    LedgerApi,
    TransferFlag,
    VerifyReport,
)
from yunjin.foundation.ledger.pages.reading import AccountRow, TransferRow, Units
from yunjin.kernel.clock import Clock

_KIND_TONES: Mapping[str, Tone] = {
    "plain": "good",
    "pending": "warn",
    "post": "good",
    "void": "neutral",
    "expired": "neutral",
}


class Desk:
    """One set for the process: pages come and go, these stay."""

    def __init__(self, ledger: LedgerApi, clock: Clock) -> None:
        self.ledger = ledger
        self.clock = clock
        self.states: Sampler[CellState] = Sampler(ledger.state)
        self.verification: Job[VerifyReport] = Job(clock)

    async def units(self) -> Units:
        """Ask for the declared ledgers."""
        return Units(await ask(self.ledger.ledgers))

    async def alias_of(self, account_ids: Sequence[int]) -> dict[int, list[str]]:
        """Return what each of these accounts is known by."""
        found: dict[int, list[str]] = {}
        for alias in await ask(self.ledger.aliases_of, sorted(set(account_ids))):
            found.setdefault(alias.account_id, []).append(alias.value)
        return found


def account_state(row: AccountRow) -> Markup:
    """Say whether an account is open."""
    if row.has(AccountFlag.CLOSED):
        return markup.chip(t("ledger.closed"), "neutral")
    return markup.chip(t("ledger.open"), "good")


def account_rules(row: AccountRow, units: Units) -> Markup:
    """Return what the account is held to, as chips."""
    chips: list[Markup] = []
    if row.has(AccountFlag.DEBITS_MUST_NOT_EXCEED_CREDITS):
        hint = t("ledger.flag.no_overdraft_hint")
        if row.limit_minor:
            limit = units.money(row.ledger, row.limit_minor)
            chips.append(markup.chip(t("ledger.flag.overdraft", limit=limit), hint=hint))
        else:
            chips.append(markup.chip(t("ledger.flag.no_overdraft"), hint=hint))
    if row.has(AccountFlag.CREDITS_MUST_NOT_EXCEED_DEBITS):
        hint = t("ledger.flag.no_overpayment_hint")
        chips.append(markup.chip(t("ledger.flag.no_overpayment"), hint=hint))
    named = ((AccountFlag.HISTORY, "history"), (AccountFlag.IMPORTED, "imported"))
    chips += [
        markup.chip(t(f"ledger.flag.{name}"), hint=t(f"ledger.flag.{name}_hint"))
        for flag, name in named
        if row.has(flag)
    ]
    return Markup("").join(chips)


def balance(row: AccountRow, units: Units) -> Markup:
    """Return an account's balance with the side it stands on."""
    return Markup('{} <small class="yj-side">{}</small>').format(
        units.amount(row.ledger, row.balance_minor), t(f"ledger.side.{row.side}")
    )


def transfer_kind(row: TransferRow) -> Markup:
    """Return what a transfer did, as a chip."""
    return markup.chip(t(f"ledger.kind.{row.kind}"), _KIND_TONES[row.kind])


def transfer_flags(row: TransferRow) -> Markup:
    """Return what else a transfer carried, as chips."""
    named = (
        (TransferFlag.LINKED, "linked"),
        (TransferFlag.IMPORTED, "imported"),
        (TransferFlag.BALANCING_DEBIT | TransferFlag.BALANCING_CREDIT, "balancing"),
        (TransferFlag.CLOSING_DEBIT | TransferFlag.CLOSING_CREDIT, "closing"),
    )
    return Markup("").join(
        markup.chip(t(f"ledger.flag.{name}"), hint=t(f"ledger.flag.{name}_hint"))
        for flag, name in named
        if row.flags & flag
    )


def transfer_id(row: TransferRow) -> Markup:
    """Return a transfer's id in short form, with its link."""
    return markup.ident(str(row.id), formats.shortened(str(row.id)), f"/transfers/{row.id}")


def named_account(account_id: int, names: Mapping[int, Sequence[str]]) -> Markup:
    """Return an account's id with the first alias it is known by, if any, beneath."""
    known = names.get(account_id)
    ident = markup.account(account_id)
    return markup.stacked(ident, known[0]) if known else ident
