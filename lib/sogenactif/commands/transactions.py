"""``sogenactif transactions``: the transactions of a day, an order or a state."""

import argparse
import csv
import json
import re
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime

from sogenactif.commands.common import command_parser, the_ledger
from sogenactif.dates import PARIS
from sogenactif.ledger.history import WAITING, Transaction, transactions
from sogenactif.ledger.ledger import OUTCOMES
from sogenactif.money import format_amount

COLUMNS = ("reference", "merchant", "made", "order_id", "amount", "currency_code", "state", "told")


def make_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = command_parser(
        "transactions", "List transactions: those of today, or of a day, an order, a state."
    )
    parser.add_argument("--day", default="", help="a day in Paris, aaaammjj")
    parser.add_argument("--order", default="", help="an order_id; on any day without --day")
    parser.add_argument(
        "--state", default="", choices=[*OUTCOMES, WAITING], help="a state; on any day without --day"
    )
    parser.add_argument(
        "--format", default="table", choices=["table", "csv", "json"], help="how to list them (%(default)s)"
    )
    return parser


def main(arguments: Sequence[str]) -> int:
    """Print the transactions that fit; of today where nothing else is asked for."""
    parser = make_parser()
    asked = parser.parse_args(arguments)
    if asked.day and not re.fullmatch("[0-9]{8}", asked.day):
        parser.error(f"{asked.day!a} is no day, aaaammjj")
    day = asked.day or ("" if asked.order or asked.state else datetime.now(PARIS).strftime("%Y%m%d"))
    with the_ledger(asked.pathfile) as ledger:
        rows = (_row(found) for found in transactions(ledger, day, "", asked.order, asked.state))
        {"table": _table, "csv": _csv, "json": _json}[asked.format](rows)
    return 0


def _row(transaction: Transaction) -> dict[str, str]:
    return {
        "reference": transaction.reference,
        "merchant": transaction.merchant,
        "made": transaction.made[:19] + "Z",
        "order_id": transaction.order_id,
        "amount": transaction.fields["amount"],
        "currency_code": transaction.fields["currency_code"],
        "state": transaction.state,
        "told": "yes" if transaction.told else "no",
    }


def _table(rows: Iterable[dict[str, str]]) -> None:
    print(f"{'REFERENCE':15}  {'MADE (UTC)':20}  {'STATE':9}  {'TOLD':4}  {'AMOUNT':>14}  ORDER")
    for row in rows:
        amount = format_amount(row["amount"], row["currency_code"], "en")
        line = f"{row['reference']:15}  {row['made']:20}  {row['state']:9}  {row['told']:4}  {amount:>14}  {row['order_id']}"
        print("".join(c if c.isprintable() else "?" for c in line))


def _csv(rows: Iterable[dict[str, str]]) -> None:
    writer = csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)


def _cell(value: str) -> str:
    """A value as text, also for a spreadsheet, which would compute what looks like a formula."""
    text = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in value)
    # Where the list separator is ; or a tab, each part is a cell of its own.
    return re.sub(r"(^|[;,\t])(?=\s*[=+\-@])", r"\1'", text)


def _json(rows: Iterable[dict[str, str]]) -> None:
    print(json.dumps(list(rows), indent=2))
