"""The server's time: the bank's day is the day in Paris."""

from datetime import datetime, timezone
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")
UTC_FORMAT = "%Y-%m-%d %H:%M:%S UTC"


def now() -> datetime:
    """The moment, in Paris."""
    return datetime.now(PARIS)


def utc(moment: datetime) -> str:
    """A moment for the receipt and the console: ``2026-11-23 09:31:00 UTC``."""
    return moment.astimezone(timezone.utc).strftime(UTC_FORMAT)
