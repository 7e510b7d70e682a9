"""What has happened: the transactions, in an SQLite file.

Each call opens a connection of its own and is one short transaction, so that the threads of a
web server share nothing. No card number nor security code is ever given to this module.
"""

import json
import secrets
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from demo.payment.request import SAME_PAYMENT, Request
from demo.payment.rules import Card

# OPEN: nothing authorised yet. AUTHORISING: the bank is being asked. CANCELLED: the customer gave up,
# and may come back. ENDED: there is an answer for good.
OPEN, AUTHORISING, CANCELLED, ENDED = "OPEN", "AUTHORISING", "CANCELLED", "ENDED"

SCHEMA = """
CREATE TABLE IF NOT EXISTS transactions (
    id INTEGER PRIMARY KEY,
    token TEXT NOT NULL UNIQUE,
    day TEXT NOT NULL,
    merchant_country TEXT NOT NULL,
    merchant_id TEXT NOT NULL,
    transaction_id TEXT NOT NULL,
    state TEXT NOT NULL,
    means TEXT NOT NULL,
    old INTEGER NOT NULL,
    request TEXT NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    card TEXT NOT NULL DEFAULT 'null',
    response TEXT NOT NULL DEFAULT '{}',
    data TEXT NOT NULL DEFAULT '',
    UNIQUE (day, merchant_country, merchant_id, transaction_id)
);
CREATE TABLE IF NOT EXISTS automatic_responses (
    id INTEGER PRIMARY KEY,
    transaction_id INTEGER NOT NULL REFERENCES transactions (id),
    moment TEXT NOT NULL,
    url TEXT NOT NULL,
    data TEXT NOT NULL,
    state TEXT NOT NULL,
    answer TEXT NOT NULL
);
"""


@dataclass(frozen=True)
class Transaction:
    """A payment as it stands. ``token`` is the customer's, unguessable; ``tries`` the wrong entries so far.

    ``card`` is what is kept of the card, once one was typed in; ``response`` and ``data`` are the
    outcome, empty before it.
    """

    id: int
    token: str
    day: str
    state: str
    means: str
    old: bool
    request: Mapping[str, str]
    tries: int
    card: Card | None
    response: Mapping[str, str]
    data: str


class Mismatch(Exception):
    """A request with the transaction_id of another payment of today."""


class Transactions:
    """The transactions of a server, in the SQLite file ``path``."""

    def __init__(self, path: str) -> None:
        self.path = path
        with self._connection() as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(SCHEMA)
            # A server that stopped while it was asking the bank has asked nothing.
            connection.execute("UPDATE transactions SET state = ? WHERE state = ?", (OPEN, AUTHORISING))

    def begin(self, request: Request, day: str) -> Transaction:
        """The transaction of a request on a day (aaaammjj): a new one, or the one that it asks again for.

        One that has an answer, or waits for it, is given as it stands. Raises Mismatch.
        """
        fields = request.fields
        key = day, fields["merchant_country"], fields["merchant_id"], fields["transaction_id"]
        with self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            row = connection.execute(
                "SELECT * FROM transactions WHERE (day, merchant_country, merchant_id, transaction_id)"
                " = (?, ?, ?, ?)",
                key,
            ).fetchone()
            if row is None:
                connection.execute(
                    "INSERT INTO transactions (token, day, merchant_country, merchant_id, transaction_id,"
                    " state, means, old, request) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (secrets.token_urlsafe(24), *key, OPEN, request.means, request.old, json.dumps(fields)),
                )
            elif row["state"] in (OPEN, CANCELLED):
                first = json.loads(row["request"])
                if any(first.get(name) != fields.get(name) for name in SAME_PAYMENT):
                    raise Mismatch
                connection.execute(
                    "UPDATE transactions SET state = ?, means = ?, old = ?, request = ?, card = 'null'"
                    " WHERE id = ?",
                    (OPEN, request.means, request.old, json.dumps(fields), row["id"]),
                )
            return _transaction(
                connection.execute(
                    "SELECT * FROM transactions WHERE (day, merchant_country, merchant_id, transaction_id)"
                    " = (?, ?, ?, ?)",
                    key,
                ).fetchone()
            )

    def find(self, token: str) -> Transaction | None:
        """The transaction of a customer's token."""
        with self._connection() as connection:
            row = connection.execute("SELECT * FROM transactions WHERE token = ?", (token,)).fetchone()
        return _transaction(row) if row else None

    def count_wrong_entry(self, id: int) -> int:
        """One more wrong entry; how many that makes."""
        with self._connection() as connection:
            row = connection.execute(
                "UPDATE transactions SET tries = tries + 1 WHERE id = ? RETURNING tries", (id,)
            ).fetchone()
        return int(row["tries"])

    def keep_card(self, id: int, card: Card) -> None:
        """Keep what may be kept of a card, until it is authorised."""
        with self._connection() as connection:
            connection.execute(
                "UPDATE transactions SET card = ? WHERE id = ?", (json.dumps(asdict(card)), id)
            )

    def claim(self, id: int, day: str) -> bool:
        """Take a transaction that is open, to authorise it on a day: of two who try, one may."""
        with self._connection() as connection:
            try:
                claimed = connection.execute(
                    "UPDATE transactions SET state = ?, day = ? WHERE id = ? AND state = ?",
                    (AUTHORISING, day, id, OPEN),
                )
            except sqlite3.IntegrityError:  # after midnight, and the number was used again since
                return False
        return claimed.rowcount == 1

    def release(self, id: int) -> None:
        """Give a claimed transaction back, with nothing authorised."""
        with self._connection() as connection:
            connection.execute("UPDATE transactions SET state = ? WHERE id = ?", (OPEN, id))

    def finish(self, id: int, response: Mapping[str, str], data: str, state: str = ENDED) -> None:
        """Record the outcome of a claimed transaction."""
        with self._connection() as connection:
            connection.execute(
                "UPDATE transactions SET state = ?, response = ?, data = ? WHERE id = ?",
                (state, json.dumps(response), data, id),
            )

    def record_automatic(self, id: int, moment: str, url: str, data: str, state: str, answer: str) -> None:
        """Record an automatic response: its state (SENT, FAILED, UNDEFINED) and what the shop answered."""
        with self._connection() as connection:
            connection.execute(
                "INSERT INTO automatic_responses (transaction_id, moment, url, data, state, answer)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (id, moment, url, data, state, answer),
            )

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self.path, timeout=10)
        connection.row_factory = sqlite3.Row
        try:
            with connection:
                yield connection
        finally:
            connection.close()


def _transaction(row: sqlite3.Row) -> Transaction:
    card = json.loads(row["card"])
    return Transaction(
        id=row["id"],
        token=row["token"],
        day=row["day"],
        state=row["state"],
        means=row["means"],
        old=bool(row["old"]),
        request=json.loads(row["request"]),
        tries=row["tries"],
        card=Card(**card) if card else None,
        response=json.loads(row["response"]),
        data=row["data"],
    )
