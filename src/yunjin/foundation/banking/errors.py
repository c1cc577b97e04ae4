"""What banking refuses: products, terms, dates and numbers that will not do."""

from yunjin.kernel.errors import NotFound, Outage, Refusal


class OutsideCalendar(Refusal):
    """A date lies in a year whose holidays are not known to the calendar."""

    code, status, title = "banking/outside-calendar", 409, "Date outside the calendar"


class OutOfRange(Refusal):
    """A number is outside of what can be computed exactly or makes sense."""

    code, status, title = "banking/out-of-range", 409, "Number out of range"


class UnusableTerms(Refusal):
    """The terms of a loan contradict themselves."""

    code, status, title = "banking/unusable-terms", 409, "Terms that cannot be kept"


class MoreThanOwed(Refusal):
    """More is paid back early than is owed on that day."""

    code, status, title = "banking/more-than-owed", 409, "More than is owed"


class NoRate(Refusal):
    """No annual rate makes the two sides of a loan equal."""

    code, status, title = "banking/no-rate", 409, "No rate exists"


class ProductRefused(Refusal):
    """A product file will not do; `complaints` says why and in which lines."""

    code, status, title = "banking/product-refused", 422, "Product refused"


class ProductUnreadable(Refusal):
    """A registered product's file no longer loads; its agreements wait for a version that does."""

    code, status, title = "banking/product-unreadable", 409, "Product cannot be read any more"


class ProductNotFound(NotFound):
    """There is no product of this code."""

    code, title = "banking/product-not-found", "Product not found"


class TemplateNotFound(NotFound):
    """The product has no template of this name."""

    code, title = "banking/template-not-found", "Template not found"


class AgreementNotFound(NotFound):
    """There is no agreement of this id."""

    code, title = "banking/agreement-not-found", "Agreement not found"


class AgreementNotOpen(Refusal):
    """The agreement is closed, or stopped until a person has looked."""

    code, status, title = "banking/agreement-not-open", 409, "Agreement not open"


class AgreementNotEmpty(Refusal):
    """The agreement has a balance, a hold or accrued interest still."""

    code, status, title = "banking/agreement-not-empty", 409, "Agreement not empty"


class CurrencyNotOffered(Refusal):
    """The bank keeps no ledger in this currency; declare one before agreements are opened in it."""

    code, status, title = "banking/currency-not-offered", 409, "Currency not offered"


class EntryRefused(Refusal):
    """An entry was not booked; `result` and `reason` say why."""

    code, status, title = "banking/entry-refused", 409, "Entry refused"


class DayNotProven(Refusal):
    """The books of a day do not agree; the next day stays closed until a person has looked."""

    code, status, title = "banking/day-not-proven", 409, "Day not proven"


class DayClosed(Refusal):
    """The business day is not the open one."""

    code, status, title = "banking/day-closed", 409, "Business day not open"


class DayBeingClosed(Outage):
    """The business day is being closed; what is to be written has to wait until it is."""

    code, title = "banking/day-being-closed", "Business day being closed"


class PeriodClosed(Refusal):
    """The period of the general ledger is closed."""

    code, status, title = "banking/period-closed", 409, "Period closed"


class AnotherWriter(Outage):
    """Another process writes this bank's agreements."""

    code, title = "banking/another-writer", "Another writer"


class Unbalanced(Refusal):
    """Debits and credits of a branch and currency are not the same."""

    code, status, title = "banking/unbalanced", 409, "Debits and credits differ"


class SourceBooked(Refusal):
    """The general ledger has booked this source with other movements."""

    code, status, title = "banking/source-booked", 409, "Source booked otherwise"


class ControlAccount(Refusal):
    """Agreements make up the account; a manual entry would set it apart from them."""

    code, status, title = "banking/control-account", 409, "Account of agreements"


class SlotsNotOffered(Refusal):
    """The account is the ledger's too, and the ledger is not joined to the general ledger."""

    code, status, title = "banking/slots-not-offered", 409, "Ledger not joined"


class AccountUnusable(Refusal):
    """The account of the general ledger may not be used like this, or contradicts its parent."""

    code, status, title = "banking/account-unusable", 409, "Account cannot be used so"


class MappingRefused(Refusal):
    """A slot may not be booked to that account, or not from that day on."""

    code, status, title = "banking/mapping-refused", 409, "Mapping refused"


class PeriodNotReady(Refusal):
    """Something is still to be done before the period may be closed, opened, locked or carried."""

    code, status, title = "banking/period-not-ready", 409, "Period not ready"


class AlreadyReversed(Refusal):
    """The entry was reversed before, or is of a kind that is not reversed."""

    code, status, title = "banking/already-reversed", 409, "Entry not to be reversed"


class GlAccountNotFound(NotFound):
    """There is no account of this code in the chart of accounts."""

    code, title = "banking/gl-account-not-found", "General ledger account not found"


class GlEntryNotFound(NotFound):
    """There is no entry of this number in the general ledger."""

    code, title = "banking/gl-entry-not-found", "General ledger entry not found"


class NoSchedule(Refusal):
    """The agreement is no loan with dates on which something falls due."""

    code, status, title = "banking/no-schedule", 409, "No schedule"


class StatementTooLong(Refusal):
    """There are more lines than one answer holds; ask for a shorter period, or for CSV."""

    code, status, title = "banking/statement-too-long", 409, "Statement too long"
