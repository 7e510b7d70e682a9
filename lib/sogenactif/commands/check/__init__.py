"""``sogenactif check``: find the faults of an installation, and say what to do."""

import argparse
import os
import pwd
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from traceback import extract_tb
from typing import TYPE_CHECKING

from sogenactif.commands import new_parser
from sogenactif.commands.check.findings import FAULT, OK, WARNING, Failed, Finding, fault
from sogenactif.commands.check.machine import can_import_dependencies, python
from sogenactif.commands.check.output import Results, count, print_findings, print_json
from sogenactif.commands.check.rights import READ, SEARCH, Account, in_the_way, refused
from sogenactif.commands.places import PATHFILE, SCRIPTS
from sogenactif.commands.texts import say

if TYPE_CHECKING:
    from sogenactif.commands.check.site import Site

ADDRESS = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._~/-]*)?")
# The checks after those of Python and of the pathfile, in the order in which they are made.
CHECKS = (
    "parameters", "paths", "debug", "certificates", "requests", "addresses", "logos", "office", "templates", "shop", "disk",
    "ledger", "journal", "secrets", "log", "clock", "scripts", "served_logos", "payment",
)  # fmt: skip
# Causes for which the web server's user, or anybody, can't show an order.
CAUSES = (
    "not_allowed", "not_entered", "not_readable", "not_writable", "code_closed", "user_unknown", "template_missing",
    "template_syntax", "template_fails", "not_utf8",
)  # fmt: skip

Look = Callable[[], list[Finding]]


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
    if args.url and not ADDRESS.fullmatch(args.url):
        parser.error(say("no_web_address", text=args.url))
    if args.payment and not (args.url and args.order):
        parser.error(say("check_payment_needs"))
    if args.order and not args.payment:
        parser.error(say("check_order_needs"))
    if args.user and not _is_user(args.user):
        parser.error(say("check_no_user", user=args.user))
    results: Results = []
    skipped = list(CHECKS)  # the checks that had nothing to look at
    for name, found in _stages(args):
        if found and name in skipped:
            skipped.remove(name)
        earlier = [finding for _, findings in results for finding in findings if finding.level != OK]
        results.append((name, [finding for finding in found if finding not in earlier]))
    results = _causes(results)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
    if args.json:
        print_json(results, skipped, args.quiet)
    else:
        print_findings(results, skipped, args.quiet, bool(args.url))
    return 1 if count(results, FAULT) or (args.strict and count(results, WARNING)) else 0


def _causes(results: Results) -> Results:
    """Return findings without those that follow from others."""
    everything = [finding for _, found in results for finding in found]
    owned = {finding.file for finding in everything if finding.name == "not_writable"}
    is_explained = any(finding.name in CAUSES for finding in everything)

    def follows(finding: Finding) -> bool:
        return (finding.file in owned and finding.name in ("not_entered", "not_readable")) or (
            is_explained and finding.name in ("order_fails", "form_fails")
        )

    return [(name, [finding for finding in found if not follows(finding)]) for name, found in results]


def _stages(args: argparse.Namespace) -> Iterator[tuple[str, list[Finding]]]:
    """Make each check that can be made: without the dependencies or a pathfile the rest can't be checked."""
    scripts = os.path.abspath(args.scripts)
    yield "python", _findings(partial(python, scripts))
    if not can_import_dependencies():
        return
    from sogenactif.commands.check.configuration import pathfile
    from sogenactif.commands.check.site import DATA, Site, web_user
    from sogenactif.configuration import read_pathfile
    from sogenactif.errors import KitError

    path = os.path.abspath(args.pathfile)
    yield "pathfile", _findings(partial(pathfile, path), partial(web_user, args.user, DATA, path))
    try:
        settings = read_pathfile(path)
    except KitError:
        return
    site = Site(settings, scripts, args.user, args.url.rstrip("/"), args.order)
    for name, look in zip(CHECKS, _checks(), strict=True):
        yield name, _findings(partial(look, site), lambda: site.user)


def _checks() -> "Sequence[Callable[[Site], list[Finding]]]":
    """Return the function of each of CHECKS."""
    from sogenactif.commands.check import (
        configuration,
        office,
        pages,
        payment,
        records,
        requests,
        scripts,
        secrets,
        server,
    )

    return (
        configuration.parameters, configuration.paths, configuration.debug, secrets.secrets, requests.requests,
        requests.addresses, requests.logos, office.office_server, pages.templates, scripts.shop, records.disk, records.ledger,
        records.journal, records.secrets, records.log, server.clock, server.scripts, server.logos, payment.payment,
    )  # fmt: skip


def _findings(look: Look, web_user: Callable[[], Account] | None = None) -> list[Finding]:
    """Return the findings of a check, each once, or a finding that it failed: the others still run."""
    try:
        found = look()
        return [finding for number, finding in enumerate(found) if finding not in found[:number]]
    except Failed as failed:
        return [failed.finding]
    except PermissionError as error:
        return [_not_allowed(os.fsdecode(error.filename or ""), web_user)]
    except NotADirectoryError as error:
        return [fault("not_a_folder", os.fsdecode(error.filename or ""))]
    except Exception as error:
        last = extract_tb(error.__traceback__)[-1]
        where = f"{type(error).__name__}, {os.path.basename(last.filename)}:{last.lineno}"
        return [fault("crashed", error=where)]


def _not_allowed(path: str, web_user: Callable[[], Account] | None) -> Finding:
    """Return why the current user can't read a path; the web server's user itself has to be able to."""
    path = in_the_way(path) if path else ""
    if web_user and web_user().uid == os.geteuid():
        for finding in refused(web_user(), path, SEARCH if os.path.isdir(path) else READ):
            return finding
    return fault("not_allowed", path)


def _is_user(name: str) -> bool:
    try:
        return bool(pwd.getpwnam(name))
    except KeyError:
        return False
