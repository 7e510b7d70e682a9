"""Amounts in the words of customers."""

from sogenactif.fields import is_digits

# ISO 4217 number: letters, decimals. The currencies of Paypage, which include those of Sips 1.0.
CURRENCIES = {
    "032": ("ARS", 2),
    "036": ("AUD", 2),
    "048": ("BHD", 3),
    "116": ("KHR", 2),
    "124": ("CAD", 2),
    "144": ("LKR", 2),
    "156": ("CNY", 2),
    "191": ("HRK", 2),
    "203": ("CZK", 2),
    "208": ("DKK", 2),
    "344": ("HKD", 2),
    "348": ("HUF", 2),
    "352": ("ISK", 0),
    "356": ("INR", 2),
    "376": ("ILS", 2),
    "392": ("JPY", 0),
    "410": ("KRW", 0),
    "414": ("KWD", 3),
    "458": ("MYR", 2),
    "480": ("MUR", 2),
    "484": ("MXN", 2),
    "524": ("NPR", 2),
    "554": ("NZD", 2),
    "578": ("NOK", 2),
    "634": ("QAR", 2),
    "643": ("RUB", 2),
    "682": ("SAR", 2),
    "702": ("SGD", 2),
    "710": ("ZAR", 2),
    "752": ("SEK", 2),
    "756": ("CHF", 2),
    "764": ("THB", 2),
    "784": ("AED", 2),
    "788": ("TND", 3),
    "826": ("GBP", 2),
    "840": ("USD", 2),
    "901": ("TWD", 2),
    "941": ("RSD", 2),
    "946": ("RON", 2),
    "949": ("TRY", 2),
    "952": ("XOF", 0),
    "953": ("XPF", 0),
    "975": ("BGN", 2),
    "978": ("EUR", 2),
    "980": ("UAH", 2),
    "985": ("PLN", 2),
    "986": ("BRL", 2),
}
SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥"}
NO_BREAK, THIN_NO_BREAK = "\u00a0", "\u202f"
# language: thousands, decimals
MARKS = {"fr": (THIN_NO_BREAK, ","), "en": (",", "."), "de": (".", ","), "es": (".", ","), "it": (".", ",")}


def format_amount(amount: str, currency_code: str, language: str) -> str:
    """Return an amount in the smallest unit, for a person: ``("1250", "978", "fr")`` is ``12,50 €``.

    ``currency_code`` is an ISO 4217 number, leading zeros optional; an unknown one is shown
    with the amount as it is. ``language`` is that of HTML (fr en de es it), else English.
    """
    if amount.startswith("-"):
        return "-" + format_amount(amount[1:], currency_code, language)
    if currency_code.zfill(3) not in CURRENCIES or not is_digits(amount):
        return f"{amount} ({currency_code})"
    letters, decimals = CURRENCIES[currency_code.zfill(3)]
    thousands, point = MARKS.get(language, MARKS["en"])
    units, cents = divmod(int(amount), 10**decimals)
    number = f"{units:,}".replace(",", thousands) + (f"{point}{cents:0{decimals}}" if decimals else "")
    symbol = SYMBOLS.get(letters, letters)
    if language in MARKS and language != "en":
        return f"{number}{NO_BREAK}{symbol}"
    return f"{symbol}{number}" if letters in SYMBOLS else f"{symbol}{NO_BREAK}{number}"
