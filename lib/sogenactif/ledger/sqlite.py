"""The ledger in an SQLite file."""

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sogenactif.errors import LedgerDamaged, LedgerError, LedgerMissing
from sogenactif.files import flush_folder, open_private
from sogenactif.ledger.locks import locked
from sogenactif.ledger.schema import BUSY_SECONDS, MIGRATIONS, Execute, Row, check_version, statements

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

DAMAGED = ("file is not a database", "database disk image is malformed", "malformed database schema")
MAX_WAL_BYTES = 4 * 1024 * 1024
# The byte of the lock file that a writer locks: ``try_lock`` never uses this one.
WRITER_LOCK = 1


class SqliteDatabase:
    """Hold a ledger in an SQLite file, for one machine; ``path`` is absolute."""

    def __init__(self, path: str, may_create: Callable[[], bool]) -> None:
        import sqlite3

        self.path = path
        # SQLite would make the target of a dangling link.
        if os.path.islink(path) and not os.path.exists(path):
            raise LedgerError(path, "a symbolic link whose target is missing")
        # Taken before opening, so that a file replaced in the meantime counts as stale.
        self._file = _identity(path)
        # Check again: another process may have created the ledger since.
        if not self._file and not may_create() and not _identity(path):
            raise LedgerMissing(path)
        self._error = sqlite3.Error
        try:
            if not os.path.exists(path):
                # Another thread's lock would end when this one closes the same file.
                with _folder_locked(path):
                    os.close(open_private(path))
            # A connection is borrowed by one thread at a time.
            self._connection = sqlite3.connect(
                path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
        except (sqlite3.Error, OSError) as error:
            _fail(path, error)
        try:
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.execute(f"PRAGMA journal_size_limit = {MAX_WAL_BYTES}")
            version = self._version()
            check_version(path, version)
            if version == 0 and not may_create() and self._version() == 0:
                raise LedgerMissing(path)
            if version < len(MIGRATIONS):
                self._migrate()
        except (sqlite3.Error, OSError) as error:
            self._connection.close()
            _fail(path, error)
        except LedgerError:
            self._connection.close()
            raise
        self._file = self._file or _identity(path)
        self._wal = _identity(f"{path}-wal", may_be_empty=True)

    def __repr__(self) -> str:
        return f"SqliteDatabase({self.path!r})"

    def _version(self) -> int:
        return int(self._connection.execute("PRAGMA user_version").fetchone()[0])

    def _migrate(self) -> None:
        # SQLite fails instead of waiting if two processes switch a new file to WAL at once.
        with _folder_locked(self.path):
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("BEGIN IMMEDIATE")
            # Another process may have migrated it since.
            version = self._version()
            check_version(self.path, version)
            for statement in statements(version):
                self._connection.execute(statement.format(id="INTEGER PRIMARY KEY", lock=""))
            self._connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
            self._connection.execute("COMMIT")

    @contextmanager
    def transaction(self, flush: bool = True) -> Iterator[Execute]:
        """Begin a transaction that no other writer sees or disturbs; yield a function that executes a statement.

        It is flushed to the disk at its end, or without ``flush`` together with the next one. Raises LedgerError.
        """

        def execute(statement: str, *values: object) -> list[Row]:
            return self._connection.execute(statement.format(lock=""), values).fetchall()

        try:
            with self._writer_lock():
                if not flush:
                    self._connection.execute("PRAGMA synchronous = NORMAL")
                try:
                    self._connection.execute("BEGIN IMMEDIATE")
                    yield execute
                    # A write to a lost or replaced file would be lost with it.
                    if not self.is_usable():
                        raise LedgerError(self.path, "replaced while it was open")
                    self._connection.execute("COMMIT")
                except BaseException:
                    if self._connection.in_transaction:
                        self._connection.execute("ROLLBACK")
                    raise
                finally:
                    if not flush:
                        self._connection.execute("PRAGMA synchronous = FULL")
        except self._error as error:
            _fail(self.path, error)

    def rows(self, statement: str, *values: object) -> Iterator[Row]:
        """Yield the rows of a SELECT, read as they are needed. Raises LedgerError."""
        try:
            yield from self._connection.execute(statement, values)
        except self._error as error:
            _fail(self.path, error)

    @contextmanager
    def try_lock(self, lock_id: int) -> Iterator[bool]:
        """Yield whether this process got the lock; the system releases it if the process ends."""
        # A byte for each ID; to make and remove a file for each would cost more than a commit without a flush.
        offset = 2 * abs(lock_id) + (lock_id < 0)
        with locked(f"{self.path}.lock", offset) as is_locked:
            yield is_locked

    @contextmanager
    def _writer_lock(self) -> Iterator[None]:
        """Wait for the kit's other writers, and leave SQLite what is left of BUSY_SECONDS to wait for other programs.

        SQLite polls its own lock so rarely that under load one process would starve. Its lock remains authoritative: a
        timeout here is no error.
        """
        start = time.monotonic()
        with locked(f"{self.path}.lock", WRITER_LOCK, BUSY_SECONDS):
            left = max(start + BUSY_SECONDS - time.monotonic(), 0)
            self._connection.execute(f"PRAGMA busy_timeout = {left * 1000:.0f}")
            try:
                yield
            finally:
                self._connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000:.0f}")

    @contextmanager
    def secure_deletion(self) -> Iterator[None]:
        """Overwrite in the file what the block deletes, and leave no copy of it in the WAL.

        Raises LedgerError if a reader keeps the WAL in use for longer than BUSY_SECONDS: the copy stays in it then.
        """
        try:
            self._connection.execute("PRAGMA secure_delete = ON")
            yield
            with self._writer_lock():
                [busy, *_] = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except self._error as error:
            _fail(self.path, error)
        if busy:
            raise LedgerError(
                self.path,
                "another program reads it, and its -wal file still has what was deleted: repeat the command",
            )

    def is_usable(self) -> bool:
        """Return whether the open file is still at its path, and not lost, emptied or replaced."""
        same_file = _identity(self.path) == self._file is not None
        return same_file and _identity(f"{self.path}-wal", may_be_empty=True) == self._wal

    def check(self) -> None:
        """Read all of the file, and raise LedgerDamaged if it is damaged."""
        [[result], *_] = self.rows("PRAGMA quick_check(1)")
        if result != "ok":
            raise LedgerDamaged(self.path, "damaged")

    def close(self) -> None:
        self._connection.close()


def stored_version(path: str) -> int:
    """Return the version of a file's schema, without migrating it. Raise LedgerError."""
    import sqlite3
    from urllib.parse import quote

    try:
        with contextlib.closing(sqlite3.connect(f"file:{quote(path)}?mode=ro", uri=True)) as connection:
            return int(connection.execute("PRAGMA user_version").fetchone()[0])
    except sqlite3.Error as error:
        _fail(path, error)


@contextmanager
def rebuilt(path: str) -> Iterator[SqliteDatabase]:
    """Yield a new, empty database to fill, which replaces the lost one at the end.

    A damaged file is renamed to ``path.damaged-…``. Only one process may do this at a
    time. Raise LedgerError.
    """
    draft = f"{path}.new"
    before = _identity(path)
    try:
        _remove(*_files(draft))
        # While it has the draft's name, no other process finds a ledger.
        database = SqliteDatabase(draft, lambda: True)
        try:
            yield database
        finally:
            database.close()
        with _folder_locked(path):
            if _identity(path) != before:
                raise LedgerError(path, "restored meanwhile; run sogenactif replay again")
            if os.path.exists(f"{draft}-wal"):
                raise LedgerError(draft, "used by another program")
            damaged = f"{path}.damaged-{time.strftime('%Y%m%d-%H%M%S')}"
            # The files beside it first: SQLite would replay them into the new one.
            for name, new_name in reversed(list(zip(_files(path), _files(damaged), strict=True))):
                with contextlib.suppress(FileNotFoundError):
                    if before:
                        os.rename(name, new_name)
                    else:
                        os.unlink(name)
            os.rename(draft, path)
            flush_folder(os.path.dirname(path))
            _remove(f"{draft}.lock")
    except OSError as error:
        raise LedgerError(path, error) from error


def _remove(*paths: str) -> None:
    for path in paths:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)


def _files(path: str) -> list[str]:
    """Return the three files that are one database."""
    return [path, f"{path}-wal", f"{path}-shm"]


@contextmanager
def _folder_locked(path: str) -> Iterator[None]:
    folder = os.open(os.path.dirname(path), os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _fail(path: str, error: Exception) -> "NoReturn":
    """Raise the kit's error for one of SQLite: a damaged file has its own remedy."""
    # Python 3.10 has no error codes of SQLite.
    if str(error).startswith(DAMAGED):
        raise LedgerDamaged(path, error) from error
    raise LedgerError(path, error) from error


def _identity(path: str, may_be_empty: bool = False) -> tuple[int, int] | None:
    """Return the device and inode of a path, None if the file is missing or empty."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if status.st_size or may_be_empty else None
