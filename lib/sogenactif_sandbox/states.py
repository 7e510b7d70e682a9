"""States of a transaction's payments, in the words of the bank's own console.

Source: docs/payment-server.md, Capture.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sogenactif.instalments import Instalment, read_due_dates
from sogenactif_sandbox.rules import (
    ACCEPTED,
    CALL_THE_BANK,
    CANCELLED,
    LAST_CAPTURE_DAY_3D,
)

CANCEL, REFUND, VALIDATE = "cancel", "refund", "validate"
CANCELLABLE = ("TO_CAPTURE", "TO_VALIDATE", "WAITING_AUTHOR", "TO_REPLAY")
VALIDATABLE = ("TO_VALIDATE", "TO_REPLAY")
REFUNDABLE = ("CAPTURED",)
# The names of operations in an answer.
NAMES = {CANCEL: "CANCEL", REFUND: "CREDIT", VALIDATE: "VALIDATE"}
# The days for which an authorisation is valid; a later capture needs another one.
AUTHORISED_FOR = LAST_CAPTURE_DAY_3D


def payments(response: Mapping[str, str]) -> list[tuple[Instalment, str]]:
    """Return the payments of a response with their states on the day of authorisation; none without a response."""
    code = response.get("response_code", "")
    if not code:
        return []
    paid = response["payment_date"]
    today = date(int(paid[:4]), int(paid[4:6]), int(paid[6:]))
    after = int(response["capture_day"])
    whole = Instalment(today + timedelta(days=after), int(response["amount"]))
    if code != ACCEPTED:
        return [(whole, {CALL_THE_BANK: "REFERRAL", CANCELLED: "CANCELLED"}.get(code, "REFUSED"))]
    mode = response["capture_mode"]
    if mode == "IMMEDIATE":
        return [(Instalment(today, whole.amount), "CAPTURED")]
    if mode == "VALIDATION":
        return [(whole, "TO_VALIDATE" if after <= AUTHORISED_FOR else "TO_REPLAY")]
    if mode == "PAYMENT_N":
        first, *later = read_due_dates(response["data"])
        return [(first, "TO_CAPTURE"), *((part, "WAITING_AUTHOR") for part in later)]
    return [(whole, "TO_CAPTURE" if after <= AUTHORISED_FOR else "WAITING_AUTHOR")]


@dataclass(frozen=True)
class Operation:
    """Hold an amount (smallest unit of the currency) that was cancelled, refunded or validated at a moment in Paris."""

    moment: datetime
    name: str
    amount: int


@dataclass(frozen=True)
class PaymentState:
    """Hold the state of a payment, its amounts in the smallest unit of the currency, and its last operation."""

    status: str
    origin: int
    current: int
    last_operation: str
    last_moment: datetime | None

    def allows(self, operation: str, amount: int) -> str:
        """Return the code that an operation would be answered with: 00 if it is possible."""
        states = {CANCEL: CANCELLABLE, REFUND: REFUNDABLE, VALIDATE: VALIDATABLE}[operation]
        if self.status not in states:
            return "24"
        return "00" if 0 < amount <= self.current else "51"


def payment_state(
    response: Mapping[str, str], operations: Iterable[Operation], now: datetime
) -> PaymentState | None:
    """Return the state of the first payment of a response at a moment in Paris; None without a response."""
    parts = payments(response)
    if not parts:
        return None
    part, status = parts[0]
    capture, current = part.day, part.amount
    last_name, last_moment = "AUTHOR", None
    refunded: date | None = None
    for operation in [*operations, None]:
        today = operation.moment.date() if operation else now.date()
        if status in VALIDATABLE and today > capture:
            status, last_name = "EXPIRED", "EXPIRED"
        elif status in ("TO_CAPTURE", "WAITING_AUTHOR") and today > capture:
            status, last_name = "CAPTURED", "DEBIT_CAPTURE"
        if refunded and status == "TO_CREDIT" and today > refunded:
            status, last_name = "CREDITED", "CREDIT_CAPTURE"
        if not operation:
            break
        last_name, last_moment = NAMES[operation.name], operation.moment
        if operation.name == VALIDATE:
            status, current, capture = "TO_CAPTURE", operation.amount, today
            continue
        current -= operation.amount
        if current == 0 and operation.name == CANCEL:
            status = "CANCELLED"
        elif current == 0:
            status, refunded = "TO_CREDIT", today
    return PaymentState(status, part.amount, current, last_name, last_moment)
