"""Build the automatic responses that ``sogenactif trigger`` and ``sogenactif audit`` send without a payment.

Source: docs/payment-server.md, The steps of a payment; docs/paypage.md.
"""

import tempfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from sogenactif.configuration import PAYPAGE, SIPS, Pathfile, read_pathfile
from sogenactif.fields import RESPONSE
from sogenactif.instalments import DUE_DATES, WrongSchedule, due_dates, schedule
from sogenactif.ledger import open_ledger
from sogenactif.ledger.history import transactions
from sogenactif.protocols import TOKEN
from sogenactif.protocols.certificate import (
    Certificate,
    issue_certificate,
    open_certificate,
    read_certificate,
)
from sogenactif.protocols.paypage import key_path, read_key
from sogenactif.protocols.sips import seal_response
from sogenactif_sandbox import clock, paypage, responses, rules
from sogenactif_sandbox.default_merchant import MERCHANT
from sogenactif_sandbox.rules import Card

CARD = Card("4974.00", "203012", "00", "1", "4D", False)
BY_KEY = paypage.IN_RESPONSES | {
    "amount": "amount",
    "currencyCode": "currency_code",
    "responseEncoding": "response_encoding",
}
ENVELOPE = ("interface_version", "seal_algorithm", "response_encoding")
OTHER_URL = "http://127.0.0.1/payment"


@dataclass(frozen=True)
class Event:
    """Hold the bank's part of an event: code of the response, result of the authentication, and the other fields.

    ``protocols`` are those that know the event; ``card`` says whether the customer gave one.
    """

    code: str
    condition: str = rules.SUCCESS
    fields: Mapping[str, str] = field(default_factory=dict)
    card: bool = True
    late: bool = False
    protocols: Collection[str] = (PAYPAGE, SIPS)


EVENTS = {
    "accepted": Event(rules.ACCEPTED, fields={"bank_response_code": "00", "guarantee": "Y"}),
    "refused": Event(rules.REFUSED, fields={"bank_response_code": "05"}),
    "cancelled": Event(rules.CANCELLED, "", card=False),
    "pending": Event("60", "", fields={"bank_response_code": "60"}, card=False, protocols=(PAYPAGE,)),
    "expired": Event(rules.TIME_EXCEEDED, "", card=False, protocols=(PAYPAGE,)),
    "soft-decline": Event(
        rules.REFUSED, rules.SSL, {"bank_response_code": rules.MISSING_AUTHENTICATION}, protocols=(PAYPAGE,)
    ),
    "fraud": Event("34", rules.SSL, {"bank_response_code": "59"}),
    "three-d-failure": Event(rules.REFUSED, rules.FAILURE),
    "instalments": Event(
        rules.ACCEPTED, fields={"bank_response_code": "00", "capture_mode": "PAYMENT_N", "capture_day": "0"}
    ),
    # The bank posts nothing when a payment is given back: what may come is the acceptance again.
    "refunded": Event(rules.ACCEPTED, fields={"bank_response_code": "00", "guarantee": "Y"}, late=True),
}


class WrongCall(Exception):
    """Report options of which no automatic response can be built: the name of the sentence, and its values."""

    def __init__(self, name: str, **values: object) -> None:
        super().__init__(name)
        self.name = name
        self.values = values


@dataclass(frozen=True)
class Sender:
    """Hold the merchant for whom the bank seals, with the secret: a key of Paypage, or a certificate of Sips 1.0.

    ``envelope`` says how a response of Paypage is written (``paypage.OpenedRequest``); it is empty for Sips 1.0.
    """

    merchant_id: str
    secret: bytes | Certificate = field(repr=False)
    country: str = "fr"
    envelope: Mapping[str, str] = field(default_factory=dict)

    @property
    def protocol(self) -> str:
        """Return the protocol that the secret belongs to."""
        return PAYPAGE if isinstance(self.secret, bytes) else SIPS

    def seal(self, fields: Mapping[str, str]) -> dict[str, str]:
        """Return the post of a response with these fields."""
        if isinstance(self.secret, bytes):
            return paypage.seal_with(fields, self.envelope, self.secret)
        return {"DATA": seal_response(fields, self.secret)}

    def with_envelope(self, **values: str) -> "Sender":
        """Return a sender of Paypage with other values in its envelope; one of Sips 1.0 as it is."""
        return replace(self, envelope={**self.envelope, **values}) if self.protocol == PAYPAGE else self

    def stranger(self) -> "Sender":
        """Return a sender of the same merchant_id that has another secret."""
        if isinstance(self.secret, bytes):
            return replace(self, secret=b"the key of another shop")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "certificate"
            path.write_bytes(issue_certificate(OTHER_URL, self.merchant_id, self.country))
            return replace(self, secret=open_certificate(str(path)))


@dataclass(frozen=True)
class Payment:
    """Hold the request of an automatic response; ``number`` and ``reference`` are empty if they are unknown.

    ``amount`` is in the smallest unit of the currency.

    ``day`` is aaaammjj; ``token`` identifies a request whose number the server assigns.
    """

    order: str
    amount: str
    currency: str = "978"
    number: str = ""
    reference: str = ""
    day: str = ""
    token: str = ""
    fields: Mapping[str, str] = field(default_factory=dict, repr=False)

    def request(self, sender: Sender) -> dict[str, str]:
        """Return the fields of the request."""
        today = f"{clock.now():%Y%m%d}"
        day, number = self.day or today, self.number or "1"
        request = {
            "transmission_date": f"{day}{clock.now():%H%M%S}",
            **self.fields,
            "merchant_id": sender.merchant_id,
            "merchant_country": sender.country,
            "amount": self.amount.zfill(3),
            "currency_code": self.currency,
            "order_id": self.order,
            "transaction_id": number.zfill(6),
        }
        if sender.protocol == PAYPAGE:
            request |= {
                "key_version": "1",
                "s10_number": number,
                "s10_day": day,
                "reference": self.reference or f"{day}{number.zfill(6)}",
            }
            if self.token:
                request["return_context"] = self.token + request.get("return_context", "")
            elif self.number and not self.reference:
                del request["reference"]
        return request


def read_sender(
    protocol: str,
    merchant_id: str = "",
    key: str = "",
    certificate: str = "",
    pathfile: str = "",
    algorithm: str = "",
) -> tuple[Sender, Pathfile | None]:
    """Return the sender of these options, and its pathfile if it has one. Raises WrongCall, OSError and KitError.

    The pathfile is that of a shop or of the sandbox; a key or a certificate needs none. Their files may name the
    merchant_id at the end, ``key.002001000000003``.
    """
    if key:
        secret = Path(key).read_bytes().rstrip(b"\r\n")
        merchant_id = merchant_id or _last_digits(key)
        if not secret or not merchant_id:
            raise WrongCall("no_merchant", path=key)
        return Sender(merchant_id, secret, envelope=_envelope(algorithm)), None
    if certificate:
        opened = open_certificate(certificate)
        merchant_id = merchant_id or opened.header.get("merchant_id", "") or _last_digits(certificate)
        if not merchant_id:
            raise WrongCall("no_merchant", path=certificate)
        return Sender(merchant_id, opened, opened.header.get("merchant_country", "fr")), None
    read = read_pathfile(pathfile)
    protocol = protocol or read.protocol
    merchant_id = merchant_id or _default_merchant(read, protocol)
    if protocol == SIPS:
        return Sender(merchant_id, read_certificate(read, "fr", merchant_id)), read
    secret = read_key(key_path(read, merchant_id))
    return Sender(merchant_id, secret, envelope=_envelope(algorithm or read.paypage.seal)), read


def in_ledger(pathfile: Pathfile, payment: Payment) -> Payment:
    """Return a payment with the numbers of the last request for its order in a shop's ledger, if there is any."""
    with open_ledger(pathfile) as ledger:
        if ledger is None:
            return payment
        rows = [row for row in transactions(ledger, order_id=payment.order) if row.order_id == payment.order]
    if not rows:
        return payment
    row = rows[-1]
    identifier = row.transaction_reference
    token = identifier if TOKEN.fullmatch(identifier) else ""
    return replace(
        payment,
        amount=payment.amount or row.fields["amount"],
        currency=row.fields["currency_code"],
        number=row.reference.rpartition("-")[2],
        day=row.reference.partition("-")[0],
        reference="" if token else identifier,
        token=token,
        fields={name: value for name, value in row.fields.items() if name in RESPONSE.values()},
    )


def event_response(
    sender: Sender, payment: Payment, event: str, fields: Mapping[str, str], late: bool = False
) -> dict[str, str]:
    """Return the fields of the automatic response of an event; with ``late`` the customer paid a day ago.

    ``fields`` override others, by their names of Sips 1.0. Raises WrongCall.
    """
    kind = EVENTS[event]
    if sender.protocol not in kind.protocols:
        raise WrongCall("other_protocol", event=event, protocol=sender.protocol)
    moment = clock.now() - timedelta(days=1 if late or kind.late else 0)
    own = {
        name: value
        for name, value in kind.fields.items()
        if sender.protocol == PAYPAGE or name in RESPONSE.values()
    }
    request = {"payment_means": "CB", **payment.request(sender)}
    if event == "instalments":
        options = f"NB_PAYMENT=3;PERIOD=30;INITIAL_AMOUNT={max(int(request['amount']) // 3, 1)}"
        try:
            parts = schedule(int(request["amount"]), options, 0, moment.date())
        except WrongSchedule:
            raise WrongCall("no_amount", amount=payment.amount) from None
        own["data"] = f"{options};{DUE_DATES}={due_dates(parts)}"
    return responses.make_response(
        request,
        "CB",
        kind.code,
        moment,
        kind.condition,
        CARD if kind.card else None,
        **{**own, **fields},
    )


def field_name(name: str) -> str:
    """Return the Sips 1.0 name of a field, given by that or by its key of Paypage. Raises WrongCall."""
    known = BY_KEY.get(name, name)
    if known not in {*RESPONSE.values(), *responses.PAYPAGE, *ENVELOPE, *BY_KEY.values()}:
        raise WrongCall("no_field", field=name)
    return known


def _envelope(algorithm: str) -> dict[str, str]:
    return {"interface_version": "HP_3.4", "seal_algorithm": algorithm or "HMAC-SHA-256"}


def _last_digits(path: str) -> str:
    return next((part for part in reversed(Path(path).name.split(".")) if part.isdecimal()), "")


def _default_merchant(pathfile: Pathfile, protocol: str) -> str:
    """Return the merchant_id of the one secret that a pathfile finds; of several, the sandbox's. Raises WrongCall."""
    base = Path(pathfile.paypage.key if protocol == PAYPAGE else f"{pathfile.certificates}.fr")
    files = base.parent.glob(f"{base.name}.*") if str(base) != "." else []
    numbers = {_last_digits(str(path)) for path in files if ".old" not in path.name} - {""}
    if MERCHANT in numbers:
        return MERCHANT
    if len(numbers) != 1:
        raise WrongCall("no_merchant", path=pathfile.path)
    return numbers.pop()
