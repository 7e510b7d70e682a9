"""Requests of browsers and servers, read within limits, and the answers to them."""

from collections.abc import Callable, Iterable

from sogenactif.fields import is_digits, to_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from _typeshed.wsgi import StartResponse

MAX_BYTES = 64 * 1024
MAX_DISCARDED = 1024 * 1024
MAX_FIELDS = 100
FORM_TYPE = "application/x-www-form-urlencoded"
STATUS = {
    200: "200 OK",
    400: "400 Bad Request",
    403: "403 Forbidden",
    404: "404 Not Found",
    405: "405 Method Not Allowed",
    411: "411 Length Required",
    413: "413 Content Too Large",
    429: "429 Too Many Requests",
    500: "500 Internal Server Error",
}

Environ = dict[str, "Any"]
Headers = list[tuple[str, str]]
Application = Callable[[Environ, "StartResponse"], Iterable[bytes]]


class HttpError(Exception):
    """Report a request that can't be served: its status, and the reason for the log."""

    def __init__(self, status: int, why: str, headers: Headers | None = None) -> None:
        super().__init__(why)
        self.status = status
        self.headers = headers or []


def allow(environ: Environ, *methods: str) -> str:
    """Return the method of a request, one of ``methods``. Raises HttpError 405."""
    method: str = environ.get("REQUEST_METHOD", "")
    if method not in methods:
        raise HttpError(405, f"method {method}", [("Allow", ", ".join(methods))])
    return method


def read_query(environ: Environ) -> dict[str, str]:
    """Return the fields of the query string; of a repeated one the last. Raises HttpError 400 or 413."""
    return _parse(environ.get("QUERY_STRING", "").encode("latin-1"))


def read_form(environ: Environ) -> dict[str, str]:
    """Return the fields of a posted form, 64 KiB and 100 fields at most; of a repeated one the last.

    Raises HttpError 400 (no form, or a wrong one), 411 (sent in chunks, and the web server does not
    say where it ends) or 413.
    """
    content_type = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    if content_type not in (FORM_TYPE, ""):
        raise HttpError(400, f"content type {content_type}")
    return _parse(_read_body(environ))


def _read_body(environ: Environ) -> bytes:
    length = environ.get("CONTENT_LENGTH") or "0"
    if not environ.get("CONTENT_LENGTH") and "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
        # The input of a CGI process ends with the body; that of a WSGI server only if ``input_terminated`` is set.
        if not (environ.get("wsgi.run_once") or environ.get("wsgi.input_terminated")):
            raise HttpError(411, "chunked request body")
        # One byte more than is allowed shows that a body is too long.
        body = bytes(environ["wsgi.input"].read(MAX_BYTES + 1))
        if len(body) > MAX_BYTES:
            _discard(environ, MAX_DISCARDED)
        return body
    if not is_digits(length):
        raise HttpError(400, f"content length {length}")
    if len(length) > 9 or int(length) > MAX_BYTES:
        _discard(environ, min(int(length), MAX_DISCARDED) if len(length) <= 9 else MAX_DISCARDED)
        raise HttpError(413, f"{length} bytes")
    body = bytes(environ["wsgi.input"].read(int(length)))
    if len(body) < int(length):
        raise HttpError(400, f"{len(body)} bytes of {length}")
    return body


def _discard(environ: Environ, most: int) -> None:
    """Read the rest of a body that is too long: Apache resets the connection if a CGI process leaves it unread."""
    while most > 0 and (piece := environ["wsgi.input"].read(min(most, MAX_BYTES))):
        most -= len(piece)


def _parse(text: bytes) -> dict[str, str]:
    if len(text) > MAX_BYTES:
        raise HttpError(413, f"{len(text)} bytes")
    if text.count(b"&") >= MAX_FIELDS:
        raise HttpError(400, f"more than {MAX_FIELDS} fields")
    pairs = (pair.partition(b"=") for pair in text.split(b"&") if pair)
    return {_decoded(name): _decoded(value) for name, _, value in pairs}


def _decoded(text: bytes) -> str:
    text = text.replace(b"+", b" ")
    # DATA is never percent-encoded, and importing urllib.parse takes as long as importing the rest of the kit.
    if b"%" in text:
        from urllib.parse import unquote_to_bytes

        text = unquote_to_bytes(text)
    return to_text(text)


def send(
    start_response: "StartResponse", status: int, body: bytes, content_type: str, headers: Headers
) -> list[bytes]:
    """Answer a request; every answer has headers by which browsers neither store it nor guess its type."""
    start_response(
        STATUS[status],
        [
            ("Content-Type", content_type),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "same-origin"),
            *headers,
        ],
    )
    return [body]
