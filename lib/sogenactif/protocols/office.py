"""Office (Sips 2.0): the JSON messages that query, cancel, refund and validate a transaction, and their client.

A message is one JSON object, sealed with the secret key of Paypage. Amounts are in the smallest
unit of the currency, days are written aaaammjj and are those of Paris. Source: docs/refunds.md.
"""

import hashlib
import hmac
import http.client
import json
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from urllib.parse import urlsplit

from sogenactif.configuration import PAYPAGE
from sogenactif.errors import OfficeError
from sogenactif.protocols import TOKEN, OpenedResponse
from sogenactif.protocols.paypage_fields import response_fields

DIAGNOSTIC, CASH_MANAGEMENT = "DR_WS_2.58", "CR_WS_2.58"
FOUND, UNKNOWN_TRANSACTION = "00", "25"
NOT_SEALED = ("seal", "keyVersion", "sealAlgorithm")
MAX_BYTES = 64 * 1024
CONNECT_SECONDS, ANSWER_SECONDS = 10, 30
ORIGIN = "SOGENACTIF_KIT"


class OfficeReply:
    """Hold a sealed reply: ``fields`` as they arrived, numbers as written; a field that is absent reads as ``""``."""

    def __init__(self, fields: Mapping[str, object]) -> None:
        self.fields = fields

    def __getitem__(self, name: str) -> str:
        value = self.fields.get(name)
        return value if isinstance(value, str) else ""

    def __repr__(self) -> str:
        return f"OfficeReply(code={self.code!r}, status={self['transactionStatus'] or self['newStatus']!r})"

    @property
    def code(self) -> str:
        """Return the result of the query or operation, two digits; 00 is found or done."""
        return self["getTransDataResponseCode"] or self["responseCode"]

    @property
    def response_code(self) -> str:
        """Return the responseCode of the transaction, empty if the answer has only that of the query."""
        return self["responseCode"] if self["getTransDataResponseCode"] else ""


class Office:
    """Query and operate on a merchant's transactions at the Office server.

    ``keys`` are the secret key and, during its renewal, the previous one.
    """

    def __init__(self, url: str, merchant_id: str, key_version: str, keys: Sequence[bytes]) -> None:
        self.url = url.rstrip("/")
        self.merchant_id = merchant_id
        self.key_version = key_version
        self.keys = keys

    def __repr__(self) -> str:
        return f"<Office {self.url} {self.merchant_id}>"

    def query(self, identifier: Mapping[str, object]) -> OfficeReply:
        """Ask for the state of a transaction. Raises OfficeError."""
        return self._exchange("diagnostic/getTransactionData", DIAGNOSTIC, identifier)

    def operate(
        self, operation: str, identifier: Mapping[str, object], amount: int, currency_code: str
    ) -> OfficeReply:
        """Cancel, refund or validate ``amount`` of a transaction. Raises OfficeError."""
        amounts = {"operationAmount": str(amount), "currencyCode": currency_code, "operationOrigin": ORIGIN}
        return self._exchange(f"cashManagement/{operation}", CASH_MANAGEMENT, {**identifier, **amounts})

    def _exchange(self, service: str, interface: str, fields: Mapping[str, object]) -> OfficeReply:
        message = {
            **fields,
            "merchantId": self.merchant_id,
            "keyVersion": self.key_version,
            "interfaceVersion": interface,
            "sealAlgorithm": "HMAC-SHA-256",
        }
        message["seal"] = seal(message, self.keys[0])
        try:
            answer = parse(self._post(service, json.dumps(message).encode()))
        except ValueError as error:
            raise OfficeError(f"not a JSON message: {error}", sent=True) from None
        received_seal = answer.get("seal")
        if not received_seal:
            code = answer.get("getTransDataResponseCode") or answer.get("responseCode") or "none"
            raise OfficeError(f"answer without a seal, code {str(code)[:9]!a}", sent=True)
        expected = [seal(answer, key).encode() for key in self.keys]
        if not any(
            hmac.compare_digest(one, str(received_seal).encode("utf-8", "replace")) for one in expected
        ):
            raise OfficeError("the seal of the answer is wrong", sent=True)
        return OfficeReply(answer)

    def _post(self, service: str, body: bytes) -> bytes:
        """Return the body of an answer; redirects are not followed. Raises OfficeError."""
        place = urlsplit(self.url)
        kind = http.client.HTTPSConnection if place.scheme == "https" else http.client.HTTPConnection
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        with closing(kind(place.hostname or "", place.port, timeout=CONNECT_SECONDS)) as connection:
            try:
                connection.connect()
            except (OSError, http.client.HTTPException) as error:
                raise OfficeError(f"{place.netloc} can't be reached: {error}", sent=False) from error
            server, deadline = connection.sock, time.monotonic() + ANSWER_SECONDS
            try:
                server.settimeout(ANSWER_SECONDS)
                connection.request("POST", f"{place.path}/{service}", body, headers)
                with connection.getresponse() as response:
                    content, part = b"", b"."
                    while part and len(content) <= MAX_BYTES:
                        # A server that sends a byte at a time must not hold the caller for longer.
                        server.settimeout(max(deadline - time.monotonic(), 0.001))
                        part = response.read1(MAX_BYTES)
                        content += part
            except (OSError, http.client.HTTPException) as error:
                raise OfficeError(f"no complete answer: {error}", sent=True) from error
        if len(content) > MAX_BYTES:
            raise OfficeError(f"answer of more than {MAX_BYTES} bytes", sent=True)
        if response.status != 200:
            raise OfficeError(f"HTTP {response.status}", sent=True)
        return content


def opened(answer: OfficeReply, merchant_id: str, reference: str) -> OpenedResponse:
    """Return what a query's answer says of the payment, as a response of Paypage would. Raises MessageStructureError.

    The amount is the one requested. ``reference`` is that of the transaction asked about: answers
    have no returnContext, so that a token there is added.
    """
    original = _flat(answer.fields)
    if TOKEN.match(reference):
        original["returnContext"] = reference
    pairs = {**original, "merchantId": merchant_id, "amount": original.get("originAmount", "")}
    for key in ("s10TransactionId", "s10TransactionIdDate"):
        pairs[key] = original.get(f"s10TransactionReference.{key}", "")
    fields, day = response_fields({key: value for key, value in pairs.items() if value})
    return OpenedResponse(PAYPAGE, fields, original, day)


def _flat(fields: Mapping[str, object], prefix: str = "") -> dict[str, str]:
    """Return the values as text, those of a container under both names; lists are JSON."""
    flat: dict[str, str] = {}
    for name, value in fields.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{name}.")
        elif value is not None:
            flat[f"{prefix}{name}"] = value if isinstance(value, str) else json.dumps(value)
    return flat


def by_number(transaction_id: str, day: str) -> dict[str, object]:
    """Return the identifier of a transaction by its number (six digits) and its day."""
    return {"s10TransactionReference": {"s10TransactionId": transaction_id, "s10TransactionIdDate": day}}


def by_reference(reference: str) -> dict[str, object]:
    """Return the identifier of a transaction by its transactionReference."""
    return {"transactionReference": reference}


def seal(message: Mapping[str, object], key: bytes) -> str:
    """Return the seal of a message, HMAC-SHA-256 in lower-case hexadecimal."""
    return hmac.new(key, sealed_text(message).encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def sealed_text(message: Mapping[str, object]) -> str:
    """Return the text that is sealed: all values in the order of their names, containers sorted inside."""
    return _values({name: value for name, value in message.items() if name not in NOT_SEALED})


def _values(value: object) -> str:
    if isinstance(value, Mapping):
        return "".join(_values(value[name]) for name in sorted(value))
    if isinstance(value, list):
        return "".join(map(_values, value))
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def parse(body: bytes) -> dict[str, object]:
    """Return the one JSON object of a body, its numbers as the text they were written as.

    Raises ValueError for anything else, and for a key that an object has twice.
    """
    try:
        message = json.loads(
            body.decode(), parse_int=str, parse_float=str, parse_constant=_refuse, object_pairs_hook=_once
        )
    except RecursionError:
        raise ValueError("too many levels") from None
    if not isinstance(message, dict):
        raise ValueError("not an object")
    return message


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("a key twice")
    return fields


def _refuse(word: str) -> object:
    raise ValueError(word)
