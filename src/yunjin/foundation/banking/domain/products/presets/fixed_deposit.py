"""定期存款 Fixed deposit: one rate for a term, the demand rate for what is taken out before."""

from yunjin.foundation.banking.domain.products.vocabulary import (
    Account,
    Accrual,
    Count,
    Date,
    DayCount,
    Field,
    Level,
    Money,
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
    only,
    positive,
    post,
    put,
    refuse,
    schedule,
    settle,
)

YEAR = DayCount.ACT_365F
ENDS, PRINCIPAL, WITH_INTEREST = 0, 1, 2  # at the end of a term: 到期不转存, 本金转存, 本息转存


class FixedDeposit(Product):
    """Money put in on the first day and left there for a term of months (整存整取)."""

    code = "fixed-deposit"

    term = Count(level=Level.INSTANCE, least=1, most=120)
    rate = Rate(level=Level.INSTANCE, most=100_000)
    renewal = Count(level=Level.INSTANCE, default=ENDS, most=WITH_INTEREST)
    demand_rate = Rate(default=500, most=100_000)  # 提前支取, and after the last term
    least_left = Money(default=5_000)  # 部分提前支取 leaves this much, or nothing

    main = Account(Slot.TERM_DEPOSITS)
    earned = Account(Slot.INTEREST_PAYABLE)
    interest = Accrual(debit=Slot.INTEREST_EXPENSE, credit=Slot.INTEREST_PAYABLE)
    at_demand = Accrual(debit=Slot.INTEREST_EXPENSE, credit=Slot.INTEREST_PAYABLE)
    began, has_matured = Date(), Field()

    def on_open(self, at):
        yield put(self.began, at.opened)
        yield schedule(self.maturity, months_after(at.opened, at[self.term]))

    def before_post(self, at):
        left = at.available + at.amount
        yield refuse((at.amount > 0) & (at.date > at.opened), "money comes in on the first day")
        yield refuse(left < 0, "insufficient funds")
        yield refuse((left > 0) & (left < at[self.least_left]), "less would be left than must be")

    def on_day(self, at):
        rate = either(at[self.has_matured] > 0, at[self.demand_rate], at[self.rate])
        yield accrue(self.interest, daily(at, at[self.main], rate, YEAR, within=at[self.began]))

    def after_post(self, at):
        late = interest_between(at.amount, at[self.rate], at.value_date, at.date, YEAR)
        yield accrue(self.interest, only(at.amount > 0, late))
        early = only(at[self.has_matured] == 0, positive(-at.amount))
        grown = interest_between(early, at[self.rate], at[self.began], at.date, YEAR)
        instead = interest_between(early, at[self.demand_rate], at[self.began], at.date, YEAR)
        yield accrue(self.interest, -grown)
        yield accrue(self.at_demand, instead)
        yield settle(self.at_demand, into=self.earned, where=early > 0)
        yield settle(self.interest, into=self.earned, where=(at[self.main] == 0) & (at.amount < 0))
        yield schedule(self.pay_out, at.date, at.amount < 0)

    @event
    def maturity(self, at):
        """到期: the interest of the term is paid; then another term, or the demand rate."""
        yield settle(self.interest, into=self.earned)
        yield put(self.began, at.date)
        yield put(self.has_matured, 1, at[self.renewal] == ENDS)
        renews = (at[self.renewal] > ENDS) & (at[self.main] > 0)
        again = months_after(at.date, at[self.term], like=at.opened)
        yield schedule(self.maturity, again, renews)
        yield schedule(self.pay_out, at.date)
        yield notice("deposit-matured")

    @event
    def pay_out(self, at):
        """付息: what was earned follows the money that went out, or joins the next term."""
        joins = (at[self.renewal] == WITH_INTEREST) & (at[self.began] == at.date)
        yield post(debit=self.earned, credit=self.main, amount=only(joins, at[self.earned]))
        yield post(debit=self.earned, credit=Slot.CLEARING, amount=only(~joins, at[self.earned]))
