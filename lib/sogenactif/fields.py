"""The data dictionary: every field of the kit, in one table.

The programmer's guide has it as appendix A; docs/dictionary.md is written from it. The order of the
rows is the order in which a request carries its records.
"""


class Field:
    """Hold one row of the dictionary.

    ``call`` says that a call may give it; ``keyword`` is its name in parmcom files. Lengths are in
    bytes. ``format`` says what the field holds: a letters, n digits, s other characters, and their
    sums. Tags number the records of a message; ``response_position`` is the place in the output of
    ``response``, where code is 1.
    """

    def __init__(
        self,
        name: str,
        call: bool = False,
        keyword: str = "",
        max_length: int | None = None,
        format: str = "",
        request_tag: int | None = None,
        response_tag: int | None = None,
        response_position: int | None = None,
        response_max_length: int | None = None,
        meaning: str = "",
    ) -> None:
        self.name = name
        self.call = call
        self.keyword = keyword
        self.max_length = max_length
        self.format = format
        self.request_tag = request_tag
        self.response_tag = response_tag
        self.response_position = response_position
        self.response_max_length = response_max_length
        self.meaning = meaning

    def __repr__(self) -> str:
        return f"Field({self.name!r})"


# fmt: off
FIELDS: tuple[Field, ...] = (
    Field("version", max_length=5, format="an", request_tag=1,
          meaning="Version of the kit that built the message."),
    Field("certificate_date", max_length=8, format="n", request_tag=41,
          meaning="Day the certificate was made, aaaammjj."),
    Field("merchant_id", call=True, max_length=15, format="n", request_tag=2, response_tag=2, response_position=3, response_max_length=15,
          meaning="The shop, as numbered by the bank."),
    Field("merchant_country", call=True, keyword="MERCHANT_COUNTRY", max_length=2, format="a", request_tag=29, response_tag=29, response_position=4, response_max_length=2,
          meaning="Country of the shop, two letters."),
    Field("amount", call=True, max_length=12, format="n", request_tag=3, response_tag=3, response_position=5, response_max_length=12,
          meaning="Amount in the smallest unit of the currency (cents for the euro), 3 digits or more."),
    Field("transaction_id", call=True, max_length=6, format="n", request_tag=5, response_tag=5, response_position=6, response_max_length=6,
          meaning="Number of the transaction, never used twice by a merchant on one day."),
    Field("transmission_date", max_length=14, format="n", request_tag=6, response_tag=6, response_position=8, response_max_length=14,
          meaning="When the request was made: UTC, aaaammjjhhmmss."),
    Field("order_validity", call=True, keyword="VALIDITY", max_length=2, format="n", request_tag=7, response_tag=7, response_position=33, response_max_length=2,
          meaning="Kept for older shops; the server ignores it."),
    Field("currency_code", call=True, keyword="CURRENCY", max_length=3, format="n", request_tag=8, response_tag=8, response_position=14, response_max_length=3,
          meaning="Currency, ISO 4217 number; 978 (euro) when nothing says otherwise."),
    Field("merchant_language", call=True, keyword="MERCHANT_LANGUAGE", max_length=2, format="a", request_tag=28, response_tag=28, response_position=24, response_max_length=2,
          meaning="Kept for older shops; the server ignores it."),
    Field("language", call=True, keyword="LANGUAGE", max_length=2, format="a", request_tag=9, response_tag=9, response_position=25, response_max_length=2,
          meaning="Language of the pages: fr en ge sp it, also de and es; lower case."),
    Field("normal_return_url", call=True, keyword="RETURN_URL", max_length=511, format="ans", request_tag=11,
          meaning="Address the customer comes back to after an accepted payment."),
    Field("automatic_response_url", call=True, keyword="AUTO_RESPONSE_URL", max_length=511, format="ans", request_tag=31,
          meaning="Address that receives the server's own response."),
    Field("normal_return_logo", call=True, keyword="RETURN_LOGO", max_length=50, format="ans", request_tag=12,
          meaning="Picture of the button that leads back after an accepted payment."),
    Field("cancel_return_url", call=True, keyword="CANCEL_URL", max_length=511, format="ans", request_tag=13,
          meaning="Address the customer comes back to after a refusal or a cancellation."),
    Field("cancel_return_logo", call=True, keyword="CANCEL_LOGO", max_length=50, format="ans", request_tag=14,
          meaning="Picture of the cancel button."),
    Field("transaction_condition", call=True, keyword="CONDITION", max_length=64, format="ans", request_tag=16, response_tag=16, response_position=34, response_max_length=64,
          meaning="Request: condition of the payment. Response: outcome of the authentication."),
    Field("bgcolor", call=True, keyword="BGCOLOR", max_length=7, format="an", request_tag=17,
          meaning="Background colour of the payment pages, RRGGBB, # allowed in front; white by default."),
    Field("textcolor", call=True, keyword="TEXTCOLOR", max_length=7, format="an", request_tag=18,
          meaning="Text colour of the payment pages, RRGGBB; black by default."),
    Field("logo_id", call=True, keyword="LOGO", max_length=32, format="ans", request_tag=19,
          meaning="Shop's logo, at the left of the top."),
    Field("logo_id2", call=True, keyword="LOGO2", max_length=32, format="ans", request_tag=20,
          meaning="Second logo, at the right of the top."),
    Field("advert", call=True, keyword="ADVERT", max_length=32, format="ans", request_tag=21,
          meaning="Banner, in the middle of the top."),
    Field("background_id", call=True, keyword="BACKGROUND", max_length=32, format="ans", request_tag=22,
          meaning="Background picture; goes before bgcolor."),
    Field("receipt_complement", call=True, keyword="RECEIPT", max_length=3072, format="ans", request_tag=23, response_tag=23, response_position=23, response_max_length=3072,
          meaning="HTML table rows that the receipt of an accepted payment shows too."),
    Field("caddie", call=True, keyword="CADDIE", max_length=2048, format="ans", request_tag=24, response_tag=24, response_position=22, response_max_length=2048,
          meaning="Free text for the shop's basket; comes back as it was."),
    Field("customer_id", call=True, keyword="CUSTOMER_ID", max_length=19, format="ans", request_tag=26, response_tag=26, response_position=26, response_max_length=19,
          meaning="Customer number, free; enciphered in the request, clear in the response."),
    Field("customer_email", call=True, keyword="CUSTOMER_EMAIL", max_length=128, format="ans", request_tag=30, response_tag=30, response_position=28, response_max_length=128,
          meaning="Free; comes back as it was."),
    Field("data", call=True, keyword="DATA", max_length=2048, format="ans", request_tag=27, response_tag=27, response_position=32, response_max_length=2048,
          meaning="Options for the server, parted by ;"),
    Field("submit_logo", call=True, keyword="SUBMIT_LOGO", max_length=50, format="ans", request_tag=32,
          meaning="Picture of the button that submits the card."),
    Field("return_context", call=True, keyword="RETURN_CONTEXT", max_length=256, format="ans", request_tag=33, response_tag=33, response_position=21, response_max_length=256,
          meaning="Free text for the shop's context; comes back as it was."),
    Field("templatefile", call=True, keyword="TEMPLATE", max_length=32, format="ans", request_tag=34,
          meaning="Name of the shop's page template on the server."),
    Field("textfont", call=True, keyword="TEXTFONT", max_length=64, format="an", request_tag=35,
          meaning="Kept for older shops; the server ignores it."),
    Field("card_list", call=True, keyword="CARD_LIST", max_length=128, format="as", request_tag=36,
          meaning="Kept for older shops; the server ignores it."),
    Field("customer_ip_address", call=True, max_length=19, format="ns", request_tag=37, response_tag=37, response_position=29, response_max_length=19,
          meaning="Free; comes back as it was."),
    Field("order_id", call=True, max_length=32, format="ans", request_tag=38, response_tag=38, response_position=27, response_max_length=32,
          meaning="Number of the order; comes back as it was."),
    Field("capture_day", call=True, keyword="CAPTURE_DAY", max_length=2, format="n", request_tag=39, response_tag=39, response_position=30, response_max_length=2,
          meaning="Days until the payment is sent to the bank, 0 to 99; 0 by default."),
    Field("capture_mode", call=True, keyword="CAPTURE_MODE", max_length=20, format="a", request_tag=40, response_tag=40, response_position=31, response_max_length=20,
          meaning="AUTHOR_CAPTURE, VALIDATION, PAYMENT_N or IMMEDIATE."),
    Field("statement_reference", call=True, keyword="STATEMENT_REFERENCE", max_length=100, format="ans", request_tag=73, response_tag=73, response_position=35, response_max_length=100,
          meaning="Free text for the customer's bank statement; comes back as it was."),
    Field("certificate_expired", max_length=8, format="n", request_tag=76,
          meaning="Last day of the certificate, aaaammjj."),
    Field("certificate_version", max_length=5, format="ans", request_tag=77,
          meaning="Version of the form of the certificate."),
    Field("certificate_type", max_length=5, format="a", request_tag=78,
          meaning="Type of the certificate, the extension of its file."),
    Field("payment_means", call=True, keyword="PAYMENT_MEANS", max_length=128, format="ans", response_tag=105, response_position=7, response_max_length=20,
          meaning="Request: means of payment, each with its block number (CB,1,AMEX,2). Response: the means chosen."),
    Field("header_flag", call=True, keyword="HEADER_FLAG", max_length=3, format="a",
          meaning="yes shows a sentence above each block of means."),
    Field("block_align", call=True, keyword="BLOCK_ALIGN", max_length=12, format="a",
          meaning="left, center or right; center by default."),
    Field("block_order", call=True, keyword="BLOCK_ORDER", max_length=32, format="ns",
          meaning="Order of the blocks; 1,2,3,4,5,6,7,8,9 by default."),
    Field("target", call=True, keyword="TARGET", max_length=32, format="ans",
          meaning="Frame or window that receives the payment page."),
    Field("pathfile", call=True, max_length=255,
          meaning="Where the pathfile is."),
    Field("browser_type", call=True, max_length=128, format="ans",
          meaning="Accepted for older shops, unused."),
    Field("payment_time", max_length=6, format="n", response_tag=103, response_position=9, response_max_length=6,
          meaning="Local time of the authorisation, hhmmss."),
    Field("payment_date", max_length=8, format="n", response_tag=104, response_position=10, response_max_length=8,
          meaning="Local day of the authorisation, aaaammjj."),
    Field("response_code", max_length=2, format="n", response_tag=101, response_position=11, response_max_length=2,
          meaning="The outcome; 00 is accepted, 17 cancelled by the customer."),
    Field("payment_certificate", max_length=12, format="an", response_tag=102, response_position=12, response_max_length=12,
          meaning="Proof of an accepted payment."),
    Field("authorisation_id", max_length=10, format="an", response_tag=100, response_position=13, response_max_length=32,
          meaning="Number the bank gave to the authorisation, when accepted."),
    Field("card_number", max_length=7, format="ns", response_tag=106, response_position=15, response_max_length=7,
          meaning="Masked: the first four digits, a dot, the last two."),
    Field("cvv_flag", max_length=1, format="n", response_tag=110, response_position=16, response_max_length=4,
          meaning="Whether the security code was given: 1 yes, 0 not asked, 2 unreadable, 9 none on the card."),
    Field("cvv_response_code", max_length=2, format="an", response_tag=109, response_position=17, response_max_length=7,
          meaning="What came of the check of the security code."),
    Field("bank_response_code", max_length=2, format="n", response_tag=111, response_position=18, response_max_length=10,
          meaning="What the authorisation server answered."),
    Field("complementary_code", max_length=2, format="n", response_tag=112, response_position=19, response_max_length=2,
          meaning="What the fraud checks found, for merchants who subscribed."),
    Field("complementary_info", max_length=255, format="an", response_tag=113, response_position=20, response_max_length=255,
          meaning="Details of the fraud checks, for merchants who subscribed."),
    Field("card_validity", max_length=6, format="n", response_tag=114, response_position=36, response_max_length=6,
          meaning="Expiry of the card, aaaamm; empty for cards without one."),
    Field("score_value", format="ans", response_tag=119, response_position=37, response_max_length=10,
          meaning="Fraud score: its value."),
    Field("score_color", format="ans", response_tag=116, response_position=38, response_max_length=30,
          meaning="Fraud score: its colour."),
    Field("score_info", format="ans", response_tag=117, response_position=39, response_max_length=512,
          meaning="Fraud score: the rules that made it."),
    Field("score_threshold", format="ans", response_tag=120, response_position=40, response_max_length=10,
          meaning="Fraud score: its thresholds."),
    Field("score_profile", format="ans", response_tag=121, response_position=41, response_max_length=50,
          meaning="Fraud score: the profile of rules."),
    Field("upan", format="ans", response_tag=118, response_position=42, response_max_length=23,
          meaning="Unique number that stands for the card."),
    Field("threed_ls_code", max_length=1, format="n", response_tag=122, response_position=43, response_max_length=1,
          meaning="3-D Secure: whether liability shifted, one digit."),
    Field("threed_relegation_code", max_length=1, format="n", response_tag=123, response_position=44, response_max_length=1,
          meaning="3-D Secure: why the payment was relegated, one digit."),
)
# fmt: on

CALL = {field.name: field for field in FIELDS if field.call}
PARMCOM = {field.keyword: field for field in FIELDS if field.keyword}
REQUEST = {field.request_tag: field.name for field in FIELDS if field.request_tag is not None}
RESPONSE = {field.response_tag: field.name for field in FIELDS if field.response_tag is not None}
MAX_LENGTH = {field.name: field.max_length for field in FIELDS if field.max_length is not None}
RESPONSE_MAX_LENGTH = {
    field.name: field.response_max_length for field in FIELDS if field.response_max_length is not None
}
PRINTED = tuple(
    name
    for _, name in sorted((f.response_position, f.name) for f in FIELDS if f.response_position is not None)
)

# The order in which the original kit checks the lengths of a response: it names the first field that is too long.
CHECKED_FIRST = (
    "payment_means", "payment_time", "payment_date", "response_code", "payment_certificate", "authorisation_id",
    "merchant_language", "currency_code", "card_number", "language", "receipt_complement", "caddie", "customer_id",
    "customer_email", "transaction_condition", "data", "return_context", "customer_ip_address", "order_id",
    "capture_day", "capture_mode", "statement_reference", "cvv_response_code", "cvv_flag", "bank_response_code",
    "complementary_code", "complementary_info",
)  # fmt: skip


def is_digits(text: str) -> bool:
    """Return whether a text is ASCII digits, at least one."""
    return text.isascii() and text.isdigit()


def is_platform_key(name: str) -> bool:
    """Return whether a name is in the form of the keys of Paypage's data dictionary: camelCase, or with dots.

    No field above and no keyword of a file is in that form.
    """
    parts = name.split(".")
    well_formed = name.isascii() and all(part.isalnum() and part[0].islower() for part in parts)
    return well_formed and (len(parts) > 1 or not name.islower())


def to_bytes(text: str) -> bytes:
    """Return the bytes of a value: UTF-8, and any other byte as ``to_text`` preserved it."""
    return text.encode("utf-8", "surrogateescape")


def readable(text: str) -> str:
    """Return the characters of a value, whose bytes are UTF-8 or else Latin-1."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return to_bytes(text).decode("latin-1")
    return text


def to_text(value: bytes) -> str:
    """Return any bytes as text, which ``to_bytes`` turns back into the same bytes."""
    return value.decode("utf-8", "surrogateescape")
