import pytest

from sogenactif.money import CURRENCIES, format_amount


@pytest.mark.parametrize(
    ("amount", "currency", "language", "shown"),
    [
        ("1250", "978", "fr", "12,50\u00a0€"),
        ("123456789", "978", "fr", "1\u202f234\u202f567,89\u00a0€"),
        ("010", "978", "en", "€0.10"),
        ("1250", "978", "de", "12,50\u00a0€"),
        ("125000", "978", "de", "1.250,00\u00a0€"),
        ("125000", "978", "es", "1.250,00\u00a0€"),
        ("125000", "756", "it", "1.250,00\u00a0CHF"),
        ("125000", "756", "en", "CHF\u00a01,250.00"),
        ("106", "392", "en", "¥106"),
        ("12500", "952", "fr", "12\u202f500\u00a0XOF"),
        ("1000", "36", "en", "AUD\u00a010.00"),
        ("1000", "985", "en", "PLN\u00a010.00"),
        ("1000", "344", "fr", "10,00\u00a0HKD"),
        ("1000", "788", "fr", "1,000\u00a0TND"),
        ("1005", "788", "fr", "1,005\u00a0TND"),
        ("1234567", "48", "en", "BHD\u00a01,234.567"),
        ("1000", "352", "en", "ISK\u00a01,000"),
        ("1250", "840", "en", "$12.50"),
        ("1250", "840", "fr", "12,50\u00a0$"),
        ("1250", "826", "en", "£12.50"),
    ],
)
def test_amount_is_formatted_in_the_notation_of_the_language(
    amount: str, currency: str, language: str, shown: str
) -> None:
    assert format_amount(amount, currency, language) == shown


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("0", "0,00"),
        ("9", "0,09"),
        ("99", "0,99"),
        ("100", "1,00"),
        ("99999", "999,99"),
        ("100000", "1\u202f000,00"),
        ("000001250", "12,50"),
        ("999999999999", "9\u202f999\u202f999\u202f999,99"),
    ],
)
def test_cents_have_two_digits_and_thousands_are_grouped(amount: str, shown: str) -> None:
    assert format_amount(amount, "978", "fr") == f"{shown}\u00a0€"


@pytest.mark.parametrize(
    ("currency", "language", "shown"),
    [
        ("978", "fr", "-12,50\u00a0€"),
        ("978", "en", "-€12.50"),
        ("756", "en", "-CHF\u00a012.50"),
        ("999", "en", "-1250 (999)"),
    ],
)
def test_negative_amount_has_its_sign_in_front(currency: str, language: str, shown: str) -> None:
    assert format_amount("-1250", currency, language) == shown


@pytest.mark.parametrize("language", ["", "pt", "ge"])
def test_unknown_language_is_formatted_as_english(language: str) -> None:
    assert format_amount("125000", "978", language) == "€1,250.00"
    assert format_amount("125000", "756", language) == "CHF\u00a01,250.00"


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        ("1000", "999", "1000 (999)"),
        ("1000", "", "1000 ()"),
        ("1000", "EUR", "1000 (EUR)"),
        ("12-", "978", "12- (978)"),
        ("12.50", "978", "12.50 (978)"),
        ("", "978", " (978)"),
        ("1²", "978", "1² (978)"),
        ("١٢", "978", "١٢ (978)"),
    ],
)
def test_invalid_amount_or_unknown_currency_is_shown_unchanged(
    amount: str, currency: str, shown: str
) -> None:
    assert format_amount(amount, currency, "en") == shown


# The platform's currencies, by the decimals that ISO 4217 gives them.
LETTERS = {
    0: {"352": "ISK", "392": "JPY", "410": "KRW", "952": "XOF", "953": "XPF"},
    2: {
        "032": "ARS", "036": "AUD", "116": "KHR", "124": "CAD", "144": "LKR", "156": "CNY", "191": "HRK",
        "203": "CZK", "208": "DKK", "344": "HKD", "348": "HUF", "356": "INR", "376": "ILS", "458": "MYR",
        "480": "MUR", "484": "MXN", "524": "NPR", "554": "NZD", "578": "NOK", "634": "QAR", "643": "RUB",
        "682": "SAR", "702": "SGD", "710": "ZAR", "752": "SEK", "756": "CHF", "764": "THB", "784": "AED",
        "826": "GBP", "840": "USD", "901": "TWD", "941": "RSD", "946": "RON", "949": "TRY", "975": "BGN",
        "978": "EUR", "980": "UAH", "985": "PLN", "986": "BRL",
    },
    3: {"048": "BHD", "414": "KWD", "788": "TND"},
}  # fmt: skip
ALL = [(code, letters, decimals) for decimals, codes in LETTERS.items() for code, letters in codes.items()]


def test_all_47_currencies_of_the_platform_are_known() -> None:
    assert len(ALL) == 47
    assert sorted(CURRENCIES) == sorted(code for code, _, _ in ALL)


@pytest.mark.parametrize(("code", "letters", "decimals"), ALL)
def test_every_currency_has_its_letters_and_decimals(code: str, letters: str, decimals: int) -> None:
    symbol = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥"}.get(letters, letters)
    number = {0: "1\u202f234\u202f567", 2: "12\u202f345,67", 3: "1\u202f234,567"}[decimals]
    assert format_amount("1234567", code, "fr") == f"{number}\u00a0{symbol}"
