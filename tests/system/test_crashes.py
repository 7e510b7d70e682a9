"""Serving processes that are killed again and again, and responses that come many at once."""

import http.client
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlencode

import pytest

from sogenactif.ledger.history import differences, responses_to, transactions
from sogenactif.ledger.ledger import MAX_REPEATED
from sogenactif.web import call_autoresponse, call_response
from sogenactif_sandbox.serving import serving
from tests.support.serving import free_port
from tests.support.shop import LedgerShop, register
from tests.support.vectors import ASKED, ROOT, slow

CONNECTIONS, WORKERS, KILLS = 8, 3, 8
THREADS = 4


@pytest.fixture
def shop(param: Path, tmp_path: Path) -> LedgerShop:
    return LedgerShop(param, f"sqlite:///{tmp_path}/ledger.db", tmp_path / "journal")


def sealed_responses(shop: LedgerShop, how_many: int) -> dict[str, str]:
    """DATA of an accepted response for each of so many requests, by transaction_id."""
    with shop.ledger() as ledger:
        orders = [f"CMD-{order}" for order in range(how_many)]
        numbers = {register(ledger, {**ASKED, "order_id": order}): order for order in orders}
    return {number: shop.seal(transaction_id=number, order_id=order) for number, order in numbers.items()}


def deliver(port: int, data: str) -> int:
    """Post DATA until something answers, as the bank's server would try again; the status."""
    for _ in range(600):
        try:
            with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
                headers = {"Content-Type": "application/x-www-form-urlencoded"}
                connection.request("POST", "/", urlencode({"DATA": data}), headers)
                return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            time.sleep(0.05)
    pytest.fail("nothing answers")


@contextmanager
def killed_again_and_again(shop: LedgerShop, notes: Path) -> Iterator[tuple[int, list[int]]]:
    """Processes that share a port, each killed with SIGKILL and replaced after a moment.

    The port, and the processes that were killed so far.
    """
    listening = socket.create_server(("127.0.0.1", 0), backlog=64)
    descriptor = listening.fileno()
    command = [
        sys.executable,
        "-m",
        "tests.support.crashing_server",
        str(descriptor),
        shop.pathfile.path,
        str(notes),
    ]

    def start() -> "subprocess.Popen[bytes]":
        return subprocess.Popen(command, pass_fds=[descriptor], cwd=ROOT, stderr=subprocess.DEVNULL)

    workers = [start() for _ in range(WORKERS)]
    killed: list[int] = []
    over = threading.Event()
    chance = random.Random(20261123)

    def kill() -> None:
        while not over.wait(chance.uniform(0.2, 0.6)):
            place = chance.randrange(WORKERS)
            workers[place].kill()
            workers[place].wait()
            killed.append(workers[place].pid)
            workers[place] = start()

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        yield listening.getsockname()[1], killed
    finally:
        over.set()
        killer.join()
        for worker in workers:
            worker.kill()
            worker.wait()
        listening.close()


def test_acknowledged_responses_are_recorded_although_processes_are_killed(
    shop: LedgerShop, tmp_path: Path
) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    sealed = sealed_responses(shop, slow(500))
    with (
        killed_again_and_again(shop, notes) as (port, killed),
        ThreadPoolExecutor(CONNECTIONS) as pool,
    ):
        statuses = list(pool.map(lambda data: deliver(port, data), sealed.values()))
        while len(killed) < KILLS:
            list(pool.map(lambda data: deliver(port, data), sealed.values()))
    acknowledged = {number for number, status in zip(sealed, statuses, strict=True) if status == 200}
    assert acknowledged
    with shop.ledger() as ledger:
        in_journal = {
            entry["fields"]["transaction_id"]
            for entry in ledger.journal.entries()
            if entry["kind"] == "response"
        }
    assert acknowledged <= in_journal
    assert shop.replay()[0] == 0
    with shop.ledger() as ledger:
        for transaction in transactions(ledger):
            if transaction.fields["transaction_id"] in acknowledged:
                verdicts = [answer.verdict for answer in responses_to(ledger, transaction)]
                assert transaction.state == "accepted"
                assert transaction.notified == "yes"
                assert verdicts.count("accepted") == 1
                assert set(verdicts) <= {"accepted", "duplicate"}
        lost = [found for found in differences(ledger, lambda count: None) if found.name == "journal_only"]
        assert lost == []
    noted = {path.name: path.read_text().splitlines() for path in notes.iterdir()}
    assert {outcome for outcomes in noted.values() for outcome in outcomes} <= {"accepted"}
    assert len(acknowledged - noted.keys()) <= len(shop.notified_by_replay().splitlines())
    # Told again is only what a process was killed with in its hands, a thread of each at most.
    assert sum(len(outcomes) - 1 for outcomes in noted.values()) <= THREADS * len(killed)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def any_shop(request: pytest.FixtureRequest, param: Path, tmp_path: Path) -> Iterator[LedgerShop]:
    """A shop with a ledger of each kind."""
    if request.param == "sqlite":
        yield LedgerShop(param, f"sqlite:///{tmp_path}/ledger.db", tmp_path / "journal")
    else:
        address: str = request.getfixturevalue("postgresql_url")
        yield LedgerShop(param, address, tmp_path / "journal")


@pytest.mark.parametrize("sources", [["automatic"], ["automatic", "manual"]])
def test_concurrent_copies_of_a_response_notify_once(any_shop: LedgerShop, sources: list[str]) -> None:
    shop = any_shop
    [data] = sealed_responses(shop, 1).values()
    pages = {
        "automatic": call_autoresponse(shop.record_outcome, shop.pathfile.path, str(shop.log)),
        "manual": call_response(lambda response: "/", shop.record_outcome, shop.pathfile.path),
    }
    ports = {source: free_port() for source in sources}
    first, last = sources[0], sources[-1]
    with serving(pages[first], ports[first]), ThreadPoolExecutor(50) as pool:
        if last == first:
            statuses = list(pool.map(lambda _: deliver(ports[first], data), range(50)))
        else:
            with serving(pages[last], ports[last]):
                chosen = [ports[first], ports[last]] * 25
                statuses = list(pool.map(lambda port: deliver(port, data), chosen))
    assert statuses == [200] * 50
    assert [outcome.outcome for outcome in shop.outcomes] == ["accepted"]
    verdicts = shop.verdicts()
    # The same message is recorded so often, and then no more.
    assert (verdicts.count("accepted"), verdicts.count("duplicate")) == (1, MAX_REPEATED - 1)
