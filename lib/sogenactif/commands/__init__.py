"""Commands of ``bin/sogenactif``, a module each: ``make_parser`` defines the arguments, ``main`` runs the command."""

import argparse
import os
import sys
from collections.abc import Mapping
from importlib import import_module
from io import TextIOWrapper
from types import ModuleType
from typing import NoReturn

from sogenactif import __version__
from sogenactif.commands.texts import say, usage_error

# Each command: what it does, and its module.
COMMANDS = {
    "check": ("find what is wrong with an installation, and say what to do", "sogenactif.commands.check"),
    "certificate": (
        "issue, show or install the certificate of a merchant",
        "sogenactif.commands.certificate",
    ),
    "transactions": ("list transactions by day, order or state", "sogenactif.commands.transactions"),
    "show": ("show a transaction and the responses to it", "sogenactif.commands.show"),
    "status": ("show the state of a transaction at the bank", "sogenactif.commands.status"),
    "reconcile": ("ask the bank for outcomes that never arrived", "sogenactif.commands.reconcile"),
    "refund": ("give back a payment or a part of it", "sogenactif.commands.refund"),
    "validate": ("release a payment for its capture", "sogenactif.commands.validate"),
    "replay": (
        "record what only the journal has, notify pending outcomes",
        "sogenactif.commands.replay",
    ),
    "paypage": ("write a Paypage configuration where there is none", "sogenactif.commands.paypage"),
    "migrate": ("write a Paypage configuration beside that of Sips 1.0", "sogenactif.commands.migrate"),
    "verify": ("compare the journal with the ledger", "sogenactif.commands.verify"),
    "prune": ("delete the personal values of old payments", "sogenactif.commands.prune"),
}


# The exit status of a usage error.
USAGE = 2


class Parser(argparse.ArgumentParser):
    """Parse arguments, and report a usage error in the language of the locale."""

    def error(self, message: str) -> NoReturn:
        """Print the usage and the error, and end with status 2."""
        self.print_usage(sys.stderr)
        print(f"{self.prog}: {say('usage_error', message=usage_error(message))}", file=sys.stderr)
        sys.exit(USAGE)


def new_parser(command: str, description: str, epilog: str = "") -> argparse.ArgumentParser:
    """Return the parser of a command, or of all commands if it is empty, with --help and --version."""
    parser = Parser(
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
        sys.exit(f"sogenactif: {say('missing_module', command=command, module=error.name)}")


def main(commands: Mapping[str, tuple[str, str]] | None = None) -> int:
    """Run the command that the arguments of this process name, and return its exit status.

    ``commands`` are this kit's, and those that other installed packages name in the group of entry points
    ``sogenactif.commands``, unless they are given.
    """
    if commands is None:
        from importlib.metadata import entry_points

        commands = dict(COMMANDS)
        for entry_point in entry_points(group="sogenactif.commands"):
            commands |= entry_point.load()
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    summaries = "\n".join(f"  {name:12} {does}" for name, (does, _) in commands.items())
    parser = new_parser("", "The commands of the payment kit.", summaries)
    parser.add_argument("command", choices=commands, metavar="command", help="one of these:")
    status = 0
    try:
        try:
            command: str = parser.parse_args(sys.argv[1:2]).command
            status = load(command, commands).main(sys.argv[2:])
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # The reader of a pipe, head for instance, has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        status = 0
    return status
