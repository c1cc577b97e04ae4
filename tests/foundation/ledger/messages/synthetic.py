"""Messages of any size, the same for the same seed: for tests, demos and benchmarks."""

import random
from dataclasses import dataclass
from decimal import Decimal

_PAIN = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
_CAMT = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"


@dataclass(frozen=True)
class Made:
    """A message and what it adds up to. Unit: minor."""

    content: bytes
    credits_minor: int
    debits_minor: int


def iban(number: int) -> str:
    """Return a German IBAN whose check digits fit."""
    body = f"37040044{number:010d}"
    check = 98 - int(f"{body}131400") % 97
    return f"DE{check:02d}{body}"


def _amount(minor: int) -> str:
    return f"{Decimal(minor) / 100:.2f}"


def pain_001(count: int, *, seed: int, debtors: int = 10, currency: str = "EUR") -> Made:
    """Make a credit transfer order of `count` payments by some debtors."""
    chance, total, number = random.Random(seed), 0, 0
    groups = []
    for debtor in range(debtors):
        size = count // debtors + (debtor < count % debtors)
        orders, group_total = [], 0
        for _ in range(size):
            number += 1
            minor = chance.randint(1, 500_000)
            group_total += minor
            creditor = iban(1_000_000 + chance.randint(0, 99_999))
            orders.append(
                f"<CdtTrfTxInf><PmtId><EndToEndId>E{number}</EndToEndId></PmtId><Amt>"
                f'<InstdAmt Ccy="{currency}">{_amount(minor)}</InstdAmt></Amt><CdtrAcct><Id>'
                f"<IBAN>{creditor}</IBAN></Id></CdtrAcct></CdtTrfTxInf>\n"
            )
        total += group_total
        if size:
            groups.append(
                f"<PmtInf><PmtInfId>P{debtor}</PmtInfId><PmtMtd>TRF</PmtMtd><NbOfTxs>{size}"
                f"</NbOfTxs><CtrlSum>{_amount(group_total)}</CtrlSum><ReqdExctnDt>"
                f"<Dt>2025-01-31</Dt></ReqdExctnDt><Dbtr/><DbtrAcct><Id><IBAN>{iban(debtor)}"
                f"</IBAN></Id></DbtrAcct><DbtrAgt/>\n{''.join(orders)}</PmtInf>\n"
            )
    content = (
        f'<?xml version="1.0"?>\n<Document xmlns="{_PAIN}"><CstmrCdtTrfInitn><GrpHdr>'
        f"<MsgId>SYN-{seed}</MsgId><CreDtTm>2025-01-31T00:00:00</CreDtTm><NbOfTxs>{count}"
        f"</NbOfTxs><CtrlSum>{_amount(total)}</CtrlSum><InitgPty/></GrpHdr>\n{''.join(groups)}"
        f"</CstmrCdtTrfInitn></Document>\n"
    )
    return Made(content.encode(), 0, total)


def camt_053(
    count: int, *, seed: int, accounts: int = 10, currency: str = "EUR", name: str = "SYN"
) -> Made:
    """Make a statement message of `count` entries over some accounts; balances lead on."""
    chance = random.Random(seed)
    credits = debits = 0
    statements = []
    for account in range(accounts):
        size = count // accounts + (account < count % accounts)
        opening = balance = chance.randint(-100_000, 1_000_000)
        entries = []
        for number in range(size):
            minor, is_credit = chance.randint(0, 300_000), chance.random() < 0.5
            balance += minor if is_credit else -minor
            credits += minor if is_credit else 0
            debits += 0 if is_credit else minor
            entries.append(
                f'<Ntry><Amt Ccy="{currency}">{_amount(minor)}</Amt><CdtDbtInd>'
                f"{'CRDT' if is_credit else 'DBIT'}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><ValDt><Dt>"
                f"2025-01-{number % 28 + 1:02}</Dt></ValDt><AcctSvcrRef>{account}-{number}"
                f"</AcctSvcrRef><BkTxCd/></Ntry>\n"
            )
        statements.append(
            f"<Stmt><Id>S{account}</Id><Acct><Id><IBAN>{iban(account)}</IBAN></Id><Ccy>{currency}"
            f"</Ccy></Acct>{_balance('OPBD', opening, currency)}"
            f"{_balance('CLBD', balance, currency)}\n{''.join(entries)}</Stmt>\n"
        )
    content = (
        f'<?xml version="1.0"?>\n<Document xmlns="{_CAMT}"><BkToCstmrStmt><GrpHdr><MsgId>{name}'
        f"-{seed}</MsgId><CreDtTm>2025-01-31T00:00:00</CreDtTm></GrpHdr>\n{''.join(statements)}"
        f"</BkToCstmrStmt></Document>\n"
    )
    return Made(content.encode(), credits, debits)


def _balance(kind: str, minor: int, currency: str) -> str:
    return (
        f'<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp><Amt Ccy="{currency}">'
        f"{_amount(abs(minor))}</Amt><CdtDbtInd>{'DBIT' if minor < 0 else 'CRDT'}</CdtDbtInd>"
        f"<Dt><Dt>2025-01-31</Dt></Dt></Bal>"
    )
