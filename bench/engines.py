"""Engines: what a request and a response cost in the ledger of one process, SQLite and PostgreSQL, beside one bare commit there."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

from bench.figures import Figure, compare
from bench.growth import CALLS_PER_ROUND, record, register, timed
from bench.installation import installed
from sogenactif.configuration import LedgerAddress
from sogenactif.ledger.ledger import Ledger
from tests.support.serving import postgresql


def measure(rounds: int) -> Iterator[Figure]:
    """Measure each engine in one process, with nobody else who writes."""
    with installed() as kit:
        path = f"{kit.folder}/bare.db"
        with closing(sqlite3.connect(path, isolation_level=None)) as bare:
            bare.execute("PRAGMA journal_mode = WAL")
            bare.execute("PRAGMA synchronous = FULL")
            yield from _beside(
                "SQLite",
                Ledger(LedgerAddress(f"sqlite:///{kit.folder}/ledger.db"), f"{kit.folder}/journal"),
                _commit(bare.execute),
                rounds,
            )
    import psycopg

    with postgresql() as server, installed() as kit:
        url = server.new_database()
        with psycopg.connect(server.new_database(), autocommit=True) as connection:
            yield from _beside(
                "PostgreSQL",
                Ledger(LedgerAddress(url), f"{kit.folder}/journal"),
                _commit(connection.execute),
                rounds,
            )


def _commit(execute: Callable[[Any], object]) -> Callable[[], None]:
    execute("CREATE TABLE response (fields TEXT)")

    def commit() -> None:
        execute("BEGIN")
        execute("INSERT INTO response VALUES ('x')")
        execute("COMMIT")

    return commit


def _beside(engine: str, ledger: Ledger, commit: Callable[[], None], rounds: int) -> Iterator[Figure]:
    names = ("record the request of a new order", "match a response, record it, notify the shop")
    series: dict[str, list[float]] = {name: [] for name in (*names, "commit")}
    requests: list[dict[str, str]] = []
    for turn in range(rounds + 1):
        taken = (
            timed(lambda: requests.append(register(ledger)), CALLS_PER_ROUND),
            timed(lambda: record(ledger, requests.pop()), CALLS_PER_ROUND),
            timed(commit, CALLS_PER_ROUND),
        )
        if turn:
            for one, seconds in zip(series.values(), taken, strict=True):
                one.append(seconds)
    ledger.close()
    for name in names:
        yield compare(engine, name, "one bare commit", series[name], series["commit"])
