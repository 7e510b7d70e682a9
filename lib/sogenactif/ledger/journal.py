"""The journal: one file of JSON lines a day, to which lines are appended; only ``prune`` writes a day again.

Many processes may write at once; only the user they run as may read. A line is flushed to the disk unless the ledger
has flushed the same entry, or a power cut may take it.
"""

import fcntl
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timezone

from sogenactif.dates import day_in_paris, is_moment
from sogenactif.errors import JournalError, JournalUnreadable, ResponseError
from sogenactif.files import append_line, flush_folder, make_private_folder, open_private

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

Entry = dict[str, "Any"]
DAY_FILE = re.compile(r"[0-9]{8}\.jsonl")
IDENTIFIER = re.compile(r"[0-9a-f]{32}")
KINDS = ("request", "response", "operation")
MOMENT = re.compile(r"[0-9]{14}")
NUMBER = re.compile(r"[0-9]{1,6}")
AMOUNT = re.compile(r"[0-9]{1,12}")


class Journal:
    """Read and write the journal in a folder, which is made when the first line is written."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def __repr__(self) -> str:
        return f"Journal({self.folder!r})"

    def append(self, day: str, entry: Mapping[str, object], flush: bool = True) -> None:
        """Write an entry to the file of a day (aaaammjj) and, with ``flush``, flush it to the disk. Raise JournalError.

        A line is whole or absent: if a full disk cuts it, it is removed.
        """
        line = json.dumps(entry).encode("ascii") + b"\n"
        path = f"{self.folder}/{day}.jsonl"
        try:
            file = self._open(path)
            try:
                append_line(path, file, line, flush)
            finally:
                os.close(file)
        except OSError as error:
            raise JournalError(path, error) from error

    def rewrite(self, day: str, change: Callable[[Entry | None], Entry | None]) -> bool:
        """Write a day again with what ``change`` returns for each entry, and return whether anything changed.

        An invalid line is given to it as None, and a line for which it returns None goes. The file is replaced as a
        whole once the new one is on the disk. Raises JournalError.
        """
        path, is_changed, is_empty = f"{self.folder}/{day}.jsonl", False, True
        draft = f"{path}.new"
        try:
            file = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
            with open(file, "rb") as lines, open(open_private(draft, os.O_TRUNC), "wb") as new:
                # No process appends to it until it is replaced; one that waits for the lock then opens the new file.
                fcntl.flock(lines, fcntl.LOCK_EX)
                for line in lines:
                    entry = _entry(line)
                    changed = change(entry)
                    is_changed |= changed is not entry or entry is None
                    if changed is not None:
                        is_empty = False
                        new.write(line if changed is entry else json.dumps(changed).encode("ascii") + b"\n")
                new.flush()
                os.fsync(new.fileno())
                if is_changed and not is_empty:
                    os.replace(draft, path)
                else:
                    os.unlink(draft)
                if is_changed and is_empty:
                    os.unlink(path)
            flush_folder(self.folder)
        except OSError as error:
            raise JournalError(path, error) from error
        return is_changed

    def entries(self, report: Callable[[JournalUnreadable], None] | None = None) -> Iterator[Entry]:
        """Yield every entry, the oldest day first; a line cut by a crash is skipped. ``report`` as for ``lines``."""
        return (entry for entry in self.lines(report) if entry)

    def lines(
        self, report: Callable[[JournalUnreadable], None] | None = None, only: str = ""
    ) -> Iterator[Entry | None]:
        """Yield every entry, or those of one day (aaaammjj), and None for each invalid line.

        A day that can't be read is given to ``report``, and the other days are read; without it
        OSError is raised.
        """
        for day in [only] if only else self.days():
            path = f"{self.folder}/{day}.jsonl"
            try:
                with open(path, "rb") as file:
                    for line in file:
                        if line != b"\n":
                            yield _entry(line)
            except OSError as error:
                if not report:
                    raise
                report(JournalUnreadable(path, error))

    def require_readable(self) -> None:
        """Raise JournalUnreadable if a day can't be read."""
        for day in self.days():
            path = f"{self.folder}/{day}.jsonl"
            try:
                with open(path, "rb") as file:
                    file.read(1)
            except OSError as error:
                raise JournalUnreadable(path, error) from error

    @contextmanager
    def replaying(self, wait: Callable[[], None]) -> Iterator[None]:
        """Hold the lock of ``replay``; ``wait`` is called if another process holds it. Raise JournalError."""
        path = f"{self.folder}/replay.lock"
        try:
            self._make_folder()
            file = open_private(path)
        except OSError as error:
            raise JournalError(path, error) from error
        try:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                wait()
                fcntl.flock(file, fcntl.LOCK_EX)
            yield
        finally:
            os.close(file)

    def days(self) -> list[str]:
        """Return the days that have a file (aaaammjj), the oldest first."""
        try:
            names = os.listdir(self.folder)
        except FileNotFoundError:
            return []
        return sorted(name[:8] for name in names if DAY_FILE.fullmatch(name))

    def _open(self, path: str) -> int:
        """Open and lock the file of a day; open it again if ``rewrite`` replaced it in the meantime."""
        while True:
            try:
                file = open_private(path, os.O_APPEND)
            except FileNotFoundError:
                self._make_folder()
                continue
            try:
                fcntl.flock(file, fcntl.LOCK_EX)
                if os.path.samestat(os.fstat(file), os.stat(path)):
                    return file
            except FileNotFoundError:
                pass
            except BaseException:
                os.close(file)
                raise
            os.close(file)

    def _make_folder(self) -> None:
        if not os.path.isdir(self.folder):
            make_private_folder(self.folder)
            flush_folder(os.path.dirname(self.folder))


def new_entry(kind: str, source: str, verdict: str) -> Entry:
    """Return a new entry of the journal, without its fields."""
    now = datetime.now(timezone.utc)
    return {
        # Begins with the time, so that a large ledger's index grows at its end.
        "entry": f"{int(now.timestamp() * 1000):012x}{os.urandom(10).hex()}",
        "time": now.isoformat(),
        "kind": kind,
        "source": source,
        "verdict": verdict,
        "fields": {},
    }


def journal_day(fields: Mapping[str, str]) -> str:
    """Return the day of a request in Paris, aaaammjj. Raises ResponseError."""
    try:
        return day_in_paris(fields["transmission_date"])
    except (ValueError, OverflowError):
        raise ResponseError("transmission_date") from None


def _entry(line: bytes) -> Entry | None:
    """Return the entry in a line, None if it isn't one."""
    try:
        entry: Entry = json.loads(line)
        texts = [entry[name] for name in ("entry", "time", "kind", "source", "verdict")]
        fields = entry["fields"]
        texts += fields.values()
        texts += [entry.get("protocol", ""), entry.get("day", "")]
        # For Sips 1.0 the fields are all that arrived.
        if entry.get("original"):
            texts += entry["original"].values()
        if not all(isinstance(text, str) for text in texts) or not IDENTIFIER.fullmatch(entry["entry"]):
            return None
        return entry if entry["kind"] in KINDS and _is_dated(entry, fields) else None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _is_dated(entry: Entry, fields: Mapping[str, str]) -> bool:
    """Return whether the day and the transaction_id of an entry are such that the ledger can look for its request."""
    if entry["kind"] == "operation":
        numbers = (fields["transaction_id"], NUMBER), (fields["amount"], AMOUNT)
        is_whole = "state" in fields and "operation" in fields
        return is_whole and is_moment(f"{fields['day']}000000") and all(f.fullmatch(n) for n, f in numbers)
    if entry["kind"] == "request" or "transmission_date" in fields:
        return bool(
            MOMENT.fullmatch(fields["transmission_date"]) and NUMBER.fullmatch(fields["transaction_id"])
        )
    # The first release wrote no day.
    day = entry.get("day") or fields.get("payment_date", "")
    number = fields.get("transaction_id", "")
    return (not day or is_moment(f"{day}000000")) and (not number or bool(NUMBER.fullmatch(number)))
