"""Deletion of personal values from old entries, in the ledger and the journal alike.

Fields that accounting, matching and a rebuild of the ledger need are not deleted: a payment that was recorded stays
recorded, and no number is assigned again.
"""

import contextlib
import json
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime, time, timedelta, timezone

from sogenactif.dates import PARIS, read_day, today
from sogenactif.errors import JournalError
from sogenactif.files import flush_folder
from sogenactif.instalments import DUE_DATES, OPTIONS
from sogenactif.ledger.journal import Entry
from sogenactif.ledger.ledger import Ledger
from sogenactif.ledger.matching import FORGED
from sogenactif.protocols import TOKEN, TOKEN_FIELD

# Nothing else of a request or response is retained: shops send what they like in the other fields.
RETAINED_FIELDS = frozenset({
    "merchant_id", "merchant_country", "transaction_id", "transmission_date", "order_id", "amount", "currency_code",
    "capture_mode", "capture_day", "order_validity", "payment_means", "payment_date", "payment_time", "response_code",
    "bank_response_code", "cvv_flag", "cvv_response_code", "complementary_code", "transaction_condition",
    "authorisation_id", "payment_certificate", TOKEN_FIELD,
})  # fmt: skip
RETAINED_PAYPAGE_KEYS = frozenset({
    "merchantId", "transactionReference", "s10TransactionId", "s10TransactionIdDate", "orderId", "amount", "currencyCode",
    "responseCode", "getTransDataResponseCode", "acquirerResponseCode", "cardCSCResultCode", "complementaryCode",
    "holderAuthentStatus", "guaranteeIndicator", "authorisationId", "transactionDateTime", "transactionStatus",
    "captureMode", "captureDay", "captureLimitDate", "paymentMeanBrand", "paymentMeanType", "paymentPattern",
    "keyVersion",
})  # fmt: skip
SCHEDULE = (*OPTIONS, DUE_DATES, "PAYMENT_DUE_DATE")
# Days in which an outcome may still arrive. Until then requests stay whole: record_outcome gets all their fields.
WAITING_DAYS = 30
BATCH = 500
NOTIFIED = "(request.outcome = request.notified OR request.outcome = request.printed)"
SETTLED = f"({NOTIFIED} AND (request.outcome NOT IN ('', 'pending') OR request.day < ?))"
SELECT_REQUESTS = f"""
    SELECT id, fields FROM sogenactif_request AS request WHERE id > ? AND day < ? AND {SETTLED} ORDER BY id LIMIT ?
"""
COUNT_WHOLE = f"SELECT count(*) FROM sogenactif_request AS request WHERE day < ? AND NOT {SETTLED}"
SELECT_RESPONSES = f"""
    SELECT id, fields, original FROM sogenactif_response AS response WHERE id > ?
    AND (day <> '' AND day < ? OR day = '' AND received < ?)
    AND (request_id IS NULL AND received < ? OR EXISTS (
        SELECT 1 FROM sogenactif_request AS request WHERE request.id = response.request_id AND {SETTLED}))
    ORDER BY id LIMIT ?
"""


class Pruned:
    """Hold how many are pruned, or would be: requests, responses, days of the journal, files of rejected messages.

    ``whole`` counts the transactions that stay as they are, since their outcome is not known or the shop was not
    notified of it.
    """

    def __init__(self) -> None:
        self.requests = self.responses = self.days = self.files = self.whole = 0

    def __repr__(self) -> str:
        return f"<Pruned {vars(self)}>"

    def __bool__(self) -> bool:
        return bool(self.requests or self.responses or self.days or self.files)


def preview(ledger: Ledger, before: str) -> Pruned:
    """Return what ``prune`` would delete. Raises LedgerError and JournalUnreadable."""
    pruned = Pruned()
    requests = {row[0] for batch in _requests(ledger, before) for row in batch}
    responses = {row[0] for batch in _responses(ledger, before) for row in batch}
    pruned.requests, pruned.responses = len(requests), len(responses)
    for day in [day for day in ledger.journal.days() if day < before]:
        lines = ledger.journal.lines(only=day)
        pruned.days += any(
            entry is None or _changed(ledger, entry, requests, responses) is not entry for entry in lines
        )
    pruned.files = len(_rejected(ledger, before))
    [[pruned.whole]] = ledger.database.rows(COUNT_WHOLE, before, _waiting_since(before))
    return pruned


def prune(ledger: Ledger, before: str, progress: Callable[[int], None] = lambda count: None) -> Pruned:
    """Delete the personal values of the days before a day (aaaammjj); return how much was deleted.

    The ledger comes first, and then each line of the journal whose entry the ledger has without them: so an interrupted
    call is completed by the next one, and nothing is deleted that only the journal has. Raises LedgerError and
    JournalError.
    """
    pruned = Pruned()
    with ledger.database.secure_deletion():
        for batch in _requests(ledger, before):
            pruned.requests += len(batch)
            with ledger.database.transaction() as execute:
                for identifier, fields in batch:
                    execute("UPDATE sogenactif_request SET fields = ? WHERE id = ?", fields, identifier)
        for responses in _responses(ledger, before):
            pruned.responses += len(responses)
            with ledger.database.transaction() as execute:
                for identifier, fields, original in responses:
                    execute(
                        "UPDATE sogenactif_response SET fields = ?, original = ? WHERE id = ?",
                        fields,
                        original,
                        identifier,
                    )
    lines = 0

    def changed(entry: Entry | None) -> Entry | None:
        nonlocal lines
        lines += 1
        progress(lines)
        return _changed(ledger, entry)

    for day in [day for day in ledger.journal.days() if day < before]:
        pruned.days += ledger.journal.rewrite(day, changed)
    # A line that was written at midnight may be in the next file.
    next_day = filter(None, ledger.journal.lines(only=before) if before in ledger.journal.days() else ())
    if any(entry["verdict"] != FORGED and _changed(ledger, entry) is not entry for entry in next_day):
        pruned.days += ledger.journal.rewrite(before, changed)
    for path in _rejected(ledger, before):
        try:
            os.unlink(path)
            pruned.files += 1
        except OSError as error:
            raise JournalError(path, error) from error
    if pruned.files:
        with contextlib.suppress(OSError):
            flush_folder(ledger.journal.folder)
    [[pruned.whole]] = ledger.database.rows(COUNT_WHOLE, before, _waiting_since(before))
    return pruned


def without_personal(fields: Mapping[str, str]) -> dict[str, str]:
    """Return the fields of a request or response to retain; of data, the schedule of a payment in instalments."""
    retained = {name: value for name, value in fields.items() if name in RETAINED_FIELDS}
    options = [option for option in fields.get("data", "").split(";") if option.partition("=")[0] in SCHEDULE]
    return retained | ({"data": ";".join(options)} if options else {})


def original_without_personal(original: Mapping[str, str]) -> dict[str, str]:
    """Return the keys of a Paypage response to retain; of returnContext, the token that identifies its request."""
    retained = {name: value for name, value in original.items() if name in RETAINED_PAYPAGE_KEYS}
    token = TOKEN.match(original.get("returnContext", ""))
    return retained | ({"returnContext": token[0]} if token else {})


def _requests(ledger: Ledger, before: str) -> Iterator[list[tuple[int, str]]]:
    """Yield the IDs of the requests to change and their new fields, in batches that hold up no customer."""
    last = 0
    while rows := list(ledger.database.rows(SELECT_REQUESTS, last, before, _waiting_since(before), BATCH)):
        last = rows[-1][0]
        changes = []
        for id, stored in rows:
            fields = json.loads(stored)
            new = without_personal(fields)
            if new != fields:
                changes.append((id, json.dumps(new)))
        yield changes


def _responses(ledger: Ledger, before: str) -> Iterator[list[tuple[int, str, str]]]:
    """Yield the IDs of the responses to change, their new fields and their new original, in batches."""
    last, waiting = 0, _waiting_since(before)
    bounds = before, _midnight(before), _midnight(waiting), waiting
    while rows := list(ledger.database.rows(SELECT_RESPONSES, last, *bounds, BATCH)):
        last = rows[-1][0]
        changes = []
        for id, *stored in rows:
            fields, original = map(json.loads, stored)
            new = without_personal(fields), original_without_personal(original)
            if new != (fields, original):
                changes.append((id, *map(json.dumps, new)))
        yield changes


def _changed(
    ledger: Ledger,
    entry: Entry | None,
    requests: Collection[int] = (),
    responses: Collection[int] = (),
) -> Entry | None:
    """Return the entry of a line as it is to be written: None if the line goes, the same entry if it stays.

    It loses what the ledger has deleted from the entry, or is about to: ``requests`` and ``responses`` are the IDs of
    these.
    """
    if entry is None or entry["verdict"] == FORGED:
        return None
    if entry["kind"] == "operation":
        return entry
    is_request = entry["kind"] == "request"
    columns = "id, fields" if is_request else "id, fields, original"
    statement = f"SELECT {columns} FROM sogenactif_{entry['kind']} WHERE entry = ?"
    rows = list(ledger.database.rows(statement, entry["entry"]))
    if not rows:
        return entry
    id, *stored = rows[0]
    fields, original = [*map(json.loads, stored), {}][:2]
    is_pruned = (without_personal(fields), original_without_personal(original)) == (fields, original)
    pruned = _pruned(entry)
    stays = not is_pruned and id not in (requests if is_request else responses)
    return entry if stays or pruned == entry else pruned


def _pruned(entry: Entry) -> Entry:
    pruned = {**entry, "fields": without_personal(entry["fields"])}
    if entry.get("original"):
        pruned["original"] = original_without_personal(entry["original"])
    return pruned


def _rejected(ledger: Ledger, before: str) -> list[str]:
    """Return the files of rejected messages before a day, except those that replay may still verify."""
    waiting = _waiting_since(before)
    try:
        names = sorted(os.listdir(ledger.journal.folder))
    except FileNotFoundError:
        return []
    return [
        f"{ledger.journal.folder}/{name}"
        for name in names
        if (name.endswith(".forged.jsonl") and name[:8] < before)
        or (name.endswith("unverified.jsonl") and name[:8] < waiting)
    ]


def _waiting_since(before: str) -> str:
    """Return the day (aaaammjj) before which no outcome is expected."""
    first = f"{read_day(today()) - timedelta(days=WAITING_DAYS):%Y%m%d}"
    return min(before, first)


def _midnight(day: str) -> str:
    """Return the beginning of a day in Paris, in UTC, as the first characters of a moment in the ledger."""
    moment = datetime.combine(read_day(day), time(), PARIS)
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
