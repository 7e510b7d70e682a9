"""Growth: a ledger of a million transactions beside an empty one, and a process's memory after many requests."""

import itertools
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import date, timedelta
from pathlib import Path

from bench.figures import Figure, compare
from bench.hosting import CONNECTIONS, gunicorn
from bench.installation import CENTS, MERCHANT, ORDER, Installation, installed
from bench.startup import cgi
from sogenactif.configuration import PAYPAGE
from sogenactif.ledger.ledger import Ledger
from sogenactif.ledger.notification import notify_outcome
from sogenactif.payment import PaymentResponse
from sogenactif.protocols import Numbering
from tests.support.bank import bank
from tests.support.vectors import use_paypage

TRANSACTIONS, DAYS = 1_000_000, 365
REQUESTS = 100_000
MAX_MIB = 60
OPEN = 1000
GOAL = "<= 1.3"
CALLS_PER_ROUND = 50
FIRST_DAY = date(2025, 1, 1)


def measure(rounds: int) -> Iterator[Figure]:
    """Measure the ledger at each size, commands and the start of a process on each, and memory."""
    with installed() as empty, installed() as full:
        _fill(full)
        yield from _ledgers(_ledger(full), _ledger(empty), rounds)
        day = f"{FIRST_DAY + timedelta(days=DAYS // 2):%Y%m%d}"
        yield _command(
            full, empty, rounds, f"transactions of a day, {TRANSACTIONS // DAYS:,}", "--day", day, goal=""
        )
        yield _command(full, empty, rounds, "transactions of an order", "--order", "CMD-again")
        yield _started(full, empty, rounds)
        yield _reconciled(full, empty)
    with installed(ledger=False) as kit:
        yield from _memory(kit)


def _ledgers(full: Ledger, empty: Ledger, rounds: int) -> Iterator[Figure]:
    requests: dict[int, list[dict[str, str]]] = {0: [], 1: []}
    figures: dict[str, tuple[list[float], list[float]]] = {
        "identifier": ([], []),
        "match and record": ([], []),
        "a repeated view": ([], []),
    }
    for turn in range(rounds + 1):
        for place, ledger in enumerate((full, empty)):
            for name, work in (
                ("identifier", lambda ledger=ledger, place=place: requests[place].append(register(ledger))),
                ("a repeated view", lambda ledger=ledger: ledger.register(_of_order("CMD-again"))),
                (
                    "match and record",
                    lambda ledger=ledger, place=place: record(ledger, requests[place].pop()),
                ),
            ):
                taken = timed(work, CALLS_PER_ROUND)
                if turn:
                    figures[name][place].append(taken)
    full.close()
    empty.close()
    for name, (ours, theirs) in figures.items():
        yield compare("growth", f"{name}, of {TRANSACTIONS:,}", "an empty ledger", ours, theirs, GOAL)


ORDERS = itertools.count()


def register(ledger: Ledger) -> dict[str, str]:
    """Record the request of a new order; return its fields."""
    return dict(ledger.register(_of_order(f"{ORDER}-{next(ORDERS)}")))


def _of_order(order_id: str) -> dict[str, str]:
    moment = time.strftime("%Y%m%d%H%M%S", time.gmtime())
    return {"merchant_id": MERCHANT, "merchant_country": "fr", "amount": CENTS, "currency_code": "978",
            "order_id": order_id, "transmission_date": moment}  # fmt: skip


def record(ledger: Ledger, request: dict[str, str]) -> None:
    """Receive the response to a request, and notify a shop that does nothing."""
    match = ledger.receive(PaymentResponse({**request, "response_code": "00"}), "automatic")
    assert match.verdict == "accepted", match.verdict
    assert match.request_id is not None
    notify_outcome(ledger, lambda response: None, print, match.request_id)


def timed(work: Callable[[], None], times: int) -> float:
    """Return the seconds that one of several calls takes."""
    start = time.perf_counter()
    for _ in range(times):
        work()
    return (time.perf_counter() - start) / times


def _command(
    full: Installation, empty: Installation, rounds: int, name: str, *conditions: str, goal: str = GOAL
) -> Figure:
    """Measure ``transactions`` in a full ledger, beside an empty one."""
    series: tuple[list[float], list[float]] = ([], [])
    for _ in range(max(rounds // 4, 3)):
        for kit, one in zip((full, empty), series, strict=True):
            command = [f"{kit.root}/bin/sogenactif", "transactions", *conditions]
            start = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            one.append(time.perf_counter() - start)
    return compare("growth", name, "an empty ledger", *series, goal)


def _started(full: Installation, empty: Installation, rounds: int) -> Figure:
    """Measure a process of CGI that records the request of a new order."""
    series: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for kit, one in zip((full, empty), series, strict=True):
            one.append(cgi(kit.root / "cgi-bin" / "call_request.py", query=f"order={ORDER}-{next(ORDERS)}"))
    return compare("growth", "start of a process, call_request", "an empty ledger", *series, GOAL)


def _reconciled(full: Installation, empty: Installation) -> Figure:
    """Measure ``reconcile``, which asks the sandbox for the outcome of each open request; it knows none of them."""
    series: tuple[list[float], list[float]] = ([], [])
    with ExitStack() as stack:
        for kit in (full, empty):
            settings = kit.root / "var" / "conf"
            use_paypage(settings)
            running = stack.enter_context(bank(settings))
            with (settings / "pathfile").open("a") as pathfile:
                pathfile.write(f"OFFICE_URL!{running.url}/rs-services/v2!\n")
            for key in settings.glob("key.*") if kit.user else ():
                shutil.chown(key, kit.user, kit.user)
            with closing(_ledger(kit)) as ledger:
                for _ in range(OPEN):
                    ledger.register(_of_order(f"{ORDER}-{next(ORDERS)}"), Numbering(PAYPAGE))
            kit.give_data()
        for _ in range(3):
            for kit, one in zip((full, empty), series, strict=True):
                command = [f"{kit.root}/bin/sogenactif", "reconcile", "--older=0s", "--newer=1d", "--json"]
                start = time.perf_counter()
                done = subprocess.run(command, check=False, capture_output=True, text=True)
                one.append(time.perf_counter() - start)
                kinds = [finding["finding"] for finding in json.loads(done.stdout)["findings"]]
                assert kinds == ["waiting"] * OPEN, (len(kinds), {*kinds}, done.stderr)
    return compare("growth", f"reconcile, {OPEN:,} open", "an empty ledger", *series, GOAL)


def _memory(kit: Installation) -> Iterator[Figure]:
    """Measure the resident memory of a gunicorn worker that answers ``call_request``."""
    with gunicorn(kit, workers=1) as address:
        url = f"{address}/cgi-bin/call_request.py?order={ORDER}"
        _requests(url, REQUESTS // 50)
        [worker] = [
            process
            for process in map(int, filter(str.isdigit, os.listdir("/proc")))
            if _parent(process) == _serving(kit)
        ]
        before = _resident(worker)
        _requests(url, REQUESTS)
        after = _resident(worker)
    yield compare(
        "memory", f"after {REQUESTS:,} requests", "after the first ones", [after], [before], "<= 1.05", "MiB"
    )
    yield compare("memory", "of a process", f"{MAX_MIB} MiB", [after], [MAX_MIB], "<= 1", "MiB")


def _requests(url: str, count: int) -> None:
    done = 0
    while done < count:
        output = subprocess.run(
            ["wrk", "-t1", f"-c{CONNECTIONS}", "-d5s", url], check=True, capture_output=True, text=True
        ).stdout
        done += int(re.findall(r"(\d+) requests in", output)[0])


def _serving(kit: Installation) -> int:
    return int((kit.folder / "gunicorn.pid").read_text())


def _parent(process: int) -> int:
    try:
        return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def _resident(process: int) -> float:
    [kib] = re.findall(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
    return int(kib) / 1024


def _ledger(kit: Installation) -> Ledger:
    pathfile = kit.pathfile
    assert pathfile.ledger
    return Ledger(pathfile.ledger, pathfile.journal)


def _fill(kit: Installation) -> None:
    """Fill a ledger with a year of payments, each accepted and the shop notified."""
    ledger = _ledger(kit)
    moment = int(time.time() * 1000) - TRANSACTIONS
    for number_of_day in range(DAYS):
        day = FIRST_DAY + timedelta(days=number_of_day)
        written = f"{day:%Y%m%d}"
        with ledger.database.transaction(flush=False) as execute:
            for number in range(1, TRANSACTIONS // DAYS + 2):
                moment += 1
                fields = {
                    "merchant_id": MERCHANT, "merchant_country": "fr", "amount": CENTS, "currency_code": "978",
                    "order_id": f"CMD-{moment}", "transmission_date": f"{written}120000",
                    "transaction_id": f"{number:06}",
                }  # fmt: skip
                entry, text = f"{moment:012x}{number:020x}", json.dumps(fields)
                [[request]] = execute(
                    "INSERT INTO sogenactif_request (entry, made, merchant, day, transaction_id, order_id, fields, outcome, notified)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, 'accepted', 'accepted') RETURNING id",
                    entry, day.isoformat(), f"fr.{MERCHANT}", written, number, fields["order_id"], text,
                )  # fmt: skip
                [[response]] = execute(
                    "INSERT INTO sogenactif_response (entry, received, source, request_id, verdict, fields)"
                    " VALUES (?, ?, 'automatic', ?, 'accepted', ?) RETURNING id",
                    f"{moment:012x}{number + 10**6:020x}", day.isoformat(), request, text,
                )  # fmt: skip
                execute("UPDATE sogenactif_request SET decided_by = ? WHERE id = ?", response, request)
    ledger.close()
    kit.give_data()
