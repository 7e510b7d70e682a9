"""Functions that the commands share: options, error messages, JSON, moments in Paris, progress."""

import argparse
import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import NoReturn

from sogenactif.commands import new_parser
from sogenactif.commands.places import PATHFILE
from sogenactif.commands.texts import labelled, language, say
from sogenactif.configuration import read_pathfile
from sogenactif.dates import PARIS, read_day
from sogenactif.errors import KitError
from sogenactif.fields import is_digits
from sogenactif.files import become_owner
from sogenactif.ledger import open_ledger
from sogenactif.ledger.history import Transaction, transactions_by_number
from sogenactif.ledger.ledger import Ledger
from sogenactif.money import format_amount

MAX_NUMBER_LENGTH = 6


def command_parser(name: str, description: str) -> argparse.ArgumentParser:
    """Return a parser with the options of every command on the ledger."""
    parser = new_parser(name, description)
    parser.add_argument("--pathfile", default=PATHFILE, help="pathfile that names the ledger (%(default)s)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


@contextmanager
def open_ledger_or_exit(pathfile: str, failure: int = 1) -> Iterator[Ledger]:
    """Open the ledger of a pathfile; an error ends the command with a sentence and status 1."""
    try:
        with open_ledger(read_pathfile(pathfile)) as ledger:
            if ledger is None:
                exit_with("no_ledger", failure, path=pathfile)
            path = ledger.address.file
            folders = [os.path.dirname(path)] if path else []
            journal = ledger.journal.folder
            if path:
                # Loaded as root: the user below may not be allowed to read the kit's folder.
                import sogenactif.commands.texts.en
                import sogenactif.commands.texts.fr
                import sogenactif.ledger.sqlite  # noqa: F401
            # Root must not follow the links of the user that the ledger belongs to.
            become_owner(*folders, journal, os.path.dirname(journal))
            yield ledger
    except KitError as error:
        print(f"sogenactif: {error_message(error)}", file=sys.stderr)
        sys.exit(failure)


def error_message(error: Exception) -> str:
    """Return the message of an error and its cause; for a denied permission, also what to do."""
    cause = error if isinstance(error, OSError) else error.__cause__
    words = str(error)
    if isinstance(cause, OSError) and cause.strerror and cause.strerror not in words:
        words += f": {cause.strerror}"
    if isinstance(cause, PermissionError):
        words += f". {say('as_root')}"
    return words


def print_json(value: object) -> None:
    """Print a value as JSON, in ASCII."""
    print(json.dumps(value, indent=2, ensure_ascii=True))


def in_paris(moment: str) -> datetime:
    """Return a moment (ISO 8601, UTC) in the time of Paris, in whole seconds."""
    parsed = datetime.fromisoformat(moment)
    return (
        (parsed if parsed.tzinfo else parsed.replace(tzinfo=timezone.utc))
        .astimezone(PARIS)
        .replace(microsecond=0)
    )


def format_timestamp(moment: str) -> str:
    """Return a moment (ISO 8601, UTC) for a person: in Paris, with the zone."""
    return f"{in_paris(moment):%Y-%m-%d %H:%M:%S %Z}"


def day(text: str) -> str:
    """Return a day given as YYYY-MM-DD or AAAAMMJJ in the latter form. Raises ValueError."""
    plain = text.replace("-", "") if len(text) == len("YYYY-MM-DD") and text[4] == text[7] == "-" else text
    read_day(plain)
    return plain


def progress(name: str) -> Callable[[int], None]:
    """Return a function that shows the progress of long work on a terminal, and does nothing elsewhere."""
    if not sys.stderr.isatty():
        return lambda count: None
    label = say(name)

    def show(count: int) -> None:
        if count % 1000 == 0:
            print(f"\r{labelled(label, count)}", end="", file=sys.stderr, flush=True)

    return show


def done() -> None:
    """Remove the progress from the terminal."""
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr, flush=True)


def warn(name: str, **values: object) -> None:
    """Print a sentence on stderr, by its name in the texts."""
    done()
    print(f"sogenactif: {say(name, **values)}", file=sys.stderr)


def exit_with(name: str, status: int, **values: object) -> NoReturn:
    """End the command with a sentence and a status."""
    warn(name, **values)
    sys.exit(status)


def ask_confirmation(name: str) -> bool:
    """Ask a question of the texts, and return whether the answer is yes; the end of the input means no."""
    try:
        return input(f"{say(name)} ").strip().lower() in ("y", "yes", "o", "oui")
    except EOFError:
        print()
        return False


def add_reference(parser: argparse.ArgumentParser) -> None:
    """Add the argument that names a transaction."""
    parser.add_argument("reference", help="its day and transaction_id, AAAAMMJJ-NNNNNN or YYYY-MM-DD-NNNNNN")


def read_reference(parser: argparse.ArgumentParser, text: str) -> tuple[str, str]:
    """Return the day (aaaammjj) and the number that name a transaction, or end the command with a usage error."""
    written, _, number = text.rpartition("-")
    try:
        wanted = day(written)
    except ValueError:
        wanted = ""
    if not wanted or len(number) > MAX_NUMBER_LENGTH or not is_digits(number):
        parser.error(say("show_no_reference", text=text))
    return wanted, number


def add_merchant(parser: argparse.ArgumentParser) -> None:
    """Add the option that chooses between merchants with the same transaction number."""
    parser.add_argument("--merchant", default="", help="merchant_id, if the ledger has several")


def find_transaction_or_exit(ledger: Ledger, reference: tuple[str, str], merchant: str) -> Transaction:
    """Return the transaction of a day and number; if there is none or several, the command ends with a sentence."""
    named = "-".join(reference)
    rows = transactions_by_number(ledger, *reference, merchant)
    if not rows:
        sys.exit(f"sogenactif: {say('show_none', reference=named)}")
    if len(rows) > 1:
        merchants = ", ".join(row.fields["merchant_id"] for row in rows)
        sys.exit(f"sogenactif: {say('several_merchants', reference=named, merchants=merchants)}")
    return rows[0]


def money(amount: int | str | None, currency_code: str) -> str:
    """Return an amount in the smallest unit as a person writes it; ``?`` if it is not known."""
    if amount is None:
        return "?"
    # A terminal shows no no-break spaces.
    return re.sub(r"\s", " ", format_amount(str(amount), currency_code, language()))
