"""The tables of camt.052, 053 and 054: sections of an account, balances, entries, their details.

Element order checked against the XSDs of camt.053.001.02 and .08; 052 and 054 share their types but
for the section's name, and 054 has no balances. What changed between: BICFI and the amount
and side of a detail came with version 3, Sts/Cd and the Pty of a party with version 7, UETR with
8. In version 2 a section's CreDtTm must come, a detail's amount stands in AmtDtls/TxAmt.
"""

from dataclasses import replace
from typing import Final

from yunjin.platforms.capability.domain.iso20022.tables import (
    ACCOUNT_WORDS,
    REMITTANCE,
    Family,
    Field,
    Kind,
    Part,
    account,
    agent,
)

_TRANSACTION_CODE: Final = (
    Field(name="domain", path="BkTxCd/Domn/Cd", length_max=4),
    Field(name="transaction_family", path="BkTxCd/Domn/Fmly/Cd", length_max=4),
    Field(name="subfamily", path="BkTxCd/Domn/Fmly/SubFmlyCd", length_max=4),
    Field(name="proprietary_code", path="BkTxCd/Prtry/Cd"),
)
DETAILS: Final = Part(
    "details",
    "NtryDtls/TxDtls",
    (
        Field(name="message_id", path="Refs/MsgId"),
        Field(name="servicer_reference", path="Refs/AcctSvcrRef"),
        Field(name="payment_information_id", path="Refs/PmtInfId"),
        Field(name="instruction_id", path="Refs/InstrId"),
        Field(name="end_to_end_id", path="Refs/EndToEndId"),
        Field(name="uetr", path="Refs/UETR", kind=Kind.UETR, since=8),
        Field(name="transaction_id", path="Refs/TxId"),
        Field(name="clearing_reference", path="Refs/ClrSysRef"),
        Field(name="amount", path="{AMT}", kind=Kind.AMOUNT),
        Field(name="is_credit", path="CdtDbtInd", kind=Kind.SIDE, since=3),
        Field(name="debtor_name", path="RltdPties/Dbtr{PTY}/Nm", length_max=140),
        *account("debtor", "RltdPties/DbtrAcct"),
        Field(name="ultimate_debtor_name", path="RltdPties/UltmtDbtr{PTY}/Nm", length_max=140),
        Field(name="creditor_name", path="RltdPties/Cdtr{PTY}/Nm", length_max=140),
        *account("creditor", "RltdPties/CdtrAcct"),
        Field(name="ultimate_creditor_name", path="RltdPties/UltmtCdtr{PTY}/Nm", length_max=140),
        *agent("debtor_agent", "RltdAgts/DbtrAgt"),
        *agent("creditor_agent", "RltdAgts/CdtrAgt"),
        Field(name="purpose", path="Purp/Cd", length_max=4),
        *REMITTANCE,
        Field(name="return_reason", path="RtrInf/Rsn/Cd", length_max=4),
        Field(name="return_detail", path="RtrInf/AddtlInf", length_max=105, many="AddtlInf"),
        Field(name="additional_information", path="AddtlTxInf", length_max=500),
    ),
)
ENTRIES: Final = Part(
    "entries",
    "Ntry",
    (
        Field(name="entry_reference", path="NtryRef"),
        Field(name="amount", path="Amt", kind=Kind.AMOUNT, must=True),
        Field(name="is_credit", path="CdtDbtInd", kind=Kind.SIDE, must=True),
        Field(name="is_reversal", path="RvslInd", kind=Kind.FLAG),
        Field(name="status", path="{STS}", pattern="BOOK|PDNG|INFO|FUTR", must=True),
        Field(name="booking_date", path="BookgDt/Dt|DtTm", kind=Kind.DATE),
        Field(name="value_date", path="ValDt/Dt|DtTm", kind=Kind.DATE),
        Field(name="servicer_reference", path="AcctSvcrRef"),
        *_TRANSACTION_CODE,
        Field(name="batch_message_id", path="NtryDtls/Btch/MsgId"),
        Field(name="batch_payment_information_id", path="NtryDtls/Btch/PmtInfId"),
        Field(name="batch_line_count", path="NtryDtls/Btch/NbOfTxs", kind=Kind.COUNT),
        DETAILS,
        Field(name="additional_information", path="AddtlNtryInf", length_max=500),
    ),
    needs=("BkTxCd",),
)
BALANCES: Final = Part(
    "balances",
    "Bal",
    (
        Field(name="balance_type", path="Tp/CdOrPrtry/Cd|Prtry", must=True),
        Field(name="amount", path="Amt", kind=Kind.AMOUNT, must=True),
        Field(name="is_credit", path="CdtDbtInd", kind=Kind.SIDE, must=True),
        Field(name="date", path="Dt/Dt|DtTm", kind=Kind.DATE, must=True),
    ),
)


def _family(kind: str, root: str, section: str, tail: str, balances: tuple[Part, ...]) -> Family:
    return Family(
        kind,
        versions=tuple(range(2, 9)),
        newest=8,
        words=ACCOUNT_WORDS,
        root=Part(
            "message",
            root,
            (
                Field(name="message_id", path="GrpHdr/MsgId", must=True),
                Field(name="created_at", path="GrpHdr/CreDtTm", kind=Kind.DATETIME, must=True),
                Part("sections", section, (*_SECTION, *balances, *_rest(tail)), must=True),
            ),
        ),
    )


_SECTION: Final = (
    Field(name="section_id", path="Id", must=True),
    Field(name="sequence", path="ElctrncSeqNb", kind=Kind.COUNT),
    Field(name="created_at", path="CreDtTm", kind=Kind.DATETIME),
    Field(name="from_time", path="FrToDt/FrDtTm", kind=Kind.DATETIME),
    Field(name="to_time", path="FrToDt/ToDtTm", kind=Kind.DATETIME),
    *account("account", "Acct"),
    Field(name="account_name", path="Acct/Nm", length_max=70),
    Field(name="owner_name", path="Acct/Ownr/Nm", length_max=140),
    Field(name="servicer_bic", path="Acct/Svcr/FinInstnId/{BIC}", kind=Kind.BIC),
)


def _rest(tail: str) -> tuple[Field | Part, ...]:
    summary = "TxsSummry"
    return (
        Field(name="entry_count", path=f"{summary}/TtlNtries/NbOfNtries", kind=Kind.COUNT),
        Field(name="entry_sum", path=f"{summary}/TtlNtries/Sum", kind=Kind.SUM),
        Field(name="credit_count", path=f"{summary}/TtlCdtNtries/NbOfNtries", kind=Kind.COUNT),
        Field(name="credit_sum", path=f"{summary}/TtlCdtNtries/Sum", kind=Kind.SUM),
        Field(name="debit_count", path=f"{summary}/TtlDbtNtries/NbOfNtries", kind=Kind.COUNT),
        Field(name="debit_sum", path=f"{summary}/TtlDbtNtries/Sum", kind=Kind.SUM),
        ENTRIES,
        Field(name="additional_information", path=tail, length_max=500),
    )


REPORTS: Final = _family("camt.052", "BkToCstmrAcctRpt", "Rpt", "AddtlRptInf", (BALANCES,))
STATEMENTS: Final = _family(
    "camt.053", "BkToCstmrStmt", "Stmt", "AddtlStmtInf", (replace(BALANCES, must=True),)
)
NOTIFICATIONS: Final = _family("camt.054", "BkToCstmrDbtCdtNtfctn", "Ntfctn", "AddtlNtfctnInf", ())
ACCOUNT_FAMILIES: Final = (REPORTS, STATEMENTS, NOTIFICATIONS)
