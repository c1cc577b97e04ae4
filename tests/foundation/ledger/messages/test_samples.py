"""Goal: messages as banks and others publish them are imported by the decisions written down in
docs/how-to/import.md. Method: each shared sample into an empty ledger, alone and with its XSD.
"""

from pathlib import Path

import pytest

from tests.data import shared_data
from tests.foundation.ledger.messages.office import Office, told
from yunjin.foundation.ledger.adapters.reading import read_message
from yunjin.foundation.ledger.api import ImportFile, ImportReport, LineOutcome
from yunjin.foundation.ledger.errors import ImportRefused

# Per sample: taken, skipped, refused lines; whether everything holds (control sums, balances).
CAMT = {
    "camt052.v1.xml": (1, 0, 0, True),
    "camt052.v2.other-account.xml": (1, 0, 0, True),
    "camt052.v2.with-account-name.xml": (1, 0, 0, True),
    "camt052.v2.xml": (1, 0, 0, True),
    "camt052.v4.xml": (0, 1, 0, True),  # pending
    "camt052.v6.Amt-zero.xml": (0, 1, 0, True),
    "camt052.v6.xml": (0, 1, 0, True),
    "camt052.v8.xml": (1, 0, 0, True),
    "camt053.v2.all-balance-types.xml": (2, 0, 0, False),  # 1.01 + 8.85 is not 4.04
    "camt053.v2.five.decimals.xml": (2, 0, 0, False),  # 18.15 + 8.85 is not 27.05
    "camt053.v2.minimal.ultimate.xml": (2, 0, 0, True),  # closes in another currency
    "camt053.v2.minimal.xml": (2, 0, 0, True),
    "camt053.v2.multi.statement.xml": (3, 0, 0, True),
    "camt053.v2.with-account-name.xml": (1, 0, 0, True),
    "camt053.v2.with-party-ids.xml": (2, 0, 0, True),
    "camt053.v3.xml": (2, 0, 0, True),
    "camt053.v4.xml": (2, 0, 0, True),
    "camt053.v8.xml": (2, 0, 0, True),
    "camt054.v2.with-account-name.xml": (1, 0, 0, True),
    "camt054.v2.xml": (1, 0, 0, True),
    "camt054.v4.xml": (1, 0, 0, True),
    "camt054.v8-with-UETR.xml": (1, 0, 0, True),
    "camt054.v8-with-financial-institution.xml": (1, 0, 0, True),
    "camt054.v8.xml": (1, 0, 0, True),
    "camt53.only-Dt-with-DtTm.xml": (1, 0, 0, True),  # an opening balance and no entry
}
PAIN = {
    "pain.001.001.03.xml": (4, 0, 0, False),  # NbOfTxs says 2
    "pain.001.001.04.xml": (1, 0, 0, False),
    "pain.001.001.05.xml": (1, 0, 0, False),
    "pain.001.001.06.xml": (1, 0, 0, False),
    "pain.001.001.07.xml": (1, 0, 0, False),
    "pain.001.001.08.xml": (1, 0, 0, False),
    "pain.001.001.09.xml": (0, 0, 5, False),  # the debtor's IBAN has wrong check digits
    "tests.pain.001.001.03.xml": (2, 0, 4, False),  # two of three debtors' IBANs have
}
SAMPLES = {f"camt/{name}": told for name, told in CAMT.items()}
SAMPLES |= {f"pain001/{name}": told for name, told in PAIN.items()}
SAMPLES["iso20022_rtp/pacs008.xml"] = (1, 0, 0, True)


def sample(name: str) -> Path:
    """Return a shared message."""
    return shared_data("iso20022") / name


def take(office: Office, name: str) -> ImportReport:
    """Import a sample."""
    return office.take(sample(name).read_bytes())


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_imported_as_decided(office: Office, name: str) -> None:
    report = take(office, name)
    outcomes = (LineOutcome.TAKEN, LineOutcome.SKIPPED, LineOutcome.REFUSED)
    assert (*map(report.count, outcomes), report.is_clean) == SAMPLES[name], told(report.lines)
    before = office.totals()
    again = take(office, name)
    assert not again.count(LineOutcome.TAKEN)
    assert office.totals() == before


def test_every_sample_of_a_supported_kind_has_its_decision() -> None:
    known = {*SAMPLES, "camt/camt053.v2.wrong.xml"}
    root = shared_data("iso20022")
    for folder in ("camt", "pain001"):
        assert {f"{folder}/{path.name}" for path in (root / folder).glob("*.xml")} <= known


def test_the_wrong_sample_is_refused_with_the_reason(office: Office) -> None:
    with pytest.raises(ImportRefused) as refused:
        take(office, "camt/camt053.v2.wrong.xml")
    [finding] = refused.value.facts["findings"]
    assert finding == {
        "line": 3,
        "path": "/BkToCstmrStmt",
        "what": "expected at least one Stmt, was none",
    }
    assert office.ledger.state().account_count == 0


@pytest.mark.parametrize(
    "path", ["acmt022", "camt056.refund", "pacs009", "pain013", "head001.signature"]
)
def test_other_messages_are_refused_by_name(office: Office, path: str) -> None:
    with pytest.raises(ImportRefused, match=r"expected .*pain\.001, pacs\.008.*, was"):
        take(office, f"iso20022_rtp/{path}.xml")


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("camt/camt053.v2.minimal.xml", ""),
        ("camt/camt053.v8.xml", ""),
        ("pain001/pain.001.001.03.xml", ""),
        ("pain001/pain.001.001.09.xml", ""),
        ("camt/camt053.v2.wrong.xml", r"line 3, /Document/BkToCstmrStmt: .*Expected is \( Stmt \)"),
        ("camt/camt053.v4.xml", "expected an XSD for .*camt.053.001.04"),
    ],
)
def test_a_sample_is_held_against_its_xsd(name: str, verdict: str) -> None:
    path = sample(name)
    command = ImportFile(name=name, content=path.read_bytes(), schema_directory=str(path.parent))
    if not verdict:
        assert read_message(command).kind in name.replace("camt053", "camt.053")
        return
    with pytest.raises(ImportRefused, match=verdict):
        read_message(command)


def test_an_xsd_complaint_tells_line_and_path(office: Office) -> None:
    path = sample("camt/camt053.v2.multi.statement.xml")
    wrong = path.read_bytes().replace(b'<Amt Ccy="EUR">7.00', b'<Amt Ccy="EURO">7.00')
    with pytest.raises(ImportRefused) as refused:
        office.take(wrong, schema_directory=str(path.parent))
    first = refused.value.facts["findings"][0]
    assert first["line"] == 146
    assert first["path"] == "/Document/BkToCstmrStmt/Stmt[2]/Ntry/Amt"
    assert "EURO" in first["what"]
