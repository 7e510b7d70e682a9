"""The schedule of a payment in instalments."""

from datetime import date

import pytest

from sogenactif.fields import is_digits
from sogenactif.instalments import Instalment, WrongSchedule, read_due_dates, schedule

TODAY = date(2026, 11, 23)


def plan(amount: int, data: str, first_after: int = 0, today: date = TODAY) -> list[tuple[str, int]]:
    return [(part.day.isoformat(), part.amount) for part in schedule(amount, data, first_after, today)]


def test_schedule_equals_the_documented_example_of_three_instalments() -> None:
    assert schedule(65000, "NB_PAYMENT=3;PERIOD=30;INITIAL_AMOUNT=15000", 5, date(2010, 6, 15)) == (
        Instalment(date(2010, 6, 20), 15000),
        Instalment(date(2010, 7, 20), 25000),
        Instalment(date(2010, 8, 19), 25000),
    )


@pytest.mark.parametrize(
    ("amount", "data", "first_after", "expected"),
    [
        (
            1000,
            "NB_PAYMENT=4;PERIOD=7;INITIAL_AMOUNT=300",
            0,
            [("2026-11-23", 300), ("2026-11-30", 233), ("2026-12-07", 233), ("2026-12-14", 234)],
        ),
        (
            1001,
            "NB_PAYMENT=4;PERIOD=7;INITIAL_AMOUNT=300",
            1,
            [("2026-11-24", 300), ("2026-12-01", 233), ("2026-12-08", 233), ("2026-12-15", 235)],
        ),
        (100, "NB_PAYMENT=2;PERIOD=1;INITIAL_AMOUNT=1", 0, [("2026-11-23", 1), ("2026-11-24", 99)]),
        (100, "NB_PAYMENT=2;PERIOD=90;INITIAL_AMOUNT=99", 0, [("2026-11-23", 99), ("2027-02-21", 1)]),
        (
            102,
            "NB_PAYMENT=3;PERIOD=45;INITIAL_AMOUNT=100",
            0,
            [("2026-11-23", 100), ("2027-01-07", 1), ("2027-02-21", 1)],
        ),
        (100, "NB_PAYMENT=2;PERIOD=1;INITIAL_AMOUNT=50", 99, [("2027-03-02", 50), ("2027-03-03", 50)]),
        (
            999_999_999_999,
            "NB_PAYMENT=2;PERIOD=1;INITIAL_AMOUNT=999999999998",
            0,
            [("2026-11-23", 999_999_999_998), ("2026-11-24", 1)],
        ),
    ],
)
def test_last_instalment_takes_the_remainder(
    amount: int, data: str, first_after: int, expected: list[tuple[str, int]]
) -> None:
    assert plan(amount, data, first_after) == expected


@pytest.mark.parametrize(
    "data",
    [
        "INITIAL_AMOUNT=50;PERIOD=1;NB_PAYMENT=2",
        "NO_RESPONSE_PAGE;NB_PAYMENT=2;PERIOD=1;INITIAL_AMOUNT=50;CARD_NO_LOGO=1;",
        "NB_PAYMENT=002;PERIOD=01;INITIAL_AMOUNT=000000000050",
        "NB_PAYMENT=9;NB_PAYMENT=2;PERIOD=1;INITIAL_AMOUNT=50",
    ],
)
def test_options_may_come_in_any_order_and_the_last_of_a_name_is_used(data: str) -> None:
    assert plan(100, data) == [("2026-11-23", 50), ("2026-11-24", 50)]


@pytest.mark.parametrize(
    ("amount", "data"),
    [
        (100, ""),
        (100, "NB_PAYMENT"),
        (100, "PERIOD=1;INITIAL_AMOUNT=50"),
        (100, "NB_PAYMENT=2;INITIAL_AMOUNT=50"),
        (100, "NB_PAYMENT=2;PERIOD=1"),
        (100, "nb_payment=2;PERIOD=1;INITIAL_AMOUNT=50"),
        (100, "NB_PAYMENT=;PERIOD=1;INITIAL_AMOUNT=50"),
        (100, "NB_PAYMENT=two;PERIOD=1;INITIAL_AMOUNT=50"),
        (100, "NB_PAYMENT=-2;PERIOD=1;INITIAL_AMOUNT=50"),
        (100, "NB_PAYMENT= 2;PERIOD=1;INITIAL_AMOUNT=50"),
        (100, "NB_PAYMENT=2;PERIOD=1.5;INITIAL_AMOUNT=50"),
        (100, "NB_PAYMENT=2;PERIOD=1;INITIAL_AMOUNT=5=0"),
        (100, "NB_PAYMENT=٢;PERIOD=1;INITIAL_AMOUNT=50"),
        (100, "NB_PAYMENT=2;PERIOD=1;INITIAL_AMOUNT=0000000000050"),
        (100, "NB_PAYMENT=" + "9" * 5000 + ";PERIOD=1;INITIAL_AMOUNT=50"),
        (100, "NB_PAYMENT=1;PERIOD=1;INITIAL_AMOUNT=50"),
        (100, "NB_PAYMENT=1;PERIOD=1;INITIAL_AMOUNT=100"),
        (100, "NB_PAYMENT=0;PERIOD=1;INITIAL_AMOUNT=50"),
        (100, "NB_PAYMENT=2;PERIOD=0;INITIAL_AMOUNT=50"),
        (100, "NB_PAYMENT=2;PERIOD=91;INITIAL_AMOUNT=50"),
        (1000, "NB_PAYMENT=4;PERIOD=31;INITIAL_AMOUNT=50"),
        (100, "NB_PAYMENT=2;PERIOD=1;INITIAL_AMOUNT=0"),
        (100, "NB_PAYMENT=2;PERIOD=1;INITIAL_AMOUNT=100"),
        (100, "NB_PAYMENT=2;PERIOD=1;INITIAL_AMOUNT=101"),
        (101, "NB_PAYMENT=3;PERIOD=1;INITIAL_AMOUNT=100"),
    ],
)
def test_invalid_schedule_is_rejected(amount: int, data: str) -> None:
    with pytest.raises(WrongSchedule):
        plan(amount, data)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", True),
        ("0123456789", True),
        ("", False),
        ("-1", False),
        ("1 ", False),
        ("²", False),
        ("٣", False),
    ],
)
def test_digits_are_ascii_only(text: str, expected: bool) -> None:
    assert is_digits(text) is expected


@pytest.mark.parametrize("name", ["PAYMENT_DUE_DATES", "PAYMENT_DUE_DATE"])
def test_schedule_of_a_response_is_read_under_either_name(name: str) -> None:
    """Both names occur, and the last option counts."""
    parts = (Instalment(date(2026, 12, 1), 450), Instalment(date(2026, 12, 31), 800))
    for data in (f"{name}=20261201/450,20261231/800", f"{name}=x/y;a=b;{name}=20261201/450,20261231/800"):
        assert read_due_dates(data) == parts
    assert read_due_dates("NB_PAYMENT=2;PERIOD=30") == ()
