"""A payment request, checked and ready to post; a payment response, checked and ready to read.

The rules of a payment are here; what they do to bytes is behind ``protocol``, to files in
``settings``. Source: guide, chapters 2 and 3; spec of the kit.
"""

import time
from collections.abc import Callable, Iterable, Mapping

from sogenactif import protocols
from sogenactif.configuration import Pathfile, merge, read_parameters
from sogenactif.errors import CallError, InvalidKeyword, ParameterTooLong, ResponseError, ValueTooLong
from sogenactif.fields import CALL, CHECKED_FIRST, MAX_LENGTH, RESPONSE_MAX_LENGTH, to_bytes
from sogenactif.files import stays_in_directory
from sogenactif.protocols import Post

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sogenactif.protocols import Server

BLOCK_NUMBERS = set("123456789")
OUTCOMES = {"00": "accepted", "17": "cancelled", "60": "pending"}


class Block:
    """Means of payment that are shown together, under the sentence of their number (1 to 9)."""

    def __init__(self, number: str, means: tuple[str, ...]) -> None:
        self.number = number
        self.means = means


class PaymentRequest:
    """A payment request: its final ``fields``, its ``blocks`` in order, and what is sealed to be posted.

    ``posts`` are the hidden fields of the form of each means of payment; under ``""`` those of one
    form around all of them.
    """

    def __init__(
        self,
        pathfile: Pathfile,
        server: "Server",
        fields: Mapping[str, str],
        blocks: tuple[Block, ...],
        posts: Mapping[str, Post],
    ) -> None:
        self.pathfile = pathfile
        self.server = server
        self.fields = fields
        self.blocks = blocks
        self.posts = posts

    @property
    def action(self) -> str:
        """Where the customer's browser posts a form."""
        return self.server.action

    @property
    def data(self) -> str:
        """DATA, in the guide's protocol."""
        return self.posts[""]["DATA"]

    @property
    def headers(self) -> bool:
        """Whether a sentence stands above each block."""
        return self.fields["header_flag"].lower() == "yes"


class PaymentResponse:
    """A payment response whose seal was checked; ``fields`` that are absent or empty read as ``""``.

    Of a response of today's server, ``original`` are the keys as they came, and ``day`` (aaaammjj)
    is that of its transaction_id; the guide's message has neither.
    """

    def __init__(
        self, fields: Mapping[str, str], original: Mapping[str, str] | None = None, day: str = ""
    ) -> None:
        self.fields = fields
        self.original = original or {}
        self.day = day

    def __getitem__(self, name: str) -> str:
        return self.fields.get(name, "")

    @property
    def outcome(self) -> str:
        """``accepted``, ``refused``, ``cancelled`` or ``pending``; only ``accepted`` says paid."""
        return OUTCOMES.get(self["response_code"], "refused")


def check_call(call: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters of a call, by name, once their names and their lengths in bytes are checked.

    Raises InvalidKeyword and ParameterTooLong.
    """
    for name, value in call.items():
        if name not in CALL:
            raise InvalidKeyword(f"{name}={value}")
        if len(to_bytes(value)) > MAX_LENGTH[name]:
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
    register: Callable[[Mapping[str, str]], str] | None = None,
) -> PaymentRequest:
    """The payment request of a call that ``check_call`` or ``parse_call`` let through.

    ``now`` is the moment of the request, in seconds since 1970 (UTC). ``register`` is told the
    fields once they are checked and gives the transaction_id; without it that is the shop's own,
    or the local time. Raises KitError.
    """
    merchant_id = call.get("merchant_id", "")
    if not merchant_id:
        raise CallError("merchant_id not filled")
    fields = merge(*(read_parameters(*file) for file in pathfile.parameter_files(merchant_id)), call)
    country = fields.get("merchant_country", "")
    if not country:
        raise CallError("merchant_country not filled")
    server = protocols.server(pathfile, country, merchant_id)
    now = time.time() if now is None else now
    fields["transmission_date"] = time.strftime("%Y%m%d%H%M%S", time.gmtime(now))
    _check(fields)
    blocks = _blocks(fields)
    server.check(fields)
    if register:
        fields["transaction_id"] = register(fields)
    fields.setdefault("transaction_id", time.strftime("%H%M%S", time.localtime(now)))
    means = [name for block in blocks for name in block.means]
    return PaymentRequest(pathfile, server, fields, blocks, server.seal(fields, means))


def read_response(message: str | Mapping[str, str], pathfile: Pathfile) -> PaymentResponse:
    """The payment response that a message holds, its seal and the lengths of its values checked.

    ``message`` is DATA, the body of a post, or the fields of one (``protocol.posted``). It may lack
    a response_code, see ``read_outcome``. Raises MessageError, or ConfigurationError where the
    merchant's certificate or secret key can't be used.
    """
    fields, original, day = protocols.open_response(protocols.posted(message), pathfile)
    for name in (*CHECKED_FIRST, *fields):
        if len(to_bytes(fields.get(name, ""))) > RESPONSE_MAX_LENGTH[name]:
            raise ResponseError(f"{name} " if name in ("language", "data") else name)
    return PaymentResponse(fields, original, day)


def read_outcome(message: str | Mapping[str, str], pathfile: Pathfile) -> PaymentResponse:
    """The payment response of ``read_response``, which must say how the payment ended.

    The customer's browser holds a sealed message too, the request: it has no response_code,
    and raises ResponseError.
    """
    response = read_response(message, pathfile)
    if not response["response_code"]:
        raise ResponseError("response_code")
    return response


def _check(fields: Mapping[str, str]) -> None:
    if "amount" not in fields:
        raise CallError("amount not filled")
    for name, value in fields.items():
        if len(to_bytes(value)) > MAX_LENGTH[name]:
            raise ValueTooLong(name, value)
    if len(fields["amount"]) < 3:
        raise CallError(f"invalid amount length ({fields['amount']})")
    language = fields.get("language", "")
    if language != language.lower():
        raise CallError(f"language ({language}) must be lower case")
    for name in ("currency_code", "amount", "transaction_id"):
        value = fields.get(name, "0")
        if not (value.isascii() and value.isdigit()):
            raise CallError(f"{name} ({value}) not numeric")


def _blocks(fields: Mapping[str, str]) -> tuple[Block, ...]:
    means = fields.get("payment_means", "").removesuffix(",")
    items = means.split(",") if means else []
    order = fields["block_order"].strip(",")
    numbers = list(dict.fromkeys(order.split(","))) if order else []
    shown, chosen = items[::2], items[1::2]
    if (
        len(items) % 2
        or not all(map(stays_in_directory, shown))
        or not set(numbers) <= BLOCK_NUMBERS
        or not set(chosen) <= set(numbers)
    ):
        raise CallError("payment_means,block_order")
    together: dict[str, list[str]] = {}
    for name, number in zip(shown, chosen, strict=True):
        together.setdefault(number, []).append(name)
    return tuple(Block(number, tuple(together[number])) for number in numbers if number in together)
