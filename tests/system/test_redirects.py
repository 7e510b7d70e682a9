"""The page of call_request before a payment server that redirects, in a real browser."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sogenactif.configuration import Pathfile
from sogenactif.http import Environ
from sogenactif.protocols.certificate import issue_certificate
from sogenactif.web import Order, call_request
from sogenactif_sandbox.serving import serving
from tests.support.browser import browsing, follow, wait_for_page
from tests.support.serving import tls_context
from tests.support.vectors import MERCHANT

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse


class PaymentPage(BaseHTTPRequestHandler):
    """The bank's second host: whatever is asked, a page."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<h1>Payment page</h1>")

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@contextmanager
def https_server(folder: Path) -> Iterator[str]:
    """A server with a certificate of its own; its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), PaymentPage)
    server.socket = tls_context(folder).wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=[0.01])
    thread.start()
    try:
        yield f"https://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("status", ["302 Found", "307 Temporary Redirect"])
def test_content_security_policy_allows_a_redirect_of_the_payment_server(
    pathfile: Pathfile, param: Path, tmp_path: Path, status: str
) -> None:
    with https_server(tmp_path) as second_host:

        def first_host(environ: Environ, start_response: "StartResponse") -> Iterable[bytes]:
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            start_response(status, [("Location", f"{second_host}/payment")])
            return []

        with serving(first_host) as bank:
            (param / f"certif.fr.{MERCHANT}.php").write_bytes(issue_certificate(f"{bank}/payment", MERCHANT))
            order = Order({"merchant_id": MERCHANT, "amount": "1250", "order_id": "A-1"})
            with (
                serving(call_request(lambda reference: order, pathfile.path)) as shop,
                browsing(ignore_https_errors=True) as browser,
            ):
                page = browser.new_page()
                page.goto(f"{shop}/?order=A-1")
                follow(page.locator("form input[type=image], form button, form input[type=submit]").first)
                wait_for_page(page, "Payment page")
