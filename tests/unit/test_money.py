import pytest

from sogenactif.money import CURRENCIES, format_amount


@pytest.mark.parametrize(
    ("amount", "currency", "language", "shown"),
    [
        ("1250", "978", "fr", "12,50\u00a0€"),
        ("123456789", "978", "fr", "1\u202f234\u202f567,89\u00a0€"),
        ("010", "978", "en", "€0.10"),
        ("1250", "978", "de", "12,50\u00a0€"),
        ("125000", "756", "it", "1.250,00\u00a0CHF"),
        ("125000", "756", "en", "CHF\u00a01,250.00"),
        ("106", "392", "en", "¥106"),
        ("12500", "952", "fr", "12\u202f500\u00a0XOF"),
        ("1000", "36", "en", "AUD\u00a010.00"),
        ("1000", "999", "en", "1000 (999)"),
        ("1000", "985", "en", "PLN\u00a010.00"),
        ("1000", "344", "fr", "10,00\u00a0HKD"),
        ("1000", "788", "fr", "1,000\u00a0TND"),
        ("1234567", "48", "en", "BHD\u00a01,234.567"),
        ("1000", "352", "en", "ISK\u00a01,000"),
        ("1250", "840", "en", "$12.50"),
        ("1250", "826", "en", "£12.50"),
        ("-1250", "978", "fr", "-12,50\u00a0€"),
        ("12-", "978", "fr", "12- (978)"),
    ],
)
def test_amounts_are_written_as_the_language_writes_them(
    amount: str, currency: str, language: str, shown: str
) -> None:
    assert format_amount(amount, currency, language) == shown


# The platform's currencies, by the decimals that ISO 4217 gives them.
DECIMALS = {
    0: "352 392 410 952 953",
    2: "032 036 116 124 144 156 191 203 208 344 348 356 376 458 480 484 524 554 578 634 643 682 702 710 752 756 764 784 826 840"
    " 901 941 946 949 975 978 980 985 986",
    3: "048 414 788",
}


def test_every_currency_of_the_platform_has_its_letters_and_decimals() -> None:
    expected = {code: decimals for decimals, codes in DECIMALS.items() for code in codes.split()}
    assert {code: decimals for code, (_, decimals) in CURRENCIES.items()} == expected
    letters = [letters for letters, _ in CURRENCIES.values()]
    assert len(set(letters)) == len(letters) == 47
    assert all(len(name) == 3 and name.isupper() for name in letters)
