"""The message of today's server (Paypage POST, Sips 2.0): fields as Data, Data sealed and opened.

Fields keep the names and the forms of the guide; what Data calls them is known here and nowhere
else. Source: facts of the Paypage interface, Request and Response.
"""

import hashlib
import hmac
import os
import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import NamedTuple

from sogenactif.configuration import Pathfile
from sogenactif.dates import PARIS, day_in_paris, read_day
from sogenactif.errors import (
    CallError,
    KeyMissing,
    KeyUnusable,
    MessageEncodingError,
    MessageStructureError,
    PathfileError,
    SealError,
)
from sogenactif.fields import MAX_LENGTH, REQUEST, readable, to_text
from sogenactif.files import cached_until_changed, read_file, stays_in_directory
from sogenactif.instalments import OPTIONS, WrongSchedule, is_digits, schedule
from sogenactif.protocols.certificate import is_web_address

POSTED = ("Data", "InterfaceVersion", "Seal", "SealAlgorithm", "Encode")
SEALS: Mapping[str, Callable[[bytes, bytes], str]] = {
    "HMAC-SHA-256": lambda data, key: hmac.new(key, data, hashlib.sha256).hexdigest(),
    "SHA-256": lambda data, key: hashlib.sha256(data + key).hexdigest(),
}
ALTERNATIVES = {"base64": None, "base64url": b"-_"}
# Each keyword of the pathfile: its values, the first of them when it is absent.
CHOICES = {
    "PAYPAGE_SEAL": tuple(SEALS),
    "PAYPAGE_ENCODE": ("base64url", "base64", "none"),
    "PAYPAGE_MEANS": ("shop", "server"),
    "PAYPAGE_REFERENCE": ("transactionId", "transactionReference"),
}
INTERFACE = "HP_3.4"
LONGEST_CONTEXT = 255
KEY = r"[A-Za-z][A-Za-z0-9]*(?:\.[A-Za-z][A-Za-z0-9]*)*"
NEXT_PAIR = re.compile(rf"\|(?={KEY}=)")
PAIR = re.compile(rf"({KEY})=(.*)", re.DOTALL)
MERCHANT = re.compile(r"(?:^|\|)merchantId=([^|]*)")

# Keys that carry a field as it is, in requests, in responses, in both.
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
ASKED = ECHOED | {
    "normalReturnUrl": "normal_return_url",
    "automaticResponseUrl": "automatic_response_url",
    "customerContact.email": "customer_email",
    "templateName": "templatefile",
}
ANSWERED = ECHOED | {
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
CONDITIONS = {
    "SUCCESS": "3D_SUCCESS",
    "FAILURE": "3D_FAILURE",
    "ERROR": "3D_ERROR",
    "NOT_ENROLLED": "3D_NOTENROLLED",
    "ATTEMPT": "3D_ATTEMPT",
}
# What a request says without a key of its own.
SAID_OTHERWISE = {
    *ASKED.values(),
    "amount", "currency_code", "language", "transaction_id", "transmission_date", "data", "caddie",
    "cancel_return_url",
}  # fmt: skip
# What means something else than in the guide, for who moves.
OTHERWISE = {
    "amount": "sent without zeros in front",
    "caddie": "not sent: the ledger keeps it and gives it back with the response; lost without a LEDGER",
    "cancel_return_url": "not sent: normal_return_url gets every customer back, paid or not",
    "capture_day": "with PAYMENT_N, goes into the date of the first instalment",
    "capture_mode": "PAYMENT_N is sent as paymentPattern INSTALMENT, with dates and amounts worked out by the kit",
    "customer_email": "comes back from the ledger, not from the server",
    "data": "NO_RESPONSE_PAGE and the schedule of PAYMENT_N are sent in keys of their own, nothing else of it",
    "language": "ge and sp are sent as de and es; comes back from the ledger",
    "normal_return_url": "gets every customer back: accepted, refused and cancelled alike",
    "order_id": "letters and digits only, on the bank's server",
    "payment_means": "block numbers arrange the shop's page, and are not sent; each button has a form of its own",
    "return_context": "255 bytes, where the guide has 256",
    "templatefile": "names a template of today's server, which has to be installed there",
    "transaction_id": "sent with six digits; the day it counts for is that of the customer's arrival at the server",
}  # fmt: skip
INSTALMENTS = "instalmentData."
# What a server keeps of a request, beside its fields, to answer in the same manner.
MANNER = ("InterfaceVersion", "SealAlgorithm", "Encode", "keyVersion", "transactionReference")


class Settings(NamedTuple):
    """What the pathfile says of today's server; the attributes are its keywords after ``PAYPAGE_``."""

    url: str
    key_version: str
    seal: str
    encode: str
    interface: str
    means: str
    reference: str


class Server:
    """Today's server as a merchant's requests reach it."""

    def __init__(self, settings: Settings, secret: bytes, path: str, ledger: bool) -> None:
        self.settings = settings
        self.secret = secret
        self.path = path
        self.ledger = ledger

    @property
    def action(self) -> str:
        """Where the customer's browser posts."""
        return self.settings.url

    def check(self, fields: Mapping[str, str]) -> None:
        """Raise CallError where these fields can't make a request, whatever its number."""
        _flatten(_request(fields, self.settings), self.settings.encode)

    def seal(self, fields: Mapping[str, str], means: Iterable[str]) -> dict[str, dict[str, str]]:
        """The hidden fields of the form of each means; under ``""`` those of one form for all.

        A browser posts what was sealed before: where the shop's page is where customers choose,
        each button needs Data of its own.
        """
        names = list(dict.fromkeys(means))
        by_shop = names and self.settings.means == "shop"
        lists = {name: name for name in names} if by_shop else {"": ",".join(names)}
        return {button: self._post(fields, brands) for button, brands in lists.items()}

    def unsent(self, fields: Mapping[str, str]) -> dict[str, str]:
        """The fields that have no counterpart, and what becomes of them, for the debug report."""
        lost = {name: "no counterpart" for name in unsendable() if fields.get(name)}
        if fields.get("caddie"):
            kept = "kept by the ledger, and given back with the response"
            lost["caddie"] = kept if self.ledger else "LOST: no LEDGER is there to keep it"
        if fields.get("cancel_return_url", "") not in ("", fields.get("normal_return_url")):
            lost["cancel_return_url"] = "no counterpart: normal_return_url gets every customer back"
        known = {"NO_RESPONSE_PAGE", *(OPTIONS if fields.get("capture_mode") == "PAYMENT_N" else ())}
        options = [
            option for option in fields.get("data", "").split(";") if option.partition("=")[0] not in known
        ]
        if any(options):
            lost["data"] = f"no counterpart: {';'.join(options)}"
        return lost

    def _post(self, fields: Mapping[str, str], brands: str) -> dict[str, str]:
        pairs = _request(fields, self.settings)
        if brands:
            pairs["paymentMeanBrandList"] = brands
        settings = self.settings
        return seal(
            pairs, self.secret, settings.seal, settings.encode, InterfaceVersion=settings.interface
        ) | {"SealAlgorithm": settings.seal}


def server(pathfile: Pathfile, country: str, merchant_id: str) -> Server:
    """Today's server for a merchant's requests. Raises PathfileError, KeyMissing and KeyUnusable."""
    settings = read_settings(pathfile)
    if not is_web_address(settings.url):
        raise PathfileError(f"PAYPAGE_URL ({settings.url}) is no http or https address")
    path = key_path(pathfile, merchant_id)
    return Server(settings, read_key(path), path, bool(pathfile["LEDGER"]))


def open_response(post: Mapping[str, str], pathfile: Pathfile) -> tuple[dict[str, str], dict[str, str], str]:
    """A response that the server sealed: its fields, its original keys, and the day of its transaction.

    The day (aaaammjj) is the one in Paris on which the transaction_id was used. The seal is checked
    over Data as posted, with the algorithm of the pathfile; the key that was in force before, whose
    file ends in ``.old``, serves too. Raises MessageError, PathfileError, KeyMissing and KeyUnusable.
    """
    settings = read_settings(pathfile)
    pairs, old = open_sealed(post, pathfile, settings.seal)
    if not old and pairs.get("keyVersion", settings.key_version) != settings.key_version:
        raise MessageStructureError("keyVersion")
    fields = {name: pairs[key] for key, name in ANSWERED.items() if key in pairs}
    if pairs.get("paymentPattern") == "INSTALMENT":
        fields["capture_mode"] = "PAYMENT_N"
    fields["amount"] = _digits(pairs, "amount").zfill(3)
    fields["currency_code"] = _digits(pairs, "currencyCode").zfill(3)
    if "response_code" in fields:
        _digits(pairs, "responseCode")
    number, day = _transaction(pairs)
    fields["transaction_id"] = number
    moment = _moment(pairs["transactionDateTime"]) if "transactionDateTime" in pairs else None
    if moment:
        fields["payment_date"], fields["payment_time"] = f"{moment:%Y%m%d}", f"{moment:%H%M%S}"
    elif day:
        fields["payment_date"] = day
    masked = re.fullmatch(r"([0-9]{4}).*([0-9]{2})", pairs.get("maskedPan", ""))
    if masked:
        fields["card_number"] = f"{masked[1]}.{masked[2]}"
    if "holderAuthentStatus" in pairs:
        fields["transaction_condition"] = CONDITIONS.get(pairs["holderAuthentStatus"], "SSL")
    return {name: value for name, value in fields.items() if value}, pairs, day


def unsendable() -> list[str]:
    """The fields of the guide's request that have no counterpart; what the kit itself fills in aside."""
    own = ("version", "certificate_date", "certificate_expired", "certificate_version", "certificate_type")
    return [name for name in REQUEST.values() if name not in SAID_OTHERWISE and name not in own]


def open_request(post: Mapping[str, str], pathfile: Pathfile, today: date) -> tuple[dict[str, str], bool]:
    """A request as its server reads it: its fields, with MANNER, and whether the previous key sealed it.

    ``payment_means`` are the brands that it lists. Raises MessageError, KeyMissing and KeyUnusable.
    """
    algorithm = post.get("SealAlgorithm") or "SHA-256"
    pairs, old = open_sealed(post, pathfile, algorithm)
    if not old and pairs.get("keyVersion") != read_settings(pathfile).key_version:
        raise SealError
    fields = {name: pairs[key] for key, name in ASKED.items() if key in pairs}
    fields |= {
        "amount": _digits(pairs, "amount").zfill(3),
        "currency_code": _digits(pairs, "currencyCode").zfill(3),
        "language": pairs.get("customerLanguage", ""),
        "payment_means": pairs.get("paymentMeanBrandList", ""),
        "cancel_return_url": pairs.get("normalReturnUrl", ""),
        "transaction_id": pairs.get("s10TransactionReference.s10TransactionId")
        or pairs.get("transactionReference", "")[-6:],
    }
    options = ["NO_RESPONSE_PAGE"] if pairs.get("paypageData.bypassReceiptPage") == "true" else []
    if pairs.get("paymentPattern") == "INSTALMENT":
        options += _read_instalments(pairs)
        first = pairs[f"{INSTALMENTS}datesList"][:8]
        fields |= {"capture_mode": "PAYMENT_N", "capture_day": str((read_day(first) - today).days)}
    fields["data"] = ";".join(options)
    manner = {**post, **pairs, "SealAlgorithm": algorithm}
    fields |= {name: manner[name] for name in MANNER if name in manner}
    return {name: value for name, value in fields.items() if value}, old


def seal_response(fields: Mapping[str, str], pathfile: Pathfile, old: bool) -> dict[str, str]:
    """The form that answers a request in its own manner (MANNER), sealed by the key that sealed it."""
    moment = datetime.strptime(fields["payment_date"] + fields["payment_time"], "%Y%m%d%H%M%S")
    pairs = {key: fields[name] for key, name in ANSWERED.items() if fields.get(name)}
    pairs |= {
        "amount": str(int(fields["amount"])),
        "currencyCode": fields["currency_code"],
        "keyVersion": fields["keyVersion"],
        "orderChannel": "INTERNET",
        "transactionDateTime": moment.replace(tzinfo=PARIS).isoformat(),
    }
    if "transactionReference" in fields:
        pairs["transactionReference"] = fields["transactionReference"]
    else:
        day, number = fields["payment_date"], fields["transaction_id"]
        pairs["transactionReference"] = reference(day, number)
        pairs |= {"s10TransactionId": number, "s10TransactionIdDate": day}
    if fields.get("capture_mode") == "PAYMENT_N":
        pairs |= {"captureMode": "AUTHOR_CAPTURE", "paymentPattern": "INSTALMENT"}
    if fields.get("card_number"):
        first, _, last = fields["card_number"].partition(".")
        pairs["maskedPan"] = f"{first}##########{last}"
    if fields.get("transaction_condition"):
        statuses = {condition: status for status, condition in CONDITIONS.items()}
        pairs["holderAuthentStatus"] = statuses.get(fields["transaction_condition"], "NO_AUTHENT")
    secret = read_key(key_path(pathfile, fields["merchant_id"], old))
    version = {"InterfaceVersion": fields["InterfaceVersion"]}
    return seal(pairs, secret, fields["SealAlgorithm"], fields.get("Encode", "none"), **version)


def open_sealed(post: Mapping[str, str], pathfile: Pathfile, algorithm: str) -> tuple[dict[str, str], bool]:
    """The keys of Data, and whether the previous secret key sealed it. Raises MessageError, KeyMissing, KeyUnusable.

    Until the seal is checked nothing is taken from Data but whose key it is.
    """
    data = post.get("Data", "")
    text = _decode(data, post.get("Encode", "").lower())
    merchants = MERCHANT.findall(text)
    if len(merchants) != 1 or algorithm not in SEALS:
        raise SealError
    for old in (False, True):
        try:
            secret = read_key(key_path(pathfile, merchants[0], old))
        except KeyMissing:
            if old:
                break
            raise
        computed = SEALS[algorithm](data.encode("utf-8", "replace"), secret)
        if hmac.compare_digest(computed.encode(), post.get("Seal", "").encode("utf-8", "replace")):
            pairs = unflatten(text)
            if pairs.get("merchantId") != merchants[0]:
                raise MessageStructureError("merchantId")
            return pairs, old
    raise SealError


def seal(
    pairs: Mapping[str, str], secret: bytes, algorithm: str, encode: str, **others: str
) -> dict[str, str]:
    """The form that carries these keys, sealed; ``encode`` is base64, base64url or none. Raises CallError."""
    text = _flatten(pairs, encode)
    data = text if encode == "none" else b64encode(text.encode(), ALTERNATIVES[encode]).decode()
    post = {"Data": data, **others, "Seal": SEALS[algorithm](data.encode(), secret)}
    return post if encode == "none" else {**post, "Encode": encode}


def unflatten(text: str) -> dict[str, str]:
    """The keys of Data and their values; ``null`` is no value. Raises MessageStructureError.

    A ``|`` that no ``key=`` follows is part of a value.
    """
    pairs: dict[str, str] = {}
    for part in NEXT_PAIR.split(text):
        pair = PAIR.fullmatch(part)
        if not pair:
            raise MessageStructureError("Data")
        if pair[1] in pairs:
            raise MessageStructureError(f"{pair[1]} twice")
        pairs[pair[1]] = pair[2]
    return {key: value for key, value in pairs.items() if value not in ("", "null")}


def read_settings(pathfile: Pathfile) -> Settings:
    """What the pathfile says of today's server. Raises PathfileError."""
    chosen = {keyword: pathfile[keyword] or values[0] for keyword, values in CHOICES.items()}
    for keyword, value in chosen.items():
        if value not in CHOICES[keyword]:
            raise PathfileError(f"{keyword} is {value}, and may be {' or '.join(CHOICES[keyword])}")
    version, interface = pathfile["PAYPAGE_KEY_VERSION"] or "1", pathfile["PAYPAGE_INTERFACE"] or INTERFACE
    if not is_digits(version):
        raise PathfileError(f"PAYPAGE_KEY_VERSION ({version}) is no number")
    return Settings(
        url=pathfile["PAYPAGE_URL"],
        key_version=version,
        seal=chosen["PAYPAGE_SEAL"],
        encode=chosen["PAYPAGE_ENCODE"],
        interface=interface,
        means=chosen["PAYPAGE_MEANS"],
        reference=chosen["PAYPAGE_REFERENCE"],
    )


def key_path(pathfile: Pathfile, merchant_id: str, old: bool = False) -> str:
    """The file of a merchant's secret key, or of the one before it. Raises KeyMissing where there can be none."""
    if not pathfile["PAYPAGE_KEY"]:
        raise KeyMissing("no key word PAYPAGE_KEY")
    path = f"{pathfile['PAYPAGE_KEY']}.{merchant_id}{'.old' if old else ''}"
    if not stays_in_directory(merchant_id) or len(merchant_id) > MAX_LENGTH["merchant_id"]:
        raise KeyMissing(path)
    return path


@cached_until_changed
def read_key(path: str) -> bytes:
    """A secret key: the one line of its file, which nobody but its owner and their group may read.

    Raises KeyMissing and KeyUnusable.
    """
    try:
        secret = read_file(path).rstrip(b"\r\n")
        shared = os.stat(path).st_mode & 0o007
    except FileNotFoundError:
        raise KeyMissing(path) from None
    except (OSError, ValueError) as error:
        raise KeyUnusable(path) from error
    if shared:
        raise KeyUnusable(f"{path}: others may read it, chmod o= makes it yours")
    if not secret or b"\n" in secret:
        raise KeyUnusable(f"{path}: not one line")
    return secret


def reference(day: str, number: str) -> str:
    """The transactionReference of a transaction_id: unique for ever as that is on its day (aaaammjj)."""
    return f"{day}{number.zfill(6)}"


def _request(fields: Mapping[str, str], settings: Settings) -> dict[str, str]:
    """The keys of a request, in the order they are sent; the means of payment aside."""
    day = day_in_paris(fields["transmission_date"])
    number = fields.get("transaction_id", "").zfill(6)
    by_reference = settings.reference == "transactionReference"
    pairs = {
        "amount": str(int(fields["amount"])),
        "currencyCode": fields["currency_code"].zfill(3),
        "keyVersion": settings.key_version,
        "orderChannel": "INTERNET",
    }
    if by_reference:
        pairs["transactionReference"] = reference(day, number)
    else:
        pairs["s10TransactionReference.s10TransactionId"] = number
    pairs |= {key: fields[name] for key, name in ASKED.items() if fields.get(name)}
    if fields.get("language"):
        pairs["customerLanguage"] = LANGUAGES.get(fields["language"], fields["language"])
    if len(readable(fields.get("return_context", "")).encode()) > LONGEST_CONTEXT:
        raise CallError("return_context has more than 255 bytes, the most that today's server takes")
    if "NO_RESPONSE_PAGE" in fields.get("data", "").split(";"):
        pairs["paypageData.bypassReceiptPage"] = "true"
    if fields.get("capture_mode") == "PAYMENT_N":
        for key in ("captureMode", "captureDay"):
            pairs.pop(key, None)
        pairs |= _instalments(fields, day, number, by_reference)
    return pairs


def _instalments(fields: Mapping[str, str], day: str, number: str, by_reference: bool) -> dict[str, str]:
    """The schedule of a payment in several times; each part is a transaction on a day of its own."""
    first_after = fields.get("capture_day", "")
    try:
        if not is_digits(first_after):
            raise WrongSchedule
        parts = schedule(int(fields["amount"]), fields.get("data", ""), int(first_after), read_day(day))
    except WrongSchedule:
        wanted = "capture_day, and NB_PAYMENT, PERIOD and INITIAL_AMOUNT in data"
        raise CallError(f"PAYMENT_N needs {wanted}, within 90 days") from None
    numbers = [number] * len(parts)
    if by_reference:
        first = reference(day, number)
        numbers = [first, *(f"{first}P{part}" for part in range(2, len(parts) + 1))]
    list_of_numbers = "transactionReferencesList" if by_reference else "s10TransactionIdsList"
    return {
        "paymentPattern": "INSTALMENT",
        f"{INSTALMENTS}number": str(len(parts)),
        f"{INSTALMENTS}datesList": ",".join(f"{part.day:%Y%m%d}" for part in parts),
        f"{INSTALMENTS}amountsList": ",".join(str(part.amount) for part in parts),
        f"{INSTALMENTS}{list_of_numbers}": ",".join(numbers),
    }


def _read_instalments(pairs: Mapping[str, str]) -> list[str]:
    """The options of the guide's data that make the schedule of a request. Raises MessageStructureError."""
    lists = [pairs.get(INSTALMENTS + name, "").split(",") for name in ("datesList", "amountsList")]
    try:
        days, amounts = [read_day(day) for day in lists[0]], [int(amount) for amount in lists[1]]
        values = (len(days), (days[1] - days[0]).days, amounts[0])
        options = [f"{name}={value}" for name, value in zip(OPTIONS, values, strict=True)]
        parts = schedule(int(pairs["amount"]), ";".join(options), 0, days[0])
        if [(part.day, part.amount) for part in parts] != list(zip(days, amounts, strict=True)):
            raise WrongSchedule
    except (ValueError, IndexError, WrongSchedule):
        raise MessageStructureError("instalmentData") from None
    return options


def _flatten(pairs: Mapping[str, str], encode: str) -> str:
    """Data before it is encoded. Raises CallError for a value that would read as another key."""
    for key, value in pairs.items():
        if NEXT_PAIR.search(value) or ("|" in value and encode == "none"):
            raise CallError(f"{key} holds a | that would end its value")
    return "|".join(f"{key}={readable(value)}" for key, value in pairs.items())


def _decode(data: str, encode: str) -> str:
    """Data as text. Raises MessageEncodingError."""
    try:
        if encode in ("", "none"):
            text = data
        else:
            padded = data + "=" * (-len(data) % 4)
            text = to_text(b64decode(padded, ALTERNATIVES[encode], validate=True))
        text.encode()
        return text
    except (KeyError, Base64Error, ValueError):
        raise MessageEncodingError from None


def _digits(pairs: Mapping[str, str], key: str) -> str:
    value = pairs.get(key, "")
    if not is_digits(value):
        raise MessageStructureError(key)
    return value


def _transaction(pairs: Mapping[str, str]) -> tuple[str, str]:
    """The transaction_id of a response and its day; both empty where another program made its reference."""
    number, day = pairs.get("s10TransactionId", ""), pairs.get("s10TransactionIdDate", "")
    if not number and re.fullmatch(r"[0-9]{14}", pairs.get("transactionReference", "")):
        day, number = pairs["transactionReference"][:8], pairs["transactionReference"][8:]
    if not number:
        return "", ""
    try:
        known = read_day(day).year > 1999
    except ValueError:
        known = False
    if not known:
        raise MessageStructureError("s10TransactionIdDate")
    if not is_digits(number):
        raise MessageStructureError("s10TransactionId")
    return number.zfill(6), day


def _moment(text: str) -> datetime:
    """A moment of ISO 8601 with its offset, in Paris. Raises MessageStructureError."""
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
        return moment.astimezone(PARIS) if moment.tzinfo else moment
    except (ValueError, OverflowError):
        raise MessageStructureError("transactionDateTime") from None
