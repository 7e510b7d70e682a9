"""``sogenactif verify``: whether the journal and the ledger agree."""

import argparse
from collections.abc import Sequence

from sogenactif.commands.common import command_parser, done, progress, the_ledger
from sogenactif.ledger.history import differences


def make_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    return command_parser("verify", "Compare the journal with the ledger, and list what differs.")


def main(arguments: Sequence[str]) -> int:
    """Print what differs; status 1 where anything does."""
    asked = make_parser().parse_args(arguments)
    with the_ledger(asked.pathfile) as ledger:
        found = 0
        for difference in differences(ledger, progress("lines of the journal")):
            done()
            print(difference)
            found += 1
        done()
        untold = ledger.untold()
    print("The journal and the ledger agree." if not found else f"{found} differences.")
    if untold:
        print(f"{untold} outcomes are still to be told to the shop: replay tells them.")
    return 1 if found else 0
