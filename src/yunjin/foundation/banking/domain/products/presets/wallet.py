"""钱包 Wallet: money at hand without interest, with limits on what it holds and pays at once."""

from yunjin.foundation.banking.domain.products.vocabulary import (
    Account,
    Level,
    Money,
    Product,
    Slot,
    refuse,
)


class Wallet(Product):
    """A prepaid balance of a customer (客户备付金)."""

    code = "wallet"

    balance_limit = Money(level=Level.INSTANCE, default=1_000_000)
    payment_limit = Money(level=Level.INSTANCE, default=100_000)

    main = Account(Slot.WALLETS)

    def before_post(self, at):
        yield refuse(at.available + at.amount < 0, "insufficient funds")
        yield refuse(at[self.main] + at.amount > at[self.balance_limit], "more than it may hold")
        yield refuse(-at.amount > at[self.payment_limit], "more than it may pay at once")
