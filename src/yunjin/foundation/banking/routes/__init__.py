"""Banking over HTTP."""

from types import ModuleType


def load() -> tuple[ModuleType, ...]:
    """Return the modules of the heaviest addresses, loaded."""
    from yunjin.foundation.banking.routes import entries, general_ledger, statements

    return entries, general_ledger, statements
