"""``sogenactif transactions``: list the transactions of a day, an order or a state."""

import argparse
import csv
import re
import sys
from collections.abc import Iterable, Sequence
from contextlib import closing
from itertools import chain, islice

from sogenactif.commands.common import (
    command_parser,
    day,
    format_timestamp,
    in_paris,
    money,
    open_ledger_or_exit,
    print_json,
)
from sogenactif.commands.texts import counted, printable, say
from sogenactif.dates import today
from sogenactif.ledger.history import WAITING, Transaction, transactions
from sogenactif.ledger.matching import OUTCOMES

COLUMNS = (
    "reference",
    "merchant",
    "made",
    "order_id",
    "amount",
    "currency_code",
    "state",
    "notified",
    "paid_twice",
    "given_back",
    "conflicting",
)
HEADINGS = "{reference:15}  {made:24}  {state:9}  {notified:8}  {amount:>14}  {order}"


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command's arguments."""
    parser = command_parser(
        "transactions", "List transactions: those of today, or of a day, an order, a state."
    )
    parser.add_argument("--day", default="", help="a day in Paris, YYYY-MM-DD or AAAAMMJJ")
    parser.add_argument("--order", default="", help="an order_id; on any day without --day")
    parser.add_argument(
        "--state", default="", choices=[*OUTCOMES, WAITING], help="a state; on any day without --day"
    )
    parser.add_argument(
        "--format", default="table", choices=["table", "csv", "json"], help="how to list them (%(default)s)"
    )
    return parser


def main(arguments: Sequence[str]) -> int:
    """Print the matching transactions; those of today without a condition."""
    parser = make_parser()
    args = parser.parse_args(arguments)
    try:
        wanted = day(args.day) if args.day else ""
    except ValueError:
        parser.error(say("no_day", text=args.day))
    if not (wanted or args.order or args.state):
        wanted = today()
    write = {"table": _table, "csv": _csv, "json": _json}["json" if args.json else args.format]
    # Closed before the ledger: the reader of a pipe may stop in the middle.
    with (
        open_ledger_or_exit(args.pathfile) as ledger,
        closing(transactions(ledger, wanted, "", args.order, args.state)) as rows,
    ):
        # Read before anything is printed, so that an error stands alone.
        first = list(islice(rows, 1))
        write(chain(first, rows))
    return 0


def _row(transaction: Transaction) -> dict[str, str]:
    return {
        "reference": transaction.reference,
        "merchant": transaction.merchant,
        "made": in_paris(transaction.made).isoformat(),
        "order_id": transaction.order_id,
        "amount": transaction.fields["amount"],
        "currency_code": transaction.fields["currency_code"],
        "state": transaction.state,
        "notified": "" if transaction.state == WAITING else transaction.notified,
        "paid_twice": "yes" if transaction.paid_twice else "",
        "given_back": str(transaction.given_back or ""),
        "conflicting": "yes" if transaction.conflicting else "",
    }


def _table(rows: Iterable[Transaction]) -> None:
    names = ("reference", "made", "state", "notified", "amount", "order")
    print(HEADINGS.format(**{name: say(f"transactions_{name}") for name in names}))
    count = 0
    for transaction in rows:
        count += 1
        row = _row(transaction)
        row["made"] = format_timestamp(transaction.made)
        row["notified"] = say(f"transactions_{row['notified']}") if row["notified"] else "-"
        row["amount"] = money(row["amount"], row["currency_code"])
        line = HEADINGS.format(order=row["order_id"], **row)
        if transaction.paid_twice:
            line += f"  {say('paid_twice')}"
        if transaction.conflicting:
            line += f"  {say('conflicting')}"
        if transaction.given_back:
            amount = money(row["given_back"], row["currency_code"])
            line += f"  {say('given_back', amount=amount)}"
        print(printable(line))
    print(counted("transactions", count))


def _csv(rows: Iterable[Transaction]) -> None:
    writer = csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in _row(row).items()} for row in rows)


def _cell(value: str) -> str:
    """Return a value as text, even for a spreadsheet, which would compute a value that looks like a formula."""
    text = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in value)
    # If the list separator is ; or a tab, each part is a cell of its own.
    return re.sub(r"(^|[;,\t])(?=\s*[=+\-@])", r"\1'", text)


def _json(rows: Iterable[Transaction]) -> None:
    print_json(
        [
            {
                **_row(row),
                "amount": int(row.fields["amount"]),
                "paid_twice": row.paid_twice,
                "given_back": row.given_back,
                "conflicting": row.conflicting,
            }
            for row in rows
        ]
    )
