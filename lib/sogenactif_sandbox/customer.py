"""The customer's way through the server's pages, one method for each post of the browser.

The session is a token in the pages' forms and addresses: there are no cookies. Two scripts, which nothing depends on,
group the digits of a card number and post a response without a receipt.
Source: docs/payment-server.md, The steps of a payment.
"""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, request

from sogenactif.errors import KitError
from sogenactif.instalments import read_due_dates
from sogenactif.protocols import open_response, read_post
from sogenactif.protocols.paypage import key_path, read_key
from sogenactif_sandbox import appearance, clock, pages, paypage, responses, rules, template
from sogenactif_sandbox.addresses import with_fields
from sogenactif_sandbox.automatic_response import refused_port
from sogenactif_sandbox.bank import Bank, Busy, Work
from sogenactif_sandbox.merchants import merchant
from sogenactif_sandbox.request import (
    InvalidRequest,
    Request,
    SecurityError,
    differing,
    read_request,
    shop_address,
)
from sogenactif_sandbox.shop_files import ShopFiles
from sogenactif_sandbox.switches import Switches
from sogenactif_sandbox.transactions import (
    AUTHORISING,
    CANCELLED,
    ENDED,
    NOTIFYING,
    OPEN,
    REFUSED,
    REQUEST,
    RESPONSE,
    Mismatch,
    Transaction,
    UsedAlready,
)


def page_response(page: pages.Page, status: int = 200) -> Response:
    """Return the response that shows a page."""
    return Response(page.html, status, {"Content-Security-Policy": page.policy})


@dataclass(frozen=True)
class Customer:
    """Serve the customers' browsers; ``logos`` and ``logo_type`` are those of the means of payment.

    ``shop_files`` returns the files of shops, with their address for this request.
    """

    bank: Bank
    shop_files: Callable[[], ShopFiles]
    logos: str
    logo_type: str

    def blueprint(self) -> Blueprint:
        """Return the routes."""
        routes = Blueprint("customer", __name__)
        for path, view in (
            ("/callpayment", self.call_payment),
            ("/paymentInit", self.call_payment),
            ("/card", self.card),
            ("/authentication", self.authentication),
            ("/cancel/<token>", self.cancel),
            ("/result", self.result),
        ):
            routes.add_url_rule(path, path[1:].partition("/")[0], view, methods=["POST"])
        routes.add_url_rule("/information", view_func=self.three_d_secure_redirect)
        routes.add_url_rule("/authentication", view_func=self.three_d_secure)
        routes.add_url_rule("/result", view_func=self.result)
        return routes

    def call_payment(self) -> Response:
        """Begin a payment with the request of a shop, posted by the browser. Raises RequestError."""
        received = read_request(request.form, self.bank.pathfile, self.shop_files())
        cancelled = not received.means and "cancel" in request.form
        if cancelled:
            received = replace(received, means=received.brands[0])
        elif not received.means:
            owner = merchant(self.bank.merchants, received.fields["merchant_id"])
            return page_response(
                pages.choice(request.script_root, received, owner, self.logos, self.logo_type)
            )
        if received.is_paypage and request.remote_addr:
            # The platform knows the customer's address, whether or not the shop sends it.
            received = replace(
                received, fields={"customer_ip_address": request.remote_addr, **received.fields}
            )
        self._check_port(received)
        day = f"{clock.now():%Y%m%d}"
        begin = self.bank.transactions.begin_paypage if received.is_paypage else self.bank.transactions.begin
        try:
            transaction = begin(received, day)
        except UsedAlready as used:
            return self._used_already(received, day, f"Transaction already processed: {used}")
        except Mismatch as mismatch:
            raise _refused(mismatch, received.fields, received.post) from None
        self.bank.transactions.record(
            transaction.id, clock.utc(clock.now()), REQUEST, received.post, transaction.request
        )
        if received.is_paypage:
            self.bank.watch()
        if transaction.state == ENDED:
            return self._processed(received, transaction)
        if cancelled and transaction.state == OPEN:
            return self._cancelled_before_the_card(transaction)
        return self._redirect_to(transaction)

    def card(self) -> Response:
        """Read a filled-in entry page; the next page is authentication, or the outcome."""
        transaction = self._session(request.form.get("session", ""))
        if transaction.state != OPEN or _results(transaction):
            return self._current_page(transaction)
        if self.bank.is_late(transaction):
            return self._settled(transaction, lambda: self.bank.expire(transaction))
        today = clock.now().date()
        try:
            if transaction.is_paypage:
                card = rules.read_paypage_card(request.form, today, transaction.means)
            else:
                card = rules.read_card(transaction.means, request.form, today)
        except rules.WrongEntry as wrong:
            tries = self.bank.transactions.count_wrong_entry(transaction.id)
            if tries >= rules.MAX_TRIES:
                return self._settled(transaction, lambda: self.bank.give_up(transaction))
            return self._entry(transaction, request.form, wrong.faults, tries == rules.MAX_TRIES - 1)
        if not rules.outlives(card, self.bank.schedule(transaction)):
            raise _invalid("data", transaction.request)
        if transaction.is_paypage:
            return self._lead_to_authentication("authentication", transaction, card)
        enrolled = self.bank.merchant_of(transaction).enrolled
        condition = rules.enrolment(transaction.means, enrolled, card)
        if condition is None:
            return self._lead_to_authentication("information", transaction, card)
        return self._settled(transaction, lambda: self.bank.authorise(transaction, card, condition))

    def three_d_secure_redirect(self) -> Response:
        """Show the page that redirects to 3-D Secure."""
        return self._page_at("information", self._session(request.args.get("session", "")))

    def three_d_secure(self) -> Response:
        """Show the issuer's 3-D Secure page."""
        return self._page_at("authentication", self._session(request.args.get("session", "")))

    def authentication(self) -> Response:
        """Read the password that was given to the card's bank, or that its customer gave up."""
        transaction = self._session(request.form.get("session", ""))
        card = transaction.card
        if transaction.state == OPEN and _results(transaction):
            return self._pay_without_card(transaction)
        if transaction.state != OPEN or card is None:
            return self._current_page(transaction)
        if transaction.is_paypage:
            return self._authenticate_paypage(transaction, card)
        condition = rules.authentication(request.form.get("password", "").strip())
        if "cancel" in request.form or condition == rules.FAILURE:
            return self._settled(transaction, lambda: self.bank.refuse_authentication(transaction, card))
        return self._settled(transaction, lambda: self.bank.authorise(transaction, card, condition))

    def cancel(self, token: str) -> Response:
        """Send the customer back to the shop, with the response that the entry page holds."""
        transaction = self._session(token)
        post = read_post(request.form.to_dict())
        if transaction.state != OPEN:
            return self._current_page(transaction)
        cancellation = self._cancellation(transaction, post)
        try:
            after = self.bank.cancel(transaction, cancellation, post)
        except Busy:
            return self._current_page(self._session(token))
        except Mismatch as mismatch:
            raise _refused(mismatch, transaction.request) from None
        if not transaction.is_paypage and "NO_RESPONSE_PAGE" in _options(transaction):
            response = self._redirect(transaction, cancellation)
        else:
            # With 307 the browser repeats its post there, without a script.
            response = Response(status=307, headers={"Location": transaction.request["cancel_return_url"]})
        return _with_callback(response, after)

    def result(self) -> Response:
        """Show the current state of a payment."""
        return self._current_page(self._session(request.values.get("session", "")))

    # Steps

    def _check_port(self, received: Request) -> None:
        """Raise InvalidRequest if the bank wouldn't call the address of the automatic response."""
        url = received.fields.get("automatic_response_url", "")
        if self.bank.bank_ports and url:
            parts = urlsplit(url)
            refusal = refused_port(parts.port or (443 if parts.scheme == "https" else 80))
            if refusal:
                error = _invalid(f"automatic_response_url: {refusal}", received.fields, refusal)
                error.post = received.post
                raise error

    def _lead_to_authentication(self, path: str, transaction: Transaction, card: rules.Card) -> Response:
        """Store a card and lead to the page that authenticates its customer, unless another window has paid."""
        stored = self.bank.transactions.store_card(transaction.id, card)
        return self._redirect_to(self._session(transaction.token), path if stored else "result")

    def _authenticate_paypage(self, transaction: Transaction, card: rules.Card) -> Response:
        result, brand = request.form.get("result", ""), request.form.get("brand", card.brands[0])
        if result not in rules.AUTHENTICATIONS or brand not in card.brands:
            return self._show(transaction, pages.result_choice(self._view(transaction), card))
        if self.bank.is_late(transaction):
            return self._settled(transaction, lambda: self.bank.expire(transaction))
        return self._settled(
            transaction, lambda: self.bank.authenticate_paypage(transaction, card, result, brand)
        )

    def _pay_without_card(self, transaction: Transaction) -> Response:
        result = request.form.get("result", "")
        if self.bank.is_late(transaction):
            return self._settled(transaction, lambda: self.bank.expire(transaction))
        if result not in _results(transaction):
            return self._entry(transaction)
        return self._settled(transaction, lambda: self.bank.pay_without_card(transaction, result))

    def _session(self, token: str) -> Transaction:
        transaction = self.bank.transactions.find(token) if token.isascii() else None
        if transaction is None:
            abort(400)
        return transaction

    def _settled(self, transaction: Transaction, settle: Callable[[], Work | None]) -> Response:
        """Settle a payment, unless another window has, and show its outcome."""
        try:
            after = settle()
        except Busy:
            after = None
        except Mismatch as mismatch:
            raise _refused(mismatch, transaction.request) from None
        return _with_callback(self._redirect_to(self._session(transaction.token)), after)

    def _cancellation(self, transaction: Transaction, post: Mapping[str, str]) -> dict[str, str]:
        if transaction.is_paypage:
            return self._paypage_cancellation(transaction, post)
        try:
            response = dict(open_response(post, self.bank.pathfile).fields)
        except KitError:
            abort(400)
        moment = {"payment_date": "", "payment_time": ""}  # when the page was shown
        cancellation = self.bank.cancellation(transaction)
        sealed = responses.seal(cancellation, transaction, self.bank.pathfile)
        if response | moment != dict(open_response(sealed, self.bank.pathfile).fields) | moment:
            abort(400)  # of another payment
        return cancellation | response

    def _paypage_cancellation(self, transaction: Transaction, post: Mapping[str, str]) -> dict[str, str]:
        cancellation = self.bank.cancellation(transaction)
        sealed = responses.seal(cancellation, transaction, self.bank.pathfile)
        secret = read_key(key_path(self.bank.pathfile, transaction.request["merchant_id"], transaction.old))
        try:
            given, ours = (
                paypage.open_response(message, transaction.envelope, secret) for message in (post, sealed)
            )
        except paypage.InitialisationError:
            abort(400)
        moment = {"transactionDateTime": ""}  # when the page was shown
        if given | moment != ours | moment:
            abort(400)
        return cancellation

    def _cancelled_before_the_card(self, transaction: Transaction) -> Response:
        """Cancel a payment of Paypage whose customer chose no means, and lead back to the shop."""
        cancellation = self.bank.cancellation(transaction)
        post = responses.seal(cancellation, transaction, self.bank.pathfile)
        try:
            after = self.bank.cancel(transaction, cancellation, post)
        except Busy:
            return self._current_page(self._session(transaction.token))
        page = pages.returning(self._view(self._session(transaction.token)))
        return _with_callback(page_response(page), after)

    # Pages

    def _redirect_to(self, transaction: Transaction, path: str = "result") -> Response:
        """Lead a browser to a page of a payment, which it can then reload; a program gets the page at once."""
        if request.headers.get("Sec-Fetch-Mode") != "navigate":
            return self._page_at(path, transaction)
        where = f"{request.script_root}/{path}?session={transaction.token}"
        return Response(status=303, headers={"Location": where})

    def _page_at(self, path: str, transaction: Transaction) -> Response:
        """Show information or authentication while a payment waits for the latter, else its current page."""
        card = transaction.card
        if path == "result" or transaction.state != OPEN or card is None:
            return self._current_page(transaction)
        if transaction.is_paypage:
            return self._show(transaction, pages.result_choice(self._view(transaction), card))
        if path == "information":
            return self._show(
                transaction, pages.three_d_secure_redirect(self._view(transaction, template.INFORMATION))
            )
        return self._show(transaction, pages.three_d_secure(self._view(transaction), card))

    def _current_page(self, transaction: Transaction) -> Response:
        if transaction.state == OPEN:
            return self._entry(transaction)
        if transaction.state in (AUTHORISING, NOTIFYING):
            return self._show(transaction, pages.pending(self._view(transaction)))
        if transaction.state == CANCELLED:
            fields, owner = transaction.request, self.bank.merchant_of(transaction)
            language, shop = fields.get("language", ""), shop_address(fields)
            page = pages.error(request.script_root, language, "over", shop_name=owner.name, shop_url=shop)
            return page_response(page, 400)
        options = _options(transaction)
        if "NO_RESPONSE_PAGE_POST" in options or (transaction.is_paypage and "NO_RESPONSE_PAGE" in options):
            return self._show(transaction, pages.returning(self._view(transaction)))
        if "NO_RESPONSE_PAGE" in options:
            return self._redirect(transaction, transaction.response)
        if transaction.response["response_code"] == rules.ACCEPTED:
            view = self._view(transaction, template.ACCEPTED)
            return self._show(transaction, pages.accepted(view))
        return self._show(transaction, pages.refused(self._view(transaction, template.REFUSED)))

    def _entry(
        self,
        transaction: Transaction,
        typed: Mapping[str, str] | None = None,
        faults: Collection[str] = (),
        last_try: bool = False,
    ) -> Response:
        view = self._view(transaction, template.CAPTURE)
        if results := _results(transaction):
            return self._show(transaction, pages.result_without_card(view, list(results)))
        cancellation = self.bank.cancellation(transaction)
        cancel_post = responses.seal(cancellation, transaction, self.bank.pathfile)
        today = clock.now().date()
        return self._show(transaction, pages.entry(view, cancel_post, today, typed or {}, faults, last_try))

    def _processed(self, received: Request, transaction: Transaction) -> Response:
        # Only the payment that the outcome belongs to receives it. Another order with the same number
        # is answered that its own transaction is invalid, and nothing about the first one.
        post = transaction.post
        if differing(transaction.request, received.fields):
            response = responses.make_response(received.fields, received.means, rules.INVALID, clock.now())
            post = responses.seal(response, received, self.bank.pathfile)
        return self._show(transaction, pages.processed(self._view(transaction), post))

    def _used_already(self, received: Request, day: str, message: str) -> Response:
        """Answer a number that was used before with the outcome 94, and with nothing of the other payment."""
        fields = received.fields
        moment = clock.utc(clock.now())
        self.bank.transactions.record(None, moment, REFUSED, received.post, fields, answer=message)
        response = responses.make_response(fields, received.means, rules.USED_ALREADY, clock.now())
        post = responses.seal(response, received, self.bank.pathfile)
        transaction = Transaction(
            0, "", day, ENDED, received.means, received.old, received.protocol, received.envelope, fields, 0, None,
            response, post, Switches(),
        )  # fmt: skip
        return self._show(transaction, pages.processed(self._view(transaction), post, message))

    def _redirect(self, transaction: Transaction, response: Mapping[str, str]) -> Response:
        """Send the browser to the shop with the response in the address (NO_RESPONSE_PAGE)."""
        accepted = response["response_code"] == rules.ACCEPTED
        url = transaction.request["normal_return_url" if accepted else "cancel_return_url"]
        short = responses.short(response)
        post = responses.seal(short, transaction, self.bank.pathfile)
        self.bank.transactions.record(transaction.id, clock.utc(clock.now()), RESPONSE, post, short, url)
        return Response(status=303, headers={"Location": with_fields(url, post)})

    def _view(self, transaction: Transaction, page: str = "") -> pages.View:
        fields, owner = transaction.request, self.bank.merchant_of(transaction)
        shop_files = self.shop_files()
        own_sheet = shop_files.url(fields["merchant_id"], owner.sheet) if owner.sheet else ""
        try:
            dressed = appearance.make_appearance(fields, shop_files, page, own_sheet)
        except template.TemplateError as error:
            raise _invalid("templatefile", fields, str(error)) from None
        if transaction.state != ENDED:
            schedule = self.bank.schedule(transaction)
        else:
            schedule = read_due_dates(transaction.response["data"]) if _paid_in_parts(transaction) else ()
        return pages.View(
            transaction=transaction,
            merchant=owner,
            appearance=dressed,
            base=request.script_root,
            logos=self.logos,
            logo_type=self.logo_type,
            schedule=schedule,
        )

    def _show(self, transaction: Transaction, page: pages.Page) -> Response:
        time.sleep(transaction.switches.slow)
        return page_response(page)


def _refused(
    mismatch: Mismatch, fields: Mapping[str, str], post: Mapping[str, str] | None = None
) -> SecurityError:
    """Return the error of a payment whose number another payment of today has."""
    why = f"{mismatch}: there is another payment of that number"
    error = SecurityError(str(mismatch), fields.get("language", ""), why)
    error.fields, error.post = fields, post or {}
    return error


def _invalid(parameter: str, fields: Mapping[str, str], why: str = "") -> InvalidRequest:
    error = InvalidRequest(parameter, fields.get("language", ""), why)
    error.fields = fields
    return error


def _results(transaction: Transaction) -> Mapping[str, str]:
    """Return the results that the customer of a means without a card may choose; none if the payment is by card."""
    amount = int(transaction.request["amount"])
    return rules.results_without_card(transaction.means, amount) if transaction.is_paypage else {}


def _options(transaction: Transaction) -> Collection[str]:
    return appearance.options(transaction.request.get("data", ""))


def _with_callback(response: Response, after: Work | None) -> Response:
    """Return a response that calls ``after`` once it is sent."""
    if after:
        response.call_on_close(after)
    return response


def _paid_in_parts(transaction: Transaction) -> bool:
    response = transaction.response
    return response["response_code"] == rules.ACCEPTED and response["capture_mode"] == "PAYMENT_N"
