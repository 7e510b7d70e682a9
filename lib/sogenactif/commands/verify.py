"""``sogenactif verify``: compare the journal with the ledger."""

import argparse
from collections.abc import Sequence
from contextlib import closing

from sogenactif.commands.common import command_parser, done, print_json, progress, the_ledger
from sogenactif.commands.texts import counted, printable, say
from sogenactif.ledger.history import differences, paid_twice


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command's arguments."""
    return command_parser("verify", "Compare the journal with the ledger, and list what differs.")


def main(arguments: Sequence[str]) -> int:
    """Print the differences; status 1 if there are any."""
    args = make_parser().parse_args(arguments)
    rows = []
    with (
        the_ledger(args.pathfile) as ledger,
        closing(differences(ledger, progress("journal_lines"))) as differing,
    ):
        for difference in differing:
            text = say(f"verify_{difference.name}", **difference.values)
            rows.append({"name": difference.name, "text": text})
            if not args.json:
                done()
                print(text)
        done()
        pending, orders = ledger.pending(), paid_twice(ledger)
    if args.json:
        print_json({"differences": rows, "pending_notifications": pending, "paid_twice": dict(orders)})
    else:
        print(counted("differences", len(rows)) if rows else say("verify_agree"))
        if pending:
            print(counted("pending", pending))
        for order_id, references in orders:
            print(printable(say("verify_paid_twice", order=order_id, references=", ".join(references))))
    return 1 if rows else 0
