"""The translation between the fields of Sips 1.0 and the keys of Paypage (Sips 2.0), both ways.

Values are text; amounts are in the smallest unit of the currency, days are written aaaammjj and
are those of Paris. Source: docs/paypage.md.
"""

import re
from collections.abc import Mapping
from datetime import datetime

from sogenactif.dates import PARIS, day_in_paris, read_day
from sogenactif.errors import CallError, MessageStructureError
from sogenactif.fields import REQUEST, is_digits, is_platform_key, readable
from sogenactif.instalments import requested_instalments
from sogenactif.protocols import TOKEN, TOKEN_FIELD, reference_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sogenactif.configuration import Paypage

MAX_CONTEXT_LENGTH = 255
# A transactionReference of the kit: the day and the transaction_id.
REFERENCE = re.compile(r"(20[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01]))([0-9]{6})")
# A masked card number: the shop chooses which digits are visible.
MASKED = re.compile(r"([0-9#]{4}).*([0-9#]{2})")
# Keys that carry a field unchanged in requests and responses, and the names of those fields.
ECHOED_KEYS = {
    "merchantId": "merchant_id",
    "orderId": "order_id",
    "customerId": "customer_id",
    "customerIpAddress": "customer_ip_address",
    "returnContext": "return_context",
    "captureDay": "capture_day",
    "captureMode": "capture_mode",
    "statementReference": "statement_reference",
}
# Keys that carry a field unchanged in requests.
REQUEST_KEYS = ECHOED_KEYS | {
    "normalReturnUrl": "normal_return_url",
    "automaticResponseUrl": "automatic_response_url",
    "customerContact.email": "customer_email",
    "templateName": "templatefile",
}
# Keys that carry a field unchanged in responses.
RESPONSE_KEYS = ECHOED_KEYS | {
    "responseCode": "response_code",
    "acquirerResponseCode": "bank_response_code",
    "authorisationId": "authorisation_id",
    "panExpiryDate": "card_validity",
    "paymentMeanBrand": "payment_means",
    "cardCSCResultCode": "cvv_response_code",
    "complementaryCode": "complementary_code",
    "complementaryInfo": "complementary_info",
    "scoreColor": "score_color",
    "scoreValue": "score_value",
    "scoreThreshold": "score_threshold",
    "scoreInfo": "score_info",
    "scoreProfile": "score_profile",
}
LANGUAGES = {"ge": "de", "sp": "es"}
# The transaction_condition for each holderAuthentStatus.
TRANSACTION_CONDITIONS = {
    "SUCCESS": "3D_SUCCESS",
    "FAILURE": "3D_FAILURE",
    "ERROR": "3D_ERROR",
    "NOT_ENROLLED": "3D_NOTENROLLED",
    "ATTEMPT": "3D_ATTEMPT",
    "CANCEL": "3D_ABORT",
}
# Fields that are sent, but not under their own key.
SENT_OTHERWISE = {
    *REQUEST_KEYS.values(),
    "amount", "currency_code", "language", "transaction_id", "transmission_date", "data", "caddie",
    "cancel_return_url",
}  # fmt: skip
# Fields whose meaning changes when a shop migrates to Paypage.
CHANGED = (
    "amount", "caddie", "cancel_return_url", "capture_day", "capture_mode", "customer_email",
    "data", "language", "normal_return_url", "order_id", "payment_means", "return_context",
    "templatefile", "transaction_id",
)  # fmt: skip
INSTALMENTS = "instalmentData."
# Options of the field data: the customer returns without a receipt, by GET or by POST. Paypage posts either way.
WITHOUT_RECEIPT = {"NO_RESPONSE_PAGE", "NO_RESPONSE_PAGE_POST"}
# Keys that a call can't give, in lower case, and what the kit computes them from.
COMPUTED = {
    key.lower(): source
    for key, source in {
        "amount": "amount",
        "currencyCode": "currency_code",
        "merchantId": "merchant_id",
        "orderId": "order_id",
        "returnContext": "return_context",
        "normalReturnUrl": "normal_return_url",
        "automaticResponseUrl": "automatic_response_url",
        "captureDay": "capture_day",
        "captureMode": "capture_mode",
        "paymentMeanBrandList": "payment_means",
        "transactionReference": "PAYPAGE_REFERENCE",
        "s10TransactionId": "PAYPAGE_REFERENCE",
        "s10TransactionIdDate": "PAYPAGE_REFERENCE",
        "keyVersion": "PAYPAGE_KEY_VERSION",
        "responseEncoding": "PAYPAGE_ENCODE",
        "interfaceVersion": "PAYPAGE_INTERFACE",
    }.items()
}
COMPUTED_CONTAINERS = {"s10transactionreference": "PAYPAGE_REFERENCE", "instalmentdata": "capture_mode"}
RESPONSE_VERSIONS = ("interfaceversionnormalresponse", "interfaceversionautomaticresponse")
# Keys that a call can't give either if the kit writes them into the same request.
WRITTEN = {key.lower(): name for key, name in REQUEST_KEYS.items()} | {
    "customerlanguage": "language",
    "paypagedata.bypassreceiptpage": "data",
    "paymentpattern": "capture_mode",
}


def without_counterpart() -> list[str]:
    """Return the fields of a Sips 1.0 request that Paypage has no key for, those of the kit itself aside."""
    own = ("version", "certificate_date", "certificate_expired", "certificate_version", "certificate_type")
    return [name for name in REQUEST.values() if name not in SENT_OTHERWISE and name not in own]


def request_keys(fields: Mapping[str, str], settings: "Paypage") -> tuple[dict[str, str], dict[str, str]]:
    """Return the keys of a request that the kit computes, and those that the call or a parmcom file sets, unchanged.

    They are sent in this order, with paymentMeanBrandList between them. Raises CallError.
    """
    day = day_in_paris(fields["transmission_date"])
    number = fields.get("transaction_id", "").zfill(6)
    by_reference = settings.reference == "transactionReference"
    pairs = {
        "amount": str(int(fields["amount"])),
        "currencyCode": fields["currency_code"].zfill(3),
        "keyVersion": settings.key_version,
        "orderChannel": "INTERNET",
    }
    if settings.encode != "none":
        pairs["responseEncoding"] = settings.encode
    if by_reference:
        pairs["transactionReference"] = reference_of(day, int(number))
    elif settings.reference == "transactionId":
        pairs["s10TransactionReference.s10TransactionId"] = number
    pairs |= {key: fields[name] for key, name in REQUEST_KEYS.items() if fields.get(name)}
    if fields.get("language"):
        pairs["customerLanguage"] = LANGUAGES.get(fields["language"], fields["language"])
    context, token = fields.get("return_context", ""), fields.get(TOKEN_FIELD, "")
    most = MAX_CONTEXT_LENGTH - len(token)
    if len(readable(context).encode()) > most:
        raise CallError(f"return_context has more than {most} bytes, the most that Paypage accepts")
    if TOKEN.match(context):
        raise CallError("return_context begins like a token of the kit")
    if token:
        pairs["returnContext"] = token + context
    if not WITHOUT_RECEIPT.isdisjoint(fields.get("data", "").split(";")):
        pairs["paypageData.bypassReceiptPage"] = "true"
    if fields.get("capture_mode") == "PAYMENT_N":
        for key in ("captureMode", "captureDay"):
            pairs.pop(key, None)
        pairs |= _instalments(fields, day, number, settings.reference)
    return pairs, _given(fields, pairs)


def _given(fields: Mapping[str, str], pairs: Mapping[str, str]) -> dict[str, str]:
    """Return the keys of the platform's dictionary among ``fields``.

    Raises CallError for one that would replace a key of ``pairs``, the channel of the order aside.
    """
    given = {name: value for name, value in fields.items() if is_platform_key(name)}
    written = {key.lower() for key in pairs}
    for name, value in given.items():
        key = name.lower()
        source = COMPUTED.get(key) or COMPUTED_CONTAINERS.get(key.partition(".")[0])
        if not source and (key in written or (key == "paymentpattern" and value == "INSTALMENT")):
            source = WRITTEN.get(key)
        if source:
            raise CallError(f"{name}: the kit computes it from {source}")
        if key in RESPONSE_VERSIONS and not value.startswith("HP_"):
            raise CallError(f"{name}: the kit reads responses of version HP_ only")
        if "|" in value:
            raise CallError(f"{name} contains a | that would end its value")
    return given


def _instalments(fields: Mapping[str, str], day: str, number: str, mode: str) -> dict[str, str]:
    """Return the schedule of a payment in instalments; each part is a transaction of its own day.

    ``mode`` is PAYPAGE_REFERENCE: the server numbers the parts itself, or gets their numbers or references.
    """
    parts = requested_instalments(fields, read_day(day)) if fields.get("capture_day") else ()
    if not parts:
        wanted = "capture_day, and NB_PAYMENT, PERIOD and INITIAL_AMOUNT in data"
        raise CallError(f"PAYMENT_N needs {wanted}, within 90 days")
    numbers = [number] * len(parts)
    if mode == "transactionReference":
        first = reference_of(day, int(number))
        numbers = [first, *(f"{first}P{part}" for part in range(2, len(parts) + 1))]
    keys = {"transactionReference": "transactionReferencesList", "transactionId": "s10TransactionIdsList"}
    lists = {f"{INSTALMENTS}{keys[mode]}": ",".join(numbers)} if mode in keys else {}
    return {
        "paymentPattern": "INSTALMENT",
        f"{INSTALMENTS}number": str(len(parts)),
        f"{INSTALMENTS}datesList": ",".join(f"{part.day:%Y%m%d}" for part in parts),
        f"{INSTALMENTS}amountsList": ",".join(str(part.amount) for part in parts),
        **lists,
    }


def response_fields(pairs: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """Return the fields of a response, and the day (aaaammjj) on which its transaction_id was used.

    Raises MessageStructureError.
    """
    fields = {name: pairs[key] for key, name in RESPONSE_KEYS.items() if key in pairs}
    if pairs.get("paymentPattern") == "INSTALMENT":
        fields["capture_mode"] = "PAYMENT_N"
    fields["amount"] = digits(pairs, "amount").zfill(3)
    fields["currency_code"] = digits(pairs, "currencyCode").zfill(3)
    if "response_code" in fields:
        digits(pairs, "responseCode")
    token = TOKEN.match(fields.get("return_context", ""))
    if token:
        fields["return_context"] = fields["return_context"].removeprefix(token[0])
    try:
        fields["transaction_id"], day = _transaction(pairs)
    except MessageStructureError:
        # The token identifies the request, whatever number the server assigned.
        if not token:
            raise
        fields["transaction_id"], day = "", ""
    moment = _moment(pairs.get("transactionDateTime", ""))
    if moment:
        fields["payment_date"], fields["payment_time"] = f"{moment:%Y%m%d}", f"{moment:%H%M%S}"
    elif day:
        fields["payment_date"] = day
    masked = MASKED.fullmatch(pairs.get("maskedPan", ""))
    if masked:
        fields["card_number"] = f"{masked[1]}.{masked[2]}"
    status = pairs.get("holderAuthentStatus", "")
    if status:
        # Older interface versions send the words of Sips 1.0 themselves.
        unchanged = status if status.startswith("3D_") else "SSL"
        fields["transaction_condition"] = TRANSACTION_CONDITIONS.get(status, unchanged)
    return {name: value for name, value in fields.items() if value}, day


def digits(pairs: Mapping[str, str], key: str) -> str:
    """Return the value of a key, ASCII digits. Raises MessageStructureError."""
    value = pairs.get(key, "")
    if not is_digits(value):
        raise MessageStructureError(key)
    return value


def _transaction(pairs: Mapping[str, str]) -> tuple[str, str]:
    """Return the transaction_id of a response and its day; both empty if another program made its reference."""
    number, day = pairs.get("s10TransactionId", ""), pairs.get("s10TransactionIdDate", "")
    # Beside the shop's own reference the server assigns a number, which another payment of the shop may have.
    reference = REFERENCE.fullmatch(pairs.get("transactionReference", ""))
    if reference:
        day, number = reference.groups()
    if not number:
        return "", ""
    try:
        # The ledger computes the next day, which has to be before the year 10000.
        known = 1999 < read_day(day).year < 9999
    except ValueError:
        known = False
    if not known:
        raise MessageStructureError("s10TransactionIdDate")
    if not is_digits(number):
        raise MessageStructureError("s10TransactionId")
    return number.zfill(6), day


def _moment(text: str) -> datetime | None:
    """Return the moment, in Paris, of a text in ISO 8601; None if it is in another form, which loses no payment."""
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
        return moment.astimezone(PARIS) if moment.tzinfo else moment
    except (ValueError, OverflowError):
        return None
