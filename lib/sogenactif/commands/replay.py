"""``sogenactif replay``: enters what only the journal has, and tells the shop what it doesn't know."""

import importlib.util
import os
import sys
from collections.abc import Callable, Sequence

from sogenactif.commands.common import ROOT, command_parser, done, progress, the_ledger
from sogenactif.errors import LedgerMissing
from sogenactif.ledger import FORGED, Ledger
from sogenactif.payment import PaymentResponse


def main(arguments: Sequence[str]) -> int:
    """Bring ledger and shop up to date; status 1 where an outcome could not be told."""
    parser = command_parser(
        "replay",
        "Enter in the ledger what only the journal has, and tell the shop the outcomes it was not told.",
    )
    parser.add_argument(
        "--script",
        default=f"{ROOT}/cgi-bin/call_autoresponse.py",
        help="script whose record_outcome is told (%(default)s)",
    )
    asked = parser.parse_args(arguments)
    with the_ledger(asked.pathfile) as ledger:
        try:
            ledger.untold()
        except LedgerMissing:
            ledger.make_again()
        entered = _enter(ledger)
        told = ledger.tell(_function(asked.script), _complain, most=None)
        left = ledger.untold()
    print(f"{entered} entered from the journal, {told} told to the shop, {left} still to tell")
    return 1 if left else 0


def _enter(ledger: Ledger) -> int:
    """Enter what the ledger lacks, in the order it was written: a request before its responses; how much."""
    entered = 0
    show = progress("lines of the journal")
    for count, entry in enumerate(ledger.journal.entries(), 1):
        show(count)
        if entry["verdict"] == FORGED or ledger.has(entry):
            continue
        if entry["kind"] == "request":
            ledger.enter_request(entry)
        else:
            ledger.enter(entry)
        entered += 1
    done()
    return entered


def _function(script: str) -> Callable[[PaymentResponse], None]:
    spec = importlib.util.spec_from_file_location("call_autoresponse", script)
    if not spec or not spec.loader or not os.path.exists(script):
        sys.exit(f"sogenactif: no script {script}; name it with --script")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    function: Callable[[PaymentResponse], None] = module.record_outcome
    return function


def _complain(error: Exception) -> None:
    print(f"sogenactif: record_outcome raised {type(error).__name__}: {error!s:.200}", file=sys.stderr)
