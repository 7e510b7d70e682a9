"""``sogenactif status``: show the state of a transaction at the bank beside that in the ledger."""

import argparse
from collections.abc import Sequence

from sogenactif.commands.common import (
    add_merchant,
    add_reference,
    command_parser,
    find_transaction_or_exit,
    money,
    open_ledger_or_exit,
    print_json,
    read_reference,
    warn,
)
from sogenactif.commands.texts import bank_code, bank_state, printable, say
from sogenactif.configuration import read_pathfile
from sogenactif.errors import ConfigurationError, OfficeError
from sogenactif.ledger.history import WAITING, Transaction
from sogenactif.reconciliation import BankState, query

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
    with open_ledger_or_exit(args.pathfile, NOT_KNOWN) as ledger:
        transaction = find_transaction_or_exit(ledger, reference, args.merchant)
        state, error = None, ""
        try:
            state = query(ledger, read_pathfile(args.pathfile), transaction)
        except (OfficeError, ConfigurationError) as failure:
            error = str(failure)
    if args.json:
        print_json(_row(transaction, state, error))
    else:
        _print(transaction, state)
        if error:
            warn("office_failed", error=error)
    if state is None or not (state.is_known or state.is_unknown):
        return NOT_KNOWN
    return 0 if state.is_known else 1


def bank_row(state: BankState) -> dict[str, object]:
    """Return the state at the bank as the commands' JSON has it; amounts are in the smallest unit, or null."""
    return {
        "code": state.code,
        "status": state.status,
        "response_code": state.answer.response_code,
        "outcome": state.response.outcome if state.response else "",
        "amount": state.origin,
        "current_amount": state.current,
        "left": state.left,
        "currency_code": state.currency_code,
        "last_operation": state.answer["lastOperationName"],
        "last_operation_time": state.answer["lastOperationDateTime"],
        "automatic_response": state.answer["automaticResponseStatus"],
    }


def _row(transaction: Transaction, state: BankState | None, error: str) -> dict[str, object]:
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
        "bank": bank_row(state) if state else None,
        "error": error,
    }


def _print(transaction: Transaction, state: BankState | None) -> None:
    amount = money(transaction.fields["amount"], transaction.fields["currency_code"])
    values = {"reference": transaction.reference, "order": transaction.order_id, "amount": amount}
    print(say("status_transaction", **values))
    name = "status_ledger" if transaction.notified not in ("no", "stopped") else "status_ledger_not_notified"
    print(f"  {say(name, state=transaction.state)}")
    if state is None:
        return
    if not state.is_known:
        print(f"  {say('status_bank_code', code=state.code, words=bank_code(state.code))}")
        return
    words = bank_state(state.status)
    print(f"  {printable(say('status_bank', status=state.status, words=words))}")
    code = state.answer.response_code
    if state.response and state.response.outcome != "accepted":
        print(f"  {say('status_bank_outcome', outcome=state.response.outcome, code=code)}")
    amounts = [money(one, state.currency_code) for one in (state.origin, state.current, state.left)]
    print(f"  {say('status_amounts', **dict(zip(('amount', 'current', 'left'), amounts, strict=True)))}")
    last, moment = state.answer["lastOperationName"], state.answer["lastOperationDateTime"]
    if last:
        print(f"  {say('status_last', operation=last, moment=moment)}")
