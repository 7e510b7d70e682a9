"""``sogenactif verify``: compare the journal with the ledger, and write to the journal what it lacks."""

import argparse
from collections.abc import Sequence
from contextlib import closing

from sogenactif.commands.common import command_parser, done, open_ledger_or_exit, print_json, progress, warn
from sogenactif.commands.functions import add_script, has_refund_function
from sogenactif.commands.texts import counted, printable, say
from sogenactif.ledger.history import contradicted, differences, paid_twice
from sogenactif.ledger.notification import pending_outcomes
from sogenactif.ledger.operations import pending_refunds
from sogenactif.ledger.rebuild import recorded_entries, write_missing


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command's arguments."""
    parser = command_parser(
        "verify",
        "Compare the journal with the ledger, list what differs, and write to the journal what it lacks.",
    )
    add_script(parser)
    return parser


def main(arguments: Sequence[str]) -> int:
    """Print the differences, and write to the journal what only the ledger has; status 1 if there are any."""
    args = make_parser().parse_args(arguments)
    rows, missing = [], set()
    with (
        open_ledger_or_exit(args.pathfile) as ledger,
        closing(differences(ledger, progress("journal_lines"))) as differing,
    ):
        for difference in differing:
            text = say(f"verify_{difference.name}", **difference.values)
            if difference.name == "ledger_only":
                missing.add(difference.values["id"])
            rows.append({"name": difference.name, "text": text})
            if not args.json:
                done()
                print(text)
        done()
        if missing:
            with ledger.journal.replaying(lambda: warn("replay_waits")):
                entries = (entry for entry in recorded_entries(ledger) if entry["entry"] in missing)
                write_missing(ledger, {entry["entry"]: entry for entry in entries})
        pending, orders = pending_outcomes(ledger), paid_twice(ledger)
        conflicts = contradicted(ledger)
        # A shop without the function is never notified.
        refunds = pending_refunds(ledger) if has_refund_function(args.script) else 0
    if args.json:
        print_json(
            {
                "differences": rows,
                "pending_notifications": pending,
                "pending_refunds": refunds,
                "paid_twice": dict(orders),
                "conflicting": [row.reference for row in conflicts],
            }
        )
    else:
        print(counted("differences", len(rows)) if rows else say("verify_agree"))
        if pending:
            print(counted("pending", pending))
        if refunds:
            print(counted("pending_refunds", refunds))
        for row in conflicts:
            print(printable(say("verify_conflicting", order=row.order_id, reference=row.reference)))
        for order_id, references in orders:
            print(printable(say("verify_paid_twice", order=order_id, references=", ".join(references))))
    return 1 if rows else 0
