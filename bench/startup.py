"""Start-up: whole processes of each script beside an interpreter that only imports.

Each script answers a request of its own each time, with Apache's environment; time is that of the wall.
"""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode

from bench.figures import Figure, compare
from bench.installation import CENTS, INTERPRETER, MERCHANT, ORDER, Installation, installed

GOAL, GOAL_WITH_LEDGER = "<= 1.15", "<= 1.25"
RENDERS_AND_SEALS = "import jinja2\nfrom Crypto.Cipher import DES\n"
SEALS = "from Crypto.Cipher import DES\n"
# What a ledger in SQLite, with a journal of JSON lines that are dated in Paris, can't do without.
LEDGER = "import sqlite3, json, zoneinfo\n"
ENVIRON = {"PATH": "/usr/bin:/bin", "GATEWAY_INTERFACE": "CGI/1.1", "SERVER_NAME": "shop.example", "SERVER_PORT": "443",
           "SERVER_PROTOCOL": "HTTP/1.1", "HTTPS": "on", "HTTP_ACCEPT_LANGUAGE": "fr"}  # fmt: skip


def measure(rounds: int) -> Iterator[Figure]:
    """Measure each script, without a ledger and with one."""
    for ledger in (False, True):
        with installed(ledger) as kit:
            yield from _scripts(kit, rounds, ledger)


def _scripts(kit: Installation, rounds: int, ledger: bool) -> Iterator[Figure]:
    scripts, programs = kit.root / "cgi-bin", kit.root / "bin"
    warm = 3
    answers = iter(kit.sealed_responses(3 * (rounds + warm)))
    asks = [f"merchant_id={MERCHANT}", f"amount={CENTS}", f"order_id={ORDER}"]
    pathfile = f"pathfile={scripts}/pathfile"
    runs: dict[str, tuple[str, Callable[[], float]]] = {
        "call_request": (
            RENDERS_AND_SEALS,
            lambda: cgi(scripts / "call_request.py", query=f"order={ORDER}"),
        ),
        "call_response": (RENDERS_AND_SEALS, lambda: cgi(scripts / "call_response.py", data=next(answers))),
        "call_autoresponse": (SEALS, lambda: cgi(scripts / "call_autoresponse.py", data=next(answers))),
        "bin/request": (RENDERS_AND_SEALS, lambda: _run(programs / "request", *asks, pathfile)),
        "bin/response": (SEALS, lambda: _run(programs / "response", f"message={next(answers)}", pathfile)),
    }
    for name, (imports, run) in runs.items():
        bare = _written(kit, "bare", imports)
        least = _written(kit, "least", imports + LEDGER)
        series: tuple[list[float], ...] = ([], [], [])
        for turn in range(rounds + warm):
            times = run(), _run(bare), _run(least)
            for taken, one in zip(times, series, strict=True):
                if turn >= warm:
                    one.append(taken)
        ours, others, with_ledger = series
        label = f"{name}, with a ledger" if ledger else name
        beside = "jinja2, DES" if "jinja2" in imports else "DES"
        if ledger:
            yield compare(
                "start", label, f"{beside}, sqlite3, json, zoneinfo", ours, with_ledger, GOAL_WITH_LEDGER
            )
            yield compare("start", label, beside, ours, others)
        else:
            yield compare("start", label, beside, ours, others, GOAL)


def _written(kit: Installation, name: str, imports: str) -> Path:
    path = kit.folder / f"{name}.py"
    packages = str(kit.root / "lib" / "packages")
    path.write_text(f"#!{INTERPRETER}\nimport sys\nsys.path[:0] = [{packages!r}]\n{imports}")
    path.chmod(0o755)
    return path


def _run(program: Path, *arguments: str) -> float:
    return _timed([str(program), *arguments], {"PATH": ENVIRON["PATH"]}, b"")


def cgi(script: Path, query: str = "", data: str = "") -> float:
    """Return the seconds that a script takes by CGI. Raises RuntimeError if its answer is wrong."""
    body = urlencode({"DATA": data}).encode() if data else b""
    environ = {
        "REQUEST_METHOD": "POST" if data else "GET",
        "QUERY_STRING": query,
        "SCRIPT_NAME": f"/cgi-bin/{script.name}",
    }
    if data:
        environ |= {"CONTENT_TYPE": "application/x-www-form-urlencoded", "CONTENT_LENGTH": str(len(body))}
    return _timed([str(script)], ENVIRON | environ, body)


def _timed(command: list[str], environ: dict[str, str], body: bytes) -> float:
    """Return the seconds from start to end of a process. Raises RuntimeError if its answer is wrong."""
    start = time.perf_counter()
    process = subprocess.Popen(
        command, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd="/"
    )
    output, errors = process.communicate(body)
    taken = time.perf_counter() - start
    if process.returncode or errors or output.startswith((b"Status: 4", b"Status: 5", b"!-1")):
        raise RuntimeError(f"{command[0]} failed: {os.fsdecode(output[:300] + errors)}")
    return taken
