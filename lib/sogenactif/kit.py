"""The kit for a shop that serves its own pages, with Flask or Django for instance: one class.

``sogenactif`` exports the class; docs/api.md shows it at work.
"""

import re
from collections.abc import Mapping
from functools import partial

from markupsafe import Markup

from sogenactif.configuration import read_pathfile
from sogenactif.errors import CallError, KitError, MessageError, SecretMissing, UntrustedResponse
from sogenactif.ledger import borrow_ledger
from sogenactif.log import log_error
from sogenactif.pages import form
from sogenactif.payment import PaymentRequest, PaymentResponse, check_call, make_request
from sogenactif.protocols import Post
from sogenactif.reception import receive

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sogenactif.ledger.history import Transaction
    from sogenactif.ledger.ledger import Ledger
    from sogenactif.ledger.operations import Operation
    from sogenactif.reconciliation import BankState

REFERENCE = re.compile(r"[0-9]{8}-[0-9]{1,6}")


class PaymentForm:
    """Hold a payment request that is ready to be shown and posted.

    ``html`` is the form with a button for each means of payment, as markup that templates don't escape.
    A shop that draws buttons of its own posts ``posts`` to ``action``: the hidden fields of each means of
    payment by its name, or under ``""`` those of one form around all buttons (Sips 1.0).
    ``fields`` are the final fields of the request by name, and ``transaction_id`` is the one of them to store.
    """

    def __init__(self, html: Markup, request: PaymentRequest) -> None:
        self.html = html
        self.action: str = request.action
        self.posts: Mapping[str, Post] = request.posts
        self.fields: Mapping[str, str] = request.fields
        self.transaction_id: str = request.fields["transaction_id"]

    def __repr__(self) -> str:
        return f"<PaymentForm {self.fields.get('order_id', '')!r} {self.transaction_id}>"


class Kit:
    """Make payment requests, receive payment responses and refund payments, as one pathfile configures them.

    Threads may share it: it holds no connection. Files are read again when they change.
    """

    def __init__(self, pathfile: str) -> None:
        self.pathfile = pathfile

    def __repr__(self) -> str:
        return f"Kit({self.pathfile!r})"

    def request(self, **parameters: str | int) -> PaymentForm:
        """Make a payment request of the fields of docs/dictionary.md.

        ``amount`` is in the smallest unit of the currency: cents for EUR.

        With a ledger the request is recorded before this returns. Raises KitError: the shop's parameters or
        configuration are wrong, or the ledger can't be reached.
        """
        call = check_call({name: str(value) for name, value in parameters.items()})
        pathfile = read_pathfile(self.pathfile)
        log = partial(log_error, pathfile.log == "syslog")
        with borrow_ledger(pathfile) as ledger:
            request = make_request(call, pathfile, ledger=ledger)
            if ledger:
                if ledger.warning:
                    log("request", KitError(ledger.warning))
                ledger.make_up_for_outage(partial(log, "request"))
        return PaymentForm(form(request, pathfile), request)

    def receive(self, post: Mapping[str, str] | str) -> PaymentResponse:
        """Open and verify a payment response, and record it in the ledger if there is one.

        ``post`` are the fields of the post (or, with NO_RESPONSE_PAGE, of the query string), or its body as
        text. The same response may arrive several times, and each call returns it: the caller must be idempotent.
        If the ledger can't be reached, the response is returned unmatched and is in the journal.

        Raises UntrustedResponse if nothing in the post may be acted on: it was not sealed by the payment server, it
        has no outcome, or the ledger has no such request or another outcome for it. Raises
        KitError if the fault is on this side: then answer 500 and check the configuration and the ledger.
        """
        pathfile = read_pathfile(self.pathfile)
        log = partial(log_error, pathfile.log == "syslog")
        with borrow_ledger(pathfile) as ledger:
            try:
                received = receive(post, pathfile, ledger, "executable", log)
            except (MessageError, SecretMissing) as error:
                raise UntrustedResponse(error.logged) from error
            match = received.match
            if match and match.is_recorded and not match.is_trusted:
                raise UntrustedResponse(f"{match.verdict}: {match.why}")
            if ledger and match and match.is_recorded:
                ledger.make_up_for_outage(partial(log, "executable response"))
            return received.response

    def status(self, reference: str, merchant_id: str = "") -> "BankState":
        """Return the state of a payment at the bank's Office server, which only Paypage has.

        ``reference`` is the day and the transaction_id, ``aaaammjj-nnnnnn``; ``merchant_id`` is needed if two
        merchants of the ledger have that number. ``.status`` is the state in the bank's words, ``.left`` the amount
        that is left. Raises KitError; OfficeError if no sealed answer came.
        """
        from sogenactif.reconciliation import query

        pathfile = read_pathfile(self.pathfile)
        with borrow_ledger(pathfile) as ledger:
            transaction = _transaction(ledger, reference, merchant_id)
            assert ledger
            return query(ledger, pathfile, transaction)

    def refund(self, reference: str, amount: int | None = None, merchant_id: str = "") -> "Operation":
        """Refund ``amount`` of a payment, or what remains: cancel it before its capture, refund it after.

        ``amount`` is in the smallest unit of the currency. An earlier attempt whose result is unknown is resolved
        first; if it was this operation, it is returned and nothing is sent. Raises OperationRefused if nothing was
        done; OfficeError if the result is unknown: call again after a minute; other KitErrors as the other methods.
        Needs a ledger.
        """
        return self._operate(reference, amount, merchant_id, validating=False)

    def validate(self, reference: str, amount: int | None = None, merchant_id: str = "") -> "Operation":
        """Release a payment that waits for validation, or ``amount`` of it, for its capture. Raises as ``refund``."""
        return self._operate(reference, amount, merchant_id, validating=True)

    def _operate(self, reference: str, amount: int | None, merchant_id: str, validating: bool) -> "Operation":
        from sogenactif import refunds

        pathfile = read_pathfile(self.pathfile)
        with borrow_ledger(pathfile) as ledger:
            transaction = _transaction(ledger, reference, merchant_id)
            assert ledger
            with refunds.transaction_lock(ledger, transaction):
                prepared = refunds.prepare(ledger, pathfile, transaction, amount, validating)
                if prepared.done:
                    return prepared.done
                return refunds.send(ledger, pathfile, transaction, prepared)


def _transaction(ledger: "Ledger | None", reference: str, merchant_id: str) -> "Transaction":
    """Return the transaction of a reference. Raises KitError."""
    from sogenactif.ledger.history import transactions_by_number

    if not ledger:
        raise CallError("no LEDGER, in which payments are looked up")
    if not REFERENCE.fullmatch(reference):
        raise CallError(f"reference ({reference}) is not of the form 20261123-000001")
    day, _, number = reference.partition("-")
    rows = transactions_by_number(ledger, day, number, merchant_id)
    if len(rows) != 1:
        raise CallError(f"reference ({reference}) matches {len(rows)} payments in the ledger")
    return rows[0]
