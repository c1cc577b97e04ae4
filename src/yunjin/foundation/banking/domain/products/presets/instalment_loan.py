"""个人分期贷款 Instalment loan: four ways to pay back, early, late, longer or more of it."""

from yunjin.foundation.banking.domain.products.vocabulary import (
    Account,
    Accrual,
    Choice,
    Count,
    Date,
    DayCount,
    Days,
    Every,
    Field,
    Holiday,
    Level,
    Money,
    Plan,
    Product,
    Rate,
    Repay,
    Rounding,
    Share,
    Slot,
    accrue,
    add,
    changed,
    daily,
    event,
    grown,
    move_on,
    only,
    pay_down,
    planned,
    positive,
    post,
    put,
    refuse,
    resume,
    schedule,
    settle,
    share,
    smaller,
    total,
)

INSTANCE, ACT_360 = Level.INSTANCE, DayCount.ACT_360
WAITS, SHORTENS, LOWERS = 0, 1, 2  # what is paid in beyond what is due: 提前还款


class InstalmentLoan(Product):
    """A loan paid back by instalments, with penalty interest 罚息, compound interest 复利 and fees.

    More `amount` pays more out; more `term` re-ages: what is overdue becomes principal again.
    """

    code = "instalment-loan"
    ends_when_repaid = True

    amount = Money(level=INSTANCE, least=1)
    rate = Rate(level=INSTANCE, most=240_000)
    term = Count(level=INSTANCE, least=1, most=480)
    method = Choice(Repay, level=INSTANCE, default=Repay.EQUAL_INSTALMENT)
    every = Choice(Every, level=INSTANCE, default=Every.MONTH)
    first_due = Days(level=INSTANCE, default=0, most=400)
    no_principal = Count(level=INSTANCE, default=0, most=480)
    no_interest = Count(level=INSTANCE, default=0, most=480)
    interest_free = Count(level=INSTANCE, default=0, most=480)
    holiday = Choice(Holiday, level=INSTANCE, default=Holiday.STAYS)
    surplus = Count(level=INSTANCE, default=WAITS, most=LOWERS)
    penalty = Share(default=1_500_000, least=1_000_000, most=2_000_000)  # of the loan's rate, ppm
    compounds = Count(default=1, most=1)  # penalty interest on overdue interest too
    late_fee = Money(level=INSTANCE, default=0)  # at each due date that finds something unpaid

    main = Account(Slot.LOANS)  # principal that is not due yet
    unbilled = Account(Slot.INTEREST_RECEIVABLE)  # interest that is put off or was short
    due_principal = Account(Slot.LOANS_OVERDUE, is_due=True)
    due_interest = Account(Slot.INTEREST_RECEIVABLE, is_due=True)
    due_penalty = Account(Slot.PENALTY_RECEIVABLE, is_due=True)
    due_fee = Account(Slot.FEES_RECEIVABLE, is_due=True)
    paid_in = inbox = Account(Slot.OVERPAYMENTS)
    interest = Accrual(
        debit=Slot.INTEREST_ACCRUED,
        credit=Slot.INTEREST_INCOME,
        rounding=Rounding.HALF_EVEN,
        keeps_residue=False,
    )
    late = Accrual(debit=Slot.INTEREST_ACCRUED, credit=Slot.PENALTY_INCOME)
    drawn, number, instalment, is_solved = Field(), Field(), Field(), Field()
    began = Date()
    dues = (due_penalty, due_fee, due_interest, due_principal)
    owed = (*dues, main, unbilled, interest, late)
    plan = Plan(
        balance=main,
        interest=interest,
        unpaid=unbilled,
        rate=rate,
        term=term,
        method=method,
        every=every,
        first_due=first_due,
        no_principal=no_principal,
        no_interest=no_interest,
        interest_free=interest_free,
        holiday=holiday,
        day_count=DayCount.THIRTY_E_360,
        number=number,
        level=instalment,
        is_solved=is_solved,
        began=began,
    )

    def on_open(self, at):
        yield from self.on_parameter_change(at)

    def on_parameter_change(self, at):
        more = positive(at[self.amount] - at[self.drawn])
        yield post(debit=self.main, credit=Slot.CLEARING, amount=more)
        yield add(self.drawn, more)
        yield put(self.is_solved, 0, changed(at, self.amount, self.rate, self.term))
        yield from pay_down(at, self.dues, source=self.main, where=changed(at, self.term))
        yield from resume(at, self.plan, self.due, where=(more > 0) | changed(at, self.term))

    def before_post(self, at):
        yield refuse(at.amount + at[self.paid_in] < 0, "more than was paid in")

    def on_day(self, at):
        yield accrue(self.interest, grown(at, self.plan))
        owed = at[self.due_principal] + at[self.compounds] * at[self.due_interest]
        yield accrue(self.late, daily(at, owed, share(at[self.rate], at[self.penalty]), ACT_360))

    @event
    def due(self, at):
        """应还: bill interest and a part of the principal, then pay them from what is paid in."""
        bill = planned(at, self.plan, until=at.date)
        yield settle(self.interest, into=self.unbilled)
        yield post(debit=self.due_interest, credit=self.unbilled, amount=bill.interest)
        yield post(debit=self.due_principal, credit=self.main, amount=bill.principal)
        fee = only(total(at, self.dues) > 0, at[self.late_fee])
        yield post(debit=self.due_fee, credit=Slot.FEE_INCOME, amount=fee)
        yield from move_on(bill, at, self.due)
        yield schedule(self.collect, at.date, at[self.paid_in] > 0)

    @event
    def collect(self, at):
        """扣款: pay what is due; what is left ends the loan, lowers or shortens it, or waits."""
        yield from pay_down(at, self.dues, source=self.paid_in, amount=at[self.paid_in])
        rest = only(at[self.surplus] > WAITS, positive(at[self.paid_in] - total(at, self.dues)))
        ends = (smaller(rest, at[self.main]) > 0) & (self.payoff(at) <= 0)
        yield post(debit=self.paid_in, credit=self.main, amount=smaller(rest, at[self.main]))
        yield put(self.is_solved, 0, (rest > 0) & (at[self.surplus] == LOWERS))
        yield put(self.number, at[self.term] - 1, ends)  # the last payment falls due today
        yield schedule(self.due, at.date, ends)

    def after_post(self, at):
        yield settle(self.late, into=self.due_penalty)
        yield schedule(self.collect, at.date)

    def payoff(self, at):
        return total(at, self.owed) - at[self.paid_in]

    def derived(self, at):
        return {"payoff": positive(self.payoff(at)), "next": planned(at, self.plan).payment}
