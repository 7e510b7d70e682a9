"""``sogenactif reconcile``: ask the bank for the outcome of every request that has none."""

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext, redirect_stdout
from datetime import datetime, timedelta, timezone

from sogenactif.bank_report import COLUMNS, BankReport, Discrepancy, compare, read_columns
from sogenactif.commands.common import command_parser, done, open_ledger_or_exit, print_json, warn
from sogenactif.commands.functions import add_script, both_functions, notify_pending
from sogenactif.commands.texts import bank_code, counted, say
from sogenactif.configuration import PAYPAGE, Pathfile, read_pathfile
from sogenactif.errors import ConfigurationError, OfficeError, ReportError
from sogenactif.ledger.history import without_outcome
from sogenactif.ledger.ledger import Ledger
from sogenactif.reconciliation import ReconcileResult, reconcile

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
        with open_ledger_or_exit(args.pathfile, COULD_NOT_ASK) as ledger:
            pathfile = read_pathfile(args.pathfile)
            results, error = _results(pathfile, ledger, args.older, args.newer)
            notified, pending = notify_pending(ledger, record_outcome, record_refund)
    if args.json:
        print_json(
            {
                "findings": [_row(result) for result in results],
                "notified": notified,
                "pending_notifications": pending,
                "error": error,
            }
        )
    else:
        _print(results, notified, pending)
    if error:
        warn("office_failed", error=error)
        return COULD_NOT_ASK
    return 1 if pending or any(result.is_open for result in results) else 0


def _compare(args: argparse.Namespace) -> int:
    """Print what differs between a report and the ledger; status 1 if anything does, 2 if it can't be read."""
    discrepancies: list[Discrepancy] = []
    error = ""
    with open_ledger_or_exit(args.pathfile, COULD_NOT_ASK) as ledger:
        try:
            columns = read_columns(args.columns) if args.columns else COLUMNS
            with open(args.file, "rb") as file:
                report = BankReport(file, columns)
                discrepancies += compare(ledger, report)
        except OSError as failure:
            error = str(ReportError(f"{args.file} can't be read: {failure.strerror}"))
        except ReportError as failure:
            error = str(failure)
    if args.json:
        print_json({"differences": [one._asdict() for one in discrepancies], "error": error})
    else:
        for one in discrepancies:
            print(say(f"report_{one.kind}", **_shown(one)))
        if not error:
            print(counted("differences", len(discrepancies)) if discrepancies else say("report_agrees"))
    if error:
        warn("office_failed", error=error)
        return COULD_NOT_ASK
    return 1 if discrepancies else 0


def _shown(one: Discrepancy) -> dict[str, object]:
    return {**one._asdict(), "order": one.order_id or "?"}


def _results(
    pathfile: Pathfile, ledger: Ledger, older: timedelta, newer: timedelta
) -> tuple[list[ReconcileResult], str]:
    """Return what was found, and why the bank could not be asked further, empty if it could."""
    if pathfile.protocol != PAYPAGE and not pathfile.office_url:
        return [], say("reconcile_sips")
    now = datetime.now(timezone.utc)
    transactions = without_outcome(ledger, now - newer, now - older)
    results: list[ReconcileResult] = []
    show = _progress(len(transactions))
    try:
        for result in reconcile(pathfile, ledger, transactions, now):
            results.append(result)
            show(len(results))
    except (OfficeError, ConfigurationError) as failure:
        return results, str(failure)
    finally:
        done()
    return results, ""


def _progress(total: int) -> Callable[[int], None]:
    if not sys.stderr.isatty():
        return lambda count: None
    return lambda count: print(
        f"\r{say('reconcile_progress', count=count, total=total)}", end="", file=sys.stderr, flush=True
    )


def _row(result: ReconcileResult) -> dict[str, object]:
    return {
        "reference": result.transaction.reference,
        "merchant": result.transaction.merchant,
        "order_id": result.transaction.order_id,
        "finding": result.kind,
        "outcome": result.match.outcome if result.match else "",
        "why": result.why,
        "open": result.is_open,
    }


def _print(results: Sequence[ReconcileResult], notified: int, pending: int) -> None:
    for result in results:
        values = {"reference": result.transaction.reference, "order": result.transaction.order_id}
        outcome = result.match.outcome if result.match else ""
        words = bank_code(result.why) if result.kind == "refused" else result.why
        print(say(f"reconcile_{result.kind}", **values, outcome=outcome, why=words))
        for warning in result.match.warnings if result.match else ():
            print(f"  {say('office_failed', error=warning)}")
    print(counted("reconciled", len(results)))
    if notified or pending:
        print(say("reconcile_notified", notified=notified, pending=pending))


def _duration(text: str) -> timedelta:
    written = DURATION.fullmatch(text)
    if not written:
        raise argparse.ArgumentTypeError(say("reconcile_no_duration", text=text))
    return timedelta(**{UNITS[written[2]]: int(written[1])})
