"""``sogenactif audit``: attack a shop's own automatic response, and say what it withstood."""

import argparse
import math
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sogenactif.commands import new_parser
from sogenactif.commands.common import print_json
from sogenactif.commands.texts import labelled
from sogenactif_sandbox.audit import CHECKS, FAILED, HELD, UNKNOWN, Result, ShopUnderTest, audit, is_url
from sogenactif_sandbox.commands.common import add_options, attempt, check_host, read_options
from sogenactif_sandbox.commands.texts import say

STATUS = "0 if nothing failed, 1 if a check failed, 2 for a usage error, if a file or the ledger can't be used, or if no check could be judged."
MAX_SECONDS = 600


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command's arguments."""
    parser = new_parser(
        "audit",
        "Attack the script of your own shop that receives automatic responses, in tests: with forged messages,"
        " other amounts, repeated and out-of-order messages."
        " The verdict on each tells whether the shop withstood it. At most"
        f" {2 * len(CHECKS)} messages are sent, and only to this machine unless --allow-host names another.",
        STATUS,
    )
    parser.add_argument("url", help="address at which the shop receives automatic responses")
    add_options(parser)
    parser.add_argument(
        "--paid-when",
        metavar="URL|COMMAND",
        default="",
        help='tells how often the order {order} was paid: a number, or JSON such as {"paid": 1}; without either,'
        " exit status 0 or HTTP 2xx is yes, 1 or 4xx no",
    )
    parser.add_argument(
        "--reset",
        metavar="URL|COMMAND",
        default="",
        help="makes the order {order} unpaid, before each check (POST)",
    )
    parser.add_argument(
        "--seconds", type=float, default=120, metavar="N", help="time for all checks (%(default)s)"
    )
    parser.add_argument("--junit", type=Path, metavar="FILE", help="write the verdicts as JUnit XML too")
    return parser


def main(arguments: Sequence[str]) -> int:
    """Run the command; its status is 1 if a check failed, 2 if none could be judged or made."""
    parser = make_parser()
    args = parser.parse_args(arguments)
    if not (args.seconds > 0 and math.isfinite(args.seconds)):
        parser.error(say("no_seconds", seconds=args.seconds))
    hosts = [check_host(parser, args.url, args.allow_host)]
    for where in (args.paid_when, args.reset):
        if is_url(where):
            hosts.append(check_host(parser, where, args.allow_host))
    sender, find = read_options(parser, args)
    shop = ShopUnderTest(args.url, args.order, args.paid_when, args.reset, hosts)
    results = []
    for result in audit(shop, sender, find, min(args.seconds, MAX_SECONDS)):
        results.append(result)
        if not args.json:
            _show(result)
    counts = Counter(result.verdict for result in results)
    if args.json:
        print_json(
            {
                "url": args.url,
                "order": args.order,
                "protocol": sender.protocol,
                "requests": shop.requests,
                **{verdict: counts[verdict] for verdict in (HELD, FAILED, UNKNOWN)},
                "checks": [_values(result) for result in results],
            }
        )
    else:
        print(
            say(
                "audit_summary",
                held=counts[HELD],
                failed=counts[FAILED],
                unknown=counts[UNKNOWN],
                requests=shop.requests,
            )
        )
        if nothing_is_paid(results):
            print(say("nothing_is_paid"))
    if args.junit:
        attempt(parser, lambda: args.junit.write_bytes(junit(results)))
    if counts[FAILED]:
        return 1
    return 0 if counts[HELD] else 2


def nothing_is_paid(results: Sequence[Result]) -> bool:
    """Return whether the shop took no acceptance at all: that it took no forgery either says nothing then."""
    judged = [result for result in results if result.check.paid and result.verdict != UNKNOWN]
    return bool(judged) and all(result.saw == "saw_not_paid" for result in judged)


def _values(result: Result) -> dict[str, str]:
    kind = result.check.kind
    return {
        "check": result.check.name,
        "kind": kind,
        "title": say(f"check_{result.check.name}"),
        "verdict": result.verdict,
        "saw": say(result.saw, **result.values),
        "why": say(f"why_{kind}"),
        "mend": say(f"mend_{kind}"),
    }


def _show(result: Result) -> None:
    values = _values(result)
    title = f"{values['title']} ({values['check']})"
    print(f"{say(result.verdict):8} {labelled(title, values['saw'])}", flush=True)
    if result.verdict == FAILED:
        for name in ("why", "mend"):
            print(f"         {labelled(say(name), values[name])}", flush=True)


def junit(results: Sequence[Result]) -> bytes:
    """Return the results as JUnit XML: an unknown one is a skipped test."""
    counts = Counter(result.verdict for result in results)
    numbers = {"tests": len(results), "failures": counts[FAILED], "skipped": counts[UNKNOWN]}
    attributes: Mapping[str, str] = {name: str(number) for name, number in numbers.items()}
    suite = ET.Element("testsuite", {"name": "sogenactif audit", "errors": "0", **attributes})
    for result in results:
        values: Mapping[str, Any] = _values(result)
        case = ET.SubElement(
            suite, "testcase", {"classname": f"audit.{values['kind']}", "name": values["check"]}
        )
        if result.verdict == FAILED:
            failure = ET.SubElement(case, "failure", {"message": labelled(values["title"], values["saw"])})
            failure.text = f"{values['why']}\n{values['mend']}"
        elif result.verdict == UNKNOWN:
            ET.SubElement(case, "skipped", {"message": values["saw"]})
    return bytes(ET.tostring(suite, encoding="utf-8", xml_declaration=True)) + b"\n"
