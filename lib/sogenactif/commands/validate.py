"""``sogenactif validate``: release a payment for its capture."""

import argparse
from collections.abc import Sequence

from sogenactif.commands import refund

DESCRIPTION = "Validate a payment that waits for it, so that it is captured; or a part of it."


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command's arguments."""
    return refund.make_parser("validate", DESCRIPTION)


def main(arguments: Sequence[str]) -> int:
    """Validate a payment; status 1 if the bank refused it, 2 if the result is not known."""
    return refund.run(make_parser(), arguments, validating=True)
