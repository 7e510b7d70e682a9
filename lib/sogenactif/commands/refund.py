"""``sogenactif refund`` and ``validate``: give money back, or release a payment for its capture."""

import argparse
import sys
from collections.abc import Sequence
from contextlib import nullcontext, redirect_stdout

from sogenactif.commands.common import (
    add_merchant,
    add_reference,
    ask_confirmation,
    command_parser,
    find_transaction_or_exit,
    money,
    open_ledger_or_exit,
    print_json,
    read_reference,
    warn,
)
from sogenactif.commands.functions import add_script, complain_of_refund, refund_function
from sogenactif.commands.texts import bank_code, bank_state, printable, say
from sogenactif.configuration import read_pathfile
from sogenactif.errors import ConfigurationError, JournalError, LedgerError, OfficeError, OperationRefused
from sogenactif.fields import is_digits
from sogenactif.ledger.history import Transaction
from sogenactif.ledger.ledger import Ledger
from sogenactif.ledger.operations import notify_refunds
from sogenactif.refunds import Prepared, prepare, send, transaction_lock

NOT_DONE, NOT_KNOWN = 1, 2
DESCRIPTION = "Give back a payment or a part of it: cancel it before its capture, refund it after."


def make_parser(command: str = "refund", description: str = DESCRIPTION) -> argparse.ArgumentParser:
    """Return the parser of the command's arguments."""
    parser = command_parser(command, description)
    parser.epilog = (
        "Status 0: done. 1: refused, nothing was done."
        " 2: not known; look at sogenactif status before you repeat it."
    )
    add_reference(parser)
    parser.add_argument(
        "amount",
        nargs="?",
        metavar="AMOUNT",
        help="in cents, the smallest unit of the currency; all that is left",
    )
    parser.add_argument("--yes", action="store_true", help="do not ask for confirmation")
    parser.add_argument(
        "--again",
        action="store_true",
        help="send it although the result of an earlier operation is still not known",
    )
    add_merchant(parser)
    add_script(parser)
    return parser


def main(arguments: Sequence[str]) -> int:
    """Give money back; status 1 if the bank refused it, 2 if the result is not known."""
    return run(make_parser(), arguments, validating=False)


def run(parser: argparse.ArgumentParser, arguments: Sequence[str], validating: bool) -> int:
    """Run the command of a parser, and return its exit status."""
    args = parser.parse_args(arguments)
    reference = read_reference(parser, args.reference)
    text = args.amount
    if text is not None and not (is_digits(text) and 0 < len(text) <= 12 and int(text)):
        parser.error(say("refund_no_amount", text=text))
    if args.json and not args.yes:
        parser.error(say("refund_json"))
    amount = None if text is None else int(text)
    # With --json the output of the shop's function must not get into the JSON.
    with redirect_stdout(sys.stderr) if args.json else nullcontext():
        record_refund = refund_function(args.script)
        with open_ledger_or_exit(args.pathfile, NOT_KNOWN) as ledger:
            transaction = find_transaction_or_exit(ledger, reference, args.merchant)
            status, row = _operate(args, ledger, transaction, amount, validating)
            if record_refund:
                notify_refunds(ledger, record_refund, complain_of_refund, most=None)
    if args.json:
        print_json({"reference": transaction.reference, "order_id": transaction.order_id, **row})
    return status


def _operate(
    args: argparse.Namespace, ledger: Ledger, transaction: Transaction, amount: int | None, validating: bool
) -> tuple[int, dict[str, object]]:
    """Return the exit status, and what the JSON has of the operation."""
    pathfile = read_pathfile(args.pathfile)
    row: dict[str, object] = {
        "operation": "",
        "amount": amount,
        "result": "not_done",
        "code": "",
        "error": "",
    }
    sending = False
    try:
        with transaction_lock(ledger, transaction):
            prepared = prepare(ledger, pathfile, transaction, amount, validating, args.again)
            row |= {"operation": prepared.operation, "amount": prepared.amount}
            if not args.json:
                _print(transaction, prepared)
            if prepared.done:
                return 0, {**row, "result": "done"}
            if not args.yes and not ask_confirmation("refund_confirm"):
                warn("refund_not_confirmed")
                return NOT_DONE, row
            sending = True
            send(ledger, pathfile, transaction, prepared)
    except OperationRefused as error:
        warn("refund_refused", why=_why(error))
        return NOT_DONE, {**row, "code": error.code, "error": str(error)}
    except (OfficeError, ConfigurationError) as error:
        is_sent = sending and isinstance(error, OfficeError) and error.sent
        warn("refund_not_known" if is_sent else "refund_not_sent", error=error)
        return NOT_KNOWN, {**row, "result": "not_known" if is_sent else "not_done", "error": str(error)}
    except (LedgerError, JournalError) as error:
        # While it is sent, the intent was recorded or its result was not: either may be.
        warn("refund_not_recorded" if sending else "refund_not_sent", error=error)
        return NOT_KNOWN, {**row, "result": "not_known" if sending else "not_done", "error": str(error)}
    if not args.json:
        print(say("refund_done"))
    return 0, {**row, "result": "done", "code": "00"}


def _why(error: OperationRefused) -> str:
    return bank_code(error.code) if error.code else say(f"refused_{error.reason}", **error.values)


def _print(transaction: Transaction, prepared: Prepared) -> None:
    currency = prepared.state.currency_code
    for earlier in prepared.earlier:
        print(
            say(
                f"refund_earlier_{earlier.state}",
                operation=say(f"operation_{earlier.operation}"),
                amount=money(earlier.amount, currency),
            )
        )
    if prepared.done:
        print(say("refund_is_done"))
        return
    status = prepared.state.status
    values = {"reference": transaction.reference, "order": transaction.order_id, "status": status}
    values |= {"words": bank_state(status), "left": money(prepared.left, currency)}
    print(printable(say("refund_transaction", **values)))
    print(say(f"refund_{prepared.operation}", amount=money(prepared.amount, currency)))
