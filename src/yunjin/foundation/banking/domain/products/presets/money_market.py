"""货币型理财 Money-market wealth product: units worth 1.00, income of each day per 10,000 units."""

from yunjin.foundation.banking.domain.products.vocabulary import (
    Account,
    Accrual,
    Count,
    Days,
    Level,
    Money,
    Product,
    Slot,
    accrue,
    changed,
    days_after,
    event,
    only,
    positive,
    post,
    refuse,
    schedule,
    settle,
    smaller,
    times,
    working_day,
)


class MoneyMarket(Product):
    """Money comes in as units the next working day; every evening what they earned becomes units.

    A new `redeem` gives units back; their money goes out the next working day (T+1).
    """

    code = "money-market"

    income = Count(level=Level.PRODUCT, default=0, most=100_000)  # 万份收益, 0.0001 yuan: 4,567
    redeem = Money(level=Level.INSTANCE, default=0)
    settles_after = Days(default=1, most=5)
    least = Money(default=1)

    main = Account(Slot.WEALTH_UNITS)
    arriving = inbox = Account(Slot.WEALTH_UNITS)
    leaving = Account(Slot.WEALTH_UNITS)
    earned = Accrual(debit=Slot.INTEREST_EXPENSE, credit=Slot.INTEREST_PAYABLE)

    def before_post(self, at):
        yield refuse(at.amount < 0, "units are given back by redeem")
        yield refuse(at.amount < at[self.least], "less than the least amount")

    def next_day(self, at):
        return working_day(days_after(at.date, at[self.settles_after]))

    def after_post(self, at):
        yield schedule(self.confirm, self.next_day(at))

    def on_parameter_change(self, at):
        back = smaller(only(changed(at, self.redeem), at[self.redeem]), positive(at[self.main]))
        yield post(debit=self.main, credit=self.leaving, amount=back)
        yield schedule(self.pay_out, self.next_day(at), back > 0)

    def on_day(self, at):
        yield accrue(self.earned, times(at[self.main], at[self.income]))
        yield settle(self.earned, into=self.main)

    @event
    def confirm(self, at):
        """确认份额: what came in begins to earn."""
        yield post(debit=self.arriving, credit=self.main, amount=at[self.arriving])

    @event
    def pay_out(self, at):
        """赎回到账: the money of what was given back."""
        yield post(debit=self.leaving, credit=Slot.CLEARING, amount=at[self.leaving])

    def derived(self, at):
        return {"units": at[self.main], "arriving": at[self.arriving], "leaving": at[self.leaving]}
