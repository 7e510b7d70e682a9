"""Server side of Paypage (Sips 2.0): requests opened and checked as by the platform's simulator, responses sealed.

The seal is implemented here a second time, so that the kit and the sandbox check each other.
Source: docs/paypage.md.
"""

import hashlib
import hmac
import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from sogenactif.addresses import is_address
from sogenactif.configuration import Pathfile
from sogenactif.dates import PARIS, read_day
from sogenactif.errors import KeyMissing
from sogenactif.fields import is_digits
from sogenactif.instalments import DUE_DATES, Instalment, due_dates
from sogenactif.money import CURRENCIES
from sogenactif.protocols import secrets_of
from sogenactif.protocols.paypage import key_path, read_key
from sogenactif_sandbox.rules import ABORT

SEALS: Mapping[str, Callable[[bytes, bytes], str]] = {
    "HMAC-SHA-256": lambda data, key: hmac.new(key, data, hashlib.sha256).hexdigest(),
    "SHA-256": lambda data, key: hashlib.sha256(data + key).hexdigest(),
    "HMAC-SHA-512": lambda data, key: hmac.new(key, data, hashlib.sha512).hexdigest(),
}
ALTERNATIVES = {"base64": None, "base64url": b"-_"}
VERSION = re.compile(r"HP_[23]\.[0-9]{1,2}")
OF_RESPONSES = ("interfaceVersionAutomaticResponse", "interfaceVersionNormalResponse")
KEY = r"[A-Za-z][A-Za-z0-9]*(?:\.[A-Za-z][A-Za-z0-9]*)*"
NEXT_PAIR = re.compile(rf"\|(?={KEY}=)")
PAIR = re.compile(rf"({KEY})=(.*)", re.DOTALL)
MERCHANT = re.compile(r"(?:^|\|)merchantId=([^|]*)")

# Keys of Data, and the fields of the same meaning.
ECHOED = {
    "merchantId": "merchant_id",
    "orderId": "order_id",
    "customerId": "customer_id",
    "customerIpAddress": "customer_ip_address",
    "returnContext": "return_context",
    "captureDay": "capture_day",
    "captureMode": "capture_mode",
    "statementReference": "statement_reference",
}
IN_REQUESTS = ECHOED | {
    "normalReturnUrl": "normal_return_url",
    "automaticResponseUrl": "automatic_response_url",
    "customerContact.email": "customer_email",
    "templateName": "templatefile",
    "customerLanguage": "language",
    "paymentMeanBrandList": "payment_means",
    "fraudData.challengeMode3DS": "challenge_mode",
    "keyVersion": "key_version",
    "transactionReference": "reference",
}
IN_RESPONSES = ECHOED | {
    "responseCode": "response_code",
    "acquirerResponseCode": "bank_response_code",
    "authorisationId": "authorisation_id",
    "panExpiryDate": "card_validity",
    "paymentMeanBrand": "payment_means",
    "paymentMeanBrandSelectionStatus": "brand_selection",
    "complementaryCode": "complementary_code",
    "complementaryInfo": "complementary_info",
    "guaranteeIndicator": "guarantee",
    "keyVersion": "key_version",
    "transactionReference": "reference",
    "s10TransactionId": "s10_number",
    "s10TransactionIdDate": "s10_day",
}
STATUSES = {
    "3D_SUCCESS": "SUCCESS",
    "3D_FAILURE": "FAILURE",
    "3D_ERROR": "ERROR",
    "3D_NOTENROLLED": "NOT_ENROLLED",
    "3D_ATTEMPT": "ATTEMPT",
    ABORT: "CANCEL",
}
# The other keys of a request: single keys, and containers with many keys.
S10 = "s10TransactionReference.s10TransactionId"
PLAIN = {
    *IN_REQUESTS, "responseEncoding", "amount", "currencyCode", "orderChannel", "paymentPattern", "interfaceVersion", S10,
    "s10TransactionReference.s10TransactionIdDate", "interfaceVersionAutomaticResponse",
    "interfaceVersionNormalResponse", "automaticErrorResponseInitPOST", "manualErrorResponseInitPOST",
    "merchantWalletId", "merchantSessionId", "invoiceReference", "transactionOrigin", "transactionActors",
    "merchantTransactionDateTime", "merchantName", "merchantUrl", "merchantPreferredBrand", "intermediateServiceProviderId",
    "paypageData.bypassReceiptPage", "fraudData.bypass3DS", "fraudData.merchantCustomerAuthentMethod",
    "fraudData.allowedCardArea", "fraudData.bypassCtrlList", "fraudData.bypassInfoList", "fraudData.riskManagementDynamicValueList",
    "fraudData.merchantCustomerAuthentDateTime", "fraudData.allowedCardCountryList", "fraudData.deniedCardCountryList",
    "fraudData.allowedIpCountryList", "fraudData.deniedIpCountryList", "riskManagementCustomDataList",
    "customerBillingNb", "customerEmail", "customerDeliverySuccessFlag", "evidenceNumber", "evidenceAcquisitionDate", "hashAlgorithm1",
    "hashAlgorithm2", "hashSalt1", "hashSalt2", "invoiceId", "mandateId", "numTransaction", "paymentMeanId",
    "secureReference", "subMerchantId", "subMerchantCategoryCode", "subMerchantLegalId", "subMerchantName",
    "subMerchantShortName", "subMerchantAddress.city", "valueDate", "transactionDescription",
    "instalmentData.number", "instalmentData.datesList", "instalmentData.amountsList",
    "instalmentData.s10TransactionIdsList", "instalmentData.transactionReferencesList",
}  # fmt: skip
CONTAINERS = frozenset((
    "billingAddress", "deliveryAddress", "customerAddress", "holderAddress", "billingContact", "deliveryContact",
    "customerContact", "holderContact", "customerAccountHistoric", "deliveryData", "shoppingCartDetail", "customerData",
    "holderData", "paymentMeanData", "travelContext", "subMerchantAddress", "authentData", "merchantAuthentData",
    "recurringData", "tokenData", "debtorData", "specialOfferData", "paymentMeanCatalog",
))  # fmt: skip
MANDATORY = ("amount", "currencyCode", "merchantId", "normalReturnUrl")
SIZES = {
    "amount": 12, "currencyCode": 3, "merchantId": 15, "transactionReference": 35, S10: 6, "orderId": 32, "customerId": 19,
    "returnContext": 255, "customerIpAddress": 39, "captureDay": 2, "normalReturnUrl": 512, "automaticResponseUrl": 512,
}  # fmt: skip
VALUES = {
    "amount": re.compile(r"0*[1-9][0-9]*"),
    "transactionReference": re.compile(r"[A-Za-z0-9]+"),
    S10: re.compile(r"[0-9]+"),
    "captureDay": re.compile(r"[0-9]+"),
    "captureMode": re.compile(r"AUTHOR_CAPTURE|VALIDATION|IMMEDIATE"),
    "paypageData.bypassReceiptPage": re.compile(r"true|false|Y|N"),
    "responseEncoding": re.compile(r"base64|base64url", re.IGNORECASE),
    "fraudData.challengeMode3DS": re.compile(
        r"NO_PREFERENCE|CHALLENGE|CHALLENGE_MANDATE|NO_CHALLENGE|NO_CHALLENGE_TRA_ACQ|NO_CHALLENGE_DTA"
    ),
    "fraudData.merchantCustomerAuthentMethod": re.compile(
        r"NOAUTHENT|OWNCREDENTIAL|FEDERATEDID|ISSUERID|THIRDPARTY|FIDO"
    ),
    "fraudData.bypass3DS": re.compile(r"ALL|MERCHANTWALLET"),
}
# The kind of numbers of a shop: as published for the test shops, any for others.
BY_SHOP = {"002001000000001": "reference", "002016000000001": "reference", "002001000000003": "s10"}
BY_SERVER = {"002001000000002": "reference", "002001000000004": "s10"}
OTHER_MODE = "Invalid keyword : code=12 message=Missing merchant transaction id key"


class InitialisationError(Exception):
    """Report a request that can't begin, in the platform's words; ``secure`` if its sender can't be verified."""

    def __init__(self, message: str, secure: bool = False) -> None:
        super().__init__(message)
        self.secure = secure


@dataclass(frozen=True)
class OpenedRequest:
    """Hold a verified request: fields in the names of Sips 1.0, and whether the previous key sealed it.

    ``envelope`` says how the response is written: interface_version, seal_algorithm, and response_encoding if the
    request names one. ``numbers`` are those that it uses: pairs of a day (aaaammjj) and a transactionId, or of "" and a transactionReference.
    """

    fields: dict[str, str] = field(repr=False)
    envelope: dict[str, str]
    old: bool
    numbers: tuple[tuple[str, str], ...]


def open_request(post: Mapping[str, str], pathfile: Pathfile, today: date) -> OpenedRequest:
    """Open and check a request. Raises InitialisationError, and KeyUnusable if the secret key can't be read."""
    algorithm = post.get("SealAlgorithm") or "SHA-256"
    encode = post.get("Encode", "").lower()
    if encode not in ("", "none", *ALTERNATIVES):
        raise InitialisationError("Invalid keyword : ENCODE")
    text = _decode(post["Data"], encode)
    if algorithm not in SEALS:
        raise InitialisationError(f"Invalid field value : Invalid sealAlgorithm value ({algorithm})", True)
    old = _check_seal(post, text, algorithm, pathfile)
    pairs = _pairs(text)
    version = post.get("InterfaceVersion", "")
    if not VERSION.fullmatch(version):
        raise InitialisationError(f"Unknown version interface: {version}")
    _check(pairs)
    fields = {name: pairs[key] for key, name in IN_REQUESTS.items() if key in pairs}
    fields |= {
        "amount": pairs["amount"].lstrip("0").zfill(3),
        "currency_code": pairs["currencyCode"],
        "cancel_return_url": pairs["normalReturnUrl"],
        "transaction_id": pairs[S10].zfill(6) if S10 in pairs else pairs.get("transactionReference", ""),
    }
    envelope = {"interface_version": version, "seal_algorithm": algorithm}
    if "responseEncoding" in pairs:
        envelope["response_encoding"] = pairs["responseEncoding"]
    fields.setdefault("key_version", "1")
    options = ["NO_RESPONSE_PAGE"] if pairs.get("paypageData.bypassReceiptPage") in ("true", "Y") else []
    day = f"{today:%Y%m%d}"
    numbers = [(day, pairs[S10].zfill(6))] if S10 in pairs else []
    numbers += [("", pairs["transactionReference"])] if "transactionReference" in pairs else []
    if pairs.get("paymentPattern") == "INSTALMENT":
        parts = _instalments(pairs, today)
        options.append(f"{DUE_DATES}={due_dates(parts)}")
        fields |= {"capture_mode": "PAYMENT_N", "capture_day": str((parts[0].day - today).days)}
        ids = _list(pairs, "s10TransactionIdsList")
        numbers += [(f"{part.day:%Y%m%d}", id.zfill(6)) for part, id in zip(parts[1:], ids[1:], strict=False)]
        numbers += [("", reference) for reference in _list(pairs, "transactionReferencesList")[1:]]
    fields["data"] = ";".join(options)
    return OpenedRequest(
        {name: value for name, value in fields.items() if value}, envelope, old, tuple(numbers)
    )


def seal_response(
    fields: Mapping[str, str], envelope: Mapping[str, str], pathfile: Pathfile, old: bool
) -> dict[str, str]:
    """Return the post of a response, written as the envelope of its request says and sealed with the same key."""
    return seal_with(fields, envelope, read_key(key_path(pathfile, fields["merchant_id"], old)))


def seal_with(fields: Mapping[str, str], envelope: Mapping[str, str], secret: bytes) -> dict[str, str]:
    """Return the post of a response, written as an envelope says and sealed with a secret key."""
    moment = datetime.strptime(fields["payment_date"] + fields["payment_time"], "%Y%m%d%H%M%S")
    pairs = {key: fields[name] for key, name in IN_RESPONSES.items() if fields.get(name)}
    pairs |= {
        "amount": str(int(fields["amount"])),
        "currencyCode": fields["currency_code"],
        "orderChannel": "INTERNET",
        "transactionDateTime": moment.replace(tzinfo=PARIS).isoformat(),
    }
    if fields.get("capture_mode") == "PAYMENT_N":
        pairs |= {"captureMode": "AUTHOR_CAPTURE", "paymentPattern": "INSTALMENT"}
    if fields.get("card_number"):
        first, _, last = fields["card_number"].partition(".")
        pairs |= {"maskedPan": f"{first}##########{last}", "paymentMeanType": "CARD"}
    if fields.get("transaction_condition"):
        pairs["holderAuthentStatus"] = STATUSES.get(fields["transaction_condition"], "NO_AUTHENT")
    text = "|".join(f"{key}={value}" for key, value in pairs.items()).encode("utf-8", "replace")
    encode = envelope.get("response_encoding", "").lower()
    data = b64encode(text, ALTERNATIVES[encode]) if encode else text
    return {
        "Data": data.decode(),
        "Encode": encode,
        "InterfaceVersion": envelope["interface_version"],
        "Seal": SEALS[envelope["seal_algorithm"]](data, secret),
    }


def open_response(post: Mapping[str, str], envelope: Mapping[str, str], secret: bytes) -> dict[str, str]:
    """Return the keys of a response that this server sealed with a secret key. Raises InitialisationError."""
    data = post.get("Data", "").encode("utf-8", "replace")
    seal = post.get("Seal", "").encode("utf-8", "replace")
    if not hmac.compare_digest(SEALS[envelope["seal_algorithm"]](data, secret).encode(), seal):
        raise InitialisationError("Invalid signature", True)
    return _pairs(_decode(data.decode(), envelope.get("response_encoding", "").lower()))


def _check_seal(post: Mapping[str, str], text: str, algorithm: str, pathfile: Pathfile) -> bool:
    """Return whether the previous secret key sealed a request. Raises InitialisationError if no key did."""
    merchant_id = (MERCHANT.findall(text) or [""])[0]
    data, seal = (post.get(name, "").encode("utf-8", "replace") for name in ("Data", "Seal"))
    try:
        for secret, old in secrets_of(lambda old: read_key(key_path(pathfile, merchant_id, old))):
            if hmac.compare_digest(SEALS[algorithm](data, secret).encode(), seal.lower()):
                version = _pairs(text).get("keyVersion", "1")
                if not is_digits(version):
                    raise InitialisationError(f"Unknown security version: {version}", True)
                if not old and version != (pathfile.paypage.key_version or "1"):
                    message = f"Invalid field value : Unable to find a valid key for the following keyVersion={version}"
                    raise InitialisationError(message, True)
                return old
    except KeyMissing:
        message = f"Merchant ID (merchantId) not found : findMerchantPoi [{merchant_id}] is not found"
        raise InitialisationError(message, True) from None
    raise InitialisationError(f"Invalid signature : {post.get('Seal', '')[:128]}", True)


def _decode(data: str, encode: str) -> str:
    try:
        if encode in ALTERNATIVES:
            return b64decode(data + "=" * (-len(data) % 4), ALTERNATIVES[encode], validate=True).decode()
        return data
    except (Base64Error, ValueError):
        raise InitialisationError("Invalid keyword : ENCODE") from None


def _pairs(text: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for part in NEXT_PAIR.split(text):
        pair = PAIR.fullmatch(part)
        if not pair or pair[1] in pairs:
            raise InitialisationError(f"Invalid keyword: {part[:80]}")
        pairs[pair[1]] = pair[2]
    return {key: value for key, value in pairs.items() if value}


def _check(pairs: Mapping[str, str]) -> None:
    """Raise InitialisationError for the first key that is wrong, too long, missing or unknown."""
    for key, value in pairs.items():
        if key not in PLAIN and key.partition(".")[0] not in CONTAINERS:
            raise InitialisationError(f"Invalid keyword: {key}={value}")
        if "|" in value:
            raise InitialisationError(f"Invalid field value: {key}={value}")
    for key in MANDATORY:
        if key not in pairs:
            raise InitialisationError(f"Mandatory field missing: {key}")
    for key, size in SIZES.items():
        if len(pairs.get(key, "")) > size:
            raise InitialisationError(f"Invalid field size: {key}={pairs[key]}")
    for key in ("normalReturnUrl", "automaticResponseUrl"):
        if key in pairs and not is_address(pairs[key]):
            raise InitialisationError(f"Technical problem : code=30 message={key} is invalid {pairs[key]}")
    for key, pattern in VALUES.items():
        if key in pairs and not pattern.fullmatch(pairs[key]):
            raise InitialisationError(f"Invalid field value: {key}={pairs[key]}")
    if pairs["currencyCode"] not in CURRENCIES:
        raise InitialisationError(f"Invalid field value: currencyCode={pairs['currencyCode']}")
    for key in OF_RESPONSES:
        if not VERSION.fullmatch(pairs.get(key, "HP_3.4")):
            raise InitialisationError(f"Technical problem : code=30 message={key} is invalid {pairs[key]}")
    if (OF_RESPONSES[0] in pairs) != (OF_RESPONSES[1] in pairs):
        raise InitialisationError(
            "Invalid keyword : code=12 message=one interface version of the responses alone"
        )
    _check_numbers(pairs)


def _check_numbers(pairs: Mapping[str, str]) -> None:
    """Raise InitialisationError if the request doesn't have the kind of number that is set for its shop."""
    merchant_id, has_s10, has_reference = pairs["merchantId"], S10 in pairs, "transactionReference" in pairs
    # The platform's own samples name the parts of a payment in instalments of the shop whose references it generates.
    unexpected = {"s10": has_s10 or has_reference, "reference": has_s10}
    if unexpected.get(BY_SERVER.get(merchant_id, "")):
        key = S10 if has_s10 else "transactionReference"
        raise InitialisationError(f"Invalid keyword: {key}={pairs[key]}")
    mode = BY_SHOP.get(merchant_id)
    if (mode == "s10" and not has_s10) or (mode == "reference" and not has_reference):
        raise InitialisationError(OTHER_MODE)
    if has_s10 and has_reference:
        raise InitialisationError(f"Invalid keyword: transactionReference={pairs['transactionReference']}")


def _instalments(pairs: Mapping[str, str], today: date) -> tuple[Instalment, ...]:
    """Return the parts of a payment in instalments, the first on no day before ``today``. Raises InitialisationError."""
    dates, amounts = _list(pairs, "datesList"), _list(pairs, "amountsList")
    try:
        if not all(map(is_digits, amounts)):
            raise ValueError
        parts = tuple(Instalment(read_day(day), int(a)) for day, a in zip(dates, amounts, strict=True))
    except ValueError:
        parts = ()
    days = [part.day for part in parts]
    own = {"s10TransactionIdsList": S10, "transactionReferencesList": "transactionReference"}
    numbers = [(_list(pairs, name), pairs.get(key)) for name, key in own.items()]
    is_right = (
        len(parts) > 1
        and pairs.get("instalmentData.number") == str(len(parts))
        and days == sorted(set(days))
        and days[0] >= today
        and all(part.amount for part in parts)
        and sum(part.amount for part in parts) == int(pairs["amount"])
        and all(not given or (len(given) == len(parts) and given[0] == first) for given, first in numbers)
    )
    if not is_right:
        raise InitialisationError("Invalid field value: instalmentData")
    return parts


def _list(pairs: Mapping[str, str], name: str) -> list[str]:
    """Return a list of instalmentData, empty if the request has none."""
    value = pairs.get(f"instalmentData.{name}")
    return value.split(",") if value else []
