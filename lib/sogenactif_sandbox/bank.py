"""The bank's part of a payment: decide, record and seal it, and send the automatic response.

Source: docs/payment-server.md, The steps of a payment and Cards.
"""

import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone

from sogenactif.configuration import Pathfile
from sogenactif.instalments import DUE_DATES, Instalment, due_dates, read_due_dates, schedule
from sogenactif_sandbox import automatic_response, clock, responses, rules
from sogenactif_sandbox.merchants import Merchant, Merchants, merchant
from sogenactif_sandbox.scheduler import Scheduler
from sogenactif_sandbox.switches import BEFORE, NEVER
from sogenactif_sandbox.transactions import (
    AUTOMATIC,
    CANCELLED,
    ENDED,
    NOTIFYING,
    OPEN,
    RESPONSE,
    Transaction,
    Transactions,
)

Work = Callable[[], None]

# The threads that wait for a shop's answer may also serve that shop: some must stay free. Beyond this number
# an automatic response has its own thread, and the customer reads that the payment is in progress.
SENDING_AT_ONCE = 4
WATCH_EVERY = 5.0  # seconds


class Busy(Exception):
    """Report a transaction that another HTTP request is deciding, or has decided."""


@dataclass(frozen=True)
class Bank:
    """Decide payments and send automatic responses, only to ``allowed_hosts`` unless that is None.

    ``seconds`` is the time that Paypage gives a customer to pay. With ``bank_ports`` only ports that the bank calls are used.

    The steps below return the work to be done once the customer's page is sent, if there is any.
    """

    pathfile: Pathfile
    transactions: Transactions
    merchants: Merchants
    allowed_hosts: Collection[str] | None
    scheduler: Scheduler
    seconds: int = 15 * 60
    bank_ports: bool = False
    watching: threading.Lock = field(default_factory=threading.Lock)
    senders: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(SENDING_AT_ONCE))

    def merchant_of(self, transaction: Transaction) -> Merchant:
        """Return the server's settings for the merchant of a transaction."""
        return merchant(self.merchants, transaction.request["merchant_id"])

    def schedule(self, transaction: Transaction) -> tuple[Instalment, ...]:
        """Return the instalments of a payment if it is accepted today; none for a single payment."""
        request = transaction.request
        if request.get("capture_mode") != "PAYMENT_N":
            return ()
        if transaction.is_paypage:
            return read_due_dates(request["data"])
        first_after = self._capture_day(transaction)
        return schedule(int(request["amount"]), request["data"], first_after, clock.now().date())

    def authorise(self, transaction: Transaction, card: rules.Card, condition: str) -> Work | None:
        """Authorise a payment with a card, or refuse it. Raises Busy."""
        owner = self.merchant_of(transaction)
        fields = {"bank_response_code": card.bank_code}
        if owner.fraud_checks:
            fields["complementary_code"] = transaction.switches.complementary_code
        code = rules.response_code(transaction.means, card, owner.may_force)
        if transaction.switches.unavailable:
            code, fields = rules.UNAVAILABLE, {"bank_response_code": rules.UNAVAILABLE}
        parts = self.schedule(transaction)
        if parts and code == rules.ACCEPTED:
            fields["data"] = f"{transaction.request['data']};{DUE_DATES}={due_dates(parts)}"
        fields["capture_day"] = str(self._capture_day(transaction))
        return self._settle(transaction, code, condition, card, fields)

    def refuse_authentication(self, transaction: Transaction, card: rules.Card) -> Work | None:
        """End a payment whose customer gave a wrong password or none: the bank isn't asked. Raises Busy."""
        unchecked = replace(card, cvv_code="")
        return self._settle(transaction, rules.REFUSED, rules.FAILURE, unchecked, {})

    def give_up(self, transaction: Transaction) -> Work | None:
        """End a payment after too many wrong entries. Raises Busy."""
        return self._settle(transaction, rules.TOO_MANY_TRIES, self._without_card(transaction), None, {})

    def is_late(self, transaction: Transaction) -> bool:
        """Return whether the customer took longer than Paypage waits."""
        messages = self.transactions.messages(transaction.id)
        if not transaction.is_paypage or not messages:
            return False
        begun = datetime.strptime(messages[0].moment, clock.UTC_FORMAT)
        return (clock.now() - begun.replace(tzinfo=timezone.utc)).total_seconds() > self.seconds

    def watch(self) -> None:
        """End abandoned payments of Paypage with 97 from now on, and send their automatic responses."""
        if self.watching.acquire(blocking=False):
            self.scheduler.run(min(max(self.seconds, 0.1), WATCH_EVERY), self._end_abandoned)

    def _end_abandoned(self) -> None:
        self.watching.release()
        try:
            unpaid = self.transactions.open_paypage()
        except sqlite3.Error:  # the file is missing or busy: the next payment starts watching again
            return
        for transaction in filter(self.is_late, unpaid):
            with contextlib.suppress(Busy):
                after = self.expire(transaction)
                if after:
                    after()
        if unpaid:
            self.watch()

    def authenticate_paypage(
        self, transaction: Transaction, card: rules.Card, result: str, brand: str
    ) -> Work | None:
        """Decide a payment of Paypage by the result that its customer chose for the authentication. Raises Busy."""
        condition = rules.AUTHENTICATIONS[result]
        fields = {"payment_means": brand, "capture_day": str(self._capture_day(transaction))}
        if len(card.brands) > 1:
            fields["brand_selection"] = "APPLIED_HOLDER"
        code = card.bank_code
        if result == rules.SOFT_DECLINE:
            code, fields["bank_response_code"] = rules.REFUSED, rules.MISSING_AUTHENTICATION
        elif condition in (rules.FAILURE, rules.ABORT):
            code = rules.REFUSED
        else:
            code = rules.UNAVAILABLE if transaction.switches.unavailable else code
            fields["bank_response_code"] = code
        if self.merchant_of(transaction).fraud_checks:
            fields["complementary_code"] = transaction.switches.complementary_code
        if code == rules.ACCEPTED:
            fields["guarantee"] = "Y" if condition in (rules.SUCCESS, rules.ATTEMPT) else "N"
        return self._settle(transaction, code, condition, card, fields)

    def pay_without_card(self, transaction: Transaction, result: str) -> Work | None:
        """Decide a payment of Paypage by PayPal or iDEAL. Raises Busy."""
        code = rules.results_without_card(transaction.means, int(transaction.request["amount"]))[result]
        code = rules.UNAVAILABLE if transaction.switches.unavailable else code
        return self._settle(transaction, code, "", None, {"bank_response_code": code})

    def expire(self, transaction: Transaction) -> Work | None:
        """End a payment whose customer took too long. Raises Busy."""
        return self._settle(transaction, rules.TIME_EXCEEDED, "", None, {})

    def cancellation(self, transaction: Transaction) -> dict[str, str]:
        """Return the response of a cancelled payment."""
        return responses.make_response(
            transaction.request,
            transaction.means,
            rules.CANCELLED,
            clock.now(),
            self._without_card(transaction),
        )

    def cancel(
        self, transaction: Transaction, response: Mapping[str, str], post: Mapping[str, str]
    ) -> Work | None:
        """Record a cancellation, with the post that the browser holds. Raises Busy."""
        if not self._begin_authorisation(transaction):
            raise Busy
        return self._conclude(transaction, None, response, post, CANCELLED)

    def send_automatic_response(
        self, transaction: Transaction, post: Mapping[str, str], fields: Mapping[str, str]
    ) -> automatic_response.Outcome:
        """Post an automatic response to the shop, and record the result."""
        url = transaction.request.get("automatic_response_url", "")
        outcome = automatic_response.post(url, post, self.allowed_hosts, self.bank_ports)
        moment = clock.utc(clock.now())
        self.transactions.record(
            transaction.id, moment, AUTOMATIC, post, fields, url, outcome.state, outcome.answer
        )
        return outcome

    def _settle(
        self,
        transaction: Transaction,
        code: str,
        condition: str,
        card: rules.Card | None,
        fields: Mapping[str, str],
    ) -> Work | None:
        if not self._begin_authorisation(transaction):
            raise Busy
        try:
            time.sleep(transaction.switches.slow)
            response = responses.make_response(
                transaction.request, transaction.means, code, clock.now(), condition, card, **fields
            )
            post = responses.seal(response, transaction, self.pathfile)
        except BaseException:
            self.transactions.set_state(transaction.id, OPEN)
            raise
        return self._conclude(transaction, card, response, post, ENDED)

    def _conclude(
        self,
        transaction: Transaction,
        card: rules.Card | None,
        response: Mapping[str, str],
        post: Mapping[str, str],
        state: str,
    ) -> Work | None:
        """Record the outcome and send the automatic response, or return the function that sends it.

        A response that is sent before the page sets the transaction's final ``state`` after the attempt.
        """
        switches = transaction.switches
        at_once = switches.automatic == BEFORE and not switches.delay
        self.transactions.finish(transaction.id, card, response, post, NOTIFYING if at_once else state)
        self.transactions.record(transaction.id, clock.utc(clock.now()), RESPONSE, post, response)

        def send() -> None:
            try:
                self.send_automatic_response(transaction, post, response)
            finally:
                if at_once:
                    self.transactions.set_state(transaction.id, state)

        if switches.automatic == NEVER:
            return None
        if not at_once:
            return lambda: self.scheduler.run(switches.delay, send)
        if self.senders.acquire(blocking=False):
            try:
                send()
            finally:
                self.senders.release()
        else:
            self.scheduler.run(0, send)
        return None

    def _begin_authorisation(self, transaction: Transaction) -> bool:
        # The day of a transaction of Paypage is that of the customer's arrival.
        day = transaction.day if transaction.is_paypage else f"{clock.now():%Y%m%d}"
        return transaction.state == OPEN and self.transactions.begin_authorisation(transaction.id, day)

    def _capture_day(self, transaction: Transaction) -> int:
        requested = transaction.request.get("capture_day", "")
        return rules.capture_day(requested, self.merchant_of(transaction).enrolled, transaction.means)

    def _without_card(self, transaction: Transaction) -> str:
        """Return the outcome of the authentication for a payment without a card: empty if 3-D Secure needs one."""
        if transaction.is_paypage:
            return ""
        enrolled = self.merchant_of(transaction).enrolled and transaction.means in rules.WITH_3D_SECURE
        return "" if enrolled else rules.SSL
