"""``sogenactif check``: goes through everything that can be wrong, and says what it saw and what to do."""

import argparse
import json
import os
import pwd
import re
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from traceback import extract_tb
from typing import TYPE_CHECKING

from sogenactif.commands import new_parser
from sogenactif.commands.check.finding import FAULT, OK, WARNING, Finding, fault
from sogenactif.commands.check.machine import python
from sogenactif.commands.check.rights import READ, SEARCH, in_the_way, refused
from sogenactif.commands.language import language, printable
from sogenactif.commands.places import PATHFILE, ROOT, SCRIPTS
from sogenactif.commands.texts.en import ENGLISH
from sogenactif.commands.texts.fr import FRENCH

if TYPE_CHECKING:
    from sogenactif.commands.check.site import Site

ADDRESS = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._~/-]*)?")
COLOURS = {OK: "32", WARNING: "33", FAULT: "1;31"}

Checks = Sequence[tuple[str, Callable[["Site"], list[Finding]]]]
Results = list[tuple[str, list[Finding]]]
Texts = Mapping[str, str]


def make_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = new_parser(
        "check",
        "Check an installation: say what is wrong with it, and what to do.",
        "Status 0: no fault. 1: a fault. 2: a wrong call.",
    )
    parser.add_argument("--pathfile", default=PATHFILE, help="the pathfile (%(default)s)")
    parser.add_argument("--scripts", default=SCRIPTS, help="folder of the three scripts (%(default)s)")
    parser.add_argument(
        "--user", default="", help="the web server's user (the owner of the journal's folder)"
    )
    parser.add_argument("--url", default="", help="address of the shop: asks its web server too")
    parser.add_argument("--payment", action="store_true", help="pay --order on the demonstration's server")
    parser.add_argument("--order", default="", help="with --payment: reference of an order to pay")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--quiet", action="store_true", help="print faults and warnings only")
    return parser


def main(arguments: Sequence[str]) -> int:
    """The command line; status 0 where there is no fault, 1 where there is one, 2 for a wrong call."""
    parser = make_parser()
    asked = parser.parse_args(arguments)
    if asked.url and not ADDRESS.fullmatch(asked.url):
        parser.error(f"{asked.url} is no http or https address")
    if asked.payment and not (asked.url and asked.order):
        parser.error("--payment needs --url and --order")
    if asked.order and not asked.payment:
        parser.error("--order goes with --payment")
    if asked.user and not _is_user(asked.user):
        parser.error(f"no user {asked.user}")
    scripts = os.path.abspath(asked.scripts)
    skipped: list[str] = []  # the checks that had nothing to look at
    results: Results = [("python", _found(partial(python, scripts)))]
    if not any(finding.values.get("command") == sys.executable for finding in results[0][1]):
        from sogenactif.commands.check.site import Site

        path = os.path.abspath(asked.pathfile)
        site = Site(path, scripts, asked.user, asked.url.rstrip("/"), asked.order)
        for name, look in _checks():
            said = [finding for _, findings in results for finding in findings if finding.level != OK]
            found = _found(partial(look, site), site)
            if not found:
                skipped.append(name)
            results.append((name, [finding for finding in found if finding not in said]))
    texts = FRENCH if language() == "fr" else ENGLISH
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
    if asked.json:
        _print_json(results, skipped, texts)
    else:
        _print(results, skipped, texts, asked.quiet, bool(asked.url))
    return 1 if _count(results, FAULT) else 0


def _checks() -> Checks:
    """Each check, in the order they are made: its name, and the function that looks."""
    from sogenactif.commands.check import files, merchants, pages, payment, records, sealing, shop, web

    return (
        ("pathfile", files.pathfile),
        ("parameters", files.parameters),
        ("paths", files.paths),
        ("debug", files.debug),
        ("certificates", sealing.secrets),
        ("requests", merchants.requests),
        ("addresses", merchants.addresses),
        ("logos", merchants.logos),
        ("templates", pages.templates),
        ("shop", shop.shop),
        ("disk", records.disk),
        ("ledger", records.ledger),
        ("journal", records.journal),
        ("secrets", records.secrets),
        ("log", records.log),
        ("clock", web.clock),
        ("scripts", web.scripts),
        ("served_logos", web.logos),
        ("payment", payment.payment),
    )


def _found(look: Callable[[], list[Finding]], site: "Site | None" = None) -> list[Finding]:
    """The findings of a check, each once, or that it couldn't look: one that fails never hides the others."""
    try:
        found = look()
        return [finding for number, finding in enumerate(found) if finding not in found[:number]]
    except PermissionError as error:
        return [_not_allowed(os.fsdecode(error.filename or ""), site)]
    except NotADirectoryError as error:
        return [fault("not_a_folder", os.fsdecode(error.filename or ""))]
    except Exception as error:
        last = extract_tb(error.__traceback__)[-1]
        where = f"{type(error).__name__}, {os.path.basename(last.filename)}:{last.lineno}"
        return [fault("crashed", error=where)]


def _not_allowed(path: str, site: "Site | None") -> Finding:
    """What keeps whoever asks from looking: the web server's user itself would have to get there."""
    path = in_the_way(path) if path else ""
    if site and site.user.uid == os.geteuid():
        for finding in refused(site.user, path, SEARCH if os.path.isdir(path) else READ):
            return finding
    return fault("not_allowed", path)


def _is_user(name: str) -> bool:
    try:
        return bool(pwd.getpwnam(name))
    except KeyError:
        return False


def _count(results: Results, level: str) -> int:
    return sum(finding.level == level for _, findings in results for finding in findings)


def _texts(finding: Finding, texts: Texts) -> tuple[str, str]:
    """What a finding saw and what to do, on one line each."""
    saw, _, do = texts[finding.name].partition(" → ")
    places = {"file": shlex.quote(finding.file), "errors": f"{ROOT}/docs/errors.md"}
    return printable(saw.format(**finding.values)), printable(do.format(**places, **finding.values))


def _print(results: Results, skipped: Sequence[str], texts: Texts, quiet: bool, asked_url: bool) -> None:
    coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    for name, findings in results:
        shown = [finding for finding in findings if not quiet or finding.level != OK]
        if shown:
            print(texts[f"check_{name}"])
        for finding in shown:
            saw, do = _texts(finding, texts)
            if finding.file:
                place = texts["place" if finding.line else "place_file"]
                saw = place.format(file=printable(finding.file), line=finding.line, saw=saw)
            word = f"{texts[f'level_{finding.level}']:9}"
            print(f"  {_colour(word, COLOURS[finding.level], coloured)} {saw}")
            if do:
                print(f"            → {do}")
    numbers = {"faults": FAULT, "warnings": WARNING, "well": OK}
    print(texts["summary"].format(**{name: _count(results, level) for name, level in numbers.items()}))
    if skipped and not quiet:
        print(texts["skipped"].format(names=", ".join(texts[f"check_{name}"] for name in skipped)))
        if not asked_url:
            print(texts["skipped_url"])


def _print_json(results: Results, skipped: Sequence[str], texts: Texts) -> None:
    findings = []
    for name, found in results:
        for finding in found:
            saw, do = _texts(finding, texts)
            findings.append(
                {
                    "check": name,
                    "level": finding.level,
                    "name": finding.name,
                    "file": printable(finding.file),
                    "line": finding.line,
                    "saw": saw,
                    "do": do,
                }
            )
    faults, warnings = _count(results, FAULT), _count(results, WARNING)
    level = FAULT if faults else WARNING if warnings else OK
    answer = {
        "level": level,
        "faults": faults,
        "warnings": warnings,
        "skipped": skipped,
        "findings": findings,
    }
    print(json.dumps(answer, indent=2, ensure_ascii=True))


def _colour(word: str, colour: str, coloured: bool) -> str:
    return f"\033[{colour}m{word}\033[0m" if coloured else word
