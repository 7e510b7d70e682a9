"""``sogenactif check``: find the faults of an installation, and say what to do."""

import argparse
import os
import pwd
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib import import_module
from traceback import extract_tb
from typing import TYPE_CHECKING

from sogenactif.addresses import is_shop_address
from sogenactif.commands import new_parser
from sogenactif.commands.check import findings
from sogenactif.commands.check.findings import FAULT, WARNING, Failed, Finding, Findings, fault
from sogenactif.commands.check.machine import python, this_python
from sogenactif.commands.check.rights import explain_unreadable
from sogenactif.commands.places import PATHFILE, SCRIPTS
from sogenactif.commands.texts import say

if TYPE_CHECKING:
    from sogenactif.commands.site import Site

# The checks after those of Python and of the pathfile, functions of these modules, in the order in which they are made.
CHECKS = {
    "configuration": ("parameters", "paths", "debug"),
    "secrets": ("certificates",),
    "merchants": ("requests", "addresses", "logos", "office"),
    "shop": ("templates", "shop"),
    "storage": ("disk", "ledger", "journal", "secrets", "log"),
    "server": ("clock", "scripts", "served_logos"),
    "payment": ("payment",),
}


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command's arguments."""
    parser = new_parser(
        "check",
        "Check an installation: show what is wrong with it, and what to do.",
        "Status 0: no fault. 1: a fault, or a warning with --strict. 2: a usage error.",
    )
    parser.add_argument("--pathfile", default=PATHFILE, help="the pathfile (%(default)s)")
    parser.add_argument("--scripts", default=SCRIPTS, help="folder of the three scripts (%(default)s)")
    parser.add_argument(
        "--user", default="", help="the web server's user (the owner of the journal's folder)"
    )
    parser.add_argument("--url", default="", help="address of the shop: checks its web server too")
    parser.add_argument("--payment", action="store_true", help="pay --order on the sandbox payment server")
    parser.add_argument("--order", default="", help="with --payment: reference of an order to pay")
    parser.add_argument("--strict", action="store_true", help="exit status 1 for warnings too")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--quiet", action="store_true", help="print faults and warnings only")
    return parser


def main(arguments: Sequence[str]) -> int:
    """Run the command; the status is 0 without a fault, 1 with one, 2 for a usage error."""
    parser = make_parser()
    args = parser.parse_args(arguments)
    if args.url and not is_shop_address(args.url):
        parser.error(say("no_web_address", text=args.url))
    if args.payment and not (args.url and args.order):
        parser.error(say("check_payment_needs"))
    if args.order and not args.payment:
        parser.error(say("check_order_needs"))
    try:
        if args.user:
            pwd.getpwnam(args.user)
    except KeyError:
        parser.error(say("check_no_user", user=args.user))
    everything = dict(_checks(args))
    skipped = [name for names in CHECKS.values() for name in names if not everything.get(name)]
    results = findings.without_consequences(everything)
    levels = Counter(finding.level for reported in results.values() for finding in reported)
    (findings.print_json if args.json else findings.print_findings)(results, levels, skipped, args.quiet)
    if skipped and not (args.json or args.quiet or args.url):
        print(say("skipped_url"))
    return 1 if levels[FAULT] or (args.strict and levels[WARNING]) else 0


def _checks(args: argparse.Namespace) -> Iterator[tuple[str, list[Finding]]]:
    """Make each check that can be made: without the dependencies or a pathfile the rest can't be checked."""
    scripts = os.path.abspath(args.scripts)
    yield "python", _run(python(scripts))
    if list(this_python()):
        return
    from sogenactif.commands.check.configuration import pathfile
    from sogenactif.commands.site import Site
    from sogenactif.configuration import Pathfile, read_pathfile
    from sogenactif.errors import KitError

    path = os.path.abspath(args.pathfile)
    options = (scripts, args.user, args.url.rstrip("/"), args.order)
    yield "pathfile", _run(pathfile(path), Site(Pathfile(path, {}), *options))
    try:
        site = Site(read_pathfile(path), *options)
    except KitError:
        return
    for module, names in CHECKS.items():
        checks = import_module(f"{__name__}.{module}")
        for name in names:
            yield name, _run(getattr(checks, name)(site), site)


def _run(check: Findings, site: "Site | None" = None) -> list[Finding]:
    """Return the findings of a check, the last one that it failed if it did: the others still run."""
    reported = []
    try:
        for finding in check:
            reported.append(finding)
    except Failed as failed:
        reported.append(failed.finding)
    except PermissionError as error:
        reported += explain_unreadable(os.fsdecode(error.filename or ""), site.user if site else None)
    except NotADirectoryError as error:
        reported.append(fault("not_a_folder", os.fsdecode(error.filename or "")))
    except Exception as error:
        last = extract_tb(error.__traceback__)[-1]
        where = f"{type(error).__name__}, {os.path.basename(last.filename)}:{last.lineno}"
        reported.append(fault("crashed", error=where))
    return reported
