"""The states of a transaction's payments, in the words of the bank's own console.

Source: docs/payment-server.md, Capture.
"""

from collections.abc import Mapping
from datetime import date, timedelta

from sogenactif.instalments import Instalment
from sogenactif_sandbox.rules import (
    ACCEPTED,
    CALL_THE_BANK,
    CANCELLED,
    LAST_CAPTURE_DAY_3D,
    read_due_dates,
)

# An authorisation holds for so many days; a payment that is captured later needs another.
AUTHORISED_FOR = LAST_CAPTURE_DAY_3D


def payments(response: Mapping[str, str]) -> list[tuple[Instalment, str]]:
    """Each payment that a response stands for, on the day of its authorisation; none before there is one."""
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
        first, *others = read_due_dates(response["data"])
        return [(first, "TO_CAPTURE"), *((part, "WAITING_AUTHOR") for part in others)]
    return [(whole, "TO_CAPTURE" if after <= AUTHORISED_FOR else "WAITING_AUTHOR")]
