"""Days of a payment: those of Paris, where the bank is."""

from datetime import date, datetime, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")


@lru_cache(maxsize=64)
def day_in_paris(transmission_date: str) -> str:
    """The day (aaaammjj) of a moment in UTC (aaaammjjhhmmss). Raises ValueError and OverflowError."""
    numbers = (int(transmission_date[start : start + 2]) for start in range(4, 14, 2))
    month, day, hour, minute, second = numbers
    year = int(transmission_date[:4])
    moment = datetime(year, month, day, hour, minute, second, tzinfo=timezone.utc)
    return moment.astimezone(PARIS).strftime("%Y%m%d")


def read_day(text: str) -> date:
    """The day that aaaammjj spells. Raises ValueError."""
    if not (len(text) == 8 and text.isascii() and text.isdigit()):
        raise ValueError(text)
    return date(int(text[:4]), int(text[4:6]), int(text[6:]))
