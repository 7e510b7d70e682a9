"""The payment server, a Flask application: its routes, and its error pages.

Source: docs/payment-server.md.
"""

from collections.abc import Collection
from pathlib import Path

from flask import Flask, Response, abort, redirect, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from sogenactif.configuration import Pathfile
from sogenactif.texts import accepted_language
from sogenactif_sandbox import clock, pages
from sogenactif_sandbox.bank import Bank
from sogenactif_sandbox.console import Console
from sogenactif_sandbox.customer import Customer, page_response
from sogenactif_sandbox.merchants import DEMONSTRATION, Merchants, merchant
from sogenactif_sandbox.office import Office
from sogenactif_sandbox.request import ForbiddenCharacter, RequestError, SecurityError, shop_address
from sogenactif_sandbox.scheduler import Scheduler
from sogenactif_sandbox.shop_files import ShopFiles
from sogenactif_sandbox.transactions import REFUSED, Transactions

STYLE = Path(__file__).parent / "style.css"
EXAMPLES = Path(__file__).parent / "examples"
LARGEST_FORM = 64 * 1024  # bytes
MAX_STORED = 20_000  # characters of each field of a request that was refused
FILES = "/files"  # the files of shops, below the address of the server
# An SVG may hold scripts: opened by itself it must not run any.
FILES_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


class PaymentServer(Flask):
    """Serve payments, mounted at the address that the certificates name.

    ``pathfile`` finds the certificates of the merchants; ``database`` is the path of an SQLite
    file, made on first use. ``logos`` is the address, path or URL, of the logos of the means, and
    ``logo_type`` their extension. ``merchants`` are those known by name. ``shop_files`` is the
    folder of the shops' logos, style sheets and templates, a few examples unless it is given.
    ``allowed_hosts`` are the only hosts that an automatic response may be sent to, any if None.
    ``console`` adds the console, which shows every payment to anybody: switch it off on a server that
    strangers reach. ``seconds`` is the time in which a customer of Paypage has to pay.
    With ``bank_ports`` automatic responses go to ports 80 to 9999 only, like the bank's.
    """

    def __init__(
        self,
        pathfile: Pathfile,
        database: str,
        logos: str = "/logos/",
        *,
        logo_type: str = "svg",
        merchants: Merchants = DEMONSTRATION,
        shop_files: str | Path = EXAMPLES,
        allowed_hosts: Collection[str] | None = None,
        console: bool = True,
        seconds: int = 15 * 60,
        bank_ports: bool = False,
    ) -> None:
        super().__init__(__name__, static_folder=None)
        self.config.update(
            MAX_CONTENT_LENGTH=LARGEST_FORM,
            MAX_FORM_MEMORY_SIZE=LARGEST_FORM,
            PROVIDE_AUTOMATIC_OPTIONS=False,
        )
        self.transactions = Transactions(database)
        self.scheduler = Scheduler()
        self.bank = Bank(
            pathfile, self.transactions, merchants, allowed_hosts, self.scheduler, seconds, bank_ports
        )
        self.folder = Path(shop_files)
        customer = Customer(self.bank, self.shop_files, logos, logo_type)
        self.register_blueprint(customer.blueprint())
        self.register_blueprint(Office(self.bank).blueprint())
        self.add_url_rule("/style.css", view_func=self.style)
        self.add_url_rule(f"{FILES}/<merchant_id>/<name>", view_func=self.file)
        if console:
            self.register_blueprint(Console(self.bank).blueprint())
            self.add_url_rule("/", "home", lambda: redirect(f"{request.script_root}/console", 303))
        self.register_error_handler(RequestError, self.refuse)
        self.register_error_handler(HTTPException, self.fail)
        self.after_request(_protect)
        if self.transactions.open_paypage():
            self.bank.watch()

    def close(self) -> None:
        """Cancel the delayed automatic responses."""
        self.scheduler.close()

    def shop_files(self) -> ShopFiles:
        """Return the files of shops, at their address for this request."""
        return ShopFiles(self.folder, request.script_root + FILES)

    def style(self) -> Response:
        """Return the style sheet of the pages."""
        return Response(STYLE.read_bytes(), content_type="text/css; charset=utf-8")

    def file(self, merchant_id: str, name: str) -> Response:
        """Return a file of a shop."""
        file = self.shop_files().read(merchant_id, name)
        if file is None:
            abort(404)
        content, content_type = file
        return Response(content, content_type=content_type, headers={"Content-Security-Policy": FILES_POLICY})

    def refuse(self, error: RequestError) -> Response:
        """Record a refused request, and show its customer a page."""
        why = f"{error.title}: {error.why or error.parameter}"
        self.logger.warning("payment request refused: %a", why)
        # A refused request may hold any bytes, and more of them than a valid one.
        post = {name: _printable(value)[:MAX_STORED] for name, value in error.post.items()}
        named = {"parameter": error.parameter}
        moment = clock.utc(clock.now())
        self.transactions.record(None, moment, REFUSED, post, named, answer=_printable(why))
        if isinstance(error, SecurityError):
            return self._error("security", 403, error, "red")
        if isinstance(error, ForbiddenCharacter):
            return self._error("forbidden", 400, error, "green")
        return self._error("invalid", 400, error, "red")

    def fail(self, error: HTTPException) -> AnyResponse:
        """Show a page for any other error; Flask has logged those of the server itself."""
        status = error.code or 500
        if status < 400:
            return error.get_response()
        response = self._error("failed" if status >= 500 else "wrong_request", status)
        if "Allow" in (headers := dict(error.get_headers())):
            response.headers["Allow"] = headers["Allow"]
        return response

    def _error(
        self, reason: str, status: int, refusal: RequestError | None = None, colours: str = ""
    ) -> Response:
        fields = refusal.fields if refusal else {}
        language = refusal.language if refusal else ""
        page = pages.error(
            request.script_root,
            language or accepted_language(request.headers.get("Accept-Language", "")),
            reason,
            refusal.parameter if refusal else "",
            colours,
            merchant(self.bank.merchants, fields["merchant_id"]).name if fields else "",
            shop_address(fields),
        )
        return page_response(page, status)


def _protect(response: Response) -> Response:
    """Forbid browsers to store an answer or to guess its type."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def _printable(text: str) -> str:
    return text.encode("ascii", "backslashreplace").decode()
