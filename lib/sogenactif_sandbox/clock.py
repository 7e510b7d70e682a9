"""The server's clock: the bank's day is the day in Paris."""

from datetime import datetime, timezone

from sogenactif.dates import PARIS

UTC_FORMAT = "%Y-%m-%d %H:%M:%S UTC"


def now() -> datetime:
    """Return the current time in Paris."""
    return datetime.now(PARIS)


def utc(moment: datetime) -> str:
    """Return a moment as the receipt and the console show it: ``2026-11-23 09:31:00 UTC``."""
    return moment.astimezone(timezone.utc).strftime(UTC_FORMAT)
