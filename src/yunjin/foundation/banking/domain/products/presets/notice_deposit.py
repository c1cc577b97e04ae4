"""通知存款 Notice deposit: the better rate for what was announced one or seven days before."""

from yunjin.foundation.banking.domain.products.vocabulary import (
    NEVER,
    Account,
    Accrual,
    Date,
    DayCount,
    Days,
    Field,
    Level,
    Money,
    Product,
    Rate,
    Slot,
    accrue,
    changed,
    daily,
    days_after,
    either,
    event,
    interest_between,
    only,
    positive,
    post,
    put,
    refuse,
    schedule,
    settle,
    smaller,
)

YEAR = DayCount.ACT_360


class NoticeDeposit(Product):
    """Money without a term, taken out after notice (一天, 七天通知存款).

    A new `notice` announces how much is to be taken out; the interest of what is taken out is paid
    with it (利随本清). What was not announced, or not long enough before, earns the demand rate.
    What was announced and stays (another `notice`, 0 to call it off) earns nothing for those days.
    """

    code = "notice-deposit"

    days = Days(level=Level.INSTANCE, default=7, least=1, most=7)
    rate = Rate(level=Level.INSTANCE, most=100_000)
    notice = Money(level=Level.INSTANCE, default=0)
    demand_rate = Rate(default=500, most=100_000)
    least = Money(default=5_000_000)  # put in, taken out and left: 5 万元

    main = Account(Slot.DEPOSITS)
    earned = Account(Slot.INTEREST_PAYABLE)
    interest = Accrual(debit=Slot.INTEREST_EXPENSE, credit=Slot.INTEREST_PAYABLE)
    paying = Accrual(debit=Slot.INTEREST_EXPENSE, credit=Slot.INTEREST_PAYABLE)
    announced, noticed = Date(), Field()

    def before_post(self, at):
        left = at.available + at.amount
        yield refuse((at.amount > 0) & (at.date > at.opened), "money comes in on the first day")
        yield refuse(left < 0, "insufficient funds")
        few = (left > 0) & ((left < at[self.least]) | (-at.amount < at[self.least]))
        yield refuse((at.amount < 0) & few, "less than the least amount")
        yield refuse((at.amount > 0) & (left < at[self.least]), "less than the least amount")

    def on_parameter_change(self, at):
        told = changed(at, self.notice)
        began = either(at[self.noticed] > 0, at[self.announced], at.date)
        ends = smaller(days_after(began, at[self.days]), at.date)
        lost = interest_between(at[self.noticed], at[self.rate], began, ends, YEAR)
        yield accrue(self.interest, -only(told, lost))
        yield put(self.announced, either(at[self.notice] > 0, at.date, NEVER), told)
        yield put(self.noticed, at[self.notice], told)

    def on_day(self, at):
        yield accrue(self.interest, daily(at, at[self.main], at[self.rate], YEAR, within=at.opened))

    def after_post(self, at):
        late = interest_between(at.amount, at[self.rate], at.value_date, at.date, YEAR)
        yield accrue(self.interest, only(at.amount > 0, late))
        out = positive(-at.amount)
        in_time = at.date >= days_after(at[self.announced], at[self.days])
        good = only(in_time, smaller(out, at[self.noticed]))
        yield accrue(self.interest, -interest_between(out, at[self.rate], at.opened, at.date, YEAR))
        for part, rate in ((good, self.rate), (out - good, self.demand_rate)):
            earned = interest_between(part, at[rate], at.opened, at.date, YEAR)
            yield accrue(self.paying, earned)
        yield settle(self.paying, into=self.earned, where=out > 0)
        yield put(self.announced, NEVER, out > 0)
        yield put(self.noticed, 0, out > 0)
        yield schedule(self.pay_out, at.date, out > 0)

    @event
    def pay_out(self, at):
        """利随本清: the interest follows the money that was taken out."""
        yield post(debit=self.earned, credit=Slot.CLEARING, amount=at[self.earned])
