"""Office (Sips 2.0): queries, cancellations, refunds and validations of Paypage's transactions, in JSON.

The seal is computed here on its own, so that the kit and the sandbox check each other.
Source: docs/paypage.md.
"""

import hashlib
import hmac
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Response, abort, request

from sogenactif.dates import PARIS
from sogenactif.errors import KeyMissing
from sogenactif.protocols import secrets_of
from sogenactif.protocols.paypage import key_path, read_key
from sogenactif_sandbox import clock
from sogenactif_sandbox.bank import Bank
from sogenactif_sandbox.paypage import IN_RESPONSES
from sogenactif_sandbox.states import CANCEL, REFUND, VALIDATE, Operation, PaymentState, payment_state
from sogenactif_sandbox.switches import ALTERED, OPERATIONS, SILENT, SLOW, UNAVAILABLE, UNSEALED
from sogenactif_sandbox.transactions import OFFICE, Transaction

QUERY = "getTransactionData"
PREFIXES = {QUERY: "DR_WS_2.", CANCEL: "CR_WS_2.", REFUND: "CR_WS_2.", VALIDATE: "CR_WS_2."}
IDENTIFIERS = ("transactionReference", "s10TransactionReference")
COMMON = (
    "merchantId", "keyVersion", "interfaceVersion", "seal", "sealAlgorithm", "intermediateServiceProviderId",
    *IDENTIFIERS,
)  # fmt: skip
OF_OPERATIONS = ("currencyCode", "operationAmount", "operationOrigin", "customerContact")
ALLOWED = {
    QUERY: COMMON,
    CANCEL: (*COMMON, *OF_OPERATIONS),
    REFUND: (*COMMON, *OF_OPERATIONS, "shoppingCartDetail"),
    VALIDATE: (*COMMON, *OF_OPERATIONS, "lastRecoveryIndicator"),
}
FORMS = {
    "currencyCode": re.compile(r"[0-9]{3}"),
    "operationAmount": re.compile(r"[0-9]{1,12}"),
    "transactionReference": re.compile(r"[A-Za-z0-9]{1,35}"),
    "s10TransactionId": re.compile(r"[0-9]{1,6}"),
    "s10TransactionIdDate": re.compile(r"[0-9]{8}"),
}
# Of a response of Paypage, what an answer doesn't repeat.
NOT_ANSWERED = (
    "returnContext",
    "keyVersion",
    "s10TransactionId",
    "s10TransactionIdDate",
    "statementReference",
)


class Refusal(Exception):
    """Report a message that is answered with a code; ``sealed`` says that the answer has a seal."""

    def __init__(self, code: str, field: str = "", sealed: bool = True) -> None:
        super().__init__(code)
        self.code = code
        self.field = field
        self.sealed = sealed


@dataclass(frozen=True)
class Key:
    """Hold the secret key of a message, its version and the algorithm: the answer has the same."""

    secret: bytes = field(repr=False)
    version: str
    algorithm: str


class Office:
    """Serve the routes below ``/rs-services/v2``."""

    def __init__(self, bank: Bank) -> None:
        self.bank = bank
        self.transactions = bank.transactions

    def blueprint(self) -> Blueprint:
        """Return the routes."""
        routes = Blueprint("office", __name__, url_prefix="/rs-services/v2")
        routes.add_url_rule(
            "/diagnostic/getTransactionData",
            "query",
            self.answer,
            methods=["POST"],
            defaults={"service": QUERY},
        )
        routes.add_url_rule(
            "/cashManagement/<any(cancel, refund, validate):service>",
            "operate",
            self.answer,
            methods=["POST"],
        )
        return routes

    def answer(self, service: str) -> Response:
        """Answer a message: status 200 and JSON, whatever it says."""
        if request.mimetype != "application/json":
            abort(415)
        switches = self.transactions.office_switches()
        switch = "" if service == QUERY and switches.messages == OPERATIONS else switches.office
        code = "getTransDataResponseCode" if service == QUERY else "responseCode"
        body, key, transaction = request.get_data(), None, None
        message: dict[str, Any] = {}
        sealed = True
        try:
            message = read(body)
            key = self._key(message)
            check(message, service)
            if switch == UNAVAILABLE:
                raise Refusal("90")
            transaction = self._find(message)
            if service == QUERY:
                fields = self._state(transaction)
            else:
                fields = self._operate(transaction, service, message)
        except Refusal as refusal:
            sealed = refusal.sealed
            fields = {code: refusal.code} | ({"errorFieldName": refusal.field} if refusal.field else {})
        if key and sealed and switch != UNSEALED:
            fields = {**fields, "keyVersion": key.version}
            fields["seal"] = seal(fields, key.secret, key.algorithm)
        if switch == ALTERED:
            fields = {**fields, code: "00" if fields[code] != "00" else "99"}
        text = json.dumps(fields)
        if transaction:
            posted = {"service": service, "message": body.decode("utf-8", "replace")}
            shown = {name: value for name, value in message.items() if isinstance(value, str)}
            moment = clock.utc(clock.now())
            self.transactions.record(
                transaction.id, moment, OFFICE, posted, shown, state=service, answer=text
            )
        if switch == SLOW:
            time.sleep(switches.seconds)
        if switch == SILENT and service != QUERY:
            # The server promises more than it sends, and closes the connection.
            return Response(b"", content_type="application/json", headers={"Content-Length": str(len(text))})
        return Response(text, content_type="application/json;charset=UTF-8")

    def _key(self, message: Mapping[str, Any]) -> Key:
        """Return the key that sealed a message. Raises Refusal."""
        merchant_id = str(message.get("merchantId", ""))
        algorithm = str(message.get("sealAlgorithm") or "HMAC-SHA-256")
        given = str(message.get("seal", "")).encode("utf-8", "replace")
        version = str(message.get("keyVersion", ""))
        try:
            for secret, old in secrets_of(
                lambda old: read_key(key_path(self.bank.pathfile, merchant_id, old))
            ):
                if hmac.compare_digest(seal(message, secret, algorithm).encode(), given):
                    if not old and version != self.bank.pathfile.paypage.key_version:
                        break
                    return Key(secret, version, algorithm)
        except KeyMissing:
            raise Refusal("03", sealed=False) from None
        raise Refusal("34", sealed=False)

    def _find(self, message: Mapping[str, Any]) -> Transaction:
        number = message.get("s10TransactionReference") or {}
        transaction = self.transactions.find_paypage(
            message["merchantId"],
            number.get("s10TransactionId", ""),
            number.get("s10TransactionIdDate", ""),
            message.get("transactionReference", ""),
        )
        if not transaction or not transaction.response:
            raise Refusal("25")
        return transaction

    def _payment_state(self, transaction: Transaction, operations: list[Operation]) -> PaymentState:
        state = payment_state(transaction.response, operations, now_of(transaction))
        assert state
        return state

    def _state(self, transaction: Transaction) -> dict[str, Any]:
        response = transaction.response
        state = self._payment_state(transaction, self.transactions.operations(transaction.id))
        fields: dict[str, Any] = {
            key: response[name]
            for key, name in IN_RESPONSES.items()
            if response.get(name) and key not in NOT_ANSWERED
        }
        begun = datetime.strptime(response["payment_date"] + response["payment_time"], "%Y%m%d%H%M%S")
        begun = begun.replace(tzinfo=PARIS)
        if response.get("card_number"):
            first, _, last = response["card_number"].partition(".")
            fields["maskedPan"] = f"{first}##########{last}"
        states = self.transactions.automatic_states([transaction.id])[transaction.id]
        return fields | {
            "getTransDataResponseCode": "00",
            "transactionStatus": state.status,
            "originAmount": state.origin,
            "currentAmount": state.current,
            "remainingAmount": state.current,
            "currencyCode": response["currency_code"],
            "lastOperationName": state.last_operation,
            "lastOperationDateTime": (state.last_moment or begun).isoformat(),
            "transactionDateTime": begun.isoformat(),
            "orderChannel": "INTERNET",
            "automaticResponseStatus": states[-1] if states else "UNDEFINED",
            "s10TransactionReference": {
                "s10TransactionId": response["s10_number"],
                "s10TransactionIdDate": response["s10_day"],
            },
        }

    def _operate(self, transaction: Transaction, service: str, message: Mapping[str, Any]) -> dict[str, Any]:
        """Cancel, refund or validate, if the state allows it. Raises Refusal."""
        amount, now = int(message["operationAmount"]), now_of(transaction)
        codes = []

        def decide(operations: list[Operation]) -> Operation | None:
            code = self._payment_state(transaction, operations).allows(service, amount)
            if message["currencyCode"] != transaction.response["currency_code"]:
                code = "12"
            codes.append(code)
            return Operation(now, service, amount) if code == "00" else None

        self.transactions.operate(transaction.id, decide)
        state = self._payment_state(transaction, self.transactions.operations(transaction.id))
        if codes == ["12"]:
            raise Refusal("12", "currencyCode")
        return {
            "responseCode": codes[0],
            "newAmount": state.current,
            "newStatus": state.status,
            "operationDateTime": now.isoformat(),
        }


def now_of(transaction: Transaction) -> datetime:
    """Return the moment in Paris up to which the captures of a transaction were moved."""
    return clock.now() + timedelta(days=transaction.days_ahead)


def read(body: bytes) -> dict[str, Any]:
    """Return the message of a body, its numbers as written. Raises Refusal."""
    try:
        message = json.loads(body.decode(), parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        raise Refusal("30", sealed=False) from None
    if not isinstance(message, dict):
        raise Refusal("30", sealed=False)
    return message


def check(message: Mapping[str, Any], service: str) -> None:
    """Raise Refusal for the first field of a message that is unknown, malformed or doesn't fit."""
    for name in message:
        if name not in ALLOWED[service]:
            raise Refusal("30", name)
    number = message.get("s10TransactionReference", {})
    if not isinstance(number, dict) or any(name not in FORMS for name in number):
        raise Refusal("30", "s10TransactionReference")
    for name, value in {**message, **number}.items():
        if name in FORMS and not (isinstance(value, str) and FORMS[name].fullmatch(value)):
            raise Refusal("30", name)
    if not str(message.get("interfaceVersion", "")).startswith(PREFIXES[service]):
        raise Refusal("12", "interfaceVersion")
    if sum(name in message for name in IDENTIFIERS) != 1:
        raise Refusal("12", "transactionReference")
    if number and len(number) != 2:
        raise Refusal("12", "s10TransactionReference")
    for name in ("currencyCode", "operationAmount") if service != QUERY else ():
        if name not in message:
            raise Refusal("30", name)


def seal(message: Mapping[str, Any], secret: bytes, algorithm: str) -> str:
    """Return the seal of a message: its values by name, without the seal, the version of the key and the algorithm."""
    sealed = {n: v for n, v in message.items() if n not in ("seal", "keyVersion", "sealAlgorithm")}
    text = _text(sealed).encode("utf-8", "replace")
    if algorithm == "SHA-256":
        return hashlib.sha256(text + secret).hexdigest()
    return hmac.new(secret, text, hashlib.sha256).hexdigest()


def _text(value: Any) -> str:
    match value:
        case dict():
            return "".join(_text(part) for _, part in sorted(value.items()))
        case list():
            return "".join(map(_text, value))
        case bool():
            return str(value).lower()
        case None:
            return ""
    return str(value)
