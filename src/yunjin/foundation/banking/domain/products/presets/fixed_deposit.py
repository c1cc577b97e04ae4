"""定期存款 Fixed deposit: one rate for a term, the demand rate if it is taken out before."""

from yunjin.foundation.banking.domain.products.vocabulary import (
    Account,
    Accrual,
    Count,
    DayCount,
    Field,
    Level,
    Product,
    Rate,
    Slot,
    accrue,
    daily,
    either,
    event,
    interest_between,
    months_after,
    notice,
    positive,
    post,
    put,
    refuse,
    schedule,
    settle,
)


class FixedDeposit(Product):
    """Money put in on the first day and left there for a term of months (整存整取)."""

    code = "fixed-deposit"

    term = Count(level=Level.INSTANCE, least=1, most=120)
    rate = Rate(level=Level.INSTANCE, most=100_000)
    demand_rate = Rate(default=500, most=100_000)  # 提前支取, and after the term

    main = Account(Slot.TERM_DEPOSITS)
    interest = Accrual(debit=Slot.INTEREST_EXPENSE, credit=Slot.INTEREST_PAYABLE)
    has_matured = Field()

    def on_open(self, at):
        yield schedule(self.maturity, months_after(at.opened, at[self.term]))

    def before_post(self, at):
        yield refuse((at.amount > 0) & (at.date > at.opened), "money comes in on the first day")
        yield refuse((at.amount < 0) & (at.amount != -at[self.main]), "taken out as a whole only")

    def on_day(self, at):
        rate = either(at[self.has_matured] > 0, at[self.demand_rate], at[self.rate])
        yield accrue(self.interest, daily(at, at[self.main], rate, DayCount.ACT_365F))

    def after_post(self, at):
        out = positive(-at.amount)
        at_demand = interest_between(
            out, at[self.demand_rate], at.opened, at.date, DayCount.ACT_365F
        )
        early = (out > 0) & (at[self.has_matured] == 0)
        yield accrue(self.interest, either(early, at_demand - at[self.interest], 0))
        yield settle(self.interest, into=self.main, where=out > 0)
        yield schedule(self.pay_out, at.date, out > 0)

    @event
    def maturity(self, at):
        """到期: the interest of the term is paid; from now on the demand rate holds."""
        yield settle(self.interest, into=self.main)
        yield put(self.has_matured, 1)
        yield notice("deposit-matured")

    @event
    def pay_out(self, at):
        """The interest follows the money that was taken out."""
        yield post(debit=self.main, credit=Slot.CLEARING, amount=positive(at[self.main]))
