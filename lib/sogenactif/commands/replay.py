"""``sogenactif replay``: record what only the journal has, and notify the shop of pending outcomes."""

import argparse
import sys
from collections.abc import Sequence
from contextlib import nullcontext, redirect_stdout

from sogenactif.commands.common import command_parser, done, open_ledger_or_exit, print_json, progress, warn
from sogenactif.commands.functions import add_script, both_functions, notify_pending
from sogenactif.commands.texts import counted, say
from sogenactif.configuration import read_pathfile
from sogenactif.errors import LedgerLost
from sogenactif.ledger.rebuild import record_journal
from sogenactif.reception import verify_again


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command's arguments."""
    parser = command_parser(
        "replay",
        "Record in the ledger what only the journal has, and notify the shop of pending outcomes.",
    )
    add_script(parser)
    return parser


def main(arguments: Sequence[str]) -> int:
    """Bring ledger, journal and shop up to date; status 1 if something is left to do."""
    args = make_parser().parse_args(arguments)
    # With --json the output of the shop's function must not get into the JSON.
    with redirect_stdout(sys.stderr) if args.json else nullcontext():
        record_outcome, record_refund = both_functions(args.script)
        with open_ledger_or_exit(args.pathfile) as ledger, ledger.journal.replaying(_wait):
            recorded = 0
            try:
                ledger.database.check()
            except LedgerLost:
                # Without one of its days, transaction numbers of that day would be assigned again.
                ledger.journal.require_readable()
                with ledger.rebuilding():
                    recorded, _ = record_journal(ledger, warn, progress("journal_lines"))
            # Once more: the journal grew meanwhile.
            more, refused = record_journal(ledger, warn, progress("journal_lines"))
            done()
            more += verify_again(ledger, read_pathfile(args.pathfile), warn)
            matched = ledger.match_again()
            notified, pending = notify_pending(ledger, record_outcome, record_refund)
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


def _wait() -> None:
    warn("replay_waits")
