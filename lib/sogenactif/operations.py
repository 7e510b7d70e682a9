"""Query transactions of the ledger at the bank's Office server, give money back, and record what it seals.

An answer to a query that isn't sealed, or is about something else, changes nothing. Days are those of Paris,
amounts are in the smallest unit of the currency. Source: docs/refunds.md.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone

from sogenactif.addresses import is_local
from sogenactif.configuration import PAYPAGE, Pathfile
from sogenactif.dates import PARIS, read_day
from sogenactif.errors import (
    JournalError,
    LedgerError,
    MessageError,
    OfficeError,
    OperationRefused,
    PathfileError,
    SecretError,
    TransactionError,
)
from sogenactif.fields import is_digits
from sogenactif.ledger.history import Transaction, first_original
from sogenactif.ledger.ledger import Ledger
from sogenactif.ledger.matching import Match, differing
from sogenactif.ledger.refunds import (
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
    operations,
    settle,
)
from sogenactif.payment import PaymentResponse, checked_response
from sogenactif.protocols import TOKEN, secrets_of
from sogenactif.protocols.office import (
    FOUND,
    UNKNOWN_TRANSACTION,
    Answer,
    Office,
    by_number,
    by_reference,
    opened,
)
from sogenactif.protocols.paypage import key_path, read_key

SOURCE = "office"
# How long a customer has to pay.
SESSION = timedelta(minutes=16)
# States at the bank in which money is cancelled, refunded, validated.
BEFORE_CAPTURE = ("TO_AUTHORIZE", "WAITING_AUTHOR", "TO_CAPTURE", "TO_VALIDATE", "TO_REPLAY")
AFTER_CAPTURE = ("CAPTURED", "TO_CREDIT", "CREDITED")
TO_VALIDATE = ("TO_VALIDATE", "TO_REPLAY")
PENDING_AT_BANK = "60"
# How long an operation without an answer may still be on its way.
ON_ITS_WAY = timedelta(seconds=60)
# Consecutive queries without an answer after which no more are sent.
MOST_FAILURES = 3


class Standing:
    """Hold the state of a transaction at the bank, as it was sealed.

    ``code`` is the result of the query: 00 if the bank knows the transaction, 25 if not. ``status`` is the
    state in the bank's words. ``origin``, ``current`` (after what was cancelled and refunded) and ``left``
    (to validate or refund) are amounts, None if the answer has none. ``response`` is the payment
    response that the answer makes, None if it has no responseCode of the transaction. ``differs`` is the first field
    in which the bank's transaction isn't the one requested, empty if it is.
    """

    def __init__(
        self,
        answer: Answer,
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
        return f"<Standing {self.code} {self.status}>"

    @property
    def is_unknown(self) -> bool:
        """Return whether the bank has no such transaction."""
        return self.code == UNKNOWN_TRANSACTION

    @property
    def is_known(self) -> bool:
        """Return whether the bank knows the transaction."""
        return self.code == FOUND


class Finding:
    """Hold what ``reconcile`` found of one request.

    ``kind`` is recorded, with its ``match``; never_begun; waiting (unknown to the bank, and the customer may still
    pay); contradictory, with the field that differs in ``why``; no_code; refused, with the bank's code in
    ``why``; or failed, with the error in ``why``.
    """

    def __init__(
        self, transaction: Transaction, kind: str, why: str = "", match: Match | None = None
    ) -> None:
        self.transaction = transaction
        self.kind = kind
        self.why = why
        self.match = match

    def __repr__(self) -> str:
        return f"<Finding {self.transaction.reference} {self.kind}>"

    @property
    def is_open(self) -> bool:
        """Return whether the outcome of a payment that may have been made is still not known."""
        return self.kind not in ("recorded", "never_begun")


def office_of(pathfile: Pathfile, transaction: Transaction) -> Office:
    """Return the client of the Office server that knows a transaction.

    Raises TransactionError for one of Sips 1.0, PathfileError without an OFFICE_URL, KeyMissing and KeyUnusable.
    """
    protocol = transaction.protocol or pathfile.protocol
    if protocol != PAYPAGE:
        raise TransactionError(
            f"{transaction.reference} is of Sips 1.0, which has no such server", sent=False
        )
    return office(pathfile, transaction.fields["merchant_id"])


def office(pathfile: Pathfile, merchant_id: str) -> Office:
    """Return the client of a merchant's Office server. Raises PathfileError, KeyMissing and KeyUnusable."""
    if not pathfile.office_url:
        raise PathfileError("no key word OFFICE_URL, the address of the bank's Office server")
    if not pathfile.office_url.startswith("https:") and not is_local(pathfile.office_url):
        raise PathfileError("OFFICE_URL is not an https address", pathfile.lines.get("OFFICE_URL", 0))
    keys = [key for key, _ in secrets_of(lambda old: read_key(key_path(pathfile, merchant_id, old)))]
    return Office(pathfile.office_url, merchant_id, pathfile.paypage.key_version, keys)


def query(ledger: Ledger, pathfile: Pathfile, transaction: Transaction) -> Standing:
    """Return the state of a transaction at the bank.

    Raises TransactionError if its number there is not known, OfficeError, ConfigurationError and LedgerError.
    """
    client = office_of(pathfile, transaction)
    if TOKEN.match(transaction.transaction_reference):
        return _standing(client, transaction, _assigned(ledger, transaction))
    if transaction.transaction_reference:
        return _standing(client, transaction, by_reference(transaction.transaction_reference))
    day, _, number = transaction.reference.partition("-")
    standing = _standing(client, transaction, by_number(number, day))
    next_day = read_day(day) + timedelta(days=1)
    if standing.is_unknown and next_day <= datetime.now(PARIS).date():
        # The bank counts the day of arrival, and a page may stay open over midnight. The number of the next day is
        # normally another request's: only an answer about this one counts.
        later = _standing(client, transaction, by_number(number, f"{next_day:%Y%m%d}"))
        if later.is_known and not later.differs:
            return later
    return standing


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
) -> Iterator[Finding]:
    """Query requests without an outcome, record each sealed outcome, and yield what was found of each.

    A merchant without a usable key, and a transaction that can't be asked about, keep no others back. Raises
    OfficeError once the server can't be reached or does not answer, ConfigurationError, and LedgerError.
    """
    failures = 0
    for transaction in transactions:
        try:
            standing = query(ledger, pathfile, transaction)
            failures = 0
        except (TransactionError, SecretError) as error:
            yield Finding(transaction, "failed", str(error))
            continue
        except OfficeError as error:
            failures += 1
            if not error.sent or failures == MOST_FAILURES:
                raise
            yield Finding(transaction, "failed", str(error))
            continue
        yield _reconciled(ledger, transaction, standing, now)


def _reconciled(ledger: Ledger, transaction: Transaction, standing: Standing, now: datetime) -> Finding:
    if standing.is_unknown:
        # No outcome: a wrong day would be answered in the same way.
        over = now - datetime.fromisoformat(transaction.made) > SESSION
        return Finding(transaction, "never_begun" if over else "waiting")
    if not standing.is_known:
        return Finding(transaction, "refused", standing.code)
    response = standing.response
    if response is None:
        return Finding(transaction, "no_code")
    if standing.differs:
        return Finding(transaction, "contradictory", standing.differs)
    if response.outcome == transaction.state:
        # Still pending.
        return Finding(transaction, "waiting")
    match = ledger.receive(response, SOURCE)
    if not match.is_recorded:
        return Finding(transaction, "failed", match.why)
    if match.request_id != transaction.id or not match.is_trusted:
        return Finding(transaction, "contradictory", match.why or "transaction")
    return Finding(transaction, "recorded", match=match)


def _standing(client: Office, transaction: Transaction, identifier: Mapping[str, object]) -> Standing:
    """Query a transaction. Raises TransactionError if the answer is about another, or malformed, and OfficeError."""
    answer = client.query(identifier)
    if answer.code != FOUND:
        return Standing(answer, None, identifier)
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
    return Standing(answer, response, identifier, differing(described, transaction.fields))


def _amount(answer: Answer, name: str) -> int | None:
    """Return an amount of an answer, None if it has none. Raises TransactionError."""
    text = answer[name]
    if not text and name not in answer.fields:
        return None
    if not is_digits(text) or len(text) > 12:
        raise TransactionError(f"{name} is not an amount", sent=True)
    return int(text)


class Prepared:
    """Hold an operation that may be sent: the state it was made for, what it is, and its amount.

    ``earlier`` are the operations whose result was not known and the bank's state has cleared up. ``done`` is
    the one of them that is wanted: then nothing is left to send.
    """

    def __init__(
        self,
        standing: Standing,
        operation: str,
        amount: int,
        left: int,
        earlier: list[Operation],
        done: Operation | None,
    ) -> None:
        self.standing = standing
        self.operation = operation
        self.amount = amount
        self.left = left
        self.earlier = earlier
        self.done = done

    def __repr__(self) -> str:
        return f"<Prepared {self.operation} {self.amount}>"


@contextmanager
def one_at_a_time(ledger: Ledger, transaction: Transaction) -> Iterator[None]:
    """Hold a transaction while it is operated on; raise OperationRefused if another process holds it."""
    # The ID itself is claimed by who notifies the shop of the outcome.
    with ledger.database.claim(-transaction.id) as is_claimed:
        if not is_claimed:
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

    ``amount`` is None for all that is left. To be called within ``one_at_a_time``. An earlier operation without an
    answer is cleared up first: by the bank's state, or with ``again`` it is left unclear.
    Raises OperationRefused if it isn't possible, OfficeError if the state isn't known, ConfigurationError,
    LedgerError and JournalError.
    """
    standing = query(ledger, pathfile, transaction)
    if not standing.is_known:
        raise OperationRefused("bank", standing.code)
    # Of a payment in several times the bank has the first part, whose amount is its own.
    is_part = transaction.fields.get("capture_mode") == "PAYMENT_N" and standing.differs == "amount"
    if standing.differs and not is_part:
        raise OperationRefused("differs", field=standing.differs)
    if standing.currency_code.zfill(3) != transaction.fields["currency_code"].zfill(3):
        raise OperationRefused("currency")
    if standing.current is None or standing.left is None:
        raise OfficeError("the answer has no currentAmount", sent=True)
    earlier = [
        _cleared_up(ledger, operation, standing, standing.current, again)
        for operation in operations(ledger, transaction)
        if operation.state == INTENDED
    ]
    done = [
        operation
        for operation in earlier
        if operation.state == DONE and (operation.operation == VALIDATE) == validating
    ]
    left = standing.current if standing.status in BEFORE_CAPTURE else standing.left
    wants_all = amount is None and (left == 0 or validating)
    same = next((operation for operation in reversed(done) if wants_all or operation.amount == amount), None)
    if same:
        return Prepared(standing, same.operation, same.amount, left, earlier, same)
    operation = _possible(standing.status, validating)
    wanted = left if amount is None else amount
    if left == 0:
        raise OperationRefused("nothing_left")
    if not 0 < wanted <= left:
        raise OperationRefused("too_much", wanted=wanted, left=left)
    return Prepared(standing, operation, wanted, left, earlier, None)


def send(ledger: Ledger, pathfile: Pathfile, transaction: Transaction, prepared: Prepared) -> Operation:
    """Send a prepared operation, its intent recorded before; return it once it is done.

    Raises OperationRefused if the bank refused it or the intent can't be recorded, OfficeError if its result isn't
    known or (not ``sent``) nothing was sent, ConfigurationError, LedgerError and JournalError.
    """
    client = office_of(pathfile, transaction)
    standing, amount = prepared.standing, prepared.amount
    assert standing.current is not None
    try:
        intent = intend(ledger, transaction, prepared.operation, amount, standing.current, standing.status)
    except (LedgerError, JournalError) as error:
        raise OperationRefused("unrecorded", error=error) from error
    currency = standing.currency_code
    try:
        answer = client.operate(prepared.operation, standing.identifier, amount, currency)
        if answer.code in ("", PENDING_AT_BANK):
            raise OfficeError(f"no result, code {answer.code or 'none'}", sent=True)
    except OfficeError as error:
        settle(ledger, intent, INTENDED if error.sent else NOT_DONE, str(error))
        raise
    if answer.code != FOUND:
        settle(ledger, intent, REFUSED, answer.code)
        raise OperationRefused("bank", answer.code)
    return settle(ledger, intent, DONE, answer.code)


def _possible(status: str, validating: bool) -> str:
    if validating:
        if status in TO_VALIDATE:
            return VALIDATE
    elif status in BEFORE_CAPTURE:
        return CANCEL
    elif status in AFTER_CAPTURE:
        return REFUND
    raise OperationRefused("state", status=status or "unknown")


def _cleared_up(
    ledger: Ledger, operation: Operation, standing: Standing, current: int, again: bool
) -> Operation:
    """Return an operation without a known result as the bank's state shows it. Raises OfficeError if that doesn't."""
    before = int(operation["before"])
    if operation.operation == VALIDATE:
        is_done = standing.status not in TO_VALIDATE and current == operation.amount
        is_undone = standing.status in TO_VALIDATE and current == before
    else:
        is_done, is_undone = current == before - operation.amount, current == before
    if is_done:
        return settle(ledger, operation, DONE, "the state of the bank")
    age = datetime.now(timezone.utc) - datetime.fromisoformat(operation.made)
    if age < ON_ITS_WAY:
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
