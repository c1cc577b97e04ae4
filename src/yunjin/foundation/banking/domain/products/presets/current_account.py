"""活期存款 Current account: tiered interest settled on the 20th of each quarter's last month."""

from yunjin.foundation.banking.domain.products.vocabulary import (
    Account,
    Accrual,
    DayCount,
    Level,
    Money,
    Product,
    Rate,
    Slot,
    accrue,
    daily,
    event,
    next_on,
    positive,
    refuse,
    schedule,
    settle,
    tiered,
)

TIERS = ((0, 500), (5_000_000, 1_500), (100_000_000, 3_000))  # minor units, ppm a year
QUARTERS = (3, 6, 9, 12)


class CurrentAccount(Product):
    """Deposits at sight, with an arranged overdraft (透支)."""

    code = "current-account"

    overdraft_limit = Money(level=Level.INSTANCE, default=0)
    overdraft_rate = Rate(default=150_000, most=240_000)

    main = Account(Slot.DEPOSITS)
    interest = Accrual(debit=Slot.INTEREST_EXPENSE, credit=Slot.INTEREST_PAYABLE)
    overdraft_interest = Accrual(debit=Slot.INTEREST_ACCRUED, credit=Slot.INTEREST_INCOME)

    def on_open(self, at):
        yield schedule(self.interest_day, next_on(at.date, months=QUARTERS, day=20))

    def before_post(self, at):
        yield refuse(at.available + at.amount < -at[self.overdraft_limit], "insufficient funds")

    def on_day(self, at):
        owned, owed = positive(at[self.main]), positive(-at[self.main])
        yield accrue(self.interest, tiered(at, owned, TIERS, DayCount.ACT_360))
        yield accrue(
            self.overdraft_interest,
            daily(at, owed, at[self.overdraft_rate], DayCount.ACT_360),
        )

    @event
    def interest_day(self, at):
        """结息: pay what was earned, charge what is owed."""
        yield settle(self.interest, into=self.main)
        yield settle(self.overdraft_interest, into=self.main)
        yield schedule(self.interest_day, next_on(at.date, months=QUARTERS, day=20))
