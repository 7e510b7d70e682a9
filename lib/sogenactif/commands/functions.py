"""The shop's own functions, which some commands call to notify it."""

import argparse
import importlib.util
import os
from collections.abc import Callable

from sogenactif.commands.common import end, warn
from sogenactif.commands.places import SCRIPTS
from sogenactif.payment import PaymentResponse


def add_script(parser: argparse.ArgumentParser) -> None:
    """Add the option that names the script of the functions."""
    parser.add_argument(
        "--script",
        default=f"{SCRIPTS}/call_autoresponse.py",
        help="script whose record_outcome is called (%(default)s)",
    )


def outcome_function(script: str, failure: int = 1) -> Callable[[PaymentResponse], None]:
    """Return record_outcome of a script of the shop; if it has none, the command ends with a sentence."""
    spec = importlib.util.spec_from_file_location("call_autoresponse", script)
    if not spec or not spec.loader or not os.path.exists(script):
        end("replay_no_script", failure, script=script)
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        function: Callable[[PaymentResponse], None] = module.record_outcome
    except Exception as error:
        end("replay_no_function", failure, script=script, error=_plain(error))
    return function


def complain(error: BaseException) -> None:
    """Print what a function of the shop raised."""
    warn("replay_raised", error=_plain(error))


def _plain(error: BaseException) -> str:
    return f"{type(error).__name__}: {ascii(str(error))[1:-1]:.200}"
