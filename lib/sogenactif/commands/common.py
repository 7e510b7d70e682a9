"""What the commands on the ledger share."""

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sogenactif.commands import new_parser
from sogenactif.commands.places import PATHFILE
from sogenactif.configuration import read_pathfile
from sogenactif.errors import KitError
from sogenactif.files import become_owner
from sogenactif.ledger.ledger import Ledger, opened_ledger
from sogenactif.ledger.schema import sqlite_path


def command_parser(name: str, description: str) -> argparse.ArgumentParser:
    """A parser with what every command on the ledger takes."""
    parser = new_parser(name, description)
    parser.add_argument("--pathfile", default=PATHFILE, help="pathfile that names the ledger (%(default)s)")
    return parser


@contextmanager
def the_ledger(pathfile: str) -> Iterator[Ledger]:
    """Yield the ledger of a pathfile; what fails ends the command with a sentence and status 1.

    Root goes on as the user that the ledger belongs to.
    """
    try:
        with opened_ledger(read_pathfile(pathfile)) as ledger:
            if ledger is None:
                sys.exit(f"sogenactif: {pathfile} names no LEDGER")
            path = sqlite_path(ledger.url)
            folders = [os.path.dirname(path)] if path else []
            journal = ledger.journal.folder
            become_owner(*folders, journal, os.path.dirname(journal))
            yield ledger
    except KitError as error:
        sys.exit(f"sogenactif: {error}")


def progress(what: str) -> Callable[[int], None]:
    """Shows how far long work is, on a terminal; nothing elsewhere."""
    if not sys.stderr.isatty():
        return lambda count: None

    def show(count: int) -> None:
        if count % 1000 == 0:
            print(f"\r{what}: {count}", end="", file=sys.stderr, flush=True)

    return show


def done() -> None:
    """Take the progress off the terminal."""
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr, flush=True)
