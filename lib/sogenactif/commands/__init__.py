"""The commands of ``bin/sogenactif``, a module each: ``make_parser`` defines its arguments, ``main`` runs it."""

import argparse
import sys
from collections.abc import Mapping
from importlib import import_module
from types import ModuleType

from sogenactif import __version__

# Each command: what it does, and its module.
COMMANDS = {
    "check": ("find what is wrong with an installation, and say what to do", "sogenactif.commands.check"),
    "certificate": (
        "issue, show or install the certificate of a merchant",
        "sogenactif.commands.certificate",
    ),
    "transactions": ("list transactions by day, order or state", "sogenactif.commands.transactions"),
    "show": ("show a transaction and the responses to it", "sogenactif.commands.show"),
    "replay": (
        "record what only the journal has, notify the shop of pending outcomes",
        "sogenactif.commands.replay",
    ),
    "migrate": (
        "write a configuration for Paypage (Sips 2.0) beside that of Sips 1.0",
        "sogenactif.commands.migrate",
    ),
    "verify": ("compare the journal with the ledger", "sogenactif.commands.verify"),
}


def new_parser(command: str, description: str, epilog: str = "") -> argparse.ArgumentParser:
    """Return the parser of a command, or of all commands if it is empty, with --help and --version."""
    parser = argparse.ArgumentParser(
        prog=f"sogenactif {command}".rstrip(),
        description=description,
        epilog=epilog,
        formatter_class=argparse.HelpFormatter if command else argparse.RawDescriptionHelpFormatter,
    )
    version = f"Sogenactif payment kit {__version__}"
    parser.add_argument("--version", action="version", version=version, help="show the version")
    return parser


def load(command: str, commands: Mapping[str, tuple[str, str]] = COMMANDS) -> ModuleType:
    """Return the module of a command; a missing dependency ends the program with a sentence."""
    try:
        return import_module(commands[command][1])
    except ModuleNotFoundError as error:
        sys.exit(
            f"sogenactif: {command} needs {error.name}, which is missing: run ./install.sh in a whole copy of the kit"
        )
