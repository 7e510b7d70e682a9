"""``sogenactif reconcile --file``: a CSV report of the bank compared with the ledger."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sogenactif.configuration import LedgerAddress
from sogenactif.ledger.ledger import Ledger
from sogenactif.payment import PaymentResponse
from sogenactif.protocols import Numbering
from tests.support.shop import register
from tests.support.vectors import ACCEPTED, ASKED, MERCHANT, ROOT

COLUMNS = "MERCHANT_ID;TRANSACTION_ID;TRANSACTION_DATE;ORDER_ID;AMOUNT;CURRENCY_CODE;RESPONSE_CODE"
MOMENT, DAY = "20261123093000", "20261123"
PAYPAGE = "paypage"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(LedgerAddress(f"sqlite:///{tmp_path}/ledger.db"), f"{tmp_path}/journal")
    yield ledger
    ledger.close()


def begin(ledger: Ledger, order_id: str, numbering: Numbering | None = None, **fields: str) -> dict[str, str]:
    """Record a request of 12.50 euros; its fields."""
    asked = {**ASKED, "amount": "1250", "order_id": order_id, "transmission_date": MOMENT, **fields}
    number = register(ledger, asked, numbering or Numbering())
    return {**asked, "transaction_id": number}


def pay(ledger: Ledger, order_id: str, **fields: str) -> dict[str, str]:
    """Record such a request, and an acceptance of it."""
    asked = begin(ledger, order_id, None, **fields)
    ledger.receive(PaymentResponse({**asked, **ACCEPTED}), "automatic")
    return asked


def line(number: str, order_id: str, amount: str = "1250", code: str = "00", merchant: str = MERCHANT) -> str:
    return f"{merchant};{number};{DAY};{order_id};{amount};978;{code}"


class Comparison:
    """What the command found."""

    def __init__(self, status: int, output: str, errors: str) -> None:
        self.status = status
        self.output = output
        self.errors = errors

    @property
    def kinds(self) -> list[tuple[str, int, str]]:
        return [(one["kind"], one["line"], one["order_id"]) for one in json.loads(self.output)["differences"]]

    @property
    def merchants(self) -> list[str]:
        return [one["merchant_id"] for one in json.loads(self.output)["differences"]]

    @property
    def error(self) -> str:
        error: str = json.loads(self.output)["error"]
        return error


def reconcile(
    tmp_path: Path, content: str | bytes, *options: str, language: str = "C.UTF-8", columns: str = ""
) -> Comparison:
    """Compare a report with the ledger in a folder."""
    pathfile, report = tmp_path / "pathfile", tmp_path / "report.csv"
    pathfile.write_text(
        f"D_LOGO!/logos/!\nF_DEFAULT!{tmp_path}/d!\nF_PARAM!{tmp_path}/p!\nF_CERTIFICATE!{tmp_path}/c!\n"
        f"LEDGER!sqlite:///{tmp_path}/ledger.db!\n"
    )
    report.write_bytes(content if isinstance(content, bytes) else content.encode())
    named = [f"--columns={tmp_path}/columns.txt"] if columns else []
    (tmp_path / "columns.txt").write_text(columns)
    command = [f"{ROOT}/bin/sogenactif", "reconcile", "--pathfile", str(pathfile), "--file", str(report)]
    result = subprocess.run(
        [*command, *named, *(options or ["--json"])],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/usr/local/bin", "LC_ALL": language},
        timeout=60,
    )
    return Comparison(result.returncode, result.stdout, result.stderr)


def report(*lines: str) -> str:
    return "\n".join(["TITLE;TRANSACTIONS;20261124", COLUMNS, *lines, f"END;{len(lines)}"]) + "\n"


def test_matching_report_has_no_differences(ledger: Ledger, tmp_path: Path) -> None:
    pay(ledger, "CMD1")
    begin(ledger, "CMD2")
    found = reconcile(tmp_path, report(line("000001", "CMD1"), line("2", "CMD2", code="05")))
    assert (found.status, found.kinds, found.error) == (0, [], "")
    assert "agree" in reconcile(tmp_path, report(line("1", "CMD1")), "--newer=9d").output


def test_each_difference_is_listed(ledger: Ledger, tmp_path: Path) -> None:
    for order_id in ("CMD1", "CMD2", "CMD4", "CMD5"):
        pay(ledger, order_id)
    begin(ledger, "CMD3")
    lines = [
        line("000001", "CMD1", "1251"),
        line("000002", "CMD9"),
        line("000005", "CMD3"),
        line("000003", "CMD4", code="05"),
        line("000009", "CMD6"),
        line("000008", "CMD7", code="05"),
        "broken",
    ]
    found = reconcile(tmp_path, report(*lines))
    assert found.status == 1
    assert found.kinds == [
        ("amount", 3, "CMD1"),
        ("order_id", 4, "CMD2"),
        ("outcome", 5, "CMD3"),
        ("outcome", 6, "CMD4"),
        ("unknown", 7, "CMD6"),
        ("broken", 9, ""),
        ("missing", 0, "CMD5"),
    ]
    for language in ("C.UTF-8", "fr_FR.UTF-8"):
        printed = reconcile(tmp_path, report(*lines), "--newer=9d", language=language).output.splitlines()
        assert len(printed) == 8 and all("CMD" in text for text in printed[:5])
        assert "7 " in printed[-1]


def test_comparison_does_not_change_the_ledger(ledger: Ledger, tmp_path: Path) -> None:
    begin(ledger, "CMD1")
    before = list(ledger.database.rows("SELECT * FROM sogenactif_request"))
    reconcile(tmp_path, report(line("1", "CMD1")))
    assert list(ledger.database.rows("SELECT * FROM sogenactif_request")) == before
    assert list(ledger.database.rows("SELECT count(*) FROM sogenactif_response")) == [(0,)]


def test_example_of_the_documentation_is_printed(ledger: Ledger, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "refunds.md").read_text()
    page = page[page.index("## A report of the bank") :]
    columns, content, printed = re.findall(r"```\w*\n(.*?)```", page, re.DOTALL)[:3]
    for order_id in ("CMD-1", "CMD-2"):
        pay(ledger, order_id)
    begin(ledger, "CMD-3", amount="990")
    found = reconcile(tmp_path, content, "--newer=9d", columns=columns)
    assert (found.status, found.output) == (1, printed)


@pytest.mark.parametrize("day", ["20261123", "2026-11-23", "23/11/2026", "2026-11-23T10:30:00+01:00", "23/11/2026 10:30", "20261123103000"])  # fmt: skip
def test_day_is_accepted_in_several_formats(ledger: Ledger, tmp_path: Path, day: str) -> None:
    pay(ledger, "CMD1")
    assert reconcile(tmp_path, report(line("1", "CMD1").replace(DAY, day))).kinds == []


@pytest.mark.parametrize("broken", ["1", "x;y;z;CMD1;1250;978;00", f"{MERCHANT};1;20261340;CMD1;1250;978;00", f"{MERCHANT};1;{DAY};CMD1;12.50;978;00", f"{MERCHANT};1;{DAY};CMD1;-1;978;00", f"{MERCHANT};1;{DAY};CMD1;٣;978;00", f"{MERCHANT};1234567;{DAY};CMD1;1250;978;00", f'{MERCHANT};1;{DAY};"CMD1;1250;978;00', f"{MERCHANT};1;{DAY};CMD1;1250;978;", f"{MERCHANT};;;CMD1;1250;978;00"])  # fmt: skip
def test_invalid_line_is_reported_and_others_are_compared(
    ledger: Ledger, tmp_path: Path, broken: str
) -> None:
    pay(ledger, "CMD1")
    found = reconcile(tmp_path, report(broken, line("1", "CMD1")))
    assert (found.status, found.kinds) == (1, [("broken", 3, "")])


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ("", "TITLE"),
        ("TITLE;X\n", "no column AMOUNT"),
        ("MERCHANT_ID;AMOUNT\n", "TITLE"),
        (f"TITLE\n{COLUMNS.replace(';AMOUNT', '')}\n", "no column AMOUNT"),
        (f"TITLE\n{COLUMNS.replace('TRANSACTION_DATE', 'X')}\n", "TRANSACTION_ID and TRANSACTION_DATE"),
        (f"TITLE\n{COLUMNS.replace('RESPONSE_CODE', 'X')}\n", "no column RESPONSE_CODE"),
        (f"TITLE\n{COLUMNS};amount\n", "AMOUNT occurs twice"),
        (report().encode("utf-16"), "UTF-16"),
        (report("a\0b").encode(), "line 3 isn't text"),
        (report("x" * 70000), "line 3 has more than"),
        (b"PK\3\4\0\0", "isn't text"),
    ],
)
def test_invalid_report_is_reported(ledger: Ledger, tmp_path: Path, content: str | bytes, error: str) -> None:
    begin(ledger, "CMD1")
    found = reconcile(tmp_path, content)
    assert (found.status, error in found.error) == (2, True)
    assert error in reconcile(tmp_path, content, "--newer=9d").errors


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "iso8859-1"])
def test_report_is_read_in_each_encoding(ledger: Ledger, tmp_path: Path, encoding: str) -> None:
    pay(ledger, "CMDé")
    assert reconcile(tmp_path, report(line("1", "CMDé")).encode(encoding)).kinds == []
    assert reconcile(tmp_path, report(line("1", "CMDé")).replace("\n", "\r\n").encode(encoding)).kinds == []


def test_missing_report_or_columns_file_is_reported(ledger: Ledger, tmp_path: Path) -> None:
    begin(ledger, "CMD1")
    found = reconcile(tmp_path, report(), "--json", f"--file={tmp_path}/none")
    assert (found.status, "can't be read" in found.error) == (2, True)
    found = reconcile(tmp_path, report(), "--json", f"--columns={tmp_path}/none")
    assert (found.status, "can't be read" in found.error) == (2, True)


@pytest.mark.parametrize("columns", ["nothing=X", "amount", "=X", "amount=", "é"])
def test_invalid_line_of_the_columns_file_is_reported(ledger: Ledger, tmp_path: Path, columns: str) -> None:
    begin(ledger, "CMD1")
    found = reconcile(tmp_path, report(), columns=f"# columns\n\n{columns}\n")
    assert (found.status, "columns.txt, line 3" in found.error) == (2, True)


def test_payments_of_another_merchant_are_not_compared(ledger: Ledger, tmp_path: Path) -> None:
    pay(ledger, "CMD1")
    other = "014213245611112"
    pay(ledger, "CMD2", merchant_id=other)
    assert reconcile(tmp_path, report(line("1", "CMD1"))).kinds == []
    assert reconcile(tmp_path, report(line("1", "CMD2", merchant=other))).kinds == []
    unknown = reconcile(tmp_path, report(line("1", "CMD3", merchant="1")))
    assert (unknown.kinds, unknown.merchants) == ([("unknown", 3, "CMD3")], ["1"])


def test_transaction_reference_takes_precedence_over_the_number_of_the_server(
    ledger: Ledger, tmp_path: Path
) -> None:
    begin(ledger, "CMD1", Numbering(PAYPAGE, by_reference=True))
    begin(ledger, "CMD2", Numbering(PAYPAGE, by_reference=True))
    columns = COLUMNS.replace("MERCHANT_ID", "TRANSACTION_REFERENCE")
    rows = [f"{DAY}00000{n};{3 - n};{DAY};CMD{n};1250;978;05" for n in (1, 2)]
    content = "\n".join(["TITLE", columns, *rows, f"other;1;{DAY};CMD3;1250;978;00"])
    assert reconcile(tmp_path, content).kinds == [("unknown", 5, "CMD3")]


def test_payment_numbered_by_the_server_is_found_by_its_order_id(ledger: Ledger, tmp_path: Path) -> None:
    for order_id in ("CMD2", "CMD1", "CMD3"):
        begin(ledger, order_id, Numbering(PAYPAGE, by_server=True))
    assert reconcile(tmp_path, report(line("777", "CMD1"))).kinds == [("outcome", 3, "CMD1")]
    assert reconcile(tmp_path, report(line("777", "CMD1", "990"))).kinds == [("unknown", 3, "CMD1")]


def test_each_instalment_is_compared_with_its_amount_in_the_schedule(ledger: Ledger, tmp_path: Path) -> None:
    pay(
        ledger,
        "CMD1",
        capture_mode="PAYMENT_N",
        capture_day="0",
        data="NB_PAYMENT=3;PERIOD=30;INITIAL_AMOUNT=450",
    )
    lines = [line("1", "CMD1", "450"), line("1", "CMD1", "400").replace(DAY, "20261223")]
    assert reconcile(tmp_path, report(*lines)).kinds == []
    assert reconcile(tmp_path, report(lines[0], line("1", "CMD1", "401").replace(DAY, "20270122"))).kinds == [
        ("amount", 4, "CMD1")
    ]


def test_invalid_schedule_of_another_payment_is_skipped(ledger: Ledger, tmp_path: Path) -> None:
    several = {"capture_mode": "PAYMENT_N", "capture_day": "0"}
    refused, right = "NB_PAYMENT=3;PERIOD=30;INITIAL_AMOUNT=9999", "NB_PAYMENT=3;PERIOD=30;INITIAL_AMOUNT=450"
    begin(ledger, "CMD0", None, transmission_date="20261122093000", data=refused, **several)
    pay(ledger, "CMD1", data=right, **several)
    lines = [line("1", "CMD1", "450"), line("1", "CMD1", "400").replace(DAY, "20261223")]
    assert reconcile(tmp_path, report(*lines)).kinds == []


def test_report_of_20000_lines_is_compared(ledger: Ledger, tmp_path: Path) -> None:
    pay(ledger, "CMD1")
    found = reconcile(tmp_path, report(*[line("1", "CMD1")] * 20000))
    assert (found.status, found.kinds) == (0, [])
