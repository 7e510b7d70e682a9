"""Refund, cancel or validate a payment at the bank's Office server: each operation is recorded before it is sent.

Amounts are in the smallest unit of the currency. Source: docs/refunds.md.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from typing import NamedTuple

from sogenactif.configuration import Pathfile
from sogenactif.errors import JournalError, LedgerError, OfficeError, OperationRefused
from sogenactif.ledger.history import Transaction
from sogenactif.ledger.ledger import Ledger
from sogenactif.ledger.operations import (
    CANCEL,
    DONE,
    INTENDED,
    NOT_DONE,
    REFUND,
    REFUSED,
    UNCLEAR,
    VALIDATE,
    Operation,
    intend,
    operations_on,
    settle,
)
from sogenactif.protocols.office import FOUND
from sogenactif.reconciliation import BankState, office_client_for, query

# States at the bank in which money is cancelled, refunded, validated.
BEFORE_CAPTURE = ("TO_AUTHORIZE", "WAITING_AUTHOR", "TO_CAPTURE", "TO_VALIDATE", "TO_REPLAY")
AFTER_CAPTURE = ("CAPTURED", "TO_CREDIT", "CREDITED")
TO_VALIDATE = ("TO_VALIDATE", "TO_REPLAY")
PENDING_AT_BANK = "60"
# How long an operation without an answer may still be in progress.
IN_FLIGHT = timedelta(seconds=60)


class Prepared(NamedTuple):
    """Hold an operation that may be sent: the state it was made for, what it is, and its amount.

    ``earlier`` are the operations without a known result that the bank's state has resolved. ``done`` is
    the one of them that is wanted: then nothing is left to send.
    """

    state: BankState
    operation: str
    amount: int
    left: int
    earlier: list[Operation]
    done: Operation | None

    def __repr__(self) -> str:
        return f"<Prepared {self.operation} {self.amount}>"


@contextmanager
def transaction_lock(ledger: Ledger, transaction: Transaction) -> Iterator[None]:
    """Lock a transaction during an operation; raise OperationRefused if another process has the lock."""
    # Negated: the ID itself is locked to notify the shop of the outcome.
    with ledger.database.try_lock(-transaction.id) as is_locked:
        if not is_locked:
            raise OperationRefused("under_way")
        yield


def prepare(
    ledger: Ledger,
    pathfile: Pathfile,
    transaction: Transaction,
    amount: int | None,
    validating: bool = False,
    again: bool = False,
) -> Prepared:
    """Query the state of a transaction and return the operation that gives money back, or validates.

    ``amount`` is None for all that is left. To be called within ``transaction_lock``. An earlier operation without an
    answer is resolved first: by the bank's state, or with ``again`` it is left unclear.
    Raises OperationRefused if it isn't possible, OfficeError if the state isn't known, ConfigurationError,
    LedgerError and JournalError.
    """
    state = query(ledger, pathfile, transaction)
    if not state.is_known:
        raise OperationRefused("bank", state.code)
    # Of a payment in instalments the bank has the first part, whose amount is its own.
    is_part = transaction.fields.get("capture_mode") == "PAYMENT_N" and state.differs == "amount"
    if state.differs and not is_part:
        raise OperationRefused("differs", field=state.differs)
    if state.currency_code.zfill(3) != transaction.fields["currency_code"].zfill(3):
        raise OperationRefused("currency")
    if state.current is None or state.left is None:
        raise OfficeError("the answer has no currentAmount", sent=True)
    earlier = [
        _resolve(ledger, operation, state, state.current, again)
        for operation in operations_on(ledger, transaction)
        if operation.state == INTENDED
    ]
    done = [
        operation
        for operation in earlier
        if operation.state == DONE and (operation.operation == VALIDATE) == validating
    ]
    left = state.current if state.status in BEFORE_CAPTURE else state.left
    wants_all = amount is None and (left == 0 or validating)
    same = next((operation for operation in reversed(done) if wants_all or operation.amount == amount), None)
    if same:
        return Prepared(state, same.operation, same.amount, left, earlier, same)
    operation = _operation_for(state.status, validating)
    wanted = left if amount is None else amount
    if left == 0:
        raise OperationRefused("nothing_left")
    if not 0 < wanted <= left:
        raise OperationRefused("too_much", wanted=wanted, left=left)
    return Prepared(state, operation, wanted, left, earlier, None)


def send(ledger: Ledger, pathfile: Pathfile, transaction: Transaction, prepared: Prepared) -> Operation:
    """Send a prepared operation, its intent recorded before; return it once it is done.

    Raises OperationRefused if the bank refused it or the intent can't be recorded, OfficeError if its result isn't
    known or (not ``sent``) nothing was sent, ConfigurationError, LedgerError and JournalError.
    """
    client = office_client_for(pathfile, transaction)
    state, amount = prepared.state, prepared.amount
    assert state.current is not None
    try:
        intent = intend(ledger, transaction, prepared.operation, amount, state.current, state.status)
    except (LedgerError, JournalError) as error:
        raise OperationRefused("unrecorded", error=error) from error
    currency = state.currency_code
    try:
        answer = client.operate(prepared.operation, state.identifier, amount, currency)
        if answer.code in ("", PENDING_AT_BANK):
            raise OfficeError(f"no result, code {answer.code or 'none'}", sent=True)
    except OfficeError as error:
        settle(ledger, intent, INTENDED if error.sent else NOT_DONE, str(error))
        raise
    if answer.code != FOUND:
        settle(ledger, intent, REFUSED, answer.code)
        raise OperationRefused("bank", answer.code)
    return settle(ledger, intent, DONE, answer.code)


def _operation_for(status: str, validating: bool) -> str:
    if validating:
        if status in TO_VALIDATE:
            return VALIDATE
    elif status in BEFORE_CAPTURE:
        return CANCEL
    elif status in AFTER_CAPTURE:
        return REFUND
    raise OperationRefused("state", status=status or "unknown")


def _resolve(ledger: Ledger, operation: Operation, state: BankState, current: int, again: bool) -> Operation:
    """Return an operation without a known result as the bank's state shows it. Raises OfficeError if that doesn't."""
    before = int(operation["before"])
    if operation.operation == VALIDATE:
        is_done = state.status not in TO_VALIDATE and current == operation.amount
        is_undone = state.status in TO_VALIDATE and current == before
    else:
        is_done, is_undone = current == before - operation.amount, current == before
    if is_done:
        return settle(ledger, operation, DONE, "the state of the bank")
    age = datetime.now(timezone.utc) - datetime.fromisoformat(operation.made)
    if age < IN_FLIGHT:
        raise OfficeError("an earlier operation may still be in progress: wait a minute", sent=False)
    if is_undone:
        return settle(ledger, operation, NOT_DONE, "the state of the bank")
    if again:
        return settle(ledger, operation, UNCLEAR)
    raise OfficeError(
        f"it is not clear whether an earlier {operation.operation} of {operation.amount} was done: "
        "compare with the bank's back office, then --again",
        sent=False,
    )
