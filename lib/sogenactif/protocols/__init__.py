"""One door to the payment server, and two messages behind it.

Requests are made in the protocol that the pathfile's PROTOCOL names: the guide's (``message``) or
today's (``paypage``). Responses are read by what the post holds, whichever that is, so that a
shop moves from one to the other with payments in flight.
"""

from collections.abc import Iterable, Mapping

from sogenactif.configuration import PAYPAGE, Pathfile

Post = Mapping[str, str]
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Server(Protocol):
        """The payment server as a merchant's requests reach it."""

        @property
        def action(self) -> str:
            """Where the customer's browser posts."""

        @property
        def path(self) -> str:
            """The file of the secret that seals."""

        def check(self, fields: Mapping[str, str]) -> None:
            """Raise CallError where these fields can't make a request, whatever its number."""

        def seal(self, fields: Mapping[str, str], means: Iterable[str]) -> Mapping[str, Post]:
            """The hidden fields of the form of each means; under ``""`` those of one form for all."""

        def unsent(self, fields: Mapping[str, str]) -> Mapping[str, str]:
            """The fields that the server isn't told, and what becomes of them."""


def server(pathfile: Pathfile, country: str, merchant_id: str) -> "Server":
    """The payment server of a merchant's requests. Raises ConfigurationError."""
    if pathfile.protocol == PAYPAGE:
        from sogenactif.protocols import paypage

        return paypage.server(pathfile, country, merchant_id)
    from sogenactif.protocols import sips

    return sips.server(pathfile, country, merchant_id)


def secret_path(pathfile: Pathfile, country: str, merchant_id: str) -> str:
    """Where the secret of a merchant's requests is, though it may be unreadable."""
    if pathfile.protocol == PAYPAGE:
        return ".".join((pathfile.paypage.key, merchant_id))
    type_ = pathfile.certificate_type
    return ".".join((pathfile.certificates, country, merchant_id, *([type_] if type_ else [])))


def response_secret(post: Post, pathfile: Pathfile, country: str, merchant_id: str) -> str:
    """The file of the secret that opens a response of this merchant's."""
    if "Data" in post:
        return f"{pathfile.paypage.key}.{merchant_id}"
    from sogenactif.protocols.certificate import certificate_path

    return certificate_path(pathfile, country, merchant_id)


def posted(message: str | Mapping[str, str]) -> Post:
    """The fields of a response: of a post, or of the one argument that ``bin/response`` takes.

    That is DATA, or for today's server the whole body of its post, ``Data=…&Encode=…&Seal=…``.
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


def flat(post: Post) -> str:
    """The fields of a response as the one argument that ``posted`` reads."""
    if "Data" not in post:
        return post.get("DATA", "")
    from urllib.parse import urlencode

    return urlencode(post, errors="surrogateescape")


def open_response(post: Post, pathfile: Pathfile) -> tuple[dict[str, str], dict[str, str], str]:
    """What the server sealed: the fields, the original keys of today's, the day of its transaction.

    The last two are empty for the guide's message, whose fields say all. Raises MessageError, or
    ConfigurationError where what it was sealed with can't be read.
    """
    if "Data" in post:
        from sogenactif.protocols import paypage

        return paypage.open_response(post, pathfile)
    from sogenactif.protocols import sips

    return sips.open_response(post["DATA"], pathfile), {}, ""
