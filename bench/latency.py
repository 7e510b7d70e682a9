"""Latency: how long the payment server waits for its 200 while eight customers pay at once and a command reads.

With a shop's function that does nothing, and with one that takes 200 ms. The 200 waits for the function of its own payment; it
waits for that of another payment only if all processes are busy.
"""

import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

from bench.figures import Figure, compare
from bench.hosting import gunicorn
from bench.installation import Installation, installed
from sogenactif.ledger.schema import BUSY_SECONDS

WRITERS, PROCESSES = 8, 8
FUNCTION_SECONDS = 0.2
SLOW = """def record_outcome(response: PaymentResponse) -> None:
    import time

    time.sleep({seconds})
"""


def measure(rounds: int) -> Iterator[Figure]:
    """Measure the waits of eight writers, with each function, beside those of one alone with a function that does nothing."""
    posts = max(rounds * 2, 20)
    waits = {}
    for seconds in (0.0, FUNCTION_SECONDS):
        with installed() as kit:
            script = kit.root / "cgi-bin" / "call_autoresponse.py"
            before, rest = script.read_text().split("def record_outcome(")
            script.write_text(before + SLOW.format(seconds=seconds) + rest[rest.index("\n\n\n") + 1 :])
            for writers in (1, WRITERS):
                waits[seconds, writers] = _waits(kit, writers, posts)
    for seconds in (0.0, FUNCTION_SECONDS):
        alone, together = (waits[seconds, writers] for writers in (1, WRITERS))
        name = f"{WRITERS} writers and a reader, function of {seconds * 1000:.0f} ms"
        for part, fraction in (("p50", 0.5), ("p99", 0.99)):
            yield compare(
                "latency",
                f"{part}, {name}",
                "a writer alone",
                [_quantile(together, fraction)],
                [_quantile(alone, fraction)],
            )
        gives_up = f"{BUSY_SECONDS} s, after which a writer gives up"
        yield compare(
            "latency", f"the longest, {name}", gives_up, [max(together)], [float(BUSY_SECONDS)], "<= 1"
        )


def _quantile(seconds: list[float], fraction: float) -> float:
    return sorted(seconds)[min(int(fraction * len(seconds)), len(seconds) - 1)]


def _waits(kit: Installation, writers: int, posts: int) -> list[float]:
    """Return how many seconds each post waited for its reply."""
    answers = [kit.sealed_responses(posts) for _ in range(writers)]
    over = threading.Event()

    def read() -> None:
        command = [f"{kit.root}/bin/sogenactif", "transactions", "--state", "accepted"]
        while not over.wait(0.1):
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    with gunicorn(kit, workers=PROCESSES) as address, ThreadPoolExecutor(writers + 1) as pool:

        def write(responses: list[str]) -> list[float]:
            waits = []
            for data in responses:
                start = time.perf_counter()
                body = urlencode({"DATA": data}).encode()
                with urllib.request.urlopen(f"{address}/cgi-bin/call_autoresponse.py", body) as answer:
                    answer.read()
                waits.append(time.perf_counter() - start)
            return waits

        reading = pool.submit(read)
        try:
            each = list(pool.map(write, answers))
        finally:
            over.set()
        reading.result()
    return [wait for waits in each for wait in waits]
