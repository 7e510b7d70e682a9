"""The automatic response: DATA, posted by the server itself to the shop.

No browser, no cookie, no redirect followed; http and https on ports 80 to 9999; a time limit
on the whole exchange, and no more than a little of the answer read. Source: spec of the payment
server, The way of a payment.
"""

import contextlib
import http.client
import socket
import threading
import time
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from sogenactif.protocol import posted

SENT, FAILED, UNDEFINED = "SENT", "FAILED", "UNDEFINED"
PORTS = range(80, 10_000)
SECONDS = 5.0
MOST_READ = 4096


@dataclass(frozen=True)
class Outcome:
    """What came of an automatic response: its state, and the shop's answer or what went wrong."""

    state: str
    answer: str


def post(url: str, data: str, allowed_hosts: Collection[str] | None = None) -> Outcome:
    """Post DATA to a shop; SENT is a shop that answered with a status of success (2xx).

    ``allowed_hosts``: the only hosts that may be called, any when None. Takes 5 seconds at most, the
    look-up of the host's name aside.
    """
    if not url:
        return Outcome(UNDEFINED, "")
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}[parts.scheme]
        host = parts.hostname or ""
    except (ValueError, KeyError):
        return Outcome(FAILED, "not an http or https address")
    if port not in PORTS:
        return Outcome(FAILED, f"port {port} is not one of {PORTS.start} to {PORTS.stop - 1}")
    if allowed_hosts is not None and host not in allowed_hosts:
        return Outcome(FAILED, f"host {host} is not one that this server may call")
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(host, port, timeout=SECONDS)
    started = time.monotonic()
    limit: threading.Timer | None = None
    try:
        connection.connect()
        # The limit of a socket is for each wait; a shop that dribbles would never reach it.
        remaining = max(SECONDS - (time.monotonic() - started), 0)
        limit = threading.Timer(remaining, _cut, (connection.sock,))
        limit.start()
        connection.request(
            "POST",
            (parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
            urlencode(posted(data)),
            {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "payment-server"},
        )
        answer = connection.getresponse()
        text = answer.read(MOST_READ).decode("utf-8", "replace")
        state = SENT if 200 <= answer.status < 300 else FAILED
        return Outcome(state, f"{answer.status} {answer.reason}\n{text}".rstrip())
    except (OSError, ValueError, http.client.HTTPException) as error:
        return Outcome(FAILED, f"{type(error).__name__}: {error}")
    finally:
        if limit:
            limit.cancel()
        connection.close()


def _cut(connected: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)
