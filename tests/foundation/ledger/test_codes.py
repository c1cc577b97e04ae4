"""Goal: every code is answered where the specification says so.

Method: stories that walk through the codes, each on the oracle and on the real ledger; at the end
all stories are searched, so that no code goes untold.
"""

from tests.foundation.ledger import test_stories
from tests.foundation.ledger.story import checked_story
from yunjin.foundation.ledger.api import AccountStatus, TransferStatus


@checked_story
def test_phases_do_not_mix_and_only_they_use_their_fields() -> None:
    """
    open a  → created
    open b  → created

    h1: a > b 5  pending                               → created
    x1: post h1  pending                               → flags_are_mutually_exclusive
    x2: post h1  void_pending                          → flags_are_mutually_exclusive
    x3: post h1  balancing_debit                       → flags_are_mutually_exclusive
    x4: void h1  closing_credit                        → flags_are_mutually_exclusive
    x5: a > b 5  pending_id_lo=1                       → pending_id_must_be_zero
    x6: a > b 5  post_pending                          → pending_id_must_not_be_zero
    x7: post x7                                        → pending_id_must_be_different
    x8: a > b 5  timeout_s=1                           → timeout_reserved_for_pending
    x9: post h1  timeout_s=1                           → timeout_reserved_for_pending
    y1: a > b 5  ledger=0                              → ledger_must_not_be_zero
    y2: a > b 5  code=0                                → code_must_not_be_zero
    y3: a > b 5  debit_account_id=0                    → debit_account_id_out_of_range
    y4: a > b 5  credit_account_id=-1                  → credit_account_id_out_of_range
    y5: post h1  debit_account_id=-1                   → debit_account_id_out_of_range
    y9: a > b 5  id_lo=0                               → id_must_not_be_zero
    y10: a > b 5  id_hi=18446744073709551615 id_lo=18446744073709551615 → id_must_not_be_int_max
    y11: a > b 5  flags=512                            → reserved_flag
    z1: a > nobody 5                                   → credit_account_not_found
    z2: nobody > a 5                                   → debit_account_not_found
    """


@checked_story
def test_what_a_post_or_a_void_names_must_be_a_hold_that_agrees() -> None:
    """
    open a  → created
    open b  → created

    t1: a > b 5                         → created
    h1: a > b 5  pending                → created
    p1: post t1                         → pending_transfer_not_pending
    p2: post none                       → pending_transfer_not_found
    p3: post h1  debit_account_id=4     → pending_transfer_has_different_debit_account_id
    p4: post h1  credit_account_id=4    → pending_transfer_has_different_credit_account_id
    p5: post h1  ledger=2               → pending_transfer_has_different_ledger
    p6: post h1  code=2                 → pending_transfer_has_different_code
    p7: post h1  ledger=1 code=1        → created
    """


@checked_story
def test_imported_history_keeps_its_own_time_in_order() -> None:
    """
    open a  imported timestamp=100   → created
    open b  imported timestamp=100   → imported_timestamp_must_not_regress
    open b  imported timestamp=101   → created
    open c                           → imported_expected

    t1: a > b 1  imported timestamp=101              → imported_timestamp_must_not_regress
    t2: a > b 1  imported timestamp=200              → created
    t3: a > b 1  imported timestamp=0                → imported_timestamp_out_of_range
    t4: a > b 1                                      → imported_expected
    t5: a > b 1  imported timestamp=199              → imported_timestamp_must_not_regress
    h6: a > b 1  imported timestamp=201 pending timeout_s=9 → imported_timeout_must_be_zero
    t7: a > b 1  imported timestamp=9000000000000000000     → imported_timestamp_must_not_advance

    t8: a > b 1                                      → created
    t9: a > b 1  imported timestamp=300              → imported_not_expected
    u1: a > b 1  timestamp=300                       → timestamp_must_be_zero

    u2: a > b 1  imported timestamp=300              → imported_timestamp_must_not_regress

    a has debits 0+2, credits 0+0
    """


@checked_story
def test_totals_stay_within_63_bits() -> None:
    """
    open a  → created
    open b  → created
    open c  → created

    t1: a > b 9223372036854775807                        → created
    t2: a > c 1                                          → overflows_debits_posted
    t3: c > b 1                                          → overflows_credits_posted
    t4: a > c 1  pending                                 → overflows_debits
    t5: c > b 1  pending                                 → overflows_credits
    h1: b > c 9223372036854775807  pending               → created
    h2: b > a 1  pending                                 → overflows_debits_pending
    h3: a > c 0  pending timeout_s=4294967295            → created
    h4: a > c 1  pending                                 → overflows_credits_pending
    t6: b > a 1                                          → overflows_debits

    wait 4000000000
    h5: a > c 0  pending timeout_s=4294967295            → overflows_timeout
    """


@checked_story
def test_accounts_answer_in_order_of_precedence_too() -> None:
    """
    open a                                                    → created
    open a                                                    → exists
    open a  history                                           → exists_with_different_flags
    open a  ledger=2                                          → exists_with_different_ledger
    open a  code=2                                            → exists_with_different_code
    open a  limit_minor=5                                     → exists_with_different_limit
    open b  ledger=0                                          → ledger_must_not_be_zero
    open b  code=0                                            → code_must_not_be_zero
    open b  limit_minor=5                                     → limit_out_of_range
    open b  id=0                                              → id_out_of_range
    open b  id=281474976710656                                → id_out_of_range
    open b  id=562949953421313                                → cell_different
    open b  flags=6                                           → flags_are_mutually_exclusive
    open b  flags=64                                          → reserved_flag
    open b  linked                                            → linked_failed
    open c  code=0                                            → code_must_not_be_zero
    open b  linked                                            → linked_chain_open

    t1: a > b 1                                               → credit_account_not_found
    """


@checked_story
def test_the_same_request_again_moves_nothing_again() -> None:
    """
    open a  → created
    open b  → created
    open c  → created

    t1: a > b 5                     → created
    t1: a > b 5                     → exists
    t1: a > b 6                     → exists_with_different_amount
    t1: a > c 5                     → exists_with_different_credit_account_id
    t1: c > b 5                     → exists_with_different_debit_account_id
    t1: a > b 5  pending            → exists_with_different_flags
    t1: a > b 5  timeout_s=1        → exists_with_different_timeout
    t1: a > b 5  pending_id_lo=9    → exists_with_different_pending_id
    t1: a > b 5  user_data_128_hi=1 → exists_with_different_user_data_128
    t1: a > b 5  user_data_64=1     → exists_with_different_user_data_64
    t1: a > b 5  user_data_32=1     → exists_with_different_user_data_32
    t1: a > b 5  ledger=2           → exists_with_different_ledger
    t1: a > b 5  code=2             → exists_with_different_code

    a has debits 0+5, credits 0+0
    """


@checked_story
def test_a_closed_account_that_reopens_still_knows_its_first_request() -> None:
    """
    open a  → created
    open b  → created

    c1: a > b 0  pending closing_debit  → created

    open a          → exists
    open a  closed  → exists_with_different_flags
    """


def test_every_code_is_told_in_a_story() -> None:
    told = "".join(
        test.__doc__ or ""
        for test in [*globals().values(), *vars(test_stories).values()]
        if callable(test)
    )
    codes = [*AccountStatus, *TransferStatus]
    codes = [code for code in codes if not code.name.endswith("_MOVED")]  # see test_split_book
    assert [code.name for code in codes if f"→ {code.name.lower()}\n" not in told] == []
