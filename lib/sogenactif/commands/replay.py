"""``sogenactif replay``: enters what only the journal has, and tells the shop what it doesn't know."""

import argparse
import importlib.util
import os
import sys
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timezone

from sogenactif.commands.common import command_parser, done, progress, the_ledger
from sogenactif.commands.places import SCRIPTS
from sogenactif.errors import JournalUnreadable, KitError, LedgerError, LedgerMissing
from sogenactif.ledger.ledger import FORGED, Ledger, journal_day
from sogenactif.payment import PaymentResponse

WRITING_SECONDS = 2


def make_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = command_parser(
        "replay",
        "Enter in the ledger what only the journal has, and tell the shop the outcomes it was not told.",
    )
    parser.add_argument(
        "--script",
        default=f"{SCRIPTS}/call_autoresponse.py",
        help="script whose record_outcome is told (%(default)s)",
    )
    return parser


def main(arguments: Sequence[str]) -> int:
    """Bring ledger, journal and shop up to date; status 1 where something is left to do."""
    asked = make_parser().parse_args(arguments)
    record_outcome = _function(asked.script)
    with the_ledger(asked.pathfile) as ledger, ledger.journal.replaying(_wait):
        entered, refused = 0, 0
        try:
            ledger.database.check()
        except LedgerMissing:
            with ledger.made_again():
                entered, _ = enter_journal(ledger)
        # Once more: the journal went on meanwhile.
        more, refused = enter_journal(ledger)
        found = ledger.match_again()
        told = ledger.tell(record_outcome, _complain, most=None)
        left = ledger.untold()
    if found:
        print(f"{found} responses have found the request that they answer")
    print(f"{entered + more} entered from the journal, {told} told to the shop, {left} still to tell")
    return 1 if left or refused else 0


def enter_journal(ledger: Ledger) -> tuple[int, int]:
    """Enter what the ledger lacks, a request before its responses, and the journal's lack in it.

    How much was entered, and how many lines of the journal could not be.
    """
    entered = refused = 0
    seen: set[str] = set()
    unreadable: list[JournalUnreadable] = []
    # What the ledger records from now on is on its way to the journal.
    before = [(entry["entry"], entry["time"]) for entry in ledger.entries_only_here(())]
    show = progress("lines of the journal")
    for count, entry in enumerate(ledger.journal.lines(unreadable.append), 1):
        show(count)
        if entry is None:
            _say("a line of the journal is none of the kit's, and is passed over")
            refused += 1
            continue
        if entry["verdict"] == FORGED:
            continue
        seen.add(entry["entry"])
        if ledger.has(entry):
            continue
        try:
            if entry["kind"] == "request":
                ledger.enter_request(entry)
            else:
                ledger.enter(entry)
            entered += 1
        except LedgerError:
            raise
        except KitError as error:
            _say(f"{entry['kind']} {entry['entry']} of {entry['time']} can't be entered: {error}")
            refused += 1
    for lost in unreadable:
        _say(str(lost))
    # A day that can't be read may have what seems to be missing.
    missing = set() if unreadable else _missing(ledger, before, seen)
    for entry in ledger.entries_only_here(seen) if missing else ():
        if entry["entry"] not in missing:
            continue
        day = entry["fields"].get("payment_date", "")  # of today's server
        if "transmission_date" in entry["fields"]:
            day = journal_day(entry["fields"])
        ledger.journal.append(day or entry["time"][:10].replace("-", ""), entry)
    done()
    return entered, refused + len(unreadable)


def _missing(ledger: Ledger, before: list[tuple[str, str]], seen: set[str]) -> set[str]:
    """Return the entries that the ledger had before the journal was read, and that the journal still lacks."""
    missing = {name: moment for name, moment in before if name not in seen}
    if not missing:
        return set()
    # A process that has recorded one of them may be about to write it to the journal.
    newest = datetime.fromisoformat(max(missing.values()))
    age = (datetime.now(timezone.utc) - newest).total_seconds()
    time.sleep(min(max(0.0, WRITING_SECONDS - age), WRITING_SECONDS))
    return missing.keys() - {entry["entry"] for entry in ledger.journal.entries()}


def _function(script: str) -> Callable[[PaymentResponse], None]:
    spec = importlib.util.spec_from_file_location("call_autoresponse", script)
    if not spec or not spec.loader or not os.path.exists(script):
        sys.exit(f"sogenactif: no script {script}; name it with --script")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        function: Callable[[PaymentResponse], None] = module.record_outcome
    except Exception as error:
        sys.exit(f"sogenactif: {script} gives no record_outcome: {_plain(error)}")
    return function


def _complain(error: Exception) -> None:
    _say(f"record_outcome raised {_plain(error)}")


def _plain(error: Exception) -> str:
    return f"{type(error).__name__}: {ascii(str(error))[1:-1]:.200}"


def _wait() -> None:
    _say("another replay is at work; waiting until it ends")


def _say(what: str) -> None:
    done()
    print(f"sogenactif: {what}", file=sys.stderr)
