"""The server's transactions and messages, in an SQLite file.

Each call opens its own connection for one short transaction, so that the threads of a web server
share nothing. No card number or security code ever reaches this module.
"""

import json
import os
import secrets
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime

from sogenactif.configuration import PAYPAGE
from sogenactif_sandbox import rules
from sogenactif_sandbox.paypage import BY_SERVER
from sogenactif_sandbox.request import Request, differing
from sogenactif_sandbox.rules import Card
from sogenactif_sandbox.states import Operation
from sogenactif_sandbox.switches import OfficeSwitches, Switches

# OPEN: nothing authorised yet. AUTHORISING: the bank decides. NOTIFYING: the bank has decided, and the automatic
# response is being sent. CANCELLED: the customer gave up, and may come back. ENDED: the outcome is final.
OPEN, AUTHORISING, NOTIFYING, CANCELLED, ENDED = "OPEN", "AUTHORISING", "NOTIFYING", "CANCELLED", "ENDED"

# Kinds of messages: a shop's request; a rejected request; a response sent through the browser; an automatic response;
# a message of Office, with its answer.
REQUEST, REFUSED, RESPONSE, AUTOMATIC, OFFICE = "REQUEST", "REFUSED", "RESPONSE", "AUTOMATIC", "OFFICE"
MAX_REFUSED = 100

# The version of the tables below. Tables of another version are removed: sandbox payments are worth nothing.
VERSION = 5
REMOVE_TABLES = "DROP TABLE IF EXISTS messages; DROP TABLE IF EXISTS operations; DROP TABLE IF EXISTS transactions; DROP TABLE IF EXISTS switches; DROP TABLE IF EXISTS numbers"
SCHEMA = f"""
PRAGMA user_version = {VERSION};
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
    protocol TEXT NOT NULL,
    envelope TEXT NOT NULL,
    request TEXT NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    card TEXT NOT NULL DEFAULT 'null',
    response TEXT NOT NULL DEFAULT '{{}}',
    post TEXT NOT NULL DEFAULT '{{}}',
    switches TEXT NOT NULL DEFAULT '{{}}',
    days_ahead INTEGER NOT NULL DEFAULT 0,
    UNIQUE (day, merchant_country, merchant_id, transaction_id)
);
CREATE TABLE IF NOT EXISTS messages (
    id INTEGER PRIMARY KEY,
    "transaction" INTEGER REFERENCES transactions (id),
    moment TEXT NOT NULL,
    kind TEXT NOT NULL,
    post TEXT NOT NULL,
    fields TEXT NOT NULL,
    url TEXT NOT NULL DEFAULT '',
    state TEXT NOT NULL DEFAULT '',
    answer TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS messages_of_transaction ON messages ("transaction");
CREATE TABLE IF NOT EXISTS operations (
    id INTEGER PRIMARY KEY,
    "transaction" INTEGER NOT NULL REFERENCES transactions (id),
    moment TEXT NOT NULL,
    name TEXT NOT NULL,
    amount INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS operations_of_transaction ON operations ("transaction");
CREATE TABLE IF NOT EXISTS numbers (
    merchant_id TEXT NOT NULL,
    day TEXT NOT NULL,
    number TEXT NOT NULL,
    PRIMARY KEY (merchant_id, day, number)
);
CREATE TABLE IF NOT EXISTS switches (id INTEGER PRIMARY KEY CHECK (id = 1), next TEXT NOT NULL, office TEXT NOT NULL);
INSERT OR IGNORE INTO switches VALUES (1, '{{}}', '{{}}');
"""
INSERT_TRANSACTION = """
    INSERT INTO transactions
        (token, day, merchant_country, merchant_id, transaction_id, state, means, old, protocol, envelope, request,
        switches)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, (SELECT next FROM switches))
"""


@dataclass(frozen=True)
class Transaction:
    """Hold a payment. ``token`` is the customer's, unguessable; ``tries`` the wrong entries so far.

    ``protocol`` is sips or paypage; ``envelope`` says how a response of Paypage is written (``paypage.OpenedRequest``).
    ``card`` is None until one was entered; ``response`` and ``post`` are the outcome, empty
    before it. ``days_ahead`` is how many days the console moved its captures on.
    """

    id: int
    token: str = field(repr=False)
    day: str
    state: str
    means: str
    old: bool
    protocol: str
    envelope: Mapping[str, str]
    request: Mapping[str, str] = field(repr=False)
    tries: int
    card: Card | None = field(repr=False)
    response: Mapping[str, str] = field(repr=False)
    post: Mapping[str, str] = field(repr=False)
    switches: Switches
    days_ahead: int = 0

    @property
    def is_paypage(self) -> bool:
        """Return whether it is a transaction of Paypage (Sips 2.0)."""
        return self.protocol == PAYPAGE


@dataclass(frozen=True)
class Message:
    """Hold a message that was received or sent: its ``fields``, read from ``post``.

    For an automatic response, ``url`` is its address, ``state`` SENT, FAILED or UNDEFINED, and
    ``answer`` the shop's answer; for a refused request, ``answer`` is the reason.
    """

    id: int
    moment: str
    kind: str
    post: Mapping[str, str] = field(repr=False)
    fields: Mapping[str, str] = field(repr=False)
    url: str
    state: str
    answer: str = field(repr=False)


class Mismatch(Exception):
    """Report a request with the transaction_id of another payment of today, by the first field that differs."""

    def __init__(self, name: str, transaction: Transaction | None = None) -> None:
        super().__init__(name)
        self.transaction = transaction


class UsedAlready(Exception):
    """Report a request of Paypage with a number that was used before, even for an instalment of another payment."""


class Transactions:
    """Store the transactions of a server in the SQLite file ``path``."""

    def __init__(self, path: str) -> None:
        self.path = path
        # Other users of this machine must not read what shops and customers sent.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        with self._connection() as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            if connection.execute("PRAGMA user_version").fetchone()[0] != VERSION:
                connection.executescript(REMOVE_TABLES)
            connection.executescript(SCHEMA)
            # If the server stopped during an authorisation, the payment is open again.
            connection.execute("UPDATE transactions SET state = ? WHERE state = ?", (OPEN, AUTHORISING))
            connection.execute(
                "UPDATE transactions SET state = CASE json_extract(response, '$.response_code')"
                " WHEN ? THEN ? ELSE ? END WHERE state = ?",
                (rules.CANCELLED, CANCELLED, ENDED, NOTIFYING),
            )

    def begin(self, request: Request, day: str) -> Transaction:
        """Return the transaction of a request on a day (aaaammjj): a new one, or the one that it repeats.

        A transaction that is authorised, or being authorised, is returned unchanged. Raises Mismatch.
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
                _insert(connection, request, day, fields)
            elif row["state"] in (OPEN, CANCELLED):
                first = json.loads(row["request"])
                # The specification names nine fields whose difference is a security error. With any
                # other difference the customer of the first request would pay another order: it is a
                # security error too.
                for name in differing(first, fields):
                    raise Mismatch(name, _transaction(row))
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

    def begin_paypage(self, request: Request, day: str) -> Transaction:
        """Return a new transaction of Paypage on a day (aaaammjj), with the numbers that the server assigns.

        A number is used once, whatever the outcome. Raises UsedAlready.
        """
        fields, merchant_id = dict(request.fields), request.fields["merchant_id"]
        by_server = not request.numbers
        with self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            (last,) = connection.execute(
                "SELECT coalesce(max(CAST(number AS INTEGER)), 0) FROM numbers WHERE (merchant_id, day) = (?, ?)",
                (merchant_id, day),
            ).fetchone()
            number = next((own for of_day, own in request.numbers[:1] if of_day), f"{last + 1:06}")
            reference = fields.get("reference")
            if not reference and by_server and BY_SERVER.get(merchant_id) != "s10":
                reference = f"SIM{day}{secrets.token_hex(5).upper()}"
            fields["reference"] = reference or f"{day}{number}"
            fields["transaction_id"] = reference or number
            # The platform writes its own numbers without leading zeros.
            fields |= {"s10_number": number.lstrip("0") if reference else number, "s10_day": day}
            used = dict.fromkeys(((day, number), ("", fields["reference"]), *request.numbers))
            try:
                connection.executemany(
                    "INSERT INTO numbers VALUES (?, ?, ?)", [(merchant_id, *of_day) for of_day in used]
                )
                id = _insert(connection, request, day, fields)
            except sqlite3.IntegrityError:
                raise UsedAlready(fields["transaction_id"]) from None
            row = connection.execute("SELECT * FROM transactions WHERE id = ?", (id,)).fetchone()
        return _transaction(row)

    def open_paypage(self) -> list[Transaction]:
        """Return the transactions of Paypage whose customers haven't paid yet."""
        with self._connection() as connection:
            rows = connection.execute(
                "SELECT * FROM transactions WHERE state = ? AND protocol = ?", (OPEN, PAYPAGE)
            )
            return [_transaction(row) for row in rows]

    def find(self, token: str) -> Transaction | None:
        """Return the transaction of a customer's token, None if there is none."""
        with self._connection() as connection:
            row = connection.execute("SELECT * FROM transactions WHERE token = ?", (token,)).fetchone()
        return _transaction(row) if row else None

    def count_wrong_entry(self, id: int) -> int:
        """Count one more wrong entry; return how many there are now."""
        with self._connection() as connection:
            row = connection.execute(
                "UPDATE transactions SET tries = tries + 1 WHERE id = ? RETURNING tries", (id,)
            ).fetchone()
        return int(row["tries"])

    def store_card(self, id: int, card: Card) -> bool:
        """Store the storable values of a card; return False if the transaction isn't open any more."""
        with self._connection() as connection:
            cursor = connection.execute(
                "UPDATE transactions SET card = ? WHERE id = ? AND state = ?",
                (json.dumps(asdict(card)), id, OPEN),
            )
        return cursor.rowcount == 1

    def begin_authorisation(self, id: int, day: str) -> bool:
        """Begin the authorisation of an open transaction on a day; return False if another call has. Raises Mismatch."""
        with self._connection() as connection:
            try:
                claimed = connection.execute(
                    "UPDATE transactions SET state = ?, day = ? WHERE id = ? AND state = ?",
                    (AUTHORISING, day, id, OPEN),
                )
            except sqlite3.IntegrityError:  # after midnight, and the number was used again since
                raise Mismatch("transaction_id") from None
        return claimed.rowcount == 1

    def set_state(self, id: int, state: str) -> None:
        """Set the state of a transaction whose authorisation began: OPEN if nothing was authorised."""
        with self._connection() as connection:
            connection.execute("UPDATE transactions SET state = ? WHERE id = ?", (state, id))

    def finish(
        self, id: int, card: Card | None, response: Mapping[str, str], post: Mapping[str, str], state: str
    ) -> None:
        """Record the outcome of a transaction whose authorisation began."""
        card_json = json.dumps(asdict(card) if card else None)
        with self._connection() as connection:
            connection.execute(
                "UPDATE transactions SET state = ?, card = ?, response = ?, post = ? WHERE id = ?",
                (state, card_json, json.dumps(response), json.dumps(post), id),
            )

    # Messages

    def record(
        self,
        id: int | None,
        moment: str,
        kind: str,
        post: Mapping[str, str],
        fields: Mapping[str, str],
        url: str = "",
        state: str = "",
        answer: str = "",
    ) -> None:
        """Record a message, of a transaction or of none. Only the last 100 refused ones are stored."""
        with self._connection() as connection:
            connection.execute(
                'INSERT INTO messages ("transaction", moment, kind, post, fields, url, state, answer)'
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (id, moment, kind, json.dumps(post), json.dumps(fields), url, state, answer),
            )
            if kind == REFUSED:
                connection.execute(
                    "DELETE FROM messages WHERE kind = ? AND id NOT IN"
                    " (SELECT id FROM messages WHERE kind = ? ORDER BY id DESC LIMIT ?)",
                    (REFUSED, REFUSED, MAX_REFUSED),
                )

    def messages(self, id: int | None) -> list[Message]:
        """Return the messages of a transaction, or those of none, oldest first."""
        with self._connection() as connection:
            rows = connection.execute('SELECT * FROM messages WHERE "transaction" IS ? ORDER BY id', (id,))
            return [_message(row) for row in rows]

    # For the console

    def get(self, id: int) -> Transaction | None:
        """Return the transaction of an ID, None if there is none."""
        with self._connection() as connection:
            row = connection.execute("SELECT * FROM transactions WHERE id = ?", (id,)).fetchone()
        return _transaction(row) if row else None

    def last(
        self, count: int, merchant_id: str = "", transaction_id: str = "", order_id: str = "", state: str = ""
    ) -> list[Transaction]:
        """Return the last transactions, newest first; only those of a merchant, number, order or state if it is given."""
        with self._connection() as connection:
            rows = connection.execute(
                "SELECT * FROM transactions WHERE merchant_id IN (?1, CASE ?1 WHEN '' THEN merchant_id END)"
                " AND transaction_id IN (?2, CASE ?2 WHEN '' THEN transaction_id END)"
                " AND (?3 = '' OR json_extract(request, '$.order_id') = ?3) AND state IN (?4, CASE ?4 WHEN '' THEN state END)"
                " ORDER BY id DESC LIMIT ?5",
                (merchant_id, transaction_id, order_id, state, count),
            )
            return [_transaction(row) for row in rows]

    def automatic_states(self, ids: Collection[int]) -> dict[int, list[str]]:
        """Return the states of the automatic responses of some transactions, by ID, oldest first."""
        states: dict[int, list[str]] = {id: [] for id in ids}
        with self._connection() as connection:
            for row in connection.execute(
                'SELECT "transaction", state FROM messages WHERE kind = ? AND "transaction" IN'
                " (SELECT value FROM json_each(?)) ORDER BY id",
                (AUTOMATIC, json.dumps(list(ids))),
            ):
                states[row["transaction"]].append(row["state"])
        return states

    def next_switches(self) -> Switches:
        """Return the switches of the next payment."""
        with self._connection() as connection:
            row = connection.execute("SELECT next FROM switches").fetchone()
        return Switches.of(json.loads(row["next"]))

    def set_switches(self, switches: Switches) -> None:
        """Set the switches of the next payment."""
        with self._connection() as connection:
            connection.execute("UPDATE switches SET next = ?", (json.dumps(asdict(switches)),))

    # For Office

    def find_paypage(self, merchant_id: str, number: str, day: str, reference: str) -> Transaction | None:
        """Return the transaction of Paypage with a number of a day (aaaammjj), or with a transactionReference."""
        by_number = "CAST(json_extract(request, '$.s10_number') AS INTEGER) = ? AND json_extract(request, '$.s10_day') = ?"
        where, values = (
            ("json_extract(request, '$.reference') = ?", [reference])
            if reference
            else (by_number, [int(number), day])
        )
        with self._connection() as connection:
            row = connection.execute(
                f"SELECT * FROM transactions WHERE merchant_id = ? AND {where}", [merchant_id, *values]
            ).fetchone()
        return _transaction(row) if row else None

    def operations(self, id: int) -> list[Operation]:
        """Return the operations (cancel, refund, validate) on a transaction, oldest first."""
        with self._connection() as connection:
            return _operations(connection, id)

    def operate(self, id: int, decide: Callable[[list[Operation]], Operation | None]) -> None:
        """Add the operation that ``decide`` makes of those so far, if any; nobody adds one meanwhile."""
        with self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            operation = decide(_operations(connection, id))
            if operation:
                connection.execute(
                    'INSERT INTO operations ("transaction", moment, name, amount) VALUES (?, ?, ?, ?)',
                    (id, operation.moment.isoformat(), operation.name, operation.amount),
                )

    def move_to_tomorrow(self) -> None:
        """Let a day pass for the captures of all transactions so far."""
        with self._connection() as connection:
            connection.execute("UPDATE transactions SET days_ahead = days_ahead + 1")

    def office_switches(self) -> OfficeSwitches:
        """Return the switches of the messages of Office."""
        with self._connection() as connection:
            row = connection.execute("SELECT office FROM switches").fetchone()
        return OfficeSwitches.of(json.loads(row["office"]))

    def set_office_switches(self, switches: OfficeSwitches) -> None:
        """Set what the messages of Office will do."""
        with self._connection() as connection:
            connection.execute("UPDATE switches SET office = ?", (json.dumps(asdict(switches)),))

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self.path, timeout=10)
        connection.row_factory = sqlite3.Row
        try:
            with connection:
                yield connection
        finally:
            connection.close()


def _insert(connection: sqlite3.Connection, request: Request, day: str, fields: Mapping[str, str]) -> int:
    """Insert a transaction, with the switches that were set for the next one; return its ID."""
    key = day, fields["merchant_country"], fields["merchant_id"], fields["transaction_id"]
    values = (
        *key,
        OPEN,
        request.means,
        request.old,
        request.protocol,
        json.dumps(request.envelope),
        json.dumps(fields),
    )
    cursor = connection.execute(INSERT_TRANSACTION, (secrets.token_urlsafe(24), *values))
    connection.execute("UPDATE switches SET next = '{}'")
    assert cursor.lastrowid
    return cursor.lastrowid


def _transaction(row: sqlite3.Row) -> Transaction:
    card = json.loads(row["card"])
    return Transaction(
        id=row["id"],
        token=row["token"],
        day=row["day"],
        state=row["state"],
        means=row["means"],
        old=bool(row["old"]),
        protocol=row["protocol"],
        envelope=json.loads(row["envelope"]),
        request=json.loads(row["request"]),
        tries=row["tries"],
        card=Card(**card | {"brands": tuple(card["brands"])}) if card else None,
        response=json.loads(row["response"]),
        post=json.loads(row["post"]),
        switches=Switches.of(json.loads(row["switches"])),
        days_ahead=row["days_ahead"],
    )


def _operations(connection: sqlite3.Connection, id: int) -> list[Operation]:
    rows = connection.execute('SELECT * FROM operations WHERE "transaction" = ? ORDER BY id', (id,))
    return [Operation(datetime.fromisoformat(row["moment"]), row["name"], row["amount"]) for row in rows]


def _message(row: sqlite3.Row) -> Message:
    return Message(
        id=row["id"],
        moment=row["moment"],
        kind=row["kind"],
        post=json.loads(row["post"]),
        fields=json.loads(row["fields"]),
        url=row["url"],
        state=row["state"],
        answer=row["answer"],
    )
