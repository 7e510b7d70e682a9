"""The customer's way through the server's pages, one method for each thing that a browser posts.

The session is the token in the pages' own forms: no cookie, no script. Source: spec of the
payment server, The way of a payment.
"""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from sogenactif.errors import KitError
from sogenactif.http import Environ, HttpError, allow, read_form, read_query
from sogenactif.protocols import flat, open_response, posted
from sogenactif_sandbox import clock, looks, pages, responses, rules, template
from sogenactif_sandbox.address import with_data
from sogenactif_sandbox.answer import Answer
from sogenactif_sandbox.bank import Bank, Busy, Work
from sogenactif_sandbox.installed import Installed
from sogenactif_sandbox.request import InvalidRequest, Request, SecurityError, differing, read_request
from sogenactif_sandbox.transactions import (
    AUTHORISING,
    CANCELLED,
    ENDED,
    OPEN,
    REQUEST,
    RESPONSE,
    TELLING,
    Mismatch,
    Transaction,
)


@dataclass(frozen=True)
class Customer:
    """What answers the customers' browsers; ``logos`` and ``logo_type`` are those of the means of payment."""

    bank: Bank
    installed: Callable[[str], Installed]
    logos: str
    logo_type: str

    def call_payment(self, environ: Environ) -> Answer:
        """A request of a shop, posted by the browser: the card entry page. Raises RequestError."""
        base = environ.get("SCRIPT_NAME", "")
        request = read_request(read_form(environ), self.bank.pathfile, self.installed(base))
        language = request.fields.get("language", "")
        if not request.means:
            return Answer.of(pages.choice(base, language, request, self.logos, self.logo_type))
        try:
            transaction = self.bank.transactions.begin(request, f"{clock.now():%Y%m%d}")
        except Mismatch as mismatch:
            if request.is_paypage and mismatch.transaction:
                return self._used_already(base, request, mismatch.transaction)
            raise _refused(mismatch, language, request.data) from None
        self.bank.transactions.record(
            transaction.id, clock.utc(clock.now()), REQUEST, request.data, request.fields
        )
        if transaction.state == ENDED and request.is_paypage:
            return self._used_already(base, request, transaction)
        if transaction.state == ENDED:
            return self._processed(base, request, transaction)
        return self._as_it_stands(base, transaction)

    def card(self, environ: Environ) -> Answer:
        """A filled-in entry page: authentication, or the outcome at once."""
        form = read_form(environ)
        base, transaction = environ.get("SCRIPT_NAME", ""), self._session(form)
        if transaction.state != OPEN:
            return self._as_it_stands(base, transaction)
        if self.bank.is_late(transaction):
            return self._settled(base, transaction, lambda: self.bank.expire(transaction))
        try:
            card = rules.read_card(transaction.means, form, clock.now().date())
        except rules.WrongEntry as wrong:
            tries = self.bank.transactions.count_wrong_entry(transaction.id)
            if tries >= rules.MOST_TRIES:
                return self._settled(base, transaction, lambda: self.bank.give_up(transaction))
            return self._entry(base, transaction, form, wrong.faults, tries == rules.MOST_TRIES - 1)
        if not rules.outlives(card, self.bank.schedule(transaction)):
            raise InvalidRequest("data", transaction.request.get("language", ""))
        enrolled = self.bank.merchant_of(transaction).enrolled
        condition = rules.enrolment(transaction.means, enrolled, card)
        if condition is None:
            if not self.bank.transactions.keep_card(transaction.id, card):
                return self._as_it_stands(base, self._session(form))
            return self._show(
                transaction, pages.information(self._view(base, transaction, template.INFORMATION))
            )
        return self._settled(base, transaction, lambda: self.bank.authorise(transaction, card, condition))

    def authentication(self, environ: Environ) -> Answer:
        """The page of the card's bank, and the password that was given to it."""
        method = allow(environ, "GET", "HEAD", "POST")
        form = read_form(environ) if method == "POST" else read_query(environ)
        base, transaction = environ.get("SCRIPT_NAME", ""), self._session(form)
        card = transaction.card
        if transaction.state != OPEN or card is None:
            return self._as_it_stands(base, transaction)
        if method != "POST":
            return self._show(transaction, pages.access_control(self._view(base, transaction), card))
        condition = rules.authentication(form.get("password", "").strip())
        if condition == rules.FAILURE:
            return self._settled(
                base, transaction, lambda: self.bank.refuse_authentication(transaction, card)
            )
        return self._settled(base, transaction, lambda: self.bank.authorise(transaction, card, condition))

    def cancel(self, environ: Environ) -> Answer:
        """The cancel button of the entry page: back to the shop, with the DATA that the page holds."""
        base = environ.get("SCRIPT_NAME", "")
        transaction = self._session({"session": environ["PATH_INFO"].rpartition("/")[2]})
        data = flat(posted(read_form(environ)))
        if transaction.state != OPEN:
            return self._as_it_stands(base, transaction)
        response = self._cancellation(transaction, data)
        try:
            after = self.bank.cancel(transaction, response, data)
        except Busy:
            return self._as_it_stands(base, self._session({"session": transaction.token}))
        except Mismatch as mismatch:
            raise _refused(mismatch, transaction.request.get("language", "")) from None
        if "NO_RESPONSE_PAGE" in looks.options(transaction.request.get("data", "")):
            answer = self._redirect(transaction, response)
        else:
            # The browser repeats its post there, DATA included: one click, no script.
            answer = Answer(b"", 307, [("Location", transaction.request["cancel_return_url"])])
        answer.after = after
        return answer

    def result(self, environ: Environ) -> Answer:
        """The button of the page that says that a transaction is in progress."""
        return self._as_it_stands(environ.get("SCRIPT_NAME", ""), self._session(read_form(environ)))

    # Steps

    def _session(self, form: Mapping[str, str]) -> Transaction:
        token = form.get("session", "")
        transaction = self.bank.transactions.find(token) if token.isascii() else None
        if transaction is None:
            raise HttpError(400, "no such session")
        return transaction

    def _settled(self, base: str, transaction: Transaction, settle: Callable[[], Work | None]) -> Answer:
        """The outcome of a payment that this browser, or another window, has brought to its end."""
        try:
            after = settle()
        except Busy:
            after = None
        except Mismatch as mismatch:
            raise _refused(mismatch, transaction.request.get("language", "")) from None
        answer = self._as_it_stands(base, self._session({"session": transaction.token}))
        answer.after = after
        return answer

    def _cancellation(self, transaction: Transaction, data: str) -> dict[str, str]:
        try:
            response = open_response(posted(data), self.bank.pathfile)[0]
        except KitError:
            raise HttpError(400, "DATA of a cancellation") from None
        moment = {"payment_date": "", "payment_time": ""}  # when the page was shown
        cancellation = self.bank.cancellation(transaction)
        sealed = responses.seal(cancellation, self.bank.pathfile, transaction.old)
        if response | moment != open_response(posted(sealed), self.bank.pathfile)[0] | moment:
            raise HttpError(400, "DATA of another payment")
        return cancellation | response

    # Pages

    def _as_it_stands(self, base: str, transaction: Transaction) -> Answer:
        if transaction.state == OPEN:
            return self._entry(base, transaction)
        if transaction.state in (AUTHORISING, TELLING):
            return self._show(transaction, pages.pending(self._view(base, transaction)))
        if transaction.state == CANCELLED:
            page = pages.error(base, transaction.request.get("language", ""), "over")
            return Answer.of(page, 400)
        if "NO_RESPONSE_PAGE" in looks.options(transaction.request.get("data", "")):
            return self._redirect(transaction, transaction.response)
        if transaction.response["response_code"] == rules.ACCEPTED:
            view = self._view(base, transaction, template.ACCEPTED)
            return self._show(transaction, pages.accepted(view))
        return self._show(transaction, pages.refused(self._view(base, transaction, template.REFUSED)))

    def _entry(
        self,
        base: str,
        transaction: Transaction,
        typed: Mapping[str, str] | None = None,
        faults: Collection[str] = (),
        last_try: bool = False,
    ) -> Answer:
        view = self._view(base, transaction, template.CAPTURE)
        cancellation = self.bank.cancellation(transaction)
        cancel_data = responses.seal(cancellation, self.bank.pathfile, transaction.old)
        today = clock.now().date()
        return self._show(transaction, pages.entry(view, cancel_data, today, typed or {}, faults, last_try))

    def _processed(self, base: str, request: Request, transaction: Transaction) -> Answer:
        # The outcome goes back to the payment that it belongs to. Another order that took the same
        # number learns that its own transaction is invalid, and nothing of somebody else's.
        data = transaction.data
        if differing(transaction.request, request.fields):
            response = responses.make_response(request.fields, request.means, rules.INVALID, clock.now())
            data = responses.seal(response, self.bank.pathfile, request.old)
        return self._show(transaction, pages.processed(self._view(base, transaction), data))

    def _used_already(self, base: str, request: Request, transaction: Transaction) -> Answer:
        """Today's server answers a number that was used already with an outcome of its own, 94."""
        code = rules.USED_ALREADY
        response = responses.make_response(request.fields, request.means, code, clock.now())
        data = responses.seal(response, self.bank.pathfile, request.old)
        return self._show(transaction, pages.processed(self._view(base, transaction), data))

    def _redirect(self, transaction: Transaction, response: Mapping[str, str]) -> Answer:
        """Send the browser to the shop with DATA in the address, where a payment wants no page."""
        accepted = response["response_code"] == rules.ACCEPTED
        url = transaction.request["normal_return_url" if accepted else "cancel_return_url"]
        short = responses.short(response)
        data = responses.seal(short, self.bank.pathfile, transaction.old)
        self.bank.transactions.record(transaction.id, clock.utc(clock.now()), RESPONSE, data, short, url)
        return Answer(b"", 303, [("Location", with_data(url, data))])

    def _view(self, base: str, transaction: Transaction, page: str = "") -> pages.View:
        request, owner = transaction.request, self.bank.merchant_of(transaction)
        installed = self.installed(base)
        own_sheet = installed.url(request["merchant_id"], owner.sheet) if owner.sheet else ""
        try:
            dressed = looks.make_looks(request, installed, page, own_sheet)
        except template.TemplateError as error:
            raise InvalidRequest("templatefile", request.get("language", ""), str(error)) from None
        if transaction.state != ENDED:
            schedule = self.bank.schedule(transaction)
        else:
            schedule = (
                rules.read_due_dates(transaction.response["data"]) if _paid_in_parts(transaction) else ()
            )
        return pages.View(
            transaction=transaction,
            merchant=owner,
            looks=dressed,
            base=base,
            logos=self.logos,
            logo_type=self.logo_type,
            schedule=schedule,
        )

    def _show(self, transaction: Transaction, page: pages.Page) -> Answer:
        time.sleep(transaction.switches.slow)
        return Answer.of(page)


def _refused(mismatch: Mismatch, language: str, data: str = "") -> SecurityError:
    """What is answered to a payment whose number is another's of today."""
    error = SecurityError(str(mismatch), language, f"{mismatch}: there is another payment of that number")
    error.data = data
    return error


def _paid_in_parts(transaction: Transaction) -> bool:
    response = transaction.response
    return response["response_code"] == rules.ACCEPTED and response["capture_mode"] == "PAYMENT_N"
