"""Notification of the shop: ``record_outcome`` is called with each outcome, until it returns."""

import json
from collections.abc import Callable

from sogenactif.errors import LedgerError
from sogenactif.ledger.ledger import Ledger, LogError, stored_response
from sogenactif.ledger.matching import complete
from sogenactif.payment import PaymentResponse

NOTE_TRIES = 6
NOTIFIED_AT_ONCE = 5
# How many attempts in a row may end their process before only a command tries again.
MAX_UNFINISHED, ENDLESS = 5, 1_000_000_000
# Outcomes that the shop was not notified of, except those that only an executable received and printed.
PENDING = "outcome <> notified AND outcome <> printed"
COUNT_PENDING = f"""
    SELECT count(*) FROM sogenactif_request AS request JOIN sogenactif_response AS response
    ON response.id = request.decided_by WHERE {PENDING} AND received < ?
"""
SELECT_PENDING = f"""
    SELECT request.outcome, request.fields, response.protocol, response.day, response.original, response.fields
    FROM sogenactif_request AS request JOIN sogenactif_response AS response ON response.id = request.decided_by
    WHERE request.id = ? AND {PENDING} AND unfinished < ?
"""
SELECT_IS_PENDING = f"SELECT 1 FROM sogenactif_request WHERE id = ? AND {PENDING}"

RecordOutcome = Callable[[PaymentResponse], None]


def notify_outcome(
    ledger: Ledger,
    record_outcome: RecordOutcome,
    log: LogError,
    request_id: int,
    most_unfinished: int = MAX_UNFINISHED,
    is_counted: bool = False,
) -> bool:
    """Notify the shop of the outcome of a request, if it is pending; return whether it was notified.

    ``record_outcome`` is called once for an outcome, by one process at a time. If it raises, the error
    is given to ``log`` and the outcome stays pending. If it ended its process ``most_unfinished`` times in a row,
    it isn't called. Then the shop is notified of an outcome that arrived in the meantime. ``is_counted`` says that
    this attempt is counted already (``Match.is_counted``).
    """
    notified = False
    while _notify_once(ledger, request_id, record_outcome, log, most_unfinished, is_counted):
        notified, is_counted = True, False
        if not list(ledger.database.rows(SELECT_IS_PENDING, request_id)):
            break
    return notified


def notify_pending_outcomes(
    ledger: Ledger, record_outcome: RecordOutcome, log: LogError, most: int | None = NOTIFIED_AT_ONCE
) -> int:
    """Notify the shop of pending outcomes, those with the fewest attempts first; return of how many.

    Stops after ``most`` outcomes or the first failure. ``most=None`` removes both limits, and includes outcomes whose
    attempts ended their process.
    """
    most_unfinished = MAX_UNFINISHED if most else ENDLESS
    statement = f"SELECT id FROM sogenactif_request WHERE {PENDING} AND unfinished < ? ORDER BY attempts, id"
    pending = list(ledger.database.rows(statement + (f" LIMIT {most}" if most else ""), most_unfinished))
    failures: list[BaseException] = []

    def failed(error: BaseException) -> None:
        failures.append(error)
        log(error)

    count = 0
    for [request_id] in pending:
        count += notify_outcome(ledger, record_outcome, failed, request_id, most_unfinished)
        if failures and most is not None:
            break
    return count


def pending_outcomes(ledger: Ledger, before: str = "9999") -> int:
    """Return how many outcomes the shop was not notified of: decided before a moment (ISO 8601, UTC), or all."""
    [[count]] = ledger.database.rows(COUNT_PENDING, before)
    return int(count)


def _notify_once(
    ledger: Ledger,
    request_id: int,
    record_outcome: RecordOutcome,
    log: LogError,
    most_unfinished: int,
    is_counted: bool,
) -> bool:
    """Return whether the shop was notified: not if nothing is pending, another process does it, or it failed.

    A process that doesn't get the lock leaves its outcome to the one that has it, which checks again after releasing it.
    """
    with ledger.database.try_lock(request_id) as is_locked:
        if not is_locked:
            return False
        rows = list(ledger.database.rows(SELECT_PENDING, request_id, most_unfinished))
        if not rows:
            return False
        [[outcome, requested, *stored]] = rows
        # Counted before the call: a function that ends the process must not stay first in the queue.
        if not is_counted:
            with ledger.database.transaction(flush=False) as execute:
                attempt = "attempts = attempts + 1, unfinished = unfinished + 1"
                execute(f"UPDATE sogenactif_request SET {attempt} WHERE id = ?", request_id)
        try:
            record_outcome(complete(stored_response(*stored), json.loads(requested)))
        except (KeyboardInterrupt, GeneratorExit):
            raise
        except BaseException as error:
            record_attempt(ledger, "UPDATE sogenactif_request SET unfinished = 0 WHERE id = ?", request_id)
            log(error)
            return False
        notified = "notified = ?, unfinished = 0"
        record_attempt(ledger, f"UPDATE sogenactif_request SET {notified} WHERE id = ?", outcome, request_id)
        return True


def record_attempt(ledger: Ledger, statement: str, *values: object) -> None:
    """Record the result of a notification; retry, so that the shop isn't notified twice."""
    for tries_left in reversed(range(NOTE_TRIES)):
        try:
            # Not flushed. After a power cut the shop is notified twice, which it has to tolerate.
            with ledger.database.transaction(flush=False) as execute:
                execute(statement, *values)
            return
        except LedgerError:
            if not tries_left:
                raise
