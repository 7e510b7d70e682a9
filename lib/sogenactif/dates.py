"""Days of a payment, in the time zone of Paris, and how a customer reads them.

datetime and zoneinfo are loaded on first use: a script without a ledger needs neither.
"""

from functools import lru_cache

from sogenactif.fields import is_digits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import date
    from zoneinfo import ZoneInfo

    PARIS: ZoneInfo

MONTHS = {
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
}
DATES = {"de": "{}. {} {}", "es": "{} de {} de {}"}
DAYS_OF_MONTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def __getattr__(name: str) -> object:
    if name != "PARIS":
        raise AttributeError(name)
    from zoneinfo import ZoneInfo

    globals()["PARIS"] = ZoneInfo("Europe/Paris")
    return globals()["PARIS"]


@lru_cache(maxsize=64)
def day_in_paris(moment: str) -> str:
    """Return the day (aaaammjj) in Paris of a moment in UTC (aaaammjjhhmmss). Raises ValueError."""
    if not is_moment(moment):
        raise ValueError(moment)
    from datetime import datetime, timezone

    from sogenactif.dates import PARIS

    month, day, hour, minute, second = (int(moment[start : start + 2]) for start in range(4, 14, 2))
    utc = datetime(int(moment[:4]), month, day, hour, minute, second, tzinfo=timezone.utc)
    return f"{utc.astimezone(PARIS):%Y%m%d}"


def today() -> str:
    """Return the current day in Paris, aaaammjj."""
    from datetime import datetime

    from sogenactif.dates import PARIS

    return datetime.now(PARIS).strftime("%Y%m%d")


def is_moment(text: str) -> bool:
    """Return whether a text is a moment, aaaammjjhhmmss, before the year 9999."""
    if not (len(text) == 14 and is_digits(text)):
        return False
    year, parts = int(text[:4]), [int(text[start : start + 2]) for start in range(4, 14, 2)]
    month, day, hour, minute, second = parts
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if not (0 < year < 9999 and 1 <= month <= 12 and hour < 24 and minute < 60 and second < 60):
        return False
    return 1 <= day <= DAYS_OF_MONTHS[month - 1] - (month == 2 and not leap)


def read_day(text: str) -> "date":
    """Return the day of a text, aaaammjj. Raises ValueError."""
    from datetime import date

    if not (len(text) == 8 and is_digits(text)):
        raise ValueError(text)
    return date(int(text[:4]), int(text[4:6]), int(text[6:]))


def format_day(day: "date", language: str) -> str:
    """Return a day as customers write it; ``language`` is that of HTML (fr en de es it), else English."""
    language = language if language in MONTHS else "en"
    number = "1er" if (language, day.day) == ("fr", 1) else str(day.day)
    month = MONTHS[language].split()[day.month - 1]
    return DATES.get(language, "{} {} {}").format(number, month, day.year)
