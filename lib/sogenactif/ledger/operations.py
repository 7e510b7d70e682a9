"""What was cancelled, refunded or validated at the bank: each intent, its result, and the shop's notification.

An operation is an entry of the journal with a line for its intent and one for each result; the last line counts.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime

from sogenactif.dates import PARIS
from sogenactif.errors import KitError, LedgerError
from sogenactif.ledger.journal import new_entry
from sogenactif.ledger.notification import ENDLESS, MAX_UNFINISHED, NOTIFIED_AT_ONCE, record_attempt
from sogenactif.ledger.schema import merchant_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sogenactif.ledger.history import Transaction
    from sogenactif.ledger.journal import Entry
    from sogenactif.ledger.ledger import Ledger, LogError

CANCEL, REFUND, VALIDATE = "cancel", "refund", "validate"
# States: the result is not known; done; the bank refused.
INTENDED, DONE, REFUSED = "intended", "done", "refused"
# Certainly not done; never resolved, and the merchant sent another.
NOT_DONE, UNCLEAR = "not_done", "unclear"
INSERT_OPERATION = """
    INSERT INTO sogenactif_operation (entry, made, request_id, operation, amount, state, fields)
    VALUES (?, ?, ?, ?, ?, ?, ?)
"""
PENDING = "state = 'done' AND operation <> 'validate' AND notified = ''"


class Operation:
    """Hold an operation and its state: its ``fields`` are text, amounts in the smallest unit of the currency.

    ``operation`` is cancel, refund or validate; ``state`` is intended while its result is not known, done, refused,
    not_done or unclear. A shop's ``record_refund`` reads fields by name: order_id, merchant_id, transaction_id, day,
    amount, currency_code.
    """

    def __init__(self, entry: "Entry") -> None:
        self.entry = entry
        self.fields: Mapping[str, str] = entry["fields"]

    def __repr__(self) -> str:
        return f"<Operation {self.operation} {self.amount} {self.state}>"

    def __getitem__(self, name: str) -> str:
        return self.fields.get(name, "")

    @property
    def operation(self) -> str:
        """Return cancel, refund or validate."""
        return self["operation"]

    @property
    def amount(self) -> int:
        """Return the amount, in the smallest unit of the currency."""
        return int(self["amount"])

    @property
    def state(self) -> str:
        """Return what is known of its result."""
        return self["state"]

    @property
    def made(self) -> str:
        """Return the moment of the intent, ISO 8601 in UTC."""
        return str(self.entry["time"])


RecordRefund = Callable[[Operation], None]


def operations_on(ledger: "Ledger", transaction: "Transaction") -> list[Operation]:
    """Return the operations on a transaction, oldest first."""
    rows = ledger.database.rows(
        "SELECT entry, made, fields FROM sogenactif_operation WHERE request_id = ? ORDER BY id",
        transaction.id,
    )
    return [Operation(stored_operation(*row)) for row in rows]


def intend(
    ledger: "Ledger", transaction: "Transaction", operation: str, amount: int, current: int, status: str
) -> Operation:
    """Record the intent of an operation, on the disk before this returns. Raises JournalError and LedgerError.

    ``current`` and ``status`` are the amount and the state at the bank before it.
    """
    names = ("merchant_country", "merchant_id", "order_id", "currency_code", "transaction_id")
    entry = new_entry("operation", "office", "operation")
    entry["fields"] = {name: transaction.fields.get(name, "") for name in names} | {
        "day": transaction.reference[:8],
        "operation": operation,
        "amount": str(amount),
        "before": str(current),
        "status_before": status,
        "state": INTENDED,
        "why": "",
    }
    return _write(ledger, entry)


def settle(ledger: "Ledger", operation: Operation, state: str, why: str = "") -> Operation:
    """Record what became of an operation; ``why`` is the bank's code, or an error.

    Raises JournalError and LedgerError.
    """
    fields = {**operation.fields, "state": state, "why": why[:300]}
    return _write(ledger, {**operation.entry, "fields": fields})


def _write(ledger: "Ledger", entry: "Entry") -> Operation:
    # The journal first: what the ledger lacks after a crash, replay or the bank's state makes good.
    ledger.journal.append(operation_day(entry), entry)
    try:
        record_operation(ledger, entry)
    except LedgerError:
        from sogenactif.ledger.rebuild import note_unrecorded

        note_unrecorded(ledger.journal.folder, operation_day(entry))
        raise
    return Operation(entry)


def operation_day(entry: "Entry") -> str:
    """Return the day (aaaammjj) of an operation's intent in Paris, whose file of the journal has all its lines."""
    return f"{datetime.fromisoformat(entry['time']).astimezone(PARIS):%Y%m%d}"


def record_operation(ledger: "Ledger", entry: "Entry") -> None:
    """Record the operation of a journal's entry, or its later form. Raises LedgerError; KitError without a request."""
    fields = entry["fields"]
    day, number = fields["day"], fields["transaction_id"]
    state, stored = fields["state"], json.dumps(fields)
    with ledger.database.transaction() as execute:
        if execute("SELECT 1 FROM sogenactif_operation WHERE entry = ?", entry["entry"]):
            update = "UPDATE sogenactif_operation SET state = ?, fields = ? WHERE entry = ?"
            execute(update, state, stored, entry["entry"])
            return
        select = "SELECT id FROM sogenactif_request WHERE merchant = ? AND day = ? AND transaction_id = ?"
        rows = execute(select, merchant_of(fields), day, int(number))
        if not rows:
            raise KitError(f"Error in the ledger (operation on {day}-{number}: no such request)")
        values = [entry["entry"], entry["time"], rows[0][0], fields["operation"], int(fields["amount"])]
        execute(INSERT_OPERATION, *values, state, stored)


def stored_operation(identifier: str, made: str, fields: str) -> "Entry":
    """Return the journal's entry of a row of the ledger's operations."""
    entry = {"entry": identifier, "time": made, "kind": "operation", "source": "office"}
    return {**entry, "verdict": "operation", "fields": json.loads(fields)}


def notify_refunds(
    ledger: "Ledger", record_refund: RecordRefund, log: "LogError", most: int | None = NOTIFIED_AT_ONCE
) -> int:
    """Notify the shop of pending cancellations and refunds; return how many it was notified of.

    ``record_refund`` is called once for each, by one process at a time. If it raises, the error is given to ``log``
    and the notification stays pending. At most ``most`` are notified, and none after one that fails; None notifies of
    all. Raises LedgerError.
    """
    select = (
        "SELECT request_id, entry, made, fields FROM sogenactif_operation"
        f" WHERE {PENDING} AND unfinished < ? ORDER BY attempts, id"
    )
    most_unfinished = MAX_UNFINISHED if most else ENDLESS
    rows = list(ledger.database.rows(select + (f" LIMIT {most}" if most else ""), most_unfinished))
    count = 0
    for request_id, *stored in rows:
        with ledger.database.try_lock(-request_id) as is_locked:
            entry = stored[0]
            pending = f"SELECT 1 FROM sogenactif_operation WHERE entry = ? AND {PENDING}"
            if not is_locked or not list(ledger.database.rows(pending, entry)):
                continue
            # Counted before the call: a function that ends the process must not stay first in the queue.
            with ledger.database.transaction(flush=False) as execute:
                attempt = "attempts = attempts + 1, unfinished = unfinished + 1"
                execute(f"UPDATE sogenactif_operation SET {attempt} WHERE entry = ?", entry)
            try:
                record_refund(Operation(stored_operation(*stored)))
            except (KeyboardInterrupt, GeneratorExit):
                raise
            except BaseException as error:
                record_attempt(
                    ledger, "UPDATE sogenactif_operation SET unfinished = 0 WHERE entry = ?", entry
                )
                log(error)
                if most is not None:
                    break
                continue
            record_attempt(ledger, "UPDATE sogenactif_operation SET notified = 'yes' WHERE entry = ?", entry)
            count += 1
    return count


def pending_refunds(ledger: "Ledger", before: str = "9999") -> int:
    """Return how many operations the shop was not notified of: those of before a moment (ISO 8601, UTC), or all."""
    statement = f"SELECT count(*) FROM sogenactif_operation WHERE {PENDING} AND made < ?"
    [[count]] = ledger.database.rows(statement, before)
    return int(count)
