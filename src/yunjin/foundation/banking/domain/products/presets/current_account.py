"""活期存款 Current account: tiered interest settled on the 20th of each quarter's last month."""

from yunjin.foundation.banking.domain.products.vocabulary import (
    Account,
    Accrual,
    DayCount,
    Days,
    History,
    Level,
    Money,
    Product,
    Rate,
    Slot,
    accrue,
    booked_late,
    changed,
    daily,
    days_after,
    days_between,
    event,
    next_on,
    notice,
    only,
    positive,
    post,
    refuse,
    schedule,
    settle,
    tiered,
    total,
)

TIERS = ((0, 500), (5_000_000, 1_500), (100_000_000, 3_000))  # minor units, ppm a year
QUARTERS = (3, 6, 9, 12)
LATE_MAX = 31


class CurrentAccount(Product):
    """Deposits at sight, with an arranged overdraft (透支); asleep (久悬) when nobody moves it.

    A new `sleeps_after` wakes a sleeping account.
    """

    code = "current-account"
    needs = History(days=LATE_MAX)

    overdraft_limit = Money(level=Level.INSTANCE, default=0)
    overdraft_rate = Rate(level=Level.INSTANCE, default=150_000, most=240_000)
    sleeps_after = Days(level=Level.INSTANCE, default=3_650, least=30, most=36_500)

    main = Account(Slot.DEPOSITS)
    asleep = Account(Slot.DORMANT)
    interest = Accrual(debit=Slot.INTEREST_EXPENSE, credit=Slot.INTEREST_PAYABLE)
    overdraft_interest = Accrual(debit=Slot.INTEREST_ACCRUED, credit=Slot.INTEREST_INCOME)

    def on_open(self, at):
        yield schedule(self.interest_day, next_on(at.date, months=QUARTERS, day=20))
        yield schedule(self.sleep, days_after(at.date, at[self.sleeps_after]))

    def before_post(self, at):
        yield refuse(at.available + at.amount < -at[self.overdraft_limit], "insufficient funds")
        yield refuse(at[self.asleep] > 0, "the account sleeps")
        yield refuse(days_between(at.value_date, at.date) > LATE_MAX, "too far back")
        yield refuse(at.value_date < at.opened, "before the account was opened")

    def after_post(self, at):
        yield accrue(self.interest, booked_late(at, self.main, TIERS, DayCount.ACT_360))
        yield schedule(self.sleep, days_after(at.date, at[self.sleeps_after]))

    def on_parameter_change(self, at):
        wakes = changed(at, self.sleeps_after)
        yield post(debit=self.asleep, credit=self.main, amount=only(wakes, at[self.asleep]))
        yield schedule(self.sleep, days_after(at.date, at[self.sleeps_after]), wakes)

    def on_day(self, at):
        owned, owed = positive(at[self.main]), positive(-at[self.main])
        yield accrue(self.interest, tiered(at, owned, TIERS, DayCount.ACT_360))
        owing = daily(at, owed, at[self.overdraft_rate], DayCount.ACT_360)
        yield accrue(self.overdraft_interest, owing)

    def on_close(self, at):
        yield settle(self.interest, into=self.main)
        yield settle(self.overdraft_interest, into=self.main)
        left = total(at, (self.main, self.interest)) - total(at, (self.overdraft_interest,))
        yield post(debit=self.main, credit=Slot.CLEARING, amount=positive(left))

    @event
    def interest_day(self, at):
        """结息: pay what was earned, charge what is owed."""
        yield settle(self.interest, into=self.main)
        yield settle(self.overdraft_interest, into=self.main)
        yield schedule(self.interest_day, next_on(at.date, months=QUARTERS, day=20))

    @event
    def sleep(self, at):
        """久悬: set aside what nobody has moved."""
        yield post(debit=self.main, credit=self.asleep, amount=positive(at[self.main]))
        yield notice("account-asleep", at[self.main] > 0)
