"""Write the manual page of each command from its parser, by argparse-manpage: ``python docs/manual.py [FOLDER]``.

Those of ``sogenactif``, ``request`` and ``response`` are written by hand.
"""

import argparse
import os
import re
from datetime import date
from functools import partial
from pathlib import Path
from textwrap import fill

from argparse_manpage.manpage import Manpage

from sogenactif.commands import COMMANDS as OF_THE_KIT
from sogenactif.commands import load, places
from sogenactif_sandbox.commands import COMMANDS as OF_THE_SANDBOX

COMMANDS = OF_THE_KIT | OF_THE_SANDBOX
# On every page, since mandoc warns without one; the day it is written would differ in each copy.
DAY = date(2026, 11, 26)
STATUS = "0 if all is well, 1 if something is not, 2 for a usage error."
EXAMPLES = {
    "check": ["check", "check --url https://shop.example --quiet"],
    "certificate": [
        "certificate show",
        "certificate install certif.fr.014213245611111.php",
        "certificate issue 014213245611111 http://127.0.0.1:8080/payment",
    ],
    "preview": ["preview --output page.html entry language=en bgcolor=ffeecc"],
    "sandbox": ["sandbox", "sandbox --port 8090 --folder sandbox --json"],
    "trigger": [
        "trigger --list",
        "trigger accepted --to http://127.0.0.1:8000/notify --order A-1 --amount 1250",
        "trigger refused --to http://127.0.0.1:8000/notify --order A-1 --amount 1250 --protocol sips --twice",
        "trigger accepted --order A-1 --amount 1250 --field returnContext=summer --save accepted.json",
        "trigger --fixture accepted.json --to http://127.0.0.1:8000/notify",
    ],
    "audit": [
        "audit http://127.0.0.1:8000/notify --order A-1 --amount 1250 --paid-when 'http://127.0.0.1:8000/order/{order}'",
        "audit http://127.0.0.1:8000/notify --order A-1 --amount 1250 --paid-when './paid {order}' --reset './reset {order}' --junit audit.xml",
    ],
    "transactions": ["transactions --day 2026-11-23", "transactions --state accepted --format csv"],
    "show": ["show 20261123-000001"],
    "status": ["status 20261123-000001"],
    "reconcile": ["reconcile", "reconcile --older 2h --newer 7d"],
    "refund": ["refund 20261123-000001", "refund 20261123-000001 500 --yes"],
    "validate": ["validate 20261123-000001"],
    "replay": ["replay --script cgi-bin/call_autoresponse.py"],
    "paypage": [
        "paypage /etc/sogenactif --shop https://shop.example",
        "paypage /etc/sogenactif --shop https://shop.example --brand mercanet --server production --merchant 211000021310001",
    ],
    "migrate": ["migrate cgi-bin/pathfile", "migrate cgi-bin/pathfile --brand sherlocks --server production"],
    "verify": ["verify"],
    "prune": ["prune --before 2025-10-01", "prune --before 2025-10-01 --json"],
}


def manual_page(command: str) -> str:
    """Return the manual page of a command, lines of at most 80 characters in the language of man(7)."""
    parser = load(command, COMMANDS).make_parser()
    status, parser.epilog = parser.epilog or STATUS, None
    parser.description = fill(parser.description or "", 70)
    data = {"project_name": "Sogenactif", "manual_title": "Sogenactif payment kit"}
    page = Manpage(parser, data, format="single-commands-section")
    page.prog = f"sogenactif-{command}"
    page.description = COMMANDS[command][0]
    page.date = DAY
    examples = "\n".join(f"sogenactif {example}" for example in EXAMPLES[command])
    page.add_section("synopsis", "=", _preformatted(_synopsis(parser)))
    page.add_section("exit status", "=", page.format_text(status))
    page.add_section("examples", "=", _preformatted(examples))
    page.add_section("see also", "=", ".BR sogenactif (1)")
    return str(page)


def _synopsis(parser: argparse.ArgumentParser) -> str:
    """Return the usage, in lines that break between options: each Python breaks groups of them elsewhere."""
    parser.formatter_class = partial(argparse.HelpFormatter, width=10_000)
    parts = re.findall(r"\[[^]]*\]|\S+", parser.format_usage().removeprefix("usage: "))
    indent = " " * (len(parser.prog) + 1)
    lines = fill(
        " ".join(part.replace(" ", "\xa0") for part in parts),
        70,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return lines.replace("\xa0", " ")


def _preformatted(text: str) -> str:
    return ".nf\n" + text.replace("-", r"\-") + "\n.fi"


def main() -> None:
    """Write the pages to the folder that an argument names, or to docs/man."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).with_name("man"))
    folder: Path = parser.parse_args().folder
    # The same pages come from every copy of the kit and every terminal.
    places.PATHFILE, places.SCRIPTS = "cgi-bin/pathfile", "cgi-bin"
    os.environ["COLUMNS"] = "72"
    for command in COMMANDS:
        (folder / f"sogenactif-{command}.1").write_text(manual_page(command))


if __name__ == "__main__":
    main()
