"""The shop's three applications, called as a web server calls them, and the functions of a shop."""

import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

from sogenactif.configuration import Pathfile, read_pathfile
from sogenactif.http import Application
from sogenactif.ledger import close_pool, open_ledger
from sogenactif.ledger.history import transactions
from sogenactif.ledger.ledger import SIPS_NUMBERING, Ledger
from sogenactif.payment import PaymentResponse
from sogenactif.protocols import Numbering, paypage
from sogenactif.protocols.certificate import read_certificate
from sogenactif.protocols.sips import seal_response
from sogenactif.web import Order, call_autoresponse, call_request, call_response
from tests.support.vectors import MERCHANT, ROOT, use_paypage

ORDER = Order({"merchant_id": MERCHANT, "amount": "1250", "order_id": "CMD-42"}, [("Tea", 450), ("Cup", 800)])
PAID = {
    "merchant_id": MERCHANT,
    "merchant_country": "fr",
    "amount": "1250",
    "currency_code": "978",
    "transaction_id": "000123",
    "transmission_date": "20261123093000",
    "response_code": "00",
    "order_id": "CMD-42",
    "language": "en",
    "card_number": "4974.00",
    "caddie": "\udcff\n!",
}


class HttpReply(NamedTuple):
    status: int
    headers: dict[str, str]
    body: str
    log: str


def register(ledger: Ledger, fields: Mapping[str, str], numbering: Numbering = SIPS_NUMBERING) -> str:
    """Record a request, and return its transaction_id."""
    return ledger.register(fields, numbering)["transaction_id"]


def ask(
    application: Application, method: str = "GET", query: str = "", body: bytes = b"", **environ: str
) -> HttpReply:
    """Return the reply of an application; ``environ`` are more CGI variables."""
    answered: dict[str, Any] = {}

    def start_response(status: str, headers: list[tuple[str, str]], *_: object) -> Callable[[bytes], object]:
        answered.update(status=int(status.split()[0]), headers=dict(headers))
        return lambda _: None

    log = io.StringIO()
    variables = {
        "REQUEST_METHOD": method,
        "QUERY_STRING": query,
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": log,
        **environ,
    }
    answer = application(variables, start_response)
    content = b"".join(answer)
    close = getattr(answer, "close", None)
    if close:
        close()
    return HttpReply(answered["status"], answered["headers"], content.decode(), log.getvalue())


def post(application: Application, **fields: str) -> HttpReply:
    return ask(application, "POST", body=urlencode(fields).encode())


class Shop:
    """Hold a shop's own functions, and what they were called with."""

    def __init__(self, pathfile: Pathfile, log: Path) -> None:
        self.outcomes: list[PaymentResponse] = []
        self.order: Order | None = ORDER
        self.failing = False
        self.log = log
        self.request = call_request(
            lambda reference: self.order if reference == "CMD-42" else None, pathfile.path
        )
        self.response = call_response(lambda r: f"/order/{r['order_id']}", self.record_outcome, pathfile.path)
        self.autoresponse = call_autoresponse(self.record_outcome, pathfile.path, str(log))
        self.pathfile = pathfile

    def record_outcome(self, response: PaymentResponse) -> None:
        if self.failing:
            raise RuntimeError("the shop's database is down")
        self.outcomes.append(response)

    def seal(self, **fields: str) -> str:
        return seal_response({**PAID, **fields}, read_certificate(self.pathfile, "fr", MERCHANT))

    def logged(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]


class LedgerShop(Shop):
    """Hold a shop whose pathfile names a ledger."""

    def __init__(self, param: Path, ledger: str, journal: Path) -> None:
        with (param / "pathfile").open("a") as file:
            file.write(f"LEDGER!{ledger}!\nJOURNAL!{journal}!\n")
        super().__init__(read_pathfile(str(param / "pathfile")), param / "autoresponse.log")
        self.url = ledger

    def show_form(self) -> str:
        """Show the means of payment of the order; return the transaction_id that the ledger assigned."""
        with self.ledger() as ledger:
            # Another customer: for the same request an order that waits would keep its number.
            customer = str(len(list(transactions(ledger))) + 1)
        assert self.order
        self.order = Order({**self.order.parameters, "customer_id": customer}, self.order.lines)
        assert ask(self.request, query="order=CMD-42").status == 200
        with self.ledger() as ledger:
            return list(transactions(ledger))[-1].reference[-6:]

    def post_acceptance(self, number: str) -> HttpReply:
        """Post an acceptance to the shop; return its reply."""
        with self.ledger() as ledger:
            [sent] = {
                entry["fields"]["transmission_date"]
                for entry in ledger.journal.entries()
                if entry["kind"] == "request" and entry["fields"]["transaction_id"] == number
            }
        return post(self.autoresponse, DATA=self.seal(transaction_id=number, transmission_date=sent))

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        with open_ledger(self.pathfile) as ledger:
            assert ledger
            yield ledger

    def remove_ledger(self) -> None:
        """Remove LEDGER and JOURNAL from the pathfile."""
        path = Path(self.pathfile.path)
        lines = path.read_text().splitlines(keepends=True)
        path.write_text("".join(line for line in lines if not line.startswith(("LEDGER!", "JOURNAL!"))))

    def restart(self) -> None:
        """Close the pool of ledgers, as a restart of the web server does."""
        close_pool()

    def verdicts(self) -> list[str]:
        with self.ledger() as ledger:
            return [entry["verdict"] for entry in ledger.journal.entries() if entry["kind"] == "response"]

    def replay(self) -> tuple[int, str]:
        """Run ``sogenactif replay`` with a script that notes the outcomes; return its status and output."""
        script = Path(self.pathfile.path).parent / "script.py"
        script.write_text(
            f"def record_outcome(response):\n    with open({str(script) + '.notified'!r}, 'a') as file:\n"
            "        file.write(response['order_id'] + ' ' + response.outcome + '\\n')\n"
        )
        options = [f"--pathfile={self.pathfile.path}", f"--script={script}"]
        command = [sys.executable, f"{ROOT}/bin/sogenactif", "replay", *options]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        return result.returncode, result.stdout + result.stderr

    def notified_by_replay(self) -> str:
        file = Path(self.pathfile.path).parent / "script.py.notified"
        return file.read_text() if file.exists() else ""


class MovingShop(LedgerShop):
    """Hold a shop with a ledger that moves from one protocol to the other."""

    def move(self, param: Path, **keywords: str) -> None:
        self.pathfile = read_pathfile(use_paypage(param, **keywords))

    def go_back(self, param: Path) -> None:
        path = param / "pathfile"
        path.write_text(path.read_text().replace("PROTOCOL!paypage!", "PROTOCOL!sips!"))
        self.pathfile = read_pathfile(str(path))

    def day(self) -> str:
        with self.ledger() as ledger:
            return list(transactions(ledger))[-1].reference[:8]

    def paypage_post(self, number: str, day: str = "", **keys: str) -> dict[str, str]:
        """Return what Paypage posts for a payment; ``keys`` overrides."""
        settings = self.pathfile.paypage
        pairs = {
            "merchantId": MERCHANT,
            "amount": "1250",
            "currencyCode": "978",
            "orderId": "CMD-42",
            "responseCode": "00",
            "authorisationId": "039830",
            "transactionDateTime": "2026-11-23T10:31:00+01:00",
            "s10TransactionId": number,
            "s10TransactionIdDate": day or self.day(),
            "newKey": "x",
            **keys,
        }
        secret = paypage.read_key(paypage.key_path(self.pathfile, MERCHANT))
        return paypage.seal(pairs, secret, settings.seal, settings.encode, InterfaceVersion="HP_3.4")

    def post_response(self, fields: Mapping[str, str]) -> HttpReply:
        return post(self.autoresponse, **fields)


@contextmanager
def missing(shop: LedgerShop, path: Path) -> Iterator[None]:
    path.rename(f"{path}.away")
    try:
        yield
    finally:
        Path(f"{path}.away").rename(path)
