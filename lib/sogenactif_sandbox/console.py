"""The developers' console: what every payment was, and switches that make the next one fail.

Pages for people, and the same as JSON for test suites (``Accept`` without ``text/html``):

| method and path | what it does |
| --- | --- |
| GET /console/health | ``{"status": "ok"}`` |
| GET /console/transactions?merchant_id=&transaction_id= | the last transactions, newest first |
| GET /console/transactions/ID | one, with its messages decoded field by field |
| POST /console/transactions/ID/automatic | send the automatic response again: ``times``, ``delay``, ``altered`` |
| GET, POST /console/switches | what the next payment will do otherwise (``switches.Switches``) |
| GET /console/refused | the last requests that were refused, and why |

What is posted is a form or a JSON object. A browser may only post from the console's own pages,
and only reach it by an address or a name of this network: a name that anybody could have pointed
here (``evil.example``) would make a stranger's page the console's own.
"""

import ipaddress
import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sogenactif.http import MOST_BYTES, Environ, HttpError, allow, read_form, read_query
from sogenactif_sandbox.answer import Answer
from sogenactif_sandbox.automatic import Outcome
from sogenactif_sandbox.bank import Bank
from sogenactif_sandbox.pages import ENVIRONMENT
from sogenactif_sandbox.states import payments
from sogenactif_sandbox.switches import MOST_DELAY, MOST_SLOW, Switches, WrongSwitch
from sogenactif_sandbox.transactions import Message, Transaction

SHOWN = 100
MOST_TIMES = 10
POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"


class Console:
    """The routes below ``/console``."""

    def __init__(self, bank: Bank) -> None:
        self.bank = bank
        self.transactions = bank.transactions

    def __call__(self, environ: Environ) -> Answer:
        """Answer a request of a person or of a test suite. Raises HttpError."""
        parts = environ["PATH_INFO"].strip("/").split("/")[1:]
        method = allow(environ, "GET", "HEAD", "POST")
        _keep_out(environ, method)
        match method, parts:
            case "GET" | "HEAD", []:
                return self._home(environ)
            case "GET" | "HEAD", ["health"]:
                return _json({"status": "ok"})
            case "GET" | "HEAD", ["switches"]:
                return _json(asdict(self.transactions.next_switches()))
            case "POST", ["switches"]:
                return self._switch(environ)
            case "GET" | "HEAD", ["refused"]:
                return _json([_message(message) for message in self.transactions.messages(None)])
            case "GET" | "HEAD", ["transactions"]:
                return _json(self._summaries(self._last(environ)))
            case "GET" | "HEAD", ["transactions", id]:
                return self._transaction(environ, self._find(id))
            case "POST", ["transactions", id, "automatic"]:
                return self._send(environ, self._find(id))
            case _, ["health" | "refused" | "transactions", *_] | []:
                raise HttpError(405 if len(parts) < 3 else 404, method, [("Allow", "GET, HEAD")])
        raise HttpError(404, "/".join(parts))

    # What is shown

    def _home(self, environ: Environ) -> Answer:
        transactions = self._last(environ)
        states = self.transactions.automatic_states([transaction.id for transaction in transactions])
        return _html(
            environ,
            "console.html",
            transactions=transactions,
            automatic=states,
            refused=list(reversed(self.transactions.messages(None))),
            switches=self.transactions.next_switches(),
            most_delay=MOST_DELAY,
            most_slow=MOST_SLOW,
        )

    def _transaction(self, environ: Environ, transaction: Transaction) -> Answer:
        messages = self.transactions.messages(transaction.id)
        if _wants_html(environ):
            return _html(
                environ,
                "console_transaction.html",
                transaction=transaction,
                messages=messages,
                payments=payments(transaction.response),
                most_delay=MOST_DELAY,
                most_times=MOST_TIMES,
            )
        (whole,) = self._summaries([transaction])
        whole["request"] = transaction.request
        whole["response"] = transaction.response
        whole["messages"] = [_message(message) for message in messages]
        return _json(whole)

    def _summaries(self, transactions: list[Transaction]) -> list[dict[str, Any]]:
        states = self.transactions.automatic_states([transaction.id for transaction in transactions])
        return [_summary(transaction, states[transaction.id]) for transaction in transactions]

    # What is done

    def _switch(self, environ: Environ) -> Answer:
        try:
            switches = Switches.of(_posted(environ))
        except WrongSwitch as error:
            return _json({"error": str(error)}, 400)
        self.transactions.set_switches(switches)
        if _wants_html(environ):
            return _back(environ, "/console")
        return _json(asdict(switches))

    def _send(self, environ: Environ, transaction: Transaction) -> Answer:
        """Send the automatic response again: late, several times, or with one byte altered."""
        posted = _posted(environ)
        try:
            delay = _number(posted.get("delay") or 0, 0, MOST_DELAY)
            times = _number(posted.get("times") or 1, 1, MOST_TIMES)
        except ValueError as error:
            return _json({"error": str(error)}, 400)
        data = transaction.data
        if not data:
            return _json({"error": "this transaction has no response yet"}, 400)
        if str(posted.get("altered", "")).lower() in ("1", "true", "on", "yes"):
            data = alter(data)
        outcomes: list[Outcome] = []

        def send() -> None:
            for _ in range(times):
                outcomes.append(self.bank.notify(transaction, data, transaction.response))

        if delay:
            self.bank.later.run(delay, send)
        else:
            send()
        if _wants_html(environ):
            return _back(environ, f"/console/transactions/{transaction.id}")
        return _json([asdict(outcome) for outcome in outcomes])

    def _find(self, id: str) -> Transaction:
        known = id.isascii() and id.isdigit() and len(id) < 18
        transaction = self.transactions.get(int(id)) if known else None
        if transaction is None:
            raise HttpError(404, "no such transaction")
        return transaction

    def _last(self, environ: Environ) -> list[Transaction]:
        query = read_query(environ)
        wanted = [query.get(name, "") for name in ("merchant_id", "transaction_id")]
        if not all(value.isascii() for value in wanted):
            raise HttpError(400, "merchant_id or transaction_id")
        return self.transactions.last(SHOWN, *wanted)


def _keep_out(environ: Environ, method: str) -> None:
    """Refuse what a page of another site makes a browser ask for. Raises HttpError 403."""
    host = environ.get("HTTP_HOST", "")
    if not _is_of_this_network(host):
        raise HttpError(403, "the console is reached by an address, or a name without a dot")
    if method != "POST":
        return
    origin = environ.get("HTTP_ORIGIN", f"//{host}")  # a program's posts have none
    site = environ.get("HTTP_SEC_FETCH_SITE", "same-origin")
    if site not in ("same-origin", "none") or origin.partition("//")[2] != host:
        raise HttpError(403, "a post from another site")


def _is_of_this_network(host: str) -> bool:
    """Whether a Host names an IP address, or a name that the public DNS can't hold: ``localhost``, ``payment``."""
    name = re.sub(r":[0-9]*$", "", host)
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return "." not in name or name.endswith(".localhost")
    return True


def alter(data: str) -> str:
    """DATA with one byte of its message altered, as no server ever sealed it."""
    middle = len(data) // 4 * 2
    other = "5" if data[middle + 1] != "5" else "6"
    return data[: middle + 1] + other + data[middle + 2 :]


def _summary(transaction: Transaction, automatic: list[str]) -> dict[str, Any]:
    return {
        "id": transaction.id,
        "day": transaction.day,
        "merchant_country": transaction.request["merchant_country"],
        "merchant_id": transaction.request["merchant_id"],
        "transaction_id": transaction.request["transaction_id"],
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
    if not (text.isascii() and text.isdigit() and len(text) < 5 and least <= int(text) <= most):
        raise ValueError(f"a number from {least} to {most} was expected")
    return int(text)


def _posted(environ: Environ) -> Mapping[str, object]:
    """The values of a form, or of a JSON object. Raises HttpError."""
    if environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower() != "application/json":
        return {name: value for name, value in read_form(environ).items() if value}
    length = environ.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdigit()) or len(length) > 9 or int(length) > MOST_BYTES:
        raise HttpError(413, f"{length} bytes")
    try:
        posted = json.loads(environ["wsgi.input"].read(int(length)))
    except (ValueError, RecursionError):
        raise HttpError(400, "not JSON") from None
    if not isinstance(posted, dict):
        raise HttpError(400, "not a JSON object")
    return posted


def _message(message: Message) -> dict[str, object]:
    return asdict(message)


def _wants_html(environ: Environ) -> bool:
    return "text/html" in environ.get("HTTP_ACCEPT", "")


def _json(value: object, status: int = 200) -> Answer:
    return Answer(json.dumps(value, indent=1).encode(), status, [], "application/json")


def _html(environ: Environ, template: str, **values: object) -> Answer:
    base = environ.get("SCRIPT_NAME", "")
    html = ENVIRONMENT.get_template(template).render(base=base, **values)
    return Answer(html.encode(), headers=[("Content-Security-Policy", POLICY)])


def _back(environ: Environ, path: str) -> Answer:
    return Answer(b"", 303, [("Location", environ.get("SCRIPT_NAME", "") + path)])
