"""Payment responses: the fields of the request that are returned, and those that the server fills.

Source: docs/payment-server.md, Cards and Codes; docs/dictionary.md.
"""

import secrets
from collections.abc import Mapping
from datetime import datetime

from sogenactif.configuration import Pathfile
from sogenactif.fields import RESPONSE
from sogenactif.protocols.certificate import read_certificate
from sogenactif.protocols.sips import seal_response
from sogenactif_sandbox import paypage
from sogenactif_sandbox.request import Request
from sogenactif_sandbox.rules import ACCEPTED, Card, capture_mode
from sogenactif_sandbox.transactions import Transaction

# The fields that only Paypage repeats in a response.
PAYPAGE = ("key_version", "reference", "s10_number", "s10_day")
# Too private or too long for an address: NO_RESPONSE_PAGE leaves them out.
NOT_IN_ADDRESS = (
    "caddie",
    "customer_email",
    "customer_id",
    "customer_ip_address",
    "merchant_language",
    "order_validity",
    "receipt_complement",
    "return_context",
    "transaction_condition",
)


def make_response(
    request: Mapping[str, str],
    means: str,
    response_code: str,
    moment: datetime,
    condition: str = "",
    card: Card | None = None,
    **fields: str,
) -> dict[str, str]:
    """Return the fields of a response; ``fields`` override those of the request.

    ``moment`` is in Paris; ``condition`` is the outcome of the authentication, transaction_condition.
    """
    response = {name: request[name] for name in (*RESPONSE.values(), *PAYPAGE) if name in request}
    response |= {
        "capture_day": request.get("capture_day", "0"),
        "capture_mode": capture_mode(request.get("capture_mode", ""), means),
        "payment_means": means,
        "payment_date": f"{moment:%Y%m%d}",
        "payment_time": f"{moment:%H%M%S}",
        "response_code": response_code,
        "transaction_condition": condition,
    }
    if card:
        response |= {
            "card_number": card.masked,
            "card_validity": card.expiry,
            "cvv_flag": card.cvv_flag,
            "cvv_response_code": card.cvv_code,
        }
    response |= fields
    if response_code == ACCEPTED:
        number = f"{secrets.randbelow(10**6):06}"
        response |= {
            "authorisation_id": number,
            "payment_certificate": f"{secrets.randbelow(10**6):06}{number}",
        }
    return {name: value for name, value in response.items() if value}


def seal(response: Mapping[str, str], request: Request | Transaction, pathfile: Pathfile) -> dict[str, str]:
    """Return the post of a response to a request, sealed with the same certificate or secret key, current or previous."""
    if request.is_paypage:
        return paypage.seal_response(response, request.envelope, pathfile, request.old)
    owner = response["merchant_country"], response["merchant_id"]
    return {"DATA": seal_response(response, read_certificate(pathfile, *owner, request.old))}


def short(response: Mapping[str, str]) -> dict[str, str]:
    """Return the fields of a response that fit in an address."""
    return {name: value for name, value in response.items() if name not in NOT_IN_ADDRESS}


def altered(post: Mapping[str, str]) -> dict[str, str]:
    """Return a response with one byte of its message altered, which breaks its seal."""
    name = "Data" if "Data" in post else "DATA"
    data = post[name]
    middle = len(data) // 4 * 2
    other = "5" if data[middle + 1] != "5" else "6"
    return {**post, name: data[: middle + 1] + other + data[middle + 2 :]}
