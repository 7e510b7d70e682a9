"""Query transactions of the ledger at the bank's Office server, and record the outcomes that it seals.

An answer to a query that isn't sealed, or is about something else, changes nothing. Days are those of Paris,
amounts are in the smallest unit of the currency. Source: docs/refunds.md.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from sogenactif.addresses import is_in_clear
from sogenactif.configuration import PAYPAGE, Pathfile
from sogenactif.dates import read_day, today
from sogenactif.errors import (
    MessageError,
    OfficeError,
    PathfileError,
    SecretError,
    TransactionError,
)
from sogenactif.fields import is_digits
from sogenactif.ledger.history import Transaction, first_original
from sogenactif.ledger.ledger import Ledger
from sogenactif.ledger.matching import Match, first_differing_field
from sogenactif.payment import PaymentResponse, checked_response
from sogenactif.protocols import TOKEN, secrets_of
from sogenactif.protocols.office import (
    FOUND,
    UNKNOWN_TRANSACTION,
    Office,
    OfficeReply,
    by_number,
    by_reference,
    opened,
)
from sogenactif.protocols.paypage import key_path, read_key

SOURCE = "office"
# How long a customer has to pay.
SESSION = timedelta(minutes=16)
# Consecutive queries without an answer after which no more are sent.
MAX_FAILURES = 3


class BankState:
    """Hold the sealed state of a transaction at the bank; amounts are in the smallest unit of the currency.

    ``code`` is the result of the query: 00 if the bank knows the transaction, 25 if not. ``status`` is the
    state in the bank's words. ``origin``, ``current`` (after what was cancelled and refunded) and ``left``
    (to validate or refund) are amounts, None if the answer has none. ``response`` is the payment
    response that the answer makes, None if it has no responseCode of the transaction. ``differs`` is the first field
    in which the bank's transaction isn't the one requested, empty if it is.
    """

    def __init__(
        self,
        answer: OfficeReply,
        response: PaymentResponse | None,
        identifier: Mapping[str, object],
        differs: str = "",
    ) -> None:
        self.answer = answer
        self.identifier = identifier
        self.response = response
        self.differs = differs
        self.code = answer.code
        self.status = answer["transactionStatus"]
        self.currency_code = answer["currencyCode"]
        self.origin, self.current = _amount(answer, "originAmount"), _amount(answer, "currentAmount")
        left = _amount(answer, "remainingAmount")
        self.left = self.current if left is None else left

    def __repr__(self) -> str:
        return f"<BankState {self.code} {self.status}>"

    @property
    def is_unknown(self) -> bool:
        """Return whether the bank has no such transaction."""
        return self.code == UNKNOWN_TRANSACTION

    @property
    def is_known(self) -> bool:
        """Return whether the bank knows the transaction."""
        return self.code == FOUND


class ReconcileResult(NamedTuple):
    """Hold the result of ``reconcile`` for one request; ``why`` is a field, a code or an error.

    ``kind`` is recorded, with its ``match``; never_begun; waiting (unknown to the bank, and the customer may still
    pay); contradictory (``why`` is the field that differs); no_code; refused (the bank's code); or failed (the error).
    """

    transaction: Transaction
    kind: str
    why: str = ""
    match: Match | None = None

    def __repr__(self) -> str:
        return f"<ReconcileResult {self.transaction.reference} {self.kind}>"

    @property
    def is_open(self) -> bool:
        """Return whether the outcome of a payment that may have been made is still not known."""
        return self.kind not in ("recorded", "never_begun")


def office_client_for(pathfile: Pathfile, transaction: Transaction) -> Office:
    """Return the client of the Office server that knows a transaction.

    Raises TransactionError for one of Sips 1.0, PathfileError without an OFFICE_URL, KeyMissing and KeyUnusable.
    """
    protocol = transaction.protocol or pathfile.protocol
    if protocol != PAYPAGE:
        raise TransactionError(
            f"{transaction.reference} is of Sips 1.0, which has no such server", sent=False
        )
    return office_client(pathfile, transaction.fields["merchant_id"])


def office_client(pathfile: Pathfile, merchant_id: str) -> Office:
    """Return the client of a merchant's Office server. Raises PathfileError, KeyMissing and KeyUnusable."""
    if not pathfile.office_url:
        raise PathfileError("no key word OFFICE_URL, the address of the bank's Office server")
    # Only here: payments don't need it.
    if is_in_clear(pathfile.office_url):
        raise PathfileError("OFFICE_URL is not an https address", pathfile.lines.get("OFFICE_URL", 0))
    keys = [key for key, _ in secrets_of(lambda old: read_key(key_path(pathfile, merchant_id, old)))]
    return Office(pathfile.office_url, merchant_id, pathfile.paypage.key_version, keys)


def query(ledger: Ledger, pathfile: Pathfile, transaction: Transaction) -> BankState:
    """Return the state of a transaction at the bank.

    Raises TransactionError if its number there is not known, OfficeError, ConfigurationError and LedgerError.
    """
    client = office_client_for(pathfile, transaction)
    if TOKEN.match(transaction.transaction_reference):
        return _bank_state(client, transaction, _assigned(ledger, transaction))
    if transaction.transaction_reference:
        return _bank_state(client, transaction, by_reference(transaction.transaction_reference))
    day, _, number = transaction.reference.partition("-")
    state = _bank_state(client, transaction, by_number(number, day))
    next_day = read_day(day) + timedelta(days=1)
    if state.is_unknown and f"{next_day:%Y%m%d}" <= today():
        # The bank counts the day of arrival, and a page may stay open over midnight. The number of the next day is
        # normally another request's: only an answer about this one counts.
        later = _bank_state(client, transaction, by_number(number, f"{next_day:%Y%m%d}"))
        if later.is_known and not later.differs:
            return later
    return state


def _assigned(ledger: Ledger, transaction: Transaction) -> dict[str, object]:
    """Return the identifier that the server assigned to a transaction, by a response. Raises TransactionError."""
    keys = first_original(ledger, transaction)
    number, day = keys.get("s10TransactionId", ""), keys.get("s10TransactionIdDate", "")
    reference = keys.get("transactionReference", "")
    # The reference of a shop whose server assigns transactionIds is made of them: it identifies nothing there.
    if reference and reference != f"{day}{number.zfill(6)}":
        return by_reference(reference)
    if not (number and day):
        raise TransactionError(
            f"the server assigned a number to {transaction.reference}, and no response has brought it yet",
            sent=False,
        )
    return by_number(number.zfill(6), day)


def reconcile(
    pathfile: Pathfile, ledger: Ledger, transactions: list[Transaction], now: datetime
) -> Iterator[ReconcileResult]:
    """Query requests without an outcome, record each sealed outcome, and yield the result for each.

    A merchant without a usable key, and a transaction that can't be asked about, don't stop the others. Raises
    OfficeError once the server can't be reached or does not answer, ConfigurationError, and LedgerError.
    """
    failures = 0
    for transaction in transactions:
        try:
            state = query(ledger, pathfile, transaction)
            failures = 0
        except (TransactionError, SecretError) as error:
            yield ReconcileResult(transaction, "failed", str(error))
            continue
        except OfficeError as error:
            failures += 1
            if not error.sent or failures == MAX_FAILURES:
                raise
            yield ReconcileResult(transaction, "failed", str(error))
            continue
        yield _reconciled(ledger, transaction, state, now)


def _reconciled(ledger: Ledger, transaction: Transaction, state: BankState, now: datetime) -> ReconcileResult:
    if state.is_unknown:
        # No outcome: a wrong day would be answered in the same way.
        over = now - datetime.fromisoformat(transaction.made) > SESSION
        return ReconcileResult(transaction, "never_begun" if over else "waiting")
    if not state.is_known:
        return ReconcileResult(transaction, "refused", state.code)
    response = state.response
    if response is None:
        return ReconcileResult(transaction, "no_code")
    if state.differs:
        return ReconcileResult(transaction, "contradictory", state.differs)
    if response.outcome == transaction.state:
        # Still pending.
        return ReconcileResult(transaction, "waiting")
    match = ledger.receive(response, SOURCE)
    if not match.is_recorded:
        return ReconcileResult(transaction, "failed", match.why)
    if match.request_id != transaction.id or not match.is_trusted:
        return ReconcileResult(transaction, "contradictory", match.why or "transaction")
    return ReconcileResult(transaction, "recorded", match=match)


def _bank_state(client: Office, transaction: Transaction, identifier: Mapping[str, object]) -> BankState:
    """Query a transaction. Raises TransactionError if the answer is about another, or malformed, and OfficeError."""
    answer = client.query(identifier)
    if answer.code != FOUND:
        return BankState(answer, None, identifier)
    if answer["merchantId"] not in ("", client.merchant_id):
        raise TransactionError("the answer is about another merchant", sent=True)
    number = answer.fields.get("s10TransactionReference")
    if isinstance(number, dict):
        number = {**number, "s10TransactionId": str(number.get("s10TransactionId")).zfill(6)}
    known = {"transactionReference": answer["transactionReference"], "s10TransactionReference": number}
    if any(known[name] != value for name, value in identifier.items()):
        raise TransactionError("the answer is about another transaction", sent=True)
    try:
        payment = opened(answer, client.merchant_id, transaction.transaction_reference)
        response = checked_response(payment) if answer.response_code else None
    except MessageError as error:
        raise TransactionError(f"the answer is malformed: {error}", sent=True) from error
    described = PaymentResponse(payment.fields, payment.original, payment.day, payment.protocol)
    return BankState(answer, response, identifier, first_differing_field(described, transaction.fields))


def _amount(answer: OfficeReply, name: str) -> int | None:
    """Return an amount of an answer, None if it has none. Raises TransactionError."""
    text = answer[name]
    if not text and name not in answer.fields:
        return None
    if not is_digits(text) or len(text) > 12:
        raise TransactionError(f"{name} is not an amount", sent=True)
    return int(text)
