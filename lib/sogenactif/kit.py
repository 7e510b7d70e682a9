"""The kit for a shop that serves its own pages, with Flask or Django for instance: one class, two verbs.

``sogenactif`` exports the class; docs/api.md shows it at work.
"""

import sys
from collections.abc import Mapping
from functools import partial

from markupsafe import Markup

from sogenactif.configuration import Pathfile, read_pathfile
from sogenactif.errors import KitError, MessageError, SecretMissing, UntrustedResponse
from sogenactif.ledger import borrow_ledger
from sogenactif.pages import form
from sogenactif.payment import PaymentRequest, PaymentResponse, make_request, parse_call
from sogenactif.protocols import Post
from sogenactif.reception import receive


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
    """Make payment requests and receive payment responses, as one pathfile configures them.

    Threads may share it: it holds no connection. Files are read again when they change.
    """

    def __init__(self, pathfile: str) -> None:
        self.pathfile = pathfile

    def __repr__(self) -> str:
        return f"Kit({self.pathfile!r})"

    def request(self, **parameters: str | int) -> PaymentForm:
        """Make a payment request of the fields of docs/dictionary.md; ``amount`` is in cents.

        With a ledger the request is recorded before this returns. Raises KitError: the shop's parameters or
        configuration are wrong, or the ledger can't be reached.
        """
        call = parse_call(f"{name}={value}" for name, value in parameters.items())
        pathfile = read_pathfile(self.pathfile)
        with borrow_ledger(pathfile) as ledger:
            request = make_request(call, pathfile, register=ledger.register if ledger else None)
            if ledger:
                from sogenactif.ledger.rebuild import make_up_for_outage

                if ledger.warning:
                    _log(pathfile, "request", KitError(ledger.warning))
                make_up_for_outage(ledger, partial(_log, pathfile, "request"))
        return PaymentForm(form(request), request)

    def receive(self, post: Mapping[str, str] | str) -> PaymentResponse:
        """Open and verify a payment response, and record it in the ledger if there is one.

        ``post`` are the fields of the post (or, with NO_RESPONSE_PAGE, of the query string), or its body as
        text. The same response may arrive several times, and each time it is returned: act on it so that
        doing it twice does no harm. If the ledger can't be reached it is returned as it was
        sealed, and the journal has it.

        Raises UntrustedResponse if nothing in the post may be acted on: it was not sealed by the payment server, it
        has no outcome, or the ledger has no such request or another outcome for it. Raises
        KitError if the fault is on this side: then answer 500 and check the configuration and the ledger.
        """
        pathfile = read_pathfile(self.pathfile)
        with borrow_ledger(pathfile) as ledger:
            try:
                received = receive(post, pathfile, ledger, "executable", partial(_log, pathfile))
            except (MessageError, SecretMissing) as error:
                raise UntrustedResponse(error.logged) from error
            match = received.match
            if match and match.is_recorded and not match.is_trusted:
                raise UntrustedResponse(f"{match.verdict}: {match.why}")
            if ledger and match and match.is_recorded:
                from sogenactif.ledger.rebuild import make_up_for_outage

                make_up_for_outage(ledger, partial(_log, pathfile, "executable response"))
            return received.response


def _log(pathfile: Pathfile, event: str, error: Exception) -> None:
    from sogenactif.log import log

    why = error.logged if isinstance(error, KitError) else str(error)
    log(event, why, sys.stderr, pathfile.log == "syslog", severe=True)
