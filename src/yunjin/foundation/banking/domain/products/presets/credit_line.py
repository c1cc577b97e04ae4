"""循环额度贷款 Revolving credit line: drawn and paid back at will, billed once a month."""

from yunjin.foundation.banking.domain.products.vocabulary import (
    Account,
    Accrual,
    Count,
    DayCount,
    Level,
    Money,
    Product,
    Rate,
    Share,
    Slot,
    accrue,
    beyond,
    daily,
    draw,
    either,
    event,
    least_part,
    months_after,
    next_on,
    only,
    pay_down,
    positive,
    post,
    refuse,
    schedule,
    settle,
    share,
    smaller,
    total,
    went_out,
)

ACT_360 = DayCount.ACT_360


class CreditLine(Product):
    """A limit until a last day; interest on what is drawn, a fee on what is not."""

    code = "credit-line"

    limit = Money(level=Level.INSTANCE, least=1)
    rate = Rate(level=Level.INSTANCE, most=240_000)
    bill_day = Count(default=20, least=1, most=28)
    months = Count(level=Level.INSTANCE, default=12, least=1, most=120)
    undrawn_fee = Rate(level=Level.INSTANCE, default=0, most=20_000)  # 承诺费
    minimum = Share(default=100_000, most=1_000_000)  # of what is drawn, due each month, ppm
    least = Money(default=10_000)  # the smallest minimum
    penalty = Share(default=1_500_000, least=1_000_000, most=2_000_000)  # of the rate, ppm

    main = Account(Slot.LOANS)
    due_principal = Account(Slot.LOANS_OVERDUE, is_due=True)
    due_interest = Account(Slot.INTEREST_RECEIVABLE, is_due=True)
    due_penalty = Account(Slot.PENALTY_RECEIVABLE, is_due=True)
    due_fee = Account(Slot.FEES_RECEIVABLE, is_due=True)
    paid_in = inbox = Account(Slot.OVERPAYMENTS)
    interest = Accrual(debit=Slot.INTEREST_ACCRUED, credit=Slot.INTEREST_INCOME)
    late = Accrual(debit=Slot.INTEREST_ACCRUED, credit=Slot.PENALTY_INCOME)
    fee = Accrual(debit=Slot.INTEREST_ACCRUED, credit=Slot.FEE_INCOME)
    principal = (due_principal, main)
    dues = (due_penalty, due_fee, due_interest, due_principal)
    owed = (*dues, main, interest, late, fee)

    def on_open(self, at):
        yield schedule(self.bill, self.next_bill(at))

    def ends(self, at):
        return months_after(at.opened, at[self.months])

    def next_bill(self, at):
        return smaller(next_on(at.date, day=at[self.bill_day]), self.ends(at))

    def before_post(self, at):
        room = at[self.limit] - total(at, self.principal) - at.held + at[self.paid_in]
        yield refuse(beyond(went_out(at), room), "more than the limit leaves")
        yield refuse((at.amount < 0) & (at.date >= self.ends(at)), "the limit has ended")
        yield refuse((at.amount < 0) & (total(at, self.dues) > 0), "something is overdue")

    def after_post(self, at):
        yield from draw(at, source=self.paid_in, into=self.main)
        yield settle(self.late, into=self.due_penalty)
        yield schedule(self.collect, at.date, at.amount > 0)

    def on_day(self, at):
        yield accrue(self.interest, daily(at, at[self.main], at[self.rate], ACT_360))
        fine = share(at[self.rate], at[self.penalty])
        yield accrue(self.late, daily(at, at[self.due_principal], fine, ACT_360))
        free = only(at.date < self.ends(at), positive(at[self.limit] - total(at, self.principal)))
        yield accrue(self.fee, daily(at, free, at[self.undrawn_fee], ACT_360))

    @event
    def bill(self, at):
        """账单: what has accrued, and a least part of what is drawn, fall due; at the end, all."""
        last = at.date >= self.ends(at)
        part = least_part(at[self.main], at[self.minimum], at[self.least])
        part = either(last, at[self.main], part)
        yield post(debit=self.due_principal, credit=self.main, amount=part)
        yield settle(self.interest, into=self.due_interest)
        yield settle(self.fee, into=self.due_fee)
        yield schedule(self.bill, self.next_bill(at), ~last)
        yield schedule(self.collect, at.date)

    @event
    def collect(self, at):
        """还款: pay what is due, then what is drawn, from what is paid in."""
        over = (*self.dues, self.main)
        yield from pay_down(at, over, source=self.paid_in, amount=at[self.paid_in])

    def on_close(self, at):
        """销户: what has accrued, the fee for what was not drawn too, is billed and paid."""
        yield settle(self.interest, into=self.due_interest)
        yield settle(self.fee, into=self.due_fee)
        yield settle(self.late, into=self.due_penalty)
        yield schedule(self.collect, at.date)

    def derived(self, at):
        return {"payoff": positive(total(at, self.owed) - at[self.paid_in])}
