"""``sogenactif status``: show the state of a transaction at the bank beside that in the ledger."""

import argparse
from collections.abc import Sequence

from sogenactif.commands.common import (
    add_merchant,
    add_reference,
    command_parser,
    money,
    print_json,
    read_reference,
    the_ledger,
    the_transaction,
    warn,
)
from sogenactif.commands.texts import bank_code, bank_state, printable, say
from sogenactif.configuration import read_pathfile
from sogenactif.errors import ConfigurationError, OfficeError
from sogenactif.ledger.history import WAITING, Transaction
from sogenactif.reconciliation import Standing, query

NOT_KNOWN = 2


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command's arguments."""
    parser = command_parser(
        "status", "Ask the bank for the state of a transaction, and show the ledger's beside it."
    )
    parser.epilog = "Status 0: the bank knows it. 1: the bank does not. 2: not known, no sealed answer came."
    add_reference(parser)
    add_merchant(parser)
    return parser


def main(arguments: Sequence[str]) -> int:
    """Print both states; status 1 if the bank does not know the transaction, 2 without a sealed answer."""
    parser = make_parser()
    args = parser.parse_args(arguments)
    reference = read_reference(parser, args.reference)
    with the_ledger(args.pathfile, NOT_KNOWN) as ledger:
        transaction = the_transaction(ledger, reference, args.merchant)
        standing, error = None, ""
        try:
            standing = query(ledger, read_pathfile(args.pathfile), transaction)
        except (OfficeError, ConfigurationError) as failure:
            error = str(failure)
    if args.json:
        print_json(_row(transaction, standing, error))
    else:
        _print(transaction, standing)
        if error:
            warn("office_failed", error=error)
    if standing is None or not (standing.is_known or standing.is_unknown):
        return NOT_KNOWN
    return 0 if standing.is_known else 1


def bank_row(standing: Standing) -> dict[str, object]:
    """Return the state at the bank as the commands' JSON has it; amounts are in the smallest unit, or null."""
    return {
        "code": standing.code,
        "status": standing.status,
        "response_code": standing.answer.response_code,
        "outcome": standing.response.outcome if standing.response else "",
        "amount": standing.origin,
        "current_amount": standing.current,
        "left": standing.left,
        "currency_code": standing.currency_code,
        "last_operation": standing.answer["lastOperationName"],
        "last_operation_time": standing.answer["lastOperationDateTime"],
        "automatic_response": standing.answer["automaticResponseStatus"],
    }


def _row(transaction: Transaction, standing: Standing | None, error: str) -> dict[str, object]:
    return {
        "reference": transaction.reference,
        "merchant": transaction.merchant,
        "order_id": transaction.order_id,
        "ledger": {
            "state": transaction.state,
            "notified": "" if transaction.state == WAITING else transaction.notified,
            "amount": int(transaction.fields["amount"]),
            "currency_code": transaction.fields["currency_code"],
        },
        "bank": bank_row(standing) if standing else None,
        "error": error,
    }


def _print(transaction: Transaction, standing: Standing | None) -> None:
    amount = money(transaction.fields["amount"], transaction.fields["currency_code"])
    values = {"reference": transaction.reference, "order": transaction.order_id, "amount": amount}
    print(say("status_transaction", **values))
    name = "status_ledger" if transaction.notified not in ("no", "stopped") else "status_ledger_not_notified"
    print(f"  {say(name, state=transaction.state)}")
    if standing is None:
        return
    if not standing.is_known:
        print(f"  {say('status_bank_code', code=standing.code, words=bank_code(standing.code))}")
        return
    state = bank_state(standing.status)
    print(f"  {printable(say('status_bank', status=standing.status, words=state))}")
    code = standing.answer.response_code
    if standing.response and standing.response.outcome != "accepted":
        print(f"  {say('status_bank_outcome', outcome=standing.response.outcome, code=code)}")
    amounts = [
        money(one, standing.currency_code) for one in (standing.origin, standing.current, standing.left)
    ]
    print(f"  {say('status_amounts', **dict(zip(('amount', 'current', 'left'), amounts, strict=True)))}")
    last, moment = standing.answer["lastOperationName"], standing.answer["lastOperationDateTime"]
    if last:
        print(f"  {say('status_last', operation=last, moment=moment)}")
