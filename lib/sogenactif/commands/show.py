"""``sogenactif show``: show a transaction and every response to it."""

import argparse
import sys
from collections.abc import Mapping, Sequence

from sogenactif.commands.common import (
    add_reference,
    command_parser,
    format_timestamp,
    in_paris,
    money,
    open_ledger_or_exit,
    print_json,
    read_reference,
)
from sogenactif.commands.texts import say
from sogenactif.ledger.history import (
    WAITING,
    RecordedResponse,
    Transaction,
    responses_to,
    transactions_by_number,
)
from sogenactif.ledger.operations import Operation, operations_on


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command's arguments."""
    parser = command_parser("show", "Show a transaction and every response to it.")
    add_reference(parser)
    return parser


def main(arguments: Sequence[str]) -> int:
    """Print a transaction and its responses, field by field; status 1 if there is none."""
    parser = make_parser()
    args = parser.parse_args(arguments)
    wanted, number = read_reference(parser, args.reference)
    with open_ledger_or_exit(args.pathfile) as ledger:
        rows = [
            (row, responses_to(ledger, row), operations_on(ledger, row))
            for row in transactions_by_number(ledger, wanted, number)
        ]
    if not rows:
        sys.exit(f"sogenactif: {say('show_none', reference=args.reference)}")
    if args.json:
        print_json([_row(*row) for row in rows])
    else:
        for row in rows:
            _print(*row)
    return 0


def _row(
    transaction: Transaction, responses: Sequence[RecordedResponse], made: Sequence[Operation]
) -> dict[str, object]:
    return {
        "reference": transaction.reference,
        "merchant": transaction.merchant,
        "made": in_paris(transaction.made).isoformat(),
        "state": transaction.state,
        "notified": "" if transaction.state == WAITING else transaction.notified,
        "paid_twice": transaction.paid_twice,
        "given_back": transaction.given_back,
        "conflicting": transaction.conflicting,
        "fields": transaction.fields,
        "responses": [
            {
                "received": in_paris(response.received).isoformat(),
                "source": response.source,
                "verdict": response.verdict,
                "fields": response.fields,
            }
            for response in responses
        ],
        "operations": [
            {
                "made": in_paris(operation.made).isoformat(),
                "operation": operation.operation,
                "amount": operation.amount,
                "state": operation.state,
                "why": operation["why"],
            }
            for operation in made
        ],
    }


def _print(
    transaction: Transaction, responses: Sequence[RecordedResponse], made: Sequence[Operation]
) -> None:
    name = "show_transaction" if transaction.notified not in ("no", "stopped") else "show_not_notified"
    print(say(name, reference=transaction.reference, merchant=transaction.merchant, state=transaction.state))
    if transaction.paid_twice:
        print(f"  {say('paid_twice')}")
    if transaction.conflicting:
        print(f"  {say('conflicting')}")
    if transaction.notified == "stopped":
        print(f"  {say('show_stopped')}")
    currency = transaction.fields["currency_code"]
    if transaction.given_back:
        print(f"  {say('given_back', amount=money(transaction.given_back, currency))}")
    print(f"  {say('show_made', moment=format_timestamp(transaction.made))}")
    _print_fields(transaction.fields)
    for response in responses:
        values = {
            "moment": format_timestamp(response.received),
            "verdict": response.verdict,
            "source": response.source,
        }
        print(f"  {say('show_response', **values)}")
        _print_fields(response.fields)
    for one in made:
        values = {"operation": say(f"operation_{one.operation}"), "moment": format_timestamp(one.made)}
        values["state"] = say(f"operation_state_{one.state}")
        print(f"  {say('show_operation', **values, amount=money(one.amount, currency))}")


def _print_fields(fields: Mapping[str, str]) -> None:
    for name, value in sorted(fields.items()):
        print(f"    {name} = {value if value.isprintable() else ascii(value)}")
