"""个人分期贷款 Personal instalment loan: 等额本息, 等额本金, 先息后本, penalty interest 罚息."""

from yunjin.foundation.banking.domain.products.vocabulary import (
    Account,
    Accrual,
    Count,
    DayCount,
    Field,
    Level,
    Money,
    Product,
    Rate,
    Slot,
    accrue,
    allocate,
    daily,
    divided,
    either,
    event,
    level_instalment,
    months_after,
    positive,
    post,
    put,
    refuse,
    schedule,
    settle,
    share,
    smaller,
    whole,
)

EQUAL_INSTALMENT, EQUAL_PRINCIPAL, INTEREST_FIRST = 1, 2, 3


class InstalmentLoan(Product):
    """A loan paid out at once and paid back month by month."""

    code = "instalment-loan"

    amount = Money(level=Level.INSTANCE, least=1)
    rate = Rate(level=Level.INSTANCE, most=240_000)
    term = Count(level=Level.INSTANCE, least=1, most=480)
    method = Count(level=Level.INSTANCE, default=EQUAL_INSTALMENT, least=1, most=3)
    penalty = Rate(default=1_500_000, least=1_000_000, most=2_000_000)  # of the loan's rate, ppm

    main = Account(Slot.LOANS)  # principal that is not due yet
    due_principal = Account(Slot.LOANS_OVERDUE)
    due_interest = Account(Slot.INTEREST_RECEIVABLE)
    due_penalty = Account(Slot.PENALTY_RECEIVABLE)
    paid_in = inbox = Account(Slot.OVERPAYMENTS)
    interest = Accrual(debit=Slot.INTEREST_ACCRUED, credit=Slot.INTEREST_INCOME)
    late = Accrual(debit=Slot.INTEREST_ACCRUED, credit=Slot.PENALTY_INCOME)
    instalment, left = Field(), Field()

    def on_open(self, at):
        yield post(debit=self.main, credit=Slot.CLEARING, amount=at[self.amount])
        yield put(self.left, at[self.term])
        level = level_instalment(at[self.amount], at[self.rate], at[self.term])
        straight = divided(at[self.amount], at[self.term])
        equal = either(at[self.method] == EQUAL_PRINCIPAL, straight, 0)
        yield put(self.instalment, either(at[self.method] == EQUAL_INSTALMENT, level, equal))
        yield schedule(self.due, months_after(at.opened, 1))

    def on_day(self, at):
        yield accrue(self.interest, daily(at, at[self.main], at[self.rate], DayCount.THIRTY_E_360))
        owed = at[self.due_principal] + at[self.due_interest]
        rate = share(at[self.rate], at[self.penalty])
        yield accrue(self.late, daily(at, owed, rate, DayCount.ACT_360))

    @event
    def due(self, at):
        """应还: bill interest and a part of the principal, then pay them from what is paid in."""
        less_interest = either(at[self.method] == EQUAL_INSTALMENT, whole(at[self.interest]), 0)
        part = smaller(positive(at[self.instalment] - less_interest), at[self.main])
        part = either(at[self.left] <= 1, at[self.main], part)
        yield settle(self.interest, into=self.due_interest)
        yield settle(self.late, into=self.due_penalty)
        yield post(debit=self.due_principal, credit=self.main, amount=part)
        yield put(self.left, at[self.left] - 1)
        months = at[self.term] - at[self.left] + 2
        yield schedule(self.due, months_after(at.opened, months), at[self.left] > 1)
        yield schedule(self.collect, at.date)

    @event
    def collect(self, at):
        """扣款: pay what is due from what was paid in."""
        yield from self.pay_off(at)

    def pay_off(self, at):
        buckets = (self.due_penalty, self.due_interest, self.due_principal)
        yield from allocate(at[self.paid_in], at, source=self.paid_in, over=buckets)

    def before_post(self, at):
        yield refuse(at.amount < 0, "a loan is paid out once")

    def after_post(self, at):
        yield from self.pay_off(at)
