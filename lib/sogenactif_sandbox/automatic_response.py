"""Send automatic responses, which the server itself posts to the shop.

Cookies and redirects are ignored. Addresses are http or https, optionally on the bank's ports 80 to 9999 only. The
whole exchange has a time limit, and only the beginning of the answer is read.
Source: docs/payment-server.md, The steps of a payment.
"""

import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlencode, urlsplit

from sogenactif.fields import is_digits

SENT, FAILED, UNDEFINED = "SENT", "FAILED", "UNDEFINED"
PORTS = range(80, 10_000)
SECONDS = 5.0
MAX_READ = 4096


class ForbiddenTarget(Exception):
    """Report an address to which no automatic response is sent, and why."""


@dataclass(frozen=True)
class Outcome:
    """Hold the state of an automatic response, and the shop's answer or the error."""

    state: str
    answer: str

    @property
    def status(self) -> int:
        """Return the status of the shop's answer, 0 if there was none."""
        first = self.answer[:3]
        return int(first) if is_digits(first) else 0

    @property
    def first_line(self) -> str:
        """Return the status and reason of the shop's answer, or the error."""
        return self.answer.partition("\n")[0]


def post(
    url: str,
    fields: Mapping[str, str],
    allowed_hosts: Collection[str] | None = None,
    bank_ports: bool = False,
) -> Outcome:
    """Post a response to a shop; SENT means that it answered with a status of success (2xx).

    ``allowed_hosts`` are the only hosts that may be called, any if None; with ``bank_ports`` only
    the ports that the bank calls. It takes 5 seconds at most, apart from the look-up of the
    host's name.
    """
    return send(url, urlencode(fields), "POST", allowed_hosts, bank_ports)


def send(
    url: str,
    body: str,
    method: str = "POST",
    allowed_hosts: Collection[str] | None = None,
    bank_ports: bool = False,
) -> Outcome:
    """Send any body of a form to a shop, as ``post`` does."""
    if not url:
        return Outcome(UNDEFINED, "")
    try:
        parts, host, port = _target(url, allowed_hosts, bank_ports)
        answer = _exchange(parts, host, port, method, body)
    except ForbiddenTarget as error:
        return Outcome(FAILED, str(error))
    except (OSError, ValueError, http.client.HTTPException) as error:
        return Outcome(FAILED, f"{type(error).__name__}: {error}")
    return answer


def host_of(url: str, allowed: Collection[str]) -> str:
    """Return the host of an address if it is this machine or an allowed one. Raises ForbiddenTarget."""
    host = ""
    try:
        host = urlsplit(url).hostname or ""
        if host in {name.lower() for name in allowed}:
            return host
        addresses = {str(address[4][0]) for address in socket.getaddrinfo(host or None, None)}
        if host and all(ipaddress.ip_address(address).is_loopback for address in addresses):
            return host
    except (ValueError, OSError):
        pass
    raise ForbiddenTarget(host)


def _target(
    url: str, allowed_hosts: Collection[str] | None, bank_ports: bool
) -> tuple[SplitResult, str, int]:
    """Return the parts of an address, its host and port. Raises ForbiddenTarget."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}[parts.scheme]
        host = parts.hostname or ""
    except (ValueError, KeyError):
        raise ForbiddenTarget("not an http or https address") from None
    if bank_ports and (refusal := refused_port(port)):
        raise ForbiddenTarget(refusal)
    if allowed_hosts is not None and host not in allowed_hosts:
        raise ForbiddenTarget(f"host {host} is not one that this server may call")
    return parts, host, port


def refused_port(port: int) -> str:
    """Return why the bank calls no such port; empty if it does."""
    if port in PORTS:
        return ""
    return f"port {port} is not one of {PORTS.start} to {PORTS.stop - 1}, the only ones that the bank calls"


def _exchange(parts: SplitResult, host: str, port: int, method: str, body: str) -> Outcome:
    """Send a body and read the beginning of the answer. Raises OSError, ValueError and HTTPException."""
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(host, port)
    limit: threading.Timer | None = None
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        end = time.monotonic() + SECONDS
        connection.sock = _connect([address[:2] for *_, address in addresses], end)
        if parts.scheme == "https":
            context = ssl.create_default_context()
            connection.sock = context.wrap_socket(connection.sock, server_hostname=host)
        # A socket's timeout is for each read: a shop that sends byte by byte would never reach it.
        limit = threading.Timer(max(end - time.monotonic(), 0), _cut, (connection.sock,))
        limit.start()
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "payment-server"}
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        text = answer.read(MAX_READ).decode("utf-8", "replace")
        state = SENT if 200 <= answer.status < 300 else FAILED
        return Outcome(state, f"{answer.status} {answer.reason}\n{text}".rstrip())
    finally:
        if limit:
            limit.cancel()
        connection.close()


def _connect(addresses: Collection[Any], end: float) -> socket.socket:
    """Connect to the first address that answers before ``end``, of ``time.monotonic``. Raises OSError."""
    failure: OSError = TimeoutError("timed out")
    for address in addresses:
        remaining = end - time.monotonic()
        if remaining <= 0:
            break
        try:
            return socket.create_connection(address, remaining)
        except OSError as error:
            failure = error
    raise failure


def _cut(connected: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)
