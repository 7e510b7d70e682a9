"""Messages of Paypage (Sips 2.0): requests that the kit seals, responses as the platform posts them."""

import calendar
from base64 import b64encode

from sogenactif.configuration import Pathfile
from sogenactif.payment import PaymentRequest, make_request
from sogenactif.protocols import paypage
from tests.support.vectors import MERCHANT

SHOP, KEY = "002001000000003", "002001000000003_KEY1"


NOON = calendar.timegm((2026, 11, 23, 12, 0, 0))


RESPONSE_DATA = {
    "merchantId": SHOP,
    "amount": "1000",
    "currencyCode": "978",
    "responseCode": "00",
    "s10TransactionId": "000123",
    "s10TransactionIdDate": "20261123",
    "keyVersion": "1",
}


def sealed(
    key: str = KEY,
    algorithm: str = "HMAC-SHA-256",
    text: str = "",
    encode: str = "base64url",
    **keys: str,
) -> dict[str, str]:
    """Return what the server posts; ``keys`` override those of RESPONSE_DATA, empty removes; ``text`` replaces all of Data."""
    pairs = {name: value for name, value in {**RESPONSE_DATA, **keys}.items() if value}
    text = text or "|".join(f"{name}={value}" for name, value in pairs.items())
    data = text
    if encode:
        alternatives = {"base64": b"+/", "base64url": b"-_"}[encode]
        data = b64encode(text.encode("utf-8", "surrogateescape"), alternatives).decode()
    seal = paypage.SEALS[algorithm](data.encode("utf-8", "surrogateescape"), key.encode())
    return {"Data": data, "Encode": encode, "Seal": seal, "InterfaceVersion": "HP_3.4"}


def ask(pathfile: Pathfile, **parameters: str) -> PaymentRequest:
    call = {"merchant_id": MERCHANT, "amount": "1250", "transaction_id": "123", **parameters}
    return make_request(call, pathfile, NOON)


def opened_request(request: PaymentRequest, means: str, pathfile: Pathfile) -> dict[str, str]:
    post = request.posts[means]
    return paypage.open_sealed(post, pathfile, post["SealAlgorithm"])[0]
