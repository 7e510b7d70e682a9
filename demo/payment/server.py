"""The payment server, as a WSGI application: its pages, one route each.

The customer's session is the token in the pages' own forms: no cookie, no script. Source: spec
of the payment server, The way of a payment.
"""

import traceback
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from demo.payment import automatic, clock, responses, rules
from demo.payment.merchants import DEMONSTRATION, Merchants, merchant
from demo.payment.pages import page
from demo.payment.receipt import rows
from demo.payment.request import (
    ForbiddenCharacter,
    Request,
    RequestError,
    SecurityError,
    origin,
    read_request,
)
from demo.payment.transactions import (
    AUTHORISING,
    CANCELLED,
    ENDED,
    OPEN,
    Mismatch,
    Transaction,
    Transactions,
)
from sogenactif.errors import KitError
from sogenactif.http import Environ, Headers, HttpError, allow, read_form, send
from sogenactif.message import open_response
from sogenactif.settings import Pathfile
from sogenactif.texts import accepted_language

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

STYLE = (Path(__file__).parent / "style.css").read_bytes()


@dataclass
class Answer:
    """What a route answers: a page, or whatever ``content_type`` says."""

    body: bytes
    status: int = 200
    headers: Headers = field(default_factory=list)
    content_type: str = "text/html; charset=utf-8"


class PaymentServer:
    """The payment server, to be mounted where the certificates' URL points.

    ``pathfile`` finds the certificates of the merchants; ``database`` is the path of an SQLite
    file, made on first use; ``logos`` the address of the logos of the means, path or URL;
    ``allowed_hosts`` the only hosts that an automatic response may be sent to, any when None.
    """

    def __init__(
        self,
        pathfile: Pathfile,
        database: str,
        logos: str = "/logos/",
        *,
        logo_type: str = "svg",
        merchants: Merchants = DEMONSTRATION,
        allowed_hosts: Collection[str] | None = None,
    ) -> None:
        self.pathfile = pathfile
        self.transactions = Transactions(database)
        self.logos = logos
        self.logo_type = logo_type
        self.merchants = merchants
        self.allowed_hosts = allowed_hosts
        self._routes: Mapping[str, tuple[str, Callable[[Environ], Answer]]] = {
            "/callpayment": ("POST", self._call_payment),
            "/card": ("POST", self._card),
            "/cancel": ("POST", self._cancel),
            "/result": ("POST", self._result),
            "/style.css": ("GET", lambda _: Answer(STYLE, content_type="text/css; charset=utf-8")),
        }

    def __call__(self, environ: Environ, start_response: "StartResponse") -> Iterable[bytes]:
        """Answer a request; whatever goes wrong, a browser gets a page and never a traceback."""
        try:
            name = "/" + environ.get("PATH_INFO", "").lstrip("/").partition("/")[0]
            if name not in self._routes:
                raise HttpError(404, name)
            method, route = self._routes[name]
            allow(environ, *((method, "HEAD") if method == "GET" else (method,)))
            answer = route(environ)
        except HttpError as error:
            answer = self._error(environ, "wrong_request", error.status)
            answer.headers += error.headers
        except RequestError as error:
            answer = self._refuse(environ, error)
        except Exception:
            environ["wsgi.errors"].write(traceback.format_exc())
            answer = self._error(environ, "failed", 500)
        return send(start_response, answer.status, answer.body, answer.content_type, answer.headers)

    # Routes

    def _call_payment(self, environ: Environ) -> Answer:
        request = read_request(read_form(environ), self.pathfile)
        try:
            transaction = self.transactions.begin(request, f"{clock.now():%Y%m%d}")
        except Mismatch:
            raise SecurityError("transaction_id", request.fields.get("language", "")) from None
        if transaction.state == AUTHORISING:
            return self._page(environ, "pending.html", transaction)
        if transaction.state == ENDED:
            return self._processed(environ, request, transaction)
        return self._entry(environ, transaction)

    def _card(self, environ: Environ) -> Answer:
        form = read_form(environ)
        transaction = self._session(form.get("session", ""))
        if transaction.state != OPEN:
            return self._outcome(environ, transaction)
        try:
            card = rules.read_card(transaction.means, form, clock.now().date())
        except rules.WrongEntry as wrong:
            tries = self.transactions.count_wrong_entry(transaction.id)
            if tries < rules.MOST_TRIES:
                return self._entry(
                    environ, transaction, form, wrong.faults, last_try=tries == rules.MOST_TRIES - 1
                )
            return self._finish(environ, transaction, rules.TOO_MANY_TRIES)
        self.transactions.keep_card(transaction.id, card)
        owner = merchant(self.merchants, transaction.request["merchant_id"])
        code = rules.response_code(transaction.means, card, owner.may_force)
        return self._finish(environ, transaction, code, card, bank_response_code=card.bank_code)

    def _cancel(self, environ: Environ) -> Answer:
        transaction = self._session(environ["PATH_INFO"].rpartition("/")[2])
        data = read_form(environ).get("DATA", "")
        if transaction.state != OPEN:
            return self._outcome(environ, transaction)
        response = self._cancellation(transaction, data)
        if not self._claim(transaction):
            return self._outcome(environ, self._session(transaction.token))
        self.transactions.finish(transaction.id, response, data, CANCELLED)
        self._send_automatic(transaction, data)
        if self._without_page(transaction):
            return self._redirect(transaction, response)
        # The browser repeats its post there, with the DATA that it holds: one click, no script.
        return Answer(b"", 307, [("Location", transaction.request["cancel_return_url"])])

    def _result(self, environ: Environ) -> Answer:
        return self._outcome(environ, self._session(read_form(environ).get("session", "")))

    # Steps

    def _session(self, token: str) -> Transaction:
        transaction = self.transactions.find(token) if token.isascii() else None
        if transaction is None:
            raise HttpError(400, "no such session")
        return transaction

    def _claim(self, transaction: Transaction) -> bool:
        return self.transactions.claim(transaction.id, f"{clock.now():%Y%m%d}")

    def _finish(
        self,
        environ: Environ,
        transaction: Transaction,
        code: str,
        card: rules.Card | None = None,
        **fields: str,
    ) -> Answer:
        """Record the outcome of a payment, tell the shop, show the customer."""
        if not self._claim(transaction):
            return self._outcome(environ, self._session(transaction.token))
        try:
            condition = self._condition(transaction)
            response = responses.make_response(
                transaction.request, transaction.means, code, clock.now(), condition, card, **fields
            )
            data = responses.seal(response, self.pathfile, transaction.old)
        except BaseException:
            self.transactions.release(transaction.id)
            raise
        self.transactions.finish(transaction.id, response, data)
        self._send_automatic(transaction, data)
        return self._outcome(environ, self._session(transaction.token))

    def _condition(self, transaction: Transaction) -> str:
        return "SSL"

    def _without_page(self, transaction: Transaction) -> bool:
        return "NO_RESPONSE_PAGE" in transaction.request.get("data", "").split(";")

    def _redirect(self, transaction: Transaction, response: Mapping[str, str]) -> Answer:
        """Send the browser to the shop with DATA in the address, as a payment without response page wants it."""
        accepted = response["response_code"] == rules.ACCEPTED
        url = transaction.request["normal_return_url" if accepted else "cancel_return_url"]
        short = responses.seal(responses.short(response), self.pathfile, transaction.old)
        return Answer(b"", 303, [("Location", responses.with_data(url, short))])

    def _cancellation(self, transaction: Transaction, data: str) -> dict[str, str]:
        """The response of a cancellation, as the entry page sealed it and the browser holds it."""
        try:
            response = open_response(data, self.pathfile)
        except KitError:
            raise HttpError(400, "DATA of a cancellation") from None
        same = all(
            response.get(name) == transaction.request.get(name)
            for name in ("merchant_country", "merchant_id", "transaction_id", "amount")
        )
        if not same or response.get("response_code") != rules.CANCELLED:
            raise HttpError(400, "DATA of another payment")
        return response

    def _send_automatic(self, transaction: Transaction, data: str) -> None:
        url = transaction.request.get("automatic_response_url", "")
        outcome = automatic.post(url, data, self.allowed_hosts)
        moment = clock.utc(clock.now())
        self.transactions.record_automatic(transaction.id, moment, url, data, outcome.state, outcome.answer)

    # Pages

    def _entry(
        self,
        environ: Environ,
        transaction: Transaction,
        entry: Mapping[str, str] | None = None,
        faults: Collection[str] = (),
        last_try: bool = False,
    ) -> Answer:
        entry = entry or {}
        now = clock.now()
        cancelled = responses.make_response(transaction.request, transaction.means, rules.CANCELLED, now)
        return self._page(
            environ,
            "entry.html",
            transaction,
            faults=faults,
            last_try=last_try,
            entry={name: entry.get(name, "") for name in ("number", "month", "year")}
            | {"code_state": entry.get("code_state", rules.CODE_GIVEN)},
            with_expiry=transaction.means not in rules.WITHOUT_EXPIRY,
            years=[str(year) for year in range(now.year, now.year + rules.YEARS_AHEAD + 1)],
            code_length=rules.CODE_LENGTH.get(transaction.means),
            logo=f"{self.logos}{transaction.means}.{self.logo_type}",
            cancel_data=responses.seal(cancelled, self.pathfile, transaction.old),
        )

    def _outcome(self, environ: Environ, transaction: Transaction) -> Answer:
        """The page of a payment as it stands now."""
        if transaction.state == OPEN:
            return self._entry(environ, transaction)
        if transaction.state == AUTHORISING:
            return self._page(environ, "pending.html", transaction)
        if transaction.state == CANCELLED:
            return self._error(environ, "over", 400, transaction.request.get("language", ""))
        accepted = transaction.response["response_code"] == rules.ACCEPTED
        url = transaction.request["normal_return_url" if accepted else "cancel_return_url"]
        if self._without_page(transaction):
            return self._redirect(transaction, transaction.response)
        if accepted:
            paid = transaction.response["payment_date"] + transaction.response["payment_time"]
            return self._page(
                environ,
                "accepted.html",
                transaction,
                moment=clock.utc(datetime.strptime(paid, "%Y%m%d%H%M%S").replace(tzinfo=clock.PARIS)),
                shop_address=origin(url),
                complement=rows(transaction.request.get("receipt_complement", "")),
            )
        tries = transaction.response["response_code"] == rules.TOO_MANY_TRIES
        return self._page(environ, "refused.html", transaction, reason="tries" if tries else "refused")

    def _processed(self, environ: Environ, request: Request, transaction: Transaction) -> Answer:
        # The outcome goes back to the payment that it belongs to. Another order that took the same
        # number learns that its own transaction is invalid, and nothing of somebody else's.
        without_date = {"transmission_date": ""}
        if {**request.fields, **without_date} == {**transaction.request, **without_date}:
            data = transaction.data
        else:
            response = responses.make_response(request.fields, request.means, rules.INVALID, clock.now())
            data = responses.seal(response, self.pathfile, request.old)
        accepted = transaction.response["response_code"] == rules.ACCEPTED
        return self._page(environ, "processed.html", transaction, accepted=accepted, data=data)

    def _page(self, environ: Environ, template: str, transaction: Transaction, **values: object) -> Answer:
        request = transaction.request
        body = page(
            template,
            request.get("language", ""),
            base=environ.get("SCRIPT_NAME", ""),
            merchant=merchant(self.merchants, request["merchant_id"]),
            transaction=transaction,
            **values,
        )
        shop = {origin(request[name]) for name in ("normal_return_url", "cancel_return_url")}
        return Answer(body, headers=[("Content-Security-Policy", self._policy(*sorted(shop)))])

    def _error(
        self,
        environ: Environ,
        reason: str,
        status: int,
        language: str = "",
        parameter: str = "",
        colours: str = "",
    ) -> Answer:
        body = page(
            "error.html",
            language or accepted_language(environ.get("HTTP_ACCEPT_LANGUAGE", "")),
            base=environ.get("SCRIPT_NAME", ""),
            reason=reason,
            parameter=parameter,
            colours=colours,
        )
        return Answer(body, status, [("Content-Security-Policy", self._policy())])

    def _refuse(self, environ: Environ, error: RequestError) -> Answer:
        environ["wsgi.errors"].write(f"payment request refused: {type(error).__name__} {str(error)!a}\n")
        if isinstance(error, SecurityError):
            return self._error(environ, "security", 403, error.language, colours="red")
        if isinstance(error, ForbiddenCharacter):
            return self._error(environ, "forbidden", 400, error.language, error.parameter, "green")
        return self._error(environ, "invalid", 400, error.language, error.parameter, "red")

    def _policy(self, *shop: str) -> str:
        """The Content-Security-Policy of a page whose forms may lead to these origins of the shop."""
        logos = " " + origin(self.logos) if "://" in self.logos else ""
        places = " ".join(("'self'", *shop))
        return (
            f"default-src 'none'; style-src 'self'; img-src 'self'{logos}; base-uri 'none';"
            f" form-action {places}; frame-ancestors {places}"
        )
