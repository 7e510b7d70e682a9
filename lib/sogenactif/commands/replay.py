"""``sogenactif replay``: record what only the journal has, and notify the shop of pending outcomes."""

import argparse
import importlib.util
import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext, redirect_stdout
from datetime import datetime, timezone

from sogenactif.commands.common import command_parser, done, print_json, progress, the_ledger
from sogenactif.commands.places import SCRIPTS
from sogenactif.commands.texts import counted, say
from sogenactif.errors import JournalUnreadable, KitError, LedgerError, LedgerMissing
from sogenactif.ledger.ledger import FORGED, Ledger, journal_day
from sogenactif.payment import PaymentResponse

WRITING_SECONDS = 2


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command's arguments."""
    parser = command_parser(
        "replay",
        "Record in the ledger what only the journal has, and notify the shop of pending outcomes.",
    )
    parser.add_argument(
        "--script",
        default=f"{SCRIPTS}/call_autoresponse.py",
        help="script whose record_outcome is called (%(default)s)",
    )
    return parser


def main(arguments: Sequence[str]) -> int:
    """Bring ledger, journal and shop up to date; status 1 where something is left to do."""
    args = make_parser().parse_args(arguments)
    # With --json what the shop's function prints must not get into the answer.
    with redirect_stdout(sys.stderr) if args.json else nullcontext():
        record_outcome = _function(args.script)
        with the_ledger(args.pathfile) as ledger, ledger.journal.replaying(_wait):
            recorded = 0
            try:
                ledger.database.check()
            except LedgerMissing:
                with ledger.made_again():
                    recorded, _ = enter_journal(ledger)
            # Once more: the journal went on meanwhile.
            more, refused = enter_journal(ledger)
            matched = ledger.match_again()
            notified = ledger.tell(record_outcome, _complain, most=None)
            pending = ledger.untold()
    if args.json:
        print_json(
            {
                "recorded": recorded + more,
                "refused": refused,
                "matched": matched,
                "notified": notified,
                "pending_notifications": pending,
            }
        )
    else:
        if matched:
            print(counted("matched", matched))
        print(say("replay_done", recorded=recorded + more, notified=notified, pending=pending))
    return 1 if pending or refused else 0


def enter_journal(ledger: Ledger) -> tuple[int, int]:
    """Enter what the ledger lacks, a request before its responses, and the journal's lack in it.

    How much was entered, and how many lines of the journal could not be.
    """
    entered = refused = 0
    seen: set[str] = set()
    unreadable: list[JournalUnreadable] = []
    # What the ledger records from now on is on its way to the journal.
    before = [(entry["entry"], entry["time"]) for entry in ledger.entries_only_here(())]
    show = progress("journal_lines")
    for count, entry in enumerate(ledger.journal.lines(unreadable.append), 1):
        show(count)
        if entry is None:
            _say("replay_invalid_line", count=count)
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
            _say("replay_refused", kind=entry["kind"], id=entry["entry"], time=entry["time"], error=error)
            refused += 1
    for lost in unreadable:
        _say("replay_unreadable_day", error=lost)
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
        sys.exit(f"sogenactif: {say('replay_no_script', script=script)}")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        function: Callable[[PaymentResponse], None] = module.record_outcome
    except Exception as error:
        sys.exit(f"sogenactif: {say('replay_no_function', script=script, error=_plain(error))}")
    return function


def _complain(error: Exception) -> None:
    _say("replay_raised", error=_plain(error))


def _plain(error: Exception) -> str:
    return f"{type(error).__name__}: {ascii(str(error))[1:-1]:.200}"


def _wait() -> None:
    _say("replay_waits")


def _say(name: str, **values: object) -> None:
    done()
    print(f"sogenactif: {say(name, **values)}", file=sys.stderr)
