import pytest

from sogenactif.money import format_amount


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
    ],
)
def test_amounts_are_written_as_the_language_writes_them(
    amount: str, currency: str, language: str, shown: str
) -> None:
    assert format_amount(amount, currency, language) == shown
