"""A whole payment against the demonstration's payment server; never against a bank."""

import time
from datetime import date
from html.parser import HTMLParser
from urllib.parse import urlencode, urljoin

from sogenactif.commands.checks.asking import Reply, ask
from sogenactif.commands.checks.finding import Finding, fault, ok
from sogenactif.commands.checks.site import Site
from sogenactif.errors import KitError
from sogenactif.history import transactions
from sogenactif.ledger import opened_ledger
from sogenactif.message import open_request
from sogenactif.payment import read_outcome

CARD, CODE = "4974934125497800", "600"
PATIENCE = 10


class Failed(Exception):
    """A step of the payment went wrong: the finding that says so."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.name)
        self.finding = finding


class Form:
    """A form of a page: where it leads, and its fields."""

    def __init__(self, action: str) -> None:
        self.action = action
        self.fields: dict[str, str] = {}
        self.images: list[str] = []


class _Forms(HTMLParser):
    def __init__(self, base: str) -> None:
        super().__init__()
        self.base = base
        self.forms: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(urljoin(self.base, given.get("action", ""))))
        elif tag in ("input", "select") and self.forms and given.get("name"):
            form, name = self.forms[-1], given["name"]
            if given.get("type") == "image":
                form.images.append(name)
            elif given.get("type") == "submit":
                form.images.append(name.removesuffix(".x"))
            elif given.get("type") not in ("radio", "checkbox"):
                form.fields[name] = given.get("value", "")


def payment(site: Site) -> list[Finding]:
    """Pay an order of the shop with the card that is always accepted."""
    if not site.order or not site.pathfile:
        return []
    # Before anything is asked for: the order's page itself makes a request.
    for merchant in site.merchants:
        certificate = site.certificate(merchant)
        if certificate and not certificate.own:
            return [fault("payment_bank", certificate.path)]
    if not site.certificates:
        return [fault("payment_without_certificate", site.path)]
    try:
        return _pay(site)
    except Failed as failed:
        return [failed.finding]


def _pay(site: Site) -> list[Finding]:
    assert site.pathfile
    page = f"{site.url}/cgi-bin/call_request.py"
    order = _form(_ask(f"{page}?{urlencode({'order': site.order})}"), "DATA", "payment_no_order")
    try:
        asked, certificate = open_request(order.fields["DATA"], site.pathfile)
    except KitError as error:
        raise Failed(fault("payment_unsealed", url=page, error=error)) from None
    if not certificate.own or order.action != certificate.payment_url + "/callpayment":
        raise Failed(fault("payment_bank", certificate.path))
    pressed = {f"{order.images[0]}.x": "1", f"{order.images[0]}.y": "1"} if order.images else {}
    entry = _form(_ask(order.action, {**order.fields, **pressed}), "number", "payment_no_entry")
    card = {"number": CARD, "month": "12", "year": str(date.today().year + 1), "code": CODE}
    receipt = _form(_ask(entry.action, {**entry.fields, **card}), "DATA", "payment_no_receipt")
    try:
        response = read_outcome(receipt.fields["DATA"], site.pathfile)
    except KitError as error:
        raise Failed(fault("payment_unsealed", url=entry.action, error=error)) from None
    if response.outcome != "accepted":
        raise Failed(fault("payment_not_accepted", outcome=response.outcome, code=response["response_code"]))
    number = response["transaction_id"]
    if site.pathfile["LEDGER"]:
        _await(site, asked, number)
    back = _ask(receipt.action, receipt.fields)
    if back.status != 200:
        raise Failed(fault("payment_no_return", url=receipt.action, status=back.status))
    return [ok("payment_in_ledger" if site.pathfile["LEDGER"] else "payment_done", number=number)]


def _await(site: Site, asked: dict[str, str], number: str) -> None:
    """Wait until the bank's server has told the ledger."""
    assert site.pathfile
    end = time.monotonic() + PATIENCE
    moment = asked["transmission_date"]
    while True:
        with opened_ledger(site.pathfile) as ledger:
            assert ledger
            states = [
                found.state
                for found in transactions(ledger, number=number)
                if found.fields.get("transmission_date") == moment
            ]
        if states == ["accepted"]:
            return
        if time.monotonic() > end:
            url = asked.get("automatic_response_url", "")
            state = states[0] if states else "unknown"
            raise Failed(fault("payment_not_told", number=number, url=url, state=state))
        time.sleep(0.2)


def _ask(url: str, form: dict[str, str] | None = None) -> Reply:
    try:
        return ask(url, form)
    except OSError as error:
        raise Failed(fault("no_answer", url=url.partition("?")[0], error=error)) from None


def _form(reply: Reply, name: str, otherwise: str) -> Form:
    """The form of a page that has a field of this name."""
    parser = _Forms(reply.url)
    parser.feed(reply.text)
    for form in parser.forms:
        if name in form.fields:
            return form
    url = reply.url.partition("?")[0]
    raise Failed(fault(otherwise, url=url, status=reply.status))
