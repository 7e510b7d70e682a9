"""The data dictionary: every field of the kit, in one table.

The programmer's guide has it as appendix A; docs/dictionary.md is written from it. The order of the
rows is the order in which a request carries its records.
"""


class Field:
    """One field.

    Lengths count bytes. ``format`` names what the field is meant to hold: a letters,
    n digits, s other characters, and their sums. Tags number the records of a message;
    ``response_position`` is the place in what ``response`` prints, code being 1.
    """

    def __init__(
        self,
        name: str,
        call: bool,
        keyword: str,
        max_length: int | None,
        format: str,
        request_tag: int | None,
        response_tag: int | None,
        response_position: int | None,
        response_max_length: int | None,
        meaning: str,
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
    Field("version", False, "", 5, "an", 1, None, None, None, "Version of the kit that built the message."),
    Field("certificate_date", False, "", 8, "n", 41, None, None, None, "Day the certificate was made, aaaammjj."),
    Field("merchant_id", True, "", 15, "n", 2, 2, 3, 15, "The shop, as numbered by the bank."),
    Field("merchant_country", True, "MERCHANT_COUNTRY", 2, "a", 29, 29, 4, 2, "Country of the shop, two letters."),
    Field("amount", True, "", 12, "n", 3, 3, 5, 12, "Amount in the smallest unit of the currency (cents for the euro), 3 digits or more."),
    Field("transaction_id", True, "", 6, "n", 5, 5, 6, 6, "Number of the transaction, never used twice by a merchant on one day."),
    Field("transmission_date", False, "", 14, "n", 6, 6, 8, 14, "When the request was made: UTC, aaaammjjhhmmss."),
    Field("order_validity", True, "VALIDITY", 2, "n", 7, 7, 33, 2, "Kept for older shops; the server ignores it."),
    Field("currency_code", True, "CURRENCY", 3, "n", 8, 8, 14, 3, "Currency, ISO 4217 number; 978 (euro) when nothing says otherwise."),
    Field("merchant_language", True, "MERCHANT_LANGUAGE", 2, "a", 28, 28, 24, 2, "Kept for older shops; the server ignores it."),
    Field("language", True, "LANGUAGE", 2, "a", 9, 9, 25, 2, "Language of the pages: fr en ge sp it, also de and es; lower case."),
    Field("normal_return_url", True, "RETURN_URL", 511, "ans", 11, None, None, None, "Address the customer comes back to after an accepted payment."),
    Field("automatic_response_url", True, "AUTO_RESPONSE_URL", 511, "ans", 31, None, None, None, "Address that receives the server's own response."),
    Field("normal_return_logo", True, "RETURN_LOGO", 50, "ans", 12, None, None, None, "Picture of the button that leads back after an accepted payment."),
    Field("cancel_return_url", True, "CANCEL_URL", 511, "ans", 13, None, None, None, "Address the customer comes back to after a refusal or a cancellation."),
    Field("cancel_return_logo", True, "CANCEL_LOGO", 50, "ans", 14, None, None, None, "Picture of the cancel button."),
    Field("transaction_condition", True, "CONDITION", 64, "ans", 16, 16, 34, 64, "Request: condition of the payment. Response: outcome of the authentication."),
    Field("bgcolor", True, "BGCOLOR", 7, "an", 17, None, None, None, "Background colour of the payment pages, RRGGBB, # allowed in front; white by default."),
    Field("textcolor", True, "TEXTCOLOR", 7, "an", 18, None, None, None, "Text colour of the payment pages, RRGGBB; black by default."),
    Field("logo_id", True, "LOGO", 32, "ans", 19, None, None, None, "Shop's logo, at the left of the top."),
    Field("logo_id2", True, "LOGO2", 32, "ans", 20, None, None, None, "Second logo, at the right of the top."),
    Field("advert", True, "ADVERT", 32, "ans", 21, None, None, None, "Banner, in the middle of the top."),
    Field("background_id", True, "BACKGROUND", 32, "ans", 22, None, None, None, "Background picture; goes before bgcolor."),
    Field("receipt_complement", True, "RECEIPT", 3072, "ans", 23, 23, 23, 3072, "HTML table rows that the receipt of an accepted payment shows too."),
    Field("caddie", True, "CADDIE", 2048, "ans", 24, 24, 22, 2048, "Free text for the shop's basket; comes back as it was."),
    Field("customer_id", True, "CUSTOMER_ID", 19, "ans", 26, 26, 26, 19, "Customer number, free; enciphered in the request, clear in the response."),
    Field("customer_email", True, "CUSTOMER_EMAIL", 128, "ans", 30, 30, 28, 128, "Free; comes back as it was."),
    Field("data", True, "DATA", 2048, "ans", 27, 27, 32, 2048, "Options for the server, parted by ;"),
    Field("submit_logo", True, "SUBMIT_LOGO", 50, "ans", 32, None, None, None, "Picture of the button that submits the card."),
    Field("return_context", True, "RETURN_CONTEXT", 256, "ans", 33, 33, 21, 256, "Free text for the shop's context; comes back as it was."),
    Field("templatefile", True, "TEMPLATE", 32, "ans", 34, None, None, None, "Name of the shop's page template on the server."),
    Field("textfont", True, "TEXTFONT", 64, "an", 35, None, None, None, "Kept for older shops; the server ignores it."),
    Field("card_list", True, "CARD_LIST", 128, "as", 36, None, None, None, "Kept for older shops; the server ignores it."),
    Field("customer_ip_address", True, "", 19, "ns", 37, 37, 29, 19, "Free; comes back as it was."),
    Field("order_id", True, "", 32, "ans", 38, 38, 27, 32, "Number of the order; comes back as it was."),
    Field("capture_day", True, "CAPTURE_DAY", 2, "n", 39, 39, 30, 2, "Days until the payment is sent to the bank, 0 to 99; 0 by default."),
    Field("capture_mode", True, "CAPTURE_MODE", 20, "a", 40, 40, 31, 20, "AUTHOR_CAPTURE, VALIDATION, PAYMENT_N or IMMEDIATE."),
    Field("statement_reference", True, "STATEMENT_REFERENCE", 100, "ans", 73, 73, 35, 100, "Free text for the customer's bank statement; comes back as it was."),
    Field("certificate_expired", False, "", 8, "n", 76, None, None, None, "Last day of the certificate, aaaammjj."),
    Field("certificate_version", False, "", 5, "ans", 77, None, None, None, "Version of the form of the certificate."),
    Field("certificate_type", False, "", 5, "a", 78, None, None, None, "Type of the certificate, the extension of its file."),
    Field("payment_means", True, "PAYMENT_MEANS", 128, "ans", None, 105, 7, 20, "Request: means of payment, each with its block number (CB,1,AMEX,2). Response: the means chosen."),
    Field("header_flag", True, "HEADER_FLAG", 3, "a", None, None, None, None, "yes shows a sentence above each block of means."),
    Field("block_align", True, "BLOCK_ALIGN", 12, "a", None, None, None, None, "left, center or right; center by default."),
    Field("block_order", True, "BLOCK_ORDER", 32, "ns", None, None, None, None, "Order of the blocks; 1,2,3,4,5,6,7,8,9 by default."),
    Field("target", True, "TARGET", 32, "ans", None, None, None, None, "Frame or window that receives the payment page."),
    Field("pathfile", True, "", 255, "", None, None, None, None, "Where the pathfile is."),
    Field("browser_type", True, "", 128, "ans", None, None, None, None, "Accepted for older shops, unused."),
    Field("payment_time", False, "", 6, "n", None, 103, 9, 6, "Local time of the authorisation, hhmmss."),
    Field("payment_date", False, "", 8, "n", None, 104, 10, 8, "Local day of the authorisation, aaaammjj."),
    Field("response_code", False, "", 2, "n", None, 101, 11, 2, "The outcome; 00 is accepted, 17 cancelled by the customer."),
    Field("payment_certificate", False, "", 12, "an", None, 102, 12, 12, "Proof of an accepted payment."),
    Field("authorisation_id", False, "", 10, "an", None, 100, 13, 32, "Number the bank gave to the authorisation, when accepted."),
    Field("card_number", False, "", 7, "ns", None, 106, 15, 7, "Masked: the first four digits, a dot, the last two."),
    Field("cvv_flag", False, "", 1, "n", None, 110, 16, 4, "Whether the security code was given: 1 yes, 0 not asked, 2 unreadable, 9 none on the card."),
    Field("cvv_response_code", False, "", 2, "an", None, 109, 17, 7, "What came of the check of the security code."),
    Field("bank_response_code", False, "", 2, "n", None, 111, 18, 10, "What the authorisation server answered."),
    Field("complementary_code", False, "", 2, "n", None, 112, 19, 2, "What the fraud checks found, for merchants who subscribed."),
    Field("complementary_info", False, "", 255, "an", None, 113, 20, 255, "Details of the fraud checks, for merchants who subscribed."),
    Field("card_validity", False, "", 6, "n", None, 114, 36, 6, "Expiry of the card, aaaamm; empty for cards without one."),
    Field("score_value", False, "", None, "ans", None, 119, 37, 10, "Fraud score: its value."),
    Field("score_color", False, "", None, "ans", None, 116, 38, 30, "Fraud score: its colour."),
    Field("score_info", False, "", None, "ans", None, 117, 39, 512, "Fraud score: the rules that made it."),
    Field("score_threshold", False, "", None, "ans", None, 120, 40, 10, "Fraud score: its thresholds."),
    Field("score_profile", False, "", None, "ans", None, 121, 41, 50, "Fraud score: the profile of rules."),
    Field("upan", False, "", None, "ans", None, 118, 42, 23, "Unique number that stands for the card."),
    Field("threed_ls_code", False, "", 1, "n", None, 122, 43, 1, "3-D Secure: whether liability shifted, one digit."),
    Field("threed_relegation_code", False, "", 1, "n", None, 123, 44, 1, "3-D Secure: why the payment was relegated, one digit."),
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


def to_bytes(text: str) -> bytes:
    """The bytes of a value: UTF-8, and any other byte as ``to_text`` kept it."""
    return text.encode("utf-8", "surrogateescape")


def readable(text: str) -> str:
    """A value as characters: its bytes are UTF-8 or, where they aren't, Latin-1."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return to_bytes(text).decode("latin-1")
    return text


def to_text(value: bytes) -> str:
    """A value as text that ``to_bytes`` turns back into the same bytes, whatever they are."""
    return value.decode("utf-8", "surrogateescape")
