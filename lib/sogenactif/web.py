"""WSGI applications of the three scripts, each made from the shop's own functions.

A request is read within limits and answered with a page or, for the payment server, with a bare
status. The reason of an error goes to the log, one line an event, never to the customer.
"""

import gc
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial

from sogenactif.configuration import PAYPAGE, Pathfile, read_pathfile
from sogenactif.errors import (
    InitialisationError,
    KitError,
    MessageError,
    OrderFull,
    SealError,
    SecretMissing,
)
from sogenactif.files import append_line
from sogenactif.http import Application, Environ, Headers, HttpError, allow, read_form, read_query, send
from sogenactif.ledger import borrow_ledger
from sogenactif.payment import PaymentResponse, check_call, make_request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

    from sogenactif.instalments import Instalment
    from sogenactif.ledger.ledger import Ledger
    from sogenactif.ledger.operations import RecordRefund
    from sogenactif.pages import Page
    from sogenactif.reception import Received

RecordOutcome = Callable[[PaymentResponse], None]
HTML, TEXT = "text/html; charset=utf-8", "text/plain; charset=utf-8"
PROBE_AGENT = "sogenactif-check"
MAX_ERROR_LENGTH = 500
# Refusals after which the customer may try again without the risk of paying twice.
RETRYABLE = ("bank", "code", "identity", "late", "tries", "unavailable")


class Order:
    """Hold what the shop asks a customer to pay.

    Amounts are in the smallest unit of the currency: cents for EUR.
    ``parameters`` are the fields of docs/dictionary.md by name (merchant_id, amount, order_id…);
    ``lines`` are what the page shows of the order, each a text and its amount. An order that is ``paid`` is
    shown as such, and can't be paid again.
    """

    def __init__(
        self, parameters: Mapping[str, str], lines: Sequence[tuple[str, int]] = (), paid: bool = False
    ) -> None:
        self.parameters = parameters
        self.lines = lines
        self.paid = paid

    def __repr__(self) -> str:
        return f"<Order {self.parameters.get('order_id', '')!r}>"


class Unverified(HttpError):
    """Report a message that proves nothing about a payment: the bank didn't seal it, or not for this request."""


def call_request(order_to_pay: Callable[[str], Order | None], pathfile: str) -> Application:
    """Return the application of the page that shows an order and the means of payment.

    The browser names the order (``?order=…``, or posted) and nothing else; ``order_to_pay``
    returns what it costs, or None if there is no such order to pay. ``pathfile`` is a path.
    """

    def show(environ: Environ, start_response: "StartResponse") -> Iterable[bytes]:
        settings = _settings(pathfile, environ)
        method = allow(environ, "GET", "HEAD", "POST")
        reference = (read_form(environ) if method == "POST" else read_query(environ)).get("order")
        if not reference or not reference.isprintable():
            raise HttpError(400, "no order in the address")
        order = order_to_pay(reference)
        if order is None:
            raise HttpError(404, f"no order {reference} to pay")
        if method == "HEAD":
            return send(start_response, 200, b"", HTML, [])
        call = check_call(order.parameters)
        if order.paid:
            from sogenactif.pages import paid_page

            language = call.get("language", "") or _accepted_language(environ)
            return _send_page(start_response, 200, paid_page(call.get("order_id", ""), language, settings))
        under_way, lacks_responses = "", False
        with borrow_ledger(settings) as ledger:
            try:
                request = make_request(call, settings, ledger=ledger)
            except OrderFull as error:
                raise HttpError(429, str(error)) from error
            if ledger and ledger.warning:
                _log(environ, "call_request", KitError(ledger.warning))
            if ledger:
                under_way, lacks_responses = (
                    ledger.other_payment_state(request.fields),
                    ledger.lacks_responses(),
                )
        report = ""
        if settings.debug:
            from sogenactif.debug import request_report

            report = request_report(call, settings, request)
        from sogenactif.pages import request_page

        page = request_page(
            request,
            settings,
            lines=order.lines,
            schedule=_schedule(request.fields),
            under_way=under_way,
            report=report,
        )
        body = _send_page(start_response, 200, page, action=request.action)
        if not lacks_responses:
            return body
        return _RunAfterResponse(body, partial(_catch_up, settings, None, environ))

    return _with_error_pages("call_request", show, "failed")


def call_response(
    next_page: Callable[[PaymentResponse], str],
    record_outcome: RecordOutcome,
    pathfile: str,
    retry_page: Callable[[PaymentResponse], str] | None = None,
) -> Application:
    """Return the application of the page that a customer comes back to: accepted, refused or cancelled.

    The response is posted, or in the query string (NO_RESPONSE_PAGE). ``record_outcome`` is called with
    the response, then ``next_page``, which returns the address of the page's link. If the payment
    may be tried again, ``retry_page`` returns the address at which the order can be paid: without it that is
    ``call_request`` beside this script, with the order_id as its order.
    """

    def show(environ: Environ, start_response: "StartResponse") -> Iterable[bytes]:
        settings = _settings(pathfile, environ)
        method = allow(environ, "GET", "HEAD", "POST")
        form = read_form(environ) if method == "POST" else read_query(environ)
        with borrow_ledger(settings) as ledger:
            try:
                received = _receive(form, settings, ledger, "manual", record_outcome, environ)
            except InitialisationError as error:
                # The payment server rejected the request: the customer, whom it sends back, did nothing wrong.
                incident = _new_incident_id()
                _log(environ, f"call_response {incident}", error)
                return _error_page(start_response, environ, 200, "not_begun", incident)
        response, match = received.response, received.match
        if match and match.is_recorded and not match.is_trusted:
            raise Unverified(403, f"{match.verdict}: {match.why}")
        report = ""
        if settings.debug:
            from sogenactif.debug import response_report

            report = response_report(form, settings, response)
        soft_decline = response.soft_decline and received.state == "refused"
        state = "soft_decline" if soft_decline else received.state
        reason = response.refusal if state == "refused" else ""
        if soft_decline:
            # Only with a ledger does the next request ask for strong authentication.
            may_retry = match is not None and settings.protocol == PAYPAGE
        else:
            may_retry = state == "cancelled" or reason in RETRYABLE
        retry = ""
        if may_retry:
            retry = retry_page(response) if retry_page else _call_request_beside(environ, response)
        from sogenactif.pages import response_page

        page = response_page(
            response,
            settings,
            language=response["language"] or _accepted_language(environ),
            state=state,
            reason=reason,
            schedule=_agreed_instalments(response) if state == "accepted" else (),
            next_page=next_page(response),
            retry_page=retry,
            report=report,
        )
        body = _send_page(start_response, 200, page)
        if not match:
            return body
        return _RunAfterResponse(body, partial(_catch_up, settings, record_outcome, environ))

    return _with_error_pages("call_response", show, "response_failed")


def call_autoresponse(record_outcome: RecordOutcome, pathfile: str, log: str) -> Application:
    """Return the application that the payment server calls; it answers with a status and no page.

    With a ledger, 200 means that the response is recorded on the disk. Without one every field of
    it, or the error, is appended to the file ``log`` as a line of JSON, on the disk before
    ``record_outcome`` is called with the response. With a ledger and ``record_refund`` in the module of
    ``record_outcome``, pending refunds are notified after the answer, as pending outcomes are.
    """

    def receive(environ: Environ, start_response: "StartResponse") -> Iterable[bytes]:
        settings = _settings(pathfile, environ)
        with borrow_ledger(settings) as ledger:
            try:
                allow(environ, "POST")
                form = read_form(environ)
                received = _receive(
                    form, settings, ledger, "automatic", record_outcome if ledger else None, environ
                )
            except InitialisationError as error:
                _log(environ, "call_autoresponse", error)
                return send(start_response, 200, b"", TEXT, [])
            except (HttpError, KitError) as error:
                if not ledger:
                    try:
                        _append(log, {"error": str(error)[:MAX_ERROR_LENGTH]})
                    except OSError as unwritten:
                        _log(environ, "call_autoresponse", unwritten)
                raise
        match = received.match
        if match is None:
            try:
                _append(log, {"fields": received.response.fields})
            finally:
                record_outcome(received.response)
        elif match.is_recorded and not match.is_trusted:
            _log(environ, f"call_autoresponse {match.verdict}", KitError(match.why))
        body = send(start_response, 200, b"", TEXT, [])
        if not match:
            return body
        return _RunAfterResponse(body, partial(_catch_up, settings, record_outcome, environ))

    return _with_error_pages("call_autoresponse", receive, None)


def dispatch(**scripts: Application) -> Application:
    """Return one application for several, each at a path that ends in its name, with or without ``.py``."""

    def serve(environ: Environ, start_response: "StartResponse") -> Iterable[bytes]:
        path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
        script = scripts.get(path.rpartition("/")[2].removesuffix(".py"))
        if not script:
            raise HttpError(404, f"no script at {path}")
        return script(environ, start_response)

    return _with_error_pages("wsgi", serve, "failed")


def run_cgi(application: Application) -> None:
    """Serve the one request of a CGI process."""
    from wsgiref.handlers import CGIHandler

    # No garbage collection: the process ends with this request.
    gc.disable()
    try:
        CGIHandler().run(application)
    finally:
        # The collection at the end of the process flushes files that the shop's functions left open.
        gc.enable()


def _settings(pathfile: str, environ: Environ) -> Pathfile:
    """Read the pathfile of a script, which also says where this request is logged. Raises KitError."""
    settings = read_pathfile(pathfile)
    environ["sogenactif.settings"] = settings
    return settings


def _schedule(fields: Mapping[str, str]) -> "tuple[Instalment, ...]":
    """Return the instalments that a request asks for; empty for a single payment."""
    if fields.get("capture_mode") != "PAYMENT_N":
        return ()
    from sogenactif.dates import day_in_paris, read_day
    from sogenactif.instalments import requested_instalments

    return requested_instalments(fields, read_day(day_in_paris(fields["transmission_date"])))


def _agreed_instalments(response: PaymentResponse) -> "tuple[Instalment, ...]":
    """Return the instalments of a response, as the payment server scheduled them; empty for a single payment."""
    if response["capture_mode"] != "PAYMENT_N":
        return ()
    from sogenactif.instalments import read_due_dates

    try:
        return read_due_dates(response["data"])
    except ValueError:
        return ()


def _receive(
    form: Mapping[str, str],
    settings: Pathfile,
    ledger: "Ledger | None",
    source: str,
    record_outcome: RecordOutcome | None,
    environ: Environ,
) -> "Received":
    """Receive the response in a form, then notify the shop of its outcome.

    If ``record_outcome`` fails, what is recorded stays; without a ledger its exception is passed on. Raises
    HttpError, KitError.
    """
    from sogenactif.reception import receive

    if not form.get("DATA") and not form.get("Data"):
        raise HttpError(400, "no DATA")
    try:
        notifies = record_outcome is not None
        received = receive(form, settings, ledger, source, partial(_log, environ), notifies)
    except InitialisationError:
        raise
    except (MessageError, SecretMissing) as error:
        status = 403 if isinstance(error, SealError | SecretMissing) else 400
        raise Unverified(status, error.logged) from error
    match = received.match
    if not ledger or not match:
        if record_outcome:
            record_outcome(received.response)
    elif match.is_trusted and match.request_id is not None and record_outcome:
        from sogenactif.ledger.notification import notify_outcome

        event = f"{source} response, record_outcome"
        try:
            log = partial(_log, environ, event)
            notify_outcome(ledger, record_outcome, log, match.request_id, is_counted=match.is_counted)
        except KitError as error:
            _log(environ, f"{source} response", error)
    return received


def _catch_up(settings: Pathfile, record_outcome: RecordOutcome | None, environ: Environ) -> None:
    """Record what only the journal has since an outage, then notify the shop of pending outcomes and refunds.

    The page that shows an order has no ``record_outcome``: what it records is notified with the next response.
    This is work for other payments: it runs after the response to this request, and its errors are only logged.
    """
    try:
        with borrow_ledger(settings) as ledger:
            if not ledger:
                return
            ledger.make_up_for_outage(partial(_log, environ, "responses that only the journal has"))
            if record_outcome:
                from sogenactif.ledger.notification import notify_pending_outcomes

                notify_pending_outcomes(
                    ledger, record_outcome, partial(_log, environ, "pending notification, record_outcome")
                )
                # The shop may define it in the module of record_outcome.
                record_refund: RecordRefund | None = getattr(record_outcome, "__globals__", {}).get(
                    "record_refund"
                )
                if record_refund:
                    from sogenactif.ledger.operations import notify_refunds

                    event = "pending notification, record_refund"
                    notify_refunds(ledger, record_refund, partial(_log, environ, event))
    except (KitError, OSError) as error:
        _log(environ, "pending notification", error)


class _RunAfterResponse:
    """Hold the body of a response to a request, and call ``then`` once the server has sent and closed it."""

    def __init__(self, body: Iterable[bytes], then: Callable[[], None]) -> None:
        self.body = body
        self.close = then

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.body)


def _with_error_pages(
    script: str,
    handle: Callable[[Environ, "StartResponse"], Iterable[bytes]],
    failed: str | None,
) -> Application:
    """Return the application that handles requests, and shows an error page for those that fail.

    ``failed`` names the texts of the page for faults on this side; if it is None there are no pages.
    """

    def application(environ: Environ, start_response: "StartResponse") -> Iterable[bytes]:
        try:
            body = handle(environ, start_response)
            if environ.get("REQUEST_METHOD") == "HEAD":
                return _RunAfterResponse([], body.close) if isinstance(body, _RunAfterResponse) else []
            return body
        except Exception as error:
            refusal = error if isinstance(error, HttpError) else HttpError(500, "")
            incident = _new_incident_id()
            # Requests of sogenactif check are marked and logged all the same: anybody can send this User-Agent.
            probe = environ.get("HTTP_USER_AGENT") == PROBE_AGENT and refusal.status < 500
            _log(
                environ,
                f"{script} {refusal.status} {incident}{' (sogenactif check)' if probe else ''}",
                error,
            )
            if failed is None:
                return send(start_response, refusal.status, b"", TEXT, refusal.headers)
            texts = {404: "no_order", 429: "too_many", 500: failed}.get(refusal.status, "bad_request")
            if isinstance(error, Unverified):
                texts = "unverified"
            return _error_page(start_response, environ, refusal.status, texts, incident, refusal.headers)

    return application


def _new_incident_id() -> str:
    """Return a new ID, 8 hexadecimal digits, shown on the error page and in the log."""
    return os.urandom(4).hex()


def _error_page(
    start_response: "StartResponse",
    environ: Environ,
    status: int,
    texts: str,
    incident: str,
    headers: Headers | None = None,
) -> list[bytes]:
    from sogenactif.pages import error_page

    page = error_page(texts, incident, _accepted_language(environ), environ.get("sogenactif.settings"))
    return _send_page(start_response, status, page, headers=headers)


def _send_page(
    start_response: "StartResponse",
    status: int,
    page: "Page",
    action: str = "",
    headers: Headers | None = None,
) -> list[bytes]:
    """Answer with a page whose forms may post to the server of ``action`` only, or nowhere if it is empty.

    Browsers apply form-action to redirects too, and the bank may redirect to another of its hosts.
    """
    target = "https: " + "/".join(action.split("/")[:3]) if action else "'none'"
    policy = (
        f"default-src 'none'; img-src 'self'; style-src 'nonce-{page.nonce}'; form-action {target}; "
        "base-uri 'none'; frame-ancestors 'self'"
    )
    return send(
        start_response, status, page.html, HTML, [("Content-Security-Policy", policy), *(headers or [])]
    )


def _call_request_beside(environ: Environ, response: PaymentResponse) -> str:
    """Return the address of ``call_request`` for the order of a response; empty if this script has another name."""
    from urllib.parse import quote

    script = (environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")).rpartition("/")[2]
    if script.removesuffix(".py") != "call_response" or not response["order_id"]:
        return ""
    order = quote(response["order_id"], safe="", errors="surrogateescape")
    return f"{script.replace('call_response', 'call_request')}?order={order}"


def _accepted_language(environ: Environ) -> str:
    from sogenactif.texts import accepted_language

    return accepted_language(environ.get("HTTP_ACCEPT_LANGUAGE", ""))


def _append(path: str, entry: dict[str, object]) -> None:
    """Append a line of JSON, dated in UTC, to a file that only its owner may read, and flush it to the disk."""
    import json
    import time

    entry = {"time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), **entry}
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        append_line(path, file, json.dumps(entry).encode() + b"\n")
    finally:
        os.close(file)


def _log(environ: Environ, event: str, error: BaseException) -> None:
    """Log an event and its error where the pathfile of this request says."""
    from sogenactif.log import log_error

    settings: Pathfile | None = environ.get("sogenactif.settings")
    syslog = bool(settings and settings.log == "syslog")
    log_error(syslog, event, error, environ["wsgi.errors"], severe=not isinstance(error, HttpError))
