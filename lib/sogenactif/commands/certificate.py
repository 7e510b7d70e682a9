"""``sogenactif certificate``: issue one for the sandbox, show one, install the bank's.

A certificate is a secret: anybody who reads it can seal. Nothing here ever prints its key.
"""

import argparse
import os
import re
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from sogenactif.commands import new_parser
from sogenactif.commands.common import error_message, print_json
from sogenactif.commands.places import PATHFILE
from sogenactif.commands.site import Site
from sogenactif.commands.texts import printable, say
from sogenactif.configuration import PAYPAGE, Pathfile, read_pathfile
from sogenactif.errors import KitError, SecretError
from sogenactif.files import read_file, write_secret
from sogenactif.protocols.certificate import (
    Certificate,
    certificate_path,
    issue_certificate,
    open_certificate,
)

UNTYPED_NAME = re.compile(r".*\.([a-z]{2})\.([0-9]+)")
MAX_KEY_LENGTH = 128
SERVICES = ("payment", "office", "third", "logistic")


class Refused(Exception):
    """Report why the command stops: the name of a text, and the values in it."""

    def __init__(self, name: str, **values: object) -> None:
        super().__init__(name)
        self.name = name
        self.values = values

    def __str__(self) -> str:
        return _sentence(self.name, **self.values)


def issue(url: str, merchant_id: str, country: str, pathfile: Pathfile, rotate: bool = False) -> str:
    """Issue the certificate of a merchant at the path that the pathfile names; return that path.

    ``url`` is the address of the payment server, without ``/callpayment``. With ``rotate`` an
    existing certificate stays valid as the previous one; without it Refused is raised. Raises
    KitError and OSError too.
    """
    if not pathfile.certificates:
        raise Refused("no_place", path=pathfile.path)
    path = certificate_path(pathfile, country, merchant_id)
    content = issue_certificate(url, merchant_id, country, pathfile.certificate_type)
    if os.path.exists(path) and not rotate:
        raise Refused("exists", path=path)
    _write_certificate(pathfile, country, merchant_id, content)
    return path


def install(source: str, pathfile: Pathfile, force: bool = False) -> tuple[str, str]:
    """Install a certificate of the bank; return its path, and the path of the previous one.

    The latter is empty if there was none. An expired certificate needs ``force``. Raises Refused,
    KitError and OSError.
    """
    if pathfile.protocol == PAYPAGE:
        raise Refused("paypage", path=pathfile.path, key=pathfile.paypage.key)
    try:
        certificate = open_certificate(source)
    except SecretError:
        if _may_be_a_key(source):
            raise Refused("is_a_key", path=source) from None
        raise
    country, merchant_id = _owner_of(certificate)
    wanted, says = pathfile.certificate_type, certificate.header.get("certificate_type", "")
    if says != wanted:
        raise Refused("other_type", path=source, says=says or "-", wanted=wanted or "-")
    day = certificate.last_day
    if day and day < date.today() and not force:
        raise Refused("is_expired", path=source, day=day)
    content = read_file(source)
    path = certificate_path(pathfile, country, merchant_id)
    if os.path.exists(path) and read_file(path) == content:
        raise Refused("same", path=path)
    return path, _write_certificate(pathfile, country, merchant_id, content)


def main(arguments: Sequence[str]) -> int:
    """Run the command; the exit status is 1 if it fails."""
    args = make_parser().parse_args(arguments)
    try:
        status: int = args.run(args)
    except (Refused, KitError) as error:
        print(printable(error_message(error)), file=sys.stderr)
        return 1
    except BrokenPipeError:
        raise
    except OSError as error:
        words = _sentence("unwritten", path=error.filename or "", error=error.strerror)
        advice = f". {say('as_root')}" if isinstance(error, PermissionError) else ""
        print(f"{words}{advice}", file=sys.stderr)
        return 1
    return status


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command's arguments."""
    parser = new_parser("certificate", "Issue, show and install the certificates of merchants.")
    commands = parser.add_subparsers(title="commands", required=True, metavar="issue|show|install")
    default, place = PATHFILE, "the pathfile (%(default)s)"

    command = commands.add_parser("issue", help="issue one for the sandbox payment server")
    command.set_defaults(run=_issue)
    command.add_argument("merchant_id", help="number of the merchant, 014213245611111")
    command.add_argument("url", help="address of the payment server, http://127.0.0.1:8080/payment")
    command.add_argument("--country", default="fr", help="country of the merchant (fr)")
    command.add_argument("--pathfile", default=default, help=place)
    command.add_argument("--output", metavar="FILE", help="write it there instead; - is the standard output")
    command.add_argument("--type", default="php", help="with --output: its type, empty for none (php)")
    command.add_argument("--rotate", action="store_true", help="keep an existing one as the previous one")

    command = commands.add_parser("show", help="show the merchant, days and addresses of one; never its key")
    command.set_defaults(run=_show)
    command.add_argument("files", nargs="*", metavar="FILE", help="files (those of the pathfile's merchants)")
    command.add_argument("--pathfile", default=default, help=place)

    command = commands.add_parser("install", help="install the bank's file; the previous one stays valid")
    command.set_defaults(run=_install)
    command.add_argument("file", metavar="FILE", help="the file from the bank")
    command.add_argument("--pathfile", default=default, help=place)
    command.add_argument("--force", action="store_true", help="install it though it expired")
    for command in commands.choices.values():
        command.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _issue(args: argparse.Namespace) -> int:
    if args.output is None:
        path = issue(args.url, args.merchant_id, args.country, read_pathfile(args.pathfile), args.rotate)
        if args.json:
            print_json({"path": path})
        else:
            print(path)
        return 0
    content = issue_certificate(args.url, args.merchant_id, args.country, args.type)
    if args.output == "-":
        sys.stdout.buffer.write(content)
    elif os.path.exists(args.output):
        raise Refused("exists_output", path=args.output)
    else:
        write_secret(args.output, content)
        if args.json:
            print_json({"path": args.output})
    return 0


def _show(args: argparse.Namespace) -> int:
    paths = args.files
    if not paths:
        pathfile = read_pathfile(args.pathfile)
        paths = _installed(pathfile)
        if pathfile.protocol == PAYPAGE:
            note = _sentence("paypage", path=args.pathfile, key=pathfile.paypage.key)
            print(printable(note), file=sys.stderr)
        elif not paths:
            raise Refused("none", path=args.pathfile)
    status, rows = 0, []
    for path in paths:
        try:
            certificate = open_certificate(path)
        except SecretError as error:
            print(printable(str(error)), file=sys.stderr)
            status = 1
            continue
        if args.json:
            rows.append(_row(certificate))
        else:
            _describe(certificate)
    if args.json:
        print_json(rows)
    return status


def _installed(pathfile: Pathfile) -> list[str]:
    """Return the existing certificates of the merchants that have a parmcom file."""
    if not pathfile.certificates:
        return []
    merchants = Site(pathfile).merchants
    places = (certificate_path(pathfile, m.country, m.id, old) for m in merchants for old in (False, True))
    return [path for path in places if os.path.exists(path)]


def _install(args: argparse.Namespace) -> int:
    path, old = install(args.file, read_pathfile(args.pathfile), args.force)
    if args.json:
        print_json({"path": path, "previous": old})
        return 0
    print(_sentence("installed", path=path))
    if old:
        print(_sentence("kept", path=old))
    print(_sentence("then"))
    return 0


def _describe(certificate: Certificate) -> None:
    """Print the content of a certificate, except its key."""
    header, day = certificate.header, certificate.last_day
    late = day is not None and day < date.today()
    lines = {
        "merchant": header.get("merchant_id", ""),
        "country": header.get("merchant_country", ""),
        "type": header.get("certificate_type", ""),
        "made": f"{certificate.made[:4]}-{certificate.made[4:6]}-{certificate.made[6:]}",
        "expires": _sentence("expired", day=day) if late else str(day or ""),
        "issuer": _sentence("own") if certificate.own else "",
        **dict(zip(SERVICES, certificate.services, strict=True)),
    }
    print(printable(certificate.path))
    for name, value in lines.items():
        if value:
            print(f"  {_sentence(name):18} {printable(value)}")


def _row(certificate: Certificate) -> dict[str, object]:
    header, day = certificate.header, certificate.last_day
    return {
        "path": certificate.path,
        "merchant": header.get("merchant_id", ""),
        "country": header.get("merchant_country", ""),
        "type": header.get("certificate_type", ""),
        "made": f"{certificate.made[:4]}-{certificate.made[4:6]}-{certificate.made[6:]}",
        "expires": str(day or ""),
        "expired": day is not None and day < date.today(),
        "own": certificate.own,
        **dict(zip(SERVICES, certificate.services, strict=True)),
    }


def _may_be_a_key(path: str) -> bool:
    try:
        content = read_file(path).strip()
    except (OSError, ValueError):
        return False
    return 0 < len(content) <= MAX_KEY_LENGTH and b"\n" not in content


def _owner_of(certificate: Certificate) -> tuple[str, str]:
    """Return country and merchant_id, from the header of a typed certificate or the file name of an untyped one."""
    header = certificate.header
    if header:
        return header.get("merchant_country", ""), header.get("merchant_id", "")
    name = UNTYPED_NAME.fullmatch(os.path.basename(certificate.path))
    if not name:
        raise Refused("untyped", path=certificate.path)
    return name[1], name[2]


def _write_certificate(pathfile: Pathfile, country: str, merchant_id: str, content: bytes) -> str:
    """Write a certificate with the rights of its folder; return the path of the previous one, if there is any."""
    path = certificate_path(pathfile, country, merchant_id)
    old = ""
    if os.path.exists(path):
        old = certificate_path(pathfile, country, merchant_id, old=True)
        write_secret(old, Path(path).read_bytes(), as_folder=True)
    write_secret(path, content, as_folder=True)
    return old


def _sentence(name: str, **values: object) -> str:
    return say(f"certificate_{name}", **values)
