"""Writes the manual pages of ``sogenactif`` and its commands from what they take: ``python docs/manual.py``.

Those of ``request`` and ``response``, whose parameters are fields, are written by hand.
"""

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import wrap

sys.path[:0] = [f"{Path(__file__).parents[1]}{folder}" for folder in ("", "/lib", "/lib/packages")]

from sogenactif.commands import COMMANDS as OF_THE_KIT
from sogenactif.commands import load
from sogenactif_sandbox.commands import COMMANDS as OF_THE_SANDBOX

COMMANDS = OF_THE_KIT | OF_THE_SANDBOX
KIT = Path(__file__).parents[1]
DAY = "November 25, 2026"
STATUS = "0 where all is well, 1 where something is not, 2 for a usage error."
# What calls look like, and the pages to read next.
EXAMPLES = {
    "check": ["check", "check --url https://shop.example --quiet"],
    "certificate": [
        "certificate show",
        "certificate install certif.fr.014213245611111.php",
        "certificate issue 014213245611111 http://127.0.0.1:8080/payment --output certif.fr.014213245611111.php",
    ],
    "preview": ["preview --output page.html entry language=en bgcolor=ffeecc"],
    "transactions": ["transactions --day 2026-11-23", "transactions --state accepted --format csv"],
    "show": ["show 20261123-000001"],
    "replay": ["replay --script /usr/local/lib/sogenactif/cgi-bin/call_autoresponse.py"],
    "migrate": ["migrate /usr/local/lib/sogenactif/var/conf/pathfile"],
    "verify": ["verify"],
}


def manual() -> dict[str, str]:
    """The pages, by their name without ``.1``."""
    pages = {"sogenactif": _overview()}
    for command, (does, _) in COMMANDS.items():
        pages[f"sogenactif-{command}"] = _page(command, does, load(command, COMMANDS).make_parser())
    return pages


def _overview() -> str:
    page = _head("sogenactif", "look after a shop's payments")
    page += ".Nm\n.Ar command\n.Op Ar argument ...\n.Nm\n.Op Ar command\n.Fl -help | Fl -version\n"
    page += ".Sh DESCRIPTION\nEach command has a page of its own.\n"
    page += _text("Those on the ledger run as the user who owns it and the journal, the web server's.") + "\n"
    page += ".Bl -tag -width transactions\n"
    for command, (does, _) in COMMANDS.items():
        page += f".It Xr sogenactif-{command} 1\n{_text(does)}\n"
    page += f".El\n.Sh EXIT STATUS\n{STATUS}\n"
    return page + _see_also(["request", "response", *(f"sogenactif-{command}" for command in COMMANDS)])


def _page(command: str, does: str, parser: argparse.ArgumentParser) -> str:
    page = _head(f"sogenactif-{command}", does)
    parts = _parts(parser)
    for name, part in parts.items():
        page += f".Nm sogenactif {command}{' ' * bool(name)}{name}\n" + _synopsis(part)
    page += f".Nm sogenactif {command}\n.Fl -help | Fl -version\n.Sh DESCRIPTION\n{_text(parser.description or '')}\n"
    for name, part in parts.items():
        if name:
            page += f".Ss sogenactif {command} {name}\n"
        page += _list(part)
    page += f".Sh EXIT STATUS\n{_text(parser.epilog or STATUS)}\n.Sh EXAMPLES\n"
    page += "".join(f".Dl sogenactif {example}\n" for example in EXAMPLES[command])
    return page + _see_also(["sogenactif"])


def _head(name: str, does: str) -> str:
    return f".Dd {DAY}\n.Dt {name.upper()} 1\n.Os\n.Sh NAME\n.Nm {name}\n.Nd {_text(does)}\n.Sh SYNOPSIS\n"


def _see_also(names: list[str]) -> str:
    return ".Sh SEE ALSO\n" + " ,\n".join(f".Xr {name} 1" for name in sorted(names)) + "\n"


def _parts(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The parsers of a command: its own, or one for each thing that it does."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {"": parser}


def _arguments(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """What a command takes, but for the --help and --version of them all."""
    return (action for action in parser._actions if action.dest not in ("help", "version"))


def _synopsis(parser: argparse.ArgumentParser) -> str:
    lines = ""
    for action in _arguments(parser):
        optional = not action.required or action.nargs == "*"
        lines += f".{'Op ' * optional}{_argument(action)}{' ...' if action.nargs == '*' else ''}\n"
    return lines


def _list(parser: argparse.ArgumentParser) -> str:
    entries = "".join(f".It {_argument(action)}\n{_help(action)}\n" for action in _arguments(parser))
    return f".Bl -tag -width Ds\n{entries}.El\n" if entries else ""


def _argument(action: argparse.Action) -> str:
    """An option with its value, or an argument, as the macros of mdoc name it."""
    if action.nargs == 0:
        value = ""
    elif action.choices and not action.metavar:
        value = f"Cm {' | '.join(action.choices)}"
    else:
        value = f"Ar {str(action.metavar or action.dest).lower()}"
    flag = f"Fl {action.option_strings[-1].removeprefix('-')}" if action.option_strings else ""
    return f"{flag} {value}".strip()


def _help(action: argparse.Action) -> str:
    """What --help says of an argument, its default being a place in any copy of the kit."""
    said = (action.help or "") % vars(action)
    said = re.sub(rf"{re.escape(str(KIT))}/([\w./-]+)", r"\1 of the kit", said)
    return _text(f"{said[:1].upper()}{said[1:]}.")


def _text(text: str) -> str:
    """Text as lines of mdoc, a new one for each sentence."""
    sentences = text.replace("\\", r"\e").replace(". ", ".\n").split("\n")
    lines = [line for sentence in sentences for line in wrap(sentence, 78, break_on_hyphens=False)]
    return "\n".join(re.sub(r"^([.'])", r"\\&\1", line) for line in lines)


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter).parse_args()
    for name, page in manual().items():
        (KIT / "docs" / "man" / f"{name}.1").write_text(page)
