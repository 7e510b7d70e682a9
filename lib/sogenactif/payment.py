"""Payment requests, checked and ready to post; payment responses, checked and ready to read.

The rules of a payment are here, its bytes in ``protocols``, its files in ``configuration``.
Source: docs/dictionary.md.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from sogenactif import protocols
from sogenactif.configuration import PAYPAGE, SIPS, Pathfile, merge, read_parameters
from sogenactif.dates import day_in_paris
from sogenactif.errors import CallError, InvalidKeyword, ParameterTooLong, ResponseError, ValueTooLong
from sogenactif.fields import (
    CALL,
    CHECKED_FIRST,
    MAX_LENGTH,
    PAYPAGE_MAX_LENGTH,
    RESPONSE_MAX_LENGTH,
    is_digits,
    is_platform_key,
    to_bytes,
)
from sogenactif.files import stays_in_directory
from sogenactif.protocols import Numbering, Post

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    from sogenactif.protocols import OpenedResponse

    class RequestLedger(Protocol):
        """Record requests, as the ledger does."""

        def register(self, fields: Mapping[str, str], numbering: Numbering) -> Mapping[str, str]:
            """Record the fields of a request; return those to be sealed, with their transaction_id."""


# Truncating one of these would make it uncertain what was paid.
NEVER_SHORTENED = {"amount", "currency_code", "merchant_id", "order_id", "response_code", "transaction_id"}
PAYPAGE_LENGTHS = {**RESPONSE_MAX_LENGTH, **PAYPAGE_MAX_LENGTH}
BLOCK_NUMBERS = set("123456789")
# States of a payment at the bank (Office) in which its acceptance moves no money.
WITHDRAWN = ("CANCELLED", "EXPIRED", "REFUSED")
# The response_code of a payment that failed for another reason than the bank's decision.
REFUSALS = {
    "03": "invalid", "12": "invalid", "24": "invalid", "25": "invalid", "30": "invalid", "40": "invalid",
    "75": "tries", "90": "unavailable", "94": "used", "97": "late", "99": "unavailable",
}  # fmt: skip
OUTCOMES = {"00": "accepted", "17": "cancelled", "60": "pending"}


class Block:
    """Hold the means of payment that are shown together, under the heading of their number (1 to 9)."""

    def __init__(self, number: str, means: tuple[str, ...]) -> None:
        self.number = number
        self.means = means

    def __repr__(self) -> str:
        return f"Block({self.number!r}, {self.means!r})"


class PaymentRequest:
    """Hold a payment request: its final ``fields``, its ``blocks`` in order, and the sealed ``posts``.

    ``action`` is the address to which the customer's browser posts a form. ``posts`` are the hidden fields of
    the form of each means of payment; under ``""`` those of one form around all of them.
    """

    def __init__(
        self,
        protocol: str,
        action: str,
        fields: Mapping[str, str],
        blocks: tuple[Block, ...],
        posts: Mapping[str, Post],
    ) -> None:
        self.protocol = protocol
        self.action = action
        self.fields = fields
        self.blocks = blocks
        self.posts = posts

    def __repr__(self) -> str:
        number = self.fields.get("transaction_id", "without a number")
        return f"<PaymentRequest {self.fields.get('order_id', '')!r} {number}>"

    @property
    def data(self) -> str:
        """Return DATA of Sips 1.0."""
        return self.posts[""]["DATA"]

    @property
    def shop_offers_means(self) -> bool:
        """Return whether the form has a button for each means of payment; else the bank's page has the choice."""
        return self.protocol == SIPS or "" not in self.posts

    @property
    def headers(self) -> bool:
        """Return whether each block has a heading."""
        return self.fields["header_flag"].lower() == "yes"


class PaymentResponse:
    """Hold a payment response, complete: the same object from the wire to the shop's function.

    ``fields`` that are absent or empty read as ``""``. ``protocol`` is sips or paypage, ``original`` holds the
    keys as they arrived, and ``day`` is the day of its transaction_id, empty if a Paypage response
    names none. ``shortened`` names the fields of Paypage that were longer than they may be here.
    """

    def __init__(
        self,
        fields: Mapping[str, str],
        original: Mapping[str, str] | None = None,
        day: str = "",
        protocol: str = SIPS,
        shortened: Sequence[str] = (),
    ) -> None:
        self.fields = fields
        self.protocol = protocol
        self.original = fields if original is None else original
        self._day = day
        self.shortened = shortened

    def __repr__(self) -> str:
        return f"<PaymentResponse {self['order_id']!r} {self['transaction_id']} {self.outcome}>"

    @property
    def day(self) -> str:
        """Return the day (aaaammjj, Paris) of its transaction_id. Raises ResponseError for an impossible date."""
        if not self._day and self.protocol == SIPS and "transmission_date" in self.fields:
            try:
                self._day = day_in_paris(self["transmission_date"])
            except ValueError:
                raise ResponseError("transmission_date") from None
        return self._day

    @classmethod
    def from_stored(cls, stored: Mapping[str, "Any"]) -> "PaymentResponse":
        """Make the response that a row of the ledger or a line of the journal holds.

        The first schema stored no protocol: in its rows a transmission_date means Sips 1.0.
        """
        fields: Mapping[str, str] = stored["fields"]
        protocol = stored.get("protocol") or (SIPS if "transmission_date" in fields else PAYPAGE)
        day = stored.get("day") or ("" if protocol == SIPS else fields.get("payment_date", ""))
        return cls(fields, stored.get("original") or None, day, protocol)

    @property
    def stored(self) -> dict[str, "Any"]:
        """Return the values for ``from_stored``; ``original`` is empty if it is the same as ``fields``."""
        original = {} if self.protocol == SIPS else dict(self.original)
        return {"protocol": self.protocol, "day": self.day, "fields": dict(self.fields), "original": original}

    def __getitem__(self, name: str) -> str:
        return self.fields.get(name, "")

    @property
    def outcome(self) -> str:
        """Return ``accepted``, ``refused``, ``cancelled`` or ``pending``; only ``accepted`` means paid."""
        outcome = OUTCOMES.get(self["response_code"], "refused")
        withdrawn = outcome == "accepted" and self._of_paypage("transactionStatus") in WITHDRAWN
        return "cancelled" if withdrawn else outcome

    @property
    def guaranteed(self) -> str:
        """Return whether the issuer bears the loss if the card was used fraudulently: ``yes``, ``no`` or ``unknown``.

        Paypage says it in guaranteeIndicator; of Sips 1.0 it is unknown. Source: docs/paypage.md.
        """
        return {"Y": "yes", "N": "no"}.get(self._of_paypage("guaranteeIndicator"), "unknown")

    @property
    def authenticated(self) -> bool:
        """Return whether the customer was authenticated with 3-D Secure."""
        return self["transaction_condition"] == "3D_SUCCESS"

    @property
    def soft_decline(self) -> bool:
        """Return whether the issuer refused only for lack of authentication: the customer may retry with it."""
        code = self._of_paypage("acquirerResponseCode")
        return self["response_code"] == "05" and code == "A1"

    @property
    def refusal(self) -> str:
        """Return why a payment that isn't accepted failed.

        That is identity, code, tries, late, used, unavailable, invalid or bank.
        Source: docs/dictionary.md, Fields of a response.
        """
        reason = REFUSALS.get(self["response_code"], "bank")
        if reason == "bank" and self["transaction_condition"] in ("3D_FAILURE", "3D_ABORT"):
            return "identity"
        if reason == "bank" and (self["bank_response_code"], self["cvv_response_code"]) == ("00", "4E"):
            return "code"
        return reason

    def _of_paypage(self, key: str) -> str:
        return self.original.get(key, "") if self.protocol == PAYPAGE else ""


def check_call(call: Mapping[str, str]) -> dict[str, str]:
    """Check the names of a call's parameters and their lengths in bytes; return the parameters.

    Keys of Paypage's data dictionary and its longer values (an IPv6 address) are accepted here: ``make_request``,
    which knows the protocol, rejects them for Sips 1.0.
    Raises InvalidKeyword and ParameterTooLong.
    """
    for name, value in call.items():
        if is_platform_key(name):
            continue
        if name not in CALL:
            raise InvalidKeyword(f"{name}={value}")
        if len(to_bytes(value)) > PAYPAGE_MAX_LENGTH.get(name, MAX_LENGTH[name]):
            raise ParameterTooLong(f"{name}={value}")
    return dict(call)


def parse_call(arguments: Iterable[str]) -> dict[str, str]:
    """Return the parameters of a call given as ``keyword=value``; of a repeated one the last counts.

    Every argument is checked, as by ``check_call``. Raises InvalidKeyword and ParameterTooLong.
    """
    call: dict[str, str] = {}
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if not equals:
            raise InvalidKeyword(argument)
        call |= check_call({name: value})
    return call


def make_request(
    call: Mapping[str, str],
    pathfile: Pathfile,
    now: float | None = None,
    ledger: "RequestLedger | None" = None,
) -> PaymentRequest:
    """Make the payment request of a call that ``check_call`` or ``parse_call`` has checked.

    ``now`` is the moment of the request, in seconds since 1970 (UTC). ``ledger`` records the fields once they
    are checked, and gives the transaction_id; without it that is the shop's own, or the local time.
    Raises KitError.
    """
    if pathfile.protocol == SIPS:
        _check_call_of_sips(call)
    merchant_id = call.get("merchant_id", "")
    if not merchant_id:
        raise CallError("merchant_id not filled")
    fields = merge(*(read_parameters(*file).fields for file in pathfile.parameter_files(merchant_id)), call)
    if pathfile.protocol == SIPS:
        # A parmcom file may serve both protocols.
        fields = {name: value for name, value in fields.items() if not is_platform_key(name)}
    country = fields.get("merchant_country", "")
    if not country:
        raise CallError("merchant_country not filled")
    gateway = protocols.gateway(pathfile, country, merchant_id)
    now = time.time() if now is None else now
    fields["transmission_date"] = time.strftime("%Y%m%d%H%M%S", time.gmtime(now))
    _check(fields)
    blocks = read_blocks(fields.get("payment_means", ""), fields["block_order"])
    gateway.check(fields)
    if ledger:
        fields = dict(ledger.register(fields, protocols.numbering(pathfile)))
    fields.setdefault("transaction_id", time.strftime("%H%M%S", time.localtime(now)))
    means = [name for block in blocks for name in block.means]
    posts = gateway.seal(fields, means)
    return PaymentRequest(pathfile.protocol, gateway.action, fields, blocks, posts)


def read_response(message: str | Mapping[str, str], pathfile: Pathfile) -> PaymentResponse:
    """Return the payment response in a message, its seal and the lengths of its values checked.

    ``message`` is DATA, the body of a post, or its fields (``protocols.read_post``). It may lack
    a response_code, see ``read_outcome``. Raises MessageError, or ConfigurationError if the
    merchant's certificate or secret key can't be used.
    """
    return checked_response(protocols.open_response(protocols.read_post(message), pathfile))


def checked_response(opened: "OpenedResponse") -> PaymentResponse:
    """Return the payment response that was opened, the lengths of its values checked. Raises ResponseError."""
    longest = RESPONSE_MAX_LENGTH if opened.protocol == SIPS else PAYPAGE_LENGTHS
    too_long = [name for name, value in opened.fields.items() if len(to_bytes(value)) > longest[name]]
    fields, shortened = dict(opened.fields), []
    for name in sorted(too_long, key=lambda name: (*CHECKED_FIRST, name).index(name)):
        # Paypage doesn't guarantee the lengths of Sips 1.0.
        if opened.protocol == SIPS or name in NEVER_SHORTENED:
            raise ResponseError(f"{name} " if name in ("language", "data") else name)
        fields[name] = to_bytes(fields[name])[: longest[name]].decode("utf-8", "ignore")
        shortened.append(name)
    return PaymentResponse(fields, opened.original, opened.day, opened.protocol, shortened)


def read_outcome(message: str | Mapping[str, str], pathfile: Pathfile) -> PaymentResponse:
    """Return the payment response of ``read_response``, which must have an outcome.

    Raises ResponseError for a sealed message without a response_code: the customer's browser has
    such a message, the request, and could post it.
    """
    response = read_response(message, pathfile)
    if not response["response_code"]:
        raise ResponseError("response_code")
    return response


def _check_call_of_sips(call: Mapping[str, str]) -> None:
    """Raise InvalidKeyword or ParameterTooLong for a parameter that only Paypage accepts."""
    for name, value in call.items():
        if is_platform_key(name):
            raise InvalidKeyword(f"{name}={value}")
        if name in PAYPAGE_MAX_LENGTH and len(to_bytes(value)) > MAX_LENGTH[name]:
            raise ParameterTooLong(f"{name}={value}")


def _check(fields: Mapping[str, str]) -> None:
    if "amount" not in fields:
        raise CallError("amount not filled")
    for name, value in fields.items():
        if name in MAX_LENGTH and len(to_bytes(value)) > PAYPAGE_MAX_LENGTH.get(name, MAX_LENGTH[name]):
            raise ValueTooLong(name, value)
    if len(fields["amount"]) < 3:
        raise CallError(f"invalid amount length ({fields['amount']})")
    language = fields.get("language", "")
    if language != language.lower():
        raise CallError(f"language ({language}) must be lower case")
    for name in ("currency_code", "amount", "transaction_id"):
        value = fields.get(name, "0")
        if not is_digits(value):
            raise CallError(f"{name} ({value}) not numeric")


@lru_cache(256)
def read_blocks(payment_means: str, block_order: str) -> tuple[Block, ...]:
    """Return the blocks of the means of payment that a request offers, in their order. Raises CallError."""
    means = payment_means.removesuffix(",")
    items = means.split(",") if means else []
    order = block_order.strip(",")
    numbers = list(dict.fromkeys(order.split(","))) if order else []
    names, chosen = items[::2], items[1::2]
    if (
        len(items) % 2
        or not all(map(stays_in_directory, names))
        or not set(numbers) <= BLOCK_NUMBERS
        or not set(chosen) <= set(numbers)
    ):
        raise CallError("payment_means,block_order")
    grouped: dict[str, list[str]] = {}
    for name, number in zip(names, chosen, strict=True):
        grouped.setdefault(number, []).append(name)
    return tuple(Block(number, tuple(grouped[number])) for number in numbers if number in grouped)
