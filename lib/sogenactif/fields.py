"""The data dictionary: every field of the kit, in one table.

The programmer's guide has it as appendix A; docs/dictionary.md says what each field means. The order of the
rows is the order in which a request carries its records.
"""

from functools import lru_cache


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

    def __repr__(self) -> str:
        return f"Field({self.name!r})"


# fmt: off
FIELDS: tuple[Field, ...] = (
    Field("version", max_length=5, format="an", request_tag=1),
    Field("certificate_date", max_length=8, format="n", request_tag=41),
    Field("merchant_id", call=True, max_length=15, format="n", request_tag=2, response_tag=2, response_position=3, response_max_length=15),
    Field("merchant_country", call=True, keyword="MERCHANT_COUNTRY", max_length=2, format="a", request_tag=29, response_tag=29, response_position=4, response_max_length=2),
    Field("amount", call=True, max_length=12, format="n", request_tag=3, response_tag=3, response_position=5, response_max_length=12),
    Field("transaction_id", call=True, max_length=6, format="n", request_tag=5, response_tag=5, response_position=6, response_max_length=6),
    Field("transmission_date", max_length=14, format="n", request_tag=6, response_tag=6, response_position=8, response_max_length=14),
    Field("order_validity", call=True, keyword="VALIDITY", max_length=2, format="n", request_tag=7, response_tag=7, response_position=33, response_max_length=2),
    Field("currency_code", call=True, keyword="CURRENCY", max_length=3, format="n", request_tag=8, response_tag=8, response_position=14, response_max_length=3),
    Field("merchant_language", call=True, keyword="MERCHANT_LANGUAGE", max_length=2, format="a", request_tag=28, response_tag=28, response_position=24, response_max_length=2),
    Field("language", call=True, keyword="LANGUAGE", max_length=2, format="a", request_tag=9, response_tag=9, response_position=25, response_max_length=2),
    Field("normal_return_url", call=True, keyword="RETURN_URL", max_length=511, format="ans", request_tag=11),
    Field("automatic_response_url", call=True, keyword="AUTO_RESPONSE_URL", max_length=511, format="ans", request_tag=31),
    Field("normal_return_logo", call=True, keyword="RETURN_LOGO", max_length=50, format="ans", request_tag=12),
    Field("cancel_return_url", call=True, keyword="CANCEL_URL", max_length=511, format="ans", request_tag=13),
    Field("cancel_return_logo", call=True, keyword="CANCEL_LOGO", max_length=50, format="ans", request_tag=14),
    Field("transaction_condition", call=True, keyword="CONDITION", max_length=64, format="ans", request_tag=16, response_tag=16, response_position=34, response_max_length=64),
    Field("bgcolor", call=True, keyword="BGCOLOR", max_length=7, format="an", request_tag=17),
    Field("textcolor", call=True, keyword="TEXTCOLOR", max_length=7, format="an", request_tag=18),
    Field("logo_id", call=True, keyword="LOGO", max_length=32, format="ans", request_tag=19),
    Field("logo_id2", call=True, keyword="LOGO2", max_length=32, format="ans", request_tag=20),
    Field("advert", call=True, keyword="ADVERT", max_length=32, format="ans", request_tag=21),
    Field("background_id", call=True, keyword="BACKGROUND", max_length=32, format="ans", request_tag=22),
    Field("receipt_complement", call=True, keyword="RECEIPT", max_length=3072, format="ans", request_tag=23, response_tag=23, response_position=23, response_max_length=3072),
    Field("caddie", call=True, keyword="CADDIE", max_length=2048, format="ans", request_tag=24, response_tag=24, response_position=22, response_max_length=2048),
    Field("customer_id", call=True, keyword="CUSTOMER_ID", max_length=19, format="ans", request_tag=26, response_tag=26, response_position=26, response_max_length=19),
    Field("customer_email", call=True, keyword="CUSTOMER_EMAIL", max_length=128, format="ans", request_tag=30, response_tag=30, response_position=28, response_max_length=128),
    Field("data", call=True, keyword="DATA", max_length=2048, format="ans", request_tag=27, response_tag=27, response_position=32, response_max_length=2048),
    Field("submit_logo", call=True, keyword="SUBMIT_LOGO", max_length=50, format="ans", request_tag=32),
    Field("return_context", call=True, keyword="RETURN_CONTEXT", max_length=256, format="ans", request_tag=33, response_tag=33, response_position=21, response_max_length=256),
    Field("templatefile", call=True, keyword="TEMPLATE", max_length=32, format="ans", request_tag=34),
    Field("textfont", call=True, keyword="TEXTFONT", max_length=64, format="an", request_tag=35),
    Field("card_list", call=True, keyword="CARD_LIST", max_length=128, format="as", request_tag=36),
    Field("customer_ip_address", call=True, max_length=19, format="ns", request_tag=37, response_tag=37, response_position=29, response_max_length=19),
    Field("order_id", call=True, max_length=32, format="ans", request_tag=38, response_tag=38, response_position=27, response_max_length=32),
    Field("capture_day", call=True, keyword="CAPTURE_DAY", max_length=2, format="n", request_tag=39, response_tag=39, response_position=30, response_max_length=2),
    Field("capture_mode", call=True, keyword="CAPTURE_MODE", max_length=20, format="a", request_tag=40, response_tag=40, response_position=31, response_max_length=20),
    Field("statement_reference", call=True, keyword="STATEMENT_REFERENCE", max_length=100, format="ans", request_tag=73, response_tag=73, response_position=35, response_max_length=100),
    Field("certificate_expired", max_length=8, format="n", request_tag=76),
    Field("certificate_version", max_length=5, format="ans", request_tag=77),
    Field("certificate_type", max_length=5, format="a", request_tag=78),
    Field("payment_means", call=True, keyword="PAYMENT_MEANS", max_length=128, format="ans", response_tag=105, response_position=7, response_max_length=20),
    Field("header_flag", call=True, keyword="HEADER_FLAG", max_length=3, format="a"),
    Field("block_align", call=True, keyword="BLOCK_ALIGN", max_length=12, format="a"),
    Field("block_order", call=True, keyword="BLOCK_ORDER", max_length=32, format="ns"),
    Field("target", call=True, keyword="TARGET", max_length=32, format="ans"),
    Field("pathfile", call=True, max_length=255),
    Field("browser_type", call=True, max_length=128, format="ans"),
    Field("payment_time", max_length=6, format="n", response_tag=103, response_position=9, response_max_length=6),
    Field("payment_date", max_length=8, format="n", response_tag=104, response_position=10, response_max_length=8),
    Field("response_code", max_length=2, format="n", response_tag=101, response_position=11, response_max_length=2),
    Field("payment_certificate", max_length=12, format="an", response_tag=102, response_position=12, response_max_length=12),
    Field("authorisation_id", max_length=10, format="an", response_tag=100, response_position=13, response_max_length=32),
    Field("card_number", max_length=7, format="ns", response_tag=106, response_position=15, response_max_length=7),
    Field("cvv_flag", max_length=1, format="n", response_tag=110, response_position=16, response_max_length=4),
    Field("cvv_response_code", max_length=2, format="an", response_tag=109, response_position=17, response_max_length=7),
    Field("bank_response_code", max_length=2, format="n", response_tag=111, response_position=18, response_max_length=10),
    Field("complementary_code", max_length=2, format="n", response_tag=112, response_position=19, response_max_length=2),
    Field("complementary_info", max_length=255, format="an", response_tag=113, response_position=20, response_max_length=255),
    Field("card_validity", max_length=6, format="n", response_tag=114, response_position=36, response_max_length=6),
    Field("score_value", format="ans", response_tag=119, response_position=37, response_max_length=10),
    Field("score_color", format="ans", response_tag=116, response_position=38, response_max_length=30),
    Field("score_info", format="ans", response_tag=117, response_position=39, response_max_length=512),
    Field("score_threshold", format="ans", response_tag=120, response_position=40, response_max_length=10),
    Field("score_profile", format="ans", response_tag=121, response_position=41, response_max_length=50),
    Field("upan", format="ans", response_tag=118, response_position=42, response_max_length=23),
    Field("threed_ls_code", max_length=1, format="n", response_tag=122, response_position=43, response_max_length=1),
    Field("threed_relegation_code", max_length=1, format="n", response_tag=123, response_position=44, response_max_length=1),
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
# Fields that are longer in Paypage, in a request and in a response: an IPv6 address.
PAYPAGE_MAX_LENGTH = {"customer_ip_address": 39}
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


@lru_cache(1024)
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
