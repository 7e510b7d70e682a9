"""The shop's own functions, which some commands call to notify it."""

import argparse
import importlib.util
import os
from types import ModuleType

from sogenactif.commands.common import exit_with, warn
from sogenactif.commands.places import SCRIPTS
from sogenactif.ledger.ledger import Ledger
from sogenactif.ledger.notification import RecordOutcome, notify_pending_outcomes, pending_outcomes
from sogenactif.ledger.operations import RecordRefund, notify_refunds, pending_refunds

SCRIPT = f"{SCRIPTS}/call_autoresponse.py"


def add_script(parser: argparse.ArgumentParser) -> None:
    """Add the option that names the script of the functions."""
    parser.add_argument(
        "--script",
        default=SCRIPT,
        help="script whose functions notify the shop (%(default)s)",
    )


def both_functions(script: str, failure: int = 1) -> tuple[RecordOutcome, RecordRefund | None]:
    """Return record_outcome of a script, without which the command ends, and its record_refund if it has one."""
    if not os.path.exists(script):
        exit_with("replay_no_script", failure, script=script)
    try:
        module = load_script(script)
        function: RecordOutcome = module.record_outcome
    except Exception as error:
        exit_with("replay_no_function", failure, script=script, error=plain(error))
    return function, getattr(module, "record_refund", None)


def refund_function(script: str) -> RecordRefund | None:
    """Return record_refund of a script, if there is one: without it nothing keeps money from being given back.

    A script that was named and isn't there ends the command.
    """
    if not os.path.exists(script):
        if script != SCRIPT:
            exit_with("replay_no_script", 2, script=script)
        return None
    try:
        return getattr(load_script(script), "record_refund", None)
    except Exception as error:
        complain_of_refund(error)
        return None


def has_refund_function(script: str) -> bool:
    """Return whether a script defines record_refund: it is read, and nothing of it is run."""
    import ast

    try:
        with open(script, "rb") as file:
            statements = ast.parse(file.read()).body
    except (OSError, SyntaxError, ValueError):
        return False
    names: set[str] = set()
    for one in statements:
        if isinstance(one, ast.FunctionDef):
            names.add(one.name)
        elif isinstance(one, ast.ImportFrom):
            names |= {alias.asname or alias.name for alias in one.names}
    return "record_refund" in names


def notify_pending(
    ledger: Ledger, record_outcome: RecordOutcome, record_refund: RecordRefund | None
) -> tuple[int, int]:
    """Notify the shop of every pending outcome and refund; return of how many, and how many are left."""
    notified = notify_pending_outcomes(ledger, record_outcome, print_shop_error, most=None)
    pending = pending_outcomes(ledger)
    if record_refund:
        notified += notify_refunds(ledger, record_refund, complain_of_refund, most=None)
        pending += pending_refunds(ledger)
    return notified, pending


def complain_of_refund(error: BaseException) -> None:
    """Print what the shop's record_refund raised."""
    warn("refund_raised", error=plain(error))


def print_shop_error(error: BaseException) -> None:
    """Print what a function of the shop raised."""
    warn("replay_raised", error=plain(error))


def load_script(script: str) -> ModuleType:
    """Return the module of a script, which is run; raise what running it raises, OSError if it can't be read."""
    spec = importlib.util.spec_from_file_location(os.path.basename(script).removesuffix(".py"), script)
    if not spec or not spec.loader:
        raise OSError(script)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def plain(error: BaseException) -> str:
    """Return the type of an error and its message, in ASCII on one line."""
    return f"{type(error).__name__}: {ascii(str(error))[1:-1]:.200}"
