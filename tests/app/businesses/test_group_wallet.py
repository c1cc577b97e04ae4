"""Goal: a group's members spend one wallet under one limit, and never more. Method: stories."""

from tests.platforms.capability.people import company
from yunjin.app.businesses.trial import Trial
from yunjin.platforms.capability.api.businesses import BusinessesApi, CaseState
from yunjin.platforms.capability.api.limits import LimitsApi
from yunjin.platforms.capability.api.overlays import Coordinate, Overlay, OverlaysApi


def opened_wallet(bank: Trial, *, most: int = 100_000) -> tuple[str, list[str], int]:
    """Open a wallet with 5,000.00 for a parent and two members; return them and the wallet."""
    parent = bank.party(company())
    members = [bank.party(company(f"分公司 {n}", n)) for n in (2, 3)]
    case = bank.start(
        "group-wallet",
        "open",
        parent,
        most=most,
        members=",".join(members),
        member_most=70_000,
    )
    assert case.state is CaseState.DONE, case.detail
    assert set(case.outcome["members"]) == set(members)
    wallet = int(case.outcome["wallet"])
    bank.fund(wallet, 500_000)
    return parent, members, wallet


def test_members_pay_from_one_wallet_until_the_groups_ceiling(bank: Trial) -> None:
    parent, (first, second), wallet = opened_wallet(bank)
    shop = bank.account("shop")
    paid = bank.start("group-wallet", "pay", first, wallet=wallet, amount=60_000, payee=shop)
    assert paid.state is CaseState.DONE, paid.detail
    over = bank.start("group-wallet", "pay", first, wallet=wallet, amount=20_000, payee=shop)
    assert (over.state, over.reason) == (CaseState.REFUSED, "capability/case-refused")
    assert "refused" in over.detail  # 60,000 + 20,000 is more than the member's 70,000
    paid = bank.start("group-wallet", "pay", second, wallet=wallet, amount=40_000, payee=shop)
    assert paid.state is CaseState.DONE, paid.detail
    over = bank.start("group-wallet", "pay", second, wallet=wallet, amount=1, payee=shop)
    assert over.state is CaseState.REFUSED  # the group's 100,000 are spent
    assert (bank.balance(wallet), bank.balance(shop)) == (400_000, 100_000)
    [root] = [one for one in bank[LimitsApi].limits(party_id=parent).items if len(one.path) == 1]
    assert (root.used_minor, root.held_minor, root.left_minor) == (100_000, 0, 0)


def test_a_payment_to_another_bank_comes_back_and_the_limit_with_it(bank: Trial) -> None:
    _, (first, _), wallet = opened_wallet(bank)
    bank.channel.choose = lambda account, amount: "AC04"
    case = bank.start(
        "group-wallet",
        "pay",
        first,
        wallet=wallet,
        amount=50_000,
        payee_name="王五",
        payee_account="6200001",
    )
    bank.wait()
    case = bank.case(case)
    assert (case.state, "AC04" in case.detail) == (CaseState.REFUSED, True), case
    assert bank.balance(wallet) == 500_000
    [leaf] = bank[LimitsApi].limits(party_id=first).items
    assert (leaf.used_minor, leaf.held_minor) == (0, 0)


def test_a_stranger_cannot_pay_and_a_new_member_can(bank: Trial) -> None:
    parent, _, wallet = opened_wallet(bank)
    third, shop = bank.party(company("新公司", 4)), bank.account("shop")
    case = bank.start("group-wallet", "pay", third, wallet=wallet, amount=1, payee=shop)
    assert (case.state, "not a member" in case.detail) == (CaseState.REFUSED, True)
    added = bank.start(
        "group-wallet", "add-member", parent, wallet=wallet, member=third, most=10_000
    )
    assert added.state is CaseState.DONE, added.detail
    case = bank.start("group-wallet", "pay", third, wallet=wallet, amount=1, payee=shop)
    assert case.state is CaseState.DONE, case.detail


def test_a_wallet_that_cannot_be_opened_whole_leaves_nothing(bank: Trial) -> None:
    parent = bank.party(company())
    member = bank.party(company("分公司", 2))
    case = bank.start(
        "group-wallet",
        "open",
        parent,
        most=1_000,
        members=f"{member},{member}-nobody",
    )
    assert case.state is CaseState.REFUSED
    assert bank[LimitsApi].limits(party_id=parent).items == ()


def test_an_overlay_of_the_scenario_makes_payments_smaller(bank: Trial) -> None:
    _, (first, _), wallet = opened_wallet(bank)
    shop = bank.account("shop")
    bank[OverlaysApi].put(
        bank.id(),
        Overlay(
            name="direct-is-small",
            point="group-wallet/payment-most",
            value="1000",
            at=Coordinate(business="group-wallet", scenario="direct"),
        ),
    )
    facts = {"wallet": wallet, "amount": 2_000, "payee": shop}
    small = bank.start("group-wallet", "pay", first, "direct", **facts)
    assert (small.state, "payment-most" in small.detail) == (CaseState.REFUSED, True)
    assert small.laid["payment-most"]["overlays"] == ["direct-is-small"]
    assert bank.start("group-wallet", "pay", first, "desk", **facts).state is CaseState.DONE
    found = bank[BusinessesApi].cases(business="group-wallet", state=CaseState.REFUSED).items
    assert [one.case_id for one in found] == [small.case_id]
