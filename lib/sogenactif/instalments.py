"""Payment in instalments: the schedule that a request asks for.

Source: docs/payment-server.md, Capture.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import NamedTuple

from sogenactif.dates import read_day
from sogenactif.fields import is_digits

MAX_SCHEDULE_DAYS = 90
OPTIONS = ("NB_PAYMENT", "PERIOD", "INITIAL_AMOUNT")
# The option with which the server returns a schedule.
DUE_DATES = "PAYMENT_DUE_DATES"


class Instalment(NamedTuple):
    """Hold one part of a payment: its day, and its amount in the smallest unit of the currency."""

    day: date
    amount: int


class WrongSchedule(Exception):
    """Report a payment in instalments whose data, or card, exceeds the limits."""


def schedule(amount: int, data: str, first_after: int, today: date) -> tuple[Instalment, ...]:
    """Return the instalments of a PAYMENT_N, from ``NB_PAYMENT=n;PERIOD=days;INITIAL_AMOUNT=amount`` in data.

    ``first_after`` is the capture day of the first. The last takes the remainder of an equal division.
    Raises WrongSchedule.
    """
    options = dict(option.partition("=")[::2] for option in data.split(";"))
    values = [options.get(name, "") for name in OPTIONS]
    if not all(is_digits(value) and len(value) <= 12 for value in values):
        raise WrongSchedule
    count, period, initial = map(int, values)
    later = count - 1
    if later < 1 or period < 1 or later * period > MAX_SCHEDULE_DAYS:
        raise WrongSchedule
    part, remainder = divmod(amount - initial, later)
    if initial < 1 or part < 1:
        raise WrongSchedule
    amounts = [initial, *[part] * (later - 1), part + remainder]
    first = today + timedelta(days=first_after)
    return tuple(Instalment(first + timedelta(days=period * n), a) for n, a in enumerate(amounts))


def requested_instalments(fields: Mapping[str, str], day: date) -> tuple[Instalment, ...]:
    """Return the instalments that a request of a day asks for.

    Empty for a single payment, and for a schedule that the payment server would refuse. Without a capture_day the
    first is captured that day.
    """
    if fields.get("capture_mode") != "PAYMENT_N":
        return ()
    amount, first_after = fields.get("amount", ""), fields.get("capture_day") or "0"
    if not (is_digits(amount) and is_digits(first_after)):
        return ()
    try:
        return schedule(int(amount), fields.get("data", ""), int(first_after), day)
    except (OverflowError, WrongSchedule):
        return ()


def due_dates(instalments: tuple[Instalment, ...]) -> str:
    """Return a schedule as the field data returns it: ``aaaammjj/amount,…``."""
    return ",".join(f"{part.day:%Y%m%d}/{part.amount}" for part in instalments)


def read_due_dates(data: str) -> tuple[Instalment, ...]:
    """Return the schedule in the data of a response, empty without one. Raises ValueError if it is malformed."""
    for option in reversed(data.split(";")):  # the last is the server's
        name, _, value = option.partition("=")
        if name in (DUE_DATES, "PAYMENT_DUE_DATE"):
            pairs = (part.split("/") for part in value.split(","))
            return tuple(Instalment(read_day(day), int(amount)) for day, amount in pairs)
    return ()
