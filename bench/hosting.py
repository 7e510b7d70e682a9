"""Hosting: requests a second under mod_wsgi and gunicorn, beside applications that do the least.

Pages that write nothing beside a constant one of the same size, ``call_request`` for a new order and
``call_autoresponse`` beside one commit.
"""

import itertools
import re
import shutil
import sqlite3
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

from bench.figures import Figure, compare
from bench.installation import ORDER, Installation, installed
from tests.support.serving import apache, free_port, wait_for_port

SECONDS, CONNECTIONS, WORKERS = 2, 8, 2
MAX_PER_SECOND = 2500  # responses to prepare for each second
CONSTANT = '''"""Answers with a constant page."""
PAGE = b"x" * {size}


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/html"), ("Content-Length", str(len(PAGE)))])
    return [PAGE]
'''
COMMIT = '''"""Answers once a row is committed to an SQLite file, as the ledger is: WAL, flushed."""
import sqlite3
import threading

here = threading.local()


def connected():
    connection = here.connection = sqlite3.connect("{path}", timeout=30, isolation_level=None)
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def application(environ, start_response):
    connection = getattr(here, "connection", None) or connected()
    fields = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)) or environ["QUERY_STRING"]
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO response VALUES (?)", [fields])
    connection.execute("COMMIT")
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "0")])
    return [b""]
'''

Server = Callable[[Installation], AbstractContextManager[str]]


def measure(rounds: int) -> Iterator[Figure]:
    """Measure each server, in fewer rounds: one takes seconds."""
    rounds = max(rounds // 6, 3)
    for name, server in (("gunicorn", gunicorn), ("mod_wsgi", mod_wsgi)):
        with installed(ledger=False) as kit:
            yield from _pages(kit, name, server, rounds, "", ">= 0.5" if name == "gunicorn" else ">= 0.45")
        with installed() as kit:
            yield from _responses(kit, name, server, rounds)
            yield from _orders(kit, name, server, rounds)
            yield from _pages(kit, name, server, rounds, " again, with a ledger", ">= 0.45")


def _pages(
    kit: Installation, name: str, server: Server, rounds: int, with_what: str, goal: str
) -> Iterator[Figure]:
    path = f"/cgi-bin/call_request.py?order={ORDER}"
    _write(kit, "constant", CONSTANT.format(size=1))
    with server(kit) as address:
        page = urllib.request.urlopen(address + path).read()
    _write(kit, "constant", CONSTANT.format(size=len(page)))
    with server(kit) as address:
        ours, theirs = _in_turns(address, path, "/constant", rounds, lambda: None)
    yield compare(name, f"call_request{with_what}", "a constant page", ours, theirs, goal, "/s")


RUNS = itertools.count()


def _orders(kit: Installation, name: str, server: Server, rounds: int) -> Iterator[Figure]:
    """Measure ``call_request`` for a new order each."""
    _write_commit(kit)
    rates: tuple[list[float], list[float]] = ([], [])
    with server(kit) as address:
        for _ in range(rounds + 1):
            for path, series in zip(("/cgi-bin/call_request.py", "/commit"), rates, strict=True):
                series.append(_rate(f"{address}{path}?order=R{next(RUNS)}-=", None, again=False))
    ours, theirs = (series[1:] for series in rates)
    yield compare(name, "call_request of a new order", "a bare commit", ours, theirs, ">= 0.7", "/s")


def _responses(kit: Installation, name: str, server: Server, rounds: int) -> Iterator[Figure]:
    _write_commit(kit)
    posts = kit.folder / "posts"

    def prepare() -> None:
        posts.write_text("".join(f"DATA={data}\n" for data in kit.sealed_responses(SECONDS * MAX_PER_SECOND)))

    with server(kit) as address:
        ours, theirs = _in_turns(address, "/cgi-bin/call_autoresponse.py", "/commit", rounds, prepare, posts)
    yield compare(name, "call_autoresponse", "a bare commit", ours, theirs, ">= 0.7", "/s")


def _in_turns(
    address: str, ours: str, theirs: str, rounds: int, prepare: Callable[[], None], posts: Path | None = None
) -> tuple[list[float], list[float]]:
    rates: tuple[list[float], list[float]] = ([], [])
    prepare()
    for path in (ours, theirs):
        _rate(address + path, posts, again=path == theirs)
    for _ in range(rounds):
        prepare()
        for path, series in zip((ours, theirs), rates, strict=True):
            series.append(_rate(address + path, posts, again=path == theirs))
    return rates


def _rate(url: str, posts: Path | None, again: bool) -> float:
    """Return the requests a second, as wrk counts them; with ``again`` a body may be posted more than once.

    Raises RuntimeError if some were answered with an error, as an empty body is when the others are used up.
    """
    command = [
        "wrk",
        "-t1",
        f"-c{CONNECTIONS}",
        f"-d{SECONDS}s",
        "-s",
        str(Path(__file__).with_name("wrk.lua")),
        url,
    ]
    if posts:
        command += ["--", str(posts), *(["again"] if again else [])]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    match = re.search(r"^@ (\d+) (\d+) (\d+) \d+ \d+ \d+$", output, re.MULTILINE)
    if not match or match[3] != "0":
        raise RuntimeError(f"{url}: {output}")
    return int(match[1]) / int(match[2]) * 1e6


def _write(kit: Installation, name: str, application: str) -> None:
    (kit.root / "cgi-bin" / f"{name}.py").write_text(application)


def _write_commit(kit: Installation) -> None:
    """Write the application that commits, and create its database: two processes that create it at once refuse each other."""
    path = f"{kit.root}/var/data/bare.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE IF NOT EXISTS response (fields TEXT)")
    kit.give_data()
    _write(kit, "commit", COMMIT.format(path=path))


@contextmanager
def gunicorn(kit: Installation, workers: int = WORKERS) -> Iterator[str]:
    """Serve the applications under gunicorn; yield the address."""
    port = free_port()
    both = (
        "import wsgi, importlib\n"
        "others = {n: importlib.import_module(n).application for n in ('constant', 'commit') if __import__('os').path.exists(n + '.py')}\n"
        "def application(environ, start_response):\n"
        "    return others.get(environ['PATH_INFO'][1:], wsgi.application)(environ, start_response)\n"
    )
    _write(kit, "hosted", both)
    command = [
        "/usr/bin/gunicorn", f"--workers={workers}", f"--pid={kit.folder}/gunicorn.pid", f"--bind=127.0.0.1:{port}", "hosted",
        "--log-level=warning", *([f"--user={kit.user}", f"--group={kit.user}"] if kit.user else []),
    ]  # fmt: skip
    process = subprocess.Popen(command, cwd=kit.root / "cgi-bin")
    try:
        wait_for_port(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def mod_wsgi(kit: Installation) -> Iterator[str]:
    """Serve the applications under Apache's mod_wsgi, as the installation has set it up; yield the address."""
    configuration = (
        f'Include {kit.folder}/kit.conf\nAliasMatch "^/(constant|commit)$" "{kit.root}/cgi-bin/$1.py"\n'
    )
    folder = kit.folder / "apache"
    folder.mkdir(exist_ok=True)
    with apache(folder, free_port(), configuration) as address:
        yield address
    shutil.rmtree(folder)
