"""Transaction numbers: one of the shop's own, that of the request which a call repeats, or the next of the day."""

import json
from collections.abc import Callable, Iterable, Mapping

from sogenactif.configuration import SIPS
from sogenactif.errors import DayFull, OrderFull, TransactionUsed
from sogenactif.ledger.journal import Entry, journal_day
from sogenactif.ledger.matching import COMPARED, differing_fields
from sogenactif.ledger.schema import Execute, Row, merchant_of, searchable
from sogenactif.protocols import TOKEN, TOKEN_FIELD, Numbering

MAX_UNANSWERED = 200
UNANSWERED = (
    "NOT EXISTS (SELECT 1 FROM sogenactif_response AS response WHERE response.request_id = request.id)"
)
# day is compared as an expression, so that SQLite uses the index on order_id instead of the one on day.
ON_DAY = "order_id = ? AND merchant = ? AND day || '' = ?"
COUNT_UNANSWERED = f"SELECT count(*) FROM sogenactif_request AS request WHERE {ON_DAY} AND {UNANSWERED}"
# The next number of a merchant, a day and a range. A new range continues after the numbers that a range with a lower
# start has already assigned within it: the pathfile's NUMBERS was changed.
NEXT_NUMBER = """
    INSERT INTO sogenactif_counter VALUES (?, ?, ?, coalesce((
        SELECT max(last) + 1 FROM sogenactif_counter
        WHERE merchant = ? AND day = ? AND first < ? AND last BETWEEN ? AND ?), ?))
    ON CONFLICT (merchant, day, first) DO UPDATE SET last = sogenactif_counter.last + 1
    RETURNING last
"""
RAISE_COUNTER = """
    INSERT INTO sogenactif_counter VALUES (?, ?, ?, ?) ON CONFLICT (merchant, day, first) DO UPDATE
    SET last = excluded.last WHERE sogenactif_counter.last < excluded.last
"""
SELECT_RESERVED = "SELECT 1 FROM sogenactif_reserved WHERE merchant = ? AND day = ? AND transaction_id = ?"
RESERVE_NUMBER = "INSERT INTO sogenactif_reserved VALUES (?, ?, ?) ON CONFLICT DO NOTHING RETURNING day"
INSERT_REQUEST = """
    INSERT INTO sogenactif_request
        (entry, made, protocol, merchant, day, transaction_id, reference, order_id, fields)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id
"""

Query = Callable[..., Iterable[Row]]


def find_registered(query: Query, fields: Mapping[str, str], numbering: Numbering) -> Entry | None:
    """Return the recorded request that a call repeats, as its entry in the journal: None for a new one.

    That is the one with the shop's own transaction_id; or, in Sips 1.0, the last one of an order
    that nothing answered and that the payment server would take for the same. Raises TransactionUsed.
    """
    columns = "SELECT entry, made, protocol, fields FROM sogenactif_request AS request"
    merchant, day, given = merchant_of(fields), journal_day(fields), fields.get("transaction_id", "")
    if given:
        rows = query(
            f"{columns} WHERE merchant = ? AND day = ? AND transaction_id = ?", merchant, day, int(given)
        )
    elif numbering.protocol == SIPS and fields.get("order_id"):
        conditions = f"{ON_DAY} AND protocol = ? AND outcome = '' AND {UNANSWERED}"
        order_id = searchable(fields["order_id"])
        rows = query(f"{columns} WHERE {conditions} ORDER BY id DESC", order_id, merchant, day, SIPS)
    else:
        return None
    for entry, made, protocol, recorded in rows:
        before = json.loads(recorded)
        different = [name for name in differing_fields(before, fields) if name in COMPARED]
        if protocol not in ("", numbering.protocol):
            different.append("protocol")
        if numbering.by_server and TOKEN_FIELD not in before:
            different.append("PAYPAGE_REFERENCE")
        if not different:
            return {"entry": entry, "made": made, "fields": before}
        if given:
            raise TransactionUsed(given, day, f"with another {', '.join(different)}")
    return None


def limit_unanswered(execute: Execute, fields: Mapping[str, str]) -> None:
    """Raise OrderFull if an order has as many requests without a response as it may have on a day."""
    order_id = searchable(fields["order_id"])
    [[count]] = execute(COUNT_UNANSWERED, order_id, merchant_of(fields), journal_day(fields))
    if count >= MAX_UNANSWERED:
        raise OrderFull(MAX_UNANSWERED)


def assign_number(execute: Execute, entry: Entry, numbering: Numbering) -> int:
    """Record a request with the next free number of its day; return the number. Raises DayFull."""
    fields = entry["fields"]
    merchant, day, first = merchant_of(fields), journal_day(fields), numbering.first
    lower = merchant, day, first, first, numbering.last
    while True:
        [[number]] = execute(NEXT_NUMBER, merchant, day, first, *lower, first)
        if number > numbering.last:
            raise DayFull(merchant, day, numbering.last - first + 1)
        entry["fields"] = {**fields, "transaction_id": f"{number:06}"}
        if insert_request(execute, entry, numbering, number):
            return int(number)


def raise_counter(execute: Execute, fields: Mapping[str, str], first: int) -> None:
    """Let the next number of a range, which begins with ``first``, be higher than that of a request."""
    number = int(fields["transaction_id"])
    execute(RAISE_COUNTER, merchant_of(fields), journal_day(fields), first, number)


def insert_request(
    execute: Execute, entry: Entry, numbering: Numbering, number: int, reference: str = ""
) -> bool:
    """Record a request and reserve its number for its instalments; return False if it is used or reserved.

    ``reference`` is its transactionReference or token if it was recorded before.
    """
    fields = entry["fields"]
    merchant, day = merchant_of(fields), journal_day(fields)
    if execute(SELECT_RESERVED, merchant, day, number):
        return False
    numbered_elsewhere = numbering.by_reference or numbering.by_server
    for later in [] if numbered_elsewhere else _later_days(fields, day):
        if not execute(RESERVE_NUMBER, merchant, later, number):
            return False
    reference = reference or numbering.reference(day, number)
    if reference:
        entry["reference"] = reference
    if TOKEN.match(reference):
        fields = entry["fields"] = {**fields, TOKEN_FIELD: reference}
    values = [entry["entry"], entry["time"], numbering.protocol, merchant, day, number, reference]
    values += [searchable(fields.get("order_id", "")), json.dumps(fields)]
    return bool(execute(INSERT_REQUEST, *values))


def _later_days(fields: Mapping[str, str], day: str) -> list[str]:
    """Return the other days on which a payment in instalments uses its number, aaaammjj."""
    if fields.get("capture_mode") != "PAYMENT_N":
        return []
    from sogenactif.dates import read_day
    from sogenactif.instalments import requested_instalments

    days = (f"{part.day:%Y%m%d}" for part in requested_instalments(fields, read_day(day)))
    return [later for later in days if later != day]
