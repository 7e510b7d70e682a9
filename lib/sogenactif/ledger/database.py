"""The ledger's database, SQLite or PostgreSQL: one schema, plain SQL, transactions.

Statements are written for SQLite. What PostgreSQL wants otherwise is changed here and nowhere else:
``?`` stands for a value, ``{id}`` for the type of a number that the database gives, ``{lock}``
ends a SELECT whose rows are about to change.
"""

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count

from sogenactif.errors import LedgerError, LedgerMissing
from sogenactif.files import give_to_folder_owner

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

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
)
BUSY_SECONDS = 5
PSYCOPG_MISSING = "psycopg is missing: ./install.sh postgresql installs it"
MOST_WAL_BYTES = 4 * 1024 * 1024


class SqliteDatabase:
    """A ledger in an SQLite file, for one machine; ``path`` is absolute."""

    def __init__(self, path: str, may_create: Callable[[], bool]) -> None:
        import sqlite3

        self.path = path
        # Of before it is opened: a file that took its place since is not the one to go on with.
        self._file = _identity(path)
        # Who finds entries in the journal looks again: another process may have begun the ledger meanwhile.
        if not self._file and not may_create() and not _identity(path):
            raise LedgerMissing(path)
        self._error = sqlite3.Error
        try:
            # A connection is lent to one thread at a time.
            self._connection = sqlite3.connect(
                path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise LedgerError(path, error) from error
        try:
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.execute(f"PRAGMA journal_size_limit = {MOST_WAL_BYTES}")
            version = self._version()
            _check_version(path, version)
            if version == 0 and not may_create() and self._version() == 0:
                raise LedgerMissing(path)
            if version < len(MIGRATIONS):
                self._migrate()
        except (sqlite3.Error, OSError) as error:
            self._connection.close()
            raise LedgerError(path, error) from error
        except LedgerError:
            self._connection.close()
            raise
        self._file = self._file or _identity(path)
        self._wal = _identity(f"{path}-wal", may_be_empty=True)

    def _version(self) -> int:
        return int(self._connection.execute("PRAGMA user_version").fetchone()[0])

    def _migrate(self) -> None:
        # SQLite refuses rather than waits where two turn a new file to WAL at once.
        folder = os.open(os.path.dirname(self.path), os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            os.chmod(self.path, 0o600)
            give_to_folder_owner(self.path)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("BEGIN IMMEDIATE")
            for statement in _statements(self._version()):
                self._connection.execute(statement.format(id="INTEGER PRIMARY KEY", lock=""))
            self._connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
            self._connection.execute("COMMIT")
        finally:
            os.close(folder)

    @contextmanager
    def transaction(self, flush: bool = True) -> Iterator[Execute]:
        """A transaction that no other writer sees or disturbs; yields what runs a statement. Raises LedgerError.

        Its end is on the disk, or without ``flush`` is so with the next one that is.
        """

        def execute(statement: str, *values: object) -> list[Row]:
            return self._connection.execute(statement.format(lock=""), values).fetchall()

        try:
            if not flush:
                self._connection.execute("PRAGMA synchronous = NORMAL")
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                yield execute
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            finally:
                if not flush:
                    self._connection.execute("PRAGMA synchronous = FULL")
        except self._error as error:
            raise LedgerError(self.path, error) from error

    def rows(self, statement: str, *values: object) -> Iterator[Row]:
        """The rows of a SELECT, read as they are needed. Raises LedgerError."""
        try:
            yield from self._connection.execute(statement, values)
        except self._error as error:
            raise LedgerError(self.path, error) from error

    @contextmanager
    def claim(self, number: int) -> Iterator[bool]:
        """Whether this process alone holds a number; a process that dies lets go of it."""
        path = f"{self.path}.{number}.lock"
        try:
            file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            give_to_folder_owner(path)
        except OSError as error:
            raise LedgerError(path, error) from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Its last holder may have taken the file away since it was opened here.
            mine = os.path.samestat(os.fstat(file), os.stat(path))
        except OSError:
            mine = False
        try:
            yield mine
        finally:
            if mine:
                with contextlib.suppress(OSError):
                    os.unlink(path)
            os.close(file)

    def is_usable(self) -> bool:
        """Whether the file that was opened is still there, and not lost, emptied or made again."""
        same_file = _identity(self.path) == self._file is not None
        return same_file and _identity(f"{self.path}-wal", may_be_empty=True) == self._wal

    def close(self) -> None:
        self._connection.close()


class PostgresqlDatabase:
    """A ledger in PostgreSQL, for shops with several web servers; ``url`` is ``postgresql://…``."""

    def __init__(self, url: str, may_create: Callable[[], bool], migrate: bool = True) -> None:
        self._name = "postgresql"
        try:
            import psycopg
            from psycopg.conninfo import conninfo_to_dict
        except ImportError:
            raise LedgerError(self._name, PSYCOPG_MISSING) from None
        self._error = psycopg.Error
        self._cursors = count()
        try:
            place = conninfo_to_dict(url)
        except psycopg.Error:
            raise LedgerError(self._name, "LEDGER is no address of PostgreSQL") from None
        # Never the whole address: it may hold a password.
        self._name = f"postgresql://{place.get('host', '')}:{place.get('port', '')}/{place.get('dbname', '')}"
        try:
            self._connection = psycopg.connect(
                url,
                autocommit=True,
                connect_timeout=BUSY_SECONDS,
                client_encoding="utf8",
                tcp_user_timeout=2000 * BUSY_SECONDS,
                options=f"-c lock_timeout={BUSY_SECONDS}s -c statement_timeout={2 * BUSY_SECONDS}s",
            )
        except psycopg.Error as error:
            raise LedgerError(self._name, error) from error
        try:
            if migrate:
                self.migrate(may_create)
        except psycopg.Error as error:
            self._connection.close()
            raise LedgerError(self._name, error) from error
        except LedgerError:
            self._connection.close()
            raise

    def migrate(self, may_create: Callable[[], bool]) -> None:
        """Bring the schema up to this kit's; ``may_create`` is asked before there is one. Raises LedgerError."""
        version = self._version()
        if version == 0 and not may_create() and self._version() == 0:
            raise LedgerMissing(self._name)
        if version < len(MIGRATIONS):
            with self.transaction() as execute:
                execute("SELECT pg_advisory_xact_lock(hashtext('sogenactif_schema'))")
                execute("CREATE TABLE IF NOT EXISTS sogenactif_schema (version INTEGER NOT NULL)")
                version = self._version()
                for statement in _statements(version):
                    execute(statement)
                execute("DELETE FROM sogenactif_schema")
                execute("INSERT INTO sogenactif_schema VALUES (?)", len(MIGRATIONS))
        _check_version(self._name, version)

    def _version(self) -> int:
        [[exists]] = self._connection.execute(
            "SELECT to_regclass('sogenactif_schema') IS NOT NULL"
        ).fetchall()
        if not exists:
            return 0
        row = self._connection.execute("SELECT version FROM sogenactif_schema").fetchone()
        return int(row[0]) if row else 0

    @contextmanager
    def transaction(self, flush: bool = True) -> Iterator[Execute]:
        """As that of SQLite; rows read with ``{lock}`` are this transaction's until it ends."""

        def execute(statement: str, *values: object) -> list[Row]:
            text = statement.format(
                id="BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY", lock="FOR UPDATE"
            )
            cursor = self._connection.execute(text.replace("?", "%s").encode(), values or None)
            return cursor.fetchall() if cursor.description else []

        try:
            with self._connection.transaction():
                if not flush:
                    self._connection.execute("SET LOCAL synchronous_commit = off")
                yield execute
        except self._error as error:
            raise LedgerError(self._name, error) from error

    def rows(self, statement: str, *values: object) -> Iterator[Row]:
        """As those of SQLite."""
        try:
            with (
                self._connection.transaction(),
                self._connection.cursor(f"rows{next(self._cursors)}") as cursor,
            ):
                yield from cursor.execute(statement.replace("?", "%s").encode(), values or None)
        except self._error as error:
            raise LedgerError(self._name, error) from error

    @contextmanager
    def claim(self, number: int) -> Iterator[bool]:
        """As that of SQLite, among all machines; a connection that breaks lets go."""
        space = "hashtext('sogenactif_request')"
        try:
            [[mine]] = self._connection.execute(
                f"SELECT pg_try_advisory_lock({space}, %s)".encode(), [number]
            ).fetchall()
            try:
                yield bool(mine)
            finally:
                if mine and not self._connection.closed:
                    self._connection.execute(f"SELECT pg_advisory_unlock({space}, %s)".encode(), [number])
        except self._error as error:
            raise LedgerError(self._name, error) from error

    def is_usable(self) -> bool:
        """Whether the server still answers on this connection."""
        try:
            self._connection.execute("SELECT 1")
        except self._error:
            return False
        return True

    def close(self) -> None:
        self._connection.close()


Database = SqliteDatabase | PostgresqlDatabase


def open_database(url: str, may_create: Callable[[], bool]) -> Database:
    """The database of a LEDGER keyword; ``may_create`` is asked before a new SQLite file is made.

    Raises LedgerError.
    """
    if url.startswith(("postgresql://", "postgres://")):
        return PostgresqlDatabase(url, may_create)
    if url.startswith("sqlite:////"):
        return SqliteDatabase(url.removeprefix("sqlite:///"), may_create)
    raise LedgerError(url.partition(":")[0], "LEDGER is sqlite:////absolute/path or postgresql://…")


def schema_version(url: str) -> int:
    """The version of the schema in a database that is there, which is left as it is. Raises LedgerError."""
    if url.startswith("sqlite:"):
        import sqlite3
        from urllib.parse import quote

        path = url.removeprefix("sqlite:///")
        try:
            with contextlib.closing(sqlite3.connect(f"file:{quote(path)}?mode=ro", uri=True)) as connection:
                return int(connection.execute("PRAGMA user_version").fetchone()[0])
        except sqlite3.Error as error:
            raise LedgerError(path, error) from error
    server = PostgresqlDatabase(url, lambda: True, migrate=False)
    try:
        [[exists]] = server.rows("SELECT to_regclass('sogenactif_schema') IS NOT NULL")
        versions = list(server.rows("SELECT version FROM sogenactif_schema")) if exists else []
        return int(versions[0][0]) if versions else 0
    finally:
        server.close()


@contextmanager
def database_made_again(url: str) -> Iterator[Database]:
    """A new, empty database in place of one that is lost; others see it when it is filled, not before."""
    if url.startswith("sqlite:"):
        path = url.removeprefix("sqlite:///")
        for leftover in (f"{path}.new", f"{path}.new-wal", f"{path}.new-shm"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(leftover)
        database = SqliteDatabase(f"{path}.new", lambda: True)
        try:
            yield database
        finally:
            database.close()
        os.rename(f"{path}.new", path)
    else:
        server = PostgresqlDatabase(url, lambda: True, migrate=False)
        try:
            with server.transaction():
                server.migrate(lambda: True)
                yield server
        finally:
            server.close()


def _identity(path: str, may_be_empty: bool = False) -> tuple[int, int] | None:
    """Which file is at a path, None where there is none or an empty one."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if found.st_size or may_be_empty else None


def _statements(version: int) -> Sequence[str]:
    return [statement for step in MIGRATIONS[version:] for statement in step]


def _check_version(name: str, version: int) -> None:
    if version > len(MIGRATIONS):
        raise LedgerError(name, f"made by a newer kit (schema {version}, this kit knows {len(MIGRATIONS)})")
