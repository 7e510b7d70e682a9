"""Check of a whole payment on the sandbox payment server; never on a bank's."""

import time
from datetime import date
from html.parser import HTMLParser
from urllib.parse import urlencode, urljoin

from sogenactif.commands.check.findings import Failed, Finding, fault, ok
from sogenactif.commands.check.requests import opened_request
from sogenactif.commands.check.server import Reply, ask
from sogenactif.commands.check.site import Site
from sogenactif.errors import KitError
from sogenactif.ledger.history import transactions
from sogenactif.ledger.ledger import opened_ledger
from sogenactif.payment import read_outcome
from sogenactif.protocols import posted

CARD, CODE = "4974934125497800", "600"
PATIENCE = 10
# The fields that hold what is sealed, in Sips 1.0 and in Paypage.
SEALED = ("DATA", "Data")


class Form:
    """Hold a form of a page: its address, its fields, and those of its first button."""

    def __init__(self, action: str) -> None:
        self.action = action
        self.fields: dict[str, str] = {}
        self.button: dict[str, str] = {}

    @property
    def pressed(self) -> dict[str, str]:
        """Return what a browser posts if the first button is pressed."""
        return {**self.fields, **self.button}


class _Forms(HTMLParser):
    def __init__(self, base: str) -> None:
        super().__init__()
        self.base = base
        self.forms: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(urljoin(self.base, attributes.get("action", ""))))
        elif tag in ("input", "select", "button") and self.forms and attributes.get("name"):
            form, name, value = self.forms[-1], attributes["name"], attributes.get("value", "")
            if attributes.get("type") == "image":
                form.button = form.button or {f"{name}.x": "1", f"{name}.y": "1"}
            elif tag == "button" or attributes.get("type") == "submit":
                form.button = form.button or {name: value}
            elif attributes.get("type") not in ("radio", "checkbox"):
                form.fields[name] = value


def payment(site: Site) -> list[Finding]:
    """Pay an order of the shop with the card that is always accepted."""
    if not site.order:
        return []
    # Checked before any page is opened: that of the order makes a request.
    known = [merchant for merchant in site.merchants if site.payment_address(merchant)]
    for merchant in known:
        if not site.is_sandbox(merchant):
            return [fault("payment_bank", url=site.payment_address(merchant))]
    if not known:
        return [fault("payment_unknown", site.path)]
    return _pay(site)


def _pay(site: Site) -> list[Finding]:
    page = f"{site.url}/cgi-bin/call_request.py"
    order = _form(ask(f"{page}?{urlencode({'order': site.order})}"), "payment_no_order", *SEALED)
    try:
        requested = opened_request(posted(order.fields), site.pathfile)
    except KitError as error:
        raise Failed(fault("payment_unsealed", url=page, error=error)) from None
    servers = [site.payment_address(m) for m in site.merchants if m.id == requested["merchant_id"]]
    if order.action not in {f"{url}{path}" for url in servers for path in ("", "/callpayment")}:
        raise Failed(fault("payment_bank", url=order.action))
    entry = _form(ask(order.action, order.pressed), "payment_no_entry", "number", *SEALED)
    if "number" not in entry.fields:  # the server asks for the means
        entry = _form(ask(entry.action, entry.pressed), "payment_no_entry", "number")
    card = {"number": CARD, "month": "12", "year": str(date.today().year + 1), "code": CODE}
    reply = ask(entry.action, {**entry.fields, **card})
    receipt = _form(reply, "payment_no_receipt", *SEALED, "session")
    if "result" in receipt.button:  # Paypage asks for the result of the authentication: the first is success
        reply = ask(receipt.action, receipt.pressed)
    receipt = _form(reply, "payment_no_receipt", *SEALED)
    try:
        response = read_outcome(receipt.fields, site.pathfile)
    except KitError as error:
        raise Failed(fault("payment_unsealed", url=entry.action, error=error)) from None
    if response.outcome != "accepted":
        raise Failed(fault("payment_not_accepted", outcome=response.outcome, code=response["response_code"]))
    number = response["transaction_id"]
    if site.pathfile.ledger:
        _await(site, requested, number)
    back = ask(receipt.action, receipt.fields)
    if back.status != 200:
        raise Failed(fault("payment_no_return", url=receipt.action, status=back.status))
    return [ok("payment_in_ledger" if site.pathfile.ledger else "payment_done", number=number)]


def _await(site: Site, requested: dict[str, str], number: str) -> None:
    """Wait until the automatic response is in the ledger."""
    end = time.monotonic() + PATIENCE
    wanted = {name: requested.get(name) for name in ("merchant_id", "order_id")}
    while True:
        with opened_ledger(site.pathfile) as ledger:
            assert ledger
            states = [
                row.state
                for row in transactions(ledger, number=number)
                if {name: row.fields.get(name) for name in wanted} == wanted
            ]
        if states[-1:] == ["accepted"]:
            return
        if time.monotonic() > end:
            url = requested.get("automatic_response_url", "")
            state = states[-1] if states else "unknown"
            raise Failed(fault("payment_not_notified", number=number, url=url, state=state))
        time.sleep(0.2)


def _form(reply: Reply, otherwise: str, *names: str) -> Form:
    """Return the first form of a page that has a field of one of these names. Raises Failed."""
    parser = _Forms(reply.url)
    parser.feed(reply.text)
    for form in parser.forms:
        if any(name in form.fields for name in names):
            return form
    url = reply.url.partition("?")[0]
    raise Failed(fault(otherwise, url=url, status=reply.status))
