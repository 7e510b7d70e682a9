"""A customer's browser in a function: ``pay`` walks the payment pages as a person would.

Source: docs/payment-server.md, The steps of a payment.
"""

import http.client
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from sogenactif_sandbox import clock
from sogenactif_sandbox.rules import AUTHENTICATIONS, PASSWORD, PAYPAGE_CARDS, SIPS_CARDS

SECONDS = 30
MAX_PAGES = 12
ACCEPTED, REFUSED, CANCELLED = "accepted", "refused", "cancelled"
# What a customer has to do for an outcome: on Paypage the result of the authentication to choose.
OUTCOMES = {ACCEPTED: "SUCCESS", REFUSED: "SUCCESS", CANCELLED: ""} | {name: name for name in AUTHENTICATIONS}
# Cards of Sips 1.0 by the result of their authentication.
SIPS_CARDS_3D = {"ERROR": "9974934125497800", "NOT_ENROLLED": "3974934125497800"}
CODE, CODE_OF_AMEX, WRONG_PASSWORD = "600", "6000", "12345678"
PASSWORDS = {ACCEPTED: PASSWORD, REFUSED: PASSWORD, "SUCCESS": PASSWORD, "ATTEMPT": "77777777"}


class NotPaid(Exception):
    """Report a payment that came to no end: what the page said instead."""


@dataclass(frozen=True)
class Returned:
    """Hold what the customer's browser brings back to the shop: the address, and the fields of its post.

    ``pages`` are the titles of the pages that were walked.
    """

    url: str
    post: Mapping[str, str] = field(repr=False)
    pages: tuple[str, ...]


def pay(
    address: str, post: Mapping[str, str], card: str = "", outcome: str = ACCEPTED, means: str = ""
) -> Returned:
    """Pay on the sandbox without a browser; return what the shop would see of it, posted to nobody.

    ``address`` and ``post`` are those of the shop's form. ``outcome`` is accepted, refused or cancelled, or the result
    of the authentication: SUCCESS, FAILURE, ATTEMPT, ERROR, NOT_ENROLLED, CANCEL, SOFT_DECLINE. ``card`` is a number
    that fits the outcome unless it is given; ``means`` is that of the form's button or of the page that asks for it.
    The automatic response goes to the shop by itself. Raises NotPaid, ValueError for another outcome, and OSError.
    """
    if outcome not in OUTCOMES:
        raise ValueError(f"outcome is one of {', '.join(OUTCOMES)}")
    is_paypage = "Data" in post
    cards = PAYPAGE_CARDS if is_paypage else SIPS_CARDS | SIPS_CARDS_3D
    number = card or cards.get(outcome, cards[ACCEPTED]).replace(" ", "")
    fields = dict(post)
    if means and not is_paypage:
        fields |= {f"{means}.x": "1", f"{means}.y": "1"}
    page = _open(address, fields)
    titles: list[str] = []
    for _ in range(MAX_PAGES):
        titles.append(page.title)
        if page.left:
            return Returned(page.url, dict(page.left), tuple(titles))
        action, filled = _next(page, number, outcome, means)
        if action.startswith(("http://", "https://")) and not _same_origin(action, address):
            return Returned(action, filled, tuple(titles))
        url = urljoin(page.url, action)
        # A form without a session leads back to the shop, wherever it is.
        if (
            "session" not in filled
            and ("DATA" in filled or "Data" in filled)
            and _leads_to_shop(url, address)
        ):
            return Returned(url, filled, tuple(titles))
        page = _open(url, filled, page.method_of(action))
    raise NotPaid(f"too many pages: {', '.join(titles)}")


class _Page(HTMLParser):
    """Read the forms of a page: their addresses, fields and buttons."""

    def __init__(self, url: str, html: str, left: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self.url = url
        self.left = left
        self.title = ""
        self.forms: list[tuple[str, dict[str, str], list[tuple[str, str]]]] = []
        self.links: list[str] = []
        self.parameter = ""
        self._inside = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "title" or (tag == "p" and values.get("class") == "parameter"):
            self._inside = tag
        elif tag == "form":
            self.forms.append((values.get("action", ""), {}, []))
        elif tag == "a" and "session=" in values.get("href", ""):
            self.links.append(values["href"])
        elif tag in ("input", "select", "button") and self.forms and values.get("name"):
            _, fields, buttons = self.forms[-1]
            if tag == "button":
                buttons.append((values["name"], values.get("value", "")))
            elif values.get("type") not in ("radio", "checkbox", "image") or "checked" in values:
                fields[values["name"]] = values.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == self._inside:
            self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "title":
            self.title += data
        elif self._inside:
            self.parameter += data

    def method_of(self, action: str) -> str:
        """Return GET for a link, POST for a form."""
        return "GET" if action in self.links else "POST"


def _next(page: _Page, number: str, outcome: str, means: str) -> tuple[str, dict[str, str]]:
    """Return what the customer does on a page: an address and the fields. Raises NotPaid."""
    for action, fields, buttons in page.forms:
        if outcome == CANCELLED and ("/cancel/" in action or ("cancel", "1") in buttons):
            return action, fields | ({"cancel": "1"} if ("cancel", "1") in buttons else {})
    if outcome == CANCELLED and any("number" in fields for _, fields, _ in page.forms):
        raise NotPaid("the page can't be cancelled")
    for action, fields, buttons in page.forms:
        names = [name for name, _ in buttons]
        if "number" in fields:
            year = clock.now().year + 2
            code = CODE_OF_AMEX if number.startswith(("34", "37")) else CODE
            entry = {"number": number, "month": "12", "year": str(year)} | (
                {"code": code} if "code" in fields else {}
            )
            return action, fields | entry
        if "password" in fields:
            if outcome == "CANCEL":
                return action, fields | {"cancel": "1"}
            return action, fields | {"password": PASSWORDS.get(outcome, WRONG_PASSWORD)}
        if "means" in names:
            values = [value for name, value in buttons if name == "means"]
            return action, fields | {"means": means or values[0]}
        if "result" in names:
            values = [value for name, value in buttons if name == "result"]
            wanted = {ACCEPTED: "ACCEPTED", REFUSED: "REFUSED", CANCELLED: "CANCELLED"}.get(outcome, outcome)
            result = wanted if wanted in values else OUTCOMES[outcome]
            return action, fields | {"result": result if result in values else values[0]}
        if "DATA" in fields or "Data" in fields or "session" in fields:
            return action, fields
    if page.links:
        return page.links[0], {}
    raise NotPaid(page.title)


def _leads_to_shop(url: str, address: str) -> bool:
    """Return whether an address is the shop's: not that of a page of the payment server."""
    mount = urlsplit(address).path.rpartition("/")[0]
    return not (_same_origin(url, address) and urlsplit(url).path.startswith(f"{mount}/"))


def _same_origin(url: str, other: str) -> bool:
    return urlsplit(url)[:2] == urlsplit(other)[:2]


def _open(url: str, fields: Mapping[str, str], method: str = "POST") -> _Page:
    """Post fields and return the page; ``left`` is set on it if it sends the browser to the shop."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=SECONDS)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        body = urlencode(fields, errors="surrogateescape") if method == "POST" else None
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if body is not None else {}
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        html, location = answer.read().decode("utf-8", "replace"), answer.headers.get("Location", "")
    finally:
        connection.close()
    if location:
        target = urljoin(url, location)
        if answer.status == 307:
            return _Page(target, html, fields)
        return _Page(target.partition("?")[0], html, dict(parse_qsl(urlsplit(target).query)))
    page = _Page(url, html)
    if answer.status >= 400:
        raise NotPaid(f"{answer.status} {page.title} {page.parameter}".rstrip())
    return page
