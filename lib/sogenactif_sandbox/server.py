"""The payment server, as a WSGI application: which route answers what, and what goes wrong.

Source: spec of the payment server.
"""

import traceback
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from sogenactif.configuration import Pathfile
from sogenactif.http import Environ, HttpError, allow, send
from sogenactif.texts import accepted_language
from sogenactif_sandbox import clock, pages
from sogenactif_sandbox.answer import Answer, Body
from sogenactif_sandbox.bank import Bank
from sogenactif_sandbox.console import Console
from sogenactif_sandbox.customer import Customer
from sogenactif_sandbox.installed import Installed
from sogenactif_sandbox.later import Later
from sogenactif_sandbox.merchants import DEMONSTRATION, Merchants
from sogenactif_sandbox.request import ForbiddenCharacter, RequestError, SecurityError
from sogenactif_sandbox.transactions import REFUSED, Transactions

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

STYLE = Path(__file__).parent / "style.css"
EXAMPLES = Path(__file__).parent / "examples"
MOST_KEPT = 20_000  # of the DATA of a request that was refused
FILES = "/files"  # the installed files of shops, below the address of the server
# An SVG is a document: opened by itself it may do nothing.
FILES_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


class PaymentServer:
    """The payment server, to be mounted where the certificates' URL points.

    ``pathfile`` finds the certificates of the merchants; ``database`` is the path of an SQLite
    file, made on first use. ``logos`` is the address, path or URL, of the logos of the means, and
    ``logo_type`` their extension. ``merchants`` are those known by name. ``installed`` is the
    folder of the shops' logos, style sheets and templates, a few examples unless it is given. ``allowed_hosts`` are the only hosts
    that an automatic response may be sent to, any when None. ``console``: whether there is one; it
    shows every payment to whoever asks, so a server that strangers reach goes without. ``seconds`` are what a request in the manner of
    today's server (``paymentInit``) gives its customer to pay.
    """

    def __init__(
        self,
        pathfile: Pathfile,
        database: str,
        logos: str = "/logos/",
        *,
        logo_type: str = "svg",
        merchants: Merchants = DEMONSTRATION,
        installed: str | Path = EXAMPLES,
        allowed_hosts: Collection[str] | None = None,
        console: bool = True,
        seconds: int = 15 * 60,
    ) -> None:
        self.transactions = Transactions(database)
        self.later = Later()
        self.bank = Bank(pathfile, self.transactions, merchants, allowed_hosts, self.later, seconds)
        self._folder = Path(installed)
        customer = Customer(self.bank, self._installed, logos, logo_type)
        self._routes: dict[str, Callable[[Environ], Answer]] = {
            "callpayment": _posted(customer.call_payment),
            "paymentInit": _posted(customer.call_payment),
            "card": _posted(customer.card),
            "authentication": customer.authentication,
            "cancel": _posted(customer.cancel),
            "result": _posted(customer.result),
            "files": self._file,
            "style.css": self._style,
        }
        if console:
            self._routes["console"] = Console(self.bank)
            self._routes[""] = lambda environ: Answer(
                b"", 303, [("Location", environ.get("SCRIPT_NAME", "") + "/console")]
            )

    def __call__(self, environ: Environ, start_response: "StartResponse") -> Iterable[bytes]:
        """Answer a request; whatever goes wrong, a browser gets a page and never a traceback."""
        try:
            name = environ.get("PATH_INFO", "").lstrip("/").partition("/")[0]
            if name not in self._routes:
                raise HttpError(404, name)
            answer = self._routes[name](environ)
        except HttpError as error:
            answer = self._error(environ, "wrong_request", error.status)
            answer.headers += error.headers
        except RequestError as error:
            answer = self._refuse(environ, error)
        except Exception:
            environ["wsgi.errors"].write(traceback.format_exc())
            answer = self._error(environ, "failed", 500)
        body = send(start_response, answer.status, answer.body, answer.content_type, answer.headers)
        if environ["REQUEST_METHOD"] == "HEAD":
            return []
        return Body(answer.body, answer.after) if answer.after else body

    def close(self) -> None:
        """Give up the automatic responses that wait for their delay."""
        self.later.close()

    def _installed(self, base: str) -> Installed:
        return Installed(self._folder, base + FILES)

    def _style(self, environ: Environ) -> Answer:
        allow(environ, "GET", "HEAD")
        return Answer(STYLE.read_bytes(), content_type="text/css; charset=utf-8")

    def _file(self, environ: Environ) -> Answer:
        allow(environ, "GET", "HEAD")
        parts = environ["PATH_INFO"].lstrip("/").split("/")
        found = self._installed("").read(parts[1], parts[2]) if len(parts) == 3 else None
        if found is None:
            raise HttpError(404, "no such file")
        return Answer(found[0], 200, [("Content-Security-Policy", FILES_POLICY)], found[1])

    def _refuse(self, environ: Environ, error: RequestError) -> Answer:
        why = f"{type(error).__name__} ({error.why or error.parameter})"
        environ["wsgi.errors"].write(f"payment request refused: {why!a}\n")
        # What was refused may hold any bytes, and more of them than any message.
        data, why = (text.encode("ascii", "backslashreplace").decode() for text in (error.data, why))
        data = data[:MOST_KEPT]
        named = {"parameter": error.parameter}
        self.transactions.record(None, clock.utc(clock.now()), REFUSED, data, named, answer=why)
        if isinstance(error, SecurityError):
            return self._error(environ, "security", 403, error.language, error.parameter, "red")
        if isinstance(error, ForbiddenCharacter):
            return self._error(environ, "forbidden", 400, error.language, error.parameter, "green")
        return self._error(environ, "invalid", 400, error.language, error.parameter, "red")

    def _error(
        self,
        environ: Environ,
        reason: str,
        status: int,
        language: str = "",
        parameter: str = "",
        colours: str = "",
    ) -> Answer:
        language = language or accepted_language(environ.get("HTTP_ACCEPT_LANGUAGE", ""))
        page = pages.error(environ.get("SCRIPT_NAME", ""), language, reason, parameter, colours)
        return Answer.of(page, status)


def _posted(route: Callable[[Environ], Answer]) -> Callable[[Environ], Answer]:
    """A route that takes what is posted, and nothing else."""

    def checked(environ: Environ) -> Answer:
        allow(environ, "POST")
        return route(environ)

    return checked
