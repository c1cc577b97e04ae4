"""账单分期 Card instalment plan: a statement paid off, paid back in equal parts with a fee."""

from yunjin.foundation.banking.domain.products.vocabulary import (
    Account,
    Count,
    Field,
    Level,
    Money,
    Product,
    Share,
    Slot,
    divided,
    either,
    event,
    months_after,
    pay_down,
    post,
    put,
    refuse,
    schedule,
    share,
    total,
)


class CardInstalment(Product):
    """What it pays out at the opening is entered on the card; its parts are collected monthly."""

    code = "card-instalment"
    ends_when_repaid = True

    amount = Money(level=Level.INSTANCE, least=1)
    parts = Count(level=Level.INSTANCE, least=2, most=60)
    fee = Share(level=Level.INSTANCE, default=6_000, most=20_000)  # of the amount, each month, ppm

    main = Account(Slot.CARD_RECEIVABLE)
    due_fee = Account(Slot.FEES_RECEIVABLE, is_due=True)
    due_part = Account(Slot.CARD_RECEIVABLE, is_due=True)
    paid_in = inbox = Account(Slot.OVERPAYMENTS)
    billed = Field()
    dues = (due_fee, due_part)

    def on_open(self, at):
        yield post(debit=self.main, credit=Slot.CLEARING, amount=at[self.amount])
        yield schedule(self.due, months_after(at.opened, 1))

    def before_post(self, at):
        yield refuse(at.amount < 0, "a plan pays out once")

    @event
    def due(self, at):
        """A part and its fee fall due; the last part takes what is left."""
        number = at[self.billed] + 1
        is_last = number >= at[self.parts]
        part = either(is_last, at[self.main], divided(at[self.amount], at[self.parts]))
        yield post(debit=self.due_part, credit=self.main, amount=part)
        fee = share(at[self.amount], at[self.fee])
        yield post(debit=self.due_fee, credit=Slot.FEE_INCOME, amount=fee)
        yield put(self.billed, number)
        yield schedule(self.due, months_after(at.opened, number + 1), ~is_last)
        yield schedule(self.collect, at.date)

    @event
    def collect(self, at):
        yield from pay_down(at, self.dues, source=self.paid_in, amount=at[self.paid_in])

    def after_post(self, at):
        yield schedule(self.collect, at.date)

    def derived(self, at):
        return {"payoff": total(at, (*self.dues, self.main)) - at[self.paid_in]}
