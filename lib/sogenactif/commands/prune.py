"""``sogenactif prune``: delete the personal values of old payments."""

import argparse
from collections.abc import Sequence

from sogenactif.commands.common import (
    ask_confirmation,
    command_parser,
    day,
    done,
    open_ledger_or_exit,
    print_json,
    progress,
    warn,
)
from sogenactif.commands.texts import counted, say
from sogenactif.dates import read_day, today
from sogenactif.ledger.prune import Pruned, preview, prune


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command's arguments."""
    parser = command_parser(
        "prune",
        "Delete the personal values of payments before a day, in the ledger and the journal."
        " Shows first what would be deleted, and asks.",
    )
    parser.add_argument(
        "--before", required=True, metavar="DAY", help="a day in Paris, YYYY-MM-DD or AAAAMMJJ"
    )
    parser.add_argument("--yes", action="store_true", help="do not ask for confirmation")
    parser.epilog = (
        "Status 0: deleted, or nothing to delete. 1: not confirmed, or ledger or journal failed. 2: usage error."
        " With --json and without --yes nothing is deleted."
    )
    return parser


def main(arguments: Sequence[str]) -> int:
    """Print what is deleted, and delete it once it is confirmed; status 1 if it isn't."""
    parser = make_parser()
    args = parser.parse_args(arguments)
    try:
        before = day(args.before)
    except ValueError:
        parser.error(say("no_day", text=args.before))
    if before > today():
        parser.error(say("prune_future", text=args.before))
    with open_ledger_or_exit(args.pathfile) as ledger, ledger.journal.replaying(lambda: warn("replay_waits")):
        ledger.journal.require_readable()
        pruned = preview(ledger, before)
        if not args.json:
            _print(before, pruned)
        is_confirmed = args.yes or (not args.json and bool(pruned) and ask_confirmation("prune_confirm"))
        if pruned and is_confirmed:
            pruned = prune(ledger, before, progress("journal_lines"))
            done()
    if args.json:
        print_json({"before": before, "deleted": is_confirmed, **vars(pruned)})
    elif pruned and is_confirmed:
        print(say("prune_done"))
    elif pruned:
        warn("prune_not_confirmed")
    return 1 if pruned and not is_confirmed and not args.json else 0


def _print(before: str, pruned: Pruned) -> None:
    shown = f"{read_day(before):%Y-%m-%d}"
    counts = [(name, count) for name, count in vars(pruned).items() if count]
    print(say("prune_before" if pruned else "prune_nothing", day=shown))
    for name, count in counts:
        print(f"  {counted(f'prune_{name}', count)}")
    if pruned:
        print(say("prune_kept"))
