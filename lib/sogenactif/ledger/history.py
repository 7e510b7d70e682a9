"""Queries of the ledger: transactions, the responses to them, and differences from the journal."""

import json
from collections.abc import Callable, Generator, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple

from sogenactif.dates import PARIS
from sogenactif.errors import JournalUnreadable
from sogenactif.ledger.journal import KINDS, Entry, Journal
from sogenactif.ledger.ledger import Ledger, stored_response
from sogenactif.ledger.matching import DUPLICATE, FORGED, OUTCOMES, UNKNOWN, UNRECORDED
from sogenactif.ledger.notification import MAX_UNFINISHED
from sogenactif.ledger.rebuild import missing_from_journal, recorded_entries
from sogenactif.ledger.schema import searchable

WAITING = "waiting"


class Transaction(NamedTuple):
    """Hold a recorded request and the state of its payment.

    ``reference`` is its day in Paris and its transaction_id, aaaammjj-nnnnnn; ``made`` a moment in
    UTC; ``state`` an outcome, or waiting; ``notified`` says whether the shop was notified of it:
    yes, no, printed if only an executable reported it, or stopped if its function ended the process several
    times, so that only a command calls it again. ``protocol`` is sips or paypage, empty if the
    request is of an earlier release; ``transaction_reference`` is empty if the payment has a number only.
    ``given_back`` is the amount that was cancelled or refunded with this kit. ``paid_twice`` marks an accepted
    transaction whose order another accepted transaction paid too. ``conflicting`` marks one to which an acceptance
    arrived that contradicts the request or its outcome, and that was not given back.
    """

    id: int
    reference: str
    merchant: str
    made: str
    order_id: str
    state: str
    notified: str
    fields: dict[str, str]
    paid_twice: bool = False
    protocol: str = ""
    transaction_reference: str = ""
    given_back: int = 0
    conflicting: bool = False

    def __repr__(self) -> str:
        return f"<Transaction {self.reference} {self.order_id!r} {self.state}>"


class RecordedResponse(NamedTuple):
    """Hold a recorded response: when it arrived (UTC), how (``source``), and its verdict."""

    received: str
    source: str
    verdict: str
    fields: dict[str, str]

    def __repr__(self) -> str:
        return f"<RecordedResponse {self.received} {self.source} {self.verdict}>"


class Difference(NamedTuple):
    """Hold a difference between the journal and the ledger: its name, and the values of its text."""

    name: str
    values: dict[str, object]


def transactions(
    ledger: Ledger, day: str = "", number: str = "", order_id: str = "", state: str = ""
) -> Generator[Transaction, None, None]:
    """Yield the transactions that match the conditions, oldest first; an empty condition matches all."""
    conditions = {
        "day = ?": day,
        "transaction_id = ?": int(number) if number else "",
        "order_id = ?": searchable(order_id),
        "outcome = ?": "" if state == WAITING else state,
    }
    used = {condition: value for condition, value in conditions.items() if value != ""}
    where = " AND ".join([*used, *(["outcome = ''"] if state == WAITING else [])]) or "1 = 1"
    return _transactions(ledger, where, *used.values())


def transactions_by_number(ledger: Ledger, day: str, number: str, merchant_id: str = "") -> list[Transaction]:
    """Return the transactions of a day (aaaammjj) and a transaction_id: of one merchant, or of each that has it."""
    rows = list(transactions(ledger, day, number))
    return [row for row in rows if merchant_id in ("", row.fields.get("merchant_id"))]


def transactions_by_reference(ledger: Ledger, reference: str) -> list[Transaction]:
    """Return the transactions of a transactionReference: each merchant may have one."""
    return list(_transactions(ledger, "reference = ? AND reference <> ''", searchable(reference)))


def transactions_with_instalment(ledger: Ledger, day: str, number: str) -> list[Transaction]:
    """Return the transactions of a number whose instalments may include one of a later day (aaaammjj)."""
    reserved = "SELECT 1 FROM sogenactif_reserved WHERE day = ? AND transaction_id = ?"
    if not list(ledger.database.rows(reserved, day, int(number))):
        return []
    return [
        row
        for row in _transactions(ledger, "transaction_id = ? AND day < ?", int(number), day)
        if row.fields.get("capture_mode") == "PAYMENT_N"
    ]


def without_outcome(ledger: Ledger, after: datetime, before: datetime) -> list[Transaction]:
    """Return the Paypage requests made between two moments whose outcome is unknown or pending, oldest first."""
    moments = [moment.astimezone(timezone.utc).isoformat() for moment in (after, before)]
    condition = "outcome IN ('', 'pending') AND protocol = 'paypage' AND day >= ? AND made > ? AND made < ?"
    first_day = f"{after.astimezone(PARIS) - timedelta(days=1):%Y%m%d}"
    return list(_transactions(ledger, condition, first_day, *moments))


# The amount that was given back of a request, and whether another accepted one has its order.
GIVEN_BACK = """(SELECT coalesce(sum(operation.amount), 0) FROM sogenactif_operation AS operation
    WHERE operation.request_id = request.id AND operation.state = 'done' AND operation.operation <> 'validate')"""
HAS_CONFLICT = """EXISTS (SELECT 1 FROM sogenactif_response AS response
    WHERE response.request_id = request.id AND response.verdict = 'conflicting')"""
HAS_ANOTHER = """outcome = 'accepted' AND order_id <> '' AND EXISTS (SELECT 1 FROM sogenactif_request AS another
    WHERE another.order_id = request.order_id AND another.merchant = request.merchant
    AND another.outcome = 'accepted' AND another.id <> request.id)"""


def _transactions(ledger: Ledger, where: str, *values: object) -> Generator[Transaction, None, None]:
    rows = ledger.database.rows(
        f"SELECT id, day, transaction_id, merchant, made, fields, protocol, reference, {GIVEN_BACK},"
        f" {HAS_ANOTHER}, {HAS_CONFLICT}, outcome, notified, printed, unfinished"
        f" FROM sogenactif_request AS request WHERE {where} ORDER BY id",
        *values,
    )
    for id, day, number, merchant, made, fields, *columns in rows:
        protocol, transaction_reference, given_back, has_another, has_conflict, *state = columns
        requested, reference = json.loads(fields), f"{day}-{number:06}"
        paid = _payments(ledger, merchant, requested["order_id"]) if has_another else []
        yield Transaction(
            id=id,
            reference=reference,
            merchant=merchant,
            made=made,
            order_id=requested.get("order_id", ""),
            state=state[0] or WAITING,
            notified=_notified(*state),
            fields=requested,
            paid_twice=len(paid) > 1 and reference in paid,
            protocol=protocol,
            transaction_reference=transaction_reference,
            given_back=int(given_back),
            conflicting=bool(has_conflict) and _is_contradicted(ledger, id, given_back),
        )


def _notified(outcome: str, notified: str, printed: str, unfinished: int) -> str:
    if outcome == notified:
        return "yes"
    if outcome == printed:
        return "printed"
    return "stopped" if unfinished >= MAX_UNFINISHED else "no"


def _is_contradicted(ledger: Ledger, request_id: int, given_back: int) -> bool:
    """Return whether a conflicting response is an acceptance of more than was given back."""
    rows = ledger.database.rows(
        "SELECT protocol, day, original, fields FROM sogenactif_response"
        " WHERE request_id = ? AND verdict = 'conflicting'",
        request_id,
    )
    responses = [stored_response(*row) for row in rows]
    return any(
        response.outcome == "accepted" and int(response["amount"] or 0) > given_back for response in responses
    )


def contradicted(ledger: Ledger) -> list[Transaction]:
    """Return the transactions to which an acceptance arrived that contradicts them, and that was not given back."""
    return [row for row in _transactions(ledger, HAS_CONFLICT) if row.conflicting]


def responses_to(ledger: Ledger, transaction: Transaction) -> list[RecordedResponse]:
    """Return the responses to a transaction, oldest first."""
    rows = ledger.database.rows(
        "SELECT received, source, verdict, fields FROM sogenactif_response WHERE request_id = ? ORDER BY id",
        transaction.id,
    )
    return [
        RecordedResponse(received, source, verdict, json.loads(fields))
        for received, source, verdict, fields in rows
    ]


def first_original(ledger: Ledger, transaction: Transaction) -> dict[str, str]:
    """Return the keys, as they arrived, of the first trusted response to a transaction; empty if there is none."""
    trusted = (*OUTCOMES, DUPLICATE)
    rows = ledger.database.rows(
        "SELECT original FROM sogenactif_response WHERE request_id = ?"
        f" AND verdict IN ({', '.join('?' * len(trusted))}) ORDER BY id LIMIT 1",
        transaction.id,
        *trusted,
    )
    return next((json.loads(original) for (original,) in rows), {})


def paid_twice(ledger: Ledger) -> list[tuple[str, list[str]]]:
    """Return the orders with several accepted transactions that were not fully refunded: order_id and references."""
    statement = f"SELECT DISTINCT merchant, order_id FROM sogenactif_request AS request WHERE {HAS_ANOTHER}"
    orders = [
        (order_id, _payments(ledger, merchant, order_id))
        for merchant, order_id in sorted(ledger.database.rows(statement))
    ]
    return [(order_id, references) for order_id, references in orders if len(references) > 1]


def _payments(ledger: Ledger, merchant: str, order_id: str) -> list[str]:
    """Return the references of the transactions that paid an order and were not wholly given back."""
    rows = ledger.database.rows(
        f"SELECT day, transaction_id, fields, {GIVEN_BACK} FROM sogenactif_request AS request"
        " WHERE merchant = ? AND order_id = ? AND outcome = 'accepted' ORDER BY id",
        merchant,
        searchable(order_id),
    )
    return [
        f"{day}-{number:06}"
        for day, number, fields, given_back in rows
        if given_back < int(json.loads(fields)["amount"])
    ]


def latest_orders(ledger: Ledger, most: int) -> list[str]:
    """Return the order_ids of the last ``most`` requests that have one, each once, the newest first."""
    statement = "SELECT order_id FROM sogenactif_request WHERE order_id <> '' ORDER BY id DESC LIMIT ?"
    return list(dict.fromkeys(order_id for (order_id,) in ledger.database.rows(statement, most)))


def trusted_entries(journal: Journal, report: Callable[[JournalUnreadable], None]) -> Iterator[Entry]:
    """Yield the journal's entries without those of forged messages; ``report`` as for ``Journal.lines``."""
    return (entry for entry in journal.entries(report) if entry["verdict"] != FORGED)


def journal_only_lines(ledger: Ledger, report: Callable[[JournalUnreadable], None]) -> int:
    """Return how many lines of the journal have an entry that the ledger lacks; ``report`` as for ``Journal.lines``."""
    recorded = {
        row[0] for kind in KINDS for row in ledger.database.rows(f"SELECT entry FROM sogenactif_{kind}")
    }
    # What was recorded since, while the journal is read, is looked up: a payment may arrive at any time.
    return sum(
        entry["entry"] not in recorded and ledger.stored_fields(entry) is None
        for entry in trusted_entries(ledger.journal, report)
    )


def differences(ledger: Ledger, progress: Callable[[int], None]) -> Generator[Difference, None, None]:
    """Yield the differences between the journal and the ledger.

    ``progress`` is called with the number of the journal's lines read so far.
    """
    # Read the ledger first: a new entry is in the ledger before it is in the journal.
    here = {entry["entry"]: _named(entry) for entry in recorded_entries(ledger)}
    # A request that was repeated has a line each time, an operation for each result: the last one counts.
    requests: dict[str, dict[str, Any]] = {}
    unreadable: list[JournalUnreadable] = []
    for count, entry in enumerate(ledger.journal.lines(unreadable.append), 1):
        progress(count)
        if entry is None:
            yield Difference("invalid_line", {"count": count})
            continue
        if entry["verdict"] == FORGED:
            continue
        here.pop(entry["entry"], None)
        if entry["kind"] != "response":
            requests[entry["entry"]] = entry
        else:
            yield from _difference(ledger, entry)
    for entry in requests.values():
        yield from _difference(ledger, entry)
    for error in unreadable:
        yield Difference("unreadable_day", {"error": error})
    # A missing entry may be on a day that can't be read.
    if here and not unreadable:
        for identifier in missing_from_journal(ledger, here):
            yield Difference("ledger_only", here[identifier])


def _difference(ledger: Ledger, entry: dict[str, Any]) -> Generator[Difference, None, None]:
    named = _named(entry)
    recorded = _recorded(ledger, entry["kind"], entry["entry"])
    if recorded is None:
        yield Difference("journal_only", named)
        return
    verdict, fields = recorded
    # When the ledger was rebuilt a duplicate decided, if the journal lacked the response that it repeats.
    known = (verdict, UNRECORDED, UNKNOWN, *([DUPLICATE] if verdict == "accepted" else []))
    if entry["verdict"] not in known:
        yield Difference("verdict", {**named, "journal": entry["verdict"], "ledger": verdict})
    if entry["fields"] != fields:
        names = sorted(
            n for n in fields.keys() | entry["fields"].keys() if fields.get(n) != entry["fields"].get(n)
        )
        yield Difference("fields", {**named, "names": ", ".join(names)})


def _named(entry: dict[str, Any]) -> dict[str, object]:
    return {"kind": entry["kind"], "id": entry["entry"], "time": entry["time"]}


def _recorded(ledger: Ledger, kind: str, entry: str) -> tuple[str, dict[str, Any]] | None:
    verdict = {"request": "'requested'", "operation": "'operation'"}.get(kind, "verdict")
    rows = list(
        ledger.database.rows(f"SELECT {verdict}, fields FROM sogenactif_{kind} WHERE entry = ?", entry)
    )
    return (rows[0][0], json.loads(rows[0][1])) if rows else None
