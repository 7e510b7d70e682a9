"""``sogenactif replay``: record what only the journal has, and notify the shop of pending outcomes."""

import argparse
import importlib.util
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext, redirect_stdout

from sogenactif.commands.common import command_parser, done, print_json, progress, the_ledger
from sogenactif.commands.places import SCRIPTS
from sogenactif.commands.texts import counted, say
from sogenactif.configuration import read_pathfile
from sogenactif.errors import LedgerLost
from sogenactif.ledger.rebuild import record_journal
from sogenactif.payment import PaymentResponse
from sogenactif.reception import verify_again


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
    """Bring ledger, journal and shop up to date; status 1 if something is left to do."""
    args = make_parser().parse_args(arguments)
    # With --json the output of the shop's function must not get into the JSON.
    with redirect_stdout(sys.stderr) if args.json else nullcontext():
        record_outcome = _function(args.script)
        with the_ledger(args.pathfile) as ledger, ledger.journal.replaying(_wait):
            recorded = 0
            try:
                ledger.database.check()
            except LedgerLost:
                # Without one of its days, transaction numbers of that day would be assigned again.
                ledger.journal.require_readable()
                with ledger.rebuilding():
                    recorded, _ = record_journal(ledger, _say, progress("journal_lines"))
            # Once more: the journal grew meanwhile.
            more, refused = record_journal(ledger, _say, progress("journal_lines"))
            done()
            more += verify_again(ledger, read_pathfile(args.pathfile), _say)
            matched = ledger.match_again()
            notified = ledger.notify_pending(record_outcome, _complain, most=None)
            pending = ledger.pending()
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


def _complain(error: BaseException) -> None:
    _say("replay_raised", error=_plain(error))


def _plain(error: BaseException) -> str:
    return f"{type(error).__name__}: {ascii(str(error))[1:-1]:.200}"


def _wait() -> None:
    _say("replay_waits")


def _say(name: str, **values: object) -> None:
    done()
    print(f"sogenactif: {say(name, **values)}", file=sys.stderr)
