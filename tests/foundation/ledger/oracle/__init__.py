"""The rules of the ledger, said a second time, in plain Python: dicts and ints, nothing else.

This is the specification that the fast ledger is held against. It shares with it only the names of
flags and codes, so a mistake has to be made twice, in two different ways, to go unseen.

- A rule is a method named after its code: `transfer_rules.EXCEEDS_CREDITS` is the method
  `exceeds_credits`. The codes are asked in the order of their enum and the first that applies is
  the answer; a rule may therefore rely on all those before it not applying.
- `Oracle` does what is no single item's matter: time, expiry, chains, effects.

The decisions worth knowing:

- **Time.** The ledger's clock reads max(machine's clock, last timestamp + 1) when a batch comes in.
  Item i of the batch gets this + i, whether created or not; accounts and transfers share the
  sequence. A batch that leaves nothing to remember takes no place in it. Imported items bring their
  own, later than every one given so far and not later than the ledger's clock; only created ones
  move it on.
- **Imported batches.** The first item of a batch says whether all of it is imported.
- **Expiry.** Before a batch, every hold with timestamp + timeout ≤ the ledger's clock is released,
  in the order of (expiry, timestamp). A timeout of 0 never ends. Expiry takes the time it happens
  at: what comes after it, imported or not, is later.
- **Chains.** All or nothing. The member that fails keeps its own code, the others answer
  LINKED_FAILED. `EXISTS` is no failure: a chain sent again answers EXISTS throughout. A chain that
  the batch ends inside is not looked at: its last answers LINKED_CHAIN_OPEN, the others
  LINKED_FAILED.
- **Ids.** A created id is remembered with the request as it was given (zeros that mean "inherit"
  and the unclamped balancing amount included). An id that failed for a transient reason is
  remembered as failed, even where a chain was undone around it. All other failures leave no trace.
"""

from tests.foundation.ledger.oracle.ledger import Oracle
from tests.foundation.ledger.oracle.model import NO_TOTALS, Account, Answer, Line, Request, Transfer

__all__ = ["NO_TOTALS", "Account", "Answer", "Line", "Oracle", "Request", "Transfer"]
