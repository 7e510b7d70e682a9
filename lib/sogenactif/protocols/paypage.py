"""Messages of Paypage (Sips 2.0): Data, sealed and opened, and the secret key.

Fields keep the names and the forms of Sips 1.0; ``paypage_fields`` translates them.
Source: docs/paypage.md.
"""

import hashlib
import hmac
import os
import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Iterable, Mapping

from sogenactif.configuration import Pathfile, Paypage
from sogenactif.errors import (
    CallError,
    InitialisationError,
    KeyMissing,
    KeyUnusable,
    MessageEncodingError,
    MessageStructureError,
    SealError,
)
from sogenactif.fields import MAX_LENGTH, readable, to_text
from sogenactif.files import cached_until_changed, read_file, stays_in_directory
from sogenactif.instalments import OPTIONS
from sogenactif.protocols import TOKEN_FIELD, secrets_of
from sogenactif.protocols.paypage_fields import (
    WITHOUT_RECEIPT,
    request_keys,
    response_fields,
    without_counterpart,
)

SEALS: Mapping[str, Callable[[bytes, bytes], str]] = {
    "HMAC-SHA-256": lambda data, key: hmac.new(key, data, hashlib.sha256).hexdigest(),
    "SHA-256": lambda data, key: hashlib.sha256(data + key).hexdigest(),
    "HMAC-SHA-512": lambda data, key: hmac.new(key, data, hashlib.sha512).hexdigest(),
}
ALTERNATIVES = {"base64": None, "base64url": b"-_"}
KEY = r"[A-Za-z][A-Za-z0-9]*(?:\.[A-Za-z][A-Za-z0-9]*)*"
NEXT_PAIR = re.compile(rf"\|(?={KEY}=)")
PAIR = re.compile(rf"({KEY})=(.*)", re.DOTALL)
MERCHANT = re.compile(r"(?:^|\|)merchantId=([^|]*)")
# Browsers post each line end of a hidden field as CR LF, and U+FFFD for NUL: the seal would not verify.
CHANGED_BY_BROWSERS = re.compile(r"[\r\n\0]")


class Gateway:
    """Seal a merchant's requests for Paypage."""

    def __init__(self, settings: Paypage, secret: bytes, path: str, ledger: bool) -> None:
        self.settings = settings
        self.secret = secret
        self.path = path
        self.ledger = ledger

    def __repr__(self) -> str:
        return f"<Gateway paypage {self.action}>"

    @property
    def action(self) -> str:
        """Return the address to which the customer's browser posts."""
        return self.settings.url

    def check(self, fields: Mapping[str, str]) -> None:
        """Raise CallError if these fields can't make a request, whatever its transaction_id."""
        if self.ledger and self.settings.reference == "server":
            fields = {**fields, TOKEN_FIELD: f"kit{0:032}"}
        computed, given = request_keys(fields, self.settings)
        _flatten(computed | given, self.settings.encode)

    def seal(self, fields: Mapping[str, str], means: Iterable[str]) -> dict[str, dict[str, str]]:
        """Return the hidden fields of the form of each means; under ``""`` those of one form for all.

        Data is sealed before the customer chooses: if they choose on the shop's page, each button
        needs Data of its own.
        """
        names = list(dict.fromkeys(means))
        by_shop = names and self.settings.means == "shop"
        lists = {name: name for name in names} if by_shop else {"": ",".join(names)}
        computed, given = request_keys(fields, self.settings)
        posts = {}
        for button, brands in lists.items():
            offered = {"paymentMeanBrandList": brands} if brands else {}
            posts[button] = self._post({**computed, **offered, **given})
        return posts

    def unsupported_fields(self, fields: Mapping[str, str]) -> dict[str, str]:
        """Return the fields without a counterpart, each with what happens to it, for the debug report."""
        unsent = {name: "no counterpart" for name in without_counterpart() if fields.get(name)}
        if fields.get("caddie"):
            stored = "stored in the ledger, and returned with the response"
            unsent["caddie"] = stored if self.ledger else "LOST: there is no LEDGER to store it"
        if fields.get("cancel_return_url", "") not in ("", fields.get("normal_return_url")):
            unsent["cancel_return_url"] = "no counterpart: normal_return_url gets every customer back"
        known = {*WITHOUT_RECEIPT, *(OPTIONS if fields.get("capture_mode") == "PAYMENT_N" else ())}
        options = [
            option for option in fields.get("data", "").split(";") if option.partition("=")[0] not in known
        ]
        if any(options):
            unsent["data"] = f"no counterpart: {';'.join(options)}"
        return unsent

    def _post(self, keys: Mapping[str, str]) -> dict[str, str]:
        settings = self.settings
        return seal(
            keys, self.secret, settings.seal, settings.encode, InterfaceVersion=settings.interface
        ) | {"SealAlgorithm": settings.seal}


def gateway(pathfile: Pathfile, country: str, merchant_id: str) -> Gateway:
    """Return the gateway for a merchant's requests. Raises KeyMissing and KeyUnusable."""
    path = key_path(pathfile, merchant_id)
    return Gateway(pathfile.paypage, read_key(path), path, pathfile.ledger is not None)


def open_response(post: Mapping[str, str], pathfile: Pathfile) -> tuple[dict[str, str], dict[str, str], str]:
    """Open a response: return its fields, its original keys, and the day of its transaction.

    The day (aaaammjj) is the one in Paris on which the transaction_id was used. The seal is checked
    over Data as posted, with the algorithm of the pathfile and the secret key, or the previous one, whose
    file ends in ``.old``. Raises MessageError, KeyMissing and KeyUnusable.
    """
    settings = pathfile.paypage
    pairs, old = open_sealed(post, pathfile, settings.seal)
    if not old and pairs.get("keyVersion", settings.key_version) != settings.key_version:
        raise MessageStructureError("keyVersion")
    if "redirectionStatusCode" in pairs and "responseCode" not in pairs:
        raise InitialisationError(pairs["redirectionStatusCode"], pairs.get("redirectionStatusMessage", ""))
    fields, day = response_fields(pairs)
    return fields, pairs, day


def open_sealed(post: Mapping[str, str], pathfile: Pathfile, algorithm: str) -> tuple[dict[str, str], bool]:
    """Return the keys of Data, and whether the previous secret key sealed it.

    Until the seal is verified, only the merchant's name is read from Data. Raises MessageError, KeyMissing
    and KeyUnusable.
    """
    data, text = _posted(post)
    merchants = list(dict.fromkeys(MERCHANT.findall(text)))
    if text.startswith("{"):
        raise MessageStructureError("Data is JSON: the request asked for responses of version JS_")
    if not post.get("Seal"):
        raise SealError("no seal: the server knows no such merchant or key")
    if len(merchants) != 1 or algorithm not in SEALS:
        raise SealError
    for secret, old in secrets_of(lambda old: read_key(key_path(pathfile, merchants[0], old))):
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
    """Return the form fields of these keys, sealed; ``encode`` is base64, base64url or none. Raises CallError."""
    text = _flatten(pairs, encode)
    data = text if encode == "none" else b64encode(text.encode(), ALTERNATIVES[encode]).decode()
    post = {"Data": data, **others, "Seal": SEALS[algorithm](data.encode(), secret)}
    return post if encode == "none" else {**post, "Encode": encode}


def unflatten(text: str) -> dict[str, str]:
    """Return the keys of Data and their values, without empty ones and ``null``. Raises MessageStructureError.

    A ``|`` that no ``key=`` follows is part of a value. A key may be there twice only with one value.
    """
    pairs: dict[str, str] = {}
    for part in NEXT_PAIR.split(text):
        pair = PAIR.fullmatch(part)
        if not pair:
            raise MessageStructureError("Data")
        if pairs.setdefault(pair[1], pair[2]) != pair[2]:
            raise MessageStructureError(f"{pair[1]} twice")
    return {key: value for key, value in pairs.items() if value not in ("", "null")}


def read_unverified(post: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str], str]:
    """Return the content of a response as ``open_response`` does, without verifying its seal. Raises MessageError."""
    pairs = unflatten(_posted(post)[1])
    fields, day = response_fields(pairs)
    return fields, pairs, day


def key_path(pathfile: Pathfile, merchant_id: str, old: bool = False) -> str:
    """Return the path of a merchant's secret key, or with ``old`` of the previous one. Raises KeyMissing."""
    if not pathfile.paypage.key:
        raise KeyMissing("no key word PAYPAGE_KEY")
    path = f"{pathfile.paypage.key}.{merchant_id}{'.old' if old else ''}"
    if not stays_in_directory(merchant_id) or len(merchant_id) > MAX_LENGTH["merchant_id"]:
        raise KeyMissing(path)
    return path


@cached_until_changed
def read_key(path: str) -> bytes:
    """Return a secret key: the one line of its file, which only its owner and its group may read.

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
        raise KeyUnusable(f"{path}: other users may read it; chmod o= removes their access")
    if not secret or b"\n" in secret:
        raise KeyUnusable(f"{path}: not one line")
    return secret


def _flatten(pairs: Mapping[str, str], encode: str) -> str:
    """Return Data before it is encoded. Raises CallError for a value that would not arrive as it is."""
    for key, value in pairs.items():
        if NEXT_PAIR.search(value) or ("|" in value and encode == "none"):
            raise CallError(f"{key} contains a | that would end its value")
        if encode == "none" and CHANGED_BY_BROWSERS.search(value):
            raise CallError(f"{key} contains a line end or NUL, which PAYPAGE_ENCODE!none! can't carry")
    return "|".join(f"{key}={readable(value)}" for key, value in pairs.items())


def _posted(post: Mapping[str, str]) -> tuple[str, str]:
    """Return Data as it was sealed, and its text. Raises MessageEncodingError."""
    data, encode = post.get("Data", ""), post.get("Encode", "").lower()
    if encode == "base64":
        # The decoding of forms turns an unescaped + into a blank, which base64 doesn't have.
        data = data.replace(" ", "+")
    return data, _decode(data, encode)


def _decode(data: str, encode: str) -> str:
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
