"""Makes the certificate of a merchant: ``bin/sogenactif certificate issue``.

The same file serves the shop's kit, the bank's or this one, and the payment server that its
address names. It is a secret: whoever reads it can seal.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from sogenactif.certificate import certificate_path, issue_certificate, write_secret
from sogenactif.errors import KitError
from sogenactif.settings import Pathfile, read_pathfile


class AlreadyThere(Exception):
    """There is a certificate in that place."""


def issue(url: str, merchant_id: str, country: str, pathfile: Pathfile, rotate: bool = False) -> str:
    """Issue the certificate of a merchant into the place that the pathfile names; where that is.

    ``url`` is the address of the payment server, without ``/callpayment``. With ``rotate`` the
    certificate that is there stays in force as the previous one. Raises AlreadyThere without it,
    and KitError.
    """
    path = certificate_path(pathfile, country, merchant_id)
    content = issue_certificate(url, merchant_id, country, pathfile["F_CTYPE"])
    if os.path.exists(path):
        if not rotate:
            raise AlreadyThere(path)
        write_secret(certificate_path(pathfile, country, merchant_id, old=True), Path(path).read_bytes())
    write_secret(path, content)
    return path


def main(arguments: Sequence[str]) -> int:
    """The command line; the exit status is 1 where there is no certificate in the end."""
    parser = argparse.ArgumentParser(prog="sogenactif certificate", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="issue")
    command = commands.add_parser("issue", help="make a certificate")
    command.add_argument("merchant_id", help="number of the merchant, 014213245611111")
    command.add_argument("url", help="address of the payment server, http://127.0.0.1:8080/payment")
    command.add_argument("--country", default="fr", help="country of the merchant (fr)")
    command.add_argument("--pathfile", default="", help="the pathfile that says where certificates are")
    command.add_argument("--output", metavar="FILE", help="write it there instead; - is the standard output")
    command.add_argument("--type", default="php", help="with --output: its type, empty for none (php)")
    command.add_argument(
        "--rotate", action="store_true", help="keep the one that is there as the previous one"
    )
    given = parser.parse_args(arguments)
    try:
        if given.output is None:
            path = issue(
                given.url, given.merchant_id, given.country, read_pathfile(given.pathfile), given.rotate
            )
            print(path)
            return 0
        content = issue_certificate(given.url, given.merchant_id, given.country, given.type)
        if given.output == "-":
            sys.stdout.buffer.write(content)
        elif os.path.exists(given.output):
            raise AlreadyThere(given.output)
        else:
            write_secret(given.output, content)
    except AlreadyThere as error:
        print(
            f"There is a certificate already ({error}); --rotate keeps it as the previous one.",
            file=sys.stderr,
        )
        return 1
    except (KitError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0
