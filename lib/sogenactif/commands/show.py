"""``sogenactif show``: one transaction, with every response to it."""

import argparse
import re
import sys
from collections.abc import Mapping, Sequence

from sogenactif.commands.common import command_parser, the_ledger
from sogenactif.ledger.history import answers, transactions


def make_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = command_parser("show", "Show a transaction and every response to it.")
    parser.add_argument("reference", help="its day and transaction_id, aaaammjj-nnnnnn")
    return parser


def main(arguments: Sequence[str]) -> int:
    """Print a transaction and its responses, field by field; status 1 where there is none."""
    parser = make_parser()
    asked = parser.parse_args(arguments)
    if not re.fullmatch(r"[0-9]{8}-[0-9]{1,6}", asked.reference):
        parser.error(f"{asked.reference} is no aaaammjj-nnnnnn")
    day, number = asked.reference.split("-")
    with the_ledger(asked.pathfile) as ledger:
        found = list(transactions(ledger, day, number))
        if not found:
            sys.exit(f"sogenactif: no transaction {asked.reference}")
        for transaction in found:
            told = "" if transaction.told else ", the shop was not told yet"
            print(f"{transaction.reference} of {transaction.merchant}: {transaction.state}{told}")
            print(f"  requested {transaction.made}")
            _print(transaction.fields)
            for answer in answers(ledger, transaction):
                print(f"  {answer.source} response {answer.received}: {answer.verdict}")
                _print(answer.fields)
    return 0


def _print(fields: Mapping[str, str]) -> None:
    for name, value in sorted(fields.items()):
        print(f"    {name} = {value if value.isprintable() else ascii(value)}")
