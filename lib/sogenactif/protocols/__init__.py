"""Protocols of the payment server: Sips 1.0 (``sips``) and Paypage, Sips 2.0 (``paypage``).

Requests are made in the protocol that the pathfile's PROTOCOL names. Responses are read in the
protocol of their post, so that a shop migrates with payments in flight. The ledger decides which
requests they may answer.
"""

import os
import re
from collections.abc import Mapping

from sogenactif.configuration import PAYPAGE, SIPS, Pathfile
from sogenactif.dates import is_moment
from sogenactif.errors import MessageError, ResponseError, SecretMissing

LAST_NUMBER = 999_999
# The token of a request whose number the server assigns: the prefix of its returnContext, and its field in the ledger.
TOKEN, TOKEN_FIELD = re.compile("kit[0-9a-f]{32}"), "token"
# The key of Paypage and its value that ask for strong authentication; a longer value that starts with it does too.
CHALLENGE_KEY, CHALLENGE = "fraudData.challengeMode3DS", "CHALLENGE"
Post = Mapping[str, str]
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeVar

    from sogenactif.protocols import paypage, sips

    Secret = TypeVar("Secret")
    Gateway = paypage.Gateway | sips.Gateway


class OpenedResponse:
    """Hold an opened post: its protocol, the fields by their Sips 1.0 names, and the keys as they arrived.

    ``day`` (aaaammjj, Paris) is the day of the transaction_id. It is empty if
    the server named none, and for Sips 1.0, whose transmission_date gives it.
    """

    def __init__(
        self, protocol: str, fields: Mapping[str, str], original: Mapping[str, str], day: str
    ) -> None:
        self.protocol = protocol
        self.fields = fields
        self.original = original
        self.day = day

    def __repr__(self) -> str:
        return f"<OpenedResponse {self.protocol} {self.day}-{self.fields.get('transaction_id', '')}>"


class Numbering:
    """Hold how the requests of a pathfile are numbered: their protocol, and the range of a day's numbers.

    ``by_reference`` says that requests are identified by transactionReference, ``by_server`` that the server
    assigns their numbers and a token identifies them; otherwise transaction_id and day do.
    """

    def __init__(
        self,
        protocol: str = SIPS,
        by_reference: bool = False,
        first: int = 1,
        last: int = LAST_NUMBER,
        by_server: bool = False,
    ) -> None:
        self.protocol = protocol
        self.by_reference = by_reference
        self.by_server = by_server
        self.first = first
        self.last = last

    def __repr__(self) -> str:
        return f"<Numbering {self.protocol} {self.first}-{self.last}>"

    def reference(self, day: str, number: int) -> str:
        """Return the transactionReference of a request, or a new token; empty if its number identifies it."""
        if self.by_server:
            return f"kit{os.urandom(16).hex()}"
        return reference_of(day, number) if self.by_reference else ""


def reference_of(day: str, number: int) -> str:
    """Return the transactionReference of a transaction_id of a day (aaaammjj): 14 digits, unique for ever."""
    return f"{day}{number:06}"


def numbering(pathfile: Pathfile) -> Numbering:
    """Return how the requests of a pathfile are numbered."""
    if pathfile.protocol == SIPS:
        return Numbering(SIPS, False, *pathfile.numbers)
    mode = pathfile.paypage.reference
    return Numbering(PAYPAGE, mode == "transactionReference", *pathfile.numbers, by_server=mode == "server")


def identifier(original: Mapping[str, str]) -> str:
    """Return what identifies the request of a Paypage response: its token, or else its transactionReference.

    A token anywhere but in returnContext identifies nothing.
    """
    token = TOKEN.match(original.get("returnContext", ""))
    if token:
        return token[0]
    reference = original.get("transactionReference", "")
    return "" if TOKEN.match(reference) else reference


def gateway(pathfile: Pathfile, country: str, merchant_id: str) -> "Gateway":
    """Return the gateway for a merchant's requests. Raises ConfigurationError."""
    if pathfile.protocol == PAYPAGE:
        from sogenactif.protocols import paypage

        return paypage.gateway(pathfile, country, merchant_id)
    from sogenactif.protocols import sips

    return sips.gateway(pathfile, country, merchant_id)


def secrets_of(read: "Callable[[bool], Secret]") -> "Iterator[tuple[Secret, bool]]":
    """Yield the current secret, then the previous one if there is one, each with whether it is the previous.

    ``read`` reads either. Its SecretMissing is raised if there is no current one.
    """
    yield read(False), False
    try:
        previous = read(True)
    except SecretMissing:
        return
    yield previous, True


def secret_path(protocol: str, pathfile: Pathfile, country: str, merchant_id: str) -> str:
    """Return the path of a merchant's secret, whether or not it exists."""
    if protocol == PAYPAGE:
        return f"{pathfile.paypage.key}.{merchant_id}"
    type_ = pathfile.certificate_type
    return ".".join((pathfile.certificates, country, merchant_id, *([type_] if type_ else [])))


def read_post(message: str | Mapping[str, str]) -> Post:
    """Return the fields of a message, from those of its post or from the message argument of ``bin/response``.

    That argument is DATA, or with Paypage the whole body of the post, ``Data=…&Encode=…&Seal=…``.
    """
    if isinstance(message, str):
        if "Data=" not in message:
            return {"DATA": message}
        from urllib.parse import parse_qsl

        message = dict(parse_qsl(message, keep_blank_values=True, errors="surrogateescape"))
    if message.get("DATA") or not message.get("Data"):
        return {"DATA": message.get("DATA", "")}
    names = ("Data", "Encode", "Seal", "InterfaceVersion", "SealAlgorithm")
    return {name: message[name] for name in names if name in message}


def open_response(post: Post, pathfile: Pathfile) -> OpenedResponse:
    """Verify the seal of a post and return its content.

    Raises MessageError, or ConfigurationError if the merchant's certificate or secret key can't be used.
    """
    if "Data" in post:
        from sogenactif.protocols import paypage

        return OpenedResponse(PAYPAGE, *paypage.open_response(post, pathfile))
    from sogenactif.protocols import sips

    fields = sips.open_response(post["DATA"], pathfile)
    if not is_moment(fields["transmission_date"]):
        raise ResponseError("transmission_date")
    return OpenedResponse(SIPS, fields, fields, "")


def read_unverified(post: Post) -> OpenedResponse | None:
    """Return the content of a post without verifying its seal; None if it can't be read.

    None of it may be trusted: it only decides whether the post is stored.
    """
    try:
        if "Data" in post:
            from sogenactif.protocols import paypage

            return OpenedResponse(PAYPAGE, *paypage.read_unverified(post))
        from sogenactif.protocols import sips

        fields = sips.read_unverified(post["DATA"])
        return OpenedResponse(SIPS, fields, fields, "") if is_moment(fields["transmission_date"]) else None
    except MessageError:
        return None
