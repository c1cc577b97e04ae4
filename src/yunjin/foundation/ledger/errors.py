"""What the ledger refuses as a whole. What it refuses item by item is a code in the answer."""

from yunjin.kernel.errors import NotFound, Outage, Refusal, Unknown


class BatchRefused(Refusal):
    """The batch has a column, a type or a size that the ledger does not take; nothing was done."""

    code, status, title = "ledger/batch-refused", 422, "Batch refused"


class TransferRefused(Refusal):
    """A single transfer got a result code other than created or exists."""

    code, status, title = "ledger/transfer-refused", 409, "Transfer refused"


class AccountRefused(Refusal):
    """A single account got a result code other than created or exists."""

    code, status, title = "ledger/account-refused", 409, "Account refused"


class AccountNotFound(NotFound):
    """There is no such account."""

    code, title = "ledger/account-not-found", "Account not found"


class TransferNotFound(NotFound):
    """There is no such transfer."""

    code, title = "ledger/transfer-not-found", "Transfer not found"


class AliasNotFound(NotFound):
    """No account is known by this IBAN, card or wallet number."""

    code, title = "ledger/alias-not-found", "Alias not found"


class AliasTaken(Refusal):
    """The alias stands for another account already."""

    code, status, title = "ledger/alias-taken", 409, "Alias taken"


class HistoryNotKept(Refusal):
    """The account was opened without the `history` flag; its postings are not indexed."""

    code, status, title = "ledger/history-not-kept", 409, "History not kept"


class LeaseHeld(Refusal):
    """Another process writes this cell; the facts say who."""

    code, status, title = "ledger/lease-held", 409, "Another process writes this cell"


class FolderInUse(Refusal):
    """Another process has its index and head of this cell in the same folder."""

    code, status, title = "ledger/folder-in-use", 409, "Folder in use"


class ClockOff(Refusal):
    """This machine's clock is far from the set's; transfers would carry wrong times for ever."""

    code, status, title = "ledger/clock-off", 409, "Clock off"


class Fenced(Outage):
    """This process lost its lease: a newer epoch writes the cell, so this one must not."""

    code, status, title = "ledger/fenced", 503, "Fenced off by a newer writer"


class NotLeading(Outage):
    """This process stands by; the facts say who writes the cell and where it is reached."""

    code, status, title = "ledger/not-leading", 503, "Another process writes this cell now"


class CellMoved(Outage):
    """The cell is on another set now; the facts say where it is reached."""

    code, status, title = "ledger/cell-moved", 503, "The cell is on another set now"


class AccountMoved(Outage):
    """The cell was split; the accounts are in the cell that the facts name. Ask there."""

    code, status, title = "ledger/account-moved", 503, "The accounts are in another cell now"


class SplitWaits(Refusal):
    """Transfers under way are between both halves; the facts name them. Nothing was done."""

    code, status, title = "ledger/split-waits", 409, "Transfers are under way between both halves"


class SplitRefused(Refusal):
    """The cell cannot be split so; nothing was done."""

    code, status, title = "ledger/split-refused", 409, "Split refused"


class NobodyFollows(Refusal):
    """No process follows the cell closely enough to take it over; nothing was done."""

    code, status, title = "ledger/nobody-follows", 409, "Nobody follows the cell"


class MoveRefused(Refusal):
    """The cell cannot be moved there; nothing was done."""

    code, status, title = "ledger/move-refused", 409, "Move refused"


class WritesStopped(Outage):
    """The journal could not be written; reads go on, writes stop until the ledger is reopened."""

    code, status, title = "ledger/writes-stopped", 503, "Writes stopped"


class OutcomeUnknown(Unknown):
    """The commit's outcome is not known; ask by the transfers' ids."""

    code, status, title = "ledger/outcome-unknown", 504, "Outcome unknown"


class Overloaded(Outage):
    """Too many requests wait already; nothing was done."""

    code, status, title = "ledger/overloaded", 503, "Too many requests wait"


class JournalDamaged(Refusal):
    """The journal is not what was written; the facts name the row and what to do."""

    code, status, title = "ledger/journal-damaged", 409, "Journal damaged"


class ImportRefused(Refusal):
    """A file cannot be imported at all; nothing of it was posted."""

    code, status, title = "ledger/import-refused", 422, "File refused"


class AccountMalformed(AccountRefused):
    """The account's own fields do not go together."""

    code, status, title = "ledger/account-malformed", 422, "Account malformed"


class CrossingNotFound(NotFound):
    """No batch of transfers between cells is in doubt under this id: it came to its end."""

    code, title = "ledger/crossing-not-found", "No such batch in doubt"


class TooManyInDoubt(Outage):
    """The other cell has not answered for long and too much is held for it; nothing was done."""

    code, status, title = "ledger/too-many-in-doubt", 503, "Too much is held for the other cell"
