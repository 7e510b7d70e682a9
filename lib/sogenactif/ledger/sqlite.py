"""The ledger in an SQLite file."""

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sogenactif.errors import LedgerError, LedgerMissing
from sogenactif.files import give_to_folder_owner
from sogenactif.ledger.schema import BUSY_SECONDS, MIGRATIONS, Execute, Row, check_version, statements

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
            check_version(path, version)
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
            for statement in statements(self._version()):
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


def stored_version(path: str) -> int:
    """Return the version of the schema in a file, which is left as it is. Raise LedgerError."""
    import sqlite3
    from urllib.parse import quote

    try:
        with contextlib.closing(sqlite3.connect(f"file:{quote(path)}?mode=ro", uri=True)) as connection:
            return int(connection.execute("PRAGMA user_version").fetchone()[0])
    except sqlite3.Error as error:
        raise LedgerError(path, error) from error


@contextmanager
def rebuilt(path: str) -> Iterator[SqliteDatabase]:
    """Yield a new, empty database to fill, which takes the place of the lost one at the end."""
    for leftover in (f"{path}.new", f"{path}.new-wal", f"{path}.new-shm"):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(leftover)
    database = SqliteDatabase(f"{path}.new", lambda: True)
    try:
        yield database
    finally:
        database.close()
    os.rename(f"{path}.new", path)


def _identity(path: str, may_be_empty: bool = False) -> tuple[int, int] | None:
    """Which file is at a path, None where there is none or an empty one."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if found.st_size or may_be_empty else None
