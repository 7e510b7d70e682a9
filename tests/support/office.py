"""Payments of Paypage on the sandbox, and the client that asks its Office server about them."""

import re

from sogenactif.protocols.office import Office
from sogenactif_sandbox import paypage
from tests.support.bank import Bank, sealed, send
from tests.support.vectors import MERCHANT

KEY, KEY_BEFORE = f"{MERCHANT}_KEY1".encode(), f"{MERCHANT}_KEY0".encode()
ACCEPTED = "4200000000000000"


def client(running: Bank) -> Office:
    """The Office client of the merchant whose key the sandbox has."""
    return Office(f"{running.url}/rs-services/v2", MERCHANT, "1", [KEY, KEY_BEFORE])


def paid_on_paypage(running: Bank, card: str = ACCEPTED, **changes: str) -> dict[str, str]:
    """Pay with a card; the keys of the response. ``changes`` are those of ``sealed``."""
    return settle(running, sealed(running, **changes), card)


def settle(running: Bank, post: dict[str, str], card: str = ACCEPTED) -> dict[str, str]:
    """Pay what a form posts, with a card; the keys of the response."""
    choice = running.card(send(f"{running.url}/paymentInit", post), card)
    receipt = send(f"{running.url}/authentication", {"session": choice.session, "result": "SUCCESS"})
    encode = re.search(r'name="Encode" value="([^"]+)"', receipt.text)
    return dict(paypage._pairs(paypage._decode(receipt.hidden("Data"), encode[1] if encode else "")))
