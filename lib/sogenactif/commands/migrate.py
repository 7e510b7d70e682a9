"""``sogenactif migrate``: write a pathfile for Paypage (Sips 2.0) beside that of Sips 1.0, and say what changes."""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Any

from sogenactif.commands import new_parser
from sogenactif.commands.common import error_message, print_json
from sogenactif.commands.paypage import add_server_options, server_address
from sogenactif.commands.site import Site
from sogenactif.commands.texts import labelled, printable, say
from sogenactif.configuration import PAYPAGE, Pathfile, read_parameters, read_pathfile, replace_keywords
from sogenactif.errors import KitError
from sogenactif.fields import FIELDS
from sogenactif.files import read_file
from sogenactif.protocols.paypage_fields import CHANGED, without_counterpart

KEYWORDS = {field.name: field.keyword for field in FIELDS}


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command's arguments."""
    parser = new_parser(
        "migrate",
        "Write a pathfile for Paypage (Sips 2.0) beside that of Sips 1.0, and say what changes."
        " Scripts, parmcom files and certificates stay as they are: both pathfiles use them.",
    )
    parser.add_argument("pathfile", help="pathfile of Sips 1.0")
    parser.add_argument("--output", help="the new pathfile (PATHFILE.paypage)")
    add_server_options(parser)
    parser.add_argument("--key", metavar="FILE", help="path of the secret keys; .merchant_id is appended")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


def main(arguments: Sequence[str]) -> int:
    """Write the new pathfile and print the report; status 1 if it can't be written."""
    parser = make_parser()
    args = parser.parse_args(arguments)
    url = server_address(parser, args)
    output = args.output or f"{args.pathfile}.paypage"
    try:
        pathfile = read_pathfile(args.pathfile)
        if pathfile.protocol == PAYPAGE:
            sys.exit(f"sogenactif: {say('migrate_already', path=args.pathfile)}")
        key = args.key or os.path.join(os.path.dirname(pathfile.certificates), "key")
        report = _report(pathfile, key)
        _write(pathfile, output, url, key)
    except FileExistsError:
        sys.exit(f"sogenactif: {say('migrate_exists', path=output)}")
    except (KitError, OSError) as error:
        sys.exit(f"sogenactif: {error_message(error)}")
    if args.json:
        print_json({"written": output, **report})
    else:
        _print(output, report)
    return 0


def _write(pathfile: Pathfile, output: str, url: str, key: str) -> None:
    """Write the new pathfile: the lines of the old one, with the keywords of Paypage."""
    values = {"PROTOCOL": PAYPAGE, "PAYPAGE_URL": url, "PAYPAGE_KEY": key, "PAYPAGE_KEY_VERSION": "1"}
    content = replace_keywords(read_file(pathfile.path), values)
    mode = os.stat(pathfile.path).st_mode & 0o777
    with open(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)


def _report(pathfile: Pathfile, key: str) -> dict[str, Any]:
    """Return the tasks, and the changes of each parmcom file and of each parameter of a call."""
    merchants = [merchant.id for merchant in Site(pathfile).merchants]
    to_do = [say("migrate_key", merchant=merchant, path=f"{key}.{merchant}") for merchant in merchants]
    if not pathfile.ledger:
        to_do.append(say("migrate_ledger"))
    to_do += [say("migrate_message"), say("migrate_certificates")]
    changes = {name: say(f"changed_{name}") for name in CHANGED}
    changes |= dict.fromkeys(without_counterpart(), say("migrate_unsent"))
    files = [("default", pathfile.default_parameters)]
    files += [("merchant", f"{pathfile.merchant_parameters}.{merchant}") for merchant in merchants]
    changed = {}
    for whose, path in files:
        fields = read_parameters(whose, path).fields
        changed[path] = {
            f"{KEYWORDS[name]}!{fields[name]}!": changes[name]
            for name in fields
            if name in changes and fields[name]
        }
    return {"to_do": to_do, "files": changed, "parameters": dict(sorted(changes.items()))}


def _print(output: str, report: dict[str, Any]) -> None:
    print(say("migrate_written", path=output))
    print(f"\n{say('migrate_to_do')}")
    for line in report["to_do"]:
        print(f"  {line}")
    tables = [(printable(f"{path}:"), changes) for path, changes in report["files"].items()]
    for heading, changes in [*tables, (say("migrate_parameters"), report["parameters"])]:
        print(f"\n{heading}")
        for name, text in changes.items():
            print(f"  {labelled(name, text)}")
        if not changes:
            print(f"  {say('migrate_unchanged')}")
