"""The three scripts as WSGI applications, each made from the shop's own functions.

Whatever comes from outside is read within limits and answered with a page or, for the bank's
server, with a bare status. Why is told to the log, one line an event, never to the customer.
"""

import json
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from traceback import extract_tb
from typing import TYPE_CHECKING, NamedTuple

from sogenactif.errors import CertificateMissing, KitError, MessageError, SealError
from sogenactif.http import Application, Environ, Headers, HttpError, allow, read_form, read_query, send
from sogenactif.payment import PaymentResponse, make_request, parse_call, read_outcome
from sogenactif.settings import read_pathfile
from sogenactif.texts import accepted_language

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

RecordOutcome = Callable[[PaymentResponse], None]
HTML, TEXT = "text/html; charset=utf-8", "text/plain; charset=utf-8"
LONGEST_LOG_LINE = 500


class Order(NamedTuple):
    """What the shop asks a customer to pay.

    ``parameters`` are those of the guide, by name (merchant_id, amount in cents, order_id…);
    ``lines`` are what the page shows of the order, each a text and its amount in cents.
    """

    parameters: Mapping[str, str]
    lines: Sequence[tuple[str, int]] = ()


class Unverified(HttpError):
    """A message that says nothing of a payment, because the bank didn't seal it so."""


def call_request(order_to_pay: Callable[[str], Order | None], pathfile: str) -> Application:
    """The page that shows an order and the means of payment.

    The browser names the order (``?order=…``, or posted) and nothing else; ``order_to_pay``
    says what it costs, or None where there is none to pay. ``pathfile`` is a path.
    """

    def show(environ: Environ, start_response: "StartResponse") -> Iterable[bytes]:
        method = allow(environ, "GET", "HEAD", "POST")
        reference = (read_form(environ) if method == "POST" else read_query(environ)).get("order")
        if not reference:
            raise HttpError(400, "no order named")
        order = order_to_pay(reference)
        if order is None:
            raise HttpError(404, f"no order {reference} to pay")
        call = parse_call(f"{name}={value}" for name, value in order.parameters.items())
        settings = read_pathfile(pathfile)
        request = make_request(call, settings)
        report = ""
        if settings.debug:
            from sogenactif.debug import request_report

            report = request_report(call, settings, request)
        from sogenactif.pages import form

        return _page(
            start_response,
            200,
            "call_request.html",
            request.fields.get("language", ""),
            action=request.action,
            fields=request.fields,
            lines=order.lines,
            form=form(request),
            report=report,
        )

    return _guarded("call_request", show, "failed")


def call_response(
    next_page: Callable[[PaymentResponse], str], record_outcome: RecordOutcome, pathfile: str
) -> Application:
    """The page a customer comes back to: accepted, refused or cancelled.

    DATA is posted, or in the query string (NO_RESPONSE_PAGE). ``record_outcome`` is called with
    the response, then ``next_page`` for the address that the page leads on to.
    """

    def show(environ: Environ, start_response: "StartResponse") -> Iterable[bytes]:
        method = allow(environ, "GET", "HEAD", "POST")
        response, report = _read(read_form(environ) if method == "POST" else read_query(environ), pathfile)
        record_outcome(response)
        return _page(
            start_response,
            200,
            "call_response.html",
            response["language"],
            response=response,
            next_page=next_page(response),
            report=report,
        )

    return _guarded("call_response", show, "response_failed")


def call_autoresponse(record_outcome: RecordOutcome, pathfile: str, log: str) -> Application:
    """What the bank's server calls: no page, the status says it all.

    Every field of the response, or the error, is appended to the file ``log`` as a line of JSON,
    and flushed to the disk, before ``record_outcome`` is called with the response.
    """

    def receive(environ: Environ, start_response: "StartResponse") -> Iterable[bytes]:
        try:
            allow(environ, "POST")
            response, _ = _read(read_form(environ), pathfile)
        except (HttpError, KitError) as error:
            _append(log, {"error": str(error)[:LONGEST_LOG_LINE]})
            raise
        _append(log, {"fields": response.fields})
        record_outcome(response)
        return send(start_response, 200, b"", TEXT, [])

    return _guarded("call_autoresponse", receive, None)


def run_cgi(application: Application) -> None:
    """Serve the one request of a CGI process."""
    from wsgiref.handlers import CGIHandler

    CGIHandler().run(application)


def _read(form: Mapping[str, str], pathfile: str) -> tuple[PaymentResponse, str]:
    """The response in a form, and the debug mode's report of it. Raises HttpError, KitError."""
    data = form.get("DATA")
    if not data:
        raise HttpError(400, "no DATA")
    settings = read_pathfile(pathfile)
    try:
        response = read_outcome(data, settings)
    except (SealError, CertificateMissing) as error:
        raise Unverified(403, str(error)) from error
    except MessageError as error:
        raise Unverified(400, str(error)) from error
    if not settings.debug:
        return response, ""
    from sogenactif.debug import response_report

    return response, response_report(data, settings, response)


def _guarded(
    script: str,
    handle: Callable[[Environ, "StartResponse"], Iterable[bytes]],
    failed: str | None,
) -> Application:
    """The application that handles requests, and answers those that fail.

    ``failed`` names the texts of the page for our own faults; None answers without a page.
    """

    def application(environ: Environ, start_response: "StartResponse") -> Iterable[bytes]:
        try:
            return handle(environ, start_response)
        except Exception as error:
            refusal = error if isinstance(error, HttpError) else HttpError(500, "")
            incident = os.urandom(4).hex()
            _log(environ, f"{script} {refusal.status} {incident}", error)
            if failed is None:
                return send(start_response, refusal.status, b"", TEXT, refusal.headers)
            if refusal.status == 500:
                texts = failed
            elif refusal.status == 404:
                texts = "no_order"
            else:
                texts = "unverified" if isinstance(error, Unverified) else "bad_request"
            language = accepted_language(environ.get("HTTP_ACCEPT_LANGUAGE", ""))
            return _page(
                start_response,
                refusal.status,
                "error.html",
                language,
                headers=refusal.headers,
                name=texts,
                incident=incident,
            )

    return application


def _page(
    start_response: "StartResponse",
    status: int,
    template: str,
    language: str,
    action: str = "",
    headers: Headers | None = None,
    **values: object,
) -> list[bytes]:
    """Answer with a page whose forms may post to the server of ``action`` and nowhere else."""
    from sogenactif.pages import page

    nonce = os.urandom(16).hex()
    target = "/".join(action.split("/")[:3]) or "'none'"
    policy = (
        f"default-src 'none'; img-src 'self'; style-src 'nonce-{nonce}'; form-action {target}; "
        "base-uri 'none'; frame-ancestors 'self'"
    )
    body = page(template, language, nonce, **values)
    return send(start_response, status, body, HTML, [("Content-Security-Policy", policy), *(headers or [])])


def _append(path: str, entry: dict[str, object]) -> None:
    """Append a line of JSON to a file that only its owner may read, and flush it to the disk."""
    entry = {"time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), **entry}
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(file, json.dumps(entry).encode() + b"\n")
        os.fsync(file)
    finally:
        os.close(file)


def _log(environ: Environ, event: str, error: Exception) -> None:
    """One line for the log: ASCII, whatever the values in it; no personal value of the call."""
    why = error.logged if isinstance(error, KitError) else str(error)
    if not isinstance(error, KitError | HttpError):
        last = extract_tb(error.__traceback__)[-1]
        why = f"{type(error).__name__}: {why} ({os.path.basename(last.filename)}:{last.lineno})"
    print(
        f"sogenactif {event} {ascii(why)[1:-1][:LONGEST_LOG_LINE]}", file=environ["wsgi.errors"], flush=True
    )
