"""Rebuilding of the ledger from the journal, after an outage or a loss, and of the journal from the ledger."""

import contextlib
import fcntl
import json
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timezone

from sogenactif.dates import today
from sogenactif.errors import JournalUnreadable, KitError, LedgerError
from sogenactif.files import flush_folder, open_private
from sogenactif.ledger.journal import Entry, journal_day
from sogenactif.ledger.ledger import UNRECORDED_DAYS, Ledger, stored_response
from sogenactif.ledger.matching import FORGED
from sogenactif.ledger.operations import operation_day, record_operation, stored_operation

WRITING_SECONDS = 2
DAY = re.compile(r"[0-9]{8}")
# first is where the range of a request's number begins; NULL if the number is the shop's own.
SELECT_REQUESTS = """
    SELECT entry, made, protocol, reference, fields, (SELECT max(first) FROM sogenactif_counter AS counter
        WHERE counter.merchant = request.merchant AND counter.day = request.day
        AND request.transaction_id BETWEEN counter.first AND counter.last)
    FROM sogenactif_request AS request
"""


def note_unrecorded(folder: str, day: str) -> None:
    """Note that the journal of a day (aaaammjj) has responses that the ledger lacks, for ``record_unrecorded``.

    If that fails, ``sogenactif replay`` finds them.
    """
    with contextlib.suppress(OSError), _locked(f"{folder}/{UNRECORDED_DAYS}", True) as file:
        os.write(file, f"{day}\n".encode())
        os.fsync(file)
        flush_folder(folder)


def record_unrecorded(ledger: Ledger) -> int:
    """Record what only the journal has since the ledger could not be reached; return how many entries.

    Raises LedgerError, JournalUnreadable and OSError; the next call retries.
    """
    path, recorded = f"{ledger.journal.folder}/{UNRECORDED_DAYS}", 0
    try:
        with _locked(path, False) as file:
            noted = set(DAY.findall(os.read(file, 1 << 20).decode("ascii", "replace")))
            unreadable: list[JournalUnreadable] = []
            # A day whose file was removed has nothing left to record.
            for day in sorted(noted & {*ledger.journal.days()}):
                lines = ledger.journal.lines(unreadable.append, only=day)
                for entry in _lacking(ledger, filter(None, lines)):
                    try:
                        _record(ledger, entry)
                        recorded += 1
                    except LedgerError:
                        # The ledger can't be reached again: the days stay noted.
                        raise
                    except KitError:
                        continue
            if unreadable:
                raise unreadable[0]
            os.unlink(path)
    except FileNotFoundError:
        # Nothing is noted, or another process has recorded it.
        return 0
    return recorded


def record_journal(
    ledger: Ledger,
    say: Callable[..., None] = lambda name, **values: None,
    progress: Callable[[int], None] = lambda count: None,
) -> tuple[int, int]:
    """Copy missing entries both ways: to the ledger, requests before their responses, and to the journal.

    Returns how many entries were recorded, and how many lines of the journal could not be; ``say`` is called with
    the name and the values of a text for each of these, ``progress`` with the number of lines read. Raises LedgerError.
    """
    recorded = invalid = 0
    # Read the ledger first: a new entry is in the ledger before it is in the journal.
    here = {entry["entry"]: entry for entry in recorded_entries(ledger)}
    unreadable: list[JournalUnreadable] = []

    def valid_lines() -> Iterator[Entry]:
        nonlocal invalid
        for count, entry in enumerate(ledger.journal.lines(unreadable.append), 1):
            progress(count)
            if entry:
                here.pop(entry["entry"], None)
                yield entry
            else:
                say("replay_invalid_line", count=count)
                invalid += 1

    for entry in _lacking(ledger, valid_lines()):
        try:
            _record(ledger, entry)
            recorded += 1
        except LedgerError:
            raise
        except KitError as error:
            say("replay_refused", kind=entry["kind"], id=entry["entry"], time=entry["time"], error=error)
            invalid += 1
    for lost in unreadable:
        say("replay_unreadable_day", error=lost)
    # A day that can't be read may have what seems to be missing.
    if here and not unreadable:
        write_missing(ledger, here)
    return recorded, invalid + len(unreadable)


def _lacking(ledger: Ledger, entries: Iterable[Entry]) -> Iterator[Entry]:
    """Yield the entries of the journal that the ledger lacks, without those of forged messages.

    A request that was repeated, and an operation, has a line each time: if the ledger has one of them, the last line
    comes at the end.
    """
    repeated: dict[str, Entry] = {}
    for entry in entries:
        if entry["verdict"] == FORGED:
            continue
        if entry["entry"] in repeated:
            repeated[entry["entry"]] = entry
        elif not ledger.has_entry(entry):
            if entry["kind"] != "response" and ledger.stored_fields(entry) is not None:
                repeated[entry["entry"]] = entry
            else:
                yield entry
    yield from (entry for entry in repeated.values() if not ledger.has_entry(entry))


def write_missing(ledger: Ledger, here: Mapping[str, Entry]) -> None:
    """Write to the journal those of the ledger's entries that it still lacks. Raises JournalError.

    A power cut takes the lines that the journal had not flushed, a crash at most one of each process.
    """
    for identifier in missing_from_journal(ledger, here):
        ledger.journal.append(_day(here[identifier]), here[identifier])


def missing_from_journal(ledger: Ledger, here: Mapping[str, Entry]) -> list[str]:
    """Wait until processes that are recording entries have written them; return the entries that the journal lacks."""
    # A process that has recorded one of them may be about to write it to the journal.
    newest = datetime.fromisoformat(max(entry["time"] for entry in here.values()))
    age = (datetime.now(timezone.utc) - newest).total_seconds()
    time.sleep(min(max(0.0, WRITING_SECONDS - age), WRITING_SECONDS))
    written = {entry["entry"] for entry in ledger.journal.entries()}
    return [identifier for identifier in here if identifier not in written]


def recorded_entries(ledger: Ledger) -> Iterator[Entry]:
    """Yield the rows of the database as entries of the journal."""
    for row in ledger.database.rows(SELECT_REQUESTS):
        yield _stored_request(*row)
    for identifier, received, source, verdict, *stored in ledger.database.rows(
        "SELECT entry, received, source, verdict, protocol, day, original, fields FROM sogenactif_response"
    ):
        entry = {"entry": identifier, "time": received, "kind": "response", "source": source}
        yield {**entry, "verdict": verdict, **stored_response(*stored).stored}

    for row in ledger.database.rows("SELECT entry, made, fields FROM sogenactif_operation"):
        yield stored_operation(*row)


def _stored_request(
    identifier: str, made: str, protocol: str, reference: str, fields: str, first: int | None
) -> Entry:
    """Return the journal's entry of a row of the ledger's requests."""
    entry: Entry = {"entry": identifier, "time": made, "kind": "request", "source": "call_request"}
    entry |= {
        "verdict": "requested",
        "protocol": protocol,
        "given": first is None,
        "fields": json.loads(fields),
    }
    if first is not None and first > 1:
        entry["first"] = first
    return {**entry, "reference": reference} if reference else entry


def _record(ledger: Ledger, entry: Entry) -> None:
    if entry["kind"] == "request":
        ledger.record_request(entry)
    elif entry["kind"] == "operation":
        record_operation(ledger, entry)
    else:
        ledger.record_response(entry)


def _day(entry: Entry) -> str:
    """Return the day of the journal's file that an entry belongs to."""
    if entry["kind"] == "request":
        return journal_day(entry["fields"])
    if entry["kind"] == "operation":
        return operation_day(entry)
    day: str = entry.get("day", "")
    return day or entry["time"][:10].replace("-", "") or today()


@contextlib.contextmanager
def _locked(path: str, create: bool) -> Iterator[int]:
    """Open a file and lock it, once it is still at its path. Raises OSError."""
    while True:
        file = open_private(path, os.O_APPEND) if create else os.open(path, os.O_RDWR | os.O_NOFOLLOW)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(file), os.stat(path)):
                    yield file
                    return
        finally:
            os.close(file)
