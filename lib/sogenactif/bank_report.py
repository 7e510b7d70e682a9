"""Compare a CSV report of the bank with the ledger.

A report has a line TITLE, a line with the names of its columns, and a line for each payment; fields are separated by
``;``. It came by mail, and nothing of it is sealed: it changes nothing. Days are those of Paris, amounts are in the
smallest unit of the currency. Source: docs/refunds.md.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from typing import BinaryIO, NamedTuple

from sogenactif.dates import read_day
from sogenactif.errors import ReportError
from sogenactif.fields import is_digits
from sogenactif.instalments import requested_instalments
from sogenactif.ledger.history import (
    Transaction,
    first_original,
    transactions,
    transactions_by_number,
    transactions_by_reference,
    transactions_with_instalment,
)
from sogenactif.ledger.ledger import Ledger
from sogenactif.protocols import TOKEN

# Each field of a line, and the name of its column unless the merchant's file says another.
COLUMNS = {
    "merchant_id": "MERCHANT_ID",
    "transaction_reference": "TRANSACTION_REFERENCE",
    "transaction_id": "TRANSACTION_ID",
    "day": "TRANSACTION_DATE",
    "order_id": "ORDER_ID",
    "amount": "AMOUNT",
    "currency_code": "CURRENCY_CODE",
    "response_code": "RESPONSE_CODE",
}
TITLE, END = "TITLE", "END"
MAX_LINE_LENGTH = 64 * 1024
DAYS = (
    re.compile(r"(?P<year>[0-9]{4})-?(?P<month>[0-9]{2})-?(?P<day>[0-9]{2})(?:[ T].*|[0-9]{6})?"),
    re.compile(r"(?P<day>[0-9]{2})/(?P<month>[0-9]{2})/(?P<year>[0-9]{4})(?: .*)?"),
)


class ReportLine:
    """Hold a payment of a report: the number of its line, and its fields; those without a column are empty."""

    def __init__(self, number: int, fields: Mapping[str, str]) -> None:
        self.number = number
        self.fields = fields

    def __repr__(self) -> str:
        return f"<ReportLine {self.number} {self.reference}>"

    def __getitem__(self, name: str) -> str:
        return self.fields.get(name, "")

    @property
    def reference(self) -> str:
        """Return the day and the number, aaaammjj-nnnnnn, or else the transactionReference."""
        return (
            f"{self['day']}-{self['transaction_id']}"
            if self["transaction_id"]
            else self["transaction_reference"]
        )

    @property
    def is_accepted(self) -> bool:
        """Return whether the bank accepted the payment."""
        return self["response_code"] in ("00", "0")


class Discrepancy(NamedTuple):
    """Hold what differs between a report and the ledger.

    ``kind`` is broken (a line that can't be read), unknown (no such request in the ledger), missing (accepted in the
    ledger, and not in the report), outcome, or the name of a field; ``bank`` and ``ledger`` are both values.
    """

    kind: str
    line: int
    reference: str = ""
    order_id: str = ""
    bank: str = ""
    ledger: str = ""
    merchant_id: str = ""

    def __repr__(self) -> str:
        return f"<Discrepancy {self.kind} {self.line} {self.reference}>"


def read_columns(path: str) -> dict[str, str]:
    """Return the name of each field's column, from lines ``field=NAME``; ``#`` begins a comment. Raises ReportError."""
    columns = dict(COLUMNS)
    try:
        with open(path, encoding="utf-8-sig") as file:
            lines = file.read(MAX_LINE_LENGTH).splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ReportError(f"{path} can't be read: {_why(error)}") from error
    for number, line in enumerate(lines, 1):
        name, equals, column = (part.strip() for part in line.partition("#")[0].partition("="))
        if not (name or equals):
            continue
        if name not in COLUMNS or not column:
            raise ReportError(
                f"{path}, line {number}: not of the form field=NAME; fields: {', '.join(COLUMNS)}"
            )
        columns[name] = column
    return columns


class BankReport:
    """Read a report, a line at a time, however long it is."""

    def __init__(self, file: BinaryIO, columns: Mapping[str, str]) -> None:
        self._file = file
        self._number = 0
        self.broken: list[int] = []
        title, names = self._cells(), self._cells()
        if not title or title[0].strip().upper() != TITLE:
            raise ReportError("the first line doesn't begin with TITLE")
        self._columns = _column_indexes([name.strip().upper() for name in names or []], columns)

    def __repr__(self) -> str:
        return f"<BankReport {self._number} lines>"

    def lines(self) -> Iterator[ReportLine]:
        """Yield the payments; the numbers of lines that can't be read are in ``broken``. Raises ReportError."""
        while (cells := self._cells()) is not None:
            if cells and cells[0].strip().upper() == END:
                return
            if not any(cells):
                continue
            line = _line(self._number, cells, self._columns)
            if line:
                yield line
            else:
                self.broken.append(self._number)

    def _cells(self) -> list[str] | None:
        """Return the cells of the next line, ``?`` for a line that isn't CSV, None at the end."""
        try:
            content = self._file.readline(MAX_LINE_LENGTH)
        except OSError as error:
            raise ReportError(f"the file can't be read: {_why(error)}") from error
        if not content:
            return None
        self._number += 1
        if self._number == 1 and content.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise ReportError("the file is UTF-16: save it as UTF-8 or ISO 8859-1")
        if b"\0" in content:
            raise ReportError(f"line {self._number} isn't text")
        if len(content) == MAX_LINE_LENGTH:
            raise ReportError(f"line {self._number} has more than {MAX_LINE_LENGTH} bytes")
        try:
            text = content.decode("utf-8-sig" if self._number == 1 else "utf-8")
        except UnicodeDecodeError:
            # French programs also write ISO 8859-1, or what Windows makes of it.
            text = content.decode("cp1252", "replace")
        try:
            return next(csv.reader([text.rstrip("\r\n")], delimiter=";", strict=True))
        except csv.Error:
            return ["?"]


def compare(ledger: Ledger, report: BankReport) -> Iterator[Discrepancy]:
    """Yield what differs between a report and the ledger. Raises LedgerError and ReportError.

    Accepted payments that the report lacks are those of the days and the merchants of its lines.
    """
    seen: set[int] = set()
    days: set[str] = set()
    merchants: set[str] = set()
    for line in report.lines():
        transaction, expected = _transaction(ledger, line)
        if not transaction:
            if line.is_accepted:
                values = line.reference, line["order_id"], line["amount"], "", line["merchant_id"]
                yield Discrepancy("unknown", line.number, *values)
            continue
        if transaction.reference.partition("-")[0] == line["day"] or not line["day"]:
            days.add(transaction.reference[:8])
        merchants.add(transaction.fields.get("merchant_id", ""))
        seen.add(transaction.id)
        yield from _discrepancies(line, transaction, expected)
    for number in report.broken:
        yield Discrepancy("broken", number)
    for day in sorted(days):
        for transaction in transactions(ledger, day, state="accepted"):
            if transaction.id not in seen and transaction.fields.get("merchant_id") in merchants:
                amount, merchant_id = transaction.fields["amount"], transaction.fields["merchant_id"]
                values = transaction.reference, transaction.order_id, "", amount, merchant_id
                yield Discrepancy("missing", 0, *values)


def _discrepancies(line: ReportLine, transaction: Transaction, expected: int) -> Iterator[Discrepancy]:
    requested = transaction.fields
    merchant_id = requested.get("merchant_id", "")
    values = line.number, transaction.reference, transaction.order_id
    outcome = "accepted" if line.is_accepted else "not accepted"
    if line["response_code"] and (transaction.state == "accepted") != line.is_accepted:
        yield Discrepancy(
            "outcome", *values, f"{outcome} ({line['response_code']})", transaction.state, merchant_id
        )
    if int(line["amount"]) != expected:
        yield Discrepancy("amount", *values, line["amount"], str(expected), merchant_id)
    for name in ("currency_code", "order_id"):
        here = requested.get(name, "")
        if line[name] and line[name].lstrip("0") != here.lstrip("0"):
            yield Discrepancy(name, *values, line[name], here, merchant_id)


def _transaction(ledger: Ledger, line: ReportLine) -> tuple[Transaction | None, int]:
    """Return the transaction that a line is about and the amount expected there; None and 0 if there is none."""
    reference, _, part = line["transaction_reference"].partition("P")
    rows = transactions_by_reference(ledger, reference) if reference else []
    if not rows and line["transaction_id"]:
        # The number of a payment that has a reference is the server's, and may be another payment's here.
        rows = [
            row
            for row in transactions_by_number(ledger, line["day"], line["transaction_id"])
            if not row.transaction_reference
        ]
        rows = rows or _instalments_on(ledger, line)
    if not rows and line["order_id"]:
        rows = _server_numbered(ledger, line)
    for row in rows:
        if line["merchant_id"] in ("", row.fields.get("merchant_id")):
            return row, _expected(row, line["day"], part)
    return None, 0


def _expected(transaction: Transaction, day: str, part: str) -> int:
    """Return the amount of a transaction: of a payment in instalments that of the part that is due that day."""
    amount = int(transaction.fields["amount"])
    parts = requested_instalments(transaction.fields, read_day(transaction.reference[:8]))
    if not parts:
        return amount
    if is_digits(part) and 0 < int(part[:3]) <= len(parts):
        return parts[int(part[:3]) - 1].amount
    return next((one.amount for one in parts if f"{one.day:%Y%m%d}" == day), parts[0].amount)


def _instalments_on(ledger: Ledger, line: ReportLine) -> list[Transaction]:
    """Return the payments in instalments whose part has the day and the number of a line."""
    rows = []
    for row in transactions_with_instalment(ledger, line["day"], line["transaction_id"]):
        parts = requested_instalments(row.fields, read_day(row.reference[:8]))
        if any(f"{part.day:%Y%m%d}" == line["day"] for part in parts):
            rows.append(row)
    return rows


def _server_numbered(ledger: Ledger, line: ReportLine) -> list[Transaction]:
    """Return the payment of the line's order whose number the server assigned, as a response to it says."""
    rows = [
        row
        for row in transactions(ledger, order_id=line["order_id"])
        if TOKEN.match(row.transaction_reference)
    ]
    for row in rows:
        original = first_original(ledger, row)
        number, day = original.get("s10TransactionId", ""), original.get("s10TransactionIdDate", "")
        if (
            line["transaction_reference"]
            and original.get("transactionReference") == line["transaction_reference"]
        ):
            return [row]
        if line["transaction_id"] and (number.zfill(6), day) == (line["transaction_id"], line["day"]):
            return [row]
    # No response came: what is left is the order and the amount.
    return [
        row for row in rows if row.state == "waiting" and int(row.fields["amount"]) == int(line["amount"])
    ][:1]


def _column_indexes(names: list[str], columns: Mapping[str, str]) -> dict[str, int]:
    """Return the index of each field's column. Raises ReportError."""
    wanted = {field: column.upper() for field, column in columns.items()}
    for column in wanted.values():
        if names.count(column) > 1:
            raise ReportError(f"the column {column} occurs twice")
    indexes = {field: names.index(column) for field, column in wanted.items() if column in names}
    named = "transaction_reference" in indexes or {"transaction_id", "day"} <= indexes.keys()
    missing = [wanted["amount"]] if "amount" not in indexes else []
    if not named:
        missing.append(
            f"{wanted['transaction_reference']}, or {wanted['transaction_id']} and {wanted['day']}"
        )
    if "response_code" not in indexes:
        missing.append(wanted["response_code"])
    if missing:
        raise ReportError(f"no column {', no column '.join(missing)}")
    return indexes


def _line(number: int, cells: list[str], indexes: Mapping[str, int]) -> ReportLine | None:
    """Return the payment of a line, None if it isn't one."""
    if len(cells) <= max(indexes.values()):
        return None
    fields = {field: cells[index].strip() for field, index in indexes.items()}
    day = fields.get("day", "")
    if day:
        written = next((match for form in DAYS if (match := form.fullmatch(day))), None)
        if not written or not day.isascii():
            return None
        fields["day"] = "".join(written[name] for name in ("year", "month", "day"))
        try:
            read_day(fields["day"])
        except ValueError:
            return None
    transaction_id = fields.get("transaction_id", "")
    if transaction_id:
        if not is_digits(transaction_id) or len(transaction_id.lstrip("0")) > 6 or not day:
            return None
        fields["transaction_id"] = transaction_id.lstrip("0").zfill(6)
    if not (transaction_id or fields.get("transaction_reference")):
        return None
    is_whole = (
        is_digits(fields["amount"]) and len(fields["amount"]) <= 12 and is_digits(fields["response_code"])
    )
    return ReportLine(number, fields) if is_whole else None


def _why(error: Exception) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else "not UTF-8"
