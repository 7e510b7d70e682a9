"""The schema of the ledger's database, and the engine that a LEDGER names: SQLite or PostgreSQL.

Statements are written for SQLite. What differs for PostgreSQL is changed in its engine and nowhere else:
``?`` stands for a value, ``{id}`` for the type of a row's ID, ``{lock}`` ends a SELECT whose rows are about to change.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from sogenactif.configuration import LedgerAddress
from sogenactif.errors import LedgerError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from sogenactif.ledger.postgresql import PostgresqlDatabase
    from sogenactif.ledger.sqlite import SqliteDatabase

Row = tuple["Any", ...]
Execute = Callable[..., list[Row]]

# Each entry leads from one version of the schema to the next.
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE sogenactif_counter (
            merchant TEXT NOT NULL, day TEXT NOT NULL, last INTEGER NOT NULL, PRIMARY KEY (merchant, day))""",
        """CREATE TABLE sogenactif_request (
            id {id}, entry TEXT NOT NULL UNIQUE, made TEXT NOT NULL,
            merchant TEXT NOT NULL, day TEXT NOT NULL, transaction_id INTEGER NOT NULL,
            order_id TEXT NOT NULL, fields TEXT NOT NULL,
            outcome TEXT NOT NULL DEFAULT '', decided_by BIGINT,
            told TEXT NOT NULL DEFAULT '', attempts INTEGER NOT NULL DEFAULT 0,
            UNIQUE (merchant, day, transaction_id))""",
        "CREATE INDEX sogenactif_order ON sogenactif_request (order_id)",
        "CREATE INDEX sogenactif_day ON sogenactif_request (day, id)",
        "CREATE INDEX sogenactif_untold ON sogenactif_request (attempts, id) WHERE outcome <> told",
        """CREATE TABLE sogenactif_response (
            id {id}, entry TEXT NOT NULL UNIQUE, received TEXT NOT NULL, source TEXT NOT NULL,
            request_id BIGINT, verdict TEXT NOT NULL, fields TEXT NOT NULL)""",
        "CREATE INDEX sogenactif_answers ON sogenactif_response (request_id)",
    ),
    ("CREATE INDEX sogenactif_number ON sogenactif_request (day, transaction_id)",),
    (
        "DROP INDEX sogenactif_untold",
        "ALTER TABLE sogenactif_request RENAME COLUMN told TO notified",
        "ALTER TABLE sogenactif_request ADD COLUMN printed TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE sogenactif_request ADD COLUMN protocol TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE sogenactif_request ADD COLUMN reference TEXT NOT NULL DEFAULT ''",
        """CREATE INDEX sogenactif_pending ON sogenactif_request (attempts, id)
            WHERE outcome <> notified AND outcome <> printed""",
        "CREATE INDEX sogenactif_waiting ON sogenactif_request (transaction_id) WHERE outcome = ''",
        "CREATE INDEX sogenactif_reference ON sogenactif_request (reference) WHERE reference <> ''",
        "ALTER TABLE sogenactif_response ADD COLUMN protocol TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE sogenactif_response ADD COLUMN day TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE sogenactif_response ADD COLUMN original TEXT NOT NULL DEFAULT '{{}}'",
        """CREATE TABLE sogenactif_reserved (
            merchant TEXT NOT NULL, day TEXT NOT NULL, transaction_id INTEGER NOT NULL,
            PRIMARY KEY (merchant, day, transaction_id))""",
    ),
    (
        """CREATE TABLE sogenactif_operation (
            id {id}, entry TEXT NOT NULL UNIQUE, made TEXT NOT NULL, request_id BIGINT NOT NULL,
            operation TEXT NOT NULL, amount BIGINT NOT NULL, state TEXT NOT NULL, fields TEXT NOT NULL,
            notified TEXT NOT NULL DEFAULT '', attempts INTEGER NOT NULL DEFAULT 0)""",
        "CREATE INDEX sogenactif_operations ON sogenactif_operation (request_id)",
    ),
    (
        "ALTER TABLE sogenactif_counter RENAME TO sogenactif_counter_before",
        # One counter for each merchant, day and range of numbers; first identifies the range.
        """CREATE TABLE sogenactif_counter (
            merchant TEXT NOT NULL, day TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
            PRIMARY KEY (merchant, day, first))""",
        "INSERT INTO sogenactif_counter SELECT merchant, day, 1, last FROM sogenactif_counter_before",
        "DROP TABLE sogenactif_counter_before",
        # Consecutive attempts to notify the shop that ended their process.
        "ALTER TABLE sogenactif_request ADD COLUMN unfinished INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE sogenactif_operation ADD COLUMN unfinished INTEGER NOT NULL DEFAULT 0",
        """CREATE INDEX sogenactif_refunds ON sogenactif_operation (attempts, id)
            WHERE state = 'done' AND operation <> 'validate' AND notified = ''""",
        "CREATE INDEX sogenactif_conflicts ON sogenactif_response (request_id) WHERE verdict = 'conflicting'",
    ),
)
BUSY_SECONDS = 5


# Only the engine that is needed is loaded: a CGI script loads it for every request.


def open_database(
    address: LedgerAddress, may_create: Callable[[], bool]
) -> "SqliteDatabase | PostgresqlDatabase":
    """Open the database of a LEDGER keyword; ``may_create`` is called before a new one is made. Raise LedgerError."""
    if address.file:
        from sogenactif.ledger.sqlite import SqliteDatabase

        return SqliteDatabase(address.file, may_create)
    from sogenactif.ledger.postgresql import PostgresqlDatabase

    return PostgresqlDatabase(address.url, may_create)


def schema_version(address: LedgerAddress) -> int:
    """Return the version of a database's schema, without migrating it. Raise LedgerError."""
    if address.file:
        from sogenactif.ledger.sqlite import stored_version

        return stored_version(address.file)
    from sogenactif.ledger.postgresql import stored_version as version_on_server

    return version_on_server(address.url)


@contextmanager
def rebuilt_database(address: LedgerAddress) -> "Iterator[SqliteDatabase | PostgresqlDatabase]":
    """Yield a new, empty database to fill; it takes the place of the lost one at the end. Raise LedgerError."""
    if address.file:
        from sogenactif.ledger.sqlite import rebuilt

        with rebuilt(address.file) as database:
            yield database
    else:
        from sogenactif.ledger.postgresql import rebuilt as rebuilt_on_server

        with rebuilt_on_server(address.url) as server:
            yield server


def statements(version: int) -> Sequence[str]:
    """Return the statements that lead from a version of the schema to the newest."""
    return [statement for step in MIGRATIONS[version:] for statement in step]


def check_version(name: str, version: int) -> None:
    """Raise LedgerError for a schema that is newer than this kit's."""
    if version > len(MIGRATIONS):
        raise LedgerError(name, f"made by a newer kit (schema {version}, this kit knows {len(MIGRATIONS)})")


def searchable(order_id: str) -> str:
    """Return an order_id as the database holds it: bytes that aren't UTF-8 are written as escapes."""
    return order_id.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")


def merchant_of(fields: Mapping[str, str]) -> str:
    """Return the merchant of a request as the database has it: the country and the merchant_id."""
    return searchable(f"{fields.get('merchant_country', '')}.{fields.get('merchant_id', '')}")
