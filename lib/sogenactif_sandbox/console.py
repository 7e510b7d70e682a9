"""The developers' console: every payment, and switches that make the next one fail.

Pages for people, and the same as JSON for test suites (``Accept`` without ``text/html``):

| method and path | what it does |
| --- | --- |
| GET /console/health | ``{"status": "ok"}`` |
| GET /console/transactions?merchant_id=&transaction_id=&order_id=&state= | the last transactions, newest first |
| GET /console/transactions/ID | a transaction, with its messages decoded field by field |
| POST /console/transactions/ID/automatic | send the automatic response again: ``times``, ``delay``, ``altered`` |
| GET, POST /console/switches | deviations of the next payment (``switches.Switches``) |
| GET, POST /console/office | what the messages of Office get (``switches.OfficeSwitches``) |
| POST /console/tomorrow | let a day pass for the captures of all transactions so far |
| GET /console/refused | the last refused requests, and why |

A post is a form or a JSON object. A browser may only post from the console's own pages, and only
reach it by an address or a name of this network: a name that a stranger points here
(``evil.example``) would make the stranger's page the console's own origin.
"""

import ipaddress
import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

from flask import Blueprint, Response, abort, jsonify, redirect, request
from flask.typing import ResponseReturnValue

from sogenactif.fields import is_digits
from sogenactif.money import format_amount
from sogenactif_sandbox import responses
from sogenactif_sandbox.automatic_response import Outcome
from sogenactif_sandbox.bank import Bank
from sogenactif_sandbox.office import now_of
from sogenactif_sandbox.pages import ENVIRONMENT
from sogenactif_sandbox.request import differing
from sogenactif_sandbox.states import payment_state, payments
from sogenactif_sandbox.switches import MAX_DELAY, MAX_SLOW, OFFICE, OfficeSwitches, Switches, WrongSwitch
from sogenactif_sandbox.transactions import Transaction

SHOWN = 100
MAX_TIMES = 10
POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"


class Console:
    """Serve the routes below ``/console``."""

    def __init__(self, bank: Bank) -> None:
        self.bank = bank
        self.transactions = bank.transactions

    def blueprint(self) -> Blueprint:
        """Return the routes."""
        routes = Blueprint("console", __name__, url_prefix="/console")
        routes.before_request(_check_origin)
        routes.register_error_handler(404, _missing)
        routes.add_url_rule("", view_func=self.home)
        routes.add_url_rule("/health", "health", lambda: {"status": "ok"})
        routes.add_url_rule("/switches", "switches", lambda: asdict(self.transactions.next_switches()))
        routes.add_url_rule("/switches", view_func=self.set_switches, methods=["POST"])
        routes.add_url_rule("/office", "office", lambda: asdict(self.transactions.office_switches()))
        routes.add_url_rule("/office", view_func=self.set_office, methods=["POST"])
        routes.add_url_rule("/tomorrow", view_func=self.tomorrow, methods=["POST"])
        routes.add_url_rule("/refused", view_func=self.refused)
        routes.add_url_rule("/transactions", view_func=self.list_transactions)
        one = "/transactions/<int(max=999999999):id>"
        routes.add_url_rule(one, view_func=self.transaction)
        routes.add_url_rule(f"{one}/automatic", view_func=self.send, methods=["POST"])
        return routes

    # Queries

    def home(self) -> Response:
        """Show the last transactions, and the switches."""
        transactions = self._last()
        states = self.transactions.automatic_states([transaction.id for transaction in transactions])
        return _html(
            "console.html",
            transactions=transactions,
            automatic=states,
            refused=list(reversed(self.transactions.messages(None))),
            switches=self.transactions.next_switches(),
            office=self.transactions.office_switches(),
            office_values=OFFICE,
            most_delay=MAX_DELAY,
            most_slow=MAX_SLOW,
        )

    def refused(self) -> ResponseReturnValue:
        """List the refused requests, and why."""
        return [asdict(message) for message in self.transactions.messages(None)]

    def list_transactions(self) -> ResponseReturnValue:
        """List the last transactions, newest first."""
        return self._summaries(self._last())

    def transaction(self, id: int) -> ResponseReturnValue:
        """Show a transaction with its messages, to a person or to a program."""
        transaction = self._find(id)
        messages = self.transactions.messages(id)
        operations = self.transactions.operations(id)
        state = payment_state(transaction.response, operations, now_of(transaction))
        requested = {**transaction.request, **transaction.envelope}
        if _wants_html():
            return _html(
                "console_transaction.html",
                transaction=transaction,
                requested=requested,
                messages=messages,
                payments=payments(transaction.response),
                operations=operations,
                state=state,
                most_delay=MAX_DELAY,
                most_times=MAX_TIMES,
            )
        (summary,) = self._summaries([transaction])
        return summary | {
            "request": requested,
            "response": transaction.response,
            "differences": {
                name: [transaction.request.get(name, ""), transaction.response.get(name, "")]
                for name in differing(transaction.request, transaction.response)
                if transaction.response
            },
            "status": state.status if state else "",
            "current_amount": state.current if state else None,
            "operations": [
                {"moment": done.moment.isoformat(), "name": done.name, "amount": done.amount}
                for done in operations
            ],
            "messages": [asdict(message) for message in messages],
        }

    def _summaries(self, transactions: list[Transaction]) -> list[dict[str, Any]]:
        states = self.transactions.automatic_states([transaction.id for transaction in transactions])
        return [_summary(transaction, states[transaction.id]) for transaction in transactions]

    # Actions

    def set_switches(self) -> ResponseReturnValue:
        """Set the deviations of the next payment."""
        try:
            switches = Switches.of(_values())
        except WrongSwitch as error:
            return {"error": str(error)}, 400
        self.transactions.set_switches(switches)
        return _back("/console") if _wants_html() else asdict(switches)

    def set_office(self) -> ResponseReturnValue:
        """Set what the messages of Office get."""
        try:
            switches = OfficeSwitches.of(_values())
        except WrongSwitch as error:
            return {"error": str(error)}, 400
        self.transactions.set_office_switches(switches)
        return _back("/console") if _wants_html() else asdict(switches)

    def tomorrow(self) -> ResponseReturnValue:
        """Let a day pass for the captures of all transactions so far."""
        self.transactions.move_to_tomorrow()
        return _back("/console") if _wants_html() else {"status": "ok"}

    def send(self, id: int) -> ResponseReturnValue:
        """Send the automatic response again: late, several times, or with one byte altered."""
        transaction, values = self._find(id), _values()
        try:
            delay = _number(values.get("delay") or 0, 0, MAX_DELAY)
            times = _number(values.get("times") or 1, 1, MAX_TIMES)
        except ValueError as error:
            return {"error": str(error)}, 400
        post = dict(transaction.post)
        if not post:
            return {"error": "this transaction has no response yet"}, 400
        if str(values.get("altered", "")).lower() in ("1", "true", "on", "yes"):
            post = responses.altered(post)
        outcomes: list[Outcome] = []

        def send() -> None:
            for _ in range(times):
                outcomes.append(self.bank.send_automatic_response(transaction, post, transaction.response))

        if delay:
            self.bank.scheduler.run(delay, send)
        else:
            send()
        if _wants_html():
            return _back(f"/console/transactions/{id}")
        return jsonify([asdict(outcome) for outcome in outcomes])

    def _find(self, id: int) -> Transaction:
        return self.transactions.get(id) or abort(404)

    def _last(self) -> list[Transaction]:
        wanted = [
            request.args.get(name, "") for name in ("merchant_id", "transaction_id", "order_id", "state")
        ]
        if not all(value.isascii() for value in wanted):
            abort(400)
        return self.transactions.last(SHOWN, *wanted)


def _check_origin() -> None:
    """Answer 403 to requests that pages of other sites make."""
    host = request.headers.get("Host", "")
    if not _is_of_this_network(host):
        abort(403)
    if request.method != "POST":
        return
    origin = request.headers.get("Origin", f"//{host}")  # a program's posts have none
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    if site not in ("same-origin", "none") or origin.partition("//")[2] != host:
        abort(403)


def _is_of_this_network(host: str) -> bool:
    """Return whether a Host is an IP address, or a name that the public DNS can't hold: ``localhost``, ``payment``."""
    name = re.sub(r":[0-9]*$", "", host)
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return "." not in name or name.endswith(".localhost")
    return True


def _summary(transaction: Transaction, automatic: list[str]) -> dict[str, Any]:
    return {
        "id": transaction.id,
        "day": transaction.day,
        "merchant_country": transaction.request["merchant_country"],
        "merchant_id": transaction.request["merchant_id"],
        "transaction_id": transaction.request["transaction_id"],
        "order_id": transaction.request.get("order_id", ""),
        "amount": transaction.request["amount"],
        "currency_code": transaction.request["currency_code"],
        "payment_means": transaction.means,
        "state": transaction.state,
        "response_code": transaction.response.get("response_code", ""),
        "automatic": automatic,
        "payments": [
            {"day": f"{part.day:%Y%m%d}", "amount": str(part.amount), "state": state}
            for part, state in payments(transaction.response)
        ],
        "switches": asdict(transaction.switches),
    }


def _number(value: object, least: int, most: int) -> int:
    text = str(value)
    if not (is_digits(text) and len(text) < 5 and least <= int(text) <= most):
        raise ValueError(f"a number from {least} to {most} was expected")
    return int(text)


def _values() -> Mapping[str, object]:
    """Return the values of a form, or of a JSON object; anything else is answered 400."""
    if request.mimetype != "application/json":
        return {name: value for name, value in request.form.items() if value}
    try:
        values = json.loads(request.get_data())
    except (ValueError, RecursionError):
        abort(400)
    return values if isinstance(values, dict) else abort(400)


def _wants_html() -> bool:
    return "text/html" in request.headers.get("Accept", "")


def _html(template: str, **values: object) -> Response:
    html = ENVIRONMENT.get_template(template).render(
        base=request.script_root, amount=partial(format_amount, language="en"), **values
    )
    return Response(html, headers={"Content-Security-Policy": POLICY})


def _missing(error: Exception) -> ResponseReturnValue:
    """Answer for a transaction that isn't there."""
    if not _wants_html():
        return {"error": "no such transaction"}, 404
    return _html("console_missing.html"), 404


def _back(path: str) -> ResponseReturnValue:
    return redirect(request.script_root + path, 303)
