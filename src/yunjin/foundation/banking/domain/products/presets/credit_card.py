"""信用卡 Credit card: purchases free of interest if a monthly statement is paid in full.

Its instalment plans 账单分期 are agreements of their own: see card_instalment.py.
"""

from yunjin.foundation.banking.domain.products.vocabulary import (
    Account,
    Accrual,
    Count,
    DayCount,
    Days,
    Field,
    InterestFree,
    Level,
    Money,
    Product,
    Rate,
    Share,
    Slot,
    accrue,
    beyond,
    bill,
    came_in,
    changed,
    charge,
    charge_waived,
    daily,
    days_after,
    draw,
    event,
    least_part,
    next_on,
    notice,
    only,
    pay_down,
    positive,
    post,
    put,
    refuse,
    schedule,
    settle,
    share,
    total,
    waive,
    went_out,
)

YEAR = DayCount.ACT_365F
CASH, REFUND = Slot.CASH, Slot.SUSPENSE  # where an entry goes to, or comes from


class CreditCard(Product):
    """What a holder spends until a statement is to be paid some weeks later, whole or in part.

    Money goes out to a merchant, or as a cash advance where it goes out against CASH; comes in as a
    payment, or as a merchant's refund where it comes against SUSPENSE. A higher `disputed` sets an
    amount aside, free of interest; a lower one takes it back: the holder was wrong.
    """

    code = "credit-card"

    limit = Money(level=Level.INSTANCE, least=1)
    cash_limit = Money(level=Level.INSTANCE, default=0)
    disputed = Money(level=Level.INSTANCE, default=0)
    rate = Rate(level=Level.INSTANCE, default=182_500, most=182_500)  # 日利率万分之五
    statement_day = Count(level=Level.INSTANCE, default=5, least=1, most=28)
    days_to_pay = Days(default=20, least=10, most=27)
    minimum = Share(default=100_000, most=1_000_000)  # of the statement, ppm
    least = Money(default=1_000)  # the smallest minimum
    late = Share(default=50_000, most=50_000)  # 违约金 of the minimum that is not paid, ppm
    cash_fee = Share(default=10_000, most=50_000)  # of a cash advance, ppm

    main = Account(Slot.CARD_RECEIVABLE)  # purchases since the last statement
    billed = Account(Slot.CARD_RECEIVABLE)  # purchases of a statement that is not due yet
    revolving = Account(Slot.CARD_RECEIVABLE)  # purchases that were not paid on their due day
    cash = Account(Slot.CARD_RECEIVABLE)
    aside = Account(Slot.CARD_RECEIVABLE)  # disputed
    overdue = Account(Slot.CARD_RECEIVABLE, is_due=True)  # of minimums
    interest_due = Account(Slot.INTEREST_RECEIVABLE)
    fees = Account(Slot.FEES_RECEIVABLE)
    paid_in = inbox = Account(Slot.OVERPAYMENTS)
    interest = Accrual(debit=Slot.INTEREST_ACCRUED, credit=Slot.INTEREST_INCOME)
    waived, waived_next = Field(), Field()  # interest that is due if a statement is not paid, 10⁻⁸
    to_pay = Field()  # what is left to pay of the minimum
    free = InterestFree(
        spent=main, billed=billed, interest=interest, waived=waived, waived_next=waived_next
    )
    bearing = (overdue, revolving, cash, interest_due)
    owed = (interest_due, fees, overdue, revolving, cash, billed, main)
    used = (*owed, aside)
    purchases = (revolving, billed, main)
    refundable = (aside, main, billed)
    minimums = (billed, revolving, cash)

    def on_open(self, at):
        yield schedule(self.statement, next_on(at.date, day=at[self.statement_day]))

    def room(self, at):
        return at[self.limit] - total(at, self.used) + at[self.paid_in] - at.held

    def before_post(self, at):
        yield refuse(beyond(went_out(at), self.room(at)), "more than the limit leaves")
        over = beyond(went_out(at, CASH), at[self.cash_limit] - at[self.cash])
        yield refuse(over, "more than the cash limit")

    def after_post(self, at):
        yield from draw(at, source=self.paid_in, into=self.main, by={CASH: self.cash})
        yield charge(self.fees, share(went_out(at, CASH), at[self.cash_fee]))
        yield from pay_down(at, self.refundable, source=self.paid_in, amount=came_in(at, REFUND))
        yield put(self.to_pay, positive(at[self.to_pay] - came_in(at, but=REFUND)))
        yield schedule(self.collect, at.date, at.amount > 0)

    def on_parameter_change(self, at):
        more = only(changed(at, self.disputed), at[self.disputed] - at[self.aside])
        yield from pay_down(at, self.purchases, source=self.aside, amount=more)
        yield post(debit=self.revolving, credit=self.aside, amount=positive(-more))

    def on_day(self, at):
        yield accrue(self.interest, daily(at, total(at, self.bearing), at[self.rate], YEAR))
        yield from waive(at, self.free, at[self.rate], YEAR)

    @event
    def statement(self, at):
        """出账: purchases and interest are billed; a least part is to be paid by the due day."""
        owed = total(at, (*self.owed, self.interest)) - at[self.paid_in]
        yield put(self.to_pay, least_part(owed, at[self.minimum], at[self.least]))
        yield settle(self.interest, into=self.interest_due)
        yield from bill(at, self.free)
        yield notice("card-statement", owed > 0)
        yield schedule(self.due, days_after(at.date, at[self.days_to_pay]))
        yield schedule(self.statement, next_on(at.date, day=at[self.statement_day]))
        yield schedule(self.collect, at.date)

    @event
    def due(self, at):
        """还款日: what is not paid bears interest from the purchase on; the minimum costs a fee."""
        yield charge_waived(at, self.free)
        yield charge(self.fees, share(at[self.to_pay], at[self.late]))
        yield from pay_down(at, self.minimums, source=self.overdue, amount=at[self.to_pay])
        rest = positive(at[self.billed] - at[self.to_pay])
        yield post(debit=self.revolving, credit=self.billed, amount=rest)

    @event
    def collect(self, at):
        """还款: pay what is owed, the oldest first."""
        yield from pay_down(at, self.owed, source=self.paid_in, amount=at[self.paid_in])

    def derived(self, at):
        return {"owed": total(at, self.used), "available": self.room(at)}
