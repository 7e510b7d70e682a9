"""Work: the processor time of a request in its process, without the server and without waiting, part by part.

It is what the ratios of ``hosting`` are made of: an application that answers with a constant page takes next to nothing here,
and one that commits a row takes what the first line says.
"""

import io
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

from bench.figures import Figure, compare
from bench.installation import CENTS, MERCHANT, Installation, installed
from sogenactif.configuration import LedgerAddress
from sogenactif.ledger.ledger import Ledger
from sogenactif.ledger.notification import notify_outcome
from sogenactif.pages import form, request_page
from sogenactif.payment import PaymentResponse, make_request, read_outcome
from sogenactif.web import Order, call_autoresponse, call_request

CALLS_PER_ROUND = 50


def measure(rounds: int) -> Iterator[Figure]:
    """Measure each part in turns, beside one bare commit."""
    rounds = max(rounds // 2, 3)
    with installed() as with_ledger, installed(ledger=False) as without, _bare(with_ledger) as bare:
        works = {
            "one bare commit": lambda: _commit(bare),
            **_parts(with_ledger, without, (rounds + 1) * CALLS_PER_ROUND),
        }
        series: dict[str, list[float]] = {name: [] for name in works}
        for turn in range(rounds + 1):
            for name, work in works.items():
                start = time.process_time()
                for _ in range(CALLS_PER_ROUND):
                    work()
                if turn:
                    series[name].append((time.process_time() - start) / CALLS_PER_ROUND)
    commits = series["one bare commit"]
    for name, taken in series.items():
        yield compare("work", name, "one bare commit", taken, commits)


def _bare(kit: Installation) -> "closing[sqlite3.Connection]":
    connection = sqlite3.connect(f"{kit.folder}/bare.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE response (fields TEXT)")
    return closing(connection)


def _commit(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO response VALUES ('x')")
    connection.execute("COMMIT")


def _parts(with_ledger: Installation, without: Installation, count: int) -> dict[str, Callable[[], Any]]:
    """Return the parts of requests, each to be called ``count`` times at most."""
    orders = iter(range(count))
    call = {"merchant_id": MERCHANT, "amount": CENTS, "order_id": "CMD-42", "language": "fr"}

    def order_to_pay(reference: str) -> Order:
        return Order({**call, "order_id": reference}, [("Tea", int(CENTS))])

    def new_order() -> dict[str, str]:
        return {"QUERY_STRING": f"order=W-{next(orders)}", "REQUEST_METHOD": "GET"}

    pages = {
        kit: call_request(order_to_pay, str(kit.root / "cgi-bin" / "pathfile"))
        for kit in (with_ledger, without)
    }
    receive = call_autoresponse(lambda response: None, str(with_ledger.root / "cgi-bin" / "pathfile"), "")
    request = make_request(call, without.pathfile)
    posts, messages = (iter(with_ledger.sealed_responses(count)) for _ in range(2))
    again = {"QUERY_STRING": "order=CMD-42", "REQUEST_METHOD": "GET"}
    address = LedgerAddress(f"sqlite:///{with_ledger.root}/var/data/ledger.db")
    ledger = Ledger(address, f"{with_ledger.root}/var/data/journal")
    received: list[int] = []

    def record() -> None:
        match = ledger.receive(opened.pop(), "automatic", notifies=True)
        received.append(match.request_id or 0)

    opened: list[PaymentResponse] = []
    return {
        "call_request without a ledger": lambda: _serve(pages[without], again),
        "… its request, sealed": lambda: make_request(call, without.pathfile),
        "… its form": lambda: form(request, without.pathfile),
        "… its page, with the form": lambda: request_page(
            request, without.pathfile, lines=[("Tea", int(CENTS))], schedule=(), under_way=""
        ),
        "call_request again, with a ledger": lambda: _serve(pages[with_ledger], again),
        "call_request of a new order": lambda: _serve(pages[with_ledger], new_order()),
        "call_autoresponse": lambda: _serve(receive, {"REQUEST_METHOD": "POST"}, f"DATA={next(posts)}"),
        "… open the response": lambda: opened.append(read_outcome(next(messages), with_ledger.pathfile)),
        "… match and record it": record,
        "… notify the shop": lambda: notify_outcome(ledger, lambda response: None, print, received.pop(), is_counted=True),
    }  # fmt: skip


def _serve(application: Any, environ: dict[str, str], body: str = "") -> None:
    """Answer one request. Raises RuntimeError if it isn't answered 200."""
    statuses: list[str] = []
    data = body.encode()
    given = {
        "CONTENT_LENGTH": str(len(data)),
        "wsgi.input": io.BytesIO(data),
        "wsgi.errors": sys.stderr,
        **environ,
    }
    answer = application(given, lambda status, headers: statuses.append(status))
    b"".join(answer)
    if hasattr(answer, "close"):
        answer.close()
    if statuses != ["200 OK"]:
        raise RuntimeError(f"{environ} answered {statuses}")
