"""A payment server and a shop on 127.0.0.1, and a customer that talks to them over HTTP."""

import html
import http.client
import json
import re
import threading
import time
import urllib.parse
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sogenactif.configuration import Pathfile, read_pathfile
from sogenactif.protocols.certificate import read_certificate
from sogenactif.protocols.sips import open_response, seal_request
from sogenactif_sandbox import paypage
from sogenactif_sandbox.serving import payment_server, serving

MERCHANT = "014213245611111"


@dataclass
class HttpReply:
    """Hold the reply of a server."""

    status: int
    headers: dict[str, str]
    text: str

    def hidden(self, name: str) -> str:
        found = re.search(rf'name="{name}" value="([^"]*)"', self.text)
        assert found, f"no {name} in the page"
        return html.unescape(found[1])

    @property
    def session(self) -> str:
        """Return the customer's token, in a form or in the address of the 3-D Secure page."""
        found = re.search(r'name="session" value="([^"]+)"|session=([\w-]+)', self.text)
        assert found, "no session in the page"
        return found[1] or found[2]

    @property
    def location(self) -> str:
        return self.headers["location"]


def send(url: str, form: dict[str, str] | bytes | None = None, method: str = "", **headers: str) -> HttpReply:
    """Post a form, or get an address; nothing is followed."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
    body = urllib.parse.urlencode(form, errors="surrogateescape") if isinstance(form, dict) else form
    sent = {"Content-Type": "application/x-www-form-urlencoded"} if body is not None else {}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request(method or ("POST" if body is not None else "GET"), path, body, sent)
        answer = connection.getresponse()
        text = answer.read().decode()
    finally:
        connection.close()
    return HttpReply(answer.status, {k.lower(): v for k, v in answer.getheaders()}, text)


@dataclass
class Shop:
    """Record what is posted to a shop, and reply with the status that is set."""

    status: str = "200 OK"
    headers: list[tuple[str, str]] = field(default_factory=list)
    received: list[tuple[str, str]] = field(default_factory=list)
    url: str = ""
    page: str = "thank you"
    seconds: float = 0

    def __call__(self, environ: Any, start_response: Any) -> list[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode()
        data = urllib.parse.parse_qs(body or environ["QUERY_STRING"]).get("DATA", [""])[0]
        if environ["PATH_INFO"] != "/favicon.ico":  # a browser's own idea
            self.received.append((environ["PATH_INFO"], data))
        time.sleep(self.seconds)
        start_response(self.status, [("Content-Type", "text/html"), *self.headers])
        return [self.page.encode() if environ["PATH_INFO"] == "/order" else b"thank you"]

    def automatic(self) -> list[str]:
        """Return DATA of the automatic responses so far."""
        return [data for path, data in self.received if path == "/automatic"]


@dataclass
class Bank:
    """Hold a running payment server, a running shop, and the pathfile that they share."""

    url: str
    shop: Shop
    pathfile: Pathfile
    number: int = 100

    def request(self, **fields: str) -> str:
        """Return DATA of a payment of 12.50 euros, with a new transaction number; ``fields`` override, empty removes."""
        self.number += 1
        values = {
            "merchant_id": MERCHANT,
            "merchant_country": "fr",
            "amount": "1250",
            "currency_code": "978",
            "language": "en",
            "transaction_id": f"{self.number:06}",
            "transmission_date": "20261123044757",
            "normal_return_url": f"{self.shop.url}/accepted",
            "cancel_return_url": f"{self.shop.url}/cancelled",
            "automatic_response_url": f"{self.shop.url}/automatic",
        } | fields
        certificate = read_certificate(self.pathfile, values["merchant_country"], values["merchant_id"])
        return seal_request(values, certificate)

    def call(self, data: str, means: str = "CB", **headers: str) -> HttpReply:
        """Press the button of a means of payment on the shop's form."""
        return send(
            f"{self.url}/callpayment", {"DATA": data, f"{means}.x": "3", f"{means}.y": "4"}, **headers
        )

    def card(
        self, entry: HttpReply, number: str = "4974934125497800", code: str = "600", **fields: str
    ) -> HttpReply:
        """Fill in the card entry page."""
        form = {"session": entry.hidden("session"), "number": number, "code": code, "month": "12", "year": ""}
        form["year"] = (re.findall(r"<option>(\d{4})<", entry.text) or [""])[-1]
        return send(f"{self.url}/card", form | fields)

    def authenticate(self, page: HttpReply, password: str) -> HttpReply:
        """Enter a password on the 3-D Secure page."""
        return send(f"{self.url}/authentication", {"session": page.session, "password": password})

    def cancel(self, entry: HttpReply) -> HttpReply:
        """Press the cancel button of the card entry page."""
        found = re.search(r'action="[^"]*(/cancel/[^"]+)"', entry.text)
        assert found
        return send(self.url + found[1], {"DATA": entry.hidden("DATA")})

    def pay(
        self, means: str = "CB", number: str = "4974934125497800", code: str = "600", **fields: str
    ) -> dict[str, str]:
        """Pay, and return the fields of the response behind the button of the last page."""
        return self.read(self.card(self.call(self.request(**fields), means), number, code))

    def console(self, path: str, values: dict[str, Any] | None = None) -> Any:
        """Get a page of the console, or post values to it, as JSON."""
        if values is None:
            answer = send(f"{self.url}/console/{path}")
        else:
            content = json.dumps(values).encode()
            answer = send(f"{self.url}/console/{path}", content, Content_Type="application/json")
        assert answer.status == 200, answer.text
        return json.loads(answer.text)

    def last(self) -> Any:
        """Return the last transaction from the console."""
        return self.console(f"transactions/{self.console('transactions')[0]['id']}")

    def wait_for_automatic(self, count: int) -> None:
        """Wait until each transaction has at least ``count`` attempts of its automatic response."""
        pause = threading.Event()
        for _ in range(200):
            if all(len(known["automatic"]) >= count for known in self.console("transactions")):
                return
            pause.wait(0.05)
        raise AssertionError("no automatic response")

    def read(self, page: HttpReply) -> dict[str, str]:
        """Return the fields of the response that a page sends back to the shop."""
        return open_response(page.hidden("DATA"), self.pathfile)


@contextmanager
def bank(param: Path, **options: Any) -> Iterator[Bank]:
    """Run a payment server and a shop."""
    pathfile = str(param / "pathfile")
    shop = Shop()
    server = payment_server(pathfile, str(param / "payments.sqlite"), **options)
    with serving(shop) as shop.url, server as address:
        yield Bank(address, shop, read_pathfile(pathfile))


def sealed(
    running: Bank, algorithm: str = "HMAC-SHA-256", encode: str = "", key: str = "", **changes: str
) -> dict[str, str]:
    """Return what a program other than the kit posts; ``changes`` override keys of Data (``__`` is a dot), empty removes."""
    pairs = {
        "amount": "1250",
        "currencyCode": "978",
        "merchantId": MERCHANT,
        "keyVersion": "1",
        "normalReturnUrl": f"{running.shop.url}/back",
        "automaticResponseUrl": f"{running.shop.url}/automatic",
        "customerLanguage": "en",
        "paymentMeanBrandList": "CB",
        "orderId": "CMD42",
        **{name.replace("__", "."): value for name, value in changes.items()},
    }
    text = "|".join(f"{name}={value}" for name, value in pairs.items() if value)
    data = text
    if encode:
        data = b64encode(text.encode(), paypage.ALTERNATIVES[encode.lower()]).decode()
    secret = (key or f"{pairs['merchantId']}_KEY1").encode()
    post = {
        "Data": data,
        "InterfaceVersion": "HP_3.4",
        "Seal": paypage.SEALS[algorithm](data.encode(), secret),
    }
    return post | {"SealAlgorithm": algorithm} | ({"Encode": encode} if encode else {})
