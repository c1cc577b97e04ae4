"""Goal: the ledger does what bookkeepers expect, and none of what has gone wrong elsewhere.

Method: stories, told as text tables, each on the oracle and on the real ledger.
"""

from tests.foundation.ledger.story import checked_story


@checked_story
def test_six_holds_of_1000_do_not_pass_on_5000() -> None:
    """
    open bank                                       → created
    open alice  debits_must_not_exceed_credits      → created
    open shop                                       → created

    pay: bank > alice 5000                          → created

    h1: alice > shop 1000  pending                  → created
    h2: alice > shop 1000  pending                  → created
    h3: alice > shop 1000  pending                  → created
    h4: alice > shop 1000  pending                  → created
    h5: alice > shop 1000  pending                  → created
    h6: alice > shop 1000  pending                  → exceeds_credits

    x1: alice > shop 1                              → exceeds_credits

    alice has debits 5000+0, credits 0+5000
    shop has debits 0+0, credits 5000+0
    """


@checked_story
def test_a_hold_is_posted_in_part_and_the_rest_is_free_again() -> None:
    """
    open bank                                       → created
    open alice  debits_must_not_exceed_credits      → created
    open shop                                       → created

    pay: bank > alice 100                           → created
    h1: alice > shop 100  pending                   → created
    x1: alice > shop 1                              → exceeds_credits
    p1: post h1 60                                  → created

    alice has debits 0+60, credits 0+100
    shop has debits 0+0, credits 0+60

    t1: alice > shop 40                             → created
    p2: post h1 40                                  → pending_transfer_already_posted
    v1: void h1                                     → pending_transfer_already_posted
    """


@checked_story
def test_a_post_or_void_of_zero_takes_the_whole_hold() -> None:
    """
    open a  → created
    open b  → created

    h1: a > b 70  pending  → created
    h2: a > b 80  pending  → created
    p1: post h1            → created
    v2: void h2            → created

    a has debits 0+70, credits 0+0
    """


@checked_story
def test_a_post_takes_no_more_and_a_void_no_less_than_the_hold() -> None:
    """
    open a  → created
    open b  → created

    h1: a > b 70  pending  → created
    p1: post h1 71         → exceeds_pending_transfer_amount
    v1: void h1 71         → exceeds_pending_transfer_amount
    v2: void h1 69         → pending_transfer_has_different_amount
    v3: void h1 70         → created
    v4: void h1 70         → pending_transfer_already_voided
    p2: post h1 70         → pending_transfer_already_voided
    """


@checked_story
def test_a_hold_expires_at_its_very_nanosecond_and_not_before() -> None:
    """
    open alice              → created
    open shop               → created

    wait 1
    h1: alice > shop 10  pending timeout_s=60   → created
    h2: alice > shop 20  pending timeout_s=60   → created
    h3: alice > shop 40  pending                → created

    wait 60
    p1: post h1             → pending_transfer_expired
    p2: post h2             → created
    v1: void h1             → pending_transfer_expired

    alice has debits 40+20, credits 0+0
    """


@checked_story
def test_an_id_that_failed_for_a_passing_reason_is_never_used_again() -> None:
    """
    open bank                                       → created
    open alice  debits_must_not_exceed_credits      → created

    t1: alice > bank 5                              → exceeds_credits

    pay: bank > alice 5                             → created
    t1: alice > bank 5                              → id_already_failed
    t2: alice > bank 5                              → created
    """


@checked_story
def test_an_id_that_failed_for_good_reasons_leaves_no_trace() -> None:
    """
    open a  → created
    open b  → created

    t1: a > a 5    → accounts_must_be_different
    t1: a > b -5   → amount_out_of_range
    t1: a > b 5    → created
    """


@checked_story
def test_a_chain_is_all_or_nothing() -> None:
    """
    open alice  debits_must_not_exceed_credits      → created
    open bank                                       → created
    open shop                                       → created

    t1: bank > alice 100                            → created

    t2: alice > shop 60  linked                     → linked_failed
    t3: alice > shop 60  linked                     → exceeds_credits
    t4: bank > shop 1                               → linked_failed
    t5: alice > shop 100                            → created
    t3: bank > shop 1                               → id_already_failed
    t2: bank > shop 1                               → created

    alice has debits 0+100, credits 0+100
    shop has debits 0+0, credits 0+101
    """


@checked_story
def test_a_chain_that_the_batch_ends_inside_fails_whole() -> None:
    """
    open a  → created
    open b  → created

    t1: a > b 1           → created
    t2: a > b 2  linked   → linked_failed
    t3: a > b 4  linked   → linked_chain_open

    a has debits 0+1, credits 0+0
    """


@checked_story
def test_a_chain_sent_again_answers_exists_throughout() -> None:
    """
    open a  → created
    open b  → created

    t1: a > b 1  linked   → created
    t2: b > a 2           → created

    t1: a > b 1  linked   → exists
    t2: b > a 2           → exists

    a has debits 0+1, credits 0+2
    """


@checked_story
def test_an_exchange_is_two_linked_transfers_through_liquidity_accounts() -> None:
    """
    open alice_cny  debits_must_not_exceed_credits            → created
    open dealer_cny                                           → created
    open alice_usd  ledger=2                                  → created
    open dealer_usd ledger=2 debits_must_not_exceed_credits   → created

    fund: dealer_cny > alice_cny 720                          → created

    x1: alice_cny > dealer_usd 720   → accounts_must_have_the_same_ledger
    x2: alice_cny > dealer_cny 720 ledger=2  → transfer_must_have_the_same_ledger_as_accounts

    e1: alice_cny > dealer_cny 720  linked                    → linked_failed
    e2: dealer_usd > alice_usd 100 ledger=2                   → exceeds_credits

    alice_cny has debits 0+0, credits 0+720
    alice_usd has debits 0+0, credits 0+0
    """


@checked_story
def test_a_limit_is_how_far_an_account_may_be_overdrawn() -> None:
    """
    open alice  debits_must_not_exceed_credits limit_minor=50  → created
    open loan   credits_must_not_exceed_debits                 → created
    open bank                                                  → created

    t1: alice > bank 51                                        → exceeds_credits
    t2: alice > bank 50                                        → created
    t3: bank > loan 1                                          → exceeds_debits
    t4: loan > bank 10                                         → created
    t5: bank > loan 10                                         → created
    t6: bank > loan 1  pending                                 → exceeds_debits
    """


@checked_story
def test_a_balancing_transfer_moves_what_is_left() -> None:
    """
    open alice  debits_must_not_exceed_credits limit_minor=50  → created
    open bank                                                  → created
    open cash                                                  → created

    t1: bank > alice 100                                       → created
    h1: alice > bank 30  pending                               → created
    t2: alice > bank 1000  balancing_debit                     → created

    alice has debits 30+120, credits 0+100

    t2: alice > bank 120  balancing_debit                      → exists_with_different_amount
    t2: alice > bank 1000  balancing_debit                     → exists
    t3: alice > bank 1000  balancing_debit                     → created
    t4: cash > alice 1000  balancing_credit                    → created

    alice has debits 30+120, credits 0+120
    """


@checked_story
def test_closing_is_pending_and_its_void_opens_again() -> None:
    """
    open alice  → created
    open bank   → created

    h1: alice > bank 5  pending                     → created
    h2: alice > bank 7  pending                     → created
    c0: alice > bank 0  closing_debit               → closing_must_be_pending
    c1: alice > bank 0  pending closing_debit       → created
    t1: alice > bank 1                              → debit_account_closed
    t2: bank > alice 1                              → credit_account_closed
    p1: post h1                                     → debit_account_closed
    v2: void h2                                     → created
    t3: bank > alice 1                              → credit_account_closed
    v1: void c1                                     → created
    t4: bank > alice 1                              → created
    p2: post h1                                     → created

    alice has debits 0+5, credits 0+1
    """


@checked_story
def test_a_closing_that_is_posted_lasts_and_one_that_expires_does_not() -> None:
    """
    open alice  → created
    open bob    → created
    open bank   → created

    c1: alice > bank 0  pending closing_debit                → created
    c2: bank > bob 0  pending closing_credit timeout_s=60    → created
    p1: post c1                                              → created
    t1: alice > bank 1                                       → debit_account_closed
    t2: bob > bank 1                                         → debit_account_closed

    wait 61
    t3: alice > bank 1                                       → debit_account_closed
    t4: bob > bank 1                                         → created
    """


@checked_story
def test_zero_may_be_moved() -> None:
    """
    open a  debits_must_not_exceed_credits  → created
    open b                                  → created

    t1: a > b 0                             → created
    h1: a > b 0  pending                    → created
    p1: post h1                             → created

    a has debits 0+0, credits 0+0
    """
