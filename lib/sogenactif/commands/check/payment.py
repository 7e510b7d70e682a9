"""Check of a whole payment on the sandbox payment server; never on a bank's."""

import time
from datetime import date
from html.parser import HTMLParser
from typing import NamedTuple
from urllib.parse import urlencode, urljoin

from sogenactif.commands.check.findings import Failed, Findings, fault, first, ok
from sogenactif.commands.check.server import Reply, ask
from sogenactif.commands.site import Site
from sogenactif.configuration import Pathfile
from sogenactif.errors import KitError
from sogenactif.ledger import open_ledger
from sogenactif.ledger.history import transactions
from sogenactif.payment import read_outcome
from sogenactif.protocols import Post, paypage, read_post, sips
from sogenactif.protocols.paypage_fields import REQUEST_KEYS

CARD, CODE = "4974934125497800", "600"
RESPONSE_SECONDS = 10
# The fields that hold what is sealed, in Sips 1.0 and in Paypage.
SEALED = ("DATA", "Data")


class Form(NamedTuple):
    """Hold a form of a page: its address, its fields, and those of its first button."""

    action: str
    fields: dict[str, str]
    button: dict[str, str]

    def press(self) -> Reply:
        """Post the form as a browser does if the first button is pressed."""
        return ask(self.action, self.fields | self.button)


class _Forms(HTMLParser):
    def __init__(self, page: Reply) -> None:
        super().__init__()
        self.url = page.url
        self.forms: list[Form] = []
        self.feed(page.body.decode("utf-8", "replace"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        name, kind, value = (attributes.get(key, "") for key in ("name", "type", "value"))
        if tag == "form":
            self.forms.append(Form(urljoin(self.url, attributes.get("action", "")), {}, {}))
        elif tag in ("input", "select", "button") and self.forms and name:
            form = self.forms[-1]
            if tag == "button" or kind in ("image", "submit"):
                pressed = {f"{name}.x": "1", f"{name}.y": "1"} if kind == "image" else {name: value}
                form.button.update(pressed if not form.button else {})
            elif kind not in ("radio", "checkbox"):
                form.fields[name] = value


def payment(site: Site) -> Findings:
    """Pay an order of the shop with the card that is always accepted."""
    if not site.order:
        return
    # Checked before any page is opened: that of the order makes a request.
    known = [merchant for merchant in site.merchants if merchant.server]
    at_bank = next((merchant.server for merchant in known if not merchant.is_sandbox), "")
    rules = [(fault, "payment_bank", at_bank), (fault, "payment_unknown", not known)]
    yield from list(first(rules, "" if at_bank else site.path, url=at_bank)) or _pay(site)


def _pay(site: Site) -> Findings:
    url = f"{site.url}/cgi-bin/call_request.py"
    order = _form(ask(f"{url}?{urlencode({'order': site.order})}"), "payment_no_order", *SEALED)
    try:
        requested = _opened_request(read_post(order.fields), site.pathfile)
        servers = [m.server for m in site.merchants if m.id == requested["merchant_id"]]
        if order.action not in {f"{server}{path}" for server in servers for path in ("", "/callpayment")}:
            raise Failed(fault("payment_bank", url=order.action))
        entry = _form(order.press(), "payment_no_entry", "number", *SEALED)
        if "number" not in entry.fields:  # the server asks for the means
            entry = _form(entry.press(), "payment_no_entry", "number")
        card = {"number": CARD, "month": "12", "year": str(date.today().year + 1), "code": CODE}
        url = entry.action
        reply = ask(url, entry.fields | card)
        step = _form(reply, "payment_no_receipt", *SEALED, "session")
        if "result" in step.button:  # Paypage asks for the result of the authentication: the first is success
            reply = step.press()
        receipt = _form(reply, "payment_no_receipt", *SEALED)
        response = read_outcome(receipt.fields, site.pathfile)
    except KitError as error:
        raise Failed(fault("payment_unsealed", url=url, error=error)) from None
    if response.outcome != "accepted":
        raise Failed(fault("payment_not_accepted", outcome=response.outcome, code=response["response_code"]))
    number = response["transaction_id"]
    if site.pathfile.ledger:
        _await(site, requested, number)
    back = ask(receipt.action, receipt.fields)
    if back.status != 200:
        raise Failed(fault("payment_no_return", url=receipt.action, status=back.status))
    yield ok("payment_in_ledger" if site.pathfile.ledger else "payment_done", number=number)


def _opened_request(post: Post, pathfile: Pathfile) -> dict[str, str]:
    """Return the fields of a payment request as its server reads them, in either protocol. Raises KitError."""
    if "Data" in post:
        keys, _ = paypage.open_sealed(post, pathfile, post.get("SealAlgorithm", ""))
        return {name: keys[key] for key, name in REQUEST_KEYS.items() if key in keys}
    return sips.open_request(post["DATA"], pathfile)[0]


def _await(site: Site, requested: dict[str, str], number: str) -> None:
    """Wait until the automatic response is in the ledger. Raises Failed."""
    end, state = time.monotonic() + RESPONSE_SECONDS, ""
    wanted = requested["merchant_id"], requested.get("order_id")
    while state != "accepted":
        if time.monotonic() > end:
            url = requested.get("automatic_response_url", "")
            raise Failed(fault("payment_not_notified", number=number, url=url, state=state))
        time.sleep(0.2)
        with open_ledger(site.pathfile) as ledger:
            assert ledger
            rows = list(transactions(ledger, number=number))
        states = [r.state for r in rows if (r.fields["merchant_id"], r.fields.get("order_id")) == wanted]
        state = states[-1] if states else "unknown"


def _form(page: Reply, otherwise: str, *names: str) -> Form:
    """Return the first form of a page that has a field of one of these names. Raises Failed."""
    for form in _Forms(page).forms:
        if form.fields.keys() & names:
            return form
    raise Failed(fault(otherwise, url=page.url.partition("?")[0], status=page.status))
