"""Days in Paris, and what spells a moment or a day."""

import time
from datetime import date

import pytest

from sogenactif import dates
from sogenactif.dates import day_in_paris, format_day, is_moment, read_day, today


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("20261123120000", "20261123"),
        ("20261123225959", "20261123"),
        ("20261123230000", "20261124"),
        ("20260723215959", "20260723"),
        ("20260723220000", "20260724"),
        ("20260329005959", "20260329"),
        ("20260328225959", "20260328"),
        ("20260328230000", "20260329"),
        ("20261024215959", "20261024"),
        ("20261024220000", "20261025"),
        ("20261025225959", "20261025"),
        ("20261025230000", "20261026"),
        ("20261231225959", "20261231"),
        ("20261231230000", "20270101"),
        ("20280228230000", "20280229"),
    ],
)
def test_day_in_paris_begins_one_or_two_hours_before_the_day_in_utc(moment: str, day: str) -> None:
    assert day_in_paris(moment) == day


@pytest.mark.parametrize("moment", ["", "20261123", "20261123240000", "20260230120000", "2026112312000x"])
def test_invalid_timestamp_is_rejected(moment: str) -> None:
    with pytest.raises(ValueError, match=f"^{moment}$"):
        day_in_paris(moment)


DAYS = {1: 31, 2: 28, 3: 31, 4: 30, 5: 31, 6: 30, 7: 31, 8: 31, 9: 30, 10: 31, 11: 30, 12: 31}


@pytest.mark.parametrize(("month", "days"), DAYS.items())
def test_each_month_has_its_number_of_days(month: int, days: int) -> None:
    assert [is_moment(f"2026{month:02}{day:02}120000") for day in range(40)] == [
        1 <= day <= days for day in range(40)
    ]


@pytest.mark.parametrize(
    ("year", "leap"),
    [
        ("2028", True),
        ("2026", False),
        ("2027", False),
        ("2000", True),
        ("2100", False),
        ("1900", False),
        ("2400", True),
    ],
)
def test_february_29_is_valid_in_leap_years_only(year: str, leap: bool) -> None:
    assert is_moment(f"{year}0229120000") is leap
    assert is_moment(f"{year}0228120000")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("00010101000000", True),
        ("00000101000000", False),
        ("99981231235959", True),
        ("99990101000000", False),
        ("20260001000000", False),
        ("20261301000000", False),
        ("20261123000000", True),
        ("20261123235959", True),
        ("20261123240000", False),
        ("20261123236000", False),
        ("20261123235960", False),
        ("2026112323595", False),
        ("202611232359590", False),
        ("2026-11-23 120", False),
        ("20261123 20000", False),
        ("٢0261123120000", False),
        ("²0261123120000", False),
    ],
)
def test_timestamp_has_14_digits_and_a_year_before_9999(text: str, expected: bool) -> None:
    assert is_moment(text) is expected


@pytest.mark.parametrize(
    ("text", "day"),
    [("20261123", date(2026, 11, 23)), ("20280229", date(2028, 2, 29)), ("00010101", date(1, 1, 1))],
)
def test_day_has_8_digits(text: str, day: date) -> None:
    assert read_day(text) == day


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026112",
        "202611230",
        "20261331",
        "20260229",
        "20261100",
        "00000101",
        "2026-1-1",
        "2026 1 1",
        "٢0261123",
        "²0261123",
    ],
)
def test_invalid_day_is_rejected(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        read_day(text)


def test_time_zone_of_paris_is_loaded_on_first_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(vars(dates), "PARIS", raising=False)
    assert dates.PARIS.key == "Europe/Paris"
    assert "PARIS" in vars(dates)
    with pytest.raises(AttributeError, match=r"^LONDON$"):
        dates.LONDON  # noqa: B018


@pytest.mark.parametrize(
    ("language", "written"),
    [
        ("fr", "1er août 2026"),
        ("en", "1 August 2026"),
        ("de", "1. August 2026"),
        ("es", "1 de agosto de 2026"),
        ("it", "1 agosto 2026"),
        ("zz", "1 August 2026"),
    ],
)
def test_day_is_formatted_in_the_language(language: str, written: str) -> None:
    assert format_day(date(2026, 8, 1), language) == written


def test_today_is_the_current_day_in_paris() -> None:
    before, current, after = (
        day_in_paris(time.strftime("%Y%m%d%H%M%S", time.gmtime())),
        today(),
        day_in_paris(time.strftime("%Y%m%d%H%M%S", time.gmtime())),
    )
    assert before <= current <= after
