"""Options that ``trigger`` and ``audit`` share, and what they stand for."""

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from sogenactif.commands.common import error_message
from sogenactif.configuration import PAYPAGE, SIPS
from sogenactif.errors import KitError
from sogenactif.fields import is_digits
from sogenactif_sandbox.automatic_response import ForbiddenTarget, host_of
from sogenactif_sandbox.commands.texts import say
from sogenactif_sandbox.default_merchant import default_folder
from sogenactif_sandbox.events import Payment, Sender, WrongCall, in_ledger, read_sender
from sogenactif_sandbox.paypage import SEALS

T = TypeVar("T")
MAX_DIGITS = 12
# The exit status if a file or a ledger can't be used, so that nothing was sent.
UNUSABLE = 2


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that name the payment and its merchant."""
    parser.add_argument("--order", metavar="REF", help="the shop's reference of the order (order_id)")
    parser.add_argument("--amount", metavar="CENTS", help="the amount, in the smallest unit of the currency")
    parser.add_argument("--currency", metavar="CODE", help="currency_code (978)")
    secret = parser.add_mutually_exclusive_group()
    secret.add_argument("--key", metavar="FILE", help="secret key of the test merchant (Paypage)")
    secret.add_argument("--certificate", metavar="FILE", help="certificate of the test merchant (Sips 1.0)")
    secret.add_argument(
        "--pathfile",
        metavar="FILE",
        help="pathfile of the shop, whose ledger knows the request (the sandbox's)",
    )
    parser.add_argument("--merchant", metavar="ID", help="merchant_id, if the file does not name it")
    parser.add_argument(
        "--protocol", choices=(PAYPAGE, SIPS), help="with --pathfile: another protocol than that of the file"
    )
    parser.add_argument(
        "--algorithm", choices=tuple(SEALS), help="algorithm of Paypage's seal (HMAC-SHA-256)"
    )
    parser.add_argument("--transaction", metavar="NUMBER", help="transaction_id that the shop gave")
    parser.add_argument(
        "--reference", metavar="REF", help="transactionReference that the shop gave (Paypage)"
    )
    parser.add_argument("--day", metavar="AAAAMMJJ", help="day of the transaction_id (today)")
    parser.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="HOST",
        help="a host other than this machine, with a test installation of your own shop; may be repeated",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def read_options(
    parser: argparse.ArgumentParser, args: argparse.Namespace
) -> tuple[Sender, Callable[[], Payment]]:
    """Return the sender, and a function that returns the payment as the shop's ledger has it now.

    A usage error, and a file that can't be used, end the program.
    """
    if args.amount and not (is_digits(args.amount) and len(args.amount) <= MAX_DIGITS and int(args.amount)):
        parser.error(say("no_amount", amount=args.amount))
    pathfile = args.pathfile or str(default_folder() / "pathfile")
    if not (args.key or args.certificate or Path(pathfile).exists()):
        parser.error(say("no_sandbox", path=pathfile))
    payment = Payment(
        args.order,
        args.amount or "",
        args.currency or "978",
        args.transaction or "",
        args.reference or "",
        args.day or "",
    )

    def find() -> Payment:
        if not read or args.transaction or args.reference:
            return payment
        known = attempt(parser, partial(in_ledger, read, payment))
        return replace(known, currency=args.currency or known.currency)

    sender, read = attempt(
        parser,
        lambda: read_sender(
            args.protocol or "",
            args.merchant or "",
            args.key or "",
            args.certificate or "",
            pathfile,
            args.algorithm or "",
        ),
    )
    amount = args.amount or (args.order and find().amount)
    missing = [name for name, value in (("--order", args.order), ("--amount", amount)) if not value]
    if missing:
        parser.error(say("no_option", options=", ".join(missing)))
    return sender, find


def check_host(parser: argparse.ArgumentParser, url: str, allowed: list[str]) -> str:
    """Return the host of an address; a usage error ends the program if it is neither this machine nor allowed."""
    try:
        return host_of(url, allowed)
    except ForbiddenTarget as error:
        parser.error(say("other_host", host=str(error) or url))


def attempt(parser: argparse.ArgumentParser, work: Callable[[], T]) -> T:
    """Return what some work returns; an error that a person can mend ends the program with a sentence and status 2."""
    try:
        return work()
    except WrongCall as error:
        parser.error(say(error.name, **error.values))
    except (KitError, OSError) as error:
        print(f"sogenactif: {error_message(error)}", file=sys.stderr)
        sys.exit(UNUSABLE)
