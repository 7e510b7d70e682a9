"""``sogenactif reconcile``: ask the bank for the outcome of every request that has none."""

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext, redirect_stdout
from datetime import datetime, timedelta, timezone

from sogenactif.bank_report import COLUMNS, Deviation, Report, compare, read_columns
from sogenactif.commands.common import command_parser, done, print_json, the_ledger, warn
from sogenactif.commands.functions import add_script, both_functions, notify_pending
from sogenactif.commands.texts import bank_code, counted, say
from sogenactif.configuration import PAYPAGE, Pathfile, read_pathfile
from sogenactif.errors import ConfigurationError, OfficeError, ReportError
from sogenactif.ledger.history import unanswered
from sogenactif.ledger.ledger import Ledger
from sogenactif.reconciliation import Finding, reconcile

COULD_NOT_ASK = 2
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
DURATION = re.compile(r"([0-9]{1,5})([smhd])")


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command's arguments."""
    parser = command_parser(
        "reconcile",
        "Ask the bank for the outcome of each request that has none, record its sealed answers, and notify the shop.",
    )
    parser.epilog = (
        "Status 0: no outcome is missing; with --file, nothing differs."
        " 1: an outcome is missing, or something differs. 2: the bank could not be"
        " asked, or the report not read."
    )
    parser.add_argument(
        "--older", default="20m", type=_duration, metavar="TIME",
        help="only requests older than this: 90s, 20m, 2h, 1d (20m)",
    )  # fmt: skip
    parser.add_argument(
        "--newer", default="3d", type=_duration, metavar="TIME", help="only requests newer than this (3d)"
    )
    parser.add_argument(
        "--file", default="", metavar="REPORT",
        help="do not ask the bank: compare a CSV report of the bank with the ledger, and show what differs",
    )  # fmt: skip
    parser.add_argument(
        "--columns",
        default="",
        metavar="FILE",
        help="names of the report's columns, one field=NAME on each line",
    )
    add_script(parser)
    return parser


def main(arguments: Sequence[str]) -> int:
    """Record the outcomes that the bank seals; status 1 if one is still open, 2 if the bank could not be asked."""
    parser = make_parser()
    args = parser.parse_args(arguments)
    if args.columns and not args.file:
        parser.error(say("reconcile_columns_alone"))
    if args.file:
        return _compare(args)
    if args.older >= args.newer:
        parser.error(say("reconcile_no_time"))
    # With --json the output of the shop's function must not get into the JSON.
    with redirect_stdout(sys.stderr) if args.json else nullcontext():
        record_outcome, record_refund = both_functions(args.script, COULD_NOT_ASK)
        with the_ledger(args.pathfile, COULD_NOT_ASK) as ledger:
            pathfile = read_pathfile(args.pathfile)
            findings, error = _findings(pathfile, ledger, args.older, args.newer)
            notified, pending = notify_pending(ledger, record_outcome, record_refund)
    if args.json:
        print_json(
            {
                "findings": [_row(finding) for finding in findings],
                "notified": notified,
                "pending_notifications": pending,
                "error": error,
            }
        )
    else:
        _print(findings, notified, pending)
    if error:
        warn("office_failed", error=error)
        return COULD_NOT_ASK
    return 1 if pending or any(finding.is_open for finding in findings) else 0


def _compare(args: argparse.Namespace) -> int:
    """Print what differs between a report and the ledger; status 1 if anything does, 2 if it can't be read."""
    deviations: list[Deviation] = []
    error = ""
    with the_ledger(args.pathfile, COULD_NOT_ASK) as ledger:
        try:
            columns = read_columns(args.columns) if args.columns else COLUMNS
            with open(args.file, "rb") as file:
                report = Report(file, columns)
                deviations += compare(ledger, report)
        except OSError as failure:
            error = str(ReportError(f"{args.file} can't be read: {failure.strerror}"))
        except ReportError as failure:
            error = str(failure)
    if args.json:
        print_json({"differences": [vars(one) for one in deviations], "error": error})
    else:
        for one in deviations:
            print(say(f"report_{one.kind}", **_shown(one)))
        if not error:
            print(counted("differences", len(deviations)) if deviations else say("report_agrees"))
    if error:
        warn("office_failed", error=error)
        return COULD_NOT_ASK
    return 1 if deviations else 0


def _shown(one: Deviation) -> dict[str, object]:
    return {**vars(one), "order": one.order_id or "?"}


def _findings(
    pathfile: Pathfile, ledger: Ledger, older: timedelta, newer: timedelta
) -> tuple[list[Finding], str]:
    """Return what was found, and why the bank could not be asked further, empty if it could."""
    if pathfile.protocol != PAYPAGE and not pathfile.office_url:
        return [], say("reconcile_sips")
    now = datetime.now(timezone.utc)
    transactions = unanswered(ledger, now - newer, now - older)
    findings: list[Finding] = []
    show = _progress(len(transactions))
    try:
        for finding in reconcile(pathfile, ledger, transactions, now):
            findings.append(finding)
            show(len(findings))
    except (OfficeError, ConfigurationError) as failure:
        return findings, str(failure)
    finally:
        done()
    return findings, ""


def _progress(total: int) -> Callable[[int], None]:
    if not sys.stderr.isatty():
        return lambda count: None
    return lambda count: print(
        f"\r{say('reconcile_progress', count=count, total=total)}", end="", file=sys.stderr, flush=True
    )


def _row(finding: Finding) -> dict[str, object]:
    return {
        "reference": finding.transaction.reference,
        "merchant": finding.transaction.merchant,
        "order_id": finding.transaction.order_id,
        "finding": finding.kind,
        "outcome": finding.match.outcome if finding.match else "",
        "why": finding.why,
        "open": finding.is_open,
    }


def _print(findings: Sequence[Finding], notified: int, pending: int) -> None:
    for finding in findings:
        values = {"reference": finding.transaction.reference, "order": finding.transaction.order_id}
        outcome = finding.match.outcome if finding.match else ""
        words = bank_code(finding.why) if finding.kind == "refused" else finding.why
        print(say(f"reconcile_{finding.kind}", **values, outcome=outcome, why=words))
        for warning in finding.match.warnings if finding.match else ():
            print(f"  {say('office_failed', error=warning)}")
    print(counted("reconciled", len(findings)))
    if notified or pending:
        print(say("reconcile_notified", notified=notified, pending=pending))


def _duration(text: str) -> timedelta:
    written = DURATION.fullmatch(text)
    if not written:
        raise argparse.ArgumentTypeError(say("reconcile_no_duration", text=text))
    return timedelta(**{UNITS[written[2]]: int(written[1])})
